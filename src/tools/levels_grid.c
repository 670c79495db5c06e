/* wax bench levels: which levels, sizes and counts are measured. */
#include "tools/levels.h"
#include "tools/spelling.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD_SIZE = 40,
    MINUTES = 8, /* of measuring; what stands around it takes the rest of ten */
    ROUNDS = 9,
    CHUNK = 8192,
    START_MS = 90, /* what a process takes before and behind its measurement */
    TURN_MS = 25,  /* long enough to be warm, short beside what machines do by themselves */
    REST_MS = 2,   /* what a turn takes beside that */
    BUDGET_MIN_MS = 5,
    BUDGET_MAX_MS = 150, /* of one count of one size at one level in one round */
};

uint32_t levels_find(const char *name)
{
    uint32_t i = 0;

    while (i < WAX_LEVELS_COUNT && strcmp(wax_levels[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* ---- Lists ---- */

/* Cuts the next word off a list; false at its end. A word that is too long is cut. */
static bool next_word(const char **list, char word[static WORD_SIZE])
{
    size_t size = strcspn(*list, ",");
    size_t kept = size < WORD_SIZE - 1 ? size : WORD_SIZE - 1;

    if (**list == '\0') {
        return false;
    }
    memcpy(word, *list, kept);
    word[kept] = '\0';
    *list += size + ((*list)[size] == ',' ? 1 : 0);
    return true;
}

bool levels_read_size(const char *text, uint64_t most, uint64_t *size)
{
    char *end = NULL;
    uint64_t unit = 1;

    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    *size = strtoull(text, &end, 10);
    if (*end == 'K' || *end == 'k') {
        unit = 1024;
        end++;
    } else if (*end == 'M' || *end == 'm') {
        unit = UINT64_C(1024) * 1024;
        end++;
    }
    if (*end != '\0' || *size > most / unit) {
        return false;
    }
    *size *= unit;
    return true;
}

/* What numbers a list may have. */
struct range {
    const char *option;
    const char *example;
    size_t count_max;
    uint32_t least;
    uint32_t most;
};

static int compare(const void *one, const void *other)
{
    uint32_t left = *(const uint32_t *)one;
    uint32_t right = *(const uint32_t *)other;

    return left < right ? -1 : left > right ? 1 : 0;
}

static size_t drop_doubles(uint32_t *numbers, size_t count)
{
    size_t kept = 0;

    qsort(numbers, count, sizeof *numbers, compare);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || numbers[i] != numbers[kept - 1]) {
            numbers[kept++] = numbers[i];
        }
    }
    return kept;
}

static bool read_numbers(const struct settings *settings, const struct range *range,
                         const char *list, uint32_t *numbers, size_t *count)
{
    char word[WORD_SIZE];

    *count = 0;
    while (next_word(&list, word)) {
        uint64_t number = 0;

        if (!levels_read_size(word, range->most, &number) || number < range->least) {
            return tools_complain(settings,
                                  "%s: '%s' is no number from %u to %u; write a list as "
                                  "in %s",
                                  range->option, word, range->least, range->most, range->example);
        }
        if (*count == range->count_max) {
            return tools_complain(settings, "%s: at most %zu of them", range->option,
                                  range->count_max);
        }
        numbers[(*count)++] = (uint32_t)number;
    }
    *count = drop_doubles(numbers, *count);
    return *count > 0 ||
           tools_complain(settings, "%s: write a list as in %s", range->option, range->example);
}

/* ---- Levels ---- */

static bool complain_of_level(const struct settings *settings, const char *word)
{
    const char *nearest = wax_levels[0].name;

    for (size_t i = 1; i < WAX_LEVELS_COUNT; i++) {
        if (tools_spelling_distance(word, wax_levels[i].name) <
            tools_spelling_distance(word, nearest)) {
            nearest = wax_levels[i].name;
        }
    }
    return tools_complain(settings,
                          "this build has no level '%s'; did you mean %s? `wax bench "
                          "--help` lists them all",
                          word, nearest);
}

/* A word means the level of that name, or all whose names go on with a dash. */
static bool mark_levels(const struct settings *settings, const char *word, bool *marks)
{
    size_t size = strlen(word);
    bool is_found = false;

    for (size_t i = 0; i < WAX_LEVELS_COUNT; i++) {
        const char *name = wax_levels[i].name;

        if (strncmp(name, word, size) == 0 && (name[size] == '\0' || name[size] == '-')) {
            marks[i] = true;
            is_found = true;
        }
    }
    return is_found || complain_of_level(settings, word);
}

static bool read_levels(const struct settings *settings, struct levels_grid *grid)
{
    bool marks[WAX_LEVELS_COUNT] = {true}; /* L0: all others are held against it */
    const char *list = settings->bench.levels;
    char word[WORD_SIZE];

    for (size_t i = 0; list == NULL && i < WAX_LEVELS_COUNT; i++) {
        marks[i] = true;
    }
    while (list != NULL && next_word(&list, word)) {
        if (!mark_levels(settings, word, marks)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < WAX_LEVELS_COUNT; i++) {
        if (marks[i]) {
            grid->levels[grid->level_count++] = i;
        }
    }
    return true;
}

/* ---- All of it ---- */

static bool read_limit(const struct settings *settings, struct levels_grid *grid)
{
    const char *text = settings->bench.memory;

    return text == NULL ||
           (levels_read_size(text, UINT64_C(1) << 40, &grid->memory_limit) &&
            grid->memory_limit >= 1024) ||
           tools_complain(settings, "--memory-limit %s: write bytes, as in 160K; at least 1K",
                          text);
}

/* Shares the time out among all cells. */
static bool share_time(const struct settings *settings, struct levels_grid *grid)
{
    uint64_t clients = (uint64_t)grid->rounds * (grid->level_count + 1); /* L0 twice */
    uint64_t runs = clients * (grid->size_count + 2);
    uint64_t cells = clients * grid->size_count * grid->count_count;
    uint64_t total_ms = grid->minutes * UINT64_C(60000);
    uint64_t fixed_ms = runs * START_MS;

    if (fixed_ms + cells * BUDGET_MIN_MS > total_ms) {
        return tools_complain(settings,
                              "%zu cells in %u rounds do not fit in %u minutes: take fewer "
                              "--levels, --sizes, --counts or --rounds, or more --minutes",
                              grid->level_count * grid->size_count * grid->count_count,
                              grid->rounds, grid->minutes);
    }
    wax_assert(cells > 0); /* no list is empty */
    total_ms = (total_ms - fixed_ms) / cells;
    total_ms = total_ms < BUDGET_MAX_MS ? total_ms : BUDGET_MAX_MS;
    grid->turns = (uint32_t)(total_ms / (TURN_MS + REST_MS)) + 1;
    grid->turn_ms = (uint32_t)total_ms / grid->turns - REST_MS;
    return true;
}

bool levels_grid_read(const struct settings *settings, struct levels_grid *grid)
{
    static const struct range sizes = {"--sizes", "16,64,8000,160000", LEVELS_SIZES_MAX,
                                       WAX_LEVELS_SIZE_MIN, WAX_LEVELS_SIZE_MAX};
    static const struct range counts = {"--counts", "100,1000,10000", WAX_LEVELS_COUNTS_MAX, 1,
                                        WAX_LEVELS_COUNT_MAX};
    const struct bench_settings *bench = &settings->bench;

    *grid = (struct levels_grid){
        .rounds = bench_or_else(bench->rounds, ROUNDS),
        .chunk = bench_or_else(bench->chunk, CHUNK),
        .minutes = bench_or_else(bench->minutes, MINUTES),
    };
    if (grid->rounds > LEVELS_ROUNDS_MAX) {
        return tools_complain(settings, "--rounds: at most %d", LEVELS_ROUNDS_MAX);
    }
    /* The second list is the chunks of 32 bytes that the course's experiment counts. */
    return read_levels(settings, grid) &&
           read_numbers(settings, &sizes,
                        bench->sizes != NULL ? bench->sizes
                                             : "16,64,256,8000,16000,32000,80000,160000",
                        grid->sizes, &grid->size_count) &&
           read_numbers(settings, &counts,
                        bench->counts != NULL ? bench->counts : "100,500,1000,2500,10000",
                        grid->counts, &grid->count_count) &&
           read_limit(settings, grid) && share_time(settings, grid);
}
