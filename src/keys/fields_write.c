/* Writing maps by their tables. */
#include "keys/fields.h"

#include <string.h>

#include "cbor/cbor.h"

/* A field's value, whatever its kind. */
struct value {
    uint64_t number;
    wax_bytes bytes;
    wax_keys_list list;
    const void *object;
};

static uint64_t number_at(const struct field *field, const void *place)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;
    bool claim = false;

    switch ((enum field_kind)field->kind) {
    case FIELD_WIDE:
        memcpy(&wide, place, sizeof wide);
        return wide;
    case FIELD_BOOL:
        memcpy(&claim, place, sizeof claim);
        return claim;
    case FIELD_NUMBER:
        memcpy(&narrow, place, sizeof narrow);
        return narrow;
    case FIELD_FIXED:
    case FIELD_BYTES:
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_PAIRS:
    case FIELD_OBJECT:
    default:
        return 0;
    }
}

static struct value value_of(const struct field *field, const void *object)
{
    const void *place = (const uint8_t *)object + field->offset;
    struct value value = {.number = number_at(field, place), .object = place};

    if (field->kind == FIELD_FIXED || field->kind == FIELD_OBJECT) {
        memcpy(&value.bytes.data, place, sizeof value.bytes.data);
        value.bytes.size = value.bytes.data == NULL ? 0 : field->most;
    } else if (field->kind == FIELD_BYTES || field->kind == FIELD_TEXT) {
        memcpy(&value.bytes, place, sizeof value.bytes);
    } else if (field->kind == FIELD_LIST || field->kind == FIELD_PAIRS) {
        memcpy(&value.list, place, sizeof value.list);
    }
    return value;
}

static bool is_there(const struct field *field, const struct value *value)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_NUMBER:
    case FIELD_WIDE:
    case FIELD_BOOL:
        return !field->is_optional || value->number != field->absent;
    case FIELD_FIXED:
    case FIELD_OBJECT:
        return !field->is_optional || value->bytes.data != NULL;
    case FIELD_BYTES:
    case FIELD_TEXT:
        return !field->is_optional || value->bytes.size > 0;
    case FIELD_LIST:
    case FIELD_PAIRS:
        return !field->is_optional || value->list.count > 0;
    }
    return false;
}

static void write_list(wax_writer *out, const struct field *field, const wax_keys_list *list)
{
    if (field->kind == FIELD_LIST) {
        wax_cbor_write_array(out, list->count);
    } else {
        wax_cbor_write_map(out, list->count);
    }
    wax_write_bytes(out, list->items);
}

static void write_value(wax_writer *out, const struct field *field, const struct value *value)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_NUMBER:
    case FIELD_WIDE:
        wax_cbor_write_number(out, value->number);
        break;
    case FIELD_BOOL:
        wax_cbor_write_bool(out, value->number != 0);
        break;
    case FIELD_FIXED:
    case FIELD_BYTES:
        wax_cbor_write_bytes(out, value->bytes);
        break;
    case FIELD_TEXT:
        wax_cbor_write_text(out, value->bytes);
        break;
    case FIELD_LIST:
    case FIELD_PAIRS:
        write_list(out, field, &value->list);
        break;
    case FIELD_OBJECT:
        fields_write(out, field->shape, value->object);
        break;
    }
}

void fields_write(wax_writer *out, const struct shape *shape, const void *object)
{
    size_t count = 0;

    for (size_t i = 0; i < shape->count; i++) {
        const struct value value = value_of(&shape->fields[i], object);

        count += is_there(&shape->fields[i], &value) ? 1 : 0;
    }
    wax_cbor_write_map(out, count);
    for (size_t i = 0; i < shape->count; i++) {
        const struct value value = value_of(&shape->fields[i], object);

        if (is_there(&shape->fields[i], &value)) {
            wax_cbor_write_number(out, shape->fields[i].key);
            write_value(out, &shape->fields[i], &value);
        }
    }
}

wax_status fields_write_all(wax_writer *out, const struct shape *shape, const void *object,
                            void *scratch)
{
    const size_t start = out->used;
    wax_status status;

    fields_write(out, shape, object);
    if (out->status != WAX_OK) {
        return out->status;
    }
    status = fields_read_all(wax_bytes_of(out->data + start, out->used - start), shape, scratch);
    return status == WAX_OK ? WAX_OK : WAX_INVALID;
}
