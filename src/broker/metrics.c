/* What the broker tells of itself in numbers, at Mosquitto's topics and by Prometheus' rules for
 * names. */
#include "broker/metrics.h"

#include <stddef.h>
#include <string.h>

uint64_t metric_sum(const struct wax_broker *broker, unsigned counter)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < broker->worker_count; i++) {
        total += atomic_load_explicit(&broker->workers[i]->counted[counter], memory_order_relaxed);
    }
    return total;
}

static uint64_t sum(const struct wax_broker *broker, const struct metric *metric)
{
    return metric_sum(broker, metric->counter);
}

static uint64_t clients_offline(const struct wax_broker *broker, const struct metric *metric)
{
    uint64_t connected = metric_sum(broker, COUNT_CLIENTS_CONNECTED);
    uint64_t total = metric_sum(broker, COUNT_CLIENTS);

    (void)metric;
    return total > connected ? total - connected : 0;
}

static uint64_t retained(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->commons.retained_count);
}

static uint64_t retained_memory(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->commons.retained_taken);
}

static uint64_t retained_spilled(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->commons.stored_count);
}

static uint64_t retained_spilled_bytes(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->commons.stored_bytes);
}

static uint64_t shared(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->commons.shared_count);
}

static uint64_t subscriptions(const struct wax_broker *broker, const struct metric *metric)
{
    return sum(broker, metric) + shared(broker, metric);
}

static uint64_t stored(const struct wax_broker *broker, const struct metric *metric)
{
    return sum(broker, metric) + retained(broker, metric);
}

static uint64_t stored_bytes(const struct wax_broker *broker, const struct metric *metric)
{
    return sum(broker, metric) + atomic_load(&broker->commons.retained_bytes);
}

static uint64_t heap(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->memory.taken);
}

static uint64_t heap_max(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->memory.most);
}

static uint64_t connections(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return atomic_load(&broker->connection_count);
}

static uint64_t uptime_s(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return (wax_clock_ms() - broker->started_ms) / 1000;
}

/* --- The store --- */

/* One of the store's own figures; `counter` is where it stands among them. */
static uint64_t of_store(const struct wax_broker *broker, const struct metric *metric)
{
    wax_store_figures figures;
    uint64_t value;

    broker->store->kind->figures(broker->store, &figures);
    memcpy(&value, (const uint8_t *)&figures + metric->counter, sizeof value);
    return value;
}

static uint64_t store_stalled(const struct wax_broker *broker, const struct metric *metric)
{
    (void)metric;
    return broker->store->kind->state(broker->store) == WAX_OK ? 0 : 1;
}

#define IN_STORE(field)     offsetof(wax_store_figures, field)
#define GAUGE(name, help)   (name), "gauge", (help)
#define COUNTER(name, help) (name), "counter", (help)
#define NO_NAME             NULL, NULL, NULL

