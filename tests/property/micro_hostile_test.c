/* A server that says anything at any time: the small client ends the connection with the reason
 * that MQTT demands or heeds it not, tells nothing that was not said, stays within its rooms, and
 * connects anew. */
#include "../hostile.h"

#include "micro/micro.h"

enum { PIPE_SIZE = 2048, RECEIVE_SIZE = 80, SEND_SIZE = 64, EXCHANGES = 2 };

static struct world {
    wax_micro micro;
    wax_micro_config config;
    wax_loopback ends[2];
    uint8_t inboxes[2][PIPE_SIZE];
    wax_version version;
    struct hostile_outcome outcome;
} world;

static const wax_publish hello = {
    .topic = {(const uint8_t *)"t",  1},
      .payload = {(const uint8_t *)"hi", 2}
};

static void count(const wax_micro_event *event)
{
    world.outcome.messages += event->type == WAX_MICRO_MESSAGE;
    world.outcome.delivered +=
        event->type == WAX_MICRO_DELIVERED || event->type == WAX_MICRO_SUBSCRIBED;
}

/* The server says something; what the client says to it is kept. */
static struct hostile_outcome hear(wax_bytes bytes)
{
    wax_loopback *server = &world.ends[1];
    wax_micro_event event;
    size_t sent;

    server->inbox_used = 0;
    world.outcome = (struct hostile_outcome){0};
    if (bytes.size > 0) {
        assert_int_equal(wax_transport_send(&server->transport, bytes, &sent), WAX_OK);
        assert_int_equal(sent, bytes.size);
    }
    do {
        world.outcome.status = wax_micro_poll(&world.micro, 1000, &event);
        count(&event);
    } while (world.outcome.status == WAX_OK);
    assert_true((world.micro.transport == NULL) == (world.outcome.status != WAX_MORE));
    world.outcome.sent = wax_bytes_of(server->inbox, server->inbox_used);
    return world.outcome;
}

#define HEAR(literal) hear(wax_bytes_of((const uint8_t *)(literal), sizeof(literal) - 1))

static void dial(void)
{
    wax_loopback_open(&world.ends[0], &world.ends[1], world.inboxes[0], world.inboxes[1],
                      PIPE_SIZE);
    assert_int_equal(wax_micro_attach(&world.micro, &world.ends[0].transport, 1000), WAX_OK);
    (void)HEAR("");
}

static void publish(uint8_t qos)
{
    wax_publish message = hello;

    message.qos = qos;
    assert_int_equal(wax_micro_publish(&world.micro, &message), WAX_OK);
    (void)HEAR("");
}

static void subscribe(void)
{
    const wax_subscription subscription = {
        .filter = {(const uint8_t *)"t", 1}
    };
    uint16_t id;

    assert_int_equal(wax_micro_subscribe(&world.micro, &subscription, WAX_SUBSCRIBE, &id), WAX_OK);
    (void)HEAR("");
}

static void accept(bool session_present)
{
    const uint8_t connack[] = {0x20, world.version == WAX_VERSION_5 ? 3 : 2, session_present, 0, 0};

    assert_int_equal(hear(wax_bytes_of(connack, 2U + connack[1])).status, WAX_MORE);
    assert_true(world.micro.is_open);
}

static void begin(wax_version version, enum hostile_state state)
{
    world.version = version;
    world.config = (wax_micro_config){
        .connect = {.version = version, .keep_alive_s = 60, .client_id = WAX_TEXT("d")},
        .take = wax_micro_take_all,
        .receive_room = malloc(RECEIVE_SIZE),
        .send_room = malloc(SEND_SIZE),
        .sending = malloc(EXCHANGES),
        .receiving = malloc(EXCHANGES * sizeof(uint16_t)),
        .receive_size = RECEIVE_SIZE,
        .send_size = SEND_SIZE,
        .timeout_ms = 10000,
        .sending_count = EXCHANGES,
        .receiving_count = EXCHANGES,
    };
    wax_micro_open(&world.micro, &world.config);
    dial();
    if (state == HOSTILE_CONNECTING) {
        return;
    }
    accept(false);
    if (state == HOSTILE_SENT_1) {
        publish(1);
    } else if (state == HOSTILE_SENT_2 || state == HOSTILE_RELEASED) {
        publish(2);
    } else if (state == HOSTILE_ASKED) {
        subscribe();
    } else if (state == HOSTILE_HEARD_2) {
        assert_int_equal(HEAR("\x34\x06\0\1t\0\7\0").messages, 1);
    }
    if (state == HOSTILE_RELEASED) {
        assert_int_equal(HEAR("\x50\x02\0\1").status, WAX_MORE);
    }
}

static void recover(void)
{
    struct hostile_outcome outcome;

    dial();
    accept(true);
    publish(0);
    assert_int_equal(world.outcome.sent.data[0], 0x30);
    outcome = HEAR("\x32\x06\0\1t\0\x0d\0");
    assert_int_equal(outcome.status, WAX_MORE);
    assert_int_equal(outcome.messages, 1);
    assert_int_equal(outcome.sent.size, 4);
    assert_memory_equal(outcome.sent.data, "\x40\x02\0\x0d", 4);
}

static void end(void)
{
    free(world.config.receive_room);
    free(world.config.send_room);
    free(world.config.sending);
    free(world.config.receiving);
}

static const struct hostile_subject subject = {
    .name = "micro",
    .packet_max = RECEIVE_SIZE,
    .begin = begin,
    .hear = hear,
    .recover = recover,
    .end = end,
};

static void each_packet_gets_its_verdict(void **state)
{
    (void)state;
    hostile_each(&subject, hostile_rows, WAX_COUNT(hostile_rows), hostile_row_holds);
}

static void a_packet_cut_anywhere_is_refused_or_waited_for(void **state)
{
    (void)state;
    hostile_each(&subject, hostile_seeds, WAX_COUNT(hostile_seeds), hostile_cuts);
}

static void any_byte_may_be_another(void **state)
{
    (void)state;
    hostile_each(&subject, hostile_seeds, WAX_COUNT(hostile_seeds), hostile_bytes);
}

static void a_length_may_say_anything(void **state)
{
    (void)state;
    hostile_each(&subject, hostile_seeds, WAX_COUNT(hostile_seeds), hostile_lengths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_gets_its_verdict),
        cmocka_unit_test(a_packet_cut_anywhere_is_refused_or_waited_for),
        cmocka_unit_test(any_byte_may_be_another),
        cmocka_unit_test(a_length_may_say_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
