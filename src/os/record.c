/* Events of the log: a printf format is taken apart together with its arguments. */
#include "os/record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- Taking apart --- */

static void append(struct record *record, const char *text, size_t size)
{
    size_t left = sizeof record->text - record->used;

    size = size < left ? size : left;
    memcpy(record->text + record->used, text, size);
    record->used += size;
    record->fields[record->count - 1].end = (uint16_t)record->used;
}

static void begin_field(struct record *record, const char *key, size_t size)
{
    struct field *field;

    if (record->count == RECORD_FIELD_MAX) {
        append(record, " ", 1); /* too many: the last one takes it all */
        append(record, key, size);
        append(record, "=", 1);
        return;
    }
    field = &record->fields[record->count++];
    *field = (struct field){.start = (uint16_t)record->used, .end = (uint16_t)record->used};
    size = size < sizeof field->key - 1 ? size : sizeof field->key - 1;
    memcpy(field->key, key, size);
}

/* The size of the name in ` name=` at the front of the format; 0: it is none. */
static size_t key_size(const char *format)
{
    size_t size = strspn(format, "abcdefghijklmnopqrstuvwxyz_0123456789");

    return format[size] == '=' ? size : 0;
}

/* What a conversion says. */
struct conversion {
    bool is_padded; /* with zeros, to `width` */
    int width;
    int precision; /* -1: none */
    unsigned longs;
    bool is_size;
    char kind;
};

static int read_number(const char **at)
{
    int number = 0;

    while (**at >= '0' && **at <= '9' && number < 1000) {
        number = number * 10 + (*(*at)++ - '0');
    }
    return number;
}

/* Reads what stands behind '%'. */
static struct conversion read_conversion(const char **at)
{
    struct conversion conversion = {.precision = -1};

    conversion.is_padded = **at == '0';
    conversion.width = read_number(at);
    if (**at == '.') {
        ++*at;
        conversion.precision = **at == '*' ? -2 : read_number(at);
        *at += **at == '*' ? 1 : 0;
    }
    while (**at == 'l' || **at == 'z') {
        conversion.longs += **at == 'l' ? 1 : 0;
        conversion.is_size = conversion.is_size || **at == 'z';
        ++*at;
    }
    conversion.kind = *(*at)++;
    return conversion;
}

static long long take_signed(const struct conversion *conversion, va_list *arguments)
{
    if (conversion->longs > 1) {
        return va_arg(*arguments, long long);
    }
    return conversion->longs == 1 || conversion->is_size ? va_arg(*arguments, long)
                                                         : va_arg(*arguments, int);
}

static unsigned long long take_unsigned(const struct conversion *conversion, va_list *arguments)
{
    if (conversion->longs > 1) {
        return va_arg(*arguments, unsigned long long);
    }
    return conversion->longs == 1 || conversion->is_size ? va_arg(*arguments, unsigned long)
                                                         : va_arg(*arguments, unsigned);
}

static void convert_text(struct record *record, const struct conversion *conversion, int precision,
                         va_list *arguments)
{
    const char *text = va_arg(*arguments, const char *);

    if (text == NULL) {
        append(record, "(null)", 6);
    } else {
        append(record, text,
               conversion->precision == -1 ? strlen(text) : strnlen(text, (size_t)precision));
    }
}

static void convert(struct record *record, const struct conversion *conversion, va_list *arguments)
{
    struct field *field = &record->fields[record->count - 1];
    int precision = conversion->precision == -2 ? va_arg(*arguments, int) : conversion->precision;
    int width = conversion->is_padded ? conversion->width : 0;
    bool is_first = field->start == record->used;
    char text[64];

    switch (conversion->kind) {
    case 's':
        convert_text(record, conversion, precision < 0 ? 0 : precision, arguments);
        return;
    case 'd':
    case 'i':
        snprintf(text, sizeof text, "%0*lld", width, take_signed(conversion, arguments));
        break;
    case 'u':
        snprintf(text, sizeof text, "%0*llu", width, take_unsigned(conversion, arguments));
        break;
    case 'x':
        snprintf(text, sizeof text, "%0*llx", width, take_unsigned(conversion, arguments));
        break;
    case 'X':
        snprintf(text, sizeof text, "%0*llX", width, take_unsigned(conversion, arguments));
        break;
    case 'c':
        snprintf(text, sizeof text, "%c", va_arg(*arguments, int));
        break;
    case 'f':
        snprintf(text, sizeof text, "%.*f", precision < 0 ? 6 : precision,
                 va_arg(*arguments, double));
        break;
    default:
        wax_assert(conversion->kind == '%');
        snprintf(text, sizeof text, "%%");
        break;
    }
    append(record, text, strlen(text));
    field->is_number = is_first && (conversion->kind == 'u' || conversion->kind == 'd');
}

