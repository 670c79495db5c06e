/* What an administrator asks of clients: who is there, what they hold, and that one leaves. */
#include "broker/bridges.h"
#include "broker/control.h"
#include "broker/queue.h"

enum { SUBSCRIPTION_STEP = 512 };

#define NOBODY "there is no session of this client id; `wax ctl sessions` lists them"

/* --- One client --- */

struct shown {
    const struct client *client;
    uint64_t now_ms;
    int64_t now_s;
};

static struct shown show(const struct client *client)
{
    return (struct shown){client, client->worker->loop.now_ms, wax_clock_wall_s()};
}

static const char *version_of(const struct connection *connection)
{
    switch (connection->session.version) {
    case WAX_VERSION_5:
        return "5";
    case WAX_VERSION_3_1:
        return "3.1";
    default:
        return "3.1.1";
    }
}

static void write_tls(wax_json *json, const struct connection *connection)
{
    wax_tls_peer peer;

    if (wax_tls_is(connection->transport) &&
        wax_tls_read_peer(connection->transport, &peer) == WAX_OK) {
        wax_json_member_text(json, "tls", wax_bytes_of_text(peer.version));
        wax_json_member_text(json, "cipher", wax_bytes_of_text(peer.cipher));
    }
}

static void write_connection(wax_json *json, const struct connection *connection,
                             const struct shown *shown)
{
    const struct tally *tally = &connection->tally;
    uint64_t age_s = shown->now_ms / 1000 - connection->since_s;

    wax_json_member_text(json, "address", wax_bytes_of_text(connection_peer(connection).text));
    wax_json_member_text(json, "version", wax_bytes_of_text(version_of(connection)));
    write_tls(json, connection);
    wax_json_member_number(json, "since", (uint64_t)shown->now_s - age_s);
    wax_json_member_number(json, "keep_alive_s", connection->session.keep_alive_ms / 1000);
    wax_json_member_number(json, "messages_in", tally->messages_in);
    wax_json_member_number(json, "messages_out", tally->messages_out);
    wax_json_member_number(json, "bytes_in", tally->bytes_in);
    wax_json_member_number(json, "bytes_out", tally->bytes_out);
    wax_json_member_number(json, "unsent_bytes", out_waiting(connection));
}

static uint32_t count_subscriptions(const struct client *client)
{
    return client->subscriber.count + (client->seat == NULL ? 0 : client->seat->subscriber.count);
}

/* How long what has waited longest has done so. */
static uint64_t oldest_s(const struct shown *shown)
{
    const struct message *first = queue_first(shown->client);

    return first == NULL ? 0 : (shown->now_ms - first->made_ms) / 1000;
}

static void write_session(wax_json *json, const struct client *client, const struct shown *shown)
{
    wax_json_member_number(json, "subscriptions", count_subscriptions(client));
    wax_json_member_number(json, "queued", queue_length(client));
    wax_json_member_number(json, "queued_bytes", queue_size(client));
    wax_json_member_number(json, "oldest_s", oldest_s(shown));
    wax_json_member_number(json, "inflight", client->outgoing.used_count);
    wax_json_member_number(json, "dropped", queue_dropped(client));
    wax_json_member_bool(json, "durable", client->is_durable);
    if (client->expiry_s != UINT32_MAX) {
        wax_json_member_number(json, "expiry_s", client->expiry_s);
    }
    if (client->absence != NULL && client->absence->ends_ms != WAX_NEVER) {
        uint64_t ends_ms = client->absence->ends_ms;
        uint64_t left_ms = ends_ms > shown->now_ms ? ends_ms - shown->now_ms : 0;
        wax_json_member_number(json, "expires_in_s", left_ms / 1000);
    }
}

static void write_client(wax_json *json, const void *subject)
{
    const struct shown *shown = subject;
    const struct client *client = shown->client;
    const wax_config *config = &client->worker->settings->config;

    if (client->bridge != NULL) {
        wax_json_member_text(json, "bridge", wax_bytes_of_text(client->bridge->config->name));
    } else {
        wax_json_member_number(json, "port", config->listeners[client->listener].port);
    }
    wax_json_member_text(json, "id", client->id);
    if (client->has_user) {
        wax_json_member_text(json, "user", client->user);
    }
    wax_json_member_bool(json, "connected", client->connection != NULL);
    if (client->connection != NULL) {
        write_connection(json, client->connection, shown);
    }
    write_session(json, client, shown);
}

