/* Devices as the machine sees them. */
#ifndef WAX_AUTHORITY_DEVICES_H
#define WAX_AUTHORITY_DEVICES_H

#include "authority/epochs.h"

struct device {
    uint64_t id;
    char name[WAX_KEYS_NAME_MAX + 1];
    uint8_t profile;
    wax_authority_standing standing;
    bool has_public_key;
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t psk[WAX_KEYS_SECRET_SIZE]; /* of profiles 1 to 3; whoever loads it wipes it */
    uint64_t count;
    bool has_boot_nonce;
    uint8_t boot_nonce[WAX_KEYS_ID_SIZE];
    uint64_t version;
    uint64_t changed;
    uint32_t fresh_generation; /* these two are of the first mailbox that its statuses may know */
    uint64_t fresh_version;
};

/* Finds a device by its name, or by its row. */
void device_find(wax_authority *self, wax_bytes name, struct device *device);
void device_load(wax_authority *self, uint64_t id, struct device *device);

/* That its mailbox is another now. */
void device_touch(wax_authority *self, uint64_t id);

/* What it speaks on, PREFIX/LETTER/NAME, and with whom; `topic` has WAX_KEYS_TOPIC_MAX bytes. */
wax_keys_ends device_ends(wax_authority *self, const struct device *device, char letter,
                          uint8_t *topic);

#endif
