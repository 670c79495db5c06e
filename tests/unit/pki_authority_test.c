/* An authority: what it issues, renews, revokes and refuses. */
#include "../check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "pki/pki.h"

enum {
    DAY = 24 * 3600,
    PATH_SIZE = 300,
};

/* 2030-06-15, 12:00 UTC: nothing here depends on the clock. */
static const int64_t now = 1907755200;

static char home[] = "/tmp/wax-pki-XXXXXX";

static const char *const hosts[] = {"broker.local", "10.0.0.5", "fe80::1"};

static wax_status issue(wax_pki_role role, const char *name, wax_problem *problem)
{
    const wax_pki_order order = {
        .folder = home,
        .role = role,
        .name = name,
        .hosts = hosts,
        .host_count = role == WAX_PKI_SERVER ? WAX_COUNT(hosts) : 0,
        .term = {.now = now},
    };

    return wax_pki_issue(&order, problem);
}

static char *path_of(const char *file)
{
    static char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/%s", home, file);
    return path;
}

static X509 *read_certificate(const char *file)
{
    STACK_OF(X509) * chain;
    X509 *certificate;
    wax_problem problem;

    if (wax_pki_read_chain(path_of(file), &chain, &problem) != WAX_OK) {
        fail_msg("%s", problem.text);
    }
    certificate = sk_X509_shift(chain);
    sk_X509_pop_free(chain, X509_free);
    return certificate;
}

static const char *show(const char *file, int64_t day, size_t *problem_count)
{
    static char text[8192];
    wax_writer out = wax_writer_over(text, sizeof text - 1);
    wax_problem problem;

    if (wax_pki_show(path_of(file), day, &out, problem_count, &problem) != WAX_OK) {
        fail_msg("%s", problem.text);
    }
    text[out.used] = '\0';
    return text;
}

static void says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, text);
    }
}

static int set_up(void **state)
{
    wax_problem problem;

    (void)state;
    assert_non_null(mkdtemp(home));
    assert_int_equal(issue(WAX_PKI_CA, "Plant", &problem), WAX_OK);
    assert_int_equal(issue(WAX_PKI_SERVER, "server", &problem), WAX_OK);
    return 0;
}

static int tear_down(void **state)
{
    char command[PATH_SIZE];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", home);
    return system(command);
}

