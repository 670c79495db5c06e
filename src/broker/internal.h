/* What the files of this room share: the things a broker is made of. A worker is a thread; whatever
 * it owns, no other thread touches. Between workers go letters; what crosses is a connection that
 * moves, or a message, which is immutable and counted. */
#ifndef WAX_BROKER_INTERNAL_H
#define WAX_BROKER_INTERNAL_H

#include <stdatomic.h>

#include "access/access.h"
#include "broker/broker.h"
#include "broker/groups.h"
#include "broker/keeping.h"
#include "broker/message.h"
#include "broker/owings.h"
#include "broker/settings.h"
#include "broker/trail.h"
#include "dynsec/dynsec.h"
#include "os/os.h"
#include "router/router.h"
#include "session/session.h"
#include "store/store.h"

enum {
    READ_ROOM_SIZE = 131072, /* what a worker reads at once */
    OUT_ROOM_SIZE = 5120,    /* what a connection's output begins with */
    OUT_FLUSH_SIZE = 65536,  /* from here on output is sent before the turn ends */
    OUT_QUEUE_SIZE = 262144, /* from here on QoS 1 and 2 wait in the queue */
    OUT_DROP_SIZE = 8388608, /* from here on QoS 0 is dropped: the reader is too slow */
    HEAD_ROOM_SIZE = 1024,   /* heads larger than this are not kept */
    LINGER_MS = 2000,        /* how long a connection that ends may take to read why */
    WALK_STEP_MAX = 2048,    /* of a walk over retained messages in one turn */
    WALK_MESSAGE_MAX = 128,
    WALK_SEARCH_MAX = 256, /* walks that are looked at for one to begin anew; else both go on */
    LOGIN_MAX = 1024,      /* logins that wait for a password's hash */
    LOGIN_THREAD_COUNT = 2,
    DIAL_MAX = 256, /* bridges that wait for an address */
    DIAL_THREAD_COUNT = 2,
    LETTER_TURN_MAX = 4096,      /* letters read in one turn */
    BACKLOG_SIZE_MAX = 16777216, /* bytes of messages that one worker may have ahead of it */
    BACKLOG_REST_MS = 2,
    REPEAT_MS = 1000, /* how often a line that strangers can provoke is logged */
    HOLD_MAX = 4,     /* marks that are not durable yet: hardly ever more than two */
    OWED_MAX = 4096,  /* acknowledgements that wait for the store, before a client's input waits */
    NAME_SHOWN_MAX = 128, /* of a client's name in a line of the log */
};

struct worker;
struct client;
struct gate;
struct exchange;
struct connection;
struct bridge;
struct entrance;
struct output;
struct quarrel;
struct queue;
struct walks;
struct wax_broker;

/* --- counters: what $SYS tells; each worker counts for itself --- */

enum counter {
    COUNT_BYTES_RECEIVED,
    COUNT_BYTES_SENT,
    COUNT_PACKETS_RECEIVED,
    COUNT_PACKETS_SENT,
    COUNT_PUBLISH_RECEIVED,
    COUNT_PUBLISH_SENT,
    COUNT_PUBLISH_DROPPED,
    COUNT_PUBLISH_BYTES_RECEIVED,
    COUNT_PUBLISH_BYTES_SENT,
    COUNT_SOCKETS,
    COUNT_CONNECTIONS,
    COUNT_CLIENTS_EXPIRED,
    COUNT_TLS_HANDSHAKES, /* with all their proofs */
    COUNT_TLS_RESUMED,
    COUNT_TLS_KERNEL,        /* where the kernel encrypts */
    COUNT_CLIENTS,           /* sessions now */
    COUNT_CLIENTS_CONNECTED, /* now */
    COUNT_STORED,            /* messages in queues now */
    COUNT_STORED_BYTES,
    COUNT_SPILLED,           /* of them, those that are on disk alone */
    COUNT_SUBSCRIPTIONS,     /* now, not shared */
    COUNT_BRIDGES,           /* now */
    COUNT_BRIDGES_CONNECTED, /* now */
    COUNT_BRIDGES_LOST,      /* connections that ended */
    COUNT_OUT,               /* packets on their way to slow readers now */
    COUNT_OUT_BYTES,
    COUNT_TYPE_RECEIVED, /* and 15 more: packets by their type */
    COUNT_TYPE_SENT = COUNT_TYPE_RECEIVED + 16,
    COUNT_SEALED_REFUSED = COUNT_TYPE_SENT + 16, /* no envelopes */
    COUNT_SEALED_UNTRACKED, /* envelopes whose sender the table has no place for */
    COUNT_SEALED,           /* and as many as TRAIL_COUNT: what envelopes tell */
    COUNTER_COUNT = COUNT_SEALED + TRAIL_COUNT,
};

