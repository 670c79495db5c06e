/* How a bridge loses the other broker, or does not reach it, and what it does then. */
#include "broker/bridge_map.h"
#include "broker/bridges.h"

#include <stdio.h>

void bridge_subscribe(struct bridge *bridge)
{
    struct worker *worker = bridge->worker;
    const wax_bridge_config *config = bridge->config;

    for (size_t i = 0; i < config->topic_count; i++) {
        const wax_bridge_topic *topic = &config->topics[i];
        wax_interest interest = {
            .filter = wax_bytes_of_text(topic->local),
            .options = {.qos = topic->qos, .no_local = true, .retain_as_published = true}
        };
        bool existed;
        if ((topic->directions & WAX_BRIDGE_OUT) != 0 &&
            wax_router_subscribe(worker->router, &bridge->client->subscriber, &interest,
                                 &existed) != WAX_OK) {
            wax_log_write(&worker->broker->log, WAX_ERROR,
                          "bridge_subscribe_failed connection=%s filter=%s reason=no memory",
                          config->name, topic->local);
        }
    }
    note_subscriptions(worker);
}

/* --- Notifications --- */

wax_bytes bridge_state_topic(const struct bridge *bridge, char room[static BRIDGE_STATE_SIZE])
{
    const wax_bridge_config *config = bridge->config;

    if (config->notification_topic != NULL) {
        return wax_bytes_of_text(config->notification_topic);
    }
    snprintf(room, BRIDGE_STATE_SIZE, "$SYS/broker/connection/%s/state", config->remote_clientid);
    return wax_bytes_of_text(room);
}

void bridge_tell(struct bridge *bridge, bool is_open)
{
    struct worker *worker = bridge->worker;
    char room[BRIDGE_STATE_SIZE];
    struct draft draft = {
        .topic = bridge_state_topic(bridge, room),
        .payload = is_open ? WAX_TEXT("1") : WAX_TEXT("0"),
        .listener = WAX_CONFIG_INNER,
        .qos = 1,
        .retain = worker->settings->config.retain_available,
    };
    struct message *message =
        bridge->config->notifications ? message_make(&draft, worker->loop.now_ms) : NULL;

    if (message != NULL) {
        (void)!route(worker, message);
        message_release(message);
    }
}

/* --- Waits --- */

/* Rests until it is time to try again; returns how long that is, 0: for ever. */
static uint32_t rest(struct bridge *bridge)
{
    uint32_t random;

    bridge->tried_count = 0;
    bridge->state = bridge->config->start_type == WAX_START_ONCE ? BRIDGE_DONE : BRIDGE_RESTS;
    if (bridge->state == BRIDGE_DONE || !bridge_has_reason(bridge)) {
        wax_loop_stop(&bridge->worker->loop, &bridge->timer);
        return 0;
    }
    wax_os_random(&random, sizeof random);
    bridge->wait_ms = wax_bridge_wait_ms(bridge->config->restart_s, bridge->wait_ms, random);
    bridge_start_timer(bridge, bridge->wait_ms);
    return bridge->wait_ms;
}

static void log_end(struct bridge *bridge, const char *event, const char *reason, uint32_t wait_ms)
{
    const wax_bridge_address *at = &bridge->config->addresses[bridge->address];
    char next[32] = "never";

    snprintf(bridge->fault, sizeof bridge->fault, "%s", reason);
    if (wait_ms > 0) {
        snprintf(next, sizeof next, "%u.%03us", wait_ms / 1000, wait_ms % 1000);
    } else if (bridge_is_lazy(bridge)) {
        snprintf(next, sizeof next, "when messages wait");
    }
    wax_log_write(&bridge->worker->broker->log, WAX_WARNING,
                  "%s connection=%s address=%s port=%u reason=%s next=%s", event,
                  bridge->config->name, at->host, (unsigned)at->port, reason, next);
}

void bridge_fail(struct bridge *bridge, const char *reason)
{
    size_t count = bridge->config->address_count;

    bridge->tongue = bridge->is_sure ? bridge->tongue : 0;
    bridge->tried_count++;
    if (bridge->tried_count < count) {
        log_end(bridge, "bridge_failed", reason, 1);
        bridge->state = BRIDGE_RESTS;
        bridge_start_timer(bridge, 0);
    } else {
        log_end(bridge, "bridge_failed", reason, rest(bridge));
    }
    bridge->address = (bridge->address + 1) % count;
}

