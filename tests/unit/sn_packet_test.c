/* MQTT-SN's packets as bytes, and frames of a serial line. */
#include "../check.h"

#include "sn/sn.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})
#define ROW(...)   BYTES(__VA_ARGS__), sizeof BYTES(__VA_ARGS__)

struct row {
    const char *name;
    const uint8_t *bytes;
    size_t size;
    wax_sn_packet packet;
};

/* clang-format off */
static const struct row rows[] = {
    {"ADVERTISE", ROW(5, 0x00, 9, 0x03, 0x84), {.type = WAX_SN_ADVERTISE, .gateway_id = 9, .duration_s = 900}},
    {"SEARCHGW", ROW(3, 0x01, 2), {.type = WAX_SN_SEARCHGW, .radius = 2}},
    {"GWINFO of a gateway", ROW(3, 0x02, 9), {.type = WAX_SN_GWINFO, .gateway_id = 9}},
    {"GWINFO of a client", ROW(5, 0x02, 9, 1, 2), {.type = WAX_SN_GWINFO, .gateway_id = 9, .data = {BYTES(1, 2), 2}}},
    {"CONNECT", ROW(8, 0x04, 0x0c, 1, 0, 60, 'i', 'd'),
        {.type = WAX_SN_CONNECT, .flags = WAX_SN_WILL | WAX_SN_CLEAN, .protocol = 1, .duration_s = 60, .data = {BYTES('i', 'd'), 2}}},
    {"CONNACK", ROW(3, 0x05, 1), {.type = WAX_SN_CONNACK, .code = WAX_SN_CONGESTION}},
    {"WILLTOPICREQ", ROW(2, 0x06), {.type = WAX_SN_WILLTOPICREQ}},
    {"WILLTOPIC", ROW(4, 0x07, 0x30, 'w'), {.type = WAX_SN_WILLTOPIC, .flags = WAX_SN_QOS_1 | WAX_SN_RETAIN, .data = {BYTES('w'), 1}}},
    {"WILLTOPIC of no Will", ROW(2, 0x07), {.type = WAX_SN_WILLTOPIC}},
    {"WILLMSGREQ", ROW(2, 0x08), {.type = WAX_SN_WILLMSGREQ}},
    {"WILLMSG", ROW(4, 0x09, 'h', 'i'), {.type = WAX_SN_WILLMSG, .data = {BYTES('h', 'i'), 2}}},
    {"REGISTER", ROW(7, 0x0a, 0, 3, 1, 2, 't'), {.type = WAX_SN_REGISTER, .topic_id = 3, .message_id = 258, .data = {BYTES('t'), 1}}},
    {"REGACK", ROW(7, 0x0b, 0, 3, 1, 2, 2), {.type = WAX_SN_REGACK, .topic_id = 3, .message_id = 258, .code = WAX_SN_INVALID_TOPIC}},
    {"PUBLISH", ROW(8, 0x0c, 0xe2, 'a', 'b', 0, 0, '!'),
        {.type = WAX_SN_PUBLISH, .flags = WAX_SN_DUPLICATE | WAX_SN_QOS_LESS | WAX_SN_TOPIC_SHORT, .topic_id = 0x6162, .data = {BYTES('!'), 1}}},
    {"PUBACK", ROW(7, 0x0d, 0, 3, 0, 4, 0), {.type = WAX_SN_PUBACK, .topic_id = 3, .message_id = 4}},
    {"PUBCOMP", ROW(4, 0x0e, 0, 4), {.type = WAX_SN_PUBCOMP, .message_id = 4}},
    {"PUBREC", ROW(4, 0x0f, 0, 4), {.type = WAX_SN_PUBREC, .message_id = 4}},
    {"PUBREL", ROW(4, 0x10, 0, 4), {.type = WAX_SN_PUBREL, .message_id = 4}},
    {"SUBSCRIBE by name", ROW(6, 0x12, 0x40, 0, 5, '#'), {.type = WAX_SN_SUBSCRIBE, .flags = WAX_SN_QOS_2, .message_id = 5, .data = {BYTES('#'), 1}}},
    {"SUBSCRIBE by id", ROW(7, 0x12, 0x01, 0, 5, 0, 9),
        {.type = WAX_SN_SUBSCRIBE, .flags = WAX_SN_TOPIC_PREDEFINED, .message_id = 5, .topic_id = 9, .data = {BYTES(0, 9), 2}}},
    {"SUBACK", ROW(8, 0x13, 0x20, 0, 9, 0, 5, 0), {.type = WAX_SN_SUBACK, .flags = WAX_SN_QOS_1, .topic_id = 9, .message_id = 5}},
    {"UNSUBSCRIBE by a short name", ROW(7, 0x14, 0x02, 0, 5, 'x', 'y'),
        {.type = WAX_SN_UNSUBSCRIBE, .flags = WAX_SN_TOPIC_SHORT, .message_id = 5, .topic_id = 0x7879, .data = {BYTES('x', 'y'), 2}}},
    {"UNSUBACK", ROW(4, 0x15, 0, 5), {.type = WAX_SN_UNSUBACK, .message_id = 5}},
    {"PINGREQ", ROW(2, 0x16), {.type = WAX_SN_PINGREQ}},
    {"PINGREQ of a sleeper", ROW(4, 0x16, 'i', 'd'), {.type = WAX_SN_PINGREQ, .data = {BYTES('i', 'd'), 2}}},
    {"PINGRESP", ROW(2, 0x17), {.type = WAX_SN_PINGRESP}},
    {"DISCONNECT", ROW(2, 0x18), {.type = WAX_SN_DISCONNECT}},
    {"DISCONNECT to sleep", ROW(4, 0x18, 1, 0), {.type = WAX_SN_DISCONNECT, .duration_s = 256}},
    {"WILLTOPICUPD", ROW(4, 0x1a, 0x40, 'w'), {.type = WAX_SN_WILLTOPICUPD, .flags = WAX_SN_QOS_2, .data = {BYTES('w'), 1}}},
    {"WILLTOPICUPD of no Will", ROW(2, 0x1a), {.type = WAX_SN_WILLTOPICUPD}},
    {"WILLTOPICRESP", ROW(3, 0x1b, 3), {.type = WAX_SN_WILLTOPICRESP, .code = WAX_SN_NOT_SUPPORTED}},
    {"WILLMSGUPD", ROW(3, 0x1c, 'm'), {.type = WAX_SN_WILLMSGUPD, .data = {BYTES('m'), 1}}},
    {"WILLMSGRESP", ROW(3, 0x1d, 0), {.type = WAX_SN_WILLMSGRESP}},
};
/* clang-format on */

