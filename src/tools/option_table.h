/* What options there are. */
#ifndef WAX_TOOLS_OPTION_TABLE_H
#define WAX_TOOLS_OPTION_TABLE_H

#include "tools/settings.h"

enum option_kind {
    OPTION_FLAG,     /* a bool */
    OPTION_TEXT,     /* a const char pointer */
    OPTION_SECRET,   /* a copy on the heap; the word on the command line is blotted out */
    OPTION_NUMBER,   /* a uint32_t from `least` to `most` */
    OPTION_TEXTS,    /* appended to a list */
    OPTION_TAKEN,    /* by `take` */
    OPTION_URL,      /* by `take`; the login in it is blotted out on the command line */
    OPTION_PROPERTY, /* -D, which takes several words */
    OPTION_LATER,    /* Mosquitto has it, this version does not */
    OPTION_REFUSED,  /* Mosquitto has it, Wax does not want it: `text` says what to do instead */
};

enum option_group {
    GROUP_CONNECTION,
    GROUP_TLS,
    GROUP_SEALING,
    GROUP_PROGRAMS,
    GROUP_DEVICES,
    GROUP_ADMIN,
    GROUP_WILL,
    GROUP_MESSAGE,
    GROUP_SUBSCRIPTION,
    GROUP_OUTPUT,
    GROUP_CHECK,
    GROUP_LOAD,
    GROUP_BROKER,
    GROUP_LEVELS,
    GROUP_ADVISE,
    GROUP_REPORT,
    GROUP_SIGNING,
    GROUP_ROLL_OUT,
    GROUP_DEVICE,
    GROUP_GENERAL,
    GROUP_LATER,
    GROUP_COUNT,
};

struct option_row {
    const char *letter; /* "-h"; NULL: none */
    const char *name;   /* "--host" */
    uint8_t kind;       /* enum option_kind */
    uint16_t tools;
    uint8_t group;    /* enum option_group */
    size_t place;     /* in struct settings */
    uint32_t least;   /* of a number */
    uint32_t most;    /* of a number */
    const char *word; /* what its value is called in the help; NULL: none */
    const char *text; /* one line of help; NULL: no help tells it */
    bool (*take)(struct settings *settings, const char *value);
};

extern const struct option_row tools_options[];
extern const size_t tools_option_count;

#endif
