/* A request: one line of words, `command name=value ...`, values escaped as in a URL (RFC 3986,
 * section 2.1). */
#include "broker/control.h"

#include <string.h>

/* Undoes the escapes of a value, in place. False where they are none. */
static bool unescape(uint8_t *text, wax_bytes *value)
{
    size_t size = 0;

    for (size_t at = 0; at < value->size; at++) {
        if (text[at] != '%') {
            text[size++] = text[at];
            continue;
        }
        if (at + 2 >= value->size || !wax_hex_decode(wax_bytes_of(text + at + 1, 2), text + size)) {
            return false;
        }
        size++;
        at += 2;
    }
    value->size = size;
    return true;
}

static wax_status read_parameter(struct request *request, uint8_t *word, size_t size)
{
    uint8_t *equals = memchr(word, '=', size);
    struct parameter parameter;

    if (request->count == REQUEST_PARAMETER_MAX) {
        return WAX_FULL;
    }
    if (equals == NULL) {
        return WAX_MALFORMED;
    }
    parameter.name = wax_bytes_of(word, (size_t)(equals - word));
    parameter.value = wax_bytes_of(equals + 1, size - parameter.name.size - 1);
    if (!unescape(equals + 1, &parameter.value)) {
        return WAX_MALFORMED;
    }
    request->parameters[request->count++] = parameter;
    return WAX_OK;
}

wax_status request_read(struct request *request, uint8_t *line, size_t size)
{
    wax_status status = WAX_OK;
    size_t at = 0;

    *request = (struct request){.count = 0};
    while (at < size && status == WAX_OK) {
        const uint8_t *end = memchr(line + at, ' ', size - at);
        size_t word = end == NULL ? size - at : (size_t)(end - (line + at));

        if (word == 0) {
            /* blanks may be several */
        } else if (request->command.size == 0) {
            request->command = wax_bytes_of(line + at, word);
        } else {
            status = read_parameter(request, line + at, word);
        }
        at += word + 1;
    }
    return status == WAX_OK && request->command.size == 0 ? WAX_MALFORMED : status;
}

wax_bytes request_value(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->count; i++) {
        if (wax_bytes_equal(request->parameters[i].name, wax_bytes_of_text(name))) {
            return request->parameters[i].value;
        }
    }
    return (wax_bytes){NULL, 0};
}

uint64_t request_number(const struct request *request, const char *name, uint64_t usual)
{
    wax_bytes value = request_value(request, name);
    uint64_t number = 0;

    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9' || i == 18) {
            return usual;
        }
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    }
    return value.size == 0 ? usual : number;
}
