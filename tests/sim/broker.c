/* A broker as small as it can be: it accepts, routes, and says nothing before the disk has it. */
#include "sim.h"

static void *resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    struct broker *broker = WAX_OWNER(self, struct broker, allocator);

    broker->allocated += new_size - old_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_size);
}

void broker_open(struct world *world)
{
    world->broker.allocator = (wax_memory){resize};
    broker_rebuild(world);
    broker_commit(&world->broker);
}

static void forget_router(struct broker *broker)
{
    wax_matches_close(&broker->matches);
    wax_retained_close(broker->retained);
    wax_router_close(broker->router);
}

void broker_close(struct world *world)
{
    forget_router(&world->broker);
    if (world->broker.allocated != 0) {
        world_fail(world, "the router keeps memory", 0, (int)world->broker.allocated);
    }
}

void broker_accept(struct world *world, struct link *link)
{
    if (world->broker.down_until_ms > world->now_ms) {
        link_release(link, false, world->now_ms);
        return;
    }
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct connection *connection = &world->broker.connections[i];
        if (!connection->is_live) {
            *connection = (struct connection){.record = -1, .is_live = true};
            end_open(world, &connection->end, link, WAX_ROLE_SERVER);
            return;
        }
    }
    link_release(link, false, world->now_ms);
}

/* The exchanges of a connection that was accepted, or NULL. */
static struct record *record_of(struct broker *broker, const struct connection *connection)
{
    return connection->end.session.outgoing == NULL ? NULL
                                                    : &broker->memory.records[connection->record];
}

static void drop(struct broker *broker, struct connection *connection)
{
    struct record *record = record_of(broker, connection);

    end_drop(&connection->end, record == NULL ? NULL : &record->exchanges.incoming);
    connection->is_live = false;
    if (record != NULL) {
        exchanges_disconnect(&record->exchanges);
        if (record->is_clean) {
            record_forget(broker, connection->record);
        }
    }
}

/* Ends another connection of the same client. */
static void take_over(struct world *world, const struct connection *newest)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct connection *connection = &world->broker.connections[i];
        struct end *end = &connection->end;
        if (connection->is_live && connection != newest && connection->record == newest->record) {
            wax_writer out = wax_writer_over(end->outbox + end->outbox_used, end_room(end));
            (void)wax_session_close(&end->session, WAX_TAKEN_OVER, (wax_bytes){NULL, 0}, &out);
            end->outbox_used += out.used;
            end_write(world, end);
            drop(&world->broker, connection);
        }
    }
}

static void take_connect(struct world *world, struct connection *connection,
                         const wax_connect *connect)
{
    connection->record = connect->client_id.data[1] - '0';
    connection->is_clean = connect->clean_start;
    connection->keep_alive_s = connect->keep_alive_s;
    take_over(world, connection);
}

/* Accepts a client once its session is on the disk. */
static void answer_connect(struct world *world, struct connection *connection)
{
    struct broker *broker = &world->broker;
    struct record *record = &broker->memory.records[connection->record];
    struct end *end = &connection->end;
    uint8_t room[64];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_writer out = wax_writer_over(end->outbox + end->outbox_used, end_room(end));
    bool is_present;

    if (connection->is_clean) {
        record_forget(broker, connection->record);
    }
    is_present = record->exists;
    record->exists = true;
    record->is_clean = connection->is_clean;
    wax_session_attach(&end->session, &record->exchanges.outgoing, &record->exchanges.incoming);
    broker->is_dirty = true;
    broker_commit(broker);
    wax_assert(wax_session_accept(&end->session, is_present, connection->keep_alive_s, &properties,
                                  &out) == WAX_OK);
    end->outbox_used += out.used;
    end->is_resuming = true;
    end->resumed_id = 0;
    world_tell(world, "broker accepts client", connection->record, is_present);
}

