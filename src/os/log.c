/* The log: one line per event, to as many places as one likes. */
#include "os/os.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 1000, STAMP_MAX_SIZE = 100 };

struct row {
    wax_level level;
    int priority;
    const char *name;
};

static const struct row rows[] = {
    {WAX_ERROR,         LOG_ERR,     "error"  },
    {WAX_WARNING,       LOG_WARNING, "warning"},
    {WAX_NOTICE,        LOG_NOTICE,  "notice" },
    {WAX_INFORMATION,   LOG_INFO,    "info"   },
    {WAX_DEBUG,         LOG_DEBUG,   "debug"  },
    {WAX_SUBSCRIPTIONS, LOG_INFO,    "info"   },
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
    *log = (wax_log){.settings = {.places = WAX_LOG_STDERR}, .file = -1};
    atomic_init(&log->levels, WAX_ERROR | WAX_WARNING | WAX_NOTICE | WAX_INFORMATION);
    pthread_mutex_init(&log->mutex, NULL);
}

void wax_log_close(wax_log *log)
{
    if (log->file >= 0) {
        close(log->file);
    }
    pthread_mutex_destroy(&log->mutex);
}

static void open_file(wax_log *log)
{
    if (log->file >= 0) {
        close(log->file);
    }
    log->file = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
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
    if ((settings->places & WAX_LOG_SYSLOG) != 0) {
        openlog("wax", LOG_PID, settings->facility);
    }
    pthread_mutex_unlock(&log->mutex);
    return status;
}

/* What strangers send must not look like a line of its own. */
static void clean(char *line)
{
    for (char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
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

/* Writes a line to all places but the last, under the mutex. */
static void put_everywhere(const wax_log *log, const struct row *row, const char *line)
{
    char whole[LINE_MAX_SIZE + STAMP_MAX_SIZE + 16];
    char stamp[STAMP_MAX_SIZE];
    unsigned places = log->settings.places;
    size_t size;

    write_stamp(log->settings.timestamp_format, stamp, sizeof stamp);
    size = (size_t)snprintf(whole, sizeof whole, "%s%s %s\n", stamp, row->name, line);
    if ((places & WAX_LOG_STDOUT) != 0) {
        put(STDOUT_FILENO, whole, size);
    }
    if ((places & WAX_LOG_STDERR) != 0) {
        put(STDERR_FILENO, whole, size);
    }
    if ((places & WAX_LOG_FILE) != 0 && log->file >= 0) {
        put(log->file, whole, size);
    }
    if ((places & WAX_LOG_SYSLOG) != 0) {
        syslog(row->priority, "%s", line);
    }
}

void wax_log_write(wax_log *log, wax_level level, const char *format, ...)
{
    void (*also)(void *context, wax_level level, const char *line);
    void *context;
    char line[LINE_MAX_SIZE];
    va_list arguments;

    if ((atomic_load_explicit(&log->levels, memory_order_relaxed) & (unsigned)level) == 0) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    clean(line);
    pthread_mutex_lock(&log->mutex);
    put_everywhere(log, find_row(level), line);
    also = log->settings.also;
    context = log->settings.context;
    pthread_mutex_unlock(&log->mutex);
    if (also != NULL) {
        also(context, level, line);
    }
}
