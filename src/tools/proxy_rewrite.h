/* What a program and its broker say to each other, packet by packet: what the program sends is
 * sealed, what it receives is opened, the rest passes as it is. Packet ids are not touched, so that
 * acknowledgements are between the two of them. No sockets, no clock, no memory of its own. */
#ifndef WAX_TOOLS_PROXY_REWRITE_H
#define WAX_TOOLS_PROXY_REWRITE_H

#include "wire/wire.h"

enum {
    REWRITE_PACKET_MAX = 512 * 1024, /* the largest packet, on either side */
    REWRITE_ANSWER_MAX = 1024,       /* what the proxy itself answers to a packet */
    REWRITE_SCRATCH = 3 * REWRITE_PACKET_MAX,
    REWRITE_OWED_COUNT = 1024, /* messages of QoS 1 and 2 on their way to a program */
};

/* What becomes of a message that came. */
enum rewrite_verdict {
    REWRITE_DELIVER,
    REWRITE_PASS_OVER, /* it is acknowledged, and nobody is told */
    REWRITE_REFUSE,    /* likewise, and `why` is told */
    REWRITE_WAIT,      /* its keys may be on their way: ask again later */
};

/* Who seals and opens. */
struct rewrite_sealing {
    /* Seals; `made` stays until the next call. Unless WAX_OK nothing may be sent. */
    wax_status (*seal)(struct rewrite_sealing *self, const wax_publish *message, bool is_will,
                       wax_publish *made);
    /* Writes a filter as the broker is to see it. */
    wax_status (*filter)(struct rewrite_sealing *self, wax_bytes filter, wax_writer *out);
    /* Opens; `opened` stays until the next call. `is_owed`: the very same came before, and the
     * program has not acknowledged it. */
    enum rewrite_verdict (*open)(struct rewrite_sealing *self, const wax_publish *came,
                                 bool is_owed, wax_publish *opened, const char **why);
    /* Says a status of `seal` in words. */
    const char *(*explain)(wax_status status);
};

/* What outlives a connection of a program, as its session at the broker does. */
struct rewrite_memory {
    struct {
        uint64_t digest;
        uint16_t packet_id; /* 0: none */
    } owed[REWRITE_OWED_COUNT];
    uint8_t refused[8192]; /* a bit for each packet id: its QoS 2 exchange ends here */
};

/* A connection between a program and a broker. The first part is the caller's to set. */
struct rewrite {
    struct rewrite_sealing *sealing;
    struct rewrite_memory *memory;
    uint8_t *scratch; /* REWRITE_SCRATCH bytes, which may be shared */
    uint64_t hash_key[2];
    wax_bytes username; /* for programs that say none; empty: none */
    wax_bytes password;

    wax_version version;
    uint32_t program_takes; /* the largest packet */
    uint32_t broker_takes;
    uint32_t skipped;  /* bytes still to come of a packet that is not taken */
    bool is_connected; /* CONNECT has passed */
    bool is_answered;  /* so has CONNACK */
    bool hides_reasons;
    const char *fault; /* what was refused by the last step, or why it ended; NULL: nothing */
    wax_bytes topic;   /* of the message that was refused, as it came */
};

enum rewrite_step {
    REWRITE_MORE,    /* there is no whole packet */
    REWRITE_GOES_ON, /* a packet was taken */
    REWRITE_FULL,    /* there must be more room before the next packet is taken */
    REWRITE_WAITS,   /* the packet is to be offered again when there are keys */
    REWRITE_ENDS,    /* both connections end when what was written has left */
};

/* Looks at the CONNECT with which a program begins, and leaves it where it is. With REWRITE_ENDS
 * `down` holds what the program is told. */
enum rewrite_step tools_rewrite_peek(struct rewrite *self, wax_reader in, wax_connect *connect,
                                     wax_writer *down);

/* Takes a packet of the program's off the front of `in`. `up` goes to the broker and wants
 * REWRITE_PACKET_MAX bytes of room, `down` goes back to the program and wants REWRITE_ANSWER_MAX.
 */
enum rewrite_step tools_rewrite_send(struct rewrite *self, wax_reader *in, wax_writer *up,
                                     wax_writer *down);

/* Takes a packet of the broker's; `down` goes to the program, `up` back to the broker. */
enum rewrite_step tools_rewrite_receive(struct rewrite *self, wax_reader *in, wax_writer *down,
                                        wax_writer *up);

/* Ends the connection from this side: writes what the program is told. */
enum rewrite_step tools_rewrite_end(struct rewrite *self, wax_status why, const char *fault,
                                    wax_writer *down);

#endif
