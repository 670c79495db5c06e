/* Sessions and messages that an administrator brings from another broker. */
#include "broker/control.h"
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
        .sender = client.size > 0 ? worker_number(worker) : 0,
        .listener = listener_of(worker, request),
        .qos = (uint8_t)request_number(request, "qos", 0),
        .retain = request_value(request, "retain").size > 0,
    };
    struct message *message = NULL;

    draft.payload = wax_reader_rest(&body);
    if (body.status != WAX_OK || draft.qos > 2 || !wax_utf8_is_valid(draft.topic) ||
        !wax_topic_is_valid(draft.topic) || wax_bytes_start_with(draft.topic, WAX_TEXT("$SYS/")) ||
        wax_filter_level_count(draft.topic) > worker->settings->config.topic_levels_max) {
        inquiry->fault = "this is no message that the broker takes";
        return NULL;
    }
    message = message_make(&draft, worker->loop.now_ms);
    inquiry->fault = message == NULL ? "the broker has too little memory" : NULL;
    return message;
}

static void work_on_retained(struct worker *worker, struct inquiry *inquiry)
{
    struct message *message = make_message(worker, inquiry);

    inquiry->is_done = true;
    if (message != NULL) {
        if (route(worker, message) != WAX_OK) {
            inquiry->fault = "there are as many retained messages as retained_max allows";
        }
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

static void work_on_session(struct worker *worker, struct inquiry *inquiry)
{
    const struct request *request = inquiry->request;
    const wax_config *config = &worker->settings->config;
    wax_bytes id = request_value(request, "id");
    wax_bytes user = request_value(request, "user");
    uint64_t expiry_s = request_number(request, "expiry", UINT32_MAX);
    wax_access_identity identity;
    struct client *client;

    inquiry->is_done = true;
    if (id.size == 0 || id.size > UINT16_MAX || !wax_utf8_is_valid(id) ||
        !wax_utf8_is_valid(user) || user.size > UINT16_MAX) {
        inquiry->fault = "this is no session that the broker takes";
        return;
    }
    if (clients_find(worker, id) != NULL) {
        inquiry->fault = "there is a session of this client id already";
        return;
    }
    client = atomic_load(&worker->broker->client_count) < config->global_max_clients
                 ? client_make(worker, id, user.data != NULL, user)
                 : NULL;
    if (client == NULL) {
        inquiry->fault = "there are as many sessions as global_max_clients allows";
        return;
    }
    client->listener = listener_of(worker, request);
    client->is_durable = true;
    client->expiry_s = expiry_s < config->persistent_client_expiration_s
                           ? (uint32_t)expiry_s
                           : config->persistent_client_expiration_s;
    identity = (wax_access_identity){client->user, client->has_user, client->id};
    client->access = access_of(worker, client->listener, &identity);
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

static void work_on_queued(struct worker *worker, struct inquiry *inquiry)
{
    struct client *client = find(worker, inquiry);
    struct message *message = client == NULL ? NULL : make_message(worker, inquiry);
    struct delivery delivery = {.message = message};

    if (message == NULL) {
        return;
    }
    delivery.qos = message->qos;
    delivery.retain = message->retain;
    if (client_queue(client, &delivery) != WAX_OK) {
        inquiry->fault = "the client's queue is full";
    }
    deliver_waiting(client); /* if it is there by now */
}

void control_import_queued(struct peer *peer)
{
    ask_owner(peer, work_on_queued);
}
