/* Payloads of every level: as they are, encrypted whole, sealed, or sealed as streams of chunks. */
#include "levels/inner.h"
#include "os/os.h"

#include <string.h>

enum {
    EPOCH = 1,
    SENDER = 1,
    TAG_SIZE = 16,
    CBC_BLOCK = 16,
    FRONT = 32, /* room in front of a piece: the head of an envelope or of a stream */
    BACK = 32,  /* and behind it: a tag */
};

void levels_fill(uint8_t *room, uint32_t number, size_t at, size_t size)
{
    (void)at;
    memset(room, (int)(number & 0xff), size);
}

/* ---- Where the sender's window is written down: devices have flash for it ---- */

static wax_status load(wax_seal_store *self, const uint8_t *group_id, wax_seal_window *window)
{
    const struct levels_store *store = (struct levels_store *)self;

    (void)group_id;
    *window = store->window;
    return store->is_saved ? WAX_OK : WAX_NOT_FOUND;
}

static wax_status save(wax_seal_store *self, const uint8_t *group_id, const wax_seal_window *window)
{
    struct levels_store *store = (struct levels_store *)self;

    (void)group_id;
    store->window = *window;
    store->is_saved = true;
    return WAX_OK;
}

static wax_status start_sealer(struct levels_cover *cover)
{
    static const wax_suite *const suites[] = {NULL, &wax_suite_chacha, &wax_suite_ascon,
                                              &wax_suite_ccm};
    uint8_t sender_secret[WAX_SECRET_SIZE];
    const wax_seal_grant grant = {.epoch = EPOCH, .secret = sender_secret};
    wax_status status;

    cover->filter = cover->topic;
    cover->group = (wax_seal_group){
        .suite = suites[cover->row->suite],
        .id = "levels",
        .group_class = WAX_CLASS_STREAM,
        .tag_size = TAG_SIZE,
        .filters = &cover->filter,
        .filter_count = 1,
    };
    cover->store.store = (wax_seal_store){.load = load, .save = save};
    cover->sealer = (wax_sealer){
        .group = &cover->group,
        .store = &cover->store.store,
        .room = {cover->seal_room, sizeof cover->seal_room},
        .sender = SENDER,
    };
    status = wax_seal_sender_secret(&cover->group, EPOCH, cover->secret, SENDER, sender_secret);
    if (status == WAX_OK) {
        status = wax_sealer_start(&cover->sealer, &grant);
    }
    wax_wipe(sender_secret, sizeof sender_secret);
    return status;
}

wax_status levels_cover_open(struct levels_cover *cover, const wax_levels_plan *plan,
                             wax_bytes topic)
{
    *cover = (struct levels_cover){.plan = plan, .row = &wax_levels[plan->level], .topic = topic};
    wax_os_random(cover->secret, sizeof cover->secret);
    if (cover->row->cover == WAX_COVER_CBC) {
        cover->whole = levels_take(plan->size);
        cover->sealed = levels_take((size_t)plan->size + CBC_BLOCK);
        return cover->whole != NULL && cover->sealed != NULL ? WAX_OK : WAX_FULL;
    }
    cover->room = levels_take(FRONT + (plan->size < plan->chunk ? plan->size : plan->chunk) + BACK);
    if (cover->room == NULL) {
        return WAX_FULL;
    }
    return cover->row->cover == WAX_COVER_SEALED ? start_sealer(cover) : WAX_OK;
}

void levels_cover_close(struct levels_cover *cover)
{
    wax_sealer_end(&cover->sealer);
    wax_wipe(cover->secret, sizeof cover->secret);
    levels_give(cover->room);
    levels_give(cover->whole);
    levels_give(cover->sealed);
}

/* ---- Messages ---- */

static wax_status encrypt(struct levels_cover *cover, size_t *size)
{
    size_t whole = cover->plan->size;

    levels_fill(cover->whole, cover->number, 0, whole);
    if (!levels_cbc(cover->secret, wax_bytes_of(cover->whole, whole), cover->sealed,
                    &cover->sealed_size)) {
        return WAX_UNSPECIFIED_ERROR;
    }
    *size = cover->sealed_size;
    return WAX_OK;
}

