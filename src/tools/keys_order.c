/* The words behind `wax keys`. */
#include "tools/keys_order.h"
#include "tools/keys_verbs.h"
#include "tools/spelling.h"
#include "tools/words.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct keys_verb keys_verbs[] = {
    {"init",       0, 1, "[FOLDER]",                      "make an authority: a namespace, its root, the key that seals its file", NULL},
    {"group add",  1, 1, "GROUP -f FILTER...",            "make a group of devices that share what is on some topics",   keys_group_add},
    {"group list", 0, 0, "",                              "show all groups",                                             keys_groups},
    {"group show", 1, 1, "GROUP",                         "show one, with its members",                                  keys_group_show},
    {"enrol",      1, 1, "DEVICE --psk | --from FILE",    "take a device in: with a key that is made for it, or its own", keys_enrol},
    {"admit",      1, 1, "TIME",                          "let strangers ask to come in for so long, with `wax authority`", keys_admit},
    {"confirm",    2, 2, "DEVICE WORDS",                  "take in who asked: the same words stand on the device",       keys_confirm},
    {"grant",      3, 3, "DEVICE GROUP read|write|both",  "let a device into a group",                                   keys_grant},
    {"revoke",     2, 2, "DEVICE GROUP",                  "take a device out of a group",                                keys_revoke},
    {"evict",      1, 1, "DEVICE",                        "take a device out of everything, for good",                   keys_evict},
    {"rotate",     1, 1, "GROUP",                         "begin a new epoch: new keys for a group",                     keys_rotate},
    {"rule add",     1, 1, "RULE --when X --do Y",        "let something be done by itself, when something holds",       keys_rule_add},
    {"rule list",    0, 0, "",                            "show all rules",                                              keys_rules},
    {"rule show",    1, 1, "RULE",                        "show one, and how often it acted",                            keys_rule_show},
    {"rule try",     1, 1, "RULE",                        "show what it would do now, and do nothing",                   keys_rule_try},
    {"rule enable",  1, 1, "RULE",                        "let it look again, from now on",                              keys_rule_enable},
    {"rule disable", 1, 1, "RULE",                        "let it rest",                                                 keys_rule_disable},
    {"rule remove",  1, 1, "RULE",                        "take it away",                                                keys_rule_remove},
    {"suspend",    1, 2, "DEVICE [GROUP]",                "give a device no newer keys, until somebody resumes it",      keys_suspend},
    {"resume",     1, 1, "DEVICE",                        "give a suspended device its newest keys again",               keys_resume},
    {"status",     0, 0, "",                              "show who holds which keys, and who has not acknowledged",     keys_status},
    {"audit",      0, 0, "",                              "show the signed log of all that was done",                    keys_audit},
    {"public",     0, 0, "",                              "print what anybody may know of the namespace",                keys_public},
    {"acl",        0, 0, "",                              "print an ACL file for the broker, on the topics it sees",     keys_acl},
    {"unblind",    0, 0, "--from FILE",                   "say which tokens stand for the topics of a list",             keys_tokens},
    {"export",     1, 1, "FILE",                          "write a backup; it is worth nothing without the key",         keys_export},
    {"import",     1, 2, "FILE [FOLDER]",                 "make a folder of a backup, and recover",                      NULL},
    {"recover",    0, 1, "[DEVICE]",                      "after files came back from a backup: make devices believe it again; or let a device go on that lost its state", keys_recover},
    {"resend",     0, 0, "",                              "publish all again, for a broker that lost what it retained",  keys_resend},
    {"follow",     0, 0, "--namespace FILE --anchor FILE", "verify the log of another host's authority, as the broker has it", NULL},
    {"identity",   1, 1, "DEVICE --namespace FILE",       "on a device: make its own key, and ask to be enrolled",       NULL},
    {NULL,         0, 0, NULL,                            NULL,                                                          NULL},
};
/* clang-format on */

const char *keys_verb_name(size_t number)
{
    return keys_verbs[number].name;
}

