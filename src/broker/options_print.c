/* The table of options, printed for people: as a listing and as a manual page. The page in
 * Markdown is in options_page.c. */
#include <string.h>

#include "broker/options.h"

static const char *const sections[WAX_SECTION_COUNT] = {
    [WAX_SECTION_GENERAL] = "General",   [WAX_SECTION_LISTENERS] = "Listeners",
    [WAX_SECTION_SECURITY] = "Security", [WAX_SECTION_TLS] = "TLS",
    [WAX_SECTION_LIMITS] = "Limits",     [WAX_SECTION_PERSISTENCE] = "Persistence",
    [WAX_SECTION_LOGGING] = "Logging",   [WAX_SECTION_BRIDGES] = "Bridges",
    [WAX_SECTION_PLUGINS] = "Plugins",
};

/* clang-format off */
static const char *const scopes[] = {
    [WAX_SCOPE_GLOBAL] = "Holds for the broker. ",
    [WAX_SCOPE_LISTENER] = "Holds for the listener above it. ",
    [WAX_SCOPE_SECURITY] = "Holds for all listeners, or for the one above it (`per_listener_settings`). ",
    [WAX_SCOPE_DEFAULT] = "Holds for the default listener. ",
    [WAX_SCOPE_BRIDGE] = "Holds for the bridge above it. ",
    [WAX_SCOPE_NONE] = "",
};
/* clang-format on */

/* How the value of an option is written. */
static const char *const shapes[] = {
    [WAX_OPTION_BOOL] = "true|false",
    [WAX_OPTION_NUMBER] = "NUMBER",
    [WAX_OPTION_LIMIT] = "NUMBER",
    [WAX_OPTION_SIZE] = "BYTES",
    [WAX_OPTION_DURATION] = "DURATION",
    [WAX_OPTION_WORD] = "",
    [WAX_OPTION_SET] = "",
    [WAX_OPTION_LIST] = "",
    [WAX_OPTION_TEXT] = "TEXT",
    [WAX_OPTION_TEXTS] = "TEXT",
    [WAX_OPTION_FILE] = "PATH",
    [WAX_OPTION_NUMBERS] = "NUMBER [NUMBER [NUMBER]]",
    [WAX_OPTION_ADDRESS] = "HOST[:PORT] ...",
    [WAX_OPTION_TOPIC] = "PATTERN [DIRECTION [QOS [PREFIX [PREFIX]]]]",
    [WAX_OPTION_BRIDGE] = "NAME",
    [WAX_OPTION_HOSTS] = "HOST CERTFILE KEYFILE",
    [WAX_OPTION_LISTENER] = "PORT [ADDRESS]",
    [WAX_OPTION_INCLUDE] = "DIRECTORY",
    [WAX_OPTION_PLUGIN] = "VALUE",
    [WAX_OPTION_NOTHING] = "",
};

const char *wax_option_section_title(wax_option_section section)
{
    return sections[section];
}

bool wax_option_works(const wax_option *option)
{
    return !option->alias_of && option->support == WAX_SUPPORT_WORKS;
}

/* The words somebody may write. */
static void print_words(const wax_option *option, const char *between, FILE *out)
{
    const char *at = option->words;
    bool is_first = true;
    while (*at) {
        size_t size = strcspn(at, " ");
        if (!strchr("!~", *at)) {
            size_t mark = strchr("-+", *at) != NULL;
            bool takes_rest = at[size - 1] == '=';
            (void)fprintf(out, "%s%.*s%s", is_first ? "" : between, (int)(size - mark - takes_rest),
                          at + mark, takes_rest ? " PATH" : "");
            is_first = false;
        }
        at += size + (at[size] == ' ');
    }
}

void wax_option_print_shape(const wax_option *option, const char *between, FILE *out)
{
    if (option->words) {
        print_words(option, between, out);
    } else {
        (void)fputs(shapes[option->type], out);
    }
}

static void print_row(const wax_option *option, FILE *out)
{
    (void)fprintf(out, "  %s ", option->name);
    wax_option_print_shape(option, "|", out);
    if (option->fallback) {
        (void)fprintf(out, " (default %s%s%s)", option->fallback, option->unit ? " " : "",
                      option->unit ? option->unit : "");
    }
    (void)fprintf(out, "\n      %s\n", option->sentence);
}

/* How a section and its options are printed. */
struct layout {
    const char *before_title;
    const char *after_title;
    void (*print)(const wax_option *option, FILE *out);
};

/* A section of which no option works has no title either. */
static void print_section(wax_option_section section, const struct layout *layout, FILE *out)
{
    bool has_title = false;
    for (size_t i = 0; i < wax_option_count; i++) {
        if (!wax_option_works(&wax_options[i]) || wax_options[i].section != section) {
            continue;
        }
        if (!has_title) {
            (void)fprintf(out, "%s%s%s", layout->before_title, sections[section],
                          layout->after_title);
        }
        has_title = true;
        layout->print(&wax_options[i], out);
    }
}

