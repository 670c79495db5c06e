/* What a CONNECT must be like; each rule says why it is refused. */
#include "broker/envelope.h"
#include "broker/exchange.h"

#include <stdlib.h>

static wax_status judge_version(const struct connection *connection, const wax_connect *connect)
{
    uint32_t accepted = login_listener(connection)->accept_protocol_versions;
    uint32_t bit = connect->version == WAX_VERSION_3_1     ? WAX_ACCEPT_3_1
                   : connect->version == WAX_VERSION_3_1_1 ? WAX_ACCEPT_3_1_1
                                                           : WAX_ACCEPT_5;

    return (accepted & bit) != 0 ? WAX_OK : WAX_UNSUPPORTED_VERSION;
}

static wax_status judge_method(const struct connection *connection, const wax_connect *connect)
{
    wax_bytes method = wax_property_value(connect->properties, WAX_AUTHENTICATION_METHOD);
    const wax_listener_config *listener = login_listener(connection);
    bool is_proven = listener->use_identity_as_username || listener->use_subject_as_username;

    if (!connection->session.has_authentication) {
        return WAX_OK;
    }
    return wax_bytes_equal(method, WAX_TEXT(WAX_SCRAM_METHOD)) && !is_proven &&
                   login_has_passwords(connection)
               ? WAX_OK
               : WAX_BAD_AUTH_METHOD; /* [MQTT-4.12.0-1] */
}

/* What `sealed_only` asks for is known now: better to say so than to drop the Will later. */
static wax_status judge_will_payload(const struct connection *connection, const wax_will *will)
{
    wax_bytes mount_point = wax_bytes_of_text(login_listener(connection)->mount_point);
    uint8_t *room = malloc(mount_point.size + will->topic.size + 1);
    wax_writer topic = wax_writer_over(room, mount_point.size + will->topic.size);
    wax_status status = WAX_SERVER_BUSY;

    if (room != NULL) {
        wax_write_bytes(&topic, mount_point);
        wax_write_bytes(&topic, will->topic);
        status = envelope_judge(connection->worker, wax_writer_bytes(&topic), will->payload);
    }
    free(room);
    return status;
}

static wax_status judge_will(const struct connection *connection, const wax_connect *connect)
{
    const wax_config *config = &connection->worker->settings->config;
    const wax_will *will = &connect->will;

    if (!connect->has_will) {
        return WAX_OK;
    }
    if (will->qos > login_listener(connection)->max_qos) {
        return WAX_QOS_NOT_SUPPORTED; /* [MQTT-3.2.2-12] */
    }
    if (will->retain && !config->retain_available) {
        return WAX_RETAIN_NOT_SUPPORTED; /* [MQTT-3.2.2-13] */
    }
    if (wax_filter_level_count(will->topic) > config->topic_levels_max) {
        return WAX_BAD_TOPIC;
    }
    return judge_will_payload(connection, will);
}

/* MQTT 3 has no way to tell the client another keep alive. */
static wax_status judge_keep_alive(const struct connection *connection, const wax_connect *connect)
{
    uint32_t most_s = connection->worker->settings->config.max_keepalive_s;
    bool is_long = connect->keep_alive_s == 0 || connect->keep_alive_s > most_s;

    return most_s != 0 && is_long && connect->version != WAX_VERSION_5 ? WAX_BAD_CLIENT_ID : WAX_OK;
}

/* [MQTT-3.1.3-7 in 3.1.1] [MQTT-3.1.3-8 in 3.1.1] */
static wax_status judge_id(const struct connection *connection, const wax_connect *connect)
{
    if (connect->client_id.size > 0) {
        return WAX_OK;
    }
    if (login_listener(connection)->use_username_as_clientid) {
        return WAX_OK;
    }
    if (connect->version == WAX_VERSION_3_1 ||
        (connect->version == WAX_VERSION_3_1_1 && !connect->clean_start)) {
        return WAX_BAD_CLIENT_ID;
    }
    return login_listener(connection)->allow_zero_length_clientid ? WAX_OK : WAX_BAD_CLIENT_ID;
}

typedef wax_status judge_function(const struct connection *connection, const wax_connect *connect);

static judge_function *const judges[] = {judge_version, judge_method, judge_will, judge_keep_alive,
                                         judge_id};

wax_status judge_connect(const struct connection *connection, const wax_connect *connect)
{
    wax_status status = WAX_OK;

    for (size_t i = 0; i < WAX_COUNT(judges) && status == WAX_OK; i++) {
        status = judges[i](connection, connect);
    }
    return status;
}
