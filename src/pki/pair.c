/* A certificate and its key out of a folder. */
#include "pki/inner.h"

#include <string.h>
#include <unistd.h>

void pki_authority_release(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    *authority = (struct authority){NULL, NULL};
}

wax_status pki_pair_read(const char *folder, const char *name, struct authority *pair,
                         wax_problem *problem)
{
    char path[PKI_PATH_MAX];
    STACK_OF(X509) *chain = NULL;
    wax_status status = pki_path(path, folder, name, ".crt", problem);

    *pair = (struct authority){NULL, NULL};
    if (status == WAX_OK) {
        status = wax_pki_read_chain(path, &chain, problem);
    }
    if (status == WAX_OK) {
        pair->certificate = sk_X509_shift(chain);
        sk_X509_pop_free(chain, X509_free);
        status = pki_path(path, folder, name, ".key", problem);
    }
    if (status == WAX_OK) {
        status = wax_pki_read_key(path, NULL, &pair->key, problem);
    }
    if (status == WAX_OK && X509_check_private_key(pair->certificate, pair->key) != 1) {
        status =
            pki_fail(problem, WAX_INVALID, "%s does not belong to the certificate beside it", path);
    }
    if (status != WAX_OK) {
        pki_authority_release(pair);
    }
    return status;
}

wax_status pki_authority_read(const char *folder, struct authority *authority, wax_problem *problem)
{
    char path[PKI_PATH_MAX];

    if (pki_path(path, folder, "ca", ".crt", problem) == WAX_OK && access(path, F_OK) != 0) {
        *authority = (struct authority){NULL, NULL};
        return pki_fail(problem, WAX_NOT_FOUND, "there is no CA in %s; make one with `wax pki ca`",
                        folder);
    }
    return pki_pair_read(folder, "ca", authority, problem);
}

const EVP_MD *pki_digest(EVP_PKEY *key)
{
    char name[64] = "";

    if (EVP_PKEY_get_default_digest_name(key, name, sizeof name) == 2 &&
        strcmp(name, "UNDEF") == 0) {
        return NULL;
    }
    return EVP_sha256();
}
