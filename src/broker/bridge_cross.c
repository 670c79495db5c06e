/* What the ways of messages ask a bridge: which topics cross it, as what, and what waits. */
#include "broker/bridge_map.h"
#include "broker/bridges.h"
#include "broker/queue.h"

static bool translate(struct bridge *bridge, uint32_t direction, wax_bytes topic,
                      wax_bytes *translated)
{
    wax_writer out = wax_writer_over(bridge->room, sizeof bridge->room);

    if (!wax_bridge_map(bridge->config, direction, topic, &out)) {
        return false;
    }
    *translated = wax_writer_bytes(&out);
    return true;
}

bool bridge_wants(struct bridge *bridge, wax_bytes topic)
{
    wax_bytes translated;

    return translate(bridge, WAX_BRIDGE_OUT, topic, &translated);
}

void bridge_dress(struct bridge *bridge, wax_publish *publish)
{
    bool is_known = translate(bridge, WAX_BRIDGE_OUT, publish->topic, &publish->topic);

    wax_assert(is_known);
    publish->retain = publish->retain && bridge->config->outgoing_retain &&
                      bridge->connection->session.retain_available;
    bridge->active_ms = bridge->worker->loop.now_ms;
}

bool bridge_translate(struct connection *connection, wax_publish *publish)
{
    struct bridge *bridge = connection->bridge;
    const wax_config *config = &bridge->worker->settings->config;

    bridge->active_ms = bridge->worker->loop.now_ms;
    publish->retain = publish->retain && config->retain_available;
    return translate(bridge, WAX_BRIDGE_IN, publish->topic, &publish->topic);
}

void bridge_start_timer(struct bridge *bridge, uint64_t wait_ms)
{
    struct worker *worker = bridge->worker;

    wax_loop_start(&worker->loop, &bridge->timer, worker->loop.now_ms + wait_ms);
}

bool bridge_is_lazy(const struct bridge *bridge)
{
    return bridge != NULL && bridge->config->start_type == WAX_START_LAZY;
}

bool bridge_has_reason(const struct bridge *bridge)
{
    return !bridge_is_lazy(bridge) || queue_length(bridge->client) >= bridge->config->threshold;
}

void bridge_on_queued(struct bridge *bridge)
{
    if (bridge->state == BRIDGE_RESTS && bridge->timer.place == 0 && bridge_is_lazy(bridge) &&
        bridge_has_reason(bridge)) {
        bridge_start_timer(bridge, 0);
    }
}
