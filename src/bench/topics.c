/* What messages are about, and what is subscribed to, for each shape. */
#include "bench/topics.h"

#include <stdio.h>
#include <string.h>

enum {
    FILTERS_AT_ONCE = 100, /* in one SUBSCRIBE */
    FILTER_SIZE = 96,
    DIGITS = 7,
    LOOSE = 4, /* every fourth of many filters has a wildcard */
};

struct batch {
    const struct topics *topics;
    uint32_t subscriber;
    uint32_t first;
    uint32_t count;
};

static const wax_bench_plan *plan_of(const struct topics *topics)
{
    return topics->crowd->plan;
}

static bool has_items(const struct topics *topics)
{
    return plan_of(topics)->items > 0;
}

void topics_init(struct topics *topics, const struct crowd *crowd)
{
    topics->crowd = crowd;
    topics->subscribe_count = 1;
    if (has_items(topics)) {
        topics->subscribe_count = (plan_of(topics)->items + FILTERS_AT_ONCE - 1) / FILTERS_AT_ONCE;
    }
}

bool topics_are_ordered(const struct topics *topics)
{
    return !has_items(topics) && plan_of(topics)->scenario->shape != WAX_BENCH_SHARED;
}

void topics_write_head(const struct topics *topics, uint32_t publisher, size_t payload_size,
                       struct topics_head *head)
{
    const wax_bench_plan *plan = plan_of(topics);
    const char *prefix = topics->crowd->prefix;
    char topic[FILTER_SIZE];
    wax_publish publish = {
        .qos = plan->qos,
        .packet_id = plan->qos > 0 ? 1 : 0,
        .retain = plan->scenario->kind == WAX_BENCH_RETAINED,
        .payload = {NULL, payload_size},
    };
    wax_writer out = wax_writer_over(head->bytes, sizeof head->bytes);
    wax_status status;

    if (has_items(topics)) {
        (void)snprintf(topic, sizeof topic, "%s/%0*u/x", prefix, DIGITS, 0U);
    } else if (plan->scenario->shape == WAX_BENCH_WILDCARDS) {
        (void)snprintf(topic, sizeof topic, "%s/site/%u/temperature", prefix, publisher);
    } else {
        (void)snprintf(topic, sizeof topic, "%s/%u", prefix, publisher);
    }
    publish.topic = wax_bytes_of_text(topic);
    status = wax_publish_write_start(&out, &publish, plan->version);
    wax_assert(status == WAX_OK);
    head->size = out.used;
    head->id_at = out.used - 2 - (plan->version == WAX_VERSION_5 ? 1 : 0);
    head->digits_at =
        has_items(topics)
            ? (size_t)((const uint8_t *)memmem(head->bytes, head->size, "/0000000/", DIGITS + 2) -
                       head->bytes) +
                  1
            : 0;
}

void topics_set_item(const struct topics_head *head, uint8_t *packet, uint32_t item)
{
    for (size_t i = DIGITS; i > 0; i--) {
        packet[head->digits_at + i - 1] = (uint8_t)('0' + item % 10);
        item /= 10;
    }
}

void topics_choose(const struct topics *topics, const struct topics_head *head, uint8_t *packet,
                   uint32_t number)
{
    if (head->digits_at > 0) {
        /* Spread over all of them, the same in every run. */
        topics_set_item(head, packet,
                        (uint32_t)((uint64_t)number * 2654435761U % plan_of(topics)->items));
    }
}

static void write_filter(const struct batch *batch, wax_writer *filters, const char *text)
{
    wax_subscription subscription = {
        .filter = wax_bytes_of_text(text),
        .qos = plan_of(batch->topics)->qos,
    };

    wax_subscription_write(filters, &subscription, WAX_SUBSCRIBE, plan_of(batch->topics)->version);
}

static void write_item_filters(void *context, wax_writer *filters)
{
    const struct batch *batch = context;
    char text[FILTER_SIZE];

    for (uint32_t i = batch->first; i < batch->first + batch->count; i++) {
        (void)snprintf(text, sizeof text, "%s/%0*u/%s", batch->topics->crowd->prefix, DIGITS, i,
                       i % LOOSE == LOOSE - 1 ? "+" : "x");
        write_filter(batch, filters, text);
    }
}

static void write_filters(void *context, wax_writer *filters)
{
    const struct batch *batch = context;
    const wax_bench_plan *plan = plan_of(batch->topics);
    const char *prefix = batch->topics->crowd->prefix;
    char text[FILTER_SIZE];

    if (plan->scenario->shape == WAX_BENCH_WILDCARDS) {
        (void)snprintf(text, sizeof text, "%s/+/%u/pressure/#", prefix, batch->subscriber);
        write_filter(batch, filters, text);
        (void)snprintf(text, sizeof text, "%s/%s", prefix,
                       batch->subscriber % 2 == 0 ? "+/+/temperature" : "site/#");
    } else if (plan->scenario->shape == WAX_BENCH_PAIRS || plan->publishers == 1) {
        (void)snprintf(text, sizeof text, "%s/%u", prefix, batch->subscriber % plan->publishers);
    } else {
        bool is_shared = plan->scenario->shape == WAX_BENCH_SHARED;
        (void)snprintf(text, sizeof text, "%s%s/+", is_shared ? "$share/bench/" : "", prefix);
    }
    write_filter(batch, filters, text);
}

static void write_everything(void *context, wax_writer *filters)
{
    const struct batch *batch = context;
    char text[FILTER_SIZE];

    (void)snprintf(text, sizeof text, "%s/#", batch->topics->crowd->prefix);
    write_filter(batch, filters, text);
}

void topics_subscribe_all(const struct topics *topics, struct peer *peer)
{
    struct batch batch = {.topics = topics};

    peer_subscribe(peer, 1, write_everything, &batch);
}

void topics_subscribe(const struct topics *topics, struct peer *peer, uint32_t which)
{
    struct batch batch = {topics, peer->number, which * FILTERS_AT_ONCE, FILTERS_AT_ONCE};
    uint16_t packet_id = (uint16_t)(which % 60000 + 1);

    if (!has_items(topics)) {
        peer_subscribe(peer, packet_id, write_filters, &batch);
        return;
    }
    if (batch.first + batch.count > plan_of(topics)->items) {
        batch.count = plan_of(topics)->items - batch.first;
    }
    peer_subscribe(peer, packet_id, write_item_filters, &batch);
}
