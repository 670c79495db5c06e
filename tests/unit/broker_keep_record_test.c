/* What is kept, written and read back; and what must not be understood. */
#include "../check.h"

#include <stdlib.h>

#include "broker/keep_record.h"
#include "os/os.h"

enum { ROOM_SIZE = 512, SLACK_MS = 1000 };

static uint8_t room[ROOM_SIZE];

static wax_writer begin(size_t size)
{
    assert_true(size <= sizeof room);
    return wax_writer_over(room, size);
}

/* What was written fills the size that was promised. */
static wax_bytes end(const wax_writer *out)
{
    assert_int_equal(out->status, WAX_OK);
    assert_int_equal(out->used, out->size);
    return wax_writer_bytes(out);
}

typedef bool read_function(wax_bytes value);

/* Reads the beginning of a value where reading beyond it is found out. */
static bool read_cut(wax_bytes value, size_t size, read_function *read)
{
    uint8_t *copy = malloc(size + 1);
    bool is_read;

    assert_non_null(copy);
    memcpy(copy + 1, value.data, size);
    is_read = read(wax_bytes_of(copy + 1, size));
    free(copy);
    return is_read;
}

/* No beginning of a value is taken for one, up to what stands last and may have any size. */
static void refuse_cut(wax_bytes value, size_t least, read_function *read)
{
    for (size_t size = 0; size < least; size++) {
        assert_false(read_cut(value, size, read));
    }
    assert_true(read(value));
}

static void refuse_other_versions(read_function *read)
{
    uint8_t version = room[0];

    assert_int_equal(version, KEPT_VERSION);
    for (unsigned other = 0; other < 256; other++) {
        room[0] = (uint8_t)other;
        assert_true(read(wax_bytes_of(room, sizeof room)) == (other == version));
    }
    room[0] = version;
}

/* --- Keys --- */

static void keys_are_in_order(void **state)
{
    const uint64_t numbers[] = {0, 1, 255, 256, UINT32_MAX, UINT64_C(1) << 56, UINT64_MAX};
    struct kept_key last = {.size = 0};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(numbers); i++) {
        for (size_t j = 0; j < WAX_COUNT(numbers); j++) {
            struct kept_key key = kept_key_of_row(numbers[i], numbers[j]);
            wax_bytes bytes = kept_key_bytes(&key);
            assert_true(wax_bytes_compare(bytes, kept_key_bytes(&last)) > 0);
            assert_true(kept_number(bytes) == numbers[i]);
            assert_true(kept_number(kept_rest(bytes)) == numbers[j]);
            last = key;
        }
    }
}

static void keys_of_packet_ids(void **state)
{
    struct kept_key key = kept_key_of_received(7, 0x1234);
    struct kept_key number = kept_key_of(7);
    wax_bytes rest = kept_rest(kept_key_bytes(&key));

    (void)state;
    assert_int_equal(key.size, 10);
    assert_int_equal(number.size, 8);
    assert_true(wax_bytes_start_with(kept_key_bytes(&key), kept_key_bytes(&number)));
    assert_true(rest.size == 2 && rest.data[0] == 0x12 && rest.data[1] == 0x34);
    assert_int_equal(kept_rest(wax_bytes_of(key.bytes, 5)).size, 0);
}

/* --- Sessions --- */

static bool read_session(wax_bytes value)
{
    struct kept_session session;

    return kept_session_read(value, &session);
}

static void sessions_come_back(void **state)
{
    const struct kept_session rows[] = {
        {.id = WAX_TEXT("a"),         .expiry_s = 1},
        {                    .id = WAX_TEXT("a"),                     .has_user = true,     .port = 65535, .expiry_s = UINT32_MAX},
        {                    .id = WAX_TEXT("bridge"),                .is_bridge = true,              .left_wall_ms = UINT64_MAX},
        { .id = WAX_TEXT("id"), .user = WAX_TEXT("name"),                            .has_user = true, .port = 1883},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_writer out = begin(kept_session_size(&rows[i]));
        struct kept_session found;
        kept_session_write(&out, &rows[i]);
        assert_true(kept_session_read(end(&out), &found));
        assert_true(wax_bytes_equal(found.id, rows[i].id));
        assert_true(wax_bytes_equal(found.user, rows[i].user));
        assert_true(found.has_user == rows[i].has_user && found.is_bridge == rows[i].is_bridge);
        assert_true(found.port == rows[i].port && found.expiry_s == rows[i].expiry_s);
        assert_true(found.left_wall_ms == rows[i].left_wall_ms);
        refuse_cut(wax_writer_bytes(&out), out.used, read_session);
        refuse_other_versions(read_session);
    }
}

