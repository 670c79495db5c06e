/* Publishers and subscribers, and the account of every message between them. */
#include "bench/inner.h"
#include "bench/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    OPENING_MAX = 64, /* at once, so that no backlog of a broker overflows */
    UNSENT_MAX = 4 * 1024 * 1024,
    IDS = 60000,          /* packet ids in use, in turn */
    CLOCK_NS_MIN = 50000, /* how finely messages at a rate are timed */
    CLOCK_NS_MAX = 100000000,
    PLACED_AT_ONCE = 4, /* SUBSCRIBEs on their way */
};

struct publisher {
    struct peer peer;
    uint32_t sent;
    uint32_t acknowledged;
    uint32_t due;  /* at a rate: how many should have been sent */
    uint64_t owed; /* deliveries */
    struct topics_head head;
};

struct subscriber {
    struct peer peer;
    uint32_t first; /* its publishers: those from this one on */
    uint32_t asked; /* SUBSCRIBEs that were sent */
    uint32_t placed;
};

struct load {
    struct crowd crowd;
    struct topics topics;
    struct publisher *publishers;
    struct subscriber *subscribers;
    wax_ledger *ledgers;  /* of each subscriber, one for each of its publishers */
    uint32_t heard_count; /* publishers of each subscriber */
    uint32_t fan;         /* subscribers of each publisher */
    uint32_t opened;
    uint32_t ready;
    uint32_t silent; /* subscribers that still wait for a SUBACK */
    uint64_t planned;
    uint64_t began_us; /* sending */
    uint64_t until_us;
    wax_watch clock;
    bool is_sending;
    bool is_counting;
    uint64_t counts_from_us; /* at a rate: messages that are due from here ... */
    uint64_t counts_to_us;   /* ... to here count, whenever they come */
};

static struct load *load_of(const struct peer *peer)
{
    return WAX_OWNER(peer->crowd, struct load, crowd);
}

static struct publisher *publisher_of(struct peer *peer)
{
    return WAX_OWNER(peer, struct publisher, peer);
}

static struct subscriber *subscriber_of(struct peer *peer)
{
    return WAX_OWNER(peer, struct subscriber, peer);
}

/* --- Publishing --- */

static void put_message(const struct load *load, struct publisher *publisher, uint64_t time_us)
{
    const wax_bench_plan *plan = load->crowd.plan;
    const struct topics_head *head = &publisher->head;
    struct stamp stamp = {publisher->peer.number, publisher->sent, time_us};
    uint8_t *room = peer_room(&publisher->peer, head->size + plan->payload_size);

    if (room == NULL) {
        return;
    }
    memcpy(room, head->bytes, head->size);
    if (plan->qos > 0) {
        uint16_t id = (uint16_t)(publisher->sent % IDS + 1);

        room[head->id_at] = (uint8_t)(id >> 8U);
        room[head->id_at + 1] = (uint8_t)id;
    }
    topics_choose(&load->topics, head, room, publisher->sent);
    memcpy(room + head->size, &stamp, sizeof stamp);
    memcpy(room + head->size + sizeof stamp, load->crowd.payload + sizeof stamp,
           plan->payload_size - sizeof stamp);
    publisher->sent++;
    publisher->owed += load->fan;
}

/* When the next message of a publisher is due, at a rate. */
static uint64_t due_us(const struct load *load, const struct publisher *publisher)
{
    const wax_bench_plan *plan = load->crowd.plan;
    uint64_t place = (uint64_t)publisher->sent * plan->publishers + publisher->peer.number;

    return load->began_us + place * 1000000 / plan->rate;
}

static bool is_of_shape(const struct load *load, wax_bench_shape shape)
{
    return load->crowd.plan->scenario->shape == shape;
}

static uint32_t window_of(const struct publisher *publisher)
{
    uint32_t window = publisher->peer.crowd->plan->window;
    uint32_t maximum = publisher->peer.receive_maximum;

    return publisher->peer.crowd->plan->qos > 0 && maximum < window ? maximum : window;
}

