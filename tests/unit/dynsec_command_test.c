/* Dynamic security: commands and their answers, and files that are read and written. */
#include "../check.h"

#include "dynsec/dynsec.h"

#include <stdlib.h>

#define HASH                                                                                       \
    "PPc568/NyZv8Gqw1aCiv7hFsk5yCbfmCOVp02MdsP2v09ov9VInxmdgmqppRJAN91EurzJ6RuOK62hKE6ARaLg=="

/* The file of a small house. Single quotes stand for double ones. */
static const char house[] =
    "{'note':'kept','clients':[{'username':'u','textName':'U','x-mine':5,'password':'" HASH
    "','salt':'d4qXLvw6kAKid5bD','iterations':101,'roles':[{'rolename':'r'}]},{'username':'v'}],"
    "'groups':[{'groupname':'g','clients':[{'username':'u','priority':2}],'roles':[]}],"
    "'roles':[{'rolename':'r','acls':[{'acltype':'publishClientSend','topic':'t','allow':true}]}]}";

static wax_bytes quoted(const char *text, char *room, size_t size)
{
    size_t used = strlen(text);

    assert_true(used < size);
    for (size_t i = 0; i <= used; i++) {
        room[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    }
    return wax_bytes_of(room, used);
}

static wax_dynsec *read_house(void)
{
    char room[4096];
    wax_dynsec_fault fault;
    wax_dynsec *dynsec;
    size_t left_out;

    if (wax_dynsec_parse(&dynsec, quoted(house, room, sizeof room), &left_out, &fault) != WAX_OK) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(left_out, 0);
    return dynsec;
}

/* The answer to a message, in static room; whether the model changed. */
static const char *ask(wax_dynsec *dynsec, const char *message, bool *has_changed)
{
    static char said[4096];
    char room[4096];
    wax_dynsec_order order = {.payload = quoted(message, room, sizeof room)};

    assert_int_equal(wax_dynsec_command(dynsec, &order), WAX_OK);
    assert_true(order.answer.size < sizeof said);
    memcpy(said, order.answer.data, order.answer.size);
    said[order.answer.size] = '\0';
    for (size_t i = 0; said[i] != '\0'; i++) {
        said[i] = (char)(said[i] == '"' ? '\'' : said[i]);
    }
    wax_dynsec_wipe_text(&order.answer);
    *has_changed = order.has_changed;
    return said;
}

struct row {
    const char *name;
    const char *command; /* without braces */
    const char *error;   /* NULL: done */
    bool has_changed;
};

/* clang-format off */
static const struct row rows[] = {
    {"an unknown command",                 "'command':'dance'",                                                  "Unknown command",               false},
    {"a command without case",             "'command':'GETCLIENT','username':'u'",                               NULL,                            false},
    {"a client",                           "'command':'createClient','username':'w'",                            NULL,                            true },
    {"a client without a name",            "'command':'createClient'",                                           "Invalid/missing username",      false},
    {"a client whose name is a number",    "'command':'createClient','username':5",                              "Invalid/missing username",      false},
    {"a client whose name is empty",       "'command':'createClient','username':''",                             "Empty username",                false},
    {"a client twice",                     "'command':'createClient','username':'u'",                            "Client already exists",         false},
    {"a client with a bad password",       "'command':'createClient','username':'w','password':5",               "Invalid/missing password",      false},
    {"a client with an unknown role",      "'command':'createClient','username':'w','roles':[{'rolename':'x'}]", "Role not found",                false},
    {"a client with no list of roles",     "'command':'createClient','username':'w','roles':'r'",                "'roles' not an array or missing/invalid rolename", false},
    {"a client with a role and a group",   "'command':'createClient','username':'w','roles':[{'rolename':'r'}],'groups':[{'groupname':'g'}]", NULL, true },
    {"a client with an unknown group",     "'command':'createClient','username':'w','groups':[{'groupname':'x'}]", "Group not found",             false},
    {"deleting nobody",                    "'command':'deleteClient','username':'x'",                            "Client not found",              false},
    {"deleting somebody",                  "'command':'deleteClient','username':'u'",                            NULL,                            true },
    {"disabling",                          "'command':'disableClient','username':'u'",                           NULL,                            true },
    {"enabling who is enabled",            "'command':'enableClient','username':'u'",                            NULL,                            false},
    {"an empty password",                  "'command':'setClientPassword','username':'u','password':''",         "Empty password is not allowed", false},
    {"a client id",                        "'command':'setClientId','username':'u','clientid':'c'",              NULL,                            true },
    {"a role that the client has",         "'command':'addClientRole','username':'u','rolename':'r'",            "Internal error",                false},
    {"a role that the client has not",     "'command':'addClientRole','username':'v','rolename':'r'",            NULL,                            true },
    {"an unknown role",                    "'command':'addClientRole','username':'v','rolename':'x'",            "Role not found",                false},
    {"modifying nobody",                   "'command':'modifyClient','username':'x'",                            "Client not found",              false},
    {"modifying",                          "'command':'modifyClient','username':'u','textname':'n','roles':[]",  NULL,                            true },
    {"a group",                            "'command':'createGroup','groupname':'h'",                            NULL,                            true },
    {"a group twice",                      "'command':'createGroup','groupname':'g'",                            "Group already exists",          false},
    {"a client in its group",              "'command':'addGroupClient','groupname':'g','username':'u'",          "Client is already in this group", false},
    {"a client in a group",                "'command':'addGroupClient','groupname':'g','username':'v'",          NULL,                            true },
    {"a role of a group",                  "'command':'addGroupRole','groupname':'g','rolename':'r'",            NULL,                            true },
    {"modifying a group",                  "'command':'modifyGroup','groupname':'g','clients':[{'username':'x'}]", "'clients' contains an object with a 'username' that does not exist", false},
    {"the anonymous group",                "'command':'setAnonymousGroup','groupname':'g'",                      NULL,                            true },
    {"an unknown anonymous group",         "'command':'setAnonymousGroup','groupname':'x'",                      "Group not found",               false},
    {"a role",                             "'command':'createRole','rolename':'s'",                              NULL,                            true },
    {"a role twice",                       "'command':'createRole','rolename':'r'",                              "Role already exists",           false},
    {"a role with an ACL that is none",    "'command':'createRole','rolename':'s','acls':[{'acltype':'x','topic':'t'}]", "Invalid ACL in acls",   false},
    {"modifying a role that is not there", "'command':'modifyRole','rolename':'x'",                              "Role does not exist",           false},
    {"an ACL",                             "'command':'addRoleACL','rolename':'r','acltype':'subscribePattern','topic':'a/#','allow':true", NULL, true },
    {"an ACL twice",                       "'command':'addRoleACL','rolename':'r','acltype':'publishClientSend','topic':'t'", "ACL with this topic already exists", false},
    {"an ACL of no type",                  "'command':'addRoleACL','rolename':'r','topic':'t'",                  "Invalid/missing acltype",       false},
    {"an ACL of an unknown type",          "'command':'addRoleACL','rolename':'r','acltype':'x','topic':'t'",    "Unknown acltype",               false},
    {"an ACL with a bad topic",            "'command':'addRoleACL','rolename':'r','acltype':'publishClientSend','topic':'a#'", "Invalid ACL topic", false},
    {"removing an ACL",                    "'command':'removeRoleACL','rolename':'r','acltype':'publishClientSend','topic':'t'", NULL,            true },
    {"removing an ACL that is not there",  "'command':'removeRoleACL','rolename':'r','acltype':'publishClientSend','topic':'s'", "ACL not found", false},
    {"defaults",                           "'command':'setDefaultACLAccess','acls':[{'acltype':'subscribe','allow':true}]", NULL,                 true },
    {"a default as mosquitto_ctrl writes it", "'command':'setDefaultACLAccess','acls':[{'acltype':'subscribe','access':'allow'}]", NULL,             true },
    {"a default that says nothing",        "'command':'setDefaultACLAccess','acls':[{'acltype':'subscribe'}]",   "Invalid/missing allow",         false},
    {"a default of nothing",               "'command':'setDefaultACLAccess','acls':[{'acltype':'x','allow':true}]", "Unknown acltype",            false},
    {"defaults without a list",            "'command':'setDefaultACLAccess'",                                    "Missing/invalid actions array", false},
    {"a mark that is no text",             "'command':'listClients','correlationData':5",                        "Invalid correlationData data type.", false},
};
/* clang-format on */

static void commands_answer_as_mosquitto_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_dynsec *dynsec = read_house();
        char message[512];
        char expected[256];
        bool has_changed;
        const char *said;

        (void)snprintf(message, sizeof message, "{'commands':[{%s}]}", rows[i].command);
        said = ask(dynsec, message, &has_changed);
        (void)snprintf(expected, sizeof expected, "'error':'%s'",
                       rows[i].error == NULL ? "" : rows[i].error);
        check_row(rows[i].name, has_changed == rows[i].has_changed);
        check_row(rows[i].name, rows[i].error == NULL ? strstr(said, "error") == NULL
                                                      : strstr(said, expected) != NULL);
        wax_dynsec_free(dynsec);
    }
}

