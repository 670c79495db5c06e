/* Topics whose names the broker cannot read: a token for each level. [7] */
#include "seal/blind.h"

#include <string.h>

#include "seal/levels.h"

enum { ANY_LEVEL = 0xffff };

/* A topic or a filter on its way. */
struct way {
    const wax_blinder *self;
    wax_writer *out;
    wax_writer where;
    struct levels pattern;
    bool is_under_hash; /* the pattern has ended with '#' */
};

/* Whether a wildcard may stand at this level: the pattern is walked along. */
static bool may_vary(struct way *way)
{
    wax_bytes level;

    if (!way->is_under_hash && levels_next(&way->pattern, &level)) {
        way->is_under_hash = level_is(level, '#');
        return way->is_under_hash || level_is(level, '+');
    }
    return way->is_under_hash;
}

static wax_status write_token(struct way *way, wax_bytes level)
{
    uint8_t hash[BLIND_HASH_SIZE];
    wax_status status = way->where.status;

    if (status == WAX_OK) {
        status = way->self->hash(way->self, wax_writer_bytes(&way->where), level, hash);
    }
    if (status == WAX_OK) {
        wax_crypto_base64_write(way->out, wax_bytes_of(hash, sizeof hash), WAX_BASE64_URL);
        status = way->out->status;
    }
    return status;
}

/* A level passes into what stands in front of the next, and the index goes up. */
static void step(struct way *way, unsigned index, wax_bytes level, bool varies)
{
    const uint8_t next[] = {(uint8_t)((index + 1) >> 8), (uint8_t)(index + 1)};

    if (way->self->variant == 2 && varies) {
        wax_write_u16(&way->where, ANY_LEVEL);
    } else if (way->self->variant == 2) {
        wax_write_blob(&way->where, level);
    }
    memcpy(way->where.data, next, sizeof next);
}

static wax_status write_levels(struct way *way, wax_bytes topic)
{
    struct levels levels = levels_of(topic);
    wax_status status = WAX_OK;
    wax_bytes level;

    for (unsigned index = 0; status == WAX_OK && levels_next(&levels, &level); index++) {
        const bool varies = way->self->variant == 1 || may_vary(way);
        const bool is_wildcard = level_is(level, '+') || level_is(level, '#');

        if (index > 0) {
            wax_write_u8(way->out, '/');
        }
        if (!is_wildcard) {
            status = write_token(way, level);
        } else if (varies) {
            wax_write_bytes(way->out, level);
            status = way->out->status;
        } else {
            status = WAX_BAD_FILTER;
        }
        step(way, index, level, varies);
    }
    return status;
}

/* The pattern that a topic or a filter uses; empty when none covers it. */
static wax_bytes find_pattern(const wax_blinder *self, wax_bytes topic)
{
    wax_bytes best = {NULL, 0};
    size_t best_levels = 0;

    for (size_t i = 0; self->variant == 2 && i < self->pattern_count; i++) {
        const size_t levels = levels_literal(self->patterns[i]);

        if (levels_cover(self->patterns[i], topic) && (best.data == NULL || levels > best_levels)) {
            best = self->patterns[i];
            best_levels = levels;
        }
    }
    return best;
}

static bool is_clear(const wax_blinder *self, wax_bytes topic)
{
    const size_t size = self->prefix.size;

    return (topic.size > 0 && topic.data[0] == '$') ||
           (size > 0 && wax_bytes_start_with(topic, self->prefix) &&
            (topic.size == size || topic.data[size] == '/'));
}

wax_status wax_blind_topic(const wax_blinder *self, wax_bytes topic, wax_writer *out)
{
    uint8_t index[2] = {0, 0};
    const bool is_long = self->variant == 2;
    struct way way = {.self = self, .out = out};
    const size_t start = out->used;
    wax_bytes pattern;
    wax_status status;

    if (is_clear(self, topic)) {
        wax_write_bytes(out, topic);
        return wax_writer_end(out, start);
    }
    pattern = find_pattern(self, topic);
    way.pattern = levels_of(pattern);
    way.pattern.is_over = pattern.data == NULL;
    way.where = is_long ? wax_writer_over(self->room.data, self->room.size)
                        : wax_writer_over(index, sizeof index);
    wax_write_u16(&way.where, 0);
    status = way.where.status;
    if (status == WAX_OK) {
        status = write_levels(&way, topic);
    }
    if (status == WAX_OK && out->used > start + WAX_SEAL_TOPIC) {
        status = WAX_INVALID;
    }
    if (status != WAX_OK) {
        out->used = start;
    }
    return status;
}

wax_status wax_blind_filter(const wax_blinder *self, wax_bytes filter, wax_writer *out)
{
    const wax_bytes share = WAX_TEXT("$share/");
    const size_t start = out->used;
    wax_status status;
    size_t name = share.size;

    if (!wax_bytes_start_with(filter, share)) {
        return wax_blind_topic(self, filter, out);
    }
    while (name < filter.size && filter.data[name] != '/') {
        name++;
    }
    if (name + 1 >= filter.size || name == share.size) {
        return WAX_BAD_FILTER;
    }
    name++;
    wax_write_bytes(out, wax_bytes_of(filter.data, name));
    status = out->status;
    if (status == WAX_OK) {
        status = wax_blind_topic(self, wax_bytes_of(filter.data + name, filter.size - name), out);
    }
    if (status != WAX_OK) {
        out->used = start;
    }
    return status;
}

bool wax_blind_is_of(const wax_blinder *self, wax_bytes blinded, wax_bytes topic,
                     wax_seal_room room)
{
    wax_writer out = wax_writer_over(room.data, room.size);

    return wax_blind_topic(self, topic, &out) == WAX_OK &&
           wax_bytes_equal(wax_writer_bytes(&out), blinded);
}
