/* Showing messages as they were asked for: plain, with topics, or in a format. */
#include "tools/output.h"
#include "tools/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What may stand between % and its letter. */
struct field {
    bool is_left;
    char pad;
    int width;      /* 0: none */
    int precision;  /* -1: none; of hex: how many digits stand together */
    char separator; /* between them; '\0': none */
};

static void show_pads(char pad, int count)
{
    for (int i = 0; i < count; i++) {
        (void)putchar(pad);
    }
}

static void show_all(wax_bytes bytes)
{
    if (bytes.size > 0) { /* an empty view may point nowhere */
        (void)fwrite(bytes.data, 1, bytes.size, stdout);
    }
}

static void show_number(const struct field *field, uint32_t number)
{
    if (field->is_left) {
        (void)printf("%-*u", field->width, number);
    } else if (field->pad == '0') {
        (void)printf("%0*u", field->width, number);
    } else {
        (void)printf("%*u", field->width, number);
    }
}

static void show_bytes(const struct field *field, wax_bytes bytes)
{
    int missing;

    if (field->precision >= 0 && bytes.size > (size_t)field->precision) {
        bytes.size = (size_t)field->precision;
    }
    missing = bytes.size < (size_t)field->width ? field->width - (int)bytes.size : 0;
    show_pads(' ', field->is_left ? 0 : missing);
    show_all(bytes);
    show_pads(' ', field->is_left ? missing : 0);
}

/* A width is the greatest one too. */
static void show_payload(const struct field *field, wax_bytes payload)
{
    size_t width = (size_t)field->width;
    int missing;

    payload.size = width > 0 && payload.size > width ? width : payload.size;
    missing = payload.size < width ? (int)(width - payload.size) : 0;
    show_pads(field->pad, field->is_left ? 0 : missing);
    show_all(payload);
    show_pads(' ', field->is_left ? missing : 0);
}

/* Digits of hex, and pads before them, in groups. */
static void show_grouped(const struct field *field, char digit, size_t at, size_t count)
{
    size_t size = field->precision > 0 && field->separator != '\0' ? (size_t)field->precision : 0;

    (void)putchar(digit);
    if (size > 0 && at + 1 < count && (at + 1) % size == 0) {
        (void)putchar(field->separator);
    }
}

static void show_hex(const struct field *field, wax_bytes payload, const char *digits)
{
    size_t width = (size_t)field->width;
    size_t missing;
    size_t count;
    size_t at = 0;

    payload.size = width > 0 && payload.size > width / 2 ? width / 2 : payload.size;
    missing = 2 * payload.size < width ? width - 2 * payload.size : 0;
    count = 2 * payload.size + (field->is_left ? 0 : missing);
    while (!field->is_left && at < missing) {
        show_grouped(field, field->pad, at++, count);
    }
    for (size_t i = 0; i < payload.size; i++) {
        show_grouped(field, digits[payload.data[i] >> 4], at++, count);
        show_grouped(field, digits[payload.data[i] & 15], at++, count);
    }
    show_pads(' ', field->is_left ? (int)missing : 0);
}

/* The payload as a number of this machine's form. */
static void show_decimal(const struct settings *settings, const struct field *field,
                         wax_bytes payload, char letter)
{
    double value = 0;
    float small = 0;
    int precision = field->precision >= 0 ? field->precision : 6;

    if (letter == 'd' && payload.size == sizeof value) {
        memcpy(&value, payload.data, sizeof value);
    } else if (letter == 'f' && payload.size == sizeof small) {
        memcpy(&small, payload.data, sizeof small);
        value = (double)small;
    } else {
        tools_say(settings, "%%%c shows payloads of %zu bytes; this one has %zu", letter,
                  letter == 'd' ? sizeof value : sizeof small, payload.size);
        return;
    }
    if (field->is_left) {
        (void)printf("%-*.*f", field->width, precision, value);
    } else if (field->pad == '0') {
        (void)printf("%0*.*f", field->width, precision, value);
    } else {
        (void)printf("%*.*f", field->width, precision, value);
    }
}

static void show_pairs(wax_bytes properties)
{
    wax_reader in = wax_reader_over(properties);
    wax_property property;
    bool is_first = true;

    while (wax_property_next(&in, &property)) {
        if (property.id != WAX_USER_PROPERTY) {
            continue;
        }
        (void)fputs(is_first ? "" : " ", stdout);
        show_all(property.name);
        (void)putchar(':');
        show_all(property.value);
        is_first = false;
    }
}

