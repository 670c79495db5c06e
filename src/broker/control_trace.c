/* What an administrator asks to be told of a client's packets, until he leaves. */
#include "broker/control.h"

#include <stdlib.h>
#include <string.h>

/* Lines of a trace have come. */
static void arrive(struct control *control, struct note *note)
{
    struct trace_note *lines = (struct trace_note *)(void *)note;
    struct peer *peer = lines->trace->peer;
    size_t size = lines->lines.used;

    (void)control;
    if (peer != NULL && peer->out.used < TRACE_BACKLOG_MAX) {
        peer_tell(peer, &lines->lines);
    } else if (peer != NULL) {
        atomic_fetch_add(&lines->trace->missed, 1);
    }
    lines->lines.used = size; /* what the backlog counts */
    trace_note_free(lines);
}

static void work(struct worker *worker, struct inquiry *inquiry)
{
    inquiry->is_done = true;
    if (trace_add(worker, inquiry->state) != WAX_OK) {
        inquiry->fault = "there are as many traces as there may be: end another one";
    }
}

static void discard(struct inquiry *inquiry)
{
    if (inquiry->state != NULL) {
        trace_end(inquiry->state);
    }
}

static void write_begin(wax_json *json, const void *subject)
{
    (void)subject;
    wax_json_member_text(json, "trace", WAX_TEXT("on"));
}

/* All workers know of it. The answer goes on until the peer leaves. */
static void finish(struct inquiry *inquiry)
{
    struct peer *peer = inquiry->peer;

    if (inquiry->fault != NULL) {
        peer_end(peer, inquiry->fault);
        return;
    }
    peer->trace = inquiry->state;
    peer->trace->peer = peer;
    inquiry->state = NULL;
    lines_add(&peer->out, write_begin, NULL);
}

static struct trace *make(struct peer *peer)
{
    wax_bytes user = request_value(&peer->request, "user");
    wax_bytes name = user.data != NULL ? user : request_value(&peer->request, "id");
    struct trace *trace = calloc(1, sizeof *trace + name.size + 1);

    if (trace != NULL) {
        atomic_init(&trace->holders, 1);
        trace->control = peer->control;
        trace->arrive = arrive;
        trace->by_user = user.data != NULL;
        trace->shows_payload = request_value(&peer->request, "payload").size > 0;
        trace->size = name.size;
        if (name.size > 0) {
            memcpy(trace->name, name.data, name.size);
        }
    }
    return trace;
}

void control_trace(struct peer *peer)
{
    struct trace *trace = make(peer);
    struct inquiry *inquiry = peer_inquire(peer, work);

    if (inquiry != NULL && trace == NULL) {
        inquiry->fault = "the broker has too little memory to trace";
        inquiry->is_done = true;
        inquiry_ask_main(inquiry);
        return;
    }
    if (inquiry == NULL) {
        free(trace);
        return;
    }
    inquiry->state = trace;
    inquiry->discard = discard;
    inquiry->finish = finish;
    inquiry_ask_all(inquiry);
}
