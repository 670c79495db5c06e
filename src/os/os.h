/* os: what the hosted rooms ask of Linux. Time, memory, files, sockets, an event loop with timers,
 * letters between threads, jobs off the loop, and the log. */
#ifndef WAX_OS_H
#define WAX_OS_H

#include "transport/transport.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* --- Time, randomness and memory --- */

/* The monotonic clock. */
uint64_t wax_clock_ms(void);

/* The same in microseconds, for what is too quick for it. */
uint64_t wax_clock_us(void);

/* Seconds since 1970 of the wall clock, for people and certificates. */
int64_t wax_clock_wall_s(void);

/* The same in milliseconds. */
uint64_t wax_clock_wall_ms(void);

/* How long a thread, which has not been joined, has run on a processor. */
uint64_t wax_clock_thread_ms(pthread_t thread);

/* Fills `room` with random bytes of the kernel's. Stops the process if there are none. */
void wax_os_random(void *room, size_t size);

/* The heap as the pure rooms see it. One for the process; any thread may use it. */
wax_memory *wax_heap(void);

/* Bytes of memory that are this process's alone and take room in the machine's; 0 if the system
 * does not tell. */
size_t wax_memory_taken(void);

/* Gives back to the system what has been freed. Takes milliseconds. */
void wax_memory_return(void);

/* --- Files --- */

/* Reads a whole file of at most `size_max` bytes. On WAX_OK `content` is the caller's, given back
 * by wax_file_free(). Otherwise `fault` says in words what is wrong and what to do: WAX_NOT_FOUND,
 * WAX_TOO_LARGE or WAX_IO. */
wax_status wax_file_read(const char *path, size_t size_max, wax_bytes *content, char *fault,
                         size_t fault_size) WAX_CHECKED;
void wax_file_free(wax_bytes *content);

/* Replaces a file as a whole: whoever reads it, or finds it after a crash, has the old one or the
 * new one. Only the owner may read the new one. Where `path` is a symbolic link, what it leads to
 * is replaced. The folder must be writable. Waits for the disk.
 * Returns WAX_OK; otherwise WAX_IO, the file is as it was, and `fault` says in words why. */
wax_status wax_file_replace(const char *path, wax_bytes content, char *fault,
                            size_t fault_size) WAX_CHECKED;

/* --- Files that change --- */

/* Watches files by a thread of its own. Files that are replaced, also by a link that is turned, are
 * seen at once where the system tells (inotify), and within a minute everywhere. A file that is
 * missing has not changed until there is another one. */
typedef struct wax_lookout wax_lookout;

/* `changed` is called on that thread with the path of one of the files, when all of them have been
 * left alone for a second, or after five at the latest. Returns WAX_OK, WAX_FULL or WAX_IO. */
wax_status wax_lookout_open(wax_lookout **opened, void (*changed)(void *context, const char *path),
                            void *context) WAX_CHECKED;

/* Watches these files and folders, whose paths are copied, and no others. What was watched before
 * is compared with what it was then. Returns WAX_OK, or WAX_FULL: those of before are watched. */
wax_status wax_lookout_set(wax_lookout *lookout, const char *const *paths,
                           size_t count) WAX_CHECKED;

/* Takes everything as it is now: changes up to now are not told any more. */
void wax_lookout_settle(wax_lookout *lookout);

/* Ends the watch, when `changed` has returned. NULL does nothing. */
void wax_lookout_close(wax_lookout *lookout);

/* --- Sockets --- */

/* A socket's address as people write it, e.g. "10.0.0.9:40112" or "[::1]:1883". */
typedef struct wax_address_text {
    char text[64];
} wax_address_text;

enum { WAX_ADDRESS_UNKNOWN, WAX_ADDRESS_LOCAL, WAX_ADDRESS_IPV4, WAX_ADDRESS_IPV6 };

