/* Many retained messages: stored, delivered to a new subscriber, and removed again. */
#include "bench/topics.h"

#include <stdlib.h>
#include <string.h>

enum { IDS = 60000 };

struct archive {
    struct crowd crowd;
    struct topics topics;
    struct topics_head full;
    struct topics_head empty; /* removes a message */
    struct peer publisher;
    struct peer subscriber;
    uint8_t *come; /* a bit for each message */
    uint32_t ready;
    uint32_t sent;
    uint32_t acknowledged;
    uint32_t pinged; /* QoS 0: how many were sent before the PINGREQ that is on its way */
    uint32_t received;
    bool is_removing;
};

static struct archive *archive_of(struct crowd *crowd)
{
    return WAX_OWNER(crowd, struct archive, crowd);
}

static void put_message(struct archive *archive)
{
    const wax_bench_plan *plan = archive->crowd.plan;
    const struct topics_head *head = archive->is_removing ? &archive->empty : &archive->full;
    size_t payload_size = archive->is_removing ? 0 : plan->payload_size;
    struct stamp stamp = {0, archive->sent, archive->crowd.now_us};
    uint8_t *room = peer_room(&archive->publisher, head->size + payload_size);

    if (room == NULL) {
        return;
    }
    memcpy(room, head->bytes, head->size);
    topics_set_item(head, room, archive->sent);
    if (plan->qos > 0) {
        uint16_t id = (uint16_t)(archive->sent % IDS + 1);

        room[head->id_at] = (uint8_t)(id >> 8U);
        room[head->id_at + 1] = (uint8_t)id;
    }
    if (payload_size > 0) {
        memcpy(room + head->size, &stamp, sizeof stamp);
        memcpy(room + head->size + sizeof stamp, archive->crowd.payload + sizeof stamp,
               payload_size - sizeof stamp);
    }
    archive->sent++;
}

/* Sends as many as the window lets. At QoS 0 the broker tells by PINGRESP how far it is. */
static void work(struct peer *peer)
{
    struct archive *archive = archive_of(peer->crowd);
    const wax_bench_plan *plan = archive->crowd.plan;
    uint32_t window = plan->window;

    if (!peer->is_publisher) {
        return;
    }
    window = plan->qos > 0 && peer->receive_maximum < window ? peer->receive_maximum : window;
    while (archive->sent < plan->items && archive->sent - archive->acknowledged < window &&
           !archive->crowd.has_failed) {
        put_message(archive);
    }
    if (plan->qos == 0 && archive->pinged == 0 && archive->sent > archive->acknowledged) {
        archive->pinged = archive->sent;
        peer_put_empty(peer, WAX_PINGREQ);
    }
}

static void take_at_publisher(struct archive *archive, const wax_packet *packet)
{
    struct peer *peer = &archive->publisher;
    wax_notice got;

    if (packet->type == WAX_PINGRESP) {
        archive->acknowledged = archive->pinged;
        archive->pinged = 0;
        peer_touch(peer);
        return;
    }
    if (packet->type < WAX_PUBACK || packet->type > WAX_PUBCOMP ||
        wax_notice_read(&got, packet) != WAX_OK) {
        archive->crowd.result->strange++;
        return;
    }
    archive->crowd.result->refused += got.reason >= 0x80;
    if (got.type == WAX_PUBREC && got.reason < 0x80) {
        peer_acknowledge(peer, WAX_PUBREL, got.packet_id);
        return;
    }
    archive->acknowledged++;
    archive->crowd.phase_count++;
    peer_touch(peer);
}

static void take_message(struct archive *archive, const wax_packet *packet)
{
    wax_bench_result *result = archive->crowd.result;
    struct stamp stamp;
    uint16_t id;

    if (!stamp_read(&archive->crowd, packet, &stamp, &id) || (packet->flags & 1U) == 0 ||
        stamp.number >= archive->crowd.plan->items) {
        result->strange++;
    } else if (((unsigned)archive->come[stamp.number / 8] >> (stamp.number % 8) & 1U) != 0) {
        result->twice++;
    } else {
        archive->come[stamp.number / 8] |= (uint8_t)(1U << (stamp.number % 8));
        archive->received++;
        archive->crowd.phase_count++;
    }
    if (id != 0) {
        peer_acknowledge(&archive->subscriber, (packet->flags & 4U) != 0 ? WAX_PUBREC : WAX_PUBACK,
                         id);
    }
}

