/* Where a connection comes from, and how strangers' names are written in the log. */
#ifndef WAX_BROKER_ORIGIN_H
#define WAX_BROKER_ORIGIN_H

#include "broker/internal.h"

/* A peer's address without its port. */
struct origin {
    char host[56];   /* for people; "local" of a Unix socket */
    char port[8];    /* "" where there is none */
    uint8_t name[9]; /* what is counted: IPv4 whole, IPv6 its first 64 bits */
    size_t name_size;
    bool is_local; /* of this machine */
};

struct origin origin_of(const struct connection *connection);

/* A name as a word of a line of the log. */
struct log_word {
    char text[3 * NAME_SHOWN_MAX + 4];
};

/* Writes every byte but letters, digits and a few signs as %XX, so that a name stays one word and
 * looks like nothing else; cut after NAME_SHOWN_MAX bytes, with "..." behind. */
struct log_word log_word_of(wax_bytes name);

#endif
