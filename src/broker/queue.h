/* What waits for a session: the first messages in memory and, of sessions that are kept, the others
 * in the store alone, so that memory does not grow with the queue. */
#ifndef WAX_BROKER_QUEUE_H
#define WAX_BROKER_QUEUE_H

#include "broker/internal.h"

/* Whether anything waits. */
bool queue_is_empty(const struct client *client);
uint64_t queue_length(const struct client *client);

/* How much that is, in bytes as max_queued_bytes counts them; what has waited longest, or NULL when
 * nothing is in memory. */
uint64_t queue_size(const struct client *client);
const struct message *queue_first(const struct client *client);

/* How many of them are in the store alone. */
uint64_t queue_spilled(const struct client *client);

/* How many messages have found no room. */
uint64_t queue_dropped(const struct client *client);

/* Puts a delivery at the end, within the limits. Takes over the delivery, or drops it and returns
 * WAX_QUOTA_EXCEEDED. */
wax_status queue_append(struct client *client, const struct delivery *delivery) WAX_CHECKED;

/* Puts a delivery in front, beyond the limits, or drops it without memory. */
void queue_in_front(struct client *client, struct delivery *delivery);

/* Takes the first delivery out; false when none is in memory: if more wait in the store, they are
 * on their way. unpop() puts it back. */
bool queue_pop(struct client *client, struct delivery *first);
void queue_unpop(struct client *client, const struct delivery *first);

/* Of an offline client: keeps little of it in memory. */
void queue_unload(struct client *client);

/* After a start: the next row of the store. `delivery` is the caller's to fill if it returns true,
 * and to hand over with queue_take_up(), which returns WAX_OK or WAX_FULL; otherwise the row stays
 * where it is. */
bool queue_wants(struct client *client, uint64_t place, uint32_t weight);
wax_status queue_take_up(struct client *client, const struct delivery *delivery) WAX_CHECKED;

/* Forgets all of it; what was for shared groups goes on to others. */
void queue_clear(struct client *client);

/* Drops what was taken out, or never was in. */
void queue_drop(struct client *client, struct delivery *delivery);

/* --- What comes from the store --- */

enum { FETCH_MAX = 256 };

/* Rows on their way into memory. */
struct fetch {
    wax_store_task task;
    struct wax_broker *broker;
    struct worker *worker;
    struct letter *letter; /* that brings them */
    uint64_t session;
    bool is_estate; /* of a session that has ended: what came by shared groups alone */
    unsigned looks; /* how often it has gone to the store */
    uint64_t from;  /* the first place */
    uint64_t last;  /* the last that was read, even if it came to nothing */
    size_t size;    /* of their messages */
    size_t count;
    struct delivery rows[FETCH_MAX];
    size_t id_size;
    uint8_t id[];
};

/* What was fetched belongs to the queue now, unless the queue has changed meanwhile. Returns
 * whether it was for this session, so that deliveries go on. */
bool queue_on_fetched(struct client *client, struct fetch *fetch);
void fetch_free(struct fetch *fetch);

/* Makes a fetch for the session of this id. NULL without memory. */
struct fetch *fetch_make(struct worker *worker, uint64_t session, wax_bytes id);

/* Sends it to the store. */
void fetch_ask(struct fetch *fetch);

/* Sends it again, for what comes behind. False without memory: it is still the caller's. */
bool fetch_again(struct fetch *fetch) WAX_CHECKED;

#endif