/* Whether a message that was due or sent then tells how long messages take. */
static bool is_timed(const struct load *load, uint64_t time_us)
{
    if (load->crowd.plan->rate == 0) {
        return load->is_counting;
    }
    return time_us >= load->counts_from_us && time_us < load->counts_to_us;
}

/* Sends what the window, or the timetable, lets. What is due is sent even when time is over. */
static void refill(struct load *load, struct publisher *publisher)
{
    const wax_bench_plan *plan = load->crowd.plan;
    uint32_t window = window_of(publisher);

    while ((load->is_sending || plan->rate > 0) && !load->crowd.has_failed &&
           peer_unsent(&publisher->peer) < UNSENT_MAX) {
        bool has_room = plan->qos == 0 || publisher->sent - publisher->acknowledged < window;

        if (plan->rate > 0 && (!has_room || publisher->sent == publisher->due)) {
            return;
        }
        if (plan->rate == 0 &&
            (!has_room || publisher->owed + load->fan > (uint64_t)window * load->fan)) {
            return;
        }
        put_message(load, publisher, plan->rate > 0 ? due_us(load, publisher) : load->crowd.now_us);
    }
}

static void work(struct peer *peer)
{
    if (peer->is_publisher) {
        refill(load_of(peer), publisher_of(peer));
    }
}

/* Counts the messages that are due by now. */
static void plan_messages(wax_watch *clock, bool readable, bool writable)
{
    struct load *load = WAX_OWNER(clock, struct load, clock);
    const wax_bench_plan *plan = load->crowd.plan;
    uint64_t ticks;
    uint64_t now_us = wax_clock_us();

    (void)readable;
    (void)writable;
    if (read(clock->descriptor, &ticks, sizeof ticks) < 0 || !load->is_sending) {
        return;
    }
    while (load->began_us + load->planned * 1000000 / plan->rate <= now_us) {
        struct publisher *publisher = &load->publishers[load->planned % plan->publishers];

        publisher->due++;
        load->planned++;
        peer_touch(&publisher->peer);
    }
}

/* Starts the clock that messages at a rate are sent by. */
static void start_clock(struct load *load)
{
    uint64_t every_ns = UINT64_C(1000000000) / load->crowd.plan->rate;
    struct itimerspec times = {.it_value = {.tv_nsec = 1}};

    every_ns = every_ns < CLOCK_NS_MIN ? CLOCK_NS_MIN : every_ns;
    every_ns = every_ns > CLOCK_NS_MAX ? CLOCK_NS_MAX : every_ns;
    times.it_interval.tv_nsec = (long)every_ns;
    load->clock.ready = plan_messages;
    load->clock.descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (load->clock.descriptor < 0 ||
        timerfd_settime(load->clock.descriptor, 0, &times, NULL) != 0 ||
        wax_loop_watch(&load->crowd.loop, &load->clock, true) != WAX_OK) {
        crowd_fail(&load->crowd, "the system gives no timer");
    }
}

/* --- What comes in --- */

/* What came of a publisher, by its place among those that are heard; a group hears as one. */
static wax_ledger *ledger_of(struct load *load, const struct subscriber *subscriber, uint32_t place)
{
    uint32_t listener = is_of_shape(load, WAX_BENCH_SHARED) ? 0 : subscriber->peer.number;

    return &load->ledgers[(size_t)listener * load->heard_count + place];
}

static void take_delivery(struct load *load, struct subscriber *subscriber,
                          const struct stamp *stamp)
{
    wax_bench_result *result = load->crowd.result;
    uint32_t place = stamp->publisher - subscriber->first;
    struct publisher *publisher;
    wax_ledger *ledger;
    uint32_t next;

    if (stamp->publisher >= load->crowd.plan->publishers || place >= load->heard_count ||
        stamp->number >= load->publishers[stamp->publisher].sent) {
        result->strange++;
        return;
    }
    publisher = &load->publishers[stamp->publisher];
    ledger = ledger_of(load, subscriber, place);
    next = ledger->next;
    switch (wax_ledger_take(ledger, stamp->number)) {
    case WAX_ARRIVAL_AGAIN:
        result->twice++;
        return;
    case WAX_ARRIVAL_LATE:
        result->late += topics_are_ordered(&load->topics);
        break;
    case WAX_ARRIVAL_IN_ORDER:
        /* What was left out does not hold up the rest; it counts as lost if it never comes. */
        publisher->owed -= ledger->next - next;
        break;
    }
    load->crowd.phase_count++;
    if (is_timed(load, stamp->time_us)) {
        wax_histogram_add(&result->latency_us, load->crowd.now_us - stamp->time_us);
    }
    if (load->is_sending || publisher->sent < publisher->due) {
        peer_touch(&publisher->peer);
    }
}

