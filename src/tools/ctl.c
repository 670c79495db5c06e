/* wax ctl: looks into a running broker, and tells it what to do; or into a store of one that has
 * ended. */
#include "tools/ctl_verbs.h"
#include "tools/roff.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 8 };

struct verb {
    const char *name; /* one word or two */
    const char *words;
    ctl_verb *run;
    size_t fewest;
    size_t most;
    const char *text;
};

enum kind { FLAG, TEXT, COUNT, SPAN };

struct option {
    const char *name;
    const char *word; /* what its value is called; NULL: none */
    enum kind kind;
    size_t place;
    const char *text;
};

#define AT(field) offsetof(struct ctl_settings, field)

/* clang-format off */
static const struct verb verbs[] = {
    {"status",          "",                           ctl_status,          0, 0, "version, uptime, clients, memory, and how busy each worker is"},
    {"clients",         "",                           ctl_clients,         0, 0, "who is connected"},
    {"client",          "ID",                         ctl_client,          1, 1, "all about one client and its subscriptions"},
    {"sessions",        "",                           ctl_sessions,        0, 0, "all sessions, those offline too: queues, and when they end"},
    {"bridges",         "",                           ctl_bridges,         0, 0, "connections to other brokers: their state, what waits, and why one is not connected"},
    {"sealed",          "",                           ctl_sealed,          0, 0, "who sends where sealed_only holds: what was lost, came twice, and which sender is two (CONFLICTS)"},
    {"top",             "[--limit N]",                ctl_top,             0, 0, "who waits longest, has the largest queue, moves most messages"},
    {"kick",            "ID [--reason TEXT]",         ctl_kick,            1, 1, "ends a client's connection; its session stays"},
    {"session delete",  "ID",                         ctl_session_delete,  1, 1, "ends a session with all that waits for it"},
    {"trace",           "ID | --user U [--payload]",  ctl_trace,           0, 1, "shows the packets of a client as they come and go, until Ctrl-C"},
    {"retained list",   "FILTER [--older-than SPAN]", ctl_retained_list,   1, 1, "which messages are retained: topic, size, age, who set it"},
    {"retained delete", "FILTER --dry-run|--yes",     ctl_retained_delete, 1, 1, "forgets retained messages; subscribers are not told"},
    {"reload",          "",                           ctl_reload,          0, 0, "reads configuration, passwords, rules and certificates again, and says what is wrong with them"},
    {"log level",       "TYPES",                      ctl_log_level,       1, 1, "what is logged until the next reload, as error,warning,debug or all"},
    {"import",          "FILE [--dry-run]",           ctl_import,          1, 1, "brings sessions, subscriptions, queued and retained messages from Mosquitto's mosquitto.db (of 0.15 to 2.1)"},
    {"acl explain",     "read|write|subscribe TOPIC", ctl_acl_explain,     2, 2, "which line of the rules decides for --user and --client-id"},
    {"store check",     "FOLDER",                     ctl_store_check,     1, 1, "reads all of a store that no broker has open, and says whether it is sound"},
    {"store repair",    "FOLDER",                     ctl_store_repair,    1, 1, "sets a damaged store aside, and makes a new one of what is sound in it"},
    {"store dump",      "FOLDER [--payload]",         ctl_store_dump,      1, 1, "shows what is in a store, a line for each record"},
    {"store export",    "FOLDER",                     ctl_store_export,    1, 1, "the same in JSON, with payloads in base64"},
};

