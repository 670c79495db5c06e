/* The table of options: one row each, from which the parser, the defaults, the help, the manual and
 * the explanation of a configuration come, so that none of them can differ from the others. */
#ifndef WAX_BROKER_OPTIONS_H
#define WAX_BROKER_OPTIONS_H

#include <stdio.h>

#include "base/base.h"

typedef enum wax_option_section {
    WAX_SECTION_GENERAL,
    WAX_SECTION_LISTENERS,
    WAX_SECTION_SECURITY,
    WAX_SECTION_TLS,
    WAX_SECTION_LIMITS,
    WAX_SECTION_PERSISTENCE,
    WAX_SECTION_LOGGING,
    WAX_SECTION_BRIDGES,
    WAX_SECTION_PLUGINS,
    WAX_SECTION_COUNT
} wax_option_section;

/* For whom an option holds. */
typedef enum wax_option_scope {
    WAX_SCOPE_GLOBAL,   /* the broker; `offset` is into wax_config */
    WAX_SCOPE_LISTENER, /* the listener above it; `offset` is into wax_listener_config */
    WAX_SCOPE_SECURITY, /* every listener, or the one above it with per_listener_settings */
    WAX_SCOPE_DEFAULT,  /* the default listener, wherever the option stands */
    WAX_SCOPE_BRIDGE,   /* the bridge above it; `offset` is into wax_bridge_config */
    WAX_SCOPE_NONE      /* nobody: the option has no field */
} wax_option_scope;

/* What a value looks like and what the field is. */
typedef enum wax_option_type {
    WAX_OPTION_BOOL,     /* bool: true, false, 1, 0 */
    WAX_OPTION_NUMBER,   /* uint32_t: `least` to `most` */
    WAX_OPTION_LIMIT,    /* uint32_t: as NUMBER; `least` itself means WAX_CONFIG_NO_LIMIT */
    WAX_OPTION_SIZE,     /* uint64_t: bytes; 0, if allowed, means WAX_CONFIG_NO_SIZE_LIMIT */
    WAX_OPTION_DURATION, /* uint32_t: seconds, written 14d, 2w, 6h; `never` is UINT32_MAX */
    WAX_OPTION_WORD,     /* uint32_t: which of `words` */
    WAX_OPTION_SET,      /* uint32_t: a bit for each of `words`; repeated lines add up */
    WAX_OPTION_LIST,     /* uint32_t: as SET, on one line with commas; a repeated line replaces */
    WAX_OPTION_TEXT,     /* char *: the rest of the line, `most` bytes at most */
    WAX_OPTION_TEXTS,    /* char *: as TEXT; repeated lines add up, parted by line ends */
    WAX_OPTION_FILE,     /* char *: as TEXT; names a file or directory that must be readable */
    WAX_OPTION_NUMBERS,  /* uint32_t[3]: as NUMBER, up to three on a line; the others are 0 */
    WAX_OPTION_ADDRESS,  /* `addresses` of a bridge; repeated lines add up */
    WAX_OPTION_TOPIC,    /* `topics` of a bridge; repeated lines add up */
    WAX_OPTION_HOSTS,    /* char *: lines of HOST CERTFILE KEYFILE; repeated lines add up */
    WAX_OPTION_LISTENER, /* opens a listener */
    WAX_OPTION_BRIDGE,   /* opens a bridge */
    WAX_OPTION_INCLUDE,  /* reads further files */
    WAX_OPTION_PLUGIN,   /* names a plugin of Mosquitto's, or an option of one */
    WAX_OPTION_NOTHING   /* the value is not looked at */
} wax_option_type;

/* What Wax does about an option. */
typedef enum wax_option_support {
    WAX_SUPPORT_WORKS,
    WAX_SUPPORT_IGNORED, /* accepted without effect, with one warning that says why */
    WAX_SUPPORT_LATER,   /* an error: known, but not in this version */
    WAX_SUPPORT_REFUSED  /* an error that says what to use */
} wax_option_support;

typedef struct wax_option {
    const char *name;     /* ends in `*` where the rest is free */
    const char *alias_of; /* another row's name; then nothing else is set */
    wax_option_section section;
    wax_option_scope scope;
    size_t offset;
    size_t size;   /* of the field */
    size_t second; /* of a SET with `word=`: where the char * is that takes the rest */
    wax_option_type type;
    wax_option_support support;
    bool reloads;   /* taken over by a running broker on SIGHUP */
    bool is_own;    /* of Wax, unknown to Mosquitto */
    bool is_secret; /* the value is never shown */
    bool is_folded; /* its effect is in another field by the time the configuration is read */
    int64_t least;
    int64_t most;
    const char *fallback; /* the default, as a file would write it; NULL: none */
    const char *unit;
    /* Of WORD and SET, in the order of their numbers. `!word` is known and refused, `~word` known
     * and ignored, each with `note` as the reason; `-word` clears the set, `+word` fills it, and
     * `word=` takes the rest of the line. */
    const char *words;
    const char *sentence; /* for people: what it does */
    const char *note;     /* what to do instead, or why it is refused */
} wax_option;

/* The table; the number of rows includes aliases. */
extern const wax_option wax_options[];
extern const size_t wax_option_count;

/* The row that `name` means, aliases followed; NULL when there is none. */
const wax_option *wax_option_find(wax_bytes name);

/* The number of a row in the table. */
size_t wax_option_number(const wax_option *option);

/* The option whose name a person probably meant; NULL when nothing is near. */
const wax_option *wax_option_nearest(wax_bytes name);

/* Prints a listing for people: each option that works, its default, its sentence. */
void wax_options_print(FILE *out);

/* Prints the manual page wax.conf(5). */
void wax_options_man(FILE *out);

/* Prints docs/options.md: the same in Markdown, a table for each place of the file that an option
 * may stand at. */
void wax_options_page(FILE *out);

/* The title that a section has wherever options are printed. */
const char *wax_option_section_title(wax_option_section section);

/* Prints how the value of an option is written, words with `between` in between. */
void wax_option_print_shape(const wax_option *option, const char *between, FILE *out);

/* Whether the option is listed under its own name: it has an effect and is no alias. */
bool wax_option_works(const wax_option *option);

#endif