struct answer_row {
    const char *message;
    const char *answer;
};

/* What Mosquitto 2.0 says, byte by byte. */
/* clang-format off */
static const struct answer_row answer_rows[] = {
    {"{'x':1}", "{'responses':[{'command':'Unknown command','error':'Invalid/missing commands'}]}"},
    {"no",      "{'responses':[{'command':'Unknown command','error':'Payload not valid JSON'}]}"},
    {"{'commands':[5,{'x':1}]}",
     "{'responses':[{'command':'Unknown command','error':'Command not an object'},"
     "{'command':'Unknown command','error':'Missing command'}]}"},
    {"{'commands':[{'command':'getClient','username':'u','correlationData':'m'}]}",
     "{'responses':[{'command':'getClient','data':{'client':{'username':'u','textname':'U','x-mine':5,"
     "'roles':[{'rolename':'r'}],'groups':[{'groupname':'g','priority':2}]}},'correlationData':'m'}]}"},
    {"{'commands':[{'command':'listClients'}]}",
     "{'responses':[{'command':'listClients','data':{'totalCount':2,'clients':['u','v']}}]}"},
    {"{'commands':[{'command':'listClients','count':1,'offset':1}]}",
     "{'responses':[{'command':'listClients','data':{'totalCount':2,'clients':['v']}}]}"},
    {"{'commands':[{'command':'getGroup','groupname':'g'}]}",
     "{'responses':[{'command':'getGroup','data':{'group':{'groupname':'g','roles':[],'clients':[{'username':'u'}]}}}]}"},
    {"{'commands':[{'command':'getRole','rolename':'r'}]}",
     "{'responses':[{'command':'getRole','data':{'role':{'rolename':'r','acls':[{'acltype':'publishClientSend',"
     "'topic':'t','priority':0,'allow':true}]}}}]}"},
    {"{'commands':[{'command':'getDefaultACLAccess'}]}",
     "{'responses':[{'command':'getDefaultACLAccess','data':{'acls':[{'acltype':'publishClientSend','allow':false},"
     "{'acltype':'publishClientReceive','allow':true},{'acltype':'subscribe','allow':false},"
     "{'acltype':'unsubscribe','allow':true}]}}]}"},
    {"{'commands':[{'command':'getAnonymousGroup'}]}",
     "{'responses':[{'command':'getAnonymousGroup','data':{'group':{'groupname':''}}}]}"},
};
/* clang-format on */

