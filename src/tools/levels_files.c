/* The folder that wax bench levels --out fills. */
#include "tools/levels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4200 };

static void write_csv(const struct levels_report *report, FILE *file)
{
    (void)fputs("level,size,count,is_sampled,is_refused", file);
    for (size_t i = 0; i < LEVELS_METRICS; i++) {
        (void)fprintf(file, ",%s", levels_metrics[i].name);
    }
    (void)fputc('\n', file);
    for (size_t i = 0; i < report->row_count; i++) {
        const struct levels_row *row = &report->rows[i];

        (void)fprintf(file, "%s,%u,%u,%d,%d", wax_levels[row->level].name, row->size, row->count,
                      row->is_sampled ? 1 : 0, row->is_refused ? 1 : 0);
        for (size_t k = 0; k < LEVELS_METRICS; k++) {
            (void)fprintf(file, ",%.8g", row->values[k]);
        }
        (void)fputc('\n', file);
    }
}

static FILE *create(const struct settings *settings, const char *name)
{
    char path[PATH_SIZE];
    FILE *file;

    (void)snprintf(path, sizeof path, "%.4000s/%s", settings->bench.out, name);
    file = fopen(path, "we");
    if (file == NULL) {
        (void)tools_complain(settings, "cannot write %s: %s", path, strerror(errno));
    }
    return file;
}

/* Closes it; whether all of it was written. */
static bool finish(const struct settings *settings, const char *name, FILE *file)
{
    bool is_whole = ferror(file) == 0;

    return (fclose(file) == 0 && is_whole) ||
           tools_complain(settings, "cannot write %s/%s: is there room on the disk?",
                          settings->bench.out, name);
}

bool levels_write_all(const struct settings *settings, const struct levels_report *report)
{
    const char *folder = settings->bench.out;
    FILE *file;

    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        return tools_complain(settings, "cannot make the folder %s: %s", folder, strerror(errno));
    }
    file = create(settings, "levels.json");
    if (file == NULL || !levels_json_write(settings, report, file) ||
        !finish(settings, "levels.json", file)) {
        return false;
    }
    file = create(settings, "levels.csv");
    if (file == NULL) {
        return false;
    }
    write_csv(report, file);
    if (!finish(settings, "levels.csv", file) || !levels_plot(settings, report, folder)) {
        return false;
    }
    file = create(settings, "levels.html");
    return file != NULL && levels_page(report, folder, file) &&
           finish(settings, "levels.html", file);
}
