/* What a process uses, as Linux tells it. */
#include "bench/bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the start of a file of /proc. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    bool is_read = file != NULL && fgets(line, size, file) != NULL;

    if (file != NULL) {
        (void)fclose(file);
    }
    return is_read;
}

/* Nanoseconds of every thread that lives, as the scheduler counts them. */
static uint64_t add_threads(pid_t pid)
{
    char path[320];
    char line[256];
    uint64_t total = 0;
    DIR *tasks;

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    for (struct dirent *task = tasks == NULL ? NULL : readdir(tasks); task != NULL;
         task = readdir(tasks)) {
        (void)snprintf(path, sizeof path, "/proc/%d/task/%.32s/schedstat", (int)pid, task->d_name);
        if (task->d_name[0] != '.' && read_line(path, line, sizeof line)) {
            total += strtoull(line, NULL, 10);
        }
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
    return total;
}

/* Ticks of the process, where the kernel does not keep the others. */
static uint64_t read_ticks(pid_t pid)
{
    char path[64];
    char line[1024];
    char *at;
    uint64_t ticks;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    at = read_line(path, line, sizeof line) ? strrchr(line, ')') : NULL;
    for (int i = 0; at != NULL && i < 12; i++) { /* utime is the twelfth behind the name */
        at = strchr(at + 1, ' ');
    }
    if (at == NULL) {
        return 0;
    }
    ticks = strtoull(at, &at, 10);
    ticks += strtoull(at, NULL, 10);
    return ticks * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
}

wax_status wax_usage_read(pid_t pid, wax_usage *usage)
{
    char path[64];
    char line[256];
    char *at;

    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (!read_line(path, line, sizeof line)) {
        return WAX_IO;
    }
    (void)strtoull(line, &at, 10);
    usage->resident = strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    usage->cpu_ns = add_threads(pid);
    if (usage->cpu_ns == 0) {
        usage->cpu_ns = read_ticks(pid);
    }
    return WAX_OK;
}
