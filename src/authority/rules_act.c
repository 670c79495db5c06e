/* Rules act: each time in a transaction of its own, so often and no more. */
#include "authority/members.h"
#include "authority/rules.h"
#include "authority/rules_due.h"
#include "authority/rules_words.h"
#include "authority/suspend.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 700, STEPS_MAX = 1000, ROUNDS_MAX = 4 };

/* A rule at work. */
struct work {
    struct rule rule;
    uint64_t now_s;
    wax_authority_teller *teller; /* or NULL */
    struct subject subject;
    struct group group; /* these two are the subject's, where it has them */
    struct device device;
    const char *words; /* what came of it */
};

__attribute__((format(printf, 2, 3))) static void tell(const struct work *work, const char *format,
                                                       ...)
{
    char line[LINE_SIZE];
    va_list values;
    int used;

    if (work->teller == NULL) {
        return;
    }
    used = snprintf(line, sizeof line, "rule %s: ", work->rule.name);
    va_start(values, format);
    (void)vsnprintf(line + used, sizeof line - (size_t)used, format, values);
    va_end(values);
    work->teller->tell(work->teller, line);
}

/* --- The table of actions --- */

/* A group of the device that the rule is for, behind the last; 0 if none is left. */
static uint64_t next_group(wax_authority *self, const struct work *work, uint64_t last)
{
    return ledger_number(self,
                         "SELECT min(g.id) FROM groups g JOIN members ON group_id=g.id"
                         " WHERE device_id=? AND g.id>? AND g.name GLOB ?",
                         (const struct value[]){
                             of_number(work->subject.device),
                             of_number(last),
                             of_text(wax_bytes_of_text(work->rule.groups)),
                         });
}

typedef void act_on_group(wax_authority *self, const wax_authority_deed *deed,
                          const struct work *work, struct group *group);

static void rotate(wax_authority *self, const wax_authority_deed *deed, const struct work *work,
                   struct group *group)
{
    (void)work;
    epoch_announce(self, deed, group);
    epoch_settle(self, deed, group);
}

static void rekey(wax_authority *self, const wax_authority_deed *deed, const struct work *work,
                  struct group *group)
{
    (void)work;
    epoch_announce(self, deed, group);
    epoch_activate(self, deed, group);
}

static void hold_back(wax_authority *self, const wax_authority_deed *deed, const struct work *work,
                      struct group *group)
{
    (void)deed;
    suspend(self, work->rule.name, group, &work->device);
}

static void revoke(wax_authority *self, const wax_authority_deed *deed, const struct work *work,
                   struct group *group)
{
    const struct detail details[] = {
        {.name = "group", .text = wax_bytes_of_text(group->name)},
        {.name = NULL              }
    };

    deed_note(self, deed, &(struct note){"revoke", wax_bytes_of_text(work->device.name), details});
    member_take_out(self, deed, group, &work->device);
}

static const struct action {
    act_on_group *on_group; /* NULL: none */
    const char *words;
} actions[] = {
    [ACTION_NOTIFY] = {NULL,      "noted"                                       },
    [ACTION_ROTATE] = {rotate,    "rotates"                                     },
    [ACTION_REKEY] = {rekey,     "rekeys at once"                              },
    [ACTION_SUSPEND] = {hold_back, "suspends: there are no newer keys for it now"},
    [ACTION_REVOKE] = {revoke,    "takes it out of its groups"                  },
    [ACTION_EVICT] = {NULL,      "evicts it, for good"                         },
};

static void act(wax_authority *self, const wax_authority_deed *deed, struct work *work)
{
    const struct action *action = &actions[work->rule.action];
    uint64_t id = 0;

    if (work->rule.action == ACTION_EVICT) {
        member_evict(self, deed, &work->device);
    } else if (action->on_group != NULL && work->subject.group != 0) {
        action->on_group(self, deed, work, &work->group);
    } else if (action->on_group != NULL) {
        while (self->status == WAX_OK && (id = next_group(self, work, id)) != 0) {
            struct group group;

            group_load(self, id, &group);
            action->on_group(self, deed, work, &group);
        }
    }
}

/* --- One firing --- */

static void load_subject(wax_authority *self, struct work *work)
{
    work->group = (struct group){.id = 0};
    work->device = (struct device){.id = 0};
    if (work->subject.group != 0) {
        group_load(self, work->subject.group, &work->group);
    }
    if (work->subject.device != 0) {
        device_load(self, work->subject.device, &work->device);
        wax_wipe(work->device.psk, sizeof work->device.psk);
    }
}

