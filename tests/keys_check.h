/* Random objects of the room keys, and the two ends that exchange them. */
#ifndef WAX_TESTS_KEYS_CHECK_H
#define WAX_TESTS_KEYS_CHECK_H

#include "check.h"

#include "hpke/hpke.h"
#include "keys/keys.h"

#include <stdlib.h>

/* A generator that gives the same each time (xorshift64*). */
static inline uint64_t any_number(uint64_t *seed)
{
    *seed ^= *seed >> 12U;
    *seed ^= *seed << 25U;
    *seed ^= *seed >> 27U;
    return *seed * 0x2545f4914f6cdd1dU;
}

static inline uint32_t any_below(uint64_t *seed, uint32_t bound)
{
    return (uint32_t)(any_number(seed) >> 32U) % bound;
}

/* Numbers of all sizes. */
static inline uint64_t any_wide(uint64_t *seed)
{
    return any_number(seed) >> any_below(seed, 64);
}

static inline void any_fill(uint64_t *seed, uint8_t *room, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        room[i] = (uint8_t)any_number(seed);
    }
}

static inline bool lists_equal(const wax_keys_list *one, const wax_keys_list *other)
{
    return one->count == other->count && wax_bytes_equal(one->items, other->items);
}

/* Fixed or absent. */
static inline bool fixed_equal(const uint8_t *one, const uint8_t *other, size_t size)
{
    return one == NULL || other == NULL ? one == other : memcmp(one, other, size) == 0;
}

enum { KEYS_GROUPS = 3, KEYS_LIST_ROOM = 1024, KEYS_MESSAGE = 16384 };

/* Memory for the lists of one object. */
struct keys_lists {
    uint8_t room[8][KEYS_LIST_ROOM];
    size_t used;
};

static inline wax_writer keys_list_writer(struct keys_lists *lists)
{
    assert_true(lists->used < 8);
    return wax_writer_over(lists->room[lists->used++], KEYS_LIST_ROOM);
}

static inline wax_keys_list any_texts(uint64_t *seed, struct keys_lists *lists)
{
    static const char *const texts[] = {"home/+/temp", "#", "küche/licht", "a/b/c/d/e/f"};
    wax_writer out = keys_list_writer(lists);
    wax_keys_list list = {.count = 0};

    for (uint32_t i = 1 + any_below(seed, 4); i > 0; i--) {
        wax_keys_add_text(&list, &out, wax_bytes_of_text(texts[any_below(seed, 4)]));
    }
    return list;
}

static inline wax_keys_list any_senders(uint64_t *seed, struct keys_lists *lists)
{
    wax_writer out = keys_list_writer(lists);
    wax_keys_list list = {.count = 0};
    uint32_t sender = 0;

    for (uint32_t i = any_below(seed, 5); i > 0; i--) {
        sender += 1 + any_below(seed, 1000);
        wax_keys_add_number(&list, &out, sender);
        sender += any_below(seed, 1000);
        wax_keys_add_number(&list, &out, sender);
    }
    return list;
}

static inline wax_keys_list any_signers(uint64_t *seed, struct keys_lists *lists)
{
    wax_writer out = keys_list_writer(lists);
    wax_keys_list list = {.count = 0};
    uint8_t key[WAX_P256_PUBLIC_SIZE];
    uint32_t sender = 0;

    for (uint32_t i = any_below(seed, 4); i > 0; i--) {
        sender += 1 + any_below(seed, 1000);
        any_fill(seed, key, sizeof key);
        wax_keys_add_signer(&list, &out, sender, key);
    }
    return list;
}

static inline wax_keys_list any_padding(uint64_t *seed, struct keys_lists *lists)
{
    const uint32_t kind = any_below(seed, 5);
    wax_writer out = keys_list_writer(lists);
    wax_keys_list list = {.count = 0};

    if (kind < 4) {
        wax_keys_add_number(&list, &out, kind);
    }
    for (uint32_t i = kind == 1 ? 1 : kind == 3 ? 1 + any_below(seed, 5) : 0; i > 0; i--) {
        wax_keys_add_number(&list, &out, 10000 / i);
    }
    return list;
}

/* Both ends of each profile, with keys that everybody knows. */
struct keys_pair {
    uint8_t name_space[WAX_KEYS_ID_SIZE];
    uint8_t psk[WAX_KEYS_SECRET_SIZE];
    uint8_t secrets[2][WAX_P256_SECRET_SIZE];
    uint8_t publics[2][WAX_P256_PUBLIC_SIZE];
    uint8_t seed[WAX_HPKE_SEED_SIZE];
};

static inline void keys_pair_make(struct keys_pair *pair)
{
    uint64_t seed = 0x6b657973;

    any_fill(&seed, (uint8_t *)pair, sizeof *pair);
    for (size_t i = 0; i < 2; i++) {
        const uint8_t root[WAX_HPKE_SEED_SIZE] = {(uint8_t)(i + 1)};

        assert_int_equal(
            wax_hpke_pair(wax_bytes_of(root, sizeof root), pair->secrets[i], pair->publics[i]),
            WAX_OK);
    }
}

/* One end: 0 is the authority, 1 the device. */
static inline wax_keys_ends keys_end(const struct keys_pair *pair, const wax_keys_profile *profile,
                                     size_t which)
{
    return (wax_keys_ends){
        .profile = profile,
        .name_space = pair->name_space,
        .topic = WAX_TEXT("wax/k/lamp"),
        .psk = pair->psk,
        .own_secret = pair->secrets[which],
        .peer = pair->publics[1 - which],
        .seed = wax_bytes_of(pair->seed, sizeof pair->seed),
    };
}

static const wax_keys_profile *const keys_profiles[] = {&wax_keys_chacha20, &wax_keys_ascon,
                                                        &wax_keys_ccm, &wax_keys_hpke};

/* Keeps nothing, but counts and obeys. */
struct keys_memory {
    wax_keys_mark mark;
    unsigned kept;
    wax_status answer;
};

static inline wax_status keys_keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    struct keys_memory *memory = WAX_OWNER(self, struct keys_memory, mark);

    (void)generation;
    (void)version;
    memory->kept++;
    return memory->answer;
}

#endif
