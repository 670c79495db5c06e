/* Certificates for the tests of TLS: one authority that is right, one of the same name that is not,
 * and what OpenSSL's commands make. */
#ifndef WAX_TESTS_TLS_FIXTURE_H
#define WAX_TESTS_TLS_FIXTURE_H

#include "../check.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "pki/pki.h"
#include "tls/tls.h"

enum {
    DAY = 24 * 3600,
    PATH_SIZE = 300,
};

/* The folders of certificates: one authority that is right, and one of the same name that is not.
 */
static char home[] = "/tmp/wax-tls-XXXXXX";
static char good[PATH_SIZE];
static char other[PATH_SIZE];

/* A few paths in a row, because settings hold several. */
static const char *in_folder(const char *folder, const char *file)
{
    static char paths[16][PATH_SIZE * 2];
    static size_t next;
    char *path = paths[next++ % WAX_COUNT(paths)];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, file);
    return path;
}

static const char *in_good(const char *file)
{
    return in_folder(good, file);
}

static void issue(const char *folder, wax_pki_role role, const char *name, int from, int until)
{
    static const char *const hosts[] = {"broker.local", "*.plant.example", "10.0.0.5", "::1"};
    int64_t now = (int64_t)time(NULL);
    wax_problem problem;
    const wax_pki_order order = {
        .folder = folder,
        .role = role,
        .name = name,
        .hosts = hosts,
        .host_count = role == WAX_PKI_SERVER ? WAX_COUNT(hosts) : 0,
        .term = {now, from == 0 ? 0 : now + (int64_t)from * DAY,
                 until == 0 ? 0 : now + (int64_t)until * DAY},
    };

    if (wax_pki_issue(&order, &problem) != WAX_OK) {
        fail_msg("%s: %s", name, problem.text);
    }
}

/* The way other people make certificates. */
static void make_by_openssl(void)
{
    char command[2000];

    (void)snprintf(
        command, sizeof command,
        "cd %s && exec 2>/dev/null &&"
        "openssl genrsa -out r-ca.key 2048 &&"
        "openssl req -x509 -new -key r-ca.key -subj '/CN=Root' -days 9 -out r-ca.crt &&"
        "openssl genrsa -out r.key 2048 && openssl genrsa -out mid.key 2048 &&"
        "openssl req -new -key mid.key -subj '/CN=Middle' -out mid.csr &&"
        "printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign' > mid.ext &&"
        "openssl x509 -req -in mid.csr -CA r-ca.crt -CAkey r-ca.key -CAcreateserial"
        " -extfile mid.ext -days 9 -out mid.crt &&"
        "openssl req -new -key r.key -subj '/CN=localhost' -out r.csr &&"
        "openssl x509 -req -in r.csr -CA r-ca.crt -CAkey r-ca.key -CAcreateserial -days 9 "
        " -out r.crt &&"
        "printf 'subjectAltName=DNS:broker.local' > leaf.ext &&"
        "openssl x509 -req -in r.csr -CA mid.crt -CAkey mid.key -CAcreateserial -days 9"
        " -extfile leaf.ext -out leaf.crt && cat leaf.crt mid.crt > chain.crt &&"
        "openssl pkey -in r.key -aes128 -passout pass:open -out locked.key && echo open > word",
        good);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    wax_problem problem;

    (void)state;
    assert_non_null(mkdtemp(home));
    (void)snprintf(good, sizeof good, "%s/good", home);
    (void)snprintf(other, sizeof other, "%s/other", home);
    issue(good, WAX_PKI_CA, "Plant", 0, 0);
    issue(good, WAX_PKI_SERVER, "server", 0, 0);
    issue(good, WAX_PKI_SERVER, "expired", -9, -2);
    issue(good, WAX_PKI_SERVER, "early", 2, 9);
    issue(good, WAX_PKI_SERVER, "soon", 0, 12);
    issue(good, WAX_PKI_CLIENT, "pump", 0, 0);
    issue(good, WAX_PKI_CLIENT, "revoked", 0, 0);
    issue(good, WAX_PKI_CLIENT, "old", -9, -2);
    assert_int_equal(wax_pki_revoke(good, "revoked", (int64_t)time(NULL), &problem), WAX_OK);
    issue(other, WAX_PKI_CA, "Plant", 0, 0);
    issue(other, WAX_PKI_CLIENT, "pump", 0, 0);
    issue(other, WAX_PKI_SERVER, "server", 0, 0);
    make_by_openssl();
    return 0;
}

static int tear_down(void **state)
{
    char command[PATH_SIZE];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", home);
    return system(command);
}

#endif
