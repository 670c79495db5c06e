/* What a bridge says to the other broker once they are connected, and how it begins. */
#include "broker/bridges.h"
#include "broker/walk.h"

#include <stdlib.h>

enum { PROPERTY_ROOM = 32, FILTER_ROOM_SIZE = 4096 + 16, STATE_SIZE = 4200 };

/* --- CONNECT --- */

static bool tells_remote(const wax_bridge_config *config)
{
    return config->notifications && !config->notifications_local_only;
}

wax_status bridge_greet(struct bridge *bridge)
{
    const wax_bridge_config *config = bridge->config;
    struct bridge_tongues tongues = bridge_tongues_of(config);
    struct bridge_tongue tongue = tongues.rows[bridge->tongue];
    char state_room[BRIDGE_STATE_SIZE];
    uint8_t room[PROPERTY_ROOM];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_connect connect = {
        .version = (wax_version)tongue.version,
        .is_bridge = tongue.is_private,
        .clean_start = config->cleansession,
        .keep_alive_s = (uint16_t)config->keepalive_s,
        .client_id = wax_bytes_of_text(config->remote_clientid),
        .has_username = config->remote_username != NULL,
        .username = wax_bytes_of_text(config->remote_username),
        .has_password = config->remote_password != NULL,
        .password = wax_bytes_of_text(config->remote_password),
        .has_will = tells_remote(config),
        .will = {.topic = bridge_state_topic(bridge, state_room),
                 .payload = WAX_TEXT("0"),
                 .qos = 1,
                 .retain = true},
    };
    size_t size = 64 + PROPERTY_ROOM + connect.client_id.size + connect.username.size +
                  connect.password.size + connect.will.topic.size;
    wax_writer out = out_begin(bridge->connection, size);

    if (!config->cleansession && config->session_expiry_s > 0) {
        wax_property_write_number(&properties, WAX_SESSION_EXPIRY, config->session_expiry_s);
    }
    if (out.status != WAX_OK) {
        return out.status;
    }
    if (config->cleansession) {
        client_take_back(bridge->client);
    }
    wax_status status =
        wax_session_connect(&bridge->connection->session, &connect, &properties, &out);
    out_end(bridge->connection, &out);
    return status;
}

/* --- Notifications --- */

/* The other broker has the Will for the time after: nothing is lost if this gets lost. */
static void tell_remote(struct bridge *bridge)
{
    wax_session *session = &bridge->connection->session;
    char room[BRIDGE_STATE_SIZE];
    wax_publish publish = {.topic = bridge_state_topic(bridge, room),
                           .payload = WAX_TEXT("1"),
                           .retain = session->retain_available};
    wax_writer out = out_begin(bridge->connection, publish.topic.size + 32);

    if (tells_remote(bridge->config) && out.status == WAX_OK &&
        wax_session_publish(session, &publish, &out) == WAX_OK) {
        wax_write_bytes(&out, publish.payload);
        out_end(bridge->connection, &out);
    }
}

/* --- Subscriptions at the other broker --- */

/* Sends a SUBSCRIBE or UNSUBSCRIBE for one filter. Returns its packet id, 0 if it could not be
 * sent. */
static uint16_t ask(struct bridge *bridge, wax_packet_type type, wax_bytes filter, uint8_t qos)
{
    wax_session *session = &bridge->connection->session;
    wax_version version = (wax_version)session->version;
    bool is_new = version == WAX_VERSION_5;
    wax_subscription wanted = {
        .filter = filter, .qos = qos, .no_local = is_new, .retain_as_published = is_new};
    uint8_t room[FILTER_ROOM_SIZE];
    wax_writer filters = wax_writer_over(room, sizeof room);
    wax_subscribe subscribe = {.packet_id = 0};
    wax_writer out = out_begin(bridge->connection, FILTER_ROOM_SIZE + 32);
    wax_status status = out.status;

    wax_subscription_write(&filters, &wanted, type, version);
    subscribe.filters = wax_writer_bytes(&filters);
    if (status == WAX_OK) {
        status = wax_session_subscribe(session, &subscribe, type, &out);
    }
    if (status == WAX_CROWDED && client_grow_outgoing(bridge->client) == WAX_OK) {
        status = wax_session_subscribe(session, &subscribe, type, &out);
    }
    out_end(bridge->connection, &out);
    if (status != WAX_OK) {
        wax_log_write(&bridge->worker->broker->log, WAX_WARNING,
                      "bridge_subscribe_failed connection=%s filter=%.*s reason=%s",
                      bridge->config->name, SHOWN(filter), wax_status_text(status));
    }
    return status == WAX_OK ? subscribe.packet_id : 0;
}

/* Whether a filter at the other broker is one that the bridge wants messages of. */
static bool is_incoming(const wax_bridge_config *config, wax_bytes filter)
{
    for (size_t i = 0; i < config->topic_count; i++) {
        if ((config->topics[i].directions & WAX_BRIDGE_IN) != 0 &&
            wax_bytes_equal(wax_bytes_of_text(config->topics[i].remote), filter)) {
            return true;
        }
    }
    return false;
}

