/* bench: load on a broker, any broker, and what became of every message of it. One thread, one
 * loop; packets are made before and only stamped when they leave.
 *
 * The load stands on `wire`, not on the session: a session keeps each exchange, judges aliases and
 * quotas and hands out events, which a client needs and which would cost the load several times
 * what it does now. What the load skips is only what it can do without because it sent all there
 * is to receive: each message tells its publisher and its number. */
#ifndef WAX_BENCH_H
#define WAX_BENCH_H

#include "os/os.h"
#include "tls/tls.h"
#include "wire/wire.h"

#include <signal.h>
#include <sys/types.h>

/* --- Percentiles --- */

enum {
    WAX_HISTOGRAM_STEPS = 64, /* within a power of two */
    WAX_HISTOGRAM_SIZE = WAX_HISTOGRAM_STEPS + 40 * WAX_HISTOGRAM_STEPS / 2, /* up to 2^46 */
};

/* How often values came, each within 1/32 of its size, from 0 to 2^46; larger ones count as that.
 * Zeroed, it is empty. */
typedef struct wax_histogram {
    uint64_t count;
    uint64_t greatest; /* as it was */
    uint64_t slots[WAX_HISTOGRAM_SIZE];
} wax_histogram;

/* Counts a value. */
void wax_histogram_add(wax_histogram *histogram, uint64_t value);

/* The smallest value that `part` of 100,000 are not above, rounded up to what is told apart; 0 when
 * it is empty. `part` is at most 100,000: 50,000 is the median. */
uint64_t wax_histogram_quantile(const wax_histogram *histogram, uint32_t part);

/* --- What a process uses --- */

typedef struct wax_usage {
    uint64_t cpu_ns;   /* of all its threads */
    uint64_t resident; /* bytes of memory */
} wax_usage;

/* Reads it from /proc. Returns WAX_OK; WAX_IO when there is no such process, or it may not be read.
 */
wax_status wax_usage_read(pid_t pid, wax_usage *usage) WAX_CHECKED;

/* --- The order of what came --- */

/* What one subscriber got of one publisher, whose messages are numbered from 0. */
typedef struct wax_ledger {
    uint32_t next;     /* one above the highest number that came */
    uint32_t received; /* different messages */
    uint64_t seen;     /* of the 64 before the highest: bit 0 is the one just before it */
} wax_ledger;

typedef enum wax_arrival {
    WAX_ARRIVAL_IN_ORDER, /* higher than all before; those left out may still come */
    WAX_ARRIVAL_LATE,     /* one that was left out */
    WAX_ARRIVAL_AGAIN,    /* one that had come */
} wax_arrival;

/* Takes down that a message came. One that is more than 64 behind the highest is late as long as
 * any is missing, and else again. */
wax_arrival wax_ledger_take(wax_ledger *ledger, uint32_t number);

/* --- A run --- */

typedef enum wax_bench_kind {
    WAX_BENCH_MESSAGES, /* publishers and subscribers */
    WAX_BENCH_CONNECTS, /* connections that come and go */
    WAX_BENCH_IDLE,     /* connections that stay and say nothing */
    WAX_BENCH_RETAINED, /* many retained messages for one subscriber */
} wax_bench_kind;

/* Who gets what. */
typedef enum wax_bench_shape {
    WAX_BENCH_PAIRS,     /* each publisher has a topic and a subscriber of its own */
    WAX_BENCH_ALL,       /* all get all, by one filter */
    WAX_BENCH_WILDCARDS, /* all get all, by filters with wildcards, among others that do not match
                          */
    WAX_BENCH_FILTERS,   /* the subscriber has many filters, of which one matches */
    WAX_BENCH_SHARED,    /* the subscribers are a group: each message goes to one of them */
} wax_bench_shape;

typedef struct wax_bench_scenario {
    const char *name;
    wax_bench_kind kind;
    wax_bench_shape shape;
    uint32_t publishers;  /* as long as nothing else is asked for; likewise the two that follow */
    uint32_t subscribers; /* of WAX_BENCH_CONNECTS and WAX_BENCH_IDLE: connections */
    uint32_t items;       /* filters or retained messages; 0: the scenario has none */
    bool resumes;         /* TLS sessions */
    const char *text;     /* one line of help */
} wax_bench_scenario;

