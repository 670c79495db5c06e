/* Password hashes: the three forms, their limits, and files of users. */
#include "../access_memory.h"
#include "../check.h"

#include <argon2.h>

#include "access/access.h"

#define PASSWORD "correct horse"

/* Written by mosquitto_passwd 2.0.11 for PASSWORD. */
#define SHA512                                                                                     \
    "$6$YDBUmXIvkjUJR5sN$HcrIK5MCvC19oIgyAXhD7byk4BeS8esf/ruhJ33s1rWUb03U8BKoC5AWM67UkHica2Q48"    \
    "hxlHtrFNnN+TPgAxw=="
#define PBKDF2                                                                                     \
    "$7$101$zz7vlY+T+8ZUpwtR$BNAIVZIt8vJa4rprliQL86hrcBJY7dvDwbOozuHm8shm3hk1dCNMtVEqfhM+jUTSa"    \
    "eppb/c0ej9Qs5KsUhPEyw=="

/* The 64 bytes of a digest, for rows that are refused before anything is compared. */
#define D64                                                                                        \
    "BNAIVZIt8vJa4rprliQL86hrcBJY7dvDwbOozuHm8shm3hk1dCNMtVEqfhM+jUTSaeppb/c0ej9Qs5KsUhPEyw=="

struct stored_row {
    const char *name;
    const char *stored;
    wax_status status; /* of inspecting it */
};

/* clang-format off */
static const struct stored_row stored_rows[] = {
    {"SHA-512",                           SHA512,                                          WAX_OK       },
    {"PBKDF2",                            PBKDF2,                                          WAX_OK       },
    {"nothing",                           "",                                              WAX_MALFORMED},
    {"a plain password",                  "secret",                                        WAX_MALFORMED},
    {"a form of crypt(3)",                "$5$abcdefgh$xyz",                               WAX_MALFORMED},
    {"only the mark",                     "$7$",                                           WAX_MALFORMED},
    {"no salt",                           "$6$$" D64,                                      WAX_MALFORMED},
    {"no digest",                         "$6$YDBUmXIvkjUJR5sN$",                          WAX_MALFORMED},
    {"no digest, no mark for it",         "$6$YDBUmXIvkjUJR5sN",                           WAX_MALFORMED},
    {"a salt of 7 bytes",                 "$6$YWJjZGVmZw==$" D64,                          WAX_MALFORMED},
    {"a salt of 8 bytes",                 "$6$YWJjZGVmZ2g=$" D64,                          WAX_OK       },
    {"a salt of 64 bytes",                "$6$" D64 "$" D64,                               WAX_OK       },
    {"a salt of 65 bytes",                "$6$YWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGE=$" D64, WAX_MALFORMED},
    {"a digest of 12 bytes",              "$6$YDBUmXIvkjUJR5sN$YDBUmXIvkjUJR5sN",          WAX_MALFORMED},
    {"something behind the digest",       SHA512 "$",                                      WAX_MALFORMED},
    {"base64 without its padding",        "$6$YWJjZGVmZ2g$" D64,                           WAX_MALFORMED},
    {"no iterations",                     "$7$$zz7vlY+T+8ZUpwtR$" D64,                     WAX_MALFORMED},
    {"iterations 0",                      "$7$0$zz7vlY+T+8ZUpwtR$" D64,                    WAX_MALFORMED},
    {"iterations below 0",                "$7$-1$zz7vlY+T+8ZUpwtR$" D64,                   WAX_MALFORMED},
    {"iterations with a zero in front",   "$7$0101$zz7vlY+T+8ZUpwtR$" D64,                 WAX_MALFORMED},
    {"10,000,000 iterations",             "$7$10000000$zz7vlY+T+8ZUpwtR$" D64,             WAX_OK       },
    {"10,000,001 iterations",             "$7$10000001$zz7vlY+T+8ZUpwtR$" D64,             WAX_MALFORMED},
    {"iterations beyond 32 bits",         "$7$4294967397$zz7vlY+T+8ZUpwtR$" D64,           WAX_MALFORMED},
    {"Argon2id",                          "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", WAX_OK},
    {"Argon2i",                           "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",  WAX_MALFORMED},
    {"Argon2id 1.0",                      "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", WAX_MALFORMED},
    {"Argon2id without a version",        "$argon2id$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",      WAX_MALFORMED},
    {"Argon2id, 1 GiB",                   "$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", WAX_OK},
    {"Argon2id, more than 1 GiB",         "$argon2id$v=19$m=1048577,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", WAX_MALFORMED},
    {"Argon2id, 65 passes",               "$argon2id$v=19$m=64,t=65,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",     WAX_MALFORMED},
    {"Argon2id, 17 lanes",                "$argon2id$v=19$m=1024,t=1,p=17$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",   WAX_MALFORMED},
    {"Argon2id, too little for the lanes","$argon2id$v=19$m=15,t=1,p=2$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",      WAX_MALFORMED},
    {"Argon2id, a short digest",          "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHQ",                 WAX_MALFORMED},
    {"Argon2id, settings in disorder",    "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",      WAX_MALFORMED},
};
/* clang-format on */

