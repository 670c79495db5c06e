/* The outside of envelopes, as strangers publish them. What is taken has the one form that its
 * numbers have, and goes on to the account of its sender. */
#include "fuzz.h"

#include "seal/header.h"

static void check_form(wax_bytes envelope, const wax_seal_face *face)
{
    const struct header header = {
        .kind = (uint8_t)face->kind,
        .epoch = face->epoch,
        .sender = face->sender,
        .position = face->position,
    };
    uint8_t room[HEADER_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    header_write(&out, &header);
    fuzz_require(out.status == WAX_OK && out.used == header_size(&header));
    fuzz_require(wax_bytes_start_with(envelope, wax_writer_bytes(&out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_bytes envelope = wax_bytes_of(data, size);
    wax_seal_face face;

    if (wax_seal_look(envelope, &face) != WAX_OK) {
        fuzz_require(face.sender == 0 && face.body.size == 0);
        return 0;
    }
    fuzz_require(face.body.size >= WAX_HEDGE_SIZE &&
                 face.body.data + face.body.size == data + size);
    fuzz_require(wax_seal_kind(envelope) == (int)face.kind);
    if (face.kind <= WAX_ENVELOPE_STREAM) {
        fuzz_require(face.sender > 0 && face.sender <= WAX_SENDER_MAX);
        fuzz_require(face.position <= WAX_POSITION_MAX);
        check_form(envelope, &face);
    }
    return 0;
}
