/* Batches of changes that become one. */
#include "../store_check.h"

#include "store/batch.h"

static void put(wax_store_batch *batch, const char *key, const char *value)
{
    wax_store_put(batch, WAX_STORE_META, wax_bytes_of_text(key), wax_bytes_of_text(value), false);
}

/* Fails unless the batch puts these keys, in this order, one letter each. */
static void check_keys(const wax_store_batch *batch, const char *keys)
{
    wax_reader in = wax_reader_over(wax_bytes_of(batch->data, batch->used));
    struct change change;
    size_t count = 0;

    while (change_next(&in, &change)) {
        assert_true(change.kind == CHANGE_PUT && change.table == WAX_STORE_META);
        assert_true(change.key.size == 1 && change.key.data[0] == (uint8_t)keys[count++]);
    }
    assert_int_equal(count, strlen(keys));
    assert_int_equal(batch->count, count);
}

static void joined_changes_keep_their_order(void **state)
{
    wax_store_batch one = {.data = NULL};
    wax_store_batch more = {.data = NULL};

    (void)state;
    wax_store_batch_join(&one, &more); /* nothing to nothing */
    check_keys(&one, "");
    put(&more, "a", "1");
    put(&more, "b", "2");
    wax_store_batch_join(&one, &more); /* to an empty one */
    check_keys(&one, "ab");
    check_keys(&more, "");
    assert_null(more.data);
    wax_store_batch_join(&one, &more); /* an empty one */
    put(&more, "c", "3");
    put(&one, "d", "4");
    wax_store_batch_join(&one, &more);
    check_keys(&one, "abdc");
    wax_store_batch_clear(&one);
}

/* An engine takes a batch over in its own memory, so that there must be room behind the changes. */
static void a_joined_batch_can_be_committed(void **state)
{
    char text[8000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    for (size_t size = 3900; size < 4100; size++) {
        wax_store_batch one = {.data = NULL};
        wax_store_batch more = {.data = NULL};
        struct parcel *parcel;
        text[size] = '\0';
        put(&one, "a", "1");
        put(&more, "b", text);
        text[size] = 'x';
        wax_store_batch_join(&one, &more);
        parcel = parcel_take(&one);
        assert_int_equal(parcel->count, 2);
        parcel_free(parcel);
    }
}

static void what_is_broken_stays_broken(void **state)
{
    wax_store_batch one = {.data = NULL};
    wax_store_batch more = {.is_broken = true};

    (void)state;
    put(&one, "a", "1");
    wax_store_batch_join(&one, &more);
    assert_true(one.is_broken && !more.is_broken);
    put(&more, "b", "2");
    wax_store_batch_join(&one, &more);
    assert_true(one.is_broken);
    wax_store_batch_clear(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_changes_keep_their_order),
        cmocka_unit_test(a_joined_batch_can_be_committed),
        cmocka_unit_test(what_is_broken_stays_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
