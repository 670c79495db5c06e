/* Argon2id from libargon2. */
#include "crypto/crypto.h"

#include <argon2.h>
#include <string.h>

wax_status wax_crypto_argon2id(const wax_argon2id *cost, wax_bytes password, wax_bytes salt,
                               uint8_t *tag, size_t tag_size)
{
    /* The library's interface has no const; it writes to neither of the two, as no flag asks it to
     * clear them. */
    argon2_context work = {
        .out = tag,
        .outlen = (uint32_t)tag_size,
        .pwd = (uint8_t *)(uintptr_t)password.data,
        .pwdlen = (uint32_t)password.size,
        .salt = (uint8_t *)(uintptr_t)salt.data,
        .saltlen = (uint32_t)salt.size,
        .t_cost = cost->passes,
        .m_cost = cost->memory_kib,
        .lanes = cost->lanes,
        .threads = 1,
        .version = ARGON2_VERSION_13,
    };
    int outcome = ARGON2_OUTPUT_TOO_LONG;

    memset(tag, 0, tag_size);
    if (tag_size <= UINT32_MAX && password.size <= UINT32_MAX && salt.size <= UINT32_MAX) {
        outcome = argon2id_ctx(&work);
    }
    if (outcome != ARGON2_OK) {
        memset(tag, 0, tag_size);
    }
    return outcome == ARGON2_OK                        ? WAX_OK
           : outcome == ARGON2_MEMORY_ALLOCATION_ERROR ? WAX_FULL
                                                       : WAX_INVALID;
}
