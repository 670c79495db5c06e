/* The one place where a message goes to a client: live, retained, queued, shared and Wills all pass
 * through deliver(), and so through may_deliver(); what has waited passes it a second time, since
 * the rules may be others by then. */
#include "broker/aliases.h"
#include "broker/bridges.h"
#include "broker/keep.h"
#include "broker/queue.h"
#include "broker/standing.h"

#include <stdlib.h>
#include <string.h>

enum { PROPERTY_ROOM = 64 }; /* for alias, expiry and one identifier */

static bool has_listener(const wax_config *config, uint16_t listener)
{
    return listener < config->listener_count || listener == WAX_CONFIG_INNER;
}

/* Whether who published a retained message may still publish it. */
static bool author_may_write(const struct client *client, const struct message *message)
{
    const struct settings *settings = client->worker->settings;
    wax_access_identity author = {message->author, message->has_author, message->author_id};
    wax_access access;

    /* A listener that this worker has yet to hear of has just let its author write. */
    if (!settings->config.check_retain_source || message->sender == 0 ||
        !has_listener(&settings->config, message->listener)) {
        return true;
    }
    access = access_of(client->worker, message->listener, &author);
    return wax_access_judge(&access, WAX_ACTION_WRITE, message->topic, NULL);
}

static wax_bytes mount_point_of(const struct client *client)
{
    return wax_bytes_of_text(
        client->worker->settings->config.listeners[client->listener].mount_point);
}

static bool may_deliver(const struct client *client, const struct message *message,
                        bool is_retained)
{
    if (!wax_bytes_start_with(message->topic, mount_point_of(client)) ||
        !wax_access_judge(&client->access, WAX_ACTION_READ, message->topic, NULL)) {
        return false;
    }
    if (client->bridge != NULL && !bridge_wants(client->bridge, message->topic)) {
        return false;
    }
    if (wax_bytes_start_with(message->topic, WAX_TEXT("$SYS/")) && is_stranger(client)) {
        return false; /* what goes on in the broker is not for strangers */
    }
    return !is_retained || author_may_write(client, message);
}

/* What only this subscriber gets, and then what goes on. */
static void write_properties(wax_writer *out, const struct client *client,
                             const struct delivery *delivery, uint16_t alias)
{
    const struct message *message = delivery->message;
    uint64_t now_ms = client->worker->loop.now_ms;

    if (alias != 0) {
        wax_property_write_number(out, WAX_TOPIC_ALIAS, alias);
    }
    if (message->expires_ms != WAX_NEVER) {
        /* [MQTT-3.3.2-6]; a message that is sent again may be past its time */
        uint64_t left_ms = message->expires_ms > now_ms ? message->expires_ms - now_ms : 0;
        wax_property_write_number(out, WAX_MESSAGE_EXPIRY, (uint32_t)((left_ms + 999) / 1000));
    }
    for (uint32_t i = 0; delivery->identifiers != NULL && i < delivery->identifiers[0]; i++) {
        wax_property_write_number(out, WAX_SUBSCRIPTION_ID, delivery->identifiers[i + 1]);
    }
    wax_write_bytes(out, message->properties);
}

