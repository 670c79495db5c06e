/* A whole conversation with one end. The first bytes choose role, version and limits; then each
 * step is a byte that says what happens: bytes come in, time goes by, or the application does
 * something. Invariants are asserted; the rest is the sanitizers'. */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4, ALIASES_SIZE = 32, INBOX_SIZE = 512, OUT_SIZE = 64, PROPERTIES_SIZE = 64 };

struct world {
    wax_session session;
    wax_flows outgoing;
    wax_flows incoming;
    wax_flow outgoing_slots[SLOTS];
    wax_flow incoming_slots[SLOTS];
    wax_aliases aliases[2];
    uint8_t aliases_in[ALIASES_SIZE];
    uint8_t aliases_out[ALIASES_SIZE];
    uint8_t inbox[INBOX_SIZE];
    size_t inbox_used;
    uint64_t now_ms;
    wax_version version;
    bool was_closed;
    bool streams;
};

/* What is written goes to memory of exactly its size, so that a byte too many is seen. */
static wax_writer out_of(wax_reader *in)
{
    size_t size = wax_read_u8(in) % OUT_SIZE;
    uint8_t *room = malloc(size + 1);

    wax_assert(room != NULL);
    return wax_writer_over(room, size);
}

/* Nothing is said after the end. [MQTT-3.14.4-1] */
static void finish(struct world *world, wax_writer *out)
{
    wax_assert(out->used <= out->size);
    wax_assert(!world->was_closed || out->used == 0);
    free(out->data);
}

static void check_flows(const wax_flows *flows, bool is_outgoing)
{
    uint16_t used = 0;

    for (uint16_t i = 0; i < flows->slot_count; i++) {
        const wax_flow *flow = &flows->slots[i];
        used = (uint16_t)(used + (flow->waits != WAX_WAIT_NONE));
        wax_assert((flow->waits != WAX_WAIT_NONE) == (flow->packet_id != 0));
        wax_assert(flow->waits == WAX_WAIT_NONE || (flow->waits < WAX_OWES_PUBREC) == is_outgoing);
        wax_assert(!is_outgoing || flow->waits == WAX_WAIT_NONE ||
                   flow->packet_id % flows->slot_count == i);
    }
    wax_assert(used == flows->used_count);
}

static uint16_t counted(const wax_flows *flows)
{
    uint16_t count = 0;

    for (uint16_t i = 0; i < flows->slot_count; i++) {
        count = (uint16_t)(count +
                           (flows->slots[i].waits != WAX_WAIT_NONE && flows->slots[i].is_counted));
    }
    return count;
}

static void check(const struct world *world)
{
    const wax_session *session = &world->session;

    check_flows(&world->outgoing, true);
    check_flows(&world->incoming, false);
    wax_assert(session->sending_count == counted(&world->outgoing));
    wax_assert(session->receiving_count ==
               (uint16_t)(counted(&world->incoming) + session->receiving_qos_1_count));
    wax_assert(session->aliases_in->used <= session->aliases_in->size);
    wax_assert(session->aliases_out->used <= session->aliases_out->size);
    wax_assert(session->aliases_out->count <= session->alias_maximum);
    wax_assert(session->state != WAX_SESSION_CLOSED ||
               wax_session_deadline_ms(session) == WAX_NEVER);
    wax_assert(session->payload_left == 0 || world->streams);
}

static void append(struct world *world, wax_reader *in)
{
    wax_bytes bytes = wax_read_bytes(in, wax_read_u8(in));

    if (bytes.size > 0 && bytes.size <= INBOX_SIZE - world->inbox_used) {
        memcpy(world->inbox + world->inbox_used, bytes.data, bytes.size);
        world->inbox_used += bytes.size;
    }
}

/* Every view of an event is within memory that may be read. */
static void touch(wax_bytes bytes)
{
    static volatile uint8_t sink;

    for (size_t i = 0; i < bytes.size; i++) {
        sink = bytes.data[i];
    }
    (void)sink;
}

static void look_at(const struct world *world, const wax_event *event)
{
    if (event->type == WAX_EVENT_PUBLISH) {
        touch(event->publish.topic);
        touch(event->publish.payload);
        wax_assert(event->publish.topic.size > 0);
        wax_assert((event->owes != WAX_NO_PACKET) == (event->publish.qos > 0));
    } else if (event->type == WAX_EVENT_PAYLOAD) {
        touch(event->publish.payload);
        wax_assert(event->publish.payload.size > 0);
    } else if (event->type == WAX_EVENT_CONNECT) {
        touch(event->connect.client_id);
        wax_assert(world->session.role == WAX_ROLE_SERVER);
        wax_assert(world->session.state == WAX_SESSION_ACCEPTING);
    }
}

