/* Fields of a configuration, walked by the table: defaults, copies, comparison, printing. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_bridge_lines.h"

static void *field_of(const wax_option *option, void *object)
{
    return (uint8_t *)object + option->offset;
}

static const void *value_of(const wax_option *option, const void *object)
{
    return (const uint8_t *)object + option->offset;
}

static bool is_text(const wax_option *option)
{
    return option->type == WAX_OPTION_TEXT || option->type == WAX_OPTION_TEXTS ||
           option->type == WAX_OPTION_FILE || option->type == WAX_OPTION_HOSTS;
}

static char **second_of(const wax_option *option, void *object)
{
    return (void *)((uint8_t *)object + option->second);
}

bool wax_value_set_defaults(void *object, wax_option_scope scope)
{
    wax_config_report report = {0};
    wax_config_spot spot = {.report = &report};
    bool taken = true;
    for (size_t i = 0; i < wax_option_count && taken; i++) {
        spot.option = &wax_options[i];
        if (spot.option->scope == scope && !spot.option->alias_of && spot.option->fallback) {
            taken = wax_value_read(&spot, object, wax_bytes_of_text(spot.option->fallback), false);
        }
    }
    wax_config_report_free(&report);
    return taken;
}

bool wax_value_copy(const wax_option *option, void *to, const void *from)
{
    if (!is_text(option)) {
        memcpy(field_of(option, to), value_of(option, from), option->size);
        return true;
    }
    const char *source = *(char *const *)value_of(option, from);
    char *copy = source ? strdup(source) : NULL;
    if (source && !copy) {
        return false;
    }
    char **field = field_of(option, to);
    free(*field);
    *field = copy;
    return true;
}

static bool texts_equal(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

bool wax_value_equals(const wax_option *option, const void *one, const void *other)
{
    if (option->type == WAX_OPTION_ADDRESS) {
        return wax_bridge_addresses_equal(one, other);
    }
    if (option->type == WAX_OPTION_TOPIC) {
        return wax_bridge_topics_equal(one, other);
    }
    if (is_text(option)) {
        return texts_equal(*(char *const *)value_of(option, one),
                           *(char *const *)value_of(option, other));
    }
    return memcmp(value_of(option, one), value_of(option, other), option->size) == 0;
}

void wax_value_free(void *object, wax_option_scope scope)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->alias_of || option->scope != scope) {
            continue;
        }
        char **text = is_text(option) ? field_of(option, object) : NULL;
        if (option->second > 0) {
            text = second_of(option, object);
        }
        if (text && *text && option->is_secret) {
            wax_wipe(*text, strlen(*text));
        }
        if (text) {
            free(*text);
            *text = NULL;
        }
    }
}

static void print_duration(uint32_t seconds, FILE *out)
{
    if (seconds == UINT32_MAX) {
        (void)fputs("never", out);
    } else if (seconds % 86400 == 0) {
        (void)fprintf(out, "%" PRIu32 "d", seconds / 86400);
    } else if (seconds % 3600 == 0) {
        (void)fprintf(out, "%" PRIu32 "h", seconds / 3600);
    } else {
        (void)fprintf(out, "%" PRIu32 "s", seconds);
    }
}

/* Three numbers, the zeros at the end left out but for the first. */
static void print_numbers(const uint32_t *numbers, FILE *out)
{
    (void)fprintf(out, "%" PRIu32, numbers[0]);
    if (numbers[1] > 0 || numbers[2] > 0) {
        (void)fprintf(out, " %" PRIu32, numbers[1]);
    }
    if (numbers[2] > 0) {
        (void)fprintf(out, " %" PRIu32, numbers[2]);
    }
}

/* The word of that number, `=` included; empty when there are no more. */
static wax_bytes word_of(const wax_option *option, uint32_t number)
{
    wax_bytes left = wax_bytes_of_text(option->words);
    while (left.size > 0) {
        wax_bytes word = wax_config_word(&left);
        if (strchr("!~-+", word.data[0])) {
            continue;
        }
        if (number-- == 0) {
            return word;
        }
    }
    return wax_bytes_of(NULL, 0);
}

static bool takes_rest(wax_bytes word)
{
    return word.size > 0 && word.data[word.size - 1] == '=';
}

static void print_word(wax_bytes word, FILE *out)
{
    (void)fwrite(word.data, 1, word.size - takes_rest(word), out);
}