/* The format is the user's own: called by its address, since no compiler can check it. */
static size_t (*const format_time)(char *, size_t, const char *, const struct tm *) = strftime;

static void show_time(const struct field *field, const struct timespec *at, const char *format)
{
    char text[128];
    struct tm day;

    if (localtime_r(&at->tv_sec, &day) != NULL) {
        text[format_time(text, sizeof text, format, &day)] = '\0';
        show_bytes(field, wax_bytes_of_text(text));
    }
}

/* A property that is a number or a text; what is not there is blank. */
struct property_letter {
    char letter;
    bool is_number;
    bool is_blank_filled; /* a text that is not there is as wide as one */
    wax_property_id id;
};

static const struct property_letter property_letters[] = {
    {'A', true,  false, WAX_TOPIC_ALIAS    },
    {'C', false, true,  WAX_CONTENT_TYPE   },
    {'E', true,  false, WAX_MESSAGE_EXPIRY },
    {'F', true,  false, WAX_PAYLOAD_FORMAT },
    {'R', false, false, WAX_RESPONSE_TOPIC },
    {'S', true,  false, WAX_SUBSCRIPTION_ID},
};

static bool show_property(const struct field *field, wax_bytes properties, char letter)
{
    for (size_t i = 0; i < WAX_COUNT(property_letters); i++) {
        const struct property_letter *row = &property_letters[i];
        wax_property property;

        if (row->letter != letter) {
            continue;
        }
        if (!wax_property_find(properties, row->id, &property)) {
            show_pads((char)(row->is_number ? field->pad : ' '),
                      row->is_number || row->is_blank_filled ? field->width : 0);
        } else if (row->is_number) {
            show_number(field, property.number);
        } else {
            show_bytes(field, property.value);
        }
        return true;
    }
    return false;
}

static void show_json(const struct settings *settings, const struct arrival *arrival,
                      bool is_embedded)
{
    if (!tools_json_write(stdout, arrival, is_embedded, settings->is_pretty)) {
        tools_say(settings, "the payload of a message on topic %.*s is not JSON",
                  (int)arrival->publish.topic.size, (const char *)arrival->publish.topic.data);
    }
}