/* Receives until there is no more; whatever takes nothing leaves everything as it was. */
static void receive(struct world *world, wax_reader *choices)
{
    wax_status status = WAX_OK;

    while (status == WAX_OK) {
        wax_writer out = out_of(choices);
        uint8_t *exact = malloc(world->inbox_used + 1);
        wax_reader in;
        wax_event event;
        wax_session before = world->session;

        wax_assert(exact != NULL);
        memcpy(exact, world->inbox, world->inbox_used);
        in = wax_reader_over(wax_bytes_of(exact, world->inbox_used));
        status = wax_session_receive(&world->session, &in, &out, world->now_ms, &event);
        if (status == WAX_OK) {
            look_at(world, &event);
            world->inbox_used = wax_reader_left(&in);
            memmove(world->inbox, in.at, world->inbox_used);
        } else {
            wax_assert(event.type == WAX_EVENT_NONE && event.owes == WAX_NO_PACKET);
            wax_assert(status < 0x80 || world->session.state == WAX_SESSION_CLOSED);
            wax_assert(status >= 0x80 ||
                       (out.used == 0 && world->session.state == before.state &&
                        world->session.receiving_count == before.receiving_count));
            wax_assert(!world->was_closed || status == WAX_CLOSED);
        }
        free(exact);
        finish(world, &out);
        world->was_closed = world->session.state == WAX_SESSION_CLOSED;
        check(world);
    }
}

static void join(struct world *world, wax_reader *in, wax_writer *out)
{
    uint8_t choice = wax_read_u8(in);
    uint8_t room[PROPERTIES_SIZE];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_connect connect = {.version = world->version,
                           .clean_start = (choice & 1U) != 0,
                           .keep_alive_s = choice >> 4,
                           .client_id = WAX_TEXT("c")};

    if (world->version == WAX_VERSION_5 && (choice & 2U) != 0) {
        wax_property_write_value(&properties, WAX_AUTHENTICATION_METHOD, WAX_TEXT("m"));
    }
    if (world->session.role == WAX_ROLE_CLIENT) {
        (void)!wax_session_connect(&world->session, &connect, &properties, out);
    } else if (world->session.state == WAX_SESSION_ACCEPTING) {
        wax_session_attach(&world->session, &world->outgoing, &world->incoming);
        (void)!wax_session_accept(&world->session, (choice & 1U) != 0, choice >> 4, &properties,
                                  out);
    }
}

static void send(struct world *world, wax_reader *in, wax_writer *out)
{
    uint8_t choice = wax_read_u8(in);
    wax_bytes topic = wax_read_bytes(in, 1U + choice % 4U);
    wax_publish publish = {.topic = topic, .qos = (choice >> 2 & 3U) % 3U};
    uint16_t used = world->outgoing.used_count;
    uint8_t room[8];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_status status;
    bool is_new;

    publish.retain = (choice & 16U) != 0;
    publish.payload = topic;
    publish.duplicate = publish.qos > 0 && (choice & 32U) != 0;
    publish.packet_id = publish.duplicate ? choice >> 6 : 0;
    if (topic.size == 0 || (publish.duplicate && publish.packet_id == 0)) {
        return;
    }
    if ((choice & 64U) != 0 && !publish.duplicate && world->version == WAX_VERSION_5) {
        uint16_t alias = wax_session_alias(&world->session, topic, &is_new);
        if (alias != 0) {
            wax_property_write_number(&properties, WAX_TOPIC_ALIAS, alias);
            publish.properties = wax_writer_bytes(&properties);
        }
    }
    status = (choice & 128U) != 0 ? wax_session_publish(&world->session, &publish, out)
                                  : wax_session_publish_start(&world->session, &publish, out);
    wax_assert(status == WAX_OK || status == WAX_TOO_LARGE || out->used == 0);
    wax_assert(status == WAX_OK || world->outgoing.used_count <= used);
    wax_assert(status != WAX_OK || (publish.packet_id != 0) == (publish.qos > 0));
    wax_assert(status != WAX_OK || world->session.sending_count <= world->session.send_maximum);
}

static void request(struct world *world, wax_reader *in, wax_writer *out)
{
    uint8_t room[32];
    wax_writer filters = wax_writer_over(room, sizeof room);
    wax_subscription wanted = {.filter = wax_read_bytes(in, 1U + wax_read_u8(in) % 8U)};
    wax_packet_type type = (wax_read_u8(in) & 1U) != 0 ? WAX_SUBSCRIBE : WAX_UNSUBSCRIBE;
    wax_subscribe subscribe = {0};
    uint8_t reason = 0;
    wax_suback suback = {
        .packet_id = wax_read_u8(in), .reasons = {&reason, 1}
    };

    wax_subscription_write(&filters, &wanted, type, world->version);
    subscribe.filters = wax_writer_bytes(&filters);
    if (world->session.role == WAX_ROLE_CLIENT) {
        (void)!wax_session_subscribe(&world->session, &subscribe, type, out);
    } else {
        (void)!wax_session_grant(&world->session, &suback, WAX_SUBACK, out);
    }
}