static void owe(struct world *world, struct connection *connection, uint8_t type,
                uint16_t packet_id)
{
    exchanges_owe(&world->broker.memory.records[connection->record].exchanges,
                  (struct pending){.due_ms = world->now_ms + chance_below(&world->chance, 50),
                                   .packet_id = packet_id,
                                   .type = type});
    world->broker.is_dirty = true;
}

static void take_subscribe(struct world *world, struct connection *connection,
                           const wax_subscribe *subscribe)
{
    struct pending pending = {.packet_id = subscribe->packet_id, .type = WAX_SUBACK};
    wax_reader in = wax_reader_over(subscribe->filters);
    wax_version version = (wax_version)connection->end.session.version;
    wax_subscription wanted;

    while (wax_subscription_next(&in, WAX_SUBSCRIBE, version, &wanted)) {
        wax_assert(pending.reason_count < FILTERS_MAX);
        pending.reasons[pending.reason_count++] =
            record_subscribe(world, connection->record, wanted.filter, wanted.qos);
    }
    exchanges_owe(&world->broker.memory.records[connection->record].exchanges, pending);
    world->broker.is_dirty = true;
}

static void take_message(struct world *world, struct connection *connection)
{
    struct end *end = &connection->end;

    world_tell(world, "broker takes message of client", connection->record,
               end->coming.payload[1] << 8 | end->coming.payload[2]);
    broker_route(world, &end->coming);
    ledger_promise(world, &end->coming);
    if (end->coming_owes != WAX_NO_PACKET) {
        owe(world, connection, end->coming_owes, end->coming_id);
    }
}

static void handle(struct world *world, struct connection *connection, const wax_event *event)
{
    switch ((wax_event_type)event->type) {
    case WAX_EVENT_CONNECT:
        take_connect(world, connection, &event->connect);
        break;
    case WAX_EVENT_PUBLISH:
    case WAX_EVENT_PAYLOAD:
        if (end_collect(&connection->end, event)) {
            take_message(world, connection);
        }
        break;
    case WAX_EVENT_RECEIVED:
    case WAX_EVENT_RELEASED:
        owe(world, connection, event->owes, event->packet_id);
        break;
    case WAX_EVENT_SUBSCRIBE:
        take_subscribe(world, connection, &event->subscribe);
        break;
    case WAX_EVENT_DELIVERED:
        world->broker.is_dirty = true;
        break;
    case WAX_EVENT_NONE:
    case WAX_EVENT_DISCONNECTED:
        break;
    case WAX_EVENT_CONNECTED:
    case WAX_EVENT_REFUSED:
    case WAX_EVENT_UNSUBSCRIBE:
    case WAX_EVENT_SUBSCRIBED:
    case WAX_EVENT_UNSUBSCRIBED:
    case WAX_EVENT_AUTHENTICATE:
    default:
        world_fail(world, "the broker did not expect this event", 0, event->type);
    }
}

/* Takes all that came. Returns false when the connection is over. */
static bool listen(struct world *world, struct connection *connection)
{
    struct end *end = &connection->end;
    bool is_there = end_read(world, end);
    wax_event event;
    wax_status status;

    while ((status = end_receive(world, end, &event)) == WAX_OK || status == WAX_CROWDED) {
        if (status == WAX_CROWDED &&
            !exchanges_grow_incoming(&world->broker.memory.records[connection->record].exchanges)) {
            world_fail(world, "the broker has too few slots", connection->record, 0);
        }
        if (status == WAX_OK) {
            handle(world, connection, &event);
        }
    }
    if (end->session.state == WAX_SESSION_ACCEPTING && chance_one_in(&world->chance, 3)) {
        answer_connect(world, connection);
    }
    return end_tick(world, end) && is_there && end->session.state != WAX_SESSION_CLOSED;
}

