/* CONNECT: who is this, may it come in, and with which session. */
#include "broker/connect.h"

#include "broker/admit.h"
#include "broker/exchange.h"
#include "broker/identify.h"
#include "broker/keep.h"
#include "broker/owner.h"
#include "broker/quarrel.h"
#include "broker/standing.h"
#include "broker/steward.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROPERTY_ROOM = 384 };

/* --- Whether the password is right --- */

/* Why a login failed, in words that do not change: others watch the log for them. */
static const char *refusal_of(const struct pending *pending, wax_status status)
{
    if (pending->refusal != NULL) {
        return pending->refusal;
    }
    return status == WAX_BAD_LOGIN        ? "bad_password"
           : status == WAX_NOT_AUTHORIZED ? "not_authorized"
                                          : NULL;
}

/* Logs a failed login. */
static void log_failure(const struct connection *connection, wax_bytes id, wax_bytes name,
                        const char *refusal, wax_status status)
{
    struct origin origin = origin_of(connection);
    struct log_word client = log_word_of(id);
    struct log_word user = log_word_of(name);

    wax_log_write(&connection->worker->broker->log, WAX_NOTICE,
                  "%s addr=%s port=%s listener=%u client=%s user=%s reason=%s",
                  refusal != NULL ? "auth_failed" : "connect_refused", origin.host, origin.port,
                  (unsigned)login_listener(connection)->port, client.text, user.text,
                  refusal != NULL ? refusal : wax_status_text(status));
}

static void refuse(struct connection *connection, wax_status status)
{
    const struct pending *pending = connection->pending;

    if (pending != NULL) {
        log_failure(connection, pending->id, pending->user, refusal_of(pending, status), status);
    }
    connection_doom(connection, status);
}

/* WAX_OK: let it in; WAX_MORE: the password is being judged; otherwise why not. */
static wax_status authenticate(struct connection *connection)
{
    struct pending *pending = connection->pending;

    access_note(connection);
    if (connection->exchange != NULL) {
        return exchange_challenge(connection, &pending->refusal);
    }
    connection->proof_kind = pending->is_proven ? PROOF_TLS : PROOF_NONE;
    if (pending->is_proven) {
        return WAX_OK;
    }
    if (pending->is_token) {
        return login_begin(connection);
    }
    if (!pending->has_user || !login_has_passwords(connection)) {
        return login_listener(connection)->allow_anonymous ? WAX_OK : WAX_NOT_AUTHORIZED;
    }
    return login_begin(connection);
}

/* --- The session --- */

static struct worker *owner_of(const struct connection *connection)
{
    struct wax_broker *broker = connection->worker->broker;
    uint64_t hash = wax_hash(broker->owner_key, connection->pending->id);

    return broker->workers[hash % broker->worker_count];
}

/* Goes to the worker that owns the client id, once and for all. */
static void depart(struct connection *connection)
{
    struct worker *from = connection->worker;
    struct worker *to = owner_of(connection);
    struct letter letter = {.kind = LETTER_CONNECTION, .connection = connection};

    if (to == from) {
        connect_on_arrival(from, connection);
        return;
    }
    if (worker_post(from, to, &letter) != WAX_OK) {
        refuse(connection, WAX_SERVER_BUSY);
        return;
    }
    wax_loop_forget(&from->loop, &connection->watch);
    wax_loop_stop(&from->loop, &connection->timer);
    wax_link_remove(&connection->all);
    out_depart(connection);
    wax_link_remove(&connection->due);
    connection->worker = NULL; /* nobody's until it arrives */
}

/* Whether the session's topics mean what they will mean on this connection: a mount point is part
 * of its subscriptions. */
static bool has_same_mount_point(const struct connection *connection, const struct client *client)
{
    const wax_config *config = &connection->worker->settings->config;

    return wax_bytes_equal(wax_bytes_of_text(config->listeners[client->listener].mount_point),
                           wax_bytes_of_text(config->listeners[connection->listener].mount_point));
}

static void wait_due(wax_timer *timer, uint64_t now_ms)
{
    struct connection *connection = WAX_OWNER(timer, struct connection, timer);

    (void)now_ms;
    connection->has_waited = true;
    connect_on_arrival(connection->worker, connection);
}

/* Its turn comes later; the other one has the client id until then. */
static void wait_until(struct connection *connection, uint64_t at_ms)
{
    connection->timer.due = wait_due;
    wax_loop_start(&connection->worker->loop, &connection->timer, at_ms);
}

static uint32_t expiry_of(const struct connection *connection)
{
    const wax_connect *connect = &connection->pending->connect;
    uint32_t most_s = connection->worker->settings->config.persistent_client_expiration_s;
    uint32_t wanted_s = wax_property_number(connect->properties, WAX_SESSION_EXPIRY, 0);

    if (connect->version != WAX_VERSION_5) {
        wanted_s = connect->clean_start ? 0 : UINT32_MAX;
    }
    return wanted_s < most_s ? wanted_s : most_s;
}

