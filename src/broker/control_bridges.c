/* What an administrator asks of bridges: whether they are connected, and if not, why. */
#include "broker/bridges.h"
#include "broker/control.h"

static const char *state_of(const struct bridge *bridge)
{
    switch (bridge->state) {
    case BRIDGE_OPEN:
        return "connected";
    case BRIDGE_DONE:
        return "ended";
    case BRIDGE_RESTS:
        return bridge->timer.place == 0 ? "idle" : "waiting";
    default:
        return "connecting";
    }
}

static void write_bridge(wax_json *json, const void *subject)
{
    const struct bridge *bridge = subject;
    const wax_bridge_config *config = bridge->config;
    const wax_bridge_address *to = &config->addresses[bridge->address];
    uint64_t now_ms = bridge->worker->loop.now_ms;

    wax_json_member_text(json, "connection", wax_bytes_of_text(config->name));
    wax_json_member_text(json, "state", wax_bytes_of_text(state_of(bridge)));
    wax_json_member_text(json, "host", wax_bytes_of_text(to->host));
    wax_json_member_number(json, "port", to->port);
    wax_json_member_text(json, "remote_id", wax_bytes_of_text(config->remote_clientid));
    if (bridge->state == BRIDGE_RESTS && bridge->timer.place != 0) {
        uint64_t due_ms = wax_loop_due_ms(&bridge->worker->loop, &bridge->timer);
        uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
        wax_json_member_number(json, "next_s", (left_ms + 999) / 1000);
    }
    if (bridge->fault[0] != '\0') {
        wax_json_member_text(json, "last_fault", wax_bytes_of_text(bridge->fault));
    }
    control_write_client(json, bridge->client);
}

/* There are at most WAX_CONFIG_BRIDGES_MAX: one piece of work. */
static void work_on_bridges(struct worker *worker, struct inquiry *inquiry)
{
    for (const struct bridge *at = worker->bridges; at != NULL; at = at->next) {
        lines_add(&inquiry->lines, write_bridge, at);
    }
    inquiry->is_done = true;
}

void control_bridges(struct peer *peer)
{
    struct inquiry *inquiry = peer_inquire(peer, work_on_bridges);

    if (inquiry != NULL) {
        inquiry_ask_all(inquiry);
    }
}
