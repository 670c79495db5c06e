/* Which line of an ACL file decides. */
#include "tools/doctor_acl.h"
#include "access/access.h"
#include "os/os.h"
#include "tools/check.h"

static bool judge(const struct settings *settings, const wax_access *access, const char *topic)
{
    static const struct {
        wax_action action;
        const char *what;
        const char *word;
    } rows[] = {
        {WAX_ACTION_READ,  "read",  "receive from"},
        {WAX_ACTION_WRITE, "write", "publish to"  },
    };
    bool is_all_well = true;

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        size_t number = 0;
        bool may = wax_access_judge(access, rows[i].action, wax_bytes_of_text(topic), &number);
        wax_bytes line =
            number == 0 ? WAX_TEXT("no line speaks of it") : wax_rules_line(access->rules, number);
        const char *file = settings->acl_file;

        if (may && number == 0) {
            (void)tools_check_pass(rows[i].what, "may %s %s", rows[i].word, topic);
        } else if (may) {
            (void)tools_check_pass(rows[i].what, "may %s %s: %s line %zu: %.*s", rows[i].word,
                                   topic, file, number, (int)line.size, (const char *)line.data);
        } else if (number == 0) {
            is_all_well = tools_check_fail(rows[i].what, "may not %s %s: no line of %s allows it",
                                           rows[i].word, topic, file);
            tools_check_next("add below `user %s`: topic %s %s",
                             settings->username != NULL ? settings->username : "NAME", rows[i].what,
                             topic);
        } else {
            is_all_well =
                tools_check_fail(rows[i].what, "may not %s %s: %s line %zu: %.*s", rows[i].word,
                                 topic, file, number, (int)line.size, (const char *)line.data);
        }
    }
    return is_all_well;
}

static bool judge_all(const struct settings *settings, const wax_rules *rules)
{
    wax_access_identity identity = {
        .user = wax_bytes_of_text(settings->username),
        .has_user = settings->username != NULL,
        .client_id = wax_bytes_of_text(settings->client_id),
    };
    wax_access access = wax_rules_for(rules, &identity);
    bool is_all_well = true;

    if (!wax_identity_is_safe(rules, &identity)) {
        is_all_well =
            tools_check_fail("identity", "the broker refuses this user name or client id, "
                                         "which would reach into the topics of others");
        tools_check_next("choose names without '+', '#' and '/'");
    }
    for (size_t i = 0; i < settings->topics.count; i++) {
        if (tools_settings_is_topic(settings->topics.items[i])) {
            is_all_well = judge(settings, &access, settings->topics.items[i]) && is_all_well;
        } else if (wax_access_may_subscribe(&access,
                                            wax_bytes_of_text(settings->topics.items[i]))) {
            (void)tools_check_pass("subscribe", "may subscribe to %s, and is sent what it may read",
                                   settings->topics.items[i]);
        } else {
            is_all_well =
                tools_check_fail("subscribe", "may read no topic of %s", settings->topics.items[i]);
        }
    }
    return is_all_well;
}

bool tools_doctor_judge(const struct settings *settings)
{
    wax_access_fault fault;
    wax_bytes text;
    wax_rules rules;
    char words[512];
    bool is_all_well = false;

    if (settings->topics.count == 0) {
        return tools_complain(settings, "--acl needs a topic: -t TOPIC, and perhaps -u and -i");
    }
    if (wax_file_read(settings->acl_file, WAX_ACCESS_TEXT_MAX, &text, words, sizeof words) !=
        WAX_OK) {
        return tools_check_fail("acl", "%s", words);
    }
    if (wax_rules_parse(&rules, wax_heap(), text, &fault) == WAX_OK) {
        is_all_well = judge_all(settings, &rules);
        wax_rules_close(&rules);
    } else {
        (void)tools_check_fail("acl", "%s line %zu: %s", settings->acl_file, fault.line,
                               fault.text);
    }
    wax_file_free(&text);
    return is_all_well;
}
