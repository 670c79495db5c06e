/* Bytes in: each packet becomes at most one event. */
#include "client/internal.h"

/* Writes what a step of our own message or the end of a foreign one calls for. */
static void order(wax_client *client, wax_packet_type type, uint16_t packet_id)
{
    wax_writer out = wax_client_out(client);
    wax_status status =
        wax_session_acknowledge(&client->session, type, packet_id, WAX_REASON_SUCCESS, &out);

    wax_assert(status == WAX_OK); /* there is room, for nothing was answered */
    wax_client_wrote(client, &out);
}

/* Tells the server why, as far as it listens, and ends the connection. */
static void fail(wax_client *client, wax_status status, wax_client_event *event)
{
    (void)wax_client_flush(client);
    wax_client_lose(client, status, event);
}

static void refuse(wax_client *client, wax_status status, wax_client_event *event)
{
    wax_writer out = wax_client_out(client);

    (void)wax_session_close(&client->session, (uint8_t)status, (wax_bytes){NULL, 0}, &out);
    wax_client_wrote(client, &out);
    fail(client, status, event);
}

static void on_connected(wax_client *client, const wax_event *from, wax_client_event *event)
{
    bool session_present = from->connack.session_present;

    if (session_present && client->was_clean) {
        refuse(client, WAX_PROTOCOL_ERROR, event); /* [MQTT-3.2.2-4] */
        return;
    }
    client->state = WAX_CLIENT_OPEN;
    client->was_open = true;
    client->opened_ms = client->now_ms;
    client->connection_era++;
    if (!session_present) {
        client->session_era++; /* [MQTT-3.2.2-5] */
    }
    wax_queue_restart(client, session_present);
    event->type = WAX_CLIENT_CONNECTED;
    event->connack = from->connack;
}

static void on_refused(wax_client *client, const wax_event *from, wax_client_event *event)
{
    wax_client_cut(client);
    event->type = WAX_CLIENT_REFUSED;
    event->reason = event->status = from->connack.reason;
    event->connack = from->connack;
}

static void on_publish(wax_client *client, const wax_event *from, wax_client_event *event)
{
    bool is_last = from->payload_left == 0;

    event->type = WAX_CLIENT_MESSAGE;
    event->publish = from->publish;
    event->payload_left = from->payload_left;
    event->receipt = (wax_client_receipt){
        .packet_id = from->packet_id,
        .era = from->owes == WAX_PUBACK ? client->connection_era : client->session_era,
        .owes = from->owes,
    };
    client->partial_id = from->owes == WAX_PUBREC && !is_last ? from->packet_id : 0;
    if (client->config->acknowledges) {
        client->owed = event->receipt;
    }
}

static void on_payload(wax_client *client, const wax_event *from, wax_client_event *event)
{
    if (client->skips) {
        client->skips = from->payload_left > 0;
        return;
    }
    if (from->payload_left == 0) {
        client->partial_id = 0;
    }
    event->type = WAX_CLIENT_PAYLOAD;
    event->publish = from->publish;
    event->payload_left = from->payload_left;
}

/* The server has our QoS 2 message: its content need not be kept any longer. */
static void on_received(wax_client *client, const wax_event *from)
{
    size_t at = wax_queue_find(client, from->packet_id);

    if (at < client->queue_end) {
        wax_record record = wax_queue_read(client, at);
        record.state = WAX_RECORD_RELEASED;
        wax_queue_write(client, at, &record);
        wax_queue_shrink(client, at);
    }
    order(client, WAX_PUBREL, from->packet_id);
}

/* The server answered a message or a request. */
static void on_answer(wax_client *client, const wax_event *from, wax_client_event *event)
{
    size_t at = wax_queue_find(client, from->packet_id);

    if (at == client->queue_end) {
        return;
    }
    event->token = wax_queue_read(client, at).token;
    wax_queue_drop(client, at);
    if (from->type == WAX_EVENT_DELIVERED) {
        event->type = WAX_CLIENT_DELIVERED;
        event->reason = from->reason;
        event->status = from->reason < 0x80 ? WAX_OK : from->reason;
    } else {
        event->type =
            from->type == WAX_EVENT_SUBSCRIBED ? WAX_CLIENT_SUBSCRIBED : WAX_CLIENT_UNSUBSCRIBED;
        event->suback = from->suback;
    }
}

