/* What the broker tells of its TLS: how many handshakes there were, and when certificates end. */
#include "broker/handshake.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY_S = 24 * 3600, TOPIC_SIZE = 96, STAGE_COUNT = 4 };

/* Days before the end at which it is said again; 0 is the end itself. */
static const int stages[STAGE_COUNT] = {30, 7, 1, 0};

/* Of one listener. */
struct expiry {
    unsigned stage;  /* how many of the stages are behind */
    uint64_t told_s; /* what was published, plus 1; 0: nothing */
};

struct handshakes {
    struct expiry expiries[WAX_CONFIG_NUMBERS_MAX]; /* by the listener's place */
};

/* Where the kernel was asked to encrypt. That it did not is said once for a listener and its
 * settings: others of its clients will speak as this one does. */
static void count_kernel(const struct connection *connection, const wax_tls_peer *peer)
{
    struct worker *worker = connection->worker;
    struct policy *policy = &worker->settings->policies[connection->listener];
    const wax_listener_config *listener = &worker->settings->config.listeners[connection->listener];

    if (peer->is_in_kernel) {
        count_up(worker, COUNT_TLS_KERNEL, 1);
    } else if (policy->uses_kernel && !atomic_exchange(&policy->told_declined, true)) {
        wax_log_write(&worker->broker->log, WAX_NOTICE,
                      "tls_kernel_declined port=%u version=%s cipher=%s advice=TLS of this client "
                      "stays in the process: the kernel takes AES-GCM and ChaCha20-Poly1305 (see "
                      "ciphers, ciphers_tls1.3); said once",
                      (unsigned)listener->port, peer->version, peer->cipher);
    }
}

void handshake_count(struct connection *connection)
{
    const wax_transport *tls = wax_tls_find(connection->transport);
    wax_tls_peer peer;

    if (tls == NULL) {
        connection->is_counted = true;
        return;
    }
    if (wax_tls_is_ready(tls)) {
        connection->is_counted = true;
        (void)!wax_tls_read_peer(tls, &peer);
        count_up(connection->worker, peer.is_resumed ? COUNT_TLS_RESUMED : COUNT_TLS_HANDSHAKES, 1);
        count_kernel(connection, &peer);
    }
}

/* When the listener's first certificate ends; INT64_MAX when it has none. */
static int64_t end_of(const struct worker *worker, size_t listener)
{
    const wax_tls_context *tls = worker->settings->policies[listener].tls;

    return tls == NULL ? INT64_MAX : wax_tls_not_after(tls);
}

static unsigned stage_of(int64_t left_s)
{
    unsigned stage = 0;

    while (stage < STAGE_COUNT && left_s <= (int64_t)stages[stage] * DAY_S) {
        stage++;
    }
    return stage;
}

static void tell(const struct worker *worker, size_t listener, int64_t left_s)
{
    unsigned port = (unsigned)worker->settings->config.listeners[listener].port;

    if (left_s <= 0) {
        wax_log_write(&worker->broker->log, WAX_ERROR,
                      "certificate_expired port=%u advice=clients refuse it: `wax pki renew`",
                      port);
        return;
    }
    wax_log_write(&worker->broker->log, WAX_WARNING,
                  "certificate_expires port=%u days=%lld advice=`wax pki renew`", port,
                  (long long)((left_s + DAY_S - 1) / DAY_S));
}

/* How long until the next stage. */
static int64_t next_stage_s(unsigned stage, int64_t left_s)
{
    return stage == STAGE_COUNT || left_s == INT64_MAX ? DAY_S
                                                       : left_s - (int64_t)stages[stage] * DAY_S;
}

static void publish(struct worker *worker, size_t listener, int64_t end_s)
{
    struct expiry *expiry = &worker->handshakes->expiries[listener];
    unsigned port = (unsigned)worker->settings->config.listeners[listener].port;
    char topic[TOPIC_SIZE];

    if (end_s != INT64_MAX && port > 0 && worker->settings->config.sys_interval_s > 0 &&
        expiry->told_s != (uint64_t)end_s + 1) {
        snprintf(topic, sizeof topic, "tls/%u/certificate/expires", port);
        sys_publish(worker, topic, (uint64_t)end_s);
        expiry->told_s = (uint64_t)end_s + 1;
    }
}

static void expiry_due(wax_timer *timer, uint64_t now_ms)
{
    struct worker *worker = WAX_OWNER(timer, struct worker, expiry_timer);
    int64_t now_s = wax_clock_wall_s();
    int64_t next_s = DAY_S;

    for (size_t i = 0; i < worker->settings->config.listener_count; i++) {
        struct expiry *expiry = &worker->handshakes->expiries[i];
        int64_t end_s = end_of(worker, i);
        int64_t left_s = end_s == INT64_MAX ? INT64_MAX : end_s - now_s;
        unsigned stage = stage_of(left_s);
        publish(worker, i, end_s);
        if (stage > expiry->stage) {
            tell(worker, i, left_s);
        }
        expiry->stage = stage; /* an earlier one when the certificate was renewed */
        if (next_stage_s(stage, left_s) < next_s) {
            next_s = next_stage_s(stage, left_s);
        }
    }
    wax_loop_start(&worker->loop, timer, now_ms + (uint64_t)(next_s < 1 ? 1 : next_s) * 1000U);
}

void handshake_look(struct worker *worker)
{
    if (worker->handshakes != NULL) {
        wax_loop_start(&worker->loop, &worker->expiry_timer, worker->loop.now_ms + 1);
    }
}

/* Of what is near its end already, reading the settings has told. */
wax_status handshake_open(struct worker *worker)
{
    size_t count = worker->settings->config.listener_count;
    int64_t now_s = wax_clock_wall_s();

    worker->handshakes = calloc(1, sizeof *worker->handshakes);
    if (worker->handshakes == NULL) {
        return WAX_FULL;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t end_s = end_of(worker, i);
        worker->handshakes->expiries[i].stage =
            stage_of(end_s == INT64_MAX ? INT64_MAX : end_s - now_s);
    }
    worker->expiry_timer.due = expiry_due;
    handshake_look(worker);
    return WAX_OK;
}

void handshake_close(struct worker *worker)
{
    wax_loop_stop(&worker->loop, &worker->expiry_timer);
    free(worker->handshakes);
}
