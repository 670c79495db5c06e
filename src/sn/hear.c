/* What the broker says. */
#include "sn/internal.h"

/* Room that every answer has, to the broker and to the device. */
enum { ANSWER_SIZE = 16 };

/* What a packet came to. */
enum heard { HEARD_TAKEN, HEARD_NO_ROOM, HEARD_WRONG };

typedef enum heard hearer(wax_sn_client *client, const wax_packet *packet, const wax_sn_turn *turn);

/* What the server announced. */
static void heed(wax_sn_client *client, wax_bytes properties)
{
    const wax_sn_config *config = client->config;

    client->peer_receive_maximum =
        (uint16_t)wax_property_number(properties, WAX_RECEIVE_MAXIMUM, UINT16_MAX);
    client->peer_packet_max =
        wax_property_number(properties, WAX_MAXIMUM_PACKET_SIZE, WAX_PACKET_SIZE_MAX);
    client->peer_keep_alive_ms =
        1000U * wax_property_number(properties, WAX_SERVER_KEEP_ALIVE, config->keep_alive_s);
    client->peer_maximum_qos = (uint8_t)wax_property_number(properties, WAX_MAXIMUM_QOS, 2);
    client->peer_retains = wax_property_number(properties, WAX_RETAIN_AVAILABLE, 1) != 0;
}

static enum heard hear_connack(wax_sn_client *client, const wax_packet *packet,
                               const wax_sn_turn *turn)
{
    wax_connack connack;

    if (client->line != WAX_SN_LINE_OPENING || wax_connack_read(&connack, packet) != WAX_OK) {
        return HEARD_WRONG;
    }
    if (connack.reason != WAX_REASON_SUCCESS) {
        wax_sn_refused(client, connack.reason, turn);
        return HEARD_TAKEN;
    }
    heed(client, connack.properties);
    wax_sn_joined(client, connack.session_present, turn);
    return HEARD_TAKEN;
}

static enum heard hear_publish(wax_sn_client *client, const wax_packet *packet,
                               const wax_sn_turn *turn)
{
    wax_publish publish;

    if (wax_publish_read(&publish, packet) != WAX_OK) {
        return HEARD_WRONG;
    }
    return wax_sn_deliver_put(client, &publish, turn) ? HEARD_TAKEN : HEARD_NO_ROOM;
}

static enum heard hear_acknowledgement(wax_sn_client *client, const wax_packet *packet,
                                       const wax_sn_turn *turn)
{
    wax_notice acknowledgement;

    if (wax_notice_read(&acknowledgement, packet) != WAX_OK) {
        return HEARD_WRONG;
    }
    if (acknowledgement.type == WAX_PUBREL) {
        wax_sn_deliver_release(client, acknowledgement.packet_id, turn);
    } else {
        wax_sn_answer_acknowledgement(client, &acknowledgement, turn);
    }
    return HEARD_TAKEN;
}

static enum heard hear_suback(wax_sn_client *client, const wax_packet *packet,
                              const wax_sn_turn *turn)
{
    wax_suback suback;

    if (wax_suback_read(&suback, packet) != WAX_OK) {
        return HEARD_WRONG;
    }
    wax_sn_answer_suback(client, &suback, packet->type, turn);
    return HEARD_TAKEN;
}

static enum heard hear_pingresp(wax_sn_client *client, const wax_packet *packet,
                                const wax_sn_turn *turn)
{
    (void)packet;
    (void)turn;
    client->is_pinged = false;
    return HEARD_TAKEN;
}

static enum heard hear_disconnect(wax_sn_client *client, const wax_packet *packet,
                                  const wax_sn_turn *turn)
{
    wax_notice notice;

    if (wax_notice_read(&notice, packet) != WAX_OK) {
        return HEARD_WRONG;
    }
    wax_sn_refused(client, notice.reason, turn);
    return HEARD_TAKEN;
}

