/* The listener for operations: /metrics for Prometheus, /health and /ready for whoever looks after
 * the process. It answers GET and HEAD, takes no bodies, and stays on the worker that accepted. */
#include "broker/metrics.h"
#include "broker/stack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef WAX_VERSION_TEXT
#define WAX_VERSION_TEXT "unknown"
#endif

enum {
    REQUEST_TURN_MAX = 16, /* requests answered in a row */
    KEEP_MS = 60000,       /* how long the next request, or the reading of an answer, may take */
    LAST_MS = 2000,        /* how long the peer may take to read the last answer */
    PAGE_SIZE = 32768,
};

/* A connection that speaks HTTP. */
struct visit {
    wax_watch watch;
    wax_timer timer;
    wax_link all;
    struct worker *worker;
    wax_transport *transport;
    uint16_t listener;
    bool closes;     /* after this answer */
    bool is_leaving; /* all is said; the peer may read it */
    bool has_more;   /* there may be more to do now; the timer goes on with it */
    uint8_t *out;
    size_t out_used;
    size_t out_sent;
    size_t in_used;
    uint8_t in[WAX_HTTP_HEAD_MAX];
};

static void end(struct visit *visit)
{
    struct wax_broker *broker = visit->worker->broker;

    wax_loop_forget(&visit->worker->loop, &visit->watch);
    wax_loop_stop(&visit->worker->loop, &visit->timer);
    wax_link_remove(&visit->all);
    atomic_fetch_sub(&broker->connection_count, 1);
    atomic_fetch_sub(&broker->listener_counts[visit->listener], 1);
    wax_transport_release(visit->transport);
    free(visit->out);
    free(visit);
}

static void arm(struct visit *visit, uint64_t in_ms)
{
    wax_loop_start(&visit->worker->loop, &visit->timer, visit->worker->loop.now_ms + in_ms);
}

/* --- Pages --- */

/* Writes a page into the room and tells its type and code. */
typedef uint16_t page_function(const struct worker *worker, wax_writer *out);

static void write_metric(wax_writer *out, const struct wax_broker *broker,
                         const struct metric *metric)
{
    char text[512];

    (void)snprintf(text, sizeof text, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", metric->name,
                   metric->help, metric->name, metric->type, metric->name,
                   metric->read(broker, metric));
    wax_write_bytes(out, wax_bytes_of_text(text));
}

/* When the listeners' certificates end. */
static void write_expiries(const struct worker *worker, wax_writer *out)
{
    static const char name[] = "wax_certificate_not_after_seconds";
    const wax_config *config = &worker->settings->config;
    char text[256];

    (void)snprintf(
        text, sizeof text,
        "# HELP %s When a listener's certificate ends, in seconds since 1970.\n# TYPE %s gauge\n",
        name, name);
    wax_write_bytes(out, wax_bytes_of_text(text));
    for (size_t i = 0; i < config->listener_count; i++) {
        const wax_tls_context *tls = worker->settings->policies[i].tls;
        int64_t end_s =
            tls == NULL || config->listeners[i].is_gone ? INT64_MAX : wax_tls_not_after(tls);
        if (end_s != INT64_MAX) {
            (void)snprintf(text, sizeof text, "%s{listener=\"%zu\",port=\"%u\"} %" PRId64 "\n",
                           name, i + 1, (unsigned)config->listeners[i].port, end_s);
            wax_write_bytes(out, wax_bytes_of_text(text));
        }
    }
}

static uint16_t write_metrics(const struct worker *worker, wax_writer *out)
{
    memory_look(worker->broker);
    wax_write_bytes(out, WAX_TEXT("# HELP wax_info The version of the broker.\n"
                                  "# TYPE wax_info gauge\n"
                                  "wax_info{version=\"" WAX_VERSION_TEXT "\"} 1\n"));
    for (size_t i = 0; i < metric_count; i++) {
        if (metrics[i].name != NULL) {
            write_metric(out, worker->broker, &metrics[i]);
        }
    }
    write_expiries(worker, out);
    return 200;
}

struct state {
    bool holds;
    const char *word;
};

/* Says the first of the states that holds; the last one is the good one. */
static uint16_t write_state(wax_writer *out, const struct state *states, size_t count)
{
    size_t i = 0;

    while (!states[i].holds) {
        i++;
    }
    wax_write_bytes(out, WAX_TEXT("{\"status\":\""));
    wax_write_bytes(out, wax_bytes_of_text(states[i].word));
    wax_write_bytes(out, WAX_TEXT("\"}\n"));
    return i + 1 == count ? 200 : 503;
}

static uint16_t write_health(const struct worker *worker, wax_writer *out)
{
    const struct state states[] = {
        {worker->is_stopping,     "stopping"    },
        {memory_is_short(worker), "memory limit"},
        {true,                    "ok"          },
    };

    return write_state(out, states, WAX_COUNT(states));
}