/* A PUBLISH that is this client's alone. */
static wax_status send_own(struct client *client, const struct delivery *delivery,
                           uint16_t *packet_id)
{
    struct connection *connection = client->connection;
    const struct message *message = delivery->message;
    uint32_t count = delivery->identifiers == NULL ? 0 : delivery->identifiers[0];
    size_t room = PROPERTY_ROOM + 5 * (size_t)count + message->properties.size;
    size_t skipped = mount_point_of(client).size;
    wax_publish publish = {
        .topic = wax_bytes_of(message->topic.data + skipped, message->topic.size - skipped),
        .payload = message->payload,
        .packet_id = *packet_id,
        .qos = delivery->qos,
        .retain = delivery->retain,
        .duplicate = *packet_id != 0,
    };
    uint8_t *bytes = NULL;
    wax_writer properties;
    wax_writer out;
    wax_status status;

    if (client->bridge != NULL) {
        bridge_dress(client->bridge, &publish);
    }
    if (connection->session.version == WAX_VERSION_5) {
        uint16_t alias;
        bool is_new;
        aliases_open_out(connection);
        alias = wax_session_alias(&connection->session, publish.topic, &is_new);
        bytes = malloc(room);
        if (bytes == NULL) {
            connection_doom(connection, WAX_SERVER_BUSY); /* the alias is promised and not told */
            return WAX_CROWDED;
        }
        properties = wax_writer_over(bytes, room);
        write_properties(&properties, client, delivery, alias);
        publish.properties = wax_writer_bytes(&properties);
        publish.topic.size = alias != 0 && !is_new ? 0 : publish.topic.size;
    }
    out = out_begin(connection,
                    16 + publish.topic.size + publish.properties.size + publish.payload.size);
    status = out.status;
    if (status == WAX_OK) {
        status = wax_session_publish(&connection->session, &publish, &out);
    }
    if (status == WAX_OK) {
        wax_write_bytes(&out, publish.payload);
        *packet_id = publish.packet_id;
    }
    if (status == WAX_OK || status == WAX_TOO_LARGE) {
        out_end(connection, &out); /* in place of what is too large now, perhaps a PUBREL */
    }
    free(bytes);
    return status;
}

/* Puts a small payload behind its head. */
static void complete(struct head *head, wax_bytes payload)
{
    wax_writer out = wax_writer_over(head->bytes, sizeof head->bytes);

    if (head->whole_size == 0 && payload.size <= sizeof head->bytes - head->size) {
        out.used = head->size;
        wax_write_bytes(&out, payload);
        head->whole_size = out.used;
    }
}

/* The head of a message that goes to many alike: encoded once. NULL if it is too large to keep. */
static const struct head *find_head(struct worker *worker, const struct delivery *delivery,
                                    wax_version version)
{
    const struct message *message = delivery->message;
    unsigned which =
        (version == WAX_VERSION_5 ? 4U : 0U) | (delivery->qos > 0 ? 2U : 0U) | delivery->retain;
    struct head *head = &worker->heads[which];
    wax_publish publish;
    wax_writer out;

    if (head->message == message->number && (head->bytes[0] >> 1 & 3) == delivery->qos) {
        complete(head, message->payload);
        return head;
    }
    publish = (wax_publish){.topic = message->topic,
                            .properties = message->properties,
                            .payload = message->payload,
                            .packet_id = delivery->qos > 0,
                            .qos = delivery->qos,
                            .retain = delivery->retain};
    out = wax_writer_over(head->bytes, sizeof head->bytes);
    head->message = 0;
    if (wax_publish_write_start(&out, &publish, version) != WAX_OK) {
        return NULL;
    }
    head->message = message->number;
    head->whole_size = 0;
    head->size = out.used;
    head->id_at = out.used - 2 - wax_properties_size(message->properties, version);
    return head;
}

static wax_status send_shared(struct client *client, const struct delivery *delivery,
                              const struct head *head, uint16_t *packet_id)
{
    struct connection *connection = client->connection;
    wax_bytes payload = delivery->message->payload;
    size_t size = head->size + payload.size;
    wax_writer out = out_begin(connection, size);
    wax_status status = out.status;

    if (status == WAX_OK) {
        status = wax_session_begin(&connection->session, delivery->qos, size, packet_id);
    }
    if (status != WAX_OK) {
        return status;
    }
    if (head->whole_size > 0) {
        wax_write_bytes(&out, wax_bytes_of(head->bytes, head->whole_size));
    } else {
        wax_write_bytes(&out, wax_bytes_of(head->bytes, head->size));
        wax_write_bytes(&out, payload);
    }
    if (delivery->qos > 0) {
        uint8_t *at = out.data + out.used - size + head->id_at;
        at[0] = (uint8_t)(*packet_id >> 8);
        at[1] = (uint8_t)*packet_id;
    }
    out_end(connection, &out);
    return WAX_OK;
}

