/* Keys on P-256 that sign by themselves, without a certificate. */
#include "pki/inner.h"

#include "crypto/crypto.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>

static bool is_p256(const EVP_PKEY *key)
{
    char name[32] = "";
    size_t size = 0;

    return EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1 &&
           strcmp(name, SN_X9_62_prime256v1) == 0;
}

static wax_status refuse(const char *path, wax_problem *problem)
{
    ERR_clear_error();
    return pki_fail(problem, WAX_INVALID,
                    "%s: this is no key on the curve P-256; `wax update key FILE` makes one", path);
}

wax_status wax_pki_read_p256(const char *path, const char *passphrase_file,
                             uint8_t secret[static WAX_P256_SECRET_SIZE], wax_problem *problem)
{
    EVP_PKEY *key = NULL;
    BIGNUM *number = NULL;
    wax_status status = wax_pki_read_key(path, passphrase_file, &key, problem);

    if (status == WAX_OK &&
        (!is_p256(key) || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 ||
         BN_bn2binpad(number, secret, WAX_P256_SECRET_SIZE) != WAX_P256_SECRET_SIZE)) {
        status = refuse(path, problem);
    }
    BN_clear_free(number);
    EVP_PKEY_free(key);
    return status;
}

wax_status wax_pki_read_p256_public(const char *path,
                                    uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                    wax_problem *problem)
{
    EVP_PKEY *key = NULL;
    uint8_t *point = NULL;
    BIO *in = NULL;
    wax_status status = pki_open(path, &in, problem);

    if (status != WAX_OK) {
        return status;
    }
    key = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);
    BIO_free(in);
    if (key == NULL || !is_p256(key) ||
        EVP_PKEY_get1_encoded_public_key(key, &point) != WAX_P256_PUBLIC_SIZE) {
        status = refuse(path, problem);
    } else {
        memcpy(public_key, point, WAX_P256_PUBLIC_SIZE);
    }
    OPENSSL_free(point);
    EVP_PKEY_free(key);
    return status;
}

/* Writes one half of the key, unless the file is there. */
static wax_status write_half(EVP_PKEY *key, const char *path, bool is_secret, wax_problem *problem)
{
    BIO *out = BIO_new(is_secret ? BIO_s_secmem() : BIO_s_mem());
    wax_status status;

    if (access(path, F_OK) == 0) {
        status = pki_fail(problem, WAX_INVALID,
                          "%s is there already: name another file, or remove it", path);
    } else if (out == NULL ||
               (is_secret ? PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL)
                          : PEM_write_bio_PUBKEY(out, key)) != 1) {
        status = pki_fail_strangely(problem, "writing a key");
    } else {
        status = pki_replace(path, out, is_secret ? 0600 : 0644, problem);
    }
    BIO_free(out);
    return status;
}

wax_status wax_pki_make_p256(const char *path, wax_problem *problem)
{
    char public_path[PKI_PATH_MAX];
    EVP_PKEY *key;
    wax_status status;

    if (snprintf(public_path, sizeof public_path, "%s.pub", path) >= PKI_PATH_MAX - 8) {
        return pki_fail(problem, WAX_FULL, "the path %.100s... is too long", path);
    }
    key = EVP_EC_gen(SN_X9_62_prime256v1);
    if (key == NULL) {
        return pki_fail_strangely(problem, "making a key");
    }
    status = write_half(key, path, true, problem);
    if (status == WAX_OK) {
        status = write_half(key, public_path, false, problem);
    }
    EVP_PKEY_free(key);
    return status;
}
