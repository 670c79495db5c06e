/* The forms of an ECDSA signature, by OpenSSL. */
#include "crypto/signature_form.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

enum { HALF_SIZE = WAX_P256_SIGNATURE_SIZE / 2 };

size_t signature_to_der(const uint8_t signature[static WAX_P256_SIGNATURE_SIZE],
                        uint8_t der[static SIGNATURE_DER_MAX])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, HALF_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(signature + HALF_SIZE, HALF_SIZE, NULL);
    uint8_t *at = der;
    int size = 0;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = NULL;
        s = NULL;
        size = i2d_ECDSA_SIG(pair, NULL) <= SIGNATURE_DER_MAX ? i2d_ECDSA_SIG(pair, &at) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return size > 0 ? (size_t)size : 0;
}

bool signature_from_der(wax_bytes der, uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    const uint8_t *at = der.data;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
    bool is_done =
        pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, HALF_SIZE) == HALF_SIZE &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + HALF_SIZE, HALF_SIZE) == HALF_SIZE;

    ECDSA_SIG_free(pair);
    return is_done;
}
