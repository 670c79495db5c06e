/* What the tests of the room `session` share: one end with all it needs, and bytes as hex text. */
#ifndef WAX_TESTS_UNIT_SESSION_CHECK_H
#define WAX_TESTS_UNIT_SESSION_CHECK_H

#include "../check.h"

#include "session/session.h"

enum { SLOTS = 4, START_MS = 1000 };

struct end {
    wax_session session;
    wax_flows outgoing;
    wax_flows incoming;
    wax_flow outgoing_slots[SLOTS];
    wax_flow incoming_slots[SLOTS];
    wax_aliases aliases[2];
    uint8_t aliases_in[64];
    uint8_t aliases_out[64];
    uint8_t property_room[128];
    wax_writer properties;
    uint8_t room[512];
    wax_writer out;
    wax_event event;
    uint64_t now_ms;
    size_t unread; /* what the last feed() left */
};

/* Bytes from hex digits; blanks are for the eye. The last four results live. */
static inline wax_bytes hex(const char *text)
{
    static uint8_t rooms[4][512];
    static unsigned turn;
    uint8_t *room = rooms[turn++ % 4U];
    size_t digits = 0;

    for (; *text != '\0'; text++) {
        if (*text != ' ') {
            const char *all = "0123456789abcdef";
            const char *at = strchr(all, *text);
            assert_true(at != NULL && digits / 2 < 512);
            room[digits / 2] =
                (uint8_t)(digits % 2 == 0 ? (at - all) << 4 : (room[digits / 2] | (at - all)));
            digits++;
        }
    }
    assert_true(digits % 2 == 0);
    return wax_bytes_of(room, digits / 2);
}

/* Limits that get in nobody's way. */
static inline wax_session_limits wide_limits(void)
{
    return (wax_session_limits){.packet_size_max = WAX_PACKET_SIZE_MAX,
                                .connect_size_max = 1024,
                                .connect_timeout_ms = 10000};
}

static inline void forget_output(struct end *end)
{
    end->out = wax_writer_over(end->room, sizeof end->room);
    end->properties = wax_writer_over(end->property_room, sizeof end->property_room);
}

/* Begins an end without a connection behind it. */
static inline void end_open(struct end *end, wax_role role, const wax_session_limits *limits)
{
    wax_session_limits wide = wide_limits();

    *end = (struct end){.now_ms = START_MS};
    wax_flows_init(&end->outgoing, end->outgoing_slots, SLOTS);
    wax_flows_init(&end->incoming, end->incoming_slots, SLOTS);
    wax_session_open(&end->session, role, limits == NULL ? &wide : limits, end->now_ms);
    if (role == WAX_ROLE_CLIENT) {
        wax_session_attach(&end->session, &end->outgoing, &end->incoming);
    }
    end->aliases[0] = (wax_aliases){.room = end->aliases_in, .size = sizeof end->aliases_in};
    end->aliases[1] = (wax_aliases){.room = end->aliases_out, .size = sizeof end->aliases_out};
    end->session.aliases_in = &end->aliases[0];
    end->session.aliases_out = &end->aliases[1];
    forget_output(end);
}

/* Goes on with the exchanges that were left, on a new connection. */
static inline void end_reopen(struct end *end, wax_role role, const wax_session_limits *limits)
{
    struct end old = *end;

    end_open(end, role, limits);
    memcpy(end->outgoing_slots, old.outgoing_slots, sizeof old.outgoing_slots);
    memcpy(end->incoming_slots, old.incoming_slots, sizeof old.incoming_slots);
    end->outgoing.used_count = old.outgoing.used_count;
    end->outgoing.last_id = old.outgoing.last_id;
    end->incoming.used_count = old.incoming.used_count;
    if (role == WAX_ROLE_CLIENT) {
        wax_session_attach(&end->session, &end->outgoing, &end->incoming);
    }
}

/* Receives one packet. */
static inline wax_status feed_bytes(struct end *end, wax_bytes bytes)
{
    wax_reader in = wax_reader_over(bytes);
    wax_status status =
        wax_session_receive(&end->session, &in, &end->out, end->now_ms, &end->event);

    end->unread = wax_reader_left(&in);
    return status;
}

