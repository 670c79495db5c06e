/* Estates: rows of sessions that are no more. */
#include "broker/estate.h"

#include "broker/keep.h"

enum { KEY_SIZE = 32 };

static wax_bytes key_of(uint64_t session, uint8_t room[static KEY_SIZE])
{
    wax_writer out = wax_writer_over(room, KEY_SIZE);

    wax_write_bytes(&out, WAX_TEXT(ESTATE_KEY));
    wax_write_decimal(&out, session);
    return wax_writer_bytes(&out);
}

void estate_go_on(struct worker *worker, uint64_t session)
{
    struct fetch *fetch = fetch_make(worker, session, (wax_bytes){NULL, 0});

    if (fetch != NULL) { /* else the next start goes on with it */
        fetch->is_estate = true;
        fetch->from = 1;
        fetch_ask(fetch);
    }
}

void estate_begin(struct client *client)
{
    struct kept_key value = kept_key_of(client->number);
    uint8_t room[KEY_SIZE];

    if (!keeps(client) || client->bridge != NULL || queue_spilled(client) == 0 ||
        !client->has_shared_rows) {
        return;
    }
    client->has_estate = true;
    client->worker->is_keeping = true;
    wax_store_put(&client->worker->changes, WAX_STORE_META, key_of(client->number, room),
                  kept_key_bytes(&value), false);
    estate_go_on(client->worker, client->number);
}

static void end(struct worker *worker, uint64_t session)
{
    struct kept_key key = kept_key_of(session);
    uint8_t room[KEY_SIZE];

    wax_store_remove_all(&worker->changes, WAX_STORE_QUEUES, kept_key_bytes(&key));
    wax_store_remove(&worker->changes, WAX_STORE_META, key_of(session, room));
}

static void hand_on(struct worker *worker, const struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->count; i++) {
        struct kept_key key = kept_key_of_row(fetch->session, fetch->rows[i].place);
        worker_pass_on(worker, &fetch->rows[i]);
        wax_store_remove(&worker->changes, WAX_STORE_QUEUES, kept_key_bytes(&key));
    }
}

/* The first look may have come before the commit of the turn in which the session ended. */
void estate_on_fetched(struct worker *worker, struct fetch *fetch)
{
    uint64_t session = fetch->session;
    bool is_over = fetch->last < fetch->from && fetch->looks > 1;

    if (worker->is_stopping) {
        fetch_free(fetch);
        return;
    }
    hand_on(worker, fetch);
    if (is_over) {
        end(worker, session);
    }
    if (is_over || !fetch_again(fetch)) {
        fetch_free(fetch);
    }
}
