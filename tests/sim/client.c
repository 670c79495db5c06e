/* A client: publishes what the ledger makes up, keeps what is not delivered, connects again. */
#include "sim.h"

enum { QUEUED = 1, SENT, DONE };

static const char *const filters[] = {"#",     "t/#",   "r/#",   "t/0/+",
                                      "+/1/1", "t/+/2", "+/+/0", "t/1/1"};

void client_init(struct world *world, struct client *client, uint8_t number)
{
    static const wax_version versions[] = {WAX_VERSION_3_1, WAX_VERSION_3_1_1, WAX_VERSION_5,
                                           WAX_VERSION_5};
    struct chance *chance = &world->chance;

    *client = (struct client){.number = number, .version = versions[chance_below(chance, 4)]};
    client->end.session.state = WAX_SESSION_CLOSED;
    client->is_clean = number > 0 && chance_one_in(chance, 3);
    client->filter_count = (uint8_t)(1 + chance_below(chance, FILTERS_MAX));
    for (uint8_t i = 0; i < client->filter_count; i++) {
        client->filters[i] = (struct subscription){
            filters[chance_below(chance, WAX_COUNT(filters))], (uint8_t)chance_below(chance, 3)};
        for (uint8_t j = 0; j < i; j++) { /* one subscription per filter: the last word counts */
            if (client->filters[j].filter == client->filters[i].filter) {
                client->filters[j].qos = client->filters[i].qos;
            }
        }
    }
    exchanges_init(&client->exchanges);
}

void client_publish(struct world *world, struct client *client)
{
    if (world->ledger.count < MESSAGES_MAX) {
        uint16_t number = ledger_publish(world, client->number);
        client->states[number] = QUEUED;
        world_tell(world, "client wants to publish", client->number, number);
    }
}

/* A clean session is over: QoS 1 begins anew, QoS 2 cannot without the risk of coming twice. */
static void give_up_sent(struct world *world, struct client *client)
{
    for (uint16_t i = 0; i < world->ledger.count; i++) {
        if (client->states[i] == SENT) {
            bool is_again = world->ledger.entries[i].message.qos == 1;
            client->states[i] = is_again ? QUEUED : DONE;
            world->ledger.entries[i].is_uncertain |= !is_again;
        }
    }
}

static void drop(struct world *world, struct client *client)
{
    end_drop(&client->end, &client->exchanges.incoming);
    exchanges_disconnect(&client->exchanges);
    client->asks = false;
    client->retry_ms = world->now_ms + chance_below(&world->chance, 500);
    world_tell(world, "client has lost its connection", client->number, (int)client->connection);
}

static void connect(struct world *world, struct client *client)
{
    struct link *link = link_open(world);
    wax_connect packet = {.version = client->version, .clean_start = client->is_clean};
    char id[2] = {'c', (char)('0' + client->number)};
    uint8_t room[64];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_writer out;

    if (link == NULL) {
        return;
    }
    packet.client_id = wax_bytes_of(id, sizeof id);
    packet.keep_alive_s = (uint16_t)(1 + chance_below(&world->chance, 3));
    end_open(world, &client->end, link, WAX_ROLE_CLIENT);
    if (client->is_clean) {
        exchanges_init(&client->exchanges);
        give_up_sent(world, client);
        client->has_subscribed = false;
    }
    out = wax_writer_over(client->end.outbox, BOX_SIZE);
    wax_session_attach(&client->end.session, &client->exchanges.outgoing,
                       &client->exchanges.incoming);
    wax_assert(wax_session_connect(&client->end.session, &packet, &properties, &out) == WAX_OK);
    client->end.outbox_used = out.used;
    client->connection++;
    broker_accept(world, link);
    world_tell(world, "client connects", client->number, (int)client->connection);
}

static void subscribe(struct client *client)
{
    struct end *end = &client->end;
    uint8_t room[64];
    wax_writer list = wax_writer_over(room, sizeof room);
    wax_writer out = wax_writer_over(end->outbox + end->outbox_used, end_room(end));
    wax_subscribe packet = {0};
    wax_status status;

    for (uint8_t i = 0; i < client->filter_count; i++) {
        wax_subscription one = {.filter = wax_bytes_of_text(client->filters[i].filter),
                                .qos = client->filters[i].qos};
        wax_subscription_write(&list, &one, WAX_SUBSCRIBE, client->version);
    }
    packet.filters = wax_writer_bytes(&list);
    status = wax_session_subscribe(&end->session, &packet, WAX_SUBSCRIBE, &out);
    end->outbox_used += out.used;
    client->asks = status == WAX_OK;
    if (status == WAX_CROWDED) {
        (void)exchanges_grow_outgoing(&client->exchanges);
    }
}

/* A message is here in full. */
static void take(struct world *world, struct client *client)
{
    const struct message *message = &client->end.coming;

    if (!client->is_auditor) {
        ledger_deliver(world, client->number, message);
    } else if (message->retain) {
        wax_assert(client->retained_count < WAX_COUNT(client->retained));
        client->retained[client->retained_count++] = *message;
    }
    if (client->end.coming_owes != WAX_NO_PACKET) {
        exchanges_owe(&client->exchanges,
                      (struct pending){.due_ms = world->now_ms + chance_below(&world->chance, 100),
                                       .packet_id = client->end.coming_id,
                                       .type = client->end.coming_owes});
    }
}

static void finish(struct client *client, uint16_t packet_id)
{
    uint16_t slot = packet_id % client->exchanges.outgoing.slot_count;

    client->states[client->exchanges.messages[slot]] = DONE;
}