static void print_sections(const struct layout *layout, FILE *out)
{
    for (int section = 0; section < WAX_SECTION_COUNT; section++) {
        print_section((wax_option_section)section, layout, out);
    }
}

void wax_options_print(FILE *out)
{
    print_sections(&(struct layout){"\n", ":\n", print_row}, out);
}

/* Text in the language of manual pages: `code` becomes bold, and nothing else is special. */
static void print_roff(const char *text, FILE *out)
{
    bool bold = false;
    for (; *text; text++) {
        switch (*text) {
        case '\\':
            (void)fputs("\\e", out);
            break;
        case '-':
            (void)fputs("\\-", out);
            break;
        case '`':
            bold = !bold;
            (void)fputs(bold ? "\\fB" : "\\fR", out);
            break;
        default:
            (void)fputc(*text, out);
            break;
        }
    }
}

static void print_bounds(const wax_option *option, FILE *out)
{
    bool is_number = option->type == WAX_OPTION_NUMBER || option->type == WAX_OPTION_LIMIT ||
                     option->type == WAX_OPTION_SIZE;
    if (is_number && option->least < 0) {
        (void)fprintf(out, "Range: \\-%lld to %lld. ", (long long)-option->least,
                      (long long)option->most);
    } else if (is_number) {
        (void)fprintf(out, "Range: %lld to %lld. ", (long long)option->least,
                      (long long)option->most);
    }
    if (option->fallback) {
        (void)fputs("Default: ", out);
        print_roff(option->fallback, out);
        (void)fprintf(out, "%s%s. ", option->unit ? " " : "", option->unit ? option->unit : "");
    }
}

static void print_man_row(const wax_option *option, FILE *out)
{
    (void)fputs(".TP\n\\fB", out);
    print_roff(option->name, out);
    (void)fputs("\\fR ", out);
    wax_option_print_shape(option, "|", out);
    (void)fputs("\n", out);
    print_roff(option->sentence, out);
    (void)fputs("\n", out);
    print_bounds(option, out);
    print_roff(scopes[option->scope], out);
    (void)fprintf(out, "%s%s\n", option->reloads ? "Taken over on a reload. " : "",
                  option->is_own ? "Wax only." : "");
}

static void print_aliases(FILE *out)
{
    (void)fputs(".SH OTHER NAMES\nThese names of Mosquitto mean the same as the ones beside "
                "them.\n",
                out);
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *known = wax_option_find(wax_bytes_of_text(wax_options[i].name));
        if (wax_options[i].alias_of && known && known->support == WAX_SUPPORT_WORKS) {
            (void)fprintf(out, ".TP\n\\fB%s\\fR\n%s\n", wax_options[i].name,
                          wax_options[i].alias_of);
        }
    }
}

static void print_without(wax_option_support support, const char *title, const char *sentence,
                          FILE *out)
{
    (void)fprintf(out, ".SH %s\n%s\n", title, sentence);
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->alias_of || option->support != support) {
            continue;
        }
        (void)fputs(".TP\n\\fB", out);
        print_roff(option->name, out);
        (void)fputs("\\fR\n", out);
        print_roff(option->note, out);
        (void)fputs("\n", out);
    }
}

static const char man_head[] =
    ".TH WAX.CONF 5 \"\" \"Wax\" \"File formats\"\n"
    ".SH NAME\nwax.conf \\- the configuration of wax broker\n"
    ".SH DESCRIPTION\n"
    "The file has Mosquitto's syntax, and a mosquitto.conf can be used as it is. Each line is an\n"
    "option: its name, a space, its value. A line whose first character is # is a comment. After\n"
    "values of one word (true and false, numbers, listeners) a comment may follow on the line; a\n"
    "text goes on to the end of its line. A text may be set once. An option that is not known is\n"
    "an error, and a file with an error is not taken over at all.\n"
    ".PP\n"
    "Options below a \\fBlistener\\fR belong to it, and those of a bridge to the "
    "\\fBconnection\\fR\n"
    "above them. A file of an \\fBinclude_dir\\fR begins with no listener and no bridge.\n"
    "\\fBwax broker \\-\\-test\\-config\\fR names every mistake and changes "
    "nothing.\n";

void wax_options_man(FILE *out)
{
    (void)fputs(man_head, out);
    print_sections(&(struct layout){".SH ", "\n", print_man_row}, out);
    print_aliases(out);
    print_without(WAX_SUPPORT_IGNORED, "WITHOUT EFFECT",
                  "These options of Mosquitto are accepted with a warning and change nothing.",
                  out);
    print_without(WAX_SUPPORT_LATER, "NOT IN THIS VERSION",
                  "These options of Mosquitto are errors for now; beside each stands what to do.",
                  out);
    print_without(WAX_SUPPORT_REFUSED, "REFUSED",
                  "These options of Mosquitto are errors; beside each stands what to use.", out);
}
