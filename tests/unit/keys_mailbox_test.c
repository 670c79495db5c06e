/* Mailboxes: what is older is refused, what cannot be written down is not used, and what no
 * authority says is not believed even under its seal. */
#include "../keys_check.h"

#include "cbor/cbor.h"

struct world {
    struct keys_pair pair;
    wax_keys_ends authority;
    wax_keys_ends device;
    struct keys_memory memory;
    uint8_t message[2048];
    size_t size;
};

static void begin(struct world *world, const wax_keys_profile *profile)
{
    memset(world, 0, sizeof *world);
    keys_pair_make(&world->pair);
    world->authority = keys_end(&world->pair, profile, 0);
    world->device = keys_end(&world->pair, profile, 1);
    world->memory.mark.keep = keys_keep;
}

static wax_keys_mailbox empty_mailbox(const struct world *world, uint32_t generation,
                                      uint64_t version)
{
    return (wax_keys_mailbox){
        .generation = generation,
        .version = version,
        .device = WAX_TEXT("lamp"),
        .registrar = world->pair.publics[0],
        .keeper = world->pair.publics[0],
    };
}

static wax_status seal(struct world *world, const wax_keys_mailbox *mailbox)
{
    wax_writer out = wax_writer_over(world->message, sizeof world->message);
    const wax_status status = wax_keys_mailbox_seal(&out, &world->authority, mailbox);

    world->size = out.used;
    return status;
}

static wax_status open(struct world *world)
{
    wax_keys_mailbox mailbox;

    return wax_keys_mailbox_open(&mailbox, &world->memory.mark, &world->device, world->message,
                                 world->size);
}

static void older_mailboxes_are_refused_and_the_same_is_taken_again(void **state)
{
    static const struct {
        uint32_t generation;
        uint64_t version;
        wax_status status;
        unsigned kept;
    } rows[] = {
        {1,          5,             WAX_OK,             1},
        {1,          5,             WAX_OK,             1},
        {1,          4,             WAX_PROTOCOL_ERROR, 1},
        {0,          9,             WAX_PROTOCOL_ERROR, 1},
        {1,          6,             WAX_OK,             2},
        {2,          1,             WAX_OK,             3},
        {1,          UINT64_MAX,    WAX_PROTOCOL_ERROR, 3},
        {2,          (1ULL << 32U), WAX_OK,             4},
        {2,          2,             WAX_PROTOCOL_ERROR, 4},
        {UINT32_MAX, 1,             WAX_OK,             5},
    };
    static struct world world;

    (void)state;
    begin(&world, &wax_keys_ascon);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_keys_mailbox mailbox = empty_mailbox(&world, rows[i].generation, rows[i].version);

        assert_int_equal(seal(&world, &mailbox), WAX_OK);
        assert_int_equal(open(&world), rows[i].status);
        assert_int_equal(world.memory.kept, rows[i].kept);
    }
}

static void what_cannot_be_written_down_is_not_used(void **state)
{
    static struct world world;
    wax_keys_mailbox mailbox;
    wax_keys_mailbox opened;

    (void)state;
    begin(&world, &wax_keys_chacha20);
    mailbox = empty_mailbox(&world, 1, 1);
    world.memory.answer = WAX_IO;
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(wax_keys_mailbox_open(&opened, &world.memory.mark, &world.device,
                                           world.message, world.size),
                     WAX_IO);
    assert_int_equal(world.memory.mark.version, 0);
    assert_null(opened.keeper);
    for (size_t i = 0; i < world.size; i++) {
        assert_int_equal(world.message[i], 0);
    }
}