static hearer *hearer_of(wax_packet_type type)
{
    /* clang-format off */
    static const struct {
        wax_packet_type type;
        hearer *hear;
    } rows[] = {
        {WAX_CONNACK,    hear_connack},
        {WAX_PUBLISH,    hear_publish},
        {WAX_PUBACK,     hear_acknowledgement},
        {WAX_PUBREC,     hear_acknowledgement},
        {WAX_PUBREL,     hear_acknowledgement},
        {WAX_PUBCOMP,    hear_acknowledgement},
        {WAX_SUBACK,     hear_suback},
        {WAX_UNSUBACK,   hear_suback},
        {WAX_PINGRESP,   hear_pingresp},
        {WAX_DISCONNECT, hear_disconnect},
    };
    /* clang-format on */

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].type == type) {
            return rows[i].hear;
        }
    }
    return NULL;
}

/* A message that is larger than what is looked at: it is refused by its head, and skipped. */
static wax_status skip_large(wax_sn_client *client, const wax_packet *packet, wax_reader *in,
                             const wax_sn_turn *turn)
{
    wax_publish publish;

    if (packet->type == WAX_NO_PACKET ||
        packet->head_size + packet->body_size <= WAX_SN_HEAR_SIZE_MIN) {
        return WAX_MORE;
    }
    if (packet->type != WAX_PUBLISH ||
        (packet->head_size + packet->body.size >= WAX_SN_HEAR_SIZE_MIN &&
         wax_publish_head_size(packet->flags, packet->body, client->config->version) == 0)) {
        wax_sn_refused(client, WAX_PACKET_TOO_LARGE, turn);
        return WAX_OK;
    }
    if (wax_publish_head_size(packet->flags, packet->body, client->config->version) == 0) {
        return WAX_MORE;
    }
    if (wax_publish_read(&publish, packet) != WAX_OK) {
        wax_sn_refused(client, WAX_PROTOCOL_ERROR, turn);
        return WAX_OK;
    }
    client->fault = "a message is larger than a packet, or its topic is too long";
    wax_sn_deliver_refuse(client, publish.qos, publish.packet_id, turn);
    client->skip_left = packet->body_size - (uint32_t)packet->body.size;
    in->at = in->end;
    return WAX_OK;
}

static wax_status skip(wax_sn_client *client, wax_reader *in)
{
    size_t left = wax_reader_left(in);
    size_t size = client->skip_left < left ? client->skip_left : left;

    if (size == 0) {
        return WAX_MORE; /* an empty view may be nowhere */
    }
    in->at += size;
    client->skip_left -= (uint32_t)size;
    return WAX_OK;
}

/* Packets that may come now. */
static enum heard judge(wax_sn_client *client, const wax_packet *packet, const wax_sn_turn *turn)
{
    hearer *hear = hearer_of(packet->type);
    bool is_first = client->line == WAX_SN_LINE_OPENING;

    if (hear == NULL || (is_first && packet->type != WAX_CONNACK)) {
        return HEARD_WRONG;
    }
    return hear(client, packet, turn);
}

wax_status wax_sn_client_hear(wax_sn_client *client, wax_reader *in, const wax_sn_turn *turn)
{
    wax_reader before = *in;
    wax_packet packet;
    wax_status status;
    enum heard heard;

    if (client->line != WAX_SN_LINE_OPENING && client->line != WAX_SN_LINE_OPEN) {
        in->at = in->end;
        return WAX_MORE;
    }
    if (wax_writer_left(turn->up) < ANSWER_SIZE || wax_writer_left(turn->down) < ANSWER_SIZE) {
        client->has_more = true;
        return WAX_MORE;
    }
    if (client->skip_left > 0) {
        return skip(client, in);
    }
    status = wax_packet_read(&packet, in, client->config->version, WAX_PACKET_SIZE_MAX);
    if (status == WAX_MORE) {
        return skip_large(client, &packet, in, turn);
    }
    client->came_ms = turn->now_ms;
    heard = status == WAX_OK ? judge(client, &packet, turn) : HEARD_WRONG;
    if (heard == HEARD_NO_ROOM) {
        *in = before;
        return WAX_MORE;
    }
    if (heard == HEARD_WRONG) {
        wax_sn_refused(client, WAX_PROTOCOL_ERROR, turn);
    } else {
        wax_sn_deliver(client, turn);
    }
    return WAX_OK;
}
