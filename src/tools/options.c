/* Reading and explaining the options of pub, sub, rr, doctor, bench, proxy, gateway and update. */
#include "tools/options.h"
#include "os/os.h"
#include "tools/option_table.h"
#include "tools/spelling.h"
#include "tools/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define UPDATE_DEFAULTS {.prefix = "wax", .chunk_size = 4096, .halt_after = 1, .settle_ms = 2000, .tries = 3, .slot_size = 1024 * 1024, .sector_size = 4096}
/* clang-format on */

enum {
    OPTIONS_FILE_MAX = 1024 * 1024,
    PATH_SIZE = 4096,
    LINE_WORDS = 5, /* an option and what -D takes at most */
};

/* The words that are still to be read, and where they come from. */
struct words {
    char **items;
    size_t count;
    bool is_blotted; /* they stand in the list of processes */
};

static const struct option_row *find_row(enum tool tool, const char *word)
{
    for (size_t i = 0; i < tools_option_count; i++) {
        const struct option_row *row = &tools_options[i];

        if ((row->tools & tool) != 0 && ((row->letter != NULL && strcmp(row->letter, word) == 0) ||
                                         (row->name != NULL && strcmp(row->name, word) == 0))) {
            return row;
        }
    }
    return NULL;
}

static bool take_number(struct settings *settings, const struct option_row *row, const char *option,
                        const char *value)
{
    char *end = NULL;
    unsigned long long number;

    wax_assert(value != NULL); /* the row says that it has one */
    number = strtoull(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end != '\0' || number < row->least ||
        number > row->most) {
        return tools_complain(settings, "%s %s: write a number from %u to %u", option, value,
                              row->least, row->most);
    }
    memcpy((uint8_t *)settings + row->place, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
    return true;
}

static bool take_text(struct settings *settings, const struct option_row *row, const char *option,
                      char *value)
{
    struct texts *texts = (void *)((uint8_t *)settings + row->place);

    if (row->kind == OPTION_TEXT) {
        memcpy((uint8_t *)settings + row->place, &(const char *){value}, sizeof value);
        return true;
    }
    if (texts->count == FILTERS_MAX) {
        return tools_complain(settings, "%s may be given %d times", option, FILTERS_MAX);
    }
    texts->items[texts->count++] = value;
    return true;
}

/* Copies a secret and blots it out where `ps` shows it. */
static bool take_secret(struct settings *settings, const struct option_row *row, char *value,
                        bool is_blotted)
{
    char **place = (void *)((uint8_t *)settings + row->place);

    wax_assert(value != NULL);
    if (*place != NULL) {
        wax_wipe(*place, strlen(*place));
        free(*place);
    }
    *place = strdup(value);
    if (*place == NULL) {
        return tools_complain(settings, "there is not enough memory");
    }
    if (is_blotted) {
        memset(value, 'x', strlen(value));
    }
    return true;
}

/* Takes a URL, and blots out the login in it where `ps` shows it. */
static bool take_url(struct settings *settings, const struct option_row *row, char *value,
                     bool is_blotted)
{
    bool is_taken;
    char *at;
    char *end;

    wax_assert(value != NULL); /* the row says that it has one */
    is_taken = row->take(settings, value);
    at = is_blotted ? strstr(value, "://") : NULL;
    end = at == NULL ? NULL : strrchr(at, '@');
    if (end != NULL) {
        memset(at + 3, 'x', (size_t)(end - at - 3));
    }
    return is_taken;
}

static bool take_value(struct settings *settings, const struct option_row *row,
                       const struct words *words)
{
    const char *option = words->items[0];
    char *value = row->word == NULL ? NULL : words->items[1];

    switch (row->kind) {
    case OPTION_FLAG:
        memcpy((uint8_t *)settings + row->place, &(bool){true}, sizeof(bool));
        return true;
    case OPTION_SECRET:
        return take_secret(settings, row, value, words->is_blotted);
    case OPTION_NUMBER:
        return take_number(settings, row, option, value);
    case OPTION_TAKEN:
        return row->take(settings, value);
    case OPTION_URL:
        return take_url(settings, row, value, words->is_blotted);
    case OPTION_LATER:
        return tools_complain(settings, "%s is not in this version of Wax", option);
    case OPTION_REFUSED:
        return tools_complain(settings, "%s is not taken: %s", option, row->text);
    default:
        return take_text(settings, row, option, value);
    }
}

/* Says what is wrong with a word that is no option, and what may have been meant. */
static void complain_of(const struct settings *settings, const char *word)
{
    const char *nearest = "";
    size_t distance = strlen(word);

    if (word[0] != '-') {
        (void)tools_complain(settings,
                             "'%s' stands alone: each value follows its option, as in "
                             "-t TOPIC; see `wax %s --help`",
                             word, settings->name);
        return;
    }
    for (size_t i = 0; i < tools_option_count; i++) {
        const struct option_row *row = &tools_options[i];
        bool is_ours = (row->tools & settings->tool) != 0 && row->name != NULL;
        size_t steps = is_ours ? tools_spelling_distance(word, row->name) : distance;

        if (steps < distance) {
            distance = steps;
            nearest = row->name;
        }
    }
    if (distance <= 2 && strlen(word) > 3) {
        (void)tools_complain(settings, "there is no option %s; did you mean %s?", word, nearest);
    } else {
        (void)tools_complain(settings, "there is no option %s; see `wax %s --help`", word,
                             settings->name);
    }
}

/* Takes the option at the front. Returns how many words it has, 0 if it is wrong. */
static size_t take_option(struct settings *settings, const struct words *words)
{
    const struct option_row *row = find_row(settings->tool, words->items[0]);
    size_t taken;

    if (row == NULL && settings->tool == TOOL_BENCH && words->items[0][0] != '-' &&
        settings->bench.words.count < FILTERS_MAX) {
        settings->bench.words.items[settings->bench.words.count++] = words->items[0];
        return 1;
    }
    if (row == NULL && settings->tool == TOOL_AUTHORITY && words->items[0][0] != '-' &&
        settings->folder == NULL) {
        settings->folder = words->items[0];
        return 1;
    }
    if (row == NULL && settings->tool == TOOL_UPDATE && words->items[0][0] != '-' &&
        settings->update.words.count < FILTERS_MAX) {
        settings->update.words.items[settings->update.words.count++] = words->items[0];
        return 1;
    }
    if (row == NULL) {
        complain_of(settings, words->items[0]);
        return 0;
    }
    if (row->word != NULL && words->count < 2) {
        (void)tools_complain(settings, "%s needs %s behind it", words->items[0], row->word);
        return 0;
    }
    if (row->kind == OPTION_PROPERTY) {
        taken = tools_settings_take_property(settings, words->items + 1, words->count - 1);
        return taken == 0 ? 0 : taken + 1;
    }
    if (!take_value(settings, row, words)) {
        return 0;
    }
    return row->word != NULL ? 2 : 1;
}

/* Ends the word that begins at `at`; returns what stands behind it and the blanks. */
static char *cut_word(char *at)
{
    at += strcspn(at, " \t");
    if (*at != '\0') {
        *at++ = '\0';
        at += strspn(at, " \t");
    }
    return at;
}

/* A value is the rest of its line, blanks and all; only -D takes several. */
static size_t split_line(const struct settings *settings, char *line, char *words[LINE_WORDS])
{
    const struct option_row *row;
    char *rest = cut_word(line);
    size_t count = 1;
    size_t most = 2;

    words[0] = line;
    row = find_row(settings->tool, line);
    if (row != NULL && row->kind == OPTION_PROPERTY) {
        most = strstr(rest, "user-property") != NULL ? 5 : 4;
    }
    while (count < most && *rest != '\0') {
        words[count++] = rest;
        if (count < most) {
            rest = cut_word(rest);
        }
    }
    return count;
}

static bool take_line(struct settings *settings, char *line, const char *path, unsigned number)
{
    char *words[LINE_WORDS];
    size_t count;

    line += strspn(line, " \t");
    line[strcspn(line, "\r")] = '\0';
    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    count = split_line(settings, line, words);
    if (take_option(settings, &(struct words){words, count, false}) != count) {
        return tools_complain(settings, "%s, line %u: not taken", path, number);
    }
    return true;
}

static bool take_file(struct settings *settings, const char *path)
{
    char fault[512];
    unsigned number = 0;
    char *at;

    if (wax_file_read(path, OPTIONS_FILE_MAX, &settings->options_text, fault, sizeof fault) !=
        WAX_OK) {
        return tools_complain(settings, "%s", fault);
    }
    /* The words of the options point into the text, which is ours to cut. */
    at = malloc(settings->options_text.size + 1);
    if (at == NULL) {
        return tools_complain(settings, "there is not enough memory");
    }
    memcpy(at, settings->options_text.data, settings->options_text.size);
    at[settings->options_text.size] = '\0';
    wax_wipe((uint8_t *)(uintptr_t)settings->options_text.data, settings->options_text.size);
    wax_file_free(&settings->options_text);
    settings->options_text = wax_bytes_of(at, strlen(at));
    while (at != NULL) {
        char *end = strchr(at, '\n');

        if (end != NULL) {
            *end++ = '\0';
        }
        if (!take_line(settings, at, path, ++number)) {
            return false;
        }
        at = end;
    }
    return true;
}

/* The file that -o names, or the one in the user's folder: ours, or else Mosquitto's. */
static bool find_file(const struct settings *settings, const struct words *words, char *path)
{
    static const char *const owners[] = {"wax", "mosquitto"};
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    for (size_t i = 0; i + 1 < words->count; i++) {
        if (strcmp(words->items[i], "-o") == 0 || strcmp(words->items[i], "--config") == 0) {
            (void)snprintf(path, PATH_SIZE, "%s", words->items[i + 1]);
            return true;
        }
    }
    for (size_t i = 0; i < WAX_COUNT(owners) && settings->tool != TOOL_DOCTOR; i++) {
        FILE *file = NULL;

        if (folder != NULL && folder[0] != '\0') {
            (void)snprintf(path, PATH_SIZE, "%s/%s_%s", folder, owners[i], settings->name);
        } else if (home != NULL) {
            (void)snprintf(path, PATH_SIZE, "%s/.config/%s_%s", home, owners[i], settings->name);
        } else {
            return false;
        }
        file = fopen(path, "re");
        if (file != NULL) {
            (void)fclose(file);
            return true;
        }
    }
    return false;
}

static bool read_all(struct settings *settings, int argc, char **argv)
{
    struct words words = {argv + 1, (size_t)argc - 1, true};
    char path[PATH_SIZE];

    if (find_file(settings, &words, path) && !take_file(settings, path)) {
        return false;
    }
    while (words.count > 0) {
        size_t taken = take_option(settings, &words);

        if (taken == 0) {
            return false;
        }
        words.items += taken;
        words.count -= taken;
    }
    return true;
}

static const char *name_of(enum tool tool)
{
    static const struct {
        enum tool tool;
        const char *name;
    } rows[] = {
        {TOOL_PUB,       "pub"      },
        {TOOL_SUB,       "sub"      },
        {TOOL_RR,        "rr"       },
        {TOOL_DOCTOR,    "doctor"   },
        {TOOL_BENCH,     "bench"    },
        {TOOL_PROXY,     "proxy"    },
        {TOOL_AUTHORITY, "authority"},
        {TOOL_UPDATE,    "update"   },
        {TOOL_GATEWAY,   "gateway"  },
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].tool == tool) {
            return rows[i].name;
        }
    }
    return "";
}

bool tools_options_begin(struct settings *settings, enum tool tool, int argc, char **argv,
                         int *code)
{
    *settings = (struct settings){
        .tool = tool,
        .name = name_of(tool),
        .keep_alive_s = 60,
        .qos = tool == TOOL_DOCTOR ? 1 : 0,
        .inflight = 20,
        .repeat_count = 1,
        .random_part = 10000,
        .bench.warm_ms = 500,
        .update = UPDATE_DEFAULTS,
        .gateway = {.advertise_s = 900,
                    .baud = 115200,
                    .devices_max = 256,
                    .id = 1,
                    .retry_s = 10,
                    .retries = 4},
    };
    *code = EXIT_WRONG;
    if (!read_all(settings, argc, argv)) {
        return false;
    }
    if (settings->wants_help || settings->wants_manual || settings->wants_table ||
        settings->wants_version) {
        *code = EXIT_GOOD;
        tools_usage(settings);
        return false;
    }
    return tools_settings_finish(settings);
}
