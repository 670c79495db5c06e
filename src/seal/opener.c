/* A message, opened in place. Nothing is remembered before all of it was found good. [5] */
#include "seal/seal.h"

#include "seal/judge.h"
#include "seal/text_read.h"

static const char *const texts[] = {
    [WAX_SEAL_FINE] = "fine",
    [WAX_SEAL_REPLAY] = "it came already, or is older than what is remembered",
    [WAX_SEAL_GAP] = "messages in front of it did not come",
    [WAX_SEAL_ROLLBACK] = "it is older than what its topic had already",
    [WAX_SEAL_NOT_OPENED] = "it does not open: it was changed, or sealed under another key",
    [WAX_SEAL_UNSEALED] = "it is not sealed",
    [WAX_SEAL_OLD_EPOCH] = "there is no key of its epoch, any more or yet",
    [WAX_SEAL_BAD_SIGNATURE] = "its signature is wrong or missing",
    [WAX_SEAL_UNKNOWN_SENDER] = "its sender may not write here",
    [WAX_SEAL_EXPIRED] = "its time is over",
    [WAX_SEAL_WRONG_BOOT] = "it was meant for another start of the receiver",
    [WAX_SEAL_BAD_FORM] = "no sender makes anything of its form",
    [WAX_SEAL_TOO_FAR] = "its sender is too many windows ahead",
    [WAX_SEAL_AGAIN] = "it is the topic's latest once more",
    [WAX_SEAL_TOO_LARGE] = "its chunks are too large",
};

const char *wax_seal_event_text(wax_seal_event event)
{
    return texts[event];
}

int wax_seal_kind(wax_bytes bytes)
{
    return bytes.size > 0 && (bytes.data[0] & KIND_BYTE) == KIND_BYTE ? bytes.data[0] & 7 : -1;
}

static wax_seal_event read_header(const wax_seal_arrival *arrival, struct header *header,
                                  size_t *size)
{
    const wax_bytes envelope = wax_bytes_of(arrival->envelope, arrival->size);
    const int kind = wax_seal_kind(envelope);
    wax_reader in = wax_reader_over(envelope);

    *header = (struct header){.kind = 0};
    if (kind < 0) {
        return WAX_SEAL_UNSEALED;
    }
    header_read(&in, header);
    *size = arrival->size - wax_reader_left(&in);
    return in.status == WAX_OK && kind <= KIND_SIGNED ? WAX_SEAL_FINE : WAX_SEAL_BAD_FORM;
}

/* An envelope that is being opened. */
struct opening {
    wax_opener *self;
    const wax_seal_arrival *arrival;
    struct header header;
    size_t header_size;
    struct claim claim;
    struct text text;
    wax_bytes plain;
    wax_bytes associated;
};

static wax_status unseal(struct opening *opening)
{
    const wax_seal_arrival *arrival = opening->arrival;
    wax_writer room = wax_writer_over(opening->self->room.data, opening->self->room.size);
    wax_box box = {.suite = opening->self->group->suite,
                   .key = opening->claim.key,
                   .number = opening->claim.position,
                   .tag_size = opening->self->group->tag_size};
    wax_status status =
        schedule_bind(&opening->claim.scope, wax_bytes_of(arrival->envelope, opening->header_size),
                      arrival->topic, &room);

    opening->associated = wax_writer_bytes(&room);
    box.associated = opening->associated;
    if (status == WAX_OK) {
        status = claim_derive(&opening->claim);
    }
    return status == WAX_OK ? wax_box_open(&box, arrival->envelope + opening->header_size,
                                           arrival->size - opening->header_size, &opening->plain)
                            : status;
}

static wax_status verify(const struct opening *opening)
{
    const wax_opener *self = opening->self;
    const uint8_t *key = opener_find_key(self, opening->header.sender);
    const wax_bytes parts[] = {WAX_TEXT("sealed-mqtt 1 sign"), opening->associated,
                               wax_bytes_of(opening->plain.data, opening->text.signed_size)};

    if (opening->header.kind != KIND_SIGNED) {
        return WAX_OK;
    }
    return key == NULL || self->verify == NULL
               ? WAX_UNTRUSTED
               : self->verify(key, parts, WAX_COUNT(parts), opening->text.signature);
}

/* What the text itself says against it, once it is open. */
static wax_status judge_text(struct opening *opening, wax_seal_event *event)
{
    const bool is_signed = opening->header.kind == KIND_SIGNED;
    wax_status status = text_read(&opening->text, opening->plain, is_signed);

    *event = WAX_SEAL_BAD_FORM;
    if (status != WAX_OK) {
        return WAX_UNTRUSTED;
    }
    *event = WAX_SEAL_BAD_SIGNATURE;
    status = verify(opening);
    if (status != WAX_OK) {
        return status;
    }
    *event = text_judge(&opening->text, opening->self, opening->arrival->topic,
                        opening->arrival->now_ms);
    return *event == WAX_SEAL_FINE ? WAX_OK : WAX_UNTRUSTED;
}

static void tell(const struct opening *opening, wax_opened *opened)
{
    const struct claim *claim = &opening->claim;

    opened->event = claim->is_again  ? WAX_SEAL_AGAIN
                    : claim->gap > 0 ? WAX_SEAL_GAP
                                     : WAX_SEAL_FINE;
    opened->payload = opening->text.rest;
    opened->fields = opening->text.fields;
    opened->name = opening->text.name;
    opened->gap = claim->gap;
    opened->is_signed = opening->header.kind == KIND_SIGNED;
    opened->retain = (opening->text.flags & FLAG_RETAIN) != 0;
    opened->is_first = claim->is_first;
    opened->is_again = claim->is_again;
}

/* What can be said before anything is computed. */
static wax_seal_event judge_header(struct opening *opening)
{
    wax_seal_event event = read_header(opening->arrival, &opening->header, &opening->header_size);

    if (event == WAX_SEAL_FINE) {
        event =
            claim_judge(&opening->claim, opening->self, &opening->header, opening->arrival->topic);
    }
    return event;
}

static wax_status run(struct opening *opening, wax_opened *opened)
{
    wax_status status;

    opened->event = judge_header(opening);
    opened->sender = opening->header.sender;
    opened->position = opening->header.position;
    if (opened->event != WAX_SEAL_FINE) {
        return WAX_UNTRUSTED;
    }
    opened->epoch = opening->claim.scope.epoch;
    opened->event = WAX_SEAL_NOT_OPENED;
    status = unseal(opening);
    if (status == WAX_OK) {
        status = judge_text(opening, &opened->event);
    }
    if (status == WAX_OK) {
        status = claim_keep(&opening->claim, opening->self);
    }
    if (status == WAX_OK) {
        tell(opening, opened);
    } else if (opening->plain.size > 0) {
        wax_wipe(opening->arrival->envelope, opening->arrival->size);
    }
    return status;
}

wax_status wax_opener_open(wax_opener *self, const wax_seal_arrival *arrival, wax_opened *opened)
{
    struct opening opening = {.self = self, .arrival = arrival};
    wax_status status;

    *opened = (wax_opened){.event = WAX_SEAL_FINE};
    if (!opener_is_sound(self) || arrival->topic.size > WAX_SEAL_TOPIC) {
        return WAX_INVALID;
    }
    status = run(&opening, opened);
    claim_end(&opening.claim);
    return status;
}
