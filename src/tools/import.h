/* What the parts of wax import share. */
#ifndef WAX_TOOLS_IMPORT_H
#define WAX_TOOLS_IMPORT_H

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

/* Shows what is in the file: how much, with -v each, or all as JSON. */
void tools_import_show(const struct import *import);

/* Says of something that it was not taken over, and counts that. */
void tools_import_fail(struct import *import, const char *what, wax_bytes name, const char *why);

/* Shows on a terminal that `done` of `count` things are over; at the end takes that away. */
void tools_import_progress(struct import *import, const char *what, size_t done, size_t count);

/* Publishes the retained messages. Returns the exit code: EXIT_GOOD also when the broker refused
 * some of them, which are then counted. */
int tools_import_retained(struct import *import);

/* Makes the sessions that this user may have. Returns as tools_import_retained(). */
int tools_import_sessions(struct import *import);

/* Whether a session is over by now. */
bool tools_import_is_over(const struct import *import, const wax_import_session *session);

/* Whether the user of the connection may have this session. */
bool tools_import_is_ours(const struct import *import, const wax_import_session *session);

#endif
