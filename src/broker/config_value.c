/* Values of options, read. */
#include "broker/config_value.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE_MAX = 4095, TEXTS_SIZE_MAX = 65536 };

static bool is_space(uint8_t letter)
{
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

wax_bytes wax_config_trim(wax_bytes text)
{
    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    while (text.size > 0 && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}

wax_bytes wax_config_word(wax_bytes *text)
{
    wax_bytes all = wax_config_trim(*text);
    wax_bytes word = {all.data, 0};
    while (word.size < all.size && !is_space(all.data[word.size])) {
        word.size++;
    }
    *text = wax_config_trim(wax_bytes_of(all.data + word.size, all.size - word.size));
    return word;
}

wax_config_shown wax_config_show(wax_bytes text)
{
    wax_config_shown shown = {{0}};
    size_t room = sizeof shown.text - 4;
    bool readable = wax_utf8_is_valid(text);
    size_t size = 0;
    while (size < text.size && size < room) {
        uint8_t letter = text.data[size];
        bool plain = letter >= ' ' && letter != 0x7f && (letter < 0x80 || readable);
        shown.text[size++] = (char)(plain ? letter : '?');
    }
    if (size < text.size) {
        /* A character of several bytes is left out whole. */
        while (readable && size > 0 && (text.data[size] & 0xc0) == 0x80) {
            size--;
        }
        memcpy(shown.text + size, "...", 4);
    }
    return shown;
}

static bool refuse(const wax_config_spot *spot, wax_bytes word, const char *wanted)
{
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                          "%s is \"%s\"; it must be %s", spot->option->name,
                          wax_config_show(word).text, wanted);
    return false;
}

static wax_bytes first_word(wax_bytes text)
{
    return wax_config_word(&text);
}

/* After a value of one word, only a comment may follow; Mosquitto reads over everything else. */
static void judge_rest(const wax_config_spot *spot, wax_bytes text)
{
    wax_bytes rest = text;
    wax_bytes word = wax_config_word(&rest);
    if (rest.size > 0 && rest.data[0] != '#') {
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "what stands after \"%s\" has no effect; put # before it",
                              wax_config_show(word).text);
    }
}

static bool digit_value(uint8_t letter, unsigned base, int64_t *value)
{
    unsigned digit = 16;
    if (letter >= '0' && letter <= '9') {
        digit = letter - (unsigned)'0';
    } else if ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'f') {
        digit = (letter | 0x20U) - (unsigned)'a' + 10;
    }
    if (digit >= base || *value > INT64_MAX / 32) {
        return false;
    }
    *value = *value * (int64_t)base + (int64_t)digit;
    return true;
}

bool wax_value_number(const wax_config_spot *spot, wax_bytes word, int64_t *number)
{
    wax_bytes digits = word;
    bool negative = digits.size > 0 && digits.data[0] == '-';
    if (negative) {
        digits = wax_bytes_of(digits.data + 1, digits.size - 1);
    }
    bool zero_first = digits.size > 1 && digits.data[0] == '0';
    bool hex = zero_first && digits.size > 2 && (digits.data[1] | 0x20) == 'x';
    if (hex) {
        digits = wax_bytes_of(digits.data + 2, digits.size - 2);
    }
    *number = 0;
    bool taken = digits.size > 0;
    for (size_t i = 0; taken && i < digits.size; i++) {
        taken = digit_value(digits.data[i], hex ? 16 : 10, number);
    }
    if (!taken) {
        return refuse(spot, word, "a number in decimal or 0x form");
    }
    if (zero_first && !hex) {
        return refuse(spot, word, "without the leading 0, which some read as octal and some not");
    }
    *number = negative ? -*number : *number;
    return true;
}

static void *field_of(const wax_option *option, void *object)
{
    return (uint8_t *)object + option->offset;
}

static bool read_bool(const wax_config_spot *spot, void *object, wax_bytes text)
{
    wax_bytes word = first_word(text);
    bool yes = wax_bytes_equal(word, WAX_TEXT("true")) || wax_bytes_equal(word, WAX_TEXT("1"));
    bool no = wax_bytes_equal(word, WAX_TEXT("false")) || wax_bytes_equal(word, WAX_TEXT("0"));
    if (!yes && !no) {
        return refuse(spot, word, "true or false, in small letters");
    }
    *(bool *)field_of(spot->option, object) = yes;
    judge_rest(spot, text);
    return true;
}

