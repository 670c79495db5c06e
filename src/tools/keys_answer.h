/* An order of `wax keys`, and what came of it. */
#ifndef WAX_TOOLS_KEYS_ANSWER_H
#define WAX_TOOLS_KEYS_ANSWER_H

#include "authority/authority.h"

#include <stdio.h>

enum {
    ORDER_WORDS_MAX = 200,
    ORDER_FILTERS_MAX = 64,
    ORDER_ARGUMENTS_MAX = 4,
    ORDER_CONTENT_MAX = 1 << 20,
    ANSWER_FAULT_SIZE = 5000,
};

/* What came of an order. */
struct keys_answer {
    FILE *out;         /* for the standard output */
    char *identity;    /* on the heap: the file of a device; NULL: none */
    const char *fault; /* of `room`; NULL: done */
    bool is_unheard;   /* nobody listened */
    char room[ANSWER_FAULT_SIZE];
};

struct keys_verb;

/* Views of the words. */
struct keys_order {
    const struct keys_verb *verb;
    const char *arguments[ORDER_ARGUMENTS_MAX];
    size_t argument_count;
    const char *folder;
    const char *kek;
    const char *prefix;
    const char *out;  /* a file to be written */
    const char *from; /* a file to be read */
    const char *log;
    const char *profile;
    const char *name_space; /* a file of what is known of a namespace */
    const char *authority;  /* where one runs: tls://HOST:PORT or unix:PATH; NULL: in the folder */
    const char *cert;       /* these three are files, for TLS */
    const char *key;
    const char *cafile;
    const char *anchor; /* a file with how far a log was followed */
    wax_bytes filters[ORDER_FILTERS_MAX];
    size_t filter_count;
    const char *when; /* these are of a rule */
    const char *act;
    const char *groups;
    const char *devices;
    const char *at_most;
    bool is_dry;
    wax_bytes patterns[ORDER_FILTERS_MAX];
    size_t pattern_count;
    uint32_t suite;
    uint32_t group_class;
    uint32_t tag_size;
    uint32_t epoch_s;
    uint32_t kept;
    uint32_t ack_s;
    uint32_t blinding_hash; /* 0: topics are not blinded */
    bool signs;
    bool has_psk;
    bool has_history;
    bool shows_code; /* a QR code */
    bool is_now;
    bool verifies;
    bool wants_help;
    bool wants_manual;
    wax_bytes content;       /* of the file `from` */
    wax_authority_deed deed; /* who, by which role, and when */
};

/* A number from `least` to `most` in decimal digits; false for what is none. */
bool keys_answer_number(const char *text, uint32_t least, uint32_t most, uint32_t *number);

/* Seconds of `90`, `90s`, `15m`, `12h`, `7d`; false for what is no time up to `most_s`. */
bool keys_answer_time(const char *text, uint32_t most_s, uint32_t *seconds);

/* A moment as people write it, or "never" for 0. */
const char *keys_answer_moment(uint64_t seconds, char room[static 32]);

/* Says in the answer why not; returns false. */
__attribute__((format(printf, 2, 3))) bool keys_answer_fail(struct keys_answer *answer,
                                                            const char *format, ...);

/* Prints texts that were stored or came from elsewhere: what a terminal would obey in them, and
 * what could pass for the end of a line, is escaped as \x1b. `format` has a line break at its end,
 * or none. */
__attribute__((format(printf, 2, 3))) void keys_answer_print(FILE *out, const char *format, ...);

/* True for WAX_OK; else says what the authority says. */
bool keys_answer_done(struct keys_answer *answer, const wax_authority *authority,
                      wax_status status);

#endif