static void take_connected(struct world *world, struct client *client, const wax_event *event)
{
    if (!client->is_clean && client->was_accepted && !event->connack.session_present) {
        world_fail(world, "a lasting session is lost", client->number, 0);
    }
    client->was_accepted = true;
    client->end.is_resuming = true;
    client->end.resumed_id = 0;
}

static void handle(struct world *world, struct client *client, const wax_event *event)
{
    switch ((wax_event_type)event->type) {
    case WAX_EVENT_CONNECTED:
        take_connected(world, client, event);
        break;
    case WAX_EVENT_PUBLISH:
    case WAX_EVENT_PAYLOAD:
        if (end_collect(&client->end, event)) {
            take(world, client);
        }
        break;
    case WAX_EVENT_RECEIVED:
    case WAX_EVENT_RELEASED:
        exchanges_owe(&client->exchanges,
                      (struct pending){.packet_id = event->packet_id, .type = event->owes});
        break;
    case WAX_EVENT_DELIVERED:
        finish(client, event->packet_id);
        break;
    case WAX_EVENT_SUBSCRIBED:
        client->has_subscribed = true;
        client->asks = false;
        break;
    case WAX_EVENT_DISCONNECTED:
        if (event->notice.reason != WAX_TAKEN_OVER &&
            event->notice.reason != WAX_KEEP_ALIVE_TIMEOUT) {
            world_fail(world, "the broker complains", client->number, event->notice.reason);
        }
        break;
    case WAX_EVENT_NONE:
        break;
    case WAX_EVENT_CONNECT:
    case WAX_EVENT_REFUSED:
    case WAX_EVENT_SUBSCRIBE:
    case WAX_EVENT_UNSUBSCRIBE:
    case WAX_EVENT_UNSUBSCRIBED:
    case WAX_EVENT_AUTHENTICATE:
    default:
        world_fail(world, "a client did not expect this event", client->number, event->type);
    }
}

/* Sends the next message; false when it must wait. */
static bool send_next(struct world *world, struct client *client)
{
    struct exchanges *exchanges = &client->exchanges;
    uint16_t number = 0;
    uint16_t id = 0;
    wax_status status;

    while (number < world->ledger.count && client->states[number] != QUEUED) {
        number++;
    }
    if (number == world->ledger.count) {
        return false;
    }
    status = end_publish(world, &client->end, &world->ledger.entries[number].message, false, &id);
    if (status == WAX_CROWDED &&
        client->end.session.sending_count < client->end.session.send_maximum) {
        return exchanges_grow_outgoing(exchanges);
    }
    if (status == WAX_OK) {
        client->states[number] = id == 0 ? DONE : SENT;
    }
    if (id != 0) {
        exchanges->messages[id % exchanges->outgoing.slot_count] = number;
    }
    return status == WAX_OK;
}

/* Says what is to be said on an open connection. */
static void speak(struct world *world, struct client *client)
{
    static struct message messages[MESSAGES_MAX];
    struct end *end = &client->end;

    for (uint16_t i = 0; end->is_resuming && i < world->ledger.count; i++) {
        messages[i] = world->ledger.entries[i].message;
    }
    exchanges_resume(world, &client->exchanges, end, messages);
    if (!client->has_subscribed && !client->asks && end_room(end) >= ROOM_FOR_ONE) {
        subscribe(client);
    }
    while (!end->is_resuming && client->has_subscribed && send_next(world, client)) {
    }
}

static void work(struct world *world, struct client *client)
{
    struct end *end = &client->end;
    bool is_there = end_read(world, end);
    wax_event event;
    wax_status status;

    while ((status = end_receive(world, end, &event)) == WAX_OK || status == WAX_CROWDED) {
        if (status == WAX_CROWDED && !exchanges_grow_incoming(&client->exchanges)) {
            world_fail(world, "a client has too few slots", client->number, 0);
        }
        if (status == WAX_OK) {
            handle(world, client, &event);
        }
    }
    exchanges_pay(world, &client->exchanges, end);
    if (end->session.state == WAX_SESSION_OPEN) {
        speak(world, client);
    }
    is_there = end_tick(world, end) && is_there;
    end_write(world, end);
    if (!is_there || end->session.state == WAX_SESSION_CLOSED) {
        drop(world, client);
    }
}

void client_turn(struct world *world, struct client *client)
{
    if (client->end.link == NULL) {
        exchanges_pay(world, &client->exchanges, NULL);
        if (client->retry_ms <= world->now_ms) {
            connect(world, client);
        }
        return;
    }
    work(world, client);
}

void client_leave(struct world *world, struct client *client, bool is_polite)
{
    struct end *end = &client->end;
    wax_writer out = wax_writer_over(end->outbox + end->outbox_used, end_room(end));

    if (end->link == NULL) {
        return;
    }
    if (is_polite) {
        (void)wax_session_close(&end->session, WAX_REASON_SUCCESS, (wax_bytes){NULL, 0}, &out);
        end->outbox_used += out.used;
        end_write(world, end);
    }
    drop(world, client);
}

bool client_is_idle(const struct client *client)
{
    const struct exchanges *exchanges = &client->exchanges;
    const wax_session *session = &client->end.session;
    const struct link *link = client->end.link;
    bool is_there = link != NULL && link->broker_holds && !link->up.is_cut && !link->down.is_cut;
    bool is_idle = is_there && session->state == WAX_SESSION_OPEN && client->has_subscribed &&
                   exchanges->pending_count == 0 && exchanges->outgoing.used_count == 0 &&
                   exchanges->incoming.used_count == 0 && client->end.payload_left == 0 &&
                   session->sending_count == 0 && session->receiving_count == 0;

    for (uint16_t i = 0; i < MESSAGES_MAX; i++) {
        is_idle = is_idle && client->states[i] != QUEUED && client->states[i] != SENT;
    }
    return is_idle;
}
