/* Answers to `wax keys`, and the values in its words. */
#include "tools/keys_answer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool keys_answer_number(const char *text, uint32_t least, uint32_t most, uint32_t *number)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < least || value > most) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

bool keys_answer_time(const char *text, uint32_t most_s, uint32_t *seconds)
{
    static const struct {
        char letter;
        uint32_t seconds;
    } units[] = {
        {'s', 1    },
        {'m', 60   },
        {'h', 3600 },
        {'d', 86400},
    };
    const size_t digits = strspn(text, "0123456789");
    char number[16];
    uint32_t count;
    uint32_t unit = text[digits] == '\0' ? 1 : 0;

    for (size_t i = 0; i < WAX_COUNT(units); i++) {
        if (text[digits] == units[i].letter && text[digits + 1] == '\0') {
            unit = units[i].seconds;
        }
    }
    if (unit == 0 || digits >= sizeof number) {
        return false;
    }
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (!keys_answer_number(number, 0, most_s / unit, &count)) {
        return false;
    }
    *seconds = count * unit;
    return true;
}

const char *keys_answer_moment(uint64_t seconds, char room[static 32])
{
    const time_t at = (time_t)seconds;
    struct tm parts;

    if (seconds == 0 || gmtime_r(&at, &parts) == NULL) {
        return "never";
    }
    (void)strftime(room, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return room;
}

bool keys_answer_fail(struct keys_answer *answer, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(answer->room, sizeof answer->room, format, values);
    va_end(values);
    answer->fault = answer->room;
    return false;
}

/* How many bytes of a control character stand here; 0: it is none. */
static size_t is_control(const char *text)
{
    const uint8_t one = (uint8_t)text[0];
    const uint8_t two = one == 0xc2 ? (uint8_t)text[1] : 0;

    return two >= 0x80 && two < 0xa0 ? 2 : one < 0x20 || one == 0x7f;
}

void keys_answer_print(FILE *out, const char *format, ...)
{
    const bool is_line = format[strlen(format) - 1] == '\n';
    char *text = NULL;
    va_list values;
    int size;

    va_start(values, format);
    size = vasprintf(&text, format, values);
    va_end(values);
    if (size < 0) {
        (void)fputs("(there is not enough memory)\n", out);
        return;
    }
    text[size - (is_line ? 1 : 0)] = '\0';
    for (const char *at = text; *at != '\0';) {
        size_t controls = is_control(at);

        if (controls == 0) {
            (void)fputc(*at++, out);
        }
        for (; controls > 0; controls--) {
            (void)fprintf(out, "\\x%02x", (uint8_t)*at++);
        }
    }
    (void)fputs(is_line ? "\n" : "", out);
    free(text);
}

bool keys_answer_done(struct keys_answer *answer, const wax_authority *authority, wax_status status)
{
    const char *fault = wax_authority_fault(authority);

    return status == WAX_OK ||
           keys_answer_fail(answer, "%s", fault[0] == '\0' ? wax_status_text(status) : fault);
}
