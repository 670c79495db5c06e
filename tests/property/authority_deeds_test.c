/* Random deeds upon an authority, with restarts between them: whatever happens, each device holds
 * what a simple model lets it hold, and nothing else. */
#include "../authority_check.h"

enum { DEVICES = 6, GROUPS = 3, STEPS = 120, SEEDS = 6, EPOCHS = 4096, SENDERS = 512 };

static const char *const names[DEVICES] = {"a", "b", "c", "d", "e", "f"};
static const char *const groups[GROUPS] = {"one", "two", "three"};

/* What the model knows of a member. */
struct seat {
    uint32_t role;
    bool has_history;
};

struct model {
    struct farm farm;
    struct seat seats[DEVICES][GROUPS];
    bool is_evicted[DEVICES];
    uint8_t barred[GROUPS][EPOCHS]; /* bit of each device that must never have this epoch */
    uint8_t owner[GROUPS][SENDERS]; /* of each sender number: device + 1 */
    uint8_t secrets[GROUPS][EPOCHS][WAX_KEYS_SECRET_SIZE];
    bool is_known[GROUPS][EPOCHS];
    uint32_t newest[GROUPS];
};

static size_t group_of(const struct model *model, const uint8_t *id)
{
    size_t i = 0;

    while (i < GROUPS && memcmp(model->farm.ids[i], id, WAX_KEYS_ID_SIZE) != 0) {
        i++;
    }
    assert_true(i < GROUPS);
    return i;
}

/* Whoever reads has the same secret for the same epoch; nobody has one that it was barred from. */
static void check_epoch(struct model *model, size_t device, size_t group, const wax_keys_epoch *row,
                        const uint8_t *secret)
{
    assert_true(row->epoch < EPOCHS);
    if (row->what != WAX_KEYS_EPOCH_SECRET) {
        return;
    }
    assert_int_equal((unsigned)model->barred[group][row->epoch] >> device & 1U, 0);
    if (model->is_known[group][row->epoch]) {
        assert_memory_equal(model->secrets[group][row->epoch], secret, WAX_KEYS_SECRET_SIZE);
    }
    memcpy(model->secrets[group][row->epoch], secret, WAX_KEYS_SECRET_SIZE);
    model->is_known[group][row->epoch] = true;
    if (row->epoch > model->newest[group]) {
        model->newest[group] = row->epoch;
    }
}

static void check_held(struct model *model, size_t device, size_t group,
                       const struct held_group *held)
{
    const struct seat *seat = &model->seats[device][group];
    const uint32_t sender = held->group.sender;

    assert_int_equal(held->group.role, seat->role);
    assert_int_equal(sender != 0, (seat->role & WAX_KEYS_WRITES) != 0);
    assert_true(sender < SENDERS);
    if (sender != 0) {
        assert_true(model->owner[group][sender] == 0 ||
                    model->owner[group][sender] == (uint8_t)(device + 1));
        model->owner[group][sender] = (uint8_t)(device + 1);
    }
    for (size_t i = 0; i < held->count; i++) {
        const wax_keys_epoch *row = &held->epochs[i];

        if (row->what == WAX_KEYS_SENDER_SECRET) {
            assert_true(sender != 0 && row->epoch == held->group.write_epoch);
        } else {
            assert_true((seat->role & WAX_KEYS_READS) != 0);
        }
        assert_true(row->what != WAX_KEYS_CLASS_SECRET || seat->has_history);
        check_epoch(model, device, group, row, held->secrets[i]);
    }
}

static void check_all(struct model *model)
{
    for (size_t i = 0; i < DEVICES; i++) {
        const struct farm_device *device = &model->farm.devices[i];
        size_t wanted = 0;

        for (size_t k = 0; k < GROUPS; k++) {
            wanted += model->seats[i][k].role != 0 ? 1 : 0;
        }
        assert_int_equal(device->groups, wanted);
        for (size_t k = 0; k < device->groups; k++) {
            check_held(model, i, group_of(model, device->held[k].id), &device->held[k]);
        }
    }
}

/* A device may have no epoch of a group that comes after those that anybody knows now. */
static void bar(struct model *model, size_t device, size_t group)
{
    for (uint32_t i = model->newest[group] + 1; i < EPOCHS; i++) {
        model->barred[group][i] |= (uint8_t)(1U << device);
    }
}

/* It may have what is written in now, and what comes. */
static void let_in(struct model *model, size_t device, size_t group)
{
    for (uint32_t i = model->farm.write_epoch[group + 1]; i < EPOCHS; i++) {
        model->barred[group][i] &= (uint8_t) ~(1U << device);
    }
}

