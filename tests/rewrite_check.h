/* A connection through the proxy without sockets, and a sealing that anybody can see through: a
 * sealed payload begins with SEALED, a topic as the broker sees it with "b/". */
#ifndef WAX_TESTS_REWRITE_CHECK_H
#define WAX_TESTS_REWRITE_CHECK_H

#include "tools/proxy_rewrite.h"

#include <stdlib.h>
#include <string.h>

#define SEALED "SEALED "

enum { CHECK_OUT_SIZE = REWRITE_PACKET_MAX + 128 * 1024 };

struct rewriting {
    struct rewrite_sealing sealing; /* first */
    struct rewrite rewrite;
    struct rewrite_memory memory;
    wax_writer up;
    wax_writer down;
    uint8_t *room; /* what was sealed last */
    bool waits;
    bool was_owed;
};

/* Topics that begin with "secret" may be sealed. */
static inline bool check_is_ours(wax_bytes topic)
{
    return wax_bytes_start_with(topic, WAX_TEXT("secret"));
}

static inline wax_status check_seal(struct rewrite_sealing *self, const wax_publish *message,
                                    bool is_will, wax_publish *made)
{
    struct rewriting *rewriting = (struct rewriting *)self;
    wax_writer out = wax_writer_over(rewriting->room, REWRITE_SCRATCH);
    size_t start;

    *made = *message;
    if (!check_is_ours(message->topic)) {
        return WAX_NOT_FOUND;
    }
    wax_write_bytes(&out, WAX_TEXT("b/"));
    wax_write_bytes(&out, message->topic);
    made->topic = wax_writer_bytes(&out);
    made->properties = wax_bytes_of(NULL, 0);
    start = out.used;
    wax_write_bytes(&out, is_will ? WAX_TEXT(SEALED "will ") : WAX_TEXT(SEALED));
    wax_write_bytes(&out, message->payload);
    made->payload = wax_bytes_of(out.data + start, out.used - start);
    return made->topic.size > 65535 ? WAX_FULL : out.status;
}

static inline wax_status check_filter(struct rewrite_sealing *self, wax_bytes filter,
                                      wax_writer *out)
{
    (void)self;
    if (wax_bytes_equal(filter, WAX_TEXT("bad/+"))) {
        return WAX_INVALID;
    }
    wax_write_bytes(out, WAX_TEXT("b/"));
    wax_write_bytes(out, filter);
    return out->status;
}

static inline enum rewrite_verdict check_open(struct rewrite_sealing *self, const wax_publish *came,
                                              bool is_owed, wax_publish *opened, const char **why)
{
    struct rewriting *rewriting = (struct rewriting *)self;

    *opened = *came;
    rewriting->was_owed = is_owed;
    if (rewriting->waits) {
        return REWRITE_WAIT;
    }
    if (!wax_bytes_start_with(came->payload, WAX_TEXT(SEALED)) ||
        !wax_bytes_start_with(came->topic, WAX_TEXT("b/")) || came->topic.size == 2) {
        *why = "it is not sealed";
        return REWRITE_REFUSE;
    }
    opened->topic = wax_bytes_of(came->topic.data + 2, came->topic.size - 2);
    opened->payload = wax_bytes_of(came->payload.data + sizeof(SEALED) - 1,
                                   came->payload.size - sizeof(SEALED) + 1);
    return REWRITE_DELIVER;
}

static inline const char *check_explain(wax_status status)
{
    return status == WAX_TOO_LARGE ? "too large" : "no group";
}

static inline struct rewriting *rewriting_new(void)
{
    struct rewriting *self = calloc(1, sizeof *self);

    self->sealing = (struct rewrite_sealing){check_seal, check_filter, check_open, check_explain};
    self->rewrite.sealing = &self->sealing;
    self->rewrite.memory = &self->memory;
    self->rewrite.scratch = malloc(REWRITE_SCRATCH);
    self->room = malloc(REWRITE_SCRATCH);
    self->up = wax_writer_over(malloc(CHECK_OUT_SIZE), CHECK_OUT_SIZE);
    self->down = wax_writer_over(malloc(CHECK_OUT_SIZE), CHECK_OUT_SIZE);
    return self;
}

static inline void rewriting_free(struct rewriting *self)
{
    free(self->rewrite.scratch);
    free(self->room);
    free(self->up.data);
    free(self->down.data);
    free(self);
}

#endif
