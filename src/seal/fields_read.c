/* Fields inside of a seal, as they are read. [5] */
#include "seal/seal.h"

enum { FIRST_OPTIONAL = 128, ANY_SIZE = 0 };

struct row {
    size_t size; /* or ANY_SIZE */
    bool is_text;
    bool is_number;
};

/* clang-format off */
static const struct row rows[] = {
    /*                           size      text   number */
    [WAX_FIELD_CONTENT_TYPE]   = {ANY_SIZE, true,  false},
    [WAX_FIELD_RESPONSE_TOPIC] = {ANY_SIZE, true,  false},
    [WAX_FIELD_CORRELATION]    = {ANY_SIZE, false, false},
    [WAX_FIELD_SEALED_AT]      = {8,        false, true },
    [WAX_FIELD_VALID_UNTIL]    = {8,        false, true },
    [WAX_FIELD_BOOT_NONCE]     = {8,        false, false},
    [WAX_FIELD_USER_PROPERTY]  = {ANY_SIZE, false, false},
        [WAX_FIELD_STREAM_SIZE]    = {8,        false, true },
    [WAX_FIELD_TOPIC]          = {ANY_SIZE, true,  false},
};
/* clang-format on */

static bool is_user_property(wax_bytes value)
{
    wax_reader in = wax_reader_over(value);

    (void)wax_read_text(&in);
    return in.status == WAX_OK && wax_utf8_is_valid(wax_reader_rest(&in));
}

static bool is_good(const wax_field *field)
{
    const struct row *row = &rows[field->type < WAX_COUNT(rows) ? field->type : 0];

    if (field->type >= FIRST_OPTIONAL) {
        return true;
    }
    return field->type > 0 && field->type < WAX_COUNT(rows) &&
           (row->size == ANY_SIZE || row->size == field->value.size) &&
           (!row->is_text || wax_utf8_is_valid(field->value)) &&
           (field->type != WAX_FIELD_USER_PROPERTY || is_user_property(field->value));
}

bool wax_field_next(wax_reader *fields, uint8_t *last, wax_field *field)
{
    wax_reader value;
    uint32_t high;

    *field = (wax_field){.type = 0};
    if (wax_reader_left(fields) == 0) {
        return false;
    }
    field->type = wax_read_u8(fields);
    field->value = wax_read_blob(fields);
    wax_require(fields,
                field->type > *last ||
                    (field->type == *last && field->type == WAX_FIELD_USER_PROPERTY),
                WAX_MALFORMED);
    wax_require(fields, is_good(field), WAX_MALFORMED);
    *last = field->type;
    if (fields->status == WAX_OK && field->type < WAX_COUNT(rows) && rows[field->type].is_number) {
        value = wax_reader_over(field->value);
        high = wax_read_u32(&value);
        field->number = (uint64_t)high << 32 | wax_read_u32(&value);
    }
    return fields->status == WAX_OK;
}
