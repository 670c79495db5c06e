/* Mosquitto's plugins as options of Wax. */
#include "broker/config_plugin.h"

#include <stdlib.h>
#include <string.h>

/* A plugin that comes with Mosquitto. */
struct wax_config_builtin {
    const char *file;   /* with ".so" after it */
    const char *needs;  /* its option, without plugin_opt_; NULL: the plugin is ignored */
    const char *option; /* the option of Wax that this means */
    const char *note;   /* why it is ignored */
};

/* clang-format off */
static const struct wax_config_builtin builtins[] = {
    {"mosquitto_dynamic_security", "config_file",   "dynamic_security_file", NULL},
    {"mosquitto_password_file",    "password_file", "password_file",         NULL},
    {"mosquitto_acl_file",         "acl_file",      "acl_file",              NULL},
    {"mosquitto_persist_sqlite",   NULL,            NULL,                    "Wax keeps its state by itself; see `persistence`"},
    {"mosquitto_sparkplug_aware",  NULL,            NULL,                    "Wax keeps no Sparkplug certificates; $sparkplug/certificates stays empty"},
};
/* clang-format on */

static const struct wax_config_builtin *find_builtin(wax_bytes path)
{
    for (size_t i = path.size; i > 0; i--) {
        if (path.data[i - 1] == '/') {
            path = wax_bytes_of(path.data + i, path.size - i);
            break;
        }
    }
    for (size_t i = 0; i < WAX_COUNT(builtins); i++) {
        wax_bytes file = wax_bytes_of_text(builtins[i].file);
        if (wax_bytes_start_with(path, file) &&
            wax_bytes_equal(wax_bytes_of(path.data + file.size, path.size - file.size),
                            WAX_TEXT(".so"))) {
            return &builtins[i];
        }
    }
    return NULL;
}

static void refuse(const wax_config_spot *spot, const char *reason)
{
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line, "%s", reason);
}

/* Opens a place for a plugin; NULL with the reason in the report. */
static struct wax_config_plugin *add(wax_config_draft *draft, const wax_config_spot *spot,
                                     wax_bytes path)
{
    const struct wax_config_builtin *kind = find_builtin(path);
    struct wax_config_plugin *plugin = &draft->plugins[draft->plugin_count];

    draft->plugin = NULL;
    if (kind == NULL) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "option \"%s\" is known but not supported by Wax: %s",
                              spot->option->name, spot->option->note);
        return NULL;
    }
    if (draft->plugin_count == WAX_CONFIG_PLUGINS_MAX) {
        refuse(spot, "there are too many plugins; write the options of Wax in their place");
        return NULL;
    }
    if (kind->needs == NULL) {
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "the plugin %s has no effect: %s", kind->file, kind->note);
    }
    draft->plugin_count++;
    *plugin = (struct wax_config_plugin){
        .kind = kind, .place = {spot->file_number, spot->line}
    };
    draft->plugin = plugin;
    return plugin;
}

static wax_config_meaning read_plugin(wax_config_draft *draft, const wax_config_spot *spot,
                                      wax_bytes name, wax_bytes value)
{
    bool is_for_all = wax_bytes_equal(name, WAX_TEXT("global_plugin"));

    if (is_for_all && draft->config->per_listener_settings) {
        refuse(spot, "with per_listener_settings, write `plugin` below each listener instead");
    } else {
        (void)add(draft, spot, value);
    }
    return (wax_config_meaning){.option = NULL};
}

/* plugin_load NAME PATH */
static wax_config_meaning read_load(wax_config_draft *draft, const wax_config_spot *spot,
                                    wax_bytes name, wax_bytes value)
{
    wax_bytes called = wax_config_word(&value);
    struct wax_config_plugin *plugin = add(draft, spot, value);

    (void)name;
    if (plugin != NULL) {
        plugin->is_loaded = true;
        plugin->name = wax_config_copy(called);
    }
    return (wax_config_meaning){.option = NULL};
}

static const wax_option *option_of(const struct wax_config_plugin *plugin)
{
    return plugin->kind->needs == NULL ? NULL
                                       : wax_option_find(wax_bytes_of_text(plugin->kind->option));
}