void control_write_client(wax_json *json, const struct client *client)
{
    struct shown shown = show(client);

    write_client(json, &shown);
}

/* --- All of them --- */

/* The bucket that follows, in an order that holds while the number of buckets doubles: the highest
 * bit counts first. 0 after the last. */
static size_t next_bucket(size_t at, size_t count)
{
    size_t bit = count / 2;

    while (bit != 0 && (at & bit) != 0) {
        at ^= bit;
        bit /= 2;
    }
    return at | bit;
}

static void add_bucket(struct inquiry *inquiry, const struct client *first)
{
    bool is_connected_only = request_value(inquiry->request, "connected").size > 0;

    for (const struct client *at = first; at != NULL; at = at->next) {
        if (at->connection != NULL || !is_connected_only) {
            struct shown shown = show(at);
            lines_add(&inquiry->lines, write_client, &shown);
            inquiry->found++;
        }
    }
}

static void work_on_clients(struct worker *worker, struct inquiry *inquiry)
{
    const struct clients *clients = &worker->clients;
    uint64_t first = inquiry->found;

    for (unsigned i = 0; i < ANSWER_PIECE_COUNT * 4 && !inquiry->is_done; i++) {
        add_bucket(inquiry, clients->buckets[inquiry->cursor]);
        inquiry->cursor = next_bucket((size_t)inquiry->cursor, clients->bucket_count);
        inquiry->is_done = inquiry->cursor == 0;
        if (inquiry->found - first >= ANSWER_PIECE_COUNT ||
            inquiry->lines.used >= ANSWER_PIECE_SIZE) {
            break;
        }
    }
}

void control_sessions(struct peer *peer)
{
    struct inquiry *inquiry = peer_inquire(peer, work_on_clients);

    if (inquiry != NULL) {
        inquiry_ask_all(inquiry);
    }
}

/* --- One of them --- */

static void ask_owner(struct peer *peer, work_function *work, finish_function *finish)
{
    struct inquiry *inquiry = peer_inquire(peer, work);

    if (inquiry != NULL) {
        inquiry->finish = finish;
        inquiry_ask(inquiry,
                    control_owner(peer->control->broker, request_value(inquiry->request, "id")));
    }
}

/* The client that the request is about; without one the inquiry ends. */
static struct client *find(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = clients_find(worker, request_value(inquiry->request, "id"));

    if (client == NULL) {
        inquiry->is_done = true;
        inquiry->fault = NOBODY;
    }
    return client;
}

static void write_interest(wax_json *json, const void *subject)
{
    const wax_interest *interest = subject;

    wax_json_member_text(json, "filter", interest->filter);
    if (interest->share_name.size > 0) {
        wax_json_member_text(json, "share", interest->share_name);
    }
    wax_json_member_number(json, "qos", interest->options.qos);
    if (interest->options.identifier != 0) {
        wax_json_member_number(json, "identifier", interest->options.identifier);
    }
    wax_json_member_bool(json, "no_local", interest->options.no_local);
    wax_json_member_bool(json, "retain_as_published", interest->options.retain_as_published);
    wax_json_member_number(json, "retain_handling", interest->options.retain_handling);
}

/* Goes over the subscriptions of one subscriber, skipping those that were told. Returns how many
 * there were. */
static uint64_t add_subscriptions(struct worker *worker, struct inquiry *inquiry,
                                  const wax_router *router, const wax_subscriber *subscriber,
                                  uint64_t skipped)
{
    uint32_t at = subscriber->first;
    wax_interest interest;
    uint64_t count = 0;

    while (at != WAX_NO_SUBSCRIPTION && count < skipped + SUBSCRIPTION_STEP) {
        if (count++ >= skipped && wax_router_describe(router, at, worker->room, sizeof worker->room,
                                                      &interest) == WAX_OK) {
            lines_add(&inquiry->lines, write_interest, &interest);
        }
        at = wax_router_next(router, at);
    }
    return count > skipped ? count - skipped : 0;
}

