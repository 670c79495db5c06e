/* A store whose file was changed by a stranger opens, and what verifies in it can be walked over.
 * An input is a list of changes of a sound file: where, two bytes, and what, one byte; in front of
 * them a byte that says how much the file is cut, in 255ths. */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"
#include "store/store.h"

enum { ROWS = 60, VALUE_SIZE = 40, FILE_MAX = 1 << 18 };

static char home[] = "/dev/shm/wax-fuzz-store-XXXXXX";
static char path[sizeof home + 8];
static uint8_t sound[FILE_MAX];
static size_t sound_size;

static wax_store *open_store(void)
{
    const wax_store_options options = {.place = home, .reads_all = true};
    wax_store_report report;
    wax_store *store = NULL;

    fuzz_require(wax_store_sqlite.open(&store, &options, &report) == WAX_OK);
    return store;
}

/* Removes the store, and those that were set aside. */
static void empty(void)
{
    DIR *folder = opendir(home);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

static void clean(void)
{
    empty();
    (void)rmdir(home);
}

static void fill(void)
{
    wax_store_batch batch = {.data = NULL};
    wax_store *store;
    int file;
    ssize_t size;

    fuzz_require(mkdtemp(home) != NULL && atexit(clean) == 0);
    (void)snprintf(path, sizeof path, "%s/wax.db", home);
    store = open_store();
    for (unsigned i = 0; i < ROWS * WAX_STORE_MESSAGES; i++) {
        uint8_t value[VALUE_SIZE] = {[6] = (uint8_t)(i >> 8), [7] = (uint8_t)i};
        wax_store_put(&batch, (wax_store_table)(i % WAX_STORE_MESSAGES), wax_bytes_of(value, 8),
                      wax_bytes_of(value, sizeof value), true);
        wax_store_put(&batch, WAX_STORE_MESSAGES, wax_bytes_of(value, 8),
                      wax_bytes_of(value, sizeof value), true);
    }
    (void)store->kind->commit(store, &batch);
    fuzz_require(store->kind->close(store) == WAX_OK);
    file = open(path, O_RDONLY);
    size = read(file, sound, sizeof sound);
    fuzz_require(size > 0 && size < FILE_MAX);
    sound_size = (size_t)size;
    (void)close(file);
}

static void write_changed(const uint8_t *data, size_t size)
{
    static uint8_t changed[FILE_MAX];
    size_t left = sound_size * (255U - data[0]) / 255U;
    int file;

    memcpy(changed, sound, sound_size);
    for (size_t i = 1; i + 3 <= size; i += 3) {
        changed[(size_t)(data[i] << 8U | data[i + 1]) % sound_size] = data[i + 2];
    }
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    fuzz_require(write(file, changed, left) == (ssize_t)left);
    (void)close(file);
}

static bool look(void *context, wax_bytes key, wax_bytes value)
{
    (void)context;
    /* Values verify, and so they are what was put under their keys. */
    fuzz_require(value.size == VALUE_SIZE && wax_bytes_start_with(value, key));
    return true;
}

static void walk(wax_store_task *task, wax_store_view *view)
{
    (void)task;
    for (unsigned i = 0; i < WAX_STORE_TABLE_COUNT; i++) {
        const wax_store_range all = {.table = (wax_store_table)i};
        fuzz_require(wax_store_sqlite.walk(view, &all, look, NULL) == WAX_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_store_task task = {.run = walk};
    wax_store *store;

    if (sound_size == 0) {
        fill();
    }
    if (size == 0) {
        return 0;
    }
    empty();
    write_changed(data, size);
    store = open_store();
    store->kind->ask(store, &task);
    fuzz_require(store->kind->close(store) == WAX_OK);
    return 0;
}