/* plugin_use NAME */
static wax_config_meaning read_use(wax_config_draft *draft, const wax_config_spot *spot,
                                   wax_bytes name, wax_bytes value)
{
    (void)name;
    for (size_t i = 0; i < draft->plugin_count; i++) {
        struct wax_config_plugin *plugin = &draft->plugins[i];
        if (plugin->is_loaded && wax_bytes_equal(wax_bytes_of_text(plugin->name), value)) {
            plugin->is_used = true;
            return (wax_config_meaning){plugin->value == NULL ? NULL : option_of(plugin),
                                        wax_bytes_of_text(plugin->value)};
        }
    }
    refuse(spot, "no `plugin_load` above has this name");
    return (wax_config_meaning){.option = NULL};
}

/* plugin_opt_KEY VALUE */
static wax_config_meaning read_option(wax_config_draft *draft, const wax_config_spot *spot,
                                      wax_bytes name, wax_bytes value)
{
    struct wax_config_plugin *plugin = draft->plugin;
    const char *needs = plugin == NULL ? NULL : plugin->kind->needs;
    wax_bytes prefix = wax_bytes_start_with(name, WAX_TEXT("auth_opt_")) ? WAX_TEXT("auth_opt_")
                                                                         : WAX_TEXT("plugin_opt_");
    wax_bytes key = wax_bytes_of(name.data + prefix.size, name.size - prefix.size);

    if (plugin == NULL) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "option \"%s\" belongs to a plugin, and there is none above that "
                              "Wax knows; %s",
                              wax_config_show(name).text, spot->option->note);
        return (wax_config_meaning){.option = NULL};
    }
    if (needs == NULL || !wax_bytes_equal(key, wax_bytes_of_text(needs))) {
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "option \"%s\" has no effect", wax_config_show(name).text);
        return (wax_config_meaning){.option = NULL};
    }
    plugin->has_option = true;
    if (plugin->is_loaded) {
        free(plugin->value);
        plugin->value = wax_config_copy(value);
        return (wax_config_meaning){.option = NULL};
    }
    return (wax_config_meaning){option_of(plugin), value};
}

typedef wax_config_meaning read_function(wax_config_draft *draft, const wax_config_spot *spot,
                                         wax_bytes name, wax_bytes value);

struct reader {
    const char *option;
    read_function *read;
};

static const struct reader readers[] = {
    {"plugin",        read_plugin},
    {"global_plugin", read_plugin},
    {"plugin_load",   read_load  },
    {"plugin_use",    read_use   },
    {"plugin_opt_*",  read_option},
    {"auth_opt_*",    read_option},
};

wax_config_meaning wax_config_plugin_read(wax_config_draft *draft, const wax_config_spot *spot,
                                          wax_bytes name, wax_bytes value)
{
    for (size_t i = 0; i < WAX_COUNT(readers); i++) {
        if (strcmp(readers[i].option, spot->option->name) == 0) {
            return readers[i].read(draft, spot, name, value);
        }
    }
    return (wax_config_meaning){.option = NULL};
}

/* A plugin that guards the broker must not be missing without a word. */
bool wax_config_plugin_finish(wax_config_draft *draft)
{
    bool is_fine = true;

    for (size_t i = 0; i < draft->plugin_count; i++) {
        const struct wax_config_plugin *plugin = &draft->plugins[i];
        const char *file = wax_config_file_of(draft->config, plugin->place);
        if (plugin->kind->needs != NULL && !plugin->has_option) {
            wax_config_report_add(draft->report, WAX_CONFIG_ERROR, file, plugin->place.line,
                                  "the plugin %s needs `plugin_opt_%s FILE` below it",
                                  plugin->kind->file, plugin->kind->needs);
            is_fine = false;
        } else if (plugin->is_loaded && !plugin->is_used) {
            wax_config_report_add(draft->report, WAX_CONFIG_WARNING, file, plugin->place.line,
                                  "this plugin has no effect without `plugin_use` below it");
        }
    }
    return is_fine;
}

void wax_config_plugin_free(wax_config_draft *draft)
{
    for (size_t i = 0; i < draft->plugin_count; i++) {
        free(draft->plugins[i].name);
        free(draft->plugins[i].value);
    }
    draft->plugin_count = 0;
}
