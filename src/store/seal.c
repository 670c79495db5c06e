/* Values in the file: with a checksum behind them. */
#include "store/seal.h"

#include <string.h>

enum { CHECKSUM_SIZE = 8 };

/* Any numbers: the hash finds accidents, not forgery. */
static const uint64_t checksum_key[2] = {0x7761782073746f72U, 0x652c207631000000U};

static uint64_t checksum(const struct spot *spot, wax_bytes value)
{
    uint64_t key[2] = {checksum_key[0] ^ (uint64_t)spot->table, checksum_key[1]};

    key[1] = wax_hash(key, spot->key);
    return wax_hash(key, value);
}

size_t seal_overhead(const struct seal *seal)
{
    (void)seal;
    return CHECKSUM_SIZE;
}

wax_status seal_value(struct seal *seal, const struct spot *spot, wax_bytes value, uint8_t *stored)
{
    uint64_t sum = checksum(spot, value);
    wax_writer out = wax_writer_over(stored, value.size + seal_overhead(seal));

    wax_write_bytes(&out, value);
    wax_write_u32(&out, (uint32_t)(sum >> 32U));
    wax_write_u32(&out, (uint32_t)sum);
    return out.status;
}

wax_status unseal_value(const struct seal *seal, const struct spot *spot, wax_bytes stored,
                        uint8_t *room, wax_bytes *value)
{
    wax_reader in = wax_reader_over(stored);
    wax_bytes found;
    uint64_t sum;

    (void)seal;
    (void)room;
    if (stored.size < CHECKSUM_SIZE) {
        return WAX_MALFORMED;
    }
    found = wax_read_bytes(&in, stored.size - CHECKSUM_SIZE);
    sum = (uint64_t)wax_read_u32(&in) << 32U;
    sum |= wax_read_u32(&in);
    if (sum != checksum(spot, found)) {
        return WAX_MALFORMED;
    }
    *value = found;
    return WAX_OK;
}