/* --- Subscriptions --- */

static bool read_options(wax_bytes value)
{
    wax_subscription_options options;

    return kept_options_read(value, &options);
}

static wax_subscription_options options_of(unsigned bits, uint32_t identifier)
{
    return (wax_subscription_options){
        .identifier = identifier,
        .qos = (uint8_t)(bits % 3),
        .no_local = bits / 3 % 2 != 0,
        .retain_as_published = bits / 6 % 2 != 0,
        .retain_handling = (uint8_t)(bits / 12 % 3),
    };
}

static void options_come_back(void **state)
{
    const uint32_t identifiers[] = {0, 1, 268435455};

    (void)state;
    for (unsigned bits = 0; bits < 36; bits++) {
        wax_subscription_options options = options_of(bits, identifiers[bits % 3]);
        wax_writer out = begin(KEPT_OPTIONS_SIZE);
        wax_subscription_options found;
        kept_options_write(&out, &options);
        assert_true(kept_options_read(end(&out), &found));
        assert_true(found.identifier == options.identifier && found.qos == options.qos);
        assert_true(found.no_local == options.no_local);
        assert_true(found.retain_as_published == options.retain_as_published);
        assert_int_equal(found.retain_handling, options.retain_handling);
        refuse_cut(wax_writer_bytes(&out), KEPT_OPTIONS_SIZE, read_options);
        refuse_other_versions(read_options);
    }
    room[1] = 3; /* QoS */
    assert_false(read_options(wax_bytes_of(room, KEPT_OPTIONS_SIZE)));
}

/* --- Rows of queues --- */

static bool read_row(wax_bytes value)
{
    struct kept_row row;

    return kept_row_read(value, &row);
}

static void rows_come_back(void **state)
{
    const uint8_t identifiers[] = {0, 0, 0, 1, 0x0f, 0xff, 0xff, 0xff};
    /* clang-format off */
    const struct kept_row rows[] = {
        {.message = 7, .state = KEPT_SENT, .qos = 1, .packet_id = 3, .share_name = WAX_TEXT("g"), .filter = WAX_TEXT("a/+")},
        {.message = 7, .state = KEPT_WAITING, .qos = 2, .share_name = WAX_TEXT("group"), .filter = WAX_TEXT("#"), .identifiers = {identifiers, sizeof identifiers}},
        {.message = 1, .state = KEPT_WAITING, .qos = 0},
        {.message = UINT64_MAX, .state = KEPT_WAITING, .qos = 1, .retain = true, .weight = 9},
        {.message = 5, .state = KEPT_SENT, .qos = 2, .packet_id = 65535, .weight = UINT32_MAX},
        {.message = 0, .state = KEPT_RELEASED, .qos = 2, .packet_id = 1},
        {.message = 9, .qos = 2, .identifiers = {identifiers, sizeof identifiers}},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_writer out = begin(kept_row_size(&rows[i]));
        struct kept_row found;
        kept_row_write(&out, &rows[i]);
        assert_true(kept_row_read(end(&out), &found));
        assert_true(found.message == rows[i].message && found.state == rows[i].state);
        assert_true(found.qos == rows[i].qos && found.retain == rows[i].retain);
        assert_true(found.packet_id == rows[i].packet_id && found.weight == rows[i].weight);
        assert_true(wax_bytes_equal(found.identifiers, rows[i].identifiers));
        assert_true(wax_bytes_equal(found.share_name, rows[i].share_name));
        assert_true(wax_bytes_equal(found.filter, rows[i].filter));
        /* The store counts the holders of a message by this. */
        assert_true(kept_number(wax_writer_bytes(&out)) == rows[i].message);
        refuse_cut(wax_writer_bytes(&out), out.used - rows[i].identifiers.size, read_row);
    }
}