static uint64_t add_shared(struct worker *worker, struct inquiry *inquiry,
                           const struct client *client, uint64_t skipped)
{
    struct commons *commons = &worker->broker->commons;
    uint64_t count;

    if (client->seat == NULL) {
        return 0;
    }
    pthread_mutex_lock(&commons->mutex);
    count = add_subscriptions(worker, inquiry, commons->shared, &client->seat->subscriber, skipped);
    pthread_mutex_unlock(&commons->mutex);
    return count;
}

static void work_on_client(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = find(worker, inquiry);
    uint64_t own;
    uint64_t step;

    if (client == NULL) {
        return;
    }
    own = client->subscriber.count;
    if (inquiry->found == 0) {
        struct shown shown = show(client);
        lines_add(&inquiry->lines, write_client, &shown);
        inquiry->found = 1;
    }
    step = inquiry->cursor < own ? add_subscriptions(worker, inquiry, worker->router,
                                                     &client->subscriber, inquiry->cursor)
                                 : add_shared(worker, inquiry, client, inquiry->cursor - own);
    inquiry->cursor += step;
    inquiry->is_done = step == 0;
}

void control_client(struct peer *peer)
{
    ask_owner(peer, work_on_client, NULL);
}

/* --- Leaving --- */

/* Tells an MQTT 5 client why. [MQTT-3.14.2-3] */
static void say_why(struct connection *connection, wax_bytes reason)
{
    uint8_t room[1024];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_writer out = out_begin(connection, sizeof room + WAX_ANSWER_SIZE_MAX);

    if (reason.size > 0 && connection->session.version == WAX_VERSION_5) {
        wax_property_write_value(&properties, WAX_REASON_STRING, reason);
    }
    if (properties.status != WAX_OK) {
        properties.used = 0; /* too long to be told */
    }
    if (out.status == WAX_OK) {
        (void)!wax_session_close(&connection->session, WAX_ADMINISTRATIVE_ACTION,
                                 wax_writer_bytes(&properties), &out);
        out_end(connection, &out);
    }
}

/* The session of a bridge lasts as long as the bridge. */
static bool is_of_bridge(const struct client *client, struct inquiry *inquiry)
{
    if (client->bridge != NULL) {
        inquiry->fault = "this session is a bridge's: delete its lines from the configuration, and "
                         "then `wax ctl reload`";
    }
    return client->bridge != NULL;
}

static void end_connection(struct client *client, const struct inquiry *inquiry)
{
    wax_bytes reason = request_value(inquiry->request, "reason");

    wax_log_write(&client->worker->broker->log, WAX_NOTICE, "client_kicked client=%.*s reason=%.*s",
                  SHOWN(client->id), SHOWN(reason));
    say_why(client->connection, reason);
    connection_doom(client->connection, WAX_ADMINISTRATIVE_ACTION);
}

static void work_on_kick(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = find(worker, inquiry);

    inquiry->is_done = true;
    if (client != NULL && client->connection == NULL) {
        inquiry->fault = "this client is not connected";
    } else if (client != NULL) {
        end_connection(client, inquiry);
    }
}

void control_kick(struct peer *peer)
{
    ask_owner(peer, work_on_kick, NULL);
}

static void work_on_deletion(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = find(worker, inquiry);

    inquiry->is_done = true;
    if (client == NULL || is_of_bridge(client, inquiry)) {
        return;
    }
    wax_log_write(&worker->broker->log, WAX_NOTICE, "session_deleted client=%.*s",
                  SHOWN(client->id));
    if (client->connection == NULL) {
        leave_session(client);
        return;
    }
    client->expiry_s = 0; /* it ends with the connection */
    end_connection(client, inquiry);
}

void control_session_delete(struct peer *peer)
{
    ask_owner(peer, work_on_deletion, inquiry_settle);
}
