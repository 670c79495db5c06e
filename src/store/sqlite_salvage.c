/* Salvage: a table is read upwards as far as it goes, then downwards as far as it goes. */
#include "store/sqlite_salvage.h"

#include "store/sqlite_apply.h"
#include "store/sqlite_walk.h"

#include <stdio.h>

struct copy {
    struct database *to;
    wax_store_table table;
    int result; /* of writing */
    wax_store_report *report;
};

static bool copy_row(void *context, const struct row *row)
{
    struct copy *copy = context;
    const struct item item = {.table = copy->table, .key = row->key, .value = row->value};
    int result;

    if (!row->is_sound) {
        copy->report->lost_count++;
        return true;
    }
    result = apply_put(copy->to, STATEMENT_ADD, &item, database_link(item.table, item.value));
    /* What is there already says that both ways have met. */
    if ((result & 0xff) == SQLITE_CONSTRAINT) {
        return false;
    }
    copy->result = result;
    copy->report->saved_count += result == SQLITE_OK ? 1 : 0;
    return result == SQLITE_OK;
}

static int copy_tables(struct database *to, struct database *from, wax_store_report *report)
{
    int result = SQLITE_OK;

    for (unsigned i = 0; i < WAX_STORE_TABLE_COUNT && result == SQLITE_OK; i++) {
        struct copy copy = {.to = to, .table = (wax_store_table)i, .report = report};
        struct walk walk = {.table = copy.table, .visit = copy_row, .context = &copy};
        if (walk_rows(from, &walk) != SQLITE_OK && copy.result == SQLITE_OK) {
            walk.is_backward = true;
            (void)walk_rows(from, &walk);
        }
        result = copy.result;
    }
    return result;
}

/* Removes the rows whose message is not there. */
static int drop_orphans(struct database *database, uint64_t *dropped)
{
    int result = SQLITE_OK;

    for (unsigned i = 0; i < WAX_STORE_TABLE_COUNT && result == SQLITE_OK; i++) {
        char sql[128];
        if (!database_holds((wax_store_table)i)) {
            continue;
        }
        (void)snprintf(sql, sizeof sql,
                       "DELETE FROM %s WHERE link!=%lld AND link NOT IN (SELECT key FROM messages)",
                       database_table((wax_store_table)i), (long long)DATABASE_NO_MESSAGE);
        result = database_run(database, sql);
        *dropped += result == SQLITE_OK ? (uint64_t)sqlite3_changes(database->handle) : 0;
    }
    return result;
}

/* Rows without their message go, holders are counted, messages that nobody holds go. */
static int reconcile(struct database *database, wax_store_report *report)
{
    uint64_t dropped = 0;
    int result = drop_orphans(database, &dropped);

    if (result == SQLITE_OK) {
        result = database_view_held(database);
    }
    if (result == SQLITE_OK) {
        result =
            database_run(database, "UPDATE messages SET link=holders FROM held WHERE key=number");
    }
    if (result == SQLITE_OK) {
        result = database_run(database, "DELETE FROM messages WHERE link=0");
        dropped += result == SQLITE_OK ? (uint64_t)sqlite3_changes(database->handle) : 0;
    }
    report->lost_count += dropped;
    report->saved_count -= dropped < report->saved_count ? dropped : report->saved_count;
    return result;
}

static int fill(struct database *to, struct database *from, wax_store_report *report)
{
    int result = database_run(to, "BEGIN IMMEDIATE");

    if (result == SQLITE_OK) {
        result = database_migrate(to, 0);
    }
    if (result == SQLITE_OK && from != NULL) {
        result = copy_tables(to, from, report);
    }
    if (result == SQLITE_OK && from != NULL) {
        result = reconcile(to, report);
    }
    return result == SQLITE_OK ? database_run(to, "COMMIT") : result;
}

wax_status salvage(const struct files *files, wax_bytes key, bool takes_over,
                   wax_store_report *report)
{
    struct database to = {.handle = NULL};
    struct database from = {.handle = NULL};
    char why[160];
    wax_status status;
    int result;

    files_drop_fresh(files);
    if (files_own(files, files->fresh) != WAX_OK || seal_begin(&to.seal, key) != WAX_OK ||
        seal_begin(&from.seal, key) != WAX_OK) {
        report_say(report, "cannot make a file in %s", files->folder);
        return WAX_IO;
    }
    /* A log without its file would be thrown away by a look at it. */
    if (takes_over && files_size(files->path, "") > 0) {
        (void)database_open_wreck(&from, files->path);
    }
    result = database_open(&to, files->fresh, true);
    if (result == SQLITE_OK) {
        result = fill(&to, from.handle == NULL ? NULL : &from, report);
    }
    status = database_status(&to, result);
    if (status != WAX_OK) {
        database_explain(&to, result, why, sizeof why);
        report_say(report, "cannot make a store in %s: %s", files->folder, why);
    }
    database_close(&from);
    database_close(&to);
    if (status != WAX_OK) {
        files_drop_fresh(files);
        return status == WAX_FULL ? WAX_FULL : WAX_IO;
    }
    return WAX_OK;
}

bool salvage_is_complete(const struct files *files)
{
    struct database database = {.handle = NULL};
    int64_t version = 0;
    bool is_complete = false;

    if (files_exist(files->fresh, "") &&
        database_open(&database, files->fresh, false) == SQLITE_OK &&
        database_number(&database, "PRAGMA user_version", &version) == SQLITE_OK) {
        is_complete = version == DATABASE_VERSION;
    }
    database_close(&database);
    return is_complete;
}