static void answers_look_like_mosquittos(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(answer_rows); i++) {
        wax_dynsec *dynsec = read_house();
        bool has_changed;

        assert_string_equal(ask(dynsec, answer_rows[i].message, &has_changed),
                            answer_rows[i].answer);
        assert_false(has_changed);
        wax_dynsec_free(dynsec);
    }
}

/* Writes a model and reads it again. */
static wax_dynsec *again(wax_dynsec *dynsec, wax_bytes *text)
{
    wax_dynsec_fault fault;
    wax_dynsec *read;
    size_t left_out;

    assert_int_equal(wax_dynsec_write(dynsec, text), WAX_OK);
    assert_int_equal(wax_dynsec_parse(&read, *text, &left_out, &fault), WAX_OK);
    assert_int_equal(left_out, 0);
    wax_dynsec_free(dynsec);
    return read;
}

static void a_file_that_is_written_is_the_same_when_read(void **state)
{
    wax_bytes first;
    wax_bytes second;
    wax_dynsec *dynsec = again(read_house(), &first);

    (void)state;
    dynsec = again(dynsec, &second);
    assert_true(wax_bytes_equal(first, second));
    assert_non_null(strstr((const char *)first.data, "\"note\": \"kept\""));
    assert_non_null(strstr((const char *)first.data, "\"x-mine\": 5"));
    assert_non_null(strstr((const char *)first.data, HASH));
    wax_dynsec_wipe_text(&first);
    wax_dynsec_wipe_text(&second);
    wax_dynsec_free(dynsec);
}

