/* Who fails to log in waits, longer each time. Addresses stand in a line of their own; user names
 * only pause, for a line of theirs could be filled by strangers. */
#include "access/access.h"

#include <string.h>

enum { WAYS = 4 };

wax_status wax_backoff_open(wax_backoff *backoff, wax_memory *memory, size_t count,
                            const uint64_t key[static 2])
{
    size_t size = count * sizeof *backoff->entries;

    wax_assert(count > 0 && count % WAYS == 0);
    *backoff = (wax_backoff){
        .memory = memory, .count = count, .key = {key[0], key[1]}
    };
    backoff->entries = memory->resize(memory, NULL, 0, size);
    if (backoff->entries == NULL) {
        *backoff = (wax_backoff){0};
        return WAX_FULL;
    }
    memset(backoff->entries, 0, size);
    return WAX_OK;
}

void wax_backoff_close(wax_backoff *backoff)
{
    if (backoff->entries != NULL) {
        backoff->memory->resize(backoff->memory, backoff->entries,
                                backoff->count * sizeof *backoff->entries, 0);
    }
    *backoff = (wax_backoff){0};
}

static uint64_t hash_of(const wax_backoff *backoff, wax_bytes name)
{
    uint64_t hash = wax_hash(backoff->key, name);

    return hash == 0 ? 1 : hash;
}

static wax_backoff_entry *set_of(const wax_backoff *backoff, uint64_t hash)
{
    return &backoff->entries[hash % (backoff->count / WAYS) * WAYS];
}

static wax_backoff_entry *find(const wax_backoff *backoff, wax_bytes name)
{
    uint64_t hash = hash_of(backoff, name);
    wax_backoff_entry *set = set_of(backoff, hash);

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == hash) {
            return &set[i];
        }
    }
    return NULL;
}

/* Whether `one` is less of a loss than `other`: those under way must stay, those who failed should.
 */
static bool gives_way(const wax_backoff_entry *one, const wax_backoff_entry *other)
{
    if ((one->pending_count == 0) != (other->pending_count == 0)) {
        return one->pending_count == 0;
    }
    if ((one->failure_count == 0) != (other->failure_count == 0)) {
        return one->failure_count == 0;
    }
    return one->last_ms < other->last_ms;
}

/* The name's entry, made anew if there is none; NULL when none can give way. */
static wax_backoff_entry *find_or_make(wax_backoff *backoff, wax_bytes name, uint64_t now_ms)
{
    wax_backoff_entry *found = find(backoff, name);
    uint64_t hash = hash_of(backoff, name);
    wax_backoff_entry *set = set_of(backoff, hash);
    wax_backoff_entry *victim = &set[0];

    if (found != NULL) {
        return found;
    }
    for (size_t i = 1; i < WAYS; i++) {
        if (gives_way(&set[i], victim)) {
            victim = &set[i];
        }
    }
    if (victim->pending_count > 0) {
        return NULL;
    }
    *victim = (wax_backoff_entry){.name = hash, .last_ms = now_ms};
    return victim;
}

static uint32_t pause_of(const wax_backoff_entry *entry, const wax_backoff_rules *rules,
                         uint64_t now_ms)
{
    uint32_t over;
    uint64_t pause_ms;

    if (entry == NULL || now_ms >= entry->last_ms + rules->forget_ms ||
        entry->failure_count <= rules->free_count) {
        return 0;
    }
    over = entry->failure_count - rules->free_count - 1;
    pause_ms = (uint64_t)rules->first_ms << (over < 20 ? over : 20);
    return pause_ms < rules->most_ms ? (uint32_t)pause_ms : rules->most_ms;
}

uint32_t wax_backoff_pause_ms(const wax_backoff *backoff, const wax_backoff_rules *rules,
                              wax_bytes name, uint64_t now_ms)
{
    return pause_of(find(backoff, name), rules, now_ms);
}

wax_status wax_backoff_enter(wax_backoff *backoff, const wax_backoff_rules *rules, wax_bytes name,
                             uint64_t now_ms, uint32_t *wait_ms)
{
    wax_backoff_entry *entry = find_or_make(backoff, name, now_ms);
    uint64_t turn_ms = now_ms;
    uint32_t pause_ms;

    *wait_ms = 0;
    if (entry == NULL) {
        return WAX_SERVER_BUSY;
    }
    pause_ms = pause_of(entry, rules, now_ms);
    if (pause_ms > 0 && entry->turn_ms > now_ms) {
        turn_ms = entry->turn_ms;
    }
    if (turn_ms - now_ms > rules->line_ms || entry->pending_count >= rules->pending_max) {
        return WAX_SERVER_BUSY;
    }
    entry->pending_count++;
    entry->turn_ms = turn_ms + pause_ms;
    *wait_ms = (uint32_t)(turn_ms - now_ms);
    return WAX_OK;
}

void wax_backoff_leave(wax_backoff *backoff, wax_bytes name)
{
    wax_backoff_entry *entry = find(backoff, name);

    wax_assert(entry != NULL && entry->pending_count > 0); /* it did not give way */
    entry->pending_count--;
}

void wax_backoff_fail(wax_backoff *backoff, const wax_backoff_rules *rules, wax_bytes name,
                      uint64_t now_ms)
{
    wax_backoff_entry *entry = find_or_make(backoff, name, now_ms);
    uint64_t turn_ms;

    if (entry == NULL) {
        return; /* all of its set are under way, and bounded by that */
    }
    if (now_ms >= entry->last_ms + rules->forget_ms) {
        entry->failure_count = 0;
    }
    if (entry->failure_count < UINT32_MAX) {
        entry->failure_count++;
    }
    entry->last_ms = now_ms;
    turn_ms = now_ms + pause_of(entry, rules, now_ms);
    if (turn_ms > entry->turn_ms) {
        entry->turn_ms = turn_ms;
    }
}
