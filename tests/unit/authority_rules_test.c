/* Rules: each condition, with time given; what they do, how often, and what outlives the process.
 */
#include "../authority_check.h"

#include "authority/ledger.h"

static struct farm farm;

enum { READS = WAX_KEYS_READS, WRITES = WAX_KEYS_WRITES, HOUR = 3600, DAY = 86400 };

/* What rules say. */
static struct hearing {
    wax_authority_teller teller;
    char lines[4000];
    unsigned count;
} heard;

static void hear(wax_authority_teller *self, const char *line)
{
    const size_t used = strlen(heard.lines);

    (void)self;
    heard.count++;
    (void)snprintf(heard.lines + used, sizeof heard.lines - used, "%s\n", line);
}

/* Lets rules act. Returns how many lines they said; `act_next_s` is when they want to again. */
static uint64_t act_next_s;

static unsigned act(void)
{
    heard = (struct hearing){.teller = {hear}};
    check_deed(&farm,
               wax_authority_act(farm.authority, farm.deed.now_s, &heard.teller, &act_next_s),
               WAX_OK);
    farm_pump(&farm, true);
    return heard.count;
}

static bool said(const char *words)
{
    return strstr(heard.lines, words) != NULL;
}

static wax_status add(const char *name, const char *when, const char *deed)
{
    const wax_authority_rule rule = {.name = wax_bytes_of_text(name),
                                     .when = wax_bytes_of_text(when),
                                     .act = wax_bytes_of_text(deed)};

    return wax_authority_add_rule(farm.authority, &farm.deed, &rule);
}

/* Two groups: home with a lamp that reads and a sensor that writes, yard with the lamp alone. */
static void begin_home(uint64_t seed)
{
    farm_begin(&farm, seed);
    check_deed(&farm, farm_group(&farm, "home", 1, 1), WAX_OK);
    check_deed(&farm, farm_group(&farm, "yard", 1, 1), WAX_OK);
    farm_add(&farm, "lamp", &wax_keys_ascon);
    farm_add(&farm, "sensor", &wax_keys_chacha20);
    check_deed(&farm, farm_allow(&farm, "lamp", "home", READS, false), WAX_OK);
    check_deed(&farm, farm_allow(&farm, "lamp", "yard", READS, false), WAX_OK);
    check_deed(&farm, farm_allow(&farm, "sensor", "home", WRITES, false), WAX_OK);
    farm_pump(&farm, true);
    wax_authority_listen(farm.authority, farm.deed.now_s);
}

/* A group's numbers. */
struct looking {
    wax_authority_visitor visitor;
    wax_bytes name;
    uint32_t write_epoch;
    uint32_t announced;
    unsigned suspended;
    unsigned evicted;
};

static void look_at_group(wax_authority_visitor *self, const wax_authority_group_state *group)
{
    struct looking *looking = WAX_OWNER(self, struct looking, visitor);

    if (wax_bytes_equal(group->name, looking->name)) {
        looking->write_epoch = group->write_epoch;
        looking->announced = group->announced;
    }
}

static void look_at_member(wax_authority_visitor *self, const wax_authority_member *member)
{
    WAX_OWNER(self, struct looking, visitor)->suspended += member->is_suspended ? 1 : 0;
}

static void look_at_device(wax_authority_visitor *self, const wax_authority_device *device)
{
    WAX_OWNER(self, struct looking, visitor)->evicted +=
        device->standing == WAX_AUTHORITY_EVICTED ? 1 : 0;
}

static struct looking look(const char *group)
{
    struct looking looking = {
        .visitor = {look_at_group, look_at_device, look_at_member},
        .name = wax_bytes_of_text(group)
    };

    check_deed(&farm, wax_authority_visit(farm.authority, &looking.visitor), WAX_OK);
    return looking;
}

static uint32_t newest_of(const char *name)
{
    const struct held_group *held = farm_held(&farm, name, 0);

    return held->count == 0 ? 0 : held->epochs[held->count - 1].epoch;
}

