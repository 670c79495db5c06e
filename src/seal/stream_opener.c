/* A stream, opened chunk by chunk from bytes as they come. [6] */
#include "seal/seal.h"

#include <string.h>

#include "seal/judge.h"
#include "seal/stream.h"
#include "seal/text_read.h"

enum { NUMBERS_SIZE = 8 /* of a head: the size of chunks, and the index of the first */ };

void wax_stream_opener_begin(wax_stream_opener *self, wax_bytes topic, size_t message_size,
                             uint64_t now_ms)
{
    self->topic = topic;
    self->now_ms = now_ms;
    self->left = message_size;
    self->filled = 0;
    self->head_size = 0;
    self->is_refused = false;
}

/* Forgets a stream, but not the message that came. */
static void forget(wax_stream_opener *self)
{
    self->sender = 0;
    self->next = 0;
    self->promised = 0;
    self->is_whole = false;
    wax_wipe(self->key, sizeof self->key);
}

void wax_stream_opener_end(wax_stream_opener *self)
{
    const wax_stream_opener bare = {
        .opener = self->opener, .room = self->room, .room_size = self->room_size};

    wax_wipe(self, sizeof *self);
    *self = bare;
}

/* The message cannot be taken; the rest of it is passed over. */
static wax_status refuse(wax_stream_opener *self, wax_chunk *chunk, wax_seal_event event)
{
    self->is_refused = true;
    chunk->event = event;
    return WAX_UNTRUSTED;
}

/* Moves up to `wanted` bytes of the message to where they are gathered. */
static bool gather(wax_stream_opener *self, wax_bytes *bytes, uint8_t *to, size_t wanted)
{
    size_t size = wanted > self->filled ? wanted - self->filled : 0;

    size = size < bytes->size ? size : bytes->size;
    size = size < self->left ? size : self->left;
    if (size > 0) {
        memcpy(to + self->filled, bytes->data, size);
        *bytes = wax_bytes_of(bytes->data + size, bytes->size - size);
    }
    self->filled += size;
    self->left -= size;
    return self->filled >= wanted;
}

/* How large the head is, as far as it has come: more, as long as its second byte is missing. */
static size_t head_size_of(const wax_stream_opener *self)
{
    const unsigned configuration = self->filled < 2 ? 0 : self->head[1];
    size_t size = 2;

    size += (configuration & 0x80U) != 0 ? (configuration >> 4 & 7U) + 1 : 0;
    size += (configuration & 0x08U) != 0 ? (configuration & 7U) + 1 : 0;
    return self->filled < 2 ? 2 : size + NUMBERS_SIZE;
}

/* The head of a message, read. */
struct head {
    struct header header;
    uint32_t chunk_size;
    uint32_t index;
    bool has_end;
};

static bool read_head(const wax_stream_opener *self, struct head *head)
{
    wax_reader in = wax_reader_over(wax_bytes_of(self->head, self->filled));
    uint32_t first;

    header_read(&in, &head->header);
    head->chunk_size = wax_read_u32(&in);
    first = wax_read_u32(&in);
    head->index = first & ~STREAM_END_BIT;
    head->has_end = (first & STREAM_END_BIT) != 0;
    return in.status == WAX_OK && head->header.kind == KIND_STREAM &&
           stream_takes(head->chunk_size);
}

/* What a chunk takes besides its text. */
static size_t overhead(const wax_stream_opener *self)
{
    return WAX_HEDGE_SIZE + (size_t)self->opener->group->tag_size;
}

/* Whether what is left of the message are chunks, of which only the stream's last may be shorter.
 */
static bool has_chunks(const wax_stream_opener *self, const struct head *head)
{
    const size_t whole = head->chunk_size + overhead(self);
    const size_t rest = self->left % whole;
    const size_t count = self->left / whole + (rest > 0);

    return count > 0 && (rest == 0 || (head->has_end && rest > overhead(self))) &&
           count <= (size_t)WAX_CHUNK_INDEX_MAX + 1 - head->index;
}

static bool is_same_stream(const wax_stream_opener *self, const struct head *head)
{
    return self->sender == head->header.sender && (uint8_t)self->epoch == head->header.epoch &&
           self->position == head->header.position;
}

/* A stream's first message: judged as a message would be. */
static wax_seal_event judge_first(const wax_stream_opener *self, const struct head *head)
{
    struct claim claim;
    wax_seal_event event = claim_judge(&claim, self->opener, &head->header, self->topic);

    event = event == WAX_SEAL_FINE && claim.is_again ? WAX_SEAL_AGAIN : event;
    claim_end(&claim);
    return event;
}

/* The index that a message may begin with at most. */
static uint32_t due(const wax_stream_opener *self, const struct head *head)
{
    return is_same_stream(self, head) ? self->next : 0;
}

