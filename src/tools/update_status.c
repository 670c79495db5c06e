/* wax update status, watch: what devices say of themselves. */
#include "tools/fleet.h"
#include "tools/update_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR_SIZE = 20, TOPIC_SIZE = 256 };

struct status {
    struct update_job job; /* first */
    struct fleet fleet;
    bool watches;
};

static struct status *of(struct update_job *job)
{
    return (struct status *)(void *)job;
}

static void show_progress(const struct fleet_device *device)
{
    const uint32_t filled =
        device->of == 0 ? 0 : (uint32_t)((uint64_t)device->done * BAR_SIZE / device->of);

    (void)printf(" -> %-6u [", device->to);
    for (uint32_t i = 0; i < BAR_SIZE; i++) {
        (void)putchar(i < filled ? '#' : '.');
    }
    (void)printf("] %u/%u", device->done, device->of);
}

static void show(const struct fleet_device *device)
{
    (void)printf("%-24s %-16s %-6u %-10s", device->name, device->class_name, device->version,
                 device->state);
    if (device->to != 0) {
        show_progress(device);
    }
    if (device->failed != 0) {
        (void)printf("  failed: %u", device->failed);
    }
    if (device->refused[0] != '\0') {
        (void)printf("  refused: %s", device->refused);
    }
    (void)putchar('\n');
    (void)fflush(stdout);
}

static void show_head(void)
{
    (void)printf("%-24s %-16s %-6s %s\n", "DEVICE", "CLASS", "RUNS", "STATE");
    (void)fflush(stdout);
}

static void wait_on(struct status *status)
{
    status->job.due_ms = wax_clock_ms() + status->job.settings->update.settle_ms;
}

static void connected(struct update_job *job)
{
    char topic[TOPIC_SIZE];
    wax_bytes filter;

    (void)snprintf(topic, sizeof topic, "%s/u/+/status", job->settings->update.prefix);
    filter = wax_bytes_of_text(topic);
    if (update_job_subscribe(job, &filter, 1) && !of(job)->watches) {
        wait_on(of(job));
    }
}

static bool is_wanted(const struct status *status, const struct fleet_device *device)
{
    const char *class_name = status->job.settings->update.class_name;

    return class_name == NULL || strcmp(class_name, device->class_name) == 0;
}

static void hear(struct update_job *job, const wax_publish *publish)
{
    struct status *status = of(job);
    const struct fleet_device *device = tools_fleet_take(
        &status->fleet, update_prefix(job->settings), publish->topic, publish->payload);

    if (device == NULL) {
        return;
    }
    if (status->watches && is_wanted(status, device)) {
        show(device);
    } else if (!status->watches) {
        wait_on(status);
    }
}

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct fleet_device *)one)->name,
                  ((const struct fleet_device *)other)->name);
}

/* Nothing has come for a while: these are all. */
static void due(struct update_job *job)
{
    struct status *status = of(job);

    if (status->fleet.count > 0) {
        qsort(status->fleet.devices, status->fleet.count, sizeof *status->fleet.devices, compare);
        show_head();
    }
    for (size_t i = 0; i < status->fleet.count; i++) {
        if (is_wanted(status, &status->fleet.devices[i])) {
            show(&status->fleet.devices[i]);
        }
    }
    update_job_end(job, EXIT_GOOD);
}

static void move(struct update_job *job)
{
    (void)job;
}

static int run(struct settings *settings, bool watches)
{
    static const struct update_deeds deeds = {connected, hear, due, move};
    static struct status status;
    int code = EXIT_WRONG;

    status = (struct status){.watches = watches};
    if (watches) {
        show_head();
    }
    if (update_job_open(&status.job, settings)) {
        code = update_job_run(&status.job, &deeds);
    }
    update_job_close(&status.job);
    tools_fleet_discard(&status.fleet);
    return code;
}

int update_status(struct settings *settings)
{
    return run(settings, false);
}

int update_watch(struct settings *settings)
{
    return run(settings, true);
}
