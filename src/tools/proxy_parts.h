/* wax proxy: its parts. One thread has all connections; names are looked up, and brokers dialled,
 * on others. */
#ifndef WAX_TOOLS_PROXY_PARTS_H
#define WAX_TOOLS_PROXY_PARTS_H

#include "tools/link.h"
#include "tools/proxy_rewrite.h"
#include "tools/side.h"

enum {
    PROXY_CONNECTIONS_MAX = 64,
    PROXY_PROGRAMS_MAX = 2 * PROXY_CONNECTIONS_MAX,
    PROXY_IN_SIZE = REWRITE_PACKET_MAX,
    PROXY_OUT_SIZE = REWRITE_PACKET_MAX + 128 * 1024,
    PROXY_HOLD_MS = 2000,
    PROXY_CONNECT_MS = 10000,
    PROXY_LINGER_MS = 2000,
};

/* A client id, and what has come to it. */
struct program {
    uint64_t name; /* a hash of the client id */
    size_t user_count;
    uint64_t used_ms;
    bool is_nameless; /* nobody can come back under its client id */
    struct rewrite_memory memory;
    wax_member_reader *reader;
    size_t reader_size;
};

/* Where programs come in. */
struct entrance {
    wax_watch watch;
    struct gateway *proxy;
};

struct gateway {
    struct settings settings;
    struct link link; /* for the mailbox and the status of this device */
    wax_loop loop;
    wax_log log;
    wax_pool *pool;
    wax_mailbox dialled;
    struct entrance entrances[WAX_LISTEN_MAX];
    size_t entrance_count;
    wax_link connections;
    size_t connection_count;
    struct program *programs[PROXY_PROGRAMS_MAX];
    wax_member_reader *blank; /* a reader to which nothing has come */
    uint8_t *scratch;
    uint64_t hash_key[2];
    uint32_t keys_count; /* how often there was news of the keys */
};

enum connection_state {
    CONNECTION_NEW,     /* CONNECT is not here yet */
    CONNECTION_HELD,    /* CONNECT waits for the keys */
    CONNECTION_DIALING, /* a thread connects to the broker */
    CONNECTION_OPEN,
    CONNECTION_ENDING, /* what was written leaves, nothing is taken any more */
    CONNECTION_DEAD,   /* the thread still has it */
};

struct connection {
    struct rewrite_sealing sealing; /* first: see proxy_sealing.c */
    struct rewrite rewrite;
    struct gateway *proxy;
    struct program *program;
    wax_link all;
    wax_timer timer;
    wax_job job;
    struct side local;
    struct side remote;
    enum connection_state state;
    uint64_t until_ms;       /* of the state */
    uint64_t grace_ms;       /* until when a message waits for keys that may be on their way */
    uint64_t grace_again_ms; /* when the next one may */
    uint32_t grace_keys;
    wax_address_text peer;
    wax_transport *dialled_transport;
    wax_status dialled_status;
    char fault[800];
};

/* Makes a connection of a descriptor, which it owns. */
void proxy_accept(struct gateway *proxy, int descriptor);

/* Goes on with all of them: there is news of the keys. */
void proxy_run_all(struct gateway *proxy);

/* What the loop calls when a broker was dialled. */
void proxy_on_dialled(wax_watch *watch, bool readable, bool writable);

/* Ends all of them; no thread has any. */
void proxy_end_all(struct gateway *proxy);

/* Lets a connection seal and open as this device, for the program with this client id. False
 * without memory. */
bool proxy_program_take(struct connection *connection, wax_bytes client_id);

/* Gives it back. */
void proxy_program_leave(struct connection *connection);

/* Makes what all programs share. False without memory. */
bool proxy_programs_open(struct gateway *proxy);
void proxy_programs_close(struct gateway *proxy);

#endif