static void time_rotates_groups_in_two_phases(void **state)
{
    (void)state;
    begin_home(1);
    check_deed(&farm, add("weekly", "every 7d", "rotate"), WAX_OK);
    assert_int_equal(act(), 0);
    assert_true(act_next_s == farm.deed.now_s + 7 * DAY);
    farm.deed.now_s += 7 * DAY - 1;
    assert_int_equal(act(), 0);
    farm.deed.now_s += 1;
    assert_int_equal(act(), 2);
    assert_true(said("rule weekly: every 7d, group home: rotates"));
    assert_true(said("rule weekly: every 7d, group yard: rotates"));
    assert_int_equal(look("home").announced, 2);
    assert_int_equal(look("home").write_epoch, 1);
    assert_int_equal(act(), 0);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(look("home").write_epoch, 2);
    farm.deed.now_s += 7 * DAY;
    assert_int_equal(act(), 2);
    farm_end(&farm);
}

static void patterns_say_which_groups_and_devices(void **state)
{
    const wax_authority_rule yards = {.name = WAX_TEXT("yards"),
                                      .when = WAX_TEXT("every 1h"),
                                      .act = WAX_TEXT("rekey"),
                                      .groups = WAX_TEXT("y*d")};
    const wax_authority_rule sensors = {.name = WAX_TEXT("sensors"),
                                        .when = WAX_TEXT("silent 2h"),
                                        .act = WAX_TEXT("notify"),
                                        .devices = WAX_TEXT("[a-s]ensor?")};

    (void)state;
    begin_home(2);
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &yards), WAX_OK);
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &sensors), WAX_OK);
    farm_add(&farm, "sensor2", &wax_keys_ccm);
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "sensor2"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm.deed.now_s += 2 * HOUR;
    assert_int_equal(act(), 2);
    assert_true(said("device sensor2: noted"));
    assert_int_equal(look("yard").write_epoch, 2);
    assert_int_equal(look("yard").announced, 0);
    assert_int_equal(look("home").write_epoch, 1);
    farm_end(&farm);
}

static void what_was_sealed_rotates_and_a_new_epoch_counts_anew(void **state)
{
    struct farm_device *sensor;

    (void)state;
    begin_home(3);
    sensor = farm_device(&farm, "sensor");
    sensor->messages = 90;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    check_deed(&farm, add("much", "messages 100", "rekey"), WAX_OK);
    sensor->messages = 189;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    assert_int_equal(act(), 0);
    sensor->boot_nonce[0] ^= 1;
    sensor->messages = 1;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    assert_int_equal(act(), 1);
    assert_true(said("group home: rekeys at once"));
    assert_int_equal(look("home").write_epoch, 2);
    assert_int_equal(act(), 0);
    sensor->messages = 60;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_activate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    sensor->messages = 159;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    assert_int_equal(act(), 0);
    sensor->messages = 160;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    assert_int_equal(act(), 1);
    /* Bytes are another rule's. */
    check_deed(&farm, add("large", "bytes 1k", "rotate"), WAX_OK);
    sensor->bytes = 999;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    assert_int_equal(act(), 0);
    sensor->bytes = 1000;
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    assert_int_equal(act(), 1);
    farm_end(&farm);
}

