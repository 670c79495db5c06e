/* The authority: who gets which keys, and when; what survives the process, and what a backup. */
#include "../authority_check.h"

#include "authority/derive.h"

static struct farm farm;

enum { READS = WAX_KEYS_READS, WRITES = WAX_KEYS_WRITES, BOTH = READS | WRITES };

/* A lamp that reads, a sensor that writes, a panel that does both. */
static void begin_home(uint64_t seed, uint32_t group_class)
{
    farm_begin(&farm, seed);
    check_deed(&farm, farm_group(&farm, "home", 1, group_class), WAX_OK);
    farm_add(&farm, "lamp", &wax_keys_ascon);
    farm_add(&farm, "sensor", &wax_keys_chacha20);
    farm_add(&farm, "panel", &wax_keys_hpke);
    check_deed(&farm, farm_allow(&farm, "lamp", "home", READS, false), WAX_OK);
    check_deed(&farm, farm_allow(&farm, "sensor", "home", WRITES, false), WAX_OK);
    check_deed(&farm, farm_allow(&farm, "panel", "home", BOTH, false), WAX_OK);
    farm_pump(&farm, true);
}

static uint32_t newest_of(const char *name)
{
    const struct held_group *held = farm_held(&farm, name, 0);

    return held == NULL || held->count == 0 ? 0 : held->epochs[held->count - 1].epoch;
}

static bool holds(const char *name, uint32_t epoch)
{
    const struct held_group *held = farm_held(&farm, name, 0);

    for (size_t i = 0; held != NULL && i < held->count; i++) {
        if (held->epochs[i].epoch == epoch) {
            return true;
        }
    }
    return false;
}

static void a_writer_gets_its_own_secret_and_no_other(void **state)
{
    static wax_authority scratch = {.status = WAX_OK};
    const struct held_group *sensor;
    const struct held_group *lamp;
    uint8_t secret[WAX_KEYS_SECRET_SIZE];
    struct epoch epoch;

    (void)state;
    begin_home(1, 1);
    sensor = farm_held(&farm, "sensor", 0);
    lamp = farm_held(&farm, "lamp", 0);
    assert_int_equal(sensor->count, 1);
    assert_int_equal(sensor->epochs[0].what, WAX_KEYS_SENDER_SECRET);
    assert_int_equal(lamp->epochs[0].what, WAX_KEYS_EPOCH_SECRET);
    assert_int_equal(sensor->epochs[0].epoch, lamp->epochs[0].epoch);
    epoch = (struct epoch){1, 1, lamp->id, 1, lamp->secrets[0]};
    derive_sender(&scratch, &epoch, sensor->group.sender, secret);
    assert_memory_equal(secret, sensor->secrets[0], sizeof secret);
    assert_int_equal(lamp->group.sender, 0);
    assert_int_not_equal(sensor->group.sender, farm_held(&farm, "panel", 0)->group.sender);
    farm_end(&farm);
}

static void a_new_epoch_goes_to_readers_first_and_is_written_in_when_all_have_it(void **state)
{
    (void)state;
    begin_home(2, 1);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")),
               WAX_INVALID);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("lamp"), 2);
    assert_int_equal(newest_of("panel"), 2);
    assert_int_equal(newest_of("sensor"), 1);
    assert_int_equal(farm_held(&farm, "panel", 0)->group.write_epoch, 1);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("sensor"), 1);
    check_deed(&farm, farm_report(&farm, "panel"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("sensor"), 2);
    assert_int_equal(farm_held(&farm, "panel", 0)->group.write_epoch, 2);
    farm_end(&farm);
}

static void readers_that_are_silent_hold_nothing_up_for_long(void **state)
{
    uint64_t next_s = 0;

    (void)state;
    begin_home(3, 1);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_tick(farm.authority, farm.deed.now_s + 9, &next_s), WAX_OK);
    assert_true(next_s == farm.deed.now_s + 10);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("sensor"), 1);
    check_deed(&farm, wax_authority_tick(farm.authority, farm.deed.now_s + 10, &next_s), WAX_OK);
    assert_true(next_s == WAX_NEVER);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("sensor"), 2);
    farm_end(&farm);
}

