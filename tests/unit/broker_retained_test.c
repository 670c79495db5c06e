/* What is retained, packed and whole: the message comes back as it was, and what it takes is known.
 */
#include "../check.h"

#include <stdlib.h>

#include "broker/retained.h"

/* A message as a publisher sends it; `payload_size` bytes of payload. */
static struct message *message_of(size_t payload_size)
{
    static uint8_t payload[2 * RETAINED_PACKED_MAX];
    const wax_access_identity author = {WAX_TEXT("user"), true, WAX_TEXT("client")};
    const struct draft draft = {
        .mount_point = WAX_TEXT("m/"),
        .topic = WAX_TEXT("a/topic"),
        .properties =
            WAX_TEXT("\x26\0\1a\0\1b\x02\0\0\0\x3c"), /* a user property, and a lifetime */
        .payload = {payload, payload_size},
        .author = &author,
        .sender = 99,
        .listener = 3,
        .qos = 2,
        .retain = true,
    };
    struct message *message;

    memset(payload, 'x', sizeof payload);
    message = message_make(&draft, 5000);
    assert_non_null(message);
    return message;
}

static void check_same(const struct message *found, const struct message *wanted)
{
    assert_non_null(found);
    assert_true(found->number == wanted->number && found->sender == 99);
    assert_true(found->expires_ms == 65000 && found->made_ms == 5000 && found->lifetime_s == 60);
    assert_true(found->qos == 2 && found->listener == 3 && found->retain && found->has_author);
    assert_true(wax_bytes_equal(found->topic, wanted->topic));
    assert_true(wax_bytes_equal(found->properties, wanted->properties));
    assert_true(wax_bytes_equal(found->payload, wanted->payload));
    assert_true(wax_bytes_equal(found->author, WAX_TEXT("user")));
    assert_true(wax_bytes_equal(found->author_id, WAX_TEXT("client")));
}

/* The content of message_of() beside its payload: topic, user property and author. */
enum { OTHER_SIZE = 9 + 7 + 4 + 6 };

static void messages_come_back(void **state)
{
    static const struct {
        size_t payload_size;
        enum retained_form form;
    } rows[] = {
        {1,                                    RETAINED_PACKED},
        {64,                                   RETAINED_PACKED},
        {RETAINED_PACKED_MAX - OTHER_SIZE,     RETAINED_PACKED},
        {RETAINED_PACKED_MAX - OTHER_SIZE + 1, RETAINED_WHOLE },
        {(size_t)2 * RETAINED_PACKED_MAX,      RETAINED_WHOLE },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct message *message = message_of(rows[i].payload_size);
        struct retained *retained = retained_make(message);
        struct message *found;
        assert_non_null(retained);
        assert_int_equal(retained->form, rows[i].form);
        assert_true(retained->number == message->number);
        assert_int_equal(retained->payload_size, rows[i].payload_size);
        found = retained_message(retained, message->topic);
        check_same(found, message);
        assert_true((found == message) == (rows[i].form == RETAINED_WHOLE));
        message_release(found);
        retained_free(retained);
        assert_int_equal(atomic_load(&message->holders), 1);
        message_release(message);
    }
}

/* A small message takes less than half of what it takes on its way. */
static void packing_saves_memory(void **state)
{
    struct message *message = message_of(64);
    struct retained *retained = retained_make(message);

    (void)state;
    assert_true(retained_taken(retained) < message->size * 3 / 5);
    assert_true(retained_taken(retained) > 64);
    retained_free(retained);
    message_release(message);
}

static void what_is_stored_takes_nothing(void **state)
{
    struct retained *stored = retained_stored(7, 1000);

    (void)state;
    assert_non_null(stored);
    assert_true(stored->number == 7 && stored->payload_size == 1000);
    assert_int_equal(stored->form, RETAINED_STORED);
    assert_int_equal(retained_taken(stored), 0);
    assert_null(retained_message(stored, WAX_TEXT("t")));
    retained_free(stored);
    retained_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(packing_saves_memory),
        cmocka_unit_test(what_is_stored_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