static bool same(const wax_sn_packet *one, const wax_sn_packet *other)
{
    return one->type == other->type && one->flags == other->flags &&
           one->protocol == other->protocol && one->code == other->code &&
           one->gateway_id == other->gateway_id && one->radius == other->radius &&
           one->duration_s == other->duration_s && one->topic_id == other->topic_id &&
           one->message_id == other->message_id && wax_bytes_equal(one->data, other->data);
}

static void every_packet_is_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        wax_sn_packet packet;
        uint8_t room[64];
        wax_writer out = wax_writer_over(room, sizeof room);

        check_row(row->name,
                  wax_sn_packet_read(&packet, wax_bytes_of(row->bytes, row->size)) == WAX_OK);
        check_row(row->name, same(&packet, &row->packet));
        check_row(row->name, wax_sn_packet_write(&out, &row->packet) == WAX_OK);
        check_row(row->name,
                  wax_bytes_equal(wax_writer_bytes(&out), wax_bytes_of(row->bytes, row->size)));
        check_row(row->name, strncmp(row->name, wax_sn_packet_name(packet.type),
                                     strlen(wax_sn_packet_name(packet.type))) == 0);
    }
}

static void a_packet_is_all_of_its_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        uint8_t room[64] = {0};
        wax_sn_packet packet;

        memcpy(room, row->bytes, row->size);
        for (size_t size = 0; size < row->size; size++) {
            check_row(row->name,
                      wax_sn_packet_read(&packet, wax_bytes_of(room, size)) == WAX_MALFORMED);
        }
        check_row(row->name,
                  wax_sn_packet_read(&packet, wax_bytes_of(room, row->size + 1)) == WAX_MALFORMED);
    }
}

/* Whatever a bit makes of a packet: it is refused, or read within its bytes and written the same.
 */
static void every_bit_may_turn(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (size_t bit = 0; bit < rows[i].size * 8; bit++) {
            uint8_t room[64];
            uint8_t again[64];
            wax_writer out = wax_writer_over(again, sizeof again);
            wax_sn_packet packet;
            wax_sn_packet other;

            memcpy(room, rows[i].bytes, rows[i].size);
            room[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (wax_sn_packet_read(&packet, wax_bytes_of(room, rows[i].size)) != WAX_OK) {
                continue;
            }
            check_row(rows[i].name, wax_sn_packet_write(&out, &packet) == WAX_OK);
            check_row(rows[i].name, wax_sn_packet_read(&other, wax_writer_bytes(&out)) == WAX_OK);
            check_row(rows[i].name, same(&packet, &other));
        }
    }
}