/* Writes the PUBLISH; `packet_id` is 0, or that of an exchange that is taken up again. */
static wax_status send_once(struct client *client, const struct delivery *delivery,
                            uint16_t *packet_id)
{
    const wax_session *session = &client->connection->session;
    bool is_plain = *packet_id == 0 && client->bridge == NULL && delivery->identifiers == NULL &&
                    delivery->message->expires_ms == WAX_NEVER && session->alias_maximum == 0 &&
                    mount_point_of(client).size == 0;
    const struct head *head = NULL;

    if (is_plain) {
        head = find_head(client->worker, delivery, (wax_version)session->version);
    }
    return head == NULL ? send_own(client, delivery, packet_id)
                        : send_shared(client, delivery, head, packet_id);
}

static void count_sent(struct client *client, const struct delivery *delivery)
{
    count_up(client->worker, COUNT_PUBLISH_SENT, 1);
    count_up(client->worker, COUNT_PUBLISH_BYTES_SENT, delivery->message->payload.size);
    client->connection->tally.messages_out++;
}

/* Whether the payloads under way leave room for one more; a single one is always let through. */
static bool is_within_bytes(const struct client *client, const struct delivery *delivery)
{
    uint64_t most = client->worker->settings->config.max_inflight_bytes;

    return delivery->qos == 0 || client->held_bytes == 0 ||
           client->held_bytes + delivery->message->payload.size <= most;
}

/* Sends, giving the exchange a slot if there are too few. The delivery is as it was. */
static wax_status transmit(struct client *client, struct delivery *delivery, uint16_t *packet_id)
{
    wax_status status;

    if (!is_within_bytes(client, delivery)) {
        return WAX_CROWDED;
    }
    if (delivery->qos > client->connection->session.maximum_qos) {
        delivery->qos = client->connection->session.maximum_qos; /* [MQTT-3.2.2-11] */
    }
    if (delivery->qos == 2 && keeps(client)) {
        out_hold(client->connection); /* the packet id means this message once it is known */
    }
    status = send_once(client, delivery, packet_id);

    if (status == WAX_CROWDED && client->outgoing.used_count == client->outgoing.slot_count &&
        client_grow_outgoing(client) == WAX_OK) {
        status = send_once(client, delivery, packet_id);
    }
    if (status == WAX_OK) {
        count_sent(client, delivery);
    }
    return status;
}

static void flush_much(struct connection *connection)
{
    if (out_waiting(connection) >= OUT_FLUSH_SIZE && !connection->is_blocked) {
        out_flush(connection);
    }
}

/* On WAX_OK the delivery is kept with its exchange, or done with. */
static wax_status send_delivery(struct client *client, struct delivery *delivery)
{
    uint16_t packet_id = 0;
    wax_status status = transmit(client, delivery, &packet_id);

    if (status != WAX_OK) {
        return status;
    }
    if (packet_id == 0) {
        queue_drop(client, delivery);
    } else {
        client_hold(client, packet_id, delivery);
    }
    flush_much(client->connection);
    return WAX_OK;
}

/* At QoS 0, to one who is there, a message leaves no trace, and need not be held. */
static wax_status send_passing(struct client *client, struct delivery *delivery)
{
    uint16_t packet_id = 0;
    wax_status status = transmit(client, delivery, &packet_id);

    free(delivery->identifiers);
    flush_much(client->connection);
    return status == WAX_OK || status == WAX_TOO_LARGE ? status : WAX_CROWDED;
}

static bool can_send(const struct client *client, uint8_t qos)
{
    const struct connection *connection = client->connection;

    if (connection == NULL || connection->session.state != WAX_SESSION_OPEN ||
        connection->status != WAX_OK) {
        return false;
    }
    if (qos == 0) {
        return out_waiting(connection) < OUT_DROP_SIZE;
    }
    return queue_is_empty(client) && !client->is_resuming &&
           out_waiting(connection) < OUT_QUEUE_SIZE;
}

