/* Sessions and messages that an administrator brings from another broker. */
#include "broker/control.h"
#include "broker/queue.h"
#include "broker/standing.h"

#include <stdlib.h>

/* --- Messages --- */

static uint16_t listener_of(const struct worker *worker, const struct request *request)
{
    const wax_config *config = &worker->settings->config;
    uint64_t port = request_number(request, "port", 0);

    for (size_t i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].port == port) {
            return (uint16_t)i;
        }
    }
    return 0;
}

/* The message of a request; its body is properties, their length in front, and the payload. NULL,
 * with a fault, if it is none. */
static struct message *make_message(struct worker *worker, struct inquiry *inquiry)
{
    const struct request *request = inquiry->request;
    wax_reader body = wax_reader_over(request->body);
    wax_bytes user = request_value(request, "user");
    wax_bytes client = request_value(request, "client");
    wax_access_identity author = {user, user.data != NULL, client};
    struct draft draft = {
        .topic = request_value(request, "topic"),
        .properties = wax_read_properties(&body, WAX_PUBLISH),
        .author = &author,
        .sender = client.size > 0 || author.has_user ? worker_number(worker) : 0,
        .listener = listener_of(worker, request),
        .qos = (uint8_t)request_number(request, "qos", 0),
        .retain = request_value(request, "retain").size > 0,
    };
    struct message *message = NULL;

    draft.payload = wax_reader_rest(&body);
    if (body.status != WAX_OK || draft.qos > 2 || !wax_utf8_is_valid(draft.topic) ||
        !wax_topic_is_valid(draft.topic) || wax_bytes_start_with(draft.topic, WAX_TEXT("$SYS/")) ||
        is_claimed(worker, draft.topic) ||
        wax_filter_level_count(draft.topic) > worker->settings->config.topic_levels_max) {
        inquiry->fault = "this is no message that the broker takes";
        return NULL;
    }
    message = message_make(&draft, worker->loop.now_ms);
    inquiry->fault = message == NULL ? "the broker has too little memory" : NULL;
    return message;
}

static bool replaces(const struct request *request)
{
    return request_value(request, "replace").size > 0;
}

/* Whoever subscribed before has seen it, or will ask for what is retained: it is only kept. */
static const char *retain(struct worker *worker, const struct request *request,
                          struct message *message)
{
    struct commons *commons = &worker->broker->commons;
    const wax_config *config = &worker->settings->config;
    wax_status status;

    if (message->payload.size == 0) {
        return "a retained message without payload is none";
    }
    status = replaces(request) ? commons_retain(commons, message, config)
                               : commons_retain_first(commons, message, config);
    if (status == WAX_INVALID) {
        return "the topic has a retained message already";
    }
    return status == WAX_OK ? NULL : "there are as many retained messages as retained_max allows";
}

static void work_on_retained(struct worker *worker, struct inquiry *inquiry)
{
    struct message *message = make_message(worker, inquiry);

    inquiry->is_done = true;
    if (message != NULL) {
        inquiry->fault = retain(worker, inquiry->request, message);
        message_release(message);
    }
}

void control_import_retained(struct peer *peer)
{
    struct inquiry *inquiry = peer_inquire(peer, work_on_retained);

    if (inquiry != NULL) {
        inquiry_ask(inquiry, 0);
    }
}

/* --- Sessions --- */

static void ask_owner(struct peer *peer, work_function *work)
{
    struct inquiry *inquiry = peer_inquire(peer, work);

    if (inquiry != NULL) {
        inquiry_ask(inquiry,
                    control_owner(peer->control->broker, request_value(inquiry->request, "id")));
    }
}

static bool is_session(const struct request *request)
{
    wax_bytes id = request_value(request, "id");
    wax_bytes user = request_value(request, "user");

    return id.size > 0 && id.size <= UINT16_MAX && wax_utf8_is_valid(id) &&
           wax_utf8_is_valid(user) && user.size <= UINT16_MAX;
}

/* Why there can be no new session of this id; NULL: there can, perhaps in place of another. */
static const char *make_way(struct worker *worker, const struct request *request)
{
    struct client *client = clients_find(worker, request_value(request, "id"));

    if (client != NULL && !replaces(request)) {
        return "there is a session of this client id already";
    }
    if (client != NULL && client->connection != NULL) {
        return "the client of this id is connected: its session stays";
    }
    if (client != NULL) {
        leave_session(client);
    }
    return atomic_load(&worker->broker->client_count) < worker->settings->config.global_max_clients
               ? NULL
               : "there are as many sessions as global_max_clients allows";
}

