/* The Application Message: one block, immutable once it is shared, counted. */
#ifndef WAX_BROKER_MESSAGE_H
#define WAX_BROKER_MESSAGE_H

#include <stdatomic.h>

#include "access/access.h"

struct message {
    atomic_uint holders;
    uint64_t number;     /* no two messages of a process have the same */
    uint64_t sender;     /* the client's number, for No Local; 0: the broker itself */
    uint64_t expires_ms; /* WAX_NEVER */
    uint64_t made_ms;
    uint32_t lifetime_s;  /* Message Expiry Interval; UINT32_MAX: none */
    wax_bytes topic;      /* mount point included */
    wax_bytes properties; /* those that go on to the subscribers, encoded */
    wax_bytes payload;
    wax_bytes author; /* user name; for retained messages, whose author's right is checked again */
    wax_bytes author_id;
    uint16_t listener; /* whose rules the author is under */
    uint8_t qos;
    bool retain;
    bool has_author; /* a user name, perhaps empty */
    size_t size;     /* of the block */

    /* While other workers deliver a message that its publisher wants acknowledged: */
    atomic_uint awaited;       /* how many have yet to commit what they did with it */
    atomic_uint_fast64_t mark; /* when their commits are durable */
    atomic_uint refusal;       /* a reason: not all of it could be kept; 0: all is well */
    uint16_t home;             /* the publisher's worker */
    bool is_once; /* QoS 2 from a session that is kept, or a Will: not lost, and never twice */
};

struct draft {
    wax_bytes mount_point;
    wax_bytes topic;
    wax_bytes properties; /* as they came */
    wax_bytes payload;
    const wax_access_identity *author; /* NULL: the broker */
    uint64_t sender;
    uint16_t listener;
    uint8_t qos;
    bool retain;
};

/* Makes a message with one holder. NULL without memory. */
struct message *message_make(const struct draft *draft, uint64_t now_ms);

/* Messages that are made from here on get greater numbers. */
void message_pass_number(uint64_t number);

/* Makes a message again that was written down, under its old number, and passes it. `old` only
 * lends its fields. NULL without memory. */
struct message *message_restore(const struct message *old);
struct message *message_hold(struct message *message);
void message_release(struct message *message);

/* Lets the lifetime begin now: a Will lives from when it is published. */
void message_stamp(struct message *message, uint64_t now_ms);

#endif
