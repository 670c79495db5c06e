/* One end of a connection that a tool carries for others: a transport with what came and what is to
 * go. */
#ifndef WAX_TOOLS_SIDE_H
#define WAX_TOOLS_SIDE_H

#include "os/os.h"

struct side {
    wax_watch watch;
    wax_loop *loop;
    wax_transport *transport; /* NULL: there is none yet */
    uint8_t *in;
    size_t in_size;
    size_t in_start;
    size_t in_end;
    uint8_t *out;
    size_t out_size;
    size_t out_start;
    size_t out_end;
    size_t out_peak;
    bool is_ended;
    bool is_closed; /* good-bye was said */
};

/* Makes its rooms. False without memory; tools_side_close() gives back what there is. */
bool tools_side_open(struct side *side, wax_loop *loop, size_t in_size, size_t out_size);

/* Takes a transport, which is then the side's; `ready` is what the loop calls. */
bool tools_side_watch(struct side *side, wax_transport *transport,
                      void (*ready)(wax_watch *self, bool readable, bool writable));

/* Gives the transport up, and forgets what came and what was to go. */
void tools_side_hang_up(struct side *side);
void tools_side_close(struct side *side);

/* Whether something waits to go. */
bool tools_side_has_output(const struct side *side);

/* Sends what goes, takes what comes. Returns whether bytes moved. */
bool tools_side_flush(struct side *side);
bool tools_side_fill(struct side *side);

/* Says good-bye and waits for the other end's: what is closed with unread bytes in it is reset, and
 * what was said last is lost with it. Returns whether nothing is left to wait for. */
bool tools_side_finish(struct side *side);

/* What came and was not taken. */
wax_bytes tools_side_came(const struct side *side);

/* A writer behind what is to go, and the end of its use. */
wax_writer tools_side_writer(struct side *side);
void tools_side_wrote(struct side *side, const wax_writer *out);

#endif
