/* What wax demo shows: lines of tinted texts, kept for the picture. */
#include "tools/demo_parts.h"

#include <stdarg.h>
#include <string.h>

enum {
    ROW_SIZE = 16, /* bytes that a row of hexadecimal shows */
    ROWS_MAX = 3,
};

static const char *const colours[DEMO_TINTS] = {
    [DEMO_PLAIN] = "",        [DEMO_BOLD] = "\033[1m", [DEMO_FAINT] = "\033[2m",
    [DEMO_GOOD] = "\033[32m", [DEMO_BAD] = "\033[31m", [DEMO_BYTES] = "\033[36m",
};

/* Takes a text up to the width of the page. */
static struct demo_span *keep(struct demo_show *show, uint16_t column, enum demo_tint tint)
{
    static struct demo_span beyond; /* what finds no room is shown and not drawn */
    struct demo_span *span = show->count < DEMO_SPANS_MAX ? &show->spans[show->count++] : &beyond;

    *span = (struct demo_span){.tint = tint, .column = column};
    return span;
}

void demo_show(struct demo_show *show, uint16_t column, enum demo_tint tint, const char *format,
               ...)
{
    struct demo_span *span;
    va_list values;
    bool is_tinted = !show->is_plain && colours[tint][0] != '\0';

    column = column < show->column ? show->column : column;
    column = column > DEMO_WIDTH ? DEMO_WIDTH : column;
    span = keep(show, column, tint);
    va_start(values, format);
    (void)vsnprintf(span->text, (size_t)(DEMO_WIDTH - column) + 1, format, values);
    va_end(values);
    (void)printf("%*s%s%s%s", column - show->column, "", is_tinted ? colours[tint] : "", span->text,
                 is_tinted ? "\033[0m" : "");
    show->column = (uint16_t)(column + strlen(span->text));
}

void demo_show_end(struct demo_show *show)
{
    keep(show, show->column, DEMO_PLAIN)->ends_line = true;
    (void)putchar('\n');
    (void)fflush(stdout);
    show->column = 0;
}

static void show_row(struct demo_show *show, uint16_t column, wax_bytes row)
{
    char digits[3 * ROW_SIZE + 1] = "";
    char letters[ROW_SIZE + 1] = "";

    for (size_t i = 0; i < row.size; i++) {
        (void)snprintf(digits + 3 * i, 4, "%02x ", row.data[i]);
        (void)snprintf(letters + i, 2, "%c",
                       row.data[i] >= ' ' && row.data[i] < 0x7f ? row.data[i] : '.');
    }
    demo_show(show, column, DEMO_BYTES, "%-*s ", 3 * ROW_SIZE, digits);
    demo_show(show, 0, DEMO_BYTES, "%s", letters);
    demo_show_end(show);
}

void demo_show_bytes(struct demo_show *show, uint16_t column, wax_bytes bytes)
{
    for (size_t row = 0; row < ROWS_MAX && row * ROW_SIZE < bytes.size; row++) {
        size_t left = bytes.size - row * ROW_SIZE;

        show_row(show, column,
                 wax_bytes_of(bytes.data + row * ROW_SIZE, left < ROW_SIZE ? left : ROW_SIZE));
    }
    if (bytes.size > (size_t)ROWS_MAX * ROW_SIZE) {
        demo_show(show, column, DEMO_BYTES, "and %zu bytes more",
                  bytes.size - (size_t)ROWS_MAX * ROW_SIZE);
        demo_show_end(show);
    }
}

void demo_show_verdict(struct demo_show *show, uint16_t column, const char *reason,
                       const char *taken)
{
    if (reason[0] != '\0') {
        demo_show(show, column, DEMO_GOOD, "refused: %s", reason);
    } else {
        demo_show(show, column, DEMO_BAD, "%s", taken);
    }
    demo_show_end(show);
}
