/* Verbs of `wax keys` for rules that act by themselves. */
#include "tools/keys_verbs.h"

#include <string.h>

#define TEXT(bytes) (int)(bytes).size, (const char *)(bytes).data

static wax_bytes text_of(const char *text)
{
    return text == NULL ? wax_bytes_of(NULL, 0) : wax_bytes_of_text(text);
}

bool keys_rule_add(wax_authority *authority, const struct keys_order *order,
                   struct keys_answer *answer)
{
    const wax_authority_rule rule = {
        .name = text_of(order->arguments[0]),
        .when = text_of(order->when),
        .act = text_of(order->act),
        .groups = text_of(order->groups),
        .devices = text_of(order->devices),
        .at_most = text_of(order->at_most),
        .is_dry = order->is_dry,
    };

    if (order->when == NULL || order->act == NULL) {
        return keys_answer_fail(answer, "when, and what? Write --when CONDITION --do ACTION, as in "
                                        "--when 'silent 7d' --do notify; see `wax keys --help`");
    }
    if (!keys_answer_done(answer, authority,
                          wax_authority_add_rule(authority, &order->deed, &rule))) {
        return false;
    }
    (void)fprintf(answer->out,
                  "rule %s made; `wax authority` acts on it, `wax keys rule try %s` shows what it "
                  "would do now\n",
                  order->arguments[0], order->arguments[0]);
    return true;
}

bool keys_rule_remove(wax_authority *authority, const struct keys_order *order,
                      struct keys_answer *answer)
{
    if (!keys_answer_done(
            answer, authority,
            wax_authority_remove_rule(authority, &order->deed, text_of(order->arguments[0])))) {
        return false;
    }
    (void)fprintf(answer->out,
                  "rule %s is gone; whom it suspended stays so until `wax keys resume DEVICE`\n",
                  order->arguments[0]);
    return true;
}

static bool set_enabled(wax_authority *authority, const struct keys_order *order,
                        struct keys_answer *answer, bool is_enabled)
{
    if (!keys_answer_done(answer, authority,
                          wax_authority_enable_rule(authority, &order->deed,
                                                    text_of(order->arguments[0]), is_enabled))) {
        return false;
    }
    (void)fprintf(answer->out,
                  is_enabled ? "rule %s is enabled, and begins anew\n" : "rule %s is disabled\n",
                  order->arguments[0]);
    return true;
}

bool keys_rule_enable(wax_authority *authority, const struct keys_order *order,
                      struct keys_answer *answer)
{
    return set_enabled(authority, order, answer, true);
}

bool keys_rule_disable(wax_authority *authority, const struct keys_order *order,
                       struct keys_answer *answer)
{
    return set_enabled(authority, order, answer, false);
}

bool keys_suspend(wax_authority *authority, const struct keys_order *order,
                  struct keys_answer *answer)
{
    const char *group = order->argument_count > 1 ? order->arguments[1] : NULL;

    if (!keys_answer_done(answer, authority,
                          wax_authority_suspend(authority, &order->deed,
                                                text_of(order->arguments[0]), text_of(group)))) {
        return false;
    }
    (void)fprintf(
        answer->out,
        "no newer keys go to %s%s%s until `wax keys resume %s`; what it has stays good for "
        "it until the group rotates (`wax keys rotate`)\n",
        order->arguments[0], group == NULL ? "" : " in ", group == NULL ? "" : group,
        order->arguments[0]);
    return true;
}

bool keys_resume(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    if (!keys_answer_done(
            answer, authority,
            wax_authority_resume(authority, &order->deed, text_of(order->arguments[0])))) {
        return false;
    }
    (void)fprintf(answer->out, "the newest keys go to %s again\n", order->arguments[0]);
    return true;
}

/* --- Shown --- */

struct printer {
    wax_authority_rule_visitor visitor;
    FILE *out;
    const char *only; /* NULL: all */
    size_t found;
};

static void print_rule(wax_authority_rule_visitor *self, const wax_authority_rule_state *state)
{
    struct printer *printer = WAX_OWNER(self, struct printer, visitor);
    const wax_authority_rule *rule = &state->rule;
    char room[32];

    if (printer->only != NULL && !wax_bytes_equal(rule->name, wax_bytes_of_text(printer->only))) {
        return;
    }
    printer->found++;
    keys_answer_print(printer->out, "rule %.*s: when %.*s, %.*s%s%s\n", TEXT(rule->name),
                      TEXT(rule->when), TEXT(rule->act), rule->is_dry ? ", dry run" : "",
                      state->is_enabled ? "" : ", disabled");
    keys_answer_print(printer->out, "  groups %.*s, devices %.*s, at most %u in %u seconds\n",
                      TEXT(rule->groups), TEXT(rule->devices), state->most, state->period_s);
    (void)fprintf(printer->out, "  acted %llu times, last %s%s\n", (unsigned long long)state->fired,
                  keys_answer_moment(state->fired_s, room),
                  state->is_held ? "; its limit is reached, more is due" : "");
}

static bool print_rules(wax_authority *authority, struct keys_answer *answer, const char *only)
{
    struct printer printer = {.visitor = {print_rule}, .out = answer->out, .only = only};

    return keys_answer_done(answer, authority,
                            wax_authority_visit_rules(authority, &printer.visitor)) &&
           (only == NULL || printer.found > 0 ||
            keys_answer_fail(answer, "there is no rule %s; `wax keys rule list` shows them", only));
}

bool keys_rules(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer)
{
    (void)order;
    return print_rules(authority, answer, NULL);
}

bool keys_rule_show(wax_authority *authority, const struct keys_order *order,
                    struct keys_answer *answer)
{
    return print_rules(authority, answer, order->arguments[0]);
}

struct listener {
    wax_authority_teller teller;
    FILE *out;
    size_t count;
};

static void print_line(wax_authority_teller *self, const char *line)
{
    struct listener *listener = WAX_OWNER(self, struct listener, teller);

    keys_answer_print(listener->out, "%s\n", line);
    listener->count++;
}

bool keys_rule_try(wax_authority *authority, const struct keys_order *order,
                   struct keys_answer *answer)
{
    struct listener listener = {.teller = {print_line}, .out = answer->out};

    if (!keys_answer_done(answer, authority,
                          wax_authority_try_rule(authority, order->deed.now_s,
                                                 text_of(order->arguments[0]), &listener.teller))) {
        return false;
    }
    if (listener.count == 0) {
        (void)fprintf(answer->out, "rule %s has nothing to do now\n", order->arguments[0]);
    }
    return true;
}
