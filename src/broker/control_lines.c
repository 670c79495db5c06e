/* Lines of JSON for an administrator, in memory that grows with them. */
#include "broker/control.h"

#include <stdlib.h>

enum { LINES_FIRST = 4096, LINES_MAX = 1 << 26 };

/* Writes one line. False when it does not fit. */
static bool write_line(struct lines *lines, members_function *write, const void *subject)
{
    wax_writer out = wax_writer_over(lines->data + lines->used, lines->size - lines->used);
    wax_json json = wax_json_over(&out);

    wax_json_open(&json, '{');
    write(&json, subject);
    wax_json_close(&json, '}');
    wax_write_u8(&out, '\n');
    if (out.status != WAX_OK) {
        return false;
    }
    lines->used += out.used;
    return true;
}

static bool grow(struct lines *lines)
{
    size_t size = lines->size == 0 ? LINES_FIRST : lines->size * 2;
    uint8_t *data = size > LINES_MAX ? NULL : realloc(lines->data, size);

    if (data == NULL) {
        lines->is_short = true;
        return false;
    }
    lines->data = data;
    lines->size = size;
    return true;
}

void lines_add(struct lines *lines, members_function *write, const void *subject)
{
    while (lines->size == 0 || !write_line(lines, write, subject)) {
        if (!grow(lines)) {
            return;
        }
    }
}

void lines_free(struct lines *lines)
{
    free(lines->data);
    *lines = (struct lines){.data = NULL};
}

static void write_end(wax_json *json, const void *subject)
{
    const char *fault = subject;

    wax_json_member_text(json, "end", fault == NULL ? WAX_TEXT("ok") : WAX_TEXT("error"));
    if (fault != NULL) {
        wax_json_member_text(json, "message", wax_bytes_of_text(fault));
    }
}

void lines_end(struct lines *lines, const char *fault)
{
    if (fault == NULL && lines->is_short) {
        fault = "the broker has too little memory to tell all of it";
    }
    lines_add(lines, write_end, fault);
}