/* clang-format off */
const struct metric metrics[] = {
    {"clients/total",                   sum,             COUNT_CLIENTS,                GAUGE("wax_sessions", "Sessions, connected or not.")},
    {"clients/connected",               sum,             COUNT_CLIENTS_CONNECTED,      GAUGE("wax_clients_connected", "Clients that are connected.")},
    {"clients/active",                  sum,             COUNT_CLIENTS_CONNECTED,      NO_NAME},
    {"clients/disconnected",            clients_offline, COUNT_CLIENTS,                GAUGE("wax_clients_disconnected", "Sessions whose client is away.")},
    {"clients/inactive",                clients_offline, COUNT_CLIENTS,                NO_NAME},
    {"clients/expired",                 sum,             COUNT_CLIENTS_EXPIRED,        COUNTER("wax_sessions_expired_total", "Sessions that ended because their client stayed away.")},
    {"tls/handshakes/count",            sum,             COUNT_TLS_HANDSHAKES,         COUNTER("wax_tls_handshakes_total", "TLS handshakes with all their proofs.")},
    {"tls/resumed/count",               sum,             COUNT_TLS_RESUMED,            COUNTER("wax_tls_resumed_total", "TLS handshakes that took up an earlier session.")},
    {"tls/kernel/count",                sum,             COUNT_TLS_KERNEL,             COUNTER("wax_tls_kernel_total", "TLS handshakes after which the kernel encrypts what is sent.")},
    {"bytes/received",                  sum,             COUNT_BYTES_RECEIVED,         COUNTER("wax_received_bytes_total", "Bytes of MQTT received.")},
    {"bytes/sent",                      sum,             COUNT_BYTES_SENT,             COUNTER("wax_sent_bytes_total", "Bytes of MQTT sent.")},
    {"messages/received",               sum,             COUNT_PACKETS_RECEIVED,       COUNTER("wax_packets_received_total", "MQTT packets of any type received.")},
    {"messages/sent",                   sum,             COUNT_PACKETS_SENT,           COUNTER("wax_packets_sent_total", "MQTT packets of any type sent.")},
    {"messages/stored",                 stored,          COUNT_STORED,                 NO_NAME},
    {"publish/messages/received",       sum,             COUNT_PUBLISH_RECEIVED,       COUNTER("wax_messages_received_total", "Messages that clients published.")},
    {"publish/messages/sent",           sum,             COUNT_PUBLISH_SENT,           COUNTER("wax_messages_sent_total", "Messages sent to clients.")},
    {"publish/messages/dropped",        sum,             COUNT_PUBLISH_DROPPED,        COUNTER("wax_messages_dropped_total", "Messages that no queue had room for.")},
    {"publish/bytes/received",          sum,             COUNT_PUBLISH_BYTES_RECEIVED, COUNTER("wax_message_received_bytes_total", "Payload bytes that clients published.")},
    {"publish/bytes/sent",              sum,             COUNT_PUBLISH_BYTES_SENT,     COUNTER("wax_message_sent_bytes_total", "Payload bytes sent to clients.")},
    {"store/messages/count",            stored,          COUNT_STORED,                 GAUGE("wax_messages_stored", "Messages that wait in queues or are retained.")},
    {"store/messages/bytes",            stored_bytes,    COUNT_STORED_BYTES,           GAUGE("wax_messages_stored_bytes", "Bytes of the topics and payloads of these messages.")},
    {"store/messages/spilled",          sum,             COUNT_SPILLED,                GAUGE("wax_messages_spilled", "Messages of queues that are on disk alone.")},
    {"store/commits/count",             of_store,        IN_STORE(groups),             COUNTER("wax_store_commits_total", "Groups of changes that were made safe on the disk, each as a whole.")},
    {"store/changes/count",             of_store,        IN_STORE(changes),            COUNTER("wax_store_changes_total", "Changes that the store was asked for.")},
    {"store/changes/written",           of_store,        IN_STORE(written),            COUNTER("wax_store_changes_written_total", "Changes that were not void again by the time of their commit.")},
    {"store/waiting/bytes",             of_store,        IN_STORE(waiting_bytes),      GAUGE("wax_store_waiting_bytes", "Bytes of changes that are not safe yet.")},
    {"store/file/bytes",                of_store,        IN_STORE(file_bytes),         GAUGE("wax_store_file_bytes", "Size of the store, wax.db.")},
    {"store/log/bytes",                 of_store,        IN_STORE(log_bytes),          GAUGE("wax_store_log_bytes", "Size of its write-ahead log.")},
    {"store/commits/microseconds",      of_store,        IN_STORE(commit_us),          GAUGE("wax_store_commit_microseconds", "What the last commit took.")},
    {"store/commits/failed",            of_store,        IN_STORE(failures),           COUNTER("wax_store_commits_failed_total", "Commits that failed and are tried again.")},
    {"store/stalled",                   store_stalled,   COUNT_STORED,                 GAUGE("wax_store_stalled", "Whether nothing becomes safe now, since the disk is full or fails: 1 or 0.")},
    {"retained messages/count",         retained,        COUNT_STORED,                 GAUGE("wax_messages_retained", "Retained messages.")},
    {"retained messages/spilled/count", retained_spilled,COUNT_STORED,                 GAUGE("wax_messages_retained_spilled", "Retained messages that are on disk alone.")},
    {"retained messages/spilled/bytes", retained_spilled_bytes, COUNT_STORED,           GAUGE("wax_messages_retained_spilled_bytes", "Bytes of their payloads.")},
    {"retained messages/memory/bytes",  retained_memory, COUNT_STORED,                 GAUGE("wax_messages_retained_memory_bytes", "What retained messages take of `retained_memory_limit`.")},
    {"subscriptions/count",             subscriptions,   COUNT_SUBSCRIPTIONS,          GAUGE("wax_subscriptions", "Subscriptions, shared ones included.")},
    {"shared_subscriptions/count",      shared,          COUNT_SUBSCRIPTIONS,          GAUGE("wax_subscriptions_shared", "Shared subscriptions.")},
    {"bridges/total",                   sum,             COUNT_BRIDGES,                GAUGE("wax_bridges", "Bridges of the configuration.")},
    {"bridges/connected",               sum,             COUNT_BRIDGES_CONNECTED,      GAUGE("wax_bridges_connected", "Bridges that are connected.")},
    {"bridges/lost",                    sum,             COUNT_BRIDGES_LOST,           COUNTER("wax_bridges_lost_total", "Connections of bridges that ended.")},
    {"sealed/messages/refused",         sum,             COUNT_SEALED_REFUSED,         COUNTER("wax_sealed_refused_total", "Messages and Wills that `sealed_only` refused: they are no envelopes.")},
    {"sealed/messages/received",        sum,             COUNT_SEALED + TRAIL_MESSAGES, COUNTER("wax_sealed_received_total", "Sealed messages whose senders are looked at.")},
    {"sealed/gaps",                     sum,             COUNT_SEALED + TRAIL_GAPS, COUNTER("wax_sealed_gaps_total", "Positions that senders passed over; they may have come late.")},
    {"sealed/late",                     sum,             COUNT_SEALED + TRAIL_LATE, COUNTER("wax_sealed_late_total", "Of the positions that were passed over, those that came after all.")},
    {"sealed/duplicates",               sum,             COUNT_SEALED + TRAIL_DUPLICATES, COUNTER("wax_sealed_duplicates_total", "Envelopes that came once more.")},
    {"sealed/conflicts",                sum,             COUNT_SEALED + TRAIL_CONFLICTS, COUNTER("wax_sealed_conflicts_total", "Envelopes at a position that another one had: a sender is cloned, or forged.")},
    {"sealed/old",                      sum,             COUNT_SEALED + TRAIL_OLD, COUNTER("wax_sealed_old_total", "Envelopes far below what their sender had reached.")},
    {"sealed/behind",                   sum,             COUNT_SEALED + TRAIL_BEHIND, COUNTER("wax_sealed_behind_total", "Envelopes of an epoch before the newest of their group.")},
    {"sealed/untracked",                sum,             COUNT_SEALED_UNTRACKED, COUNTER("wax_sealed_untracked_total", "Envelopes of senders that the table had no place for.")},
    {"heap/current",                    heap,            COUNT_STORED,                 GAUGE("wax_memory_bytes", "Memory that the process takes.")},
    {"heap/maximum",                    heap_max,        COUNT_STORED,                 GAUGE("wax_memory_max_bytes", "The most that it took so far.")},
    {"connections/socket/count",        connections,     COUNT_SOCKETS,                GAUGE("wax_connections", "Connections open now, those of HTTP included.")},
    {"packet/out/count",  sum, COUNT_OUT, GAUGE("wax_packets_waiting", "Packets that wait for their socket.")},
    {"packet/out/bytes", sum, COUNT_OUT_BYTES, GAUGE("wax_packets_waiting_bytes", "Bytes of them.")},
    {"mqtt/connect/received",           sum,             COUNT_TYPE_RECEIVED + WAX_CONNECT, NO_NAME},
    {"mqtt/connack/received",           sum,             COUNT_TYPE_RECEIVED + WAX_CONNACK, NO_NAME},
    {"mqtt/publish/received",           sum,             COUNT_TYPE_RECEIVED + WAX_PUBLISH, NO_NAME},
    {"mqtt/puback/received",            sum,             COUNT_TYPE_RECEIVED + WAX_PUBACK, NO_NAME},
    {"mqtt/pubrec/received",            sum,             COUNT_TYPE_RECEIVED + WAX_PUBREC, NO_NAME},
    {"mqtt/pubrel/received",            sum,             COUNT_TYPE_RECEIVED + WAX_PUBREL, NO_NAME},
    {"mqtt/pubcomp/received",           sum,             COUNT_TYPE_RECEIVED + WAX_PUBCOMP, NO_NAME},
    {"mqtt/subscribe/received",         sum,             COUNT_TYPE_RECEIVED + WAX_SUBSCRIBE, NO_NAME},
    {"mqtt/suback/received",            sum,             COUNT_TYPE_RECEIVED + WAX_SUBACK, NO_NAME},
    {"mqtt/unsubscribe/received",       sum,             COUNT_TYPE_RECEIVED + WAX_UNSUBSCRIBE, NO_NAME},
    {"mqtt/unsuback/received",          sum,             COUNT_TYPE_RECEIVED + WAX_UNSUBACK, NO_NAME},
    {"mqtt/pingreq/received",           sum,             COUNT_TYPE_RECEIVED + WAX_PINGREQ, NO_NAME},
    {"mqtt/pingresp/received",          sum,             COUNT_TYPE_RECEIVED + WAX_PINGRESP, NO_NAME},
    {"mqtt/disconnect/received",        sum,             COUNT_TYPE_RECEIVED + WAX_DISCONNECT, NO_NAME},
    {"mqtt/auth/received",              sum,             COUNT_TYPE_RECEIVED + WAX_AUTH, NO_NAME},
    {"mqtt/connect/sent",               sum,             COUNT_TYPE_SENT + WAX_CONNECT, NO_NAME},
    {"mqtt/connack/sent",               sum,             COUNT_TYPE_SENT + WAX_CONNACK, NO_NAME},
    {"mqtt/publish/sent",               sum,             COUNT_TYPE_SENT + WAX_PUBLISH, NO_NAME},
    {"mqtt/puback/sent",                sum,             COUNT_TYPE_SENT + WAX_PUBACK, NO_NAME},
    {"mqtt/pubrec/sent",                sum,             COUNT_TYPE_SENT + WAX_PUBREC, NO_NAME},
    {"mqtt/pubrel/sent",                sum,             COUNT_TYPE_SENT + WAX_PUBREL, NO_NAME},
    {"mqtt/pubcomp/sent",               sum,             COUNT_TYPE_SENT + WAX_PUBCOMP, NO_NAME},
    {"mqtt/subscribe/sent",             sum,             COUNT_TYPE_SENT + WAX_SUBSCRIBE, NO_NAME},
    {"mqtt/suback/sent",                sum,             COUNT_TYPE_SENT + WAX_SUBACK, NO_NAME},
    {"mqtt/unsubscribe/sent",           sum,             COUNT_TYPE_SENT + WAX_UNSUBSCRIBE, NO_NAME},
    {"mqtt/unsuback/sent",              sum,             COUNT_TYPE_SENT + WAX_UNSUBACK, NO_NAME},
    {"mqtt/pingreq/sent",               sum,             COUNT_TYPE_SENT + WAX_PINGREQ, NO_NAME},
    {"mqtt/pingresp/sent",              sum,             COUNT_TYPE_SENT + WAX_PINGRESP, NO_NAME},
    {"mqtt/disconnect/sent",            sum,             COUNT_TYPE_SENT + WAX_DISCONNECT, NO_NAME},
    {"mqtt/auth/sent",                  sum,             COUNT_TYPE_SENT + WAX_AUTH, NO_NAME},
    {NULL,                              sum,             COUNT_SOCKETS,                COUNTER("wax_sockets_accepted_total", "Connections accepted, whatever they spoke.")},
    {NULL,                              sum,             COUNT_CONNECTIONS,            COUNTER("wax_connects_accepted_total", "CONNECT packets accepted.")},
    {NULL,                              uptime_s,        COUNT_SOCKETS,                GAUGE("wax_uptime_seconds", "Seconds since the broker started.")},
};
/* clang-format on */

const size_t metric_count = WAX_COUNT(metrics);

_Static_assert(sizeof metrics / sizeof metrics[0] <= METRIC_MAX, "METRIC_MAX is too small");