/* Whether the CONNECT wants a new session kept, and the disk is full or broken. */
static bool asks_too_much(const struct connection *connection, const struct client *client)
{
    bool goes_on = client != NULL && !connection->pending->connect.clean_start &&
                   has_same_mount_point(connection, client);

    return !goes_on && expiry_of(connection) > 0 && !keep_is_possible(connection->worker);
}

/* A quarrel is about the client id, and outlives sessions. */
static void rescue(struct client *client, struct quarrel **quarrel)
{
    if (client->quarrel != NULL) {
        *quarrel = client->quarrel;
        client->quarrel = NULL;
    }
}

static wax_status choose_session(struct connection *connection, struct quarrel **quarrel,
                                 struct client **found, bool *present)
{
    struct worker *worker = connection->worker;
    const struct pending *pending = connection->pending;
    const wax_config *config = &worker->settings->config;
    struct client *client = clients_find(worker, pending->id);

    if (client != NULL && client->bridge != NULL) {
        return WAX_BAD_CLIENT_ID; /* it is the broker's own */
    }
    if (client != NULL && config->session_owner == WAX_OWNER_STRICT &&
        !is_owner(client, connection)) {
        return WAX_NOT_AUTHORIZED; /* a session belongs to who made it */
    }
    if (client != NULL && client->connection != NULL) {
        uint64_t until_ms = quarrel_wait(client, connection);
        if (until_ms > 0) {
            wait_until(connection, until_ms);
            return WAX_MORE;
        }
        rescue(client, quarrel);
        leave_now(client->connection, WAX_TAKEN_OVER); /* [MQTT-3.1.4-3] */
        client = clients_find(worker, pending->id);
    }
    if (asks_too_much(connection, client)) {
        return WAX_QUOTA_EXCEEDED;
    }
    if (client != NULL &&
        (pending->connect.clean_start || !has_same_mount_point(connection, client))) {
        rescue(client, quarrel);
        leave_session(client); /* [MQTT-3.1.2-4] */
        client = NULL;
    }
    *present = client != NULL; /* [MQTT-3.2.2-2] [MQTT-3.2.2-3] */
    if (client == NULL &&
        atomic_load(&worker->broker->client_count) >= config->global_max_clients) {
        return WAX_QUOTA_EXCEEDED;
    }
    if (client == NULL) {
        client = client_make(worker, pending->id, pending->has_user, pending->user);
    } else if (!is_owner(client, connection) &&
               client_belong(client, pending->has_user, pending->user) != WAX_OK) {
        client = NULL;
    }
    *found = client;
    return client == NULL ? WAX_SERVER_BUSY : WAX_OK;
}

/* The session that the CONNECT asks for, or WAX_MORE when that must wait; `*present` tells whether
 * it was there. */
static wax_status find_session(struct connection *connection, struct client **found, bool *present)
{
    struct quarrel *quarrel = NULL;
    wax_status status = choose_session(connection, &quarrel, found, present);
    struct client *client = clients_find(connection->worker, connection->pending->id);

    if (client != NULL && client->quarrel == NULL) {
        client->quarrel = quarrel;
    } else {
        free(quarrel);
    }
    return status;
}

static void take_will(struct connection *connection, struct client *client)
{
    const wax_connect *connect = &connection->pending->connect;
    const wax_will *will = &connect->will;
    struct draft draft = {
        .mount_point = wax_bytes_of_text(login_listener(connection)->mount_point),
        .topic = will->topic,
        .properties = will->properties,
        .payload = will->payload,
        .author = &client->identity,
        .sender = client->number,
        .listener = connection->listener,
        .qos = will->qos,
        .retain = will->retain,
    };

    message_release(client->will); /* [MQTT-3.1.3-9] */
    client->will = NULL;
    client->will_delay_s = wax_property_number(will->properties, WAX_WILL_DELAY, 0);
    if (connect->has_will) {
        client->will = message_make(&draft, connection->worker->loop.now_ms);
    }
    keep_will(client);
}

static uint16_t keep_alive_of(const struct connection *connection)
{
    uint32_t most_s = connection->worker->settings->config.max_keepalive_s;
    uint16_t wanted_s = connection->pending->connect.keep_alive_s;

    return most_s != 0 && (wanted_s == 0 || wanted_s > most_s) ? (uint16_t)most_s : wanted_s;
}