/* A number within the bounds of the row. */
static bool read_in_range(const wax_config_spot *spot, wax_bytes word, int64_t *number)
{
    const wax_option *option = spot->option;
    if (!wax_value_number(spot, word, number)) {
        return false;
    }
    if (*number < option->least || *number > option->most) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "%s is %s; it must be %lld to %lld%s%s", option->name,
                              wax_config_show(word).text, (long long)option->least,
                              (long long)option->most, option->unit ? " " : "",
                              option->unit ? option->unit : "");
        return false;
    }
    return true;
}

static bool read_number(const wax_config_spot *spot, void *object, wax_bytes text)
{
    const wax_option *option = spot->option;
    wax_bytes word = first_word(text);
    int64_t number = 0;
    if (!read_in_range(spot, word, &number)) {
        return false;
    }
    judge_rest(spot, text);
    if (option->type == WAX_OPTION_SIZE) {
        bool unlimited = number == 0;
        *(uint64_t *)field_of(option, object) =
            unlimited ? WAX_CONFIG_NO_SIZE_LIMIT : (uint64_t)number;
    } else {
        bool unlimited = option->type == WAX_OPTION_LIMIT && number == option->least;
        *(uint32_t *)field_of(option, object) = unlimited ? WAX_CONFIG_NO_LIMIT : (uint32_t)number;
    }
    return true;
}

/* Up to three numbers on a line; a comment may follow. */
static bool read_numbers(const wax_config_spot *spot, void *object, wax_bytes text)
{
    uint32_t *field = field_of(spot->option, object);
    uint32_t numbers[3] = {0, 0, 0};
    for (size_t i = 0; text.size > 0 && text.data[0] != '#'; i++) {
        int64_t number = 0;
        if (i == WAX_COUNT(numbers)) {
            return refuse(spot, text, "three numbers at most");
        }
        if (!read_in_range(spot, wax_config_word(&text), &number)) {
            return false;
        }
        numbers[i] = (uint32_t)number;
    }
    memcpy(field, numbers, sizeof numbers);
    return true;
}

static int64_t unit_seconds(uint8_t letter)
{
    static const struct {
        uint8_t letter;
        int64_t seconds;
    } units[] = {
        {'s', 1       },
        {'h', 3600    },
        {'d', 86400   },
        {'w', 604800  },
        {'m', 2592000 },
        {'y', 31536000}
    };
    for (size_t i = 0; i < WAX_COUNT(units); i++) {
        if (units[i].letter == letter) {
            return units[i].seconds;
        }
    }
    return 0;
}

static bool read_duration(const wax_config_spot *spot, void *object, wax_bytes text)
{
    static const char wanted[] = "a number and s, h, d, w, m (months) or y, for instance 14d, or "
                                 "`never`";
    uint32_t *field = field_of(spot->option, object);
    wax_bytes word = first_word(text);
    if (wax_bytes_equal(word, WAX_TEXT("never")) || wax_bytes_equal(word, WAX_TEXT("0"))) {
        *field = UINT32_MAX;
        judge_rest(spot, text);
        return true;
    }
    int64_t unit = unit_seconds(word.data[word.size - 1]);
    int64_t number = 0;
    if (unit == 0) {
        return refuse(spot, word, wanted);
    }
    if (!wax_value_number(spot, wax_bytes_of(word.data, word.size - 1), &number)) {
        return false;
    }
    if (number < 1 || number >= (int64_t)UINT32_MAX / unit) {
        return refuse(spot, word, "between 1s and 100y, or `never`");
    }
    *field = (uint32_t)(number * unit);
    judge_rest(spot, text);
    return true;
}

/* Which of a row's words this is. */
struct choice {
    uint32_t number;
    uint8_t mark; /* ' ' is a plain one, 0 none at all, '=' takes the rest of the line */
};

