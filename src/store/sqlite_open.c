/* Opening: is there a store, is it ours, is it whole; and what is done if not. */
#include "store/sqlite_open.h"

#include "store/sqlite_salvage.h"
#include "store/sqlite_walk.h"

#include <stdio.h>

struct opening {
    struct database *database;
    struct files *files;
    const wax_store_options *options;
    wax_store_report *report;
    char why[192]; /* what is wrong with the store */
};

static wax_status give_up(struct opening *opening, wax_status status, const char *what)
{
    report_say(opening->report, "cannot %s %s: %s", what, opening->files->path, opening->why);
    return status == WAX_QUOTA_EXCEEDED ? WAX_IO : status;
}

/* A store is not set aside for the key: that would be to throw away what can be read with it. */
static int judge_key(struct opening *opening, bool is_sealed)
{
    bool has_key = opening->database->seal.is_secret;

    if (is_sealed == has_key) {
        return is_sealed ? database_check_key(opening->database) : SQLITE_OK;
    }
    (void)snprintf(opening->why, sizeof opening->why, "%s",
                   is_sealed ? "its values are sealed, and no key was given"
                             : "a key was given, but its values are not sealed");
    return SQLITE_AUTH;
}

/* Is it a store, and one that this program can read? */
static int judge_head(struct opening *opening, int64_t *version)
{
    struct database *database = opening->database;
    int64_t application = 0;
    int result = database_number(database, "PRAGMA application_id", &application);

    if (result == SQLITE_OK) {
        result = database_number(database, "PRAGMA user_version", version);
    }
    if (result != SQLITE_OK) {
        return result;
    }
    if (application == DATABASE_APPLICATION || application == DATABASE_APPLICATION_SEALED) {
        result = judge_key(opening, application == DATABASE_APPLICATION_SEALED);
    } else {
        (void)snprintf(opening->why, sizeof opening->why, "it is a file of another program");
        return SQLITE_NOTADB;
    }
    if (result == SQLITE_OK && *version > DATABASE_VERSION) {
        opening->report->is_newer = true;
        (void)snprintf(opening->why, sizeof opening->why,
                       "a later version of Wax wrote it (format %lld; this one knows %d)",
                       (long long)*version, DATABASE_VERSION);
        return SQLITE_NOTADB;
    }
    if (result == SQLITE_OK && *version <= 0) {
        (void)snprintf(opening->why, sizeof opening->why, "it does not say its format");
        return SQLITE_NOTADB;
    }
    return result;
}

static int migrate(struct opening *opening, int64_t version)
{
    int result = SQLITE_OK;

    if (version == DATABASE_VERSION) {
        return SQLITE_OK;
    }
    result = database_run(opening->database, "BEGIN IMMEDIATE");
    if (result == SQLITE_OK) {
        result = database_migrate(opening->database, version);
    }
    return result == SQLITE_OK ? database_run(opening->database, "COMMIT") : result;
}

static int judge_rows(struct opening *opening)
{
    bool reads_all = opening->options->reads_all || files_exist(opening->files->suspect, "");
    uint64_t fault_count = 0;
    int result = walk_check(opening->database, reads_all, &fault_count);

    if (result == SQLITE_OK && fault_count > 0) {
        (void)snprintf(opening->why, sizeof opening->why, "%llu of its values do not verify",
                       (unsigned long long)fault_count);
        return SQLITE_CORRUPT;
    }
    return result;
}

/* Opens the store as it stands. WAX_MALFORMED: it is damaged, and `why` says how. */
static wax_status open_as_is(struct opening *opening)
{
    int64_t version = 0;
    int result = SQLITE_CORRUPT;

    if (seal_begin(&opening->database->seal, opening->options->key) != WAX_OK) {
        return WAX_IO;
    }
    if (files_size(opening->files->path, "") == 0) {
        (void)snprintf(opening->why, sizeof opening->why, "the file is empty");
    } else {
        result = database_open(opening->database, opening->files->path, false);
    }
    if (result == SQLITE_OK) {
        result = judge_head(opening, &version);
    }
    if (result == SQLITE_OK) {
        result = migrate(opening, version);
    }
    if (result == SQLITE_OK) {
        result = judge_rows(opening);
    }
    if (result != SQLITE_OK && opening->why[0] == '\0') {
        database_explain(opening->database, result, opening->why, sizeof opening->why);
    }
    return database_status(opening->database, result);
}

