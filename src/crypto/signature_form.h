/* The two forms of an ECDSA signature on P-256: DER, as OpenSSL has it, and r and s in 64 bytes, as
 * everybody else does. */
#ifndef WAX_CRYPTO_SIGNATURE_FORM_H
#define WAX_CRYPTO_SIGNATURE_FORM_H

#include "crypto/crypto.h"

enum { SIGNATURE_DER_MAX = 80 };

/* Returns the size, 0 if there is no memory. */
size_t signature_to_der(const uint8_t signature[static WAX_P256_SIGNATURE_SIZE],
                        uint8_t der[static SIGNATURE_DER_MAX]);

/* Whether it could be read. */
bool signature_from_der(wax_bytes der, uint8_t signature[static WAX_P256_SIGNATURE_SIZE]);

#endif
