/* What the broker keeps: sessions with their queues, subscriptions, retained messages; in memory,
 * on a disk that is a copy, and in the room `router`. */
#include "sim.h"

static uint16_t keep(struct world *world, const struct message *message, uint8_t qos, bool retain)
{
    struct memory *memory = &world->broker.memory;
    struct message *kept = &world->broker.messages[memory->message_count];

    if (memory->message_count == COPIES_MAX) {
        world_fail(world, "the simulation has no room for more messages", 0, COPIES_MAX);
    }
    *kept = *message;
    kept->qos = qos;
    kept->retain = retain;
    world->broker.is_dirty = true;
    return memory->message_count++;
}

static void enqueue(struct world *world, int number, uint16_t message)
{
    struct record *record = &world->broker.memory.records[number];

    if (record->queue_first == record->queue_end) {
        record->queue_first = 0;
        record->queue_end = 0;
    }
    if (record->queue_end == WAX_COUNT(record->queue)) {
        world_fail(world, "a queue is too long for the simulation", number, record->queue_end);
    }
    record->queue[record->queue_end++] = message;
}

void record_forget(struct broker *broker, int number)
{
    struct record *record = &broker->memory.records[number];

    wax_router_remove_subscriber(broker->router, &broker->subscribers[number]);
    *record = (struct record){.exists = false};
    exchanges_init(&record->exchanges);
    broker->is_dirty = true;
}

static uint8_t lesser(uint8_t one, uint8_t other)
{
    return one < other ? one : other;
}

/* Queues what is retained under a filter, in walks of a few steps. */
static void enqueue_retained(struct world *world, int number, wax_bytes filter, uint8_t qos)
{
    wax_retained_walk walk;
    wax_status status = WAX_MORE;

    wax_retained_walk_begin(&walk, world->broker.retained, filter);
    while (status != WAX_NOT_FOUND) {
        uint32_t steps = 2;
        void *found;
        status = wax_retained_next(&walk, &steps, &found);
        if (status == WAX_OK) {
            const struct message *message = found;
            enqueue(world, number, keep(world, message, lesser(message->qos, qos), true));
        }
    }
    wax_retained_walk_end(&walk);
}

static void subscribe_in_router(struct broker *broker, int number, wax_bytes filter, uint8_t qos)
{
    wax_interest interest = {.filter = filter, .options = {.qos = qos}};
    bool existed;

    wax_assert(wax_router_subscribe(broker->router, &broker->subscribers[number], &interest,
                                    &existed) == WAX_OK);
}

uint8_t record_subscribe(struct world *world, int number, wax_bytes filter, uint8_t qos)
{
    struct record *record = &world->broker.memory.records[number];
    struct kept_filter *kept = NULL;

    for (uint8_t i = 0; i < record->filter_count && kept == NULL; i++) {
        if (wax_bytes_equal(wax_bytes_of_text(record->filters[i].text), filter)) {
            kept = &record->filters[i];
        }
    }
    if (kept == NULL) {
        wax_assert(record->filter_count < FILTERS_MAX && filter.size < sizeof kept->text);
        kept = &record->filters[record->filter_count++];
        *kept = (struct kept_filter){.qos = qos};
        memcpy(kept->text, filter.data, filter.size);
    }
    kept->qos = qos;
    subscribe_in_router(&world->broker, number, filter, qos);
    enqueue_retained(world, number, filter, qos);
    return qos;
}

/* Retains a message instead of what was retained on its topic. */
static void retain(struct world *world, const struct message *message)
{
    struct broker *broker = &world->broker;
    struct memory *memory = &broker->memory;
    wax_bytes topic = wax_bytes_of_text(message->topic);
    void *old = NULL;

    for (uint16_t i = 0; i < memory->retained_count; i++) {
        if (strcmp(broker->messages[memory->retained[i]].topic, message->topic) == 0) {
            memory->retained[i] = memory->retained[--memory->retained_count];
        }
    }
    broker->is_dirty = true;
    if (message->payload_size == 0) {
        (void)!wax_retained_remove(broker->retained, topic, &old);
        return;
    }
    wax_assert(memory->retained_count < MESSAGES_MAX);
    memory->retained[memory->retained_count] = keep(world, message, message->qos, true);
    wax_assert(wax_retained_put(broker->retained, topic,
                                &broker->messages[memory->retained[memory->retained_count++]],
                                &old) == WAX_OK);
}

/* The highest QoS of a subscriber's chain of matches. */
static uint8_t highest_qos(const wax_matches *matches, uint32_t at)
{
    uint8_t qos = 0;

    for (; at != WAX_NO_MATCH; at = matches->entries[at].next) {
        qos = matches->entries[at].options.qos > qos ? matches->entries[at].options.qos : qos;
    }
    return qos;
}

void broker_route(struct world *world, const struct message *message)
{
    struct broker *broker = &world->broker;
    const wax_matches *matches = &broker->matches;

    if (message->retain) {
        retain(world, message);
    }
    wax_assert(wax_router_match(broker->router, wax_bytes_of_text(message->topic),
                                &broker->matches) == WAX_OK);
    for (uint32_t i = 0; i < matches->count; i++) {
        if (matches->entries[i].is_first) {
            uint8_t qos = lesser(message->qos, highest_qos(matches, i));
            int number = (int)(matches->entries[i].subscriber - broker->subscribers);
            enqueue(world, number, keep(world, message, qos, false));
        }
    }
}

void broker_commit(struct broker *broker)
{
    if (broker->is_dirty) {
        broker->disk = broker->memory;
        broker->is_dirty = false;
    }
}

/* Exchanges as they are on the disk may stand amid a message whose rest never came. */
static void mend(struct exchanges *exchanges)
{
    exchanges_disconnect(exchanges);
    for (uint16_t i = 0; i < exchanges->incoming.slot_count; i++) {
        const wax_flow *flow = &exchanges->incoming.slots[i];
        bool is_owed = false;
        for (uint16_t j = 0; j < exchanges->pending_count; j++) {
            is_owed = is_owed || exchanges->pending[j].packet_id == flow->packet_id;
        }
        if (flow->waits == WAX_OWES_PUBREC && !is_owed) {
            wax_assert(wax_flows_acknowledge(&exchanges->incoming, WAX_PUBREC, flow->packet_id,
                                             WAX_UNSPECIFIED_ERROR) == WAX_OK);
        }
    }
}

void broker_rebuild(struct world *world)
{
    static const uint64_t key[2] = {3, 4};
    struct broker *broker = &world->broker;
    struct memory *memory = &broker->memory;
    void *old;

    wax_assert(wax_router_open(&broker->router, &broker->allocator, key) == WAX_OK);
    wax_assert(wax_retained_open(&broker->retained, &broker->allocator, key) == WAX_OK);
    wax_matches_init(&broker->matches, &broker->allocator);
    for (int i = 0; i <= CLIENTS_MAX; i++) {
        struct record *record = &memory->records[i];
        wax_subscriber_init(&broker->subscribers[i]);
        if (!record->exists || record->is_clean) {
            record_forget(broker, i);
        }
        mend(&record->exchanges);
        for (uint8_t j = 0; j < record->filter_count; j++) {
            subscribe_in_router(broker, i, wax_bytes_of_text(record->filters[j].text),
                                record->filters[j].qos);
        }
    }
    for (uint16_t i = 0; i < memory->retained_count; i++) {
        struct message *message = &broker->messages[memory->retained[i]];
        wax_assert(wax_retained_put(broker->retained, wax_bytes_of_text(message->topic), message,
                                    &old) == WAX_OK);
    }
}
