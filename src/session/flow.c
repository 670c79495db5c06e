/* QoS 1 and 2 as a table, and the slots that exchanges sit in. */
#include "session/internal.h"

enum { ANY, GOOD, BAD };

/* clang-format off */
static const wax_step on_packet[] = {
    /* waits for          meets         reason then waits for      tells                   owes           and answers */
    {WAX_WAIT_PUBACK,   WAX_PUBACK,   ANY,  WAX_WAIT_NONE,     WAX_EVENT_DELIVERED,    WAX_NO_PACKET, WAX_NO_PACKET}, /* [MQTT-4.3.2-3] */
    {WAX_WAIT_PUBREC,   WAX_PUBREC,   GOOD, WAX_OWES_PUBREL,   WAX_EVENT_RECEIVED,     WAX_PUBREL,    WAX_NO_PACKET}, /* [MQTT-4.3.3-3] */
    {WAX_WAIT_PUBREC,   WAX_PUBREC,   BAD,  WAX_WAIT_NONE,     WAX_EVENT_DELIVERED,    WAX_NO_PACKET, WAX_NO_PACKET}, /* [MQTT-4.4.0-2] */
    {WAX_OWES_PUBREL,   WAX_PUBREC,   ANY,  WAX_OWES_PUBREL,   WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_NO_PACKET},
    {WAX_WAIT_PUBCOMP,  WAX_PUBREC,   ANY,  WAX_WAIT_PUBCOMP,  WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREL},    /* [MQTT-4.3.3-4] */
    {WAX_WAIT_PUBCOMP,  WAX_PUBCOMP,  ANY,  WAX_WAIT_NONE,     WAX_EVENT_DELIVERED,    WAX_NO_PACKET, WAX_NO_PACKET}, /* [MQTT-4.3.3-5] */
    {WAX_WAIT_SUBACK,   WAX_SUBACK,   ANY,  WAX_WAIT_NONE,     WAX_EVENT_SUBSCRIBED,   WAX_NO_PACKET, WAX_NO_PACKET},
    {WAX_WAIT_UNSUBACK, WAX_UNSUBACK, ANY,  WAX_WAIT_NONE,     WAX_EVENT_UNSUBSCRIBED, WAX_NO_PACKET, WAX_NO_PACKET},
    {WAX_WAIT_NONE,     WAX_PUBREC,   GOOD, WAX_WAIT_NONE,     WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREL},
    {WAX_WAIT_NONE,     WAX_PUBLISH,  ANY,  WAX_OWES_PUBREC,   WAX_EVENT_PUBLISH,      WAX_PUBREC,    WAX_NO_PACKET}, /* [MQTT-4.3.3-8] */
    {WAX_OWES_PUBREC,   WAX_PUBLISH,  ANY,  WAX_OWES_PUBREC,   WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_NO_PACKET}, /* [MQTT-4.3.3-10] */
    {WAX_WAIT_PUBREL,   WAX_PUBLISH,  ANY,  WAX_WAIT_PUBREL,   WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREC},    /* [MQTT-4.3.3-10] */
    {WAX_OWES_PUBCOMP,  WAX_PUBLISH,  ANY,  WAX_OWES_PUBCOMP,  WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_NO_PACKET},
    {WAX_WAIT_PUBREL,   WAX_PUBREL,   ANY,  WAX_OWES_PUBCOMP,  WAX_EVENT_RELEASED,     WAX_PUBCOMP,   WAX_NO_PACKET}, /* [MQTT-4.3.3-11] */
    {WAX_OWES_PUBREC,   WAX_PUBREL,   ANY,  WAX_OWES_PUBREC,   WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_NO_PACKET},
    {WAX_OWES_PUBCOMP,  WAX_PUBREL,   ANY,  WAX_OWES_PUBCOMP,  WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_NO_PACKET},
    {WAX_WAIT_NONE,     WAX_PUBREL,   ANY,  WAX_WAIT_NONE,     WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBCOMP},
};

