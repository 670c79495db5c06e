/* Fields, which travel inside of the seal. Part of the door. */
#ifndef WAX_SEAL_FIELDS_H
#define WAX_SEAL_FIELDS_H

#include "base/base.h"

/* ---- Fields inside of the seal [5] ---- */

typedef enum wax_field_type {
    WAX_FIELD_CONTENT_TYPE = 1,
    WAX_FIELD_RESPONSE_TOPIC = 2,
    WAX_FIELD_CORRELATION = 3,
    WAX_FIELD_SEALED_AT = 4,     /* milliseconds since 1970 */
    WAX_FIELD_VALID_UNTIL = 5,   /* likewise */
    WAX_FIELD_BOOT_NONCE = 6,    /* of WAX_BOOT_NONCE_SIZE */
    WAX_FIELD_USER_PROPERTY = 7, /* a name in two bytes of size and so many of text, then a value */
    WAX_FIELD_STREAM_SIZE = 8,
    WAX_FIELD_TOPIC = 9, /* before it was blinded: always there where topics are, and only there */
} wax_field_type;

#define WAX_BOOT_NONCE_SIZE 8
/* A field as it is read; those with numbers have `number` too. */
typedef struct wax_field {
    uint8_t type;
    wax_bytes value;
    uint64_t number;
} wax_field;

/* Append a field. The caller writes them by ascending type, each but the user property once; what
 * does not fit makes the writer WAX_FULL. */
void wax_field_write(wax_writer *out, wax_field_type type, wax_bytes value);
void wax_field_write_number(wax_writer *out, wax_field_type type, uint64_t number);
void wax_field_write_user(wax_writer *out, wax_bytes name, wax_bytes value);

/* Takes the next field; those of unknown types from 128 on come as well. Returns false at the end,
 * and when the reader's status says that something is not as section 5 wants it. `last` is the type
 * of the field before; begin with 0. */
bool wax_field_next(wax_reader *fields, uint8_t *last, wax_field *field);

#endif
