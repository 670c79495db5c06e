/* The files of an authority: read, replaced whole, locked. */
#include "pki/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

wax_status pki_path(char room[static PKI_PATH_MAX], const char *folder, const char *name,
                    const char *ending, wax_problem *problem)
{
    int size = snprintf(room, PKI_PATH_MAX, "%s/%s%s", folder, name, ending);

    /* What is replaced is written beside it first, under a longer name. */
    if (size < 0 || size >= PKI_PATH_MAX - 8) {
        return pki_fail(problem, WAX_FULL, "the path %.100s... is too long", folder);
    }
    return WAX_OK;
}

wax_status pki_open(const char *path, BIO **in, wax_problem *problem)
{
    struct stat about;

    *in = NULL;
    if (wax_pki_check_readable(path, problem) != WAX_OK) {
        return WAX_IO;
    }
    if (stat(path, &about) == 0 && (S_ISDIR(about.st_mode) || about.st_size > PKI_FILE_MAX)) {
        return pki_fail(problem, WAX_IO, "cannot read %s: it is %s", path,
                        S_ISDIR(about.st_mode) ? "a folder" : "larger than 16 MiB");
    }
    ERR_clear_error();
    *in = BIO_new_file(path, "r");
    if (*in == NULL) {
        return pki_fail(problem, WAX_IO, "cannot read %s: %s", path, strerror(errno));
    }
    return WAX_OK;
}

/* Writes all there is and waits until the disk has it. */
static bool write_all(int file, BIO *contents)
{
    char *bytes = NULL;
    long left = BIO_get_mem_data(contents, &bytes);

    while (left > 0) {
        ssize_t written = write(file, bytes, (size_t)left);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            bytes += written;
            left -= written;
        }
    }
    return fsync(file) == 0;
}

/* Makes a rename outlast a power cut. */
static void sync_folder_of(const char *path)
{
    char folder[PKI_PATH_MAX];
    char *slash;
    int file;

    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        return;
    }
    slash[slash == folder ? 1 : 0] = '\0';
    file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)fsync(file);
        (void)close(file);
    }
}

/* Whose the old file is, and whether that group may read it, the new one is. */
static mode_t inherit(int file, const char *path, mode_t mode)
{
    struct stat old;

    return stat(path, &old) == 0 && fchown(file, old.st_uid, old.st_gid) == 0
               ? mode | (old.st_mode & S_IRGRP)
               : mode;
}

wax_status pki_replace(const char *path, BIO *contents, unsigned mode, wax_problem *problem)
{
    char fresh[PKI_PATH_MAX];
    bool is_written;
    int file;

    (void)snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
    file = mkostemp(fresh, O_CLOEXEC);
    if (file < 0) {
        return pki_fail(problem, WAX_IO, "cannot write %s: %s", path, strerror(errno));
    }
    is_written = fchmod(file, inherit(file, path, (mode_t)mode)) == 0 && write_all(file, contents);
    is_written = close(file) == 0 && is_written;
    if (!is_written || rename(fresh, path) != 0) {
        (void)pki_fail(problem, WAX_IO, "cannot write %s: %s", path, strerror(errno));
        (void)unlink(fresh);
        return WAX_IO;
    }
    sync_folder_of(path);
    return WAX_OK;
}

wax_status pki_lock(const char *folder, int *lock, wax_problem *problem)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return pki_fail(problem, WAX_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    }
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) {
        return pki_fail(problem, WAX_IO, "cannot open the folder %s: %s", folder, strerror(errno));
    }
    while (flock(*lock, LOCK_EX) != 0) {
        if (errno != EINTR) {
            (void)close(*lock);
            return pki_fail(problem, WAX_IO, "cannot lock the folder %s: %s", folder,
                            strerror(errno));
        }
    }
    return WAX_OK;
}
