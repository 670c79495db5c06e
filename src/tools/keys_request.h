/* An order and its answer on their way between `wax keys` and a running `wax authority`: each an
 * object of JSON on one line. */
#ifndef WAX_TOOLS_KEYS_REQUEST_H
#define WAX_TOOLS_KEYS_REQUEST_H

#include "tools/keys_answer.h"

enum {
    KEYS_REQUEST_MAX = 2 * ORDER_CONTENT_MAX + (1 << 16), /* of a line that asks */
    KEYS_REPLY_MAX = 32 << 20,                            /* of one that answers */
};

struct json_t;

/* What was asked. */
struct keys_request {
    char *words[ORDER_WORDS_MAX + 2]; /* with that of the program in front, for getopt */
    int count;
    wax_bytes content;     /* these two hold what is viewed */
    uint8_t *content_room; /* on the heap */
    struct json_t *object;
};

/* Writes a line that asks, on the heap; NULL without memory, or when a word is no UTF-8. */
char *keys_request_write(char *const *words, wax_bytes content);

/* Reads one, without its end. True, or it is not understood; either way keys_request_discard() is
 * owed. */
bool keys_request_read(struct keys_request *request, wax_bytes line);
void keys_request_discard(struct keys_request *request);

/* Writes a line that answers, with `out` for the standard output, on the heap; NULL without memory,
 * or when it is larger than KEYS_REPLY_MAX. */
char *keys_reply_write(const char *out, const struct keys_answer *answer);

/* Takes one: writes to `answer->out`, and makes `answer->identity`. False, with `answer->fault`,
 * when the order was not carried out. */
bool keys_reply_read(struct keys_answer *answer, wax_bytes line);

/* Wipes and frees a line; NULL is fine. */
void keys_request_free(char *line);

#endif
