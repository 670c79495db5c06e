/* What is retained for a topic, as it lies in memory: packed, as the message that came, or not at
 * all, when the store has it. Immutable. The topic is not part of it: the tree knows that. */
#ifndef WAX_BROKER_RETAINED_H
#define WAX_BROKER_RETAINED_H

#include "broker/message.h"

enum {
    RETAINED_PACKED_MAX = 2048, /* bytes of a message with its topic; a larger one is kept whole */
};

enum retained_form {
    RETAINED_PACKED, /* a message is made of it for each who wants it */
    RETAINED_WHOLE,  /* all share the one that came */
    RETAINED_STORED, /* it is read from the store */
};

struct retained {
    uint64_t number;       /* of the message */
    uint32_t payload_size; /* UINT32_MAX: as the store says */
    uint8_t form;          /* enum retained_form */
    uint8_t qos;
    bool has_author;
};

/* Makes it of a message, which it may hold. NULL without memory. */
struct retained *retained_make(struct message *message);

/* Makes what stands for a message that the store has. NULL without memory. */
struct retained *retained_stored(uint64_t number, size_t payload_size);

void retained_free(struct retained *retained);

/* How many bytes it takes of memory; of that, what it would not take if the store alone had it. */
size_t retained_taken(const struct retained *retained);

/* The message, held for the caller. NULL without memory, or when the store has it. */
struct message *retained_message(const struct retained *retained, wax_bytes topic);

#endif
