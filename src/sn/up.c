/* What the broker gets. */
#include "sn/internal.h"

#include <string.h>

enum {
    PROPERTIES_SIZE = 32,
    CLEAN_EXPIRY_S = 60, /* long enough to come back with another Will */
};

/* Nothing stays written of what had no room. */
static bool wrote(wax_sn_client *client, const wax_sn_turn *turn)
{
    bool is_written = turn->up->status == WAX_OK;

    turn->up->status = WAX_OK;
    if (is_written) {
        client->sent_ms = turn->now_ms;
    }
    return is_written;
}

static void write_properties(const wax_sn_client *client, wax_writer *properties)
{
    uint32_t expiry_s = client->is_clean ? CLEAN_EXPIRY_S : client->config->session_expiry_s;

    wax_property_write_number(properties, WAX_SESSION_EXPIRY, client->is_own ? 0 : expiry_s);
    wax_property_write_number(properties, WAX_RECEIVE_MAXIMUM, WAX_SN_INFLIGHT_MAX);
    wax_property_write_number(properties, WAX_MAXIMUM_PACKET_SIZE,
                              WAX_SN_PACKET_MAX + WAX_SN_TOPIC_SIZE_MAX);
}

static void write_will(const wax_sn_client *client, wax_connect *connect)
{
    const wax_sn_will *will = &client->will;

    connect->has_will = client->has_will;
    if (client->has_will) {
        connect->will = (wax_will){
            .topic = wax_bytes_of(will->topic, will->topic_size),
            .payload = wax_bytes_of(will->message, will->message_size),
            .qos = (uint8_t)((will->flags & WAX_SN_QOS) >> 5),
            .retain = (will->flags & WAX_SN_RETAIN) != 0,
        };
    }
}

bool wax_sn_up_is_lasting(const wax_sn_client *client)
{
    return !client->is_clean || WAX_IS_MQTT5(client->config->version);
}

bool wax_sn_up_connect(wax_sn_client *client, const wax_sn_turn *turn)
{
    const wax_sn_config *config = client->config;
    uint8_t id[2 * WAX_SN_ID_SIZE_MAX];
    wax_writer whole_id = wax_writer_over(id, sizeof id);
    uint8_t room[PROPERTIES_SIZE];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_connect connect = {
        .version = config->version,
        .clean_start = client->is_clean && (client->answers == 0 || !wax_sn_up_is_lasting(client)),
        .keep_alive_s = config->keep_alive_s,
        .has_username = config->username.size > 0,
        .username = config->username,
        .has_password = config->password.size > 0,
        .password = config->password,
    };

    if (!client->is_own) {
        wax_write_bytes(&whole_id, config->id_prefix);
    }
    wax_write_bytes(&whole_id, wax_bytes_of(client->id, client->id_size));
    connect.client_id = wax_writer_bytes(&whole_id);
    if (WAX_IS_MQTT5(config->version)) {
        write_properties(client, &properties);
        connect.properties = wax_writer_bytes(&properties);
    }
    write_will(client, &connect);
    (void)!wax_connect_write(turn->up, &connect);
    return wrote(client, turn);
}

bool wax_sn_up_publish(wax_sn_client *client, const wax_publish *publish, const wax_sn_turn *turn)
{
    (void)!wax_publish_write(turn->up, publish, client->config->version);
    return wrote(client, turn);
}

bool wax_sn_up_acknowledge(wax_sn_client *client, wax_packet_type type, uint16_t packet_id,
                           const wax_sn_turn *turn)
{
    const wax_notice acknowledgement = {.type = type, .packet_id = packet_id};

    if (client->line != WAX_SN_LINE_OPEN) {
        return false;
    }
    (void)!wax_notice_write(turn->up, &acknowledgement, client->config->version);
    return wrote(client, turn);
}

bool wax_sn_up_subscribe(wax_sn_client *client, const wax_sn_packet *packet, wax_bytes filter,
                         const wax_sn_turn *turn)
{
    wax_packet_type type = packet->type == WAX_SN_SUBSCRIBE ? WAX_SUBSCRIBE : WAX_UNSUBSCRIBE;
    const wax_subscription subscription = {
        .filter = filter,
        .qos = (uint8_t)((packet->flags & WAX_SN_QOS) >> 5),
    };
    uint8_t room[WAX_SN_PACKET_MAX + 4];
    wax_writer filters = wax_writer_over(room, sizeof room);
    wax_subscribe subscribe = {.packet_id = packet->message_id};

    wax_subscription_write(&filters, &subscription, type, client->config->version);
    subscribe.filters = wax_writer_bytes(&filters);
    (void)!wax_subscribe_write(turn->up, &subscribe, type, client->config->version);
    return wrote(client, turn);
}

bool wax_sn_up_ping(wax_sn_client *client, const wax_sn_turn *turn)
{
    (void)!wax_packet_write_empty(turn->up, WAX_PINGREQ);
    return wrote(client, turn);
}

bool wax_sn_up_disconnect(wax_sn_client *client, bool is_final, const wax_sn_turn *turn)
{
    uint8_t room[PROPERTIES_SIZE];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_notice notice = {.type = WAX_DISCONNECT};

    if (WAX_IS_MQTT5(client->config->version) && client->is_clean && is_final && !client->is_own) {
        wax_property_write_number(&properties, WAX_SESSION_EXPIRY, 0);
        notice.properties = wax_writer_bytes(&properties);
    }
    (void)!wax_notice_write(turn->up, &notice, client->config->version);
    return wrote(client, turn);
}