static void strange_rows_are_refused(void **state)
{
    enum { BITS = 8, ID_LOW = 10, SIZE = 15 };
    uint8_t *value = calloc(1, SIZE + 4 * KEPT_IDENTIFIER_MAX + 4);

    (void)state;
    assert_non_null(value);
    assert_true(read_row(wax_bytes_of(value, SIZE)));
    value[BITS] = 3; /* QoS */
    assert_false(read_row(wax_bytes_of(value, SIZE)));
    value[BITS] = KEPT_SENT << 4 | 1; /* without a packet id */
    assert_false(read_row(wax_bytes_of(value, SIZE)));
    value[ID_LOW] = 1;
    assert_true(read_row(wax_bytes_of(value, SIZE)));
    value[BITS] = (KEPT_RELEASED + 1) << 4;
    assert_false(read_row(wax_bytes_of(value, SIZE)));
    value[BITS] = 1;
    assert_false(read_row(wax_bytes_of(value, SIZE + 3))); /* part of an identifier */
    value[BITS] = 0x80 | 1;                                /* of a group without a name */
    assert_false(read_row(wax_bytes_of(value, SIZE + 4)));
    value[BITS] = 1;
    assert_true(read_row(wax_bytes_of(value, SIZE + 4 * KEPT_IDENTIFIER_MAX)));
    assert_false(read_row(wax_bytes_of(value, SIZE + 4 * KEPT_IDENTIFIER_MAX + 4)));
    free(value);
}

/* --- Wills and letters --- */

static bool read_will(wax_bytes value)
{
    struct kept_will will;

    return kept_will_read(value, &will);
}

static void wills_come_back(void **state)
{
    const struct kept_will will = {.message = UINT64_C(1) << 40, .delay_s = UINT32_MAX};
    wax_writer out = begin(KEPT_WILL_SIZE);
    struct kept_will found;

    (void)state;
    kept_will_write(&out, &will);
    assert_true(kept_will_read(end(&out), &found));
    assert_true(found.message == will.message && found.delay_s == will.delay_s);
    assert_true(kept_number(wax_writer_bytes(&out)) == will.message);
    refuse_cut(wax_writer_bytes(&out), KEPT_WILL_SIZE, read_will);
}

static bool read_letter(wax_bytes value)
{
    struct kept_letter letter;

    return kept_letter_read(value, &letter);
}

static void letters_come_back(void **state)
{
    const struct kept_letter rows[] = {
        {.message = 3, .index = 1,     .count = 2},
        { .message = 3,
         .index = KEPT_LETTER_SHARED,
         .count = 1,
         .share_name = WAX_TEXT("us"),
         .filter = WAX_TEXT("+/#")},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_writer out = begin(kept_letter_size(&rows[i]));
        struct kept_letter found;
        kept_letter_write(&out, &rows[i]);
        assert_true(kept_letter_read(end(&out), &found));
        assert_true(found.message == rows[i].message && found.index == rows[i].index);
        assert_int_equal(found.count, rows[i].count);
        assert_true(wax_bytes_equal(found.share_name, rows[i].share_name));
        assert_true(wax_bytes_equal(found.filter, rows[i].filter));
        assert_true(kept_number(wax_writer_bytes(&out)) == rows[i].message);
        refuse_cut(wax_writer_bytes(&out), out.used, read_letter);
    }
    memset(room + 10, 0, 2); /* of no workers: a session could be nobody's */
    assert_false(read_letter(wax_bytes_of(room, kept_letter_size(&rows[1]))));
}

/* --- Messages --- */

static bool read_message(wax_bytes value)
{
    struct message *message = kept_message_read(1, value);

    message_release(message);
    return message != NULL;
}

/* Clocks go on between writing and reading. */
static bool is_about(uint64_t one, uint64_t other)
{
    return one == other || (one < other ? other - one : one - other) <= SLACK_MS;
}

static void check_message(const struct message *found, const struct message *wanted)
{
    assert_non_null(found);
    assert_int_equal(atomic_load(&found->holders), 1);
    assert_true(found->number == 77 && found->sender == wanted->sender);
    assert_true(is_about(found->expires_ms, wanted->expires_ms));
    assert_true(is_about(found->made_ms, wanted->made_ms));
    assert_true(found->lifetime_s == wanted->lifetime_s && found->qos == wanted->qos);
    assert_true(found->listener == wanted->listener && found->retain == wanted->retain);
    assert_true(found->has_author == wanted->has_author);
    assert_true(wax_bytes_equal(found->topic, wanted->topic));
    assert_true(wax_bytes_equal(found->properties, wanted->properties));
    assert_true(wax_bytes_equal(found->payload, wanted->payload));
    assert_true(wax_bytes_equal(found->author, wanted->author));
    assert_true(wax_bytes_equal(found->author_id, wanted->author_id));
}