static void stored_hashes_are_inspected(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(stored_rows); i++) {
        wax_bytes stored = wax_bytes_of_text(stored_rows[i].stored);
        wax_password_form form;

        check_row(stored_rows[i].name,
                  wax_password_inspect(stored, &form) == stored_rows[i].status);
        if (stored_rows[i].status != WAX_OK) {
            check_row(stored_rows[i].name,
                      wax_password_verify(stored, WAX_TEXT(PASSWORD)) == WAX_MALFORMED);
        }
    }
}

static void a_cut_hash_is_refused_wherever_it_is_cut(void **state)
{
    wax_password_form form;

    (void)state;
    for (size_t size = 0; size < sizeof PBKDF2 - 1; size++) {
        assert_int_equal(wax_password_inspect(wax_bytes_of(PBKDF2, size), &form), WAX_MALFORMED);
    }
}

static void mosquittos_hashes_are_verified(void **state)
{
    const wax_bytes stored[] = {WAX_TEXT(SHA512), WAX_TEXT(PBKDF2)};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(stored); i++) {
        assert_int_equal(wax_password_verify(stored[i], WAX_TEXT(PASSWORD)), WAX_OK);
        assert_int_equal(wax_password_verify(stored[i], WAX_TEXT("correct hors")), WAX_BAD_LOGIN);
        assert_int_equal(wax_password_verify(stored[i], WAX_TEXT(PASSWORD "\0x")), WAX_BAD_LOGIN);
        assert_int_equal(wax_password_verify(stored[i], WAX_TEXT("")), WAX_BAD_LOGIN);
    }
}

/* Mosquitto 2.1 writes one pass over 46 MiB, with salt and digest of 64 bytes. */
static void argon2id_of_other_programs_is_verified(void **state)
{
    char encoded[512];
    char salt[64];

    (void)state;
    memset(salt, 's', sizeof salt);
    assert_int_equal(argon2id_hash_encoded(1, 47104, 1, PASSWORD, strlen(PASSWORD), salt,
                                           sizeof salt, 64, encoded, sizeof encoded),
                     ARGON2_OK);
    assert_int_equal(wax_password_verify(wax_bytes_of_text(encoded), WAX_TEXT(PASSWORD)), WAX_OK);
    assert_int_equal(wax_password_verify(wax_bytes_of_text(encoded), WAX_TEXT("wrong")),
                     WAX_BAD_LOGIN);
}

struct recipe_row {
    const char *name;
    wax_password_recipe recipe;
    wax_status status;
};

/* clang-format off */
static const struct recipe_row recipe_rows[] = {
    {"Argon2id",                     {WAX_PASSWORD_ARGON2ID, 1, 64, 16},            WAX_OK     },
    {"Argon2id, no pass",            {WAX_PASSWORD_ARGON2ID, 0, 64, 16},            WAX_INVALID},
    {"Argon2id, 7 KiB",              {WAX_PASSWORD_ARGON2ID, 1, 7, 16},             WAX_INVALID},
    {"Argon2id, too much memory",    {WAX_PASSWORD_ARGON2ID, 1, 1048577, 16},       WAX_INVALID},
    {"as Mosquitto 2.0",             {WAX_PASSWORD_PBKDF2, 101, 0, 12},             WAX_OK     },
    {"as Mosquitto 2.1",             {WAX_PASSWORD_PBKDF2, 1000, 0, 64},            WAX_OK     },
    {"PBKDF2, no iteration",         {WAX_PASSWORD_PBKDF2, 0, 0, 12},               WAX_INVALID},
    {"PBKDF2, too many iterations",  {WAX_PASSWORD_PBKDF2, 10000001, 0, 12},        WAX_INVALID},
    {"a salt too short",             {WAX_PASSWORD_PBKDF2, 101, 0, 7},              WAX_INVALID},
    {"a salt too long",              {WAX_PASSWORD_PBKDF2, 101, 0, 65},             WAX_INVALID},
    {"as Mosquitto 1.6",             {WAX_PASSWORD_SHA512, 0, 0, 12},               WAX_OK     },
    {"SCRAM",                        {WAX_PASSWORD_SCRAM, 4096, 0, 16},             WAX_OK     },
    {"SCRAM, no iteration",          {WAX_PASSWORD_SCRAM, 0, 0, 16},                WAX_INVALID},
};
/* clang-format on */