typedef atomic_uint_fast64_t counters[COUNTER_COUNT];

void count_up(struct worker *worker, enum counter counter, uint64_t by);
void count_down(struct worker *worker, enum counter counter, uint64_t by);
void count_set(struct worker *worker, enum counter counter, uint64_t value);

/* A packet, which begins with this byte. */
void count_packet(struct worker *worker, bool is_incoming, uint8_t first);

/* --- client: a session, which outlives connections --- */

/* A message on its way to one client. */
struct delivery {
    struct message *message;
    uint32_t *identifiers; /* the count, then that many; NULL: none */
    wax_group group;       /* that it came of; none: the client's own subscriptions */
    uint8_t qos;
    bool retain;
    uint64_t place; /* in the order of the session, as the store has it; 0: it does not */
};

/* What is known of a session while it has no connection. */
struct absence {
    wax_timer timer; /* the will's delay, or the end of the session */
    struct client *client;
    uint64_t ends_ms; /* when the session ends; WAX_NEVER */
    uint64_t will_due_ms;
};

struct client {
    wax_subscriber subscriber; /* first: the router knows it by this */
    struct client *next;       /* in the table's bucket */
    struct worker *worker;
    struct connection *connection; /* NULL: offline */
    struct seat *seat;             /* NULL: in no shared group */
    struct walks *walks;           /* NULL: none */
    uint64_t number;
    union {
        wax_access_identity identity; /* the same for those who judge */
        struct {
            wax_bytes user; /* in memory of its own, but for "" */
            bool has_user;
            wax_bytes id;
        };
    };
    struct bridge *bridge;   /* NULL: not the session of a bridge of our own */
    struct absence *absence; /* NULL: it has a connection */
    struct message *will;
    bool is_resuming : 1;     /* exchanges of an earlier connection are still to be sent again */
    bool is_durable : 1;      /* the session outlives its connection */
    bool is_kept : 1;         /* it is in the store */
    bool is_will_kept : 1;    /* and its Will */
    bool is_private : 1;      /* another broker's bridge: its messages do not come back to it */
    bool has_shared_rows : 1; /* some that wait in the store alone came by shared groups */
    bool has_estate : 1;      /* it has ended, and leaves them to others of those groups */
    uint16_t resumed_id;
    uint16_t listener;
    uint32_t expiry_s; /* Session Expiry Interval; UINT32_MAX: never */
    uint32_t will_delay_s;
    uint32_t owed_count; /* acknowledgements that wait for the store */
    uint32_t owing_scan; /* the last scan that found one waiting */
    wax_access access;
    uint64_t rights; /* those that its subscriptions were judged by last; of dynamic security */
    wax_flows outgoing;
    wax_flows incoming;
    struct delivery *held;   /* beside the slots of `outgoing`; NULL before the first */
    struct queue *queue;     /* NULL: nothing has ever waited */
    uint64_t held_bytes;     /* payloads of `held`, for max_inflight_bytes */
    uint64_t last_place;     /* that a delivery was given in the store */
    struct quarrel *quarrel; /* NULL: nobody else has wanted the client id */
};

struct clients {
    struct client **buckets;
    size_t bucket_count;
    size_t count;
};

wax_status clients_open(struct clients *clients) WAX_CHECKED;
struct client *clients_find(struct worker *worker, wax_bytes id);