static void work_on_session(struct worker *worker, struct inquiry *inquiry)
{
    const struct request *request = inquiry->request;
    const wax_config *config = &worker->settings->config;
    wax_bytes user = request_value(request, "user");
    uint64_t expiry_s = request_number(request, "expiry", UINT32_MAX);
    struct client *client;

    inquiry->is_done = true;
    inquiry->fault = is_session(request) ? make_way(worker, request)
                                         : "this is no session that the broker takes";
    if (inquiry->fault != NULL) {
        return;
    }
    client = client_make(worker, request_value(request, "id"), user.data != NULL, user);
    if (client == NULL) {
        inquiry->fault = "the broker has too little memory";
        return;
    }
    client->listener = listener_of(worker, request);
    client->is_durable = true;
    client->expiry_s = expiry_s < config->persistent_client_expiration_s
                           ? (uint32_t)expiry_s
                           : config->persistent_client_expiration_s;
    client->outgoing.last_id = (uint16_t)request_number(request, "packet_id", 0);
    client->access = access_of(worker, client->listener, &client->identity);
    leave_wait(client);
}

void control_import_session(struct peer *peer)
{
    ask_owner(peer, work_on_session);
}

static struct client *find(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = clients_find(worker, request_value(inquiry->request, "id"));

    inquiry->is_done = true;
    if (client == NULL) {
        inquiry->fault = "there is no session of this client id";
    }
    return client;
}

static void work_on_subscription(struct worker *worker, struct inquiry *inquiry)
{
    const struct request *request = inquiry->request;
    uint8_t bits = (uint8_t)request_number(request, "options", 0);
    wax_subscription_options options = {
        .identifier = (uint32_t)request_number(request, "identifier", 0) & WAX_VARINT_MAX,
        .qos = (uint8_t)request_number(request, "qos", 0) % 3,
        .no_local = (bits & 0x04U) != 0,
        .retain_as_published = (bits & 0x08U) != 0,
        .retain_handling = (uint8_t)(bits >> 4 & 3U) % 3,
    };
    struct client *client = find(worker, inquiry);
    wax_bytes filter = request_value(request, "filter");

    if (client != NULL &&
        (!wax_utf8_is_valid(filter) || subscribe_silently(client, filter, &options) != WAX_OK)) {
        inquiry->fault = "this is no subscription that the broker takes";
    }
}

void control_import_subscription(struct peer *peer)
{
    ask_owner(peer, work_on_subscription);
}

/* The Subscription Identifiers among the properties of the request's body; without memory none. */
static uint32_t *copy_identifiers(const struct request *request)
{
    wax_reader body = wax_reader_over(request->body);
    wax_bytes properties = wax_read_properties(&body, WAX_PUBLISH);
    wax_reader in = wax_reader_over(properties);
    wax_property property;
    uint32_t count = 0;
    uint32_t *identifiers;

    while (wax_property_next(&in, &property)) {
        count += property.id == WAX_SUBSCRIPTION_ID ? 1 : 0;
    }
    identifiers = count == 0 ? NULL : calloc(count + 1, sizeof *identifiers);
    in = wax_reader_over(properties);
    while (identifiers != NULL && wax_property_next(&in, &property)) {
        if (property.id == WAX_SUBSCRIPTION_ID) {
            identifiers[++identifiers[0]] = property.number;
        }
    }
    return identifiers;
}

/* Takes up the exchange that the other broker had begun: the client knows it by this packet id. */
static wax_status take_up(struct client *client, uint16_t packet_id,
                          const struct delivery *delivery)
{
    wax_wait waits = delivery->qos == 2 ? WAX_WAIT_PUBREC : WAX_WAIT_PUBACK;
    wax_status status = WAX_INVALID;

    if (client->connection == NULL && delivery->qos > 0) {
        status = wax_flows_restore(&client->outgoing, packet_id, waits);
        while (status == WAX_CROWDED && client_grow_outgoing(client) == WAX_OK) {
            status = wax_flows_restore(&client->outgoing, packet_id, waits);
        }
    }
    if (status == WAX_OK) {
        client_hold(client, packet_id, delivery);
    }
    return status;
}

static void work_on_queued(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = find(worker, inquiry);
    struct message *message = client == NULL ? NULL : make_message(worker, inquiry);
    struct delivery delivery = {.message = message};
    uint16_t packet_id = (uint16_t)request_number(inquiry->request, "packet_id", 0);

    if (message == NULL) {
        return;
    }
    delivery.qos = message->qos;
    delivery.retain = message->retain;
    delivery.identifiers = copy_identifiers(inquiry->request);
    if (take_up(client, packet_id, &delivery) != WAX_OK &&
        queue_append(client, &delivery) != WAX_OK) {
        inquiry->fault = "the client's queue is full: max_queued_messages, max_queued_bytes";
    }
    deliver_waiting(client); /* if it is there by now */
}

void control_import_queued(struct peer *peer)
{
    ask_owner(peer, work_on_queued);
}
