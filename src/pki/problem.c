/* What failed, in words; above all why a file cannot be read. */
#include "pki/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

wax_status pki_fail(wax_problem *problem, wax_status status, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(problem->text, sizeof problem->text, format, values);
    va_end(values);
    return status;
}

wax_status pki_fail_strangely(wax_problem *problem, const char *doing)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return pki_fail(problem, WAX_IO, "%s failed: %s", doing,
                    reason != NULL ? reason : "OpenSSL gives no reason (out of memory?)");
}

/* Names an owner, as a name if it has one. */
static void name_owner(const struct stat *about, char *room, size_t size)
{
    const struct passwd *user = getpwuid(about->st_uid);
    const struct group *group = getgrgid(about->st_gid);

    (void)snprintf(room, size, "%s:%s", user != NULL ? user->pw_name : "unknown user",
                   group != NULL ? group->gr_name : "unknown group");
}

/* Cuts `path` down to its first part that this process may not pass, or leaves it whole. */
static void cut_to_barrier(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
            return;
        }
        *slash = '/';
    }
}

/* The command that mends it: the group gets what it needs, others get nothing. */
static wax_status explain_denial(const char *path, wax_problem *problem)
{
    char barrier[PKI_PATH_MAX];
    char owner[128];
    struct stat about;
    bool is_folder;

    (void)snprintf(barrier, sizeof barrier, "%s", path);
    cut_to_barrier(barrier);
    if (stat(barrier, &about) != 0) {
        return pki_fail(problem, WAX_IO, "cannot read %s: %s", path, strerror(errno));
    }
    is_folder = S_ISDIR(about.st_mode);
    name_owner(&about, owner, sizeof owner);
    return pki_fail(problem, WAX_IO,
                    "cannot read %s: the %s %s belongs to %s with mode %04o, and this process runs "
                    "as uid %u, gid %u; run `chgrp %u %s && chmod g+%s %s`",
                    path, is_folder ? "folder" : "file", barrier, owner,
                    (unsigned)about.st_mode & 07777U, (unsigned)geteuid(), (unsigned)getegid(),
                    (unsigned)getegid(), barrier, is_folder ? "rx" : "r", barrier);
}

wax_status wax_pki_check_readable(const char *path, wax_problem *problem)
{
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0) {
        return WAX_OK;
    }
    if (errno == EACCES) {
        return explain_denial(path, problem);
    }
    return pki_fail(problem, WAX_IO, "cannot read %s: %s", path, strerror(errno));
}
