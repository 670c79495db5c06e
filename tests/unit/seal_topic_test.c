/* Topics: the group that they belong to, and how a broker sees them that cannot read them. */
#include "../check.h"

#include "access/access.h"
#include "seal/levels.h"
#include "seal/seal.h"

static void filters_match_as_they_do_elsewhere(void **state)
{
    static const char *const filters[] = {"a",    "a/b",    "a/+",    "a/#",  "+",
                                          "+/+",  "#",      "+/b/#",  "/",    "/+",
                                          "a//b", "$SYS/#", "$SYS/+", "+/+/c"};
    static const char *const topics[] = {"a",  "b",    "a/b",    "a/b/c", "/", "/b",
                                         "a/", "a//b", "$SYS/x", "$SYS",  "",  "x/b/c"};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(filters); i++) {
        for (size_t at = 0; at < WAX_COUNT(topics); at++) {
            const wax_bytes filter = wax_bytes_of_text(filters[i]);
            const wax_bytes topic = wax_bytes_of_text(topics[at]);

            check_row(filters[i], levels_cover(filter, topic) == wax_filter_matches(filter, topic));
        }
    }
}

static void between_equal_filters_the_lower_id_counts(void **state)
{
    const wax_bytes filters[] = {WAX_TEXT("home/#"), WAX_TEXT("home/hall/+")};
    const wax_seal_group groups[] = {
        {.id = {9}, .filters = filters, .filter_count = 1},
        {.id = {2}, .filters = filters, .filter_count = 1},
        {.id = {5}, .filters = filters, .filter_count = 2},
    };

    (void)state;
    assert_ptr_equal(wax_seal_group_of(groups, 3, WAX_TEXT("home/x")), &groups[1]);
    assert_ptr_equal(wax_seal_group_of(groups, 3, WAX_TEXT("home/hall/x")), &groups[2]);
    assert_null(wax_seal_group_of(groups, 3, WAX_TEXT("shed")));
    assert_null(wax_seal_group_of(groups, 0, WAX_TEXT("home/x")));
}

/* Makes a blinder of variant 2, with a pattern. */
static wax_blinder make_blinder(uint8_t *room, size_t size)
{
    static const uint8_t key[WAX_SECRET_SIZE] = {7};
    static const wax_bytes pattern = {(const uint8_t *)"home/+/temp", 11};

    return (wax_blinder){
        .hash = wax_blind_ascon,
        .key = key,
        .variant = 2,
        .patterns = &pattern,
        .pattern_count = 1,
        .prefix = WAX_TEXT("wax"),
        .room = {room, size}
    };
}

static void tokens_tell_levels_apart_and_keep_wildcards(void **state)
{
    uint8_t room[64];
    const wax_blinder blinder = make_blinder(room, sizeof room);
    uint8_t text[128];
    uint8_t other[128];
    wax_writer out = wax_writer_over(text, sizeof text);
    wax_writer again = wax_writer_over(other, sizeof other);

    (void)state;
    assert_int_equal(wax_blind_topic(&blinder, WAX_TEXT("home/hall/temp"), &out), WAX_OK);
    assert_int_equal(out.used, 3 * 12 + 2);
    assert_int_equal(wax_blind_filter(&blinder, WAX_TEXT("$share/x/home/+/temp"), &again), WAX_OK);
    assert_true(wax_bytes_start_with(wax_writer_bytes(&again), WAX_TEXT("$share/x/")));
    assert_memory_equal(other + 9, text, 12);
    assert_int_equal(other[9 + 13], '+');
    assert_memory_equal(other + 9 + 15, text + 26, 12); /* whatever stands for the wildcard */
    assert_int_equal(wax_blind_filter(&blinder, WAX_TEXT("home/#"), &again), WAX_BAD_FILTER);
    assert_int_equal(wax_blind_filter(&blinder, WAX_TEXT("$share/x"), &again), WAX_BAD_FILTER);
    assert_int_equal(wax_blind_filter(&blinder, WAX_TEXT("$share//x"), &again), WAX_BAD_FILTER);
    assert_int_equal(again.used, 9 + 3 + 12 * 2);
}

static void a_name_is_known_by_its_tokens(void **state)
{
    uint8_t room[64];
    uint8_t tokens[64];
    uint8_t text[64];
    const wax_blinder blinder = make_blinder(room, sizeof room);
    wax_writer out = wax_writer_over(text, sizeof text);
    wax_bytes blinded;

    (void)state;
    assert_int_equal(wax_blind_topic(&blinder, WAX_TEXT("home/hall"), &out), WAX_OK);
    blinded = wax_writer_bytes(&out);
    assert_true(wax_blind_is_of(&blinder, blinded, WAX_TEXT("home/hall"),
                                (wax_seal_room){tokens, sizeof tokens}));
    assert_false(wax_blind_is_of(&blinder, blinded, WAX_TEXT("hall/home"),
                                 (wax_seal_room){tokens, sizeof tokens}));
    assert_false(
        wax_blind_is_of(&blinder, blinded, WAX_TEXT("home/hall"), (wax_seal_room){tokens, 24}));
}

static void too_little_room_is_told_and_nothing_stays(void **state)
{
    uint8_t room[64];
    uint8_t text[37];
    wax_blinder blinder = make_blinder(room, sizeof room);
    wax_writer out = wax_writer_over(text, sizeof text);

    (void)state;
    assert_int_equal(wax_blind_topic(&blinder, WAX_TEXT("home/hall/temp"), &out), WAX_FULL);
    assert_int_equal(out.used, 0);
    out = wax_writer_over(text, sizeof text);
    blinder.room.size = 7;
    assert_int_equal(wax_blind_topic(&blinder, WAX_TEXT("home/hall"), &out), WAX_FULL);
    blinder.room.size = 1;
    assert_int_equal(wax_blind_topic(&blinder, WAX_TEXT("home/hall"), &out), WAX_FULL);
    assert_int_equal(out.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_match_as_they_do_elsewhere),
        cmocka_unit_test(between_equal_filters_the_lower_id_counts),
        cmocka_unit_test(tokens_tell_levels_apart_and_keep_wildcards),
        cmocka_unit_test(a_name_is_known_by_its_tokens),
        cmocka_unit_test(too_little_room_is_told_and_nothing_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
