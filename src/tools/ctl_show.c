/* Tables for people, made of lines of JSON. */
#include "tools/ctl_show.h"

#include <string.h>
#include <time.h>

enum { CELL_SIZE = 1024 };

void ctl_show_harmless(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        unsigned char one = (unsigned char)at[0];
        unsigned char two = (unsigned char)at[1];
        if (one < 0x20 || one == 0x7f) {
            at[0] = '?';
        } else if (one == 0xc2 && two >= 0x80 && two < 0xa0) {
            at[0] = at[1] = '?';
        }
    }
}

void ctl_show_text(const char *text)
{
    char cell[CELL_SIZE];

    (void)snprintf(cell, sizeof cell, "%s", text == NULL ? "" : text);
    ctl_show_harmless(cell);
    (void)fputs(cell, stdout);
}

static void write_bytes(char *cell, json_int_t value)
{
    static const char units[] = " kMGTP";
    double number = (double)value;
    size_t unit = 0;

    while (number >= 1024 && unit + 2 < sizeof units) {
        number /= 1024;
        unit++;
    }
    (void)snprintf(cell, CELL_SIZE, unit == 0 ? "%.0f" : "%.1f%c", number, units[unit]);
}

static void write_span(char *cell, json_int_t seconds)
{
    static const struct {
        json_int_t size;
        const char *name;
    } units[] = {
        {86400, "d"},
        {3600,  "h"},
        {60,    "m"},
        {1,     "s"},
    };
    size_t at = 0;

    while (at + 1 < WAX_COUNT(units) && seconds < units[at].size) {
        at++;
    }
    (void)snprintf(cell, CELL_SIZE, "%lld%s", (long long)(seconds / units[at].size),
                   units[at].name);
    if (at + 1 < WAX_COUNT(units)) {
        size_t used = strlen(cell);
        (void)snprintf(cell + used, CELL_SIZE - used, " %lld%s",
                       (long long)(seconds % units[at].size / units[at + 1].size),
                       units[at + 1].name);
    }
}

static void write_time(char *cell, json_int_t value)
{
    time_t seconds = (time_t)value;
    struct tm local;

    if (localtime_r(&seconds, &local) == NULL ||
        strftime(cell, CELL_SIZE, "%Y-%m-%d %H:%M:%S", &local) == 0) {
        cell[0] = '\0';
    }
}

static void write_cell(char *cell, const struct ctl_column *column, const json_t *value)
{
    json_int_t number = json_integer_value(value);

    switch (column->kind) {
    case CTL_NUMBER:
        (void)snprintf(cell, CELL_SIZE, "%lld", (long long)number);
        break;
    case CTL_BYTES:
        write_bytes(cell, number);
        break;
    case CTL_SPAN:
        write_span(cell, number);
        break;
    case CTL_SINCE:
        write_time(cell, number);
        break;
    case CTL_BOOL:
        (void)snprintf(cell, CELL_SIZE, "%s", json_is_true(value) ? "yes" : "no");
        break;
    case CTL_TEXT:
    default:
        (void)snprintf(cell, CELL_SIZE, "%s",
                       json_is_string(value) ? json_string_value(value) : "");
        ctl_show_harmless(cell);
        break;
    }
}

static void print_cell(const struct ctl_table *table, size_t at, const char *cell)
{
    bool is_last = at + 1 == table->column_count;

    (void)printf("%s%*s", at == 0 ? "" : "  ",
                 is_last && table->columns[at].width < 0 ? 0 : table->columns[at].width, cell);
    if (is_last) {
        (void)fputc('\n', stdout);
    }
}

void ctl_show_row(void *context, const json_t *line)
{
    struct ctl_table *table = context;
    char cell[CELL_SIZE];

    for (size_t i = 0; table->row_count == 0 && i < table->column_count; i++) {
        print_cell(table, i, table->columns[i].title);
    }
    table->row_count++;
    for (size_t i = 0; i < table->column_count; i++) {
        const json_t *value = json_object_get(line, table->columns[i].name);
        (void)snprintf(cell, sizeof cell, "-");
        if (value != NULL) {
            write_cell(cell, &table->columns[i], value);
        }
        print_cell(table, i, cell);
    }
}

void ctl_show_list(const struct ctl_table *table, const json_t *line)
{
    char cell[CELL_SIZE];

    for (size_t i = 0; i < table->column_count; i++) {
        const json_t *value = json_object_get(line, table->columns[i].name);
        if (value != NULL) {
            write_cell(cell, &table->columns[i], value);
            (void)printf("%-20s  %s\n", table->columns[i].title, cell);
        }
    }
}
