/* Bytes come in. A worker reads into room of its own; a connection keeps only the start of a packet
 * that is not whole, so that an idle one holds nothing. */
#include "broker/aliases.h"
#include "broker/bridges.h"
#include "broker/connect.h"
#include "broker/handshake.h"
#include "broker/owed.h"
#include "broker/stack.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- What a packet means --- */

typedef void handle_function(struct connection *connection, const wax_event *event);

static handle_function *const handlers[] = {
    [WAX_EVENT_CONNECTED] = bridge_on_connected,
    [WAX_EVENT_REFUSED] = bridge_on_refused,
    [WAX_EVENT_PUBLISH] = publish_on,
    [WAX_EVENT_RECEIVED] = exchange_on,
    [WAX_EVENT_DELIVERED] = exchange_on,
    [WAX_EVENT_RELEASED] = exchange_on,
    [WAX_EVENT_SUBSCRIBE] = subscribe_on,
    [WAX_EVENT_UNSUBSCRIBE] = unsubscribe_on,
    [WAX_EVENT_SUBSCRIBED] = bridge_on_subscribed,
    [WAX_EVENT_AUTHENTICATE] = connect_on_auth,
    [WAX_EVENT_DISCONNECTED] = leave_on_disconnect,
};

static void handle(struct connection *connection, const wax_event *event)
{
    if (event->type < WAX_COUNT(handlers) && handlers[event->type] != NULL) {
        handlers[event->type](connection, event);
    }
}

/* A table is full. MQTT 3 announces no Receive Maximum, so that its exchanges may be many. */
static wax_status make_room(struct connection *connection)
{
    struct client *client = connection->client;

    if (client != NULL && client->incoming.used_count == client->incoming.slot_count) {
        return client_grow_incoming(client) == WAX_OK ? WAX_OK : WAX_RECEIVE_MAXIMUM_EXCEEDED;
    }
    return aliases_grow_in(connection);
}

/* Whether answers that wait for the store keep the next packet from being taken. */
static bool is_crowded(const struct connection *connection)
{
    const wax_session *session = &connection->session;
    const struct client *client = connection->client;

    return client != NULL && ((session->receive_maximum > 0 &&
                               session->receiving_count >= session->receive_maximum) ||
                              client->owed_count >= OWED_MAX);
}

/* Many clients send more than the Receive Maximum they were told, and read the answers later. What
 * is safe by now is acknowledged before the next packet is held against them; for what is not, they
 * wait. Returns whether the next packet may be taken. */
static bool answer_before_counting(struct connection *connection)
{
    if (is_crowded(connection)) {
        owed_release(connection->worker);
        connection->is_paused = is_crowded(connection) && connection->client->owed_count > 0;
    }
    return !connection->is_paused;
}

