/* ascon: the lightweight ciphers of NIST SP 800-232, for devices that have room for nothing larger.
 * No branch and no address depends on a secret: only sizes show. */
#ifndef WAX_ASCON_H
#define WAX_ASCON_H

#include "base/base.h"

WAX_C_BEGIN

#define WAX_ASCON_KEY_SIZE   16
#define WAX_ASCON_NONCE_SIZE 16
#define WAX_ASCON_TAG_SIZE   16
#define WAX_ASCON_HASH_SIZE  32

/* The shortest tag: whoever guesses one of so many bytes is right once in 2^64. [SP 800-232, 4.2.2]
 */
#define WAX_ASCON_TAG_SIZE_MIN 8

/* The longest customization of Ascon-CXOF128. [SP 800-232, 5.3] */
#define WAX_ASCON_LABEL_SIZE_MAX 256

/* How something is sealed: under a key of WAX_ASCON_KEY_SIZE bytes, with a nonce of
 * WAX_ASCON_NONCE_SIZE that this key has never seen, bound to `associated`, which does not travel
 * with it. */
typedef struct wax_ascon_sealing {
    const uint8_t *key;
    const uint8_t *nonce;
    wax_bytes associated;
    uint8_t tag_size; /* WAX_ASCON_TAG_SIZE_MIN to WAX_ASCON_TAG_SIZE; 0 is the latter */
} wax_ascon_sealing;

/* Seals by Ascon-AEAD128: `sealed` gets as many bytes as `plain` has, and a tag behind them. The
 * two begin at the same place or do not overlap. [SP 800-232, 4.1.1] */
void wax_ascon_seal(const wax_ascon_sealing *sealing, wax_bytes plain, uint8_t *sealed);

/* Opens what wax_ascon_seal() made: `plain` gets a tag's size less than `sealed` has. The two
 * begin at the same place or do not overlap. [SP 800-232, 4.1.2]
 * Returns WAX_OK, or WAX_UNTRUSTED for what was not sealed so: `plain` is then all zero. */
wax_status wax_ascon_unseal(const wax_ascon_sealing *sealing, wax_bytes sealed,
                            uint8_t *plain) WAX_CHECKED;

/* A hash that is being computed: made by one of the two that start it, fed, and finished once. */
typedef struct wax_ascon_hash {
    uint64_t state[5];
    uint8_t pending; /* how many bytes of the block have come, 0 to 7 */
} wax_ascon_hash;

/* Starts Ascon-Hash256; wax_ascon_hash_finish() gives WAX_ASCON_HASH_SIZE bytes. [5.1] */
void wax_ascon_hash_start(wax_ascon_hash *hash);

/* Starts Ascon-CXOF128 with a customization of at most WAX_ASCON_LABEL_SIZE_MAX bytes, which keeps
 * uses of one key apart; wax_ascon_hash_finish() gives as many bytes as are asked for. [5.3] */
void wax_ascon_cxof_start(wax_ascon_hash *hash, wax_bytes label);

/* Takes the next bytes of the message, secret ones too. */
void wax_ascon_hash_update(wax_ascon_hash *hash, wax_bytes bytes);

/* Gives `size` bytes of result and wipes the hash. */
void wax_ascon_hash_finish(wax_ascon_hash *hash, uint8_t *result, size_t size);

WAX_C_END

#endif