static void who_comes_and_who_leaves(void **state)
{
    (void)state;
    begin_home(4);
    check_deed(&farm, add("come", "join", "rotate"), WAX_OK);
    check_deed(&farm, add("gone", "leave", "rekey"), WAX_OK);
    assert_int_equal(act(), 0);
    farm_add(&farm, "panel", &wax_keys_ccm);
    check_deed(&farm, farm_allow(&farm, "panel", "home", READS, false), WAX_OK);
    farm_add(&farm, "clock", &wax_keys_ccm);
    check_deed(&farm, farm_allow(&farm, "clock", "home", READS, false), WAX_OK);
    /* One new epoch is for all who came. */
    assert_int_equal(act(), 1);
    assert_true(said("rule come: join, group home, device"));
    assert_int_equal(look("home").announced, 2);
    check_deed(&farm, farm_allow(&farm, "clock", "home", READS | WRITES, false), WAX_OK);
    assert_int_equal(act(), 0);
    /* Who only wrote would leave without a new epoch. */
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("sensor")), WAX_OK);
    assert_int_equal(act(), 1);
    assert_true(said("rule gone: leave, group home, device sensor: rekeys at once"));
    assert_int_equal(look("home").write_epoch, 2);
    farm_end(&farm);
}

static void what_happened_waits_for_the_next_process(void **state)
{
    (void)state;
    begin_home(5);
    check_deed(&farm, add("come", "join", "rotate"), WAX_OK);
    check_deed(&farm, add("weekly", "every 7d", "rotate"), WAX_OK);
    check_deed(&farm, farm_allow(&farm, "lamp", "yard", READS, false), WAX_OK);
    farm_add(&farm, "panel", &wax_keys_ccm);
    check_deed(&farm, farm_allow(&farm, "panel", "yard", READS, false), WAX_OK);
    farm.deed.now_s += 7 * DAY - 5;
    farm_reopen(&farm);
    assert_int_equal(act(), 1);
    assert_true(said("group yard, device panel"));
    assert_true(act_next_s == farm.deed.now_s + 5);
    farm_reopen(&farm);
    assert_int_equal(act(), 0);
    farm.deed.now_s += 5;
    assert_int_equal(act(), 2);
    farm_reopen(&farm);
    assert_int_equal(act(), 0);
    farm_end(&farm);
}

static void silence_is_told_once_and_again_after_the_next_word(void **state)
{
    (void)state;
    begin_home(6);
    check_deed(&farm, add("quiet", "silent 1h", "notify"), WAX_OK);
    /* Who has never been heard has not begun. */
    farm.deed.now_s += 2 * HOUR;
    assert_int_equal(act(), 0);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 0);
    assert_true(act_next_s == farm.deed.now_s + HOUR);
    farm.deed.now_s += HOUR;
    assert_int_equal(act(), 1);
    assert_true(said("rule quiet: silent 1h, device lamp: noted"));
    farm.deed.now_s += DAY;
    assert_int_equal(act(), 0);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm.deed.now_s += HOUR;
    assert_int_equal(act(), 1);
    farm_end(&farm);
}

static void nobody_is_silent_for_longer_than_the_authority_listens(void **state)
{
    (void)state;
    begin_home(7);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, add("gone", "leave", "notify"), WAX_OK);
    check_deed(&farm, add("quiet", "silent 1h", "evict"), WAX_OK);
    wax_authority_listen(farm.authority, 0);
    farm.deed.now_s += 30 * DAY;
    assert_int_equal(act(), 0);
    farm_reopen(&farm);
    assert_int_equal(act(), 0);
    wax_authority_listen(farm.authority, farm.deed.now_s);
    farm.deed.now_s += HOUR - 1;
    assert_int_equal(act(), 0);
    farm.deed.now_s += 1;
    assert_int_equal(act(), 3); /* out of everything, then out of two groups */
    assert_int_equal(look("home").evicted, 1);
    farm_end(&farm);
}

static void an_alarm_counts_what_is_above_a_number_over_all_starts(void **state)
{
    struct farm_device *lamp;

    (void)state;
    begin_home(8);
    lamp = farm_device(&farm, "lamp");
    lamp->refused[WAX_KEYS_NOT_OPENED] = 50;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, add("alarm", "alarm 3", "notify"), WAX_OK);
    check_deed(&farm, add("again", "replays 0", "notify"), WAX_OK);
    lamp->refused[WAX_KEYS_NOT_OPENED] = 52;
    lamp->refused[WAX_KEYS_GAP] = 100;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 0);
    lamp->boot_nonce[0] ^= 1;
    memset(lamp->refused, 0, sizeof lamp->refused);
    lamp->refused[WAX_KEYS_ROLLBACK] = 1;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 0);
    lamp->refused[WAX_KEYS_UNSEALED] = 1;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 1);
    assert_true(said("rule alarm: alarm 3, device lamp: noted"));
    assert_int_equal(act(), 0);
    lamp->refused[WAX_KEYS_REPLAY] = 1;
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 1);
    assert_true(said("rule again"));
    farm_end(&farm);
}

