/* Random deeds and statuses under two rules, with restarts between them: whoever told old firmware
 * gets nothing newer than it had when the rule acted, all others get the newest, nobody waits for
 * who is suspended; and no rule acts more often than its limit. */
#include "../authority_check.h"

enum { DEVICES = 5, STEPS = 150, SEEDS = 6, MOST = 2, PERIOD_S = 50, FIRINGS = 1000 };

static const char *const names[DEVICES] = {"a", "b", "c", "d", "e"};

struct model {
    struct farm farm;
    wax_authority_teller teller;
    wax_authority_visitor visitor;
    uint32_t newest; /* of the group: announced, or else written in */
    uint32_t roles[DEVICES];
    bool is_old[DEVICES];
    uint32_t last[DEVICES]; /* the newest that it may have; 0: any */
    uint64_t fired_s[FIRINGS];
    size_t fired;
};

static void look_at_group(wax_authority_visitor *self, const wax_authority_group_state *group)
{
    WAX_OWNER(self, struct model, visitor)->newest =
        group->announced != 0 ? group->announced : group->write_epoch;
}

static void look(struct model *model)
{
    check_deed(&model->farm, wax_authority_visit(model->farm.authority, &model->visitor), WAX_OK);
}

/* Counts what the second rule does. */
static void hear(wax_authority_teller *self, const char *line)
{
    struct model *model = WAX_OWNER(self, struct model, teller);

    if (strstr(line, "rule quiet: silent") != NULL) {
        const uint64_t now_s = model->farm.deed.now_s;

        assert_true(model->fired < FIRINGS);
        assert_true(model->fired < MOST || model->fired_s[model->fired - MOST] + PERIOD_S <= now_s);
        model->fired_s[model->fired++] = now_s;
    }
}

static void act(struct model *model)
{
    struct farm *farm = &model->farm;
    uint64_t next_s = 0;

    look(model);
    check_deed(farm, wax_authority_act(farm->authority, farm->deed.now_s, &model->teller, &next_s),
               WAX_OK);
    assert_true(next_s > farm->deed.now_s);
    for (size_t i = 0; i < DEVICES; i++) {
        if (!model->is_old[i] || model->roles[i] == 0) {
            model->last[i] = 0;
        } else if (model->last[i] == 0) {
            model->last[i] = model->newest;
        }
    }
}

static void report(struct model *model, size_t device)
{
    struct farm *farm = &model->farm;

    model->is_old[device] = any_below(&farm->seed, 3) == 0;
    farm_device(farm, names[device])->firmware = model->is_old[device] ? "1.9" : "2.0";
    check_deed(farm, farm_report(farm, names[device]), WAX_OK);
}

static void move(struct model *model, size_t device)
{
    struct farm *farm = &model->farm;

    if (model->roles[device] == 0) {
        model->roles[device] = 1 + any_below(&farm->seed, 3);
        check_deed(farm, farm_allow(farm, names[device], "home", model->roles[device], false),
                   WAX_OK);
        return;
    }
    check_deed(farm,
               wax_authority_revoke(farm->authority, &farm->deed, wax_bytes_of_text(names[device]),
                                    WAX_TEXT("home")),
               WAX_OK);
    model->roles[device] = 0;
    model->last[device] = 0;
}

static void step(struct model *model)
{
    struct farm *farm = &model->farm;
    const size_t device = any_below(&farm->seed, DEVICES);
    uint64_t next_s = 0;

    switch (any_below(&farm->seed, 8)) {
    case 0:
        move(model, device);
        break;
    case 1:
        (void)!wax_authority_rotate(farm->authority, &farm->deed, WAX_TEXT("home"));
        break;
    case 2:
        (void)!wax_authority_activate(farm->authority, &farm->deed, WAX_TEXT("home"));
        break;
    case 3:
        farm_reopen(farm);
        wax_authority_listen(farm->authority, farm->deed.now_s);
        break;
    case 4:
        farm->deed.now_s += any_below(&farm->seed, 30);
        check_deed(farm, wax_authority_tick(farm->authority, farm->deed.now_s, &next_s), WAX_OK);
        break;
    case 5:
        act(model);
        break;
    default:
        report(model, device);
        break;
    }
}

