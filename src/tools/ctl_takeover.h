/* What the parts of wax ctl import share: what is taken over, and what is said of it. */
#ifndef WAX_TOOLS_CTL_TAKEOVER_H
#define WAX_TOOLS_CTL_TAKEOVER_H

#include "import/import.h"
#include "tools/ctl_link.h"

/* What there is to take over. */
enum import_thing {
    IMPORT_SESSION,
    IMPORT_SUBSCRIPTION,
    IMPORT_QUEUED,
    IMPORT_RETAINED,
    IMPORT_THING_COUNT
};

enum { IMPORT_REASON_MAX = 32, IMPORT_REASON_SIZE = 160 };

/* Why some things were not taken over. */
struct import_reason {
    char text[IMPORT_REASON_SIZE];
    size_t count;
};

struct import {
    struct ctl_link *link;
    const wax_import_contents *contents;
    int64_t now_s; /* of the wall clock */
    size_t taken[IMPORT_THING_COUNT];
    size_t failed; /* how much could have been taken over and was not */
    struct import_reason reasons[IMPORT_REASON_MAX];
    size_t reason_count;
    size_t done_count; /* of all things, taken over or not */
    uint64_t shown_ms; /* when progress was last shown */
    bool shows_progress;
    bool is_lost; /* the broker answers no more */
};

/* Whose a session is: a name, empty for nobody's. False if neither the file nor --user tells. */
bool ctl_takeover_owner(const struct import *import, const wax_import_session *session,
                        wax_bytes *owner);

/* Whether it ended before now, or has no time of its own. */
bool ctl_takeover_is_over(const struct import *import, const wax_import_session *session);

/* Counts things that are left out for this reason. */
void ctl_takeover_leave(struct import *import, const char *reason, size_t count);

/* Says that the broker did not take one thing, and counts it. */
void ctl_takeover_fail(struct import *import, enum import_thing thing, wax_bytes name,
                       const char *reason);

/* Shows on a terminal how far it is, with `count` more things behind; at the end takes that away.
 */
void ctl_takeover_progress(struct import *import, size_t count);

/* Says what was taken over, or would be, and what not, and why. */
void ctl_takeover_sum(struct import *import);

#endif
