/* One connection to the control socket: requests come in, answers go out as the peer reads them. */
#include "broker/control.h"
#include "broker/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_FIRST = 4096 };

/* --- Inquiries --- */

static void inquiry_free(struct inquiry *inquiry)
{
    if (inquiry->discard != NULL) {
        inquiry->discard(inquiry);
    }
    lines_free(&inquiry->lines);
    free(inquiry);
}

/* Moves the lines of a piece to what the peer is to read. */
static void take_lines(struct peer *peer, struct lines *lines)
{
    struct lines *out = &peer->out;
    uint8_t *data = realloc(out->data, out->used + lines->used + 1);

    if (data == NULL) {
        out->is_short = true;
        lines->used = 0;
        return;
    }
    out->data = data;
    out->size = out->used + lines->used + 1;
    if (lines->used > 0) {
        memcpy(out->data + out->used, lines->data, lines->used);
    }
    out->used += lines->used;
    out->is_short = out->is_short || lines->is_short;
    lines->used = 0;
}

/* On the thread of the store. */
static void work_in_store(wax_store_task *task, wax_store_view *view)
{
    struct inquiry *inquiry = WAX_OWNER(task, struct inquiry, task);
    wax_letters letters = {NULL, NULL};

    inquiry->view = view;
    inquiry->work(NULL, inquiry);
    wax_letters_append(&letters, &inquiry->note.letter);
    wax_mailbox_post(&inquiry->peer->control->mailbox, &letters);
}

static void post_to_store(struct inquiry *inquiry)
{
    struct wax_broker *broker = inquiry->peer->control->broker;

    inquiry->task.run = work_in_store;
    (void)keep_commit_retained(broker); /* what is asked about may have come just now */
    broker->store->kind->ask(broker->store, &inquiry->task);
}

static void post(struct inquiry *inquiry)
{
    struct control *control = inquiry->peer->control;
    struct letter *letter;
    wax_letters letters = {NULL, NULL};

    if (inquiry->is_for_store) {
        post_to_store(inquiry);
        return;
    }
    if (inquiry->is_for_main) {
        wax_letters_append(&letters, &inquiry->note.letter);
        wax_mailbox_post(&control->mailbox, &letters);
        return;
    }
    letter = calloc(1, sizeof *letter);
    wax_assert(letter != NULL);
    letter->kind = LETTER_CONTROL;
    letter->inquiry = inquiry;
    wax_letters_append(&letters, &letter->letter);
    wax_mailbox_post(&control->broker->workers[inquiry->worker]->mailbox, &letters);
}

void control_on_letter(struct worker *worker, struct letter *letter)
{
    struct inquiry *inquiry = letter->inquiry;
    wax_letters letters = {NULL, NULL};

    inquiry->work(worker, inquiry);
    wax_letters_append(&letters, &inquiry->note.letter);
    wax_mailbox_post(&inquiry->peer->control->mailbox, &letters);
}

/* Whether all who were to be asked have said all they have to say. */
static bool is_answered(struct inquiry *inquiry)
{
    unsigned count = inquiry->peer->control->broker->worker_count;

    if (!inquiry->is_done) {
        return false;
    }
    if (!inquiry->is_for_all || inquiry->worker + 1 >= count || inquiry->fault != NULL) {
        return true;
    }
    inquiry->worker++;
    inquiry->cursor = 0;
    inquiry->is_done = false;
    return false;
}

static void peer_free(struct peer *peer)
{
    if (peer->inquiry != NULL) {
        inquiry_free(peer->inquiry);
    }
    wax_link_remove(&peer->link);
    lines_free(&peer->out);
    free(peer->in);
    free(peer);
}

static void go_on(struct peer *peer);

/* A piece of work is done. */
static void inquiry_arrive(struct control *control, struct note *note)
{
    struct inquiry *inquiry = (struct inquiry *)(void *)note;
    struct peer *peer = inquiry->peer;

    (void)control;
    if (inquiry->is_for_main && !inquiry->is_done) {
        inquiry->work(NULL, inquiry);
    }
    take_lines(peer, &inquiry->lines);
    if (peer->is_gone) {
        peer_free(peer);
        return;
    }
    if (is_answered(inquiry) && inquiry->finish != NULL) {
        peer->inquiry = NULL;
        inquiry->finish(inquiry);
        inquiry_free(inquiry);
    } else if (is_answered(inquiry)) {
        peer->inquiry = NULL;
        peer_end(peer, inquiry->fault);
        inquiry_free(inquiry);
    } else {
        inquiry->is_resting = true;
    }
    go_on(peer);
}

