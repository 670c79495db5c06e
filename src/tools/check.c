/* The list that wax doctor writes: a line for each thing that is well, or not. */
#include "tools/check.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 0))) static void write_line(const char *mark, const char *what,
                                                             const char *format, va_list values)
{
    (void)printf("%-5s %-9s ", mark, what);
    (void)vprintf(format, values);
    (void)putchar('\n');
    (void)fflush(stdout);
}

bool tools_check_pass(const char *what, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_line("ok", what, format, values);
    va_end(values);
    return true;
}

bool tools_check_fail(const char *what, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_line("FAIL", what, format, values);
    va_end(values);
    return false;
}

void tools_check_next(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_line("", "next:", format, values);
    va_end(values);
}
