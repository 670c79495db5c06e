/* What a context refuses, what it warns of, and in which words. */
#include "tls_fixture.h"

#include <sys/stat.h>

#include "tls/inner.h"

struct row {
    const char *name;
    const char *certfile;
    const char *keyfile;
    wax_tls_settings settings; /* without the two */
    wax_status status;
    const char *words;
};

/* File names in `settings` are in the good folder as well. */
/* clang-format off */
static const struct row rows[] = {
    {"a pair",                     "server.crt", "server.key", {0}, WAX_OK, ""},
    {"a pair of OpenSSL's commands", "r.crt",    "r.key",      {0}, WAX_OK, ""},
    {"a chain",                    "chain.crt",  "r.key",      {0}, WAX_OK, ""},
    {"an expired pair still starts", "expired.crt", "expired.key", {0}, WAX_OK, ""},
    {"the key of another",         "server.crt", "pump.key",   {0}, WAX_INVALID, "pump.key does not belong to certfile "},
    {"no key",                     "server.crt", NULL,         {0}, WAX_INVALID, "keyfile is missing"},
    {"no certificate",             NULL,         "server.key", {0}, WAX_INVALID, "certfile is missing"},
    {"a file that is not there",   "none.crt",   "server.key", {0}, WAX_IO,      "none.crt: No such file"},
    {"a folder",                   ".",          "server.key", {0}, WAX_IO,      "it is a folder"},
    {"a key as certificate",       "server.key", "server.key", {0}, WAX_INVALID, "holds no certificate; it holds a private key"},
    {"a certificate as key",       "server.crt", "server.crt", {0}, WAX_INVALID, "holds no private key; it holds a certificate"},
    {"a request as certificate",   "r.csr",      "r.key",      {0}, WAX_INVALID, "a request, not yet signed"},
    {"something else",             "index.txt",  "server.key", {0}, WAX_INVALID, "no PEM"},
    {"a locked key",               "r.crt",      "locked.key", {0}, WAX_INVALID, "is under a passphrase"},
    {"a locked key, opened",       "r.crt",      "locked.key", {.passphrase_file = "word"}, WAX_OK, ""},
    {"a wrong passphrase",         "r.crt",      "locked.key", {.passphrase_file = "index.txt"}, WAX_INVALID, "does not open the key"},
    {"ciphers",                    "server.crt", "server.key", {.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}, WAX_OK, ""},
    {"unknown ciphers",            "server.crt", "server.key", {.ciphers = "ROT13"}, WAX_INVALID, "OpenSSL knows none of 'ROT13'"},
    {"ciphers without keys",       "server.crt", "server.key", {.ciphers = "NULL-SHA256:@SECLEVEL=0"}, WAX_INVALID, "NULL-SHA256 is too weak"},
    {"ciphers without proof",      "server.crt", "server.key", {.ciphers = "ADH-AES128-SHA:@SECLEVEL=0"}, WAX_INVALID, "is too weak"},
    {"suites of TLS 1.3",          "server.crt", "server.key", {.ciphers_tls13 = "TLS_AES_128_GCM_SHA256"}, WAX_OK, ""},
    {"unknown suites of TLS 1.3",  "server.crt", "server.key", {.ciphers_tls13 = "TLS_ROT13"}, WAX_INVALID, "does not know 'TLS_ROT13'"},
    {"clients of no CA",           "server.crt", "server.key", {.requires_certificate = true}, WAX_INVALID, "needs cafile or capath"},
    {"a CA file that is none",     "server.crt", "server.key", {.cafile = "server.key"}, WAX_INVALID, "holds no certificate; it holds a private key"},
    {"a CA folder",                "server.crt", "server.key", {.capath = "."}, WAX_OK, ""},
    {"a CA folder that is not there", "server.crt", "server.key", {.capath = "none"}, WAX_IO, "No such file"},
    {"a revocation list",          "server.crt", "server.key", {.crlfile = "crl.pem"}, WAX_OK, ""},
    {"a revocation list of another CA", "server.crt", "server.key", {.cafile = "r-ca.crt", .crlfile = "crl.pem"}, WAX_INVALID, "is not of a CA in cafile"},
    {"a revocation list that is none", "server.crt", "server.key", {.crlfile = "ca.crt"}, WAX_INVALID, "holds no revocation list"},
};
/* clang-format on */

static const char *place(const char *file)
{
    return file != NULL ? in_good(file) : NULL;
}

static void settings_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        wax_tls_settings settings = row->settings;
        wax_tls_context *context;
        wax_problem problem = {""};
        wax_status status;

        settings.certfile = place(row->certfile);
        settings.keyfile = place(row->keyfile);
        settings.passphrase_file = place(settings.passphrase_file);
        settings.cafile = place(settings.cafile);
        settings.capath = place(settings.capath);
        settings.crlfile = place(settings.crlfile);
        status = wax_tls_make_server(&settings, &context, &problem);
        if (status != row->status || strstr(problem.text, row->words) == NULL) {
            fail_msg("%s: %d \"%s\"", row->name, (int)status, problem.text);
        }
        check_row(row->name, (context != NULL) == (status == WAX_OK));
        wax_tls_release(context);
    }
}