static wax_status start_stream(struct levels_cover *cover, size_t *size)
{
    uint8_t head[WAX_STREAM_HEAD_MAX];
    wax_writer out = wax_writer_over(head, sizeof head);
    uint32_t chunk = cover->plan->chunk;
    wax_status status =
        wax_stream_sealer_start(&cover->stream, &cover->sealer, cover->topic, chunk);

    if (status != WAX_OK) {
        return status;
    }
    cover->total = (size_t)cover->plan->size + 1; /* flags, and no fields */
    wax_stream_write_head(&cover->stream, &out, true);
    *size = out.used + cover->total +
            (cover->total + chunk - 1) / chunk * (WAX_CHUNK_ROOM((size_t)chunk) - chunk);
    return WAX_OK;
}

wax_status levels_cover_begin(struct levels_cover *cover, uint32_t number, size_t *size)
{
    const wax_seal_message message = {.topic = cover->topic};

    cover->number = number;
    cover->done = 0;
    cover->is_stream =
        cover->row->cover == WAX_COVER_SEALED && cover->plan->size > cover->plan->chunk;
    if (cover->is_stream) {
        return start_stream(cover, size);
    }
    if (cover->row->cover == WAX_COVER_CBC) {
        return encrypt(cover, size);
    }
    *size = cover->row->cover == WAX_COVER_NONE
                ? cover->plan->size
                : wax_sealer_envelope_size(&cover->sealer, &message, cover->plan->size);
    return WAX_OK;
}

static wax_status next_plain(struct levels_cover *cover, wax_bytes *piece)
{
    size_t left = cover->plan->size - cover->done;
    size_t size = left < cover->plan->chunk ? left : cover->plan->chunk;

    levels_fill(cover->room, cover->number, cover->done, size);
    cover->done += size;
    *piece = wax_bytes_of(cover->room, size);
    return WAX_OK;
}

static wax_status next_envelope(struct levels_cover *cover, wax_bytes *piece)
{
    const wax_seal_message message = {.topic = cover->topic};
    size_t size = cover->plan->size;
    const wax_seal_buffer buffer = {
        .data = cover->room,
        .size = FRONT + size + BACK,
        .payload_at = FRONT,
        .payload_size = size,
    };

    levels_fill(cover->room + FRONT, cover->number, 0, size);
    return wax_sealer_seal(&cover->sealer, &message, &buffer, piece);
}

/* The first chunk begins with the stream's flags, and the head of the message stands before it. */
static wax_status next_chunk(struct levels_cover *cover, wax_bytes *piece)
{
    uint8_t *hedge = cover->room + FRONT - WAX_HEDGE_SIZE;
    wax_writer front = wax_writer_over(cover->room + FRONT, BACK);
    wax_writer head = wax_writer_over(cover->room, FRONT - WAX_HEDGE_SIZE);
    size_t left = cover->total - cover->done;
    bool is_last = left <= cover->plan->chunk;
    size_t size = is_last ? left : cover->plan->chunk;
    wax_status status;

    if (cover->done == 0) {
        wax_stream_write_front(&front, (wax_bytes){NULL, 0}, false);
        wax_stream_write_head(&cover->stream, &head, true);
    }
    levels_fill(cover->room + FRONT + front.used, cover->number, cover->done, size - front.used);
    status = wax_stream_sealer_seal(&cover->stream, hedge, size, is_last);
    cover->done += size;
    memmove(hedge - head.used, cover->room, head.used);
    *piece = wax_bytes_of(hedge - head.used, head.used + WAX_HEDGE_SIZE + size + TAG_SIZE);
    if (is_last) {
        wax_stream_sealer_end(&cover->stream);
    }
    return status;
}

wax_status levels_cover_next(struct levels_cover *cover, wax_bytes *piece)
{
    if (cover->is_stream) {
        return next_chunk(cover, piece);
    }
    switch (cover->row->cover) {
    case WAX_COVER_CBC:
        *piece = wax_bytes_of(cover->sealed, cover->sealed_size);
        return WAX_OK;
    case WAX_COVER_SEALED:
        return next_envelope(cover, piece);
    case WAX_COVER_NONE:
        break;
    }
    return next_plain(cover, piece);
}
