/* The engine on SQLite. Workers append their batches to the group that is gathering; one thread
 * takes the whole group, writes what it comes to in one transaction, and says so. So there are at
 * most two groups at any time, and the slower the disk is, the larger they are, and the more of
 * what was added is removed again before it is written.
 *
 * A group that fails joins the next one and is tried again, after a rest. */
#include "os/os.h"
#include "store/sqlite_apply.h"
#include "store/sqlite_open.h"
#include "store/sqlite_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REST_FIRST_MS = 50,
    REST_MAX_MS = 5000,
    LAST_TRIES = 4,       /* of a group that fails, once the store is being closed */
    TASKS_MAX_US = 10000, /* so long tasks run before those who commit have their turn */
    REPLACE_MS = 3600000,
};

/* What was committed, and who asked, in their order. */
struct group {
    struct parcel *first;
    struct parcel **last;
    wax_store_task *tasks;
    wax_store_task **last_task;
    uint64_t mark;
};

struct engine {
    wax_store base;
    struct engine *self; /* for those who may only look */
    wax_store_options options;
    struct files files;
    struct database database; /* the writer's, as are the next */
    bool is_damaged;          /* the last attempt to write found it so */
    uint64_t replaced_ms;     /* when a damaged one was replaced last; 0: never */
    uint8_t key[32];
    pthread_t writer;
    _Atomic uint64_t durable;
    atomic_int state;
    pthread_mutex_t mutex; /* for what follows */
    pthread_cond_t wanted;
    struct group gathering;
    bool is_closing;
    wax_store_figures figures;
};

static void begin_group(struct group *group, uint64_t mark)
{
    *group = (struct group){.first = NULL, .mark = mark};
    group->last = &group->first;
    group->last_task = &group->tasks;
}

static bool is_empty(const struct group *group)
{
    return group->first == NULL && group->tasks == NULL;
}

/* With the mutex: all that has gathered joins `group`. */
static void take(struct engine *engine, struct group *group)
{
    struct group *gathering = &engine->gathering;

    if (gathering->first != NULL) {
        *group->last = gathering->first;
        group->last = gathering->last;
    }
    if (gathering->tasks != NULL) {
        *group->last_task = gathering->tasks;
        group->last_task = gathering->last_task;
    }
    group->mark = gathering->mark;
    begin_group(gathering, group->mark + 1);
}

/* Those for which there is no time stay, and come first the next time. */
static void run_tasks(struct engine *engine, struct group *group)
{
    struct wax_store_view view = {.database = &engine->database};
    uint64_t until_us = wax_clock_us() + TASKS_MAX_US;

    while (group->tasks != NULL && wax_clock_us() < until_us) {
        wax_store_task *task = group->tasks;
        group->tasks = task->next; /* the task may be gone when it has run */
        task->run(task, &view);
    }
    if (group->tasks == NULL) {
        group->last_task = &group->tasks;
    }
}

static void free_parcels(struct group *group)
{
    struct parcel *next;

    for (struct parcel *parcel = group->first; parcel != NULL; parcel = next) {
        next = parcel->next;
        parcel_free(parcel);
    }
    group->first = NULL;
    group->last = &group->first;
}

/* One transaction. Those who ask in a time of failure are answered before it fails again. */
static int write_group(struct engine *engine, struct group *group, uint64_t *written)
{
    struct database *database = &engine->database;
    bool is_failing = atomic_load(&engine->state) != WAX_OK;
    struct plan plan;
    int result;

    if (database->handle == NULL) {
        return SQLITE_CORRUPT; /* it could not be replaced, nor be opened again */
    }
    if (!plan_make(&plan, group->first)) {
        return SQLITE_NOMEM;
    }
    result = database_run(database, "BEGIN IMMEDIATE");
    if (result == SQLITE_OK) {
        result = apply_plan(database, &plan, written);
    }
    plan_free(&plan);
    if (result == SQLITE_OK && is_failing) {
        run_tasks(engine, group);
    }
    if (result == SQLITE_OK) {
        result = database_run(database, "COMMIT");
    }
    if (result != SQLITE_OK && sqlite3_get_autocommit(database->handle) == 0) {
        (void)database_run(database, "ROLLBACK");
    }
    return result;
}

