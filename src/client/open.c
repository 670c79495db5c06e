/* How connections begin and end, and when the next one is wanted. */
#include "client/internal.h"

enum {
    TIMEOUT_MS = 30000,
    BACK_OFF_BASE_MS = 1000,
    BACK_OFF_MAX_MS = 120000,
    STABLE_MS = 10000,
    PROPERTIES_ROOM = 30, /* what this room and the session add to those of CONNECT */
};

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

uint32_t wax_client_timeout_ms(const wax_client *client)
{
    return or_default(client->config->connect_timeout_ms, TIMEOUT_MS);
}

/* Marsaglia's xorshift: enough to keep devices from dialling in step. */
static uint32_t next_random(wax_client *client)
{
    client->random ^= client->random << 13;
    client->random ^= client->random >> 17;
    client->random ^= client->random << 5;
    return client->random;
}

wax_status wax_client_open(wax_client *client, const wax_client_config *config,
                           uint32_t random_seed, uint64_t now_ms)
{
    bool has_nameless_password = !WAX_IS_MQTT5(config->version) && config->password.size > 0 &&
                                 config->username.size == 0; /* [MQTT-3.1.2-22 in 3.1.1] */
    uint32_t mixed = (random_seed ^ 0x9e3779b9U) * 0x85ebca6bU;

    if (config->receive_size < WAX_CLIENT_RECEIVE_SIZE_MIN ||
        config->send_size < WAX_CLIENT_SEND_SIZE_MIN || config->outgoing_count == 0 ||
        config->incoming_count == 0 || has_nameless_password ||
        config->properties.size > config->receive_size - PROPERTIES_ROOM ||
        config->end_properties.size > config->send_size - WAX_CLIENT_SEND_SIZE_MIN) {
        return WAX_INVALID;
    }
    *client = (wax_client){
        .config = config,
        .now_ms = now_ms,
        .dial_ms = now_ms,
        .random = or_default(mixed, 1),
        .state = WAX_CLIENT_WAITING,
    };
    wax_flows_init(&client->outgoing, config->outgoing_slots, config->outgoing_count);
    wax_flows_init(&client->incoming, config->incoming_slots, config->incoming_count);
    return WAX_OK;
}

/* Full jitter: anything up to a ceiling that doubles with every failure. */
static void back_off(wax_client *client)
{
    const wax_client_config *config = client->config;
    uint64_t ceiling = or_default(config->back_off_base_ms, BACK_OFF_BASE_MS);
    uint64_t ceiling_max = or_default(config->back_off_max_ms, BACK_OFF_MAX_MS);

    for (unsigned i = 0; i < client->failure_count && ceiling < ceiling_max; i++) {
        ceiling *= 2;
    }
    ceiling = ceiling < ceiling_max ? ceiling : ceiling_max;
    client->dial_ms = client->now_ms + (next_random(client) * (ceiling + 1) >> 32);
    client->failure_count = (uint8_t)(client->failure_count + (client->failure_count < UINT8_MAX));
}

/* A QoS 2 message that was told whole must not be told again, one that was not must be.
 * [MQTT-4.3.3-10] */
static void settle_incoming(wax_client *client)
{
    if (client->partial_id != 0) {
        (void)wax_flows_acknowledge(&client->incoming, WAX_PUBREC, client->partial_id,
                                    WAX_UNSPECIFIED_ERROR);
    } else if (client->owed.owes == WAX_PUBREC) {
        (void)wax_flows_acknowledge(&client->incoming, WAX_PUBREC, client->owed.packet_id,
                                    WAX_REASON_SUCCESS);
    }
    client->partial_id = 0;
    client->owed = (wax_client_receipt){0};
}

