/* wax update: firmware, from the vendor's desk to the device. */
#include "tools/options.h"
#include "tools/tools.h"
#include "tools/update_parts.h"
#include "tools/words.h"

#include <string.h>

static const struct {
    const char *name;
    update_verb *run;
} verbs[] = {
    {"key",    update_make_key},
    {"sign",   update_sign    },
    {"show",   update_show    },
    {"push",   update_push    },
    {"status", update_status  },
    {"watch",  update_watch   },
    {"device", update_device  },
};

const char *update_verb_name(size_t number)
{
    return number < WAX_COUNT(verbs) ? verbs[number].name : NULL;
}

static int run(struct settings *settings)
{
    const char *verb = settings->update.words.count > 0 ? settings->update.words.items[0] : "";

    for (size_t i = 0; i < WAX_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, verb) == 0) {
            return verbs[i].run(settings);
        }
    }
    (void)tools_complain(settings,
                         verb[0] == '\0' ? "what is to be done?%s Write `wax update key`, `sign`, "
                                           "`show`, `push`, `status`, `watch` or `device`"
                                         : "there is no `wax update %s`; see `wax update --help`",
                         verb);
    return EXIT_WRONG;
}

static bool check(const struct settings *settings)
{
    const char *prefix = settings->update.prefix;

    return (tools_settings_is_topic(prefix) && strlen(prefix) <= WAX_UPDATE_PREFIX_MAX) ||
           tools_complain(settings,
                          "--prefix %s: write a topic of %d bytes at most, without + and "
                          "#",
                          prefix, WAX_UPDATE_PREFIX_MAX);
}

int wax_tool_update(int argc, char **argv)
{
    static struct settings settings;
    int code = EXIT_WRONG;

    if (tools_options_begin(&settings, TOOL_UPDATE, argc, argv, &code) && check(&settings)) {
        code = run(&settings);
    }
    tools_settings_discard(&settings);
    tools_link_obey_signal();
    return code;
}
