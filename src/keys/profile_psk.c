/* The body under a pre-shared key: hedge, ciphertext, tag. */
#include "keys/profile_psk.h"

enum { BODY_TAG_SIZE = 16 };

static wax_status derive(const wax_keys_ends *ends, wax_bytes label, uint8_t *key, size_t size)
{
    const wax_derivation from = {
        .suite = ends->profile->suite,
        .secret = ends->psk,
        .label = label,
        .context = (wax_bytes){ends->name_space, WAX_KEYS_ID_SIZE},
    };

    return wax_derive(&from, key, size);
}

static wax_box box_of(const wax_keys_ends *ends, const struct parcel *parcel, const uint8_t *key)
{
    return (wax_box){
        .suite = ends->profile->suite,
        .key = key,
        .associated = parcel->associated,
        .number = (uint32_t)parcel->number,
        .tag_size = BODY_TAG_SIZE,
    };
}

wax_status psk_seal(const wax_keys_ends *ends, const struct parcel *parcel, wax_writer *out,
                    size_t at)
{
    static const uint8_t zeros[BODY_TAG_SIZE];
    const size_t size = out->used - at;
    uint8_t key[WAX_DERIVED_MAX];
    uint8_t hedge_key[WAX_HEDGE_KEY_SIZE];
    const wax_box box = box_of(ends, parcel, key);
    wax_status status = derive(ends, parcel->kind->key_label, key, ends->profile->suite->key_size);

    wax_write_bytes(out, (wax_bytes){zeros, sizeof zeros});
    status = status == WAX_OK ? out->status : status;
    if (status == WAX_OK) {
        status = derive(ends, parcel->kind->hedge_label, hedge_key, WAX_SECRET_SIZE);
    }
    if (status == WAX_OK) {
        status = ends->profile->suite->prepare(hedge_key);
    }
    if (status == WAX_OK) {
        status = wax_box_seal(&box, hedge_key, (wax_bytes){NULL, 0},
                              out->data + at - WAX_HEDGE_SIZE, size);
    }
    wax_wipe(key, sizeof key);
    wax_wipe(hedge_key, sizeof hedge_key);
    return status;
}

wax_status psk_open(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                    size_t size, wax_bytes *plain)
{
    uint8_t key[WAX_DERIVED_MAX];
    const wax_box box = box_of(ends, parcel, key);
    wax_status status = derive(ends, parcel->kind->key_label, key, ends->profile->suite->key_size);

    if (status == WAX_OK) {
        status = wax_box_open(&box, body, size, plain);
    }
    wax_wipe(key, sizeof key);
    return status;
}