void wax_client_cut(wax_client *client)
{
    const wax_client_config *config = client->config;
    uint32_t stable_ms = or_default(config->stable_ms, STABLE_MS);

    if (client->state == WAX_CLIENT_OPEN && client->now_ms - client->opened_ms >= stable_ms) {
        client->failure_count = 0;
    }
    if (client->state == WAX_CLIENT_CONNECTING) {
        wax_wipe(config->send_room, config->send_size); /* CONNECT holds the password */
    }
    settle_incoming(client);
    client->transport = NULL;
    client->receive_start = client->receive_end = 0;
    client->send_start = client->send_end = 0;
    client->send_left = 0;
    client->moved_ms = 0;
    client->broken = WAX_OK;
    client->is_streaming = client->skips = false;
    client->queue_next = client->queue_start;
    client->drops = true;
    if (client->ends || config->connects_once) {
        client->state = WAX_CLIENT_ENDED;
    } else {
        client->state = WAX_CLIENT_WAITING;
        back_off(client);
    }
}

void wax_client_lose(wax_client *client, wax_status status, wax_client_event *event)
{
    wax_client_cut(client);
    event->type = WAX_CLIENT_DISCONNECTED;
    event->status = (uint8_t)status;
}

void wax_client_detach(wax_client *client, uint64_t now_ms)
{
    client->now_ms = now_ms;
    if (client->transport != NULL || client->state == WAX_CLIENT_DIALING) {
        wax_client_cut(client);
    }
}

void wax_client_disconnect(wax_client *client, uint8_t reason)
{
    client->ends = true;
    client->end_reason = reason;
    if (client->transport == NULL) {
        client->state = WAX_CLIENT_ENDED;
    }
}

static wax_connect connect_of(const wax_client *client)
{
    const wax_client_config *config = client->config;
    wax_connect connect = {
        .version = config->version,
        .clean_start = config->clean_start && (!WAX_IS_MQTT5(config->version) || !client->was_open),
        .has_will = config->will != NULL,
        .has_username = config->username.size > 0,
        .has_password = config->password.size > 0,
        .keep_alive_s = config->keep_alive_s,
        .client_id = config->client_id,
        .username = config->username,
        .password = config->password,
    };

    if (config->will != NULL) {
        connect.will = *config->will;
    }
    return connect;
}

static void open_session(wax_client *client)
{
    const wax_client_config *config = client->config;
    uint32_t size_max = or_default(config->packet_size_max, WAX_PACKET_SIZE_MAX);
    wax_session_limits limits = {
        .packet_size_max = config->streams ? size_max : (uint32_t)config->receive_size,
        .connect_timeout_ms = wax_client_timeout_ms(client),
        .receive_maximum = config->incoming_count,
        .topic_alias_maximum = config->alias_maximum,
        .streams = config->streams,
    };

    wax_session_open(&client->session, WAX_ROLE_CLIENT, &limits, client->now_ms);
    wax_session_attach(&client->session, &client->outgoing, &client->incoming);
    client->aliases = (wax_aliases){.room = config->alias_room, .size = config->alias_size};
    client->session.aliases_in = &client->aliases;
}

wax_status wax_client_attach(wax_client *client, wax_transport *transport, uint64_t now_ms)
{
    const wax_client_config *config = client->config;
    wax_connect connect = connect_of(client);
    /* Nothing is in the receive buffer yet: the properties are put together there. */
    wax_writer properties = wax_writer_over(config->receive_room, config->receive_size);
    wax_writer out = wax_writer_over(config->send_room, config->send_size);
    wax_status status;

    client->now_ms = now_ms;
    if (client->transport != NULL || client->state == WAX_CLIENT_ENDED) {
        return WAX_INVALID;
    }
    open_session(client);
    wax_write_bytes(&properties, config->properties);
    if (config->session_expiry_s > 0) {
        wax_property_write_number(&properties, WAX_SESSION_EXPIRY, config->session_expiry_s);
    }
    status = wax_session_connect(&client->session, &connect, &properties, &out);
    wax_wipe(config->receive_room, properties.used);
    if (status == WAX_OK) {
        client->transport = transport;
        client->send_end = out.used;
        client->was_clean = connect.clean_start;
        client->receive_waits = WAX_WAITS_TO_READ;
        client->send_waits = WAX_WAITS_TO_WRITE;
        client->state = WAX_CLIENT_CONNECTING;
    }
    return status;
}
