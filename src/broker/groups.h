/* The commons: what cannot belong to one worker, retained messages and shared groups, under one
 * mutex that nobody holds for long. */
#ifndef WAX_BROKER_GROUPS_H
#define WAX_BROKER_GROUPS_H

#include "broker/config.h"
#include "broker/retained.h"
#include "router/router.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct client;
struct worker;

/* A client's place in shared groups, which other workers see. Counted. */
struct seat {
    wax_subscriber subscriber; /* first: the groups know it by this */
    atomic_uint holders;
    atomic_bool is_online;
    struct worker *worker;
    struct client *client; /* touched by its worker alone; NULL once the client is gone */
};

struct commons {
    pthread_mutex_t mutex;
    wax_retained *retained; /* of struct retained */
    wax_router *shared;
    wax_matches matches;
    atomic_uint shared_count;
    atomic_uint retained_count;
    atomic_ullong retained_bytes; /* of their topics and payloads */
    atomic_ullong retained_taken; /* of memory, without the tree of topics */
    atomic_uint stored_count;     /* of those that are in the store alone */
    atomic_ullong stored_bytes;   /* of their payloads */
    wax_retained_walk shed_walk;  /* of the first worker, while `is_shedding` */
    bool is_shedding;             /* what is in memory is being left to the store */
    uint64_t shed_floor;          /* of memory, what could not be */
    bool keeps;                   /* what is retained goes to the store */
    wax_store_batch changes;      /* in the order in which they came about */
    atomic_bool is_changed;       /* there are some */
    atomic_uint_fast64_t mark;    /* of their last commit */
};

wax_status commons_open(struct commons *commons, const uint64_t key[static 2]) WAX_CHECKED;
void commons_close(struct commons *commons);

/* Gives what is retained back, and the tree; NULL is allowed. */
void retained_close(wax_retained *retained);

/* Keeps the message for its topic, or forgets the topic's if the payload is empty; within
 * retained_max, and beyond retained_memory_limit in the store alone. Returns WAX_OK,
 * WAX_QUOTA_EXCEEDED or WAX_FULL. */
wax_status commons_retain(struct commons *commons, struct message *message,
                          const wax_config *config) WAX_CHECKED;

/* Keeps a message that has a payload for its topic unless there is one already. Returns WAX_OK,
 * WAX_QUOTA_EXCEEDED, WAX_FULL, or WAX_INVALID when there is. */
wax_status commons_retain_first(struct commons *commons, struct message *message,
                                const wax_config *config) WAX_CHECKED;

/* Whether there is room in memory for another one. */
bool commons_has_room(const struct commons *commons, const wax_config *config);

/* Takes over what is retained for a topic and in the store already. Before the workers run, or
 * under the mutex. WAX_OK or WAX_FULL. */
wax_status commons_restore(struct commons *commons, wax_bytes topic,
                           struct retained *retained) WAX_CHECKED;

/* Forgets what is retained for a topic if it is still the message of this number. */
void commons_forget(struct commons *commons, wax_bytes topic, uint64_t number);

wax_status commons_join(struct commons *commons, struct seat *seat, const wax_interest *interest,
                        bool *existed) WAX_CHECKED;
wax_status commons_leave(struct commons *commons, struct seat *seat, wax_bytes filter,
                         wax_bytes share_name) WAX_CHECKED;
void commons_leave_all(struct commons *commons, struct seat *seat);

/* What is looked for among the subscriptions of a seat. */
struct search {
    bool (*wants)(void *context, const wax_interest *interest); /* called under the mutex */
    void *context;
    uint8_t *room; /* of READ_ROOM_SIZE, for the filter that is found */
};

/* Finds the first. The share name is the caller's to free. False if there is none, or no memory. */
bool commons_find(struct commons *commons, const struct seat *seat, const struct search *search,
                  wax_interest *found);

/* The way of a message to one member of a group. Members have stops on it: first those who are
 * online, by worker, beginning with the worker `first`; then those who are not, likewise. */
struct errand {
    struct seat *seat; /* whose turn it is, held; NULL: who is next at `stop` is to be found */
    wax_subscription_options options;
    wax_group group;
    uint16_t first;
    uint16_t stop;   /* below it, nobody is asked any more */
    bool is_refused; /* by a member for whom the store took nothing */
    bool must_stay;  /* the message was in the store, and is not lost on any part of the way */
};

/* Chooses one member of each shared group that the topic matches, online ones first and in turn;
 * beginning with the group number `first`. The seats are held for the caller. Returns how many, at
 * most `size`: then there may be more. */
size_t commons_choose(struct commons *commons, wax_bytes topic, uint32_t first,
                      struct errand *chosen, size_t size);

/* Those members whose stop is `errand->stop`, in turn, as errands whose seats are held; the caller
 * frees the array. Returns how many: none, too, when the group is gone or memory is short. */
size_t commons_ask(struct commons *commons, const struct errand *errand, struct errand **members);

/* Gives the errand a seat at the next stop that somebody has, from `errand->stop` on. False if
 * nobody is left. */
bool commons_go_on(struct commons *commons, struct errand *errand);

struct seat *seat_make(struct worker *worker, struct client *client);
void seat_release(struct seat *seat);

#endif
