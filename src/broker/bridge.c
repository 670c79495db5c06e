/* The life of a bridge: made by the configuration, connected, lost, connected again. */
#include "broker/bridges.h"
#include "broker/keep.h"
#include "broker/queue.h"
#include "broker/standing.h"
#include "broker/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 1000, PROBE_MS = 5000 };

/* --- What the block says --- */

static void look_up_rights(struct bridge *bridge)
{
    struct client *client = bridge->client;

    client->access = access_of(bridge->worker, WAX_CONFIG_INNER, &client->identity);
}

/* Makes the session what the block says. */
static bool apply(struct bridge *bridge, struct settings *settings, const wax_bridge_config *config)
{
    struct client *client = bridge->client;
    uint16_t *asked = calloc(config->topic_count + 1, sizeof *asked);

    if (asked == NULL || client_belong(client, config->local_username != NULL,
                                       wax_bytes_of_text(config->local_username)) != WAX_OK) {
        free(asked);
        return false;
    }
    free(bridge->asked);
    bridge->asked = asked;
    settings_hold(settings);
    settings_release(bridge->settings);
    bridge->settings = settings;
    bridge->config = config;
    bridge->tongue = 0;
    bridge->is_sure = false;
    bridge->address = 0;
    bridge->tried_count = 0;
    client->listener = WAX_CONFIG_INNER;
    client->is_durable = !config->local_cleansession;
    client->expiry_s = UINT32_MAX;
    keep_session(client);
    look_up_rights(bridge);
    walk_end_all(client);
    wax_router_remove_subscriber(bridge->worker->router, &client->subscriber);
    bridge_subscribe(bridge);
    return true;
}

static const wax_bridge_config *find_block(const struct settings *settings,
                                           const struct bridge *bridge)
{
    for (size_t i = 0; i < settings->config.bridge_count; i++) {
        const wax_bridge_config *block = &settings->config.bridges[i];
        if (strcmp(block->name, bridge->config->name) == 0 &&
            strcmp(block->local_clientid, bridge->config->local_clientid) == 0) {
            return block;
        }
    }
    return NULL;
}

/* Remembers what is subscribed to at the other broker, to end what the new block does not want. */
static void remember_filters(struct bridge *bridge)
{
    for (size_t i = 0; i < bridge->config->topic_count; i++) {
        const wax_bridge_topic *topic = &bridge->config->topics[i];
        size_t size = strlen(topic->remote);
        struct past_filter *past = NULL;
        if ((topic->directions & WAX_BRIDGE_IN) != 0) {
            past = malloc(sizeof *past + size);
        }
        if (past != NULL) {
            past->next = bridge->past;
            past->size = size;
            memcpy(past->filter, topic->remote, size);
            bridge->past = past;
        }
    }
}

/* Takes over `next_settings`, if there are any. */
static void take_over(struct bridge *bridge)
{
    struct settings *next = bridge->next_settings;

    bridge->next_settings = NULL;
    if (next != NULL) {
        remember_filters(bridge);
        if (!apply(bridge, next, find_block(next, bridge))) {
            wax_log_write(&bridge->worker->broker->log, WAX_ERROR,
                          "bridge_failed connection=%s reason=there is no memory for its new "
                          "options",
                          bridge->config->name);
        }
        settings_release(next);
    }
}

/* --- Attempts --- */

static wax_session_limits limits_of(const struct bridge *bridge)
{
    const wax_config *config = &bridge->worker->settings->config;
    const wax_bridge_config *own = bridge->config;
    uint64_t packet = config->max_packet_size;
    uint64_t sent = own->max_packet_size;
    uint32_t most = config->max_inflight_messages;

    return (wax_session_limits){
        .packet_size_max = packet < WAX_PACKET_SIZE_MAX ? (uint32_t)packet : WAX_PACKET_SIZE_MAX,
        .send_size_max = sent < WAX_PACKET_SIZE_MAX ? (uint32_t)sent : 0,
        .connect_timeout_ms = config->connect_timeout_s * 1000U,
        .receive_maximum = (uint16_t)own->receive_maximum,
        .send_maximum = most < UINT16_MAX ? (uint16_t)most : UINT16_MAX,
        .topic_alias_maximum = (uint16_t)own->max_topic_alias,
    };
}