/* The same as it is kept: of IPv4 the first four bytes. */
typedef struct wax_address {
    uint8_t bytes[16];
    uint32_t zone; /* of a link-local address of IPv6 */
    uint16_t port;
    uint8_t kind; /* one of the above */
} wax_address;

/* Writes an address; "local" for a Unix socket, "unknown" for what is none. */
wax_address_text wax_address_show(const wax_address *address);

/* Who is at the other end of a connected socket; the same as text. */
wax_address wax_socket_address(int descriptor);
wax_address_text wax_socket_peer(int descriptor);

/* Wraps a connected descriptor, which the filter then owns. NULL without memory. */
wax_transport *wax_socket_open(int descriptor);

/* The descriptor of the lowest filter of a stack whose lowest filter is a socket. */
int wax_socket_descriptor(const wax_transport *top);

/* Where a client connects to. `host` starting with '/' is the path of a Unix socket. */
typedef struct wax_dial {
    const char *host;
    uint16_t port;
    const char *bind_address; /* NULL: any */
    uint32_t timeout_ms;
    bool no_delay;
} wax_dial;

/* Connects, address after address, and waits for it. Returns WAX_OK; otherwise WAX_IO, with the
 * last address and its error in `fault`. */
wax_status wax_socket_dial(const wax_dial *dial, wax_transport **transport, char *fault,
                           size_t fault_size) WAX_CHECKED;

#define WAX_ADDRESSES_MAX 8

/* Where something is, as the system calls take it. */
typedef struct wax_addresses {
    struct sockaddr_storage items[WAX_ADDRESSES_MAX];
    socklen_t sizes[WAX_ADDRESSES_MAX];
    size_t count;
} wax_addresses;

/* Finds the addresses of a host, in the order to try them; `host` as in wax_dial. May take long:
 * not for the thread of a network loop. Returns WAX_OK with at least one; otherwise WAX_IO, with
 * the reason in `fault`. */
wax_status wax_socket_resolve(const char *host, uint16_t port, wax_addresses *found, char *fault,
                              size_t fault_size) WAX_CHECKED;

/* Begins to connect to one of the addresses, from one of `from` (NULL: any of this machine), and
 * does not wait: until the connection is made, or fails, the transport gives WAX_MORE. Returns
 * WAX_OK; or WAX_IO with errno. */
wax_status wax_socket_begin(const wax_addresses *to, size_t which, const wax_addresses *from,
                            wax_transport **transport) WAX_CHECKED;

/* How TCP notices that a peer is gone; 0 leaves a value to the system. */
typedef struct wax_tcp_patience {
    uint32_t idle_s;          /* until the first probe */
    uint32_t interval_s;      /* between probes */
    uint32_t probe_count;     /* that are not answered */
    uint32_t user_timeout_ms; /* for what was sent */
} wax_tcp_patience;

/* Sets that, and TCP_NODELAY, on a socket that may be one of TCP. */
void wax_socket_be_patient(int descriptor, const wax_tcp_patience *patience, bool no_delay);

/* Where a server listens. */
typedef struct wax_listen {
    const char *host; /* NULL: every address; with '/' first, the path of a Unix socket */
    uint16_t port;
    int family;            /* AF_UNSPEC, AF_INET or AF_INET6 */
    const char *interface; /* NULL: any */
    bool reuse_port;       /* several sockets share the port */
} wax_listen;

#define WAX_LISTEN_MAX 8

/* Opens one listening descriptor per address. If some addresses fail and others do not, it goes on
 * and `fault` names them; `fault` is "" otherwise. Returns WAX_OK with 1 to WAX_LISTEN_MAX
 * descriptors; WAX_IO when none could be opened. */
wax_status wax_socket_listen(const wax_listen *wanted, int *descriptors, size_t *count, char *fault,
                             size_t fault_size) WAX_CHECKED;

/* --- The event loop: one per thread --- */

