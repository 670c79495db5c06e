/* Letters as they come. */
#include "keys/letter.h"

static uint64_t read_u64(wax_reader *in)
{
    const uint64_t high = wax_read_u32(in);

    return high << 32U | wax_read_u32(in);
}

wax_status letter_open(const struct letter_kind *kind, const wax_keys_ends *ends,
                       wax_bytes *message, struct letter_head *head)
{
    wax_reader in = wax_reader_over(*message);
    const uint8_t first = wax_read_u8(&in);
    const uint8_t profile = wax_read_u8(&in);
    uint8_t room[ASSOCIATED_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    struct parcel parcel = {.kind = kind};
    wax_bytes body;

    head->generation = kind->has_generation ? wax_read_u32(&in) : 0;
    head->number = read_u64(&in);
    body = wax_reader_rest(&in);
    wax_require(&in, first == kind->first, WAX_MALFORMED);
    wax_require(&in, profile == ends->profile->number, WAX_UNTRUSTED);
    wax_require(&in, ends->topic.size <= WAX_KEYS_TOPIC_MAX, WAX_INVALID);
    if (in.status != WAX_OK) {
        return in.status;
    }
    parcel.number = head->number;
    parcel.associated =
        letter_associated(&out, ends, (wax_bytes){message->data, message->size - body.size});
    return ends->profile->open(ends, &parcel, (uint8_t *)(uintptr_t)body.data, body.size, message);
}