struct warning {
    const char *pair;
    const char *words; /* NULL: none */
};

static const struct warning warnings[] = {
    {"server",  NULL                           },
    {"expired", "expired on 20"                },
    {"early",   "is not valid yet"             },
    {"soon",    "expires in 1"                 },
    {"pump",    "has no SAN"                   },
    {"client",  "extended key usage serverAuth"},
};

static void certificates_are_warned_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(warnings); i++) {
        const struct warning *row = &warnings[i];
        char names[2][64];
        wax_tls_settings settings = {0};
        wax_tls_context *context;
        wax_problem problem = {""};
        bool is_warned;

        (void)snprintf(names[0], sizeof names[0], "%s.crt", row->pair);
        (void)snprintf(names[1], sizeof names[1], "%s.key", row->pair);
        settings.certfile = in_good(names[0]);
        settings.keyfile = in_good(names[1]);
        check_row(row->pair, wax_tls_make_server(&settings, &context, &problem) == WAX_OK);
        is_warned = wax_tls_warn(context, (int64_t)time(NULL), &problem);
        check_row(row->pair, is_warned == (row->words != NULL));
        if (row->words != NULL && strstr(problem.text, row->words) == NULL) {
            fail_msg("%s: \"%s\"", row->pair, problem.text);
        }
        wax_tls_release(context);
    }
}

static void the_end_of_the_chain_is_told(void **state)
{
    wax_tls_settings settings = {.certfile = in_good("soon.crt"), .keyfile = in_good("soon.key")};
    int64_t end = (int64_t)time(NULL) + 12 * (int64_t)DAY;
    wax_tls_context *context;
    wax_problem problem;

    (void)state;
    assert_int_equal(wax_tls_make_server(&settings, &context, &problem), WAX_OK);
    assert_true(wax_tls_not_after(context) <= end && wax_tls_not_after(context) > end - 60);
    wax_tls_release(context);
    assert_int_equal(wax_tls_make_client(&(wax_tls_settings){0}, &context, &problem), WAX_OK);
    assert_true(wax_tls_not_after(context) == INT64_MAX);
    assert_false(wax_tls_warn(context, end, &problem));
    wax_tls_release(context);
}

/* Only who is not root can see it. */
static void a_denied_file_is_explained(void **state)
{
    wax_tls_settings settings = {.certfile = in_good("server.crt"),
                                 .keyfile = in_good("server.key")};
    wax_tls_context *context = NULL;
    wax_problem problem = {""};
    wax_status status;

    (void)state;
    if (geteuid() == 0 && (chmod(home, 0755) != 0 || seteuid(65534) != 0)) {
        skip();
    }
    if (geteuid() != 65534) {
        assert_int_equal(chmod(settings.keyfile, 0), 0);
    }
    status = wax_tls_make_server(&settings, &context, &problem);
    wax_tls_release(context);
    if (getuid() == 0) {
        assert_int_equal(seteuid(0), 0);
    } else {
        assert_int_equal(chmod(settings.keyfile, 0600), 0);
    }
    assert_int_equal(status, WAX_IO);
    assert_non_null(strstr(problem.text, "and this process runs as uid"));
    assert_non_null(strstr(problem.text, "; run `chgrp "));
}

static int set_up_more(void **state)
{
    wax_problem problem;
    static const char *const hosts[] = {"pump.local"};
    const wax_pki_order order = {.folder = good,
                                 .role = WAX_PKI_CLIENT,
                                 .name = "client",
                                 .hosts = hosts,
                                 .host_count = 1,
                                 .term = {.now = (int64_t)time(NULL)}};

    if (set_up(state) != 0) {
        return -1;
    }
    return wax_pki_issue(&order, &problem) == WAX_OK ? 0 : -1;
}

/* A library is known by what it cannot read in a list of groups. */
static bool takes(void *library, const char *list)
{
    return strstr(list, library) == NULL;
}

static void the_best_groups_are_chosen(void **state)
{
    char newest[] = "unknown";
    char with_provider[] = "*";
    char without_hybrid[] = "MLKEM";
    char none[] = "X25519";

    (void)state;
    assert_string_equal(tls_choose_groups(takes, newest), "*X25519MLKEM768/*X25519:P-256:P-384");
    assert_string_equal(tls_choose_groups(takes, with_provider),
                        "X25519MLKEM768:X25519:P-256:P-384");
    assert_string_equal(tls_choose_groups(takes, without_hybrid), "X25519:P-256:P-384");
    assert_null(tls_choose_groups(takes, none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_judged),
        cmocka_unit_test(certificates_are_warned_of),
        cmocka_unit_test(the_end_of_the_chain_is_told),
        cmocka_unit_test(a_denied_file_is_explained),
        cmocka_unit_test(the_best_groups_are_chosen),
    };
    return cmocka_run_group_tests(tests, set_up_more, tear_down);
}
