/* Bytes out: what the queue holds goes to the send buffer, and that to the transport. */
#include "client/internal.h"

#include <string.h>

bool wax_client_can_write(const wax_client *client)
{
    return client->state == WAX_CLIENT_OPEN && client->broken == WAX_OK && client->send_left == 0 &&
           !client->is_streaming;
}

wax_writer wax_client_out(wax_client *client)
{
    uint8_t *room = client->config->send_room;
    wax_writer out = wax_writer_over(room, client->config->send_size);

    if (client->send_start > 0) {
        memmove(room, room + client->send_start, client->send_end - client->send_start);
        client->send_end -= client->send_start;
        client->send_start = 0;
    }
    out.used = client->send_end;
    return out;
}

void wax_client_wrote(wax_client *client, const wax_writer *out)
{
    client->send_end = out->used;
}

static void note_moved(wax_client *client)
{
    if (client->send_start < client->send_end) {
        client->moved_ms = client->now_ms;
        return;
    }
    if (client->state == WAX_CLIENT_CONNECTING) {
        wax_wipe(client->config->send_room, client->send_end); /* CONNECT holds the password */
    }
    client->moved_ms = 0;
    client->send_start = client->send_end = 0;
}

bool wax_client_flush(wax_client *client)
{
    bool moved = false;

    while (client->send_start < client->send_end) {
        wax_bytes bytes = {client->config->send_room + client->send_start,
                           client->send_end - client->send_start};
        size_t sent = 0;
        wax_status status = client->broken != WAX_OK
                                ? WAX_CLOSED
                                : wax_transport_send(client->transport, bytes, &sent);
        if (status == WAX_MORE) {
            client->send_waits = client->transport->waits;
            client->moved_ms = client->moved_ms == 0 ? client->now_ms : client->moved_ms;
            return moved;
        }
        if (status != WAX_OK) {
            client->broken = client->broken == WAX_OK ? (uint8_t)status : client->broken;
            client->send_start = client->send_end;
        } else {
            client->send_start += sent;
        }
        moved = true;
        note_moved(client);
    }
    return moved;
}

/* What the application is told of a record, by its type. */
static uint8_t event_of(const wax_record *record)
{
    switch ((int)wax_record_type(record)) {
    case WAX_SUBSCRIBE:
        return WAX_CLIENT_SUBSCRIBED;
    case WAX_UNSUBSCRIBE:
        return WAX_CLIENT_UNSUBSCRIBED;
    default:
        return wax_record_qos(record) == 0 ? WAX_CLIENT_SENT : WAX_CLIENT_DELIVERED;
    }
}

/* Ends a record on this side: tells how, and forgets it. */
static void finish(wax_client *client, size_t at, wax_status status, wax_client_event *event)
{
    wax_record record = wax_queue_read(client, at);

    event->type = event_of(&record);
    event->status = (uint8_t)status;
    event->token = record.token;
    event->suback = (wax_suback){0};
    if (status != WAX_OK && record.packet_id != 0) {
        (void)wax_flows_forget(&client->outgoing, record.packet_id);
    }
    wax_queue_drop(client, at);
}

void wax_client_sweep(wax_client *client, wax_client_event *event)
{
    size_t at = wax_queue_skip(client, client->queue_start);

    while (at < client->queue_end) {
        wax_record record = wax_queue_read(client, at);
        bool is_fleeting = event_of(&record) == WAX_CLIENT_SENT && !client->config->keeps_qos_0;
        if (is_fleeting || record.state == WAX_RECORD_STREAMED) {
            finish(client, at, WAX_CLOSED, event);
            return;
        }
        at = wax_queue_skip(client, at + record.size);
    }
    client->drops = false;
}

/* The whole of a record has been written. */
static void pass(wax_client *client, wax_client_event *event)
{
    size_t at = client->queue_next;
    wax_record record = wax_queue_read(client, at);

    client->is_streaming = false;
    if (event_of(&record) == WAX_CLIENT_SENT) {
        finish(client, at, WAX_OK, event);
    } else {
        client->queue_next = at + record.size;
    }
}

/* Copies what fits of the payload that is going out. */
static bool send_payload(wax_client *client, wax_client_event *event)
{
    wax_bytes payload = wax_queue_message(client, client->queue_next).payload;
    wax_writer out = wax_client_out(client);
    size_t left = wax_writer_left(&out);
    size_t size = client->send_left < left ? client->send_left : left;

    payload.data += payload.size - client->send_left;
    payload.size = size;
    wax_write_bytes(&out, payload);
    wax_client_wrote(client, &out);
    client->send_left -= (uint32_t)size;
    if (client->send_left == 0) {
        pass(client, event);
        return true;
    }
    return size > 0;
}

