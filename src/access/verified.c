/* Passwords that were right a moment ago, remembered as tags. */
#include "access/access.h"

#include <string.h>

#include "crypto/crypto.h"

enum { WAYS = 4 };

wax_status wax_verified_open(wax_verified *verified, wax_memory *memory, size_t count,
                             const uint8_t key[static 32])
{
    size_t size = count * sizeof *verified->entries;

    wax_assert(count > 0 && count % WAYS == 0);
    *verified = (wax_verified){.memory = memory, .count = count};
    verified->entries = memory->resize(memory, NULL, 0, size);
    if (verified->entries == NULL) {
        *verified = (wax_verified){0};
        return WAX_FULL;
    }
    memset(verified->entries, 0, size);
    memcpy(verified->key, key, sizeof verified->key);
    return WAX_OK;
}

void wax_verified_close(wax_verified *verified)
{
    size_t size = verified->count * sizeof *verified->entries;

    if (verified->entries != NULL) {
        wax_wipe(verified->entries, size);
        verified->memory->resize(verified->memory, verified->entries, size, 0);
    }
    wax_wipe(verified, sizeof *verified);
}

wax_status wax_verified_tag(const wax_verified *verified, const wax_bytes parts[static 3],
                            uint8_t tag[static 32])
{
    /* Sizes go in front, so that no two triples look the same when they stand in a row. */
    uint8_t sizes[3 * 4];
    wax_writer out = wax_writer_over(sizes, sizeof sizes);

    for (size_t i = 0; i < 3; i++) {
        wax_write_u32(&out, (uint32_t)parts[i].size);
    }
    const wax_bytes whole[] = {wax_writer_bytes(&out), parts[0], parts[1], parts[2]};
    return wax_crypto_hmac_sha256(wax_bytes_of(verified->key, sizeof verified->key), whole,
                                  WAX_COUNT(whole), tag);
}

/* The few entries where the tag may stand. Its place tells nothing to who does not have the key. */
static wax_verified_entry *set_of(const wax_verified *verified, const uint8_t tag[static 32])
{
    wax_reader in = wax_reader_over(wax_bytes_of(tag, 4));

    return &verified->entries[wax_read_u32(&in) % (verified->count / WAYS) * WAYS];
}

void wax_verified_add(wax_verified *verified, const uint8_t tag[static 32], uint64_t now_ms,
                      uint64_t until_ms)
{
    wax_verified_entry *set = set_of(verified, tag);
    wax_verified_entry *oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (wax_secret_equals(set[i].tag, tag, sizeof set[i].tag)) {
            oldest = &set[i];
            break;
        }
        if (set[i].until_ms < oldest->until_ms) {
            oldest = &set[i];
        }
    }
    if (until_ms > now_ms) {
        memcpy(oldest->tag, tag, sizeof oldest->tag);
        oldest->until_ms = until_ms;
    }
}

bool wax_verified_has(wax_verified *verified, const uint8_t tag[static 32], uint64_t now_ms)
{
    wax_verified_entry *set = set_of(verified, tag);
    bool has = false;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].until_ms <= now_ms) {
            wax_wipe(&set[i], sizeof set[i]);
        } else {
            has |= wax_secret_equals(set[i].tag, tag, sizeof set[i].tag);
        }
    }
    return has;
}
