/* Several programs read in the name of one member: each has tables of its own for what has come,
 * which take the place of the member's while a message of theirs is opened. */
#include "member/internal.h"

#include <string.h>

enum { ALIGNMENT = 16 };

/* What is remembered of one group. */
struct memory {
    uint8_t id[WAX_KEYS_ID_SIZE]; /* of which group */
    uint64_t version;             /* of the mailbox by which keys were forgotten last */
    wax_sender_record *senders;
    wax_topic_record *topics;
};

struct wax_member_reader {
    wax_member_reader_limits limits;
    size_t count;
    struct memory memories[];
};

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t size_of_senders(const wax_member_reader_limits *limits)
{
    return aligned(limits->sender_count * sizeof(wax_sender_record));
}

static size_t size_of_topics(const wax_member_reader_limits *limits)
{
    return aligned(limits->topic_count * sizeof(wax_topic_record));
}

static size_t size_of_head(const wax_member *member)
{
    return aligned(sizeof(wax_member_reader) + member->config->group_count * sizeof(struct memory));
}

size_t wax_member_reader_size(const wax_member *member, const wax_member_reader_limits *limits)
{
    return size_of_head(member) +
           member->config->group_count * (size_of_senders(limits) + size_of_topics(limits));
}

wax_member_reader *wax_member_reader_open(const wax_member *member,
                                          const wax_member_reader_limits *limits, uint8_t *memory)
{
    wax_member_reader *reader = (void *)memory;
    uint8_t *at = memory + size_of_head(member);

    reader->limits = *limits;
    reader->count = member->config->group_count;
    for (size_t i = 0; i < reader->count; i++) {
        reader->memories[i].senders = (void *)at;
        at += size_of_senders(limits);
        reader->memories[i].topics = (void *)at;
        at += size_of_topics(limits);
    }
    return reader;
}

static void forget(const wax_member_reader *reader, struct memory *memory)
{
    wax_wipe(memory->senders, size_of_senders(&reader->limits));
    wax_wipe(memory->topics, size_of_topics(&reader->limits));
}

void wax_member_reader_forget(wax_member_reader *reader)
{
    for (size_t i = 0; i < reader->count; i++) {
        forget(reader, &reader->memories[i]);
    }
}

/* A place that was another group's when this reader used it last begins anew. */
static struct memory *memory_of(wax_member_reader *reader, const wax_member *member,
                                const struct slot *slot)
{
    struct memory *memory = &reader->memories[slot - member->slots];

    if (memcmp(memory->id, slot->id, sizeof(memory->id)) != 0) {
        forget(reader, memory);
        memcpy(memory->id, slot->id, sizeof(memory->id));
    }
    if (memory->version != member->current->mailbox.version) {
        member_forget_keys(slot->grant, memory->senders, reader->limits.sender_count);
        memory->version = member->current->mailbox.version;
    }
    return memory;
}

wax_status wax_member_unseal_for(wax_member *member, wax_member_reader *reader,
                                 const wax_publish *came, uint64_t wall_ms,
                                 wax_member_arrival *arrival)
{
    struct slot *slot = member_find(member, came->topic);
    const struct memory *memory;
    wax_opener own;
    wax_status status;

    if (slot == NULL) {
        return wax_member_unseal(member, came, wall_ms, arrival);
    }
    memory = memory_of(reader, member, slot);
    own = slot->opener;
    slot->opener.senders = memory->senders;
    slot->opener.sender_count = reader->limits.sender_count;
    slot->opener.keep = NULL;
    slot->opener.topics = memory->topics;
    slot->opener.topic_count = own.topic_count == 0 ? 0 : reader->limits.topic_count;
    status = wax_member_unseal(member, came, wall_ms, arrival);
    own.clock = slot->opener.clock;
    slot->opener = own;
    return status;
}
