/* The table of options, printed as docs/options.md. */
#include <inttypes.h>
#include <string.h>

#include "broker/options.h"

/* A place of the file, and what is said of the options that belong there. */
static const char *const places[] = {
    [WAX_SCOPE_GLOBAL] = "## For the broker\n\nAnywhere in the file; they hold for everybody.\n",
    [WAX_SCOPE_LISTENER] =
        "## For a listener\n\nBelow a `listener` line; they hold for it alone.\n",
    [WAX_SCOPE_SECURITY] =
        ("## For all listeners, or for one\n\nAnywhere in the file; they hold for all listeners. "
         "After `per_listener_settings true` they\nstand below a `listener` line and hold for it "
         "alone.\n"),
    [WAX_SCOPE_DEFAULT] =
        ("## For the default listener\n\nThe listener to which options above any `listener` line "
         "belong.\n"),
    [WAX_SCOPE_BRIDGE] = "## For a bridge\n\nBelow a `connection` line; they hold for it alone.\n",
    [WAX_SCOPE_NONE] = "## Lines that open, read or load\n",
};

static const char head[] =
    "# Options of wax.conf\n\n"
    "Every option of the configuration of `wax broker`, printed from the broker's own table by\n"
    "`wax broker --markdown`; a test compares the two. `wax.conf(5)` says the same, and\n"
    "[another page](conformance-config.md) what the broker says to values that are wrong.\n\n"
    "- **boolean**: `true` or `false`. **number**, **size**: in decimal or 0x form; a size is in "
    "bytes.\n"
    "- **duration**: a number and s, h, d, w, m (months) or y, or `never`.\n"
    "- **one of**: one of these words. **set**: one of them, and further lines add further ones.\n"
    "  **list**: some of them, with commas.\n"
    "- **numbers**: up to three of them, with spaces.\n"
    "- **text**, **path**: the rest of the line. **texts**: further lines add further ones.\n"
    "- **reload**: whether a running broker takes a new value over (`wax ctl reload`, SIGHUP). The "
    "others hold\n  from the next start on, and a reload says so.\n"
    "- Options with a * are Wax's own; Mosquitto does not know them.\n";

