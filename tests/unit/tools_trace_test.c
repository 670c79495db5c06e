/* The lines that -d writes are those of libmosquitto, however the bytes come. */
#include "../check.h"

#include "tools/trace.h"

#include <stdlib.h>

enum {
    PIPE_SIZE = 400000,
};

/* A filter over one end in memory; what is sent at the other end comes in. */
struct world {
    wax_loopback near;
    wax_loopback far;
    uint8_t near_inbox[PIPE_SIZE];
    uint8_t far_inbox[PIPE_SIZE];
    char *text;
    size_t size;
    FILE *out;
    wax_transport *trace;
};

/* The memory of the ends is the world's. */
static void keep(wax_transport *self)
{
    (void)self;
}

static struct world *open_world(wax_version version)
{
    static wax_transport_kind kind;
    struct world *world = calloc(1, sizeof *world);
    struct trace_settings settings = {
        .version = version, .client_id = WAX_TEXT("me"), .tells_subscriptions = true};

    assert_non_null(world);
    wax_loopback_open(&world->near, &world->far, world->near_inbox, world->far_inbox, PIPE_SIZE);
    kind = *world->near.transport.kind;
    kind.release = keep;
    world->near.transport.kind = &kind;
    world->out = open_memstream(&world->text, &world->size);
    settings.out = world->out;
    world->trace = tools_trace_open(&settings, &world->near.transport);
    assert_non_null(world->trace);
    return world;
}

static void close_world(struct world *world)
{
    wax_transport_release(world->trace);
    (void)fclose(world->out);
    free(world->text);
    free(world);
}

static void pass(struct world *world, bool is_out, wax_bytes bytes)
{
    uint8_t room[1000];
    size_t count;

    if (is_out) {
        assert_int_equal(wax_transport_send(world->trace, bytes, &count), WAX_OK);
    } else {
        assert_int_equal(wax_transport_send(&world->far.transport, bytes, &count), WAX_OK);
        while (wax_transport_receive(world->trace, room, sizeof room, &count) == WAX_OK) {
        }
    }
}

#define BYTES(text) (text), sizeof(text) - 1

static void packets_are_told_as_libmosquitto_does(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        wax_version version;
        bool is_out;
        const char *line;
    } rows[] = {
        {BYTES("\x10\x0c\0\4MQTT\4\2\0\x0a\0\0"), WAX_VERSION_3_1_1, true,
         "Client me sending CONNECT\n"                                                                             },
        {BYTES("\x20\2\0\5"),                     WAX_VERSION_3_1_1, false, "Client me received CONNACK (5)\n"     },
        {BYTES("\x20\x09\0\0\6\x12\0\3you"),      WAX_VERSION_5,     false,
         "Client you received CONNACK (0)\n"                                                                       },
        {BYTES("\x32\6\0\1t\0\7x"),               WAX_VERSION_3_1_1, true,
         "Client me sending PUBLISH (d0, q1, r0, m7, 't', ... (1 bytes))\n"                                        },
        {BYTES("\x3d\7\0\1t\0\7\0x"),             WAX_VERSION_5,     false,
         "Client me received PUBLISH (d1, q2, r1, m7, 't', ... (1 bytes))\n"                                       },
        {BYTES("\x40\2\0\7"),                     WAX_VERSION_3_1_1, true,  "Client me sending PUBACK (m7, rc0)\n" },
        {BYTES("\x40\3\0\7\x10"),                 WAX_VERSION_5,     false,
         "Client me received PUBACK (Mid: 7, RC:16)\n"                                                             },
        {BYTES("\x50\2\0\7"),                     WAX_VERSION_3_1_1, false, "Client me received PUBREC (Mid: 7)\n" },
        {BYTES("\x62\2\0\7"),                     WAX_VERSION_3_1_1, true,  "Client me sending PUBREL (m7)\n"      },
        {BYTES("\x70\2\0\7"),                     WAX_VERSION_3_1_1, false,
         "Client me received PUBCOMP (Mid: 7, RC:0)\n"                                                             },
        {BYTES("\x70\2\0\7"),                     WAX_VERSION_3_1_1, true,  "Client me sending PUBCOMP (m7)\n"     },
        {BYTES("\x82\x0b\0\1\0\0\1a\x2e\0\1b\1"), WAX_VERSION_5,     true,
         "Client me sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 2, Options: 0x2c)\n"
         "Client me sending SUBSCRIBE (Mid: 1, Topic: b, QoS: 1, Options: 0x00)\n"                                 },
        {BYTES("\x90\4\0\1\1\x80"),               WAX_VERSION_3_1_1, false,
         "Client me received SUBACK\nSubscribed (mid: 1): 1, 128\n"                                                },
        {BYTES("\xa2\5\0\2\0\1b"),                WAX_VERSION_3_1_1, true,
         "Client me sending UNSUBSCRIBE (Mid: 2, Topic: b)\n"                                                      },
        {BYTES("\xb0\2\0\2"),                     WAX_VERSION_3_1_1, false, "Client me received UNSUBACK\n"        },
        {BYTES("\xc0\0"),                         WAX_VERSION_3_1_1, true,  "Client me sending PINGREQ\n"          },
        {BYTES("\xd0\0"),                         WAX_VERSION_3_1_1, false, "Client me received PINGRESP\n"        },
        {BYTES("\xe0\0"),                         WAX_VERSION_3_1_1, true,  "Client me sending DISCONNECT\n"       },
        {BYTES("\xe0\1\x8b"),                     WAX_VERSION_5,     false, "Client me received DISCONNECT (139)\n"},
        {BYTES("\0nonsense"),                     WAX_VERSION_5,     false, ""                                     },
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (size_t step = 1; step <= rows[i].size; step += rows[i].size - 1) {
            struct world *world = open_world(rows[i].version);

            for (size_t at = 0; at < rows[i].size; at += step) {
                pass(world, rows[i].is_out, wax_bytes_of(rows[i].bytes + at, step));
            }
            assert_string_equal(world->text, rows[i].line);
            close_world(world);
        }
    }
}

static void a_large_message_is_told_by_its_head(void **state)
{
    (void)state;
    struct world *world = open_world(WAX_VERSION_3_1_1);
    static uint8_t zeros[300000];

    pass(world, true, wax_bytes_of("\x30\xe3\xa7\x12\0\1t", 7)); /* 300000 bytes of payload */
    assert_string_equal(world->text,
                        "Client me sending PUBLISH (d0, q0, r0, m0, 't', ... (300000 bytes))\n");
    pass(world, true, wax_bytes_of(zeros, sizeof zeros));
    pass(world, true, wax_bytes_of("\xe0\0", 2));
    assert_non_null(strstr(world->text, "bytes))\nClient me sending DISCONNECT\n"));
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_told_as_libmosquitto_does),
        cmocka_unit_test(a_large_message_is_told_by_its_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