/* The filters of a connection to the address found that is next. NULL with the reason in `fault`.
 */
static wax_transport *open_transport(const struct bridge *bridge, char *fault, size_t fault_size)
{
    size_t number = (size_t)(bridge->config - bridge->settings->config.bridges);
    wax_tls_context *tls = bridge->settings->bridge_tls[number];
    const wax_bridge_address *at = &bridge->config->addresses[bridge->address];
    const wax_addresses *from = bridge->config->bind_address == NULL ? NULL : &bridge->from;
    wax_transport *socket;
    wax_transport *top;

    if (wax_socket_begin(&bridge->found, bridge->found_at, from, &socket) != WAX_OK) {
        snprintf(fault, fault_size, "%s", strerror(errno));
        return NULL;
    }
    top = tls == NULL ? socket : wax_tls_connect(tls, socket, at->host);
    if (top == NULL) {
        wax_transport_release(socket);
        snprintf(fault, fault_size, "TLS cannot be begun with that host");
    }
    return top;
}

static struct connection *open_connection(struct bridge *bridge, char *fault, size_t fault_size)
{
    struct worker *worker = bridge->worker;
    const wax_bridge_config *config = bridge->config;
    const wax_tcp_patience patience = {config->tcp_keepalive[0], config->tcp_keepalive[1],
                                       config->tcp_keepalive[2], config->tcp_user_timeout_ms};
    wax_transport *transport = open_transport(bridge, fault, fault_size);
    struct connection *connection =
        transport == NULL ? NULL : connection_make(worker, transport, WAX_CONFIG_INNER);

    if (transport != NULL && connection == NULL) {
        wax_transport_release(transport);
        snprintf(fault, fault_size, "there is no memory left");
    }
    if (connection != NULL) {
        wax_socket_be_patient(connection->watch.descriptor, &patience,
                              worker->settings->config.set_tcp_nodelay);
        connection->bridge = bridge;
    }
    return connection;
}

/* Connects to the address found that is next. When there is none the attempt has failed. */
static void go_on(struct bridge *bridge)
{
    struct worker *worker = bridge->worker;
    struct client *client = bridge->client;
    wax_session_limits limits = limits_of(bridge);
    char fault[BRIDGE_FAULT_SIZE] = "there is no address";
    struct connection *connection = NULL;

    for (; bridge->found_at < bridge->found.count && connection == NULL; bridge->found_at++) {
        connection = open_connection(bridge, fault, sizeof fault);
    }
    if (connection == NULL) {
        bridge_fail(bridge, fault);
        return;
    }
    bridge->connection = connection;
    bridge->state = BRIDGE_CONNECTS;
    wax_loop_stop(&worker->loop, &bridge->timer);
    wax_session_open(&connection->session, WAX_ROLE_CLIENT, &limits, worker->loop.now_ms);
    wax_session_attach(&connection->session, &client->outgoing, &client->incoming);
    leave_arm(connection);
    if (bridge_greet(bridge) != WAX_OK ||
        wax_loop_watch(&worker->loop, &connection->watch, false) != WAX_OK) {
        connection_doom(connection, WAX_IO);
    }
}

static void on_found(struct bridge *bridge, wax_status status, const char *fault)
{
    bridge->found_at = 0;
    if (status == WAX_OK) {
        go_on(bridge);
    } else {
        bridge_fail(bridge, fault);
    }
}

