/* Profiles with a pre-shared key: a suite computes, the rest is the same for all. */
#ifndef WAX_KEYS_PROFILE_PSK_H
#define WAX_KEYS_PROFILE_PSK_H

#include "keys/derive.h"
#include "keys/profile.h"

enum { BODY_TAG_SIZE = 16, BODY_NONCE_MAX = 16 };

/* One seal: as wax_sealing has it. */
struct body_sealing {
    const uint8_t *key;
    const uint8_t *nonce;
    wax_bytes associated;
};

struct pre_shared {
    size_t key_size;
    size_t gap_size; /* of zeros in the nonce, between number and hedge */
    wax_status (*derive)(const struct derivation *from, uint8_t *key, size_t size);
    wax_status (*hedge)(const uint8_t *key, wax_bytes associated, wax_bytes plain,
                        uint8_t hedge[static HEDGE_SIZE]);
    wax_status (*seal)(const struct body_sealing *sealing, wax_bytes plain, uint8_t *sealed);
    wax_status (*unseal)(const struct body_sealing *sealing, wax_bytes sealed, uint8_t *plain);
};

/* As the profile's. */
wax_status psk_seal(const wax_keys_ends *ends, const struct parcel *parcel, wax_writer *out,
                    size_t at) WAX_CHECKED;
wax_status psk_open(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                    size_t size, wax_bytes *plain) WAX_CHECKED;

#endif