static const struct option options[] = {
    {"--socket",     "PATH", TEXT,  AT(socket),        "the broker's control socket"},
    {"-c",           "FILE", TEXT,  AT(config),        "the broker's configuration, which names it"},
    {"--json",       NULL,   FLAG,  AT(is_json),       "a line of JSON for each thing, for programs"},
    {"--user",       "USER", TEXT,  AT(user),          "trace, acl explain: the user name; without one, nobody's; import: whose the sessions are of which the file does not tell"},
    {"--client-id",  "ID",   TEXT,  AT(client_id),     "acl explain: the client id"},
    {"--port",       "PORT", COUNT, AT(port),          "acl explain: of which listener (the first)"},
    {"--reason",     "TEXT", TEXT,  AT(reason),        "kick: for the log, and for MQTT 5 clients"},
    {"--payload",    NULL,   FLAG,  AT(shows_payload), "trace: the first 256 bytes of payloads, too; store dump: all of them, in base64"},
    {"--key-file",   "FILE", TEXT,  AT(key_file),      "store: the key of a store that is sealed, as persistence_key_file"},
    {"--older-than", "SPAN", SPAN,  AT(older_than_s),  "retained: at least so old, as 90s, 5m, 12h, 30d"},
    {"--limit",      "N",    COUNT, AT(limit),         "retained, top: at most so many"},
    {"--dry-run",    NULL,   FLAG,  AT(is_dry),        "show what would be done; import needs no broker for that"},
    {"--replace",    NULL,   FLAG,  AT(replaces),      "import: also in place of sessions that are offline, and of retained messages"},
    {"--force",      NULL,   FLAG,  AT(is_forced),     "import: of a damaged file, what stands before the damage"},
    {"--yes",        NULL,   FLAG,  AT(is_confirmed),  "do it"},
    {"--help",       NULL,   FLAG,  AT(wants_help),    "this text"},
    {"--man",        NULL,   FLAG,  AT(wants_manual),  NULL},
};
/* clang-format on */

static const char introduction[] =
    "Asks a broker that runs on this machine, by its control socket, which is for root and the\n"
    "broker's own account only.\n";

static const char examples[] =
    "wax ctl status\n"
    "wax ctl clients\n"
    "wax ctl top                                       who holds the broker up?\n"
    "wax ctl trace pump-7                              what does it send?\n"
    "wax ctl acl explain --user ann write home/door    why may she not?\n"
    "wax ctl retained delete 'old/#' --older-than 30d --dry-run\n"
    "wax ctl sessions --json | jq -r 'select(.queued > 100) | .id'\n"
    "wax ctl import /var/lib/mosquitto/mosquitto.db --dry-run\n"
    "wax ctl store export /var/lib/wax | jq 'select(.kind == \"session\")'\n";

static const char paths[] =
    "Without --socket and -c: /run/wax/control, then $XDG_RUNTIME_DIR/wax/control.\n"
    "wax.conf(5) says where the broker makes it: control_socket.\n";

static const char imports[] =
    "Start the broker, import, and only then let the clients come: Mosquitto must have ended, or "
    "have got the\n"
    "signal USR1, which makes it write the file. Each session goes to the user name it had, with "
    "what waits for\n"
    "it, in its order; messages that were under way are sent again under their packet ids. No "
    "password is needed.\n"
    "A session or retained message that is there already stays as it is, so that it can be run "
    "again; --replace\n"
    "takes the file's, but no session of a client that is connected. Who is subscribed already is "
    "sent nothing.\n"
    "Left out, and counted: what has expired, QoS 2 messages that their senders have not released, "
    "and sessions\n"
    "whose user is not known: before version 6 (Mosquitto 2.0) the file does not tell users, and "
    "Mosquitto 2.0.11\n"
    "mixes up some that have none. It writes no shared subscriptions either.\n";

static const char stores[] =
    "The verbs of `store` ask no broker: it must have ended, for a store is one process's at a "
    "time. "
    "FOLDER is\n"
    "what persistence_location names, and holds the file wax.db. A damaged store is never deleted: "
    "it "
    "is renamed to\n"
    "wax.db.damaged-YYYYmmdd-HHMMSS, and the broker does the same by itself when it starts, unless "
    "told otherwise.\n";

static const char codes[] = "0    done; of acl explain: allowed\n"
                            "1    not done, and the reason was said; of acl explain: denied\n";

const char *ctl_verb_name(size_t number)
{
    return number < WAX_COUNT(verbs) ? verbs[number].name : NULL;
}

const char *ctl_option_name(size_t number)
{
    return number < WAX_COUNT(options) ? options[number].name : NULL;
}

