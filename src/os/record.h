/* One event of the log, taken apart once: what happened, and the fields that tell of it. */
#ifndef WAX_OS_RECORD_H
#define WAX_OS_RECORD_H

#include "os/os.h"

#include <stdarg.h>

enum {
    RECORD_FIELD_MAX = 16,
    RECORD_TEXT_SIZE = 1000, /* of all values; what is more is cut */
    RECORD_LINE_SIZE = 6 * RECORD_TEXT_SIZE + 1024,
    RECORD_KEY_SIZE = 32,
};

struct field {
    char key[RECORD_KEY_SIZE]; /* "" of the first: the event, and perhaps words */
    uint16_t start;            /* of the value in `text` */
    uint16_t end;
    bool is_number;
};

struct record {
    wax_level level;
    struct field fields[RECORD_FIELD_MAX];
    size_t count;
    char text[RECORD_TEXT_SIZE];
    size_t used;
};

/* Takes apart `event words key=value ...`. What separates fields is what the format says, and never
 * what stands in an argument: no value becomes a field. Conversions: d i u x X c s f, with l, ll,
 * z, a precision or `.*`. */
void record_make(struct record *record, wax_level level, const char *format, va_list arguments);

/* One more field at the end. */
void record_add_number(struct record *record, const char *key, uint64_t value);

wax_bytes record_value(const struct record *record, size_t field);

/* The first word, and what stands behind it before the fields. */
wax_bytes record_event(const struct record *record);
wax_bytes record_words(const struct record *record);

/* As a line for people, without time and level: a value that could be taken for more than one is
 * quoted, as JSON quotes text. */
void record_write_text(const struct record *record, wax_writer *out);

/* As one JSON object: time (RFC 3339, UTC), level, event, message, and the fields. */
void record_write_json(const struct record *record, const char *level, uint64_t wall_ms,
                       wax_writer *out);

#endif
