/* wax demo: what each level of protection keeps from whom, shown with real processes. */
#include "tools/demo_parts.h"
#include "tools/roff.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* clang-format off */
const struct demo_level demo_levels[] = {
    {"L0", "nothing",                 "a broker that lets everybody in",                       false, false, false, false},
    {"L1", "password",                "a login for each device, in clear",                     true,  false, false, false},
    {"L2", "sealed, without TLS",     "logins in clear; messages sealed from device to device", true,  false, true,  false},
    {"L3", "TLS",                     "logins and messages encrypted as far as the broker",    true,  true,  false, false},
    {"L4", "TLS, sealed and blinded", "topics are tokens, firmware is signed",                 true,  true,  true,  true },
};
/* clang-format on */

const size_t demo_level_count = WAX_COUNT(demo_levels);

enum { ACTS_MAX = WAX_COUNT(demo_levels) };

struct request {
    bool is_chosen[ACTS_MAX]; /* none: all */
    bool is_plain;
    bool pauses;
    const char *picture;
};

/* --- Help --- */

static const char introduction[] =
    "A motion sensor, a thermostat that heats while somebody is home, and a broker, on this host\n"
    "alone; and three who should not be there: one who listens on the wire, one who looks into "
    "the\n"
    "broker, one who forges. An act for each level of protection shows what each of them gets. "
    "All\n"
    "of it runs while you look: processes of this program, with keys and logins that are made for\n"
    "the run, in a folder that is removed at the end. The bytes shown went over a socket, and "
    "what\n"
    "is said to have been refused was refused by the thermostat's own process.\n";

static const char options[] =
    "-l, --level LEVEL  play this act alone: L0 to L4; may be given several times\n"
    "-p, --plain        no colours, as where the output is no terminal, or NO_COLOR is set\n"
    "    --pause        wait for Enter after each act\n"
    "    --svg FILE     draw what was shown into this file, too\n"
    "    --man          print the manual page\n"
    "-h, --help         this text\n";

static const char levels_text[] =
    "L0  nothing\n"
    "L1  user name and password, in clear\n"
    "L2  messages sealed end to end, over plain TCP\n"
    "L3  TLS as far as the broker\n"
    "L4  TLS, messages sealed end to end, topics blinded, firmware signed\n";

static const char acts_text[] =
    "sensor       says that somebody is home, as it said this morning that nobody was\n"
    "on the wire  what a relay between sensor and broker kept: the last PUBLISH, or TLS's largest\n"
    "             record, and the login if there is one\n"
    "broker       what a client that may read all topics is sent by the broker\n"
    "forger       \"nobody is home\", sent by anybody (L0), with the password that the relay saw\n"
    "             (L1, L2), by who runs the broker (L3, L4); where messages are sealed, the "
    "envelope\n"
    "             of this morning, too\n"
    "stranger     the same one sends firmware: as a message, and in L4 with `wax update`, signed "
    "by\n"
    "             a key that is not the vendor's and sealed with a key of the house that was "
    "stolen;\n"
    "             then the same image comes as its vendor signs it\n";

static const char end_text[] =
    "The exit code is 0; or 1 when an act did not come to its end, or the options were wrong.\n";

static void show_lines(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");

        (void)printf("  %.*s\n", (int)size, text);
        text += size + (text[size] == '\n' ? 1 : 0);
    }
}

static void show_help(void)
{
    (void)printf("Usage: wax demo [OPTIONS]\n\n%s\nOptions:\n", introduction);
    show_lines(options);
    (void)puts("\nLevels:");
    show_lines(levels_text);
    (void)puts("\nAn act:");
    show_lines(acts_text);
    (void)printf("\n%s", end_text);
}

static void show_section(const char *title, const char *text)
{
    (void)printf(".SH %s\n.nf\n", title);
    tools_roff_write(text);
    (void)puts(".fi");
}

static void show_manual(void)
{
    (void)fputs(".TH wax-demo 1 \"\" \"Wax " WAX_VERSION_TEXT "\" \"Wax\"\n.SH NAME\n"
                "wax-demo \\- show what each level of protection keeps from whom\n.SH SYNOPSIS\n"
                ".B wax demo\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n",
                stdout);
    tools_roff_write(introduction);
    show_section("OPTIONS", options);
    show_section("Levels", levels_text);
    show_section("An act", acts_text);
    (void)fputs(".SH EXIT CODE\n", stdout);
    tools_roff_write(end_text);
    (void)fputs(".SH SEE ALSO\n.BR wax-keys (1),\n.BR wax-pub (1),\n.BR wax-sub (1)\n", stdout);
}

/* --- Options --- */

static const struct option long_options[] = {
    {"level", required_argument, NULL, 'l'},
    {"plain", no_argument,       NULL, 'p'},
    {"pause", no_argument,       NULL, 'w'},
    {"svg",   required_argument, NULL, 's'},
    {"man",   no_argument,       NULL, 'm'},
    {"help",  no_argument,       NULL, 'h'},
    {NULL,    0,                 NULL, 0  },
};

const char *demo_option_name(size_t number)
{
    return long_options[number].name;
}

static bool choose(struct request *request, const char *name)
{
    for (size_t i = 0; i < demo_level_count; i++) {
        if (strcasecmp(demo_levels[i].name, name) == 0) {
            request->is_chosen[i] = true;
            return true;
        }
    }
    (void)fprintf(stderr, "wax demo: --level %s: write L0, L1, L2, L3 or L4\n", name);
    return false;
}

