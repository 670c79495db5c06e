/* What the authority and devices tell each other comes back as it was written, in every profile;
 * and whatever is touched, cut or grown is refused, and changes nothing. */
#include "../keys_check.h"

enum { ROUNDS = 60 };

struct any_group {
    wax_keys_group group;
    uint8_t id[WAX_KEYS_ID_SIZE];
    struct keys_lists lists;
};

struct any_mailbox {
    wax_keys_mailbox mailbox;
    struct any_group groups[KEYS_GROUPS];
    uint8_t fixed[256];
    struct keys_lists lists;
    uint8_t room[KEYS_MESSAGE];
};

/* Epochs of which the last is `*newest`. */
static wax_keys_list any_epochs(uint64_t *seed, struct keys_lists *lists, bool is_stream,
                                uint32_t *newest)
{
    wax_writer out = keys_list_writer(lists);
    wax_keys_list list = {.count = 0};
    wax_keys_epoch row = {.epoch = 0};
    uint8_t secret[WAX_KEYS_SECRET_SIZE];

    for (uint32_t i = 1 + any_below(seed, 8); i > 0; i--) {
        any_fill(seed, secret, sizeof secret);
        row.epoch += 1 + any_below(seed, 400);
        row.what = (wax_keys_what)any_below(seed, is_stream ? 2 : 3);
        row.secret = secret;
        wax_keys_add_epoch(&list, &out, &row);
    }
    *newest = row.epoch;
    return list;
}

static wax_keys_list any_floors(uint64_t *seed, struct keys_lists *lists)
{
    wax_writer out = keys_list_writer(lists);
    wax_keys_list list = {.count = 0};
    uint32_t sender = 0;

    for (uint32_t i = any_below(seed, 5); i > 0; i--) {
        sender += 1 + any_below(seed, 1000);
        wax_keys_add_floor(&list, &out,
                           &(wax_keys_floor_row){sender, 1 + any_below(seed, 1000000),
                                                 any_below(seed, 0x10000000)});
    }
    return list;
}

static void any_group_make(uint64_t *seed, struct any_group *any)
{
    const uint32_t role = 1 + any_below(seed, 3);
    const uint32_t suite = 1 + any_below(seed, 3);
    const uint32_t group_class = any_below(seed, 2);

    uint32_t write_epoch = 0;

    any->lists.used = 0;
    any_fill(seed, any->id, sizeof any->id);
    any->group = (wax_keys_group){
        .id = any->id,
        .suite = suite,
        .group_class = group_class,
        .tag_size = suite == 1 || any_below(seed, 2) == 0 ? 16 : 8,
        .role = role,
        .filters = any_texts(seed, &any->lists),
        .sender = (role & 2U) != 0 ? 1 + any_below(seed, WAX_KEYS_SENDER_MAX) : 0,
        .kept = 1 + any_below(seed, 255),
        .epochs = any_epochs(seed, &any->lists, group_class == 1, &write_epoch),
        .first_position = any_below(seed, 2) == 0 ? WAX_KEYS_NONE : any_below(seed, 65536) * 4096,
        .senders = any_senders(seed, &any->lists),
        .signers = any_signers(seed, &any->lists),
        .padding = any_padding(seed, &any->lists),
        .signs = any_below(seed, 2) == 0,
        .chunk_size = any_below(seed, 2) == 0 ? 1024 : 64 + any_below(seed, 1U << 20U),
        .floors = any_floors(seed, &any->lists),
    };
    any->group.write_epoch = (role & 2U) != 0 || any_below(seed, 2) == 0 ? write_epoch : 0;
    any->group.chunk_size = any->group.chunk_size > 1U << 20U ? 1U << 20U : any->group.chunk_size;
}

static void any_mailbox_make(uint64_t *seed, struct any_mailbox *any)
{
    wax_writer out = wax_writer_over(any->room, sizeof any->room);

    any->lists.used = 0;
    any_fill(seed, any->fixed, sizeof any->fixed);
    any->mailbox = (wax_keys_mailbox){
        .version = 1 + any_wide(seed) % UINT64_MAX,
        .generation = (uint32_t)any_wide(seed),
        .device = WAX_TEXT("lamp"),
        .registrar = any->fixed,
        .keeper = any->fixed + WAX_P256_PUBLIC_SIZE,
        .boot_nonce = any_below(seed, 2) == 0 ? NULL : any->fixed + 130,
    };
    if (any_below(seed, 2) == 0) {
        any->mailbox.blinding = (wax_keys_blinding){
            .key = any->fixed + 138,
            .variant = 1 + any_below(seed, 2),
            .hash = 1 + any_below(seed, 2),
        };
    }
    if (any->mailbox.blinding.variant == 2) {
        any->mailbox.blinding.patterns = any_texts(seed, &any->lists);
    }
    for (uint32_t i = 0; i < KEYS_GROUPS; i++) {
        any_group_make(seed, &any->groups[i]);
        wax_keys_add_group(&any->mailbox.groups, &out, &any->groups[i].group);
    }
    assert_int_equal(out.status, WAX_OK);
}

