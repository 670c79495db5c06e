/* The body under a pre-shared key: hedge, ciphertext, tag. */
#include "keys/profile_psk.h"

#include <string.h>

static wax_status derive(const wax_keys_ends *ends, wax_bytes label, uint8_t *key, size_t size)
{
    const struct derivation from = {
        .secret = ends->psk,
        .suite = ends->profile->number,
        .label = label,
        .context = wax_bytes_of(ends->name_space, WAX_KEYS_ID_SIZE),
    };

    return ends->profile->suite->derive(&from, key, size);
}

static void make_nonce(const wax_keys_ends *ends, const struct parcel *parcel, const uint8_t *hedge,
                       uint8_t nonce[static BODY_NONCE_MAX])
{
    wax_writer out = wax_writer_over(nonce, BODY_NONCE_MAX);

    memset(nonce, 0, BODY_NONCE_MAX);
    wax_write_u32(&out, (uint32_t)parcel->number);
    out.used += ends->profile->suite->gap_size;
    wax_write_bytes(&out, wax_bytes_of(hedge, HEDGE_SIZE));
    wax_assert(out.status == WAX_OK);
}

static wax_status make_hedge(const wax_keys_ends *ends, const struct parcel *parcel,
                             wax_bytes plain, uint8_t *hedge)
{
    uint8_t key[DERIVED_MAX];
    wax_status status = derive(ends, parcel->kind->hedge_label, key, sizeof key);

    if (status == WAX_OK) {
        status = ends->profile->suite->hedge(key, parcel->associated, plain, hedge);
    }
    wax_wipe(key, sizeof key);
    return status;
}

wax_status psk_seal(const wax_keys_ends *ends, const struct parcel *parcel, wax_writer *out,
                    size_t at)
{
    static const uint8_t zeros[BODY_TAG_SIZE];
    const struct pre_shared *suite = ends->profile->suite;
    const wax_bytes plain = wax_bytes_of(out->data + at, out->used - at);
    uint8_t *hedge = out->data + at - HEDGE_SIZE;
    uint8_t key[DERIVED_MAX];
    uint8_t nonce[BODY_NONCE_MAX];
    const struct body_sealing sealing = {key, nonce, parcel->associated};
    wax_status status = make_hedge(ends, parcel, plain, hedge);

    wax_write_bytes(out, wax_bytes_of(zeros, sizeof zeros));
    status = status == WAX_OK ? out->status : status;
    if (status == WAX_OK) {
        make_nonce(ends, parcel, hedge, nonce);
        status = derive(ends, parcel->kind->key_label, key, suite->key_size);
    }
    if (status == WAX_OK) {
        status = suite->seal(&sealing, plain, out->data + at);
    }
    wax_wipe(key, sizeof key);
    return status;
}

wax_status psk_open(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                    size_t size, wax_bytes *plain)
{
    const struct pre_shared *suite = ends->profile->suite;
    uint8_t key[DERIVED_MAX];
    uint8_t nonce[BODY_NONCE_MAX];
    const struct body_sealing sealing = {key, nonce, parcel->associated};
    wax_status status;

    if (size < HEDGE_SIZE + BODY_TAG_SIZE) {
        return WAX_MALFORMED;
    }
    make_nonce(ends, parcel, body, nonce);
    status = derive(ends, parcel->kind->key_label, key, suite->key_size);
    if (status == WAX_OK) {
        status = suite->unseal(&sealing, wax_bytes_of(body + HEDGE_SIZE, size - HEDGE_SIZE),
                               body + HEDGE_SIZE);
    }
    wax_wipe(key, sizeof key);
    *plain = wax_bytes_of(body + HEDGE_SIZE, size - HEDGE_SIZE - BODY_TAG_SIZE);
    return status;
}