static const wax_step on_order[] = {
    {WAX_OWES_PUBREC,   WAX_PUBREC,   GOOD, WAX_WAIT_PUBREL,   WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREC},    /* [MQTT-4.3.3-8] */
    {WAX_OWES_PUBREC,   WAX_PUBREC,   BAD,  WAX_WAIT_NONE,     WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREC},    /* [MQTT-4.3.3-9] */
    {WAX_OWES_PUBCOMP,  WAX_PUBCOMP,  ANY,  WAX_WAIT_NONE,     WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBCOMP},   /* [MQTT-4.3.3-12] */
    {WAX_OWES_PUBREL,   WAX_PUBREL,   ANY,  WAX_WAIT_PUBCOMP,  WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREL},    /* [MQTT-4.3.3-4] */
    {WAX_WAIT_PUBREC,   WAX_PUBREL,   ANY,  WAX_WAIT_PUBCOMP,  WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREL},    /* given up */
    {WAX_WAIT_PUBCOMP,  WAX_PUBREL,   ANY,  WAX_WAIT_PUBCOMP,  WAX_EVENT_NONE,         WAX_NO_PACKET, WAX_PUBREL},    /* [MQTT-4.4.0-1] */
};
/* clang-format on */

static const wax_step *find_step(const wax_step *steps, size_t count, const wax_step *wanted)
{
    for (const wax_step *step = steps; step < steps + count; step++) {
        if (step->waits == wanted->waits && step->meets == wanted->meets &&
            (step->reason == ANY || step->reason == wanted->reason)) {
            return step;
        }
    }
    return NULL;
}

const wax_step *wax_step_on_packet(uint8_t waits, wax_packet_type packet, uint8_t reason)
{
    wax_step wanted = {
        .waits = waits, .meets = (uint8_t)packet, .reason = reason < 0x80 ? GOOD : BAD};

    return find_step(on_packet, WAX_COUNT(on_packet), &wanted);
}

const wax_step *wax_step_on_order(uint8_t waits, wax_packet_type packet, uint8_t reason)
{
    wax_step wanted = {
        .waits = waits, .meets = (uint8_t)packet, .reason = reason < 0x80 ? GOOD : BAD};

    return find_step(on_order, WAX_COUNT(on_order), &wanted);
}

void wax_flows_init(wax_flows *flows, wax_flow *slots, uint16_t slot_count)
{
    *flows = (wax_flows){.slots = slots, .slot_count = slot_count};
    for (uint16_t i = 0; i < slot_count; i++) {
        slots[i] = (wax_flow){.waits = WAX_WAIT_NONE};
    }
}

void wax_flows_move(wax_flows *flows, wax_flow *slots, uint16_t slot_count)
{
    wax_flow *old = flows->slots;

    wax_assert(slot_count > 0 && (flows->slot_count == 0 || slot_count % flows->slot_count == 0));
    for (uint16_t i = 0; i < slot_count; i++) {
        slots[i] = (wax_flow){.waits = WAX_WAIT_NONE};
    }
    for (uint16_t i = 0; i < flows->slot_count; i++) {
        /* The ids of incoming exchanges are the peer's, and so say nothing of their slots. */
        bool is_incoming = old[i].waits >= WAX_OWES_PUBREC;
        if (old[i].waits != WAX_WAIT_NONE) {
            slots[is_incoming ? i : old[i].packet_id % slot_count] = old[i];
        }
    }
    flows->slots = slots;
    flows->slot_count = slot_count;
}

uint16_t wax_flows_find(const wax_flows *flows, uint16_t packet_id)
{
    uint16_t slot;
    const wax_flow *flow;

    if (flows->slot_count == 0) {
        return 0;
    }
    slot = packet_id % flows->slot_count;
    flow = &flows->slots[slot];
    return flow->waits != WAX_WAIT_NONE && flow->packet_id == packet_id ? slot : flows->slot_count;
}

static uint16_t id_after(uint16_t packet_id)
{
    return packet_id == UINT16_MAX ? 1 : (uint16_t)(packet_id + 1);
}

const wax_flow *wax_flows_after(const wax_flows *flows, uint16_t packet_id)
{
    uint16_t id = packet_id == 0 ? flows->last_id : packet_id;

    /* Ids are given out in a circle, so that the circle from the last one on is their order. */
    while (flows->used_count > 0 && (packet_id == 0 || id != flows->last_id)) {
        id = id_after(id);
        uint16_t slot = wax_flows_find(flows, id);
        if (slot < flows->slot_count) {
            return &flows->slots[slot];
        }
        packet_id = id;
    }
    return NULL;
}

wax_flow *wax_flows_take(wax_flows *flows, uint8_t waits)
{
    if (flows->used_count == flows->slot_count) {
        return NULL;
    }
    for (;;) {
        flows->last_id = id_after(flows->last_id);
        wax_flow *flow = &flows->slots[flows->last_id % flows->slot_count];
        if (flow->waits == WAX_WAIT_NONE) {
            *flow = (wax_flow){.packet_id = flows->last_id, .waits = waits};
            flows->used_count++;
            return flow;
        }
    }
}