static struct choice find_word(const wax_option *option, wax_bytes word)
{
    wax_bytes left = wax_bytes_of_text(option->words);
    uint32_t number = 0;
    while (left.size > 0) {
        wax_bytes known = wax_config_word(&left);
        uint8_t mark = ' ';
        if (strchr("!~-+", known.data[0])) {
            mark = known.data[0];
            known = wax_bytes_of(known.data + 1, known.size - 1);
        } else if (known.data[known.size - 1] == '=') {
            mark = '=';
            known.size--;
        }
        if (wax_bytes_equal(known, word)) {
            return (struct choice){number, mark};
        }
        number += mark == ' ' || mark == '=';
    }
    return (struct choice){number, 0};
}

/* Says which words there are. */
static bool refuse_word(const wax_config_spot *spot, wax_bytes word)
{
    char wanted[256] = {0};
    wax_writer out = wax_writer_over(wanted, sizeof wanted - 1);
    wax_bytes left = wax_bytes_of_text(spot->option->words);
    wax_write_bytes(&out, WAX_TEXT("one of:"));
    while (left.size > 0) {
        wax_bytes known = wax_config_word(&left);
        if (strchr("!~", known.data[0])) {
            continue;
        }
        size_t mark = strchr("-+", known.data[0]) != NULL;
        size_t end = known.data[known.size - 1] == '=';
        wax_write_bytes(&out, WAX_TEXT(" "));
        wax_write_bytes(&out, wax_bytes_of(known.data + mark, known.size - mark - end));
    }
    return refuse(spot, word, wanted);
}

/* A word that is known and has no effect here, or is refused. Returns whether reading goes on. */
static bool judge_word(const wax_config_spot *spot, wax_bytes word, struct choice choice)
{
    if (choice.mark == 0) {
        return refuse_word(spot, word);
    }
    if (choice.mark == '!' || choice.mark == '~') {
        bool refused = choice.mark == '!';
        wax_config_report_add(spot->report, refused ? WAX_CONFIG_ERROR : WAX_CONFIG_WARNING,
                              spot->file, spot->line, "%s %s%s: %s", spot->option->name,
                              wax_config_show(word).text, refused ? "" : " has no effect",
                              spot->option->note);
        return !refused;
    }
    return true;
}

static bool read_word(const wax_config_spot *spot, void *object, wax_bytes text)
{
    wax_bytes word = first_word(text);
    struct choice choice = find_word(spot->option, word);
    if (!judge_word(spot, word, choice)) {
        return false;
    }
    if (choice.mark == ' ') {
        *(uint32_t *)field_of(spot->option, object) = choice.number;
    }
    judge_rest(spot, text);
    return true;
}

char *wax_config_copy(wax_bytes text)
{
    char *copy = malloc(text.size + 1);

    if (copy != NULL) {
        memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';
    }
    return copy;
}

static bool store_text(const wax_config_spot *spot, char **field, wax_bytes text)
{
    char *copy = wax_config_copy(text);
    if (!copy) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "there is no memory left for %s", spot->option->name);
        return false;
    }
    free(*field);
    *field = copy;
    return true;
}

static bool judge_text(const wax_config_spot *spot, wax_bytes text, int64_t size_max)
{
    if (text.size > (uint64_t)size_max) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "%s has %zu bytes; it may have up to %lld", spot->option->name,
                              text.size, (long long)size_max);
        return false;
    }
    if (!wax_utf8_is_valid(text)) {
        wax_bytes shown = spot->option->is_secret ? WAX_TEXT("...") : text;
        return refuse(spot, shown, "UTF-8; save the file in that encoding");
    }
    for (size_t i = 1; i < text.size; i++) {
        if (text.data[i] == '#' && is_space(text.data[i - 1])) {
            wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                                  "%s goes on to the end of the line: what looks like a comment "
                                  "is part of its value",
                                  spot->option->name);
            break;
        }
    }
    return true;
}

static bool read_text(const wax_config_spot *spot, void *object, wax_bytes text)
{
    char **field = field_of(spot->option, object);
    return judge_text(spot, text, spot->option->most) && store_text(spot, field, text);
}