static void an_evicted_device_gets_nothing_of_the_next_epoch(void **state)
{
    (void)state;
    begin_home(4, 1);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("panel")), WAX_OK);
    farm_pump(&farm, true);
    assert_null(farm_held(&farm, "panel", 0));
    assert_int_equal(newest_of("lamp"), 2);
    assert_int_equal(newest_of("sensor"), 1);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("sensor"), 2);
    assert_null(farm_held(&farm, "panel", 0));
    /* It stays out, and nobody else has its name or its key. */
    check_deed(&farm, farm_report(&farm, "panel"), WAX_NOT_AUTHORIZED);
    check_deed(&farm, farm_allow(&farm, "panel", "home", READS, false), WAX_NOT_AUTHORIZED);
    check_deed(&farm,
               wax_authority_enrol_psk(farm.authority, &farm.deed, WAX_TEXT("panel"), 1, farm.key),
               WAX_NOT_AUTHORIZED);
    farm_end(&farm);
}

static void what_an_evicted_device_knew_goes_with_it(void **state)
{
    (void)state;
    begin_home(4, 1);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_activate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    farm_pump(&farm, true);
    assert_true(holds("lamp", 1) && holds("lamp", 2) && holds("panel", 2));
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("panel")), WAX_OK);
    farm_pump(&farm, true);
    /* Until the new epoch is written in, the old one is what there is. */
    assert_true(holds("lamp", 2) && holds("lamp", 3));
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(farm_held(&farm, "lamp", 0)->count, 1);
    assert_true(holds("lamp", 3));
    /* From here on W counts again. */
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_activate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(farm_held(&farm, "lamp", 0)->count, 2);
    farm_end(&farm);
}

static void count_group(wax_authority_visitor *self, const wax_authority_group_state *group)
{
    (void)self;
    assert_true(wax_bytes_equal(group->name, WAX_TEXT("home")));
    assert_int_equal(group->filters.count, 1);
    assert_int_equal(group->write_epoch, 1);
}

static void the_log_and_the_groups_can_be_read_and_all_of_it_copied(void **state)
{
    wax_keys_followed followed = {.number = 0};
    wax_authority_identity authority;
    wax_authority_visitor visitor = {.group = count_group};
    wax_keys_entry entry;
    wax_bytes signed_bytes;
    char path[96];

    (void)state;
    begin_home(4, 1);
    authority = wax_authority_identify(farm.authority);
    for (uint64_t i = 1; i <= authority.log_number; i++) {
        const wax_keys_signing by = {authority.name_space, NULL, authority.registrar};

        check_deed(&farm, wax_authority_entry(farm.authority, i, &signed_bytes), WAX_OK);
        assert_int_equal(wax_keys_entry_read(&entry, &by, &followed, signed_bytes), WAX_OK);
    }
    check_deed(&farm, wax_authority_entry(farm.authority, authority.log_number + 1, &signed_bytes),
               WAX_NOT_FOUND);
    check_deed(&farm, wax_authority_visit(farm.authority, &visitor), WAX_OK);
    (void)snprintf(path, sizeof path, "%s.export", farm.path);
    check_deed(&farm, wax_authority_copy(farm.authority, path), WAX_OK);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(wax_authority_copy(farm.authority, path) != WAX_OK);
    assert_int_equal(unlink(path), 0);
    farm_end(&farm);
}

static void an_epoch_that_was_announced_to_who_is_revoked_is_never_written_in(void **state)
{
    (void)state;
    begin_home(5, 1);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    farm_pump(&farm, true);
    assert_true(holds("panel", 2));
    check_deed(
        &farm,
        wax_authority_revoke(farm.authority, &farm.deed, WAX_TEXT("panel"), WAX_TEXT("home")),
        WAX_OK);
    farm_pump(&farm, true);
    assert_false(holds("lamp", 2));
    assert_true(holds("lamp", 3));
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("sensor"), 3);
    assert_null(farm_held(&farm, "panel", 0));
    farm_end(&farm);
}