/* Makes an offline client without anything. NULL without memory. */
struct client *client_make(struct worker *worker, wax_bytes id, bool has_user, wax_bytes user);

/* Makes the session somebody's: what its connections may do is what this user may. Returns WAX_OK
 * or WAX_FULL. */
wax_status client_belong(struct client *client, bool has_user, wax_bytes user) WAX_CHECKED;

/* What a session needs while it is offline: NULL without memory. It ends when a client is back. */
struct absence *absence_begin(struct client *client);
void absence_end(struct client *client);

/* Ends the session: subscriptions, queue, exchanges, will. */
void client_free(struct client *client);

/* Forgets exchanges, queue and subscriptions: a clean start. */
void client_clear(struct client *client);

/* More slots for one direction. Returns WAX_OK, or WAX_FULL at the limit or without memory. */
wax_status client_grow_outgoing(struct client *client) WAX_CHECKED;
wax_status client_grow_incoming(struct client *client) WAX_CHECKED;

/* Ends all outgoing exchanges; the messages that are not known to have arrived stand in front of
 * the queue again, to be sent anew. */
void client_take_back(struct client *client);

/* The same for what was kept: it is in the store already. */
void client_rehold(struct client *client, uint16_t packet_id, const struct delivery *delivery);

/* Keeps a delivery with its exchange; lets go of the message when only the packet id is needed any
 * more; and ends it. */
void client_hold(struct client *client, uint16_t packet_id, const struct delivery *delivery);
void client_let_go(struct client *client, uint16_t packet_id);
void client_finish(struct client *client, uint16_t packet_id);

void delivery_clear(struct delivery *delivery);

/* What it counts for in a queue: all that somebody outside chose. */
size_t delivery_weight(const struct delivery *delivery);

/* --- connection --- */

/* What went through a connection, for whoever asks. */
struct tally {
    uint64_t messages_in;
    uint64_t messages_out;
    uint64_t bytes_in;
    uint64_t bytes_out;
};

struct connection {
    wax_watch watch; /* first: the loop knows it by this */
    wax_timer timer;
    wax_link due; /* in the worker's ring of the hungry, while there may be input left that nobody
                   * will announce; or of the doomed, while it is to be ended */
    wax_link all;
    struct worker *worker;
    struct client *client;     /* NULL before CONNECT was accepted */
    struct bridge *bridge;     /* that made it: we are the client; NULL */
    struct pending *pending;   /* the CONNECT, until it is answered */
    struct exchange *exchange; /* an authentication by a method; NULL: none is going on */
    struct output *output;     /* NULL: none */
    uint8_t *in;               /* the start of a packet that is not whole yet */
    wax_transport *transport;
    wax_session session;
    uint64_t number;
    uint64_t print;   /* of what dynamic security said when it was let in */
    uint64_t proof;   /* stands for what it logged in with, which a reload may take away */
    uint64_t ends_ms; /* when its token does; 0: never */
    struct tally tally;
    wax_address peer;
    uint32_t in_used;
    uint32_t since_s;    /* when it began, on the clock of the loop */
    uint32_t refused_ms; /* when a refused message was logged last; the lower half of the time */
    uint16_t listener;
    uint16_t status;    /* why it is doomed; WAX_OK: not */
    uint8_t proof_kind; /* enum proof_kind */
    bool is_paused;     /* nothing is read until the store has caught up */
    bool is_blocked;    /* the socket took no more */
    bool is_leaving;    /* all is said; the peer may read it */
    bool has_waited;    /* to take over a client id that others want, too */
    bool awaits_proxy;  /* who the peer is will stand in a PROXY header */
    bool is_counted;    /* its TLS handshake, if there is one */
};

/* Who the peer is, for people. */
wax_address_text connection_peer(const struct connection *connection);

/* Room of `size` bytes in the output, or NULL: then the connection is doomed. */
bool out_reserve(struct connection *connection, size_t size);

/* The output as a writer, and what was written taken over. */
wax_writer out_begin(struct connection *connection, size_t size);
void out_end(struct connection *connection, const wax_writer *out);

