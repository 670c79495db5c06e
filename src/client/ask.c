/* What the application asks for. */
#include "client/internal.h"

static bool is_sane(const wax_publish *publish)
{
    return publish->qos <= 2 && publish->topic.size > 0 && !wax_topic_has_wildcard(publish->topic);
}

static bool has_ended(const wax_client *client)
{
    return client->ends || client->state == WAX_CLIENT_ENDED;
}

/* Whether nothing stands before a message that is written now. */
static bool is_clear(const wax_client *client)
{
    return wax_client_can_write(client) &&
           wax_queue_skip(client, client->queue_next) == client->queue_end;
}

/* Whether a packet of this size can be written at once when the send buffer is empty. */
static bool fits_send_room(const wax_client *client, size_t size)
{
    return size <= client->config->send_size;
}

/* The most that stands before a payload: head, topic, packet id, properties. */
static size_t head_size(const wax_publish *publish)
{
    return 5 + 2 + publish->topic.size + 2 + 4 + publish->properties.size;
}

static wax_record record_of(wax_client *client, const wax_publish *publish)
{
    client->last_token = client->last_token == UINT32_MAX ? 1 : client->last_token + 1;
    return (wax_record){
        .token = client->last_token,
        .payload_size = (uint32_t)publish->payload.size,
        .state = WAX_RECORD_WAITS,
        .head = (uint8_t)(WAX_PUBLISH << 4 | publish->qos << 1 | publish->retain),
    };
}

/* Puts a message where it waits. */
static wax_status keep(wax_client *client, const wax_publish *publish, uint32_t *token)
{
    wax_record record;
    wax_writer payload;
    size_t at;
    wax_status status;

    if (publish->payload.size > WAX_VARINT_MAX || !fits_send_room(client, head_size(publish))) {
        return WAX_TOO_LARGE;
    }
    record = record_of(client, publish);
    status = wax_queue_append(client, &record, publish->topic, publish->properties, &at);
    if (status == WAX_OK) {
        payload = wax_queue_payload(client, at);
        wax_write_bytes(&payload, publish->payload);
        *token = record.token;
    }
    return status;
}

wax_status wax_client_publish(wax_client *client, const wax_publish *publish, uint32_t *token)
{
    bool is_kept = publish->qos > 0 || client->config->keeps_qos_0;
    wax_publish message = *publish;
    wax_writer out;
    wax_status status;

    *token = 0;
    if (!is_sane(publish)) {
        return WAX_INVALID;
    }
    if (has_ended(client) || (client->state != WAX_CLIENT_OPEN && !is_kept)) {
        return WAX_CLOSED;
    }
    if (publish->qos > 0 || !is_clear(client)) {
        return keep(client, publish, token);
    }
    message.packet_id = 0;
    message.duplicate = false;
    out = wax_client_out(client);
    status = wax_session_publish(&client->session, &message, &out);
    if (status == WAX_FULL) {
        return keep(client, publish, token);
    }
    if (status == WAX_OK) {
        wax_write_bytes(&out, publish->payload);
        wax_client_wrote(client, &out);
    }
    return status;
}

/* Writes the head of a message whose payload is not there yet. */
static wax_status start(wax_client *client, wax_publish *message)
{
    wax_writer out = wax_client_out(client);
    wax_status status = wax_session_publish_start(&client->session, message, &out);

    if (status == WAX_OK) {
        wax_client_wrote(client, &out);
    }
    return status == WAX_CROWDED ? WAX_FULL : status;
}

wax_status wax_client_publish_start(wax_client *client, const wax_publish *publish,
                                    uint32_t payload_size, uint32_t *token)
{
    wax_publish message = *publish;
    wax_record record;
    size_t at;
    wax_status status;

    *token = 0;
    if (!is_sane(publish) || publish->qos > 1) {
        return WAX_INVALID;
    }
    if (has_ended(client) || client->state != WAX_CLIENT_OPEN || client->broken != WAX_OK) {
        return WAX_CLOSED;
    }
    if (payload_size > WAX_VARINT_MAX || !fits_send_room(client, head_size(publish))) {
        return WAX_TOO_LARGE;
    }
    if (!is_clear(client)) {
        return WAX_FULL;
    }
    message.payload = (wax_bytes){NULL, payload_size};
    message.duplicate = false;
    record = record_of(client, &message);
    record.state = WAX_RECORD_STREAMED;
    record.payload_size = 0;
    status = wax_queue_append(client, &record, (wax_bytes){NULL, 0}, (wax_bytes){NULL, 0}, &at);
    if (status != WAX_OK) {
        return status;
    }
    client->queue_next = at;
    status = start(client, &message);
    if (status != WAX_OK) {
        wax_queue_drop(client, at);
        return status;
    }
    record.packet_id = message.packet_id;
    wax_queue_write(client, at, &record);
    client->is_streaming = true;
    client->send_left = payload_size;
    *token = record.token;
    return WAX_OK;
}