static void who_only_wrote_leaves_without_a_new_epoch(void **state)
{
    (void)state;
    begin_home(6, 1);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("sensor")), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("lamp"), 1);
    assert_null(farm_held(&farm, "sensor", 0));
    farm_end(&farm);
}

static void who_may_no_longer_read_keeps_its_number_and_gets_no_epoch_secret(void **state)
{
    uint32_t sender;

    (void)state;
    begin_home(7, 1);
    sender = farm_held(&farm, "panel", 0)->group.sender;
    check_deed(&farm, farm_allow(&farm, "panel", "home", WRITES, false), WAX_OK);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(farm_held(&farm, "panel", 0)->group.sender, sender);
    assert_int_equal(farm_held(&farm, "panel", 0)->count, 1);
    assert_int_equal(farm_held(&farm, "panel", 0)->epochs[0].what, WAX_KEYS_SENDER_SECRET);
    assert_int_equal(newest_of("panel"), 2);
    farm_end(&farm);
}

/* Rotates and lets it be written in. */
static void rotate(void)
{
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_activate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    farm_pump(&farm, true);
}

static void only_so_many_epochs_are_kept(void **state)
{
    (void)state;
    begin_home(8, 1);
    for (unsigned i = 0; i < 5; i++) {
        rotate();
    }
    assert_int_equal(farm_held(&farm, "lamp", 0)->count, 3);
    assert_int_equal(farm_held(&farm, "lamp", 0)->epochs[0].epoch, 4);
    assert_int_equal(newest_of("lamp"), 6);
    farm_end(&farm);
}

static void who_joins_late_gets_nothing_older_than_that(void **state)
{
    const struct held_group *held;

    (void)state;
    for (uint32_t group_class = 0; group_class < 2; group_class++) {
        begin_home(9, group_class);
        rotate();
        farm_add(&farm, "late", &wax_keys_ccm);
        farm_add(&farm, "heir", &wax_keys_ccm);
        check_deed(&farm, farm_allow(&farm, "late", "home", READS, false), WAX_OK);
        check_deed(&farm, farm_allow(&farm, "heir", "home", READS, true), WAX_OK);
        farm_pump(&farm, true);
        held = farm_held(&farm, "late", 0);
        assert_int_equal(held->count, 1);
        assert_int_equal(held->epochs[0].epoch, 2);
        /* What is retained may be left to it: in class state, and only that class. */
        held = farm_held(&farm, "heir", 0);
        assert_int_equal(held->count, group_class == 0 ? 2 : 1);
        assert_int_equal(held->epochs[0].what,
                         group_class == 0 ? WAX_KEYS_CLASS_SECRET : WAX_KEYS_EPOCH_SECRET);
        farm_end(&farm);
    }
}

static void a_boot_nonce_is_echoed(void **state)
{
    (void)state;
    begin_home(10, 1);
    assert_false(farm_device(&farm, "lamp")->echoes);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_true(farm_device(&farm, "lamp")->echoes);
    /* The same count is the same again; a lower one is refused. */
    farm_device(&farm, "lamp")->count = 0;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_device(&farm, "lamp")->count = 0;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_PROTOCOL_ERROR);
    farm_end(&farm);
}