/* Adds a packet, if there is one: where most calls write nothing, no room is begun for it. */
void out_append(struct connection *connection, const wax_writer *answer);

/* Takes a connection with output to send out of the worker's ring; NULL when there is none. */
struct connection *out_take_dirty(struct worker *worker);

/* The connection leaves its worker. */
void out_depart(struct connection *connection);

/* How much waits to be sent. */
size_t out_waiting(const struct connection *connection);

/* Lets all output from here on wait for the commit of this turn: it tells of what must be safe. */
void out_hold(struct connection *connection);

/* After a commit under `mark`: lets go what is durable. */
void out_release(struct worker *worker, uint64_t mark, uint64_t durable);

/* Sends what there is. */
void out_flush(struct connection *connection);
void out_free(struct connection *connection);

/* Ends the connection when the turn ends: nobody who works with it need care before. */
void connection_doom(struct connection *connection, wax_status status);

/* --- deliver: the one place where a message goes to a client --- */

struct grant {
    const uint32_t *identifiers;
    uint32_t identifier_count;
    wax_group group; /* as in the delivery */
    uint8_t qos;
    bool retain; /* the RETAIN flag that the subscriber sees */
};

/* Judges, and sends or queues. Returns WAX_OK, also for a message that has had its time;
 * WAX_NOT_AUTHORIZED; WAX_IO, when its session is kept and the store takes nothing; or, when the
 * client cannot have it, another status. */
wax_status deliver_or_not(struct client *client, struct message *message,
                          const struct grant *grant) WAX_CHECKED;

/* Somebody at this worker should have the message kept for it, and the store takes nothing: whoever
 * published it is told so. */
void message_refuse(struct worker *worker, struct message *message);

/* The same as above, and counts what is dropped and tells what is refused. */
void deliver(struct client *client, struct message *message, const struct grant *grant);

/* Sends what waits, exchanges of an earlier connection first. */
void deliver_waiting(struct client *client);

/* --- route: a message to all who want it --- */

/* Takes the message from a publisher, or from the broker: retains it, and delivers here and at the
 * other workers. Does not take over the caller's hold. */
wax_status route(struct worker *worker, struct message *message);

/* Delivers at this worker alone; to some of its clients alone. */
typedef bool some_function(void *context, const struct client *client);
void route_here(struct worker *worker, struct message *message);
void route_to_some(struct worker *worker, struct message *message, some_function *is_one,
                   void *context);

/* --- the events of a session --- */

/* Tells the other workers, and $SYS, how many subscriptions the worker has. */
void note_subscriptions(struct worker *worker);

void subscribe_on(struct connection *connection, const wax_event *event);
/* Subscribes a session that was brought from elsewhere: nothing that is retained is sent. Mount
 * points are part of the filter. Returns WAX_OK, WAX_BAD_FILTER or WAX_QUOTA_EXCEEDED. */
wax_status subscribe_silently(struct client *client, wax_bytes filter,
                              const wax_subscription_options *options) WAX_CHECKED;
void unsubscribe_on(struct connection *connection, const wax_event *event);

/* Ends those of a client's subscriptions that its roles do not allow any more. */
void subscribe_judge_again(struct client *client);
void publish_on(struct connection *connection, const wax_event *event);

/* RECEIVED, RELEASED and DELIVERED. */
void exchange_on(struct connection *connection, const wax_event *event);

/* --- leave: how connections and sessions end --- */

/* Ends all doomed connections. */
void leave_doomed(struct worker *worker);

/* Ends a connection now: tells the peer, and gives its session over to its own time. */
void leave_now(struct connection *connection, wax_status status);

/* Gives a connection and its socket back without a word, as at the end of the process. */
void leave_abandon(struct connection *connection);

/* Ends a session that is offline: its will is published, and it is gone. */
void leave_session(struct client *client);

/* Begins the time that a session without a connection may last, or ends it without memory; goes on
 * with it, after a start. */
void leave_wait(struct client *client);
void leave_resume(struct client *client);

/* The connection's own time has come. */
void leave_timer(wax_timer *timer, uint64_t now_ms);