static void old_firmware_gets_no_new_keys_until_it_is_newer(void **state)
{
    struct farm_device *lamp;

    (void)state;
    begin_home(9);
    farm_add(&farm, "panel", &wax_keys_ccm);
    check_deed(&farm, farm_allow(&farm, "panel", "home", READS | WRITES, false), WAX_OK);
    farm_pump(&farm, true);
    lamp = farm_device(&farm, "lamp");
    lamp->firmware = "wax 1.9.9";
    farm_device(&farm, "panel")->firmware = "2.0";
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "panel"), WAX_OK);
    check_deed(&farm, add("old", "firmware 2.0.0", "suspend"), WAX_OK);
    assert_int_equal(act(), 1);
    assert_true(said("rule old: firmware 2.0.0, device lamp: suspends"));
    assert_int_equal(look("home").suspended, 2);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("lamp"), 1);
    assert_int_equal(newest_of("panel"), 2);
    /* Nobody waits for it. */
    check_deed(&farm, farm_report(&farm, "panel"), WAX_OK);
    assert_int_equal(look("home").write_epoch, 2);
    farm_pump(&farm, true);
    assert_int_equal(newest_of("lamp"), 1);
    assert_int_equal(act(), 0);
    lamp->firmware = "2.0.0-rc1";
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 0);
    lamp->firmware = "2.0.1";
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 1);
    assert_true(said("keys go to it again"));
    assert_int_equal(newest_of("lamp"), 2);
    assert_int_equal(look("home").suspended, 0);
    farm_end(&farm);
}

static void who_is_suspended_writes_no_more_and_a_writer_learns_nothing(void **state)
{
    const struct held_group *held;

    (void)state;
    begin_home(10);
    farm_add(&farm, "panel", &wax_keys_ccm);
    check_deed(&farm, farm_allow(&farm, "panel", "home", READS | WRITES, false), WAX_OK);
    farm_pump(&farm, true);
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "panel"), WAX_OK);
    check_deed(&farm, add("old", "firmware 2", "suspend"), WAX_OK);
    assert_int_equal(act(), 2);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    check_deed(&farm, wax_authority_activate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    farm_pump(&farm, true);
    held = farm_held(&farm, "sensor", 0);
    assert_int_equal(held->count, 0);
    assert_int_equal(held->group.sender, 0);
    held = farm_held(&farm, "panel", 0);
    assert_int_equal(held->count, 1);
    assert_int_equal(held->epochs[0].epoch, 1);
    assert_int_equal(held->group.role, READS);
    /* Somebody ends it by hand. */
    check_deed(&farm, wax_authority_resume(farm.authority, &farm.deed, WAX_TEXT("panel")), WAX_OK);
    check_deed(&farm, wax_authority_resume(farm.authority, &farm.deed, WAX_TEXT("panel")),
               WAX_INVALID);
    farm_pump(&farm, true);
    held = farm_held(&farm, "panel", 0);
    assert_int_equal(held->epochs[held->count - 1].epoch, 2);
    assert_int_equal(held->group.role, READS | WRITES);
    farm_end(&farm);
}