static void allow(struct model *model, size_t device, size_t group)
{
    struct farm *farm = &model->farm;
    struct seat *seat = &model->seats[device][group];
    const uint32_t role = 1 + any_below(&farm->seed, 3);
    const bool has_history = any_below(&farm->seed, 2) == 0;

    check_deed(farm, farm_allow(farm, names[device], groups[group], role, has_history),
               model->is_evicted[device] ? WAX_NOT_AUTHORIZED : WAX_OK);
    if (model->is_evicted[device]) {
        return;
    }
    if ((seat->role & WAX_KEYS_READS) != 0 && (role & WAX_KEYS_READS) == 0) {
        bar(model, device, group);
    } else if ((role & WAX_KEYS_READS) != 0) {
        let_in(model, device, group);
    }
    *seat = (struct seat){role, has_history};
}

static void take_out(struct model *model, size_t device, size_t group)
{
    struct farm *farm = &model->farm;
    struct seat *seat = &model->seats[device][group];

    check_deed(farm,
               wax_authority_revoke(farm->authority, &farm->deed, wax_bytes_of_text(names[device]),
                                    wax_bytes_of_text(groups[group])),
               seat->role != 0 ? WAX_OK : WAX_NOT_FOUND);
    if ((seat->role & WAX_KEYS_READS) != 0) {
        bar(model, device, group);
    }
    *seat = (struct seat){.role = 0};
}

static void evict(struct model *model, size_t device)
{
    struct farm *farm = &model->farm;

    check_deed(farm,
               wax_authority_evict(farm->authority, &farm->deed, wax_bytes_of_text(names[device])),
               model->is_evicted[device] ? WAX_INVALID : WAX_OK);
    for (size_t i = 0; i < GROUPS; i++) {
        if ((model->seats[device][i].role & WAX_KEYS_READS) != 0) {
            bar(model, device, i);
        }
        model->seats[device][i] = (struct seat){.role = 0};
    }
    model->is_evicted[device] = true;
}

/* All that it had written down is gone: of streams it may have none of what is written in now. */
static void recover(struct model *model, size_t device)
{
    struct farm *farm = &model->farm;
    struct farm_device *lost = &farm->devices[device];

    check_deed(
        farm, wax_authority_recover(farm->authority, &farm->deed, wax_bytes_of_text(names[device])),
        model->is_evicted[device] ? WAX_NOT_AUTHORIZED : WAX_OK);
    lost->memory.mark = (wax_keys_mark){.keep = lost->memory.mark.keep};
    lost->count = 0;
    for (size_t i = 1; i < GROUPS; i += 2) {
        for (uint32_t epoch = 0; epoch <= farm->write_epoch[i + 1]; epoch++) {
            model->barred[i][epoch] |= (uint8_t)(1U << device);
        }
    }
}

static void step(struct model *model)
{
    struct farm *farm = &model->farm;
    const size_t device = any_below(&farm->seed, DEVICES);
    const size_t group = any_below(&farm->seed, GROUPS);
    const wax_bytes name = wax_bytes_of_text(groups[group]);
    uint64_t next_s = 0;
    wax_status status;

    switch (any_below(&farm->seed, 17)) {
    case 0:
        evict(model, device);
        break;
    case 1:
    case 2:
        take_out(model, device, group);
        break;
    case 3:
    case 4:
    case 5:
        status = wax_authority_rotate(farm->authority, &farm->deed, name);
        assert_true(status == WAX_OK || status == WAX_INVALID);
        break;
    case 6:
        status = wax_authority_activate(farm->authority, &farm->deed, name);
        assert_true(status == WAX_OK || status == WAX_INVALID);
        break;
    case 7:
        farm->deed.now_s += any_below(&farm->seed, 20);
        check_deed(farm, wax_authority_tick(farm->authority, farm->deed.now_s, &next_s), WAX_OK);
        assert_true(next_s > farm->deed.now_s);
        break;
    case 8:
        farm_reopen(farm);
        break;
    case 9:
    case 10:
    case 11:
        check_deed(farm, farm_report(farm, names[device]),
                   model->is_evicted[device] ? WAX_NOT_AUTHORIZED : WAX_OK);
        break;
    case 12:
        recover(model, device);
        break;
    default:
        allow(model, device, group);
        break;
    }
}

static void every_device_holds_what_it_may_and_nothing_else(void **state)
{
    static struct model model;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        memset(&model, 0, sizeof model);
        farm_begin(&model.farm, seed);
        for (size_t i = 0; i < GROUPS; i++) {
            check_deed(&model.farm,
                       farm_group(&model.farm, groups[i], 1 + (uint32_t)i, (uint32_t)i % 2),
                       WAX_OK);
            model.newest[i] = 1;
        }
        for (size_t i = 0; i < DEVICES; i++) {
            farm_add(&model.farm, names[i], keys_profiles[i % WAX_COUNT(keys_profiles)]);
        }
        farm_pump(&model.farm, true);
        for (unsigned i = 0; i < STEPS; i++) {
            step(&model);
            farm_pump(&model.farm, any_below(&model.farm.seed, 4) != 0);
            check_all(&model);
        }
        assert_true(model.farm.log.number ==
                    wax_authority_identify(model.farm.authority).log_number);
        farm_end(&model.farm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_device_holds_what_it_may_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
