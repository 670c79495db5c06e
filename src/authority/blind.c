/* Names of topics as a broker sees them. */
#include "authority/blind.h"

#include <string.h>

#include "authority/plain.h"
#include "seal/seal.h"

/* The last room for lists: texts of patterns, what a token is made of, and what came out. */
enum {
    ROOM = LISTS - 1,
    BLINDED_MAX = 65535,
    TEXTS_SIZE = LIST_SIZE / 2,
    WAY_SIZE = LIST_SIZE / 4,
    BLINDED_SIZE = LIST_SIZE / 4,
};

_Static_assert(WAY_SIZE >= 3 * BLINDED_MAX && BLINDED_SIZE > BLINDED_MAX,
               "any topic can be blinded");

static uint8_t *room_of(const wax_authority *self)
{
    return self->lists + (size_t)ROOM * LIST_SIZE;
}

bool blind_is_filter(wax_bytes filter)
{
    bool holds = plain_is(filter, UINT16_MAX) && filter.data[0] != '$';

    for (size_t i = 0; holds && i < filter.size; i++) {
        const bool begins = i == 0 || filter.data[i - 1] == '/';
        const bool ends = i + 1 == filter.size || filter.data[i + 1] == '/';

        if (filter.data[i] == '+') {
            holds = begins && ends;
        } else if (filter.data[i] == '#') {
            holds = begins && i + 1 == filter.size;
        }
    }
    return holds;
}

/* --- Patterns --- */

/* Takes a level off the front; `rest` without data is over. */
static wax_bytes cut_level(wax_bytes *rest)
{
    const uint8_t *slash = rest->size == 0 ? NULL : memchr(rest->data, '/', rest->size);
    const size_t size = slash == NULL ? rest->size : (size_t)(slash - rest->data);
    const wax_bytes level = wax_bytes_of(rest->data, size);

    *rest = slash == NULL ? wax_bytes_of(NULL, 0) : wax_bytes_of(slash + 1, rest->size - size - 1);
    return level;
}

static bool is_level(wax_bytes level, const char *text)
{
    return wax_bytes_equal(level, wax_bytes_of_text(text));
}

/* Whether there is a topic that both match. */
static bool do_meet(wax_bytes one, wax_bytes other)
{
    while (one.data != NULL && other.data != NULL) {
        const wax_bytes a = cut_level(&one);
        const wax_bytes b = cut_level(&other);

        if (is_level(a, "#") || is_level(b, "#")) {
            return true;
        }
        if (!is_level(a, "+") && !is_level(b, "+") && !wax_bytes_equal(a, b)) {
            return false;
        }
    }
    /* What is left over of one may be '#', which matches the level in front of it too. */
    return (one.data == NULL && other.data == NULL) || is_level(one, "#") || is_level(other, "#");
}

void blind_judge(wax_authority *self, const wax_authority_founding *founding)
{
    authority_need(self, founding->pattern_count == 0 || founding->blinding_variant == 2,
                   WAX_INVALID, "patterns are for topics that are blinded by variant 2");
    authority_need(self, founding->pattern_count <= WAX_AUTHORITY_PATTERNS_MAX, WAX_INVALID,
                   "a namespace has 64 patterns at most");
    for (size_t i = 0; self->status == WAX_OK && i < founding->pattern_count; i++) {
        authority_need(self,
                       blind_is_filter(founding->patterns[i]) &&
                           founding->patterns[i].size <= TEXTS_SIZE / WAX_AUTHORITY_PATTERNS_MAX,
                       WAX_INVALID,
                       "a pattern is a topic filter of MQTT that does not begin with $, of at most "
                       "8,192 bytes");
        for (size_t k = 0; k < i; k++) {
            authority_need(self, !do_meet(founding->patterns[i], founding->patterns[k]),
                           WAX_INVALID,
                           "two patterns match the same topic: its name could be blinded in two "
                           "ways, so no two may");
        }
    }
}

