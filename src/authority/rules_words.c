/* The words of rules: conditions, actions, limits. */
#include "authority/rules_words.h"

#include <string.h>

#include "authority/plain.h"

/* What stands behind the word of a condition. */
enum behind { NOTHING, A_TIME, A_NUMBER, A_VERSION };

struct condition_words {
    const char *word;
    uint32_t condition;
    enum behind behind;
    uint32_t mask;
    uint64_t least;
    unsigned actions;          /* which may follow, bit by bit */
    const char *devices_fault; /* why there can be no pattern of devices; NULL: there can */
};

#define BIT(number) (1U << (number))

enum {
    FOR_GROUPS = BIT(ACTION_NOTIFY) | BIT(ACTION_ROTATE) | BIT(ACTION_REKEY),
    FOR_DEVICES = FOR_GROUPS | BIT(ACTION_SUSPEND) | BIT(ACTION_REVOKE) | BIT(ACTION_EVICT),
};

#define REPLAYS   (BIT(WAX_KEYS_REPLAY))
#define ROLLBACKS (BIT(WAX_KEYS_ROLLBACK))
#define FORGERIES (BIT(WAX_KEYS_NOT_OPENED) | BIT(WAX_KEYS_UNSEALED) | BIT(WAX_KEYS_BAD_SIGNATURE))

/* clang-format off */
/* Who tells of an alarm is whom somebody attacks: a rule that puts it out would do the attacker's
 * work. */
static const struct condition_words conditions[] = {
    {"every",    CONDITION_EVERY,    A_TIME,    0,                               1, FOR_GROUPS,  "time passes for groups: leave out --devices"},
    {"messages", CONDITION_MESSAGES, A_NUMBER,  TALLY_MESSAGES,                  1, FOR_GROUPS,  NULL},
    {"bytes",    CONDITION_BYTES,    A_NUMBER,  TALLY_BYTES,                     1, FOR_GROUPS,  NULL},
    {"join",     CONDITION_JOIN,     NOTHING,   0,                               0, FOR_GROUPS,  NULL},
    {"leave",    CONDITION_LEAVE,    NOTHING,   0,                               0, FOR_GROUPS,  NULL},
    {"silent",   CONDITION_SILENT,   A_TIME,    0,                               1, FOR_DEVICES, NULL},
    {"alarm",    CONDITION_ALARM,    A_NUMBER,  REPLAYS | ROLLBACKS | FORGERIES, 0, FOR_GROUPS,  NULL},
    {"replays",  CONDITION_ALARM,    A_NUMBER,  REPLAYS,                         0, FOR_GROUPS,  NULL},
    {"rollbacks", CONDITION_ALARM,   A_NUMBER,  ROLLBACKS,                       0, FOR_GROUPS,  NULL},
    {"forgeries", CONDITION_ALARM,   A_NUMBER,  FORGERIES,                       0, FOR_GROUPS,  NULL},
    {"firmware", CONDITION_FIRMWARE, A_VERSION, 0,                               0, FOR_DEVICES, NULL},
};

/* A limit that a mistake can be lived with. */
static const struct {
    const char *word;
    uint32_t action;
    uint32_t most;
    uint32_t period_s;
} actions[] = {
    {"notify",  ACTION_NOTIFY,  60, 3600 },
    {"rotate",  ACTION_ROTATE,  12, 3600 },
    {"rekey",   ACTION_REKEY,   12, 3600 },
    {"suspend", ACTION_SUSPEND, 5,  3600 },
    {"revoke",  ACTION_REVOKE,  1,  86400},
    {"evict",   ACTION_EVICT,   1,  86400},
};

