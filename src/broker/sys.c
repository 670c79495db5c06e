/* The $SYS topics: what the broker tells of itself, by Mosquitto's names so that dashboards go on
 * working. The first worker adds up what all have counted, and publishes what changed. */
#include "broker/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef WAX_VERSION_TEXT
#define WAX_VERSION_TEXT "unknown"
#endif

enum { VALUE_SIZE = 64, TOPIC_SIZE = 96, AVERAGE_COUNT = 3 };

/* A number whose growth is told. */
struct load {
    const char *topic;
    enum counter counter;
};

/* clang-format off */
/* Topics load/.../1min, 5min and 15min: how much more there is of something per minute. */
static const struct load loads[] = {
    {"messages/received",  COUNT_PACKETS_RECEIVED},
    {"messages/sent",      COUNT_PACKETS_SENT},
    {"publish/dropped",    COUNT_PUBLISH_DROPPED},
    {"publish/received",   COUNT_PUBLISH_RECEIVED},
    {"publish/sent",       COUNT_PUBLISH_SENT},
    {"bytes/received",     COUNT_BYTES_RECEIVED},
    {"bytes/sent",         COUNT_BYTES_SENT},
    {"sockets",            COUNT_SOCKETS},
    {"connections",        COUNT_CONNECTIONS},
};
/* clang-format on */

enum { LOAD_COUNT = sizeof loads / sizeof loads[0] };

static const unsigned average_minutes[AVERAGE_COUNT] = {1, 5, 15};

struct sys {
    uint64_t told[METRIC_MAX]; /* the value published last, plus 1; 0: none yet */
    uint64_t told_clients_max;
    uint64_t before[LOAD_COUNT];
    double average[LOAD_COUNT][AVERAGE_COUNT];
    double told_average[LOAD_COUNT][AVERAGE_COUNT];
    uint64_t clients_max;
    uint64_t last_ms;
    bool has_begun;
};

static void publish_text(struct worker *worker, const char *topic, const char *value, bool retain)
{
    char whole[TOPIC_SIZE];
    struct draft draft = {.payload = wax_bytes_of_text(value), .retain = retain};
    struct message *message;

    snprintf(whole, sizeof whole, "$SYS/broker/%s", topic);
    draft.topic = wax_bytes_of_text(whole);
    message = message_make(&draft, worker->loop.now_ms);
    if (message != NULL) {
        (void)!route(worker, message);
        message_release(message);
    }
}

void sys_publish(struct worker *worker, const char *topic, uint64_t value)
{
    char text[VALUE_SIZE];

    snprintf(text, sizeof text, "%" PRIu64, value);
    publish_text(worker, topic, text, true);
}

static void publish_rows(struct worker *worker)
{
    struct sys *sys = worker->sys;

    uint64_t clients = metric_sum(worker->broker, COUNT_CLIENTS);

    for (size_t i = 0; i < metric_count; i++) {
        uint64_t value = metrics[i].read(worker->broker, &metrics[i]);
        if (metrics[i].topic != NULL && sys->told[i] != value + 1) {
            sys_publish(worker, metrics[i].topic, value);
            sys->told[i] = value + 1;
        }
    }
    sys->clients_max = clients > sys->clients_max ? clients : sys->clients_max;
    if (sys->told_clients_max != sys->clients_max + 1) {
        sys_publish(worker, "clients/maximum", sys->clients_max);
        sys->told_clients_max = sys->clients_max + 1;
    }
}

/* e^-x for x >= 0, to the two decimals that are published. */
static double decay(double x)
{
    double base = 1.0 + x / 256.0;

    for (int i = 0; i < 8; i++) {
        base *= base;
    }
    return 1.0 / base;
}