static void take_suback(struct load *load, struct subscriber *subscriber, const wax_packet *packet)
{
    wax_suback suback;
    wax_status status = wax_suback_read(&suback, packet);

    for (size_t i = 0; status == WAX_OK && i < suback.reasons.size; i++) {
        if (suback.reasons.data[i] != load->crowd.plan->qos) {
            status = suback.reasons.data[i] >= 0x80 ? (wax_status)suback.reasons.data[i]
                                                    : WAX_QOS_NOT_SUPPORTED;
        }
    }
    if (status != WAX_OK) {
        load->crowd.result->refused++;
        crowd_fail(&load->crowd, "the broker refuses a subscription: %s", wax_status_text(status));
        return;
    }
    load->crowd.phase_count += suback.reasons.size;
    subscriber->placed++;
    if (subscriber->asked < load->topics.subscribe_count) {
        topics_subscribe(&load->topics, &subscriber->peer, subscriber->asked++);
    } else if (subscriber->placed == load->topics.subscribe_count) {
        load->silent--;
    }
}

static void take_at_subscriber(struct peer *peer, const wax_packet *packet)
{
    struct load *load = load_of(peer);
    struct stamp stamp;
    uint16_t id;

    if (packet->type == WAX_SUBACK) {
        take_suback(load, subscriber_of(peer), packet);
    } else if (packet->type == WAX_PUBREL && packet->body.size >= 2) {
        peer_acknowledge(peer, WAX_PUBCOMP,
                         (uint16_t)(packet->body.data[0] << 8U | packet->body.data[1]));
    } else if (packet->type == WAX_PUBLISH) {
        if (stamp_read(&load->crowd, packet, &stamp, &id)) {
            take_delivery(load, subscriber_of(peer), &stamp);
        } else {
            load->crowd.result->strange++;
        }
        if (id != 0) {
            peer_acknowledge(peer, (packet->flags & 4U) != 0 ? WAX_PUBREC : WAX_PUBACK, id);
        }
    }
}

static void take_at_publisher(struct peer *peer, const wax_packet *packet)
{
    struct load *load = load_of(peer);
    struct publisher *publisher = publisher_of(peer);
    wax_notice got;

    if (packet->type < WAX_PUBACK || packet->type > WAX_PUBCOMP ||
        wax_notice_read(&got, packet) != WAX_OK) {
        load->crowd.result->strange++;
        return;
    }
    load->crowd.result->refused += got.reason >= 0x80;
    if (got.type == WAX_PUBREC && got.reason < 0x80) {
        peer_acknowledge(peer, WAX_PUBREL, got.packet_id);
        return;
    }
    if (publisher->acknowledged < publisher->sent) {
        publisher->acknowledged++;
    } else {
        load->crowd.result->strange++;
    }
    peer_touch(peer);
}

static void take(struct peer *peer, const wax_packet *packet)
{
    if (peer->is_publisher) {
        take_at_publisher(peer, packet);
    } else {
        take_at_subscriber(peer, packet);
    }
}

/* --- The phases --- */

static struct peer *peer_at(struct load *load, uint32_t place)
{
    uint32_t subscribers = load->crowd.plan->subscribers;

    return place < subscribers ? &load->subscribers[place].peer
                               : &load->publishers[place - subscribers].peer;
}

static uint32_t peer_count(const struct load *load)
{
    return load->crowd.plan->publishers + load->crowd.plan->subscribers;
}