/* --- Help --- */

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
    char names[64];

    (void)printf("Usage: wax ctl VERB [OPTIONS]\n\n%s\n", introduction);
    for (size_t i = 0; i < WAX_COUNT(verbs); i++) {
        (void)snprintf(names, sizeof names, "%s %s", verbs[i].name, verbs[i].words);
        (void)printf("  %-40s  %s\n", names, verbs[i].text);
    }
    (void)printf("\nOptions:\n");
    for (size_t i = 0; i < WAX_COUNT(options); i++) {
        if (options[i].text != NULL) {
            (void)snprintf(names, sizeof names, "%s %s", options[i].name,
                           options[i].word == NULL ? "" : options[i].word);
            (void)printf("  %-20s  %s\n", names, options[i].text);
        }
    }
    (void)printf("\nExamples:\n");
    show_lines(examples);
    (void)printf("\nWhere the broker is:\n");
    show_lines(paths);
    (void)printf("\nComing from Mosquitto:\n");
    show_lines(imports);
    (void)printf("\nStores:\n");
    show_lines(stores);
    (void)printf("\nExit code:\n");
    show_lines(codes);
}

static void show_entry(const char *name, const char *word, const char *text)
{
    (void)fputs(".TP\n.B ", stdout);
    tools_roff_write(name);
    (void)fputs(" \\fI", stdout);
    tools_roff_write(word == NULL ? "" : word);
    (void)fputs("\\fR\n", stdout);
    tools_roff_write(text);
    (void)fputc('\n', stdout);
}

static void show_block(const char *title, const char *text)
{
    (void)printf(".SH %s\n.nf\n", title);
    tools_roff_write(text);
    (void)fputs(".fi\n", stdout);
}

static void show_manual(void)
{
    (void)fputs(".TH wax-ctl 1 \"\" \"Wax " WAX_VERSION_TEXT "\" \"Wax\"\n"
                ".SH NAME\nwax-ctl \\- look into a running broker, or into its store\n"
                ".SH SYNOPSIS\n.B wax ctl\n\\fIVERB\\fR [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n",
                stdout);
    tools_roff_write(introduction);
    (void)fputs(".SH VERBS\n", stdout);
    for (size_t i = 0; i < WAX_COUNT(verbs); i++) {
        show_entry(verbs[i].name, verbs[i].words, verbs[i].text);
    }
    (void)fputs(".SH OPTIONS\n", stdout);
    for (size_t i = 0; i < WAX_COUNT(options); i++) {
        if (options[i].text != NULL) {
            show_entry(options[i].name, options[i].word, options[i].text);
        }
    }
    show_block("EXAMPLES", examples);
    show_block("WHERE THE BROKER IS", paths);
    show_block("COMING FROM MOSQUITTO", imports);
    show_block("STORES", stores);
    show_block("EXIT CODE", codes);
    (void)fputs(".SH SEE ALSO\n.BR wax (1),\n.BR wax-broker (1),\n.BR wax.conf (5)\n", stdout);
}

/* --- Reading the command line --- */

static const struct option *find_option(const char *word)
{
    for (size_t i = 0; i < WAX_COUNT(options); i++) {
        if (strcmp(options[i].name, word) == 0) {
            return &options[i];
        }
    }
    return strcmp(word, "-h") == 0 ? find_option("--help") : NULL;
}

/* A number, with a unit of time behind it where one may stand. */
static bool read_number(const char *word, bool has_unit, uint64_t *number)
{
    static const char units[] = "smhdw";
    static const uint64_t sizes[] = {1, 60, 3600, 86400, 604800};
    char *end = NULL;
    unsigned long long value = word == NULL ? 0 : strtoull(word, &end, 10);
    const char *unit = end == NULL || *end == '\0' ? NULL : strchr(units, *end);

    if (end == NULL || word[0] < '0' || word[0] > '9' || value == 0 || value > 1000000000U) {
        return false;
    }
    if (*end != '\0' && (!has_unit || unit == NULL || end[1] != '\0')) {
        return false;
    }
    *number = value * (unit == NULL ? 1 : sizes[unit - units]);
    return true;
}

