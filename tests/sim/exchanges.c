/* Exchanges that outlive a connection, with the messages beside them and what is owed for them. */
#include "sim.h"

enum { SLOTS_FIRST = 2 };

void exchanges_init(struct exchanges *exchanges)
{
    *exchanges = (struct exchanges){.pending_count = 0};
    wax_flows_init(&exchanges->outgoing, exchanges->outgoing_slots[0], SLOTS_FIRST);
    wax_flows_init(&exchanges->incoming, exchanges->incoming_slots[0], SLOTS_FIRST);
}

bool exchanges_grow_incoming(struct exchanges *exchanges)
{
    uint16_t count = (uint16_t)(2 * exchanges->incoming.slot_count);

    if (count > SLOTS_MAX) {
        return false;
    }
    exchanges->incoming_half ^= 1U;
    wax_flows_move(&exchanges->incoming, exchanges->incoming_slots[exchanges->incoming_half],
                   count);
    return true;
}

bool exchanges_grow_outgoing(struct exchanges *exchanges)
{
    uint16_t old_count = exchanges->outgoing.slot_count;
    uint16_t count = (uint16_t)(2 * old_count);
    uint16_t messages[SLOTS_MAX] = {0};

    if (count > SLOTS_MAX) {
        return false;
    }
    for (uint16_t i = 0; i < old_count; i++) {
        messages[exchanges->outgoing.slots[i].packet_id % count] = exchanges->messages[i];
    }
    memcpy(exchanges->messages, messages, sizeof messages);
    exchanges->outgoing_half ^= 1U;
    wax_flows_move(&exchanges->outgoing, exchanges->outgoing_slots[exchanges->outgoing_half],
                   count);
    return true;
}

void exchanges_owe(struct exchanges *exchanges, struct pending pending)
{
    wax_assert(exchanges->pending_count < PENDING_MAX);
    exchanges->pending[exchanges->pending_count++] = pending;
}

void exchanges_disconnect(struct exchanges *exchanges)
{
    uint16_t kept = 0;

    for (uint16_t i = 0; i < exchanges->pending_count; i++) {
        uint8_t type = exchanges->pending[i].type;
        if (type == WAX_PUBREC || type == WAX_PUBCOMP) {
            exchanges->pending[kept++] = exchanges->pending[i];
        }
    }
    exchanges->pending_count = kept;
}

/* Pays one debt. Returns false when it must wait. */
static bool pay(struct world *world, struct exchanges *exchanges, struct end *end,
                const struct pending *pending)
{
    if (pending->due_ms > world->now_ms) {
        return false;
    }
    if (end == NULL || end->session.state != WAX_SESSION_OPEN) {
        if (pending->type == WAX_PUBREC || pending->type == WAX_PUBCOMP) {
            (void)wax_flows_acknowledge(&exchanges->incoming, (wax_packet_type)pending->type,
                                        pending->packet_id, WAX_REASON_SUCCESS);
        }
        return true;
    }
    if (pending->type == WAX_SUBACK) {
        return end_grant(end, pending) == WAX_OK;
    }
    return end_acknowledge(end, pending->type, pending->packet_id) != WAX_FULL;
}

void exchanges_pay(struct world *world, struct exchanges *exchanges, struct end *end)
{
    uint16_t paid = 0;

    while (paid < exchanges->pending_count &&
           pay(world, exchanges, end, &exchanges->pending[paid])) {
        paid++;
    }
    exchanges->pending_count = (uint16_t)(exchanges->pending_count - paid);
    memmove(exchanges->pending, exchanges->pending + paid,
            exchanges->pending_count * sizeof exchanges->pending[0]);
}

/* Takes one exchange up again. Returns false when it must wait. */
static bool resume(struct world *world, const struct exchanges *exchanges, struct end *end,
                   const wax_flow *flow, const struct message *messages)
{
    uint16_t id = flow->packet_id;
    uint16_t number = exchanges->messages[id % exchanges->outgoing.slot_count];
    wax_status status = WAX_OK;

    if (flow->waits == WAX_WAIT_PUBACK || flow->waits == WAX_WAIT_PUBREC) {
        status = end_publish(world, end, &messages[number], true, &id);
        world_tell(world, "sent again", id, (int)status);
    } else if (flow->waits == WAX_OWES_PUBREL || flow->waits == WAX_WAIT_PUBCOMP) {
        status = end_acknowledge(end, WAX_PUBREL, id);
        world_tell(world, "released again", id, (int)status);
    }
    if (status != WAX_OK && status != WAX_FULL && status != WAX_CROWDED) {
        world_fail(world, "an exchange cannot be resumed", id, (int)status);
    }
    return status == WAX_OK;
}

void exchanges_resume(struct world *world, struct exchanges *exchanges, struct end *end,
                      const struct message *messages)
{
    while (end->is_resuming) {
        const wax_flow *flow = wax_flows_after(&exchanges->outgoing, end->resumed_id);
        if (flow == NULL) {
            end->is_resuming = false;
        } else if (resume(world, exchanges, end, flow, messages)) {
            end->resumed_id = flow->packet_id;
        } else {
            return;
        }
    }
}
