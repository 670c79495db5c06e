/* What an envelope claims, and what is known against it: sender, epoch, and what came before. [5]
 */
#include "seal/judge.h"

#include <string.h>

#include "seal/records.h"

enum { REPLAY_WINDOW = 64, STEP_MAX = UINT16_MAX };

bool opener_is_sound(const wax_opener *self)
{
    return self->group->suite != NULL && self->epochs_kept > 0 &&
           (self->sender_count > 0 || self->group->group_class == WAX_CLASS_STATE);
}

const uint8_t *opener_find_key(const wax_opener *self, uint32_t sender)
{
    for (size_t i = 0; i < self->key_count; i++) {
        if (self->keys[i].sender == sender) {
            return self->keys[i].public_key;
        }
    }
    return NULL;
}

static bool may_write(const wax_opener *self, uint32_t sender)
{
    for (size_t i = 0; i < self->range_count; i++) {
        if (sender >= self->ranges[i].first && sender <= self->ranges[i].last) {
            return true;
        }
    }
    return false;
}

static bool opens(const wax_opener *self, const wax_epoch_key *key, uint32_t sender)
{
    return key->what == WAX_EPOCH_SECRET ||
           (key->what == WAX_EPOCH_CLASS && self->group->group_class == WAX_CLASS_STATE) ||
           (key->what == WAX_EPOCH_SENDER && self->own_sender == sender);
}

/* The highest epoch with these lowest eight bits; NULL when there is none, or when it is older than
 * those that are believed. */
static const wax_epoch_key *find_epoch(const wax_opener *self, uint8_t lowest, uint32_t sender)
{
    for (size_t i = 0; i < self->epoch_count && i < self->epochs_kept; i++) {
        const wax_epoch_key *key = &self->epochs[self->epoch_count - 1 - i];

        if ((uint8_t)key->epoch == lowest && opens(self, key, sender)) {
            return key;
        }
    }
    return NULL;
}

const wax_epoch_key *opener_find_epoch(const wax_opener *self, uint32_t epoch, uint32_t sender)
{
    const wax_epoch_key *key = find_epoch(self, (uint8_t)epoch, sender);

    return key != NULL && key->epoch == epoch ? key : NULL;
}

/* ---- What came before ---- */

static uint32_t window_of(uint32_t position)
{
    return position / WAX_WINDOW_SIZE;
}

static uint32_t place_in(uint32_t position)
{
    return position % WAX_WINDOW_SIZE;
}

/* Whether (epoch, position) is below another. */
static bool is_below(const struct claim *claim, uint32_t epoch, uint32_t position)
{
    return claim->scope.epoch < epoch ||
           (claim->scope.epoch == epoch && claim->position < position);
}

/* Whether a record was recalled, and nothing has opened since: its keys are not there. */
static bool is_bare(const wax_sender_record *record)
{
    return record->record.used == 0;
}

/* Whether a sender's keys of this epoch are known. */
static bool has_keys(const struct claim *claim)
{
    return claim->sender != NULL && claim->sender->epoch == claim->scope.epoch &&
           !is_bare(claim->sender);
}

/* The window of a record, where it is of the same epoch; else no window was stepped to yet. */
static uint32_t window_known(const struct claim *claim)
{
    return has_keys(claim) ? window_of(claim->sender->position) : 0;
}

static bool is_too_far(const struct claim *claim, uint32_t step_max)
{
    const uint32_t window = window_of(claim->position);
    const uint32_t known = window_known(claim);

    return window > known && window - known > (step_max == 0 ? STEP_MAX : step_max);
}

/* Whether something in the epoch of the record, not above its highest, came or is too old. */
static bool is_replay(const struct claim *claim)
{
    const uint32_t below = claim->sender->position - claim->position;

    return below == 0 || below > REPLAY_WINDOW || (claim->sender->came >> (below - 1) & 1U) != 0;
}

/* Each message of a stream counts. Of a new window only its own places count for a gap: how much of
 * the one before was used, only the sender knows. */
