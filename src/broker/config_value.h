/* Values of options: from the text of a line into the field that the row names, and back. */
#ifndef WAX_BROKER_CONFIG_VALUE_H
#define WAX_BROKER_CONFIG_VALUE_H

#include "broker/config.h"
#include "broker/options.h"

/* Where a value stands, for whoever has to mend it. */
typedef struct wax_config_spot {
    wax_config_report *report;
    const char *file;
    uint32_t file_number; /* in wax_config.files, from 1 */
    uint32_t line;
    const wax_option *option;
} wax_config_spot;

/* Where a foreign text is written to be shown: escaped, cut, ended by a zero. */
typedef struct wax_config_shown {
    char text[72];
} wax_config_shown;

/* Makes what a file holds fit to be printed. */
wax_config_shown wax_config_show(wax_bytes text);

/* Takes the first word off the front of `text`: words end at a space or a tab. The rest has no
 * space in front. */
wax_bytes wax_config_word(wax_bytes *text);

/* Text without spaces, tabs and line ends around it. */
wax_bytes wax_config_trim(wax_bytes text);

/* A number in decimal or 0x form, perhaps negative.
 * Returns false, with the reason in `report`, when `word` is none. */
bool wax_value_number(const wax_config_spot *spot, wax_bytes word, int64_t *number);

/* Reads `text`, which is trimmed and not empty, into the option's field of `object`, a wax_config
 * or a wax_listener_config. The first line of a SET (`again` false) replaces the default. Returns
 * false, with the reason in `report` and the field as it was, when it is no such value. */
WAX_CHECKED bool wax_value_read(const wax_config_spot *spot, void *object, wax_bytes text,
                                bool again);

/* Sets every field of the rows with that scope to its default; fields hold nothing before.
 * Returns false without memory. */
WAX_CHECKED bool wax_value_set_defaults(void *object, wax_option_scope scope);

/* Copies a field from one object to another, freeing what was there. False without memory. */
WAX_CHECKED bool wax_value_copy(const wax_option *option, void *to, const void *from);

/* Whether two objects have the same value. */
bool wax_value_equals(const wax_option *option, const void *one, const void *other);

/* Frees the fields of the rows with that scope. */
void wax_value_free(void *object, wax_option_scope scope);

/* Prints the value as a default is written; nothing for a text that is not set. */
void wax_value_print(const wax_option *option, const void *object, FILE *out);

/* Prints the lines that a file needs to say this: none for a text that is not set. */
void wax_value_print_lines(const wax_option *option, const void *object, FILE *out);

/* The text with a final zero, in memory of the caller's; NULL without memory. */
char *wax_config_copy(wax_bytes text);

#endif
