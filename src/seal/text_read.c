/* What stands inside of a seal: flags, fields, payload, signature, padding. [5] */
#include "seal/text_read.h"

static void note(struct text *text, const wax_field *field)
{
    if (field->type == WAX_FIELD_VALID_UNTIL) {
        text->valid_until = field->number;
    } else if (field->type == WAX_FIELD_BOOT_NONCE) {
        text->boot_nonce = field->value;
    } else if (field->type == WAX_FIELD_STREAM_SIZE) {
        text->stream_size = field->number;
        text->has_stream_size = true;
    } else if (field->type == WAX_FIELD_TOPIC) {
        text->name = field->value;
        text->has_name = true;
    }
}

wax_status text_read_front(struct text *text, wax_bytes plain, unsigned allowed)
{
    wax_reader in = wax_reader_over(plain);
    wax_reader fields;
    wax_field field;
    uint8_t last = 0;

    *text = (struct text){.flags = wax_read_u8(&in)};
    wax_require(&in, (text->flags & ~allowed) == 0, WAX_MALFORMED);
    if ((text->flags & FLAG_FIELDS) != 0) {
        text->fields = wax_read_blob(&in);
    }
    text->rest = wax_reader_rest(&in);
    fields = wax_reader_over(text->fields);
    while (wax_field_next(&fields, &last, &field)) {
        note(text, &field);
    }
    return in.status != WAX_OK ? in.status : fields.status;
}

/* Takes the padding off: zeros, and what stands in front of them. */
static bool strip(wax_bytes *rest)
{
    while (rest->size > 0 && rest->data[rest->size - 1] == 0) {
        rest->size--;
    }
    if (rest->size == 0 || rest->data[rest->size - 1] != 0x80) {
        return false;
    }
    rest->size--;
    return true;
}

wax_status text_read(struct text *text, wax_bytes plain, bool is_signed)
{
    wax_status status = text_read_front(text, plain, FLAG_FIELDS | FLAG_PADDING | FLAG_RETAIN);

    if (status != WAX_OK) {
        return status;
    }
    if (text->has_stream_size) {
        return WAX_MALFORMED;
    }
    if ((text->flags & FLAG_PADDING) != 0 && !strip(&text->rest)) {
        return WAX_MALFORMED;
    }
    if (is_signed && text->rest.size < WAX_P256_SIGNATURE_SIZE) {
        return WAX_MALFORMED;
    }
    text->rest.size -= is_signed ? WAX_P256_SIGNATURE_SIZE : 0;
    text->signature = text->rest.data + text->rest.size;
    text->signed_size = (size_t)(text->signature - plain.data);
    return WAX_OK;
}

/* Where topics are blinded, the name stands inside, and is of the topic on which it came. */
static bool has_right_name(const struct text *text, const wax_opener *opener, wax_bytes topic)
{
    return opener->is_name == NULL ? !text->has_name
                                   : text->has_name && opener->is_name(opener->blinder, topic,
                                                                       text->name, opener->room);
}

wax_seal_event text_judge(const struct text *text, const wax_opener *opener, wax_bytes topic,
                          uint64_t now_ms)
{
    if (!has_right_name(text, opener, topic)) {
        return WAX_SEAL_BAD_FORM;
    }
    if (text->valid_until != 0 && now_ms > text->valid_until) {
        return WAX_SEAL_EXPIRED;
    }
    return text->boot_nonce.size == 0 ||
                   (opener->boot_nonce != NULL &&
                    wax_bytes_equal(text->boot_nonce,
                                    wax_bytes_of(opener->boot_nonce, WAX_BOOT_NONCE_SIZE)))
               ? WAX_SEAL_FINE
               : WAX_SEAL_WRONG_BOOT;
}
