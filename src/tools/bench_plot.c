/* Drawings of what was measured, by gnuplot. */
#include "base/base.h"
#include "tools/bench_parts.h"

#include <stdio.h>
#include <string.h>

static const char head[] = "set terminal svg size 960,540 background rgb 'white'\n"
                           "set grid ytics\n"
                           "set key outside top left horizontal\n";

FILE *bench_plot_begin(const struct settings *settings, const char *path)
{
    FILE *script = NULL;

    if (strpbrk(path, "'\n") != NULL) {
        (void)tools_complain(settings, "'%s': drawings want a name without ' and line ends", path);
        return NULL;
    }
    script = popen("gnuplot", "we"); /* NOLINT(cert-env33-c): found by PATH, as users have it */
    if (script != NULL) {
        (void)fputs(head, script);
        (void)fprintf(script, "set output '%s'\n", path);
    }
    return script;
}

bool bench_plot_end(const struct settings *settings, const char *path, FILE *script)
{
    return pclose(script) == 0 ||
           tools_complain(settings, "gnuplot did not draw %s; is it installed?", path);
}

bool bench_plot_latency(const struct settings *settings, const wax_bench_scenario *const *scenarios,
                        const wax_bench_result *results, size_t count)
{
    static const uint32_t parts[] = {0,     25000, 50000, 75000, 90000, 95000, 97500,
                                     99000, 99500, 99750, 99900, 99950, 99990, 99999};
    FILE *script = bench_plot_begin(settings, settings->bench.plot);

    if (script == NULL) {
        return false;
    }
    (void)fputs("set xlabel 'part of the messages that waited no longer'\n"
                "set ylabel 'milliseconds'\nset logscale xy\n"
                "set xtics ('0' 1, '50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1000, "
                "'99.99 %%' 10000)\nplot ",
                script);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(script, "%s'-' with linespoints title '%s'", i == 0 ? "" : ", ",
                      scenarios[i]->name);
    }
    for (size_t i = 0; i < count; i++) {
        (void)fputc('\n', script);
        for (size_t k = 0; k < WAX_COUNT(parts); k++) {
            uint64_t time_us = wax_histogram_quantile(&results[i].latency_us, parts[k]);

            (void)fprintf(script, "%g %g\n", 100000.0 / (100000 - parts[k]),
                          (double)(time_us == 0 ? 1 : time_us) / 1000);
        }
        (void)fputc('e', script);
    }
    (void)fputc('\n', script);
    return bench_plot_end(settings, settings->bench.plot, script);
}

bool bench_plot_bars(const struct settings *settings, const struct bench_bars *bars)
{
    FILE *script = bench_plot_begin(settings, settings->bench.plot);

    if (script == NULL) {
        return false;
    }
    (void)fputs("set style data histograms\nset style fill solid 0.8\nset logscale y\n"
                "set ylabel 'per second of the CPU of the broker (idle: bytes; at a rate: us)'\n"
                "$table << END\n",
                script);
    for (size_t k = 0; k < bars->scenario_count; k++) {
        (void)fprintf(script, "\"%s\"", bars->scenarios[k]->name);
        for (size_t i = 0; i < bars->broker_count; i++) {
            double value = bars->values[k * bars->broker_count + i];

            (void)fprintf(script, " %g", value < 1 ? 1 : value);
        }
        (void)fputc('\n', script);
    }
    (void)fputs("END\nplot ", script);
    for (size_t i = 0; i < bars->broker_count; i++) {
        const char *name = bars->brokers[i].name;

        (void)fprintf(script, "%s$table using %zu:xtic(1) title '%.*s' noenhanced",
                      i == 0 ? "" : ", ", i + 2, (int)strcspn(name, "'"), name);
    }
    (void)fputc('\n', script);
    return bench_plot_end(settings, settings->bench.plot, script);
}
