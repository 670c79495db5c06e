/* Reading a configuration line by line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_bridge_lines.h"
#include "broker/config_draft.h"
#include "broker/config_files.h"
#include "broker/config_hosts.h"
#include "broker/config_plugin.h"
#include "broker/config_value.h"

/* A file that is being read. */
struct source {
    const char *name;
    uint32_t number;   /* in wax_config.files, from 1 */
    uint32_t line;     /* from 1 */
    size_t listener;   /* the one that options belong to, or NO_LISTENER for the default one */
    size_t bridge;     /* the same, or NO_BRIDGE */
    bool is_main;      /* include_dir is heard */
    bool told_of_tabs; /* once is enough */
};

#define NO_LISTENER SIZE_MAX
#define NO_BRIDGE   SIZE_MAX

/* Where a value goes. */
struct target {
    void *object;
    wax_config_place *places;
};

static void read_text(wax_config_draft *draft, struct source *source, wax_bytes text);

static struct target listener_target(wax_config_draft *draft, const struct source *source)
{
    wax_listener_config *listener = source->listener == NO_LISTENER
                                        ? &draft->leading
                                        : &draft->config->listeners[source->listener];
    return (struct target){listener, listener->places};
}

static struct target target_of(wax_config_draft *draft, const struct source *source,
                               wax_option_scope scope)
{
    wax_config *config = draft->config;
    struct target of_broker = {config, config->places};
    struct target of_all = {&config->shared, config->shared.places};
    struct target of_default = {&draft->leading, draft->leading.places};
    wax_bridge_config *bridge =
        source->bridge == NO_BRIDGE ? NULL : &config->bridges[source->bridge];
    switch (scope) {
    case WAX_SCOPE_LISTENER:
        return listener_target(draft, source);
    case WAX_SCOPE_SECURITY:
        return config->per_listener_settings ? listener_target(draft, source) : of_all;
    case WAX_SCOPE_DEFAULT:
        return of_default;
    case WAX_SCOPE_BRIDGE:
        return (struct target){bridge, bridge ? bridge->places : NULL};
    case WAX_SCOPE_GLOBAL:
    case WAX_SCOPE_NONE:
        break;
    }
    return of_broker;
}

/* Whether a second value is allowed. Texts are not: Mosquitto's users know that two lines with a
 * file are a mistake, mostly one from conf.d. */
static bool may_repeat(const wax_config_draft *draft, const wax_config_spot *spot,
                       wax_config_place before)
{
    bool is_text = spot->option->type == WAX_OPTION_TEXT || spot->option->type == WAX_OPTION_FILE;
    const char *file = wax_config_file_of(draft->config, before);
    bool adds_up = spot->option->type == WAX_OPTION_SET || spot->option->type == WAX_OPTION_TEXTS ||
                   spot->option->type == WAX_OPTION_HOSTS || wax_bridge_is_line(spot->option);
    if (before.line == 0 || adds_up) {
        return true;
    }
    wax_config_report_add(spot->report, is_text ? WAX_CONFIG_ERROR : WAX_CONFIG_WARNING, spot->file,
                          spot->line,
                          is_text ? "%s is already set at %s:%u; delete one of the two lines"
                                  : "%s was already set at %s:%u; this line replaces that one",
                          spot->option->name, file, (unsigned)before.line);
    return !is_text;
}

/* per_listener_settings decides to whom the lines after it belong, so it cannot come after them. */
static bool is_in_order(const wax_config_draft *draft, const wax_config_spot *spot)
{
    const wax_config *config = draft->config;
    if (strcmp(spot->option->name, "per_listener_settings") != 0) {
        return true;
    }
    for (size_t i = 0; i < wax_option_count; i++) {
        wax_config_place place = config->shared.places[i];
        if (wax_options[i].scope == WAX_SCOPE_SECURITY && place.line > 0) {
            wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                                  "per_listener_settings must stand above %s, which is at %s:%u; "
                                  "move it to the top of the main file",
                                  wax_options[i].name, wax_config_file_of(config, place),
                                  (unsigned)place.line);
            return false;
        }
    }
    return true;
}

static bool read_value(const wax_config_spot *spot, void *object, wax_bytes value, bool again)
{
    if (spot->option->type == WAX_OPTION_HOSTS) {
        char **lines = (void *)((uint8_t *)object + spot->option->offset);
        return wax_config_add_host(spot, lines, value);
    }
    if (wax_bridge_is_line(spot->option)) {
        return wax_bridge_read_line(spot, object, value);
    }
    return wax_value_read(spot, object, value, again);
}

static void set_value(wax_config_draft *draft, const struct source *source,
                      const wax_config_spot *spot, wax_bytes value)
{
    struct target target = target_of(draft, source, spot->option->scope);
    if (!target.object) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "%s stands above any `connection` of this file; move it below the "
                              "bridge it belongs to",
                              spot->option->name);
        return;
    }
    wax_config_place *place = &target.places[wax_option_number(spot->option)];
    if (!is_in_order(draft, spot) || !may_repeat(draft, spot, *place)) {
        return;
    }
    if (read_value(spot, target.object, value, place->line > 0)) {
        *place = (wax_config_place){source->number, source->line};
    }
}