/* Sends the next of the queue; false when it must wait. */
static bool send_next(struct world *world, struct record *record, struct end *end)
{
    uint16_t id = 0;
    uint16_t number;
    wax_status status;

    if (record->queue_first == record->queue_end) {
        return false;
    }
    number = record->queue[record->queue_first];
    status = end_publish(world, end, &world->broker.messages[number], false, &id);
    if (status == WAX_CROWDED && end->session.sending_count < end->session.send_maximum) {
        return exchanges_grow_outgoing(&record->exchanges);
    }
    if (status != WAX_OK) {
        return false;
    }
    world_tell(world, "broker sends copy to client", (int)(record - world->broker.memory.records),
               number);
    record->queue_first++;
    if (id != 0) {
        record->exchanges.messages[id % record->exchanges.outgoing.slot_count] = number;
    }
    world->broker.is_dirty = true;
    return true;
}

/* Sends what is due, and nothing of which the disk does not know. */
static void speak(struct world *world, struct connection *connection)
{
    struct record *record = record_of(&world->broker, connection);
    struct end *end = &connection->end;

    if (record == NULL || end->session.state != WAX_SESSION_OPEN) {
        return;
    }
    exchanges_resume(world, &record->exchanges, end, world->broker.messages);
    while (!end->is_resuming && send_next(world, record, end)) {
    }
    broker_commit(&world->broker);
}

/* Pays what is owed to every client, here or away. */
static void pay(struct world *world)
{
    struct broker *broker = &world->broker;

    for (int i = 0; i <= CLIENTS_MAX; i++) {
        struct end *end = NULL;
        for (size_t j = 0; j < LINKS_MAX; j++) {
            struct connection *connection = &broker->connections[j];
            if (connection->is_live && connection->record == i &&
                record_of(broker, connection) != NULL) {
                end = &connection->end;
            }
        }
        exchanges_pay(world, &broker->memory.records[i].exchanges, end);
    }
}

void broker_turn(struct world *world)
{
    struct broker *broker = &world->broker;

    if (broker->down_until_ms > world->now_ms) {
        return;
    }
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct connection *connection = &broker->connections[i];
        if (connection->is_live && !listen(world, connection)) {
            end_write(world, &connection->end);
            drop(broker, connection);
        }
    }
    if (chance_one_in(&world->chance, 3)) {
        broker_commit(broker);
    }
    if (!broker->is_dirty) {
        pay(world);
        for (size_t i = 0; i < LINKS_MAX; i++) {
            if (broker->connections[i].is_live) {
                speak(world, &broker->connections[i]);
            }
        }
    }
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (broker->connections[i].is_live) {
            end_write(world, &broker->connections[i].end);
        }
    }
}

void broker_crash(struct world *world)
{
    struct broker *broker = &world->broker;

    world_tell(world, "broker crashes", 0, broker->is_dirty);
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (broker->connections[i].is_live) {
            link_cut(world, broker->connections[i].end.link);
            end_drop(&broker->connections[i].end, NULL);
            broker->connections[i].is_live = false;
        }
    }
    forget_router(broker);
    broker->memory = broker->disk;
    broker->down_until_ms = world->now_ms + chance_below(&world->chance, 1000);
    broker_rebuild(world);
}

bool broker_is_idle(const struct broker *broker)
{
    bool is_idle = !broker->is_dirty;

    for (int i = 0; i <= CLIENTS_MAX; i++) {
        const struct record *record = &broker->memory.records[i];
        is_idle = is_idle && record->queue_first == record->queue_end &&
                  record->exchanges.pending_count == 0 &&
                  record->exchanges.outgoing.used_count == 0 &&
                  record->exchanges.incoming.used_count == 0;
    }
    for (size_t i = 0; i < LINKS_MAX; i++) {
        const struct connection *connection = &broker->connections[i];
        if (connection->is_live && connection->end.session.state == WAX_SESSION_OPEN) {
            is_idle = is_idle && connection->end.session.sending_count == 0 &&
                      connection->end.session.receiving_count == 0;
        }
    }
    return is_idle;
}