/* A descriptor that is watched. `ready` is told edges: it must read and write until WAX_MORE. */
typedef struct wax_watch wax_watch;
struct wax_watch {
    void (*ready)(wax_watch *self, bool readable, bool writable);
    int descriptor;
    bool is_ended; /* the peer sends no more: behind what is still to be read comes the end */
};

/* A point in time. `due` is called once; it may start the timer again. */
typedef struct wax_timer wax_timer;
struct wax_timer {
    void (*due)(wax_timer *self, uint64_t now_ms);
    size_t place; /* in the loop's heap, from 1; 0: not running */
};

/* A timer that runs. */
typedef struct wax_timer_due {
    uint64_t at_ms;
    wax_timer *timer;
} wax_timer_due;

typedef struct wax_loop {
    int epoll;
    struct epoll_event *events; /* of this turn, while they are told */
    int event_count;
    uint64_t now_ms;       /* when this turn began */
    wax_timer_due *timers; /* a heap, the first due first */
    size_t timer_count;
    size_t timer_size;
} wax_loop;

/* Returns WAX_OK or WAX_IO. */
wax_status wax_loop_open(wax_loop *loop) WAX_CHECKED;
void wax_loop_close(wax_loop *loop);

/* Watches edges of readability and writability until wax_loop_forget() or the descriptor's close.
 * With `levels`, `ready` is told readability as long as it lasts. Returns WAX_OK or WAX_IO. */
wax_status wax_loop_watch(wax_loop *loop, wax_watch *watch, bool levels) WAX_CHECKED;

/* Ends a watch: from now on `ready` is not called, whatever happened before. */
void wax_loop_forget(wax_loop *loop, const wax_watch *watch);

/* Starts a timer, or moves one that runs. WAX_NEVER stops it. Stops the process without memory:
 * a timer must not be lost. */
void wax_loop_start(wax_loop *loop, wax_timer *timer, uint64_t at_ms);

/* When a timer is due; WAX_NEVER: it is not running. */
uint64_t wax_loop_due_ms(const wax_loop *loop, const wax_timer *timer);
void wax_loop_stop(wax_loop *loop, wax_timer *timer);

/* One turn: waits for what is ready, at most until the next timer, or not at all if `hurries`; then
 * calls those concerned. */
void wax_loop_turn(wax_loop *loop, bool hurries);

/* --- Letters between threads --- */

/* The first member of whatever is posted. */
typedef struct wax_letter {
    struct wax_letter *next;
} wax_letter;

/* A chain of letters, in order. */
typedef struct wax_letters {
    wax_letter *first;
    wax_letter *last;
} wax_letters;

/* Puts a letter, which is in no chain, at the end. */
void wax_letters_append(wax_letters *letters, wax_letter *letter);

/* Moves all of `more` to the end of `letters`. */
void wax_letters_join(wax_letters *letters, wax_letters *more);

/* Takes the first letter off the chain; NULL at its end. */
wax_letter *wax_letters_take(wax_letters *letters);

/* Where a thread gets its letters: many post, one takes. */
typedef struct wax_mailbox {
    pthread_mutex_t mutex;
    wax_letters letters;
    wax_watch watch; /* its descriptor is readable while there are letters */
} wax_mailbox;

/* `ready` is what the owner's loop calls. Returns WAX_OK or WAX_IO. */
wax_status wax_mailbox_open(wax_mailbox *mailbox, void (*ready)(wax_watch *self, bool readable,
                                                                bool writable)) WAX_CHECKED;
/* Letters that are still there are lost to it: take them before. */
void wax_mailbox_close(wax_mailbox *mailbox);

/* Any thread: hands over all of `letters`, which is then empty. */
void wax_mailbox_post(wax_mailbox *mailbox, wax_letters *letters);

/* Any thread: lets the owner's loop turn, without a letter. */
void wax_mailbox_ring(wax_mailbox *mailbox);

/* The owner: takes all there are, in order of their posting. */
wax_letters wax_mailbox_take(wax_mailbox *mailbox);

