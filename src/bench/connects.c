/* Connections without messages: a storm of them, or a crowd that stays. */
#include "bench/inner.h"

#include <stdlib.h>

enum { OPENING_MAX = 64 };

struct storm {
    struct crowd crowd;
    struct peer *peers;
    uint32_t opened;
    uint32_t ready;
    uint32_t closed;
    uint64_t until_us;
    bool is_running; /* who is closed comes again */
    bool is_counting;
};

static struct storm *storm_of(const struct peer *peer)
{
    return WAX_OWNER(peer->crowd, struct storm, crowd);
}

static void ignore(struct peer *peer, const wax_packet *packet)
{
    (void)peer;
    (void)packet;
}

static bool make_peers(struct storm *storm)
{
    uint32_t count = storm->crowd.plan->subscribers;

    storm->peers = calloc(count, sizeof *storm->peers);
    if (storm->peers == NULL) {
        crowd_fail(&storm->crowd, "there is not enough memory");
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        storm->peers[i].number = i;
    }
    return true;
}

static void open_more(struct storm *storm)
{
    while (storm->opened < storm->crowd.plan->subscribers &&
           storm->opened - storm->ready < OPENING_MAX &&
           peer_open(&storm->peers[storm->opened], &storm->crowd)) {
        storm->opened++;
    }
}

static bool all_are_ready(struct crowd *crowd)
{
    return WAX_OWNER(crowd, struct storm, crowd)->ready == crowd->plan->subscribers;
}

static bool all_are_closed(struct crowd *crowd)
{
    return WAX_OWNER(crowd, struct storm, crowd)->closed == crowd->plan->subscribers;
}

static bool time_is_over(struct crowd *crowd)
{
    return crowd->now_us >= WAX_OWNER(crowd, struct storm, crowd)->until_us;
}

/* Goes on for some time, however little moves. */
static void stay(struct storm *storm, uint32_t time_ms)
{
    storm->until_us = wax_clock_us() + time_ms * UINT64_C(1000);
    while (!storm->crowd.has_failed && !time_is_over(&storm->crowd)) {
        crowd_turn(&storm->crowd);
    }
}

static void discard(struct storm *storm)
{
    for (uint32_t i = 0; i < storm->opened; i++) {
        peer_discard(&storm->peers[i]);
    }
    free(storm->peers);
    crowd_close(&storm->crowd);
}

/* --- A storm --- */

/* Keeps a session that the next ones can take up, and counts those that did. */
static void look_at_session(struct storm *storm, const struct peer *peer)
{
    struct crowd *crowd = &storm->crowd;
    const wax_transport *tls = wax_tls_find(peer->transport);
    wax_tls_peer read;

    if (tls == NULL || wax_tls_read_peer(tls, &read) != WAX_OK) {
        return;
    }
    crowd->result->resumed += read.is_resumed && storm->is_counting;
    if (!read.is_resumed && crowd->plan->scenario->resumes) {
        wax_writer out = wax_writer_over(crowd->session, sizeof crowd->session);

        crowd->session_size = wax_tls_save_session(tls, &out) == WAX_OK ? out.used : 0;
    }
}

static void go_again(struct peer *peer)
{
    struct storm *storm = storm_of(peer);

    look_at_session(storm, peer);
    storm->crowd.phase_count++;
    if (storm->is_counting) {
        wax_histogram_add(&storm->crowd.result->latency_us, storm->crowd.now_us - peer->since_us);
    }
    peer_put_empty(peer, WAX_DISCONNECT);
}

static void come_back(struct peer *peer)
{
    struct storm *storm = storm_of(peer);

    peer_close(peer);
    if (!storm->is_running) {
        storm->closed++;
    } else if (!peer_open(peer, &storm->crowd)) {
        storm->is_running = false;
    }
}

static void storm_for(struct storm *storm, const char *phase, uint32_t time_ms)
{
    storm->crowd.phase = phase;
    storm->crowd.phase_count = 0;
    storm->until_us = wax_clock_us() + time_ms * UINT64_C(1000);
    if (!crowd_wait(&storm->crowd, time_is_over)) {
        crowd_fail(&storm->crowd, "nothing moves any more: the broker does not answer CONNECT, or "
                                  "does not close after DISCONNECT");
    }
}

static void run_storm(struct storm *storm)
{
    struct span span;

    storm->is_running = true;
    while (storm->opened < storm->crowd.plan->subscribers &&
           peer_open(&storm->peers[storm->opened], &storm->crowd)) {
        storm->opened++;
    }
    storm_for(storm, "warming up", storm->crowd.plan->warm_ms);
    storm->is_counting = true;
    span = span_begin(&storm->crowd);
    storm_for(storm, "measuring", storm->crowd.plan->run_ms);
    span_end(&storm->crowd, &span, storm->crowd.phase_count);
    storm->is_counting = false;
    storm->is_running = false;
    if (!storm->crowd.has_failed && !crowd_wait(&storm->crowd, all_are_closed)) {
        crowd_fail(&storm->crowd, "the broker does not close after DISCONNECT");
    }
}

void bench_run_connects(const wax_bench_plan *plan, wax_bench_result *result)
{
    static const struct acts acts = {.ready = go_again, .packet = ignore, .ended = come_back};
    struct storm storm = {.opened = 0};

    if (!crowd_open(&storm.crowd, plan, result)) {
        return;
    }
    storm.crowd.acts = &acts;
    if (plan->scenario->resumes && plan->tls == NULL) {
        crowd_fail(&storm.crowd, "sessions are resumed with TLS only: --cafile FILE");
    } else if (make_peers(&storm)) {
        run_storm(&storm);
    }
    if (plan->scenario->resumes && result->resumed == 0 && result->count > 0) {
        crowd_fail(&storm.crowd, "the broker resumes no sessions");
    }
    discard(&storm);
}

/* --- A crowd that stays --- */

static void come_in(struct peer *peer)
{
    struct storm *storm = storm_of(peer);

    storm->ready++;
    storm->crowd.phase_count++;
    open_more(storm);
}

static void run_idle(struct storm *storm)
{
    uint32_t count = storm->crowd.plan->subscribers;
    wax_bench_result *result = storm->crowd.result;
    struct span opening = span_begin(&storm->crowd);
    struct span staying;

    open_more(storm);
    if (!crowd_wait(&storm->crowd, all_are_ready)) {
        crowd_fail(&storm->crowd, "the broker does not answer CONNECT");
        return;
    }
    span_end_setup(&storm->crowd, &opening, count);
    storm->crowd.phase = "resting";
    stay(storm, storm->crowd.plan->warm_ms);
    staying = span_begin(&storm->crowd);
    stay(storm, storm->crowd.plan->run_ms);
    span_end(&storm->crowd, &staying, count);
    /* What counts is what they hold while they rest, not what letting them in took. */
    if (result->resident > opening.broker.resident) {
        result->setup.resident = result->resident - opening.broker.resident;
    }
}

void bench_run_idle(const wax_bench_plan *plan, wax_bench_result *result)
{
    static const struct acts acts = {.ready = come_in, .packet = ignore};
    struct storm storm = {.opened = 0};

    if (!crowd_open(&storm.crowd, plan, result)) {
        return;
    }
    storm.crowd.acts = &acts;
    if (make_peers(&storm)) {
        run_idle(&storm);
    }
    discard(&storm);
}
