/* Mosquitto's database put together: its records refer to each other by store id and client id. The
 * file is walked four times, which is cheap: to count, to take messages and clients, to count what
 * each session has, and to put that in its place. */
#include "import/import.h"

#include <string.h>

enum room {
    MESSAGES,
    RETAINED,
    SESSIONS,
    SUBSCRIPTIONS,
    QUEUED,
    ROOM_COUNT,
};

enum {
    ITEM_SIZE_MAX = 256,
};

typedef void visit(wax_import_contents *contents, const wax_import_record *record);

/* --- Sorting --- */

/* An array of things that are moved as bytes. */
struct items {
    uint8_t *data;
    size_t size; /* of one */
    size_t count;
    int (*compare)(const void *one, const void *other);
};

static void *item_at(const struct items *items, size_t index)
{
    return items->data + index * items->size;
}

static void swap(const struct items *items, size_t one, size_t other)
{
    uint8_t kept[ITEM_SIZE_MAX];

    wax_assert(items->size <= sizeof kept);
    memcpy(kept, item_at(items, one), items->size);
    memcpy(item_at(items, one), item_at(items, other), items->size);
    memcpy(item_at(items, other), kept, items->size);
}

static void sink(const struct items *items, size_t index, size_t count)
{
    for (size_t child = 2 * index + 1; child < count; child = 2 * index + 1) {
        if (child + 1 < count &&
            items->compare(item_at(items, child), item_at(items, child + 1)) < 0) {
            child++;
        }
        if (items->compare(item_at(items, index), item_at(items, child)) >= 0) {
            return;
        }
        swap(items, index, child);
        index = child;
    }
}

/* Heapsort: no memory, and no file makes it slow. */
static void sort(const struct items *items)
{
    for (size_t index = items->count / 2; index > 0; index--) {
        sink(items, index - 1, items->count);
    }
    for (size_t count = items->count; count > 1; count--) {
        swap(items, 0, count - 1);
        sink(items, 0, count - 1);
    }
}

