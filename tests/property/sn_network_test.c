/* A device and the gateway's client with a network between them that loses, doubles and reorders
 * packets: QoS 1 arrives, QoS 2 arrives once, in both directions, and all of it comes to an end. */
#include "../check.h"

#include "../sn_world.h"

enum {
    MESSAGES = 12, /* in each direction */
    FLIGHT = 256,  /* packets on their way at a time */
    RETRY_MS = 10000,
    ROUNDS_MAX = 20000,
};

/* A packet on its way. */
struct flight {
    uint64_t at_ms;
    size_t size;
    bool is_down;
    uint8_t bytes[64];
};

/* The device: it publishes one message at a time and repeats itself. */
struct device {
    unsigned sent;     /* messages that are through */
    bool is_released;  /* PUBREC came */
    uint64_t again_ms; /* when it repeats what it said */
    unsigned got[MESSAGES];
    uint16_t held[MESSAGES]; /* QoS 2 messages that wait for PUBREL */
};

struct net {
    struct world world;
    struct flight flights[FLIGHT];
    size_t flight_count;
    uint32_t random;
    uint8_t qos;
    unsigned loss; /* of 100 packets */
    struct device device;
    unsigned broker_got[MESSAGES];
    uint16_t broker_held; /* QoS 2 */
    unsigned broker_sent;
    unsigned broker_done;
};

static uint32_t next_random(struct net *net, uint32_t below)
{
    net->random = net->random * 1664525U + 1013904223U;
    return (net->random >> 8) % below;
}

static void put(struct net *net, bool is_down, wax_bytes packet)
{
    struct flight *flight;

    if (next_random(net, 100) < net->loss || net->flight_count == FLIGHT) {
        return;
    }
    flight = &net->flights[net->flight_count++];
    *flight = (struct flight){.at_ms = net->world.now_ms + next_random(net, 3000),
                              .size = packet.size,
                              .is_down = is_down};
    assert_true(packet.size <= sizeof flight->bytes);
    memcpy(flight->bytes, packet.data, packet.size);
}

/* Perhaps twice. */
static void transmit(struct net *net, bool is_down, wax_bytes packet)
{
    put(net, is_down, packet);
    if (next_random(net, 100) < net->loss) {
        put(net, is_down, packet);
    }
}

static void from_device(struct net *net, const wax_sn_packet *packet)
{
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof room);

    assert_int_equal(wax_sn_packet_write(&out, packet), WAX_OK);
    transmit(net, false, wax_writer_bytes(&out));
}

static void gather(struct net *net);

/* --- The broker, whose line is good --- */

static void broker_gets_publish(struct net *net, const wax_packet *packet)
{
    wax_publish publish;

    assert_int_equal(wax_publish_read(&publish, packet), WAX_OK);
    if (publish.qos < 2 || net->broker_held != publish.packet_id) {
        net->broker_got[publish.payload.data[0]]++;
    }
    if (publish.qos == 1) {
        broker_acknowledges(&net->world, WAX_PUBACK, publish.packet_id, 0);
        gather(net);
    } else if (publish.qos == 2) {
        net->broker_held = publish.packet_id;
        broker_acknowledges(&net->world, WAX_PUBREC, publish.packet_id, 0);
        gather(net);
    }
}

static void broker_gets(struct net *net, const wax_packet *packet)
{
    wax_notice it;

    if (packet->type == WAX_PUBLISH) {
        broker_gets_publish(net, packet);
        return;
    }
    if (packet->type == WAX_PINGREQ) {
        broker_says(&net->world, wax_bytes_of("\xd0\x00", 2));
        gather(net);
        return;
    }
    assert_int_equal(wax_notice_read(&it, packet), WAX_OK);
    if (it.type == WAX_PUBREL) {
        net->broker_held = 0;
        broker_acknowledges(&net->world, WAX_PUBCOMP, it.packet_id, 0);
        gather(net);
    } else if (it.type == WAX_PUBREC) {
        broker_acknowledges(&net->world, WAX_PUBREL, it.packet_id, 0);
        gather(net);
    } else {
        net->broker_done++;
    }
}

/* What the gateway said goes its ways. */
static void gather(struct net *net)
{
    wax_reader down = net->world.down_left;
    uint8_t up_room[512];
    wax_bytes up = wax_reader_rest(&net->world.up_left);
    wax_reader in;
    wax_packet packet;
    wax_bytes bytes;

    while (wax_sn_packet_next(&bytes, &down) == WAX_OK) {
        transmit(net, true, bytes);
    }
    assert_true(up.size <= sizeof up_room);
    if (up.size > 0) {
        memcpy(up_room, up.data, up.size);
    }
    in = wax_reader_over(wax_bytes_of(up_room, up.size));
    while (wax_packet_read(&packet, &in, net->world.config.version, 1000) == WAX_OK) {
        broker_gets(net, &packet);
    }
}

/* --- The device --- */

static void device_publishes(struct net *net)
{
    struct device *device = &net->device;
    uint8_t payload = (uint8_t)device->sent;
    uint16_t id = (uint16_t)(device->sent + 1);
    bool is_again = device->again_ms != 0;

    device->again_ms = net->world.now_ms + RETRY_MS;
    if (device->is_released) {
        from_device(net, &(wax_sn_packet){.type = WAX_SN_PUBREL, .message_id = id});
        return;
    }
    from_device(net, &(wax_sn_packet){
                         .type = WAX_SN_PUBLISH,
                         .flags = (uint8_t)(WAX_SN_TOPIC_PREDEFINED | (unsigned)net->qos << 5 |
                                            (is_again ? WAX_SN_DUPLICATE : 0U)),
                         .topic_id = 7,
                         .message_id = id,
                         .data = wax_bytes_of(&payload, 1),
                     });
}