static void a_mailbox_of_somebody_else_is_not_trusted(void **state)
{
    static struct world world;
    wax_keys_mailbox mailbox;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(keys_profiles); i++) {
        const uint8_t other[WAX_KEYS_ID_SIZE] = {1};

        begin(&world, keys_profiles[i]);
        mailbox = empty_mailbox(&world, 1, 1);
        assert_int_equal(seal(&world, &mailbox), WAX_OK);
        world.device.topic = WAX_TEXT("wax/k/lamq");
        assert_int_equal(open(&world), WAX_UNTRUSTED);
        world.device.topic = world.authority.topic;
        assert_int_equal(seal(&world, &mailbox), WAX_OK);
        world.device.name_space = other;
        assert_int_equal(open(&world), WAX_UNTRUSTED);
        world.device.name_space = world.authority.name_space;
        assert_int_equal(seal(&world, &mailbox), WAX_OK);
        world.device.profile = keys_profiles[(i + 1) % WAX_COUNT(keys_profiles)];
        assert_int_equal(open(&world), WAX_UNTRUSTED);
        world.device.profile = keys_profiles[i];
        assert_int_equal(seal(&world, &mailbox), WAX_OK);
        assert_int_equal(open(&world), WAX_OK);
    }
}

static void who_has_no_right_to_sign_fills_no_mailbox(void **state)
{
    static struct world world;
    wax_keys_mailbox mailbox;

    (void)state;
    begin(&world, &wax_keys_hpke);
    mailbox = empty_mailbox(&world, 1, 1);
    world.authority.own_secret = world.pair.secrets[1];
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(open(&world), WAX_UNTRUSTED);
}

static void a_name_that_is_not_the_topics_is_refused(void **state)
{
    static struct world world;
    wax_keys_mailbox mailbox;

    (void)state;
    begin(&world, &wax_keys_ccm);
    mailbox = empty_mailbox(&world, 1, 1);
    mailbox.device = WAX_TEXT("amp");
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(open(&world), WAX_MALFORMED);
    assert_int_equal(world.memory.kept, 0);
}

/* A group that is as it should be, with one epoch. */
static wax_keys_group sound_group(uint8_t (*room)[64])
{
    static const uint8_t id[WAX_KEYS_ID_SIZE] = {7};
    static const uint8_t secret[WAX_KEYS_SECRET_SIZE] = {9};
    wax_writer filters = wax_writer_over(room[0], sizeof room[0]);
    wax_writer epochs = wax_writer_over(room[1], sizeof room[1]);
    wax_keys_group group = {
        .id = id,
        .suite = 2,
        .group_class = 1,
        .tag_size = 8,
        .role = WAX_KEYS_READS | WAX_KEYS_WRITES,
        .sender = 3,
        .write_epoch = 4,
        .kept = 8,
        .first_position = WAX_KEYS_NONE,
        .chunk_size = WAX_KEYS_CHUNK_SIZE,
    };

    wax_keys_add_text(&group.filters, &filters, WAX_TEXT("home/#"));
    wax_keys_add_epoch(&group.epochs, &epochs, &(wax_keys_epoch){4, WAX_KEYS_EPOCH_SECRET, secret});
    return group;
}

static wax_status seal_group(struct world *world, const wax_keys_group *group)
{
    uint8_t room[512];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_keys_mailbox mailbox = empty_mailbox(world, 1, 1);

    wax_keys_add_group(&mailbox.groups, &out, group);
    assert_int_equal(out.status, WAX_OK);
    return seal(world, &mailbox);
}

/* Two groups: one that is read, and one that is written in. */
static wax_keys_mailbox writers_mailbox(const struct world *world, wax_writer *out, uint32_t what)
{
    uint8_t room[2][2][64];
    uint8_t epochs[64];
    const uint8_t secret[WAX_KEYS_SECRET_SIZE] = {5};
    wax_writer rows = wax_writer_over(epochs, sizeof epochs);
    wax_keys_group group = sound_group(room[0]);
    wax_keys_mailbox mailbox = empty_mailbox(world, 1, 1);

    group.role = WAX_KEYS_READS;
    group.sender = 0;
    group.write_epoch = 0;
    wax_keys_add_group(&mailbox.groups, out, &group);
    group = sound_group(room[1]);
    group.role = WAX_KEYS_WRITES;
    group.epochs = (wax_keys_list){.count = 0};
    wax_keys_add_epoch(&group.epochs, &rows, &(wax_keys_epoch){4, (wax_keys_what)what, secret});
    wax_keys_add_group(&mailbox.groups, out, &group);
    assert_int_equal(out->status, WAX_OK);
    return mailbox;
}

