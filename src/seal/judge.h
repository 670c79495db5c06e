/* What an envelope claims, and what is known against it; inside of the room. [5] */
#ifndef WAX_SEAL_JUDGE_H
#define WAX_SEAL_JUDGE_H

#include "seal/header.h"
#include "seal/schedule.h"

/* An envelope while it is judged. It holds secrets: claim_end() is owed. */
struct claim {
    struct scope scope;
    uint32_t position;
    const wax_epoch_key *epoch;
    wax_sender_record *sender; /* NULL: nothing is remembered */
    wax_topic_record *latest;  /* likewise; class state */
    wax_bytes topic;
    uint32_t gap;
    bool is_first;
    bool is_again;
    uint8_t secret[WAX_SECRET_SIZE]; /* of the position's window */
    uint8_t secret_before[WAX_SECRET_SIZE];
    uint8_t key[WAX_DERIVED_MAX];
};

/* Whether an opener's tables are such that it can open anything. */
bool opener_is_sound(const wax_opener *self);

/* Judges a header before anything is computed: whether the sender may write, whether there is a key
 * of the epoch, and what came before. Returns WAX_SEAL_FINE, or what is wrong. */
wax_seal_event claim_judge(struct claim *claim, const wax_opener *self, const struct header *header,
                           wax_bytes topic);

/* Derives the keys. Returns WAX_OK or WAX_UNSPECIFIED_ERROR. */
wax_status claim_derive(struct claim *claim);

/* Remembers what was opened and found good. Returns WAX_OK, or why it could not be written down:
 * then it is not to be shown. */
wax_status claim_keep(const struct claim *claim, wax_opener *self) WAX_CHECKED;

/* Wipes the keys. */
void claim_end(struct claim *claim);

/* The key that a sender signs with, or NULL when it does not sign. */
const uint8_t *opener_find_key(const wax_opener *self, uint32_t sender);

/* The key of an epoch in full that opens what this sender seals, or NULL. */
const wax_epoch_key *opener_find_epoch(const wax_opener *self, uint32_t epoch, uint32_t sender);

#endif
