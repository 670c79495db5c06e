/* Problems that other rooms find in files, brought home to the line that has to be mended. */
#include <stdlib.h>
#include <string.h>

#include "broker/config.h"
#include "broker/options.h"

static bool is_edge(char letter)
{
    return letter == '\0' || strchr(" :;,()'\"\n", letter);
}

/* Whether the text has that name or path in it, not as a part of a longer one. */
static bool speaks_of(const char *text, const char *words)
{
    size_t size = strlen(words);
    for (const char *at = strstr(text, words); at && size > 0; at = strstr(at + 1, words)) {
        if ((at == text || is_edge(at[-1])) && is_edge(at[size])) {
            return true;
        }
    }
    return false;
}

/* Whether a problem is about the file or one of the files that this option names. */
static bool names_file(const wax_option *option, const wax_config_block *block, const char *text)
{
    const void *field = (const uint8_t *)block->object + option->offset;
    const char *value = option->type == WAX_OPTION_FILE || option->type == WAX_OPTION_HOSTS
                            ? *(char *const *)field
                            : NULL;
    if (!value || option->type == WAX_OPTION_FILE) {
        return value && speaks_of(text, value);
    }
    wax_config_host hosts[WAX_CONFIG_HOSTS_MAX];
    size_t count;
    bool found = false;
    char *copy = wax_config_split_hosts(value, hosts, &count);
    for (size_t i = 0; i < count && !found; i++) {
        found = speaks_of(text, hosts[i].certfile) || speaks_of(text, hosts[i].keyfile) ||
                speaks_of(text, hosts[i].name);
    }
    free(copy);
    return found;
}

/* TLS calls an option of a bridge by the name that it has for a listener. */
static bool begins_with(const wax_option *option, const wax_config_block *block, const char *text)
{
    static const char prefix[] = "bridge_";
    bool is_bridge = strncmp(option->name, prefix, sizeof prefix - 1) == 0;
    const char *name = option->name + (is_bridge ? sizeof prefix - 1 : 0);
    size_t size = strlen(name);
    (void)block;
    return strncmp(text, name, size) == 0 && is_edge(text[size]);
}

static bool is_named_with_file(const wax_option *option, const wax_config_block *block,
                               const char *text)
{
    return begins_with(option, block, text) && names_file(option, block, text);
}

/* The first option of the block that is written and passes the test. */
static const wax_option *find(const wax_config_block *block, const char *text,
                              bool (*test)(const wax_option *, const wax_config_block *,
                                           const char *))
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (!option->alias_of && block->places[i].line > 0 && test(option, block, text)) {
            return option;
        }
    }
    return NULL;
}

/* The line of the option that a text speaks of; of the certificate or the block, if of none. */
static wax_config_place place_of(const wax_config_block *block, const char *text)
{
    const wax_option *option = find(block, text, is_named_with_file);
    option = option ? option : find(block, text, names_file);
    option = option ? option : find(block, text, begins_with);
    if (option) {
        return block->places[wax_option_number(option)];
    }
    wax_config_place place =
        block->places[wax_option_number(wax_option_find(WAX_TEXT("certfile")))];
    return place.line > 0 ? place : block->place;
}

/* A second error in one line mostly follows from the first. */
static bool is_said(const wax_config_report *report, size_t number, bool was_placed)
{
    const wax_config_problem *problem = &report->problems[number];
    for (size_t i = 0; i < number; i++) {
        const wax_config_problem *other = &report->problems[i];
        bool same_file = problem->file && other->file && strcmp(problem->file, other->file) == 0;
        bool same_line = same_file && problem->line == other->line;
        bool same_text = problem->text && other->text && strcmp(problem->text, other->text) == 0;
        bool follows = was_placed && problem->severity <= other->severity &&
                       other->severity == WAX_CONFIG_ERROR;
        if (same_line && (same_text || follows)) {
            return true;
        }
    }
    return false;
}

static void take_out(wax_config_report *report, size_t number)
{
    report->error_count -= report->problems[number].severity == WAX_CONFIG_ERROR;
    free(report->problems[number].file);
    free(report->problems[number].text);
    report->count--;
    memmove(&report->problems[number], &report->problems[number + 1],
            (report->count - number) * sizeof report->problems[0]);
}

void wax_config_report_place(wax_config_report *report, size_t from, const wax_config *config,
                             const wax_config_block *block)
{
    size_t i = from;
    while (i < report->count) {
        wax_config_problem *problem = &report->problems[i];
        bool is_placed = !problem->file && problem->text && block->places;
        if (is_placed) {
            wax_config_place place = place_of(block, problem->text);
            const char *file = wax_config_file_of(config, place);
            problem->file = file ? strdup(file) : NULL;
            problem->line = place.line;
        }
        if (is_said(report, i, is_placed)) {
            take_out(report, i);
        } else {
            i++;
        }
    }
}