static void check_group_same(const wax_keys_group *one, const wax_keys_group *other)
{
    assert_memory_equal(one->id, other->id, WAX_KEYS_ID_SIZE);
    assert_int_equal(one->suite, other->suite);
    assert_int_equal(one->group_class, other->group_class);
    assert_int_equal(one->tag_size, other->tag_size);
    assert_int_equal(one->role, other->role);
    assert_int_equal(one->sender, other->sender);
    assert_int_equal(one->write_epoch, other->write_epoch);
    assert_int_equal(one->kept, other->kept);
    assert_int_equal(one->first_position, other->first_position);
    assert_int_equal(one->signs, other->signs);
    assert_int_equal(one->chunk_size, other->chunk_size);
    assert_true(lists_equal(&one->filters, &other->filters));
    assert_true(lists_equal(&one->epochs, &other->epochs));
    assert_true(lists_equal(&one->senders, &other->senders));
    assert_true(lists_equal(&one->signers, &other->signers));
    assert_true(lists_equal(&one->padding, &other->padding));
    assert_true(lists_equal(&one->floors, &other->floors));
}

static void check_mailbox_same(const struct any_mailbox *any, const wax_keys_mailbox *opened)
{
    const wax_keys_mailbox *made = &any->mailbox;
    wax_keys_list groups = opened->groups;
    wax_keys_group group;

    assert_true(opened->version == made->version && opened->generation == made->generation);
    assert_true(wax_bytes_equal(opened->device, made->device));
    assert_memory_equal(opened->registrar, made->registrar, WAX_P256_PUBLIC_SIZE);
    assert_memory_equal(opened->keeper, made->keeper, WAX_P256_PUBLIC_SIZE);
    assert_true(fixed_equal(opened->boot_nonce, made->boot_nonce, WAX_KEYS_ID_SIZE));
    assert_true(fixed_equal(opened->blinding.key, made->blinding.key, WAX_KEYS_SECRET_SIZE));
    assert_int_equal(opened->blinding.variant, made->blinding.variant);
    assert_int_equal(opened->blinding.hash, made->blinding.hash);
    assert_true(lists_equal(&opened->blinding.patterns, &made->blinding.patterns));
    for (size_t i = 0; i < KEYS_GROUPS; i++) {
        assert_true(wax_keys_next_group(&groups, &group));
        check_group_same(&group, &any->groups[i].group);
    }
    assert_false(wax_keys_next_group(&groups, &group));
}

/* A sealed mailbox and its device. */
struct exchange {
    const wax_keys_ends *ends;
    uint8_t message[KEYS_MESSAGE];
    size_t size;
    uint8_t opened[KEYS_MESSAGE + 1];
    struct keys_memory memory;
};

/* Opens a copy of the message, of another size perhaps, with one byte changed. */
static wax_status try_open(struct exchange *exchange, size_t size, size_t at, uint8_t change,
                           wax_keys_mailbox *mailbox)
{
    memcpy(exchange->opened, exchange->message, sizeof exchange->message);
    exchange->opened[at] ^= change;
    return wax_keys_mailbox_open(mailbox, &exchange->memory.mark, exchange->ends, exchange->opened,
                                 size);
}

static void check_refused(struct exchange *exchange, size_t size, size_t at, uint8_t change)
{
    wax_keys_mailbox mailbox;
    const wax_status status = try_open(exchange, size, at, change, &mailbox);

    assert_true(status == WAX_UNTRUSTED || status == WAX_MALFORMED);
    assert_int_equal(mailbox.groups.count, 0);
    assert_int_equal(exchange->memory.kept, 0);
    assert_int_equal(exchange->memory.mark.version, 0);
}

static void seal_mailbox(struct exchange *exchange, const struct keys_pair *pair,
                         const struct any_mailbox *any)
{
    wax_writer out = wax_writer_over(exchange->message, sizeof exchange->message);
    const wax_keys_ends authority = keys_end(pair, exchange->ends->profile, 0);

    assert_int_equal(wax_keys_mailbox_seal(&out, &authority, &any->mailbox), WAX_OK);
    exchange->size = out.used;
    exchange->memory = (struct keys_memory){.mark.keep = keys_keep};
}

