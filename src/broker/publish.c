/* Messages that clients publish, and how their exchanges go on. */
#include "broker/bridges.h"
#include "broker/envelope.h"
#include "broker/owed.h"
#include "broker/standing.h"
#include "broker/steward.h"

/* What the connection must not do: reasons to end it. [MQTT-3.2.2-11] [MQTT-3.2.2-14] */
static wax_status judge_packet(const struct connection *connection, const wax_publish *publish)
{
    const wax_config *config = &connection->worker->settings->config;
    const wax_listener_config *listener = &config->listeners[connection->listener];

    if (publish->qos > listener->max_qos) {
        return WAX_QOS_NOT_SUPPORTED;
    }
    return publish->retain && !config->retain_available ? WAX_RETAIN_NOT_SUPPORTED : WAX_OK;
}

/* There are no more levels than bytes between two slashes, and one. */
static bool is_too_deep(wax_bytes topic, uint32_t most)
{
    return topic.size >= most && wax_filter_level_count(topic) > most;
}

/* What the message must not be: reasons to refuse it alone. */
static wax_status judge_message(const struct connection *connection, const wax_publish *publish,
                                wax_bytes topic)
{
    const wax_config *config = &connection->worker->settings->config;

    /* What stands in a packet has been judged as it was read; what a bridge makes of it has not. */
    if ((connection->bridge != NULL && !wax_topic_is_valid(publish->topic)) ||
        is_too_deep(publish->topic, config->topic_levels_max) || topic.size > UINT16_MAX) {
        return WAX_BAD_TOPIC;
    }
    if (publish->payload.size > config->message_size_limit) {
        return WAX_IMPLEMENTATION_ERROR;
    }
    if (connection->bridge != NULL && is_claimed(connection->worker, topic)) {
        return WAX_NOT_AUTHORIZED; /* what another broker sends is no order to this one */
    }
    if (!wax_access_judge(&connection->client->access, WAX_ACTION_WRITE, topic, NULL)) {
        return WAX_NOT_AUTHORIZED;
    }
    return envelope_take(connection->worker, connection->client->id, topic, publish->payload);
}

static struct message *make(const struct connection *connection, const wax_publish *publish)
{
    const struct client *client = connection->client;
    const wax_config *config = &connection->worker->settings->config;
    struct draft draft = {
        .mount_point = wax_bytes_of_text(config->listeners[connection->listener].mount_point),
        .topic = publish->topic,
        .properties = publish->properties,
        .payload = publish->payload,
        .author = &client->identity,
        .sender = client->number,
        .listener = connection->listener,
        .qos = publish->qos,
        .retain = publish->retain,
    };

    struct message *message = NULL;

    if (!memory_is_short(connection->worker)) {
        message = message_make(&draft, connection->worker->loop.now_ms);
    }
    if (message != NULL) {
        message->home = (uint16_t)connection->worker->index;
        message->is_once = publish->qos == 2 && keeps(client);
    }
    return message;
}

/* Judges the message and gives it to all who want it. */
static wax_status take(struct connection *connection, const wax_publish *publish,
                       struct message *message)
{
    const struct client *client = connection->client;
    wax_status status;

    if (message == NULL) {
        count_up(connection->worker, COUNT_PUBLISH_DROPPED, 1);
        return WAX_QUOTA_EXCEEDED;
    }
    status = judge_message(connection, publish, message->topic);
    if (status == WAX_OK && message->is_once && !keep_is_possible(connection->worker)) {
        return WAX_QUOTA_EXCEEDED; /* its packet id cannot be written down: nobody has seen it */
    }
    if (status == WAX_OK) {
        status = is_claimed(connection->worker, message->topic)
                     ? steward_take(connection, message)
                     : route(connection->worker, message);
    } else {
        count_up(connection->worker, COUNT_PUBLISH_DROPPED, 1);
        if (is_time_to_log(connection)) {
            wax_log_write(&connection->worker->broker->log, WAX_INFORMATION,
                          "publish_refused client=%.*s topic=%.*s reason=%s", SHOWN(client->id),
                          SHOWN(publish->topic), wax_status_text(status));
        }
    }
    if (status == WAX_OK) {
        status = (wax_status)atomic_load(&message->refusal); /* the store of this worker */
    }
    return status == WAX_FULL ? WAX_QUOTA_EXCEEDED : status;
}

/* Ends the connection for a message that is refused. Its exchange ends with it: the id must mean
 * something new when the client is back. */
static void refuse(struct connection *connection, const wax_event *event, wax_status status)
{
    if (event->owes == WAX_PUBREC) {
        (void)!wax_flows_acknowledge(&connection->client->incoming, WAX_PUBREC, event->packet_id,
                                     (uint8_t)status);
    }
    connection_doom(connection, status);
}

/* Whether a message that there is no room for must not be acknowledged: MQTT 3 has no reasons, and
 * the other end of a bridge keeps it until there is memory again. */
static bool must_be_kept(const struct connection *connection)
{
    return connection->session.version != WAX_VERSION_5 ||
           (connection->bridge != NULL && memory_is_short(connection->worker));
}

/* Promises to acknowledge the message, or ends the connection instead. */
static void answer(struct connection *connection, const wax_event *event, wax_status status,
                   struct message *message)
{
    if (status == WAX_QUOTA_EXCEEDED && must_be_kept(connection)) {
        refuse(connection, event, status);
        return;
    }
    if (status == WAX_OK && event->owes == WAX_PUBREC) {
        keep_received(connection->client, event->packet_id);
    }
    /* MQTT 3 has no way to refuse a message: what is not allowed is acknowledged and dropped.
     * [MQTT-3.3.5-2 in 3.1.1] */
    if (connection->session.version != WAX_VERSION_5) {
        status = WAX_OK;
    }
    owe(connection, event->owes, event->packet_id, (uint8_t)status, message);
}

void publish_on(struct connection *connection, const wax_event *event)
{
    wax_publish publish = event->publish;
    bool is_wanted = connection->bridge == NULL || bridge_translate(connection, &publish);
    wax_status status = judge_packet(connection, &publish);
    struct message *message;

    connection->tally.messages_in++;
    count_up(connection->worker, COUNT_PUBLISH_RECEIVED, 1);
    count_up(connection->worker, COUNT_PUBLISH_BYTES_RECEIVED, publish.payload.size);
    if (status != WAX_OK) {
        refuse(connection, event, status);
        return;
    }
    connection->worker->is_keeping = false;
    message = make(connection, &publish);
    status = is_wanted ? take(connection, &publish, message) : WAX_BAD_TOPIC;
    if (event->owes != WAX_NO_PACKET) {
        answer(connection, event, status, message);
    }
    message_release(message);
}

void exchange_on(struct connection *connection, const wax_event *event)
{
    struct client *client = connection->client;

    connection->worker->is_keeping = false;
    if (event->type == WAX_EVENT_DELIVERED) {
        client_finish(client, event->packet_id);
        deliver_waiting(client);
        return;
    }
    if (event->type == WAX_EVENT_RECEIVED) {
        client_let_go(client, event->packet_id);
    } else {
        keep_no_received(client, event->packet_id);
    }
    owe(connection, event->owes, event->packet_id, WAX_REASON_SUCCESS, NULL);
}
