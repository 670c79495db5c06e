/* Secret keys on P-256, judged without a branch on them. */
#include "crypto/crypto.h"

/* The order of the curve. [SEC 2, 2.4.2] */
static const uint8_t order[WAX_P256_SECRET_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

bool wax_crypto_p256_is_secret(const uint8_t secret[static WAX_P256_SECRET_SIZE])
{
    uint32_t borrow = 0;
    uint32_t any = 0;

    for (size_t i = WAX_P256_SECRET_SIZE; i > 0; i--) {
        uint32_t difference = (uint32_t)secret[i - 1] - order[i - 1] - borrow;

        borrow = difference >> 31;
        any |= secret[i - 1];
    }
    /* Less than the order, and not zero. */
    return (borrow & (any + 0xffU) >> 8) != 0;
}
