/* Dynamic security: what a file means for those who are in it, and for the others. */
#include "../access_memory.h"
#include "../check.h"

#include "dynsec/dynsec.h"

enum want { SEND, RECEIVE, SUBSCRIBE, UNSUBSCRIBE };

/* One question to one file. `user` NULL is anonymous. Single quotes stand for double ones. */
struct row {
    const char *name;
    const char *file;
    const char *user;
    enum want want;
    const char *topic;
    bool is_allowed;
};

#define ACL(type, topic, priority, allow)                                                          \
    "{'acltype':'" type "','topic':'" topic "','priority':" priority ",'allow':" allow "}"
#define ROLE(name, acls)         "{'rolename':'" name "','acls':[" acls "]}"
#define LINK(name)               "{'rolename':'" name "'}"
#define WEIGHTED(name, priority) "{'rolename':'" name "','priority':" priority "}"
#define USER(links)              "'clients':[{'username':'u','roles':[" links "]}]"
#define GROUP(name, priority, links)                                                               \
    "{'groupname':'" name "','roles':[" links "],'clients':[{'username':'u','priority':" priority  \
    "}]}"
#define FILE_OF(users, roles)   "{" users ",'roles':[" roles "]}"
#define ONE(acls)               FILE_OF(USER(LINK("r")), ROLE("r", acls))
#define TWO(links, first, next) FILE_OF(USER(links), ROLE("a", first) "," ROLE("b", next))
#define GROUPS(groups, first, next)                                                                \
    "{" USER("") ",'groups':[" groups "],'roles':[" ROLE("a", first) "," ROLE("b", next) "]}"
#define DEFAULTS(send, receive, subscribe, unsubscribe)                                            \
    "{'clients':[{'username':'u'}],'defaultACLAccess':{'publishClientSend':" send                  \
    ",'publishClientReceive':" receive ",'subscribe':" subscribe ",'unsubscribe':" unsubscribe     \
    "}}"
#define YES "true"
#define NO  "false"