/* The client said good-bye: its will is discarded unless it says otherwise. */
void leave_on_disconnect(struct connection *connection, const wax_event *event);

/* Starts the timer for what the session waits for next. */
void leave_arm(struct connection *connection);

/* --- receive: bytes come in --- */

void receive_ready(wax_watch *watch, bool readable, bool writable);

/* Reads on where there may be more. Returns whether some are not done. */
bool receive_turn(struct worker *worker);

/* Makes a connection over a transport, which it then owns, and counts it; session and watch are
 * still to be begun. NULL without memory: the transport is then the caller's. */
struct connection *connection_make(struct worker *worker, wax_transport *transport,
                                   uint16_t listener);

/* Makes a connection of a socket that was accepted, and watches it. */
void receive_accept(struct worker *worker, int descriptor, uint16_t listener);

/* --- trace: what an administrator sees of it --- */

/* Tells whole packets to those who trace this client. Only while `worker->traces` is not NULL. */
void trace_packets(struct connection *connection, bool is_incoming, wax_bytes bytes);
void trace_forget_all(struct worker *worker);

/* --- worker --- */

enum letter_kind {
    LETTER_MESSAGE,
    LETTER_SEAT,
    LETTER_CONNECTION,
    LETTER_SETTINGS,
    LETTER_ENTRANCE,
    LETTER_LOG,
    LETTER_ORDER,
    LETTER_TABLE,
    LETTER_TABLE_TAKEN,
    LETTER_KICK,
    LETTER_CONTROL,
    LETTER_FETCHED,
    LETTER_READ,
    LETTER_STOP
};

/* What is posted between workers. */
struct letter {
    wax_letter letter;
    uint8_t kind;    /* enum letter_kind */
    wax_level level; /* of the line */
    uint64_t kept;   /* how it is called in the store; 0: it is not there */
    union {
        struct message *message;
        struct connection *connection;
        struct settings *settings;
        struct order *order; /* of dynamic security, as is the next */
        struct batch *batch;
        struct entrance *entrance;
        char *line; /* of the log */
        struct inquiry *inquiry;
        struct fetch *fetch; /* from the store */
        struct reading *reading;
    };
    struct errand errand;
};

/* A PUBLISH encoded but for its payload, kept while the same message goes to many; from the second
 * on with its payload, if that is small. */
struct head {
    uint64_t message;
    size_t size;
    size_t id_at;      /* where the packet id stands */
    size_t whole_size; /* with the payload; 0: it is not there */
    uint8_t bytes[HEAD_ROOM_SIZE];
};

struct worker {
    struct wax_broker *broker;
    struct settings *settings;
    wax_dynsec_table *table; /* NULL: no dynamic security */
    wax_loop loop;
    wax_mailbox mailbox;
    wax_mailbox logins; /* judged passwords come back here */
    wax_mailbox dials;  /* addresses of other brokers come back here */
    struct bridge *bridges;
    pthread_t thread;
    unsigned index;
    bool is_stopping;
    uint64_t stop_ms; /* when those who do not leave are left behind */
    atomic_uint subscription_count;
    atomic_size_t backlog; /* bytes of messages that others have posted and it has not read */
    wax_letters inbox;     /* taken from the mailbox, to be read */
    wax_timer backlog_timer;
    uint32_t *identifiers; /* room for those of one delivery */
    uint32_t identifier_size;
    uint64_t refused_ms; /* when a refused connection was logged last */
    wax_router *router;
    wax_matches matches;
    struct clients clients;
    uint64_t last_number;
    wax_link dirty; /* output to send */
    wax_link hungry;
    wax_link doomed;
    wax_link connections;
    wax_link visits; /* connections of HTTP */
    wax_link held;   /* output that waits for the store */
    wax_link walking;
    wax_letters *outboxes;   /* one per worker */
    wax_store_batch changes; /* of this turn, for the store */
    uint64_t kept_message;   /* the message whose body is in it; 0: none */
    struct kept_group kept_group;
    bool is_keeping;  /* what is being dealt with changed something there */
    bool is_refusing; /* it should have been kept here, and cannot be */
    struct owings owings;
    wax_link entrances;
    uint64_t warned_ms; /* when it last said that there are too few descriptors */
    struct head heads[8];
    wax_timer sys_timer;
    wax_timer memory_timer;
    struct sys *sys; /* of the first worker */
    wax_timer expiry_timer;
    struct handshakes *handshakes; /* of the first worker */
    struct traces *traces;         /* NULL: nobody traces */
    counters counted;
    uint8_t room[READ_ROOM_SIZE];
};

