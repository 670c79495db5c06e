/* A member of a group, as the vectors describe one. */
#ifndef WAX_TESTS_SEAL_MEMBER_H
#define WAX_TESTS_SEAL_MEMBER_H

#include "seal_vectors.h"

enum {
    MEMBER_ROWS = 16,
    MEMBER_ROOM = 70000,
};

struct member {
    wax_seal_group group;
    wax_epoch_key epochs[MEMBER_ROWS];
    wax_sender_range ranges[MEMBER_ROWS];
    wax_sender_key keys[MEMBER_ROWS];
    wax_sender_floor floors[MEMBER_ROWS];
    wax_sender_record senders[MEMBER_ROWS];
    wax_topic_record topics[MEMBER_ROWS];
    wax_bytes filters[MEMBER_ROWS];
    wax_bytes patterns[MEMBER_ROWS];
    wax_blinder blinder;
    wax_opener opener;
};

static uint8_t member_room[MEMBER_ROOM];
static uint8_t member_blind_room[3 * MEMBER_ROOM];

static inline size_t rows_in(const json_t *group, const char *name)
{
    const size_t count = json_array_size(json_object_get(group, name));

    check_row(name, count <= 3 * MEMBER_ROWS);
    return count;
}

static inline uint32_t row_number(const json_t *group, const char *name, size_t row)
{
    return (uint32_t)json_integer_value(json_array_get(json_object_get(group, name), row));
}

static inline wax_bytes row_bytes(struct pool *pool, const json_t *group, const char *name,
                                  size_t row)
{
    return bytes_of_hex(pool, json_string_value(json_array_get(json_object_get(group, name), row)));
}

static inline void member_take_blinding(struct member *self, struct pool *pool, const json_t *group,
                                        const char *key)
{
    self->blinder = (wax_blinder){
        .hash = number_in(group, "hash") == 1 ? wax_blind_hmac : wax_blind_ascon,
        .key = bytes_in(pool, group, key).data,
        .variant = (uint8_t)number_in(group, "variant"),
        .patterns = self->patterns,
        .pattern_count = rows_in(group, "patterns"),
        .prefix = bytes_in(pool, group, "prefix"),
        .room = {member_blind_room, sizeof member_blind_room}
    };
    for (size_t i = 0; i < self->blinder.pattern_count; i++) {
        self->patterns[i] = row_bytes(pool, group, "patterns", i);
    }
}

static inline void member_take_tables(struct member *self, struct pool *pool, const json_t *group)
{
    self->opener.epoch_count = rows_in(group, "epochs");
    for (size_t i = 0; i < self->opener.epoch_count; i++) {
        self->epochs[i] = (wax_epoch_key){.epoch = row_number(group, "epochs", i),
                                          .what = (wax_epoch_what)row_number(group, "holds", i),
                                          .secret = row_bytes(pool, group, "secrets", i).data};
    }
    self->opener.range_count = rows_in(group, "senders") / 2;
    for (size_t i = 0; i < self->opener.range_count; i++) {
        self->ranges[i] = (wax_sender_range){row_number(group, "senders", 2 * i),
                                             row_number(group, "senders", 2 * i + 1)};
    }
    self->opener.key_count = rows_in(group, "signers");
    for (size_t i = 0; i < self->opener.key_count; i++) {
        self->keys[i] = (wax_sender_key){row_number(group, "signers", i),
                                         row_bytes(pool, group, "signingKeys", i).data};
    }
    self->opener.floor_count = rows_in(group, "floors") / 3;
    for (size_t i = 0; i < self->opener.floor_count; i++) {
        self->floors[i] = (wax_sender_floor){row_number(group, "floors", 3 * i),
                                             row_number(group, "floors", 3 * i + 1),
                                             row_number(group, "floors", 3 * i + 2)};
    }
}

/* Where topics are blinded, so are the filters. */
static inline void member_blind_filters(struct member *self, struct pool *pool)
{
    for (size_t i = 0; i < self->group.filter_count; i++) {
        wax_writer out = wax_writer_over(pool_take(pool, 4096), 4096);

        assert_int_equal(wax_blind_filter(&self->blinder, self->filters[i], &out), WAX_OK);
        self->filters[i] = wax_writer_bytes(&out);
    }
}

static inline void member_make(struct member *self, struct pool *pool, const json_t *group)
{
    *self = (struct member){
        .group = {.suite = suite_of(group),
                  .group_class = (wax_seal_class)number_in(group, "class"),
                  .tag_size = (uint8_t)number_in(group, "tagSize")},
    };
    memcpy(self->group.id, bytes_in(pool, group, "group").data, WAX_SEAL_GROUP_ID);
    self->opener = (wax_opener){
        .group = &self->group,
        .room = {member_room, sizeof member_room},
        .epochs = self->epochs,
        .epochs_kept = number_in(group, "keptEpochs"),
        .own_sender = number_in(group, "ownSender"),
        .ranges = self->ranges,
        .keys = self->keys,
        .verify = wax_verify_p256,
        .floors = self->floors,
        .senders = self->senders,
        .sender_count = MEMBER_ROWS,
        .topics = self->topics,
        .topic_count = MEMBER_ROWS
    };
    member_take_tables(self, pool, group);
    self->group.filters = self->filters;
    self->group.filter_count = rows_in(group, "filters");
    for (size_t i = 0; i < self->group.filter_count; i++) {
        self->filters[i] = row_bytes(pool, group, "filters", i);
    }
    if (has(group, "blindingKey")) {
        member_take_blinding(self, pool, group, "blindingKey");
        self->opener.is_name = wax_blind_is_of;
        self->opener.blinder = &self->blinder;
        member_blind_filters(self, pool);
    }
}

#endif
