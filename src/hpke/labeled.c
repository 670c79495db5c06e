/* Labels of HPKE's derivations. */
#include "hpke/labeled.h"

#include <string.h>

/* DHKEM(P-256, HKDF-SHA256) is 0x0010, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003. [RFC 9180, 7]
 */
static const uint8_t kem[] = {'K', 'E', 'M', 0x00, 0x10};
static const uint8_t suite[] = {'H', 'P', 'K', 'E', 0x00, 0x10, 0x00, 0x01, 0x00, 0x03};

const wax_bytes hpke_kem = {kem, sizeof kem};
const wax_bytes hpke_suite = {suite, sizeof suite};

wax_status hpke_extract(const struct labeled *by, wax_bytes salt, wax_bytes from,
                        uint8_t secret[static WAX_HKDF_SECRET_SIZE])
{
    const wax_bytes parts[] = {WAX_TEXT("HPKE-v1"), by->suite, by->label, from};

    return wax_hkdf_extract(salt, parts, WAX_COUNT(parts), secret);
}

wax_status hpke_expand(const struct labeled *by, const uint8_t root[static WAX_HKDF_SECRET_SIZE],
                       wax_bytes info, uint8_t *result, size_t size)
{
    const uint8_t announced[] = {(uint8_t)(size >> 8), (uint8_t)size};
    const wax_bytes parts[] = {wax_bytes_of(announced, sizeof announced), WAX_TEXT("HPKE-v1"),
                               by->suite, by->label, info};
    const wax_hkdf from = {root, parts, WAX_COUNT(parts)};

    return wax_hkdf_expand(&from, result, size);
}
