/* Patterns of a namespace: which may stand beside each other, what they allow, and who is told. */
#include "../authority_check.h"

static struct farm farm;

static wax_status found(const char *const *texts, size_t count)
{
    wax_bytes patterns[WAX_AUTHORITY_PATTERNS_MAX + 1];
    const wax_authority_founding founding = {
        .blinding_variant = 2, .blinding_hash = 1, .patterns = patterns, .pattern_count = count};

    for (size_t i = 0; i < count; i++) {
        patterns[i] = wax_bytes_of_text(texts[i]);
    }
    return farm_found(&farm, 1, &founding);
}

static void no_two_patterns_match_the_same_topic(void **state)
{
    static const struct {
        const char *patterns[2];
        wax_status status;
    } rows[] = {
        {{"home/+/temp", "yard/#"},         WAX_OK     },
        {{"home/+/temp", "home/+/light"},   WAX_OK     },
        {{"home/+", "home/+/+"},            WAX_OK     },
        {{"home/kitchen/+", "home/hall/+"}, WAX_OK     },
        {{"home", "home/"},                 WAX_OK     },
        {{"a/#", "b"},                      WAX_OK     },
        {{"home/#", "home"},                WAX_INVALID},
        {{"home", "home/#"},                WAX_INVALID},
        {{"home/#", "home/+/temp"},         WAX_INVALID},
        {{"home/+/temp", "+/hall/temp"},    WAX_INVALID},
        {{"home/temp", "home/temp"},        WAX_INVALID},
        {{"#", "x"},                        WAX_INVALID},
        {{"a+", "b"},                       WAX_INVALID},
        {{"$x", "b"},                       WAX_INVALID},
        {{"", "b"},                         WAX_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        check_row(rows[i].patterns[0], found(rows[i].patterns, 2) == rows[i].status);
        if (rows[i].status == WAX_OK) {
            farm_end(&farm);
        } else {
            assert_true(strlen(farm.fault) > 0);
            assert_int_not_equal(access(farm.path, F_OK), 0);
        }
    }
}

static void patterns_are_for_variant_2_and_finite(void **state)
{
    static const wax_bytes pattern = {(const uint8_t *)"a/+", 3};
    const wax_authority_founding founding = {
        .blinding_variant = 1, .blinding_hash = 1, .patterns = &pattern, .pattern_count = 1};
    char texts[WAX_AUTHORITY_PATTERNS_MAX + 1][16];
    const char *patterns[WAX_AUTHORITY_PATTERNS_MAX + 1];

    (void)state;
    assert_int_equal(farm_found(&farm, 1, &founding), WAX_INVALID);
    for (size_t i = 0; i <= WAX_AUTHORITY_PATTERNS_MAX; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "level%u/+", (unsigned)i);
        patterns[i] = texts[i];
    }
    assert_int_equal(found(patterns, WAX_AUTHORITY_PATTERNS_MAX + 1), WAX_INVALID);
    assert_int_equal(found(patterns, WAX_AUTHORITY_PATTERNS_MAX), WAX_OK);
    farm_end(&farm);
}

static wax_status add_group(const char *name, const char *filter)
{
    const wax_bytes filters[] = {wax_bytes_of_text(filter)};
    const wax_authority_group group = {.name = wax_bytes_of_text(name),
                                       .suite = 1,
                                       .tag_size = 16,
                                       .filters = filters,
                                       .filter_count = 1,
                                       .kept = 3};
    uint8_t id[WAX_KEYS_ID_SIZE];

    return wax_authority_add_group(farm.authority, &farm.deed, &group, id);
}

static void a_group_has_wildcards_only_where_a_pattern_has_them(void **state)
{
    static const char *const patterns[] = {"home/+/temp", "yard/#"};
    static const struct {
        const char *filter;
        wax_status status;
    } rows[] = {
        {"home/+/temp",    WAX_OK     },
        {"home/hall/temp", WAX_OK     },
        {"yard/#",         WAX_OK     },
        {"yard/+/x/#",     WAX_OK     },
        {"shed",           WAX_OK     },
        {"home/#",         WAX_INVALID},
        {"home/+/light",   WAX_INVALID},
        {"+/hall/temp",    WAX_INVALID},
        {"#",              WAX_INVALID},
    };

    (void)state;
    assert_int_equal(found(patterns, 2), WAX_OK);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        check_row(rows[i].filter, add_group(rows[i].filter, rows[i].filter) == rows[i].status);
    }
    farm_reopen(&farm); /* they are in the file */
    check_deed(&farm, add_group("again", "home/#"), WAX_INVALID);
    check_deed(&farm, add_group("again", "home/+/temp"), WAX_OK);
    farm_end(&farm);
}

static bool holds(wax_bytes bytes, const char *text)
{
    const size_t size = strlen(text);

    for (size_t at = 0; at + size <= bytes.size; at++) {
        if (memcmp(bytes.data + at, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static void check_mailbox(wax_authority_message *message)
{
    const wax_keys_ends ends = farm_ends(&farm, farm_device(&farm, "lamp"), message->topic);
    struct keys_memory memory = {.mark.keep = keys_keep};
    uint8_t room[4096];
    wax_keys_mailbox mailbox;
    wax_bytes pattern;

    assert_true(message->content.size <= sizeof room);
    memcpy(room, message->content.data, message->content.size);
    assert_int_equal(
        wax_keys_mailbox_open(&mailbox, &memory.mark, &ends, room, message->content.size), WAX_OK);
    assert_int_equal(mailbox.blinding.variant, 2);
    assert_int_equal(mailbox.blinding.patterns.count, 2);
    assert_true(wax_keys_next_text(&mailbox.blinding.patterns, &pattern));
    assert_true(wax_bytes_equal(pattern, WAX_TEXT("home/+/temp")));
    assert_true(wax_keys_next_text(&mailbox.blinding.patterns, &pattern));
    assert_true(wax_bytes_equal(pattern, WAX_TEXT("yard/#")));
}

/* What anybody may read names no level; devices get the patterns. */
static void devices_are_told_and_nobody_else(void **state)
{
    static const char *const patterns[] = {"home/+/temp", "yard/#"};
    wax_authority_message message;
    unsigned mailboxes = 0;
    unsigned manifests = 0;

    (void)state;
    assert_int_equal(found(patterns, 2), WAX_OK);
    check_deed(&farm, add_group("climate", "home/+/temp"), WAX_OK);
    farm_add(&farm, "lamp", &wax_keys_ascon);
    check_deed(&farm, farm_allow(&farm, "lamp", "climate", WAX_KEYS_READS, false), WAX_OK);
    while (wax_authority_next(farm.authority, &message) == WAX_OK) {
        if (message.kind == WAX_AUTHORITY_MAILBOX) {
            check_mailbox(&message);
            mailboxes++;
        } else if (message.kind == WAX_AUTHORITY_MANIFEST) {
            assert_false(holds(message.content, "home"));
            assert_false(holds(message.content, "temp"));
            assert_true(holds(message.content, "/+/")); /* as the broker has it */
            manifests++;
        }
    }
    assert_true(mailboxes == 1 && manifests == 1);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_patterns_match_the_same_topic),
        cmocka_unit_test(patterns_are_for_variant_2_and_finite),
        cmocka_unit_test(a_group_has_wildcards_only_where_a_pattern_has_them),
        cmocka_unit_test(devices_are_told_and_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