static const struct unit {
    const char *word;
    uint64_t worth;
} times[] = {
    {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"", 1},
}, amounts[] = {
    {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {"", 1},
}, periods[] = {
    {"minute", 60}, {"hour", 3600}, {"day", 86400},
};
/* clang-format on */

/* Ten years of seconds, and as many of anything else. */
#define AMOUNT_MAX UINT64_C(1000000000000000)
enum { TIME_MAX_S = 3650 * 86400, MOST_MAX = 100000 };

const char *rule_action_word(uint32_t action)
{
    for (size_t i = 0; i < WAX_COUNT(actions); i++) {
        if (actions[i].action == action) {
            return actions[i].word;
        }
    }
    return "";
}

static bool is_digit(uint8_t letter)
{
    return letter >= '0' && letter <= '9';
}

/* Reads digits from the front; what is larger than `most` is not read. */
static bool take_digits(wax_bytes *text, uint64_t most, uint64_t *number)
{
    size_t used = 0;

    *number = 0;
    while (used < text->size && is_digit(text->data[used])) {
        const uint64_t digit = (uint64_t)(text->data[used] - '0');

        if (*number > (most - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
        used++;
    }
    *text = wax_bytes_of(text->data + used, text->size - used);
    return used > 0;
}

/* Which of the units a text is; as many as there are: none. */
static size_t find_unit(const struct unit *units, size_t count, wax_bytes text)
{
    size_t at = 0;

    while (at < count && !wax_bytes_equal(text, wax_bytes_of_text(units[at].word))) {
        at++;
    }
    return at;
}

/* Reads `15m`, `10k`. */
static bool read_amount(const struct unit *units, size_t count, wax_bytes text, uint64_t *amount)
{
    size_t unit = count;

    if (take_digits(&text, AMOUNT_MAX, amount)) {
        unit = find_unit(units, count, text);
    }
    if (unit == count || *amount > AMOUNT_MAX / units[unit].worth) {
        return false;
    }
    *amount *= units[unit].worth;
    return true;
}

/* Cuts the first word off. */
static wax_bytes take_word(wax_bytes *text)
{
    size_t size = 0;
    wax_bytes word;

    while (size < text->size && text->data[size] != ' ') {
        size++;
    }
    word = wax_bytes_of(text->data, size);
    while (size < text->size && text->data[size] == ' ') {
        size++;
    }
    *text = wax_bytes_of(text->data + size, text->size - size);
    return word;
}

static void keep_text(wax_authority *self, wax_bytes text, char *room, const char *fault)
{
    authority_need(self, plain_is(text, RULE_TEXT_MAX), WAX_INVALID, fault);
    if (self->status == WAX_OK) {
        memcpy(room, text.data, text.size);
        room[text.size] = '\0';
    }
}

static bool has_digit(wax_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_digit(text.data[i])) {
            return true;
        }
    }
    return false;
}

static void read_behind(wax_authority *self, const struct condition_words *row, wax_bytes rest,
                        struct rule *rule)
{
    switch (row->behind) {
    case NOTHING:
        authority_need(self, rest.size == 0, WAX_INVALID,
                       "join and leave stand alone; --groups and --devices say whose");
        break;
    case A_TIME:
        authority_need(self,
                       read_amount(times, WAX_COUNT(times), rest, &rule->amount) &&
                           rule->amount >= row->least && rule->amount <= TIME_MAX_S,
                       WAX_INVALID,
                       "behind every and silent comes a time, as 30s, 15m, 12h or 7d, up to 3650d");
        break;
    case A_NUMBER:
        authority_need(self,
                       read_amount(amounts, WAX_COUNT(amounts), rest, &rule->amount) &&
                           rule->amount >= row->least,
                       WAX_INVALID,
                       "behind messages, bytes, alarm, replays, rollbacks and forgeries comes a "
                       "number, as 500, 10k, 3M or 1G");
        break;
    case A_VERSION:
        authority_need(self, has_digit(rest), WAX_INVALID,
                       "behind firmware comes the lowest version that is good, as 1.4.2");
        keep_text(self, rest, rule->minimum, "a version has 64 bytes at most");
        break;
    }
}

void rule_read_when(wax_authority *self, wax_bytes text, struct rule *rule)
{
    wax_bytes rest = text;
    const wax_bytes word = take_word(&rest);

    keep_text(self, text, rule->when, "a condition has 1 to 64 bytes");
    for (size_t i = 0; i < WAX_COUNT(conditions); i++) {
        const struct condition_words *row = &conditions[i];

        if (!wax_bytes_equal(word, wax_bytes_of_text(row->word))) {
            continue;
        }
        rule->condition = row->condition;
        rule->mask = row->mask;
        read_behind(self, row, rest, rule);
        authority_need(self, (row->actions & BIT(rule->action)) != 0, WAX_INVALID,
                       row->condition == CONDITION_ALARM
                           ? "who tells of an alarm is attacked: what puts it out would do the "
                             "attacker's work. Notify, rotate or rekey"
                           : "there is no device here that could be put out: notify, rotate or "
                             "rekey");
        authority_need(self, row->devices_fault == NULL || strcmp(rule->devices, "*") == 0,
                       WAX_INVALID, row->devices_fault);
        return;
    }
    authority_fail(self, WAX_INVALID,
                   "there is no such condition: every TIME, messages N, bytes N, join, leave, "
                   "silent TIME, alarm N, replays N, rollbacks N, forgeries N, firmware VERSION");
}

void rule_read_action(wax_authority *self, wax_bytes text, struct rule *rule)
{
    for (size_t i = 0; i < WAX_COUNT(actions); i++) {
        if (wax_bytes_equal(text, wax_bytes_of_text(actions[i].word))) {
            rule->action = actions[i].action;
            rule->most = actions[i].most;
            rule->period_s = actions[i].period_s;
            return;
        }
    }
    authority_fail(self, WAX_INVALID,
                   "there is no such action: notify, rotate, rekey, suspend, revoke, evict");
}

void rule_read_limit(wax_authority *self, wax_bytes text, struct rule *rule)
{
    uint64_t most = 0;
    uint64_t period_s = 0;
    bool is_good =
        take_digits(&text, MOST_MAX, &most) && most > 0 && text.size > 1 && text.data[0] == '/';

    if (is_good) {
        const wax_bytes period = wax_bytes_of(text.data + 1, text.size - 1);
        const size_t unit = find_unit(periods, WAX_COUNT(periods), period);

        is_good =
            unit < WAX_COUNT(periods) || read_amount(times, WAX_COUNT(times), period, &period_s);
        period_s = unit < WAX_COUNT(periods) ? periods[unit].worth : period_s;
    }
    authority_need(self, is_good && period_s > 0 && period_s <= TIME_MAX_S, WAX_INVALID,
                   "a limit is a number and a time, as 3/hour, 1/day or 20/15m");
    rule->most = (uint32_t)most;
    rule->period_s = (uint32_t)period_s;
}