/* What the client must know of this session; the limits are added by the session itself. */
static void write_properties(wax_writer *out, const struct connection *connection)
{
    const struct pending *pending = connection->pending;
    const wax_config *config = &connection->worker->settings->config;
    uint32_t wanted_s = wax_property_number(pending->connect.properties, WAX_SESSION_EXPIRY, 0);

    if (pending->is_assigned) {
        wax_property_write_value(out, WAX_ASSIGNED_CLIENT_ID, pending->id); /* [MQTT-3.1.3-7] */
    }
    if (connection->exchange != NULL) {
        exchange_write(connection, out);
    }
    if (keep_alive_of(connection) != pending->connect.keep_alive_s) {
        wax_property_write_number(out, WAX_SERVER_KEEP_ALIVE, keep_alive_of(connection));
    }
    if (expiry_of(connection) != wanted_s) {
        wax_property_write_number(out, WAX_SESSION_EXPIRY, expiry_of(connection));
    }
    if (login_listener(connection)->max_qos < 2) {
        wax_property_write_number(out, WAX_MAXIMUM_QOS, login_listener(connection)->max_qos);
    }
    if (!config->retain_available) {
        wax_property_write_number(out, WAX_RETAIN_AVAILABLE, 0);
    }
}

static void limit_aliases(struct connection *connection)
{
    wax_session *session = &connection->session;
    uint32_t most = login_listener(connection)->max_topic_alias_broker;

    if (session->alias_maximum > most) {
        session->alias_maximum = (uint16_t)most;
    }
}

static void log_connected(const struct connection *connection, bool present)
{
    const struct pending *pending = connection->pending;
    wax_tls_peer tls = {.version = "none"};

    if (!connection->worker->settings->config.connection_messages) {
        return;
    }
    if (wax_tls_find(connection->transport) != NULL) {
        (void)!wax_tls_read_peer(wax_tls_find(connection->transport), &tls);
    }
    wax_log_write(&connection->worker->broker->log, WAX_NOTICE,
                  "client_connected client=%.*s user=%.*s peer=%s port=%u version=%s tls=%s "
                  "keep_alive=%u session=%s",
                  SHOWN(pending->id), SHOWN(pending->user), connection_peer(connection).text,
                  (unsigned)login_listener(connection)->port,
                  pending->connect.version == WAX_VERSION_5     ? "5"
                  : pending->connect.version == WAX_VERSION_3_1 ? "3.1"
                                                                : "3.1.1",
                  tls.version, (unsigned)keep_alive_of(connection), present ? "resumed" : "new");
}

/* Ties connection and session together. */
static void attach(struct connection *connection, struct client *client)
{
    absence_end(client);
    client->listener = connection->listener;
    client->access = access_of(connection->worker, connection->listener, &client->identity);
    access_settle(client);
    client->connection = connection;
    connection->client = client;
    if (client->seat != NULL) {
        atomic_store(&client->seat->is_online, true);
    }
    count_up(connection->worker, COUNT_CLIENTS_CONNECTED, 1);
    count_up(connection->worker, COUNT_CONNECTIONS, 1);
    wax_session_attach(&connection->session, &client->outgoing, &client->incoming);
}

/* Whether the session outlives this connection; if it does, the client may only believe so when it
 * is written down. A session that was, and stays as it was, waits for nothing: while the disk is
 * full its client must be able to take what waits for it. */
static void note_durable(struct client *client, uint32_t expiry_s, bool has_will)
{
    bool is_news = !client->is_kept || client->expiry_s != expiry_s || has_will;

    client->expiry_s = expiry_s;
    client->is_durable = client->expiry_s > 0;
    keep_session(client); /* one that ends with this connection now may have been kept so far */
    if (keeps(client) && is_news) {
        out_hold(client->connection);
    }
}

static wax_status accept_connect(struct connection *connection, bool present)
{
    size_t size = PROPERTY_ROOM + connection->pending->id.size;
    uint8_t *room = malloc(size);
    wax_writer properties = wax_writer_over(room, size);
    wax_writer out = out_begin(connection, size + 16);
    wax_status status = room == NULL || out.status != WAX_OK ? WAX_SERVER_BUSY : WAX_OK;

    if (status == WAX_OK) {
        limit_aliases(connection);
        write_properties(&properties, connection);
        status = wax_session_accept(&connection->session, present, keep_alive_of(connection),
                                    &properties, &out);
        out_end(connection, &out);
        status = status == WAX_OK ? WAX_OK : WAX_PACKET_TOO_LARGE;
    }
    free(room);
    return status;
}

/* A reload on this worker may have changed what holds since CONNECT came: it is its rules that
 * count from here on. */
static wax_status admit(const struct connection *connection)
{
    const struct pending *pending = connection->pending;
    wax_status status =
        login_listener(connection)->is_gone ? WAX_SERVER_UNAVAILABLE : access_admit(connection);

    if (status == WAX_OK && !login_holds(connection, pending->has_user, pending->user)) {
        status = WAX_NOT_AUTHORIZED;
    }
    return status;
}