void record_make(struct record *record, wax_level level, const char *format, va_list arguments)
{
    va_list left;

    record->level = level;
    record->count = 0;
    record->used = 0;
    begin_field(record, "", 0);
    va_copy(left, arguments);
    while (*format != '\0') {
        size_t key = *format == ' ' ? key_size(format + 1) : 0;

        if (key > 0) {
            begin_field(record, format + 1, key);
            format += key + 2;
        } else if (*format == '%') {
            format++;
            struct conversion conversion = read_conversion(&format);
            convert(record, &conversion, &left);
        } else {
            record->fields[record->count - 1].is_number = false;
            append(record, format++, 1);
        }
    }
    va_end(left);
}

void record_add_number(struct record *record, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    begin_field(record, key, strlen(key));
    append(record, text, strlen(text));
    record->fields[record->count - 1].is_number = true;
}

/* --- Telling --- */

wax_bytes record_value(const struct record *record, size_t field)
{
    const struct field *at = &record->fields[field];

    return wax_bytes_of(record->text + at->start, (size_t)(at->end - at->start));
}

wax_bytes record_event(const struct record *record)
{
    wax_bytes all = record_value(record, 0);
    const uint8_t *blank = all.size == 0 ? NULL : memchr(all.data, ' ', all.size);

    return blank == NULL ? all : wax_bytes_of(all.data, (size_t)(blank - all.data));
}

wax_bytes record_words(const struct record *record)
{
    wax_bytes all = record_value(record, 0);
    size_t event = record_event(record).size;

    return event == all.size ? (wax_bytes){NULL, 0}
                             : wax_bytes_of(all.data + event + 1, all.size - event - 1);
}

/* Whether a reader could take the value for something else. */
static bool needs_quotes(wax_bytes value)
{
    bool has_blank = false;
    bool has_equals = false;

    for (size_t i = 0; i < value.size; i++) {
        uint8_t letter = value.data[i];
        if (letter < 0x20 || letter == 0x7f || letter == '"') {
            return true;
        }
        has_blank = has_blank || letter == ' ';
        has_equals = has_equals || letter == '=';
    }
    return (has_blank && has_equals) || !wax_utf8_is_valid(value);
}

static void write_words(wax_writer *out, wax_bytes words)
{
    for (size_t i = 0; i < words.size; i++) {
        uint8_t letter = words.data[i];
        wax_write_u8(out, letter < 0x20 || letter == 0x7f ? '?' : letter);
    }
}

void record_write_text(const struct record *record, wax_writer *out)
{
    write_words(out, record_value(record, 0));
    for (size_t i = 1; i < record->count; i++) {
        wax_bytes value = record_value(record, i);

        wax_write_u8(out, ' ');
        wax_write_bytes(out, wax_bytes_of_text(record->fields[i].key));
        wax_write_u8(out, '=');
        if (needs_quotes(value)) {
            wax_json json = wax_json_over(out);
            wax_json_text(&json, value);
        } else {
            wax_write_bytes(out, value);
        }
    }
}

void record_write_json(const struct record *record, const char *level, uint64_t wall_ms,
                       wax_writer *out)
{
    wax_json json = wax_json_over(out);
    time_t seconds = (time_t)(wall_ms / 1000);
    char stamp[40];
    struct tm parts;

    gmtime_r(&seconds, &parts);
    stamp[strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts)] = '\0';
    snprintf(stamp + strlen(stamp), sizeof stamp - strlen(stamp), ".%03uZ",
             (unsigned)(wall_ms % 1000));
    wax_json_open(&json, '{');
    wax_json_member_text(&json, "time", wax_bytes_of_text(stamp));
    wax_json_member_text(&json, "level", wax_bytes_of_text(level));
    wax_json_member_text(&json, "event", record_event(record));
    if (record_words(record).size > 0) {
        wax_json_member_text(&json, "message", record_words(record));
    }
    for (size_t i = 1; i < record->count; i++) {
        wax_json_name(&json, record->fields[i].key);
        if (record->fields[i].is_number) {
            wax_write_bytes(out, record_value(record, i));
            json.needs_comma = true;
        } else {
            wax_json_text(&json, record_value(record, i));
        }
    }
    wax_json_close(&json, '}');
}
