/* control: what an administrator asks of a running broker, by a Unix socket. The main thread serves
 * it. What belongs to a worker is looked at by that worker, in pieces: an inquiry goes to it as a
 * letter and comes back with lines of JSON. */
#ifndef WAX_BROKER_CONTROL_H
#define WAX_BROKER_CONTROL_H

#include "broker/internal.h"

#include <pwd.h>
#include <signal.h>

enum {
    REQUEST_LINE_MAX = 1 << 20, /* holds a few names of 65,535 bytes, each escaped */
    REQUEST_BODY_MAX = 1 << 28, /* as large as a message can be */
    REQUEST_PARAMETER_MAX = 12,
    ANSWER_PIECE_SIZE = 65536, /* what a worker writes before others have their turn */
    ANSWER_PIECE_COUNT = 256,  /* what it looks at */
    ANSWER_WAITING_MAX = 262144,
    PEER_MAX = 32,
    TRACE_MAX = 8,
    TRACE_BACKLOG_MAX = 4194304, /* bytes of lines that one trace may have ahead of it */
};

struct control;
struct inquiry;
struct peer;

/* --- lines: an answer on its way --- */

/* Lines of JSON in memory that grows. */
struct lines {
    uint8_t *data;
    size_t used;
    size_t size;
    bool is_short; /* memory ran out: something is missing */
};

/* Writes the members of one object; it may be called again with more room. */
typedef void members_function(wax_json *json, const void *subject);

void lines_add(struct lines *lines, members_function *write, const void *subject);
void lines_free(struct lines *lines);

/* The last line of an answer; `fault` NULL: all went well. */
void lines_end(struct lines *lines, const char *fault);

/* --- request: a line of words, `command name=value ...`, values escaped as in a URL --- */

struct parameter {
    wax_bytes name;
    wax_bytes value;
};

struct request {
    wax_bytes command;
    struct parameter parameters[REQUEST_PARAMETER_MAX];
    size_t count;
    wax_bytes body; /* of `body=SIZE` bytes, behind the line */
};

/* Takes a line apart, in place. Returns WAX_OK, WAX_MALFORMED or WAX_FULL. */
wax_status request_read(struct request *request, uint8_t *line, size_t size) WAX_CHECKED;

/* A parameter's value; empty, with NULL as data, when it is not there. */
wax_bytes request_value(const struct request *request, const char *name);

/* As a number; `usual` when it is not there or none. */
uint64_t request_number(const struct request *request, const char *name, uint64_t usual);

/* --- notes: what comes to the main thread --- */

struct note {
    wax_letter letter; /* first */
    void (*arrive)(struct control *control, struct note *note);
    bool is_trace; /* a trace_note; otherwise an inquiry */
};

/* --- inquiry: a question under way --- */

/* One piece of work. Sets `is_done` when nothing is left for this worker, and remembers in `cursor`
 * and `at` where it was otherwise. */
typedef void work_function(struct worker *worker, struct inquiry *inquiry);

/* What comes when all is done, in place of the end of the answer. */
typedef void finish_function(struct inquiry *inquiry);

struct inquiry {
    struct note note; /* first: it comes back as this */
    struct peer *peer;
    const struct request *request; /* the peer's; stays until the answer ends */
    work_function *work;
    unsigned worker; /* whose turn it is */
    bool is_for_all; /* the next worker follows */
    bool is_for_main;
    bool is_for_store; /* the store's own thread works at it */
    wax_store_task task;
    wax_store_view *view; /* while it does; NULL where nothing is kept */
    bool is_done;
    bool is_resting;   /* with the main thread, until the peer has read */
    const char *fault; /* constant: what the user is told instead */
    uint64_t cursor;
    uint64_t found; /* how many things it was about */
    struct lines lines;
    void *state; /* of whoever works; given back by `discard` */
    void (*discard)(struct inquiry *inquiry);
    finish_function *finish; /* NULL: the answer ends */
};

/* --- peer: one connection to the control socket --- */

struct peer {
    wax_watch watch; /* first: the loop knows it by this */
    wax_link link;
    struct control *control;
    uint8_t *in;
    size_t in_used;
    size_t in_size;
    size_t line_size;
    size_t request_size; /* of the request that is answered, body included; 0: none is */
    struct request request;
    struct lines out;
    size_t out_sent;
    struct inquiry *inquiry;
    struct trace *trace;
    bool is_gone; /* freed when what is under way is back */
};