struct inquiry *peer_inquire(struct peer *peer, work_function *work)
{
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);

    if (inquiry == NULL) {
        peer_end(peer, "the broker has too little memory to answer");
        return NULL;
    }
    inquiry->note.arrive = inquiry_arrive;
    inquiry->peer = peer;
    inquiry->request = &peer->request;
    inquiry->work = work;
    peer->inquiry = inquiry;
    return inquiry;
}

void inquiry_ask(struct inquiry *inquiry, unsigned worker)
{
    inquiry->worker = worker;
    post(inquiry);
}

void inquiry_ask_all(struct inquiry *inquiry)
{
    inquiry->is_for_all = true;
    post(inquiry);
}

void inquiry_ask_main(struct inquiry *inquiry)
{
    inquiry->is_for_main = true;
    post(inquiry);
}

void inquiry_ask_store(struct inquiry *inquiry)
{
    inquiry->is_for_store = true;
    post(inquiry);
}

/* The next piece, once the peer has read enough of those before. */
static void ask_on(struct inquiry *inquiry)
{
    if (inquiry != NULL && inquiry->is_resting) {
        inquiry->is_resting = false;
        post(inquiry);
    }
}

unsigned control_owner(const struct wax_broker *broker, wax_bytes id)
{
    return (unsigned)(wax_hash(broker->owner_key, id) % broker->worker_count);
}

/* --- The connection --- */

/* The socket closes; what is still with a worker comes back first. */
static void leave(struct peer *peer)
{
    struct control *control = peer->control;
    bool is_away = peer->inquiry != NULL && !peer->inquiry->is_resting;

    if (peer->is_gone) {
        return;
    }
    wax_loop_forget(&control->loop, &peer->watch);
    close(peer->watch.descriptor);
    control->peer_count--;
    peer->is_gone = true;
    if (peer->trace != NULL) {
        trace_end(peer->trace);
        peer->trace = NULL;
    }
    if (!is_away) {
        peer_free(peer);
    }
}

void peer_abandon(struct peer *peer)
{
    if (peer->inquiry != NULL) {
        peer->inquiry->is_resting = true; /* nobody else has it any more */
    }
    if (peer->is_gone) {
        peer_free(peer);
    } else {
        leave(peer);
    }
}