extern const wax_bench_scenario wax_bench_scenarios[];
extern const size_t wax_bench_scenario_count;

/* The scenario of that name; NULL when there is none. */
const wax_bench_scenario *wax_bench_find(const char *name);

enum {
    WAX_BENCH_PAYLOAD_MIN = 16, /* what tells a message from all others */
    WAX_BENCH_PAYLOAD_MAX = 16 * 1024 * 1024,
    WAX_BENCH_PEERS_MAX = 100000,
    WAX_BENCH_ITEMS_MAX = 9999999,
    WAX_BENCH_WINDOW_MAX = 10000,
};

/* How a run goes on, for a terminal. */
typedef struct wax_bench_progress {
    const char *phase; /* "connecting"; constant */
    uint64_t count;    /* connections, filters or messages up to now */
} wax_bench_progress;

typedef struct wax_bench_plan {
    const wax_bench_scenario *scenario;
    const wax_addresses *addresses; /* of the broker; the first is used */
    const char *host;               /* that its certificate must be for */
    wax_tls_context *tls;           /* NULL: none */
    const char *websocket_host;     /* as wax_websocket_connect() wants it; NULL: no WebSocket */
    wax_version version;
    wax_bytes username;
    wax_bytes password;
    uint8_t qos;
    uint32_t payload_size;
    uint32_t publishers;
    uint32_t subscribers;
    uint32_t items;
    uint32_t window;  /* messages of a publisher that are on their way at once; see below */
    uint32_t rate;    /* messages a second of all publishers together; 0: as the window lets */
    uint32_t warm_ms; /* before it counts */
    uint32_t run_ms;
    uint32_t patience_ms;                 /* how long nothing may move */
    pid_t pid;                            /* of the broker; 0: unknown */
    const volatile sig_atomic_t *stopped; /* the run ends when it is not 0; NULL: never */
    /* Is told how the run goes on; NULL: nobody is. */
    void (*tell)(void *context, const wax_bench_progress *progress);
    void *context;
} wax_bench_plan;

/* Filters placed, messages stored, connections opened, before the load or as all of it. */
typedef struct wax_bench_setup {
    uint64_t count;
    uint64_t elapsed_us;
    uint64_t cpu_ns;   /* of the broker */
    uint64_t resident; /* by how many bytes it grew */
} wax_bench_setup;

typedef struct wax_bench_result {
    uint64_t count; /* messages delivered, or connections made, in the time that counts */
    uint64_t elapsed_us;
    uint64_t cpu_ns;      /* of the broker; 0 when it is unknown */
    uint64_t load_cpu_ns; /* of this process */
    uint64_t resident;    /* of the broker at the end */
    wax_bench_setup setup;
    wax_histogram latency_us; /* at a rate of all that were due in that time, from when each was
                                 due; else from the sending */
    uint64_t sent;            /* in the whole run, as all that follows */
    uint64_t expected;        /* deliveries */
    uint64_t received;
    uint64_t lost;
    uint64_t twice;
    uint64_t late;
    uint64_t strange; /* not ours, or changed on the way */
    uint64_t resumed; /* connections that took up a TLS session */
    uint64_t refused; /* connections or messages that the broker did not take */
    char fault[704];  /* why the run did not come to its end; "": it did */
} wax_bench_result;

/* Runs one scenario. Waits for it all. With a window, a message leaves it when the broker has
 * acknowledged it and every subscriber has it or a later one; at a rate, when it is acknowledged,
 * and messages that find the window full are sent late and counted from when they were due.
 * Returns WAX_OK when all messages came once, in order and as they were sent; WAX_INVALID when some
 * did not; WAX_IO when the run did not come to its end: `fault` says why. */
wax_status wax_bench_run(const wax_bench_plan *plan, wax_bench_result *result) WAX_CHECKED;

#endif
