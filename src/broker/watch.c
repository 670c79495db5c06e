/* The files that a configuration names are watched: when one changes, the broker reloads as if it
 * had been sent SIGHUP. */
#include "broker/watch.h"

#include "broker/options.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The paths, each once, in memory of their own. */
struct paths {
    char **items;
    size_t count;
};

static void add(struct paths *paths, const char *path)
{
    for (size_t i = 0; path != NULL && i < paths->count; i++) {
        if (strcmp(paths->items[i], path) == 0) {
            return;
        }
    }
    if (path != NULL) {
        paths->items = realloc(paths->items, (paths->count + 1) * sizeof *paths->items);
        wax_assert(paths->items != NULL);
        paths->items[paths->count] = strdup(path);
        wax_assert(paths->items[paths->count] != NULL);
        paths->count++;
    }
}

static void add_hosts_of(struct paths *paths, const wax_listener_config *listener)
{
    wax_config_host hosts[WAX_CONFIG_HOSTS_MAX];
    size_t count;
    char *copy = wax_config_split_hosts(listener->sni_certificates, hosts, &count);

    for (size_t i = 0; i < count; i++) {
        add(paths, hosts[i].certfile);
        add(paths, hosts[i].keyfile);
    }
    free(copy);
}

static void add_files_of(struct paths *paths, const wax_listener_config *listener)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        bool is_of_listener =
            option->scope == WAX_SCOPE_LISTENER || option->scope == WAX_SCOPE_SECURITY;
        /* What a reload does not read again, the broker itself may write. */
        if (option->type == WAX_OPTION_FILE && is_of_listener && option->reloads) {
            const void *field = (const uint8_t *)listener + option->offset;
            add(paths, *(char *const *)field);
        }
    }
}

static void add_files_of_bridge(struct paths *paths, const wax_bridge_config *bridge)
{
    add(paths, bridge->cafile);
    add(paths, bridge->certfile);
    add(paths, bridge->keyfile);
}

void watch_set(struct wax_broker *broker)
{
    const wax_config *config = &broker->settings->config;
    struct paths paths = {NULL, 0};

    if (broker->lookout == NULL) {
        return;
    }
    for (size_t i = 0; config->watch_files && i < config->listener_count; i++) {
        add_files_of(&paths, &config->listeners[i]);
        add_hosts_of(&paths, &config->listeners[i]);
    }
    for (size_t i = 0; config->watch_files && i < config->bridge_count; i++) {
        add_files_of_bridge(&paths, &config->bridges[i]);
    }
    if (wax_lookout_set(broker->lookout, (const char *const *)paths.items, paths.count) != WAX_OK) {
        wax_log_write(&broker->log, WAX_ERROR, "watch_failed reason=there is no memory");
    }
    for (size_t i = 0; i < paths.count; i++) {
        free(paths.items[i]);
    }
    free(paths.items);
}

/* On the lookout's thread: the main thread does the rest. */
static void on_change(void *context, const char *path)
{
    struct wax_broker *broker = context;

    wax_log_write(&broker->log, WAX_NOTICE, "file_changed path=%s", path);
    (void)kill(getpid(), SIGHUP);
}

void watch_open(struct wax_broker *broker)
{
    if (wax_lookout_open(&broker->lookout, on_change, broker) != WAX_OK) {
        wax_log_write(&broker->log, WAX_WARNING,
                      "watch_failed reason=there is no thread for it: send SIGHUP when files have "
                      "changed");
        return;
    }
    watch_set(broker);
}

void watch_settle(struct wax_broker *broker)
{
    if (broker->lookout != NULL) {
        wax_lookout_settle(broker->lookout);
    }
}
