/* wax bench advise: the level to take, why, and what it costs. */
#include "tools/levels.h"
#include "tools/levels_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DAY_S = 86400,
    ANSWER_SIZE = 64,
    SUITE_FLASH = 12000, /* what SHA-256 and a cipher take where nothing else has them */
};

/* From whom messages are to be protected, as bits. */
enum {
    AGAINST_STRANGERS = 1, /* who has no account at the broker */
    AGAINST_WIRE = 2,      /* who listens and changes on the way */
    AGAINST_BROKER = 4,    /* who runs the broker, or has broken into it */
    AGAINST_NAMES = 8,     /* that the broker learns what topics are called */
};

struct answers {
    uint64_t size;
    double per_day;
    bool stays; /* one connection for all messages */
    uint64_t ram;
    uint64_t flash;
    unsigned against;
    bool has_battery;
    const struct levels_device *device; /* NULL: that of `needs` */
};

/* What a device needs beside its network stack: docs/footprint.md, the figures for a Cortex-M4. RAM
 * is heap, stack and what the client keeps. */
struct need {
    const char *name; /* of the level, or how its name begins */
    unsigned protects;
    uint32_t flash;
    uint32_t ram;
    const char *text;
};

/* clang-format off */
static const struct need needs[] = {
    {"L0",            0,                                                           1700,  300,   "nothing has to be protected"},
    {"L1",            AGAINST_STRANGERS,                                           1700,  300,   "a password keeps strangers out, but everybody on the way can read it: only where the network is yours"},
    {"L2-suite2",     AGAINST_BROKER,                                              8500,  1700,  "sealing keeps payloads from the broker and from the wire, without TLS; topics, sizes and times stay visible"},
    {"L3-tls1.2-psk", AGAINST_STRANGERS | AGAINST_WIRE,                            25000, 5500,  "TLS with a key in common keeps the wire out and proves both ends, without certificates"},
    {"L3-tls1.3-cert", AGAINST_STRANGERS | AGAINST_WIRE,                           52000, 15000, "TLS keeps the wire out and proves the broker; a password within it, or a certificate of its own, proves the device"},
    {"L4-suite2",     AGAINST_STRANGERS | AGAINST_WIRE | AGAINST_BROKER | AGAINST_NAMES, 32000, 7000,  "TLS keeps the wire out, and sealing keeps the broker out; there is room for TLS with a key in common only: its connections are those of L3-tls1.2-psk"},
    {"L4-suite1",     AGAINST_STRANGERS | AGAINST_WIRE | AGAINST_BROKER | AGAINST_NAMES, 59000, 17000, "TLS keeps the wire out, and sealing keeps the broker from reading, forging and replaying"},
};
/* clang-format on */

/* ---- Answers ---- */

/* Adds what a word of so many bytes means; false when it means nothing. */
static bool add_against(const char *word, size_t size, unsigned *against)
{
    static const struct {
        const char *word;
        unsigned bits;
    } words[] = {
        {"nobody",    0                             },
        {"strangers", AGAINST_STRANGERS             },
        {"wire",      AGAINST_WIRE                  },
        {"broker",    AGAINST_BROKER                },
        {"names",     AGAINST_BROKER | AGAINST_NAMES},
    };

    for (size_t i = 0; i < WAX_COUNT(words); i++) {
        if (strlen(words[i].word) == size && strncmp(words[i].word, word, size) == 0) {
            *against |= words[i].bits;
            return true;
        }
    }
    return false;
}

static bool take_against(const struct settings *settings, const char *list, unsigned *against)
{
    bool is_good = list[0] != '\0';

    *against = 0;
    while (*list != '\0' && is_good) {
        size_t size = strcspn(list, ",");

        is_good = add_against(list, size, against);
        list += size + (list[size] == ',' ? 1 : 0);
    }
    return is_good || tools_complain(settings, "--against: write a list of strangers, wire, broker "
                                               "and names, or nobody");
}

static bool take_size(const struct settings *settings, const char *option, const char *text,
                      uint64_t *size)
{
    return levels_read_size(text, UINT64_C(1) << 40, size) ||
           tools_complain(settings, "%s %s: write bytes, as in 64K", option, text);
}

