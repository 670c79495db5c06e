/* Keys on P-256 by OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "crypto/fetched.h"
#include "crypto/signature_form.h"

enum { UNCOMPRESSED = 4 };

wax_status wax_crypto_p256_public(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                  uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *number = BN_secure_new();
    bool is_done = false;

    memset(public_key, 0, WAX_P256_PUBLIC_SIZE);
    if (!wax_crypto_p256_is_secret(secret)) {
        BN_clear_free(number);
        EC_POINT_free(point);
        EC_GROUP_free(group);
        return WAX_INVALID;
    }
    if (point != NULL && number != NULL) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        is_done = BN_bin2bn(secret, WAX_P256_SECRET_SIZE, number) != NULL &&
                  EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
                  EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public_key,
                                     WAX_P256_PUBLIC_SIZE, NULL) == WAX_P256_PUBLIC_SIZE;
    }
    BN_clear_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

/* Makes a key of what `params` say; NULL when they say none. */
static EVP_PKEY *make(OSSL_PARAM *params, int selection)
{
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &key, selection, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(maker);
    ERR_clear_error();
    return key;
}

static char group_name[] = SN_X9_62_prime256v1;

/* The library takes no const; it writes to neither. */
static EVP_PKEY *make_public(const uint8_t *point)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group_name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point,
                                          WAX_P256_PUBLIC_SIZE),
        OSSL_PARAM_construct_end(),
    };

    return point[0] == UNCOMPRESSED ? make(params, EVP_PKEY_PUBLIC_KEY) : NULL;
}

/* Without its public half: neither ECDSA nor ECDH asks for it, and it costs as much as a signature.
 * NULL when the library fails. */
static EVP_PKEY *make_secret(const uint8_t *secret)
{
    BIGNUM *number = BN_secure_new();
    uint8_t native[WAX_P256_SECRET_SIZE];
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group_name, 0),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
        OSSL_PARAM_construct_end(),
    };

    if (number != NULL && BN_bin2bn(secret, WAX_P256_SECRET_SIZE, number) != NULL &&
        BN_bn2nativepad(number, native, sizeof native) == sizeof native) {
        key = make(params, EVP_PKEY_KEYPAIR);
    }
    BN_clear_free(number);
    wax_wipe(native, sizeof native);
    return key;
}

wax_status wax_crypto_p256_agree(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                 const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                 uint8_t common[static WAX_SHA256_SIZE])
{
    size_t size = WAX_SHA256_SIZE;
    EVP_PKEY *peer;
    EVP_PKEY *own;
    EVP_PKEY_CTX *work;
    bool is_done;

    memset(common, 0, WAX_SHA256_SIZE);
    if (!wax_crypto_p256_is_secret(secret)) {
        return WAX_INVALID;
    }
    peer = make_public(public_key);
    if (peer == NULL) {
        return WAX_UNTRUSTED;
    }
    own = make_secret(secret);
    work = own == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    is_done = work != NULL && EVP_PKEY_derive_init(work) == 1 &&
              EVP_PKEY_derive_set_peer(work, peer) == 1 &&
              EVP_PKEY_derive(work, common, &size) == 1 && size == WAX_SHA256_SIZE;
    EVP_PKEY_CTX_free(work);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

wax_status wax_crypto_p256_sign_parts(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                      const wax_bytes *parts, size_t count,
                                      uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    uint8_t der[SIGNATURE_DER_MAX];
    size_t size = sizeof der;
    EVP_PKEY *key;
    EVP_MD_CTX *work;
    bool is_done;

    memset(signature, 0, WAX_P256_SIGNATURE_SIZE);
    if (!wax_crypto_p256_is_secret(secret)) {
        return WAX_INVALID;
    }
    key = make_secret(secret);
    work = EVP_MD_CTX_new();
    is_done = key != NULL && work != NULL &&
              EVP_DigestSignInit(work, NULL, fetched_sha256(), NULL, key) == 1;
    for (size_t i = 0; is_done && i < count; i++) {
        is_done = EVP_DigestSignUpdate(work, parts[i].data, parts[i].size) == 1;
    }
    is_done = is_done && EVP_DigestSignFinal(work, der, &size) == 1 &&
              signature_from_der(wax_bytes_of(der, size), signature);
    EVP_MD_CTX_free(work);
    EVP_PKEY_free(key);
    if (!is_done) {
        memset(signature, 0, WAX_P256_SIGNATURE_SIZE);
    }
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

static wax_status verify(EVP_MD_CTX *work, EVP_PKEY *key, const wax_bytes *parts, size_t count,
                         wax_bytes der)
{
    if (der.size == 0 || work == NULL ||
        EVP_DigestVerifyInit(work, NULL, fetched_sha256(), NULL, key) != 1) {
        return WAX_UNSPECIFIED_ERROR;
    }
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestVerifyUpdate(work, parts[i].data, parts[i].size) != 1) {
            return WAX_UNSPECIFIED_ERROR;
        }
    }
    return EVP_DigestVerifyFinal(work, der.data, der.size) == 1 ? WAX_OK : WAX_UNTRUSTED;
}

wax_status wax_crypto_p256_verify_parts(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                        const wax_bytes *parts, size_t count,
                                        const uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    uint8_t der[SIGNATURE_DER_MAX];
    size_t size = signature_to_der(signature, der);
    EVP_PKEY *key = make_public(public_key);
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    wax_status status =
        key == NULL ? WAX_UNTRUSTED : verify(work, key, parts, count, wax_bytes_of(der, size));

    EVP_MD_CTX_free(work);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}