static wax_seal_event judge_stream(struct claim *claim)
{
    const wax_sender_record *record = claim->sender;

    if (record == NULL) {
        claim->is_first = true;
        return WAX_SEAL_FINE;
    }
    if (!is_below(claim, record->epoch, record->position + 1)) {
        claim->gap = record->epoch == claim->scope.epoch &&
                             window_of(record->position) == window_of(claim->position)
                         ? claim->position - record->position - 1
                         : place_in(claim->position);
        return WAX_SEAL_FINE;
    }
    return record->epoch != claim->scope.epoch || is_replay(claim) ? WAX_SEAL_REPLAY
                                                                   : WAX_SEAL_FINE;
}

static bool is_below_floor(const struct claim *claim, const wax_opener *self)
{
    for (size_t i = 0; i < self->floor_count; i++) {
        if (self->floors[i].sender == claim->scope.sender &&
            is_below(claim, self->floors[i].epoch, self->floors[i].position)) {
            return true;
        }
    }
    return false;
}

/* Only the latest of a topic counts. */
static wax_seal_event judge_state(struct claim *claim, const wax_opener *self)
{
    const wax_topic_record *record = claim->latest;

    claim->is_first = record == NULL;
    if (claim->is_first) {
        return is_below_floor(claim, self) ? WAX_SEAL_ROLLBACK : WAX_SEAL_FINE;
    }
    claim->is_again = record->epoch == claim->scope.epoch && record->position == claim->position;
    return is_below(claim, record->epoch, record->position) ? WAX_SEAL_ROLLBACK : WAX_SEAL_FINE;
}

/* Whoever signs is believed nothing unsigned, streams either: any reader could have made it. */
static bool is_right_kind(const wax_opener *self, const struct header *header)
{
    return header->kind == KIND_SIGNED || opener_find_key(self, header->sender) == NULL;
}

wax_seal_event claim_judge(struct claim *claim, const wax_opener *self, const struct header *header,
                           wax_bytes topic)
{
    *claim = (struct claim){
        .scope = {.group = self->group, .sender = header->sender},
        .position = header->position,
        .topic = topic,
        .epoch = find_epoch(self, header->epoch, header->sender)
    };
    if (!may_write(self, header->sender)) {
        return WAX_SEAL_UNKNOWN_SENDER;
    }
    if (claim->epoch == NULL) {
        return WAX_SEAL_OLD_EPOCH;
    }
    if (!is_right_kind(self, header)) {
        return WAX_SEAL_BAD_SIGNATURE;
    }
    claim->scope.epoch = claim->epoch->epoch;
    claim->sender = records_find_sender(self, header->sender);
    if (self->group->group_class == WAX_CLASS_STATE) {
        claim->latest = records_find_topic(self, topic, header->sender);
        return judge_state(claim, self);
    }
    return is_too_far(claim, self->step_max) ? WAX_SEAL_TOO_FAR : judge_stream(claim);
}

/* ---- Keys ---- */

/* Goes from the secret of one window to that of another. */
static wax_status step_to(struct claim *claim, uint32_t at, uint32_t wanted)
{
    wax_status status = WAX_OK;

    for (; status == WAX_OK && at < wanted; at++) {
        memcpy(claim->secret_before, claim->secret, WAX_SECRET_SIZE);
        status = schedule(&claim->scope, claim->secret, USE_RATCHET, 0, claim->secret);
    }
    return status;
}

/* The secret of the sender's first window. */
static wax_status begin_epoch(struct claim *claim)
{
    wax_status status = WAX_OK;

    if (claim->epoch->what == WAX_EPOCH_SECRET) {
        status = schedule_class(&claim->scope, claim->epoch->secret, claim->secret);
    } else {
        memcpy(claim->secret, claim->epoch->secret, WAX_SECRET_SIZE);
    }
    return status == WAX_OK && claim->epoch->what != WAX_EPOCH_SENDER
               ? schedule(&claim->scope, claim->secret, USE_SENDER, 0, claim->secret)
               : status;
}