static void device_goes_on(struct net *net, bool is_released)
{
    struct device *device = &net->device;

    device->is_released = is_released;
    device->sent += is_released ? 0 : 1;
    device->again_ms = 0;
    if (device->sent < MESSAGES) {
        device_publishes(net);
    }
}

static void device_gets_publish(struct net *net, const wax_sn_packet *packet)
{
    struct device *device = &net->device;
    unsigned number = packet->data.data[0];

    if (net->qos == 2) {
        device->got[number] += device->held[number] == packet->message_id ? 0 : 1;
        device->held[number] = packet->message_id;
        from_device(net, &(wax_sn_packet){.type = WAX_SN_PUBREC, .message_id = packet->message_id});
        return;
    }
    device->got[number]++;
    from_device(net, &(wax_sn_packet){.type = WAX_SN_PUBACK,
                                      .topic_id = packet->topic_id,
                                      .message_id = packet->message_id});
}

static void device_gets(struct net *net, const wax_sn_packet *packet)
{
    struct device *device = &net->device;
    bool is_mine = packet->message_id == device->sent + 1;

    switch (packet->type) {
    case WAX_SN_REGISTER:
        from_device(net, &(wax_sn_packet){.type = WAX_SN_REGACK,
                                          .topic_id = packet->topic_id,
                                          .message_id = packet->message_id});
        break;
    case WAX_SN_PUBLISH:
        device_gets_publish(net, packet);
        break;
    case WAX_SN_PUBREL:
        from_device(net,
                    &(wax_sn_packet){.type = WAX_SN_PUBCOMP, .message_id = packet->message_id});
        break;
    case WAX_SN_PUBACK:
        assert_int_equal(packet->code, WAX_SN_ACCEPTED);
        if (is_mine && net->qos == 1) {
            device_goes_on(net, false);
        }
        break;
    case WAX_SN_PUBREC:
        if (is_mine && !device->is_released) {
            device_goes_on(net, true);
        }
        break;
    case WAX_SN_PUBCOMP:
        if (is_mine && device->is_released) {
            device_goes_on(net, false);
        }
        break;
    default:
        fail_msg("a packet of type %u", packet->type);
    }
}

/* --- The network --- */

/* Hands over the packet that is due first, or lets time pass until something is to be done. */
static void step(struct net *net)
{
    struct world *world = &net->world;
    uint64_t at_ms = wax_sn_client_deadline_ms(&world->client);
    size_t first = net->flight_count;
    struct flight flight;
    wax_sn_packet packet;

    if (net->device.sent < MESSAGES && net->device.again_ms < at_ms) {
        at_ms = net->device.again_ms;
    }
    for (size_t i = 0; i < net->flight_count; i++) {
        if (net->flights[i].at_ms < at_ms) {
            at_ms = net->flights[i].at_ms;
            first = i;
        }
    }
    if (first == net->flight_count) {
        time_passes(world, at_ms > world->now_ms ? at_ms - world->now_ms : 0);
        gather(net);
        if (net->device.sent < MESSAGES && world->now_ms >= net->device.again_ms) {
            device_publishes(net);
        }
        return;
    }
    flight = net->flights[first];
    net->flights[first] = net->flights[--net->flight_count];
    world->now_ms = at_ms > world->now_ms ? at_ms : world->now_ms;
    assert_int_equal(wax_sn_packet_read(&packet, wax_bytes_of(flight.bytes, flight.size)), WAX_OK);
    if (flight.is_down) {
        device_gets(net, &packet);
    } else {
        device_says(world, &packet);
        gather(net);
    }
}

static bool is_done(const struct net *net)
{
    return net->device.sent == MESSAGES && net->broker_done == MESSAGES;
}

static void run(uint32_t seed, uint8_t qos, unsigned loss)
{
    static struct net net;
    uint8_t payload;

    memset(&net, 0, sizeof net);
    world_connected(&net.world, WAX_VERSION_5, WAX_SN_CLEAN);
    net.world.config.retries_max = 1000; /* it is never given up here */
    net.world.client.duration_s = 0;
    net.random = seed;
    net.qos = qos;
    net.loss = loss;
    for (payload = 0; payload < MESSAGES; payload++) {
        broker_publishes(&net.world, payload % 2 == 0 ? "ab" : "a/topic", wax_bytes_of(&payload, 1),
                         qos, (uint16_t)(100 + payload));
        gather(&net);
    }
    device_publishes(&net);
    for (unsigned i = 0; i < ROUNDS_MAX && !is_done(&net); i++) {
        step(&net);
        assert_int_equal(net.world.client.state, WAX_SN_ACTIVE);
    }
    assert_true(is_done(&net));
    for (unsigned i = 0; i < MESSAGES; i++) {
        assert_true(net.device.got[i] >= 1 && net.broker_got[i] >= 1);
        if (qos == 2) {
            assert_int_equal(net.device.got[i], 1);
            assert_int_equal(net.broker_got[i], 1);
        }
    }
    assert_int_equal(net.world.client.queue_used, 0);
    assert_int_equal(net.world.client.dropped_count, 0);
}

static void qos_1_arrives(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        run(seed, 1, seed % 50);
    }
}

static void qos_2_arrives_once(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        run(seed, 2, seed % 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qos_1_arrives),
        cmocka_unit_test(qos_2_arrives_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
