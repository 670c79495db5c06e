/* What the tests of the room seal share: a sender with a store in memory, and an opener. */
#ifndef WAX_TESTS_SEAL_CHECK_H
#define WAX_TESTS_SEAL_CHECK_H

#include "check.h"

#include "seal/seal.h"

enum {
    SEAL_ROOM = 4096,
    SEAL_SENDERS = 4,
    SEAL_TOPICS = 16,
    SEAL_EPOCHS = 8,
};

/* Every suite with every tag that it has. */
struct seal_suite {
    const char *name;
    const wax_suite *suite;
    uint8_t tag_size;
};

static const struct seal_suite seal_suites[] = {
    {"ChaCha20-Poly1305",      &wax_suite_chacha, 16},
    {"Ascon",                  &wax_suite_ascon,  16},
    {"Ascon, short tag",       &wax_suite_ascon,  8 },
    {"AES-128-CCM",            &wax_suite_ccm,    16},
    {"AES-128-CCM, short tag", &wax_suite_ccm,    8 },
};

/* A store that remembers one window, counts, and fails when it is told to. */
struct seal_store {
    wax_seal_store door;
    wax_seal_window window;
    bool has_window;
    unsigned saves;
    wax_status load_fails;
    wax_status save_fails;
};

static inline wax_status seal_load(wax_seal_store *door, const uint8_t *id, wax_seal_window *window)
{
    struct seal_store *self = WAX_OWNER(door, struct seal_store, door);

    (void)id;
    if (self->load_fails != WAX_OK || !self->has_window) {
        return self->load_fails != WAX_OK ? self->load_fails : WAX_NOT_FOUND;
    }
    *window = self->window;
    return WAX_OK;
}

static inline wax_status seal_save(wax_seal_store *door, const uint8_t *id,
                                   const wax_seal_window *window)
{
    struct seal_store *self = WAX_OWNER(door, struct seal_store, door);

    (void)id;
    if (self->save_fails == WAX_OK) {
        self->window = *window;
        self->has_window = true;
        self->saves++;
    }
    return self->save_fails;
}

/* Both ends of a group. */
struct seal_world {
    wax_seal_group group;
    struct seal_store store;
    wax_sealer sealer;
    wax_opener opener;
    wax_sender_range range;
    wax_epoch_key epochs[SEAL_EPOCHS];
    uint8_t secrets[SEAL_EPOCHS][WAX_SECRET_SIZE];
    uint8_t start_secret[WAX_SECRET_SIZE];
    wax_sender_record senders[SEAL_SENDERS];
    wax_topic_record topics[SEAL_TOPICS];
    uint8_t room[SEAL_ROOM];
    uint8_t buffer[SEAL_ROOM];
    wax_opened opened;
};

static const wax_seal_group seal_group = {
    .id = {1, 2, 3, 4, 5, 6, 7, 8},
      .group_class = WAX_CLASS_STREAM, .tag_size = 16
};

/* Starts the sender in an epoch of the world's. */
static inline wax_status seal_start(struct seal_world *world, uint32_t epoch)
{
    wax_seal_grant grant = {.epoch = epoch, .secret = world->start_secret};
    size_t at = 0;

    while (world->epochs[at].epoch != epoch) {
        at++;
    }
    assert_int_equal(wax_seal_sender_secret(&world->group, epoch, world->epochs[at].secret,
                                            world->sealer.sender, world->start_secret),
                     WAX_OK);
    return wax_sealer_start(&world->sealer, &grant);
}

/* A world of epochs 1 to `count`, whose sender 258 starts in the last. */
static inline void seal_world_make(struct seal_world *world, const struct seal_suite *suite,
                                   wax_seal_class class, size_t count)
{
    *world = (struct seal_world){.group = seal_group};
    world->group.suite = suite->suite;
    world->group.tag_size = suite->tag_size;
    world->group.group_class = class;
    world->store.door = (wax_seal_store){.load = seal_load, .save = seal_save};
    world->sealer = (wax_sealer){
        .group = &world->group,
        .store = &world->store.door,
        .room = {world->room, sizeof world->room},
        .sender = 258
    };
    for (size_t i = 0; i < count; i++) {
        memset(world->secrets[i], (int)(0x40 + i), WAX_SECRET_SIZE);
        world->epochs[i] = (wax_epoch_key){.epoch = (uint32_t)i + 1, .secret = world->secrets[i]};
    }
    world->range = (wax_sender_range){.first = 256, .last = 300};
    world->opener = (wax_opener){
        .group = &world->group,
        .room = {world->room, sizeof world->room},
        .epochs = world->epochs,
        .epoch_count = count,
        .epochs_kept = SEAL_EPOCHS,
        .ranges = &world->range,
        .range_count = 1,
        .senders = world->senders,
        .sender_count = SEAL_SENDERS,
        .topics = world->topics,
        .topic_count = SEAL_TOPICS,
        .hash_key = {1,           2                 }
    };
    assert_int_equal(seal_start(world, (uint32_t)count), WAX_OK);
}

static const wax_seal_message seal_plain = {
    .topic = {(const uint8_t *)"home/kitchen/temp", 17}
};

/* Seals a text in the world's buffer. */
static inline wax_status seal_text(struct seal_world *world, const wax_seal_message *message,
                                   const char *text, wax_bytes *envelope)
{
    wax_seal_buffer buffer = {.data = world->buffer,
                              .size = sizeof world->buffer,
                              .payload_at = wax_seal_head_size(message),
                              .payload_size = strlen(text)};

    memcpy(world->buffer + buffer.payload_at, text, buffer.payload_size);
    return wax_sealer_seal(&world->sealer, message, &buffer, envelope);
}

/* Opens a copy of an envelope on a topic; what was opened stands in `copy` of `size`. */
static inline wax_status seal_open_at(struct seal_world *world, wax_bytes topic, wax_bytes envelope,
                                      uint8_t *copy)
{
    const wax_seal_arrival arrival = {.topic = topic, .envelope = copy, .size = envelope.size};

    if (envelope.size > 0) {
        memmove(copy, envelope.data, envelope.size);
    }
    return wax_opener_open(&world->opener, &arrival, &world->opened);
}

#endif
