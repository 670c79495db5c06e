/* What wax ctl was asked to do, and its way to the broker. */
#ifndef WAX_TOOLS_CTL_LINK_H
#define WAX_TOOLS_CTL_LINK_H

#include "base/base.h"

#include <jansson.h>
#include <stdio.h>

struct ctl_settings {
    const char *socket;
    const char *config;
    const char *user;
    const char *client_id;
    const char *reason;
    const char *key_file;
    uint64_t older_than_s;
    uint64_t limit; /* 0: none was given */
    uint64_t port;  /* 0: none was given */
    bool is_json;
    bool is_confirmed;
    bool is_dry;
    bool is_forced;
    bool replaces;
    bool shows_payload;
    bool wants_help;
    bool wants_manual;
    char **words; /* what stands behind the verb */
    size_t word_count;
};

struct ctl_link {
    const struct ctl_settings *settings;
    FILE *in;
    int descriptor;
    char *request; /* being written */
    size_t request_size;
    FILE *draft;
    char *line;
    size_t line_size;
    bool keeps_fault; /* what the broker could not do goes to `fault` and is not said */
    bool is_lost;     /* the broker does not answer, as was said */
    char fault[128];
};

/* Connects to the control socket. Returns false, and says why, when there is no broker there. */
bool ctl_open(struct ctl_link *link, const struct ctl_settings *settings);
void ctl_close(struct ctl_link *link);

/* Begins a request, and adds what it needs; without a value nothing is added. */
void ctl_begin(struct ctl_link *link, const char *command);
void ctl_add(struct ctl_link *link, const char *name, wax_bytes value);
void ctl_add_text(struct ctl_link *link, const char *name, const char *value);
void ctl_add_number(struct ctl_link *link, const char *name, uint64_t value);

/* Takes one line of an answer. */
typedef void ctl_take(void *context, const json_t *line);

/* Sends the request, with a body behind it, and hands on what comes: to `take`, or with --json to
 * the standard output. Returns 0; 1, and says why, when the broker could not do it. */
int ctl_ask(struct ctl_link *link, wax_bytes body, ctl_take *take, void *context);

#endif
