/* Listeners keep their places over reloads, whatever comes and goes in the file. */
#include <stdlib.h>
#include <string.h>

#include "broker/config_draft.h"

static bool texts_equal(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* Clients of one may be those of the other, without a new socket. */
static bool is_same(const wax_listener_config *one, const wax_listener_config *other)
{
    return one->port == other->port && texts_equal(one->address, other->address) &&
           one->socket_domain == other->socket_domain &&
           texts_equal(one->bind_interface, other->bind_interface) &&
           texts_equal(one->mount_point, other->mount_point) && one->protocol == other->protocol &&
           one->proxy_protocol == other->proxy_protocol &&
           wax_config_has_tls(one) == wax_config_has_tls(other);
}

/* Exchanges what stands at two places. */
static void swap(wax_listener_config *one, wax_listener_config *other)
{
    wax_listener_config between = *one;

    *one = *other;
    *other = between;
}

/* Finds the listener from `from` on; the count if there is none. */
static size_t find(const wax_config *config, size_t from, const wax_listener_config *wanted)
{
    while (from < config->listener_count && !is_same(&config->listeners[from], wanted)) {
        from++;
    }
    return from;
}

/* Up to place `i`, `next` has what `running` has there; now place `i` itself. */
static bool settle_place(wax_config *next, const wax_config *running, size_t i)
{
    size_t found = find(next, i, &running->listeners[i]);

    if (found == next->listener_count && !wax_config_add_gone(next, &running->listeners[i])) {
        return false;
    }
    swap(&next->listeners[i], &next->listeners[found]);
    return true;
}

wax_status wax_config_follow(wax_config *next, const wax_config *running, wax_config_report *report)
{
    bool is_done = true;

    for (size_t i = 0; i < running->listener_count && is_done; i++) {
        is_done = settle_place(next, running, i);
    }
    if (is_done && next->listener_count <= WAX_CONFIG_NUMBERS_MAX) {
        return WAX_OK;
    }
    wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0,
                          is_done ? "too many listeners have come and gone: restart the broker"
                                  : "there is no memory left for the configuration");
    return WAX_FULL;
}