/* Tells everybody what an attempt came to. */
static void tell(struct engine *engine, const struct group *group, int result, uint64_t written)
{
    wax_status status = database_status(&engine->database, result);
    wax_store_figures *figures = &engine->figures;

    engine->is_damaged = (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
    if (status == WAX_MALFORMED) {
        files_set_suspect(&engine->files, true);
    }
    status = status == WAX_OK || status == WAX_QUOTA_EXCEEDED ? status : WAX_IO;
    pthread_mutex_lock(&engine->mutex);
    if (status == WAX_OK) {
        figures->groups++;
        figures->written += written;
        figures->fault[0] = '\0';
        for (const struct parcel *parcel = group->first; parcel != NULL; parcel = parcel->next) {
            figures->waiting_bytes -= parcel->changes.size;
        }
    } else {
        figures->failures++;
        database_explain(&engine->database, result, figures->fault, sizeof figures->fault);
    }
    pthread_mutex_unlock(&engine->mutex);
    atomic_store(&engine->state, (int)status);
    if (status == WAX_OK) {
        atomic_store(&engine->durable, group->mark);
    }
}

static void wake(const struct engine *engine)
{
    if (engine->options.wake != NULL) {
        engine->options.wake(engine->options.context);
    }
}

/* Rests after a failure, unless somebody asks or the store is being closed now; then what has
 * gathered joins the group. Returns whether the store is being closed. */
static bool rest(struct engine *engine, struct group *group, uint64_t rest_ms, bool was_closing)
{
    uint64_t until_ms = wax_clock_ms() + rest_ms;
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000L};
    int result = 0;
    bool is_closing;

    pthread_mutex_lock(&engine->mutex);
    while (result == 0 && group->tasks == NULL && engine->gathering.tasks == NULL &&
           engine->is_closing == was_closing) {
        result = pthread_cond_timedwait(&engine->wanted, &engine->mutex, &until);
    }
    take(engine, group);
    is_closing = engine->is_closing;
    pthread_mutex_unlock(&engine->mutex);
    return is_closing;
}

static bool try_group(struct engine *engine, struct group *group)
{
    uint64_t start_us = wax_clock_us();
    uint64_t written = 0;
    int result = SQLITE_OK;

    if (group->first != NULL) {
        result = write_group(engine, group, &written);
        tell(engine, group, result, written);
        pthread_mutex_lock(&engine->mutex);
        engine->figures.commit_us = wax_clock_us() - start_us;
        pthread_mutex_unlock(&engine->mutex);
        wake(engine);
    }
    if (result == SQLITE_OK) {
        database_shorten_log(&engine->database); /* whoever waits for the group has been told */
    }
    return result == SQLITE_OK;
}

/* What start would do with a damaged store, without waiting for one. A new one that is damaged soon
 * again tells of a disk that nothing can be trusted to. Returns whether there is another now. */
static bool replace(struct engine *engine)
{
    const wax_store_options *options = &engine->options;
    uint64_t now_ms = wax_clock_ms();
    bool is_due = engine->replaced_ms == 0 || now_ms - engine->replaced_ms >= REPLACE_MS;
    wax_store_report report;

    if (!engine->is_damaged || options->must_be_whole || !is_due ||
        sqlite_replace(&engine->database, &engine->files, options, &report) != WAX_OK) {
        return false;
    }
    engine->replaced_ms = now_ms + 1;
    if (options->tell != NULL) {
        options->tell(options->context, &report);
    }
    return true;
}

/* Until it is safe; but once the store is being closed, only some tries more. */
static void make_safe(struct engine *engine, struct group *group)
{
    uint64_t rest_ms = REST_FIRST_MS;
    unsigned tries_left = LAST_TRIES;
    bool is_closing = false;

    while (!try_group(engine, group) && tries_left > 0) {
        if (replace(engine)) {
            continue;
        }
        is_closing = rest(engine, group, rest_ms, is_closing);
        rest_ms = rest_ms * 2 < REST_MAX_MS ? rest_ms * 2 : REST_MAX_MS;
        if (is_closing) {
            rest_ms = REST_FIRST_MS;
            tries_left--;
        }
    }
    run_tasks(engine, group);
    free_parcels(group);
}

static void *write_on(void *context)
{
    struct engine *engine = context;
    struct group group;
    bool is_last = false;

    begin_group(&group, 0);
    while (!is_last) {
        pthread_mutex_lock(&engine->mutex);
        while (is_empty(&engine->gathering) && is_empty(&group) && !engine->is_closing) {
            pthread_cond_wait(&engine->wanted, &engine->mutex);
        }
        is_last = is_empty(&engine->gathering) && is_empty(&group);
        take(engine, &group);
        pthread_mutex_unlock(&engine->mutex);
        make_safe(engine, &group);
    }
    return NULL;
}

