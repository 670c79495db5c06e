/* Reading maps by their tables. */
#include "keys/fields.h"

#include <string.h>

#include "cbor/cbor.h"

static void *place_of(const struct field *field, void *object)
{
    return (uint8_t *)object + field->offset;
}

static void read_number(wax_reader *in, const struct field *field, void *place)
{
    const uint64_t value = wax_cbor_read_number(in);
    const uint32_t narrow = (uint32_t)value;

    if (field->kind == FIELD_WIDE) {
        wax_require(in, value >= field->least, WAX_MALFORMED);
        memcpy(place, &value, sizeof value);
    } else {
        wax_require(in, value >= field->least && value <= field->most, WAX_MALFORMED);
        memcpy(place, &narrow, sizeof narrow);
    }
}

static void read_bool(wax_reader *in, void *place)
{
    const bool value = wax_cbor_read_bool(in);

    memcpy(place, &value, sizeof value);
}

static void read_string(wax_reader *in, const struct field *field, void *place)
{
    const wax_bytes value =
        field->kind == FIELD_TEXT ? wax_cbor_read_text(in) : wax_cbor_read_bytes(in);
    const size_t least = field->kind == FIELD_FIXED ? field->most : field->least;

    wax_require(in, value.size >= least && value.size <= field->most, WAX_MALFORMED);
    if (field->kind == FIELD_FIXED) {
        memcpy(place, &value.data, sizeof value.data);
    } else {
        memcpy(place, &value, sizeof value);
    }
}

static void read_list(wax_reader *in, const struct field *field, void *place)
{
    const uint64_t count =
        field->kind == FIELD_LIST ? wax_cbor_read_array(in) : wax_cbor_read_map(in);
    wax_keys_list list = {.items = wax_bytes_of(in->at, 0), .count = (uint32_t)count};
    uint64_t memory = 0;

    wax_require(in, count >= field->least && count <= field->most, WAX_MALFORMED);
    for (uint64_t i = 0; i < count && in->status == WAX_OK; i++) {
        field->check(in, &memory);
    }
    list.items.size = (size_t)(in->at - list.items.data);
    memcpy(place, &list, sizeof list);
}

static void read_field(wax_reader *in, const struct field *field, void *object)
{
    void *place = place_of(field, object);

    switch ((enum field_kind)field->kind) {
    case FIELD_NUMBER:
    case FIELD_WIDE:
        read_number(in, field, place);
        break;
    case FIELD_BOOL:
        read_bool(in, place);
        break;
    case FIELD_FIXED:
    case FIELD_BYTES:
    case FIELD_TEXT:
        read_string(in, field, place);
        break;
    case FIELD_LIST:
    case FIELD_PAIRS:
        read_list(in, field, place);
        break;
    case FIELD_OBJECT:
        fields_read(in, field->shape, place);
        break;
    }
}

/* The struct was zeroed: only numbers have other values for what is absent. */
static void leave_out(wax_reader *in, const struct field *field, void *object)
{
    wax_require(in, field->is_optional, WAX_MALFORMED);
    if (field->kind == FIELD_NUMBER) {
        memcpy(place_of(field, object), &field->absent, sizeof field->absent);
    }
}

/* Where the walk through a table stands. */
struct walk {
    const struct shape *shape;
    size_t next;
    void *object;
};

static void read_pair(wax_reader *in, struct walk *walk)
{
    const struct shape *shape = walk->shape;
    const uint64_t key = wax_cbor_read_number(in);

    while (walk->next < shape->count && shape->fields[walk->next].key < key) {
        leave_out(in, &shape->fields[walk->next++], walk->object);
    }
    if (in->status == WAX_OK && walk->next < shape->count && shape->fields[walk->next].key == key) {
        read_field(in, &shape->fields[walk->next++], walk->object);
    } else {
        wax_require(in, key >= KEY_STRANGE, WAX_MALFORMED);
        (void)wax_cbor_read_item(in);
    }
}

void fields_read(wax_reader *in, const struct shape *shape, void *object)
{
    struct walk walk = {.shape = shape, .object = object};

    for (uint64_t count = wax_cbor_read_map(in); count > 0 && in->status == WAX_OK; count--) {
        read_pair(in, &walk);
    }
    while (walk.next < shape->count) {
        leave_out(in, &shape->fields[walk.next++], object);
    }
}

wax_status fields_read_all(wax_bytes bytes, const struct shape *shape, void *object)
{
    wax_reader in = wax_reader_over(bytes);
    const wax_bytes item = wax_cbor_read_item(&in);

    wax_require(&in, wax_reader_left(&in) == 0, WAX_MALFORMED);
    if (in.status == WAX_OK) {
        in = wax_reader_over(item);
        fields_read(&in, shape, object);
    }
    return in.status;
}
