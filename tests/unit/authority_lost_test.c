/* A device that lost all that it had written down, and has its key. */
#include "../authority_check.h"

static struct farm farm;

enum { READS = WAX_KEYS_READS, WRITES = WAX_KEYS_WRITES, BOTH = READS | WRITES };

static void begin_home(uint64_t seed, uint32_t group_class)
{
    static const char *const names[] = {"lamp", "sensor", "panel"};

    farm_begin(&farm, seed);
    check_deed(&farm, farm_group(&farm, "home", 2, group_class), WAX_OK);
    for (uint32_t role = READS; role <= BOTH; role++) {
        const char *name = names[role - 1];

        farm_add(&farm, name, role == BOTH ? &wax_keys_hpke : &wax_keys_ascon);
        check_deed(&farm, farm_allow(&farm, name, "home", role, false), WAX_OK);
    }
    farm_pump(&farm, true);
    for (size_t i = 0; i < 3; i++) {
        check_deed(&farm, farm_report(&farm, names[i]), WAX_OK);
    }
    farm_pump(&farm, true);
}

/* Its folder is gone; it starts again. */
static void lose(const char *name)
{
    struct farm_device *device = farm_device(&farm, name);

    device->memory.mark.generation = 0;
    device->memory.mark.version = 0;
    device->count = 0;
    device->groups = 0;
    device->boot_nonce[0] ^= 1;
}

static void recover(const char *name, wax_status wanted)
{
    check_deed(&farm, wax_authority_recover(farm.authority, &farm.deed, wax_bytes_of_text(name)),
               wanted);
    farm_pump(&farm, true);
}

static void where_it_writes_it_has_a_number_that_nobody_had(void **state)
{
    static const char *const names[] = {"sensor", "panel"};

    (void)state;
    for (uint32_t group_class = 0; group_class < 2; group_class++) {
        for (size_t i = 0; i < WAX_COUNT(names); i++) {
            uint32_t before[2];

            begin_home(1, group_class);
            before[0] = farm_held(&farm, "sensor", 0)->group.sender;
            before[1] = farm_held(&farm, "panel", 0)->group.sender;
            lose(names[i]);
            recover(names[i], WAX_OK);
            assert_int_not_equal(farm_held(&farm, names[i], 0)->group.sender, before[0]);
            assert_int_not_equal(farm_held(&farm, names[i], 0)->group.sender, before[1]);
            assert_int_equal(farm_held(&farm, names[1 - i], 0)->group.sender, before[1 - i]);
            assert_int_equal(farm_held(&farm, names[i], 0)->group.write_epoch, 1);
            farm_end(&farm);
        }
    }
}

static void of_a_stream_it_gets_what_begins_anew(void **state)
{
    const struct held_group *held;

    (void)state;
    begin_home(2, 1);
    lose("lamp");
    recover("lamp", WAX_OK);
    held = farm_held(&farm, "lamp", 0);
    assert_int_equal(held->count, 1);
    assert_int_equal(held->epochs[0].epoch, 2); /* announced, and not written in */
    assert_int_equal(farm_held(&farm, "sensor", 0)->group.write_epoch, 1);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    check_deed(&farm, farm_report(&farm, "panel"), WAX_OK);
    farm_pump(&farm, true);
    assert_int_equal(farm_held(&farm, "sensor", 0)->group.write_epoch, 2);
    /* Who writes too has what it writes with until then. */
    lose("panel");
    recover("panel", WAX_OK);
    held = farm_held(&farm, "panel", 0);
    assert_int_equal(held->count, 2);
    assert_int_equal(held->epochs[0].what, WAX_KEYS_SENDER_SECRET);
    assert_int_equal(held->epochs[0].epoch, held->group.write_epoch);
    assert_int_equal(held->epochs[1].what, WAX_KEYS_EPOCH_SECRET);
    farm_end(&farm);
}

static void what_is_retained_it_reads_as_before(void **state)
{
    (void)state;
    begin_home(3, 0);
    lose("lamp");
    recover("lamp", WAX_OK);
    assert_int_equal(farm_held(&farm, "lamp", 0)->count, 1);
    assert_int_equal(farm_held(&farm, "lamp", 0)->epochs[0].epoch, 1);
    farm_end(&farm);
}

static void its_statuses_count_anew_and_those_from_before_are_refused(void **state)
{
    uint8_t rooms[3][2048];
    size_t sizes[3];

    (void)state;
    begin_home(4, 1);
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK); /* the second */
    for (size_t i = 0; i < 3; i++) {
        sizes[i] = farm_status(&farm, "lamp", rooms[i], sizeof rooms[i]);
    }
    lose("lamp");
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_PROTOCOL_ERROR); /* nobody has said so yet */
    recover("lamp", WAX_OK);
    for (size_t i = 0; i < 3; i++) {
        check_deed(&farm,
                   wax_authority_hear(farm.authority, farm.deed.now_s, WAX_TEXT("lamp"), rooms[i],
                                      sizes[i]),
                   WAX_PROTOCOL_ERROR);
    }
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    farm_pump(&farm, true);
    assert_true(farm_device(&farm, "lamp")->echoes);
    farm_end(&farm);
}

static void who_is_not_in_is_not_recovered(void **state)
{
    (void)state;
    begin_home(5, 1);
    recover("nobody", WAX_NOT_FOUND);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("lamp")), WAX_OK);
    recover("lamp", WAX_NOT_AUTHORIZED);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_it_writes_it_has_a_number_that_nobody_had),
        cmocka_unit_test(of_a_stream_it_gets_what_begins_anew),
        cmocka_unit_test(what_is_retained_it_reads_as_before),
        cmocka_unit_test(its_statuses_count_anew_and_those_from_before_are_refused),
        cmocka_unit_test(who_is_not_in_is_not_recovered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