/* Takes one packet. */
static wax_status take(struct connection *connection, wax_reader *in)
{
    struct worker *worker = connection->worker;
    const uint8_t *start = in->at;
    uint8_t room[WAX_ANSWER_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_event event;
    wax_status status;

    if (!answer_before_counting(connection)) {
        return WAX_MORE;
    }
    status = wax_session_receive(&connection->session, in, &out, worker->loop.now_ms, &event);
    out_append(connection, &out);
    if (status == WAX_CROWDED) {
        return make_room(connection);
    }
    if (status != WAX_OK) {
        return status;
    }
    count_packet(worker, true, start[0]);
    if (worker->traces != NULL && event.type != WAX_EVENT_CONNECT) {
        trace_packets(connection, true, wax_bytes_of(start, (size_t)(in->at - start)));
    }
    if (event.type == WAX_EVENT_CONNECT) {
        connect_on(connection, &event, wax_bytes_of(start, (size_t)(in->at - start)));
        return WAX_MORE; /* it may be another worker's now */
    }
    handle(connection, &event);
    return connection->worker == worker ? WAX_OK : WAX_MORE;
}

/* --- Reading --- */

/* Keeps what was not taken for later. */
static void keep(struct connection *connection, wax_bytes rest)
{
    uint8_t *in = connection->in;

    if (rest.size == 0) {
        free(in);
        connection->in = NULL;
    } else if (rest.data != in) {
        connection->in = malloc(rest.size);
        if (connection->in == NULL) {
            connection_doom(connection, WAX_SERVER_BUSY);
            rest.size = 0;
        } else {
            memcpy(connection->in, rest.data, rest.size);
        }
        free(in);
    }
    connection->in_used = (uint32_t)rest.size;
}

/* Takes all whole packets. */
static void take_all(struct connection *connection, wax_bytes bytes)
{
    struct worker *worker = connection->worker;
    wax_reader in = wax_reader_over(bytes);
    wax_status status = WAX_OK;

    while (status == WAX_OK && connection->status == WAX_OK) {
        status = take(connection, &in);
    }
    if (connection->worker != worker) {
        /* It has left; what is behind CONNECT goes along. Nobody touches it until the turn ends,
         * because letters are posted then. */
        keep(connection, wax_reader_rest(&in));
        return;
    }
    if (status != WAX_OK && status != WAX_MORE) {
        connection_doom(connection, status == WAX_CLOSED ? WAX_CLOSED : status);
        in.at = in.end;
    }
    keep(connection, wax_reader_rest(&in));
}

/* How much of the packet that begins the input is still missing; 1 if that cannot be told. */
static size_t missing(const struct connection *connection)
{
    wax_reader in = wax_reader_over(wax_bytes_of(connection->in, connection->in_used));
    wax_packet packet;
    wax_status status = wax_packet_read(&packet, &in, (wax_version)connection->session.version,
                                        WAX_PACKET_SIZE_MAX);

    if (status != WAX_MORE || packet.type == WAX_NO_PACKET) {
        return 1;
    }
    return packet.head_size + (size_t)packet.body_size - connection->in_used;
}

/* Receives, and learns who the peer is where a proxy says it. */
static wax_status receive(struct connection *connection, uint8_t *room, size_t size,
                          size_t *received)
{
    wax_status status = wax_transport_receive(connection->transport, room, size, received);

    if (connection->awaits_proxy) {
        connection->awaits_proxy = !stack_read_proxy(connection->transport, &connection->peer);
    }
    return status;
}

/* A packet larger than the worker's room is gathered in memory of its own size. */
static wax_status read_large(struct connection *connection, size_t size, size_t *received)
{
    size_t step = size < READ_ROOM_SIZE ? size : READ_ROOM_SIZE;
    uint8_t *in = realloc(connection->in, connection->in_used + step);
    wax_status status;

    if (in == NULL) {
        return WAX_SERVER_BUSY;
    }
    connection->in = in;
    status = receive(connection, in + connection->in_used, step, received);
    if (status == WAX_OK) {
        connection->in_used += (uint32_t)*received;
        if (*received == size) {
            take_all(connection, wax_bytes_of(connection->in, connection->in_used));
        }
    }
    return status;
}

static wax_status read_small(struct connection *connection, size_t *received, bool *is_drained)
{
    struct worker *worker = connection->worker;
    size_t used = connection->in_used;
    size_t wanted = READ_ROOM_SIZE - used;
    wax_status status;

    if (used > 0) {
        memcpy(worker->room, connection->in, used);
    }
    status = receive(connection, worker->room + used, wanted, received);
    if (!connection->is_counted) {
        handshake_count(connection);
    }
    /* Where nothing is left the next bytes make a new edge. The end may have made its edge already.
     */
    *is_drained = connection->transport->is_drained && !connection->watch.is_ended;
    if (status == WAX_OK) {
        take_all(connection, wax_bytes_of(worker->room, used + *received));
    }
    return status;
}

/* Who leaves is read until it has gone, and not listened to. */
static void discard(struct connection *connection)
{
    struct worker *worker = connection->worker;
    wax_status status = WAX_OK;
    size_t received;

    for (int i = 0; i < 16 && status == WAX_OK; i++) {
        status =
            wax_transport_receive(connection->transport, worker->room, READ_ROOM_SIZE, &received);
    }
    if (status != WAX_MORE) {
        connection_doom(connection, WAX_CLOSED);
    }
}

/* Reads once, and says whether there may be more. */
static bool read_once(struct connection *connection)
{
    struct worker *worker = connection->worker;
    size_t wanted = connection->in_used == 0 ? 1 : missing(connection);
    bool is_large = connection->in_used + wanted > READ_ROOM_SIZE;
    bool is_drained = false;
    size_t received = 0;
    wax_status status;

    /* While CONNECT is not answered nothing more is read than one room can hold; but with a method,
     * the answer needs further packets. */
    if (connection->session.state == WAX_SESSION_ACCEPTING && connection->in_used > 0 &&
        !connection->session.has_authentication) {
        return false;
    }
    status = is_large ? read_large(connection, wanted, &received)
                      : read_small(connection, &received, &is_drained);
    count_up(worker, COUNT_BYTES_RECEIVED, received);
    connection->tally.bytes_in += received;
    if (status != WAX_OK && status != WAX_MORE && connection->worker == worker) {
        connection_doom(connection, status);
    }
    return status == WAX_OK && !is_drained;
}

static void become_hungry(struct connection *connection)
{
    if (wax_link_is_alone(&connection->due)) {
        wax_link_append(&connection->worker->hungry, &connection->due);
    }
}

/* Whether to read on: not from a peer who ends, nor from one who does not read the answers. */
static bool listens(const struct connection *connection)
{
    bool is_deaf = connection->is_blocked && out_waiting(connection) >= OUT_QUEUE_SIZE;

    return connection->status == WAX_OK && !connection->is_leaving && !connection->is_paused &&
           !is_deaf;
}

void receive_ready(wax_watch *watch, bool readable, bool writable)
{
    struct connection *connection = WAX_OWNER(watch, struct connection, watch);
    bool was_blocked = connection->is_blocked;

    if (writable && connection->is_blocked) {
        connection->is_blocked = false;
        out_flush(connection);
        if (connection->client != NULL && !connection->is_blocked) {
            deliver_waiting(connection->client);
        }
    }
    if (connection->is_leaving) {
        discard(connection);
    } else if (readable || was_blocked || connection->transport->below != NULL) {
        become_hungry(connection);
    }
}

/* What was kept while CONNECT was being answered is taken before anything is read. */
static void take_kept(struct connection *connection)
{
    if (connection->in_used > 0 && !connection->is_paused &&
        connection->session.state == WAX_SESSION_OPEN && missing(connection) == 1) {
        take_all(connection, wax_bytes_of(connection->in, connection->in_used));
    }
}

bool receive_turn(struct worker *worker)
{
    wax_link turn;

    /* Each gets one read in a turn, so that a flood starves nobody. */
    wax_link_init(&turn);
    while (!wax_link_is_alone(&worker->hungry)) {
        wax_link *at = worker->hungry.next;
        wax_link_remove(at);
        wax_link_append(&turn, at);
    }
    while (!wax_link_is_alone(&turn)) {
        struct connection *connection = WAX_OWNER(turn.next, struct connection, due);
        wax_link_remove(&connection->due);
        take_kept(connection);
        if (connection->worker == worker && listens(connection) && read_once(connection) &&
            connection->worker == worker && listens(connection)) {
            become_hungry(connection);
        }
    }
    return !wax_link_is_alone(&worker->hungry);
}

/* --- Accepting --- */

static bool is_full(struct worker *worker, uint16_t listener)
{
    struct wax_broker *broker = worker->broker;
    const wax_config *config = &worker->settings->config;

    return atomic_load(&broker->connection_count) >= config->global_max_connections ||
           atomic_load(&broker->listener_counts[listener]) >=
               config->listeners[listener].max_connections;
}

static void set_options(const struct worker *worker, int descriptor)
{
    int on = worker->settings->config.set_tcp_nodelay;

    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static uint32_t size_limit(uint64_t size)
{
    return size < WAX_PACKET_SIZE_MAX ? (uint32_t)size : WAX_PACKET_SIZE_MAX;
}

/* The limits that hold for a connection of this listener. */
static wax_session_limits limits_of(const struct worker *worker, uint16_t listener)
{
    const wax_config *config = &worker->settings->config;
    uint32_t most =
        config->max_inflight_messages < UINT16_MAX ? config->max_inflight_messages : UINT16_MAX;

    return (wax_session_limits){
        .packet_size_max = size_limit(config->max_packet_size),
        .connect_size_max = size_limit(config->connect_size_max),
        .connect_timeout_ms = config->connect_timeout_s * 1000U,
        .receive_maximum = most == UINT16_MAX ? 0 : (uint16_t)most,
        .send_maximum = (uint16_t)most,
        .topic_alias_maximum = (uint16_t)config->listeners[listener].max_topic_alias,
    };
}

static void log_full(struct worker *worker, int descriptor)
{
    if (worker->loop.now_ms >= worker->refused_ms + REPEAT_MS) {
        worker->refused_ms = worker->loop.now_ms;
        wax_log_write(&worker->broker->log, WAX_WARNING,
                      "connection_refused peer=%s reason=max_connections reached",
                      wax_socket_peer(descriptor).text);
    }
}

struct connection *connection_make(struct worker *worker, wax_transport *transport,
                                   uint16_t listener)
{
    struct connection *connection = calloc(1, sizeof *connection);
    int descriptor = wax_socket_descriptor(transport);

    if (connection == NULL) {
        return NULL;
    }
    connection->transport = transport;
    connection->watch = (wax_watch){.ready = receive_ready, .descriptor = descriptor};
    connection->worker = worker;
    connection->listener = listener;
    connection->number = worker_number(worker);
    connection->since_s = (uint32_t)(worker->loop.now_ms / 1000);
    connection->peer = wax_socket_address(descriptor);
    connection->awaits_proxy = stack_awaits_proxy(worker, listener);
    wax_link_init(&connection->due);
    wax_link_init(&connection->all);
    wax_link_append(&worker->connections, &connection->all);
    atomic_fetch_add(&worker->broker->connection_count, 1);
    atomic_fetch_add(&worker->broker->listener_counts[listener], 1);
    count_up(worker, COUNT_SOCKETS, 1);
    return connection;
}

void receive_accept(struct worker *worker, int descriptor, uint16_t listener)
{
    wax_session_limits limits = limits_of(worker, listener);
    struct connection *connection;
    wax_transport *transport;

    if (worker->is_stopping || is_full(worker, listener)) {
        log_full(worker, descriptor);
        close(descriptor);
        return;
    }
    set_options(worker, descriptor);
    if (worker->settings->config.listeners[listener].protocol == WAX_PROTOCOL_HTTP_API) {
        http_accept(worker, descriptor, listener);
        return;
    }
    transport = stack_open(worker, descriptor, listener);
    if (transport == NULL) {
        return;
    }
    connection = connection_make(worker, transport, listener);
    if (connection == NULL) {
        wax_transport_release(transport);
        return;
    }
    wax_session_open(&connection->session, WAX_ROLE_SERVER, &limits, worker->loop.now_ms);
    leave_arm(connection);
    if (wax_loop_watch(&worker->loop, &connection->watch, false) != WAX_OK) {
        connection_doom(connection, WAX_CLOSED);
    }
}