static bool take_value(struct ctl_settings *settings, const struct option *option, char *value)
{
    void *place = (uint8_t *)settings + option->place;

    switch (option->kind) {
    case FLAG:
        memcpy(place, &(bool){true}, sizeof(bool));
        return true;
    case TEXT:
        memcpy(place, &(const char *){value}, sizeof value);
        return true;
    case COUNT:
    case SPAN:
    default:
        if (!read_number(value, option->kind == SPAN, place)) {
            (void)fprintf(stderr, "wax ctl: %s %s: write a number%s\n", option->name, value,
                          option->kind == SPAN ? " with its unit, as 90s, 5m, 12h or 30d" : "");
            return false;
        }
        return true;
    }
}

/* Takes the options, wherever they stand, and leaves the words. */
static bool take_words(struct ctl_settings *settings, int argc, char **argv, char **words)
{
    for (int i = 1; i < argc; i++) {
        const struct option *option = find_option(argv[i]);

        if (option == NULL && argv[i][0] == '-' && argv[i][1] != '\0') {
            (void)fprintf(stderr, "wax ctl: there is no option %s; see `wax ctl --help`\n",
                          argv[i]);
            return false;
        }
        if (option == NULL && settings->word_count == WORD_MAX) {
            (void)fputs("wax ctl: these are too many words; see `wax ctl --help`\n", stderr);
            return false;
        }
        if (option == NULL) {
            words[settings->word_count++] = argv[i];
            continue;
        }
        if (option->word != NULL && i + 1 == argc) {
            (void)fprintf(stderr, "wax ctl: %s needs %s behind it\n", option->name, option->word);
            return false;
        }
        if (!take_value(settings, option, option->word == NULL ? NULL : argv[++i])) {
            return false;
        }
    }
    return true;
}

/* How many words the verb takes off the front; 0: it is another one. */
static size_t match(const struct verb *verb, char *const *words, size_t count)
{
    const char *second = strchr(verb->name, ' ');
    size_t first_size = second == NULL ? strlen(verb->name) : (size_t)(second - verb->name);

    if (count == 0 || words[0] == NULL || strlen(words[0]) != first_size ||
        strncmp(verb->name, words[0], first_size) != 0) {
        return 0;
    }
    if (second == NULL) {
        return 1;
    }
    return count > 1 && strcmp(second + 1, words[1]) == 0 ? 2 : 0;
}

static int run(struct ctl_settings *settings, const struct verb *verb)
{
    struct ctl_link link = {.settings = settings, .descriptor = -1};
    /* Not for a broker. */
    bool is_for_file = (verb->run == ctl_import && settings->is_dry) ||
                       strncmp(verb->name, "store ", strlen("store ")) == 0;
    int code = 1;

    if (settings->word_count < verb->fewest || settings->word_count > verb->most) {
        (void)fprintf(stderr, "Usage: wax ctl %s %s\n", verb->name, verb->words);
        return 1;
    }
    if (is_for_file || ctl_open(&link, settings)) {
        code = verb->run(&link);
    }
    ctl_close(&link);
    return code;
}

int wax_tool_ctl(int argc, char **argv)
{
    struct ctl_settings settings = {.socket = NULL};
    char *words[WORD_MAX] = {NULL};

    if (!take_words(&settings, argc, argv, words)) {
        return 1;
    }
    if (settings.wants_help || settings.wants_manual) {
        (settings.wants_help ? show_help : show_manual)();
        return 0;
    }
    for (size_t i = 0; i < WAX_COUNT(verbs); i++) {
        size_t taken = match(&verbs[i], words, settings.word_count);
        if (taken > 0) {
            settings.words = words + taken;
            settings.word_count -= taken;
            return run(&settings, &verbs[i]);
        }
    }
    (void)fprintf(stderr, "wax ctl: %s; these are what it can do:\n",
                  settings.word_count == 0 ? "what is to be done" : "there is no such verb");
    for (size_t i = 0; i < WAX_COUNT(verbs); i++) {
        (void)fprintf(stderr, "  wax ctl %s %s\n", verbs[i].name, verbs[i].words);
    }
    return 1;
}
