/* Whether a file that a configuration names can be read, and if not, what to do about it. */
#include "broker/config_readable.h"
#include "broker/store_key.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* An account or a group: its name, or its number where it has none. */
struct name {
    char text[40];
};

static struct name user_name(uid_t uid)
{
    struct name name;
    const struct passwd *entry = getpwuid(uid);
    if (entry) {
        (void)snprintf(name.text, sizeof name.text, "%s", entry->pw_name);
    } else {
        (void)snprintf(name.text, sizeof name.text, "%u", (unsigned)uid);
    }
    return name;
}

static struct name group_name(gid_t gid)
{
    struct name name;
    const struct group *entry = getgrgid(gid);
    if (entry) {
        (void)snprintf(name.text, sizeof name.text, "%s", entry->gr_name);
    } else {
        (void)snprintf(name.text, sizeof name.text, "%u", (unsigned)gid);
    }
    return name;
}

/* The first directory above `path` that this process may not enter; false when all can be. */
static bool find_barrier(const char *path, char barrier[static PATH_SIZE], struct stat *status)
{
    for (size_t i = 1; i < PATH_SIZE - 1 && path[i]; i++) {
        if (path[i] != '/') {
            continue;
        }
        memcpy(barrier, path, i);
        barrier[i] = '\0';
        if (stat(barrier, status) == 0 && faccessat(AT_FDCWD, barrier, X_OK, AT_EACCESS) != 0) {
            return true;
        }
    }
    return false;
}

static void say_denied(const wax_config_spot *spot, const char *path)
{
    char barrier[PATH_SIZE];
    struct stat status;
    struct name me = user_name(geteuid());
    struct name my_group = group_name(getegid());
    const char *what = path;
    const char *right = "g+r";
    if (find_barrier(path, barrier, &status)) {
        what = barrier;
        right = "g+x";
    } else if (stat(path, &status) != 0) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "%s: cannot read %s: %s", spot->option->name, path, strerror(errno));
        return;
    }
    wax_config_report_add(
        spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
        "%s: cannot read %s: %s belongs to %s:%s with mode %04o, and Wax runs as %s (uid %u); "
        "run `chgrp %s %s && chmod %s %s` as root",
        spot->option->name, path, what == path ? "it" : what, user_name(status.st_uid).text,
        group_name(status.st_gid).text, (unsigned)status.st_mode & 07777U, me.text,
        (unsigned)geteuid(), my_group.text, what, right, what);
}

static void say_unreadable(const wax_config_spot *spot, const char *path, int error)
{
    const char *advice = "";
    if (error == EACCES) {
        say_denied(spot, path);
        return;
    }
    if (error == ENOENT) {
        advice = path[0] == '/' ? "; correct the path or make the file"
                                : "; write the whole path, beginning with /";
    }
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                          "%s: cannot read %s: %s%s", spot->option->name, path, strerror(error),
                          advice);
}

/* Whether the bits let that account read; groups beyond its first are not looked at. */
static bool may_read(const struct stat *status, const struct passwd *account)
{
    unsigned mode = (unsigned)status->st_mode;
    if (status->st_uid == account->pw_uid) {
        return (mode & S_IRUSR) != 0;
    }
    if (status->st_gid == account->pw_gid) {
        return (mode & S_IRGRP) != 0;
    }
    return (mode & S_IROTH) != 0;
}

static void judge_mode(const wax_config_spot *spot, const char *path, const struct stat *status,
                       bool is_secret)
{
    if (is_secret && ((unsigned)status->st_mode & S_IROTH) != 0) {
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "%s: everybody on this machine may read %s; run `chmod o-rwx %s`",
                              spot->option->name, path, path);
    }
}

static void judge_reload(const wax_config_spot *spot, const char *path, const struct stat *status,
                         const char *user)
{
    const struct passwd *account = user && geteuid() == 0 ? getpwnam(user) : NULL;
    if (account && account->pw_uid != 0 && !may_read(status, account)) {
        struct name group = group_name(account->pw_gid);
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "%s: root can read %s, but %s, the account Wax changes to, cannot "
                              "read it again on a reload; run `chgrp %s %s && chmod g+r %s`",
                              spot->option->name, path, user, group.text, path, path);
    }
}

void wax_config_try_file(const wax_config_spot *spot, const char *path, bool is_secret,
                         const char *user)
{
    /* Not blocked by a pipe that nobody writes to. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        say_unreadable(spot, path, errno);
        return;
    }
    struct stat status;
    bool wants_directory = strstr(spot->option->name, "capath") != NULL;
    if (fstat(file, &status) == 0) {
        if (S_ISDIR(status.st_mode) != wants_directory) {
            wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                                  "%s: %s is %s", spot->option->name, path,
                                  wants_directory ? "no directory; a file goes into `cafile`"
                                                  : "a directory; name a file in it");
        } else {
            judge_mode(spot, path, &status, is_secret);
            judge_reload(spot, path, &status, user);
        }
    }
    (void)close(file);
}

void wax_config_try_key(const wax_config_spot *spot, const char *path)
{
    size_t errors = spot->report->error_count;
    struct store_key key;

    wax_config_try_file(spot, path, true, NULL);
    if (spot->report->error_count == errors && store_key_read(&key, path) != WAX_OK) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line, "%s: %s",
                              spot->option->name, key.fault);
    }
    wax_wipe(&key, sizeof key);
}