static wax_status log_in(wax_dynsec *dynsec, const char *user, const char *password)
{
    wax_access_identity identity = {wax_bytes_of_text(user), true, WAX_TEXT("c")};
    wax_dynsec_table *table;
    wax_status status;

    assert_int_equal(wax_dynsec_compile(dynsec, &table), WAX_OK);
    status = wax_password_verify(wax_dynsec_find(table, &identity)->password,
                                 wax_bytes_of_text(password));
    wax_dynsec_release(table);
    return status;
}

static void passwords_are_hashed_and_read_again(void **state)
{
    wax_dynsec *dynsec = read_house();
    wax_bytes text;
    bool has_changed;

    (void)state;
    assert_int_equal(log_in(dynsec, "u", "secret"), WAX_OK);
    assert_int_equal(log_in(dynsec, "v", ""), WAX_MALFORMED);
    (void)ask(dynsec,
              "{'commands':[{'command':'setClientPassword','username':'u','password':'new'}]}",
              &has_changed);
    assert_true(has_changed);
    dynsec = again(dynsec, &text);
    assert_int_equal(log_in(dynsec, "u", "new"), WAX_OK);
    assert_int_equal(log_in(dynsec, "u", "secret"), WAX_BAD_LOGIN);
    assert_null(strstr((const char *)text.data, "new"));
    wax_dynsec_wipe_text(&text);
    wax_dynsec_free(dynsec);
}

static uint64_t print_of(wax_dynsec *dynsec, const char *user)
{
    wax_access_identity identity = {wax_bytes_of_text(user), user != NULL, WAX_TEXT("c")};
    wax_dynsec_table *table;
    uint64_t print;

    assert_int_equal(wax_dynsec_compile(dynsec, &table), WAX_OK);
    print = wax_dynsec_find(table, &identity)->print;
    wax_dynsec_release(table);
    return print;
}

struct print_row {
    const char *command;
    const char *user;
    bool is_other;
};

/* Whom Mosquitto disconnects for a command. */
/* clang-format off */
static const struct print_row print_rows[] = {
    {"'command':'disableClient','username':'u'",                                                      "u",  true },
    {"'command':'disableClient','username':'u'",                                                      "v",  false},
    {"'command':'deleteClient','username':'u'",                                                       "u",  true },
    {"'command':'setClientPassword','username':'u','password':'x'",                                   "u",  true },
    {"'command':'setClientId','username':'u','clientid':'x'",                                         "u",  true },
    {"'command':'removeClientRole','username':'u','rolename':'r'",                                    "u",  true },
    {"'command':'addRoleACL','rolename':'r','acltype':'subscribePattern','topic':'#'",                "u",  true },
    {"'command':'addRoleACL','rolename':'r','acltype':'subscribePattern','topic':'#'",                "v",  false},
    {"'command':'addGroupRole','groupname':'g','rolename':'r'",                                       "u",  true },
    {"'command':'setDefaultACLAccess','acls':[{'acltype':'subscribe','allow':true}]",                 "u",  false},
    {"'command':'addGroupRole','groupname':'g','rolename':'r'},{'command':'setAnonymousGroup','groupname':'g'", NULL, true},
    {"'command':'listClients'",                                                                       "u",  false},
};
/* clang-format on */

static void a_print_changes_with_what_somebody_may_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(print_rows); i++) {
        wax_dynsec *dynsec = read_house();
        uint64_t before = print_of(dynsec, print_rows[i].user);
        char message[512];
        bool has_changed;

        (void)snprintf(message, sizeof message, "{'commands':[{%s}]}", print_rows[i].command);
        (void)ask(dynsec, message, &has_changed);
        check_row(print_rows[i].command,
                  (print_of(dynsec, print_rows[i].user) != before) == print_rows[i].is_other);
        wax_dynsec_free(dynsec);
    }
}

struct fault_row {
    const char *file;
    const char *says;
    size_t line;
};