/* clang-format off */
static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t size;
} wrong[] = {
    {"no byte", ROW(0)},
    {"a length alone", ROW(1)},
    {"a long length that is cut", ROW(1, 0)},
    {"a length of 0", ROW(0, 0x16)},
    {"a type that there is not", ROW(2, 0x03)},
    {"an encapsulated packet", ROW(5, 0xfe, 1, 2, 0x16)},
    {"CONNACK with a byte more", ROW(4, 0x05, 0, 0)},
    {"CONNACK without its code", ROW(2, 0x05)},
    {"DISCONNECT with half a duration", ROW(3, 0x18, 1)},
    {"a fourth type of topic", ROW(7, 0x0c, 0x03, 0, 1, 0, 0)},
    {"SUBSCRIBE to an id of three bytes", ROW(8, 0x12, 0x01, 0, 5, 0, 9, 9)},
    {"SUBSCRIBE to an id of one byte", ROW(6, 0x12, 0x02, 0, 5, 'x')},
};
/* clang-format on */

static void what_is_wrong_is_refused(void **state)
{
    wax_sn_packet packet;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(wrong); i++) {
        check_row(wrong[i].name,
                  wax_sn_packet_read(&packet, wax_bytes_of(wrong[i].bytes, wrong[i].size)) ==
                      WAX_MALFORMED);
    }
    assert_null(wax_sn_packet_name(0xfe));
}

static void long_packets_have_three_bytes_of_length(void **state)
{
    static uint8_t message[70000];
    static uint8_t room[70000];
    static const size_t sizes[] = {0, 247, 248, 249, 250, 251, 256, 1463, 60000, 65526};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(sizes); i++) {
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_sn_packet packet;

        assert_int_equal(
            wax_sn_write_publish(&out, WAX_SN_QOS_1, 1, 2, wax_bytes_of(message, sizes[i])),
            WAX_OK);
        assert_int_equal(out.used, sizes[i] + (sizes[i] + 7 <= 255 ? 7 : 9));
        assert_int_equal(wax_sn_packet_read(&packet, wax_writer_bytes(&out)), WAX_OK);
        assert_int_equal(packet.data.size, sizes[i]);
        out = wax_writer_over(room, out.used - 1);
        assert_int_equal(
            wax_sn_write_publish(&out, WAX_SN_QOS_1, 1, 2, wax_bytes_of(message, sizes[i])),
            WAX_FULL);
        assert_int_equal(out.used, 0);
    }
    wax_writer out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_sn_write_publish(&out, 0, 1, 0, wax_bytes_of(message, 65527)), WAX_FULL);
}

/* The three bytes may be used where one would do. [5.2.1] */
static void a_long_length_may_say_little(void **state)
{
    static const uint8_t bytes[] = {1, 0, 4, 0x16};
    wax_sn_packet packet;

    (void)state;
    assert_int_equal(wax_sn_packet_read(&packet, wax_bytes_of(bytes, sizeof bytes)), WAX_OK);
    assert_int_equal(packet.type, WAX_SN_PINGREQ);
}

static void a_device_says_what_it_wants(void **state)
{
    static const uint8_t said[] = {8,  0x04, 0x04, 1,   0,    60, 'i', 'd', 7,  0x0a, 0,   0,
                                   0,  1,    't',  8,   0x0c, 32, 0,   7,   0,  2,    '!', 2,
                                   22, 4,    22,   'i', 'd',  4,  24,  0,   10, 2,    24};
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_reader in;
    wax_bytes packet;
    size_t count = 0;

    (void)state;
    assert_int_equal(wax_sn_write_connect(&out, WAX_SN_CLEAN, 60, WAX_TEXT("id")), WAX_OK);
    assert_int_equal(wax_sn_write_register(&out, 1, WAX_TEXT("t")), WAX_OK);
    assert_int_equal(wax_sn_write_publish(&out, WAX_SN_QOS_1, 7, 2, WAX_TEXT("!")), WAX_OK);
    assert_int_equal(wax_sn_write_pingreq(&out, wax_bytes_of(NULL, 0)), WAX_OK);
    assert_int_equal(wax_sn_write_pingreq(&out, WAX_TEXT("id")), WAX_OK);
    assert_int_equal(wax_sn_write_disconnect(&out, 10), WAX_OK);
    assert_int_equal(wax_sn_write_disconnect(&out, 0), WAX_OK);
    assert_int_equal(out.used, sizeof said);
    assert_memory_equal(room, said, sizeof said);

    in = wax_reader_over(wax_writer_bytes(&out));
    while (wax_sn_packet_next(&packet, &in) == WAX_OK) {
        count++;
    }
    assert_int_equal(count, 7);
    assert_int_equal(wax_reader_left(&in), 0);
}

static void packets_that_follow_one_another_are_cut(void **state)
{
    static const uint8_t cut[] = {3, 0x05};
    static const uint8_t zero[] = {0, 0x05};
    wax_reader in = wax_reader_over(wax_bytes_of(cut, sizeof cut));
    wax_bytes packet;

    (void)state;
    assert_int_equal(wax_sn_packet_next(&packet, &in), WAX_MORE);
    assert_int_equal(wax_reader_left(&in), 2);
    in = wax_reader_over(wax_bytes_of(zero, sizeof zero));
    assert_int_equal(wax_sn_packet_next(&packet, &in), WAX_MALFORMED);
}

