/* Profiles with a pre-shared key: seal's suites compute, and have the profiles' numbers. */
#ifndef WAX_KEYS_PROFILE_PSK_H
#define WAX_KEYS_PROFILE_PSK_H

#include "keys/profile.h"

/* As the profile's. */
wax_status psk_seal(const wax_keys_ends *ends, const struct parcel *parcel, wax_writer *out,
                    size_t at) WAX_CHECKED;
wax_status psk_open(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                    size_t size, wax_bytes *plain) WAX_CHECKED;

#endif
