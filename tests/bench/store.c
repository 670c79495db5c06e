/* What a store takes: messages, each with a row that holds it, and later the end of that row.
 *
 *   store FOLDER SECONDS
 *
 * First in groups of so many messages, each durable before the next begins, as with publishers that
 * wait; then in one stream of small batches, where rows end soon or late after they began, as their
 * subscribers acknowledge. Prints a line for each. */
#include "store/store.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_SIZE = 200, SESSIONS = 100, STREAM_BATCH = 16, WAITING_MAX = 8 << 20 };

static void write_number(uint8_t *key, uint64_t number)
{
    for (size_t i = 8; i-- > 0; number >>= 8U) {
        key[i] = (uint8_t)number;
    }
}

static void name_row(uint8_t key[static 16], uint64_t number)
{
    write_number(key, number % SESSIONS);
    write_number(key + 8, number);
}

static void add(wax_store_batch *batch, uint64_t number)
{
    uint8_t message[MESSAGE_SIZE] = {0};
    uint8_t key[16];
    uint8_t row[24] = {0};

    memset(message, (int)number, sizeof message);
    write_number(row, number);
    name_row(key, number);
    wax_store_put(batch, WAX_STORE_MESSAGES, wax_bytes_of(row, 8),
                  wax_bytes_of(message, sizeof message), true);
    wax_store_put(batch, WAX_STORE_QUEUES, wax_bytes_of(key, 16), wax_bytes_of(row, sizeof row),
                  true);
}

static void end(wax_store_batch *batch, uint64_t number)
{
    uint8_t key[16];

    name_row(key, number);
    wax_store_remove(batch, WAX_STORE_QUEUES, wax_bytes_of(key, 16));
}

static wax_store *open_store(const char *folder)
{
    const wax_store_options options = {.place = folder};
    wax_store_report report;
    wax_store *store;

    if (wax_store_sqlite.open(&store, &options, &report) != WAX_OK) {
        (void)fprintf(stderr, "%s\n", report.text);
        exit(1);
    }
    return store;
}

static void show(wax_store *store, const char *what, uint64_t messages, uint64_t us)
{
    wax_store_figures figures;

    store->kind->figures(store, &figures);
    printf("%-44s %9.0f messages/s %8.0f groups/s %5.1f %% of changes written, log %.1f MB\n", what,
           (double)messages * 1e6 / (double)us, (double)figures.groups * 1e6 / (double)us,
           100.0 * (double)figures.written / (double)figures.changes,
           (double)figures.log_bytes / 1e6);
}

static void run_groups(const char *folder, uint64_t seconds, uint64_t size)
{
    wax_store *store = open_store(folder);
    wax_store_batch batch = {.data = NULL};
    uint64_t start_us = wax_clock_us();
    uint64_t count = 0;
    char what[64];

    while (wax_clock_us() - start_us < seconds * 1000000) {
        uint64_t mark;
        for (uint64_t i = 0; i < size; i++, count++) {
            add(&batch, count);
            if (count >= size) {
                end(&batch, count - size);
            }
        }
        mark = store->kind->commit(store, &batch);
        while (store->kind->durable(store) < mark) {
            (void)usleep(50);
        }
    }
    (void)snprintf(what, sizeof what, "groups of %llu messages", (unsigned long long)size);
    show(store, what, count, wax_clock_us() - start_us);
    (void)store->kind->close(store);
}

static void run_stream(const char *folder, uint64_t seconds, uint64_t late)
{
    wax_store *store = open_store(folder);
    wax_store_batch batch = {.data = NULL};
    wax_store_figures figures;
    uint64_t start_us = wax_clock_us();
    uint64_t count = 0;
    uint64_t mark = 0;
    char what[64];

    while (wax_clock_us() - start_us < seconds * 1000000) {
        for (uint64_t i = 0; i < STREAM_BATCH; i++, count++) {
            add(&batch, count);
            if (count >= late) {
                end(&batch, count - late);
            }
        }
        mark = store->kind->commit(store, &batch);
        do {
            store->kind->figures(store, &figures);
        } while (figures.waiting_bytes > WAITING_MAX && usleep(200) == 0);
    }
    while (store->kind->durable(store) < mark) {
        (void)usleep(50);
    }
    (void)snprintf(what, sizeof what, "a stream; rows end %llu messages later",
                   (unsigned long long)late);
    show(store, what, count, wax_clock_us() - start_us);
    (void)store->kind->close(store);
}

int main(int count, char **words)
{
    static const uint64_t sizes[] = {1, 16, 1600};
    static const uint64_t lates[] = {16, 1600, 16000, 160000};
    char folder[4096];
    uint64_t seconds = count == 3 ? strtoull(words[2], NULL, 10) : 0;

    if (seconds == 0) {
        (void)fprintf(stderr, "usage: store FOLDER SECONDS\n");
        return 2;
    }
    for (size_t i = 0; i < WAX_COUNT(sizes); i++) {
        (void)snprintf(folder, sizeof folder, "%s/groups-%zu", words[1], i);
        run_groups(folder, seconds, sizes[i]);
    }
    for (size_t i = 0; i < WAX_COUNT(lates); i++) {
        (void)snprintf(folder, sizeof folder, "%s/stream-%zu", words[1], i);
        run_stream(folder, seconds, lates[i]);
    }
    return 0;
}