enum { DAY_S = 86400, TIME_MAX_S = 3650 * DAY_S };

static const struct option long_options[] = {
    {"dir",       required_argument, NULL, 'd'},
    {"kek",       required_argument, NULL, 'k'},
    {"prefix",    required_argument, NULL, 'p'},
    {"blind",     required_argument, NULL, 'b'},
    {"pattern",   required_argument, NULL, 'P'},
    {"filter",    required_argument, NULL, 'f'},
    {"suite",     required_argument, NULL, 's'},
    {"class",     required_argument, NULL, 'c'},
    {"tag",       required_argument, NULL, 't'},
    {"epoch",     required_argument, NULL, 'e'},
    {"keep",      required_argument, NULL, 'w'},
    {"ack",       required_argument, NULL, 'a'},
    {"sign",      no_argument,       NULL, 'g'},
    {"psk",       no_argument,       NULL, 'x'},
    {"profile",   required_argument, NULL, 'r'},
    {"qr",        no_argument,       NULL, 'q'},
    {"history",   no_argument,       NULL, 'y'},
    {"from",      required_argument, NULL, 'i'},
    {"log",       required_argument, NULL, 'l'},
    {"out",       required_argument, NULL, 'o'},
    {"namespace", required_argument, NULL, 'n'},
    {"when",      required_argument, NULL, 'W'},
    {"do",        required_argument, NULL, 'D'},
    {"groups",    required_argument, NULL, 'G'},
    {"devices",   required_argument, NULL, 'E'},
    {"at-most",   required_argument, NULL, 'M'},
    {"dry-run",   no_argument,       NULL, 'N'},
    {"now",       no_argument,       NULL, 'u'},
    {"verify",    no_argument,       NULL, 'v'},
    {"authority", required_argument, NULL, 'A'},
    {"cert",      required_argument, NULL, 'C'},
    {"key",       required_argument, NULL, 'K'},
    {"cafile",    required_argument, NULL, 'F'},
    {"anchor",    required_argument, NULL, 'B'},
    {"man",       no_argument,       NULL, 'm'},
    {"help",      no_argument,       NULL, 'h'},
    {NULL,        0,                 NULL, 0  },
};

const char *keys_option_name(size_t number)
{
    return number < WAX_COUNT(long_options) - 1 ? long_options[number].name : NULL;
}

__attribute__((format(printf, 2, 3))) static bool wrong(char *fault, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(fault, ANSWER_FAULT_SIZE, format, values);
    va_end(values);
    return false;
}

/* --- Values --- */

/* Words that stand for numbers. */
struct choice {
    int option;
    const char *word;
    uint32_t number;
    size_t place;
};

#define AT(field) offsetof(struct keys_order, field)
static const struct choice choices[] = {
    {'s', "chacha20", 1,  AT(suite)        },
    {'s', "ascon",    2,  AT(suite)        },
    {'s', "ccm",      3,  AT(suite)        },
    {'c', "state",    0,  AT(group_class)  },
    {'c', "stream",   1,  AT(group_class)  },
    {'t', "16",       16, AT(tag_size)     },
    {'t', "8",        8,  AT(tag_size)     },
    {'b', "hmac",     1,  AT(blinding_hash)},
    {'b', "ascon",    2,  AT(blinding_hash)},
};

/* What an option takes that is a text, a flag or a time. */
struct plain {
    int option;
    enum { IS_TEXT, IS_FLAG, IS_TIME } kind;
    size_t place;
};

