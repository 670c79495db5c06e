/* Keys on P-256 by OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/signature_form.h"

bool wax_primitive_p256_public(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                               uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *number = BN_secure_new();
    bool is_done = false;

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
    return is_done;
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

    return make(params, EVP_PKEY_PUBLIC_KEY);
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

wax_status wax_primitive_p256_agree(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                    const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                    uint8_t common[static WAX_SHA256_SIZE])
{
    size_t size = WAX_SHA256_SIZE;
    EVP_PKEY *peer = make_public(public_key);
    EVP_PKEY *own = peer == NULL ? NULL : make_secret(secret);
    EVP_PKEY_CTX *work = own == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    bool is_done = work != NULL && EVP_PKEY_derive_init(work) == 1 &&
                   EVP_PKEY_derive_set_peer(work, peer) == 1 &&
                   EVP_PKEY_derive(work, common, &size) == 1 && size == WAX_SHA256_SIZE;
    wax_status failed = peer == NULL ? WAX_UNTRUSTED : WAX_UNSPECIFIED_ERROR;

    EVP_PKEY_CTX_free(work);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return is_done ? WAX_OK : failed;
}

bool wax_primitive_p256_sign(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                             const uint8_t digest[static WAX_SHA256_SIZE],
                             uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    uint8_t der[SIGNATURE_DER_MAX];
    size_t size = sizeof der;
    EVP_PKEY *key = make_secret(secret);
    EVP_PKEY_CTX *work = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool is_done = work != NULL && EVP_PKEY_sign_init(work) == 1 &&
                   EVP_PKEY_sign(work, der, &size, digest, WAX_SHA256_SIZE) == 1 &&
                   signature_from_der(wax_bytes_of(der, size), signature);

    EVP_PKEY_CTX_free(work);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_done;
}

static wax_status verify(EVP_PKEY *key, const uint8_t *digest, wax_bytes der)
{
    EVP_PKEY_CTX *work = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    wax_status status = WAX_UNSPECIFIED_ERROR;

    if (der.size > 0 && work != NULL && EVP_PKEY_verify_init(work) == 1) {
        status = EVP_PKEY_verify(work, der.data, der.size, digest, WAX_SHA256_SIZE) == 1
                     ? WAX_OK
                     : WAX_UNTRUSTED;
    }
    EVP_PKEY_CTX_free(work);
    return status;
}

wax_status wax_primitive_p256_verify(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                     const uint8_t digest[static WAX_SHA256_SIZE],
                                     const uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    uint8_t der[SIGNATURE_DER_MAX];
    size_t size = signature_to_der(signature, der);
    EVP_PKEY *key = make_public(public_key);
    wax_status status = key == NULL ? WAX_UNTRUSTED : verify(key, digest, wax_bytes_of(der, size));

    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}