/* --- Frames --- */

static void the_crc_is_fcs_16(void **state)
{
    uint16_t crc = WAX_SN_CRC_START;

    (void)state;
    for (const char *at = "123456789"; *at != '\0'; at++) {
        crc = wax_sn_crc_next(crc, (uint8_t)*at);
    }
    assert_int_equal((uint16_t)~crc, 0x906e); /* the check value of CRC-16/X-25 */
}

struct line {
    wax_sn_frame frame;
    uint8_t room[32];
};

static void line_begin(struct line *line)
{
    *line = (struct line){.frame = {.size = sizeof line->room}};
    line->frame.room = line->room;
}

static void what_is_framed_comes_out(void **state)
{
    uint8_t packet[30];
    uint8_t room[128];

    (void)state;
    for (unsigned seed = 0; seed < 256; seed++) {
        size_t size = seed % 29 + 2;
        wax_writer out = wax_writer_over(room, sizeof room);
        struct line line;
        wax_reader in;
        wax_bytes got;

        for (size_t i = 0; i < size; i++) {
            packet[i] = (uint8_t)(seed + i);
        }
        line_begin(&line);
        assert_int_equal(wax_sn_frame_write(&out, wax_bytes_of(packet, size)), WAX_OK);
        assert_true(out.used <= 2 * (size + 2) + 2);
        assert_null(memchr(room + 1, 0x7e, out.used - 2));
        in = wax_reader_over(wax_writer_bytes(&out));
        assert_int_equal(wax_sn_frame_take(&line.frame, &in, &got), WAX_OK);
        assert_true(wax_bytes_equal(got, wax_bytes_of(packet, size)));
        assert_int_equal(wax_sn_frame_take(&line.frame, &in, &got), WAX_MORE);
        assert_int_equal(line.frame.broken_count, 0);
        out = wax_writer_over(room, out.used - 1);
        assert_int_equal(wax_sn_frame_write(&out, wax_bytes_of(packet, size)), WAX_FULL);
        assert_int_equal(out.used, 0);
    }
}

/* Every bit that turns in a frame of two is seen, and the frame behind it comes through. */
static void a_broken_frame_is_dropped_and_the_next_one_comes(void **state)
{
    const wax_bytes packets[] = {WAX_TEXT("\x06\x09\x7e\x7d!"), WAX_TEXT("\x03\x05")};
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof room);
    size_t first;

    (void)state;
    assert_int_equal(wax_sn_frame_write(&out, packets[0]), WAX_OK);
    first = out.used;
    assert_int_equal(wax_sn_frame_write(&out, packets[1]), WAX_OK);
    for (size_t bit = 0; bit < (first - 1) * 8; bit++) {
        struct line line;
        wax_bytes got = {NULL, 0};
        wax_bytes last = {NULL, 0};
        wax_reader in = wax_reader_over(wax_writer_bytes(&out));
        size_t count = 0;

        line_begin(&line);
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        while (wax_sn_frame_take(&line.frame, &in, &got) == WAX_OK) {
            last = got;
            count++;
        }
        assert_int_equal(count, 1);
        assert_true(wax_bytes_equal(last, packets[1]));
        assert_true(line.frame.broken_count >= 1);
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void a_frame_has_a_largest_size(void **state)
{
    uint8_t packet[31] = {0};
    uint8_t room[128];
    wax_writer out = wax_writer_over(room, sizeof room);
    struct line line;
    wax_reader in;
    wax_bytes got;

    (void)state;
    line_begin(&line);
    assert_int_equal(wax_sn_frame_write(&out, wax_bytes_of(packet, 31)), WAX_OK);
    assert_int_equal(wax_sn_frame_write(&out, wax_bytes_of(packet, 30)), WAX_OK);
    in = wax_reader_over(wax_writer_bytes(&out));
    assert_int_equal(wax_sn_frame_take(&line.frame, &in, &got), WAX_OK);
    assert_int_equal(got.size, 30);
    assert_int_equal(line.frame.broken_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_is_read_and_written),
        cmocka_unit_test(a_packet_is_all_of_its_bytes),
        cmocka_unit_test(every_bit_may_turn),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(long_packets_have_three_bytes_of_length),
        cmocka_unit_test(a_long_length_may_say_little),
        cmocka_unit_test(a_device_says_what_it_wants),
        cmocka_unit_test(packets_that_follow_one_another_are_cut),
        cmocka_unit_test(the_crc_is_fcs_16),
        cmocka_unit_test(what_is_framed_comes_out),
        cmocka_unit_test(a_broken_frame_is_dropped_and_the_next_one_comes),
        cmocka_unit_test(a_frame_has_a_largest_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
