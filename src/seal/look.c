/* The outside of an envelope, for who carries it. [4] */
#include "seal/header.h"
#include "seal/stream.h"

enum {
    TAG_SIZE_MIN = 8,
    TEXT_SIZE_MIN = 1, /* the flags; of a chunk that is not the first, a byte of the payload */
    BODY_MIN = WAX_HEDGE_SIZE + TEXT_SIZE_MIN + TAG_SIZE_MIN,
    MAILBOX_HEAD_SIZE = 4 + 8, /* generation and version */
    STATUS_HEAD_SIZE = 8,      /* count */
    PROFILE_PSK_MAX = 3,       /* the number is the suite's */
    PROFILE_PUBLIC_KEY = 16,
    KEPT_TAG_SIZE = 16, /* of mailboxes and statuses, in every profile */
};

static void look_at_message(wax_reader *in, wax_seal_face *face)
{
    struct header header;

    header_read(in, &header);
    face->epoch = header.epoch;
    face->sender = header.sender;
    face->position = header.position;
}

static size_t look_at_stream(wax_reader *in, wax_seal_face *face)
{
    look_at_message(in, face);
    wax_require(in, stream_takes(wax_read_u32(in)), WAX_MALFORMED);
    (void)wax_read_u32(in); /* the first chunk's index: all of them are possible */
    return BODY_MIN;
}

/* Mailboxes and statuses: the profile, numbers, and what HPKE or a cipher made. */
static size_t look_at_kept(wax_reader *in, size_t head_size)
{
    (void)wax_read_u8(in);
    const uint8_t profile = wax_read_u8(in);
    const bool is_public = profile == PROFILE_PUBLIC_KEY;

    wax_require(in, is_public || (profile > 0 && profile <= PROFILE_PSK_MAX), WAX_MALFORMED);
    (void)wax_read_bytes(in, head_size);
    return (is_public ? WAX_P256_PUBLIC_SIZE : WAX_HEDGE_SIZE) + TEXT_SIZE_MIN + KEPT_TAG_SIZE;
}

/* Takes what stands in front of the body. Returns how long that is at least. */
static size_t look_at_head(wax_reader *in, wax_seal_face *face)
{
    switch (face->kind) {
    case WAX_ENVELOPE_MESSAGE:
        look_at_message(in, face);
        return BODY_MIN;
    case WAX_ENVELOPE_SIGNED:
        look_at_message(in, face);
        return BODY_MIN + WAX_P256_SIGNATURE_SIZE;
    case WAX_ENVELOPE_STREAM:
        return look_at_stream(in, face);
    case WAX_ENVELOPE_MAILBOX:
        return look_at_kept(in, MAILBOX_HEAD_SIZE);
    case WAX_ENVELOPE_STATUS:
        return look_at_kept(in, STATUS_HEAD_SIZE);
    default:
        wax_require(in, false, WAX_MALFORMED);
        return 0;
    }
}

wax_status wax_seal_look(wax_bytes envelope, wax_seal_face *face)
{
    wax_reader in = wax_reader_over(envelope);
    const uint8_t first = envelope.size > 0 ? envelope.data[0] : 0;
    size_t least;

    *face = (wax_seal_face){.kind = (wax_envelope)(first & 7U)};
    wax_require(&in, first >= KIND_BYTE, WAX_MALFORMED);
    least = look_at_head(&in, face);
    wax_require(&in, wax_reader_left(&in) >= least, WAX_MALFORMED);
    if (in.status != WAX_OK) {
        *face = (wax_seal_face){.kind = WAX_ENVELOPE_MESSAGE};
        return in.status;
    }
    face->body = wax_reader_rest(&in);
    return WAX_OK;
}
