/* What the parts of wax import share: what is taken over, and what is said of it. */
#ifndef WAX_TOOLS_TAKEOVER_H
#define WAX_TOOLS_TAKEOVER_H

#include "import/import.h"
#include "tools/settings.h"

/* What is taken over, and how that went. */
struct import {
    const struct settings *settings;
    const wax_import_contents *contents;
    int64_t now_s;        /* of the wall clock */
    uint32_t fault_count; /* how much could not be taken over */
    uint64_t shown_ms;    /* when progress was last shown */
    bool shows_progress;  /* somebody looks */
};

/* Says of something that it was not taken over, and counts that. */
void tools_takeover_fail(struct import *import, const char *what, wax_bytes name, const char *why);

/* Shows on a terminal that `done` of `count` things are over; at the end takes that away. */
void tools_takeover_progress(struct import *import, const char *what, size_t done, size_t count);

/* Shows a word of the file; its control characters could tell a terminal what to do. */
void tools_takeover_show(wax_bytes word);

/* Whether a session is over by now. */
bool tools_takeover_is_over(const struct import *import, const wax_import_session *session);

/* Whether the user of the connection may have this session. */
bool tools_takeover_is_ours(const struct import *import, const wax_import_session *session);

#endif