static void take(struct peer *peer, const wax_packet *packet)
{
    struct archive *archive = archive_of(peer->crowd);

    if (peer->is_publisher) {
        take_at_publisher(archive, packet);
    } else if (packet->type == WAX_PUBREL && packet->body.size >= 2) {
        peer_acknowledge(peer, WAX_PUBCOMP,
                         (uint16_t)(packet->body.data[0] << 8U | packet->body.data[1]));
    } else if (packet->type == WAX_PUBLISH) {
        take_message(archive, packet);
    }
}

static void be_ready(struct peer *peer)
{
    archive_of(peer->crowd)->ready++;
}

static bool both_are_ready(struct crowd *crowd)
{
    return archive_of(crowd)->ready == 2;
}

static bool all_are_taken(struct crowd *crowd)
{
    return archive_of(crowd)->acknowledged == crowd->plan->items;
}

static bool all_have_come(struct crowd *crowd)
{
    return archive_of(crowd)->received == crowd->plan->items;
}

/* Publishes every message, and waits until the broker has them. */
static void publish_all(struct archive *archive, const char *phase)
{
    archive->crowd.phase = phase;
    archive->crowd.phase_count = 0;
    archive->sent = 0;
    archive->acknowledged = 0;
    archive->pinged = 0;
    archive->crowd.now_us = wax_clock_us();
    peer_touch(&archive->publisher);
    if (!crowd_wait(&archive->crowd, all_are_taken)) {
        crowd_fail(&archive->crowd, "the broker stops taking retained messages");
    }
}

static void receive_all(struct archive *archive)
{
    struct span span = span_begin(&archive->crowd);

    archive->crowd.phase = "receiving";
    archive->crowd.phase_count = 0;
    topics_subscribe_all(&archive->topics, &archive->subscriber);
    (void)crowd_wait(&archive->crowd, all_have_come); /* what is missing counts as lost */
    span_end(&archive->crowd, &span, archive->received);
}

static void run(struct archive *archive)
{
    const wax_bench_plan *plan = archive->crowd.plan;
    wax_bench_result *result = archive->crowd.result;
    struct span span;

    archive->publisher.is_publisher = true;
    topics_write_head(&archive->topics, 0, plan->payload_size, &archive->full);
    topics_write_head(&archive->topics, 0, 0, &archive->empty);
    if (!peer_open(&archive->publisher, &archive->crowd) ||
        !peer_open(&archive->subscriber, &archive->crowd) ||
        !crowd_wait(&archive->crowd, both_are_ready)) {
        crowd_fail(&archive->crowd, "the broker does not answer CONNECT");
        return;
    }
    span = span_begin(&archive->crowd);
    publish_all(archive, "storing");
    span_end_setup(&archive->crowd, &span, archive->acknowledged);
    result->sent = archive->sent;
    if (!archive->crowd.has_failed) {
        receive_all(archive);
    }
    result->expected = result->sent;
    result->received = archive->received;
    result->lost = result->expected - result->received;
    peer_close(&archive->subscriber);
    archive->is_removing = true;
    if (archive->publisher.state == PEER_READY) {
        archive->crowd.has_failed = false; /* what was stored goes in any case */
        publish_all(archive, "removing");
    }
}

void bench_run_retained(const wax_bench_plan *plan, wax_bench_result *result)
{
    static const struct acts acts = {.ready = be_ready, .packet = take, .work = work};
    struct archive archive = {.ready = 0};

    if (!crowd_open(&archive.crowd, plan, result)) {
        return;
    }
    archive.crowd.acts = &acts;
    archive.come = calloc(1, plan->items / 8 + 1);
    topics_init(&archive.topics, &archive.crowd);
    if (archive.come == NULL) {
        crowd_fail(&archive.crowd, "there is not enough memory");
    } else {
        run(&archive);
    }
    peer_discard(&archive.publisher);
    peer_discard(&archive.subscriber);
    free(archive.come);
    crowd_close(&archive.crowd);
}
