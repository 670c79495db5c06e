/* What a worker owes: acknowledgements that wait for the store. */
#ifndef WAX_BROKER_OWINGS_H
#define WAX_BROKER_OWINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct message;

/* An acknowledgement. */
struct owed {
    struct client *client;   /* NULL: it has ended */
    struct message *message; /* that other workers have, too; NULL: none has */
    uint64_t connection;     /* its number */
    uint64_t mark;           /* of the commit here; WAX_NEVER: that of this turn */
    uint16_t packet_id;
    uint8_t type;
    uint8_t reason;
};

/* A message of another worker's publisher, who waits for the commit of this turn. */
struct judged {
    struct message *message;
    bool is_kept; /* in this worker's part of the store */
};

struct owings {
    struct owed *items;
    size_t count;
    size_t size;
    size_t old_count; /* of them, those of earlier turns */
    struct judged *judged;
    size_t judged_count;
    size_t judged_size;
    uint64_t mark;    /* the greatest of a commit here */
    uint64_t durable; /* when somebody looked last */
    uint32_t scan;
    bool has_late; /* some that were given a mark wait for the commit of this turn after all */
    bool is_rung;  /* another worker has committed what was waited for, perhaps */
};

#endif
