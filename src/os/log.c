/* The log: one line per event, to as many places as one likes. */
#include "os/fold.h"
#include "os/journal.h"
#include "os/record.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { STAMP_MAX_SIZE = 100 };

struct row {
    wax_level level;
    int priority;
    const char *name;
};

static const struct row rows[] = {
    {WAX_ERROR,           LOG_ERR,     "error"  },
    {WAX_WARNING,         LOG_WARNING, "warning"},
    {WAX_NOTICE,          LOG_NOTICE,  "notice" },
    {WAX_INFORMATION,     LOG_INFO,    "info"   },
    {WAX_DEBUG,           LOG_DEBUG,   "debug"  },
    {WAX_SUBSCRIPTIONS,   LOG_INFO,    "info"   },
    {WAX_UNSUBSCRIPTIONS, LOG_INFO,    "info"   },
};

static const struct row *find_row(wax_level level)
{
    const struct row *row = rows;

    while (row->level != level) {
        row++;
    }
    return row;
}

void wax_log_open(wax_log *log)
{
    *log = (wax_log){
        .settings = {.places = WAX_LOG_STDERR}, .file = -1, .journal = -1, .fold = fold_open()};
    atomic_init(&log->levels, WAX_ERROR | WAX_WARNING | WAX_NOTICE | WAX_INFORMATION);
    pthread_mutex_init(&log->mutex, NULL);
}

void wax_log_close(wax_log *log)
{
    if (log->file >= 0) {
        close(log->file);
    }
    if (log->journal >= 0) {
        close(log->journal);
    }
    fold_close(log->fold);
    pthread_mutex_destroy(&log->mutex);
}