/* What cannot go now waits, if its QoS and the session say so. Clears the delivery if not. */
static wax_status keep_or_drop(struct client *client, struct delivery *delivery)
{
    const wax_config *config = &client->worker->settings->config;
    bool is_online = client->connection != NULL;
    bool waits = delivery->qos > 0 && (is_online || client->is_durable);

    if (delivery->qos == 0 && !is_online && client->is_durable &&
        (config->queue_qos0_messages || bridge_is_lazy(client->bridge))) {
        waits = true;
    }
    if (waits) {
        wax_status status = queue_append(client, delivery);
        if (status == WAX_OK && client->bridge != NULL) {
            bridge_on_queued(client->bridge);
        }
        return status;
    }
    delivery_clear(delivery);
    return WAX_CROWDED;
}

/* NULL where there are none; false without memory. */
static bool copy_identifiers(struct delivery *delivery, const struct grant *grant)
{
    if (grant->identifier_count == 0) {
        return true;
    }
    delivery->identifiers = malloc((1 + (size_t)grant->identifier_count) * sizeof(uint32_t));
    if (delivery->identifiers == NULL) {
        return false;
    }
    delivery->identifiers[0] = grant->identifier_count;
    memcpy(delivery->identifiers + 1, grant->identifiers,
           grant->identifier_count * sizeof(uint32_t));
    return true;
}

wax_status deliver_or_not(struct client *client, struct message *message, const struct grant *grant)
{
    const wax_config *config = &client->worker->settings->config;
    struct delivery delivery = {
        .group = grant->group, .retain = grant->retain, .qos = message->qos};
    wax_status status = WAX_CROWDED;

    if (message->expires_ms <= client->worker->loop.now_ms) { /* [MQTT-3.3.2-5] */
        return WAX_OK;
    }
    if (!may_deliver(client, message, grant->retain)) {
        return WAX_NOT_AUTHORIZED;
    }
    if (grant->qos < message->qos || config->upgrade_outgoing_qos) {
        delivery.qos = grant->qos; /* [MQTT-3.8.4-8] */
    }
    if (!copy_identifiers(&delivery, grant)) { /* [MQTT-3.3.4-3] */
        return WAX_FULL;
    }
    delivery.message = message;
    if (delivery.qos == 0 && can_send(client, 0)) {
        return send_passing(client, &delivery);
    }
    (void)message_hold(message);
    if (delivery.qos > 0 && keeps(client) && !keep_is_possible(client->worker)) {
        delivery_clear(&delivery);
        return WAX_IO;
    }
    if (can_send(client, delivery.qos)) {
        status = send_delivery(client, &delivery);
    }
    if (status == WAX_TOO_LARGE) {
        delivery_clear(&delivery); /* [MQTT-3.1.2-25] */
    } else if (status != WAX_OK) {
        status = keep_or_drop(client, &delivery);
    }
    return status;
}

void message_refuse(struct worker *worker, struct message *message)
{
    worker->is_refusing = true;
    atomic_store(&message->refusal, WAX_QUOTA_EXCEEDED);
}

void deliver(struct client *client, struct message *message, const struct grant *grant)
{
    wax_status status = deliver_or_not(client, message, grant);

    if (status == WAX_IO) {
        message_refuse(client->worker, message);
    }
    if (status != WAX_OK && status != WAX_NOT_AUTHORIZED) {
        count_up(client->worker, COUNT_PUBLISH_DROPPED, 1);
    }
}

static wax_status release(struct client *client, uint16_t packet_id)
{
    wax_writer out = out_begin(client->connection, WAX_ANSWER_SIZE_MAX);
    wax_status status = wax_session_acknowledge(&client->connection->session, WAX_PUBREL, packet_id,
                                                WAX_REASON_SUCCESS, &out);

    out_end(client->connection, &out);
    return status;
}