static void check_device(struct model *model, size_t device)
{
    const struct held_group *held = farm_held(&model->farm, names[device], 0);
    const bool reads = (model->roles[device] & WAX_KEYS_READS) != 0;
    uint32_t newest;

    assert_int_equal(held != NULL, model->roles[device] != 0);
    if (held == NULL) {
        return;
    }
    newest = held->count == 0 ? 0 : held->epochs[held->count - 1].epoch;
    if (model->last[device] != 0) {
        assert_true(newest <= model->last[device]);
    } else if (reads) {
        assert_int_equal(newest, model->newest);
    }
    /* Who may not read never has what opens for all. */
    for (size_t i = 0; !reads && i < held->count; i++) {
        assert_int_equal(held->epochs[i].what, WAX_KEYS_SENDER_SECRET);
    }
}

/* All who read and are not suspended have the newest: then it is written in. */
static void check_waiting(struct model *model)
{
    struct farm *farm = &model->farm;

    if (any_below(&farm->seed, 8) != 0) {
        return;
    }
    for (size_t i = 0; i < DEVICES; i++) {
        farm_device(farm, names[i])->firmware = model->is_old[i] ? "1.9" : "2.0";
        check_deed(farm, farm_report(farm, names[i]), WAX_OK);
    }
    act(model);
    (void)!wax_authority_rotate(farm->authority, &farm->deed, WAX_TEXT("home"));
    farm_pump(farm, true);
    for (size_t i = 0; i < DEVICES; i++) {
        if (model->last[i] == 0) {
            check_deed(farm, farm_report(farm, names[i]), WAX_OK);
        }
    }
    assert_int_equal(wax_authority_activate(farm->authority, &farm->deed, WAX_TEXT("home")),
                     WAX_INVALID);
}

static void begin(struct model *model, uint64_t seed)
{
    const wax_authority_rule rules[] = {
        {.name = WAX_TEXT("old"),
         .when = WAX_TEXT("firmware 2.0"),
         .act = WAX_TEXT("suspend"),
         .at_most = WAX_TEXT("100000/day")},
        {.name = WAX_TEXT("quiet"),
         .when = WAX_TEXT("silent 10s"),
         .act = WAX_TEXT("notify"),
         .at_most = WAX_TEXT("2/50")      },
    };

    memset(model, 0, sizeof *model);
    model->teller.tell = hear;
    model->visitor.group = look_at_group;
    farm_begin(&model->farm, seed);
    check_deed(&model->farm, farm_group(&model->farm, "home", 1, 1), WAX_OK);
    for (size_t i = 0; i < DEVICES; i++) {
        farm_add(&model->farm, names[i], &wax_keys_ascon);
    }
    for (size_t i = 0; i < WAX_COUNT(rules); i++) {
        check_deed(&model->farm,
                   wax_authority_add_rule(model->farm.authority, &model->farm.deed, &rules[i]),
                   WAX_OK);
    }
    wax_authority_listen(model->farm.authority, model->farm.deed.now_s);
}

static void whoever_is_behind_gets_nothing_new_and_all_others_do(void **state)
{
    static struct model model;
    size_t fired = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(&model, seed);
        for (unsigned i = 0; i < STEPS; i++) {
            step(&model);
            check_waiting(&model);
            farm_pump(&model.farm, true);
            look(&model);
            for (size_t k = 0; k < DEVICES; k++) {
                check_device(&model, k);
            }
        }
        fired += model.fired;
        farm_end(&model.farm);
    }
    assert_true(fired > SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_behind_gets_nothing_new_and_all_others_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