/* Begins an attempt: at the address that is next, with the newest settings. */
static void begin(struct bridge *bridge)
{
    take_over(bridge);
    if (!bridge->has_told) {
        bridge->has_told = true;
        bridge_tell(bridge, false);
    }
    if (!bridge_has_reason(bridge)) {
        bridge->state = BRIDGE_RESTS;
        return;
    }
    bridge->state = BRIDGE_LOOKS_UP;
    if (bridge_look_up(bridge, on_found) != WAX_OK) {
        bridge_fail(bridge, "too many names are being looked up");
    }
}

/* --- While it is open --- */

static void on_probe(struct bridge *bridge, wax_status status, const char *fault)
{
    (void)fault;
    bridge->probe_ms = bridge->worker->loop.now_ms;
    if (status == WAX_OK && bridge->state == BRIDGE_OPEN) {
        wax_log_write(&bridge->worker->broker->log, WAX_NOTICE,
                      "bridge_returns connection=%s reason=the first address answers again",
                      bridge->config->name);
        connection_doom(bridge->connection, WAX_CLOSED);
    }
}

/* A lazy bridge ends when nothing crosses it; one that is at a second address looks for the first.
 */
static void look_around(struct bridge *bridge, uint64_t now_ms)
{
    const wax_bridge_config *config = bridge->config;
    const struct client *client = bridge->client;
    bool is_idle = queue_is_empty(client) && client->outgoing.used_count == 0 &&
                   now_ms >= bridge->active_ms + config->idle_timeout_s * UINT64_C(1000);
    bool is_second = !config->round_robin && bridge->address > 0;

    if (bridge_is_lazy(bridge) && is_idle) {
        connection_doom(bridge->connection, WAX_CLOSED);
        return;
    }
    if (is_second && bridge->dial == NULL && now_ms >= bridge->probe_ms + PROBE_MS) {
        (void)!bridge_probe(bridge, on_probe);
    }
    if (is_second || bridge_is_lazy(bridge)) {
        bridge_start_timer(bridge, LOOK_MS);
    }
}

static void bridge_due(wax_timer *timer, uint64_t now_ms)
{
    struct bridge *bridge = WAX_OWNER(timer, struct bridge, timer);

    if (bridge->worker->is_stopping) {
        return;
    }
    if (bridge->state == BRIDGE_OPEN) {
        look_around(bridge, now_ms);
    } else if (bridge->state == BRIDGE_GOES_ON) {
        go_on(bridge);
    } else if (bridge->state == BRIDGE_RESTS) {
        begin(bridge);
    }
}

/* --- Making, changing, ending --- */

static void free_bridge(struct bridge *bridge)
{
    wax_loop_stop(&bridge->worker->loop, &bridge->timer);
    bridge_forget_dial(bridge);
    bridge->client->bridge = NULL;
    while (bridge->past != NULL) {
        struct past_filter *past = bridge->past;
        bridge->past = past->next;
        free(past);
    }
    settings_release(bridge->next_settings);
    settings_release(bridge->settings);
    free(bridge->asked);
    free(bridge);
}

static void remove_bridge(struct bridge *bridge)
{
    struct client *client = bridge->client;
    struct worker *worker = bridge->worker;

    wax_log_write(&worker->broker->log, WAX_NOTICE, "bridge_removed connection=%s",
                  bridge->config->name);
    if (bridge->connection != NULL) {
        leave_now(bridge->connection, WAX_CLOSED);
    }
    free_bridge(bridge);
    count_down(worker, COUNT_BRIDGES, 1);
    leave_session(client);
}

/* Its client id is the broker's own from here on: whoever has a session under it loses it. Returns
 * the session that it had in an earlier process, or a new one. */
static struct client *take_session(struct worker *worker, wax_bytes id)
{
    struct client *client = clients_find(worker, id);

