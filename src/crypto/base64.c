/* Base64. OpenSSL's decoder skips blanks and leaves the padding in its result; a password file
 * wants one spelling for one hash. */
#include "crypto/crypto.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char *const alphabets[] = {
    [WAX_BASE64_PADDED] = standard, [WAX_BASE64_BARE] = standard, [WAX_BASE64_URL] = for_urls};

enum {
    NOT_BASE64 = 64,
};

static uint32_t value_of(uint8_t character, const char *alphabet)
{
    uint32_t value = 0;

    while (value < NOT_BASE64 && (uint8_t)alphabet[value] != character) {
        value++;
    }
    return value;
}

/* Writes one to three bytes as two to four characters. */
static void write_group(wax_writer *out, wax_bytes bytes, wax_base64 form)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 3; i++) {
        bits = bits << 8 | (i < bytes.size ? bytes.data[i] : 0U);
    }
    for (size_t i = 0; i < 4; i++) {
        if (i <= bytes.size) {
            wax_write_u8(out, (uint8_t)alphabets[form][bits >> (18 - 6 * i) & 0x3fU]);
        } else if (form == WAX_BASE64_PADDED) {
            wax_write_u8(out, '=');
        }
    }
}

void wax_crypto_base64_write(wax_writer *out, wax_bytes bytes, wax_base64 form)
{
    for (size_t at = 0; at < bytes.size; at += 3) {
        size_t left = bytes.size - at;

        write_group(out, wax_bytes_of(bytes.data + at, left < 3 ? left : 3), form);
    }
}

/* Takes the padding off the end. A padded text has a multiple of four characters, two of them at
 * most '='. */
static bool strip_padding(wax_bytes *text, wax_base64 form)
{
    if (form != WAX_BASE64_PADDED) {
        return true;
    }
    if (text->size % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < 2 && text->size > 0 && text->data[text->size - 1] == '='; i++) {
        text->size--;
    }
    return true;
}

/* Reads two to four characters as one to three bytes. */
static wax_status read_group(wax_writer *out, wax_bytes text, wax_base64 form)
{
    uint32_t bits = 0;
    size_t byte_count = text.size - 1;

    for (size_t i = 0; i < 4; i++) {
        uint32_t value = i < text.size ? value_of(text.data[i], alphabets[form]) : 0;

        if (value == NOT_BASE64) {
            return WAX_MALFORMED;
        }
        bits = bits << 6 | value;
    }
    if ((bits & ((1U << (24 - 8 * byte_count)) - 1)) != 0) {
        return WAX_MALFORMED;
    }
    for (size_t i = 0; i < byte_count; i++) {
        wax_write_u8(out, (uint8_t)(bits >> (16 - 8 * i)));
    }
    return out->status;
}

wax_status wax_crypto_base64_read(wax_writer *out, wax_bytes text, wax_base64 form)
{
    const size_t used_before = out->used;
    wax_status status = WAX_OK;

    if (!strip_padding(&text, form) || text.size % 4 == 1) {
        return WAX_MALFORMED;
    }
    for (size_t at = 0; status == WAX_OK && at < text.size; at += 4) {
        size_t left = text.size - at;

        status = read_group(out, wax_bytes_of(text.data + at, left < 4 ? left : 4), form);
    }
    if (status != WAX_OK) {
        out->used = used_before;
    }
    return status;
}