static void open_more(struct load *load)
{
    while (load->opened < peer_count(load) && load->opened - load->ready < OPENING_MAX &&
           peer_open(peer_at(load, load->opened), &load->crowd)) {
        load->opened++;
    }
}

static void be_ready(struct peer *peer)
{
    struct load *load = load_of(peer);

    load->ready++;
    load->crowd.phase_count++;
    open_more(load);
}

static bool all_are_ready(struct crowd *crowd)
{
    struct load *load = WAX_OWNER(crowd, struct load, crowd);

    return load->ready == peer_count(load);
}

static bool all_are_subscribed(struct crowd *crowd)
{
    return WAX_OWNER(crowd, struct load, crowd)->silent == 0;
}

static bool time_is_over(struct crowd *crowd)
{
    return crowd->now_us >= WAX_OWNER(crowd, struct load, crowd)->until_us;
}

static uint64_t count_sent(const struct load *load)
{
    uint64_t sent = 0;

    for (uint32_t i = 0; i < load->crowd.plan->publishers; i++) {
        sent += load->publishers[i].sent;
    }
    return sent;
}

static uint64_t count_received(const struct load *load)
{
    uint64_t received = 0;

    for (size_t i = 0; i < (size_t)load->crowd.plan->subscribers * load->heard_count; i++) {
        received += load->ledgers[i].received;
    }
    return received;
}

static bool all_has_come(struct crowd *crowd)
{
    struct load *load = WAX_OWNER(crowd, struct load, crowd);

    for (uint32_t i = 0; i < crowd->plan->publishers; i++) {
        const struct publisher *publisher = &load->publishers[i];

        if (publisher->owed > 0 || publisher->sent < publisher->due ||
            peer_unsent(&publisher->peer) > 0 ||
            (crowd->plan->qos > 0 && publisher->acknowledged < publisher->sent)) {
            return false;
        }
    }
    /* One of a group may have the last message while others are still to have theirs. */
    return !is_of_shape(load, WAX_BENCH_SHARED) || count_received(load) >= count_sent(load);
}

static bool begin_phase(struct load *load, const char *phase)
{
    load->crowd.phase = phase;
    load->crowd.phase_count = 0;
    return !load->crowd.has_failed;
}

static void connect_all(struct load *load)
{
    begin_phase(load, "connecting");
    open_more(load);
    if (!crowd_wait(&load->crowd, all_are_ready)) {
        crowd_fail(&load->crowd, "the broker does not answer CONNECT");
    }
}

static void subscribe_all(struct load *load)
{
    struct span span = span_begin(&load->crowd);

    begin_phase(load, "subscribing");
    load->silent = load->crowd.plan->subscribers;
    for (uint32_t i = 0; i < load->crowd.plan->subscribers; i++) {
        struct subscriber *subscriber = &load->subscribers[i];

        while (subscriber->asked < load->topics.subscribe_count &&
               subscriber->asked < PLACED_AT_ONCE) {
            topics_subscribe(&load->topics, &subscriber->peer, subscriber->asked++);
        }
    }
    if (!crowd_wait(&load->crowd, all_are_subscribed)) {
        crowd_fail(&load->crowd, "the broker does not answer SUBSCRIBE");
    }
    if (load->crowd.plan->items > 0) {
        span_end_setup(&load->crowd, &span, load->crowd.phase_count);
    }
}

/* Lets the load run for some time. */
static void run_for(struct load *load, uint32_t time_ms)
{
    load->until_us = wax_clock_us() + time_ms * UINT64_C(1000);
    if (time_ms > 0 && !crowd_wait(&load->crowd, time_is_over)) {
        load->is_sending = false;
        /* The account says what is missing. */
        crowd_fail(&load->crowd, "nothing moves any more");
    }
}

