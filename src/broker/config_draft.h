/* A configuration that is being read, before anybody may use it. */
#ifndef WAX_BROKER_CONFIG_DRAFT_H
#define WAX_BROKER_CONFIG_DRAFT_H

#include "broker/config.h"
#include "broker/config_value.h"

enum { WAX_CONFIG_PLUGINS_MAX = 64 };

/* A plugin of Mosquitto that a line names. */
struct wax_config_plugin {
    const struct wax_config_builtin *kind;
    wax_config_place place;
    char *name;     /* of `plugin_load`, as is the next */
    char *value;    /* of its option */
    bool is_loaded; /* by `plugin_load`: it does nothing until `plugin_use` */
    bool is_used;
    bool has_option;
};

typedef struct wax_config_draft {
    wax_config *config;
    wax_config_report *report;
    /* The default listener: options that stand above any `listener` of their file. */
    wax_listener_config leading;
    bool may_include;
    struct wax_config_plugin plugins[WAX_CONFIG_PLUGINS_MAX];
    size_t plugin_count;
    struct wax_config_plugin *plugin; /* the one that options belong to; NULL: none */
} wax_config_draft;

/* Makes the places, the shared settings and the default listener, all with defaults.
 * Returns false without memory; wax_config_draft_free() is due either way. */
WAX_CHECKED bool wax_config_draft_init(wax_config_draft *draft, wax_config *config,
                                       wax_config_report *report);

/* Frees what the draft holds beside its configuration. */
void wax_config_draft_free(wax_config_draft *draft);

/* Adds the listener that the line `listener TEXT` describes; it is then the last one.
 * Returns false with the reason in the report. */
WAX_CHECKED bool wax_config_draft_listen(wax_config_draft *draft, const wax_config_spot *spot,
                                         wax_bytes text);

/* Adds the bridge that the line `connection TEXT` names; it is then the last one.
 * Returns false with the reason in the report. */
WAX_CHECKED bool wax_config_draft_bridge(wax_config_draft *draft, const wax_config_spot *spot,
                                         wax_bytes text);

/* Settles what holds for each bridge. Returns false with the reason in the report. */
WAX_CHECKED bool wax_config_draft_finish_bridges(wax_config_draft *draft);

/* Frees the bridges of a configuration. */
void wax_config_free_bridges(wax_config *config);

/* When all is read: makes the default listener or the local ones, and settles what holds for each.
 * Returns false with the reason in the report. */
WAX_CHECKED bool wax_config_draft_finish(wax_config_draft *draft);

/* Adds a listener that is written no more: it keeps what `model` says, and under shared security
 * settings what the others have of these. Returns false without memory. */
WAX_CHECKED bool wax_config_add_gone(wax_config *config, const wax_listener_config *model);

#endif