static void mailboxes_come_back_in_every_profile(void **state)
{
    static struct any_mailbox any;
    static struct exchange exchange;
    struct keys_pair pair;
    uint64_t seed = 1;

    (void)state;
    keys_pair_make(&pair);
    for (size_t i = 0; i < ROUNDS * WAX_COUNT(keys_profiles); i++) {
        const wax_keys_ends device = keys_end(&pair, keys_profiles[i % 4], 1);
        wax_keys_mailbox mailbox;

        any_mailbox_make(&seed, &any);
        exchange.ends = &device;
        seal_mailbox(&exchange, &pair, &any);
        assert_int_equal(try_open(&exchange, exchange.size, 0, 0, &mailbox), WAX_OK);
        check_mailbox_same(&any, &mailbox);
        assert_int_equal(exchange.memory.kept, 1);
        assert_true(exchange.memory.mark.version == any.mailbox.version);
        /* The same again is taken again, and not written down again. */
        assert_int_equal(try_open(&exchange, exchange.size, 0, 0, &mailbox), WAX_OK);
        assert_int_equal(exchange.memory.kept, 1);
    }
}

static void every_touched_cut_or_grown_mailbox_is_refused(void **state)
{
    static struct any_mailbox any;
    static struct exchange exchange;
    struct keys_pair pair;
    uint64_t seed = 2;

    (void)state;
    keys_pair_make(&pair);
    for (size_t i = 0; i < WAX_COUNT(keys_profiles); i++) {
        const wax_keys_ends device = keys_end(&pair, keys_profiles[i], 1);

        any_mailbox_make(&seed, &any);
        exchange.ends = &device;
        seal_mailbox(&exchange, &pair, &any);
        for (size_t at = 0; at < exchange.size; at++) {
            check_refused(&exchange, exchange.size, at, (uint8_t)(1U << any_below(&seed, 8)));
            check_refused(&exchange, at, 0, 0);
        }
        check_refused(&exchange, exchange.size + 1, 0, 0);
    }
}

static void statuses_come_back_in_every_profile_and_touched_ones_are_refused(void **state)
{
    static struct keys_lists lists;
    struct keys_pair pair;
    uint64_t seed = 3;

    (void)state;
    keys_pair_make(&pair);
    for (size_t i = 0; i < WAX_COUNT(keys_profiles); i++) {
        const wax_keys_ends device = keys_end(&pair, keys_profiles[i], 1);
        const wax_keys_ends authority = keys_end(&pair, keys_profiles[i], 0);
        uint8_t message[1024];
        uint8_t again[sizeof message + 1];
        uint8_t fixed[WAX_SHA256_SIZE];
        wax_writer out = wax_writer_over(message, sizeof message);
        wax_writer newest;
        wax_writer refusals;
        wax_keys_status opened;
        wax_keys_status status = {.count = 7,
                                  .boot_nonce = fixed,
                                  .generation = 2,
                                  .version = any_wide(&seed),
                                  .firmware = WAX_TEXT("1.2"),
                                  .firmware_digest = fixed};

        lists.used = 0;
        newest = keys_list_writer(&lists);
        refusals = keys_list_writer(&lists);
        any_fill(&seed, fixed, sizeof fixed);
        wax_keys_add_newest(&status.newest, &newest, fixed, 9);
        wax_keys_add_refusal(&status.refusals, &refusals, WAX_KEYS_ROLLBACK, 3);
        assert_int_equal(wax_keys_status_seal(&out, &device, &status), WAX_OK);
        memcpy(again, message, sizeof message);
        assert_int_equal(wax_keys_status_open(&opened, 6, &authority, again, out.used), WAX_OK);
        assert_true(opened.count == 7 && opened.version == status.version);
        assert_true(wax_bytes_equal(opened.firmware, status.firmware));
        assert_memory_equal(opened.firmware_digest, fixed, sizeof fixed);
        assert_true(lists_equal(&opened.newest, &status.newest));
        assert_true(lists_equal(&opened.refusals, &status.refusals));
        memcpy(again, message, sizeof message);
        assert_int_equal(wax_keys_status_open(&opened, 7, &authority, again, out.used), WAX_OK);
        memcpy(again, message, sizeof message);
        assert_int_equal(wax_keys_status_open(&opened, 8, &authority, again, out.used),
                         WAX_PROTOCOL_ERROR);
        for (size_t at = 0; at <= out.used; at++) {
            memcpy(again, message, sizeof message);
            assert_true(at == out.used ||
                        wax_keys_status_open(&opened, 0, &authority, again, at) != WAX_OK);
            memcpy(again, message, sizeof message);
            again[at] ^= 0x10;
            assert_int_not_equal(
                wax_keys_status_open(&opened, 0, &authority, again, out.used + (at == out.used)),
                WAX_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailboxes_come_back_in_every_profile),
        cmocka_unit_test(every_touched_cut_or_grown_mailbox_is_refused),
        cmocka_unit_test(statuses_come_back_in_every_profile_and_touched_ones_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
