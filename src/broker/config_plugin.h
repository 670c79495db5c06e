/* Lines about Mosquitto's plugins. Wax loads no code; the plugins that come with Mosquitto are
 * built in, and their lines are read as the options that they stand for. */
#ifndef WAX_BROKER_CONFIG_PLUGIN_H
#define WAX_BROKER_CONFIG_PLUGIN_H

#include "broker/config_draft.h"

/* The option of Wax that a line stands for. */
typedef struct wax_config_meaning {
    const wax_option *option; /* NULL: the line sets nothing */
    wax_bytes value;          /* lives as long as the line and the draft */
} wax_config_meaning;

/* Reads a line about plugins, whose first word is `name` and whose rest is `value`, not empty. What
 * is wrong is in the report. */
wax_config_meaning wax_config_plugin_read(wax_config_draft *draft, const wax_config_spot *spot,
                                          wax_bytes name, wax_bytes value);

/* When all is read: whether every plugin has what it cannot do without. False with the reason in
 * the report. */
WAX_CHECKED bool wax_config_plugin_finish(wax_config_draft *draft);

void wax_config_plugin_free(wax_config_draft *draft);

#endif
