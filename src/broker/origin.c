/* Where a connection comes from, and how strangers' names are written in the log. */
#include "broker/origin.h"

#include "broker/bridges.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { IPV4 = 4, IPV6 = 6, NETWORK_SIZE = 8 };

static bool is_loopback(const uint8_t bytes[static 16], uint8_t family)
{
    static const uint8_t one[16] = {[15] = 1};

    return family == IPV4 ? bytes[0] == 127 : memcmp(bytes, one, sizeof one) == 0;
}

/* An IPv4 address that came as IPv6 is what it is. [RFC 4291, 2.5.5.2] */
static bool unmap(uint8_t bytes[static 16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool is_mapped = memcmp(bytes, mapped, sizeof mapped) == 0;

    if (is_mapped) {
        memmove(bytes, bytes + 12, 4);
    }
    return is_mapped;
}

static void name_address(struct origin *origin)
{
    uint8_t bytes[16] = {0};
    uint8_t family = 0;
    size_t size = NETWORK_SIZE;

    if (inet_pton(AF_INET, origin->host, bytes) == 1) {
        family = IPV4;
    } else if (inet_pton(AF_INET6, origin->host, bytes) == 1) {
        family = unmap(bytes) ? IPV4 : IPV6;
    } else {
        return; /* all that have no address count as one */
    }
    if (family == IPV4) {
        (void)!inet_ntop(AF_INET, bytes, origin->host, sizeof origin->host);
        size = 4;
    }
    origin->is_local = is_loopback(bytes, family);
    origin->name[0] = family;
    memcpy(origin->name + 1, bytes, size);
    origin->name_size = 1 + size;
}

wax_address_text connection_peer(const struct connection *connection)
{
    const struct bridge *bridge = connection->bridge;
    wax_address_text text;

    if (bridge == NULL) {
        return wax_address_show(&connection->peer);
    }
    const wax_bridge_address *at = &bridge->config->addresses[bridge->address];
    (void)snprintf(text.text, sizeof text.text, "%.40s:%u", at->host, (unsigned)at->port);
    return text;
}

struct origin origin_of(const struct connection *connection)
{
    wax_address_text text = connection_peer(connection);
    const wax_address_text *peer = &text;
    struct origin origin = {.is_local = strcmp(peer->text, "local") == 0, .name_size = 1};
    const char *colon = strrchr(peer->text, ':');
    const char *start = peer->text;
    size_t size = colon == NULL ? strlen(peer->text) : (size_t)(colon - peer->text);

    if (size > 1 && start[0] == '[' && start[size - 1] == ']') {
        start++;
        size -= 2;
    }
    snprintf(origin.host, sizeof origin.host, "%.*s", (int)size, start);
    snprintf(origin.port, sizeof origin.port, "%s", colon == NULL ? "" : colon + 1);
    origin.host[strcspn(origin.host, "%")] = '\0'; /* the zone of a link-local address */
    name_address(&origin);
    return origin;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != 0 && strchr("-._~@:/+$", byte) != NULL);
}

struct log_word log_word_of(wax_bytes name)
{
    static const char digits[] = "0123456789ABCDEF";
    struct log_word word = {{0}};
    size_t used = 0;

    for (size_t i = 0; i < name.size && i < NAME_SHOWN_MAX; i++) {
        uint8_t byte = name.data[i];
        if (is_plain(byte)) {
            word.text[used++] = (char)byte;
        } else {
            word.text[used++] = '%';
            word.text[used++] = digits[byte >> 4];
            word.text[used++] = digits[byte & 15U];
        }
    }
    if (name.size > NAME_SHOWN_MAX) {
        memcpy(word.text + used, "...", 3);
    }
    return word;
}