static void keys_are_for_the_owner_alone(void **state)
{
    struct stat about;

    (void)state;
    assert_int_equal(stat(path_of("server.key"), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("ca.key"), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

static void a_server_certificate_has_what_clients_want(void **state)
{
    X509 *certificate = read_certificate("server.crt");
    char text[200];

    (void)state;
    wax_pki_hosts(certificate, text, sizeof text);
    assert_string_equal(text, "broker.local, 10.0.0.5, fe80::1");
    assert_int_equal(X509_get_extended_key_usage(certificate), XKU_SSL_SERVER);
    assert_int_equal(X509_get_key_usage(certificate), X509v3_KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extension_flags(certificate) & EXFLAG_CA, 0);
    assert_int_equal(wax_pki_not_after(certificate), now + 397 * DAY);
    assert_int_equal(ASN1_STRING_length(X509_get_serialNumber(certificate)), 16);
    assert_int_equal(wax_pki_common_name(certificate, text, sizeof text), WAX_OK);
    assert_string_equal(text, "server");
    assert_int_equal(wax_pki_common_name(certificate, text, 6), WAX_FULL);
    assert_int_equal(wax_pki_subject(certificate, text, sizeof text), WAX_OK);
    assert_string_equal(text, "CN=server");
    X509_free(certificate);
}

static void hosts_are_cut_where_the_room_ends(void **state)
{
    X509 *certificate = read_certificate("server.crt");
    char text[16];

    (void)state;
    wax_pki_hosts(certificate, text, sizeof text);
    assert_string_equal(text, "broker.local, 1");
    X509_free(certificate);
}

struct refusal {
    const char *name;
    wax_pki_order order;
    const char *words;
};

static const char *const bad_names[] = {"a,DNS:evil", "b:8883", "[::1]", "b\xc3\xa9", "", "-x"};

/* clang-format off */
static const struct refusal refusals[] = {
    {"a second CA",            {.role = WAX_PKI_CA, .name = "x"}, "exists and is not overwritten"},
    {"a second of that name",  {.role = WAX_PKI_CLIENT, .name = "server"}, "`wax pki renew server` issues it anew"},
    {"the CA's own name",      {.role = WAX_PKI_CLIENT, .name = "ca"}, "exists and is not overwritten"},
    {"a server without names", {.role = WAX_PKI_SERVER, .name = "s"}, "needs 1 to 64 names"},
    {"no name",                {.role = WAX_PKI_CLIENT, .name = ""}, "is not 1 to 64 bytes"},
    {"a long name",            {.role = WAX_PKI_CLIENT, .name =
     "65.......1.........2.........3.........4.........5.........6....."}, "is not 1 to 64 bytes"},
    {"no UTF-8",               {.role = WAX_PKI_CLIENT, .name = "\xff"}, "is not 1 to 64 bytes"},
    {"beyond the CA's end",    {.role = WAX_PKI_CLIENT, .name = "x",
     .term = {.not_after = 1907755200 + 4000LL * DAY}}, "outlive its CA"},
    {"the end before the start", {.role = WAX_PKI_CLIENT, .name = "x",
     .term = {.not_before = 1907755200, .not_after = 1907755200 - 1}}, "would end before it begins"},
};
/* clang-format on */

static void bad_orders_are_refused(void **state)
{
    wax_problem problem;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(refusals); i++) {
        wax_pki_order order = refusals[i].order;
        order.folder = home;
        order.term.now = now;
        check_row(refusals[i].name, wax_pki_issue(&order, &problem) == WAX_INVALID);
        says(problem.text, refusals[i].words);
    }
    for (size_t i = 0; i < WAX_COUNT(bad_names); i++) {
        const wax_pki_order order = {.folder = home,
                                     .role = WAX_PKI_SERVER,
                                     .name = "x",
                                     .hosts = &bad_names[i],
                                     .host_count = 1,
                                     .term = {.now = now}};
        check_row(bad_names[i], wax_pki_issue(&order, &problem) == WAX_INVALID);
        says(problem.text, "neither a DNS name nor an address");
    }
    assert_int_not_equal(access(path_of("x.key"), F_OK), 0);
}

static void a_folder_without_ca_is_told_how_to_get_one(void **state)
{
    char folder[PATH_SIZE];
    wax_problem problem;
    const wax_pki_order order = {
        .folder = folder, .role = WAX_PKI_CLIENT, .name = "x", .term = {.now = now}};

    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/empty", home);
    assert_int_equal(wax_pki_issue(&order, &problem), WAX_NOT_FOUND);
    says(problem.text, "make one with `wax pki ca`");
}

static void names_do_not_leave_the_folder(void **state)
{
    wax_problem problem;

    (void)state;
    assert_int_equal(issue(WAX_PKI_CLIENT, "../a b/$(c)", &problem), WAX_OK);
    assert_int_equal(access(path_of("_._a_b___c_.key"), F_OK), 0);
}

static void renewing_keeps_names_and_key(void **state)
{
    wax_pki_term later = {.now = now + 300 * DAY};
    wax_problem problem;
    X509 *old;
    X509 *renewed;
    char text[200];

    (void)state;
    old = read_certificate("server.crt");
    assert_int_equal(wax_pki_renew(home, "server", WAX_PKI_SAME_KEY, &later, &problem), WAX_OK);
    renewed = read_certificate("server.crt");
    wax_pki_hosts(renewed, text, sizeof text);
    assert_string_equal(text, "broker.local, 10.0.0.5, fe80::1");
    assert_int_equal(wax_pki_not_after(renewed), now + 697 * DAY);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(old), X509_get0_pubkey(renewed)), 1);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(old), X509_get0_serialNumber(renewed)), 0);
    X509_free(renewed);
    assert_int_equal(wax_pki_renew(home, "server", WAX_PKI_NEW_KEY, &later, &problem), WAX_OK);
    renewed = read_certificate("server.crt");
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(old), X509_get0_pubkey(renewed)), 0);
    X509_free(renewed);
    X509_free(old);
}

static void renewing_a_ca_keeps_what_it_signed(void **state)
{
    wax_pki_term later = {.now = now + 3000 * (int64_t)DAY};
    wax_problem problem;
    X509 *leaf;
    X509 *authority;

    (void)state;
    assert_int_equal(wax_pki_renew(home, "ca", WAX_PKI_NEW_KEY, &later, &problem), WAX_INVALID);
    says(problem.text, "another CA");
    assert_int_equal(wax_pki_renew(home, "ca", WAX_PKI_SAME_KEY, &later, &problem), WAX_OK);
    leaf = read_certificate("server.crt");
    authority = read_certificate("ca.crt");
    assert_int_equal(wax_pki_not_after(authority), now + 6650 * (int64_t)DAY);
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(authority)), 1);
    assert_int_equal(X509_check_issued(authority, leaf), X509_V_OK);
    X509_free(leaf);
    X509_free(authority);
}

/* Otherwise the certificate from before a renewal would stay good. */
static void revoking_a_name_revokes_all_of_that_name(void **state)
{
    wax_pki_term later = {.now = now + DAY};
    wax_problem problem;
    size_t problem_count;

    (void)state;
    assert_int_equal(issue(WAX_PKI_CLIENT, "pump", &problem), WAX_OK);
    assert_int_equal(wax_pki_renew(home, "pump", WAX_PKI_NEW_KEY, &later, &problem), WAX_OK);
    says(show("crl.pem", now, &problem_count), "revoked:     0");
    assert_int_equal(wax_pki_revoke(home, "pump", now + 2 * DAY, &problem), WAX_OK);
    says(show("crl.pem", now, &problem_count), "revoked:     2");
    assert_int_equal(problem_count, 0);
    says(show("pump.crt", now + 3 * DAY, &problem_count), "PROBLEM: it was revoked on 2030-06-17");
    assert_int_equal(wax_pki_renew(home, "pump", WAX_PKI_SAME_KEY, &later, &problem), WAX_INVALID);
    says(problem.text, "--new-key");
    assert_int_equal(wax_pki_renew(home, "pump", WAX_PKI_NEW_KEY, &later, &problem), WAX_OK);
    (void)show("pump.crt", now + 3 * DAY, &problem_count);
    assert_int_equal(problem_count, 0);
}

