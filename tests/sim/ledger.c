/* What was published and what came, and a matcher too simple to be wrong. */
#include "sim.h"

/* The payload: author, number in two bytes, then a pattern that both determine. */
enum { MARK_SIZE = 3 };

static uint8_t pattern(uint16_t number, size_t at)
{
    return (uint8_t)(number * 31U + at * 7U);
}

uint16_t ledger_publish(struct world *world, uint8_t author)
{
    struct chance *chance = &world->chance;
    uint16_t number = world->ledger.count++;
    struct entry *entry = &world->ledger.entries[number];
    struct message *message = &entry->message;
    bool retain = chance_one_in(chance, 3);

    *entry = (struct entry){.author = author};
    message->qos = (uint8_t)(retain ? 1 + chance_below(chance, 2) : chance_below(chance, 3));
    message->retain = retain;
    (void)snprintf(message->topic, TOPIC_MAX, "%c/%d/%d", retain ? 'r' : 't', author, message->qos);
    if (retain && chance_one_in(chance, 6)) {
        return number; /* without payload: what is retained is forgotten */
    }
    message->payload_size =
        MARK_SIZE + chance_below(chance, chance_one_in(chance, 4) ? PAYLOAD_MAX - MARK_SIZE : 8);
    for (size_t i = 0; i < message->payload_size; i++) {
        message->payload[i] = pattern(number, i);
    }
    message->payload[0] = author;
    message->payload[1] = (uint8_t)(number >> 8);
    message->payload[2] = (uint8_t)number;
    return number;
}

/* Whether a filter matches a topic, level by level. */
static bool matches(const char *filter, const char *topic)
{
    for (;;) {
        size_t filter_size = strcspn(filter, "/");
        size_t topic_size = strcspn(topic, "/");

        if (filter[0] == '#') {
            return true;
        }
        if (filter[0] != '+' &&
            (filter_size != topic_size || memcmp(filter, topic, topic_size) != 0)) {
            return false;
        }
        filter += filter_size;
        topic += topic_size;
        if (*filter == '\0' || *topic == '\0') {
            return *filter == *topic || strcmp(filter, "/#") == 0;
        }
        filter++;
        topic++;
    }
}

/* The highest QoS that a client asked for a topic, or -1. */
static int wanted_qos(const struct client *client, const char *topic)
{
    int qos = -1;

    for (uint8_t i = 0; i < client->filter_count; i++) {
        if (matches(client->filters[i].filter, topic) && client->filters[i].qos > qos) {
            qos = client->filters[i].qos;
        }
    }
    return qos;
}

/* The entry that a message claims to be. */
static struct entry *find(struct world *world, const struct message *message)
{
    uint16_t number;

    if (message->payload_size < MARK_SIZE) {
        return NULL;
    }
    number = (uint16_t)(message->payload[1] << 8 | message->payload[2]);
    return number < world->ledger.count ? &world->ledger.entries[number] : NULL;
}

static bool is_the_same(const struct message *one, const struct message *other)
{
    return strcmp(one->topic, other->topic) == 0 && one->payload_size == other->payload_size &&
           memcmp(one->payload, other->payload, one->payload_size) == 0;
}

void ledger_promise(struct world *world, const struct message *message)
{
    struct entry *entry = find(world, message);

    for (uint8_t i = 0; entry != NULL && i < world->client_count; i++) {
        const struct client *client = &world->clients[i];
        bool is_there = client->end.link != NULL && client->end.session.state == WAX_SESSION_OPEN;
        if (client->is_clean && is_there && client->has_subscribed) {
            entry->promises[i] = client->connection;
        }
    }
}

void ledger_deliver(struct world *world, uint8_t reader, const struct message *message)
{
    struct entry *entry = find(world, message);
    uint16_t number;
    uint16_t *latest;
    bool may_be_late;
    int qos;

    if (message->payload_size == 0 || message->retain) {
        return; /* a word to forget, or an answer to SUBSCRIBE */
    }
    if (entry == NULL || !is_the_same(message, &entry->message)) {
        world_fail(world, "what nobody published came", reader, -1);
    }
    number = (uint16_t)(entry - world->ledger.entries);
    qos = wanted_qos(&world->clients[reader], message->topic);
    if (qos < 0 || message->qos != (qos < entry->message.qos ? qos : entry->message.qos)) {
        world_fail(world, "it came at the wrong QoS", reader, number);
    }
    latest =
        &world->ledger
             .latest[reader][entry->author][entry->message.qos + (entry->message.retain ? 3 : 0)];
    /* At QoS 1 the first time may be one that a reader without a lasting session did not see. */
    may_be_late = entry->message.qos == 1 && (message->qos == 0 || world->clients[reader].is_clean);
    if (entry->counts[reader] == 0 && number < *latest && !may_be_late) {
        world_fail(world, "it came behind a later one", reader, number);
    }
    *latest = number + 1U > *latest ? (uint16_t)(number + 1) : *latest;
    entry->counts[reader]++;
    if (entry->counts[reader] > 1 && (entry->message.qos == 0 || message->qos == 2 ||
                                      (entry->message.qos == 2 && message->qos == 0))) {
        world_fail(world, "it came twice", reader, number);
    }
    world_tell(world, "client got message", reader, number);
}

void ledger_close(struct world *world)
{
    for (uint16_t number = 0; number < world->ledger.count; number++) {
        const struct entry *entry = &world->ledger.entries[number];
        for (uint8_t i = 0; i < world->client_count; i++) {
            const struct client *client = &world->clients[i];
            int qos = wanted_qos(client, entry->message.topic);
            bool is_sure = entry->message.qos > 0 && qos > 0 && !entry->is_uncertain &&
                           entry->message.payload_size > 0;
            bool is_promised = !client->is_clean || entry->promises[i] == client->connection;
            if (is_sure && is_promised && entry->counts[i] == 0) {
                world_fail(world, "it never came", i, number);
            }
        }
    }
}

/* The last entry that is retained on the topic of this one. */
static bool is_last(const struct world *world, uint16_t number)
{
    const struct message *message = &world->ledger.entries[number].message;

    for (uint16_t i = (uint16_t)(number + 1); i < world->ledger.count; i++) {
        if (strcmp(world->ledger.entries[i].message.topic, message->topic) == 0) {
            return false;
        }
    }
    return message->retain;
}

void ledger_audit(struct world *world, const struct message *got, size_t count)
{
    size_t wanted = 0;
    size_t uncertain = 0;

    for (uint16_t number = 0; number < world->ledger.count; number++) {
        const struct entry *entry = &world->ledger.entries[number];
        bool is_found = false;
        if (!is_last(world, number)) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            is_found = is_found || is_the_same(&got[i], &entry->message);
        }
        uncertain += entry->is_uncertain;
        wanted += entry->message.payload_size > 0;
        if (!is_found && entry->message.payload_size > 0 && !entry->is_uncertain) {
            world_fail(world, "the latest value is not retained", 0, number);
        }
    }
    if (count > wanted + uncertain) {
        world_fail(world, "what was forgotten is retained", 0, (int)count);
    }
}