static void what_is_hashed_is_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(recipe_rows); i++) {
        const struct recipe_row *row = &recipe_rows[i];
        uint8_t room[2][WAX_PASSWORD_STORED_MAX];
        wax_writer one = wax_writer_over(room[0], sizeof room[0]);
        wax_writer other = wax_writer_over(room[1], sizeof room[1]);
        wax_password_form form;

        check_row(row->name,
                  wax_password_hash(&row->recipe, WAX_TEXT(PASSWORD), &one) == row->status);
        if (row->status == WAX_OK) {
            wax_bytes stored = wax_writer_bytes(&one);

            check_row(row->name, wax_password_inspect(stored, &form) == WAX_OK);
            check_row(row->name, form == row->recipe.form);
            check_row(row->name, wax_password_verify(stored, WAX_TEXT(PASSWORD)) == WAX_OK);
            check_row(row->name, wax_password_verify(stored, WAX_TEXT("alice")) == WAX_BAD_LOGIN);
            check_row(row->name, wax_password_hash(&row->recipe, WAX_TEXT(PASSWORD), &other) == 0);
            check_row(row->name, !wax_bytes_equal(stored, wax_writer_bytes(&other)));
        }
    }
}

static void the_recipes_of_today_are_allowed(void **state)
{
    (void)state;
    for (int form = 0; form < WAX_PASSWORD_FORM_COUNT; form++) {
        wax_password_recipe recipe = wax_password_recipe_for((wax_password_form)form);
        uint8_t room[WAX_PASSWORD_STORED_MAX];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_writer small = wax_writer_over(room, sizeof room - 1);

        assert_int_equal(recipe.form, form);
        assert_int_equal(wax_password_hash(&recipe, WAX_TEXT(PASSWORD), &out), WAX_OK);
        assert_int_equal(wax_password_hash(&recipe, WAX_TEXT(PASSWORD), &small), WAX_FULL);
    }
}

struct file_row {
    const char *name;
    const char *file;
    size_t users; /* 0 with `says` set: refused */
    size_t line, other_line;
    const char *says;
};

/* clang-format off */
static const struct file_row file_rows[] = {
    {"an empty file",                         "",                                         0, 0, 0, NULL},
    {"one user",                              "alice:" PBKDF2 "\n",                       1, 0, 0, NULL},
    {"no newline at the end",                 "alice:" PBKDF2,                            1, 0, 0, NULL},
    {"CRLF, blanks, comments, blank lines",   "# x\r\n\r\n \t\r\n alice : " PBKDF2 " \r\nbob:" SHA512 "\r\n", 2, 0, 0, NULL},
    {"a user without ':' (CVE-2018-12551)",   "alice:" PBKDF2 "\nbob\n",                  0, 2, 0, "no ':'"},
    {"a user without a hash (CVE-2018-12551)","bob:\n",                                   0, 1, 0, "no password"},
    {"a user whose hash is blank",            "bob: \t\n",                                0, 1, 0, "no password"},
    {"a hash without a user",                 ":" PBKDF2 "\n",                            0, 1, 0, "user name is missing"},
    {"a blank user",                          "  :" PBKDF2 "\n",                          0, 1, 0, "user name is missing"},
    {"a plain password",                      "\nbob:secret\n",                           0, 2, 0, "wax passwd -U"},
    {"the name as password",                  "bob:bob\n",                                0, 1, 0, "none of"},
    {"a field too many",                      "bob:" PBKDF2 ":1000\n",                    0, 1, 0, "none of"},
    {"a hash that is cut",                    "bob:$7$101$zz7vlY\n",                      0, 1, 0, "damaged"},
    {"a user twice",                          "a:" PBKDF2 "\n#\nb:" PBKDF2 "\na:" SHA512 "\n", 0, 4, 1, "twice"},
    {"a user twice, with blanks",             "a:" PBKDF2 "\na :" PBKDF2 "\n",            0, 2, 1, "twice"},
    {"not UTF-8",                             "a\xff:" PBKDF2 "\n",                       0, 1, 0, "UTF-8"},
};
/* clang-format on */

static void files_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(file_rows); i++) {
        const struct file_row *row = &file_rows[i];
        struct test_memory memory = test_memory_open();
        wax_credentials credentials;
        wax_access_fault fault;
        wax_status status = wax_credentials_parse(&credentials, &memory.memory,
                                                  wax_bytes_of_text(row->file), &fault);

        check_row(row->name, status == (row->says == NULL ? WAX_OK : WAX_INVALID));
        check_row(row->name, wax_credentials_count(&credentials) == row->users);
        check_row(row->name, fault.line == row->line && fault.other_line == row->other_line);
        check_row(row->name, row->says == NULL || strstr(fault.text, row->says) != NULL);
        wax_credentials_close(&credentials);
        check_row(row->name, memory.in_use == 0);
    }
}