/* clang-format off */
static const struct row rows[] = {
    {"nothing said: sending is denied",         ONE(""),                                        "u",  SEND,        "t",   false},
    {"nothing said: receiving is allowed",      ONE(""),                                        "u",  RECEIVE,     "t",   true },
    {"nothing said: subscribing is denied",     ONE(""),                                        "u",  SUBSCRIBE,   "t",   false},
    {"nothing said: unsubscribing is allowed",  ONE(""),                                        "u",  UNSUBSCRIBE, "t",   true },
    {"a default for sending",                   DEFAULTS(YES, NO, NO, NO),                      "u",  SEND,        "t",   true },
    {"a default against receiving",             DEFAULTS(YES, NO, NO, NO),                      "u",  RECEIVE,     "t",   false},
    {"a default for subscribing",               DEFAULTS(NO, NO, YES, NO),                      "u",  SUBSCRIBE,   "#",   true },
    {"a default against unsubscribing",         DEFAULTS(NO, NO, YES, NO),                      "u",  UNSUBSCRIBE, "#",   false},
    {"no default sends to $CONTROL",            DEFAULTS(YES, YES, YES, YES),                   "u",  SEND,        "$CONTROL/a", false},
    {"no default receives of $CONTROL",         DEFAULTS(YES, YES, YES, YES),                   "u",  RECEIVE,     "$CONTROL/a", false},
    {"no default subscribes to $CONTROL",       DEFAULTS(YES, YES, YES, YES),                   "u",  SUBSCRIBE,   "$CONTROL/#", false},
    {"a default holds for the anonymous too",   DEFAULTS(YES, NO, NO, NO),                      NULL, SEND,        "t",   true },
    {"who is not known has no right",           DEFAULTS(YES, YES, YES, YES),                   "v",  SEND,        "t",   false},
    {"nor to receive",                          DEFAULTS(YES, YES, YES, YES),                   "v",  RECEIVE,     "t",   false},
    {"nor to subscribe",                        DEFAULTS(YES, YES, YES, YES),                   "v",  SUBSCRIBE,   "t",   false},

    {"sending",                                 ONE(ACL("publishClientSend", "t", "0", YES)),   "u",  SEND,        "t",   true },
    {"sending is not receiving",                ONE(ACL("publishClientReceive", "#", "0", NO) "," ACL("publishClientSend", "#", "0", YES)), "u", RECEIVE, "t", false},
    {"a type without case",                     ONE(ACL("PUBLISHclientsend", "t", "0", YES)),   "u",  SEND,        "t",   true },
    {"a wildcard",                              ONE(ACL("publishClientSend", "a/+/c", "0", YES)), "u", SEND,       "a/b/c", true },
    {"# spares $",                              ONE(ACL("publishClientReceive", "#", "0", NO)), "u",  RECEIVE,     "$SYS/a", true },
    {"# opens no $CONTROL",                     ONE(ACL("publishClientSend", "#", "0", YES)),   "u",  SEND,        "$CONTROL/a", false},
    {"$CONTROL by name",                        ONE(ACL("publishClientSend", "$CONTROL/#", "0", YES)), "u", SEND, "$CONTROL/a", true },
    {"nobody writes $SYS",                      ONE(ACL("publishClientSend", "$SYS/#", "0", YES)), "u", SEND,     "$SYS/a", false},
    {"a denial of lower priority",              ONE(ACL("publishClientSend", "t", "0", NO) "," ACL("publishClientSend", "#", "5", YES)), "u", SEND, "t", true },
    {"a denial of higher priority",             ONE(ACL("publishClientSend", "#", "0", YES) "," ACL("publishClientSend", "t", "5", NO)), "u", SEND, "t", false},
    {"a negative priority",                     ONE(ACL("publishClientSend", "t", "-5", NO) "," ACL("publishClientSend", "#", "-2", YES)), "u", SEND, "t", true },
    {"the same priority: the first one",        ONE(ACL("publishClientSend", "t", "1", NO) "," ACL("publishClientSend", "#", "1", YES)), "u", SEND, "t", false},
    {"no allow is a denial",                    ONE("{'acltype':'publishClientReceive','topic':'t'}"), "u", RECEIVE, "t", false},

    {"a literal is exact",                      ONE(ACL("subscribeLiteral", "a/#", "0", YES)),  "u",  SUBSCRIBE,   "a/#", true },
    {"a literal covers nothing",                ONE(ACL("subscribeLiteral", "a/#", "0", YES)),  "u",  SUBSCRIBE,   "a/b", false},
    {"a pattern covers",                        ONE(ACL("subscribePattern", "a/#", "0", YES)),  "u",  SUBSCRIBE,   "a/+/c", true },
    {"a pattern covers no wider filter",        ONE(ACL("subscribePattern", "a/+", "0", YES)),  "u",  SUBSCRIBE,   "a/#", false},
    {"a literal before a pattern",              ONE(ACL("subscribePattern", "#", "9", YES) "," ACL("subscribeLiteral", "a", "0", NO)), "u", SUBSCRIBE, "a", false},
    {"a shared subscription: as the filter",    ONE(ACL("subscribePattern", "a/#", "0", YES)),  "u",  SUBSCRIBE,   "$share/g/a/b", true },
    {"a shared subscription: no other filter",  ONE(ACL("subscribePattern", "a/#", "0", YES)),  "u",  SUBSCRIBE,   "$share/g/b", false},
    {"a shared subscription by its name",       ONE(ACL("subscribePattern", "$share/g/#", "0", YES)), "u", SUBSCRIBE, "$share/g/b", true },
    {"a denial of shared subscriptions",        ONE(ACL("subscribePattern", "#", "9", YES) "," ACL("subscribePattern", "$share/#", "0", NO)), "u", SUBSCRIBE, "$share/g/b", false},
    {"unsubscribing by pattern",                ONE(ACL("unsubscribePattern", "a/#", "0", NO)), "u",  UNSUBSCRIBE, "a/b", false},
    {"unsubscribing by literal",                ONE(ACL("unsubscribeLiteral", "a/b", "0", NO)), "u",  UNSUBSCRIBE, "a/b", false},
    {"subscribing is not unsubscribing",        ONE(ACL("subscribePattern", "#", "0", NO)),     "u",  UNSUBSCRIBE, "a/b", true },
    {"no wildcards in what is subscribed to",   "{'clients':[{'username':'u','roles':[" LINK("r") "]}],'roles':[{'rolename':'r','allowwildcardsubs':false,'acls':[" ACL("subscribePattern", "#", "0", YES) "]}]}", "u", SUBSCRIBE, "a/+", false},
    {"without wildcards it is allowed",         "{'clients':[{'username':'u','roles':[" LINK("r") "]}],'roles':[{'rolename':'r','allowwildcardsubs':false,'acls':[" ACL("subscribePattern", "#", "0", YES) "]}]}", "u", SUBSCRIBE, "a/b", true },

    {"the role of higher priority",             TWO(WEIGHTED("a", "1") "," WEIGHTED("b", "2"), ACL("publishClientSend", "t", "9", NO), ACL("publishClientSend", "t", "0", YES)), "u", SEND, "t", true },
    {"the role of higher priority denies",      TWO(WEIGHTED("a", "2") "," WEIGHTED("b", "1"), ACL("publishClientSend", "t", "0", NO), ACL("publishClientSend", "t", "9", YES)), "u", SEND, "t", false},
    {"the next role where one says nothing",    TWO(WEIGHTED("a", "2") "," WEIGHTED("b", "1"), ACL("publishClientSend", "s", "0", NO), ACL("publishClientSend", "t", "9", YES)), "u", SEND, "t", true },
    {"a role that is not there",                TWO(LINK("c"), ACL("publishClientSend", "#", "0", YES), ""), "u", SEND, "t", false},
    {"the role of a group",                     GROUPS(GROUP("g", "0", LINK("a")), ACL("publishClientSend", "t", "0", YES), ""), "u", SEND, "t", true },
    {"the group of higher priority",            GROUPS(GROUP("g", "1", LINK("a")) "," GROUP("h", "2", LINK("b")), ACL("publishClientSend", "t", "0", NO), ACL("publishClientSend", "t", "0", YES)), "u", SEND, "t", true },
    {"own roles before a group's",              "{" USER(WEIGHTED("a", "-9")) ",'groups':[" GROUP("g", "9", WEIGHTED("b", "9")) "],'roles':[" ROLE("a", ACL("publishClientSend", "t", "0", NO)) "," ROLE("b", ACL("publishClientSend", "t", "0", YES)) "]}", "u", SEND, "t", false},
    {"a group is not the anonymous'",           GROUPS(GROUP("g", "0", LINK("a")), ACL("publishClientSend", "t", "0", YES), ""), NULL, SEND, "t", false},
    {"the anonymous group",                     "{'anonymousGroup':'g','groups':[{'groupname':'g','roles':[" LINK("a") "]}],'roles':[" ROLE("a", ACL("publishClientSend", "t", "0", YES)) "]}", NULL, SEND, "t", true },
    {"the anonymous group is no user's",        "{'clients':[{'username':'u'}],'anonymousGroup':'g','groups':[{'groupname':'g','roles':[" LINK("a") "]}],'roles':[" ROLE("a", ACL("publishClientSend", "t", "0", YES)) "]}", "u", SEND, "t", false},

    {"%c is the client id",                     ONE(ACL("publishClientSend", "d/%c/#", "0", YES)), "u", SEND,     "d/c/x", true },
    {"%c is no other client id",                ONE(ACL("publishClientSend", "d/%c/#", "0", YES)), "u", SEND,     "d/e/x", false},
    {"%u is the user",                          ONE(ACL("publishClientReceive", "#", "0", NO) "," ACL("publishClientReceive", "d/%u", "1", YES)), "u", RECEIVE, "d/u", true },
    {"%c in a pattern to subscribe to",         ONE(ACL("subscribePattern", "d/%c/#", "0", YES)), "u", SUBSCRIBE, "d/c/+", true },
    {"%c in a pattern is no other",             ONE(ACL("subscribePattern", "d/%c/#", "0", YES)), "u", SUBSCRIBE, "d/+/x", false},
    {"members without case",                    "{'Clients':[{'userName':'u','ROLES':[{'roleName':'r'}]}],'Roles':[{'RoleName':'r','ACLs':[{'aclType':'publishClientSend','Topic':'t','Allow':true}]}]}", "u", SEND, "t", true },
};
/* clang-format on */

