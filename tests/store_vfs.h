/* A disk that fails when it is told to: a VFS under SQLite that counts what changes files, and
 * knows what a power cut would leave of them. Names and removals are taken to be durable at once.
 */
#ifndef WAX_TESTS_STORE_VFS_H
#define WAX_TESTS_STORE_VFS_H

#include "store_check.h"

#include <fcntl.h>
#include <sqlite3.h>

enum { DISK_FILES_MAX = 32 };

/* A write that has not been synced; without data: a truncation to `offset`. */
struct pending {
    uint8_t *data;
    size_t size;
    size_t offset;
};

/* A file, by what it is and not by its name. */
struct disk_file {
    dev_t device;
    ino_t node;
    uint8_t *synced; /* what is on the platter for sure */
    size_t synced_size;
    struct pending *pending;
    size_t pending_count;
};

/* What is left of what was not synced. */
enum cut { CUT_NONE, CUT_KEEPS_NOTHING, CUT_KEEPS_ALL, CUT_KEEPS_SOME };

static struct disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct disk_file files[DISK_FILES_MAX];
    size_t file_count;
    uint64_t steps;     /* changes of files so far */
    uint64_t fail_from; /* the steps that fail: from this one, counted from 1; 0: none */
    uint64_t fail_count;
    int failure;     /* what they fail with */
    uint64_t cut_at; /* the step that is the last one; 0: none */
    enum cut cut;
    uint64_t seed;
    char home[64];
} disk;

struct disk_handle {
    sqlite3_file base;
    struct disk_file *file;
    sqlite3_file *real;
};

static inline uint64_t disk_draw(void)
{
    uint64_t z = (disk.seed += 0x9e3779b97f4a7c15U);

    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return z ^ z >> 31U;
}

static inline void resize_synced(struct disk_file *file, size_t size)
{
    file->synced = realloc(file->synced, size + 1);
    assert_non_null(file->synced);
    if (size > file->synced_size) {
        memset(file->synced + file->synced_size, 0, size - file->synced_size);
    }
    file->synced_size = size;
}

/* Sectors are written whole or not at all. */
static inline void land(struct disk_file *file, const struct pending *write, enum cut cut)
{
    enum { SECTOR = 512 };

    for (size_t at = 0; at < write->size; at += SECTOR) {
        size_t size = write->size - at < SECTOR ? write->size - at : SECTOR;
        if (cut == CUT_KEEPS_SOME && disk_draw() % 2 == 0) {
            continue;
        }
        if (write->offset + at + size > file->synced_size) {
            resize_synced(file, write->offset + at + size);
        }
        memcpy(file->synced + write->offset + at, write->data + at, size);
    }
    if (write->data == NULL && (cut != CUT_KEEPS_SOME || disk_draw() % 2 == 0)) {
        resize_synced(file, write->offset);
    }
}

static inline void land_all(struct disk_file *file, enum cut cut)
{
    for (size_t i = 0; i < file->pending_count; i++) {
        if (cut != CUT_KEEPS_NOTHING) {
            land(file, &file->pending[i], cut);
        }
        free(file->pending[i].data);
    }
    free(file->pending);
    file->pending = NULL;
    file->pending_count = 0;
}

static inline void put_off(struct disk_file *file, const void *data, size_t size, size_t offset)
{
    struct pending *write;

    file->pending = realloc(file->pending, (file->pending_count + 1) * sizeof *file->pending);
    assert_non_null(file->pending);
    write = &file->pending[file->pending_count++];
    *write = (struct pending){.size = size, .offset = offset};
    if (data != NULL) {
        write->data = malloc(size + 1);
        assert_non_null(write->data);
        memcpy(write->data, data, size);
    }
}

static inline struct disk_file *find_node(const struct stat *status)
{
    for (size_t i = 0; i < disk.file_count; i++) {
        if (disk.files[i].node == status->st_ino && disk.files[i].device == status->st_dev) {
            return &disk.files[i];
        }
    }
    return NULL;
}

/* The power is gone: files are what the platter has, and nothing runs any more. */
static inline void cut_power(void)
{
    DIR *folder = opendir(disk.home);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[600];
        struct stat status;
        struct disk_file *file;
        int descriptor;
        (void)snprintf(path, sizeof path, "%s/%s", disk.home, entry->d_name);
        file = stat(path, &status) == 0 ? find_node(&status) : NULL;
        if (file == NULL) {
            continue;
        }
        land_all(file, disk.cut);
        descriptor = open(path, O_WRONLY | O_TRUNC);
        if (write(descriptor, file->synced, file->synced_size) != (ssize_t)file->synced_size) {
            abort();
        }
        (void)close(descriptor);
    }
    _exit(0);
}

/* Every change of a file comes here first. */
static inline int take_step(void)
{
    disk.steps++;
    if (disk.steps == disk.cut_at) {
        cut_power();
    }
    return disk.fail_from != 0 && disk.steps >= disk.fail_from &&
                   disk.steps - disk.fail_from < disk.fail_count
               ? disk.failure
               : SQLITE_OK;
}