static void *find(const struct items *items, const void *wanted)
{
    size_t first = 0;
    size_t count = items->count;

    while (count > 0) {
        void *middle = item_at(items, first + count / 2);
        int order = items->compare(wanted, middle);

        if (order == 0) {
            return middle;
        }
        if (order > 0) {
            first += count / 2 + 1;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}

static int compare_ids(const void *one, const void *other)
{
    uint64_t left = ((const wax_import_message *)one)->store_id;
    uint64_t right = ((const wax_import_message *)other)->store_id;

    return (left > right) - (left < right);
}

static int compare_clients(const void *one, const void *other)
{
    return wax_bytes_compare(((const wax_import_session *)one)->client.client_id,
                             ((const wax_import_session *)other)->client.client_id);
}

static struct items messages_of(const wax_import_contents *contents)
{
    return (struct items){(void *)contents->messages, sizeof(wax_import_message),
                          contents->message_count, compare_ids};
}

static struct items sessions_of(const wax_import_contents *contents)
{
    return (struct items){(void *)contents->sessions, sizeof(wax_import_session),
                          contents->session_count, compare_clients};
}

static const wax_import_message *find_message(const wax_import_contents *contents, uint64_t id)
{
    struct items items = messages_of(contents);

    return find(&items, &(wax_import_message){.store_id = id});
}

static wax_import_session *find_session(const wax_import_contents *contents, wax_bytes client_id)
{
    struct items items = sessions_of(contents);

    return find(&items, &(wax_import_session){.client = {.client_id = client_id}});
}

/* --- The walks --- */

static void count_record(wax_import_contents *contents, const wax_import_record *record)
{
    static const uint8_t room_of[] = {
        [WAX_IMPORT_MESSAGE] = MESSAGES,           [WAX_IMPORT_QUEUED] = QUEUED,
        [WAX_IMPORT_RETAINED] = RETAINED,          [WAX_IMPORT_CLIENT] = SESSIONS,
        [WAX_IMPORT_SUBSCRIPTION] = SUBSCRIPTIONS,
    };

    if (record->kind == WAX_IMPORT_CONFIG) {
        contents->config = record->config;
    } else {
        contents->rooms[room_of[record->kind]]++;
    }
}

static void take_owner(wax_import_contents *contents, const wax_import_record *record)
{
    if (record->kind == WAX_IMPORT_MESSAGE) {
        contents->messages[contents->message_count++] = record->message;
        contents->lost_properties_count += record->message.lost_properties ? 1 : 0;
    } else if (record->kind == WAX_IMPORT_CLIENT) {
        contents->sessions[contents->session_count++].client = record->client;
    }
}

/* Why the client is not to get this message: the counter of that; NULL: it is. */
static size_t *find_obstacle(wax_import_contents *contents, const wax_import_queued *queued)
{
    bool is_received =
        queued->state == WAX_IMPORT_RESEND_PUBREL || queued->state == WAX_IMPORT_WAIT_FOR_PUBCOMP;

    if (queued->is_incoming) {
        return &contents->incoming_count;
    }
    if (is_received) {
        return &contents->received_count;
    }
    return find_message(contents, queued->store_id) == NULL ? &contents->missing_count : NULL;
}

static void count_queued(wax_import_contents *contents, wax_import_session *session,
                         const wax_import_queued *queued)
{
    size_t *obstacle = find_obstacle(contents, queued);

    *(obstacle != NULL ? obstacle : &session->queued_count) += 1;
}

static void count_owned(wax_import_contents *contents, const wax_import_record *record)
{
    wax_import_session *session = NULL;

    if (record->kind == WAX_IMPORT_SUBSCRIPTION) {
        session = find_session(contents, record->subscription.client_id);
    } else if (record->kind == WAX_IMPORT_QUEUED) {
        session = find_session(contents, record->queued.client_id);
    } else {
        return;
    }
    if (session == NULL) {
        contents->homeless_count++;
    } else if (record->kind == WAX_IMPORT_SUBSCRIPTION) {
        session->subscription_count++;
    } else {
        count_queued(contents, session, &record->queued);
    }
}

/* Gives each session its part of the two arrays, empty yet. */
static void share_out(wax_import_contents *contents)
{
    for (size_t i = 0; i < contents->session_count; i++) {
        wax_import_session *session = &contents->sessions[i];

        session->subscriptions = contents->subscriptions + contents->subscription_count;
        session->queued = contents->queued + contents->queued_count;
        contents->subscription_count += session->subscription_count;
        contents->queued_count += session->queued_count;
        session->subscription_count = 0;
        session->queued_count = 0;
    }
}

static void place_subscription(wax_import_contents *contents,
                               const wax_import_subscription *subscription)
{
    wax_import_session *session = find_session(contents, subscription->client_id);

    if (session != NULL) {
        size_t start = (size_t)(session->subscriptions - contents->subscriptions);

        contents->subscriptions[start + session->subscription_count++] = *subscription;
    }
}

static void place_queued(wax_import_contents *contents, const wax_import_queued *queued)
{
    wax_import_session *session = find_session(contents, queued->client_id);
    size_t start;

    if (session == NULL || find_obstacle(contents, queued) != NULL) {
        return;
    }
    start = (size_t)(session->queued - contents->queued) + session->queued_count++;
    contents->queued[start] = *queued;
    contents->queued[start].message = find_message(contents, queued->store_id);
    contents->lost_properties_count += queued->lost_properties ? 1 : 0;
}

static void place_retained(wax_import_contents *contents, uint64_t id)
{
    const wax_import_message *message = find_message(contents, id);

    if (message == NULL) {
        contents->missing_count++;
    } else {
        contents->retained[contents->retained_count++] = message;
    }
}

static void place_record(wax_import_contents *contents, const wax_import_record *record)
{
    if (record->kind == WAX_IMPORT_SUBSCRIPTION) {
        place_subscription(contents, &record->subscription);
    } else if (record->kind == WAX_IMPORT_QUEUED) {
        place_queued(contents, &record->queued);
    } else if (record->kind == WAX_IMPORT_RETAINED) {
        place_retained(contents, record->retained_store_id);
    }
}

/* Shows every good record of the file to `see`. Returns as wax_import_open(), or as
 * wax_import_next() but WAX_OK at the end. */
static wax_status walk(wax_import_contents *contents, wax_bytes file, visit *see)
{
    wax_import import;
    wax_import_record record;
    wax_status status = wax_import_open(&import, file);

    while (status == WAX_OK) {
        status = wax_import_next(&import, &record);
        if (status == WAX_OK) {
            see(contents, &record);
        }
    }
    contents->version = import.version;
    contents->fault = import.fault;
    contents->skipped_count = import.skipped_count;
    return status == WAX_NOT_FOUND ? WAX_OK : status;
}

/* --- Memory --- */

static const size_t item_sizes[ROOM_COUNT] = {
    [MESSAGES] = sizeof(wax_import_message), [RETAINED] = sizeof(const wax_import_message *),
    [SESSIONS] = sizeof(wax_import_session), [SUBSCRIPTIONS] = sizeof(wax_import_subscription),
    [QUEUED] = sizeof(wax_import_queued),
};

static void *allocate(const wax_import_contents *contents, enum room room, wax_memory *memory)
{
    size_t size = contents->rooms[room] * item_sizes[room];
    void *items;

    if (contents->rooms[room] > (SIZE_MAX - 1) / item_sizes[room]) {
        return NULL;
    }
    items = memory->resize(memory, NULL, 0, size + 1); /* 0 would give memory back */
    if (items != NULL) {
        memset(items, 0, size + 1);
    }
    return items;
}

static bool make_rooms(wax_import_contents *contents, wax_memory *memory)
{
    contents->messages = allocate(contents, MESSAGES, memory);
    contents->retained = allocate(contents, RETAINED, memory);
    contents->sessions = allocate(contents, SESSIONS, memory);
    contents->subscriptions = allocate(contents, SUBSCRIPTIONS, memory);
    contents->queued = allocate(contents, QUEUED, memory);
    return contents->messages != NULL && contents->retained != NULL && contents->sessions != NULL &&
           contents->subscriptions != NULL && contents->queued != NULL;
}

void wax_import_discard(wax_import_contents *contents, wax_memory *memory)
{
    void *const items[ROOM_COUNT] = {
        [MESSAGES] = contents->messages, [RETAINED] = (void *)contents->retained,
        [SESSIONS] = contents->sessions, [SUBSCRIPTIONS] = contents->subscriptions,
        [QUEUED] = contents->queued,
    };

    for (size_t i = 0; i < ROOM_COUNT; i++) {
        if (items[i] != NULL) {
            (void)memory->resize(memory, items[i], contents->rooms[i] * item_sizes[i] + 1, 0);
        }
    }
    *contents = (wax_import_contents){0};
}

wax_status wax_import_gather(wax_import_contents *contents, wax_bytes file, wax_memory *memory)
{
    struct items items;
    wax_status status;

    *contents = (wax_import_contents){0};
    status = walk(contents, file, count_record);
    if (contents->version == 0 || status == WAX_INVALID || status == WAX_UNSUPPORTED_VERSION) {
        return status;
    }
    if (!make_rooms(contents, memory)) {
        wax_import_discard(contents, memory);
        return WAX_FULL;
    }
    (void)walk(contents, file, take_owner);
    items = messages_of(contents);
    sort(&items);
    items = sessions_of(contents);
    sort(&items);
    (void)walk(contents, file, count_owned);
    share_out(contents);
    return walk(contents, file, place_record);
}

uint32_t wax_import_seconds_left(int64_t expires_s, int64_t now_s)
{
    if (expires_s == 0) {
        return UINT32_MAX;
    }
    if (expires_s <= now_s) {
        return 0;
    }
    return expires_s - now_s < UINT32_MAX ? (uint32_t)(expires_s - now_s) : UINT32_MAX;
}
