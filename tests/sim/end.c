/* One end of a connection between its link and its application, and exchanges that outlive it. */
#include "sim.h"

void end_open(struct world *world, struct end *end, struct link *link, wax_role role)
{
    struct chance *chance = &world->chance;
    wax_session_limits limits = {
        .packet_size_max = ROOM_FOR_ONE + chance_below(chance, BOX_SIZE - ROOM_FOR_ONE),
        .connect_size_max = ROOM_FOR_ONE,
        .connect_timeout_ms = 3000,
        .receive_maximum = (uint16_t)chance_below(chance, 6),
        .send_maximum = (uint16_t)chance_below(chance, 6),
        .topic_alias_maximum = (uint16_t)chance_below(chance, 4),
        .streams = chance_one_in(chance, 2),
    };

    *end = (struct end){.link = link};
    end->in = role == WAX_ROLE_CLIENT ? &link->down : &link->up;
    end->out = role == WAX_ROLE_CLIENT ? &link->up : &link->down;
    wax_session_open(&end->session, role, &limits, world->now_ms);
    end->aliases[0] = (wax_aliases){.room = end->aliases_in, .size = sizeof end->aliases_in};
    end->aliases[1] = (wax_aliases){.room = end->aliases_out, .size = sizeof end->aliases_out};
    end->session.aliases_in = &end->aliases[0];
    end->session.aliases_out = &end->aliases[1];
}

void end_drop(struct end *end, wax_flows *incoming)
{
    if (end->payload_left > 0 && end->coming_owes == WAX_PUBREC && incoming != NULL) {
        wax_assert(wax_flows_acknowledge(incoming, WAX_PUBREC, end->coming_id,
                                         WAX_UNSPECIFIED_ERROR) == WAX_OK);
    }
    end->payload_left = 0;
    if (end->link != NULL) {
        link_release(end->link, end->session.role == WAX_ROLE_CLIENT, end->session.now_ms);
    }
    end->link = NULL;
    end->session.state = WAX_SESSION_CLOSED;
}

/* Moves on behind what the last event viewed. */
static void discard(struct end *end)
{
    end->inbox_used -= end->inbox_taken;
    memmove(end->inbox, end->inbox + end->inbox_taken, end->inbox_used);
    end->inbox_taken = 0;
}

bool end_read(struct world *world, struct end *end)
{
    size_t room;

    discard(end);
    room = BOX_SIZE - end->inbox_used;
    room = room == 0 ? 0 : 1 + chance_below(&world->chance, (uint32_t)room);
    end->inbox_used += pipe_receive(world, end->in, end->inbox + end->inbox_used, room);
    return !pipe_has_ended(world, end->in);
}

void end_write(struct world *world, struct end *end)
{
    size_t sent = pipe_send(world, end->out, end->outbox, end->outbox_used);

    end->outbox_used -= sent;
    memmove(end->outbox, end->outbox + sent, end->outbox_used);
}

/* A writer over what the outbox has left, and its end. */
static wax_writer begin_writing(struct end *end)
{
    return wax_writer_over(end->outbox + end->outbox_used, BOX_SIZE - end->outbox_used);
}

static void end_writing(struct end *end, const wax_writer *out)
{
    end->outbox_used += out->used;
}

wax_status end_receive(struct world *world, struct end *end, wax_event *event)
{
    wax_writer out = begin_writing(end);
    wax_reader in;
    wax_status status;

    discard(end);
    in = wax_reader_over(wax_bytes_of(end->inbox, end->inbox_used));
    status = wax_session_receive(&end->session, &in, &out, world->now_ms, event);
    end_writing(end, &out);
    end->inbox_taken = end->inbox_used - wax_reader_left(&in);
    if (status >= 0x80) {
        world_fail(world, wax_status_text(status), end->session.role, (int)status);
    }
    if (status == WAX_MORE && end->inbox_used == BOX_SIZE &&
        end->session.state == WAX_SESSION_OPEN) {
        world_fail(world, "a full inbox holds no packet", end->session.role, 0);
    }
    return status;
}

bool end_tick(struct world *world, struct end *end)
{
    wax_writer out = begin_writing(end);
    wax_status status = wax_session_tick(&end->session, world->now_ms, &out);

    end_writing(end, &out);
    return status < 0x80;
}

size_t end_room(const struct end *end)
{
    return BOX_SIZE - end->outbox_used;
}

/* Adds a piece of payload to the message that is coming. */
static void append(struct message *message, wax_bytes piece)
{
    wax_assert(message->payload_size + piece.size <= PAYLOAD_MAX);
    if (piece.size > 0) {
        memcpy(message->payload + message->payload_size, piece.data, piece.size);
    }
    message->payload_size += piece.size;
}

bool end_collect(struct end *end, const wax_event *event)
{
    const wax_publish *publish = &event->publish;

    if (event->type == WAX_EVENT_PUBLISH) {
        end->coming = (struct message){.qos = publish->qos, .retain = publish->retain};
        wax_assert(publish->topic.size < TOPIC_MAX);
        memcpy(end->coming.topic, publish->topic.data, publish->topic.size);
        end->coming_id = event->packet_id;
        end->coming_owes = event->owes;
    }
    append(&end->coming, publish->payload);
    end->payload_left = event->payload_left;
    return end->payload_left == 0;
}

wax_publish message_view(const struct message *message)
{
    return (wax_publish){
        .topic = wax_bytes_of_text(message->topic),
        .payload = wax_bytes_of(message->payload, message->payload_size),
        .qos = message->qos,
        .retain = message->retain,
    };
}

/* Lets an alias stand for the topic where the peer takes one. */
static void shorten(struct end *end, wax_publish *publish, wax_writer *properties)
{
    bool is_new;
    uint16_t alias = wax_session_alias(&end->session, publish->topic, &is_new);

    if (alias != 0) {
        wax_property_write_number(properties, WAX_TOPIC_ALIAS, alias);
        publish->properties = wax_writer_bytes(properties);
        publish->topic = is_new ? publish->topic : (wax_bytes){NULL, 0};
    }
}

wax_status end_publish(struct world *world, struct end *end, const struct message *message,
                       bool is_again, uint16_t *packet_id)
{
    wax_publish publish = message_view(message);
    uint8_t room[8];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_writer out = begin_writing(end);
    wax_status status;

    if (end_room(end) < ROOM_FOR_ONE) {
        return WAX_FULL;
    }
    publish.duplicate = is_again;
    publish.packet_id = *packet_id;
    /* An alias is only made for what is sure to go out: QoS 0 always is. */
    if (message->qos == 0 && chance_one_in(&world->chance, 2)) {
        shorten(end, &publish, &properties);
    }
    status = wax_session_publish(&end->session, &publish, &out);
    if (status == WAX_OK) {
        wax_write_bytes(&out, publish.payload);
        wax_assert(out.status == WAX_OK);
        *packet_id = publish.packet_id;
    }
    end_writing(end, &out);
    return status;
}

wax_status end_acknowledge(struct end *end, uint8_t type, uint16_t packet_id)
{
    wax_writer out = begin_writing(end);
    wax_status status = wax_session_acknowledge(&end->session, (wax_packet_type)type, packet_id,
                                                WAX_REASON_SUCCESS, &out);

    end_writing(end, &out);
    return status;
}

wax_status end_grant(struct end *end, const struct pending *pending)
{
    wax_writer out = begin_writing(end);
    wax_suback suback = {
        .packet_id = pending->packet_id, .reasons = {pending->reasons, pending->reason_count}
    };
    wax_status status = wax_session_grant(&end->session, &suback, WAX_SUBACK, &out);

    end_writing(end, &out);
    return status;
}