static void a_mistake_puts_out_one_device_a_day(void **state)
{
    (void)state;
    begin_home(11);
    check_deed(&farm, add("quiet", "silent 1s", "evict"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    farm.deed.now_s += 60;
    /* One goes, and one line says that more would. */
    assert_int_equal(act(), 2);
    assert_true(said("its limit of 1 in 86400 seconds is reached"));
    assert_int_equal(look("home").evicted, 1);
    assert_true(act_next_s == farm.deed.now_s + DAY);
    farm_reopen(&farm);
    wax_authority_listen(farm.authority, farm.deed.now_s);
    farm.deed.now_s += DAY - 1;
    assert_int_equal(act(), 0);
    assert_int_equal(look("home").evicted, 1);
    farm.deed.now_s += 1;
    assert_int_equal(act(), 1);
    assert_int_equal(look("home").evicted, 2);
    farm_end(&farm);
}

/* Counts entries of the log that say that they are dry. */
static unsigned count_dry(void)
{
    const wax_authority_identity authority = wax_authority_identify(farm.authority);
    const wax_keys_signing by = {authority.name_space, NULL, authority.registrar};
    wax_keys_followed followed = {.number = 0};
    unsigned count = 0;

    for (uint64_t i = 1; i <= authority.log_number; i++) {
        wax_keys_entry entry;
        wax_bytes signed_bytes;
        wax_bytes name;
        wax_bytes text;
        uint64_t number;

        check_deed(&farm, wax_authority_entry(farm.authority, i, &signed_bytes), WAX_OK);
        assert_int_equal(wax_keys_entry_read(&entry, &by, &followed, signed_bytes), WAX_OK);
        while (wax_keys_next_detail(&entry.details, &name, &text, &number)) {
            count += wax_bytes_equal(name, WAX_TEXT("dry")) ? 1 : 0;
        }
    }
    return count;
}

static void a_dry_run_says_and_does_nothing(void **state)
{
    const wax_authority_rule rule = {.name = WAX_TEXT("quiet"),
                                     .when = WAX_TEXT("silent 1h"),
                                     .act = WAX_TEXT("evict"),
                                     .at_most = WAX_TEXT("5/hour"),
                                     .is_dry = true};

    (void)state;
    begin_home(12);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_OK);
    farm.deed.now_s += HOUR;
    assert_int_equal(act(), 2);
    assert_true(said("device lamp: (dry run: nothing is done) evicts it"));
    assert_int_equal(look("home").evicted, 0);
    assert_int_equal(count_dry(), 2);
    farm_end(&farm);
}

static void to_try_a_rule_changes_nothing(void **state)
{
    uint64_t before;

    (void)state;
    begin_home(13);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "sensor"), WAX_OK);
    check_deed(&farm, add("quiet", "silent 1h", "evict"), WAX_OK);
    farm.deed.now_s += HOUR;
    before = wax_authority_identify(farm.authority).log_number;
    for (unsigned i = 0; i < 2; i++) {
        heard = (struct hearing){.teller = {hear}};
        check_deed(&farm,
                   wax_authority_try_rule(farm.authority, farm.deed.now_s, WAX_TEXT("quiet"),
                                          &heard.teller),
                   WAX_OK);
        assert_int_equal(heard.count, 2);
    }
    assert_true(wax_authority_identify(farm.authority).log_number == before);
    assert_int_equal(look("home").evicted, 0);
    assert_int_equal(act(), 2);
    assert_int_equal(look("home").evicted, 1);
    farm_end(&farm);
}

static wax_status enable(const char *name, bool is_enabled)
{
    return wax_authority_enable_rule(farm.authority, &farm.deed, wax_bytes_of_text(name),
                                     is_enabled);
}