    if (client != NULL && client->bridge == NULL && client->listener == WAX_CONFIG_INNER) {
        absence_end(client);
        return client;
    }
    if (client != NULL && client->connection != NULL) {
        leave_now(client->connection, WAX_TAKEN_OVER);
        client = clients_find(worker, id);
    }
    if (client != NULL) {
        leave_session(client);
    }
    client = client_make(worker, id, false, (wax_bytes){NULL, 0});
    wax_assert(client != NULL);
    /* The other broker may remember packet ids of an earlier process, which this one does not. */
    wax_os_random(&client->outgoing.last_id, sizeof client->outgoing.last_id);
    return client;
}

static void make_bridge(struct worker *worker, const wax_bridge_config *config)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);
    wax_bytes id = wax_bytes_of_text(config->local_clientid);

    wax_assert(bridge != NULL);
    bridge->worker = worker;
    bridge->timer.due = bridge_due;
    bridge->client = take_session(worker, id);
    bridge->client->bridge = bridge;
    bool is_applied = apply(bridge, worker->settings, config);
    wax_assert(is_applied);
    bridge->next = worker->bridges;
    worker->bridges = bridge;
    count_up(worker, COUNT_BRIDGES, 1);
    bridge_start_timer(bridge, 0);
}

/* A block that has changed is taken over when the bridge connects next: that is now, if it is not
 * connected. */
static void change(struct bridge *bridge, const wax_bridge_config *block)
{
    struct worker *worker = bridge->worker;
    bool is_open = bridge->state == BRIDGE_OPEN;

    bridge->next_settings = settings_hold(worker->settings);
    if (bridge->connection != NULL && (!is_open || block->reload_type == WAX_RELOAD_IMMEDIATE)) {
        leave_now(bridge->connection, WAX_CLOSED);
        is_open = false;
    }
    if (!is_open) {
        bridge_forget_dial(bridge);
        bridge->state = BRIDGE_RESTS;
        bridge->wait_ms = 0;
        bridge_start_timer(bridge, 0);
    }
}

/* Fits a bridge to the worker's settings. Returns false when there is no block for it any more. */
static bool fit(struct bridge *bridge)
{
    struct settings *settings = bridge->worker->settings;
    const wax_bridge_config *block = find_block(settings, bridge);

    settings_release(bridge->next_settings);
    bridge->next_settings = NULL;
    if (block == NULL) {
        return false;
    }
    if (!wax_bridge_equals(block, bridge->config)) {
        change(bridge, block);
    } else if (settings != bridge->settings) {
        settings_hold(settings);
        settings_release(bridge->settings);
        bridge->settings = settings;
        bridge->config = block;
    }
    look_up_rights(bridge);
    return true;
}

static bool is_mine(const struct worker *worker, const wax_bridge_config *config)
{
    uint64_t hash = wax_hash(worker->broker->owner_key, wax_bytes_of_text(config->local_clientid));

    return hash % worker->broker->worker_count == worker->index;
}

static bool is_there(const struct worker *worker, const wax_bridge_config *config)
{
    const struct client *client =
        clients_find((struct worker *)(uintptr_t)worker, wax_bytes_of_text(config->local_clientid));

    return client != NULL && client->bridge != NULL;
}

void bridges_settle(struct worker *worker)
{
    const wax_config *config = &worker->settings->config;
    struct bridge **at = &worker->bridges;

    while (*at != NULL) {
        struct bridge *bridge = *at;
        if (fit(bridge)) {
            at = &bridge->next;
        } else {
            *at = bridge->next;
            remove_bridge(bridge);
        }
    }
    for (size_t i = 0; i < config->bridge_count; i++) {
        if (is_mine(worker, &config->bridges[i]) && !is_there(worker, &config->bridges[i])) {
            make_bridge(worker, &config->bridges[i]);
        }
    }
}

void bridges_close(struct worker *worker)
{
    while (worker->bridges != NULL) {
        struct bridge *bridge = worker->bridges;
        worker->bridges = bridge->next;
        free_bridge(bridge);
    }
}
