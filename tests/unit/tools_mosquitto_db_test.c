/* Mosquitto's database in its older forms; the newest is told by a story with Mosquitto itself. */
#include "../check.h"

#include "tools/mosquitto_db.h"

#define START(version) "\0\xb5\0mosquitto db\0\0\0\0\0\0\0" version
#define MESSAGE_3      "\0\2\0\0\0\x24\1\0\0\0\0\0\0\0\0\6sender\0\1\0\2\0\3a/b\1\1\0\0\0\5hello"
#define MESSAGE_4                                                                                  \
    "\0\2\0\0\0\x2b\1\0\0\0\0\0\0\0\0\6sender\0\3ann\7\x5b\0\1\0\2\0\3a/b\1\1\0\0\0\5hello"
#define REST                                                                                       \
    "\0\6\0\0\0\x10\0\4four\0\1\0\0\0\0\0\0\0\0"                                                   \
    "\0\5\0\0\0\x0c\0\4four\0\3a/#\1"                                                              \
    "\0\3\0\0\0\x15\0\4four\1\0\0\0\0\0\0\0\0\1\1\0\1\x0b\0"                                       \
    "\0\4\0\0\0\x08\1\0\0\0\0\0\0\0"

struct row {
    const char *name;
    const char *file;
    size_t size;
    const char *user;
    uint16_t port;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct row rows[] = {
    {"version 3", BYTES(START("\3") MESSAGE_3 REST), "",    0   },
    {"version 4", BYTES(START("\4") MESSAGE_4 REST), "ann", 1883},
};

static bool is(wax_bytes bytes, const char *text)
{
    return wax_bytes_equal(bytes, wax_bytes_of_text(text));
}

static void check_file(const struct row *row)
{
    struct db db;
    struct db_chunk chunk;

    check_row(row->name, db_open(&db, wax_bytes_of(row->file, row->size)) == WAX_OK);
    check_row(row->name, db_next(&db, &chunk) == WAX_OK && chunk.kind == DB_MESSAGE &&
                             chunk.store_id == 1 && is(chunk.client_id, "sender") &&
                             is(chunk.user, row->user) && chunk.port == row->port &&
                             is(chunk.topic, "a/b") && is(chunk.payload, "hello") &&
                             chunk.qos == 1 && chunk.retain);
    check_row(row->name, db_next(&db, &chunk) == WAX_OK && chunk.kind == DB_CLIENT &&
                             is(chunk.client_id, "four") && chunk.expiry_s == UINT32_MAX);
    check_row(row->name, db_next(&db, &chunk) == WAX_OK && chunk.kind == DB_SUBSCRIPTION &&
                             is(chunk.client_id, "four") && is(chunk.topic, "a/#") &&
                             chunk.qos == 1);
    check_row(row->name, db_next(&db, &chunk) == WAX_OK && chunk.kind == DB_QUEUED &&
                             chunk.store_id == 1 && !chunk.is_incoming && chunk.state == 11);
    check_row(row->name,
              db_next(&db, &chunk) == WAX_OK && chunk.kind == DB_RETAINED && chunk.store_id == 1);
    check_row(row->name, db_next(&db, &chunk) == WAX_NOT_FOUND);
}

static void older_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        check_file(&rows[i]);
    }
}

static void what_is_cut_is_refused(void **state)
{
    struct db db;
    struct db_chunk chunk;
    wax_status status;
    size_t good = 0;

    (void)state;
    for (size_t size = 0; size < rows[1].size; size++) {
        status = db_open(&db, wax_bytes_of(rows[1].file, size));
        while (status == WAX_OK) {
            status = db_next(&db, &chunk);
        }
        good += status == WAX_NOT_FOUND;
        check_row("cut", status == WAX_NOT_FOUND || status == WAX_MALFORMED);
    }
    assert_int_equal(good, 5); /* where one chunk ends and the next would begin */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_versions),
        cmocka_unit_test(what_is_cut_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
