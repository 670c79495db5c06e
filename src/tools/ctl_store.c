/* wax ctl store: looks into a store that no broker has open, and mends it. */
#include "tools/ctl_verbs.h"

#include "broker/broker.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_MAX = 900 };

#define FILE_NAME "wax.db"

/* A store that is open here, and what was seen in it. */
struct store_look {
    wax_store_task task;
    wax_store *store;
    wax_store_report report;
    wax_store_table table; /* where the walk is */
    uint64_t counts[WAX_STORE_TABLE_COUNT];
    bool shows;
    bool is_json;
    bool with_payload;
    bool has_failed;
};

/* --- Records --- */

/* `kind name=value ...`, as in the log. */
static void print_plain(wax_bytes text)
{
    json_t *object = json_loadb((const char *)text.data, text.size, 0, NULL);
    const char *name;
    json_t *value;

    (void)fputs(json_string_value(json_object_get(object, "kind")), stdout);
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "kind") != 0) {
            (void)printf(" %s=", name);
            (void)json_dumpf(value, stdout, JSON_ENCODE_ANY);
        }
    }
    (void)fputc('\n', stdout);
    json_decref(object);
}

static void print_record(struct store_look *look, wax_bytes key, wax_bytes value)
{
    const wax_broker_record record = {look->table, key, value, look->with_payload};
    size_t size = 8 * (key.size + value.size) + WAX_BROKER_RECORD_ROOM;
    uint8_t *room = malloc(size);
    wax_writer out = wax_writer_over(room, size);
    wax_json json = wax_json_over(&out);

    if (room == NULL) {
        look->has_failed = true;
        return;
    }
    wax_broker_show_record(&json, &record);
    if (look->is_json) {
        (void)printf("%.*s\n", (int)out.used, (const char *)out.data);
    } else {
        print_plain(wax_writer_bytes(&out));
    }
    free(room);
}

static bool take_record(void *context, wax_bytes key, wax_bytes value)
{
    struct store_look *look = context;

    look->counts[look->table]++;
    if (look->shows) {
        print_record(look, key, value);
    }
    return !look->has_failed;
}

static void look_at_all(wax_store_task *task, wax_store_view *view)
{
    struct store_look *look = (void *)task;

    for (unsigned i = 0; i < WAX_STORE_TABLE_COUNT; i++) {
        const wax_store_range all = {.table = (wax_store_table)i};
        wax_status status;
        look->table = all.table;
        status = look->store->kind->walk(view, &all, take_record, look);
        look->has_failed = look->has_failed || status != WAX_OK;
    }
}

/* --- Stores --- */

/* The folder that a path leads to: itself, or that of the file it names. */
static bool find_folder(const char *named, char folder[static FOLDER_MAX])
{
    const char *last = strrchr(named, '/');
    size_t size = strlen(named);
    struct stat status;

    if (size == 0 || size >= FOLDER_MAX || stat(named, &status) != 0) {
        return false;
    }
    memcpy(folder, named, size + 1);
    if (S_ISDIR(status.st_mode)) {
        return true;
    }
    (void)snprintf(folder, FOLDER_MAX, "%.*s", last == NULL ? 1 : (int)(last - named) + 1,
                   last == NULL ? "." : named);
    return strcmp(last == NULL ? named : last + 1, FILE_NAME) == 0;
}

/* Returns false, and says so, when there is no store: looking for one must not make one. */
static bool find_store(const char *named, char folder[static FOLDER_MAX])
{
    char path[FOLDER_MAX + sizeof FILE_NAME + 1];
    struct stat status;

    if (find_folder(named, folder)) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, FILE_NAME);
        if (stat(path, &status) == 0) {
            return true;
        }
    }
    (void)fprintf(stderr,
                  "wax ctl: there is no store in %s: it is the folder of a file named %s, and "
                  "wax.conf(5) says where the broker has it: persistence_location\n",
                  named, FILE_NAME);
    return false;
}

static int open_look(struct store_look *look, const struct ctl_link *link, bool must_be_whole,
                     bool reads_all)
{
    char folder[FOLDER_MAX];
    char fault[WAX_BROKER_STORE_FAULT_SIZE];
    uint8_t key[WAX_BROKER_STORE_KEY_SIZE];
    wax_store_options options = {
        .place = folder, .must_be_whole = must_be_whole, .reads_all = reads_all};
    wax_status status;

    if (!find_store(link->settings->words[0], folder)) {
        return 1;
    }
    if (!wax_broker_store_key(link->settings->key_file, key, &options.key, fault)) {
        (void)fprintf(stderr, "wax ctl: %s\n", fault);
        return 1;
    }
    status = wax_store_sqlite.open(&look->store, &options, &look->report);
    wax_wipe(key, sizeof key);
    if (status != WAX_OK) {
        (void)fprintf(stderr, "wax ctl: %s%s\n", look->report.text,
                      status == WAX_INVALID ? "; --key-file FILE names its key" : "");
    }
    return status == WAX_OK ? 0 : 1;
}

/* Returns the exit code. */
static int run_look(struct store_look *look)
{
    look->task.run = look_at_all;
    look->store->kind->ask(look->store, &look->task);
    if (look->store->kind->close(look->store) != WAX_OK || look->has_failed) {
        (void)fputs("wax ctl: some of it cannot be read; `wax ctl store repair` saves the rest\n",
                    stderr);
        return 1;
    }
    return 0;
}

static void print_counts(const struct store_look *look)
{
    for (unsigned i = 0; i < WAX_STORE_TABLE_COUNT; i++) {
        (void)printf("  %-14s %llu\n", wax_broker_record_name((wax_store_table)i),
                     (unsigned long long)look->counts[i]);
    }
}

/* --- Verbs --- */

int ctl_store_check(struct ctl_link *link)
{
    struct store_look look = {.store = NULL};
    int code = open_look(&look, link, true, true);

    if (code == 0) {
        code = run_look(&look);
    }
    if (code == 0) {
        (void)puts("all of it is sound; it has");
        print_counts(&look);
    }
    return code;
}

int ctl_store_repair(struct ctl_link *link)
{
    struct store_look look = {.store = NULL};
    int code = open_look(&look, link, false, true);

    if (code == 0) {
        code = run_look(&look);
    }
    if (code == 0 && (look.report.is_damaged || look.report.is_newer)) {
        (void)printf("%s as %s\nnow it has\n", look.report.text, look.report.aside);
        print_counts(&look);
    } else if (code == 0) {
        (void)puts("there is nothing to repair: all of it is sound");
    }
    return code;
}

static int show_all(struct ctl_link *link, bool is_json)
{
    struct store_look look = {
        .shows = true,
        .is_json = is_json || link->settings->is_json,
        .with_payload = is_json || link->settings->shows_payload,
    };
    int code = open_look(&look, link, true, false);

    return code == 0 ? run_look(&look) : code;
}

int ctl_store_dump(struct ctl_link *link)
{
    return show_all(link, false);
}

int ctl_store_export(struct ctl_link *link)
{
    return show_all(link, true);
}
