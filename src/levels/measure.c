/* One measurement, from the first connection to the figures. */
#include "bench/bench.h"
#include "levels/inner.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum {
    STACK_SIZE = 1024 * 1024,
    STACK_PAINT = 0xa5,
    WARM_COUNT = 3,
};

static uint64_t own_cpu_ns(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_SELF, &used); /* up to this moment, unlike what /proc says */
    return ((uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec) *
               UINT64_C(1000000000) +
           ((uint64_t)used.ru_utime.tv_usec + (uint64_t)used.ru_stime.tv_usec) * 1000;
}

/* Before it asks it lets the broker go to sleep: the kernel counts what a process has used when it
 * gives the processor back, and else by the tick, which is a good part of a turn. */
static uint64_t broker_cpu_ns(const struct levels_end *end)
{
    const struct timespec pause = {.tv_nsec = 200000};
    wax_usage usage = {.cpu_ns = 0};

    (void)nanosleep(&pause, NULL);
    return end->plan->broker == 0 || wax_usage_read(end->plan->broker, &usage) != WAX_OK
               ? 0
               : usage.cpu_ns;
}

wax_levels_cost levels_cost_now(const struct levels_end *end)
{
    const uint64_t broker_ns = broker_cpu_ns(end); /* takes time itself: before all others */

    return (wax_levels_cost){
        .elapsed_us = wax_clock_us(),
        .client_cpu_ns = own_cpu_ns(),
        .broker_cpu_ns = broker_ns,
        .bytes_out = end->meter.bytes_out,
        .bytes_in = end->meter.bytes_in,
    };
}

wax_levels_cost levels_cost_since(const struct levels_end *end, const wax_levels_cost *before)
{
    const uint64_t now_us = wax_clock_us();
    const uint64_t client_ns = own_cpu_ns();

    return (wax_levels_cost){
        .elapsed_us = now_us - before->elapsed_us,
        .client_cpu_ns = client_ns - before->client_cpu_ns,
        .broker_cpu_ns = broker_cpu_ns(end) - before->broker_cpu_ns,
        .bytes_out = end->meter.bytes_out - before->bytes_out,
        .bytes_in = end->meter.bytes_in - before->bytes_in,
    };
}

/* ---- Connections ---- */

static int compare(const void *one, const void *other)
{
    uint64_t left = *(const uint64_t *)one;
    uint64_t right = *(const uint64_t *)other;

    return left < right ? -1 : left > right ? 1 : 0;
}

static void read_security(struct levels_end *end, wax_levels_connects *connects)
{
    wax_tls_peer peer;

    if (end->secured != NULL && wax_tls_read_peer(end->secured, &peer) == WAX_OK) {
        connects->resumed_count += peer.is_resumed ? 1 : 0;
        (void)snprintf(end->result->cipher, sizeof end->result->cipher, "%s %s", peer.version,
                       peer.cipher);
    }
}

/* Connects `count` times, and stays connected the last time. With sessions that are resumed there
 * is one connection more before, which has none to resume. */
static bool connect_often(struct levels_end *end, uint32_t count)
{
    wax_levels_connects *connects = &end->result->connects;
    uint64_t *times = levels_take(count * sizeof *times);
    wax_levels_cost total = {.elapsed_us = 0};
    bool is_good = times != NULL && (!end->plan->resumes || levels_end_connect(end));

    if (is_good && end->plan->resumes) {
        is_good = levels_end_settle(end); /* the ticket has come by then */
        levels_end_leave(end);
    }
    for (uint32_t i = 0; i < count && is_good; i++) {
        wax_levels_cost before;
        wax_levels_cost cost;

        levels_end_leave(end);
        memset(&end->meter, 0, sizeof end->meter);
        before = levels_cost_now(end);
        is_good = levels_end_connect(end);
        cost = levels_cost_since(end, &before);
        times[i] = cost.elapsed_us;
        total.elapsed_us += cost.elapsed_us;
        total.client_cpu_ns += cost.client_cpu_ns;
        total.broker_cpu_ns += cost.broker_cpu_ns;
        total.bytes_out = end->meter.bytes_out;
        total.bytes_in = end->meter.bytes_in;
        connects->turns = end->meter.turns;
        if (is_good) {
            read_security(end, connects);
        }
    }
    if (is_good) {
        qsort(times, count, sizeof *times, compare);
        connects->median_us = times[count / 2];
        connects->count = count;
        connects->cost = total;
        connects->ticket_size = (uint32_t)end->session_size;
    }
    levels_give(times);
    return is_good || levels_fail(end->result, WAX_FULL, "there is not enough memory");
}