static uint32_t add_file(wax_config *config, const char *name)
{
    char **larger = config->file_count < WAX_CONFIG_FILES_MAX
                        ? realloc(config->files, (config->file_count + 1) * sizeof *larger)
                        : NULL;
    char *copy = larger ? strdup(name) : NULL;
    if (larger) {
        config->files = larger;
    }
    if (!copy) {
        return 0;
    }
    config->files[config->file_count++] = copy;
    return (uint32_t)config->file_count;
}

static void read_file(wax_config_draft *draft, const char *path, bool is_main)
{
    struct source source = {
        .name = path, .listener = NO_LISTENER, .bridge = NO_BRIDGE, .is_main = is_main};
    char *text = NULL;
    size_t size = 0;
    source.number = add_file(draft->config, path);
    if (source.number == 0) {
        wax_config_report_add(draft->report, WAX_CONFIG_ERROR, path, 0,
                              "there are too many files for one configuration, or no memory");
    } else if (wax_config_file_read(path, &text, &size, draft->report)) {
        read_text(draft, &source, wax_bytes_of(text, size));
        free(text);
    }
}

static void read_directory(wax_config_draft *draft, const wax_config_spot *spot, const char *path)
{
    wax_config_paths list;
    int error = wax_config_paths_list(&list, path);
    if (error != 0) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "include_dir: cannot read the directory %s: %s%s", path,
                              strerror(error),
                              error != ENOENT  ? ""
                              : path[0] == '/' ? "; make it, or delete the line"
                                               : "; write the whole path, beginning with /");
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        read_file(draft, list.paths[i], false);
    }
    wax_config_paths_free(&list);
}

static void include(wax_config_draft *draft, const struct source *source,
                    const wax_config_spot *spot, wax_bytes value)
{
    if (!draft->may_include) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "include_dir works only in a file on disk");
        return;
    }
    if (!source->is_main) {
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "include_dir has no effect here; it works only in the main file");
        return;
    }
    char *path = wax_config_copy(value);
    if (path) {
        read_directory(draft, spot, path);
    }
    free(path);
}

static void listen_on(wax_config_draft *draft, struct source *source, const wax_config_spot *spot,
                      wax_bytes value)
{
    if (wax_config_draft_listen(draft, spot, value)) {
        source->listener = draft->config->listener_count - 1;
    }
}

static void bridge_to(wax_config_draft *draft, struct source *source, const wax_config_spot *spot,
                      wax_bytes value)
{
    if (wax_config_draft_bridge(draft, spot, value)) {
        source->bridge = draft->config->bridge_count - 1;
    }
}

/* A line about a plugin that is built in stands for an option. */
static void set_by_plugin(wax_config_draft *draft, const struct source *source,
                          const wax_config_spot *spot, wax_bytes name, wax_bytes value)
{
    wax_config_meaning meaning = wax_config_plugin_read(draft, spot, name, value);
    wax_config_spot meant = *spot;

    if (meaning.option) {
        meant.option = meaning.option;
        set_value(draft, source, &meant, meaning.value);
    }
}

/* Says what is the matter with an option that has no effect in Wax. */
static void judge_support(const wax_config_draft *draft, const wax_config_spot *spot,
                          wax_bytes name)
{
    static const char *const verdicts[] = {
        [WAX_SUPPORT_WORKS] = "",
        [WAX_SUPPORT_IGNORED] = "has no effect",
        [WAX_SUPPORT_LATER] = "is known but not supported by this version of Wax",
        [WAX_SUPPORT_REFUSED] = "is known but not supported by Wax",
    };
    wax_config_place *place = &draft->config->places[wax_option_number(spot->option)];
    bool ignored = spot->option->support == WAX_SUPPORT_IGNORED;
    if (ignored && place->line > 0) {
        return;
    }
    *place = (wax_config_place){spot->file_number, spot->line};
    wax_config_report_add(spot->report, ignored ? WAX_CONFIG_WARNING : WAX_CONFIG_ERROR, spot->file,
                          spot->line, "option \"%s\" %s: %s", wax_config_show(name).text,
                          verdicts[spot->option->support], spot->option->note);
}

/* A value may follow an = that somebody wrote, and may be a password: only the name is shown. */
static void refuse_unknown(const wax_config_spot *spot, wax_bytes name)
{
    const uint8_t *equals = memchr(name.data, '=', name.size);
    if (equals) {
        name.size = (size_t)(equals - name.data);
    }
    bool is_heard = spot->report->count < WAX_CONFIG_PROBLEMS_MAX;
    const wax_option *nearest = is_heard ? wax_option_nearest(name) : NULL;
    wax_config_shown shown = wax_config_show(name);
    if (name.size > 0 && name.data[0] == '#') {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "a comment begins with # as the first character of the line; "
                              "delete the spaces before it");
    } else if (equals && wax_option_find(name)) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "between \"%s\" and its value stands a space, not =", shown.text);
    } else if (nearest) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "unknown option \"%s\"; did you mean \"%s\"?", shown.text,
                              nearest->name);
    } else {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "unknown option \"%s\"; `wax broker --help` lists those there are",
                              shown.text);
    }
}

