/* Signatures, verified by OpenSSL. */
#include "crypto/crypto.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 16384, HALF_SIZE = 32, DER_SIZE_MAX = 80 };

struct wax_signature_key {
    EVP_PKEY *key;
    wax_signature_kind kind;
    uint8_t digest[WAX_SHA256_SIZE];
};

static bool is_p256(EVP_PKEY *key)
{
    char group[32] = {0};

    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* What is wrong with the key for this algorithm; NULL if nothing is. */
static const char *judge(EVP_PKEY *key, wax_signature_kind kind)
{
    switch (kind) {
    case WAX_SIGNATURE_EDDSA:
        return EVP_PKEY_is_a(key, "ED25519") == 1 ? NULL : "EdDSA wants an Ed25519 key";
    case WAX_SIGNATURE_ES256:
        return EVP_PKEY_is_a(key, "EC") == 1 && is_p256(key)
                   ? NULL
                   : "ES256 wants a key on the curve P-256";
    case WAX_SIGNATURE_RS256:
        return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
                       EVP_PKEY_get_bits(key) <= RSA_BITS_MAX
                   ? NULL
                   : "RS256 wants an RSA key of 2048 to 16384 bits";
    }
    return "there is no such algorithm";
}

static EVP_PKEY *read_pem(wax_bytes pem)
{
    BIO *in = pem.size > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.size);
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);

    BIO_free(in);
    ERR_clear_error();
    return key;
}

static bool digest_key(wax_signature_key *self)
{
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(self->key, &der);
    const wax_bytes part = wax_bytes_of(der, size > 0 ? (size_t)size : 0);
    bool is_done = size > 0 && wax_crypto_sha256(&part, 1, self->digest) == WAX_OK;

    OPENSSL_free(der);
    return is_done;
}

wax_status wax_signature_key_read(wax_signature_key **key, wax_signature_kind kind, wax_bytes pem,
                                  const char **fault)
{
    wax_signature_key *self = calloc(1, sizeof *self);

    *key = NULL;
    *fault = "there is not enough memory";
    if (self == NULL) {
        return WAX_FULL;
    }
    self->kind = kind;
    self->key = read_pem(pem);
    *fault = self->key == NULL ? "it holds no public key in PEM form (-----BEGIN PUBLIC KEY-----)"
                               : judge(self->key, kind);
    if (*fault != NULL || !digest_key(self)) {
        wax_signature_key_free(self);
        return WAX_INVALID;
    }
    *key = self;
    return WAX_OK;
}

void wax_signature_key_free(wax_signature_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        free(key);
    }
}

const uint8_t *wax_signature_key_digest(const wax_signature_key *key)
{
    return key->digest;
}

/* OpenSSL wants r and s as DER has them. Returns the size, 0 if it cannot be. */
static size_t wrap(wax_bytes signature, uint8_t der[static DER_SIZE_MAX])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.data, HALF_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(signature.data + HALF_SIZE, HALF_SIZE, NULL);
    uint8_t *at = der;
    int size = 0;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = NULL;
        s = NULL;
        size = i2d_ECDSA_SIG(pair, NULL) <= DER_SIZE_MAX ? i2d_ECDSA_SIG(pair, &at) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return size > 0 ? (size_t)size : 0;
}

wax_status wax_signature_verify(const wax_signature_key *key, wax_bytes message,
                                wax_bytes signature)
{
    const EVP_MD *digest = key->kind == WAX_SIGNATURE_EDDSA ? NULL : EVP_sha256();
    uint8_t der[DER_SIZE_MAX];
    EVP_MD_CTX *work;
    bool is_right;

    if (key->kind == WAX_SIGNATURE_ES256) {
        if (signature.size != 2 * (size_t)HALF_SIZE) {
            return WAX_UNTRUSTED;
        }
        signature = wax_bytes_of(der, wrap(signature, der));
    }
    work = EVP_MD_CTX_new();
    if (work == NULL || EVP_DigestVerifyInit(work, NULL, digest, NULL, key->key) != 1) {
        EVP_MD_CTX_free(work);
        return WAX_UNSPECIFIED_ERROR;
    }
    is_right =
        EVP_DigestVerify(work, signature.data, signature.size, message.data, message.size) == 1;
    EVP_MD_CTX_free(work);
    ERR_clear_error();
    return is_right ? WAX_OK : WAX_UNTRUSTED;
}