/* --- Jobs off the loop --- */

/* Work that takes long (password hashes). `work` runs on a thread of the pool; then the job itself
 * is posted to `reply`. */
typedef struct wax_job {
    wax_letter letter;
    void (*work)(struct wax_job *self);
    wax_mailbox *reply;
} wax_job;

typedef struct wax_pool wax_pool;

/* `job_max`: how many may wait. Returns WAX_OK, WAX_FULL or WAX_IO. */
wax_status wax_pool_open(wax_pool **opened, unsigned thread_count, size_t job_max) WAX_CHECKED;

/* Waits for the job in work; those that wait are replied undone. */
void wax_pool_close(wax_pool *pool);

/* Returns WAX_OK, or WAX_FULL when too many wait: the job is still the caller's. */
wax_status wax_pool_submit(wax_pool *pool, wax_job *job) WAX_CHECKED;

/* --- The log --- */

typedef enum wax_level {
    WAX_ERROR = 1,
    WAX_WARNING = 2,
    WAX_NOTICE = 4,
    WAX_INFORMATION = 8,
    WAX_DEBUG = 16,
    WAX_SUBSCRIPTIONS = 32, /* Mosquitto's log_type subscribe */
    WAX_UNSUBSCRIPTIONS = 64,
} wax_level;

/* Where lines go; any number of them, as bits. */
enum {
    WAX_LOG_STDOUT = 1,
    WAX_LOG_STDERR = 2,
    WAX_LOG_SYSLOG = 4,
    WAX_LOG_FILE = 8,
    WAX_LOG_JOURNALD = 16, /* by its own protocol; stderr where there is none */
};

/* What a log writes, and where to. */
typedef struct wax_log_settings {
    unsigned levels;              /* wax_level bits that are written */
    unsigned places;              /* WAX_LOG bits */
    const char *path;             /* of WAX_LOG_FILE; at most 4095 bytes */
    bool is_json;                 /* stdout, stderr and file get a JSON object a line */
    const char *journal;          /* the journal's socket; NULL: where systemd has it */
    int facility;                 /* of WAX_LOG_SYSLOG, as syslog.h has them */
    const char *timestamp_format; /* of strftime; NULL: seconds since 1970; "": none */
    /* Gets every line that is written, for `log_dest topic`; NULL: nobody. */
    void (*also)(void *context, wax_level level, const char *line);
    void *context;
} wax_log_settings;

/* A log that any thread may write to. Its fields are this room's. */
typedef struct wax_log {
    pthread_mutex_t mutex;
    atomic_uint levels;
    wax_log_settings settings; /* its texts are the two that follow */
    char path[4096];
    char timestamp_format[128];
    int file;
    int journal;
    struct fold *fold; /* what repeats itself */
} wax_log;

/* Lines go to stderr until wax_log_set(). */
void wax_log_open(wax_log *log);
void wax_log_close(wax_log *log);

/* Writes what was counted and has had its minute; to be called now and then. */
void wax_log_flush(wax_log *log, uint64_t now_ms);

/* Takes over other settings, copying their texts, while others may be writing; a file is opened
 * anew, so that it may have been moved away. Returns WAX_OK, or WAX_IO with errno when the file
 * cannot be opened: the other places are written to all the same. */
wax_status wax_log_set(wax_log *log, const wax_log_settings *settings) WAX_CHECKED;

/* Writes one event: what happened, as `event key=value ...`, in the places and the form that the
 * settings name. Fields are where the format has them, never where an argument says so: a value
 * that could be taken for more than itself is quoted. The values are cut at 1000 bytes together. Of
 * what tells of one peer or client, the same over and over, 10 a minute are written and the rest
 * counted: `... repeated=30 in_s=60` follows. The format takes d i u x X c s f, with l, ll, z and a
 * precision. */
void wax_log_write(wax_log *log, wax_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