/* Incoming exchanges sit in any slot. */
static wax_status restore_incoming(wax_flows *flows, uint16_t packet_id)
{
    if (wax_flows_incoming(flows, packet_id) != NULL) {
        return WAX_PACKET_ID_IN_USE;
    }
    return wax_flows_admit(flows, packet_id, WAX_WAIT_PUBREL) == NULL ? WAX_CROWDED : WAX_OK;
}

wax_status wax_flows_restore(wax_flows *flows, uint16_t packet_id, wax_wait waits)
{
    wax_flow *flow;

    if (packet_id == 0) {
        return WAX_INVALID;
    }
    if (waits == WAX_WAIT_PUBREL) {
        return restore_incoming(flows, packet_id);
    }
    if (flows->slot_count == 0) {
        return WAX_CROWDED;
    }
    flow = &flows->slots[packet_id % flows->slot_count];
    if (flow->waits != WAX_WAIT_NONE) {
        return flow->packet_id == packet_id ? WAX_PACKET_ID_IN_USE : WAX_CROWDED;
    }
    *flow = (wax_flow){.packet_id = packet_id, .waits = (uint8_t)waits};
    flows->used_count++;
    return WAX_OK;
}

wax_flow *wax_flows_incoming(const wax_flows *flows, uint16_t packet_id)
{
    for (uint16_t i = 0, seen = 0; seen < flows->used_count; i++) {
        wax_flow *flow = &flows->slots[i];
        if (flow->waits != WAX_WAIT_NONE && flow->packet_id == packet_id) {
            return flow;
        }
        seen = (uint16_t)(seen + (flow->waits != WAX_WAIT_NONE));
    }
    return NULL;
}

wax_flow *wax_flows_admit(wax_flows *flows, uint16_t packet_id, uint8_t waits)
{
    if (flows->used_count == flows->slot_count) {
        return NULL;
    }
    for (wax_flow *flow = flows->slots;; flow++) {
        if (flow->waits == WAX_WAIT_NONE) {
            *flow = (wax_flow){.packet_id = packet_id, .waits = waits};
            flows->used_count++;
            return flow;
        }
    }
}

void wax_flows_step(wax_flows *flows, wax_flow *flow, uint8_t waits)
{
    flow->waits = waits;
    if (waits == WAX_WAIT_NONE) {
        flow->packet_id = 0;
        flows->used_count--;
    }
}

void wax_flow_count(wax_flow *flow, uint16_t *count)
{
    if (!flow->is_counted) {
        flow->is_counted = true;
        ++*count;
    }
}

void wax_flow_discount(wax_flow *flow, uint16_t *count)
{
    if (flow->is_counted) {
        flow->is_counted = false;
        --*count;
    }
}

void wax_flows_reconnect(wax_flows *flows)
{
    for (uint16_t i = 0; i < flows->slot_count; i++) {
        flows->slots[i].is_counted = false;
    }
}

void wax_flows_drop_requests(wax_flows *flows)
{
    for (uint16_t i = 0; i < flows->slot_count; i++) {
        wax_flow *flow = &flows->slots[i];
        if (flow->waits == WAX_WAIT_SUBACK || flow->waits == WAX_WAIT_UNSUBACK) {
            wax_flows_step(flows, flow, WAX_WAIT_NONE);
        }
    }
}

wax_status wax_flows_forget(wax_flows *flows, uint16_t packet_id)
{
    uint16_t slot = wax_flows_find(flows, packet_id);

    if (slot == flows->slot_count) {
        return WAX_NOT_FOUND;
    }
    wax_flows_step(flows, &flows->slots[slot], WAX_WAIT_NONE);
    return WAX_OK;
}

wax_status wax_flows_acknowledge(wax_flows *flows, wax_packet_type type, uint16_t packet_id,
                                 uint8_t reason)
{
    uint16_t slot = wax_flows_find(flows, packet_id);
    wax_flow *flow = slot < flows->slot_count ? &flows->slots[slot] : NULL;
    const wax_step *step;

    if (type != WAX_PUBREL) {
        flow = wax_flows_incoming(flows, packet_id);
    }
    step = flow == NULL ? NULL : wax_step_on_order(flow->waits, type, reason);
    if (step == NULL) {
        return WAX_NOT_FOUND;
    }
    wax_flows_step(flows, flow, step->next);
    return WAX_OK;
}
