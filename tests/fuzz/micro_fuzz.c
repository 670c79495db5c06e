/* A small client whose server and application do anything in any order. The first byte chooses the
 * version; then one byte of what to do and one of how, perhaps with bytes behind it. */
#include "micro/micro.h"

enum { PIPE = 256, ROOM = 64, EXCHANGES = 3 };

struct world {
    wax_micro micro;
    wax_micro_config config;
    wax_loopback ends[2];
    uint8_t inboxes[2][PIPE];
    uint8_t receive_room[ROOM];
    uint8_t send_room[ROOM];
    uint8_t sending[EXCHANGES];
    uint16_t receiving[EXCHANGES];
    uint32_t now_ms;
};

static void poll(struct world *world)
{
    wax_micro_event event;
    wax_status status;
    volatile uint8_t sum = 0;

    while ((status = wax_micro_poll(&world->micro, world->now_ms, &event)) == WAX_OK) {
        if (event.type == WAX_MICRO_MESSAGE) {
            wax_assert(event.publish.topic.size > 0);
            for (size_t i = 0; i < event.publish.payload.size; i++) {
                sum = (uint8_t)(sum + event.publish.payload.data[i]);
            }
        }
        wax_assert(event.type != WAX_MICRO_DELIVERED || event.packet_id <= EXCHANGES);
    }
    wax_assert(status == WAX_MORE || world->micro.transport == NULL);
    wax_assert(world->micro.received_size <= ROOM && world->micro.out.used <= ROOM);
    wax_assert(world->micro.taken_size <= world->micro.received_size);
}

static void dial(struct world *world)
{
    wax_loopback_open(&world->ends[0], &world->ends[1], world->inboxes[0], world->inboxes[1], PIPE);
    wax_assert(wax_micro_attach(&world->micro, &world->ends[0].transport, world->now_ms) == WAX_OK);
}

static void publish(struct world *world, uint8_t how)
{
    static const uint8_t text[ROOM] = "topic/of/a/message";
    wax_publish message = {
        .topic = {text, 1U + how % 18U},
        .payload = {text, how % ROOM    },
        .qos = how % 4U,
        .packet_id = how >> 5,
        .duplicate = (how & 0x10U) != 0 && how % 4U != 0,
    };

    (void)!wax_micro_publish(&world->micro, &message);
}

static void ask(struct world *world, uint8_t how)
{
    static const uint8_t text[] = "filter/+/#";
    wax_subscription subscription = {
        .filter = {text, how % sizeof text},
          .qos = how % 3U
    };
    uint16_t id;

    if (how < 128) {
        (void)!wax_micro_subscribe(&world->micro, &subscription, WAX_SUBSCRIBE, &id);
    } else {
        (void)!wax_micro_subscribe(&world->micro, &subscription, WAX_UNSUBSCRIBE, &id);
    }
}

static void act(struct world *world, uint8_t what, uint8_t how, wax_reader *in)
{
    uint8_t room[PIPE];
    wax_bytes bytes;
    size_t count;

    switch (what % 8U) {
    case 0:
        dial(world);
        break;
    case 1:
        publish(world, how);
        break;
    case 2:
        ask(world, how);
        break;
    case 3:
        (void)!wax_micro_disconnect(&world->micro,
                                    how % 2U == 0 ? 0 : WAX_REASON_DISCONNECT_WITH_WILL);
        break;
    case 4:
        world->now_ms += how * 1000U;
        break;
    case 5:
        (void)!wax_transport_receive(&world->ends[1].transport, room, sizeof room, &count);
        break;
    default:
        bytes = wax_read_bytes(in, how < wax_reader_left(in) ? how : wax_reader_left(in));
        if (bytes.size > 0) {
            (void)!wax_transport_send(&world->ends[1].transport, bytes, &count);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_version versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_5};
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));
    struct world world = {.now_ms = 0};

    world.config = (wax_micro_config){
        .connect = {.version = versions[wax_read_u8(&in) % 2U], .keep_alive_s = 100},
        .take = wax_micro_take_all,
        .receive_room = world.receive_room,
        .send_room = world.send_room,
        .sending = world.sending,
        .receiving = world.receiving,
        .receive_size = ROOM,
        .send_size = ROOM,
        .timeout_ms = 10000,
        .sending_count = EXCHANGES,
        .receiving_count = EXCHANGES,
    };
    wax_micro_open(&world.micro, &world.config);
    dial(&world);
    while (wax_reader_left(&in) > 0) {
        uint8_t what = wax_read_u8(&in);
        act(&world, what, wax_read_u8(&in), &in);
        poll(&world);
    }
    return 0;
}
