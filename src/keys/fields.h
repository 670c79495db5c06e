/* Maps of CBOR as tables: each row says which key holds what, and where it stands in a struct. One
 * reader and one writer walk the tables of all that this room knows. */
#ifndef WAX_KEYS_FIELDS_H
#define WAX_KEYS_FIELDS_H

#include "keys/keys.h"

enum field_kind {
    FIELD_NUMBER, /* uint32_t, from `least` to `most` */
    FIELD_WIDE,   /* uint64_t, from `least` */
    FIELD_BOOL,   /* bool */
    FIELD_FIXED,  /* const uint8_t *: `most` bytes; NULL if absent */
    FIELD_BYTES,  /* wax_bytes: `least` to `most` bytes */
    FIELD_TEXT,   /* wax_bytes likewise, of UTF-8 */
    FIELD_LIST,   /* wax_keys_list: an array of `most` items at most, each as `check` has it */
    FIELD_PAIRS,  /* wax_keys_list: a map likewise */
    FIELD_OBJECT, /* a struct as `shape` has it; absent when its first field, a pointer, is NULL */
};

/* Reads an item, or a pair, of a list. What it needs to know of those before it, is in `memory`, 0
 * at first. */
typedef void field_check(wax_reader *in, uint64_t *memory);

struct shape;

struct field {
    uint8_t key;
    uint8_t kind; /* enum field_kind */
    bool is_optional;
    uint16_t offset;
    uint32_t least;
    uint32_t most;
    field_check *check;
    const struct shape *shape;
    uint32_t absent; /* the number that an absent field has */
};

struct shape {
    const struct field *fields; /* keys ascend */
    size_t count;
};

/* Keys from here on are passed over by who does not know them. */
enum { KEY_STRANGE = 128 };

/* The most items of any list. */
enum { LIST_MAX = 65535 };

/* Reads a map into a struct; what is absent gets its value for that. */
void fields_read(wax_reader *in, const struct shape *shape, void *object);

/* The same, of bytes that hold nothing else: with a look at the whole before. */
wax_status fields_read_all(wax_bytes bytes, const struct shape *shape, void *object) WAX_CHECKED;

/* Writes a struct as a map. What fields_read() would refuse may be written. */
void fields_write(wax_writer *out, const struct shape *shape, const void *object);

/* Writes a map and reads it again: WAX_OK, WAX_FULL, or WAX_INVALID for what nobody would take.
 * `scratch` is a struct of the same kind. */
wax_status fields_write_all(wax_writer *out, const struct shape *shape, const void *object,
                            void *scratch) WAX_CHECKED;

#endif
