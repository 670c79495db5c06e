/* A writer of JSON text. */
#include "base/base.h"

#include <string.h>

/* What stands before a value, and that something stands there from now on. */
static void begin_value(wax_json *json)
{
    if (json->needs_comma) {
        wax_write_u8(json->out, ',');
    }
    json->needs_comma = true;
}

wax_json wax_json_over(wax_writer *out)
{
    return (wax_json){.out = out};
}

void wax_json_open(wax_json *json, char bracket)
{
    begin_value(json);
    wax_write_u8(json->out, (uint8_t)bracket);
    json->needs_comma = false;
}

void wax_json_close(wax_json *json, char bracket)
{
    wax_write_u8(json->out, (uint8_t)bracket);
    json->needs_comma = true;
}

/* How many bytes the character at `at` has; 0 if it is no UTF-8. */
static size_t character_size(const uint8_t *at, size_t left)
{
    size_t size = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;

    if (*at < 0x20) {
        return 1;
    }
    return size <= left && wax_utf8_is_valid(wax_bytes_of(at, size)) ? size : 0;
}

static void write_escaped(wax_writer *out, uint8_t character)
{
    char digits[3];

    if (character == '"' || character == '\\') {
        wax_write_u8(out, '\\');
        wax_write_u8(out, character);
    } else {
        wax_hex_encode(wax_bytes_of(&character, 1), digits);
        wax_write_bytes(out, WAX_TEXT("\\u00"));
        wax_write_bytes(out, wax_bytes_of_text(digits));
    }
}

static bool is_escaped(uint8_t character)
{
    return character < 0x20 || character == 0x7f || character == '"' || character == '\\';
}

void wax_json_text(wax_json *json, wax_bytes text)
{
    wax_writer *out = json->out;
    size_t at = 0;

    begin_value(json);
    wax_write_u8(out, '"');
    while (at < text.size) {
        size_t size = character_size(text.data + at, text.size - at);

        if (size == 0) {
            wax_write_bytes(out, WAX_TEXT("\xef\xbf\xbd"));
            size = 1;
        } else if (is_escaped(text.data[at])) {
            write_escaped(out, text.data[at]);
        } else {
            wax_write_bytes(out, wax_bytes_of(text.data + at, size));
        }
        at += size;
    }
    wax_write_u8(out, '"');
}

void wax_json_name(wax_json *json, const char *name)
{
    wax_json_text(json, wax_bytes_of_text(name));
    wax_write_u8(json->out, ':');
    json->needs_comma = false;
}

void wax_json_number(wax_json *json, uint64_t value)
{
    begin_value(json);
    wax_write_decimal(json->out, value);
}

void wax_json_bool(wax_json *json, bool value)
{
    begin_value(json);
    wax_write_bytes(json->out, value ? WAX_TEXT("true") : WAX_TEXT("false"));
}

void wax_json_member_text(wax_json *json, const char *name, wax_bytes value)
{
    wax_json_name(json, name);
    wax_json_text(json, value);
}

void wax_json_member_number(wax_json *json, const char *name, uint64_t value)
{
    wax_json_name(json, name);
    wax_json_number(json, value);
}

void wax_json_member_bool(wax_json *json, const char *name, bool value)
{
    wax_json_name(json, name);
    wax_json_bool(json, value);
}