static void show_field(const struct settings *settings, const struct arrival *arrival,
                       const struct field *field, char letter)
{
    const wax_publish *publish = &arrival->publish;

    if (show_property(field, publish->properties, letter)) {
        return;
    }
    switch (letter) {
    case '%':
        (void)putchar('%');
        break;
    case 'D':
        show_bytes(&(struct field){.precision = -1},
                   wax_property_value(publish->properties, WAX_CORRELATION_DATA));
        break;
    case 'I':
        show_time(field, &arrival->at, "%FT%T%z");
        break;
    case 'j':
    case 'J':
        show_json(settings, arrival, letter == 'J');
        break;
    case 'l':
        show_number(field, (uint32_t)publish->payload.size);
        break;
    case 'm':
        show_number(field, publish->packet_id);
        break;
    case 'P':
        show_pairs(publish->properties);
        break;
    case 'p':
        show_payload(field, publish->payload);
        break;
    case 'q':
        (void)putchar('0' + publish->qos);
        break;
    case 'r':
        (void)putchar(publish->retain ? '1' : '0');
        break;
    case 't':
        show_bytes(field, publish->topic);
        break;
    case 'U':
        (void)printf("%lld.%09ld", (long long)arrival->at.tv_sec, arrival->at.tv_nsec);
        break;
    case 'x':
    case 'X':
        show_hex(field, publish->payload, letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF");
        break;
    case 'd':
    case 'f':
        show_decimal(settings, field, publish->payload, letter);
        break;
    default:
        break;
    }
}

static const char *read_size(const char *at, int *size)
{
    *size = 0;
    while (*at >= '0' && *at <= '9') {
        *size = *size < 100000 ? *size * 10 + (*at - '0') : *size;
        at++;
    }
    return at;
}

/* What may stand between groups of hex digits. */
static const char separators[] = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ ";

/* Reads what stands between % and its letter; returns where the letter is. */
static const char *read_field(const char *at, struct field *field)
{
    *field = (struct field){.pad = ' ', .precision = -1};
    if (*at == '-') {
        field->is_left = true;
        at++;
    }
    if (*at == '0') {
        field->pad = '0';
        at++;
    }
    at = read_size(at, &field->width);
    if (*at == '.') {
        at = read_size(at + 1, &field->precision);
    }
    if (*at != '%' && *at != '\0' && strchr(separators, *at) != NULL) {
        field->separator = *at++;
    }
    return at;
}

/* clang-format off */
const struct output_letter tools_output_letters[] = {
    {'%', "the sign itself"},
    {'A', "topic alias (MQTT 5)"},
    {'C', "content type (MQTT 5)"},
    {'D', "correlation data (MQTT 5)"},
    {'E', "message expiry interval (MQTT 5)"},
    {'F', "payload format indicator (MQTT 5)"},
    {'I', "when it came, as ISO 8601"},
    {'J', "all as JSON, the payload too"},
    {'P', "user properties (MQTT 5), as name:value"},
    {'R', "response topic (MQTT 5)"},
    {'S', "subscription identifier (MQTT 5)"},
    {'U', "when it came, in seconds since 1970 with nanoseconds"},
    {'X', "payload in hex, capitals"},
    {'d', "payload as a double of this machine"},
    {'f', "payload as a float of this machine"},
    {'j', "all as JSON, the payload as text"},
    {'l', "size of the payload"},
    {'m', "packet id"},
    {'p', "payload"},
    {'q', "quality of service"},
    {'r', "retained: 1 or 0"},
    {'t', "topic"},
    {'x', "payload in hex"},
};
/* clang-format on */

const size_t tools_output_letter_count = WAX_COUNT(tools_output_letters);

static const char escape_letters[] = "\\0aenrtv";

static bool is_known(const char *letters, char letter)
{
    return letter != '\0' && strchr(letters, letter) != NULL;
}

static bool is_field(char letter)
{
    for (size_t i = 0; i < WAX_COUNT(tools_output_letters); i++) {
        if (tools_output_letters[i].letter == letter) {
            return true;
        }
    }
    return false;
}

bool tools_output_check(const struct settings *settings)
{
    const char *at = settings->format;

    while (at != NULL && *at != '\0') {
        const char *start = at;
        struct field field;
        bool is_good = true;

        if (*at == '%') {
            at = read_field(at + 1, &field);
            is_good = is_field(*at);
        } else if (*at == '@') {
            is_good = *++at != '\0';
        } else if (*at == '\\') {
            is_good = is_known(escape_letters, *++at);
        }
        if (!is_good) {
            return tools_complain(settings,
                                  "-F: '%.*s' is nothing that can be shown; see `wax %s --help`",
                                  (int)(at - start) + (*at != '\0' ? 1 : 0), start, settings->name);
        }
        at++;
    }
    return true;
}

static void show_escape(char letter)
{
    static const char meanings[] = "\\\0\a\033\n\r\t\v";
    const char *found = letter == '\0' ? NULL : strchr(escape_letters, letter);

    if (found != NULL) {
        (void)putchar(meanings[found - escape_letters]);
    }
}

static void show_moment(const struct timespec *at, char letter)
{
    const char format[] = {'%', letter, '\0'};

    if (letter == '@') {
        (void)putchar('@');
    } else if (letter == 'N') {
        (void)printf("%09ld", at->tv_nsec);
    } else {
        show_time(&(struct field){.precision = -1}, at, format);
    }
}

static void show_format(const struct settings *settings, const struct arrival *arrival)
{
    for (const char *at = settings->format; *at != '\0'; at++) {
        struct field field;

        if (*at == '%') {
            at = read_field(at + 1, &field);
            show_field(settings, arrival, &field, *at);
        } else if (*at == '@') {
            show_moment(&arrival->at, *++at);
        } else if (*at == '\\') {
            show_escape(*++at);
        } else {
            (void)putchar(*at);
        }
    }
    if (!settings->no_line_end) {
        (void)putchar('\n');
    }
}

bool tools_output_show(const struct settings *settings, const struct arrival *arrival)
{
    const wax_publish *publish = &arrival->publish;
    const char *end = settings->no_line_end ? "" : "\n";

    if (settings->format != NULL) {
        show_format(settings, arrival);
    } else if (settings->is_verbose && (publish->payload.size > 0 || !settings->no_line_end)) {
        show_all(publish->topic);
        (void)putchar(' ');
        if (publish->payload.size > 0) {
            show_all(publish->payload);
        } else {
            (void)fputs("(null)", stdout);
        }
        (void)fputs(end, stdout);
    } else if (publish->payload.size > 0) {
        show_all(publish->payload);
        (void)fputs(end, stdout);
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        return tools_complain(settings, "the standard output takes no more: %s", strerror(errno));
    }
    return true;
}
