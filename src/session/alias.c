/* Topic aliases: entries of alias (2 bytes), size (2 bytes) and topic, one behind the other.
 * [MQTT 5.0, 3.3.2.3.4] */
#include "session/internal.h"

#include <string.h>

struct entry {
    uint16_t alias;
    wax_bytes topic;
    size_t at;
    size_t size;
};

/* Reads the entry at `*at` and moves on. Returns false at the end. */
static bool next(const wax_aliases *aliases, size_t *at, struct entry *entry)
{
    wax_reader in = wax_reader_over(wax_bytes_of(aliases->room, aliases->used));

    (void)wax_read_bytes(&in, *at);
    if (wax_reader_left(&in) == 0) {
        return false;
    }
    entry->at = *at;
    entry->alias = wax_read_u16(&in);
    entry->topic = wax_read_blob(&in);
    entry->size = 4 + entry->topic.size;
    *at += entry->size;
    return true;
}

/* `entry` is the last one looked at when there is none of this alias. */
static bool find(const wax_aliases *aliases, uint16_t alias, struct entry *entry)
{
    size_t at = 0;

    while (next(aliases, &at, entry)) {
        if (entry->alias == alias) {
            return true;
        }
    }
    return false;
}

wax_bytes wax_aliases_topic(const wax_aliases *aliases, uint16_t alias)
{
    struct entry entry;

    return aliases != NULL && find(aliases, alias, &entry) ? entry.topic : (wax_bytes){NULL, 0};
}

uint16_t wax_aliases_find(const wax_aliases *aliases, wax_bytes topic)
{
    struct entry entry;
    size_t at = 0;

    while (next(aliases, &at, &entry)) {
        if (wax_bytes_equal(entry.topic, topic)) {
            return entry.alias;
        }
    }
    return 0;
}

wax_status wax_aliases_set(wax_aliases *aliases, uint16_t alias, wax_bytes topic)
{
    struct entry old;
    bool is_known = aliases != NULL && find(aliases, alias, &old);
    size_t kept = is_known ? aliases->used - old.size : aliases == NULL ? 0 : aliases->used;
    wax_writer out;

    if (aliases == NULL || 4 + topic.size > aliases->size - kept) {
        return WAX_CROWDED;
    }
    if (is_known) {
        memmove(aliases->room + old.at, aliases->room + old.at + old.size, kept - old.at);
    }
    out = wax_writer_over(aliases->room, aliases->size);
    out.used = kept;
    wax_write_u16(&out, alias);
    wax_write_blob(&out, topic);
    aliases->used = out.used;
    aliases->count = (uint16_t)(aliases->count + !is_known);
    return WAX_OK;
}

void wax_aliases_forget(wax_aliases *aliases, uint16_t alias)
{
    struct entry last;

    if (alias != 0 && alias == aliases->count && find(aliases, alias, &last) &&
        last.at + last.size == aliases->used) {
        aliases->used = last.at;
        aliases->count--;
    }
}

uint16_t wax_session_alias(wax_session *session, wax_bytes topic, bool *is_new)
{
    wax_aliases *aliases = session->aliases_out;
    bool are_used = aliases != NULL && session->alias_maximum > 0;
    uint16_t alias = are_used ? wax_aliases_find(aliases, topic) : 0;

    *is_new = false;
    if (are_used && alias == 0 && aliases->count < session->alias_maximum) {
        alias = (uint16_t)(aliases->count + 1);
        *is_new = wax_aliases_set(aliases, alias, topic) == WAX_OK;
        return *is_new ? alias : 0;
    }
    return alias;
}
