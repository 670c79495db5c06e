/* Which store there is, and where. */
#include "broker/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_OF_THE_SYSTEM "/var/lib/wax"

/* Wakes the workers: what they wait for may be durable, or cannot become so now. */
static void wake(void *context)
{
    struct wax_broker *broker = context;

    for (unsigned i = 0; i < broker->worker_count; i++) {
        wax_mailbox_ring(&broker->workers[i]->mailbox);
    }
}

/* The folder: the one that is written; or that which systemd made for the service
 * (StateDirectory=); or, for whoever asks for persistence without saying where, the working
 * directory as with Mosquitto, and for others the usual place. */
static const char *find_place(const wax_config *config)
{
    const char *of_service = getenv("STATE_DIRECTORY");

    if (config->persistence_location != NULL) {
        return config->persistence_location;
    }
    if (of_service != NULL && of_service[0] == '/' && strchr(of_service, ':') == NULL) {
        return of_service;
    }
    return config->persistence == WAX_PERSISTENCE_ON ? "." : PLACE_OF_THE_SYSTEM;
}

/* Whether to keep anything, where nobody says so: when there is a place for it. */
static bool is_wanted(const wax_config *config, const char *place)
{
    struct stat found;

    if (config->persistence != WAX_PERSISTENCE_AUTO) {
        return config->persistence == WAX_PERSISTENCE_ON;
    }
    return config->persistence_location != NULL ||
           (stat(place, &found) == 0 && S_ISDIR(found.st_mode) && access(place, W_OK | X_OK) == 0);
}

static wax_status open_with(struct wax_broker *broker, const wax_store_kind *kind,
                            const char *place, wax_store_report *report)
{
    const wax_config *config = &broker->settings->config;
    wax_store_options options = {
        .place = place,
        .must_be_whole = config->persistence_damage == WAX_DAMAGE_FAIL,
        .wake = wake,
        .context = broker,
    };

    return kind->open(&broker->store, &options, report);
}

static void log_report(struct wax_broker *broker, const char *place, const wax_store_report *report)
{
    if (report->is_damaged) {
        wax_log_write(&broker->log, WAX_ERROR,
                      "store_damaged path=%s aside=%s saved=%llu lost=%llu reason=%s", place,
                      report->aside, (unsigned long long)report->saved_count,
                      (unsigned long long)report->lost_count, report->text);
    } else if (report->text[0] != '\0') {
        wax_log_write(&broker->log, WAX_WARNING, "store_note path=%s text=%s", place, report->text);
    }
}

wax_status keep_open(struct wax_broker *broker)
{
    const wax_config *config = &broker->settings->config;
    const char *place = find_place(config);
    wax_store_report report = {.is_damaged = false};
    wax_status status;

    if (!is_wanted(config, place)) {
        wax_log_write(&broker->log, WAX_NOTICE, "persistence_off reason=%s",
                      config->persistence == WAX_PERSISTENCE_OFF
                          ? "`persistence false`"
                          : "there is no place for it: write `persistence_location FOLDER`");
        return open_with(broker, &wax_store_memory, NULL, &report);
    }
    status = open_with(broker, &wax_store_sqlite, place, &report);
    if (status != WAX_OK) {
        wax_log_write(&broker->log, WAX_ERROR, "store_failed path=%s reason=%s", place,
                      report.text);
        return status;
    }
    log_report(broker, place, &report);
    broker->commons.keeps = true;
    return WAX_OK;
}

void keep_close(struct wax_broker *broker)
{
    static wax_store closed = {.kind = &wax_store_memory};

    if (broker->store != NULL) {
        broker->store->kind->close(broker->store);
        broker->store = &closed;
    }
}
