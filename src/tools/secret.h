/* Secrets in memory, at the terminal and in files that are replaced as a whole; for wax passwd. */
#ifndef WAX_TOOLS_SECRET_H
#define WAX_TOOLS_SECRET_H

#include "base/base.h"

/* Says on the standard error what is wrong and what to do. Returns false, for callers to pass on.
 */
__attribute__((format(printf, 1, 2))) bool wax_secret_complain(const char *format, ...);

/* A growing text that is wiped wherever it has been. Zero is the empty one. */
typedef struct wax_secret {
    uint8_t *data;
    size_t size;
    size_t capacity;
} wax_secret;

/* Appends bytes; false, and said so, when memory ran out. */
bool wax_secret_append(wax_secret *text, wax_bytes bytes) WAX_CHECKED;

wax_bytes wax_secret_bytes(const wax_secret *text);

/* Wipes and frees the text. */
void wax_secret_discard(wax_secret *text);

/* Appends a password: asked for twice where the standard input is a terminal, which then shows
 * nothing, else the first line of the standard input. False, and said so, if there is none. */
bool wax_secret_ask(wax_secret *password) WAX_CHECKED;

/* Appends a whole file of at most `size_max` bytes; false, and said so, if it cannot be read. */
bool wax_secret_read_file(wax_secret *text, const char *file, size_t size_max) WAX_CHECKED;

/* Puts `text` in the place of the file, or on the standard output for "-". Who reads meanwhile sees
 * the old file or the new one, whole, and so does who comes after a power cut. Owner and mode stay;
 * a new file is its owner's alone. Links are followed. False, and said so, if the file is as it
 * was.
 */
bool wax_secret_write_file(const char *file, wax_bytes text) WAX_CHECKED;

#endif
