/* cbor: CBOR with one form for each thing: numbers and sizes in their shortest form, definite
 * lengths, the keys of a map ascending by their bytes. Anything else is refused, as are
 * floating-point numbers and `undefined`. [RFC 8949, 4.2.1]
 *
 * Reading is done with base's wax_reader, whose status becomes WAX_MALFORMED by the first item that
 * is not what is asked for, and sticks; writing with its wax_writer. */
#ifndef WAX_CBOR_H
#define WAX_CBOR_H

#include "base/base.h"

WAX_C_BEGIN

/* How many arrays and maps stand one inside another at most. */
#define WAX_CBOR_NESTING_MAX 6

/* The major types. [RFC 8949, 3.1] */
typedef enum wax_cbor_kind {
    WAX_CBOR_NUMBER,
    WAX_CBOR_NEGATIVE,
    WAX_CBOR_BYTES,
    WAX_CBOR_TEXT,
    WAX_CBOR_ARRAY,
    WAX_CBOR_MAP,
    WAX_CBOR_TAG,
    WAX_CBOR_SIMPLE, /* false and true */
} wax_cbor_kind;

/* ---- Reading ---- */

/* What kind of item is next; WAX_CBOR_SIMPLE at the end. Nothing is read. */
wax_cbor_kind wax_cbor_peek(const wax_reader *in);

/* A number from 0 to 2^64 - 1. */
uint64_t wax_cbor_read_number(wax_reader *in);

/* A string of bytes; a text, of UTF-8 as wax_utf8_is_valid() has it. */
wax_bytes wax_cbor_read_bytes(wax_reader *in);
wax_bytes wax_cbor_read_text(wax_reader *in);

/* The beginning of an array, and how many items follow; of a map, and how many pairs. What follows
 * is not looked at. */
uint64_t wax_cbor_read_array(wax_reader *in);
uint64_t wax_cbor_read_map(wax_reader *in);

/* True or false. */
bool wax_cbor_read_bool(wax_reader *in);

/* Any item with all that is in it, which is checked throughout: forms, order of keys - numbers and
 * strings -, nesting, UTF-8. */
wax_bytes wax_cbor_read_item(wax_reader *in);

/* Passes over any item, and does not look at order of keys, nesting and UTF-8: for small devices,
 * of bytes by somebody who is believed. Takes no more steps than there are bytes. */
void wax_cbor_skip(wax_reader *in);

/* ---- Writing: in the shortest form; the order of keys is the caller's care ---- */

/* One item; an array or a map only begins, and `count` items or pairs follow. */
void wax_cbor_write_number(wax_writer *out, uint64_t value);
void wax_cbor_write_bytes(wax_writer *out, wax_bytes bytes);
void wax_cbor_write_text(wax_writer *out, wax_bytes text);
void wax_cbor_write_array(wax_writer *out, uint64_t count);
void wax_cbor_write_map(wax_writer *out, uint64_t count);
void wax_cbor_write_bool(wax_writer *out, bool value);

WAX_C_END

#endif