/* Lets an administrator in. */
void peer_accept(wax_watch *watch, bool readable, bool writable);

/* At the end of the process: whoever worked for it does so no more. */
void peer_abandon(struct peer *peer);

/* Sends lines that nobody asked for one by one. */
void peer_tell(struct peer *peer, struct lines *lines);

/* --- trace: the packets of some clients, told as they come and go --- */

struct trace {
    atomic_uint holders;
    atomic_bool is_ended;
    atomic_size_t backlog; /* bytes of lines that were not read yet */
    atomic_uint missed;    /* packets that were not told: the reader was too slow */
    struct control *control;
    struct peer *peer; /* touched by the main thread alone */
    void (*arrive)(struct control *control, struct note *note);
    bool by_user;
    bool shows_payload;
    size_t size; /* of the id, or of the user name */
    uint8_t name[];
};

/* Lines of a trace on their way to the main thread. */
struct trace_note {
    struct note note; /* first */
    struct trace *trace;
    struct lines lines;
};

/* Lets a worker tell its packets to this trace, too. WAX_FULL when there are too many. */
wax_status trace_add(struct worker *worker, struct trace *trace) WAX_CHECKED;

/* The main thread: nobody reads it any more. Gives up the caller's hold. */
void trace_end(struct trace *trace);
void trace_release(struct trace *trace);
void trace_note_free(struct trace_note *note);

/* Begins to answer with a question that workers, or the main thread, work at piece by piece. NULL
 * without memory: the answer is then given. */
struct inquiry *peer_inquire(struct peer *peer, work_function *work);

/* Asks one worker, all of them one after the other, the main thread itself, or that of the store.
 */
void inquiry_ask(struct inquiry *inquiry, unsigned worker);
void inquiry_ask_all(struct inquiry *inquiry);
void inquiry_ask_main(struct inquiry *inquiry);
void inquiry_ask_store(struct inquiry *inquiry);

/* As `finish`: ends the answer when what the inquiry has brought about is on the disk. */
finish_function inquiry_settle;

/* Ends the answer now. */
void peer_end(struct peer *peer, const char *fault);

/* Which worker owns a client id. */
unsigned control_owner(const struct wax_broker *broker, wax_bytes id);

/* --- the commands --- */

typedef void command_function(struct peer *peer);

/* Writes the members of a client, of its session and its connection; on its worker. */
void control_write_client(wax_json *json, const struct client *client);

/* Answers the peer's request, now or by an inquiry. */
void control_answer(struct peer *peer);

command_function control_status, control_sessions, control_client, control_kick,
    control_session_delete, control_bridges, control_sealed, control_retained_list,
    control_retained_delete, control_reload, control_log, control_trace, control_explain,
    control_import_retained, control_import_session, control_import_subscription,
    control_import_queued, control_settle;

/* --- the control itself --- */

/* What the main thread can do and this file cannot. */
struct control_hooks {
    wax_status (*reload)(struct wax_broker *broker, wax_config_report *report);
    void (*set_log)(struct wax_broker *broker);
    const struct passwd *(*find_account)(const wax_config *config); /* that it changes to */
};

struct load_sample {
    uint64_t at_ms;
    uint64_t busy_ms;
};

struct control {
    wax_loop loop;
    wax_mailbox mailbox;
    wax_watch signals;
    wax_watch entrance; /* descriptor -1: there is no socket */
    wax_timer tick;
    wax_link peers;
    unsigned peer_count;
    struct wax_broker *broker;
    const struct control_hooks *hooks;
    command_function *answer;         /* takes a request */
    struct load_sample (*samples)[2]; /* of each worker, the older first */
    int signal;                       /* that ends the broker; 0: none yet */
    char path[108];                   /* of the socket, unlinked at the end */
};

/* Opens loop and socket, before privileges are dropped. Returns WAX_OK; WAX_IO, said in the log,
 * when the socket that the configuration names cannot be had. */
wax_status control_open(struct control *control, struct wax_broker *broker,
                        const struct control_hooks *hooks) WAX_CHECKED;

/* Answers signals and administrators until a signal ends the broker; gives that. The signals are
 * blocked. */
int control_run(struct control *control, const sigset_t *signals);

/* After the workers have ended. */
void control_close(struct control *control);

/* A worker's letter. */
void control_on_letter(struct worker *worker, struct letter *letter);

#endif