static wax_status open_writing(struct world *world, wax_keys_writing *writing)
{
    return wax_keys_writing_open(writing, &world->memory.mark, &world->device, world->message,
                                 world->size);
}

static void who_only_writes_takes_what_it_needs(void **state)
{
    static struct world world;
    uint8_t room[512];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_keys_mailbox mailbox;
    wax_keys_writing writing;

    (void)state;
    begin(&world, &wax_keys_ascon);
    mailbox = writers_mailbox(&world, &out, WAX_KEYS_SENDER_SECRET);
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    world.device.profile = &wax_keys_ascon_opens;
    assert_int_equal(open_writing(&world, &writing), WAX_OK);
    assert_true(writing.group[0] == 7 && writing.suite == 2 && writing.group_class == 1);
    assert_true(writing.tag_size == 8 && writing.sender == 3 && writing.epoch == 4);
    assert_true(writing.secret[0] == 5 && world.memory.kept == 1);
    mailbox.version = 2;
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    world.message[world.size - 1] ^= 1;
    assert_int_equal(open_writing(&world, &writing), WAX_UNTRUSTED);
    assert_null(writing.group);
    mailbox.version = 0; /* of nobody: a mailbox has one from 1 on */
    assert_int_equal(seal(&world, &mailbox), WAX_INVALID);
    assert_int_equal(world.memory.kept, 1);
}

static void who_only_writes_refuses_what_is_not_for_it(void **state)
{
    static struct world world;
    uint8_t room[512];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_keys_mailbox mailbox;
    wax_keys_writing writing;

    (void)state;
    begin(&world, &wax_keys_ascon);
    mailbox = writers_mailbox(&world, &out, WAX_KEYS_EPOCH_SECRET);
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(open_writing(&world, &writing), WAX_MALFORMED);
    mailbox = empty_mailbox(&world, 1, 1);
    mailbox.device = WAX_TEXT("amp");
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(open_writing(&world, &writing), WAX_MALFORMED);
    assert_int_equal(world.memory.kept, 0);
    mailbox = empty_mailbox(&world, 1, 1);
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(open_writing(&world, &writing), WAX_OK);
    assert_null(writing.group); /* it was taken out of its group */
    mailbox = empty_mailbox(&world, 0, 9);
    assert_int_equal(seal(&world, &mailbox), WAX_OK);
    assert_int_equal(open_writing(&world, &writing), WAX_PROTOCOL_ERROR);
    world.authority.profile = &wax_keys_ascon_opens;
    assert_int_equal(seal(&world, &mailbox), WAX_INVALID);
}