static inline struct disk_handle *handle_of(sqlite3_file *file)
{
    return (void *)file;
}

static int disk_close(sqlite3_file *file)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xClose(real);
}

static int disk_read(sqlite3_file *file, void *room, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xRead(real, room, size, offset);
}

static int disk_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct disk_handle *handle = handle_of(file);
    int result;

    put_off(handle->file, data, (size_t)size, (size_t)offset);
    result = take_step();
    if (result != SQLITE_OK) {
        /* Half of it is there: who reads it back must not take it for whole. */
        handle->file->pending[handle->file->pending_count - 1].size /= 2;
        (void)handle->real->pMethods->xWrite(handle->real, data, size / 2, offset);
        return result;
    }
    return handle->real->pMethods->xWrite(handle->real, data, size, offset);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct disk_handle *handle = handle_of(file);
    int result;

    put_off(handle->file, NULL, 0, (size_t)size);
    result = take_step();
    return result == SQLITE_OK ? handle->real->pMethods->xTruncate(handle->real, size) : result;
}

/* The platter is this model: the real one may take its time. */
static int disk_sync(sqlite3_file *file, int flags)
{
    int result = take_step();

    (void)flags;
    if (result == SQLITE_OK) {
        land_all(handle_of(file)->file, CUT_KEEPS_ALL);
    }
    return result == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int disk_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xFileSize(real, size);
}

static int disk_lock(sqlite3_file *file, int level)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xLock(real, level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xUnlock(real, level);
}

static int disk_reserved(sqlite3_file *file, int *is_reserved)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xCheckReservedLock(real, is_reserved);
}

static int disk_control(sqlite3_file *file, int operation, void *argument)
{
    sqlite3_file *real = handle_of(file)->real;

    return real->pMethods->xFileControl(real, operation, argument);
}

static int disk_sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int disk_characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* Without shared memory: a store is one process's alone. */
static const sqlite3_io_methods disk_methods = {
    .iVersion = 1,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_file_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector_size,
    .xDeviceCharacteristics = disk_characteristics,
};

/* The file behind a name; what was there before the disk was watched is on the platter. */
static inline struct disk_file *know_file(const char *path)
{
    struct stat status;
    struct disk_file *file;
    int descriptor;

    assert_int_equal(stat(path, &status), 0);
    file = find_node(&status);
    if (file == NULL) {
        assert_true(disk.file_count < DISK_FILES_MAX);
        file = &disk.files[disk.file_count++];
        *file = (struct disk_file){.device = status.st_dev, .node = status.st_ino};
    } else if (status.st_size > 0) {
        return file;
    }
    land_all(file, CUT_KEEPS_NOTHING);
    file->synced_size = 0;
    resize_synced(file, (size_t)status.st_size);
    descriptor = open(path, O_RDONLY);
    assert_true(read(descriptor, file->synced, file->synced_size) == (ssize_t)file->synced_size);
    (void)close(descriptor);
    return file;
}

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out)
{
    struct disk_handle *handle = handle_of(file);
    struct disk_file *known = NULL;
    struct stat status;
    int result = SQLITE_OK;

    (void)vfs;
    *handle = (struct disk_handle){.real = (void *)(handle + 1)};
    /* Read before it is opened: closing a file ends the locks that the process has on it. */
    if (path != NULL && stat(path, &status) == 0) {
        known = know_file(path);
    } else {
        result = take_step();
    }
    if (result == SQLITE_OK) {
        result = disk.real->xOpen(disk.real, path, handle->real, flags, out);
    }
    if (result == SQLITE_OK) {
        handle->file = known != NULL ? known : know_file(path);
        handle->base.pMethods = &disk_methods;
    }
    return result;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int syncs)
{
    int result = take_step();

    (void)vfs;
    (void)syncs;
    return result == SQLITE_OK ? disk.real->xDelete(disk.real, path, 0) : SQLITE_IOERR_DELETE;
}

/* Puts the disk under every database that is opened from now on. */
static inline void disk_insert(const char *home)
{
    if (disk.real == NULL) {
        disk.real = sqlite3_vfs_find(NULL);
        disk.vfs = *disk.real;
        disk.vfs.pNext = NULL;
        disk.vfs.zName = "disk";
        disk.vfs.szOsFile = (int)sizeof(struct disk_handle) + disk.real->szOsFile;
        disk.vfs.xOpen = disk_open;
        disk.vfs.xDelete = disk_delete;
        assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
    }
    (void)snprintf(disk.home, sizeof disk.home, "%s", home);
}

/* A disk that has never failed, and remembers nothing. */
static inline void disk_reset(void)
{
    for (size_t i = 0; i < disk.file_count; i++) {
        land_all(&disk.files[i], CUT_KEEPS_NOTHING);
        free(disk.files[i].synced);
    }
    disk.file_count = 0;
    disk.steps = 0;
    disk.fail_from = 0;
    disk.fail_count = 0;
    disk.cut_at = 0;
}

#endif
