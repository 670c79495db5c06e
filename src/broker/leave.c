/* How connections and sessions end, and what they leave behind: Wills, and time. */
#include "broker/aliases.h"
#include "broker/bridges.h"
#include "broker/envelope.h"
#include "broker/exchange.h"
#include "broker/keep.h"
#include "broker/queue.h"
#include "broker/stack.h"

#include <stdlib.h>

enum { UNREAD_MS = 100 };

/* What holds now counts, not what did when the client came. */
static wax_status judge_will_now(struct client *client)
{
    const struct message *will = client->will;

    if (!wax_access_judge(&client->access, WAX_ACTION_WRITE, will->topic, NULL)) {
        return WAX_NOT_AUTHORIZED;
    }
    return envelope_take(client->worker, client->id, will->topic, will->payload);
}

static void publish_will(struct client *client)
{
    struct message *will = client->will;
    struct worker *worker = client->worker;
    wax_status status;

    if (will == NULL) {
        return;
    }
    status = judge_will_now(client);
    client->will = NULL;
    keep_will(client);
    will->is_once = true; /* nobody sends it again: what is posted must outlive the process */
    message_stamp(will, worker->loop.now_ms);
    if (status == WAX_OK) {
        (void)!route(worker, will); /* [MQTT-3.1.2-14] [MQTT-3.1.2-15] */
    } else {
        wax_log_write(&worker->broker->log, WAX_WARNING,
                      "will_refused client=%.*s topic=%.*s reason=%s", SHOWN(client->id),
                      SHOWN(will->topic), wax_status_text(status));
    }
    message_release(will);
}

void leave_session(struct client *client)
{
    publish_will(client);
    client_free(client);
}

static void arm_client(struct client *client);

/* The delay of a Will has passed, or the session's time. */
static void client_due(wax_timer *timer, uint64_t now_ms)
{
    struct absence *absence = WAX_OWNER(timer, struct absence, timer);
    struct client *client = absence->client;

    if (absence->ends_ms <= now_ms && client->expiry_s > 0) {
        wax_log_write(&client->worker->broker->log, WAX_INFORMATION, "session_expired client=%.*s",
                      SHOWN(client->id));
        count_up(client->worker, COUNT_CLIENTS_EXPIRED, 1);
    }
    if (absence->ends_ms <= now_ms) {
        leave_session(client); /* [MQTT-4.1.0-2] */
        return;
    }
    if (absence->will_due_ms <= now_ms) {
        publish_will(client);
    }
    arm_client(client);
}

static void arm_client(struct client *client)
{
    struct absence *absence = client->absence;
    uint64_t at_ms = absence->ends_ms;

    if (client->will != NULL && absence->will_due_ms < at_ms) {
        at_ms = absence->will_due_ms;
    }
    absence->timer.due = client_due;
    wax_loop_start(&client->worker->loop, &absence->timer, at_ms);
}

void leave_wait(struct client *client)
{
    uint64_t now_ms = client->worker->loop.now_ms;
    struct absence *absence = absence_begin(client);

    if (absence == NULL) {
        leave_session(client); /* nobody could end it later */
        return;
    }
    absence->ends_ms =
        client->expiry_s == UINT32_MAX ? WAX_NEVER : now_ms + client->expiry_s * UINT64_C(1000);
    absence->will_due_ms = now_ms + client->will_delay_s * UINT64_C(1000);
    keep_session(client);
    arm_client(client);
}

void leave_resume(struct client *client)
{
    arm_client(client);
}

/* The session goes on without a connection, for as long as it may. [MQTT-3.1.2-23] */
static void go_offline(struct client *client)
{
    client->is_resuming = false;
    if (client->seat != NULL) {
        atomic_store(&client->seat->is_online, false);
    }
    if (client->will != NULL && client->will_delay_s == 0) {
        publish_will(client);
    }
    if (client->expiry_s == 0) {
        leave_session(client);
        return;
    }
    queue_unload(client);
    leave_wait(client);
}

