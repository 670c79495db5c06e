/* The sizes of ciphers, whichever library brings them. */
#include "crypto/crypto.h"

struct size {
    size_t key;
    size_t tag;
    size_t text_max;
    size_t associated_max;
};

/* clang-format off */
static const struct size sizes[] = {
    /* cipher                  key tag text              associated */
    [WAX_CHACHA20_POLY1305] = { 32, 16, INT32_MAX - 16,   INT32_MAX },
    [WAX_AES_128_CCM]       = { 16, 16, WAX_SEAL_CCM_MAX, WAX_SEAL_CCM_ASSOCIATED_MAX },
    [WAX_AES_128_CCM_8]     = { 16,  8, WAX_SEAL_CCM_MAX, WAX_SEAL_CCM_ASSOCIATED_MAX },
};
/* clang-format on */

size_t wax_cipher_key_size(wax_cipher cipher)
{
    return sizes[cipher].key;
}

size_t wax_cipher_tag_size(wax_cipher cipher)
{
    return sizes[cipher].tag;
}

bool wax_cipher_takes(const wax_sealing *sealing, size_t size)
{
    return size <= sizes[sealing->cipher].text_max &&
           sealing->associated.size <= sizes[sealing->cipher].associated_max;
}