/* The file with its quotes, in static room. */
static wax_bytes quoted(const char *file)
{
    static char room[4096];
    size_t size = strlen(file);

    assert_true(size < sizeof room);
    for (size_t i = 0; i <= size; i++) {
        room[i] = (char)(file[i] == '\'' ? '"' : file[i]);
    }
    return wax_bytes_of(room, size);
}

static wax_dynsec_table *table_of(const char *name, const char *file)
{
    wax_dynsec_fault fault;
    wax_dynsec_table *table = NULL;
    wax_dynsec *dynsec;
    size_t left_out;

    if (wax_dynsec_parse(&dynsec, quoted(file), &left_out, &fault) != WAX_OK) {
        fail_msg("%s: %s", name, fault.text);
    }
    assert_int_equal(wax_dynsec_compile(dynsec, &table), WAX_OK);
    wax_dynsec_free(dynsec);
    return table;
}

static wax_access access_of(const wax_dynsec_table *table, const wax_rules *rules, const char *user,
                            const char *client_id)
{
    static wax_access_identity identities[2]; /* of those that are looked at together */
    static size_t turn;
    wax_access_identity *identity = &identities[turn++ % 2];
    wax_access access;

    *identity =
        (wax_access_identity){wax_bytes_of_text(user), user != NULL, wax_bytes_of_text(client_id)};
    access = wax_rules_for(rules, identity);

    wax_access_stand(&access, &wax_dynsec_find(table, identity)->standing);
    return access;
}