wax_status wax_client_publish_more(wax_client *client, wax_bytes bytes, size_t *taken)
{
    wax_writer out = wax_client_out(client);
    size_t left = wax_writer_left(&out);

    *taken = 0;
    if (!client->is_streaming || client->broken != WAX_OK) {
        return WAX_CLOSED;
    }
    if (bytes.size > client->send_left) {
        return WAX_INVALID;
    }
    bytes.size = bytes.size < left ? bytes.size : left;
    wax_write_bytes(&out, bytes);
    wax_client_wrote(client, &out);
    client->send_left -= (uint32_t)bytes.size;
    *taken = bytes.size;
    return left == 0 ? WAX_FULL : WAX_OK;
}

wax_status wax_client_acknowledge(wax_client *client, wax_client_receipt receipt, uint8_t reason)
{
    bool is_open = client->state == WAX_CLIENT_OPEN && client->broken == WAX_OK;
    wax_packet_type type = (wax_packet_type)receipt.owes;
    wax_writer out;
    wax_status status;

    if (receipt.owes == WAX_NO_PACKET) {
        return WAX_OK;
    }
    if (receipt.era != (type == WAX_PUBACK ? client->connection_era : client->session_era) ||
        (type == WAX_PUBACK && !is_open)) {
        return WAX_NOT_FOUND;
    }
    if (!is_open) {
        return wax_flows_acknowledge(&client->incoming, type, receipt.packet_id, reason);
    }
    if (!wax_client_can_write(client)) {
        return WAX_FULL;
    }
    out = wax_client_out(client);
    status = wax_session_acknowledge(&client->session, type, receipt.packet_id, reason, &out);
    wax_client_wrote(client, &out);
    return status;
}

static size_t filters_size(const wax_client_request *request)
{
    size_t size = 0;

    for (size_t i = 0; i < request->count; i++) {
        size += 3 + request->subscriptions[i].filter.size;
    }
    return size;
}

/* Writes the filters to a record's payload; returns what they took. */
static uint32_t write_filters(wax_writer *filters, const wax_client_request *request,
                              wax_packet_type type, wax_version version)
{
    for (size_t i = 0; i < request->count; i++) {
        wax_subscription_write(filters, &request->subscriptions[i], type, version);
    }
    wax_assert(filters->status == WAX_OK);
    return (uint32_t)filters->used;
}

static wax_status ask(wax_client *client, const wax_client_request *request, wax_packet_type type,
                      uint32_t *token)
{
    size_t size = filters_size(request);
    wax_record record;
    wax_writer filters;
    size_t at;
    wax_status status;

    *token = 0;
    if (request->count == 0) {
        return WAX_INVALID;
    }
    if (has_ended(client)) {
        return WAX_CLOSED;
    }
    if (!fits_send_room(client, 5 + 2 + 4 + request->properties.size + size)) {
        return WAX_TOO_LARGE;
    }
    record = record_of(client, &(wax_publish){
                                   .payload = {NULL, size}
    });
    record.head = (uint8_t)(type << 4);
    status = wax_queue_append(client, &record, (wax_bytes){NULL, 0}, request->properties, &at);
    if (status == WAX_OK) {
        filters = wax_queue_payload(client, at);
        record.payload_size = write_filters(&filters, request, type, client->config->version);
        wax_queue_write(client, at, &record);
        *token = record.token;
    }
    return status;
}

wax_status wax_client_subscribe(wax_client *client, const wax_client_request *request,
                                uint32_t *token)
{
    return ask(client, request, WAX_SUBSCRIBE, token);
}

wax_status wax_client_unsubscribe(wax_client *client, const wax_client_request *request,
                                  uint32_t *token)
{
    return ask(client, request, WAX_UNSUBSCRIBE, token);
}

wax_status wax_client_authenticate(wax_client *client, const wax_notice *notice)
{
    bool is_connected = client->state == WAX_CLIENT_OPEN || client->state == WAX_CLIENT_CONNECTING;
    wax_writer out;
    wax_status status;

    if (!is_connected || client->broken != WAX_OK) {
        return WAX_INVALID;
    }
    if (client->send_left > 0) {
        return WAX_FULL;
    }
    out = wax_client_out(client);
    status = wax_session_authenticate(&client->session, notice, &out);
    if (status == WAX_OK) {
        wax_client_wrote(client, &out);
    }
    return status;
}
