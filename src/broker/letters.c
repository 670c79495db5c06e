/* Letters that outlive the process. */
#include "broker/letters.h"

#include "broker/keep_group.h"

static void put(struct worker *worker, const struct letter *letter,
                const struct kept_letter *record)
{
    struct kept_key key = kept_key_of_row(record->message, letter->kept);
    wax_writer out = wax_store_put_begin(&worker->changes, WAX_STORE_LETTERS, kept_key_bytes(&key),
                                         kept_letter_size(record), true);

    kept_letter_write(&out, record);
}

void letter_keep(struct worker *from, const struct worker *to, struct letter *letter)
{
    struct kept_letter record = {
        .message = letter->message->number,
        .index = letter->kind == LETTER_SEAT ? KEPT_LETTER_SHARED : (uint16_t)to->index,
        .count = (uint16_t)from->broker->worker_count,
    };
    wax_interest group;

    if (letter->kind == LETTER_SEAT && keep_group(from, letter->errand.group, &group)) {
        record.share_name = group.share_name;
        record.filter = group.filter;
    }
    letter->kept = worker_number(from);
    keep_message(from, letter->message);
    put(from, letter, &record);
    from->is_keeping = true;
}

void letter_done(struct worker *worker, const struct letter *letter)
{
    struct kept_key key = kept_key_of_row(letter->message->number, letter->kept);

    if (letter->kept != 0) {
        wax_store_remove(&worker->changes, WAX_STORE_LETTERS, kept_key_bytes(&key));
        worker->is_keeping = true;
    }
}

void letters_withdraw(struct worker *worker, const struct message *message)
{
    struct kept_key key = kept_key_of(message->number);

    wax_store_remove_all(&worker->changes, WAX_STORE_LETTERS, kept_key_bytes(&key));
}