/* The rules are others now, or the user is: the message is not sent again. At QoS 2 the client may
 * have it already and remember its id, until a PUBREL clears that away. */
static wax_status give_up(struct client *client, uint16_t packet_id, uint8_t qos)
{
    wax_status status =
        qos == 2 ? release(client, packet_id) : wax_flows_forget(&client->outgoing, packet_id);

    if (status == WAX_OK) {
        (qos == 2 ? client_let_go : client_finish)(client, packet_id);
    }
    return status;
}

/* Sends a message of an earlier connection again, or gives it up. */
static wax_status resend_message(struct client *client, uint16_t packet_id)
{
    const struct delivery *held = &client->held[wax_flows_find(&client->outgoing, packet_id)];
    uint16_t sent_id = packet_id;
    wax_status status;

    if (!may_deliver(client, held->message, held->retain)) {
        if (held->qos == 1) {
            worker_pass_on(client->worker, held);
        }
        return give_up(client, packet_id, held->qos);
    }
    status = send_once(client, held, &sent_id);
    if (status == WAX_TOO_LARGE) {
        /* The client takes less than before: as good as sent. */
        (held->qos == 2 ? client_let_go : client_finish)(client, packet_id);
        status = WAX_OK;
    }
    return status;
}

/* Sends one exchange of an earlier connection again. */
static wax_status resend(struct client *client, const wax_flow *flow)
{
    if (flow->waits == WAX_WAIT_PUBACK || flow->waits == WAX_WAIT_PUBREC) {
        return resend_message(client, flow->packet_id);
    }
    if (flow->waits == WAX_OWES_PUBREL) {
        return WAX_OK; /* it is among what is owed, and goes when it is safe */
    }
    if (flow->waits == WAX_WAIT_SUBACK || flow->waits == WAX_WAIT_UNSUBACK) {
        return WAX_OK; /* a bridge asked that on this connection */
    }
    return release(client, flow->packet_id);
}

/* Returns whether all has been sent again. [MQTT-4.4.0-1] */
static bool resume(struct client *client)
{
    const wax_flow *flow;

    while (client->is_resuming) {
        flow = wax_flows_after(&client->outgoing, client->resumed_id);
        if (flow == NULL) {
            client->is_resuming = false;
            break;
        }
        uint16_t packet_id = flow->packet_id; /* the flow may be forgotten */
        if (resend(client, flow) != WAX_OK) {
            return false;
        }
        client->resumed_id = packet_id;
    }
    return true;
}

/* What has waited in vain: too late, too large, or not for this client's eyes any more. Another of
 * its group may have the latter. [MQTT-3.3.2-5] [MQTT-3.1.2-25] */
static void give_up_waiting(struct client *client, struct delivery *delivery, bool is_allowed)
{
    if (!is_allowed && delivery->group.number != 0) {
        worker_pass_on(client->worker, delivery);
    } else {
        count_up(client->worker, COUNT_PUBLISH_DROPPED, 1);
    }
    queue_drop(client, delivery);
}

void deliver_waiting(struct client *client)
{
    const struct connection *connection = client->connection;
    wax_status status = WAX_OK;
    struct delivery delivery;

    if (connection == NULL || connection->session.state != WAX_SESSION_OPEN || !resume(client)) {
        return;
    }
    while (status == WAX_OK && connection->status == WAX_OK &&
           out_waiting(connection) < OUT_QUEUE_SIZE && queue_pop(client, &delivery)) {
        bool is_late = delivery.message->expires_ms <= client->worker->loop.now_ms;
        bool is_allowed = is_late || may_deliver(client, delivery.message, delivery.retain);
        status = !is_late && is_allowed ? send_delivery(client, &delivery) : WAX_TOO_LARGE;
        if (status == WAX_TOO_LARGE) {
            give_up_waiting(client, &delivery, is_allowed);
            status = WAX_OK;
        } else if (status != WAX_OK) {
            queue_unpop(client, &delivery);
        }
    }
}
