/* Makes databases of Mosquitto by hand: every kind of chunk in every version. */
#ifndef WAX_TESTS_IMPORT_CHECK_H
#define WAX_TESTS_IMPORT_CHECK_H

#include "../check.h"
#include "import/import.h"

enum {
    CFG = 1,
    MSG_STORE,
    CLIENT_MSG,
    RETAIN,
    SUB,
    CLIENT,
    FILE_SIZE = 4096,
    SOON = 2000000000,
    PADDED = 4, /* what processors of 64 bits put behind a client */
};

/* A file that is being made. */
struct made {
    wax_writer out;
    uint32_t version;
    bool is_big_endian;
    size_t padding;   /* of a client in version 6 */
    size_t time_size; /* of a client before version 5 */
};

static uint8_t file_room[FILE_SIZE];
static uint8_t body_room[FILE_SIZE];

static inline void put_host(const struct made *made, wax_writer *out, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        size_t shift = made->is_big_endian ? size - 1 - i : i;

        wax_write_u8(out, (uint8_t)(number >> (8 * shift)));
    }
}

static inline void put_zeros(wax_writer *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wax_write_u8(out, 0);
    }
}

static inline void put_text(wax_writer *out, const char *text)
{
    wax_write_bytes(out, wax_bytes_of_text(text));
}

static inline void put_sized(wax_writer *out, const char *text)
{
    wax_write_blob(out, wax_bytes_of_text(text));
}

static inline uint16_t size_of(const char *text)
{
    return (uint16_t)strlen(text);
}

static inline struct made begin(uint32_t version)
{
    struct made made = {.out = wax_writer_over(file_room, sizeof file_room),
                        .version = version,
                        .padding = PADDED,
                        .time_size = 8};

    wax_write_bytes(&made.out, wax_bytes_of("\0\xb5\0mosquitto db\0\0\0\0", 19));
    wax_write_u32(&made.out, version);
    return made;
}

static inline wax_writer body(void)
{
    return wax_writer_over(body_room, sizeof body_room);
}

static inline void put_chunk(struct made *made, uint32_t kind, const wax_writer *content)
{
    if (made->version < 5) {
        wax_write_u16(&made->out, (uint16_t)kind);
    } else {
        wax_write_u32(&made->out, kind);
    }
    wax_write_u32(&made->out, (uint32_t)content->used);
    wax_write_bytes(&made->out, wax_writer_bytes(content));
}

static inline void put_config(struct made *made, uint64_t last_id)
{
    wax_writer out = body();

    if (made->version < 5) {
        wax_write_u8(&out, 1);
        wax_write_u8(&out, 8);
        put_host(made, &out, last_id, 8);
    } else {
        put_host(made, &out, last_id, 8);
        wax_write_u8(&out, 1);
        wax_write_u8(&out, 8);
        put_zeros(&out, 6);
    }
    put_chunk(made, CFG, &out);
}

static inline void put_old_message(struct made *made, wax_writer *out, uint64_t id,
                                   const char *topic, const char *payload)
{
    put_host(made, out, id, 8);
    put_sized(out, "source");
    if (made->version == 4) {
        put_sized(out, "ann");
        wax_write_u16(out, 1883);
    }
    wax_write_u16(out, 7);
    wax_write_u16(out, 0);
    put_sized(out, topic);
    wax_write_u8(out, 1);
    wax_write_u8(out, 1);
    wax_write_u32(out, size_of(payload));
    put_text(out, payload);
}