/* Sends what there is. False when the peer has gone. */
static bool flush(struct peer *peer)
{
    struct lines *out = &peer->out;

    while (peer->out_sent < out->used) {
        ssize_t sent = send(peer->watch.descriptor, out->data + peer->out_sent,
                            out->used - peer->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        peer->out_sent += (size_t)sent;
    }
    lines_free(out);
    peer->out_sent = 0;
    return true;
}

void peer_tell(struct peer *peer, struct lines *lines)
{
    take_lines(peer, lines);
    if (!flush(peer)) {
        leave(peer);
    }
}

void peer_end(struct peer *peer, const char *fault)
{
    size_t rest = peer->in_used - peer->request_size;

    lines_end(&peer->out, fault);
    memmove(peer->in, peer->in + peer->request_size, rest);
    peer->in_used = rest;
    peer->request_size = 0;
}

static bool make_room(struct peer *peer)
{
    size_t size = peer->in_size == 0 ? IN_FIRST : peer->in_size * 2;
    uint8_t *in;

    if (peer->in_used < peer->in_size) {
        return true;
    }
    in = size > (size_t)REQUEST_LINE_MAX + REQUEST_BODY_MAX ? NULL : realloc(peer->in, size);
    if (in != NULL) {
        peer->in = in;
        peer->in_size = size;
    }
    return in != NULL;
}

/* The size of the body that a line announces; values are escaped, so that a blank is a blank. */
static uint64_t body_of(const uint8_t *line, size_t size)
{
    const uint8_t *at = memmem(line, size, " body=", 6);
    uint64_t body = 0;

    for (size_t i = at == NULL ? size : (size_t)(at - line) + 6; i < size; i++) {
        if (line[i] < '0' || line[i] > '9' || body > REQUEST_BODY_MAX) {
            break;
        }
        body = body * 10 + (uint64_t)(line[i] - '0');
    }
    return body;
}

/* Whether the line and its body are there. Returns WAX_OK, WAX_MORE or WAX_TOO_LARGE. */
static wax_status find_request(struct peer *peer)
{
    const uint8_t *end = memchr(peer->in, '\n', peer->in_used);
    size_t line = end == NULL ? peer->in_used : (size_t)(end - peer->in) + 1;
    uint64_t body = end == NULL ? 0 : body_of(peer->in, line);

    if (line > REQUEST_LINE_MAX || body > REQUEST_BODY_MAX) {
        return WAX_TOO_LARGE;
    }
    peer->line_size = line;
    peer->request_size = line + (size_t)body;
    if (end == NULL || peer->in_used < peer->request_size) {
        peer->request_size = 0;
        return WAX_MORE;
    }
    return WAX_OK;
}

/* Takes the request that is whole now. */
static void take_request(struct peer *peer)
{
    wax_status status = request_read(&peer->request, peer->in, peer->line_size - 1);

    peer->request.body =
        wax_bytes_of(peer->in + peer->line_size, peer->request_size - peer->line_size);
    if (status == WAX_OK) {
        peer->control->answer(peer);
    } else {
        peer_end(peer, "this is no request: write a command, then name=value, with blanks as %20");
    }
}

/* Reads until a request is whole. Returns WAX_OK then; WAX_MORE when nothing more is there now. */
static wax_status read_on(struct peer *peer)
{
    wax_status status = peer->in_used == 0 ? WAX_MORE : find_request(peer);

    while (status == WAX_MORE) {
        ssize_t got;

        if (!make_room(peer)) {
            return WAX_TOO_LARGE;
        }
        got = recv(peer->watch.descriptor, peer->in + peer->in_used, peer->in_size - peer->in_used,
                   MSG_DONTWAIT);
        if (got <= 0) {
            return got < 0 && (errno == EAGAIN || errno == EINTR) ? WAX_MORE : WAX_CLOSED;
        }
        peer->in_used += (size_t)got;
        status = find_request(peer);
    }
    return status;
}

static void go_on(struct peer *peer)
{
    while (flush(peer)) {
        wax_status status;

        if (peer->out.used - peer->out_sent >= ANSWER_WAITING_MAX) {
            return; /* it goes on when the peer has read */
        }
        if (peer->request_size > 0) {
            ask_on(peer->inquiry);
            return;
        }
        status = read_on(peer);
        if (status == WAX_MORE) {
            return;
        }
        if (status != WAX_OK) {
            break;
        }
        take_request(peer);
    }
    leave(peer);
}

static void peer_ready(wax_watch *watch, bool readable, bool writable)
{
    struct peer *peer = WAX_OWNER(watch, struct peer, watch);

    (void)readable;
    (void)writable;
    if (peer->trace != NULL && watch->is_ended) {
        leave(peer);
    } else {
        go_on(peer);
    }
}

/* Administrators are those who could do all this to the process anyway. */
static bool is_trusted(int descriptor)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void admit(struct control *control, int descriptor)
{
    struct peer *peer = control->peer_count < PEER_MAX ? calloc(1, sizeof *peer) : NULL;

    if (peer == NULL) {
        close(descriptor);
        return;
    }
    peer->watch = (wax_watch){.ready = peer_ready, .descriptor = descriptor};
    peer->control = control;
    wax_link_init(&peer->link);
    wax_link_append(&control->peers, &peer->link);
    control->peer_count++;
    if (wax_loop_watch(&control->loop, &peer->watch, false) != WAX_OK) {
        leave(peer);
    }
}

void peer_accept(wax_watch *watch, bool readable, bool writable)
{
    struct control *control = WAX_OWNER(watch, struct control, entrance);
    int descriptor = accept4(watch->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)readable;
    (void)writable;
    if (descriptor >= 0 && !is_trusted(descriptor)) {
        wax_log_write(&control->broker->log, WAX_WARNING,
                      "control_refused reason=neither root nor the user of the broker");
        close(descriptor);
    } else if (descriptor >= 0) {
        admit(control, descriptor);
    }
}
