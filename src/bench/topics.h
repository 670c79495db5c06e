/* What messages are about, and what is subscribed to, for each shape. */
#ifndef WAX_BENCH_TOPICS_H
#define WAX_BENCH_TOPICS_H

#include "bench/inner.h"

/* All of a PUBLISH before its payload, with a packet id still to be written. */
struct topics_head {
    size_t size;
    size_t id_at;
    size_t digits_at; /* where the number of an item stands; 0: nowhere */
    uint8_t bytes[128];
};

struct topics {
    const struct crowd *crowd;
    uint32_t subscribe_count; /* SUBSCRIBEs of each subscriber */
};

void topics_init(struct topics *topics, const struct crowd *crowd);

/* Whether the messages of a publisher all have the same topic, so that they come in order. */
bool topics_are_ordered(const struct topics *topics);

/* Writes the head of a publisher's messages, whose payload has that size. */
void topics_write_head(const struct topics *topics, uint32_t publisher, size_t payload_size,
                       struct topics_head *head);

/* Chooses the item that a message is about. */
void topics_choose(const struct topics *topics, const struct topics_head *head, uint8_t *packet,
                   uint32_t number);

/* Puts the topic of item `item` into a packet that begins with `head`. */
void topics_set_item(const struct topics_head *head, uint8_t *packet, uint32_t item);

/* Subscribes to everything that the run publishes, at once. */
void topics_subscribe_all(const struct topics *topics, struct peer *peer);

/* Sends one of the SUBSCRIBEs of a subscriber. */
void topics_subscribe(const struct topics *topics, struct peer *peer, uint32_t which);

#endif