static void on_disconnected(wax_client *client, const wax_event *from, wax_client_event *event)
{
    wax_client_lose(client, WAX_CLOSED, event);
    event->notice = from->notice;
    event->reason = from->notice.reason;
    if (from->notice.reason >= 0x80) {
        event->status = from->notice.reason;
    }
}

static void translate(wax_client *client, const wax_event *from, wax_client_event *event)
{
    switch ((wax_event_type)from->type) {
    case WAX_EVENT_CONNECTED:
        on_connected(client, from, event);
        break;
    case WAX_EVENT_REFUSED:
        on_refused(client, from, event);
        break;
    case WAX_EVENT_PUBLISH:
        on_publish(client, from, event);
        break;
    case WAX_EVENT_PAYLOAD:
        on_payload(client, from, event);
        break;
    case WAX_EVENT_RECEIVED:
        on_received(client, from);
        break;
    case WAX_EVENT_RELEASED:
        order(client, WAX_PUBCOMP, from->packet_id);
        break;
    case WAX_EVENT_DELIVERED:
    case WAX_EVENT_SUBSCRIBED:
    case WAX_EVENT_UNSUBSCRIBED:
        on_answer(client, from, event);
        break;
    case WAX_EVENT_AUTHENTICATE:
        event->type = WAX_CLIENT_AUTHENTICATE;
        event->notice = from->notice;
        break;
    case WAX_EVENT_DISCONNECTED:
        on_disconnected(client, from, event);
        break;
    case WAX_EVENT_NONE:
        client->skips = client->session.payload_left > 0;
        break;
    case WAX_EVENT_CONNECT:
    case WAX_EVENT_SUBSCRIBE:
    case WAX_EVENT_UNSUBSCRIBE:
    default:
        break;
    }
}

/* Whether the next packet may be looked at: its answer must have room, and must not stand in the
 * middle of a message. */
static bool is_ready(wax_client *client)
{
    wax_writer out = wax_client_out(client);

    return client->send_left == 0 && client->owed.owes == WAX_NO_PACKET &&
           wax_writer_left(&out) >= WAX_ANSWER_SIZE_MAX;
}

/* Whether the front of the buffer can be taken: a packet that fits the buffer is taken whole, so
 * that only larger ones come in pieces. Returns WAX_OK, WAX_MORE, or why it never can. */
static wax_status judge(const wax_client *client, wax_reader in)
{
    bool is_full = wax_reader_left(&in) == client->config->receive_size;
    wax_version version = (wax_version)client->session.version;
    wax_packet packet;
    wax_status status = wax_packet_read(&packet, &in, version, client->session.packet_size_max);

    if (status != WAX_MORE) {
        return WAX_OK; /* the session says what is wrong with it */
    }
    if (!is_full) {
        return WAX_MORE;
    }
    return packet.type == WAX_PUBLISH && client->config->streams &&
                   wax_publish_head_size(packet.flags, packet.body, version) > 0
               ? WAX_OK
               : WAX_PACKET_TOO_LARGE;
}

bool wax_client_take(wax_client *client, wax_client_event *event)
{
    const uint8_t *room = client->config->receive_room;
    wax_reader in = wax_reader_over(
        wax_bytes_of(room + client->receive_start, client->receive_end - client->receive_start));
    bool is_inside = client->session.payload_left > 0;
    wax_event from;
    wax_writer out;
    wax_status status;

    if (!is_inside && !is_ready(client)) {
        return false;
    }
    status = is_inside ? WAX_OK : judge(client, in);
    if (status == WAX_MORE) {
        return false;
    }
    if (status != WAX_OK) {
        refuse(client, status, event);
        return true;
    }
    out = wax_client_out(client);
    status = wax_session_receive(&client->session, &in, &out, client->now_ms, &from);
    wax_client_wrote(client, &out);
    if (status == WAX_CROWDED) { /* more at once than MQTT 3 lets us forbid, or aliases too long */
        refuse(client, WAX_QUOTA_EXCEEDED, event);
        return true;
    }
    if (status >= 0x80) {
        fail(client, status, event);
        return true;
    }
    if (status == WAX_OK) {
        client->receive_start = (size_t)(in.at - room);
        translate(client, &from, event);
    }
    return status == WAX_OK;
}