/* Asks on the terminal; without one, or without an answer, `otherwise` it is. */
static const char *ask(const char *question, const char *otherwise, char room[static ANSWER_SIZE])
{
    room[0] = '\0';
    if (isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0 && !bench_is_stopped()) {
        (void)fprintf(stderr, "%s [%s] ", question, otherwise);
        if (fgets(room, ANSWER_SIZE, stdin) == NULL) {
            room[0] = '\0';
        }
        room[strcspn(room, "\r\n")] = '\0';
    }
    return room[0] != '\0' ? room : otherwise;
}

static bool take_connects(const struct settings *settings, const char *word, bool *stays)
{
    *stays = strcmp(word, "stay") == 0;
    return *stays || strcmp(word, "each") == 0 ||
           tools_complain(settings, "--connects %s: write stay, or each", word);
}

static bool take_pace(const struct settings *settings, double *per_day)
{
    char room[ANSWER_SIZE];
    uint64_t every_s = settings->bench.every_s;

    if (settings->bench.rate > 0) {
        *per_day = (double)settings->bench.rate * DAY_S;
        return true;
    }
    if (every_s == 0 && (!levels_read_size(ask("Seconds from one message to the next?", "60", room),
                                           31536000, &every_s) ||
                         every_s == 0)) {
        return tools_complain(settings, "--every: write seconds, from 1 upwards");
    }
    *per_day = (double)DAY_S / (double)every_s;
    return true;
}

static bool take_message(const struct settings *settings, uint64_t *size)
{
    char room[ANSWER_SIZE];

    *size = settings->bench.payload_size;
    if (*size == 0) {
        return (levels_read_size(ask("Bytes of a message?", "64", room), WAX_LEVELS_SIZE_MAX,
                                 size) &&
                *size > 0) ||
               tools_complain(settings, "--size: write bytes, from 1 to %d", WAX_LEVELS_SIZE_MAX);
    }
    return true;
}

static bool take_answers(const struct settings *settings, struct answers *answers)
{
    const struct bench_settings *bench = &settings->bench;
    char room[ANSWER_SIZE];

    *answers = (struct answers){.has_battery = bench->has_battery};
    return take_message(settings, &answers->size) && take_pace(settings, &answers->per_day) &&
           take_connects(settings,
                         bench->connects != NULL
                             ? bench->connects
                             : ask("Does the connection stay, or is there one for each message "
                                   "(stay, each)?",
                                   "stay", room),
                         &answers->stays) &&
           take_size(settings, "--ram",
                     bench->ram != NULL ? bench->ram
                                        : ask("RAM of the device that is free?", "64K", room),
                     &answers->ram) &&
           take_size(settings, "--flash",
                     bench->flash != NULL ? bench->flash : ask("And flash?", "256K", room),
                     &answers->flash) &&
           take_against(settings,
                        bench->against != NULL
                            ? bench->against
                            : ask("From whom is it to be protected (strangers, wire, broker, "
                                  "names; nobody)?",
                                  "wire,broker", room),
                        &answers->against);
}

/* ---- The choice ---- */

static bool fits(const struct need *need, const struct answers *answers)
{
    const struct device_level *level = levels_device_find(answers->device, need->name);
    uint32_t flash = level != NULL ? levels_device_flash(level) : need->flash;
    uint32_t ram = level != NULL ? levels_device_ram(level) : need->ram;

    return flash <= answers->flash && ram <= answers->ram;
}

/* Of those that protect from all of them and fit, the first; or one behind it that protects from
 * the same, since of these the larger one is the better. NULL if there is none. */
static const struct need *choose(const struct answers *answers)
{
    const struct need *chosen = NULL;

    for (size_t i = 0; i < WAX_COUNT(needs); i++) {
        bool protects = (answers->against & ~needs[i].protects) == 0;
        bool is_more = chosen != NULL && needs[i].protects != chosen->protects;

        if (protects && fits(&needs[i], answers) && !is_more) {
            chosen = &needs[i];
        }
    }
    return chosen;
}

/* Which suite of the same kind of level costs the client least here, if the device has flash for
 * more than Ascon. */
static uint32_t cheapest(const struct levels_report *report, const struct need *need,
                         const struct answers *answers, const struct levels_row *like)
{
    uint32_t level = levels_find(need->name);
    double least = 0;

    for (size_t i = 0; i < report->row_count; i++) {
        const struct levels_row *row = &report->rows[i];
        double cost = row->values[LEVELS_CLIENT_CPU];

        if (wax_levels[row->level].cover == WAX_COVER_SEALED && row->size == like->size &&
            row->count == like->count && strncmp(wax_levels[row->level].name, need->name, 2) == 0 &&
            need->flash + SUITE_FLASH <= answers->flash && cost > 0 &&
            (least <= 0 || cost < least)) {
            least = cost;
            level = row->level;
        }
    }
    return level;
}

