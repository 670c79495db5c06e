/* A client whose server, network and application do anything in any order. The input is a program:
 * one byte of what to do and one of how, perhaps with bytes behind it. */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

enum { PIPE = 256, QUEUE = 300, SLOTS = 3 };

struct world {
    wax_client client;
    wax_client_config config;
    wax_loopback ends[2];
    uint8_t inboxes[2][PIPE];
    wax_flow slots[2][SLOTS];
    wax_client_receipt receipt;
    uint64_t now_ms;
    bool is_up;
};

static void poll(struct world *world)
{
    wax_client_event event;
    size_t sum = 0;

    while (wax_client_poll(&world->client, world->now_ms, &event)) {
        if (event.type == WAX_CLIENT_MESSAGE) {
            world->receipt = event.receipt;
            wax_assert(event.publish.topic.size > 0);
        }
        if (event.type == WAX_CLIENT_MESSAGE || event.type == WAX_CLIENT_PAYLOAD) {
            for (size_t i = 0; i < event.publish.payload.size; i++) {
                sum += event.publish.payload.data[i];
            }
        }
        if (event.type == WAX_CLIENT_DISCONNECTED || event.type == WAX_CLIENT_REFUSED) {
            world->is_up = false;
            wax_assert(world->client.transport == NULL);
        }
        wax_assert(event.type != WAX_CLIENT_DELIVERED || event.token != 0);
    }
    wax_assert(world->client.queue_used <= QUEUE && world->client.queue_end <= QUEUE);
    wax_assert(world->client.queue_next <= world->client.queue_end);
    wax_assert(wax_client_waiting_count(&world->client) <= QUEUE / WAX_CLIENT_RECORD_SIZE);
    (void)wax_client_waits(&world->client);
    (void)wax_client_deadline_ms(&world->client);
    world->receipt.era ^= (uint16_t)(sum == 77777);
}

static void connect(struct world *world)
{
    if (world->client.transport != NULL) {
        return;
    }
    wax_loopback_open(&world->ends[0], &world->ends[1], world->inboxes[0], world->inboxes[1], PIPE);
    world->is_up =
        wax_client_attach(&world->client, &world->ends[0].transport, world->now_ms) == WAX_OK;
}

static void hear(struct world *world, wax_bytes bytes)
{
    size_t sent;

    if (world->is_up && bytes.size > 0) {
        (void)!wax_transport_send(&world->ends[1].transport, bytes, &sent);
    }
}

static void drain(struct world *world)
{
    uint8_t room[PIPE];
    size_t received;

    if (world->is_up) {
        (void)!wax_transport_receive(&world->ends[1].transport, room, sizeof room, &received);
    }
}

/* A packet that is likely to mean something: head, size, packet id. */
static void answer(struct world *world, uint8_t how)
{
    static const uint8_t heads[] = {0x40, 0x50, 0x70, 0x62, 0x90, 0xb0, 0xd0, 0x20};
    uint8_t head = heads[how & 7];
    uint8_t packet[] = {head, 2, 0, (uint8_t)(how >> 3 & 15), 0};

    if (head == 0xd0) {
        packet[1] = 0;
    }
    if (head == 0x20) {
        packet[2] = how >> 7;
        packet[3] = 0;
        packet[1] = world->config.version == WAX_VERSION_5 ? 3 : 2;
    }
    hear(world, wax_bytes_of(packet, 2U + packet[1]));
}

static void act(struct world *world, uint8_t what, uint8_t how, wax_bytes bytes)
{
    wax_publish publish = {
        .topic = WAX_TEXT("a/b"), .payload = bytes, .qos = how & 3, .retain = (how & 4) != 0};
    wax_subscription subscription = {.filter = WAX_TEXT("a/#"), .qos = 1};
    wax_client_request request = {.subscriptions = &subscription, .count = how & 1};
    uint32_t token;
    size_t taken;

    switch (what % 12) {
    case 0:
        hear(world, bytes);
        break;
    case 1:
        answer(world, how);
        break;
    case 2:
        (void)!wax_client_publish(&world->client, &publish, &token);
        break;
    case 3:
        (void)!wax_client_publish_start(&world->client, &publish, how, &token);
        break;
    case 4:
        (void)!wax_client_publish_more(&world->client, bytes, &taken);
        break;
    case 5:
        (void)!wax_client_subscribe(&world->client, &request, &token);
        break;
    case 6:
        (void)!wax_client_acknowledge(&world->client, world->receipt, how & 0x80);
        break;
    case 7:
        world->now_ms += (uint64_t)how << (how & 15);
        break;
    case 8:
        if (world->is_up) {
            wax_transport_release(&world->ends[1].transport);
        }
        break;
    case 9:
        wax_client_detach(&world->client, world->now_ms);
        world->is_up = false;
        break;
    case 10:
        if (how == 7) {
            wax_client_disconnect(&world->client, how);
        } else {
            connect(world);
        }
        break;
    default:
        drain(world);
        break;
    }
}

static wax_client_config config_of(struct world *world, uint8_t bits)
{
    static const wax_version versions[] = {WAX_VERSION_5, WAX_VERSION_3_1_1};

    return (wax_client_config){
        .version = versions[bits & 1],
        .client_id = WAX_TEXT("f"),
        .keep_alive_s = 10,
        .clean_start = (bits & 2) != 0,
        .acknowledges = (bits & 4) != 0,
        .keeps_qos_0 = (bits & 8) != 0,
        .streams = (bits & 16) != 0,
        .receive_room = malloc(WAX_CLIENT_RECEIVE_SIZE_MIN),
        .receive_size = WAX_CLIENT_RECEIVE_SIZE_MIN,
        .send_room = malloc(WAX_CLIENT_SEND_SIZE_MIN),
        .send_size = WAX_CLIENT_SEND_SIZE_MIN,
        .queue_room = malloc(QUEUE),
        .queue_size = QUEUE,
        .alias_room = malloc(32),
        .alias_size = 32,
        .alias_maximum = (bits & 32) != 0 ? 4 : 0,
        .outgoing_slots = world->slots[0],
        .outgoing_count = SLOTS,
        .incoming_slots = world->slots[1],
        .incoming_count = SLOTS,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));
    struct world world = {.now_ms = 1};

    world.config = config_of(&world, wax_read_u8(&in));
    wax_status status = wax_client_open(&world.client, &world.config, 1, 1);
    wax_assert(status == WAX_OK);
    while (wax_reader_left(&in) >= 2) {
        uint8_t what = wax_read_u8(&in);
        uint8_t how = wax_read_u8(&in);
        size_t left = wax_reader_left(&in);
        bool has_bytes = what % 12 == 0 || what % 12 == 2 || what % 12 == 4;
        size_t wanted = has_bytes ? (size_t)how >> 2 : 0;
        act(&world, what, how, wax_read_bytes(&in, wanted < left ? wanted : left));
        if (what < 0x80) {
            poll(&world);
        }
    }
    free(world.config.receive_room);
    free(world.config.send_room);
    free(world.config.queue_room);
    free(world.config.alias_room);
    return 0;
}