/* A new store, or the one that is made of a damaged one, takes its place. */
static wax_status replace(struct opening *opening, bool takes_over)
{
    wax_store_report *report = opening->report;
    wax_status status = salvage(opening->files, opening->options->key, takes_over, report);

    if (status == WAX_OK && takes_over) {
        status = files_set_aside(opening->files, report->aside, sizeof report->aside);
    }
    if (status == WAX_OK) {
        status = files_put_in_place(opening->files);
    }
    if (status != WAX_OK && report->text[0] == '\0') {
        report_say(report, "cannot rename files in %s", opening->files->folder);
    }
    return status;
}

static wax_status set_aside(struct opening *opening)
{
    wax_store_report *report = opening->report;
    wax_status status;

    report->is_damaged = !report->is_newer;
    database_leave(opening->database);
    database_close(opening->database);
    if (opening->options->must_be_whole) {
        report_say(report,
                   "%s cannot be used as it is: %s; 'wax ctl store repair %s' sets it aside and "
                   "saves what can be saved",
                   opening->files->path, opening->why, opening->files->folder);
        return WAX_MALFORMED;
    }
    report->text[0] = '\0';
    status = replace(opening, true);
    if (status != WAX_OK) {
        return status;
    }
    report_say(report,
               "%.200s was not usable: %s; %llu values were taken over, %llu are known to be "
               "lost, and the old file is kept",
               opening->files->path, opening->why, (unsigned long long)report->saved_count,
               (unsigned long long)report->lost_count);
    return WAX_OK;
}

/* There is no store: the first start, or the process ended while one was being replaced. */
static wax_status begin(struct opening *opening)
{
    wax_store_report *report = opening->report;
    struct files *files = opening->files;
    bool has_rest = files_exist(files->path, "-wal");
    wax_status status = WAX_OK;

    if (!has_rest && !salvage_is_complete(files)) {
        return replace(opening, false);
    }
    if (has_rest && !salvage_is_complete(files)) {
        (void)snprintf(opening->why, sizeof opening->why,
                       "the file is gone, and only its log left");
        return set_aside(opening);
    }
    if (has_rest) {
        report->is_damaged = true;
        status = files_set_aside(files, report->aside, sizeof report->aside);
    }
    return status == WAX_OK ? files_put_in_place(files) : status;
}

static wax_status open_found(struct opening *opening)
{
    wax_status status = WAX_OK;

    if (!files_exist(opening->files->path, "")) {
        status = begin(opening);
    }
    if (status != WAX_OK) {
        return status;
    }
    if (files_own(opening->files, opening->files->path) != WAX_OK) {
        (void)snprintf(opening->why, sizeof opening->why, "this account may not change it");
        return give_up(opening, WAX_IO, "open");
    }
    status = open_as_is(opening);
    if (status == WAX_MALFORMED) {
        status = set_aside(opening);
        if (status != WAX_OK) {
            return status;
        }
        opening->why[0] = '\0';
        status = open_as_is(opening);
        status = status == WAX_MALFORMED ? WAX_IO : status;
    }
    if (status == WAX_OK) {
        files_set_suspect(opening->files, false);
        return WAX_OK;
    }
    return give_up(opening, status, "open");
}

wax_status sqlite_open(struct database *database, struct files *files,
                       const wax_store_options *options, wax_store_report *report)
{
    struct opening opening = {
        .database = database, .files = files, .options = options, .report = report};
    wax_status status;

    *database = (struct database){.handle = NULL};
    *report = (wax_store_report){.is_damaged = false};
    status = files_open(files, options->place, report);
    if (status == WAX_OK) {
        status = open_found(&opening);
    }
    if (status != WAX_OK) {
        database_close(database);
        files_close(files);
    }
    return status;
}

wax_status sqlite_replace(struct database *database, struct files *files,
                          const wax_store_options *options, wax_store_report *report)
{
    struct opening opening = {
        .database = database, .files = files, .options = options, .report = report};
    wax_status status;

    *report = (wax_store_report){.is_damaged = true};
    (void)snprintf(opening.why, sizeof opening.why, "its pages do not belong together");
    /* Without a store, an attempt before this one has ended halfway. */
    status = files_exist(files->path, "") ? set_aside(&opening) : begin(&opening);
    opening.why[0] = '\0';
    if (open_as_is(&opening) != WAX_OK) {
        database_leave(database);
        database_close(database);
        return WAX_IO;
    }
    if (status == WAX_OK) {
        files_set_suspect(files, false);
    }
    return status;
}