static const struct plain plains[] = {
    {'d', IS_TEXT, AT(folder)      },
    {'k', IS_TEXT, AT(kek)         },
    {'p', IS_TEXT, AT(prefix)      },
    {'r', IS_TEXT, AT(profile)     },
    {'i', IS_TEXT, AT(from)        },
    {'l', IS_TEXT, AT(log)         },
    {'o', IS_TEXT, AT(out)         },
    {'n', IS_TEXT, AT(name_space)  },
    {'W', IS_TEXT, AT(when)        },
    {'D', IS_TEXT, AT(act)         },
    {'G', IS_TEXT, AT(groups)      },
    {'E', IS_TEXT, AT(devices)     },
    {'M', IS_TEXT, AT(at_most)     },
    {'N', IS_FLAG, AT(is_dry)      },
    {'g', IS_FLAG, AT(signs)       },
    {'x', IS_FLAG, AT(has_psk)     },
    {'q', IS_FLAG, AT(shows_code)  },
    {'y', IS_FLAG, AT(has_history) },
    {'u', IS_FLAG, AT(is_now)      },
    {'v', IS_FLAG, AT(verifies)    },
    {'m', IS_FLAG, AT(wants_manual)},
    {'h', IS_FLAG, AT(wants_help)  },
    {'e', IS_TIME, AT(epoch_s)     },
    {'a', IS_TIME, AT(ack_s)       },
    {'A', IS_TEXT, AT(authority)   },
    {'C', IS_TEXT, AT(cert)        },
    {'K', IS_TEXT, AT(key)         },
    {'F', IS_TEXT, AT(cafile)      },
    {'B', IS_TEXT, AT(anchor)      },
};

static const char *name_of(int option)
{
    for (size_t i = 0; i < WAX_COUNT(long_options) - 1; i++) {
        if (long_options[i].val == option) {
            return long_options[i].name;
        }
    }
    return "";
}

static bool take_choice(struct keys_order *order, int option, char *fault)
{
    size_t used =
        (size_t)snprintf(fault, ANSWER_FAULT_SIZE, "--%s %s: write", name_of(option), optarg);

    for (size_t i = 0; i < WAX_COUNT(choices); i++) {
        if (choices[i].option != option) {
            continue;
        }
        if (strcmp(choices[i].word, optarg) == 0) {
            memcpy((uint8_t *)order + choices[i].place, &choices[i].number, sizeof(uint32_t));
            return true;
        }
        if (used < ANSWER_FAULT_SIZE) {
            used +=
                (size_t)snprintf(fault + used, ANSWER_FAULT_SIZE - used, " %s", choices[i].word);
        }
    }
    return false;
}

static bool take_plain(struct keys_order *order, const struct plain *plain, char *fault)
{
    uint8_t *place = (uint8_t *)order + plain->place;
    uint32_t seconds = 0;

    if (plain->kind == IS_FLAG) {
        memcpy(place, &(bool){true}, sizeof(bool));
    } else if (plain->kind == IS_TEXT) {
        memcpy(place, &(const char *){optarg}, sizeof optarg);
    } else if (keys_answer_time(optarg, TIME_MAX_S, &seconds)) {
        memcpy(place, &seconds, sizeof seconds);
    } else {
        return wrong(fault, "--%s %s: write a time as 30s, 15m, 12h or 7d, up to 3650d",
                     name_of(plain->option), optarg);
    }
    return true;
}

static bool add_filter(wax_bytes *filters, size_t *count)
{
    if (*count == ORDER_FILTERS_MAX) {
        return false;
    }
    filters[(*count)++] = wax_bytes_of_text(optarg);
    return true;
}

static bool take_option(struct keys_order *order, int option, char *fault)
{
    for (size_t i = 0; i < WAX_COUNT(plains); i++) {
        if (plains[i].option == option) {
            return take_plain(order, &plains[i], fault);
        }
    }
    if (option == 'f') {
        return add_filter(order->filters, &order->filter_count) ||
               wrong(fault, "a group has %d filters at most", ORDER_FILTERS_MAX);
    }
    if (option == 'P') {
        return add_filter(order->patterns, &order->pattern_count) ||
               wrong(fault, "a namespace has %d patterns at most", ORDER_FILTERS_MAX);
    }
    if (option == 'w') {
        return keys_answer_number(optarg, 1, 255, &order->kept) ||
               wrong(fault, "--keep %s: write how many epochs, from 1 to 255", optarg);
    }
    return take_choice(order, option, fault);
}