wax_status claim_derive(struct claim *claim)
{
    const wax_sender_record *record = claim->sender;
    const bool is_known = has_keys(claim);
    const uint32_t known = window_known(claim);
    const uint32_t window = window_of(claim->position);
    wax_status status = WAX_OK;

    if (!is_known) {
        status = begin_epoch(claim);
    } else if (window < known && claim->scope.group->group_class == WAX_CLASS_STREAM) {
        memcpy(claim->secret, record->secret_before, WAX_SECRET_SIZE);
    } else {
        memcpy(claim->secret, record->secret, WAX_SECRET_SIZE);
        memcpy(claim->secret_before, record->secret_before, WAX_SECRET_SIZE);
    }
    /* In class state nothing steps, and all have one key. */
    if (status == WAX_OK && claim->scope.group->group_class == WAX_CLASS_STREAM) {
        status = step_to(claim, known, window);
    }
    if (is_known && (window == known || claim->scope.group->group_class == WAX_CLASS_STATE)) {
        memcpy(claim->key, record->key, sizeof claim->key);
        return status;
    }
    return status == WAX_OK ? schedule(&claim->scope, claim->secret, USE_KEY, 0, claim->key)
                            : status;
}

/* ---- What is remembered ---- */

/* Notes a position among the highest and those below it. */
static void note(wax_sender_record *record, uint32_t position)
{
    const uint32_t above = position - record->position;
    const uint32_t below = record->position - position;

    if (position < record->position) {
        record->came |= below <= REPLAY_WINDOW ? UINT64_C(1) << (below - 1) : 0;
    } else if (above > 0) {
        record->came = above > REPLAY_WINDOW ? 0
                       : above == REPLAY_WINDOW
                           ? UINT64_C(1) << (REPLAY_WINDOW - 1)
                           : record->came << above | UINT64_C(1) << (above - 1);
        record->position = position;
    }
}

static void keep_keys(wax_sender_record *record, const struct claim *claim)
{
    memcpy(record->secret, claim->secret, sizeof record->secret);
    memcpy(record->secret_before, claim->secret_before, sizeof record->secret_before);
    memcpy(record->key, claim->key, sizeof record->key);
}

/* What a record will be once the claim is part of it. Returns whether its keys are there then. */
static bool advance(wax_sender_record *record, const struct claim *claim)
{
    const bool is_known = has_keys(claim);

    if (claim->scope.epoch > record->epoch) {
        record->epoch = claim->scope.epoch;
        record->position = claim->position;
        record->came = 0;
        keep_keys(record, claim);
        return true;
    }
    if (claim->position > record->position ||
        (!is_known && window_of(claim->position) == window_of(record->position))) {
        keep_keys(record, claim);
        note(record, claim->position);
        return true;
    }
    note(record, claim->position);
    return is_known;
}

static wax_status keep_sender(const struct claim *claim, wax_opener *self)
{
    wax_sender_record next = {.epoch = 0};
    wax_sender_record *record;
    wax_status status = WAX_OK;
    bool is_whole;

    if (claim->sender != NULL) {
        next = *claim->sender;
    }
    if (claim->scope.epoch < next.epoch) {
        return WAX_OK;
    }
    is_whole = advance(&next, claim);
    next.record.sender = claim->scope.sender;
    if (self->keep != NULL && self->group->group_class == WAX_CLASS_STREAM) {
        status = self->keep(self->keeper, &next);
    }
    record = status == WAX_OK ? records_use_sender(self, claim->scope.sender) : NULL;
    if (record != NULL) {
        next.record = record->record;
        *record = next;
        record->record.used = is_whole ? next.record.used : 0;
    }
    wax_wipe(&next, sizeof next);
    return status;
}

wax_status claim_keep(const struct claim *claim, wax_opener *self)
{
    wax_status status = keep_sender(claim, self);
    wax_topic_record *latest;

    if (status == WAX_OK && self->group->group_class == WAX_CLASS_STATE) {
        latest = records_use_topic(self, claim->topic, claim->scope.sender);
        if (latest != NULL) {
            latest->epoch = claim->scope.epoch;
            latest->position = claim->position;
        }
    }
    return status;
}

void wax_opener_recall(wax_opener *self, const wax_sender_record *record)
{
    wax_sender_record *place = records_use_sender(self, record->record.sender);

    if (place != NULL) {
        place->epoch = record->epoch;
        place->position = record->position;
        place->came = record->came;
        place->record.used = 0;
    }
}

void claim_end(struct claim *claim)
{
    wax_wipe(claim, sizeof *claim);
}