static void publish_load(struct worker *worker, size_t load, double per_minute, double minutes)
{
    struct sys *sys = worker->sys;

    for (size_t i = 0; i < AVERAGE_COUNT; i++) {
        double weight = decay(minutes / average_minutes[i]);
        double average = per_minute + weight * (sys->average[load][i] - per_minute);
        double change = average - sys->told_average[load][i];
        char topic[TOPIC_SIZE];
        char text[VALUE_SIZE];

        sys->average[load][i] = average;
        if (sys->has_begun && change < 0.005 && change > -0.005) {
            continue;
        }
        snprintf(topic, sizeof topic, "load/%s/%umin", loads[load].topic, average_minutes[i]);
        snprintf(text, sizeof text, "%.2f", average);
        publish_text(worker, topic, text, true);
        sys->told_average[load][i] = average;
    }
}

static void publish_loads(struct worker *worker, uint64_t now_ms)
{
    struct sys *sys = worker->sys;
    double minutes = (double)(now_ms - sys->last_ms) / 60000.0;

    for (size_t i = 0; i < LOAD_COUNT; i++) {
        uint64_t now = metric_sum(worker->broker, loads[i].counter);
        double more = (double)(now - sys->before[i]);
        publish_load(worker, i, minutes > 0.0 ? more / minutes : 0.0, minutes);
        sys->before[i] = now;
    }
    sys->last_ms = now_ms;
    sys->has_begun = true;
}

static void sys_due(wax_timer *timer, uint64_t now_ms)
{
    struct worker *worker = WAX_OWNER(timer, struct worker, sys_timer);
    uint32_t interval_s = worker->settings->config.sys_interval_s;
    char text[VALUE_SIZE];

    snprintf(text, sizeof text, "%" PRIu64 " seconds",
             (now_ms - worker->broker->started_ms) / 1000);
    memory_look(worker->broker);
    if (interval_s > 0) {
        publish_text(worker, "uptime", text, true);
        publish_rows(worker);
        publish_loads(worker, now_ms);
    }
    wax_loop_start(&worker->loop, timer,
                   now_ms + (interval_s == 0 ? 10 : interval_s) * UINT64_C(1000));
}

/* Without the patch level, which only tells strangers which faults to try: `wax ctl status` has
 * it. */
static void publish_version(struct worker *worker)
{
    const char version[] = WAX_VERSION_TEXT;
    const char *last = strrchr(version, '.');
    char text[VALUE_SIZE];

    snprintf(text, sizeof text, "wax version %.*s",
             (int)(last == NULL ? strlen(version) : (size_t)(last - version)), version);
    publish_text(worker, "version", text, true);
}

wax_status sys_open(struct worker *worker)
{
    worker->sys = calloc(1, sizeof *worker->sys);
    if (worker->sys == NULL) {
        return WAX_FULL;
    }
    worker->sys->last_ms = worker->loop.now_ms;
    worker->sys_timer.due = sys_due;
    if (worker->settings->config.sys_interval_s > 0) {
        publish_version(worker);
    }
    wax_loop_start(&worker->loop, &worker->sys_timer, worker->loop.now_ms + 1);
    memory_watch(worker);
    return WAX_OK;
}

void sys_close(struct worker *worker)
{
    wax_loop_stop(&worker->loop, &worker->sys_timer);
    wax_loop_stop(&worker->loop, &worker->memory_timer);
    free(worker->sys);
}

struct place {
    wax_level level;
    const char *topic;
};

/* Mosquitto's topics for the lines of its log. */
static const struct place places[] = {
    {WAX_ERROR,           "log/E"            },
    {WAX_WARNING,         "log/W"            },
    {WAX_NOTICE,          "log/N"            },
    {WAX_INFORMATION,     "log/I"            },
    {WAX_DEBUG,           "log/D"            },
    {WAX_SUBSCRIPTIONS,   "log/M/subscribe"  },
    {WAX_UNSUBSCRIPTIONS, "log/M/unsubscribe"},
};

void sys_on_log(struct worker *worker, const struct letter *letter)
{
    for (size_t i = 0; i < WAX_COUNT(places); i++) {
        if (places[i].level == letter->level) {
            publish_text(worker, places[i].topic, letter->line, false);
        }
    }
    free(letter->line);
}