static void open_file(wax_log *log)
{
    if (log->file >= 0) {
        close(log->file);
    }
    log->file = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void open_journal(wax_log *log, const char *path)
{
    if (log->journal >= 0) {
        close(log->journal);
    }
    log->journal = journal_open(path != NULL ? path : "/run/systemd/journal/socket");
}

/* Keeps the text in `room`; the answer is NULL where there is none. */
static const char *keep(char *room, size_t size, const char *text)
{
    snprintf(room, size, "%s", text == NULL ? "" : text);
    return text == NULL ? NULL : room;
}

wax_status wax_log_set(wax_log *log, const wax_log_settings *settings)
{
    wax_status status = WAX_OK;

    pthread_mutex_lock(&log->mutex);
    atomic_store(&log->levels, settings->levels);
    log->settings = *settings;
    log->settings.path = keep(log->path, sizeof log->path, settings->path);
    log->settings.timestamp_format =
        keep(log->timestamp_format, sizeof log->timestamp_format, settings->timestamp_format);
    if ((settings->places & WAX_LOG_FILE) != 0 && settings->path != NULL) {
        open_file(log);
        status = log->file < 0 ? WAX_IO : WAX_OK;
    }
    if ((settings->places & WAX_LOG_JOURNALD) != 0) {
        open_journal(log, settings->journal);
    }
    if ((settings->places & WAX_LOG_SYSLOG) != 0) {
        openlog("wax", LOG_PID, settings->facility);
    }
    pthread_mutex_unlock(&log->mutex);
    return status;
}

/* The format is the administrator's own: called by its address, since no compiler can check it. */
static size_t (*const format_time)(char *, size_t, const char *, const struct tm *) = strftime;

static void write_time(char *stamp, const char *format, size_t size)
{
    time_t now = time(NULL);
    struct tm parts;
    size_t used;

    localtime_r(&now, &parts);
    used = format_time(stamp, size - 3, format, &parts);
    memcpy(stamp + used, ": ", 3);
}

static void write_stamp(const char *format, char *stamp, size_t size)
{
    stamp[0] = '\0';
    if (format == NULL) {
        snprintf(stamp, size, "%lld: ", (long long)time(NULL));
    } else if (format[0] != '\0') {
        write_time(stamp, format, size);
    }
}

static void put(int descriptor, const char *line, size_t size)
{
    (void)!write(descriptor, line, size);
}

/* Writes what the files and the terminal get. */
static void put_line(const wax_log *log, const struct row *row, const struct record *record,
                     wax_bytes text)
{
    char whole[RECORD_LINE_SIZE + STAMP_MAX_SIZE + 16];
    wax_writer out = wax_writer_over(whole, sizeof whole);
    unsigned places = log->settings.places;

    if (log->settings.is_json) {
        record_write_json(record, row->name, wax_clock_wall_ms(), &out);
    } else {
        char stamp[STAMP_MAX_SIZE];
        write_stamp(log->settings.timestamp_format, stamp, sizeof stamp);
        wax_write_bytes(&out, wax_bytes_of_text(stamp));
        wax_write_bytes(&out, wax_bytes_of_text(row->name));
        wax_write_u8(&out, ' ');
        wax_write_bytes(&out, text);
    }
    wax_write_u8(&out, '\n');
    if ((places & WAX_LOG_STDOUT) != 0) {
        put(STDOUT_FILENO, whole, out.used);
    }
    if ((places & WAX_LOG_STDERR) != 0) {
        put(STDERR_FILENO, whole, out.used);
    }
    if ((places & WAX_LOG_FILE) != 0 && log->file >= 0) {
        put(log->file, whole, out.used);
    }
}

/* To all places but `also`, under the mutex. A journal that is not there is told to stderr, which
 * it reads of a service. */
static void put_everywhere(const wax_log *log, const struct record *record, wax_bytes text)
{
    const struct row *row = find_row(record->level);
    unsigned places = log->settings.places;

    put_line(log, row, record, text);
    if ((places & WAX_LOG_SYSLOG) != 0) {
        syslog(row->priority, "%.*s", (int)text.size, (const char *)text.data);
    }
    if ((places & WAX_LOG_JOURNALD) != 0 &&
        !journal_send(log->journal, record, row->priority, text) &&
        (places & WAX_LOG_STDERR) == 0) {
        put(STDERR_FILENO, (const char *)text.data, text.size);
        put(STDERR_FILENO, "\n", 1);
    }
}

/* Writes an event; `also` is told last, without the mutex, for it may log, too. */
static void tell(wax_log *log, const struct record *record)
{
    void (*also)(void *context, wax_level level, const char *line);
    void *context;
    char text[RECORD_LINE_SIZE + 1];
    wax_writer out = wax_writer_over(text, sizeof text - 1);

    record_write_text(record, &out);
    text[out.used] = '\0';
    pthread_mutex_lock(&log->mutex);
    put_everywhere(log, record, wax_writer_bytes(&out));
    also = log->settings.also;
    context = log->settings.context;
    pthread_mutex_unlock(&log->mutex);
    if (also != NULL) {
        also(context, record->level, text);
    }
}

void wax_log_flush(wax_log *log, uint64_t now_ms)
{
    struct record sum;
    bool is_more = true;

    while (is_more) {
        pthread_mutex_lock(&log->mutex);
        is_more = fold_next(log->fold, now_ms, &sum);
        pthread_mutex_unlock(&log->mutex);
        if (is_more) {
            tell(log, &sum);
        }
    }
}

void wax_log_write(wax_log *log, wax_level level, const char *format, ...)
{
    struct record record;
    va_list arguments;
    uint64_t now_ms;
    bool is_told;

    if ((atomic_load_explicit(&log->levels, memory_order_relaxed) & (unsigned)level) == 0) {
        return;
    }
    va_start(arguments, format);
    record_make(&record, level, format, arguments);
    va_end(arguments);
    now_ms = wax_clock_ms();
    wax_log_flush(log, now_ms);
    pthread_mutex_lock(&log->mutex);
    is_told = fold_admits(log->fold, &record, now_ms);
    pthread_mutex_unlock(&log->mutex);
    if (is_told) {
        tell(log, &record);
    }
}