static const char *reason_of(const struct connection *connection, wax_status status)
{
    bool is_polite = connection->session.state == WAX_SESSION_CLOSED;

    return status == WAX_CLOSED && is_polite ? "the client said good-bye" : wax_status_text(status);
}

/* Below MQTT the filters know best what happened. */
static const char *detail_of(const struct connection *connection, wax_status status)
{
    const char *detail = wax_transport_explain(connection->transport);
    const wax_transport *tls = wax_tls_find(connection->transport);
    bool is_below = status < 0x80 || status == WAX_PROTOCOL_ERROR;

    if (status == WAX_MAXIMUM_CONNECT_TIME && tls != NULL && !wax_tls_is_ready(tls)) {
        return "the client did not end its TLS handshake within connect_timeout";
    }
    return detail[0] != '\0' && is_below ? detail : reason_of(connection, status);
}

/* How loud the end of a connection is that never was a client's. Port scans and health checks send
 * nothing, and are nobody's concern; what a web page or a stranger can bring about any number of
 * times is logged now and then. */
static wax_level level_of_end(const struct connection *connection, wax_status status)
{
    bool is_silent = status == WAX_CLOSED && connection->session.version == WAX_VERSION_NONE &&
                     wax_transport_explain(connection->transport)[0] == '\0';
    bool is_web = wax_websocket_is_waiting(connection->transport) || connection->awaits_proxy;

    if (is_web && !is_silent) {
        return stack_level(connection->worker);
    }
    return is_silent ? WAX_DEBUG : WAX_NOTICE;
}

static void log_end(const struct connection *connection, wax_status status)
{
    const struct client *client = connection->client;
    wax_log *log = &connection->worker->broker->log;
    const char *detail = detail_of(connection, status);

    if (client == NULL) {
        wax_log_write(log, level_of_end(connection, status), "connection_ended peer=%s reason=%s",
                      connection_peer(connection).text, detail);
    } else if (connection->worker->settings->config.connection_messages) {
        wax_log_write(log, WAX_NOTICE, "client_disconnected client=%.*s peer=%s reason=%s",
                      SHOWN(client->id), connection_peer(connection).text, detail);
    }
}

static void detach(struct connection *connection)
{
    struct client *client = connection->client;

    connection->client = NULL;
    if (client != NULL) {
        count_down(connection->worker, COUNT_CLIENTS_CONNECTED, 1);
        client->connection = NULL;
        go_offline(client);
    }
}

static void destroy(struct connection *connection)
{
    struct worker *worker = connection->worker;
    struct wax_broker *broker = worker->broker;

    wax_loop_forget(&worker->loop, &connection->watch);
    wax_loop_stop(&worker->loop, &connection->timer);
    wax_link_remove(&connection->due);
    wax_link_remove(&connection->all);
    login_forget(connection);
    exchange_forget(connection);
    atomic_fetch_sub(&broker->connection_count, 1);
    atomic_fetch_sub(&broker->listener_counts[connection->listener], 1);
    wax_transport_release(connection->transport);
    out_free(connection);
    free(connection->in);
    aliases_free(connection);
    free(connection);
}

void leave_abandon(struct connection *connection)
{
    if (connection->client != NULL) {
        connection->client->connection = NULL;
        connection->client = NULL;
    }
    destroy(connection);
}

static void linger_due(wax_timer *timer, uint64_t now_ms)
{
    struct connection *connection = WAX_OWNER(timer, struct connection, timer);

    (void)now_ms;
    connection_doom(connection, WAX_CLOSED);
}

/* Says the last word. Closing a socket that still has unread input would take it back, so that the
 * connection lingers until the peer has read it and gone. */
static void linger(struct connection *connection)
{
    struct worker *worker = connection->worker;

    out_flush(connection);
    if (out_waiting(connection) > 0) {
        out_free(connection); /* a peer who does not read now gets no last word */
    }
    (void)!wax_transport_close(connection->transport);
    connection->is_leaving = true;
    connection->status = WAX_OK;
    wax_link_remove(&connection->due);
    connection->timer.due = linger_due;
    wax_loop_start(&worker->loop, &connection->timer, worker->loop.now_ms + LINGER_MS);
}