static void what_is_not_there_cannot_be_revoked(void **state)
{
    wax_problem problem;

    (void)state;
    assert_int_equal(wax_pki_revoke(home, "nobody", now, &problem), WAX_NOT_FOUND);
    says(problem.text, "nobody.crt");
    assert_int_equal(wax_pki_revoke(home, "0123456789abcdef", now, &problem), WAX_NOT_FOUND);
    says(problem.text, "not issued by the CA of this folder");
}

static void showing_says_what_is_wrong(void **state)
{
    size_t problem_count;
    const char *text;

    (void)state;
    text = show("server.crt", now, &problem_count);
    says(text, "certificate of CN=server");
    says(text, "hosts:       broker.local, 10.0.0.5, fe80::1");
    says(text, "EC prime256v1, 256 bits");
    text = show("server.crt", now + 8000 * (int64_t)DAY, &problem_count);
    assert_int_equal(problem_count, 1);
    says(text, "PROBLEM: it expired on ");
    text = show("server.crt", now - 8000 * (int64_t)DAY, &problem_count);
    assert_int_equal(problem_count, 1);
    says(text, "PROBLEM: it is valid only from ");
    says(show("ca.key", now, &problem_count), "private key, EC prime256v1, 256 bits");
    assert_int_equal(problem_count, 0);
    assert_int_equal(chmod(path_of("ca.key"), 0644), 0);
    says(show("ca.key", now, &problem_count), "PROBLEM: everybody can read it (mode 0644)");
    assert_int_equal(chmod(path_of("ca.key"), 0600), 0);
}

static void a_damaged_index_is_no_reason_to_forget(void **state)
{
    wax_problem problem;
    FILE *file = fopen(path_of("index.txt"), "a");

    (void)state;
    assert_non_null(file);
    (void)fputs("rubbish\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(issue(WAX_PKI_CLIENT, "late", &problem), WAX_INVALID);
    says(problem.text, "index.txt is not one that `openssl ca` or `wax pki` writes");
    assert_int_not_equal(access(path_of("late.crt"), F_OK), 0);
}

/* A certificate whose common name is these bytes. */
static X509 *certificate_of(int kind, const char *bytes, int size)
{
    X509 *certificate = X509_new();

    assert_int_equal(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                                kind, (const unsigned char *)bytes, size, -1, 0),
                     1);
    return certificate;
}

static void common_names_do_not_deceive(void **state)
{
    static const struct {
        const char *name;
        int kind;
        const char *bytes;
        int size;
        wax_status status;
    } rows[] = {
        {"plain",                     V_ASN1_UTF8STRING, "pump",         4,  WAX_OK       },
        {"UTF-8",                     V_ASN1_UTF8STRING, "p\xc3\xbcmpe", 6,  WAX_OK       },
        {"Latin 1 becomes UTF-8",     V_ASN1_T61STRING,  "p\xfcmpe",     5,  WAX_OK       },
        {"U+0000 hides what follows", V_ASN1_UTF8STRING, "admin\0.evil", 11, WAX_UNTRUSTED},
        {"a line break",              V_ASN1_UTF8STRING, "a\nb",         3,  WAX_UNTRUSTED},
        {"no UTF-8",                  V_ASN1_UTF8STRING, "a\xff",        2,  WAX_UNTRUSTED},
        {"empty",                     V_ASN1_UTF8STRING, "",             0,  WAX_NOT_FOUND},
    };
    char room[64];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        X509 *certificate = certificate_of(rows[i].kind, rows[i].bytes, rows[i].size);
        wax_status status = wax_pki_common_name(certificate, room, sizeof room);
        if (status != rows[i].status) {
            fail_msg("%s: %d", rows[i].name, (int)status);
        }
        X509_free(certificate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_for_the_owner_alone),
        cmocka_unit_test(a_server_certificate_has_what_clients_want),
        cmocka_unit_test(hosts_are_cut_where_the_room_ends),
        cmocka_unit_test(bad_orders_are_refused),
        cmocka_unit_test(a_folder_without_ca_is_told_how_to_get_one),
        cmocka_unit_test(names_do_not_leave_the_folder),
        cmocka_unit_test(renewing_keeps_names_and_key),
        cmocka_unit_test(revoking_a_name_revokes_all_of_that_name),
        cmocka_unit_test(renewing_a_ca_keeps_what_it_signed),
        cmocka_unit_test(what_is_not_there_cannot_be_revoked),
        cmocka_unit_test(showing_says_what_is_wrong),
        cmocka_unit_test(a_damaged_index_is_no_reason_to_forget),
        cmocka_unit_test(common_names_do_not_deceive),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