static void send_all(struct load *load)
{
    struct span span;

    load->is_sending = true;
    load->began_us = wax_clock_us();
    load->crowd.now_us = load->began_us;
    if (load->crowd.plan->rate > 0) {
        start_clock(load);
    }
    for (uint32_t i = 0; load->crowd.plan->rate == 0 && i < load->crowd.plan->publishers; i++) {
        peer_touch(&load->publishers[i].peer);
    }
    begin_phase(load, "warming up");
    run_for(load, load->crowd.plan->warm_ms);
    begin_phase(load, "measuring");
    load->is_counting = true;
    load->counts_from_us = load->crowd.now_us;
    load->counts_to_us = UINT64_MAX;
    span = span_begin(&load->crowd);
    run_for(load, load->crowd.plan->run_ms);
    span_end(&load->crowd, &span, load->crowd.phase_count);
    load->is_counting = false;
    load->is_sending = false;
    load->counts_to_us = load->crowd.now_us;
    if (begin_phase(load, "waiting for the rest")) {
        (void)crowd_wait(&load->crowd, all_has_come);
    }
}

static void settle_accounts(struct load *load)
{
    wax_bench_result *result = load->crowd.result;
    const wax_bench_plan *plan = load->crowd.plan;

    for (uint32_t i = 0; i < plan->publishers; i++) {
        if (plan->qos > 0 && load->publishers[i].acknowledged < load->publishers[i].sent) {
            crowd_fail(&load->crowd, "the broker did not acknowledge all messages");
        } else if (load->publishers[i].sent < load->publishers[i].due) {
            crowd_fail(&load->crowd, "the broker did not take all messages that were due");
        }
    }
    result->sent = count_sent(load);
    result->expected = result->sent * load->fan;
    result->received = count_received(load);
    result->lost = result->expected - result->received;
}

static void part(struct load *load)
{
    for (uint32_t i = 0; i < load->opened; i++) {
        struct peer *peer = peer_at(load, i);

        if (peer->state == PEER_READY) {
            peer_put_empty(peer, WAX_DISCONNECT);
        }
    }
    load->crowd.has_failed = false;
    crowd_turn(&load->crowd);
}

static bool make_peers(struct load *load)
{
    const wax_bench_plan *plan = load->crowd.plan;
    bool is_paired = is_of_shape(load, WAX_BENCH_PAIRS);

    load->heard_count = is_paired ? 1 : plan->publishers;
    load->fan = is_paired || is_of_shape(load, WAX_BENCH_SHARED) ? 1 : plan->subscribers;
    load->publishers = calloc(plan->publishers, sizeof *load->publishers);
    load->subscribers = calloc(plan->subscribers, sizeof *load->subscribers);
    load->ledgers = calloc((size_t)plan->subscribers * load->heard_count, sizeof *load->ledgers);
    if (load->publishers == NULL || load->subscribers == NULL || load->ledgers == NULL) {
        crowd_fail(&load->crowd, "there is not enough memory");
        return false;
    }
    for (uint32_t i = 0; i < plan->publishers; i++) {
        load->publishers[i].peer.number = i;
        load->publishers[i].peer.is_publisher = true;
        topics_write_head(&load->topics, i, plan->payload_size, &load->publishers[i].head);
    }
    for (uint32_t i = 0; i < plan->subscribers; i++) {
        load->subscribers[i].peer.number = i;
        load->subscribers[i].first = is_paired ? i : 0;
    }
    return true;
}

static void discard(struct load *load)
{
    for (uint32_t i = 0; i < load->opened; i++) {
        peer_discard(peer_at(load, i));
    }
    if (load->clock.ready != NULL) {
        close(load->clock.descriptor);
    }
    free(load->publishers);
    free(load->subscribers);
    free(load->ledgers);
    crowd_close(&load->crowd);
}

void bench_run_messages(const wax_bench_plan *plan, wax_bench_result *result)
{
    static const struct acts acts = {.ready = be_ready, .packet = take, .work = work};
    struct load load = {.opened = 0};

    if (!crowd_open(&load.crowd, plan, result)) {
        return;
    }
    load.crowd.acts = &acts;
    topics_init(&load.topics, &load.crowd);
    if (make_peers(&load)) {
        connect_all(&load);
        if (!load.crowd.has_failed) {
            subscribe_all(&load);
        }
        if (!load.crowd.has_failed) {
            send_all(&load);
        }
        settle_accounts(&load);
        part(&load);
    }
    discard(&load);
}