static void groups_that_no_device_would_take_are_not_sealed(void **state)
{
    static struct world world;
    uint8_t room[4][64];
    wax_writer out = wax_writer_over(room[2], sizeof room[2]);
    wax_keys_group group;

    (void)state;
    begin(&world, &wax_keys_chacha20);
    group = sound_group(room);
    assert_int_equal(seal_group(&world, &group), WAX_OK);
#define REFUSED(change)                                                                            \
    group = sound_group(room);                                                                     \
    change;                                                                                        \
    check_row(#change, seal_group(&world, &group) == WAX_INVALID)
    REFUSED(group.suite = 4);
    REFUSED(group.suite = 1);
    REFUSED(group.tag_size = 12);
    REFUSED(group.group_class = 2);
    REFUSED(group.role = 0);
    REFUSED(group.role = 4);
    REFUSED(group.sender = 0);
    REFUSED(group.role = WAX_KEYS_READS);
    REFUSED(group.sender = WAX_KEYS_SENDER_MAX + 1);
    REFUSED(group.write_epoch = 5);
    REFUSED(group.kept = 0);
    REFUSED(group.kept = 256);
    REFUSED(group.filters.count = 0);
    REFUSED(group.filters.count = 2);
    REFUSED(group.epochs.count = 2);
    REFUSED(group.first_position = 4095);
    REFUSED(group.chunk_size = 63);
    REFUSED(group.chunk_size = (1U << 20U) + 1);
    REFUSED(room[1][3] = WAX_KEYS_CLASS_SECRET); /* in class stream */
    REFUSED(wax_keys_add_number(&group.padding, &out, 4));
    out.used = 0;
    REFUSED(wax_keys_add_number(&group.senders, &out, 4));
#undef REFUSED
}

static void senders_signers_and_floors_are_found(void **state)
{
    static const uint8_t keys[2][WAX_P256_PUBLIC_SIZE] = {{1}, {2}};
    static const uint64_t pairs[] = {1, 1, 5, 9};
    uint8_t room[3][512];
    wax_writer senders_out = wax_writer_over(room[0], sizeof room[0]);
    wax_writer signers_out = wax_writer_over(room[1], sizeof room[1]);
    wax_writer floors_out = wax_writer_over(room[2], sizeof room[2]);
    wax_keys_list senders = {.count = 0};
    wax_keys_list signers = {.count = 0};
    wax_keys_list floors = {.count = 0};
    uint32_t epoch = 0;
    uint32_t position = 0;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(pairs); i++) {
        wax_keys_add_number(&senders, &senders_out, pairs[i]);
    }
    wax_keys_add_signer(&signers, &signers_out, 5, keys[0]);
    wax_keys_add_signer(&signers, &signers_out, 70000, keys[1]);
    wax_keys_add_floor(&floors, &floors_out, &(wax_keys_floor_row){5, 6, 7});
    wax_keys_add_floor(&floors, &floors_out, &(wax_keys_floor_row){8, 9, 10});
    assert_true(wax_keys_may_send(&senders, 1) && wax_keys_may_send(&senders, 5) &&
                wax_keys_may_send(&senders, 9));
    assert_false(wax_keys_may_send(&senders, 0) || wax_keys_may_send(&senders, 2) ||
                 wax_keys_may_send(&senders, 10));
    assert_int_equal(wax_keys_signer(&signers, 70000)[0], 2);
    assert_null(wax_keys_signer(&signers, 6));
    assert_true(wax_keys_floor(&floors, 8, &epoch, &position));
    assert_true(epoch == 9 && position == 10);
    assert_false(wax_keys_floor(&floors, 6, &epoch, &position));
}

static void each_profile_is_found_by_its_number_and_no_other(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        const bool is_one = i == 1 || i == 2 || i == 3 || i == 16;

        assert_int_equal(wax_keys_profile_find((uint8_t)i) != NULL, is_one);
    }
    assert_ptr_equal(wax_keys_profile_find(2), &wax_keys_ascon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_mailboxes_are_refused_and_the_same_is_taken_again),
        cmocka_unit_test(what_cannot_be_written_down_is_not_used),
        cmocka_unit_test(a_mailbox_of_somebody_else_is_not_trusted),
        cmocka_unit_test(who_has_no_right_to_sign_fills_no_mailbox),
        cmocka_unit_test(a_name_that_is_not_the_topics_is_refused),
        cmocka_unit_test(who_only_writes_takes_what_it_needs),
        cmocka_unit_test(who_only_writes_refuses_what_is_not_for_it),
        cmocka_unit_test(groups_that_no_device_would_take_are_not_sealed),
        cmocka_unit_test(senders_signers_and_floors_are_found),
        cmocka_unit_test(each_profile_is_found_by_its_number_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