/* ---- Messages ---- */

/* What settling alone takes of the wire, which is not the messages' own. */
static bool weigh_settling(struct levels_end *end, wax_levels_cost *settling)
{
    wax_levels_cost before = levels_cost_now(end);
    bool is_good = levels_end_settle(end);

    *settling = levels_cost_since(end, &before);
    return is_good;
}

/* Sends until the turn is over. Each time that all of a count are sent, and at the end, it waits
 * until the broker has them; tells how often. */
static bool send_turn(struct levels_end *end, struct levels_cover *cover, wax_levels_cell *cell,
                      uint32_t *waits)
{
    uint64_t until_us = wax_clock_us() + end->plan->turn_ms * UINT64_C(1000);
    bool is_good = true;
    bool is_over = false;

    while (is_good && !is_over) {
        is_good = levels_end_send(end, cover, cell->sent, 0);
        cell->sent += is_good ? 1 : 0;
        is_over = cell->sent >= WAX_LEVELS_SAMPLE_MIN && wax_clock_us() >= until_us;
        if (is_good && (is_over || cell->sent % cell->wanted == 0)) {
            is_good = levels_end_settle(end);
            (*waits)++;
        }
    }
    return is_good;
}

static bool warm(struct levels_end *end, struct levels_cover *cover)
{
    bool is_good = true;

    for (uint32_t i = 0; i < WARM_COUNT && is_good; i++) {
        is_good = levels_end_send(end, cover, i, 0);
    }
    return is_good && levels_end_settle(end);
}

static bool run_turn(struct levels_end *end, struct levels_cover *cover,
                     const wax_levels_cost *settling, wax_levels_cell *cell)
{
    bool is_good = warm(end, cover);
    wax_levels_cost *sum = &cell->cost;
    wax_levels_cost before = levels_cost_now(end);
    wax_levels_cost cost;
    uint32_t waits = 0;

    is_good = is_good && send_turn(end, cover, cell, &waits);
    cost = levels_cost_since(end, &before);
    sum->elapsed_us += cost.elapsed_us;
    sum->client_cpu_ns += cost.client_cpu_ns;
    sum->broker_cpu_ns += cost.broker_cpu_ns;
    sum->bytes_out += cost.bytes_out - waits * settling->bytes_out;
    sum->bytes_in += cost.bytes_in - waits * settling->bytes_in;
    return is_good;
}

static bool run_turns(struct levels_end *end, struct levels_cover *cover, wax_levels_pace *pace)
{
    const wax_levels_plan *plan = end->plan;
    wax_levels_result *result = end->result;
    wax_levels_cost settling;
    uint32_t at = 0;
    bool is_good = weigh_settling(end, &settling) && warm(end, cover) &&
                   weigh_settling(end, &settling) && weigh_settling(end, &settling);

    for (uint32_t i = 0; i < plan->count_count; i++) {
        result->cells[i].wanted = plan->counts[i];
    }
    while (is_good && pace->next(pace, &at)) {
        is_good = at < plan->count_count && run_turn(end, cover, &settling, &result->cells[at]);
    }
    result->cell_count = is_good ? plan->count_count : 0;
    return is_good;
}