static void note_firing(wax_authority *self, const wax_authority_deed *deed,
                        const struct work *work, const char *what)
{
    const wax_bytes group = wax_bytes_of_text(work->group.name);
    const wax_bytes device = wax_bytes_of_text(work->device.name);
    struct detail details[6] = {
        {.name = "do", .text = wax_bytes_of_text(what)}
    };
    size_t count = 1;

    if (work->rule.is_dry) {
        details[count++] = (struct detail){.name = "dry", .number = 1};
    }
    details[count++] = (struct detail){.name = "when", .text = wax_bytes_of_text(work->rule.when)};
    if (group.size > 0) {
        details[count++] = (struct detail){.name = "group", .text = group};
    }
    if (device.size > 0) {
        details[count++] = (struct detail){.name = "device", .text = device};
    }
    deed_note(self, deed, &(struct note){"rule", wax_bytes_of_text(work->rule.name), details});
}

static void tell_firing(const struct work *work)
{
    const bool has_group = work->group.name[0] != '\0';
    const bool has_device = work->device.name[0] != '\0';

    if (work->words != NULL) {
        tell(work, "%s%s%s%s%s: %s%s", work->rule.when, has_group ? ", group " : "",
             work->group.name, has_device ? ", device " : "", work->device.name,
             work->rule.is_dry ? "(dry run: nothing is done) " : "", work->words);
    }
}

static void count_firing(wax_authority *self, const struct work *work)
{
    const struct value values[] = {of_number(work->rule.id), of_number(work->now_s)};

    ledger_run(self, "INSERT INTO rule_firings VALUES(?,?)", values);
    ledger_run(self, "UPDATE rule_set SET fired=fired+1,fired_s=?2,is_held=0 WHERE id=?1", values);
}

static void fire(wax_authority *self, struct work *work)
{
    char who[WAX_KEYS_NAME_MAX + 1];
    wax_authority_deed deed = {.now_s = work->now_s};

    (void)snprintf(who, sizeof who, "rule %s", work->rule.name);
    deed.who = wax_bytes_of_text(who);
    load_subject(self, work);
    note_firing(self, &deed, work, rule_action_word(work->rule.action));
    if (self->status == WAX_OK && !work->rule.is_dry) {
        act(self, &deed, work);
    }
    rule_settle(self, &work->rule, &work->subject);
    count_firing(self, work);
    work->words = actions[work->rule.action].words;
}

/* --- How often --- */

/* When a rule may act again; 0: now. What is older than its period is forgotten. */
static uint64_t held_until(wax_authority *self, const struct rule *rule, uint64_t now_s)
{
    const uint64_t before_s = now_s > rule->period_s ? now_s - rule->period_s : 0;
    const struct value values[] = {of_number(rule->id), of_number(before_s)};
    const struct value places[] = {of_number(rule->id), of_number(rule->most - 1U)};
    uint64_t first_s;

    ledger_run(self, "DELETE FROM rule_firings WHERE rule_id=? AND at_s<=?", values);
    first_s = ledger_number(
        self, "SELECT at_s FROM rule_firings WHERE rule_id=? ORDER BY at_s DESC LIMIT 1 OFFSET ?",
        places);
    return first_s == 0 ? 0 : first_s + rule->period_s;
}

static void hold(wax_authority *self, const struct work *work, uint64_t until_s)
{
    const struct value by = of_number(work->rule.id);

    if (!work->rule.is_held) {
        tell(work, "its limit of %u in %u seconds is reached: what is due waits for %llu seconds",
             work->rule.most, work->rule.period_s, (unsigned long long)(until_s - work->now_s));
        ledger_run(self, "UPDATE rule_set SET is_held=1 WHERE id=?", &by);
    }
}

/* --- All of them --- */

/* What a step came to. */
enum step { STEP_NOTHING, STEP_ACTED, STEP_HELD };

/* A device that was suspended for its firmware has a newer one. */
static bool mend(wax_authority *self, struct work *work)
{
    const wax_authority_deed deed = {.who = WAX_TEXT("authority"), .now_s = work->now_s};

    if (!rule_find_mended(self, &work->rule, &work->subject)) {
        return false;
    }
    load_subject(self, work);
    if (self->status == WAX_OK && suspend_end(self, &work->rule, &work->device) > 0) {
        note_firing(self, &deed, work, "resume");
        work->words = "its firmware is new enough now, and keys go to it again";
    }
    return true;
}

