/* A device, a gateway's client and a broker in one test: packets and bytes are handed over by the
 * test, time passes when it says so. */
#ifndef WAX_TESTS_SN_WORLD_H
#define WAX_TESTS_SN_WORLD_H

#include "sn/sn.h"

#include <string.h>

static const wax_sn_predefined world_topics[] = {
    {7, {(const uint8_t *)"pre/seven", 9}},
};

struct world {
    wax_sn_client client;
    wax_sn_config config;
    uint64_t now_ms;
    uint8_t down_room[3 * WAX_SN_PACKET_MAX];
    uint8_t up_room[2 * WAX_SN_UP_SIZE_MIN];
    wax_writer down;
    wax_writer up;
    wax_reader down_left; /* what of `down` the device has not read */
    wax_reader up_left;   /* what of `up` the broker has not read */
    uint8_t heard_room[2 * WAX_SN_HEAR_SIZE_MIN];
};

static inline void world_begin(struct world *world, wax_version version)
{
    memset(world, 0, sizeof *world);
    world->config = (wax_sn_config){
        .version = version,
        .predefined = world_topics,
        .predefined_count = 1,
        .hash_key = {1, 2},
        .retry_ms = 10000,
        .retries_max = 3,
        .connect_ms = 30000,
        .session_expiry_s = 1000,
        .keep_alive_s = 60,
    };
    world->now_ms = 1000;
    wax_sn_client_open(&world->client, &world->config, world->now_ms);
    world->down = wax_writer_over(world->down_room, sizeof world->down_room);
    world->up = wax_writer_over(world->up_room, sizeof world->up_room);
}

/* Empty rooms for what comes out. */
static inline wax_sn_turn world_turn(struct world *world)
{
    world->down.used = 0;
    world->up.used = 0;
    return (wax_sn_turn){world->now_ms, &world->down, &world->up};
}

static inline void world_said(struct world *world)
{
    world->down_left = wax_reader_over(wax_writer_bytes(&world->down));
    world->up_left = wax_reader_over(wax_writer_bytes(&world->up));
}

static inline void device_says(struct world *world, const wax_sn_packet *packet)
{
    wax_sn_turn turn = world_turn(world);

    wax_sn_client_take(&world->client, packet, &turn);
    world_said(world);
}

/* The broker's bytes; all of them are taken. */
static inline void broker_says(struct world *world, wax_bytes bytes)
{
    wax_sn_turn turn = world_turn(world);
    wax_reader in = wax_reader_over(bytes);

    while (wax_sn_client_hear(&world->client, &in, &turn) == WAX_OK) {
    }
    world_said(world);
}

static inline void time_passes(struct world *world, uint64_t ms)
{
    wax_sn_turn turn = world_turn(world);

    world->now_ms += ms;
    turn.now_ms = world->now_ms;
    wax_sn_client_tick(&world->client, &turn);
    world_said(world);
}

static inline void broker_is_reached(struct world *world)
{
    wax_sn_turn turn = world_turn(world);

    wax_sn_client_attach(&world->client, &turn);
    world_said(world);
}

static inline void broker_is_lost(struct world *world)
{
    wax_sn_turn turn = world_turn(world);

    wax_sn_client_lost(&world->client, "lost", &turn);
    world_said(world);
}

/* The next packet for the device; type 0xff: there is none. */
static inline wax_sn_packet next_down(struct world *world)
{
    wax_sn_packet packet = {.type = 0xff};
    wax_bytes bytes;

    if (wax_sn_packet_next(&bytes, &world->down_left) == WAX_OK) {
        wax_assert(wax_sn_packet_read(&packet, bytes) == WAX_OK);
    }
    return packet;
}

/* The next packet for the broker; WAX_NO_PACKET: there is none. */
static inline wax_packet next_up(struct world *world)
{
    wax_packet packet = {.type = WAX_NO_PACKET};

    if (wax_packet_read(&packet, &world->up_left, world->config.version, WAX_PACKET_SIZE_MAX) !=
        WAX_OK) {
        packet.type = WAX_NO_PACKET;
    }
    return packet;
}

static inline wax_sn_packet of_device(uint8_t type, uint8_t flags, uint16_t message_id,
                                      const char *data)
{
    return (wax_sn_packet){.type = type,
                           .flags = flags,
                           .message_id = message_id,
                           .protocol = 1,
                           .data = wax_bytes_of_text(data)};
}

static inline void say(struct world *world, uint8_t type, uint8_t flags, uint16_t message_id,
                       const char *data)
{
    const wax_sn_packet packet = of_device(type, flags, message_id, data);

    device_says(world, &packet);
}

static inline void broker_accepts(struct world *world, bool session_present)
{
    const wax_connack connack = {.session_present = session_present};
    uint8_t room[32];
    wax_writer out = wax_writer_over(room, sizeof room);

    wax_assert(wax_connack_write(&out, &connack, world->config.version) == WAX_OK);
    broker_says(world, wax_writer_bytes(&out));
}

static inline void broker_acknowledges(struct world *world, wax_packet_type type, uint16_t id,
                                       uint8_t reason)
{
    const wax_notice it = {.type = type, .packet_id = id, .reason = reason};
    uint8_t room[32];
    wax_writer out = wax_writer_over(room, sizeof room);

    wax_assert(wax_notice_write(&out, &it, world->config.version) == WAX_OK);
    broker_says(world, wax_writer_bytes(&out));
}

static inline void broker_publishes(struct world *world, const char *topic, wax_bytes payload,
                                    uint8_t qos, uint16_t id)
{
    const wax_publish publish = {
        .topic = wax_bytes_of_text(topic), .payload = payload, .qos = qos, .packet_id = id};
    wax_writer out = wax_writer_over(world->heard_room, sizeof world->heard_room);

    wax_assert(wax_publish_write(&out, &publish, world->config.version) == WAX_OK);
    broker_says(world, wax_writer_bytes(&out));
}

/* A device that is connected. */
static inline void world_connected(struct world *world, wax_version version, uint8_t flags)
{
    const wax_sn_packet connect = {.type = WAX_SN_CONNECT,
                                   .flags = flags,
                                   .protocol = 1,
                                   .duration_s = 100,
                                   .data = WAX_TEXT("device")};

    world_begin(world, version);
    device_says(world, &connect);
    broker_is_reached(world);
    broker_accepts(world, false);
    wax_assert(next_down(world).type == WAX_SN_CONNACK);
    wax_assert(world->client.state == WAX_SN_ACTIVE);
}

#endif