/* What speaks against a message, which begins a stream or goes on with one. */
static wax_seal_event judge_head(const wax_stream_opener *self, const struct head *head)
{
    const bool goes_on = self->sender != 0 && is_same_stream(self, head);
    const wax_seal_event event = goes_on ? WAX_SEAL_FINE : judge_first(self, head);

    if (event != WAX_SEAL_FINE) {
        return event;
    }
    if (goes_on && head->chunk_size != self->chunk_size) {
        return WAX_SEAL_BAD_FORM;
    }
    if (head->chunk_size + overhead(self) > self->room_size) {
        return WAX_SEAL_TOO_LARGE;
    }
    return head->index > due(self, head) ? WAX_SEAL_GAP : WAX_SEAL_FINE;
}

/* The message's head is there. Returns WAX_MORE to go on, or as the push. */
static wax_status take_head(wax_stream_opener *self, wax_chunk *chunk)
{
    struct head head;
    wax_seal_event event;

    if (!read_head(self, &head) || !has_chunks(self, &head)) {
        return refuse(self, chunk, WAX_SEAL_BAD_FORM);
    }
    if (self->sender != 0 && !self->is_whole && !is_same_stream(self, &head)) {
        self->is_refused = true;
        return WAX_CROWDED;
    }
    event = judge_head(self, &head);
    if (event != WAX_SEAL_FINE) {
        chunk->missing = event == WAX_SEAL_GAP ? head.index - due(self, &head) : 0;
        return refuse(self, chunk, event);
    }
    if (self->sender != 0 && !is_same_stream(self, &head)) {
        forget(self);
    }
    self->head_size = (uint8_t)self->filled;
    self->filled = 0;
    self->chunk_size = head.chunk_size;
    self->index = head.index;
    self->has_end = head.has_end;
    self->is_refused = self->is_whole;
    return WAX_MORE;
}

/* Whether the chunk that is gathered is the stream's last. */
static bool is_last(const wax_stream_opener *self)
{
    return self->has_end && self->left == 0;
}

/* Opens what was gathered, with the key of a stream. */
static wax_status unseal(wax_stream_opener *self, const struct claim *claim, const uint8_t *key,
                         wax_bytes *plain)
{
    const wax_seal_room *room = &self->opener->room;
    const struct chunk_place place = {.scope = claim->scope,
                                      .position = claim->position,
                                      .chunk_size = self->chunk_size,
                                      .index = self->index,
                                      .is_last = is_last(self)};
    wax_writer associated = wax_writer_over(room->data, room->size);
    wax_status status = stream_bind(&place, self->topic, &associated);
    const wax_box box = {.suite = claim->scope.group->suite,
                         .key = key,
                         .associated = wax_writer_bytes(&associated),
                         .number = self->index,
                         .tag_size = claim->scope.group->tag_size};

    return status == WAX_OK ? wax_box_open(&box, self->room, self->filled, plain) : status;
}

/* What a stream begins with. */
static wax_seal_event read_front(wax_stream_opener *self, wax_bytes plain, wax_chunk *chunk)
{
    struct text text;

    if (text_read_front(&text, plain, FLAG_FIELDS | FLAG_RETAIN) != WAX_OK) {
        return WAX_SEAL_BAD_FORM;
    }
    chunk->data = text.rest;
    chunk->fields = text.fields;
    chunk->retain = (text.flags & FLAG_RETAIN) != 0;
    self->promised = text.stream_size;
    return text_judge(&text, self->opener, self->topic, self->now_ms);
}

/* Whether the stream ends where it said it would. */
static bool ends_well(const wax_stream_opener *self, size_t size)
{
    return !is_last(self) || self->promised == 0 ||
           self->promised == (uint64_t)self->index * self->chunk_size + size;
}

/* Reads a chunk's text. */
static wax_seal_event read_chunk(wax_stream_opener *self, wax_bytes plain, wax_chunk *chunk)
{
    wax_seal_event event = WAX_SEAL_FINE;

    chunk->data = plain;
    if (self->index == 0) {
        event = read_front(self, plain, chunk);
    }
    return event == WAX_SEAL_FINE && !ends_well(self, plain.size) ? WAX_SEAL_BAD_FORM : event;
}

/* Nothing is left of a chunk, nor taken of the message that it is in. */
static void drop_chunk(wax_stream_opener *self, wax_chunk *chunk)
{
    wax_wipe(self->room, self->filled);
    *chunk = (wax_chunk){.event = chunk->event};
    self->is_refused = true;
}

/* Opens a chunk under `key`, and looks at what the stream begins with. */
static wax_status open_chunk(wax_stream_opener *self, const struct claim *claim, const uint8_t *key,
                             wax_chunk *chunk)
{
    wax_bytes plain;
    wax_status status = unseal(self, claim, key, &plain);

    chunk->event = status == WAX_OK ? read_chunk(self, plain, chunk) : WAX_SEAL_NOT_OPENED;
    if (chunk->event == WAX_SEAL_FINE) {
        return WAX_OK;
    }
    drop_chunk(self, chunk);
    return status == WAX_OK ? WAX_UNTRUSTED : status;
}