/* --- Verbs --- */

/* How many of the words are the verb. */
static size_t match_verb(const struct keys_verb *verb, char *const *words, size_t count)
{
    const size_t size = count == 0 ? 0 : strlen(words[0]);

    if (count == 0 || strncmp(verb->name, words[0], size) != 0) {
        return 0;
    }
    if (verb->name[size] == '\0') {
        return 1;
    }
    return verb->name[size] == ' ' && count > 1 && strcmp(verb->name + size + 1, words[1]) == 0 ? 2
                                                                                                : 0;
}

static bool no_verb(char *const *words, size_t count, char *fault)
{
    const struct keys_verb *nearest = keys_verbs;
    bool has_two;
    char said[80];

    if (count == 0) {
        return wrong(fault, "say what to do, as in `wax keys init`; see `wax keys --help`");
    }
    has_two = count > 1 && (strcmp(words[0], "group") == 0 || strcmp(words[0], "rule") == 0);
    (void)snprintf(said, sizeof said, "%.30s%s%.30s", words[0], has_two ? " " : "",
                   has_two ? words[1] : "");
    for (const struct keys_verb *verb = keys_verbs; verb->name != NULL; verb++) {
        if (tools_spelling_distance(said, verb->name) <
            tools_spelling_distance(said, nearest->name)) {
            nearest = verb;
        }
    }
    if (tools_spelling_distance(said, nearest->name) <= 3) {
        return wrong(fault, "there is no `%s`; did you mean `wax keys %s %s`?", said, nearest->name,
                     nearest->arguments);
    }
    return wrong(fault, "there is no `%s`; see `wax keys --help`", said);
}

static bool take_verb(struct keys_order *order, char *const *words, size_t count, char *fault)
{
    for (const struct keys_verb *verb = keys_verbs; verb->name != NULL; verb++) {
        const size_t used = match_verb(verb, words, count);

        if (used == 0) {
            continue;
        }
        order->verb = verb;
        order->argument_count = count - used;
        if (order->argument_count < verb->least || order->argument_count > verb->most) {
            return wrong(fault, "too %s words: write `wax keys %s %s`; see `wax keys --help`",
                         order->argument_count < verb->least ? "few" : "many", verb->name,
                         verb->arguments);
        }
        for (size_t i = 0; i < order->argument_count; i++) {
            order->arguments[i] = words[used + i];
        }
        return true;
    }
    return no_verb(words, count, fault);
}

bool keys_order_read(struct keys_order *order, int argc, char **argv,
                     char fault[static ANSWER_FAULT_SIZE])
{
    int option;

    *order = (struct keys_order){
        .suite = 1,
        .group_class = 1,
        .tag_size = 16,
        .epoch_s = WAX_AUTHORITY_EPOCH_DEFAULT,
        .kept = WAX_AUTHORITY_KEPT_DEFAULT,
        .ack_s = WAX_AUTHORITY_ACK_DEFAULT,
    };
    optind = 0; /* from the start, whoever used it before */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":d:f:o:h", long_options, NULL)) != -1) {
        if (option == ':') {
            return wrong(fault, "%s needs a value behind it; see `wax keys --help`",
                         argv[optind - 1]);
        }
        if (option == '?') {
            return wrong(fault, "there is no option %s; see `wax keys --help`", argv[optind - 1]);
        }
        if (!take_option(order, option, fault)) {
            return false;
        }
    }
    if (order->wants_help || order->wants_manual) {
        return true;
    }
    return take_verb(order, argv + optind, (size_t)(argc - optind), fault);
}

bool keys_order_run(wax_authority *authority, const struct keys_order *order,
                    struct keys_answer *answer)
{
    return order->verb->run != NULL
               ? order->verb->run(authority, order, answer)
               : keys_answer_fail(answer, "`%s` is not for a running authority", order->verb->name);
}
