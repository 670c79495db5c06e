/* Tables for people, made of lines of JSON. */
#ifndef WAX_TOOLS_CTL_SHOW_H
#define WAX_TOOLS_CTL_SHOW_H

#include "tools/ctl_link.h"

enum ctl_kind {
    CTL_TEXT,
    CTL_NUMBER,
    CTL_BYTES, /* 1.5M */
    CTL_SPAN,  /* seconds, as 3h 12m */
    CTL_SINCE, /* seconds since 1970, as the local time */
    CTL_BOOL,
};

struct ctl_column {
    const char *title;
    const char *name; /* of the member */
    int width;        /* at least; < 0: on the left */
    enum ctl_kind kind;
};

/* A table under way; it prints its head with the first row. */
struct ctl_table {
    const struct ctl_column *columns;
    size_t column_count;
    size_t row_count;
};

/* A row, as ctl_ask() takes it: `context` is a struct ctl_table. */
void ctl_show_row(void *context, const json_t *line);

/* Each column on a line of its own, where the member is there. */
void ctl_show_list(const struct ctl_table *table, const json_t *line);

/* Replaces control characters, those of two bytes included. */
void ctl_show_harmless(char *text);

/* Prints text of strangers, without what a terminal would obey. */
void ctl_show_text(const char *text);

#endif