static void messages_come_back(void **state)
{
    const uint64_t now_ms = wax_clock_ms();
    /* clang-format off */
    const struct message rows[] = {
        {.topic = WAX_TEXT("t"), .expires_ms = WAX_NEVER, .lifetime_s = UINT32_MAX, .made_ms = now_ms},
        {.topic = WAX_TEXT("m/t"), .qos = 2, .sender = UINT64_MAX, .listener = UINT16_MAX, .made_ms = now_ms, .lifetime_s = 60, .expires_ms = now_ms + 60000},
        {.topic = WAX_TEXT("t"), .payload = WAX_TEXT("p"), .properties = WAX_TEXT("\x26\0\1a\0\1b"), .qos = 1, .expires_ms = WAX_NEVER, .lifetime_s = UINT32_MAX, .made_ms = now_ms},
        {.topic = WAX_TEXT("t"), .payload = WAX_TEXT("p"), .retain = true, .has_author = true, .author = WAX_TEXT("u"), .author_id = WAX_TEXT("id"), .expires_ms = now_ms, .lifetime_s = 0, .made_ms = now_ms},
        {.topic = WAX_TEXT("t"), .retain = true, .author_id = WAX_TEXT("id"), .expires_ms = WAX_NEVER, .lifetime_s = UINT32_MAX, .made_ms = now_ms},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_writer out = begin(kept_message_size(&rows[i]));
        struct message *found;
        kept_message_write(&out, &rows[i]);
        found = kept_message_read(77, end(&out));
        check_message(found, &rows[i]);
        message_release(found);
        refuse_cut(wax_writer_bytes(&out), out.used - rows[i].payload.size, read_message);
        refuse_other_versions(read_message);
    }
    room[1] |= 3; /* QoS */
    assert_false(read_message(wax_bytes_of(room, sizeof room)));
}

/* The monotonic clock begins anew with the machine: what is older than it lies at its beginning. */
static void times_before_the_machine_started(void **state)
{
    const struct message old = {.topic = WAX_TEXT("t"), .lifetime_s = 1};
    wax_writer out = begin(kept_message_size(&old));
    struct message *found;

    (void)state;
    kept_message_write(&out, &old);
    memset(room + 12, 0, 16); /* both times: 1970 */
    found = kept_message_read(5, end(&out));
    assert_non_null(found);
    assert_true(found->expires_ms == 0 && found->made_ms == 0);
    message_release(found);
}

/* --- What is retained --- */

static bool read_retained(wax_bytes value)
{
    struct kept_retained retained;

    return kept_retained_read(value, &retained);
}

static void retained_come_back(void **state)
{
    const struct kept_retained row = {UINT64_C(1) << 60, 268435455};
    wax_writer out = begin(KEPT_RETAINED_SIZE);
    struct kept_retained found;

    (void)state;
    kept_retained_write(&out, &row);
    assert_true(kept_retained_read(end(&out), &found));
    assert_true(found.message == row.message && found.payload_size == row.payload_size);
    for (size_t size = 0; size < KEPT_RETAINED_SIZE; size++) {
        assert_true(read_cut(wax_writer_bytes(&out), size, read_retained) ==
                    (size == WAX_STORE_NUMBER_SIZE));
    }
    /* An earlier version wrote the number alone. */
    assert_true(kept_retained_read(wax_bytes_of(room, WAX_STORE_NUMBER_SIZE), &found));
    assert_true(found.message == row.message && found.payload_size == UINT32_MAX);
}

/* --- Numbers --- */

static void a_restored_number_is_not_given_out_again(void **state)
{
    const struct draft draft = {.topic = WAX_TEXT("t")};
    struct message *first = message_make(&draft, 0);
    struct message old = {.number = first->number + 1000, .topic = WAX_TEXT("t")};
    struct message *restored = message_restore(&old);
    struct message *next = message_make(&draft, 0);
    struct message *older;

    (void)state;
    assert_true(restored->number == old.number && next->number > old.number);
    old.number = first->number;
    older = message_restore(&old);
    message_release(first);
    first = message_make(&draft, 0);
    assert_true(older->number == old.number && first->number > next->number);
    message_release(first);
    message_release(restored);
    message_release(next);
    message_release(older);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_in_order),
        cmocka_unit_test(keys_of_packet_ids),
        cmocka_unit_test(sessions_come_back),
        cmocka_unit_test(options_come_back),
        cmocka_unit_test(rows_come_back),
        cmocka_unit_test(strange_rows_are_refused),
        cmocka_unit_test(wills_come_back),
        cmocka_unit_test(letters_come_back),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(retained_come_back),
        cmocka_unit_test(times_before_the_machine_started),
        cmocka_unit_test(a_restored_number_is_not_given_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