void connect_on_arrival(struct worker *worker, struct connection *connection)
{
    struct client *client = NULL;
    bool present = false;
    wax_status status = WAX_OK;

    if (connection->worker == NULL) {
        connection->worker = worker;
        wax_link_append(&worker->connections, &connection->all);
        status = wax_loop_watch(&worker->loop, &connection->watch, false);
    }
    if (status == WAX_OK) {
        status = admit(connection);
    }
    if (status == WAX_OK) {
        status = find_session(connection, &client, &present);
    }
    if (status == WAX_MORE) {
        return;
    }
    if (status != WAX_OK) {
        refuse(connection, status == WAX_IO ? WAX_SERVER_BUSY : status);
        return;
    }
    attach(connection, client);
    note_durable(client, expiry_of(connection), connection->pending->connect.has_will);
    status = accept_connect(connection, present);
    if (status != WAX_OK) {
        refuse(connection, status);
        return;
    }
    client->is_private = connection->pending->connect.is_bridge;
    take_will(connection, client);
    log_connected(connection, present);
    login_forget(connection);
    exchange_forget(connection);
    leave_arm(connection);
    client->is_resuming = client->outgoing.used_count > 0;
    client->resumed_id = 0;
    deliver_waiting(client);
    if (wax_link_is_alone(&connection->due)) {
        wax_link_append(&worker->hungry, &connection->due); /* what came behind CONNECT */
    }
}

void connect_on(struct connection *connection, const wax_event *event, wax_bytes packet)
{
    wax_status status = judge_connect(connection, &event->connect);

    connection->pending = login_copy(packet);
    if (connection->pending == NULL) {
        status = WAX_SERVER_BUSY;
    }
    if (status == WAX_OK) {
        status = identify(connection, connection->pending);
    }
    if (connection->worker->traces != NULL) {
        trace_packets(connection, true, packet);
    }
    if (status == WAX_OK) {
        status = authenticate(connection);
    }
    if (status == WAX_OK) {
        depart(connection);
    } else if (status != WAX_MORE) {
        refuse(connection, status);
    }
}

void connect_on_settings(struct worker *worker)
{
    for (wax_link *at = worker->connections.next; at != &worker->connections; at = at->next) {
        struct connection *connection = WAX_OWNER(at, struct connection, all);
        const struct client *client = connection->client;
        if (client != NULL && connection->bridge == NULL && !login_listener(connection)->is_gone &&
            !login_holds(connection, client->has_user, client->user)) {
            connection_doom(connection, WAX_NOT_AUTHORIZED);
        }
    }
}

/* The client goes on with how it began, or proves anew who it is. [MQTT-4.12.0-3] [MQTT-4.12.1-1]
 */
void connect_on_auth(struct connection *connection, const wax_event *event)
{
    const struct client *client = connection->client;
    const char *refusal = NULL;
    wax_status status = WAX_PROTOCOL_ERROR; /* a bridge names no method */

    if (connection->bridge == NULL) {
        status = exchange_continue(connection, &event->notice, &refusal);
    }
    if (status == WAX_MORE || connection->status != WAX_OK) {
        return;
    }
    if (client == NULL && connection->pending != NULL) {
        connection->pending->refusal = refusal;
        if (status == WAX_OK) {
            depart(connection);
        } else {
            refuse(connection, status);
        }
    } else if (status != WAX_OK) {
        if (client != NULL && connection->bridge == NULL) {
            log_failure(connection, client->id, client->user, refusal, status);
        }
        connection_doom(connection, status); /* [MQTT-4.12.1-2] */
    }
}

static void on_login(struct login *login)
{
    struct connection *connection = login->connection;
    wax_status status = login_end(connection, login);

    if (connection == NULL || connection->status != WAX_OK || connection->is_leaving ||
        connection->worker->is_stopping) {
        return; /* it ends already */
    }
    if (status != WAX_OK) {
        refuse(connection, status == WAX_BAD_LOGIN ? WAX_BAD_LOGIN : WAX_SERVER_UNAVAILABLE);
        return;
    }
    if (connection->pending->is_token) {
        status = identify_client(connection, connection->pending);
        access_note(connection);
    }
    if (status == WAX_OK) {
        depart(connection);
    } else {
        refuse(connection, status);
    }
}

void connect_on_logins(wax_watch *watch, bool readable, bool writable)
{
    wax_mailbox *mailbox = WAX_OWNER(watch, wax_mailbox, watch);
    wax_letters letters = wax_mailbox_take(mailbox);
    wax_letter *letter;

    (void)readable;
    (void)writable;
    while ((letter = wax_letters_take(&letters)) != NULL) {
        on_login((struct login *)(void *)letter);
    }
}
