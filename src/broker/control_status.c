/* What an administrator asks of the broker as a whole. */
#include "broker/control.h"

#include <string.h>
#include <unistd.h>

#include "broker/config_value.h"
#include "broker/metrics.h"

#ifndef WAX_VERSION_TEXT
#define WAX_VERSION_TEXT "unknown"
#endif

/* --- status --- */

static uint64_t counted(const struct worker *worker, unsigned counter)
{
    return atomic_load_explicit(&worker->counted[counter], memory_order_relaxed);
}

/* How much of a processor the worker took since the older sample, in percent. */
static uint64_t load_of(const struct control *control, unsigned index)
{
    const struct load_sample *sample = &control->samples[index][0];
    uint64_t span_ms = wax_clock_ms() - sample->at_ms;
    uint64_t busy_ms =
        wax_clock_thread_ms(control->broker->workers[index]->thread) - sample->busy_ms;

    return span_ms == 0 ? 0 : busy_ms * 100 / span_ms;
}

static void write_workers(wax_json *json, const struct control *control)
{
    wax_json_name(json, "workers");
    wax_json_open(json, '[');
    for (unsigned i = 0; i < control->broker->worker_count; i++) {
        const struct worker *worker = control->broker->workers[i];
        wax_json_open(json, '{');
        wax_json_member_number(json, "load_percent", load_of(control, i));
        wax_json_member_number(json, "sessions", counted(worker, COUNT_CLIENTS));
        wax_json_member_number(json, "connected", counted(worker, COUNT_CLIENTS_CONNECTED));
        wax_json_member_number(json, "backlog_bytes", atomic_load(&worker->backlog));
        wax_json_close(json, '}');
    }
    wax_json_close(json, ']');
}

struct figure {
    const char *name;
    enum counter counter;
};

static const struct figure figures[] = {
    {"sessions",          COUNT_CLIENTS          },
    {"connected",         COUNT_CLIENTS_CONNECTED},
    {"subscriptions",     COUNT_SUBSCRIPTIONS    },
    {"queued",            COUNT_STORED           },
    {"queued_bytes",      COUNT_STORED_BYTES     },
    {"messages_received", COUNT_PUBLISH_RECEIVED },
    {"messages_sent",     COUNT_PUBLISH_SENT     },
    {"messages_dropped",  COUNT_PUBLISH_DROPPED  },
    {"bytes_received",    COUNT_BYTES_RECEIVED   },
    {"bytes_sent",        COUNT_BYTES_SENT       },
};

static const char *state_word(wax_status state)
{
    if (state == WAX_OK) {
        return "good";
    }
    return state == WAX_QUOTA_EXCEEDED ? "disk full" : "disk failed";
}

static void write_store(wax_json *json, const struct wax_broker *broker)
{
    const wax_store_kind *kind = broker->store->kind;
    wax_store_figures store;

    kind->figures(broker->store, &store);
    wax_json_member_text(json, "store", wax_bytes_of_text(kind->name));
    if (!kind->keeps) {
        return;
    }
    wax_json_member_text(json, "store_place", wax_bytes_of_text(broker->keeping.place));
    wax_json_member_text(json, "store_state",
                         wax_bytes_of_text(state_word(kind->state(broker->store))));
    if (store.fault[0] != '\0') {
        wax_json_member_text(json, "store_fault", wax_bytes_of_text(store.fault));
    }
    wax_json_member_number(json, "store_bytes", store.file_bytes);
    wax_json_member_number(json, "store_log_bytes", store.log_bytes);
    wax_json_member_number(json, "store_waiting_bytes", store.waiting_bytes);
    wax_json_member_number(json, "store_commits", store.groups);
    wax_json_member_number(json, "store_commit_us", store.commit_us);
    wax_json_member_number(json, "store_failures", store.failures);
}

static void write_status(wax_json *json, const void *subject)
{
    const struct control *control = subject;
    struct wax_broker *broker = control->broker;

    wax_json_member_text(json, "version", WAX_TEXT(WAX_VERSION_TEXT));
    wax_json_member_number(json, "pid", (uint64_t)getpid());
    wax_json_member_number(json, "uptime_s", (wax_clock_ms() - broker->started_ms) / 1000);
    wax_json_member_text(json, "config", wax_bytes_of_text(broker->options->config_path));
    for (size_t i = 0; i < WAX_COUNT(figures); i++) {
        wax_json_member_number(json, figures[i].name, metric_sum(broker, figures[i].counter));
    }
    wax_json_member_number(json, "connections", atomic_load(&broker->connection_count));
    wax_json_member_number(json, "shared_subscriptions",
                           atomic_load(&broker->commons.shared_count));
    wax_json_member_number(json, "retained", atomic_load(&broker->commons.retained_count));
    wax_json_member_number(json, "memory_bytes", atomic_load(&broker->memory.taken));
    wax_json_member_number(json, "memory_bytes_max", atomic_load(&broker->memory.most));
    write_store(json, broker);
    write_workers(json, control);
}

void control_status(struct peer *peer)
{
    memory_look(peer->control->broker);
    lines_add(&peer->out, write_status, peer->control);
    peer_end(peer, NULL);
}

/* --- reload, log --- */

static void write_problem(wax_json *json, const void *subject)
{
    static const char *const severities[] = {"note", "warning", "error"};
    const wax_config_problem *problem = subject;

    wax_json_member_text(json, "severity", wax_bytes_of_text(severities[problem->severity]));
    if (problem->file != NULL) {
        wax_json_member_text(json, "file", wax_bytes_of_text(problem->file));
        wax_json_member_number(json, "line", problem->line);
    }
    wax_json_member_text(json, "text", wax_bytes_of_text(problem->text));
}

static void tell_problems(struct peer *peer, const wax_config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        lines_add(&peer->out, write_problem, &report->problems[i]);
    }
}

void control_reload(struct peer *peer)
{
    wax_config_report report = {.count = 0};
    wax_status status = peer->control->hooks->reload(peer->control->broker, &report);

    tell_problems(peer, &report);
    wax_config_report_free(&report);
    peer_end(peer, status == WAX_OK ? NULL : "the configuration is not good: the old one holds");
}

/* Reads the words as lines of the option log_type. */
static bool read_types(wax_bytes types, uint32_t *bits, wax_config_report *report)
{
    wax_config_spot spot = {.report = report, .option = wax_option_find(WAX_TEXT("log_type"))};
    wax_config config = {.log_type = 0};
    bool is_good = types.size > 0;
    bool again = false;

    while (is_good && types.size > 0) {
        const uint8_t *comma = memchr(types.data, ',', types.size);
        size_t size = comma == NULL ? types.size : (size_t)(comma - types.data);
        is_good = wax_value_read(&spot, &config, wax_bytes_of(types.data, size), again);
        again = true;
        size += comma == NULL ? 0 : 1;
        types = wax_bytes_of(types.data + size, types.size - size);
    }
    *bits = config.log_type;
    return is_good;
}

void control_log(struct peer *peer)
{
    struct wax_broker *broker = peer->control->broker;
    wax_config_report report = {.count = 0};
    uint32_t bits = 0;
    bool is_good = read_types(request_value(&peer->request, "types"), &bits, &report);

    tell_problems(peer, &report);
    wax_config_report_free(&report);
    if (is_good) {
        broker->log_type = bits;
        broker->has_log_type = true;
        peer->control->hooks->set_log(broker);
    }
    peer_end(peer, is_good ? NULL : "these are no log types; see log_type in wax.conf(5)");
}