/* Reasons that lie below MQTT: there is nobody to tell, or nothing to tell it with. */
static bool is_cut(wax_status status)
{
    return status == WAX_CLOSED || status == WAX_IO || status == WAX_UNTRUSTED;
}

static void say_good_bye(struct connection *connection, wax_status status)
{
    wax_writer out = out_begin(connection, WAX_ANSWER_SIZE_MAX);

    if (out.status == WAX_OK && status >= 0x80) {
        (void)!wax_session_close(&connection->session, (uint8_t)status, (wax_bytes){NULL, 0}, &out);
        out_end(connection, &out);
    }
}

void leave_now(struct connection *connection, wax_status status)
{
    bool is_silent = false;

    if (connection->is_leaving) {
        destroy(connection);
        return;
    }
    if (connection->bridge != NULL) {
        /* Without good-bye the other broker publishes the bridge's Will: that it is gone. And a
         * client has no reason for a peer that is silent. [MQTT 5.0, 3.14.2.1] */
        is_silent = status == WAX_SHUTTING_DOWN || status == WAX_KEEP_ALIVE_TIMEOUT;
        bridge_on_end(connection, status, detail_of(connection, status));
    } else {
        log_end(connection, status);
    }
    if (is_cut(status) || is_silent) {
        out_free(connection);
        detach(connection);
        destroy(connection);
        return;
    }
    say_good_bye(connection, status);
    detach(connection);
    linger(connection);
}

void leave_doomed(struct worker *worker)
{
    while (!wax_link_is_alone(&worker->doomed)) {
        struct connection *connection = WAX_OWNER(worker->doomed.next, struct connection, due);
        wax_status status = (wax_status)connection->status;
        wax_link_remove(&connection->due);
        leave_now(connection, status);
    }
}

void leave_timer(wax_timer *timer, uint64_t now_ms)
{
    struct connection *connection = WAX_OWNER(timer, struct connection, timer);
    uint8_t room[WAX_ANSWER_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_status status;

    if (connection->ends_ms != 0 && now_ms >= connection->ends_ms) {
        connection_doom(connection, WAX_MAXIMUM_CONNECT_TIME);
        return;
    }
    if (!wax_link_is_alone(&connection->due)) {
        /* What would have kept it alive may be waiting to be read. */
        wax_loop_start(&connection->worker->loop, timer, now_ms + UNREAD_MS);
        return;
    }
    status = wax_session_tick(&connection->session, now_ms, &out);
    out_append(connection, &out);
    if (status != WAX_OK) {
        connection_doom(connection, status);
    } else {
        leave_arm(connection);
    }
}

void leave_arm(struct connection *connection)
{
    uint64_t at_ms = wax_session_deadline_ms(&connection->session);

    connection->timer.due = leave_timer;
    if (connection->ends_ms != 0 && connection->ends_ms < at_ms) {
        at_ms = connection->ends_ms;
    }
    wax_loop_start(&connection->worker->loop, &connection->timer, at_ms);
}

void leave_on_disconnect(struct connection *connection, const wax_event *event)
{
    struct client *client = connection->client;
    uint32_t unset = UINT32_MAX - 1;
    uint32_t expiry_s = wax_property_number(event->notice.properties, WAX_SESSION_EXPIRY, unset);
    uint32_t most_s = connection->worker->settings->config.persistent_client_expiration_s;

    if (connection->bridge != NULL) {
        connection_doom(connection, event->notice.reason >= 0x80 ? (wax_status)event->notice.reason
                                                                 : WAX_CLOSED);
        return;
    }
    if (client != NULL && event->notice.reason == WAX_REASON_SUCCESS) {
        message_release(client->will); /* [MQTT-3.14.4-3] */
        client->will = NULL;
        keep_will(client);
    }
    if (client != NULL && expiry_s != unset && client->expiry_s != 0) {
        client->expiry_s = expiry_s < most_s ? expiry_s : most_s;
    }
    connection_doom(connection, WAX_CLOSED);
}