static void print_words(const wax_option *option, uint32_t bits, FILE *out)
{
    const char *before = "";
    if (bits == 0) {
        (void)fputs("none", out);
    }
    for (uint32_t i = 0; i < 32; i++) {
        if (bits >> i & 1U) {
            (void)fputs(before, out);
            print_word(word_of(option, i), out);
            before = ",";
        }
    }
}

void wax_value_print(const wax_option *option, const void *object, FILE *out)
{
    const void *value = value_of(option, object);
    switch (option->type) {
    case WAX_OPTION_BOOL:
        (void)fputs(*(const bool *)value ? "true" : "false", out);
        break;
    case WAX_OPTION_NUMBER:
        (void)fprintf(out, "%" PRIu32, *(const uint32_t *)value);
        break;
    case WAX_OPTION_LIMIT: {
        uint32_t limit = *(const uint32_t *)value;
        (void)fprintf(out, "%" PRId64, limit == WAX_CONFIG_NO_LIMIT ? option->least : limit);
        break;
    }
    case WAX_OPTION_SIZE: {
        uint64_t limit = *(const uint64_t *)value;
        (void)fprintf(out, "%" PRIu64, limit == WAX_CONFIG_NO_SIZE_LIMIT ? 0 : limit);
        break;
    }
    case WAX_OPTION_DURATION:
        print_duration(*(const uint32_t *)value, out);
        break;
    case WAX_OPTION_WORD:
        print_word(word_of(option, *(const uint32_t *)value), out);
        break;
    case WAX_OPTION_SET:
    case WAX_OPTION_LIST:
        print_words(option, *(const uint32_t *)value, out);
        break;
    case WAX_OPTION_TEXT:
    case WAX_OPTION_TEXTS:
    case WAX_OPTION_FILE:
    case WAX_OPTION_HOSTS: {
        const char *text = *(char *const *)value;
        (void)fputs(text ? text : "", out);
        break;
    }
    case WAX_OPTION_NUMBERS:
        print_numbers(value, out);
        break;
    case WAX_OPTION_ADDRESS:
    case WAX_OPTION_TOPIC:
    case WAX_OPTION_LISTENER:
    case WAX_OPTION_BRIDGE:
    case WAX_OPTION_INCLUDE:
    case WAX_OPTION_PLUGIN:
    case WAX_OPTION_NOTHING:
        break;
    }
}

/* Mosquitto takes one word a line. */
static void print_set_lines(const wax_option *option, const void *object, FILE *out)
{
    uint32_t bits = *(const uint32_t *)value_of(option, object);
    if (bits == 0) {
        (void)fprintf(out, "%s none\n", option->name);
    }
    for (uint32_t i = 0; i < 32; i++) {
        if ((bits >> i & 1U) == 0) {
            continue;
        }
        wax_bytes word = word_of(option, i);
        (void)fprintf(out, "%s ", option->name);
        print_word(word, out);
        if (takes_rest(word)) {
            const void *second = (const uint8_t *)object + option->second;
            (void)fprintf(out, " %s", *(char *const *)second);
        }
        (void)fputc('\n', out);
    }
}

static void print_text_lines(const wax_option *option, const void *object, FILE *out)
{
    const char *at = *(char *const *)value_of(option, object);
    while (at && *at) {
        size_t size = strcspn(at, "\n");
        (void)fprintf(out, "%s %.*s\n", option->name, (int)size, at);
        at += size + (at[size] == '\n');
    }
}

void wax_value_print_lines(const wax_option *option, const void *object, FILE *out)
{
    if (option->type == WAX_OPTION_SET) {
        print_set_lines(option, object, out);
        return;
    }
    if (option->type == WAX_OPTION_ADDRESS) {
        wax_bridge_print_addresses(object, out);
        return;
    }
    if (option->type == WAX_OPTION_TOPIC) {
        wax_bridge_print_topics(object, out);
        return;
    }
    if (option->type == WAX_OPTION_TEXTS || option->type == WAX_OPTION_HOSTS) {
        print_text_lines(option, object, out);
        return;
    }
    if (is_text(option) && !*(char *const *)value_of(option, object)) {
        return;
    }
    if (option->is_secret) {
        (void)fprintf(out, "# %s is set, and not shown\n", option->name);
        return;
    }
    (void)fprintf(out, "%s ", option->name);
    wax_value_print(option, object, out);
    (void)fputc('\n', out);
}
