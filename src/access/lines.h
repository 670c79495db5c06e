/* The lines of a password or ACL file that say something; inside of the room. */
#ifndef WAX_ACCESS_LINES_H
#define WAX_ACCESS_LINES_H

#include "access/access.h"

/* One line, without the blanks around it; its number counts from 1. */
typedef struct wax_line {
    size_t number;
    wax_bytes text;
} wax_line;

typedef struct wax_lines {
    wax_bytes left;
    size_t number;
} wax_lines;

/* Starts before the first line, behind a byte order mark if there is one. */
wax_lines wax_lines_over(wax_bytes text);

/* Takes the next line that is neither blank nor a comment. False at the end. */
bool wax_lines_next(wax_lines *lines, wax_line *line);

/* Cuts `text` at the first `separator`: what is before it is returned, what is behind stays in
 * `text`. Without one, all is returned and `text` becomes empty with `data` NULL. */
wax_bytes wax_line_cut(wax_bytes *text, uint8_t separator);

/* Without blanks (space, tab, carriage return) on either side. */
wax_bytes wax_line_trim(wax_bytes text);

/* What is wrong with the line whatever it says: too long, or not UTF-8; NULL if nothing is. */
const char *wax_line_fault(const wax_line *line);

#endif
