/* The filters upon a socket, from the bottom: the PROXY header, TLS, WebSocket. */
#include "broker/stack.h"

#include <string.h>
#include <unistd.h>

static const wax_listener_config *config_of(const struct worker *worker, uint16_t listener)
{
    return &worker->settings->config.listeners[listener];
}

/* Puts `upper` upon `lower`; without memory both are gone. */
static wax_transport *upon(wax_transport *lower, wax_transport *upper)
{
    if (upper == NULL) {
        wax_transport_release(lower);
    }
    return upper;
}

wax_transport *stack_open(struct worker *worker, int descriptor, uint16_t listener)
{
    const struct policy *policy = &worker->settings->policies[listener];
    const wax_listener_config *config = config_of(worker, listener);
    wax_transport *top = wax_socket_open(descriptor);

    if (top == NULL) {
        close(descriptor);
        return NULL;
    }
    if (config->proxy_protocol != 0) {
        top = upon(top, wax_proxy_accept(top, config->proxy_protocol,
                                         config->proxy_protocol_v2_require_tls));
    }
    if (top != NULL && policy->tls != NULL) {
        top = upon(top, wax_tls_accept(policy->tls, top));
        if (top != NULL && policy->uses_kernel) {
            wax_tls_use_kernel(top, descriptor);
        }
    }
    if (top != NULL && config->protocol == WAX_PROTOCOL_WEBSOCKETS) {
        top = upon(top, wax_websocket_accept(top, config->websockets_origins));
    }
    return top;
}

bool stack_awaits_proxy(const struct worker *worker, uint16_t listener)
{
    return config_of(worker, listener)->proxy_protocol != 0;
}

wax_level stack_level(struct worker *worker)
{
    if (worker->refused_ms != 0 && worker->loop.now_ms < worker->refused_ms + REPEAT_MS) {
        return WAX_DEBUG;
    }
    worker->refused_ms = worker->loop.now_ms;
    return WAX_NOTICE;
}

bool stack_read_proxy(const wax_transport *top, wax_address *peer)
{
    static const uint8_t kinds[] = {[WAX_PROXY_IPV4] = WAX_ADDRESS_IPV4,
                                    [WAX_PROXY_IPV6] = WAX_ADDRESS_IPV6,
                                    [WAX_PROXY_UNIX] = WAX_ADDRESS_LOCAL};
    const wax_proxy_header *header = wax_proxy_header_of(top);

    if (header == NULL) {
        return false;
    }
    if (header->family < WAX_COUNT(kinds) && kinds[header->family] != WAX_ADDRESS_UNKNOWN) {
        *peer = (wax_address){.kind = kinds[header->family], .port = header->port};
        memcpy(peer->bytes, header->address, sizeof peer->bytes);
    }
    return true;
}