static bool take_option(struct request *request, int letter)
{
    switch (letter) {
    case 'l':
        return choose(request, optarg);
    case 'p':
        request->is_plain = true;
        return true;
    case 'w':
        request->pauses = true;
        return true;
    case 's':
        request->picture = optarg;
        return true;
    default:
        (void)fputs("wax demo: see `wax demo --help` for the options there are\n", stderr);
        return false;
    }
}

/* Returns whether to go on; otherwise `code` is the exit code. */
static bool read_options(int argc, char **argv, struct request *request, int *code)
{
    int letter;

    *code = 1;
    optind = 0; /* from the start, whoever used it before */
    while ((letter = getopt_long(argc, argv, "l:ph", long_options, NULL)) != -1) {
        if (letter == 'h' || letter == 'm') {
            *code = 0;
            (letter == 'h' ? show_help : show_manual)();
            return false;
        }
        if (!take_option(request, letter)) {
            return false;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "wax demo: '%s' is no option; see `wax demo --help`\n", argv[optind]);
        return false;
    }
    return true;
}

/* --- The end --- */

enum { /* columns of the table */
       AT_WIRE = 29,
       AT_BROKER = 47,
       AT_FORGED = 61,
       AT_FIRMWARE = 79,
};

static void show_reading(struct demo_show *show, uint16_t column, const struct demo_known *known)
{
    const char *text = known->text       ? known->password ? "login and text" : "text"
                       : known->password ? "login and topic"
                       : known->topic    ? "topic"
                                         : "nothing";

    demo_show(show, column, text[0] == 'n' ? DEMO_GOOD : DEMO_BAD, "%s", text);
}

static void show_row(struct demo_show *show, const struct demo_level *level,
                     const struct demo_outcome *outcome)
{
    demo_show(show, 0, DEMO_BOLD, "%s", level->name);
    demo_show(show, 4, DEMO_PLAIN, "%s", level->title);
    show_reading(show, AT_WIRE, &outcome->wire);
    show_reading(show, AT_BROKER, &outcome->broker);
    demo_show(show, AT_FORGED, outcome->is_heating ? DEMO_GOOD : DEMO_BAD, "%s",
              outcome->is_heating ? "stays on" : "goes off");
    demo_show(show, AT_FIRMWARE, outcome->runs_foreign ? DEMO_BAD : DEMO_GOOD, "%s",
              outcome->runs_foreign ? "taken" : "refused");
    demo_show_end(show);
}

static void show_table(struct demo_show *show, const struct demo_outcome outcomes[static ACTS_MAX])
{
    demo_show(show, AT_WIRE, DEMO_FAINT, "read on the wire");
    demo_show(show, AT_BROKER, DEMO_FAINT, "at the broker");
    demo_show(show, AT_FORGED, DEMO_FAINT, "forged: heating");
    demo_show(show, AT_FIRMWARE, DEMO_FAINT, "foreign firmware");
    demo_show_end(show);
    for (size_t i = 0; i < demo_level_count; i++) {
        show_row(show, &demo_levels[i], &outcomes[i]);
    }
}

/* --- The run --- */

static bool plays(const struct request *request, size_t which)
{
    bool has_choice = false;

    for (size_t i = 0; i < demo_level_count; i++) {
        has_choice = has_choice || request->is_chosen[i];
    }
    return !has_choice || request->is_chosen[which];
}

static void pause_here(void)
{
    char letter;

    (void)fputs("Enter goes on: ", stderr);
    while (read(STDIN_FILENO, &letter, 1) == 1 && letter != '\n') {
    }
}

static bool play_one(const struct demo_level *level, struct demo_show *show,
                     struct demo_outcome *outcome)
{
    static struct demo_act act;
    bool is_good;

    act = (struct demo_act){.level = level, .show = show};
    is_good = !demo_stage_is_stopped() && demo_act_play(&act);
    if (!is_good && !demo_stage_is_stopped()) {
        (void)fprintf(stderr, "wax demo: %s: %s\n", level->name, act.stage.fault);
    }
    *outcome = act.outcome;
    wax_wipe(act.logins, sizeof act.logins);
    return is_good;
}

static bool play(const struct request *request, struct demo_show *show,
                 struct demo_outcome outcomes[static ACTS_MAX])
{
    size_t played = 0;

    for (size_t i = 0; i < demo_level_count; i++) {
        if (!plays(request, i)) {
            continue;
        }
        if (request->pauses && played > 0) {
            pause_here();
        }
        if (!play_one(&demo_levels[i], show, &outcomes[i])) {
            return false;
        }
        played++;
    }
    if (played == demo_level_count) {
        show_table(show, outcomes);
    }
    return true;
}

int wax_tool_demo(int argc, char **argv)
{
    static struct demo_show show;
    static struct demo_outcome outcomes[ACTS_MAX];
    struct request request = {.picture = NULL};
    const char *no_colour = getenv("NO_COLOR");
    int code;

    if (!read_options(argc, argv, &request, &code)) {
        return code;
    }
    show.is_plain = request.is_plain || isatty(STDOUT_FILENO) == 0 ||
                    (no_colour != NULL && no_colour[0] != '\0');
    demo_stage_obey_signals();
    demo_show(&show, 0, DEMO_BOLD, "wax demo");
    demo_show(&show, 0, DEMO_FAINT,
              "   a motion sensor, a thermostat, a broker: all of it runs now, on 127.0.0.1");
    demo_show_end(&show);
    demo_show_end(&show);
    if (!play(&request, &show, outcomes)) {
        return 1;
    }
    if (request.picture != NULL && !demo_draw(&show, request.picture)) {
        (void)fprintf(stderr, "wax demo: %s: %s\n", request.picture, strerror(errno));
        return 1;
    }
    return 0;
}