static inline wax_status feed(struct end *end, const char *text)
{
    return feed_bytes(end, hex(text));
}

/* Whether exactly this was written; forgets it. */
static inline bool wrote(struct end *end, const char *text)
{
    bool same = wax_bytes_equal(wax_writer_bytes(&end->out), hex(text));

    if (!same) {
        for (size_t i = 0; i < end->out.used; i++) {
            print_message("%02x ", end->room[i]);
        }
        print_message("were written, not %s\n", text);
    }
    forget_output(end);
    return same;
}

/* CONNECT with the client id "c", a clean start and no keep alive. */
static inline const char *connect_of(wax_version version)
{
    return version == WAX_VERSION_5       ? "10 0e 0004 4d515454 05 02 0000 00 0001 63"
           : version == WAX_VERSION_3_1_1 ? "10 0d 0004 4d515454 04 02 0000 0001 63"
                                          : "10 0f 0006 4d514973 6470 03 02 0000 0001 63";
}

/* Takes the end through CONNECT and CONNACK, given as hex; a server makes its CONNACK itself. */
static inline void server_open(struct end *end, const char *connect)
{
    assert_int_equal(feed(end, connect), WAX_OK);
    assert_int_equal(end->event.type, WAX_EVENT_CONNECT);
    wax_session_attach(&end->session, &end->outgoing, &end->incoming);
    assert_int_equal(wax_session_accept(&end->session, true, end->event.connect.keep_alive_s,
                                        &end->properties, &end->out),
                     WAX_OK);
    forget_output(end);
}

static inline void client_connect(struct end *end, const wax_connect *connect)
{
    assert_int_equal(wax_session_connect(&end->session, connect, &end->properties, &end->out),
                     WAX_OK);
    forget_output(end);
}

static inline void client_open(struct end *end, const wax_connect *connect, const char *connack)
{
    client_connect(end, connect);
    assert_int_equal(feed(end, connack), WAX_OK);
    assert_int_equal(end->event.type, WAX_EVENT_CONNECTED);
    forget_output(end);
}

/* The end as it is right behind its CONNACK, its exchanges kept. */
static inline void end_ready(struct end *end, wax_role role, wax_version version,
                             const wax_session_limits *limits)
{
    wax_connect connect = {.version = version, .client_id = WAX_TEXT("c")};

    end_reopen(end, role, limits);
    if (role == WAX_ROLE_SERVER) {
        server_open(end, connect_of(version));
    } else {
        client_open(end, &connect, version == WAX_VERSION_5 ? "20 03 01 00 00" : "20 02 01 00");
    }
}

static inline wax_publish message_of(uint8_t qos)
{
    return (wax_publish){.topic = WAX_TEXT("t"), .qos = qos};
}

/* Publishes a message and returns what came of it; its packet id is in `*packet_id`. */
static inline wax_status publish(struct end *end, uint8_t qos, uint16_t *packet_id)
{
    wax_publish message = message_of(qos);
    wax_status status = wax_session_publish(&end->session, &message, &end->out);

    *packet_id = message.packet_id;
    return status;
}

static inline wax_status publish_again(struct end *end, uint8_t qos, uint16_t packet_id)
{
    wax_publish message = message_of(qos);

    message.duplicate = true;
    message.packet_id = packet_id;
    return wax_session_publish(&end->session, &message, &end->out);
}

static inline wax_status acknowledge(struct end *end, wax_packet_type type, uint16_t packet_id,
                                     uint8_t reason)
{
    return wax_session_acknowledge(&end->session, type, packet_id, reason, &end->out);
}

/* The counts of exchanges are those of the slots. */
static inline void check_counts(const wax_flows *flows)
{
    uint16_t used = 0;

    for (uint16_t i = 0; i < flows->slot_count; i++) {
        used = (uint16_t)(used + (flows->slots[i].waits != WAX_WAIT_NONE));
    }
    assert_int_equal(used, flows->used_count);
}

#endif
