/* The way back: a message is received, opened, and compared with what was sent. */
#include "levels/inner.h"

#include <string.h>

enum { ROOM_SPARE = 4096 };

/* What has come of a message, and what opens it. */
struct arrival {
    struct levels_cover *cover;
    uint8_t *envelope; /* what came */
    size_t size;
    uint8_t *text; /* what was opened */
    size_t text_size;
};

static wax_opener opener_of(const struct levels_cover *cover, const wax_epoch_key *key,
                            wax_sender_record *record, uint8_t *room)
{
    static const wax_sender_range range = {1, 1};

    return (wax_opener){
        .group = &cover->group,
        .room = {room, sizeof cover->seal_room},
        .epochs = key,
        .epoch_count = 1,
        .epochs_kept = 1,
        .ranges = &range,
        .range_count = 1,
        .senders = record,
        .sender_count = 1,
        .topics = NULL,
    };
}

/* Puts opened text behind what there is; more than a message has is left out, and so missed. */
static void append(struct arrival *arrival, wax_bytes text)
{
    if (text.size <= arrival->cover->plan->size - arrival->text_size) {
        memcpy(arrival->text + arrival->text_size, text.data, text.size);
        arrival->text_size += text.size;
    }
}

static bool open_stream(struct arrival *arrival, wax_opener *opener)
{
    struct levels_cover *cover = arrival->cover;
    wax_stream_opener stream = {
        .opener = opener,
        .room = levels_take(WAX_CHUNK_ROOM((size_t)cover->plan->chunk)),
        .room_size = WAX_CHUNK_ROOM((size_t)cover->plan->chunk),
    };
    wax_bytes left = wax_bytes_of(arrival->envelope, arrival->size);
    wax_chunk chunk = {.is_last = false};
    wax_status status = WAX_OK;

    if (stream.room == NULL) {
        return false;
    }
    wax_stream_opener_begin(&stream, cover->topic, arrival->size, 0);
    while (left.size > 0 && (status == WAX_OK || status == WAX_MORE)) {
        status = wax_stream_opener_push(&stream, &left, &chunk);
        if (status == WAX_OK) {
            append(arrival, chunk.data);
        }
    }
    wax_stream_opener_end(&stream);
    levels_give(stream.room);
    return status == WAX_OK && chunk.is_last;
}

static bool open_sealed(struct arrival *arrival)
{
    struct levels_cover *cover = arrival->cover;
    uint8_t room[sizeof cover->seal_room];
    wax_sender_record record = {.epoch = 0};
    const wax_epoch_key key = {1, WAX_EPOCH_SECRET, cover->secret};
    wax_opener opener = opener_of(cover, &key, &record, room);
    const wax_seal_arrival came = {cover->topic, arrival->envelope, arrival->size, 0};
    wax_opened opened;

    if (cover->is_stream) {
        return open_stream(arrival, &opener);
    }
    if (wax_opener_open(&opener, &came, &opened) != WAX_OK ||
        opened.payload.size != cover->plan->size) {
        return false;
    }
    memcpy(arrival->text, opened.payload.data, opened.payload.size);
    arrival->text_size = opened.payload.size;
    return true;
}

static bool open_it(struct arrival *arrival)
{
    if (arrival->cover->row->cover == WAX_COVER_SEALED) {
        return open_sealed(arrival);
    }
    memcpy(arrival->text, arrival->envelope, arrival->size);
    arrival->text_size = arrival->size;
    return arrival->cover->row->cover == WAX_COVER_NONE ||
           levels_cbc_open(arrival->cover->secret, arrival->text, &arrival->text_size);
}

/* Whether what came is what was sent, and on the wire was not. */
static bool is_right(struct arrival *arrival)
{
    size_t size = arrival->cover->plan->size;
    bool is_same = open_it(arrival) && arrival->text_size == size;

    for (size_t i = 0; is_same && i < size; i++) {
        uint8_t wanted;

        levels_fill(&wanted, arrival->cover->number, i, 1);
        is_same = arrival->text[i] == wanted;
    }
    return is_same;
}

static bool gather(struct arrival *arrival, wax_bytes piece, size_t room)
{
    if (piece.size > room - arrival->size) {
        return false;
    }
    memcpy(arrival->envelope + arrival->size, piece.data, piece.size);
    arrival->size += piece.size;
    return true;
}

/* Receives one message, whole. */
static bool receive(struct levels_end *reader, struct arrival *arrival, size_t room)
{
    wax_client_event event = {.type = WAX_CLIENT_NOTHING};

    do {
        if (!levels_end_turn(reader, &event)) {
            return false;
        }
        if ((event.type == WAX_CLIENT_MESSAGE || event.type == WAX_CLIENT_PAYLOAD) &&
            !gather(arrival, event.publish.payload, room)) {
            return false;
        }
    } while ((event.type != WAX_CLIENT_MESSAGE && event.type != WAX_CLIENT_PAYLOAD) ||
             event.payload_left > 0);
    return true;
}

bool levels_end_verify(struct levels_end *end, struct levels_cover *cover)
{
    size_t room = (size_t)end->plan->size * 2 + ROOM_SPARE;
    struct arrival arrival = {cover, levels_take(room), 0, levels_take(room), 0};
    struct levels_end reader;
    bool is_good = arrival.envelope != NULL && arrival.text != NULL &&
                   levels_end_open(&reader, end->plan, end->result);

    if (is_good) {
        reader.is_reader = true;
        is_good = levels_end_connect(&reader) && levels_end_subscribe(&reader, end->topic) &&
                  levels_end_send(end, cover, 7, 0) && levels_end_drain(end) &&
                  receive(&reader, &arrival, room);
        end->result->is_verified = is_good && is_right(&arrival);
        levels_end_leave(&reader);
        levels_end_close(&reader);
    }
    levels_give(arrival.envelope);
    levels_give(arrival.text);
    return end->result->is_verified ||
           levels_fail(end->result, WAX_INVALID, "a message did not come back as it was sent");
}