/* Writes the head of a message, for the first time or again. [MQTT-3.3.1-1] [MQTT-4.4.0-1] */
static wax_status send_message(wax_client *client, size_t at)
{
    wax_record record = wax_queue_read(client, at);
    wax_publish message = wax_queue_message(client, at);
    wax_writer out = wax_client_out(client);
    wax_status status = wax_session_publish_start(&client->session, &message, &out);

    if (status == WAX_NOT_FOUND) { /* the exchange is gone, the message is not */
        message.duplicate = false;
        status = wax_session_publish_start(&client->session, &message, &out);
    }
    if (status == WAX_OK) {
        wax_client_wrote(client, &out);
        client->send_left = record.payload_size;
        record.packet_id = message.packet_id;
        record.state = message.qos == 0 ? WAX_RECORD_WAITS : WAX_RECORD_SENT;
        wax_queue_write(client, at, &record);
    }
    return status;
}

/* Writes PUBREL anew for a message that the server has. */
static wax_status send_release(wax_client *client, uint16_t packet_id)
{
    wax_writer out = wax_client_out(client);
    wax_status status =
        wax_session_acknowledge(&client->session, WAX_PUBREL, packet_id, WAX_REASON_SUCCESS, &out);

    wax_client_wrote(client, &out);
    return status;
}

static wax_status send_request(wax_client *client, size_t at)
{
    wax_record record = wax_queue_read(client, at);
    wax_publish content = wax_queue_message(client, at);
    wax_subscribe request = {.properties = content.properties, .filters = content.payload};
    wax_writer out = wax_client_out(client);
    wax_status status =
        wax_session_subscribe(&client->session, &request, wax_record_type(&record), &out);

    if (status == WAX_OK) {
        wax_client_wrote(client, &out);
        record.packet_id = request.packet_id;
        record.state = WAX_RECORD_SENT;
        wax_queue_write(client, at, &record);
    }
    return status;
}

/* Sends the record that is next. Returns whether something moved. */
static bool send_record(wax_client *client, size_t at, wax_client_event *event)
{
    wax_record record = wax_queue_read(client, at);
    wax_status status;

    if (record.state == WAX_RECORD_RELEASED) {
        status = send_release(client, record.packet_id);
    } else if (wax_record_type(&record) == WAX_PUBLISH) {
        status = send_message(client, at);
    } else {
        status = send_request(client, at);
    }
    if (status == WAX_FULL || status == WAX_CROWDED) {
        return false;
    }
    if (status == WAX_NOT_FOUND) { /* released, and the server lost the session after it had it */
        finish(client, at, WAX_OK, event);
    } else if (status != WAX_OK) {
        finish(client, at, status, event);
    } else if (client->send_left == 0) {
        pass(client, event);
    }
    return true;
}

/* Writes DISCONNECT, unless it would stand in the middle of a message. */
static void say_good_bye(wax_client *client)
{
    wax_writer out = wax_client_out(client);

    if (client->send_left == 0) {
        (void)wax_session_close(&client->session, client->end_reason,
                                client->config->end_properties, &out);
        wax_client_wrote(client, &out);
    }
    client->state = WAX_CLIENT_CLOSING;
}

bool wax_client_pump(wax_client *client, wax_client_event *event)
{
    bool is_inside = client->send_left > 0 && !client->is_streaming;
    wax_writer out = wax_client_out(client);

    if (client->broken != WAX_OK || (client->state != WAX_CLIENT_OPEN && !client->ends)) {
        return false;
    }
    if (is_inside) {
        return send_payload(client, event);
    }
    if (client->ends) {
        bool has_room =
            wax_writer_left(&out) >= WAX_ANSWER_SIZE_MAX + client->config->end_properties.size;
        if (has_room) {
            say_good_bye(client);
        }
        return has_room;
    }
    if (client->is_streaming) {
        if (client->send_left == 0) {
            pass(client, event);
        }
        return client->send_left == 0;
    }
    client->queue_next = wax_queue_skip(client, client->queue_next);
    return client->queue_next < client->queue_end && send_record(client, client->queue_next, event);
}