static uint16_t write_ready(const struct worker *worker, wax_writer *out)
{
    const struct wax_broker *broker = worker->broker;
    const wax_config *config = &worker->settings->config;
    const struct state states[] = {
        {worker->is_stopping,                                                      "stopping"    },
        {memory_is_short(worker),                                                  "memory limit"},
        {atomic_load(&broker->connection_count) >= config->global_max_connections,
         "too many clients"                                                                      },
        {true,                                                                     "ready"       },
    };

    return write_state(out, states, WAX_COUNT(states));
}

struct page {
    const char *path;
    const char *type;
    page_function *write;
};

/* clang-format off */
static const struct page pages[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics},
    {"/health",  "application/json",                         write_health},
    {"/ready",   "application/json",                         write_ready},
};
/* clang-format on */

static const struct page *find_page(const wax_http_head *head)
{
    for (size_t i = 0; i < WAX_COUNT(pages); i++) {
        if (wax_bytes_equal(head->path, wax_bytes_of_text(pages[i].path))) {
            return &pages[i];
        }
    }
    return NULL;
}

/* --- Answers --- */

/* What is wrong with a request. */
struct fault {
    bool holds;
    uint16_t code;
    const char *extra;
    const char *words;
};

/* Fills in an answer that is no page. Returns whether there is one. */
static bool refuse(const wax_http_head *head, wax_status status, wax_http_answer *answer,
                   wax_writer *body)
{
    bool is_read = status == WAX_OK;
    bool is_get =
        is_read && (strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0);

    /* clang-format off */
    const struct fault faults[] = {
        {status == WAX_TOO_LARGE, 431, NULL, head->fault},
        {!is_read, 400, NULL, head->fault},
        {head->version != 0x0101 && head->version != 0x0100, 505, NULL, "write HTTP/1.1"},
        {head->version == 0x0101 && wax_http_header_of(head, "Host") == NULL, 400, NULL, "the request needs one Host header"},
        {head->has_body, 413, NULL, "no request needs a body here"},
        {!is_get, 405, "Allow: GET, HEAD\r\n", "only GET and HEAD are answered here"},
        {find_page(head) == NULL, 404, NULL, "there is /metrics, /health and /ready"},
    };
    /* clang-format on */
    for (size_t i = 0; i < WAX_COUNT(faults); i++) {
        if (faults[i].holds) {
            answer->code = faults[i].code;
            answer->extra = faults[i].extra;
            answer->keeps_alive = answer->keeps_alive && faults[i].code == 404;
            wax_write_bytes(body, wax_bytes_of_text(faults[i].words));
            wax_write_bytes(body, WAX_TEXT(".\n"));
            return true;
        }
    }
    return false;
}

/* Answers one request. Returns false without memory. */
static bool answer_request(struct visit *visit, const wax_http_head *head, wax_status status)
{
    uint8_t *room = malloc(PAGE_SIZE);
    wax_writer body = wax_writer_over(room, room == NULL ? 0 : PAGE_SIZE);
    wax_http_answer answer = {
        .keeps_alive = status == WAX_OK && head->keeps_alive && !visit->worker->is_stopping,
        .is_head = status == WAX_OK && strcmp(head->method, "HEAD") == 0,
    };
    wax_writer out;

    visit->out = malloc(PAGE_SIZE + WAX_HTTP_ANSWER_ROOM);
    if (room == NULL || visit->out == NULL) {
        free(room);
        return false;
    }
    if (!refuse(head, status, &answer, &body)) {
        const struct page *page = find_page(head);
        answer.type = page->type;
        answer.code = page->write(visit->worker, &body);
    }
    wax_assert(body.status == WAX_OK);
    answer.body = wax_writer_bytes(&body);
    out = wax_writer_over(visit->out, PAGE_SIZE + WAX_HTTP_ANSWER_ROOM);
    wax_http_write_answer(&out, &answer);
    wax_assert(out.status == WAX_OK);
    visit->out_used = out.used;
    visit->out_sent = 0;
    visit->closes = !answer.keeps_alive;
    free(room);
    arm(visit, KEEP_MS);
    return true;
}

/* --- Input and output --- */

/* Sends what waits. */
static wax_status send_answer(struct visit *visit)
{
    wax_status status = WAX_OK;

    while (status == WAX_OK && visit->out_sent < visit->out_used) {
        wax_bytes rest = {visit->out + visit->out_sent, visit->out_used - visit->out_sent};
        size_t sent;
        status = wax_transport_send(visit->transport, rest, &sent);
        visit->out_sent += sent;
    }
    if (status == WAX_OK) {
        free(visit->out);
        visit->out = NULL;
        visit->out_used = visit->out_sent = 0;
    }
    return status;
}