static void acknowledge(struct world *world, wax_reader *in, wax_writer *out)
{
    static const wax_packet_type types[] = {WAX_PUBACK, WAX_PUBREC, WAX_PUBREL, WAX_PUBCOMP};
    uint8_t choice = wax_read_u8(in);
    wax_packet_type type = types[choice & 3U];
    bool may_refuse = type == WAX_PUBACK || type == WAX_PUBREC;
    uint8_t reason = may_refuse && (choice & 4U) != 0 ? WAX_NOT_AUTHORIZED : WAX_REASON_SUCCESS;
    uint16_t packet_id = wax_read_u8(in);

    if ((choice & 8U) == 0) {
        (void)!wax_session_acknowledge(&world->session, type, packet_id, reason, out);
    } else if (world->session.state != WAX_SESSION_OPEN && world->session.sending_count == 0 &&
               world->session.receiving_count == 0 && type != WAX_PUBACK) {
        (void)!wax_flows_acknowledge(type == WAX_PUBREL ? &world->outgoing : &world->incoming, type,
                                     packet_id, reason);
    }
}

static void act(struct world *world, wax_reader *in)
{
    uint8_t what = wax_read_u8(in);
    wax_writer out = out_of(in);
    wax_notice notice = {.reason = WAX_REASON_CONTINUE_AUTHENTICATION};

    switch (what % 8U) {
    case 0:
        join(world, in, &out);
        break;
    case 1:
        send(world, in, &out);
        break;
    case 2:
        request(world, in, &out);
        break;
    case 3:
        acknowledge(world, in, &out);
        break;
    case 4:
        (void)!wax_session_authenticate(&world->session, &notice, &out);
        break;
    case 5:
        world->now_ms += 100U * wax_read_u8(in);
        (void)!wax_session_tick(&world->session, world->now_ms, &out);
        break;
    case 6:
        if ((what & 8U) != 0 && (what & 16U) != 0) {
            (void)wax_session_close(&world->session, wax_read_u8(in), (wax_bytes){NULL, 0}, &out);
        }
        break;
    default:
        append(world, in);
        break;
    }
    finish(world, &out);
    world->was_closed = world->session.state == WAX_SESSION_CLOSED;
    check(world);
    receive(world, in);
}

/* A new connection goes on with the exchanges of the one before. */
static void begin(struct world *world, wax_reader *in)
{
    static const wax_version versions[] = {WAX_VERSION_3_1, WAX_VERSION_3_1_1, WAX_VERSION_5,
                                           WAX_VERSION_5};
    uint8_t choice = wax_read_u8(in);
    uint8_t sizes = wax_read_u8(in);
    wax_session_limits limits = {
        .packet_size_max = 32U + 8U * (sizes & 15U),
        .connect_size_max = 64,
        .connect_timeout_ms = 5000,
        .receive_maximum = choice >> 5,
        .send_maximum = sizes >> 6,
        .topic_alias_maximum = sizes >> 4 & 3U,
        .streams = (choice & 16U) != 0,
    };

    world->version = versions[choice >> 1 & 3U];
    world->streams = limits.streams;
    world->was_closed = false;
    world->inbox_used = 0;
    wax_session_open(&world->session, (choice & 1U) != 0 ? WAX_ROLE_SERVER : WAX_ROLE_CLIENT,
                     &limits, world->now_ms);
    for (uint16_t i = 0; i < SLOTS; i++) {
        world->outgoing_slots[i].is_counted = false;
        world->incoming_slots[i].is_counted = false;
    }
    if (world->session.role == WAX_ROLE_CLIENT) {
        wax_session_attach(&world->session, &world->outgoing, &world->incoming);
    }
    world->aliases[0] = (wax_aliases){.room = world->aliases_in, .size = sizeof world->aliases_in};
    world->aliases[1] =
        (wax_aliases){.room = world->aliases_out, .size = sizeof world->aliases_out};
    world->session.aliases_in = &world->aliases[0];
    world->session.aliases_out = &world->aliases[1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));
    struct world world = {.now_ms = 1000};

    wax_flows_init(&world.outgoing, world.outgoing_slots, SLOTS);
    wax_flows_init(&world.incoming, world.incoming_slots, SLOTS);
    begin(&world, &in);
    while (in.status == WAX_OK && wax_reader_left(&in) > 0) {
        act(&world, &in);
        if (world.was_closed) {
            begin(&world, &in);
        }
    }
    return 0;
}
