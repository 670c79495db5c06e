/* Certificates and keys out of PEM files. */
#include "pki/inner.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

enum {
    CHAIN_MAX = 4096, /* certificates of a file; a bundle of all public CAs has 150 */
    PASSPHRASE_MAX = 1024,
};

/* What a line of a PEM file says that the file holds, or NULL. */
static const char *name_line(const char *line)
{
    static const struct {
        const char *mark;
        const char *name;
    } rows[] = {
        {"PRIVATE KEY-----",         "a private key"                    },
        {"CERTIFICATE REQUEST-----", "a request, not yet signed by a CA"},
        {"X509 CRL-----",            "a revocation list"                },
        {"PUBLIC KEY-----",          "a public key"                     },
        {"CERTIFICATE-----",         "a certificate"                    },
    };

    for (size_t i = 0; strstr(line, "-----BEGIN ") != NULL && i < WAX_COUNT(rows); i++) {
        if (strstr(line, rows[i].mark) != NULL) {
            return rows[i].name;
        }
    }
    return NULL;
}

/* What a PEM file holds instead of what was wanted. */
static const char *name_contents(BIO *in)
{
    char line[128];

    (void)BIO_reset(in);
    while (BIO_gets(in, line, sizeof line) > 0) {
        const char *name = name_line(line);
        if (name != NULL) {
            return name;
        }
    }
    return "no PEM (text between -----BEGIN and -----END lines)";
}

/* Says what the file at `path` is, which is not the one that was wanted. */
static wax_status explain_contents(const char *path, const char *wanted, BIO *in,
                                   wax_problem *problem)
{
    const char *contents = name_contents(in);

    if (strcmp(contents + strlen("a "), wanted) == 0) {
        return pki_fail(problem, WAX_INVALID,
                        "the %s in %s is damaged, perhaps cut short; copy or make it anew", wanted,
                        path);
    }
    return pki_fail(problem, WAX_INVALID,
                    "%s holds no %s; it holds %s; name the file of the %s instead", path, wanted,
                    contents, wanted);
}

wax_status wax_pki_read_chain(const char *path, STACK_OF(X509) * *chain, wax_problem *problem)
{
    BIO *in;
    X509 *certificate;
    wax_status status = pki_open(path, &in, problem);

    *chain = NULL;
    if (status != WAX_OK) {
        return status;
    }
    *chain = sk_X509_new_null();
    while (sk_X509_num(*chain) < CHAIN_MAX &&
           (certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(*chain, certificate) <= 0) {
            X509_free(certificate);
            break;
        }
    }
    ERR_clear_error();
    if (sk_X509_num(*chain) <= 0) {
        status = explain_contents(path, "certificate", in, problem);
        sk_X509_free(*chain);
        *chain = NULL;
    }
    BIO_free(in);
    return status;
}

/* What is needed to open a key. */
struct passphrase {
    char text[PASSPHRASE_MAX];
    bool is_wanted;
};

/* OpenSSL asks on the terminal if there is no such function. */
static int give_passphrase(char *room, int size, int is_writing, void *self)
{
    struct passphrase *passphrase = self;
    size_t count = strlen(passphrase->text);

    (void)is_writing;
    passphrase->is_wanted = true;
    if (count == 0 || size < 0 || count > (size_t)size) {
        return -1;
    }
    memcpy(room, passphrase->text, count);
    return (int)count;
}

static wax_status read_passphrase(const char *path, struct passphrase *passphrase,
                                  wax_problem *problem)
{
    BIO *in;
    wax_status status = pki_open(path, &in, problem);

    if (status == WAX_OK) {
        (void)BIO_gets(in, passphrase->text, PASSPHRASE_MAX);
        passphrase->text[strcspn(passphrase->text, "\r\n")] = '\0';
        BIO_free(in);
    }
    return status;
}

static wax_status explain_lock(const char *path, const char *passphrase_file, wax_problem *problem)
{
    if (passphrase_file == NULL) {
        return pki_fail(
            problem, WAX_INVALID,
            "the key in %s is under a passphrase; name a file that holds it, or take it "
            "off with `openssl pkey -in %s -out FILE`",
            path, path);
    }
    return pki_fail(problem, WAX_INVALID, "the passphrase in %s does not open the key in %s",
                    passphrase_file, path);
}

wax_status wax_pki_read_key(const char *path, const char *passphrase_file, EVP_PKEY **key,
                            wax_problem *problem)
{
    struct passphrase passphrase = {"", false};
    BIO *in = NULL;
    wax_status status = WAX_OK;

    *key = NULL;
    if (passphrase_file != NULL) {
        status = read_passphrase(passphrase_file, &passphrase, problem);
    }
    if (status == WAX_OK) {
        status = pki_open(path, &in, problem);
    }
    if (status == WAX_OK) {
        *key = PEM_read_bio_PrivateKey(in, NULL, give_passphrase, &passphrase);
        if (*key == NULL && passphrase.is_wanted) {
            status = explain_lock(path, passphrase_file, problem);
        } else if (*key == NULL) {
            status = explain_contents(path, "private key", in, problem);
        }
        BIO_free(in);
    }
    ERR_clear_error();
    wax_wipe(&passphrase, sizeof passphrase);
    return status;
}