void blind_insert(wax_authority *self, const wax_authority_founding *founding)
{
    for (size_t i = 0; i < founding->pattern_count; i++) {
        const struct value by = of_text(founding->patterns[i]);

        ledger_run(self, "INSERT INTO patterns(pattern) VALUES(?)", &by);
    }
}

static size_t load_patterns(wax_authority *self, wax_bytes *patterns)
{
    sqlite3_stmt *row = ledger_ask(self, "SELECT pattern FROM patterns ORDER BY id", NULL);
    wax_writer out = wax_writer_over(room_of(self), TEXTS_SIZE);
    size_t count = 0;

    while (ledger_next(self, row)) {
        const wax_bytes text = ledger_column_bytes(row, 0);
        const size_t at = out.used;

        wax_write_bytes(&out, text);
        authority_need(self, out.status == WAX_OK && count < WAX_AUTHORITY_PATTERNS_MAX,
                       WAX_MALFORMED, "the file of the authority is damaged");
        if (self->status == WAX_OK) {
            patterns[count++] = wax_bytes_of(out.data + at, text.size);
        }
    }
    return count;
}

wax_keys_list blind_list_patterns(wax_authority *self)
{
    sqlite3_stmt *row = ledger_ask(self, "SELECT pattern FROM patterns ORDER BY id", NULL);
    wax_writer out = wax_writer_over(room_of(self), LIST_SIZE);
    wax_keys_list list = {.count = 0};

    while (ledger_next(self, row)) {
        wax_keys_add_text(&list, &out, ledger_column_bytes(row, 0));
    }
    return list;
}

/* --- Tokens --- */

static wax_status blind(wax_authority *self, wax_bytes filter, wax_writer *out)
{
    const struct name_space *own = &self->own;
    wax_bytes patterns[WAX_AUTHORITY_PATTERNS_MAX];
    wax_blinder blinder = {
        .hash = own->blinding_hash == 1 ? wax_blind_hmac : wax_blind_ascon,
        .key = own->blinding_key,
        .variant = (uint8_t)own->blinding_variant,
        .patterns = patterns,
        .prefix = wax_bytes_of(own->prefix, own->prefix_size),
        .room = {room_of(self) + TEXTS_SIZE, WAY_SIZE},
    };
    wax_status status;

    if (own->blinding_variant != 0) {
        blinder.pattern_count = own->blinding_variant == 2 ? load_patterns(self, patterns) : 0;
        return self->status == WAX_OK ? wax_blind_filter(&blinder, filter, out) : self->status;
    }
    status = filter.size == 0 || filter.size > BLINDED_MAX ? WAX_INVALID : WAX_OK;
    if (status == WAX_OK) {
        wax_write_bytes(out, filter);
        status = out->status;
    }
    return status;
}

static wax_writer blinded_of(const wax_authority *self)
{
    return wax_writer_over(room_of(self) + TEXTS_SIZE + WAY_SIZE, BLINDED_SIZE);
}

bool blind_takes(wax_authority *self, wax_bytes filter)
{
    wax_writer out = blinded_of(self);

    return self->status != WAX_OK || blind(self, filter, &out) == WAX_OK;
}

wax_keys_list blind_list_filters(wax_authority *self, wax_keys_list filters, wax_writer *out)
{
    wax_keys_list list = {.count = 0};
    wax_bytes filter;

    while (self->status == WAX_OK && wax_keys_next_text(&filters, &filter)) {
        wax_writer blinded = blinded_of(self);

        if (blind(self, filter, &blinded) != WAX_OK) {
            authority_fail(self, WAX_INVALID, "a filter of a group cannot be blinded");
        }
        wax_keys_add_text(&list, out, wax_writer_bytes(&blinded));
    }
    return list;
}

wax_status wax_authority_blind(wax_authority *self, wax_bytes filter, wax_writer *out)
{
    wax_status status;

    self->status = WAX_OK;
    self->fault[0] = 0;
    status = blind(self, filter, out);
    if (status != WAX_OK) {
        authority_fail(self, status,
                       status == WAX_BAD_FILTER
                           ? "it is no filter, or has a wildcard where the namespace has none"
                           : NULL);
    }
    return status;
}
