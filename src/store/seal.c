/* Values in the file: plain, with a checksum behind them; or sealed, with the nonce before them. */
#include "store/seal.h"

#include "crypto/crypto.h"

#include <string.h>

enum { CHECKSUM_SIZE = 8, NONCE_RANDOM = 8 };

struct binding {
    wax_sealing sealing;
    uint8_t room[1 + WAX_STORE_KEY_MAX];
};

/* Any numbers: the hash finds accidents, not forgery. */
static const uint64_t checksum_key[2] = {0x7761782073746f72U, 0x652c207631000000U};

static uint64_t checksum(const struct spot *spot, wax_bytes value)
{
    uint64_t key[2] = {checksum_key[0] ^ (uint64_t)spot->table, checksum_key[1]};

    key[1] = wax_hash(key, spot->key);
    return wax_hash(key, value);
}

wax_status seal_begin(struct seal *seal, wax_bytes key)
{
    *seal = (struct seal){.is_secret = key.size > 0};
    if (!seal->is_secret) {
        return WAX_OK;
    }
    wax_assert(key.size == sizeof seal->key);
    memcpy(seal->key, key.data, sizeof seal->key);
    return wax_random(seal->nonce, NONCE_RANDOM);
}

/* Of a nonce the first bytes are drawn whenever a store is opened, and again when the others, which
 * count, have come round: no nonce comes twice, and nothing need be kept on the disk for that. */
static wax_status next_nonce(struct seal *seal)
{
    for (size_t i = sizeof seal->nonce; i-- > NONCE_RANDOM;) {
        if (++seal->nonce[i] != 0) {
            return WAX_OK;
        }
    }
    return wax_random(seal->nonce, NONCE_RANDOM);
}

size_t seal_overhead(const struct seal *seal)
{
    return seal->is_secret ? WAX_SEAL_NONCE_SIZE + WAX_SEAL_TAG_SIZE : CHECKSUM_SIZE;
}

/* The table and the key, as what a value is bound to. There is no key longer than the room. */
static wax_status sealing_of(struct binding *binding, const struct seal *seal,
                             const struct spot *spot)
{
    wax_writer out = wax_writer_over(binding->room, sizeof binding->room);

    wax_write_u8(&out, (uint8_t)spot->table);
    wax_write_bytes(&out, spot->key);
    binding->sealing =
        (wax_sealing){.key = seal->key, .nonce = seal->nonce, .associated = wax_writer_bytes(&out)};
    return out.status;
}

static wax_status seal_secret(struct seal *seal, const struct spot *spot, wax_bytes value,
                              uint8_t *stored)
{
    struct binding binding;
    wax_status status = next_nonce(seal);

    if (status == WAX_OK) {
        status = sealing_of(&binding, seal, spot);
    }
    if (status != WAX_OK) {
        return status;
    }
    memcpy(stored, seal->nonce, WAX_SEAL_NONCE_SIZE);
    return wax_crypto_seal(&binding.sealing, value, stored + WAX_SEAL_NONCE_SIZE);
}

static wax_status unseal_secret(const struct seal *seal, const struct spot *spot, wax_bytes stored,
                                uint8_t *room)
{
    struct binding binding;

    if (stored.size < seal_overhead(seal) || sealing_of(&binding, seal, spot) != WAX_OK) {
        return WAX_MALFORMED;
    }
    binding.sealing.nonce = stored.data;
    return wax_crypto_unseal(
               &binding.sealing,
               wax_bytes_of(stored.data + WAX_SEAL_NONCE_SIZE, stored.size - WAX_SEAL_NONCE_SIZE),
               room) == WAX_OK
               ? WAX_OK
               : WAX_MALFORMED;
}

wax_status seal_value(struct seal *seal, const struct spot *spot, wax_bytes value, uint8_t *stored)
{
    wax_writer out = wax_writer_over(stored, value.size + seal_overhead(seal));
    uint64_t sum;

    if (seal->is_secret) {
        return seal_secret(seal, spot, value, stored);
    }
    sum = checksum(spot, value);
    wax_write_bytes(&out, value);
    wax_write_u32(&out, (uint32_t)(sum >> 32U));
    wax_write_u32(&out, (uint32_t)sum);
    return out.status;
}

wax_status unseal_value(const struct seal *seal, const struct spot *spot, wax_bytes stored,
                        uint8_t *room, wax_bytes *value)
{
    wax_reader in = wax_reader_over(stored);
    wax_status status;
    uint64_t sum;

    if (seal->is_secret) {
        status = unseal_secret(seal, spot, stored, room);
        *value = wax_bytes_of(room, status == WAX_OK ? stored.size - seal_overhead(seal) : 0);
        return status;
    }
    if (stored.size < CHECKSUM_SIZE) {
        return WAX_MALFORMED;
    }
    *value = wax_read_bytes(&in, stored.size - CHECKSUM_SIZE);
    sum = (uint64_t)wax_read_u32(&in) << 32U;
    sum |= wax_read_u32(&in);
    return sum == checksum(spot, *value) ? WAX_OK : WAX_MALFORMED;
}
