/* Which store there is, and where. */
#include "broker/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_FOLDER = 0700, PATH_SIZE = 4200 };

#define PLACE_OF_THE_SYSTEM "/var/lib/wax"

/* The words of these lines are for whoever has an alarm on them. */
static void log_state(struct wax_broker *broker)
{
    wax_store *store = broker->store;
    int state = (int)store->kind->state(store);
    wax_store_figures figures;

    if (atomic_exchange(&broker->keeping.state, state) == state) {
        return;
    }
    store->kind->figures(store, &figures);
    if (state == WAX_OK) {
        wax_log_write(&broker->log, WAX_NOTICE, "store_recovered");
    } else {
        wax_log_write(&broker->log, WAX_ERROR, "store_stalled reason=%s waiting_bytes=%llu",
                      state == WAX_QUOTA_EXCEEDED ? "disk_full" : "disk_failed",
                      (unsigned long long)figures.waiting_bytes);
        wax_log_write(&broker->log, WAX_ERROR, "store_fault text=%s", figures.fault);
    }
}

/* Wakes the workers: what they wait for may be durable, or cannot become so now. */
static void wake(void *context)
{
    struct wax_broker *broker = context;

    for (unsigned i = 0; i < broker->worker_count; i++) {
        wax_mailbox_ring(&broker->workers[i]->mailbox);
    }
    if (broker->store != NULL) { /* not while it opens */
        log_state(broker);
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

/* A folder that root has made is given to whoever goes on. Not by its name: that may lead elsewhere
 * by now. */
static bool give(const char *place, const struct passwd *account)
{
    int folder = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool is_given = folder >= 0 && fchown(folder, account->pw_uid, account->pw_gid) == 0;

    if (folder >= 0) {
        close(folder);
    }
    return is_given;
}

wax_status keep_prepare(struct wax_broker *broker, const struct passwd *account,
                        struct store_key *key)
{
    const wax_config *config = &broker->settings->config;
    const char *place = find_place(config);

    if (store_key_find(key, config->persistence_key_file) != WAX_OK) {
        wax_log_write(&broker->log, WAX_ERROR, "store_failed path=%s reason=%s", place, key->fault);
        return WAX_INVALID;
    }
    if (!is_wanted(config, place) || mkdir(place, MODE_FOLDER) != 0) {
        return WAX_OK; /* it is there, or whoever opens it says why not */
    }
    if (account != NULL && !give(place, account)) {
        wax_log_write(&broker->log, WAX_ERROR,
                      "store_failed path=%s reason=cannot give it to %s: %s", place,
                      account->pw_name, strerror(errno));
        return WAX_IO;
    }
    return WAX_OK;
}

static bool is_denied(const char *path, int rights)
{
    return access(path, rights) != 0 && errno == EACCES;
}

/* Whether the account that the broker is may use what is there, and what to do if not. What else
 * may be wrong with it, the store says. */
static bool may_use(struct wax_broker *broker, const char *place)
{
    const struct passwd *account = getpwuid(geteuid());
    const char *name = account == NULL ? "the broker's account" : account->pw_name;
    char path[PATH_SIZE];
    struct stat found;

    snprintf(path, sizeof path, "%s/wax.db", place);
    if (stat(place, &found) == 0 && !S_ISDIR(found.st_mode)) {
        return true;
    }
    if (!is_denied(place, W_OK | X_OK) && !is_denied(path, R_OK | W_OK)) {
        return true;
    }
    wax_log_write(&broker->log, WAX_ERROR,
                  "store_failed path=%s reason=%s may not read and write there; run `chown -R %s "
                  "%s` as root, give it `chmod a+x` of the folders above, or name another "
                  "`persistence_location`",
                  place, name, name, place);
    return false;
}

/* What Mosquitto has kept here is not read, but can be brought over. */
static void hint_at_import(struct wax_broker *broker, const char *place)
{
    char ours[PATH_SIZE];
    char theirs[PATH_SIZE];

    snprintf(ours, sizeof ours, "%s/wax.db", place);
    snprintf(theirs, sizeof theirs, "%s/mosquitto.db", place);
    if (access(ours, F_OK) != 0 && access(theirs, F_OK) == 0) {
        wax_log_write(&broker->log, WAX_NOTICE,
                      "store_hint path=%s text=what Mosquitto has kept is not read at start; "
                      "`wax ctl import %s` brings it over",
                      theirs, theirs);
    }
}

struct opening {
    const char *place;
    wax_bytes key;
};

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

/* While the broker runs. */
static void tell(void *context, const wax_store_report *report)
{
    struct wax_broker *broker = context;

    log_report(broker, broker->keeping.place, report);
}

static wax_status open_with(struct wax_broker *broker, const wax_store_kind *kind,
                            const struct opening *opening, wax_store_report *report)
{
    const wax_config *config = &broker->settings->config;
    wax_store_options options = {
        .place = opening->place,
        .key = opening->key,
        .must_be_whole = config->persistence_damage == WAX_DAMAGE_FAIL,
        .wake = wake,
        .context = broker,
        .tell = tell,
    };

    return kind->open(&broker->store, &options, report);
}

static wax_status open_on_disk(struct wax_broker *broker, const struct opening *opening)
{
    wax_store_report report = {.is_damaged = false};
    wax_status status;

    if (!may_use(broker, opening->place)) {
        return WAX_IO;
    }
    hint_at_import(broker, opening->place);
    status = open_with(broker, &wax_store_sqlite, opening, &report);
    if (status != WAX_OK) {
        wax_log_write(&broker->log, WAX_ERROR, "store_failed path=%s reason=%s", opening->place,
                      report.text);
        return status;
    }
    log_report(broker, opening->place, &report);
    broker->keeping.place = strdup(opening->place);
    broker->commons.keeps = true;
    return WAX_OK;
}

static wax_status open_in_memory(struct wax_broker *broker, wax_level level, const char *reason)
{
    struct opening opening = {.place = NULL};
    wax_store_report report;

    wax_log_write(&broker->log, level, "persistence_off reason=%s", reason);
    return open_with(broker, &wax_store_memory, &opening, &report);
}

wax_status keep_open(struct wax_broker *broker, struct store_key *key)
{
    const wax_config *config = &broker->settings->config;
    struct opening opening = {.place = find_place(config)};
    wax_status status;

    if (is_wanted(config, opening.place)) {
        opening.key = wax_bytes_of(key->bytes, key->is_given ? sizeof key->bytes : 0);
        status = open_on_disk(broker, &opening);
        if (status == WAX_IO && config->persistence_location == NULL) {
            /* Mosquitto, too, starts in a folder that it cannot write to. */
            status = open_in_memory(broker, WAX_ERROR,
                                    "nothing will survive a restart, since no place is named where "
                                    "it could be kept: write `persistence_location FOLDER`");
        }
    } else {
        status = open_in_memory(broker, WAX_NOTICE,
                                config->persistence == WAX_PERSISTENCE_OFF
                                    ? "`persistence false`"
                                    : "there is no place for it: write `persistence_location "
                                      "FOLDER`");
    }
    wax_wipe(key, sizeof *key);
    return status;
}

struct fence {
    wax_store_task task;
    sem_t passed;
};

static void pass(wax_store_task *task, wax_store_view *view)
{
    (void)view;
    sem_post(&WAX_OWNER(task, struct fence, task)->passed);
}

void keep_settle(struct wax_broker *broker)
{
    struct fence fence = {.task = {.run = pass}};

    sem_init(&fence.passed, 0, 0);
    broker->store->kind->ask(broker->store, &fence.task);
    while (sem_wait(&fence.passed) != 0) {
    }
    sem_destroy(&fence.passed);
}

void keep_close(struct wax_broker *broker)
{
    static wax_store closed = {.kind = &wax_store_memory};
    wax_status status;

    if (broker->store != NULL) {
        status = broker->store->kind->close(broker->store);
        broker->store = &closed;
        if (status != WAX_OK) {
            wax_log_write(&broker->log, WAX_ERROR,
                          "store_unsaved path=%s reason=%s text=nothing that was acknowledged is "
                          "lost; what clients wait to have acknowledged, they will send again",
                          broker->keeping.place,
                          status == WAX_QUOTA_EXCEEDED ? "disk_full" : "disk_failed");
        }
    }
    free(broker->keeping.place);
    broker->keeping.place = NULL;
}