static bool start(struct engine *engine)
{
    pthread_condattr_t attributes;
    bool is_started;

    pthread_mutex_init(&engine->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&engine->wanted, &attributes);
    pthread_condattr_destroy(&attributes);
    is_started = pthread_create(&engine->writer, NULL, write_on, engine) == 0;
    if (!is_started) {
        pthread_cond_destroy(&engine->wanted);
        pthread_mutex_destroy(&engine->mutex);
    }
    return is_started;
}

static void end(struct engine *engine)
{
    database_close(&engine->database);
    files_close(&engine->files);
    wax_wipe(engine, sizeof *engine);
    free(engine);
}

static wax_status open_sqlite(wax_store **store, const wax_store_options *options,
                              wax_store_report *report)
{
    struct engine *engine = calloc(1, sizeof *engine);
    wax_status status;

    if (engine == NULL) {
        *report = (wax_store_report){.is_damaged = false};
        return WAX_FULL;
    }
    status = sqlite_open(&engine->database, &engine->files, options, report);
    if (status != WAX_OK) {
        free(engine);
        return status;
    }
    engine->base.kind = &wax_store_sqlite;
    engine->self = engine;
    engine->options = *options;
    engine->options.place = NULL;
    engine->options.key = wax_bytes_of(engine->key, options->key.size);
    if (options->key.size > 0) {
        memcpy(engine->key, options->key.data, sizeof engine->key);
    }
    begin_group(&engine->gathering, 1);
    if (!start(engine)) {
        report_say(report, "cannot start a thread for the store");
        end(engine);
        return WAX_IO;
    }
    *store = &engine->base;
    return WAX_OK;
}

static struct engine *engine_of(wax_store *store)
{
    return (void *)store;
}

static const struct engine *engine_in(const wax_store *store)
{
    return (const void *)store;
}

static uint64_t commit(wax_store *store, wax_store_batch *batch)
{
    struct engine *engine = engine_of(store);
    struct parcel *parcel;
    uint64_t mark;

    wax_assert(!batch->is_broken);
    if (batch->count == 0) {
        return 0;
    }
    parcel = parcel_take(batch);
    pthread_mutex_lock(&engine->mutex);
    *engine->gathering.last = parcel;
    engine->gathering.last = &parcel->next;
    mark = engine->gathering.mark;
    engine->figures.changes += parcel->count;
    engine->figures.waiting_bytes += parcel->changes.size;
    pthread_cond_signal(&engine->wanted);
    pthread_mutex_unlock(&engine->mutex);
    return mark;
}

static uint64_t durable(const wax_store *store)
{
    return atomic_load(&engine_in(store)->self->durable);
}

static wax_status state(const wax_store *store)
{
    return (wax_status)atomic_load(&engine_in(store)->self->state);
}

static void ask(wax_store *store, wax_store_task *task)
{
    struct engine *engine = engine_of(store);

    task->next = NULL;
    pthread_mutex_lock(&engine->mutex);
    *engine->gathering.last_task = task;
    engine->gathering.last_task = &task->next;
    pthread_cond_signal(&engine->wanted);
    pthread_mutex_unlock(&engine->mutex);
}

static void figures(const wax_store *store, wax_store_figures *figures)
{
    struct engine *engine = engine_in(store)->self;

    pthread_mutex_lock(&engine->mutex);
    *figures = engine->figures;
    pthread_mutex_unlock(&engine->mutex);
    figures->file_bytes = files_size(engine->files.path, "");
    figures->log_bytes = files_size(engine->files.path, "-wal");
}

static wax_status close_sqlite(wax_store *store)
{
    struct engine *engine = engine_of(store);
    wax_status status;

    pthread_mutex_lock(&engine->mutex);
    engine->is_closing = true;
    pthread_cond_signal(&engine->wanted);
    pthread_mutex_unlock(&engine->mutex);
    pthread_join(engine->writer, NULL);
    pthread_cond_destroy(&engine->wanted);
    pthread_mutex_destroy(&engine->mutex);
    status = (wax_status)atomic_load(&engine->state);
    end(engine);
    return status;
}

const wax_store_kind wax_store_sqlite = {
    .name = "sqlite",
    .keeps = true,
    .open = open_sqlite,
    .commit = commit,
    .durable = durable,
    .state = state,
    .ask = ask,
    .walk = walk_view,
    .figures = figures,
    .close = close_sqlite,
};
