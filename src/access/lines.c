/* The lines of a password or ACL file that say something. */
#include "access/lines.h"

#include <string.h>

wax_lines wax_lines_over(wax_bytes text)
{
    const wax_bytes mark = WAX_TEXT("\xef\xbb\xbf");

    if (wax_bytes_start_with(text, mark)) {
        text = wax_bytes_of(text.data + mark.size, text.size - mark.size);
    }
    return (wax_lines){.left = text};
}

wax_bytes wax_line_cut(wax_bytes *text, uint8_t separator)
{
    const uint8_t *found = text->size == 0 ? NULL : memchr(text->data, separator, text->size);
    wax_bytes before = *text;

    if (found == NULL) {
        *text = wax_bytes_of(NULL, 0);
        return before;
    }
    before.size = (size_t)(found - text->data);
    *text = wax_bytes_of(found + 1, text->size - before.size - 1);
    return before;
}

static bool is_blank(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

wax_bytes wax_line_trim(wax_bytes text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text = wax_bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

bool wax_lines_next(wax_lines *lines, wax_line *line)
{
    while (lines->left.size > 0) {
        line->text = wax_line_trim(wax_line_cut(&lines->left, '\n'));
        line->number = ++lines->number;
        if (line->text.size > 0 && line->text.data[0] != '#') {
            return true;
        }
    }
    return false;
}

const char *wax_line_fault(const wax_line *line)
{
    if (line->text.size > WAX_ACCESS_LINE_MAX) {
        return "the line is longer than any that makes sense: cut it or delete it";
    }
    if (!wax_utf8_is_valid(line->text)) {
        return "the line is not UTF-8 text: save the file as UTF-8";
    }
    return NULL;
}