static void a_rule_rests_begins_anew_and_goes(void **state)
{
    (void)state;
    begin_home(14);
    check_deed(&farm, add("weekly", "every 7d", "rotate"), WAX_OK);
    check_deed(&farm, add("weekly", "every 7d", "rotate"), WAX_INVALID);
    check_deed(&farm, enable("weekly", true), WAX_INVALID);
    check_deed(&farm, enable("weekly", false), WAX_OK);
    farm.deed.now_s += 14 * DAY;
    assert_int_equal(act(), 0);
    check_deed(&farm, enable("weekly", true), WAX_OK);
    assert_int_equal(act(), 0);
    farm.deed.now_s += 7 * DAY;
    assert_int_equal(act(), 2);
    check_deed(&farm, wax_authority_remove_rule(farm.authority, &farm.deed, WAX_TEXT("weekly")),
               WAX_OK);
    check_deed(&farm, wax_authority_remove_rule(farm.authority, &farm.deed, WAX_TEXT("weekly")),
               WAX_NOT_FOUND);
    farm.deed.now_s += 70 * DAY;
    assert_int_equal(act(), 0);
    farm_end(&farm);
}

static void silence_ends_in_suspension_or_revocation(void **state)
{
    const wax_authority_rule out = {.name = WAX_TEXT("out"),
                                    .when = WAX_TEXT("silent 2h"),
                                    .act = WAX_TEXT("revoke"),
                                    .groups = WAX_TEXT("yard"),
                                    .devices = WAX_TEXT("lamp")};

    (void)state;
    begin_home(15);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, add("hold", "silent 1h", "suspend"), WAX_OK);
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &out), WAX_OK);
    farm.deed.now_s += HOUR;
    assert_int_equal(act(), 1);
    assert_int_equal(look("home").suspended, 2);
    farm.deed.now_s += HOUR;
    assert_int_equal(act(), 1);
    assert_int_equal(farm_device(&farm, "lamp")->groups, 1);
    assert_int_equal(look("home").suspended, 1);
    assert_int_equal(look("yard").write_epoch, 2);
    /* To be heard does not end it: somebody has to look. */
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    assert_int_equal(act(), 0);
    assert_int_equal(look("home").suspended, 1);
    farm_end(&farm);
}

static void what_cannot_be_done_is_told_and_others_go_on(void **state)
{
    (void)state;
    begin_home(16);
    check_deed(&farm, add("a", "every 1h", "rekey"), WAX_OK);
    check_deed(&farm, add("b", "every 1h", "notify"), WAX_OK);
    farm.deed.now_s += HOUR;
    /* The last epoch there is. */
    ledger_begin(farm.authority);
    ledger_run(farm.authority, "UPDATE groups SET next_epoch=4294967295 WHERE name='home'", NULL);
    assert_int_equal(ledger_end(farm.authority), WAX_OK);
    assert_int_equal(act(), 4);
    assert_true(
        said("rule a: every 1h, group home: this cannot be done: this group has no epochs"));
    assert_true(said("rule a: every 1h, group yard: rekeys at once"));
    assert_int_equal(act(), 0);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_rotates_groups_in_two_phases),
        cmocka_unit_test(patterns_say_which_groups_and_devices),
        cmocka_unit_test(what_was_sealed_rotates_and_a_new_epoch_counts_anew),
        cmocka_unit_test(who_comes_and_who_leaves),
        cmocka_unit_test(what_happened_waits_for_the_next_process),
        cmocka_unit_test(silence_is_told_once_and_again_after_the_next_word),
        cmocka_unit_test(nobody_is_silent_for_longer_than_the_authority_listens),
        cmocka_unit_test(an_alarm_counts_what_is_above_a_number_over_all_starts),
        cmocka_unit_test(old_firmware_gets_no_new_keys_until_it_is_newer),
        cmocka_unit_test(who_is_suspended_writes_no_more_and_a_writer_learns_nothing),
        cmocka_unit_test(a_mistake_puts_out_one_device_a_day),
        cmocka_unit_test(a_dry_run_says_and_does_nothing),
        cmocka_unit_test(to_try_a_rule_changes_nothing),
        cmocka_unit_test(a_rule_rests_begins_anew_and_goes),
        cmocka_unit_test(silence_ends_in_suspension_or_revocation),
        cmocka_unit_test(what_cannot_be_done_is_told_and_others_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