static void what_was_not_sent_comes_again_after_a_restart_and_what_was_does_not(void **state)
{
    unsigned mailboxes;

    (void)state;
    begin_home(11, 1);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    mailboxes = farm.mailboxes;
    farm_pump(&farm, false);
    assert_int_equal(farm.mailboxes, mailboxes + 2);
    farm_pump(&farm, false);
    assert_int_equal(farm.mailboxes, mailboxes + 2);
    farm_reopen(&farm);
    farm_pump(&farm, true);
    assert_int_equal(farm.mailboxes, mailboxes + 4);
    farm_reopen(&farm);
    farm_pump(&farm, true);
    assert_int_equal(farm.mailboxes, mailboxes + 4);
    check_deed(&farm, wax_authority_resend(farm.authority), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(farm.mailboxes, mailboxes + 7);
    farm_end(&farm);
}

static void after_a_backup_the_generation_is_higher_and_nothing_is_given_twice(void **state)
{
    uint32_t panel;
    uint32_t epoch;

    (void)state;
    begin_home(12, 1);
    panel = farm_held(&farm, "panel", 0)->group.sender;
    farm_copy(farm.path, farm.copy);
    /* What the backup does not know. */
    farm_add(&farm, "gone", &wax_keys_ccm);
    check_deed(&farm, farm_allow(&farm, "gone", "home", BOTH, false), WAX_OK);
    rotate();
    rotate();
    epoch = newest_of("lamp");
    wax_authority_close(farm.authority);
    farm.authority = NULL;
    farm_copy(farm.copy, farm.path);
    farm_reopen(&farm);
    farm.log = (wax_keys_followed){.number = 0};
    check_deed(&farm, wax_authority_restored(farm.authority, &farm.deed), WAX_OK);
    assert_int_equal(wax_authority_identify(farm.authority).generation, 2);
    memset(farm.manifests_followed, 0, sizeof farm.manifests_followed);
    check_deed(&farm, wax_authority_resend(farm.authority), WAX_OK);
    farm.log.number = wax_authority_identify(farm.authority).log_number;
    while (true) {
        wax_authority_message message;

        if (wax_authority_next(farm.authority, &message) != WAX_OK) {
            break;
        }
        if (message.kind == WAX_AUTHORITY_MAILBOX) {
            farm_take(&farm, &message);
        }
    }
    assert_true(newest_of("lamp") > epoch);
    assert_int_equal(farm_device(&farm, "lamp")->memory.mark.generation, 2);
    assert_int_equal(farm_held(&farm, "panel", 0)->group.sender, panel);
    check_deed(&farm, farm_allow(&farm, "lamp", "home", BOTH, false), WAX_OK);
    while (true) {
        wax_authority_message message;

        if (wax_authority_next(farm.authority, &message) != WAX_OK) {
            break;
        }
        if (message.kind == WAX_AUTHORITY_MAILBOX) {
            farm_take(&farm, &message);
        }
    }
    assert_true(farm_held(&farm, "lamp", 0)->group.sender > 65536);
    farm_end(&farm);
}

static void the_file_holds_no_secret_and_opens_by_its_key_only(void **state)
{
    static uint8_t room[1 << 20];
    wax_authority_options options;
    wax_authority *other = NULL;
    const uint8_t *psk;
    ssize_t size;
    int file;

    (void)state;
    begin_home(13, 1);
    wax_authority_close(farm.authority);
    farm.authority = NULL;
    file = open(farm.path, O_RDONLY);
    size = read(file, room, sizeof room);
    (void)close(file);
    assert_true(size > 4096);
    psk = farm_device(&farm, "lamp")->psk;
    for (ssize_t i = 0; i + 16 <= size; i++) {
        assert_memory_not_equal(room + i, psk, 16);
        assert_memory_not_equal(room + i, farm_held(&farm, "lamp", 0)->secrets[0], 16);
    }
    options = farm_options(&farm);
    farm.key[0] ^= 1;
    assert_int_equal(wax_authority_open(&other, &options), WAX_INVALID);
    assert_null(other);
    assert_true(strlen(farm.fault) > 20);
    farm.key[0] ^= 1;
    assert_int_equal(
        wax_authority_found(&other, &options, &farm.deed, &(wax_authority_founding){.root = NULL}),
        WAX_INVALID);
    options.path = farm.copy;
    assert_int_equal(wax_authority_open(&other, &options), WAX_NOT_FOUND);
    /* What is not founded leaves no file. */
    assert_int_equal(wax_authority_found(&other, &options, &farm.deed,
                                         &(wax_authority_founding){.prefix = WAX_TEXT("a/#")}),
                     WAX_INVALID);
    assert_int_equal(access(farm.copy, F_OK), -1);
    assert_int_equal(wax_authority_found(&other, &options, &(wax_authority_deed){.now_s = 1},
                                         &(wax_authority_founding){.root = NULL}),
                     WAX_INVALID);
    assert_int_equal(access(farm.copy, F_OK), -1);
    farm_end(&farm);
}

static void strangers_are_let_in_by_the_right_words_only_and_only_when_admitted(void **state)
{
    struct farm_device *device;
    wax_authority_verdict verdict;
    wax_authority_verdict again;
    uint8_t room[1024];
    wax_bytes message;

    (void)state;
    begin_home(14, 1);
    device = farm_new(&farm, "guest", &wax_keys_hpke);
    message = farm_enrolment(&farm, device, wax_bytes_of(NULL, 0), room);
    (void)wax_authority_admit_until(farm.authority, farm.deed.now_s);
    check_deed(
        &farm,
        wax_authority_enrol(farm.authority, &farm.deed, WAX_TEXT("guest"), message, &verdict),
        WAX_NOT_AUTHORIZED);
    (void)wax_authority_admit_until(farm.authority, farm.deed.now_s + 1);
    check_deed(
        &farm,
        wax_authority_enrol(farm.authority, &farm.deed, WAX_TEXT("ghost"), message, &verdict),
        WAX_UNTRUSTED);
    check_deed(
        &farm,
        wax_authority_enrol(farm.authority, &farm.deed, WAX_TEXT("guest"), message, &verdict),
        WAX_OK);
    assert_int_equal(verdict.standing, WAX_AUTHORITY_PENDING);
    check_deed(&farm, farm_allow(&farm, "guest", "home", READS, false), WAX_NOT_AUTHORIZED);
    check_deed(&farm,
               wax_authority_confirm(farm.authority, &farm.deed, WAX_TEXT("guest"),
                                     WAX_TEXT("lusab-babad-gutih-tugad")),
               WAX_UNTRUSTED);
    farm_pump(&farm, true);
    assert_int_equal(device->memory.mark.version, 0);
    check_deed(&farm,
               wax_authority_enrol(farm.authority, &farm.deed, WAX_TEXT("guest"), message, &again),
               WAX_OK);
    assert_string_equal(verdict.words, again.words);
    check_deed(&farm,
               wax_authority_confirm(farm.authority, &farm.deed, WAX_TEXT("guest"),
                                     wax_bytes_of_text(verdict.words)),
               WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(device->memory.mark.version, 1);
    check_deed(&farm,
               wax_authority_confirm(farm.authority, &farm.deed, WAX_TEXT("guest"),
                                     wax_bytes_of_text(verdict.words)),
               WAX_INVALID);
    farm_end(&farm);
}

static void keys_and_names_that_somebody_has_are_refused(void **state)
{
    const struct farm_device *lamp;

    (void)state;
    begin_home(15, 1);
    lamp = farm_device(&farm, "lamp");
    check_deed(&farm,
               wax_authority_enrol_psk(farm.authority, &farm.deed, WAX_TEXT("twin"), 2, lamp->psk),
               WAX_NOT_AUTHORIZED);
    check_deed(&farm,
               wax_authority_enrol_psk(farm.authority, &farm.deed, WAX_TEXT("lamp"), 2, farm.key),
               WAX_NOT_AUTHORIZED);
    check_deed(&farm,
               wax_authority_enrol_psk(farm.authority, &farm.deed, WAX_TEXT("a/b"), 2, farm.key),
               WAX_INVALID);
    check_deed(&farm,
               wax_authority_enrol_psk(farm.authority, &farm.deed, WAX_TEXT("new"), 16, farm.key),
               WAX_INVALID);
    farm_end(&farm);
}

static void every_deed_is_in_the_log_and_a_failed_one_is_not(void **state)
{
    uint64_t before;

    (void)state;
    begin_home(16, 1);
    /* create, group, rotate, activate, 3 times enrol, 3 times grant */
    assert_int_equal(farm.entries, 10);
    assert_int_equal(farm.log.number, 10);
    before = wax_authority_identify(farm.authority).log_number;
    check_deed(&farm, farm_allow(&farm, "nobody", "home", READS, false), WAX_NOT_FOUND);
    check_deed(&farm, farm_group(&farm, "home", 1, 1), WAX_INVALID);
    farm.deed.who = WAX_TEXT("");
    check_deed(&farm, farm_group(&farm, "other", 1, 1), WAX_INVALID);
    farm.deed.who = WAX_TEXT("anna");
    assert_int_equal(wax_authority_identify(farm.authority).log_number, before);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("lamp")), WAX_OK);
    farm_pump(&farm, true);
    /* evict, rotate */
    assert_int_equal(farm.log.number, before + 2);
    farm_end(&farm);
}

