/* Text in a manual page. */
#include "tools/roff.h"

#include <stdbool.h>
#include <stdio.h>

void tools_roff_write(const char *text)
{
    bool starts_line = true;

    for (; *text != '\0'; text++) {
        if (starts_line && (*text == '.' || *text == '\'')) {
            (void)fputs("\\&", stdout);
        }
        if (*text == '\\') {
            (void)fputs("\\e", stdout);
        } else if (*text == '-') {
            (void)fputs("\\-", stdout);
        } else {
            (void)putchar(*text);
        }
        starts_line = *text == '\n';
    }
}
