/* Topics on which nothing goes but envelopes of sealed MQTT (`sealed_only`), and what their headers
 * tell of who sends them. The broker has no key: it sees what is no envelope, what is lost, what
 * comes twice; not whether an envelope is good. */
#ifndef WAX_BROKER_SEALED_H
#define WAX_BROKER_SEALED_H

#include "broker/config.h"
#include "broker/trail.h"

enum {
    SEALED_RULE_MAX = 64,    /* lines */
    SEALED_FILTER_MAX = 256, /* of all lines together */
    SEALED_PART_COUNT = 16,
    SEALED_SENDER_MAX = 1024, /* that one part of the table holds */
    SEALED_PLACE_COUNT = SEALED_PART_COUNT * SEALED_SENDER_MAX,
    SEALED_CLIENT_MAX = 64, /* bytes that are kept of a client's name */
};

/* The rules and the table of senders; counted. Settings hold it, a reload that leaves the rules as
 * they are hands it on. Threads share it. */
struct sealed;

/* What is known of a sender. */
struct sealed_sender {
    uint32_t next; /* in its chain, plus 1; 0: none */
    uint32_t sender;
    uint16_t rule;
    uint8_t lag; /* how many epochs its last message was behind */
    uint8_t client_size;
    uint8_t client[SEALED_CLIENT_MAX]; /* who published it last */
    uint64_t heard_ms;
    uint64_t counts[TRAIL_COUNT];
    struct trail trail;
};

/* Makes the rules of a configuration; those of `running` (NULL: none) go on where they are the
 * same. What is wrong is reported. NULL without rules. */
struct sealed *sealed_make(const wax_config *config, struct sealed *running,
                           wax_config_report *report);
struct sealed *sealed_hold(struct sealed *self);
void sealed_release(struct sealed *self);

/* What a rule says of a message. */
struct sealed_seen {
    wax_seal_face face;
    int rule; /* -1: none, and the face is not looked at */
};

/* Judges a message by its topic, mount point included, and its payload. Without rules (`self` NULL)
 * there is nothing to judge. Returns WAX_OK, or WAX_BAD_PAYLOAD_FORMAT for what is to be an
 * envelope and is none. */
wax_status sealed_look(const struct sealed *self, wax_bytes topic, wax_bytes payload,
                       struct sealed_seen *seen) WAX_CHECKED;

/* Takes down what was seen, of an envelope that has a sender, and adds it to `counts`. Returns
 * false when the table has no place for the sender. */
bool sealed_note(struct sealed *self, const struct sealed_seen *seen, wax_bytes client,
                 uint64_t now_ms, uint64_t counts[TRAIL_COUNT]);

/* Copies the sender at a place of the table, below SEALED_PLACE_COUNT.
 * Returns whether there is one. */
bool sealed_read(struct sealed *self, uint32_t place, struct sealed_sender *sender);

/* The rule of a sender, as its line is written. */
wax_bytes sealed_rule_text(const struct sealed *self, uint16_t rule);

#endif
