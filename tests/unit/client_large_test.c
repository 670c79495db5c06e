/* A message of 160 KB, sealed from end to end, goes out of a device and into one with 16 KB for all
 * buffers: neither end ever has more of it than a chunk. */
#include "client_check.h"

#include "../seal_check.h"

enum {
    TEXT_SIZE = 160 * 1024,
    CHUNK = 4096,
    FRONT = 1, /* flags, before the text */
    ALL = FRONT + TEXT_SIZE,
    CHUNKS = (ALL + CHUNK - 1) / CHUNK,
    RECEIVE_SIZE = 512,
    SEND_SIZE = 512,
    QUEUE_SIZE = 256,
    LABELS_SIZE = 512, /* what the suite works in */
    SEALED_MAX = WAX_STREAM_HEAD_MAX + CHUNKS * WAX_CHUNK_ROOM(CHUNK),
};

/* All that a device has which both sends and receives. */
enum {
    BUFFERS = sizeof(wax_client) + RECEIVE_SIZE + SEND_SIZE + QUEUE_SIZE + 2 * sizeof(wax_flow) +
              sizeof(wax_sealer) + sizeof(wax_stream_sealer) + sizeof(wax_opener) +
              sizeof(wax_stream_opener) + 2 * LABELS_SIZE + 2 * WAX_CHUNK_ROOM(CHUNK),
};
_Static_assert(BUFFERS <= 16 * 1024, "a large message takes 16 KiB at most");

static uint8_t text_at(size_t place)
{
    return (uint8_t)(place * 7 + (place >> 8U));
}

/* A chunk of the stream, as a sensor would come by it. */
static size_t fill_chunk(uint8_t *room, size_t index)
{
    const size_t start = index * CHUNK;
    const size_t size = ALL - start < CHUNK ? ALL - start : CHUNK;
    wax_writer out = wax_writer_over(room, size);

    if (index == 0) {
        wax_stream_write_front(&out, wax_bytes_of(NULL, 0), false);
        assert_int_equal(out.used, FRONT);
    }
    for (size_t i = out.used; i < size; i++) {
        room[i] = text_at(start + i - FRONT);
    }
    return size;
}

static struct world *device_new(void)
{
    struct world *world = world_new(WAX_VERSION_5);

    world->config.receive_size = RECEIVE_SIZE;
    world->config.send_size = SEND_SIZE;
    world->config.queue_size = QUEUE_SIZE;
    world->config.outgoing_count = 1;
    world->config.incoming_count = 1;
    world->config.streams = true;
    return world;
}

static void give(struct world *world, wax_bytes bytes)
{
    while (bytes.size > 0) {
        size_t taken = 0;
        const wax_status status = wax_client_publish_more(&world->client, bytes, &taken);

        assert_true(status == WAX_OK || status == WAX_FULL);
        bytes = wax_bytes_of(bytes.data + taken, bytes.size - taken);
        settle(world);
    }
}

/* Seals and sends chunk by chunk; `carried` is what is on the wire, for the broker. */
static void send_large(struct world *world, struct seal_world *seal, wax_writer *carried)
{
    static uint8_t room[WAX_CHUNK_ROOM(CHUNK)];
    const size_t around = WAX_HEDGE_SIZE + seal->group.tag_size;
    const wax_publish publish = {.topic = seal_plain.topic, .qos = 1};
    wax_stream_sealer stream;
    uint8_t head_room[WAX_STREAM_HEAD_MAX];
    wax_writer head = wax_writer_over(head_room, sizeof head_room);
    uint32_t token;

    assert_int_equal(wax_stream_sealer_start(&stream, &seal->sealer, seal_plain.topic, CHUNK),
                     WAX_OK);
    wax_stream_write_head(&stream, &head, true);
    assert_int_equal(wax_client_publish_start(&world->client, &publish,
                                              (uint32_t)(head.used + ALL + CHUNKS * around),
                                              &token),
                     WAX_OK);
    give(world, wax_writer_bytes(&head));
    wax_write_bytes(carried, wax_writer_bytes(&head));
    for (size_t i = 0; i < CHUNKS; i++) {
        const size_t size = fill_chunk(room + WAX_HEDGE_SIZE, i);

        assert_int_equal(wax_stream_sealer_seal(&stream, room, size, i + 1 == CHUNKS), WAX_OK);
        give(world, wax_bytes_of(room, size + around));
        wax_write_bytes(carried, wax_bytes_of(room, size + around));
    }
    wax_stream_sealer_end(&stream);
}

/* What a reader has of a message while it comes. */
struct reading {
    wax_stream_opener opener;
    uint8_t room[WAX_CHUNK_ROOM(CHUNK)];
    size_t size;
    bool is_whole;
};

static void read_piece(struct reading *reading, wax_bytes piece)
{
    while (piece.size > 0) {
        wax_chunk chunk;
        const wax_status status = wax_stream_opener_push(&reading->opener, &piece, &chunk);

        assert_true(status == WAX_OK || status == WAX_MORE);
        for (size_t i = 0; status == WAX_OK && i < chunk.data.size; i++) {
            assert_int_equal(chunk.data.data[i], text_at(reading->size++));
        }
        reading->is_whole = reading->is_whole || (status == WAX_OK && chunk.is_last);
    }
}

static void receive_large(struct world *world, struct reading *reading)
{
    bool has_moved = true;

    while (has_moved) {
        wax_client_event event;

        has_moved = server_turn(world);
        while (wax_client_poll(&world->client, world->now_ms, &event)) {
            has_moved = true;
            if (event.type == WAX_CLIENT_MESSAGE) {
                wax_stream_opener_begin(&reading->opener, seal_plain.topic,
                                        event.publish.payload.size + event.payload_left, 0);
            }
            if (event.type == WAX_CLIENT_MESSAGE || event.type == WAX_CLIENT_PAYLOAD) {
                read_piece(reading, event.publish.payload);
            }
        }
    }
}

static void a_sealed_message_of_160_kb_goes_through_16_kb(void **state)
{
    static struct seal_world seal;
    static struct reading reading;
    static uint8_t carried_room[SEALED_MAX];
    wax_writer carried = wax_writer_over(carried_room, sizeof carried_room);
    struct world *world = device_new();
    wax_publish publish = {.topic = seal_plain.topic, .qos = 1};
    (void)state;

    seal_world_make(&seal, &seal_suites[0], WAX_CLASS_STREAM, 1);
    seal.sealer.room.size = LABELS_SIZE;
    seal.opener.room.size = LABELS_SIZE;
    world_start(world);
    send_large(world, &seal, &carried);
    assert_int_equal(carried.status, WAX_OK);
    assert_int_equal(world->last[WAX_CLIENT_DELIVERED].status, WAX_OK);
    assert_int_equal(world->counts[WAX_CLIENT_DELIVERED], 1);
    assert_int_equal(world->server.payload_size, carried.used);
    assert_int_equal(world->server.payload_sum, sum_of(0, wax_writer_bytes(&carried)));

    publish.payload = wax_writer_bytes(&carried);
    assert_int_equal(wax_session_publish(&world->server.session, &publish, &world->server.writer),
                     WAX_OK);
    wax_write_bytes(&world->server.writer, publish.payload);
    reading = (struct reading){
        .opener = {.opener = &seal.opener, .room = reading.room, .room_size = sizeof reading.room}
    };
    receive_large(world, &reading);
    assert_true(reading.is_whole);
    assert_int_equal(reading.size, TEXT_SIZE);
    print_message("buffers: %u bytes\n", (unsigned)BUFFERS);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_message_of_160_kb_goes_through_16_kb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
