/* The list of what was found in a configuration. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config.h"

static const char *const severities[] = {
    [WAX_CONFIG_NOTE] = "note",
    [WAX_CONFIG_WARNING] = "warning",
    [WAX_CONFIG_ERROR] = "error",
};

static bool is_same(const char *one, const char *two)
{
    return one == two || (one && two && strcmp(one, two) == 0);
}

/* Two listeners that have a line in common have its faults in common. */
static bool is_said(const wax_config_report *report, const wax_config_problem *problem)
{
    for (size_t i = 0; i < report->count; i++) {
        const wax_config_problem *at = &report->problems[i];
        if (at->severity == problem->severity && at->line == problem->line &&
            is_same(at->file, problem->file) && is_same(at->text, problem->text)) {
            return true;
        }
    }
    return false;
}

void wax_config_report_add(wax_config_report *report, wax_config_severity severity,
                           const char *file, uint32_t line, const char *format, ...)
{
    wax_config_problem problem = {.severity = severity, .line = line};
    problem.file = file ? strdup(file) : NULL;

    va_list values;
    va_start(values, format);
    if (vasprintf(&problem.text, format, values) < 0) {
        problem.text = NULL;
    }
    va_end(values);

    bool is_over = report->count == WAX_CONFIG_PROBLEMS_MAX;
    if (!is_over && !is_said(report, &problem)) {
        report->error_count += severity == WAX_CONFIG_ERROR;
        report->problems[report->count++] = problem;
        return;
    }
    report->error_count += is_over && severity == WAX_CONFIG_ERROR;
    report->left_out_count += is_over;
    free(problem.file);
    free(problem.text);
}

void wax_config_report_print(const wax_config_report *report, FILE *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const wax_config_problem *problem = &report->problems[i];
        if (problem->file && problem->line > 0) {
            (void)fprintf(out, "%s:%u: ", problem->file, (unsigned)problem->line);
        } else if (problem->file) {
            (void)fprintf(out, "%s: ", problem->file);
        }
        (void)fprintf(out, "%s: %s\n", severities[problem->severity],
                      problem->text ? problem->text : "no memory left to say what");
    }
    if (report->left_out_count > 0) {
        (void)fprintf(out, "%zu more problems are not shown; mend these first\n",
                      report->left_out_count);
    }
}

void wax_config_report_free(wax_config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->problems[i].file);
        free(report->problems[i].text);
    }
    *report = (wax_config_report){0};
}