/* The first chunk that comes of a stream: only when it is good there is a stream at all. */
static wax_status open_first(wax_stream_opener *self, struct claim *claim, wax_chunk *chunk)
{
    wax_status status = claim_derive(claim);

    if (status == WAX_OK) {
        status = schedule(&claim->scope, claim->secret, USE_STREAM_KEY, claim->position, self->key);
    }
    if (status == WAX_OK) {
        status = open_chunk(self, claim, self->key, chunk);
    }
    if (status == WAX_OK) {
        status = claim_keep(claim, self->opener);
        if (status != WAX_OK) {
            drop_chunk(self, chunk);
        }
    }
    if (status == WAX_OK) {
        self->sender = claim->scope.sender;
        self->epoch = claim->scope.epoch;
        self->position = claim->position;
    } else {
        wax_wipe(self->key, sizeof self->key);
    }
    return status;
}

/* Judges the head again: what else came meanwhile may speak against it. */
static wax_status begin_stream(wax_stream_opener *self, wax_chunk *chunk)
{
    wax_reader in = wax_reader_over(wax_bytes_of(self->head, self->head_size));
    struct header header;
    struct claim claim;
    wax_seal_event event;
    wax_status status;

    header_read(&in, &header);
    event = claim_judge(&claim, self->opener, &header, self->topic);
    status = event == WAX_SEAL_FINE ? open_first(self, &claim, chunk) : refuse(self, chunk, event);
    claim_end(&claim);
    return status;
}

static wax_status go_on(wax_stream_opener *self, wax_chunk *chunk)
{
    const struct claim claim = {
        .scope = {.group = self->opener->group, .epoch = self->epoch, .sender = self->sender},
        .position = self->position
    };

    return open_chunk(self, &claim, self->key, chunk);
}

/* A chunk is there in whole. */
static wax_status take_chunk(wax_stream_opener *self, wax_chunk *chunk)
{
    wax_status status = WAX_MORE;

    if (self->sender == 0) {
        status = begin_stream(self, chunk);
    } else if (self->index >= self->next) {
        status = go_on(self, chunk);
    }
    self->filled = 0;
    if (status == WAX_OK) {
        chunk->index = self->index;
        chunk->is_last = is_last(self);
        self->next = self->index + 1;
        self->is_whole = chunk->is_last;
    }
    self->index++;
    return status;
}

/* Gathers the head. The first byte and the second say how much it is. */
static wax_status push_head(wax_stream_opener *self, wax_bytes *bytes, wax_chunk *chunk)
{
    const bool has_sizes = gather(self, bytes, self->head, 2);
    const size_t size = head_size_of(self);

    if (has_sizes && size <= sizeof self->head && gather(self, bytes, self->head, size)) {
        return take_head(self, chunk);
    }
    return self->left > 0 && size <= sizeof self->head ? WAX_MORE
                                                       : refuse(self, chunk, WAX_SEAL_BAD_FORM);
}

/* How many bytes the next chunk has. */
static size_t chunk_size_of(const wax_stream_opener *self)
{
    const size_t most = self->chunk_size + overhead(self);
    const size_t there = self->filled + self->left;

    return there < most ? there : most;
}

wax_status wax_stream_opener_push(wax_stream_opener *self, wax_bytes *bytes, wax_chunk *chunk)
{
    wax_status status = WAX_MORE;
    size_t skipped;

    *chunk = (wax_chunk){.event = WAX_SEAL_FINE};
    if (!opener_is_sound(self->opener) || bytes->size > self->left) {
        return WAX_INVALID;
    }
    if (!self->is_refused && self->head_size == 0) {
        status = push_head(self, bytes, chunk);
    }
    if (!self->is_refused && self->head_size > 0 &&
        gather(self, bytes, self->room, chunk_size_of(self))) {
        status = take_chunk(self, chunk);
    }
    if (self->is_refused) {
        skipped = bytes->size;
        self->left -= skipped;
        *bytes = wax_bytes_of(bytes->data + skipped, 0);
    }
    return status;
}

wax_status wax_stream_opener_resume(wax_stream_opener *self, const wax_stream_place *place)
{
    struct claim claim = {
        .scope = {.group = self->opener->group, .epoch = place->epoch, .sender = place->sender},
        .position = place->position,
        .epoch = opener_find_epoch(self->opener, place->epoch, place->sender)
    };
    wax_status status;

    wax_stream_opener_end(self);
    if (place->sender == 0 || place->sender > WAX_SENDER_MAX ||
        place->position > WAX_POSITION_MAX || !stream_takes(place->chunk_size)) {
        return WAX_INVALID;
    }
    if (claim.epoch == NULL) {
        return WAX_NOT_FOUND;
    }
    status = claim_derive(&claim);
    if (status == WAX_OK) {
        status = schedule(&claim.scope, claim.secret, USE_STREAM_KEY, place->position, self->key);
    }
    claim_end(&claim);
    if (status == WAX_OK) {
        self->sender = place->sender;
        self->epoch = place->epoch;
        self->position = place->position;
        self->chunk_size = place->chunk_size;
        self->next = place->next;
    }
    return status;
}
