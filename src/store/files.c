/* The files of a store. What renames do is on the disk before the next step begins. */
#include "store/files.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MODE_FOLDER = 0700, MODE_FILE = 0600 };

/* A store is these together. */
static const char *const endings[] = {"", "-wal", "-journal", "-shm"};

void report_say(wax_store_report *report, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(report->text, sizeof report->text, format, values);
    va_end(values);
}

/* Room is left for the endings that are put behind a path. */
static bool join(char *path, const char *start, const char *end)
{
    size_t start_size = strlen(start);
    size_t end_size = strlen(end);

    path[0] = '\0';
    if (start_size + end_size > FILES_PATH_SIZE - 64) {
        return false;
    }
    memcpy(path, start, start_size);
    memcpy(path + start_size, end, end_size + 1);
    return true;
}

static wax_status fail(wax_store_report *report, const char *what, const char *path)
{
    report_say(report, "cannot %s %s: %s; the broker's account must be able to write there", what,
               path, strerror(errno));
    return WAX_IO;
}

/* The mode is set by itself: what it is made with, the umask narrows. */
static wax_status make_folder(struct files *files, wax_store_report *report)
{
    struct stat status;

    if (mkdir(files->folder, MODE_FOLDER) == 0) {
        return chmod(files->folder, MODE_FOLDER) == 0 ? WAX_OK
                                                      : fail(report, "protect", files->folder);
    }
    if (errno != EEXIST) {
        return fail(report, "make the folder", files->folder);
    }
    if (stat(files->folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        report_say(report, "%s is not a folder", files->folder);
        return WAX_IO;
    }
    if ((status.st_mode & S_IRWXO) != 0) {
        report_say(report, "others may look into %s (mode %04o): chmod 0700 keeps it private",
                   files->folder, (unsigned)status.st_mode & 07777U);
    }
    return WAX_OK;
}

static wax_status lock_folder(struct files *files, wax_store_report *report)
{
    files->lock = open(files->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->lock < 0) {
        return fail(report, "open the folder", files->folder);
    }
    /* Where a system cannot lock folders, the lock of the database itself is left. */
    if (flock(files->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        report_say(report,
                   "the store in %s is in use: another broker has it, or a tool; only one "
                   "process at a time can",
                   files->folder);
        return WAX_IO;
    }
    if (access(files->folder, W_OK | X_OK) != 0) {
        return fail(report, "write to the folder", files->folder);
    }
    return WAX_OK;
}

wax_status files_open(struct files *files, const char *place, wax_store_report *report)
{
    wax_status status = WAX_OK;

    files->lock = -1;
    if (place == NULL || !join(files->folder, place, "") || !join(files->path, place, "/wax.db") ||
        !join(files->fresh, place, "/wax.db.new") ||
        !join(files->suspect, place, "/wax.db.suspect")) {
        report_say(report, "the store needs a folder whose name has at most %d bytes",
                   FILES_PATH_SIZE - 128);
        return WAX_IO;
    }
    status = make_folder(files, report);
    return status == WAX_OK ? lock_folder(files, report) : status;
}

void files_close(struct files *files)
{
    if (files->lock >= 0) {
        close(files->lock);
    }
    files->lock = -1;
}

uint64_t files_size(const char *path, const char *ending)
{
    char whole[FILES_PATH_SIZE];
    struct stat status;

    (void)join(whole, path, ending);
    return stat(whole, &status) == 0 ? (uint64_t)status.st_size : 0;
}

bool files_exist(const char *path, const char *ending)
{
    char whole[FILES_PATH_SIZE];
    struct stat status;

    (void)join(whole, path, ending);
    return lstat(whole, &status) == 0;
}

static bool give(const struct files *files, int file)
{
    struct stat folder;

    return geteuid() != 0 ||
           (fstat(files->lock, &folder) == 0 && fchown(file, folder.st_uid, folder.st_gid) == 0);
}

wax_status files_own(const struct files *files, const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE_FILE);

    /* A file that a database has open must not be opened here: closing it would end its locks. */
    if (file < 0) {
        return errno == EEXIST && chmod(path, MODE_FILE) == 0 ? WAX_OK : WAX_IO;
    }
    if (fchmod(file, MODE_FILE) != 0 || !give(files, file)) {
        close(file);
        return WAX_IO;
    }
    close(file);
    return WAX_OK;
}

static bool move(const char *from, const char *to, const char *ending)
{
    char source[FILES_PATH_SIZE];
    char target[FILES_PATH_SIZE];

    (void)join(source, from, ending);
    (void)join(target, to, ending);
    return rename(source, target) == 0 || errno == ENOENT;
}

wax_status files_set_aside(const struct files *files, char *aside, size_t size)
{
    time_t now = (time_t)wax_clock_wall_s();
    char stamp[32] = "";
    char target[FILES_PATH_SIZE];
    struct tm parts;
    unsigned number = 1;

    gmtime_r(&now, &parts);
    (void)strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
    (void)snprintf(target, sizeof target, "%.*s.damaged-%s", FILES_PATH_SIZE - 64, files->path,
                   stamp);
    while (files_exist(target, "") || files_exist(target, "-wal")) {
        (void)snprintf(target, sizeof target, "%.*s.damaged-%s-%u", FILES_PATH_SIZE - 64,
                       files->path, stamp, ++number);
    }
    (void)snprintf(aside, size, "%s", target);
    for (size_t i = 0; i < WAX_COUNT(endings); i++) {
        if (!move(files->path, target, endings[i])) {
            return WAX_IO;
        }
    }
    return fsync(files->lock) == 0 ? WAX_OK : WAX_IO;
}

wax_status files_put_in_place(const struct files *files)
{
    if (rename(files->fresh, files->path) != 0 || fsync(files->lock) != 0) {
        return WAX_IO;
    }
    files_drop_fresh(files);
    return WAX_OK;
}

void files_drop_fresh(const struct files *files)
{
    for (size_t i = 0; i < WAX_COUNT(endings); i++) {
        char path[FILES_PATH_SIZE];
        (void)join(path, files->fresh, endings[i]);
        (void)unlink(path);
    }
}

void files_set_suspect(const struct files *files, bool is_suspect)
{
    if (is_suspect && files_own(files, files->suspect) == WAX_OK) {
        (void)fsync(files->lock);
    } else if (!is_suspect) {
        (void)unlink(files->suspect);
    }
}
