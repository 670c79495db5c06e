/* The tables of an opener: a record stands in the first of its places that was empty. A sender may
 * stand anywhere, since whoever is forgotten may be replayed; a topic has WAX_RECORD_PROBES places.
 */
#include "seal/records.h"

/* One of the tables; its records begin with a wax_record. */
struct table {
    uint8_t *records;
    size_t size; /* of a record */
    size_t count;
    size_t probes; /* places of one record */
};

static struct table senders_of(const wax_opener *opener)
{
    return (struct table){(uint8_t *)opener->senders, sizeof *opener->senders, opener->sender_count,
                          opener->sender_count};
}

static struct table topics_of(const wax_opener *opener)
{
    const size_t count = opener->topic_count;

    return (struct table){(uint8_t *)opener->topics, sizeof *opener->topics, count,
                          count < WAX_RECORD_PROBES ? count : WAX_RECORD_PROBES};
}

static wax_record *record_at(const struct table *table, uint64_t hash, size_t probe)
{
    const size_t place = ((size_t)(hash % table->count) + probe) % table->count;

    return (wax_record *)(void *)(table->records + place * table->size);
}

static wax_record *find(const struct table *table, uint64_t hash, uint32_t sender)
{
    for (size_t i = 0; i < table->probes; i++) {
        wax_record *record = record_at(table, hash, i);

        if (record->sender == sender && record->hash == hash) {
            return record;
        }
        if (record->sender == 0) {
            return NULL; /* it would stand here: no place is ever emptied alone */
        }
    }
    return NULL;
}

/* Whether one place is to be given away rather than the other: an empty one, else the older. */
static bool is_staler(const wax_record *one, const wax_record *other, uint32_t clock)
{
    return other->sender != 0 && (one->sender == 0 || clock - one->used > clock - other->used);
}

static wax_record *make(const struct table *table, uint64_t hash, uint32_t sender, uint32_t clock)
{
    wax_record *stalest = table->count == 0 ? NULL : record_at(table, hash, 0);

    for (size_t i = 1; i < table->probes && stalest->sender != 0; i++) {
        wax_record *record = record_at(table, hash, i);

        stalest = is_staler(record, stalest, clock) ? record : stalest;
    }
    if (stalest != NULL) {
        wax_wipe(stalest, table->size);
        stalest->hash = hash;
        stalest->sender = sender;
    }
    return stalest;
}

static wax_record *use(wax_opener *opener, const struct table *table, uint64_t hash,
                       uint32_t sender)
{
    wax_record *record = find(table, hash, sender);

    record = record != NULL ? record : make(table, hash, sender, opener->clock);
    opener->clock++;
    if (record != NULL) {
        record->used = opener->clock;
    }
    return record;
}

static uint64_t hash_sender(const wax_opener *opener, uint32_t sender)
{
    return wax_hash(opener->hash_key, wax_bytes_of(&sender, sizeof sender));
}

wax_sender_record *records_find_sender(const wax_opener *opener, uint32_t sender)
{
    const struct table table = senders_of(opener);

    return (wax_sender_record *)(void *)find(&table, hash_sender(opener, sender), sender);
}

wax_topic_record *records_find_topic(const wax_opener *opener, wax_bytes topic, uint32_t sender)
{
    const struct table table = topics_of(opener);

    return (wax_topic_record *)(void *)find(&table, wax_hash(opener->hash_key, topic), sender);
}

wax_sender_record *records_use_sender(wax_opener *opener, uint32_t sender)
{
    const struct table table = senders_of(opener);

    return (wax_sender_record *)(void *)use(opener, &table, hash_sender(opener, sender), sender);
}

wax_topic_record *records_use_topic(wax_opener *opener, wax_bytes topic, uint32_t sender)
{
    const struct table table = topics_of(opener);

    return (wax_topic_record *)(void *)use(opener, &table, wax_hash(opener->hash_key, topic),
                                           sender);
}