static void read_option(wax_config_draft *draft, struct source *source, wax_config_spot *spot,
                        wax_bytes text)
{
    wax_bytes value = text;
    wax_bytes name = wax_config_word(&value);
    spot->option = wax_option_find(name);
    if (!spot->option) {
        refuse_unknown(spot, name);
    } else if (spot->option->support != WAX_SUPPORT_WORKS) {
        judge_support(draft, spot, name);
    } else if (value.size == 0) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "%s has no value; write one after it, or delete the line",
                              wax_config_show(name).text);
    } else if (spot->option->type == WAX_OPTION_LISTENER) {
        listen_on(draft, source, spot, value);
    } else if (spot->option->type == WAX_OPTION_BRIDGE) {
        bridge_to(draft, source, spot, value);
    } else if (spot->option->type == WAX_OPTION_PLUGIN) {
        set_by_plugin(draft, source, spot, name, value);
    } else if (spot->option->type == WAX_OPTION_INCLUDE) {
        include(draft, source, spot, value);
    } else {
        set_value(draft, source, spot, value);
    }
}

/* Whether a tab stands where Mosquitto wants a space: before the name or right after it. */
static bool has_tab(wax_bytes line)
{
    bool in_name = false;
    for (size_t i = 0; i < line.size; i++) {
        bool space = line.data[i] == ' ' || line.data[i] == '\t';
        if (line.data[i] == '\t') {
            return true;
        }
        if (in_name && space) {
            return false;
        }
        in_name = in_name || !space;
    }
    return false;
}

static void read_line(wax_config_draft *draft, struct source *source, wax_bytes line)
{
    wax_config_spot spot = {.report = draft->report,
                            .file = source->name,
                            .file_number = source->number,
                            .line = source->line};
    wax_bytes text = wax_config_trim(line);
    if (text.size == 0 || line.data[0] == '#') {
        return;
    }
    if (line.size > WAX_CONFIG_LINE_SIZE_MAX) {
        wax_config_report_add(draft->report, WAX_CONFIG_ERROR, source->name, source->line,
                              "this line has more than %d bytes", (int)WAX_CONFIG_LINE_SIZE_MAX);
        return;
    }
    if (memchr(text.data, '\0', text.size)) {
        wax_config_report_add(draft->report, WAX_CONFIG_ERROR, source->name, source->line,
                              "this line has a zero byte; save the file as plain UTF-8 text");
        return;
    }
    if (!source->told_of_tabs && has_tab(wax_bytes_of(line.data, text.size))) {
        source->told_of_tabs = true;
        wax_config_report_add(draft->report, WAX_CONFIG_WARNING, source->name, source->line,
                              "a tab stands beside the name of the option; Mosquitto takes only "
                              "spaces there");
    }
    read_option(draft, source, &spot, text);
}

static void read_text(wax_config_draft *draft, struct source *source, wax_bytes text)
{
    wax_bytes mark = WAX_TEXT("\xef\xbb\xbf");
    if (wax_bytes_start_with(text, mark)) {
        text = wax_bytes_of(text.data + mark.size, text.size - mark.size);
        wax_config_report_add(draft->report, WAX_CONFIG_WARNING, source->name, 1,
                              "the file begins with a byte order mark; Mosquitto does not take it");
    }
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        size_t past = end ? size + 1 : size;
        source->line++;
        read_line(draft, source, wax_bytes_of(text.data, size));
        text = wax_bytes_of(text.data + past, text.size - past);
    }
}

/* Settles what was read, or lets go of it. */
static wax_status finish(wax_config_draft *draft, size_t errors_before)
{
    bool fine = draft->report->error_count == errors_before;
    fine = fine && wax_config_plugin_finish(draft) && wax_config_draft_finish(draft);
    wax_config_plugin_free(draft);
    wax_config_draft_free(draft);
    if (!fine) {
        wax_config_free(draft->config);
    }
    return fine ? WAX_OK : WAX_INVALID;
}

wax_status wax_config_load(wax_config *config, const char *path, wax_config_report *report)
{
    wax_config_draft draft;
    size_t errors = report->error_count;
    if (wax_config_draft_init(&draft, config, report) && path) {
        draft.may_include = true;
        read_file(&draft, path, true);
    }
    return finish(&draft, errors);
}

wax_status wax_config_parse(wax_config *config, wax_bytes text, const char *name,
                            wax_config_report *report)
{
    wax_config_draft draft;
    size_t errors = report->error_count;
    struct source source = {
        .name = name, .listener = NO_LISTENER, .bridge = NO_BRIDGE, .is_main = true};
    if (wax_config_draft_init(&draft, config, report)) {
        source.number = add_file(config, name);
        read_text(&draft, &source, text);
    }
    return finish(&draft, errors);
}