/* Ends what earlier configurations have subscribed to. */
static void end_past(struct bridge *bridge, bool is_present)
{
    const wax_bridge_config *config = bridge->config;

    while (bridge->past != NULL) {
        struct past_filter *past = bridge->past;
        wax_bytes filter = wax_bytes_of(past->filter, past->size);
        if (is_present && !is_incoming(config, filter)) {
            (void)ask(bridge, WAX_UNSUBSCRIBE, filter, 0);
        }
        bridge->past = past->next;
        free(past);
    }
    for (size_t i = 0; is_present && config->attempt_unsubscribe && i < config->topic_count; i++) {
        wax_bytes filter = wax_bytes_of_text(config->topics[i].remote);
        if (!is_incoming(config, filter)) {
            (void)ask(bridge, WAX_UNSUBSCRIBE, filter, 0);
        }
    }
}

static void subscribe_all(struct bridge *bridge)
{
    const wax_bridge_config *config = bridge->config;

    for (size_t i = 0; i < config->topic_count; i++) {
        const wax_bridge_topic *topic = &config->topics[i];
        bridge->asked[i] =
            (topic->directions & WAX_BRIDGE_IN) == 0
                ? 0
                : ask(bridge, WAX_SUBSCRIBE, wax_bytes_of_text(topic->remote), topic->qos);
    }
}

void bridge_on_subscribed(struct connection *connection, const wax_event *event)
{
    const struct bridge *bridge = connection->bridge;
    wax_bytes reasons = event->suback.reasons;

    if (reasons.size == 0 || reasons.data[0] < 0x80) {
        return;
    }
    for (size_t i = 0; i < bridge->config->topic_count; i++) {
        if (bridge->asked[i] == event->suback.packet_id) {
            wax_log_write(&bridge->worker->broker->log, WAX_WARNING,
                          "bridge_subscribe_refused connection=%s filter=%s reason=%s",
                          bridge->config->name, bridge->config->topics[i].remote,
                          wax_status_text((wax_status)reasons.data[0]));
        }
    }
}

/* --- CONNACK --- */

static void limit_aliases(struct bridge *bridge)
{
    wax_session *session = &bridge->connection->session;

    if (session->alias_maximum > bridge->config->max_topic_alias) {
        session->alias_maximum = (uint16_t)bridge->config->max_topic_alias;
    }
}

/* Whether an exchange of an earlier connection has a QoS that the other broker does not take now.
 */
static bool has_too_high_qos(const struct client *client, uint8_t most)
{
    for (uint16_t i = 0; i < client->outgoing.slot_count; i++) {
        if (client->held[i].message != NULL && client->held[i].qos > most) {
            return true;
        }
    }
    return false;
}

static void log_connected(const struct bridge *bridge, bool is_present)
{
    const struct connection *connection = bridge->connection;
    wax_tls_peer tls = {.version = "none"};

    if (wax_tls_is(connection->transport)) {
        (void)!wax_tls_read_peer(connection->transport, &tls);
    }
    wax_log_write(&bridge->worker->broker->log, WAX_NOTICE,
                  "bridge_connected connection=%s peer=%s version=%s tls=%s session=%s",
                  bridge->config->name, connection_peer(connection).text,
                  connection->session.version == WAX_VERSION_5     ? "5"
                  : connection->session.version == WAX_VERSION_3_1 ? "3.1"
                                                                   : "3.1.1",
                  tls.version, is_present ? "resumed" : "new");
}

/* What is retained here goes across anew: the other broker may have missed some of it. */
static void send_retained(struct bridge *bridge)
{
    const wax_bridge_config *config = bridge->config;

    for (size_t i = 0; i < config->topic_count; i++) {
        const wax_bridge_topic *topic = &config->topics[i];
        wax_subscription_options options = {.qos = topic->qos, .retain_as_published = true};
        wax_bytes filter = wax_bytes_of_text(topic->local);
        if ((topic->directions & WAX_BRIDGE_OUT) != 0) {
            (void)walk_end(bridge->client, filter, UINT32_MAX);
            (void)!walk_begin(bridge->client, filter, &options);
        }
    }
}

void bridge_on_connected(struct connection *connection, const wax_event *event)
{
    struct bridge *bridge = connection->bridge;
    struct client *client = bridge->client;
    bool is_present = event->connack.session_present;

    bridge->state = BRIDGE_OPEN;
    bridge->tried_count = 0;
    bridge->opened_ms = bridge->active_ms = bridge->probe_ms = bridge->worker->loop.now_ms;
    connection->client = client;
    client->connection = connection;
    absence_end(client);
    count_up(bridge->worker, COUNT_CLIENTS_CONNECTED, 1);
    count_up(bridge->worker, COUNT_BRIDGES_CONNECTED, 1);
    log_connected(bridge, is_present);
    if (!is_present || has_too_high_qos(client, connection->session.maximum_qos)) {
        client_take_back(client);
    }
    limit_aliases(bridge);
    leave_arm(connection);
    client->is_resuming = client->outgoing.used_count > 0;
    client->resumed_id = 0;
    tell_remote(bridge);
    end_past(bridge, is_present);
    subscribe_all(bridge);
    deliver_waiting(client);
    send_retained(bridge);
    bridge_tell(bridge, true);
    wax_loop_start(&bridge->worker->loop, &bridge->timer, bridge->opened_ms + 1000);
}

void bridge_on_refused(struct connection *connection, const wax_event *event)
{
    connection_doom(connection, (wax_status)event->connack.reason);
}