static inline void put_message(struct made *made, uint64_t id, const char *topic,
                               const char *payload)
{
    wax_writer out = body();

    if (made->version < 5) {
        put_old_message(made, &out, id, topic, payload);
        put_chunk(made, MSG_STORE, &out);
        return;
    }
    put_host(made, &out, id, 8);
    put_host(made, &out, SOON, 8);
    wax_write_u32(&out, size_of(payload));
    wax_write_u16(&out, 7);
    wax_write_u16(&out, 6);
    wax_write_u16(&out, 3);
    wax_write_u16(&out, size_of(topic));
    wax_write_u16(&out, 1883);
    wax_write_u8(&out, 1);
    wax_write_u8(&out, 1);
    put_text(&out, "source");
    put_text(&out, "ann");
    put_text(&out, topic);
    put_text(&out, payload);
    wax_write_bytes(&out, wax_bytes_of("\x04\x03\x00\x01x", 5));
    put_chunk(made, MSG_STORE, &out);
}

static inline void put_client(struct made *made, const char *id)
{
    wax_writer out = body();

    if (made->version < 5) {
        put_sized(&out, id);
        wax_write_u16(&out, 9);
        put_host(made, &out, SOON, made->time_size);
    } else {
        put_host(made, &out, SOON, 8);
        wax_write_u32(&out, 3600);
        wax_write_u16(&out, 9);
        wax_write_u16(&out, size_of(id));
        if (made->version == 6) {
            wax_write_u16(&out, 1884);
            wax_write_u16(&out, 3);
            put_zeros(&out, made->padding);
        }
        put_text(&out, id);
        put_text(&out, made->version == 6 ? "bob" : "");
    }
    put_chunk(made, CLIENT, &out);
}

/* A message of a client: `state` 11 is one that waits, `direction` 1 goes to the client. */
static inline void put_queued(struct made *made, const char *id, uint64_t store_id,
                              uint8_t direction, uint8_t state)
{
    wax_writer out = body();

    if (made->version < 5) {
        put_sized(&out, id);
        put_host(made, &out, store_id, 8);
        wax_write_u16(&out, 5);
        wax_write_u8(&out, 1);
        wax_write_u8(&out, 1);
        wax_write_u8(&out, direction);
        wax_write_u8(&out, state);
        wax_write_u8(&out, 0);
    } else {
        put_host(made, &out, store_id, 8);
        wax_write_u16(&out, 5);
        wax_write_u16(&out, size_of(id));
        wax_write_u8(&out, 1);
        wax_write_u8(&out, state);
        wax_write_u8(&out, 0x10);
        wax_write_u8(&out, direction);
        put_text(&out, id);
        wax_write_bytes(&out, wax_bytes_of("\x02\x0b\x2a", 3));
    }
    put_chunk(made, CLIENT_MSG, &out);
}

static inline void put_subscription(struct made *made, const char *id, const char *filter)
{
    wax_writer out = body();

    if (made->version < 5) {
        put_sized(&out, id);
        put_sized(&out, filter);
        wax_write_u8(&out, 2);
    } else {
        wax_write_u32(&out, 42);
        wax_write_u16(&out, size_of(id));
        wax_write_u16(&out, size_of(filter));
        wax_write_u8(&out, 2);
        wax_write_u8(&out, 0x1c);
        put_zeros(&out, 2);
        put_text(&out, id);
        put_text(&out, filter);
    }
    put_chunk(made, SUB, &out);
}

static inline void put_retained(struct made *made, uint64_t store_id)
{
    wax_writer out = body();

    put_host(made, &out, store_id, 8);
    put_chunk(made, RETAIN, &out);
}

/* A file with two of everything. */
static inline wax_bytes put_all(struct made *made)
{
    put_config(made, 9);
    put_message(made, 3, "home/b", "two");
    put_message(made, 2, "home/a", "one");
    put_client(made, "zoe");
    put_queued(made, "zoe", 3, 1, 3);
    put_queued(made, "zoe", 2, 1, 11);
    put_client(made, "amy");
    put_subscription(made, "amy", "home/+");
    put_subscription(made, "zoe", "#");
    put_subscription(made, "amy", "$share/g/x");
    put_retained(made, 3);
    put_retained(made, 2);
    assert_int_equal(made->out.status, WAX_OK);
    return wax_writer_bytes(&made->out);
}

#endif
