/* The authority: what is the most of something, and what then. */
#include "../authority_check.h"

static struct farm farm;

/* Publishes all; returns how many mailboxes there were. */
static unsigned publish_all(void)
{
    wax_authority_message message;
    unsigned mailboxes = 0;
    wax_status status;

    while ((status = wax_authority_next(farm.authority, &message)) == WAX_OK) {
        mailboxes += message.kind == WAX_AUTHORITY_MAILBOX ? 1 : 0;
        check_deed(&farm, wax_authority_sent(farm.authority, &message), WAX_OK);
    }
    check_deed(&farm, status, WAX_NOT_FOUND);
    return mailboxes;
}

/* As many epochs as a group may keep, and one that is announced: readers get it. */
static void a_group_that_keeps_the_most_epochs_rotates(void **state)
{
    static const wax_bytes filter = {(const uint8_t *)"home/#", 6};
    const wax_authority_group group = {
        .name = WAX_TEXT("home"),
        .suite = 2,
        .tag_size = 16,
        .filters = &filter,
        .filter_count = 1,
        .kept = 255,
        .ack_s = 10,
    };
    uint8_t id[WAX_KEYS_ID_SIZE];

    (void)state;
    farm_begin(&farm, 31);
    check_deed(&farm, wax_authority_add_group(farm.authority, &farm.deed, &group, id), WAX_OK);
    farm_add(&farm, "lamp", &wax_keys_ascon);
    check_deed(&farm, farm_allow(&farm, "lamp", "home", WAX_KEYS_READS, true), WAX_OK);
    assert_int_equal(publish_all(), 1);
    for (unsigned i = 0; i < 258; i++) {
        check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, group.name), WAX_OK);
        assert_int_equal(publish_all(), 1);
        check_deed(&farm, wax_authority_activate(farm.authority, &farm.deed, group.name), WAX_OK);
        assert_int_equal(publish_all(), 1);
    }
    farm_end(&farm);
}

static wax_status ask(unsigned number)
{
    struct farm_device device = {.profile = &wax_keys_hpke};
    wax_authority_verdict verdict;
    uint8_t seed[WAX_HPKE_SEED_SIZE];
    uint8_t room[1024];

    (void)snprintf(device.name, sizeof device.name, "stranger-%u", number);
    any_fill(&farm.seed, seed, sizeof seed);
    assert_int_equal(
        wax_hpke_pair(wax_bytes_of(seed, sizeof seed), device.secret, device.public_key), WAX_OK);
    return wax_authority_enrol(farm.authority, &farm.deed, wax_bytes_of_text(device.name),
                               farm_enrolment(&farm, &device, wax_bytes_of(NULL, 0), room),
                               &verdict);
}

/* Whoever may publish could fill the file while strangers are let in. */
static void strangers_that_wait_are_so_many_and_no_more(void **state)
{
    (void)state;
    farm_begin(&farm, 32);
    assert_int_equal(wax_authority_admit_until(farm.authority, UINT64_MAX), 0);
    for (unsigned i = 0; i < WAX_AUTHORITY_PENDING_MAX; i++) {
        check_deed(&farm, ask(i), WAX_OK);
    }
    check_deed(&farm, ask(WAX_AUTHORITY_PENDING_MAX), WAX_NOT_AUTHORIZED);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("stranger-7")),
               WAX_OK);
    check_deed(&farm, ask(WAX_AUTHORITY_PENDING_MAX), WAX_OK);
    assert_true(wax_authority_admit_until(farm.authority, 0) == UINT64_MAX);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_that_keeps_the_most_epochs_rotates),
        cmocka_unit_test(strangers_that_wait_are_so_many_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