/* ---- What it says ---- */

/* The measured size that is nearest. */
static uint32_t nearest_size(const struct levels_report *report, uint64_t size)
{
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);
    uint32_t nearest = sizes[0];

    for (size_t i = 1; i < count; i++) {
        uint64_t distance = sizes[i] > size ? sizes[i] - size : size - sizes[i];
        uint64_t before = nearest > size ? nearest - size : size - nearest;

        nearest = distance < before ? sizes[i] : nearest;
    }
    return nearest;
}

static void say_day(const struct answers *answers, const struct levels_row *row,
                    const struct levels_connect_row *connect)
{
    double extra = (double)answers->size - (double)row->size;
    double messages = answers->per_day * (row->values[LEVELS_OUT] + row->values[LEVELS_IN] + extra);
    double connects = answers->stays ? 1 : answers->per_day;
    double setup =
        connect == NULL ? 0 : connect->values[LEVELS_SETUP_OUT] + connect->values[LEVELS_SETUP_IN];

    (void)printf("  a day: %.0f messages and %.0f connection%s%s: %s bytes above TCP\n",
                 answers->per_day, connects, connects > 1 ? "s" : "",
                 connect != NULL && connect->is_resumed ? ", resumed" : "",
                 bench_number_of(messages + connects * setup).text);
}

static void say_connect(const char *what, const struct levels_connect_row *connect)
{
    if (connect != NULL) {
        (void)printf(
            "  a connection%s: %.0f bytes out, %.0f in, %.0f round trips behind TCP's own, "
            "%.0f us of the client's CPU here\n",
            what, connect->values[LEVELS_SETUP_OUT], connect->values[LEVELS_SETUP_IN],
            connect->values[LEVELS_SETUP_TURNS], connect->values[LEVELS_SETUP_CLIENT]);
    }
}

static void say_costs(const struct levels_report *report, const struct answers *answers,
                      const struct need *need, const struct levels_row *row)
{
    const struct levels_row *base = levels_find_row(report, 0, row->size, row->count);
    const struct levels_connect_row *full = levels_find_connect(report, row->level, false);
    const struct levels_connect_row *resumed = levels_find_connect(report, row->level, true);

    (void)printf("\nWhat it costs (%s%s)\n", report->when,
                 report->is_noisy ? "; on a machine too noisy to conclude" : "");
    (void)printf("  a message of %u bytes: %.0f to the broker, %.0f at L0; %.2f us of the client's "
                 "CPU here, %.2f times L0's\n",
                 row->size, row->values[LEVELS_OUT], base != NULL ? base->values[LEVELS_OUT] : 0,
                 row->values[LEVELS_CLIENT_CPU], row->values[LEVELS_CLIENT_RATIO]);
    say_connect("", full);
    say_connect(", resumed", resumed);
    say_day(answers, row, !answers->stays && resumed != NULL ? resumed : full);
    if (answers->device == NULL) {
        (void)printf("  on a Cortex-M4 about %.1f kB of flash and %.1f kB of RAM beside the "
                     "network stack (docs/footprint.md); here %.0f KiB of heap\n",
                     need->flash / 1000.0, need->ram / 1000.0, row->values[LEVELS_HEAP] / 1024);
    }
}

static void say_device(const struct answers *answers, uint32_t level)
{
    const struct device_day day = {answers->size, answers->per_day, answers->stays};
    const struct device_level *found = levels_device_find(answers->device, wax_levels[level].name);

    if (found != NULL) {
        levels_device_say(found, &day);
    } else if (answers->device != NULL) {
        (void)printf("\nOn the device it was not measured\n");
    }
}