/* Answers the request that is whole, or reads on. */
static wax_status take_request(struct visit *visit)
{
    wax_http_head head;
    size_t received = 0;
    wax_status status = WAX_MORE;

    if (visit->in_used > 0) {
        status = wax_http_read_request(&head, wax_bytes_of(visit->in, visit->in_used));
    }
    if (status == WAX_MORE) {
        status = wax_transport_receive(visit->transport, visit->in + visit->in_used,
                                       sizeof visit->in - visit->in_used, &received);
        visit->in_used += received;
        return status;
    }
    if (!answer_request(visit, &head, status)) {
        return WAX_SERVER_BUSY;
    }
    if (status == WAX_OK) {
        visit->in_used -= head.size;
        memmove(visit->in, visit->in + head.size, visit->in_used);
    }
    return WAX_OK;
}

/* The last answer is out. A socket that is closed with unread bytes in it takes it back, so that
 * the peer is waited for. */
static void leave(struct visit *visit)
{
    (void)!wax_transport_close(visit->transport);
    visit->is_leaving = true;
    arm(visit, LAST_MS);
}

/* Reads what the peer still sends, for nobody. */
static wax_status discard(struct visit *visit)
{
    wax_status status = WAX_OK;
    size_t received;

    for (int i = 0; i < REQUEST_TURN_MAX && status == WAX_OK; i++) {
        status = wax_transport_receive(visit->transport, visit->in, sizeof visit->in, &received);
    }
    return status == WAX_OK ? WAX_MORE : status;
}

/* Why a connection fails is worth a line, but not one for each time that a stranger knocks. */
static void log_end(const struct visit *visit, wax_status status)
{
    struct worker *worker = visit->worker;
    const char *reason = wax_transport_explain(visit->transport);
    wax_address peer = wax_socket_address(visit->watch.descriptor);

    if (status == WAX_CLOSED || reason[0] == '\0') {
        return;
    }
    (void)stack_read_proxy(visit->transport, &peer);
    wax_log_write(&worker->broker->log, stack_level(worker), "http_ended peer=%s reason=%s",
                  wax_address_show(&peer).text, reason);
}

/* Goes on until the peer is waited for. */
static void run(struct visit *visit)
{
    wax_status status = WAX_OK;

    for (int i = 0; i < 2 * REQUEST_TURN_MAX && status == WAX_OK; i++) {
        if (visit->is_leaving) {
            status = discard(visit);
            continue;
        }
        status = send_answer(visit);
        if (status == WAX_OK && visit->closes) {
            leave(visit);
        } else if (status == WAX_OK) {
            status = take_request(visit);
        }
    }
    if (status == WAX_OK) {
        visit->has_more = true; /* others come first */
        arm(visit, 1);
    } else if (status != WAX_MORE) {
        log_end(visit, status);
        end(visit);
    }
}

static void visit_ready(wax_watch *watch, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    run(WAX_OWNER(watch, struct visit, watch));
}

static void visit_due(wax_timer *timer, uint64_t now_ms)
{
    struct visit *visit = WAX_OWNER(timer, struct visit, timer);

    if (visit->has_more) {
        visit->has_more = false;
        wax_loop_start(&visit->worker->loop, timer, now_ms + KEEP_MS);
        run(visit);
    } else {
        end(visit);
    }
}

void http_accept(struct worker *worker, int descriptor, uint16_t listener)
{
    struct wax_broker *broker = worker->broker;
    struct visit *visit = calloc(1, sizeof *visit);
    wax_transport *transport = stack_open(worker, descriptor, listener);

    if (visit == NULL || transport == NULL) {
        if (transport != NULL) {
            wax_transport_release(transport);
        }
        free(visit);
        return;
    }
    visit->watch = (wax_watch){.ready = visit_ready, .descriptor = descriptor};
    visit->timer.due = visit_due;
    visit->worker = worker;
    visit->listener = listener;
    visit->transport = transport;
    wax_link_init(&visit->all);
    wax_link_append(&worker->visits, &visit->all);
    atomic_fetch_add(&broker->connection_count, 1);
    atomic_fetch_add(&broker->listener_counts[listener], 1);
    count_up(worker, COUNT_SOCKETS, 1);
    arm(visit, worker->settings->config.connect_timeout_s * UINT64_C(1000));
    if (wax_loop_watch(&worker->loop, &visit->watch, false) != WAX_OK) {
        end(visit);
    }
}

void http_close_all(struct worker *worker)
{
    while (!wax_link_is_alone(&worker->visits)) {
        end(WAX_OWNER(worker->visits.next, struct visit, all));
    }
}
