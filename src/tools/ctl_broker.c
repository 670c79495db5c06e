/* wax ctl on the broker as a whole. */
#include "tools/ctl_show.h"
#include "tools/ctl_verbs.h"

#include <string.h>

static const wax_bytes nothing = {NULL, 0};

/* clang-format off */
static const struct ctl_column status_columns[] = {
    {"version",              "version",              0, CTL_TEXT  },
    {"process",              "pid",                  0, CTL_NUMBER},
    {"up",                   "uptime_s",             0, CTL_SPAN  },
    {"configuration",        "config",               0, CTL_TEXT  },
    {"clients connected",    "connected",            0, CTL_NUMBER},
    {"connections",          "connections",          0, CTL_NUMBER},
    {"sessions",             "sessions",             0, CTL_NUMBER},
    {"subscriptions",        "subscriptions",        0, CTL_NUMBER},
    {"shared",               "shared_subscriptions", 0, CTL_NUMBER},
    {"retained messages",    "retained",             0, CTL_NUMBER},
    {"messages queued",      "queued",               0, CTL_NUMBER},
    {"bytes queued",         "queued_bytes",         0, CTL_BYTES },
    {"messages received",    "messages_received",    0, CTL_NUMBER},
    {"messages sent",        "messages_sent",        0, CTL_NUMBER},
    {"messages dropped",     "messages_dropped",     0, CTL_NUMBER},
    {"bytes received",       "bytes_received",       0, CTL_BYTES },
    {"bytes sent",           "bytes_sent",           0, CTL_BYTES },
    {"memory",               "memory_bytes",           0, CTL_BYTES },
    {"at most so far",       "memory_bytes_max",       0, CTL_BYTES },
    {"store",                "store",                  0, CTL_TEXT  },
    {"its folder",           "store_place",            0, CTL_TEXT  },
    {"its state",            "store_state",            0, CTL_TEXT  },
    {"because",              "store_fault",            0, CTL_TEXT  },
    {"its size",             "store_bytes",            0, CTL_BYTES },
    {"its log",              "store_log_bytes",        0, CTL_BYTES },
    {"not yet safe",         "store_waiting_bytes",    0, CTL_BYTES },
    {"commits",              "store_commits",          0, CTL_NUMBER},
    {"last took us",         "store_commit_us",        0, CTL_NUMBER},
    {"failed commits",       "store_failures",         0, CTL_NUMBER},
};

static const struct ctl_column worker_columns[] = {
    {"WORKER LOAD %", "load_percent",  13, CTL_NUMBER},
    {"SESSIONS",      "sessions",       8, CTL_NUMBER},
    {"CONNECTED",     "connected",      9, CTL_NUMBER},
    {"BACKLOG",       "backlog_bytes",  8, CTL_BYTES },
};
/* clang-format on */

static void show_status(void *context, const json_t *line)
{
    struct ctl_table status = {status_columns, WAX_COUNT(status_columns), 0};
    struct ctl_table workers = {worker_columns, WAX_COUNT(worker_columns), 0};
    const json_t *list = json_object_get(line, "workers");

    (void)context;
    ctl_show_list(&status, line);
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < json_array_size(list); i++) {
        ctl_show_row(&workers, json_array_get(list, i));
    }
}

int ctl_status(struct ctl_link *link)
{
    ctl_begin(link, "status");
    return ctl_ask(link, nothing, show_status, NULL);
}

static void show_problem(void *context, const json_t *line)
{
    const json_t *file = json_object_get(line, "file");

    (void)context;
    if (file != NULL) {
        ctl_show_text(json_string_value(file));
        (void)printf(":%lld: ", (long long)json_integer_value(json_object_get(line, "line")));
    }
    (void)printf("%s: ", json_string_value(json_object_get(line, "severity")));
    ctl_show_text(json_string_value(json_object_get(line, "text")));
    (void)fputc('\n', stdout);
}

int ctl_reload(struct ctl_link *link)
{
    int code;

    ctl_begin(link, "reload");
    code = ctl_ask(link, nothing, show_problem, NULL);
    if (code == 0 && !link->settings->is_json) {
        (void)puts("reloaded");
    }
    return code;
}

int ctl_log_level(struct ctl_link *link)
{
    ctl_begin(link, "log");
    ctl_add_text(link, "types", link->settings->words[0]);
    return ctl_ask(link, nothing, show_problem, NULL);
}

/* What the broker decided; it is the exit code, too. */
struct decision {
    bool is_allowed;
};

static void show_decision(void *context, const json_t *line)
{
    struct decision *decision = context;
    const char *reason = json_string_value(json_object_get(line, "reason"));
    const char *file = json_string_value(json_object_get(line, "file"));
    json_int_t number = json_integer_value(json_object_get(line, "line"));

    decision->is_allowed = json_is_true(json_object_get(line, "allowed"));
    (void)printf("%s: may %s%s ", decision->is_allowed ? "yes" : "no",
                 decision->is_allowed ? "" : "not ",
                 json_string_value(json_object_get(line, "action")));
    ctl_show_text(json_string_value(json_object_get(line, "topic")));
    if (reason != NULL) {
        (void)printf("\n  %s", reason);
    } else if (number > 0) {
        (void)printf("\n  %s line %lld: ", file, (long long)number);
        ctl_show_text(json_string_value(json_object_get(line, "rule")));
    } else {
        (void)printf("\n  no line of %s decides it%s", file,
                     decision->is_allowed ? "" : ", so it is denied");
    }
    (void)fputc('\n', stdout);
}

int ctl_acl_explain(struct ctl_link *link)
{
    static const char *const actions[] = {"read", "write", "subscribe"};
    const struct ctl_settings *settings = link->settings;
    struct decision decision = {true};
    bool is_known = false;
    int code;

    for (size_t i = 0; i < WAX_COUNT(actions); i++) {
        is_known = is_known || strcmp(actions[i], settings->words[0]) == 0;
    }
    if (!is_known) {
        (void)fprintf(stderr, "wax ctl acl explain: '%s' is none of read, write and subscribe\n",
                      settings->words[0]);
        return 1;
    }
    ctl_begin(link, "acl-explain");
    ctl_add_text(link, "action", settings->words[0]);
    ctl_add_text(link, "topic", settings->words[1]);
    ctl_add_text(link, "user", settings->user);
    ctl_add_text(link, "client", settings->client_id);
    ctl_add_number(link, "port", settings->port);
    code = ctl_ask(link, nothing, show_decision, &decision);
    return code == 0 && !decision.is_allowed ? 1 : code;
}
