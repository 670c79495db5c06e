/* Whole files. */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Says why a file cannot be opened, and what would help. */
static void explain(const char *path, int error, char *fault, size_t fault_size)
{
    struct stat status;

    if (error == EACCES && stat(path, &status) == 0) {
        snprintf(fault, fault_size,
                 "cannot read %s: it belongs to uid %u with mode %04o and this process is uid %u; "
                 "let it read the file: chown or chmod it",
                 path, (unsigned)status.st_uid, (unsigned)status.st_mode & 07777U,
                 (unsigned)geteuid());
        return;
    }
    snprintf(fault, fault_size, "cannot read %s: %s", path, strerror(error));
}

static wax_status read_all(int file, size_t size, wax_bytes *content)
{
    uint8_t *room = malloc(size + 1);
    size_t used = 0;

    if (room == NULL) {
        return WAX_FULL;
    }
    while (used < size) {
        ssize_t got = read(file, room + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            free(room);
            return WAX_IO; /* half a file of rules is none */
        }
        used += (size_t)got;
    }
    *content = (wax_bytes){room, used};
    return WAX_OK;
}

wax_status wax_file_read(const char *path, size_t size_max, wax_bytes *content, char *fault,
                         size_t fault_size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    wax_status result = WAX_IO;

    *content = (wax_bytes){NULL, 0};
    if (file < 0) {
        explain(path, errno, fault, fault_size);
        return errno == ENOENT ? WAX_NOT_FOUND : WAX_IO;
    }
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        snprintf(fault, fault_size, "cannot read %s: it is not a file", path);
    } else if ((uint64_t)status.st_size > size_max) {
        snprintf(fault, fault_size, "%s is larger than %zu bytes", path, size_max);
        result = WAX_TOO_LARGE;
    } else {
        result = read_all(file, (size_t)status.st_size, content);
        if (result != WAX_OK) {
            (void)snprintf(fault, fault_size, "cannot read all of %s; try again", path);
        }
    }
    close(file);
    return result;
}

void wax_file_free(wax_bytes *content)
{
    free((void *)(uintptr_t)content->data);
    *content = (wax_bytes){NULL, 0};
}

/* --- Replacing --- */

enum { BESIDE_SIZE = 4096 + 16 };

static bool write_all(int file, wax_bytes content)
{
    size_t used = 0;

    while (used < content.size) {
        ssize_t got = write(file, content.data + used, content.size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        used += (size_t)got;
    }
    return fsync(file) == 0;
}

/* A rename is on the disk once its folder is. */
static bool sync_folder(const char *path)
{
    char folder[BESIDE_SIZE];
    char *slash;
    int file;
    bool is_done;

    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, sizeof folder, ".");
    } else {
        slash[slash == folder] = '\0';
    }
    file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_done = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        close(file);
    }
    return is_done;
}

static bool replace(const char *path, wax_bytes content)
{
    char beside[BESIDE_SIZE];
    bool is_written;
    int error;
    int file;

    (void)snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    file = mkostemp(beside, O_CLOEXEC); /* with mode 0600 */
    if (file < 0) {
        return false;
    }
    is_written = write_all(file, content);
    error = errno;
    is_written = close(file) == 0 && is_written;
    if (is_written && rename(beside, path) == 0) {
        return sync_folder(path);
    }
    error = is_written ? errno : error;
    unlink(beside);
    errno = error;
    return false;
}

wax_status wax_file_replace(const char *path, wax_bytes content, char *fault, size_t fault_size)
{
    char *real = realpath(path, NULL);
    bool is_done = replace(real == NULL ? path : real, content);
    int error = errno;

    free(real);
    if (!is_done) {
        (void)snprintf(fault, fault_size, "cannot write %s: %s", path, strerror(error));
    }
    return is_done ? WAX_OK : WAX_IO;
}
