/* levels: what each level of protection costs one client, measured with the product's own parts.
 * Whoever measures runs each measurement in a process of its own: the memory of the crypto library
 * is counted from its first byte on, and the stack from its first word. */
#ifndef WAX_LEVELS_H
#define WAX_LEVELS_H

#include "tls/tls.h"

#include <sys/types.h>

/* ---- The levels ---- */

/* What is done to the payload. */
typedef enum wax_levels_cover {
    WAX_COVER_NONE,
    WAX_COVER_CBC,    /* AES-128-CBC of the whole message into a second buffer: a reference only */
    WAX_COVER_SEALED, /* an envelope, or a stream of chunks for what is larger than one */
} wax_levels_cover;

/* The broker's listeners. */
typedef enum wax_levels_door {
    WAX_DOOR_OPEN,   /* plain TCP for everybody */
    WAX_DOOR_LOGIN,  /* plain TCP, user name and password */
    WAX_DOOR_TLS,    /* the broker has a certificate */
    WAX_DOOR_MUTUAL, /* and so has the client */
    WAX_DOOR_PSK,    /* both have a key */
    WAX_DOOR_COUNT,
} wax_levels_door;

typedef struct wax_level_row {
    const char *name;
    wax_levels_door door;
    wax_tls_version version; /* WAX_TLS_ANY: no TLS */
    wax_levels_cover cover;
    uint8_t suite; /* of WAX_COVER_SEALED: 1 to 3 */
    const char *text;
} wax_level_row;

enum { WAX_LEVELS_COUNT = 18 };

/* From L0, which all others are held against, upwards. */
extern const wax_level_row wax_levels[WAX_LEVELS_COUNT];

/* Who logs in at WAX_DOOR_LOGIN, and the key of WAX_DOOR_PSK in hexadecimal; the keys and passwords
 * of these brokers protect nothing. */
#define WAX_LEVELS_USER     "sensor"
#define WAX_LEVELS_PASSWORD "throw-away"
#define WAX_LEVELS_PSK      "00112233445566778899aabbccddeeff"

/* ---- What is measured ---- */

enum {
    WAX_LEVELS_SIZE_MIN = 1,
    WAX_LEVELS_SIZE_MAX = 16 * 1024 * 1024,
    WAX_LEVELS_COUNTS_MAX = 8,
    WAX_LEVELS_COUNT_MAX = 1000000,
    WAX_LEVELS_CHUNK_MIN = 64,
    WAX_LEVELS_CHUNK_MAX = 1024 * 1024,
    WAX_LEVELS_SAMPLE_MIN = 5, /* messages are sent whatever the time, of each count */
};

/* One measurement: one size at one level. It has no pointers, so that it can be handed to another
 * process of the same program. */
typedef struct wax_levels_plan {
    uint32_t level; /* a row of wax_levels */
    uint16_t port;
    pid_t broker;                           /* on this host; 0: its use of processors is not told */
    char folder[64];                        /* with ca.crt, client.crt and client.key */
    uint32_t size;                          /* of each message, in bytes */
    uint32_t counts[WAX_LEVELS_COUNTS_MAX]; /* of messages, ascending */
    uint32_t count_count;
    uint32_t chunk;         /* what is held of a message at once; larger ones are streams */
    uint32_t turn_ms;       /* how long messages of one count are sent before others are */
    uint32_t latency_count; /* messages that are waited for one by one */
    uint32_t connect_count; /* connections that are made only to be timed */
    uint32_t patience_ms;   /* how long nothing may move */
    uint64_t memory_limit;  /* of `heap_peak`; 0: none */
    bool resumes;           /* connections take up the TLS session of the one before */
    bool verifies;          /* receives a message of its own, opens it and compares it */
} wax_levels_plan;

/* What a piece of work took. */
typedef struct wax_levels_cost {
    uint64_t elapsed_us;
    uint64_t client_cpu_ns;
    uint64_t broker_cpu_ns;
    uint64_t bytes_out; /* at the client's socket: TLS and MQTT, without TCP and IP */
    uint64_t bytes_in;
} wax_levels_cost;

/* Messages of one count, of all turns together. */
typedef struct wax_levels_cell {
    uint32_t wanted;
    uint32_t sent; /* fewer than wanted: a sample; more: the count several times over */
    wax_levels_cost cost;
} wax_levels_cell;

/* Connections: from the first packet of TCP to CONNACK. */
typedef struct wax_levels_connects {
    uint32_t count;
    uint32_t resumed_count;
    uint64_t median_us;
    wax_levels_cost cost; /* of all of them together; bytes of the last one alone */
    uint32_t turns;       /* times the client had to wait for the broker */
    uint32_t ticket_size; /* of the session that is kept for the next time */
} wax_levels_connects;

typedef struct wax_levels_result {
    wax_status status; /* WAX_OK, WAX_FULL when memory ran out, WAX_IO or WAX_INVALID: see fault */
    char fault[256];   /* why it did not come to its end; "": it did */
    char cipher[64];   /* of TLS, with its version; "" without */
    uint32_t cell_count; /* as many as `counts` unless it failed */
    wax_levels_cell cells[WAX_LEVELS_COUNTS_MAX];
    wax_levels_connects connects;
    uint64_t latency_us[4]; /* of QoS 1, sealing to acknowledgement: half, 90, 99 %, greatest */
    uint64_t heap_peak;     /* of the client: rooms, contexts, keys, TLS; beyond what follows */
    uint64_t heap_library;  /* what the crypto library keeps for the process once it was used:
                               tables of what it can do, constants where a device's library has it
                               */
    uint64_t stack_peak;
    bool is_verified;
} wax_levels_result;

/* Counts what the process takes of memory from here on; a measurement refuses what would be more
 * than `limit`, 0 being none. To be called once, before anything calls the crypto library. Returns
 * WAX_OK, or WAX_INVALID when the library has memory already. */
wax_status wax_levels_count_memory(uint64_t limit) WAX_CHECKED;

/* Who says when which messages are sent. What machines do by themselves - clocks, neighbours -
 * lasts longer than a turn: so levels that are measured in turns meet it alike, and their ratios
 * hold. */
typedef struct wax_levels_pace {
    /* Waits for the next turn, and tells its place in `counts`. False: there are no more. */
    bool (*next)(struct wax_levels_pace *self, uint32_t *count);
} wax_levels_pace;

/* Measures, on a thread of its own, and waits for it. `pace` is asked from there, when everything
 * is warm; it may be NULL when the plan has no counts. Everything that can fail is told in the
 * result. */
void wax_levels_measure(const wax_levels_plan *plan, wax_levels_pace *pace,
                        wax_levels_result *result);

#endif