static void say_hints(const struct answers *answers, const struct need *need)
{
    bool has_tls = need->name[1] >= '3';

    if (has_tls && !answers->stays) {
        (void)printf("  keep the session of TLS from connection to connection: with certificates a "
                     "Cortex-M4 takes 87,100,000 instructions for a connection, and 570,000 with "
                     "the ticket of the one before\n");
    }
    if (answers->has_battery) {
        (void)printf("  on a battery the radio counts most: %s\n",
                     answers->stays ? "a connection that stays costs only its keep alive; make it "
                                      "long"
                                    : "gather several messages for one connection where they may "
                                      "be late");
    }
    if ((answers->against & AGAINST_NAMES) != 0) {
        (void)printf("  blind the topics as well (docs/sealing.md): sealing alone leaves their "
                     "names\n");
    }
    if (strncmp(need->name, "L2", 2) == 0) {
        (void)printf("  client id, password, topics and times are open to who listens: who can do "
                     "TLS takes L4\n");
    }
    if (need->name[1] == '4') {
        (void)printf(
            "  when each message was sent, how large it was and by whom is still seen by the "
            "broker\n");
    }
    if (need->name[1] < '4' && need->name[1] != '2') {
        (void)printf("  whoever runs the broker reads and can forge everything\n");
    }
    if (answers->size > 8192 && (need->protects & AGAINST_BROKER) != 0) {
        (void)printf("  send messages of that size as streams: memory for one chunk is enough\n");
    }
}

static int say_nothing_fits(const struct settings *settings, const struct answers *answers)
{
    (void)tools_complain(
        settings,
        "no level protects from all of them within %llu bytes of RAM and %llu of "
        "flash: sealing with Ascon takes 1.7 kB and 8.5 kB, TLS with a key in "
        "common 5.5 kB and 25 kB, with certificates 15 kB and 52 kB, and 1.5 kB and "
        "7 kB more with sealing; or let `wax proxy` near the device seal for it",
        (unsigned long long)answers->ram, (unsigned long long)answers->flash);
    return EXIT_WRONG;
}

/* ---- Figures ---- */

/* Those of --from, or of a small measurement now. */
static bool find_figures(const struct settings *settings, const struct answers *answers,
                         struct levels_report *report)
{
    static struct settings adapted;
    static char sizes[32];
    struct levels_grid grid;

    if (settings->bench.from != NULL) {
        return levels_json_read(settings, settings->bench.from, report);
    }
    adapted = *settings;
    (void)snprintf(sizes, sizeof sizes, "%llu", (unsigned long long)answers->size);
    adapted.bench.levels = "L1,L2,L3-tls1.2-psk,L3-tls1.3-cert,L4";
    adapted.bench.sizes = sizes;
    adapted.bench.counts = "500";
    adapted.bench.rounds = bench_or_else(adapted.bench.rounds, 3);
    adapted.bench.minutes = 1;
    tools_say(settings, "measuring; --from takes figures that are there");
    return levels_grid_read(&adapted, &grid) && levels_measure_grid(&adapted, &grid, report);
}

static int advise(const struct settings *settings, const struct answers *answers,
                  const struct levels_report *report)
{
    const struct need *need = choose(answers);
    uint32_t counts[WAX_LEVELS_COUNTS_MAX];
    size_t count = levels_counts(report, counts, WAX_LEVELS_COUNTS_MAX);
    const struct levels_row like = {.size = nearest_size(report, answers->size),
                                    .count = count > 0 ? counts[count - 1] : 0};
    const struct levels_row *row;
    uint32_t level;

    if (need == NULL) {
        return say_nothing_fits(settings, answers);
    }
    level = cheapest(report, need, answers, &like);
    row = levels_find_row(report, level, like.size, like.count);
    (void)printf("Take %s: %s.\n\nWhy\n  %s\n", wax_levels[level].name, wax_levels[level].text,
                 need->text);
    if (row == NULL || row->is_refused) {
        (void)printf("\nWhat it costs was not measured: `wax bench levels --levels %s`\n",
                     wax_levels[level].name);
    } else {
        say_costs(report, answers, need, row);
    }
    say_device(answers, level);
    (void)printf("\nMind\n");
    say_hints(answers, need);
    return EXIT_GOOD;
}

int levels_advise(const struct settings *settings)
{
    struct answers answers;
    struct levels_report report = {.row_count = 0};
    struct levels_device *device;
    int code = EXIT_WRONG;

    if (levels_device_read(settings, &device) && take_answers(settings, &answers) &&
        !bench_is_stopped() && find_figures(settings, &answers, &report)) {
        answers.device = device;
        code = advise(settings, &answers, &report);
    }
    levels_device_discard(device);
    levels_report_discard(&report);
    return code;
}
