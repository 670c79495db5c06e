/* Letters as they leave. */
#include "keys/letter.h"

static void write_u64(wax_writer *out, uint64_t value)
{
    wax_write_u32(out, (uint32_t)(value >> 32U));
    wax_write_u32(out, (uint32_t)value);
}

static void write_head(wax_writer *out, const struct letter *letter)
{
    wax_write_u8(out, letter->kind->first);
    wax_write_u8(out, letter->ends->profile->number);
    if (letter->kind->has_generation) {
        wax_write_u32(out, letter->head.generation);
    }
    write_u64(out, letter->head.number);
}

static void write_zeros(wax_writer *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wax_write_u8(out, 0);
    }
}

wax_status letter_seal(wax_writer *out, const struct letter *letter, void *scratch)
{
    const wax_keys_ends *ends = letter->ends;
    const size_t start = out->used;
    uint8_t room[ASSOCIATED_MAX];
    wax_writer about = wax_writer_over(room, sizeof room);
    struct parcel parcel = {.kind = letter->kind, .number = letter->head.number};
    size_t at;
    wax_status status;

    if (out->status != WAX_OK || ends->topic.size > WAX_KEYS_TOPIC_MAX ||
        ends->profile->seal == NULL) {
        return out->status != WAX_OK ? out->status : WAX_INVALID;
    }
    write_head(out, letter);
    parcel.associated =
        letter_associated(&about, ends, wax_bytes_of(out->data + start, out->used - start));
    write_zeros(out, ends->profile->lead);
    at = out->used;
    status = fields_write_all(out, letter->shape, letter->object, scratch);
    if (status == WAX_OK) {
        status = ends->profile->seal(ends, &parcel, out, at);
    }
    if (status != WAX_OK) {
        wax_wipe(out->data + start, out->size - start);
        out->used = start;
    }
    return status;
}