/* Counts what it is told of. */
struct listing {
    wax_authority_visitor visitor;
    unsigned devices;
    unsigned evicted;
    unsigned seen;
    unsigned members;
};

static void count_device(wax_authority_visitor *self, const wax_authority_device *device)
{
    struct listing *listing = WAX_OWNER(self, struct listing, visitor);

    listing->devices++;
    listing->evicted += device->standing == WAX_AUTHORITY_EVICTED ? 1 : 0;
    if (device->seen_s != 0) {
        assert_true(wax_bytes_equal(device->name, WAX_TEXT("lamp")));
        assert_true(device->held_version == device->version);
        listing->seen++;
    }
}

static void count_member(wax_authority_visitor *self, const wax_authority_member *member)
{
    struct listing *listing = WAX_OWNER(self, struct listing, visitor);

    listing->members++;
    assert_true(wax_bytes_equal(member->group, WAX_TEXT("home")));
    assert_int_equal(member->sender != 0, (member->role & WAX_KEYS_WRITES) != 0);
    assert_int_equal(member->write_epoch, 1);
}

static void a_visitor_is_told_of_all_devices_and_members(void **state)
{
    struct listing listing = {
        .visitor = {.device = count_device, .member = count_member}
    };

    (void)state;
    begin_home(17, 1);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("sensor")), WAX_OK);
    check_deed(&farm, wax_authority_visit(farm.authority, &listing.visitor), WAX_OK);
    assert_int_equal(listing.devices, 3);
    assert_int_equal(listing.evicted, 1);
    assert_int_equal(listing.seen, 1);
    assert_int_equal(listing.members, 2);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_gets_its_own_secret_and_no_other),
        cmocka_unit_test(a_new_epoch_goes_to_readers_first_and_is_written_in_when_all_have_it),
        cmocka_unit_test(readers_that_are_silent_hold_nothing_up_for_long),
        cmocka_unit_test(an_evicted_device_gets_nothing_of_the_next_epoch),
        cmocka_unit_test(what_an_evicted_device_knew_goes_with_it),
        cmocka_unit_test(the_log_and_the_groups_can_be_read_and_all_of_it_copied),
        cmocka_unit_test(an_epoch_that_was_announced_to_who_is_revoked_is_never_written_in),
        cmocka_unit_test(who_only_wrote_leaves_without_a_new_epoch),
        cmocka_unit_test(who_may_no_longer_read_keeps_its_number_and_gets_no_epoch_secret),
        cmocka_unit_test(only_so_many_epochs_are_kept),
        cmocka_unit_test(who_joins_late_gets_nothing_older_than_that),
        cmocka_unit_test(a_boot_nonce_is_echoed),
        cmocka_unit_test(what_was_not_sent_comes_again_after_a_restart_and_what_was_does_not),
        cmocka_unit_test(after_a_backup_the_generation_is_higher_and_nothing_is_given_twice),
        cmocka_unit_test(the_file_holds_no_secret_and_opens_by_its_key_only),
        cmocka_unit_test(strangers_are_let_in_by_the_right_words_only_and_only_when_admitted),
        cmocka_unit_test(keys_and_names_that_somebody_has_are_refused),
        cmocka_unit_test(every_deed_is_in_the_log_and_a_failed_one_is_not),
        cmocka_unit_test(a_visitor_is_told_of_all_devices_and_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
