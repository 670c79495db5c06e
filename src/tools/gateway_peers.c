/* Who sent a packet to wax gateway, and how much strangers may send. */
#include "tools/gateway_parts.h"

#include <netinet/in.h>
#include <string.h>

static uint64_t hash_of(const struct hub *hub, const struct peer *peer)
{
    return wax_hash(hub->config.hash_key, wax_bytes_of(&peer->address, peer->address_size));
}

static bool is_same(const struct peer *one, const struct peer *other)
{
    return one->line == other->line && one->socket == other->socket &&
           one->address_size == other->address_size &&
           memcmp(&one->address, &other->address, one->address_size) == 0;
}

struct device **gateway_find(struct hub *hub, const struct peer *peer)
{
    struct device **at;

    if (peer->line != NULL) {
        return &peer->line->device;
    }
    at = &hub->buckets[hash_of(hub, peer) % GATEWAY_BUCKETS];
    while (*at != NULL && !is_same(&(*at)->peer, peer)) {
        at = &(*at)->next;
    }
    return at;
}

wax_address_text gateway_name_of(const struct peer *peer)
{
    wax_address address = {.kind = WAX_ADDRESS_UNKNOWN};
    wax_address_text text = {"-"};

    if (peer->line != NULL) {
        size_t size = strnlen(peer->line->path, sizeof text.text - 1);

        memcpy(text.text, peer->line->path, size);
        text.text[size] = '\0';
        return text;
    }
    if (peer->address.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)&peer->address;

        address.kind = WAX_ADDRESS_IPV4;
        address.port = ntohs(four->sin_port);
        memcpy(address.bytes, &four->sin_addr, 4);
    } else if (peer->address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)&peer->address;

        address.kind = WAX_ADDRESS_IPV6;
        address.port = ntohs(six->sin6_port);
        address.zone = six->sin6_scope_id;
        memcpy(address.bytes, &six->sin6_addr, 16);
    }
    return address.kind == WAX_ADDRESS_UNKNOWN ? text : wax_address_show(&address);
}

bool gateway_rate_takes(struct rate *rate, uint64_t now_ms)
{
    uint64_t more = (now_ms - rate->since_ms) * rate->per_second / 1000;

    if (more > 0) {
        rate->since_ms = now_ms;
        rate->left = more > rate->most - rate->left ? rate->most : rate->left + (uint32_t)more;
    }
    if (rate->left == 0) {
        return false;
    }
    rate->left--;
    return true;
}
