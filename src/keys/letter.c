/* The header of a letter, and what it is bound to. */
#include "keys/letter.h"

static void write_u64(wax_writer *out, uint64_t value)
{
    wax_write_u32(out, (uint32_t)(value >> 32U));
    wax_write_u32(out, (uint32_t)value);
}

void letter_write_head(wax_writer *out, const struct letter_kind *kind, const wax_keys_ends *ends,
                       const struct letter_head *head)
{
    wax_write_u8(out, kind->first);
    wax_write_u8(out, ends->profile->number);
    if (kind->has_generation) {
        wax_write_u32(out, head->generation);
    }
    write_u64(out, head->number);
}

wax_bytes letter_associated(wax_writer *out, const struct letter_kind *kind,
                            const wax_keys_ends *ends, const struct letter_head *head)
{
    letter_write_head(out, kind, ends, head);
    wax_write_bytes(out, wax_bytes_of(ends->name_space, WAX_KEYS_ID_SIZE));
    wax_write_blob(out, ends->topic);
    return wax_writer_bytes(out);
}
