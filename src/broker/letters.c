/* Letters that outlive the process. */
#include "broker/letters.h"

#include <stdlib.h>
#include <string.h>

static void put(struct worker *worker, const struct letter *letter,
                const struct kept_letter *record)
{
    struct kept_key key = kept_key_of_row(record->message, letter->kept);
    wax_writer out = wax_store_put_begin(&worker->changes, WAX_STORE_LETTERS, kept_key_bytes(&key),
                                         kept_letter_size(record), true);

    kept_letter_write(&out, record);
}

uint8_t *letter_group(struct worker *worker, wax_group group, struct kept_letter *record)
{
    struct commons *commons = &worker->broker->commons;
    uint8_t *room = malloc((size_t)2 * UINT16_MAX);
    wax_interest interest = {
        .filter = {NULL, 0}
    };
    wax_status status = WAX_NOT_FOUND;

    if (room == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&commons->mutex);
    if (wax_group_exists(commons->shared, group)) {
        status = wax_group_describe(commons->shared, group, room, UINT16_MAX, &interest);
    }
    if (status == WAX_OK) {
        memcpy(room + UINT16_MAX, interest.share_name.data, interest.share_name.size);
        record->share_name = wax_bytes_of(room + UINT16_MAX, interest.share_name.size);
        record->filter = interest.filter;
    }
    pthread_mutex_unlock(&commons->mutex);
    return room;
}

void letter_keep(struct worker *from, const struct worker *to, struct letter *letter)
{
    struct kept_letter record = {
        .message = letter->message->number,
        .index = letter->kind == LETTER_SEAT ? KEPT_LETTER_SHARED : (uint16_t)to->index,
        .count = (uint16_t)from->broker->worker_count,
    };
    uint8_t *room = NULL;

    if (letter->kind == LETTER_SEAT) {
        room = letter_group(from, letter->errand.group, &record);
    }
    letter->kept = worker_number(from);
    keep_message(from, letter->message);
    put(from, letter, &record);
    from->is_keeping = true;
    free(room);
}

void letter_done(struct worker *worker, const struct letter *letter)
{
    struct kept_key key = kept_key_of_row(letter->message->number, letter->kept);

    if (letter->kept != 0) {
        wax_store_remove(&worker->changes, WAX_STORE_LETTERS, kept_key_bytes(&key));
        worker->is_keeping = true;
    }
}