/* --- Versions --- */

/* What each choice of bridge_protocol_version tries, in this order. */
static const struct bridge_tongues choices[] = {
    [WAX_BRIDGE_AUTO] =
        {{{WAX_VERSION_5, false}, {WAX_VERSION_3_1_1, true}, {WAX_VERSION_3_1_1, false}}, 3},
    [WAX_BRIDGE_3_1] = {{{WAX_VERSION_3_1, true}, {WAX_VERSION_3_1, false}},                             2},
    [WAX_BRIDGE_3_1_1] = {{{WAX_VERSION_3_1_1, true}, {WAX_VERSION_3_1_1, false}},                         2},
    [WAX_BRIDGE_5] = {{{WAX_VERSION_5, false}},                                                        1},
};

struct bridge_tongues bridge_tongues_of(const wax_bridge_config *config)
{
    const struct bridge_tongues *choice = &choices[config->version];
    struct bridge_tongues allowed = {.count = 0};

    for (size_t i = 0; i < choice->count; i++) {
        if (config->try_private || !choice->rows[i].is_private) {
            allowed.rows[allowed.count++] = choice->rows[i];
        }
    }
    return allowed;
}

/* --- The end of a connection --- */

/* Whether the other broker ended the attempt because of the version, said so or seemingly. */
static bool speaks_another(struct bridge *bridge, wax_status status)
{
    bool is_told = status == WAX_UNSUPPORTED_VERSION || status == WAX_MALFORMED ||
                   status == WAX_PROTOCOL_ERROR;

    if ((!is_told && status != WAX_CLOSED) ||
        bridge->tongue + 1U >= bridge_tongues_of(bridge->config).count) {
        return false;
    }
    bridge->tongue++;
    bridge->is_sure = is_told;
    wax_log_write(&bridge->worker->broker->log, WAX_INFORMATION,
                  "bridge_version_refused connection=%s reason=%s", bridge->config->name,
                  wax_status_text(status));
    return true;
}

static void on_attempt_end(struct bridge *bridge, wax_status status, const char *detail)
{
    bool is_below = status == WAX_IO || status == WAX_MAXIMUM_CONNECT_TIME;

    bridge->state = BRIDGE_GOES_ON;
    if (speaks_another(bridge, status)) {
        bridge->found_at--; /* the same address once more */
        bridge_start_timer(bridge, 0);
    } else if (is_below && bridge->found_at < bridge->found.count) {
        bridge_start_timer(bridge, 0);
    } else {
        bridge_fail(bridge, detail);
    }
}

static void on_loss(struct bridge *bridge, const char *detail)
{
    const wax_bridge_config *config = bridge->config;
    uint64_t lasted_ms = bridge->worker->loop.now_ms - bridge->opened_ms;
    uint32_t wait_ms;

    bridge_forget_dial(bridge);
    bridge->tongue = bridge->is_sure ? bridge->tongue : 0;
    if (lasted_ms >= config->restart_s[2] * UINT64_C(1000)) {
        bridge->wait_ms = 0;
    }
    wait_ms = rest(bridge);
    log_end(bridge, "bridge_lost", detail, wait_ms);
    bridge->address = config->round_robin ? (bridge->address + 1) % config->address_count : 0;
    bridge_tell(bridge, false);
    if (config->local_cleansession) {
        client_clear(bridge->client);
        bridge_subscribe(bridge);
    }
}

void bridge_on_end(struct connection *connection, wax_status status, const char *detail)
{
    struct bridge *bridge = connection->bridge;
    bool was_open = bridge->state == BRIDGE_OPEN;

    connection->bridge = NULL;
    bridge->connection = NULL;
    if (was_open) {
        count_down(bridge->worker, COUNT_BRIDGES_CONNECTED, 1);
        count_up(bridge->worker, COUNT_BRIDGES_LOST, 1);
    }
    if (bridge->worker->is_stopping) {
        bridge->state = BRIDGE_DONE;
        wax_loop_stop(&bridge->worker->loop, &bridge->timer);
    } else if (was_open) {
        on_loss(bridge, detail);
    } else {
        on_attempt_end(bridge, status, detail);
    }
}