static bool time_messages(struct levels_end *end, struct levels_cover *cover)
{
    static const uint32_t parts[] = {50000, 90000, 99000, 100000};
    wax_histogram *histogram = calloc(1, sizeof *histogram); /* not the client's */
    bool is_good = histogram != NULL;

    for (uint32_t i = 0; i < end->plan->latency_count && is_good; i++) {
        uint64_t before_us = wax_clock_us();

        is_good = levels_end_send(end, cover, i, 1);
        wax_histogram_add(histogram, wax_clock_us() - before_us);
    }
    for (size_t i = 0; i < WAX_COUNT(parts) && is_good; i++) {
        end->result->latency_us[i] = wax_histogram_quantile(histogram, parts[i]);
    }
    free(histogram);
    return is_good;
}

static void measure(const wax_levels_plan *plan, wax_levels_pace *pace, wax_levels_result *result)
{
    struct levels_end end;
    struct levels_cover cover = {.plan = NULL};
    bool is_open = levels_end_open(&end, plan, result);
    wax_status status =
        is_open ? levels_cover_open(&cover, plan, wax_bytes_of_text(end.topic)) : WAX_OK;

    if (status != WAX_OK) {
        is_open = levels_fail(result, status, "a message does not fit the memory there is");
    }
    if (is_open && connect_often(&end, plan->connect_count) &&
        (plan->count_count == 0 || run_turns(&end, &cover, pace)) && time_messages(&end, &cover)) {
        result->heap_peak = levels_heap_peak();
        if (plan->verifies) {
            (void)levels_end_verify(&end, &cover);
        }
        levels_end_leave(&end);
    }
    result->heap_peak = result->heap_peak == 0 ? levels_heap_peak() : result->heap_peak;
    result->heap_library = levels_heap_floor();
    levels_cover_close(&cover);
    levels_end_close(&end);
}

/* Uses once all that the measurement will use, and gives it back: what the library keeps of it is
 * not the client's. */
static bool warm_up(const wax_levels_plan *plan, wax_levels_result *result)
{
    wax_levels_plan small = *plan;

    small.size = 1;
    small.count_count = 0;
    small.connect_count = 1;
    small.latency_count = 1;
    small.verifies = false;
    measure(&small, NULL, result);
    if (result->status != WAX_OK) {
        return false;
    }
    *result = (wax_levels_result){.status = WAX_OK};
    levels_heap_begin();
    return true;
}

/* ---- The thread, whose stack is painted before and looked at behind ---- */

struct job {
    const wax_levels_plan *plan;
    wax_levels_pace *pace;
    wax_levels_result *result;
    const uint8_t *stack;
};

static void *work(void *argument)
{
    const struct job *job = argument;
    const uint8_t *top = __builtin_frame_address(0);
    const uint8_t *lowest = job->stack;

    if (warm_up(job->plan, job->result)) {
        measure(job->plan, job->pace, job->result);
    }
    while (lowest < top && *lowest == STACK_PAINT) {
        lowest++;
    }
    job->result->stack_peak = top > lowest ? (uint64_t)(top - lowest) : 0;
    return NULL;
}

void wax_levels_measure(const wax_levels_plan *plan, wax_levels_pace *pace,
                        wax_levels_result *result)
{
    uint8_t *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    struct job job = {plan, pace, result, stack};
    pthread_attr_t attributes;
    pthread_t thread;

    *result = (wax_levels_result){.status = WAX_OK};
    if (stack == MAP_FAILED) {
        (void)levels_fail(result, WAX_FULL, "there is no memory for a stack");
        return;
    }
    memset(stack, STACK_PAINT, STACK_SIZE);
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstack(&attributes, stack, STACK_SIZE) != 0 ||
        pthread_create(&thread, &attributes, work, &job) != 0) {
        (void)levels_fail(result, WAX_FULL, "there is no memory for a thread");
    } else {
        (void)pthread_join(thread, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    (void)munmap(stack, STACK_SIZE);
}