/* `next_s` gets when there is more to do, 0 for never. */
static enum step step(wax_authority *self, struct work *work, uint64_t *next_s)
{
    *next_s = 0;
    if (mend(self, work)) {
        return STEP_ACTED;
    }
    if (!rule_find(self, &work->rule, work->now_s, &work->subject)) {
        *next_s = rule_next(self, &work->rule, work->now_s);
        return STEP_NOTHING;
    }
    *next_s = held_until(self, &work->rule, work->now_s);
    if (*next_s > work->now_s) {
        hold(self, work, *next_s);
        return STEP_HELD;
    }
    fire(self, work);
    return STEP_ACTED;
}

/* What cannot be done is told, and not tried again at every turn. */
static wax_status give_up(wax_authority *self, struct work *work)
{
    char fault[WAX_AUTHORITY_FAULT_SIZE + 40];

    (void)snprintf(fault, sizeof fault, "this cannot be done: %s", self->fault);
    work->words = fault;
    tell_firing(work);
    work->words = NULL;
    deed_begin(self);
    rule_settle(self, &work->rule, &work->subject);
    count_firing(self, work);
    return deed_end(self);
}

/* One step in a transaction, told when it holds. */
static wax_status take_step(wax_authority *self, struct work *work, enum step *came,
                            uint64_t *next_s)
{
    const uint64_t id = work->rule.id;
    wax_status status;

    work->words = NULL;
    *came = STEP_NOTHING;
    deed_begin(self);
    rule_load(self, id, &work->rule);
    if (self->status == WAX_OK) {
        *came = step(self, work, next_s);
    }
    status = deed_end(self);
    if (status == WAX_OK) {
        tell_firing(work);
    } else if (*came == STEP_ACTED && status != WAX_IO && status != WAX_FULL) {
        status = give_up(self, work);
    }
    return status;
}

static uint64_t next_rule(wax_authority *self, uint64_t last)
{
    const struct value by = of_number(last);

    self->status = WAX_OK;
    return ledger_number(self, "SELECT min(id) FROM rule_set WHERE id>? AND is_enabled=1", &by);
}

/* Lets one rule act as often as it may; `work` has its row. Returns whether it did. */
static bool act_by(wax_authority *self, struct work *work, wax_status *status, uint64_t *next_s)
{
    enum step came = STEP_ACTED;
    uint64_t due_s = 0;
    unsigned steps = 0;

    while (*status == WAX_OK && came == STEP_ACTED && steps < STEPS_MAX) {
        *status = take_step(self, work, &came, &due_s);
        steps++;
    }
    if (came == STEP_ACTED) {
        due_s = work->now_s + 1; /* there may be more */
    }
    if (due_s != 0 && due_s < *next_s) {
        *next_s = due_s;
    }
    return steps > 1;
}

/* What one rule did may be what another waits for. */
wax_status wax_authority_act(wax_authority *self, uint64_t now_s, wax_authority_teller *teller,
                             uint64_t *next_s)
{
    wax_status status = WAX_OK;
    bool has_acted = true;

    for (unsigned round = 0; has_acted && round < ROUNDS_MAX; round++) {
        uint64_t id = 0;

        has_acted = false;
        *next_s = WAX_NEVER;
        while (status == WAX_OK && (id = next_rule(self, id)) != 0) {
            struct work work = {.rule = {.id = id}, .now_s = now_s, .teller = teller};

            has_acted = act_by(self, &work, &status, next_s) || has_acted;
        }
    }
    return status != WAX_OK ? status : self->status;
}

wax_status wax_authority_try_rule(wax_authority *self, uint64_t now_s, wax_bytes name,
                                  wax_authority_teller *teller)
{
    struct work work = {.now_s = now_s, .teller = teller};

    deed_begin(self);
    rule_find_named(self, name, &work.rule);
    if (self->status == WAX_OK) {
        work.words = actions[work.rule.action].words;
        work.rule.is_dry = true;
    }
    for (unsigned i = 0; i < STEPS_MAX && self->status == WAX_OK &&
                         rule_find(self, &work.rule, now_s, &work.subject);
         i++) {
        load_subject(self, &work);
        rule_settle(self, &work.rule, &work.subject);
        if (self->status == WAX_OK) {
            tell_firing(&work);
        }
    }
    return ledger_undo(self);
}

void wax_authority_listen(wax_authority *self, uint64_t since_s)
{
    self->listens_s = since_s;
}
