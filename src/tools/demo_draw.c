/* The picture of what wax demo has shown: an SVG that needs nothing else. */
#include "tools/demo_parts.h"

#include <string.h>

enum {
    LETTER_WIDTH = 8, /* of the font; spans are fitted to it, whatever font there is */
    LINE_HEIGHT = 18,
    MARGIN = 20,
};

static const char head[] =
    "<style>\n"
    "rect { fill: #fbfaf7 }\n"
    "text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; "
    "white-space: pre; fill: #24292f }\n"
    ".bold { font-weight: bold } .faint { fill: #6a737d } .good { fill: #116329 } "
    ".bad { fill: #b3261e } .bytes { fill: #0b5d7a }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "rect { fill: #15181c } text { fill: #d6dae0 }\n"
    ".faint { fill: #8b949e } .good { fill: #56d364 } .bad { fill: #ff8a80 } "
    ".bytes { fill: #6cb6d9 }\n"
    "}\n"
    "</style>\n";

static const char *const classes[DEMO_TINTS] = {
    [DEMO_PLAIN] = "plain", [DEMO_BOLD] = "bold", [DEMO_FAINT] = "faint",
    [DEMO_GOOD] = "good",   [DEMO_BAD] = "bad",   [DEMO_BYTES] = "bytes",
};

static void draw_text(const char *text, FILE *file)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", file);
            break;
        case '&':
            (void)fputs("&amp;", file);
            break;
        case '>':
            (void)fputs("&gt;", file);
            break;
        default:
            (void)fputc(*text, file);
        }
    }
}

static void draw_span(const struct demo_span *span, size_t line, FILE *file)
{
    char text[DEMO_WIDTH + 1];
    size_t size = strlen(span->text);

    while (size > 0 && span->text[size - 1] == ' ') {
        size--;
    }
    if (size == 0) {
        return;
    }
    memcpy(text, span->text, size);
    text[size] = '\0';
    (void)fprintf(file,
                  "<text class=\"%s\" x=\"%d\" y=\"%zu\" textLength=\"%zu\" "
                  "lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">",
                  classes[span->tint], MARGIN + span->column * LETTER_WIDTH,
                  MARGIN + (line + 1) * LINE_HEIGHT - 5, size * LETTER_WIDTH);
    draw_text(text, file);
    (void)fputs("</text>\n", file);
}

bool demo_draw(const struct demo_show *show, const char *path)
{
    FILE *file = fopen(path, "we");
    const size_t width = 2 * (size_t)MARGIN + DEMO_WIDTH * (size_t)LETTER_WIDTH;
    size_t height = 2 * (size_t)MARGIN;
    size_t line = 0;
    bool is_good;

    if (file == NULL) {
        return false;
    }
    for (size_t i = 0; i < show->count; i++) {
        height += show->spans[i].ends_line ? LINE_HEIGHT : 0;
    }
    (void)fprintf(file,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
                  "viewBox=\"0 0 %zu %zu\" role=\"img\" aria-label=\"What wax demo shows\">\n%s",
                  width, height, width, height, head);
    (void)fputs("<rect width=\"100%\" height=\"100%\" rx=\"8\"/>\n", file);
    for (size_t i = 0; i < show->count; i++) {
        draw_span(&show->spans[i], line, file);
        line += show->spans[i].ends_line ? 1 : 0;
    }
    (void)fputs("</svg>\n", file);
    is_good = ferror(file) == 0;
    return fclose(file) == 0 && is_good;
}
