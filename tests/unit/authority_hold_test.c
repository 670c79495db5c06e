/* Devices that somebody suspends by hand. */
#include "../authority_check.h"

static struct farm farm;

/* Two groups that a lamp reads, and what it has of the first. */
static void begin(uint64_t seed)
{
    farm_begin(&farm, seed);
    check_deed(&farm, farm_group(&farm, "home", 1, 1), WAX_OK);
    check_deed(&farm, farm_group(&farm, "yard", 1, 1), WAX_OK);
    check_deed(&farm, farm_group(&farm, "shed", 1, 1), WAX_OK);
    farm_add(&farm, "lamp", &wax_keys_ascon);
    check_deed(&farm, farm_allow(&farm, "lamp", "home", WAX_KEYS_READS, false), WAX_OK);
    check_deed(&farm, farm_allow(&farm, "lamp", "yard", WAX_KEYS_READS, false), WAX_OK);
    farm_pump(&farm, true);
}

static uint32_t newest_of(size_t group)
{
    const struct held_group *held = farm_held(&farm, "lamp", group);

    return held->count == 0 ? 0 : held->epochs[held->count - 1].epoch;
}

static void renew(void)
{
    static const char *const groups[] = {"home", "yard"};

    for (size_t i = 0; i < WAX_COUNT(groups); i++) {
        const wax_bytes name = wax_bytes_of_text(groups[i]);

        check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, name), WAX_OK);
        /* Where nobody is waited for, the new epoch is written in already. */
        (void)!wax_authority_activate(farm.authority, &farm.deed, name);
    }
    farm_pump(&farm, true);
}

static wax_status hold(const char *device, const char *group)
{
    return wax_authority_suspend(farm.authority, &farm.deed, wax_bytes_of_text(device),
                                 wax_bytes_of_text(group));
}

static wax_status resume(void)
{
    return wax_authority_resume(farm.authority, &farm.deed, WAX_TEXT("lamp"));
}

static void one_group_gives_nothing_newer_until_it_is_resumed(void **state)
{
    (void)state;
    begin(1);
    check_deed(&farm, resume(), WAX_INVALID);
    check_deed(&farm, hold("lamp", "home"), WAX_OK);
    renew();
    assert_int_equal(newest_of(0), 1);
    assert_int_equal(newest_of(1), 2);
    check_deed(&farm, resume(), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of(0), 2);
    farm_end(&farm);
}

static void all_groups_are_meant_when_none_is_named(void **state)
{
    (void)state;
    begin(2);
    check_deed(&farm, hold("lamp", "yard"), WAX_OK);
    check_deed(&farm, hold("lamp", ""), WAX_OK); /* home is left */
    renew();
    assert_int_equal(newest_of(0), 1);
    assert_int_equal(newest_of(1), 1);
    check_deed(&farm, resume(), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(newest_of(0), 2);
    assert_int_equal(newest_of(1), 2);
    farm_end(&farm);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    begin(3);
    check_deed(&farm, hold("nobody", ""), WAX_NOT_FOUND);
    check_deed(&farm, hold("lamp", "nowhere"), WAX_NOT_FOUND);
    check_deed(&farm, hold("lamp", "shed"), WAX_INVALID);
    check_deed(&farm, hold("lamp", "home"), WAX_OK);
    check_deed(&farm, hold("lamp", "home"), WAX_INVALID);
    check_deed(&farm, hold("lamp", ""), WAX_OK);
    check_deed(&farm, hold("lamp", ""), WAX_INVALID);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_group_gives_nothing_newer_until_it_is_resumed),
        cmocka_unit_test(all_groups_are_meant_when_none_is_named),
        cmocka_unit_test(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