wax_status worker_open(struct worker *worker, struct wax_broker *broker,
                       unsigned index) WAX_CHECKED;
void worker_close(struct worker *worker);

/* The thread's function; the argument is the worker. */
void *worker_run(void *argument);

/* Posts when the turn ends. Takes over what the letter holds. Returns WAX_OK or WAX_FULL. */
wax_status worker_post(struct worker *from, struct worker *to,
                       const struct letter *letter) WAX_CHECKED;

/* Posts a message, held for the letter, and counts it against what the other has ahead of it; or
 * counts it as dropped, and returns WAX_FULL. */
wax_status worker_post_message(struct worker *from, struct worker *to, const struct letter *letter);

/* What a client will not get any more although its group chose it goes to another member; what came
 * of no group goes nowhere. The delivery stays the caller's. */
void worker_pass_on(struct worker *worker, const struct delivery *delivery);

/* A number that no client, connection or message of this process has had. */
uint64_t worker_number(struct worker *worker);

/* --- logging --- */

/* Logs as the settings say from now on; opens the file anew. */
void logging_set(struct wax_broker *broker);

/* Whether a line that this client provokes may be logged now: one in REPEAT_MS. */
bool is_time_to_log(struct connection *connection);

/* Logs what was found in a configuration. */
void logging_report(struct wax_broker *broker, const wax_config_report *report);
/* --- memory: how much the process takes --- */

struct memory {
    atomic_size_t taken; /* bytes, when somebody looked last */
    atomic_size_t most;
    atomic_bool is_short; /* more than `memory_limit` */
};

/* Looks how much is taken. */
void memory_look(struct wax_broker *broker);

/* Whether messages must be refused until there is room again. */
bool memory_is_short(const struct worker *worker);

/* Begins to look again and again, if there is a limit. For the first worker. */
void memory_watch(struct worker *worker);

/* --- sys: the $SYS topics --- */

wax_status sys_open(struct worker *worker) WAX_CHECKED;
void sys_close(struct worker *worker);

/* Publishes a line of the log at the first worker; the line is freed. */
void sys_on_log(struct worker *worker, const struct letter *letter);

/* Publishes a number under $SYS/broker/, retained. */
void sys_publish(struct worker *worker, const char *topic, uint64_t value);

/* --- the broker --- */

struct wax_broker {
    wax_log log;
    struct settings *settings; /* the main thread's */
    struct worker **workers;
    unsigned worker_count;
    struct commons commons;
    struct memory memory;
    wax_store *store;
    struct keeping keeping;
    struct gate *gate;
    wax_pool *pool;
    wax_pool *dialers;       /* that look up names; NULL without bridges */
    wax_lookout *lookout;    /* NULL: files are not watched */
    struct steward *steward; /* NULL: no dynamic security */
    uint64_t key[2];
    uint64_t owner_key[2]; /* says which worker a session belongs to; the store remembers it */
    uint64_t started_ms;
    bool has_started;  /* the workers run */
    bool has_log_type; /* in place of the configuration's, until the next reload */
    uint32_t log_type;
    const wax_broker_options *options;
    atomic_uint connection_count;
    atomic_uint client_count;
    atomic_uint *listener_counts;
};

/* Who somebody is in a line of the log: cut, and never NULL. */
#define SHOWN(bytes)                                                                               \
    (int)((bytes).size < NAME_SHOWN_MAX ? (bytes).size : NAME_SHOWN_MAX),                          \
        (const char *)((bytes).data == NULL ? (const uint8_t *)"" : (bytes).data)

#endif