/* clang-format off */
static const struct fault_row fault_rows[] = {
    {"",                                                       "no valid JSON",     1},
    {"{\n'clients':}",                                         "no valid JSON",     2},
    {"[]",                                                     "not an object",     0},
    {"{'clients':{}}",                                         "is no list",        0},
    {"{'clients':[5]}",                                        "has no \"username\"", 0},
    {"{'clients':[{'username':''}]}",                          "has no \"username\"", 0},
    {"{'clients':[{'username':'a'},{'username':'a'}]}",        "stands twice",      0},
    {"{'clients':[{'username':'a','password':'x'}]}",          "never be verified", 0},
    {"{'clients':[{'username':'a','encoded_password':'x'}]}",  "never be verified", 0},
    {"{'clients':[{'username':'a','roles':5}]}",               "is no list",        0},
    {"{'roles':[{'rolename':'a','acls':{}}]}",                 "is no list",        0},
    {"{'defaultACLAccess':[]}",                                "is no object",      0},
    {"{'clients':[{'username':'a\\u0000b'}]}",                 "no valid JSON",     1},
};
/* clang-format on */

static void a_bad_file_is_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(fault_rows); i++) {
        char room[256];
        wax_dynsec_fault fault;
        wax_dynsec *dynsec;
        size_t left_out;

        check_row(fault_rows[i].file,
                  wax_dynsec_parse(&dynsec, quoted(fault_rows[i].file, room, sizeof room),
                                   &left_out, &fault) == WAX_INVALID);
        check_row(fault_rows[i].file, dynsec == NULL && fault.line == fault_rows[i].line);
        check_row(fault_rows[i].file, strstr(fault.text, fault_rows[i].says) != NULL);
    }
}

static void what_leads_nowhere_is_counted(void **state)
{
    const char *file =
        "{'clients':[{'username':'u','roles':[{'rolename':'x'}]}],'anonymousGroup':'x',"
        "'groups':[{'groupname':'g','clients':[{'username':'x'}]}],"
        "'roles':[{'rolename':'r','acls':[{'acltype':'x','topic':'t'}]}]}";
    char room[512];
    wax_dynsec_fault fault;
    wax_dynsec *dynsec;
    size_t left_out;

    (void)state;
    assert_int_equal(wax_dynsec_parse(&dynsec, quoted(file, room, sizeof room), &left_out, &fault),
                     WAX_OK);
    assert_int_equal(left_out, 4);
    wax_dynsec_free(dynsec);
}

static void a_deleted_client_leaves_its_groups(void **state)
{
    wax_dynsec *dynsec = read_house();
    bool has_changed;

    (void)state;
    (void)ask(dynsec,
              "{'commands':[{'command':'deleteClient','username':'u'},"
              "{'command':'createClient','username':'u'}]}",
              &has_changed);
    assert_non_null(
        strstr(ask(dynsec, "{'commands':[{'command':'getClient','username':'u'}]}", &has_changed),
               "'roles':[],'groups':[]"));
    wax_dynsec_free(dynsec);
}

static void an_answer_is_amended(void **state)
{
    wax_bytes answer = {(uint8_t *)strdup("{\"responses\":[{\"command\":\"a\",\"data\":{}},"
                                          "{\"command\":\"b\",\"error\":\"e\"}]}"),
                        0};

    (void)state;
    answer.size = strlen((const char *)answer.data);
    assert_int_equal(wax_dynsec_amend(&answer, "not saved"), WAX_OK);
    assert_string_equal((const char *)answer.data,
                        "{\"responses\":[{\"command\":\"a\",\"error\":\"not saved\"},"
                        "{\"command\":\"b\",\"error\":\"e\"}]}");
    wax_dynsec_wipe_text(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_answer_as_mosquitto_does),
        cmocka_unit_test(answers_look_like_mosquittos),
        cmocka_unit_test(a_file_that_is_written_is_the_same_when_read),
        cmocka_unit_test(passwords_are_hashed_and_read_again),
        cmocka_unit_test(a_print_changes_with_what_somebody_may_do),
        cmocka_unit_test(a_bad_file_is_refused_in_words),
        cmocka_unit_test(what_leads_nowhere_is_counted),
        cmocka_unit_test(a_deleted_client_leaves_its_groups),
        cmocka_unit_test(an_answer_is_amended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