static bool judge(const wax_access *access, enum want want, const char *topic)
{
    static const char prefix[] = "$share/g/";
    wax_bytes asked = wax_bytes_of_text(topic);
    wax_bytes shared = {NULL, 0};

    if (wax_bytes_start_with(asked, WAX_TEXT("$share/g/"))) {
        shared = asked;
        asked = wax_bytes_of_text(topic + sizeof prefix - 1);
    }

    switch (want) {
    case SEND:
        return wax_access_judge(access, WAX_ACTION_WRITE, asked, NULL);
    case RECEIVE:
        return wax_access_judge(access, WAX_ACTION_READ, asked, NULL);
    case SUBSCRIBE:
        return wax_standing_lets_subscribe(access, asked, shared);
    case UNSUBSCRIBE:
        return wax_standing_lets_unsubscribe(access, asked, shared);
    }
    return false;
}

static void a_file_means_what_it_means_to_mosquitto(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        wax_dynsec_table *table = table_of(row->name, row->file);
        wax_access access = access_of(table, NULL, row->user, "c");

        check_row(row->name, judge(&access, row->want, row->topic) == row->is_allowed);
        wax_dynsec_release(table);
    }
}

static void without_a_standing_roles_say_nothing(void **state)
{
    wax_access_identity identity = {WAX_TEXT("u"), true, WAX_TEXT("c")};
    wax_access access = wax_rules_for(NULL, &identity);

    (void)state;
    assert_true(judge(&access, SEND, "t"));
    assert_true(judge(&access, SUBSCRIBE, "#"));
    assert_false(judge(&access, SEND, "$CONTROL/a"));
}

/* Whoever could choose a client id "a/b" must not reach into the topics of the client "a". */
static void a_name_with_a_slash_opens_nothing(void **state)
{
    const char *file = ONE(ACL("publishClientSend", "d/%c/#", "0", YES));
    wax_dynsec_table *table = table_of("slash", file);
    wax_access access = access_of(table, NULL, "u", "a/b");
    wax_access plain = access_of(table, NULL, "u", "a");

    (void)state;
    assert_false(judge(&access, SEND, "d/a/b/x"));
    assert_false(judge(&access, RECEIVE, "t"));
    assert_true(judge(&plain, SEND, "d/a/b/x"));
    assert_false(wax_standing_is_safe(access.standing, access.identity));
    assert_true(wax_standing_is_safe(plain.standing, plain.identity));
    wax_dynsec_release(table);
}

struct both_row {
    const char *name;
    const char *rules;
    const char *user;
    bool is_allowed;
};

/* clang-format off */
static const struct both_row both_rows[] = {
    {"both allow",                                  "user u\ntopic t\n", "u",  true },
    {"the ACL file does not",                       "user u\ntopic s\n", "u",  false},
    {"an unknown user has what the ACL file says",  "user v\ntopic t\n", "v",  true },
    {"and nothing else",                            "user u\ntopic t\n", "v",  false},
};
/* clang-format on */

static void with_an_acl_file_both_must_allow(void **state)
{
    const char *file = ONE(ACL("publishClientSend", "t", "0", YES));

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(both_rows); i++) {
        struct test_memory memory = test_memory_open();
        wax_dynsec_table *table = table_of("both", file);
        wax_access_fault fault;
        wax_rules rules;
        wax_access access;

        assert_int_equal(
            wax_rules_parse(&rules, &memory.memory, wax_bytes_of_text(both_rows[i].rules), &fault),
            WAX_OK);
        access = access_of(table, &rules, both_rows[i].user, "c");
        check_row(both_rows[i].name, judge(&access, SEND, "t") == both_rows[i].is_allowed);
        wax_rules_close(&rules);
        wax_dynsec_release(table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_means_what_it_means_to_mosquitto),
        cmocka_unit_test(without_a_standing_roles_say_nothing),
        cmocka_unit_test(a_name_with_a_slash_opens_nothing),
        cmocka_unit_test(with_an_acl_file_both_must_allow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