/* Text in a cell: what would end the cell or become a mark of Markdown is escaped. */
static void print_cell(const char *text, FILE *out)
{
    bool is_code = false;
    for (; *text; text++) {
        is_code ^= *text == '`';
        if (*text == '|' || (!is_code && strchr("<*", *text))) {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
}

static void print_claims(const wax_option *option, FILE *out)
{
    (void)option;
    (void)fputs("`true` `false`", out);
}

static void print_bounds(const wax_option *option, FILE *out)
{
    (void)fprintf(out, "%" PRId64 " to %" PRId64, option->least, option->most);
}

static void print_length(const wax_option *option, FILE *out)
{
    (void)fprintf(out, "up to %" PRId64 " bytes", option->most);
}

static void print_durations(const wax_option *option, FILE *out)
{
    (void)option;
    (void)fputs("1s to 100y, `never`", out);
}

static void print_form(const wax_option *option, FILE *out)
{
    (void)fputc('`', out);
    wax_option_print_shape(option, "` `", out);
    (void)fputc('`', out);
}

/* What the value is called, and how its range is said. */
static const struct type {
    const char *name;
    void (*print_range)(const wax_option *option, FILE *out);
} types[] = {
    [WAX_OPTION_BOOL] = {"boolean",  print_claims   },
    [WAX_OPTION_NUMBER] = {"number",   print_bounds   },
    [WAX_OPTION_LIMIT] = {"number",   print_bounds   },
    [WAX_OPTION_SIZE] = {"size",     print_bounds   },
    [WAX_OPTION_DURATION] = {"duration", print_durations},
    [WAX_OPTION_WORD] = {"one of",   print_form     },
    [WAX_OPTION_SET] = {"set",      print_form     },
    [WAX_OPTION_LIST] = {"list",     print_form     },
    [WAX_OPTION_TEXT] = {"text",     print_length   },
    [WAX_OPTION_TEXTS] = {"texts",    print_length   },
    [WAX_OPTION_FILE] = {"path",     print_length   },
    [WAX_OPTION_NUMBERS] = {"numbers",  print_bounds   },
    [WAX_OPTION_ADDRESS] = {"lines",    print_form     },
    [WAX_OPTION_TOPIC] = {"lines",    print_form     },
    [WAX_OPTION_BRIDGE] = {"line",     print_form     },
    [WAX_OPTION_HOSTS] = {"lines",    print_form     },
    [WAX_OPTION_LISTENER] = {"line",     print_form     },
    [WAX_OPTION_INCLUDE] = {"path",     print_form     },
    [WAX_OPTION_PLUGIN] = {"line",     print_form     },
};

static void print_option(const wax_option *option, FILE *out)
{
    (void)fprintf(out, "| `%s`%s | %s | ", option->name, option->is_own ? " \\*" : "",
                  types[option->type].name);
    types[option->type].print_range(option, out);
    (void)fputs(" | ", out);
    if (option->fallback) {
        (void)fprintf(out, "`%s`", option->fallback);
    }
    (void)fprintf(out, " | %s | %s | ", option->unit ? option->unit : "",
                  option->reloads ? "yes" : "no");
    print_cell(option->sentence, out);
    (void)fputs(" |\n", out);
}

/* The options of one section that belong to one place, under its title if there are any. */
static bool print_section(wax_option_scope scope, wax_option_section section, bool has_title,
                          FILE *out)
{
    bool has_table = false;
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (!wax_option_works(option) || option->scope != scope || option->section != section) {
            continue;
        }
        if (!has_title && !has_table) {
            (void)fprintf(out, "\n%s", places[scope]);
        }
        if (!has_table) {
            (void)fprintf(out,
                          "\n### %s\n\n| option | type | range | default | unit | reload | meaning "
                          "|\n|---|---|---|---|---|---|---|\n",
                          wax_option_section_title(section));
        }
        has_table = true;
        print_option(option, out);
    }
    return has_title || has_table;
}

static void print_aliases(FILE *out)
{
    (void)fputs("\n## Other names\n\n| name | means |\n|---|---|\n", out);
    for (size_t i = 0; i < wax_option_count; i++) {
        if (wax_options[i].alias_of) {
            (void)fprintf(out, "| `%s` | `%s` |\n", wax_options[i].name, wax_options[i].alias_of);
        }
    }
}

static bool is_one_of(const wax_option *option, wax_option_support support)
{
    return !option->alias_of && option->support == support;
}

static void print_without(wax_option_support support, const char *title, FILE *out)
{
    bool has_title = false;
    for (size_t i = 0; i < wax_option_count; i++) {
        if (!is_one_of(&wax_options[i], support)) {
            continue;
        }
        (void)fputs(has_title ? "" : title, out);
        has_title = true;
        (void)fprintf(out, "| `%s` | ", wax_options[i].name);
        print_cell(wax_options[i].note, out);
        (void)fputs(" |\n", out);
    }
}

void wax_options_page(FILE *out)
{
    (void)fputs(head, out);
    for (int scope = 0; scope <= (int)WAX_SCOPE_NONE; scope++) {
        bool has_title = false;
        for (int section = 0; section < (int)WAX_SECTION_COUNT; section++) {
            has_title =
                print_section((wax_option_scope)scope, (wax_option_section)section, has_title, out);
        }
    }
    print_aliases(out);
    print_without(WAX_SUPPORT_IGNORED,
                  "\n## Without effect\n\nMosquitto's; accepted with a warning.\n\n"
                  "| option | why nothing is lost |\n|---|---|\n",
                  out);
    print_without(WAX_SUPPORT_LATER,
                  "\n## Not in this version\n\nMosquitto's; errors for now.\n\n"
                  "| option | what to do |\n|---|---|\n",
                  out);
    print_without(WAX_SUPPORT_REFUSED,
                  "\n## Refused\n\nMosquitto's; errors.\n\n| option | what to use |\n|---|---|\n",
                  out);
}