/* Adds a line to those that are there. */
static bool read_more_text(const wax_config_spot *spot, void *object, wax_bytes text, bool again)
{
    char **field = field_of(spot->option, object);
    wax_bytes before = again ? wax_bytes_of_text(*field) : wax_bytes_of(NULL, 0);
    size_t size = before.size + (before.size > 0) + text.size;
    char *joined = NULL;
    wax_writer out;
    bool stored;
    if (!judge_text(spot, text, spot->option->most)) {
        return false;
    }
    if (size > TEXTS_SIZE_MAX) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "the lines of %s have more than %d bytes together",
                              spot->option->name, (int)TEXTS_SIZE_MAX);
        return false;
    }
    joined = malloc(size);
    out = wax_writer_over(joined, joined ? size : 0);
    wax_write_bytes(&out, before);
    wax_write_bytes(&out, before.size > 0 ? WAX_TEXT("\n") : WAX_TEXT(""));
    wax_write_bytes(&out, text);
    stored = out.status == WAX_OK && store_text(spot, field, wax_writer_bytes(&out));
    free(joined);
    return stored;
}

/* Puts one word of a SET or LIST into `bits`. */
static bool add_word(const wax_config_spot *spot, wax_bytes word, uint32_t *bits)
{
    struct choice choice = find_word(spot->option, word);
    if (!judge_word(spot, word, choice)) {
        return false;
    }
    if (choice.mark == ' ') {
        *bits |= 1U << choice.number;
    } else if (choice.mark == '+') {
        *bits |= (1U << choice.number) - 1;
    } else if (choice.mark == '-') {
        *bits = 0;
    }
    return true;
}

/* The word of a SET that takes the rest of the line, as `file` of log_dest does. */
static bool read_rest(const wax_config_spot *spot, void *object, wax_bytes rest)
{
    char **second = (void *)((uint8_t *)object + spot->option->second);
    if (rest.size == 0) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "%s file needs the path of the file after it", spot->option->name);
        return false;
    }
    return judge_text(spot, rest, TEXT_SIZE_MAX) && store_text(spot, second, rest);
}

/* Puts every word of a list with commas into `bits`. */
static bool read_words(const wax_config_spot *spot, wax_bytes words, uint32_t *bits)
{
    while (words.size > 0) {
        const uint8_t *comma = memchr(words.data, ',', words.size);
        size_t size = comma ? (size_t)(comma - words.data) : words.size;
        size_t past = comma ? size + 1 : size;
        if (!add_word(spot, wax_bytes_of(words.data, size), bits)) {
            return false;
        }
        words = wax_bytes_of(words.data + past, words.size - past);
    }
    return true;
}

static bool read_set(const wax_config_spot *spot, void *object, wax_bytes text, bool again)
{
    uint32_t *field = field_of(spot->option, object);
    wax_bytes rest = text;
    struct choice first = find_word(spot->option, wax_config_word(&rest));
    uint32_t bits = again ? *field : 0;
    if (first.mark == '=') {
        bits |= 1U << first.number;
        if (!read_rest(spot, object, rest)) {
            return false;
        }
    } else if (!read_words(spot, first_word(text), &bits)) {
        return false;
    } else {
        judge_rest(spot, text);
    }
    /* A word without effect must not take the place of the default. */
    *field = first.mark == '~' && bits == 0 ? *field : bits;
    return true;
}

bool wax_value_read(const wax_config_spot *spot, void *object, wax_bytes text, bool again)
{
    switch (spot->option->type) {
    case WAX_OPTION_BOOL:
        return read_bool(spot, object, text);
    case WAX_OPTION_NUMBER:
    case WAX_OPTION_LIMIT:
    case WAX_OPTION_SIZE:
        return read_number(spot, object, text);
    case WAX_OPTION_DURATION:
        return read_duration(spot, object, text);
    case WAX_OPTION_WORD:
        return read_word(spot, object, text);
    case WAX_OPTION_SET:
        return read_set(spot, object, text, again);
    case WAX_OPTION_LIST:
        return read_set(spot, object, text, false);
    case WAX_OPTION_TEXT:
    case WAX_OPTION_FILE:
        return read_text(spot, object, text);
    case WAX_OPTION_NUMBERS:
        return read_numbers(spot, object, text);
    case WAX_OPTION_TEXTS:
        return read_more_text(spot, object, text, again);
    case WAX_OPTION_HOSTS:
    case WAX_OPTION_ADDRESS:
    case WAX_OPTION_TOPIC:
    case WAX_OPTION_LISTENER:
    case WAX_OPTION_BRIDGE:
    case WAX_OPTION_INCLUDE:
    case WAX_OPTION_PLUGIN:
    case WAX_OPTION_NOTHING:
        break;
    }
    return true;
}