struct login_row {
    const char *name;
    const char *user;
    const char *password;
    wax_status status;
};

/* clang-format off */
static const struct login_row login_rows[] = {
    {"a user and the password",        "alice", PASSWORD, WAX_OK       },
    {"a user and another's password",  "bob",   PASSWORD, WAX_BAD_LOGIN},
    {"another user",                   "bob",   "b0b",    WAX_OK       },
    {"a wrong password",               "alice", "b0b",    WAX_BAD_LOGIN},
    {"an empty password",              "alice", "",       WAX_BAD_LOGIN},
    {"a stranger",                     "carol", PASSWORD, WAX_BAD_LOGIN},
    {"a stranger, the other password", "carol", "b0b",    WAX_BAD_LOGIN},
    {"no name",                        "",      PASSWORD, WAX_BAD_LOGIN},
    {"the start of a name",            "alic",  PASSWORD, WAX_BAD_LOGIN},
};
/* clang-format on */

static wax_credentials credentials_of(struct test_memory *memory)
{
    const wax_password_recipe recipe = {WAX_PASSWORD_PBKDF2, 10, 0, 12};
    uint8_t room[1024];
    wax_writer file = wax_writer_over(room, sizeof room);
    wax_credentials credentials;
    wax_access_fault fault;

    wax_write_bytes(&file, WAX_TEXT("alice:" PBKDF2 "\nbob:"));
    assert_int_equal(wax_password_hash(&recipe, WAX_TEXT("b0b"), &file), WAX_OK);
    assert_int_equal(
        wax_credentials_parse(&credentials, &memory->memory, wax_writer_bytes(&file), &fault),
        WAX_OK);
    return credentials;
}

static void logins_are_judged(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_credentials credentials = credentials_of(&memory);

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(login_rows); i++) {
        const struct login_row *row = &login_rows[i];
        wax_login login = wax_credentials_find(&credentials, wax_bytes_of_text(row->user));

        check_row(row->name,
                  wax_login_verify(&login, wax_bytes_of_text(row->password)) == row->status);
    }
    wax_credentials_close(&credentials);
}

static void a_stranger_costs_a_hash_too(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_credentials credentials = credentials_of(&memory);
    wax_login known = wax_credentials_find(&credentials, WAX_TEXT("bob"));
    wax_login stranger = wax_credentials_find(&credentials, WAX_TEXT("carol"));
    wax_password_form form;

    (void)state;
    assert_true(known.is_known);
    assert_false(stranger.is_known);
    assert_int_equal(wax_password_inspect(stranger.stored, &form), WAX_OK);
    wax_credentials_close(&credentials);
}

static void nobody_logs_in_with_an_empty_file(void **state)
{
    wax_credentials credentials = {0};
    wax_login login = wax_credentials_find(&credentials, WAX_TEXT("alice"));

    (void)state;
    assert_int_equal(wax_login_verify(&login, WAX_TEXT("")), WAX_BAD_LOGIN);
}

static void every_failed_allocation_is_survived(void **state)
{
    static const char file[] = "a:" SHA512 "\nb:" SHA512 "\nc:" SHA512 "\n";
    struct test_memory memory = test_memory_open();
    wax_status status = WAX_FULL;

    (void)state;
    for (memory.fails_at = 1; status == WAX_FULL; memory.fails_at++) {
        wax_credentials credentials;
        wax_access_fault fault;

        memory.requests = 0;
        status = wax_credentials_parse(&credentials, &memory.memory, WAX_TEXT(file), &fault);
        wax_credentials_close(&credentials);
        assert_int_equal(memory.in_use, 0);
    }
    assert_int_equal(status, WAX_OK);
    assert_true(memory.fails_at > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_hashes_are_inspected),
        cmocka_unit_test(a_cut_hash_is_refused_wherever_it_is_cut),
        cmocka_unit_test(mosquittos_hashes_are_verified),
        cmocka_unit_test(argon2id_of_other_programs_is_verified),
        cmocka_unit_test(what_is_hashed_is_verified),
        cmocka_unit_test(the_recipes_of_today_are_allowed),
        cmocka_unit_test(files_are_read_or_refused),
        cmocka_unit_test(logins_are_judged),
        cmocka_unit_test(a_stranger_costs_a_hash_too),
        cmocka_unit_test(nobody_logs_in_with_an_empty_file),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
