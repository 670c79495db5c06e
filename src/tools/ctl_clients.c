/* wax ctl on clients, their sessions and retained messages. */
#include "tools/ctl_show.h"
#include "tools/ctl_verbs.h"

enum { TOP_COUNT = 10, TOP_MOST = 1000 };

/* clang-format off */
static const struct ctl_column client_columns[] = {
    {"ID",       "id",           -24, CTL_TEXT  },
    {"USER",     "user",         -12, CTL_TEXT  },
    {"ADDRESS",  "address",      -21, CTL_TEXT  },
    {"MQTT",     "version",       -5, CTL_TEXT  },
    {"TLS",      "tls",           -7, CTL_TEXT  },
    {"SINCE",    "since",        -19, CTL_SINCE },
    {"IN",       "messages_in",    7, CTL_NUMBER},
    {"OUT",      "messages_out",   7, CTL_NUMBER},
    {"BYTES IN", "bytes_in",       8, CTL_BYTES },
    {"OUT",      "bytes_out",      8, CTL_BYTES },
    {"QUEUED",   "queued",         6, CTL_NUMBER},
};

static const struct ctl_column session_columns[] = {
    {"ID",       "id",           -24, CTL_TEXT  },
    {"USER",     "user",         -12, CTL_TEXT  },
    {"ONLINE",   "connected",     -6, CTL_BOOL  },
    {"SUBS",     "subscriptions",  5, CTL_NUMBER},
    {"QUEUED",   "queued",         7, CTL_NUMBER},
    {"BYTES",    "queued_bytes",   7, CTL_BYTES },
    {"INFLIGHT", "inflight",       8, CTL_NUMBER},
    {"DROPPED",  "dropped",        7, CTL_NUMBER},
    {"ENDS IN",  "expires_in_s",   9, CTL_SPAN  },
};

static const struct ctl_column top_columns[] = {
    {"ID",       "id",           -24, CTL_TEXT  },
    {"USER",     "user",         -12, CTL_TEXT  },
    {"ONLINE",   "connected",     -6, CTL_BOOL  },
    {"OLDEST",   "oldest_s",       9, CTL_SPAN  },
    {"QUEUED",   "queued",         7, CTL_NUMBER},
    {"BYTES",    "queued_bytes",   7, CTL_BYTES },
    {"DROPPED",  "dropped",        7, CTL_NUMBER},
    {"IN",       "messages_in",    7, CTL_NUMBER},
    {"OUT",      "messages_out",   7, CTL_NUMBER},
};

static const struct ctl_column bridge_columns[] = {
    {"CONNECTION", "connection",  -16, CTL_TEXT  },
    {"STATE",      "state",       -10, CTL_TEXT  },
    {"HOST",       "host",        -20, CTL_TEXT  },
    {"PORT",       "port",          5, CTL_NUMBER},
    {"MQTT",       "version",      -5, CTL_TEXT  },
    {"TLS",        "tls",          -7, CTL_TEXT  },
    {"SINCE",      "since",       -19, CTL_SINCE },
    {"IN",         "messages_in",   7, CTL_NUMBER},
    {"OUT",        "messages_out",  7, CTL_NUMBER},
    {"QUEUED",     "queued",        7, CTL_NUMBER},
    {"INFLIGHT",   "inflight",      8, CTL_NUMBER},
    {"DROPPED",    "dropped",       7, CTL_NUMBER},
    {"NEXT",       "next_s",        6, CTL_SPAN  },
    {"LAST FAULT", "last_fault",  -20, CTL_TEXT  },
};

static const struct ctl_column sealed_columns[] = {
    {"RULE",       "rule",       -20, CTL_TEXT  },
    {"SENDER",     "sender",       8, CTL_NUMBER},
    {"CLIENT",     "client",     -20, CTL_TEXT  },
    {"MESSAGES",   "messages",     8, CTL_NUMBER},
    {"GAPS",       "gaps",         6, CTL_NUMBER},
    {"LATE",       "late",         6, CTL_NUMBER},
    {"DUPLICATES", "duplicates",  10, CTL_NUMBER},
    {"CONFLICTS",  "conflicts",    9, CTL_NUMBER},
    {"OLD",        "old",          6, CTL_NUMBER},
    {"BEHIND",     "behind",       6, CTL_NUMBER},
    {"LAG",        "lag",          3, CTL_NUMBER},
    {"SILENT",     "silent_s",     9, CTL_SPAN  },
};

static const struct ctl_column detail_columns[] = {
    {"client id",        "id",            0, CTL_TEXT  },
    {"bridge",           "bridge",        0, CTL_TEXT  },
    {"user",             "user",          0, CTL_TEXT  },
    {"connected",        "connected",     0, CTL_BOOL  },
    {"address",          "address",       0, CTL_TEXT  },
    {"listener's port",  "port",          0, CTL_NUMBER},
    {"MQTT",             "version",       0, CTL_TEXT  },
    {"TLS",              "tls",           0, CTL_TEXT  },
    {"cipher",           "cipher",        0, CTL_TEXT  },
    {"since",            "since",         0, CTL_SINCE },
    {"keep alive",       "keep_alive_s",  0, CTL_SPAN  },
    {"messages in",      "messages_in",   0, CTL_NUMBER},
    {"messages out",     "messages_out",  0, CTL_NUMBER},
    {"bytes in",         "bytes_in",      0, CTL_BYTES },
    {"bytes out",        "bytes_out",     0, CTL_BYTES },
    {"bytes not sent",   "unsent_bytes",  0, CTL_BYTES },
    {"messages queued",  "queued",        0, CTL_NUMBER},
    {"bytes queued",     "queued_bytes",  0, CTL_BYTES },
    {"oldest waits",     "oldest_s",      0, CTL_SPAN  },
    {"in flight",        "inflight",      0, CTL_NUMBER},
    {"messages dropped", "dropped",       0, CTL_NUMBER},
    {"session lasts",    "expiry_s",      0, CTL_SPAN  },
    {"session ends in",  "expires_in_s",  0, CTL_SPAN  },
    {"subscriptions",    "subscriptions", 0, CTL_NUMBER},
};

static const struct ctl_column subscription_columns[] = {
    {"QOS",      "qos",                   3, CTL_NUMBER},
    {"GROUP",    "share",               -12, CTL_TEXT  },
    {"NO LOCAL", "no_local",             -8, CTL_BOOL  },
    {"ID",       "identifier",            3, CTL_NUMBER},
    {"FILTER",   "filter",              -30, CTL_TEXT  },
};

static const struct ctl_column retained_columns[] = {
    {"TOPIC",  "topic",        -40, CTL_TEXT  },
    {"SIZE",   "size",           7, CTL_BYTES },
    {"QOS",    "qos",            3, CTL_NUMBER},
    {"AGE",    "age_s",          8, CTL_SPAN  },
    {"USER",   "user",         -12, CTL_TEXT  },
    {"CLIENT", "client",       -12, CTL_TEXT  },
};
/* clang-format on */

#define TABLE_OF(columns) ((struct ctl_table){columns, WAX_COUNT(columns), 0})

static const wax_bytes nothing = {NULL, 0};

/* --- Lists --- */

/* Says how many there were, or that there were none. */
static int show_table(struct ctl_link *link, struct ctl_table *table, const char *what)
{
    int code = ctl_ask(link, nothing, ctl_show_row, table);

    if (code == 0 && !link->settings->is_json) {
        (void)printf("%s%zu %s\n", table->row_count > 0 ? "\n" : "", table->row_count, what);
    }
    return code;
}

int ctl_clients(struct ctl_link *link)
{
    struct ctl_table table = TABLE_OF(client_columns);

    ctl_begin(link, "sessions");
    ctl_add_text(link, "connected", "1");
    return show_table(link, &table, "connected");
}

int ctl_sessions(struct ctl_link *link)
{
    struct ctl_table table = TABLE_OF(session_columns);

    ctl_begin(link, "sessions");
    return show_table(link, &table, "sessions");
}

int ctl_bridges(struct ctl_link *link)
{
    struct ctl_table table = TABLE_OF(bridge_columns);

    ctl_begin(link, "bridges");
    return show_table(link, &table, "bridges");
}

int ctl_sealed(struct ctl_link *link)
{
    struct ctl_table table = TABLE_OF(sealed_columns);

    ctl_begin(link, "sealed");
    return show_table(link, &table, "senders");
}

static void show_client(void *context, const json_t *line)
{
    struct ctl_table *subscriptions = context;
    struct ctl_table details = TABLE_OF(detail_columns);

    if (json_object_get(line, "filter") != NULL) {
        if (subscriptions->row_count == 0) {
            (void)fputc('\n', stdout);
        }
        ctl_show_row(subscriptions, line);
    } else {
        ctl_show_list(&details, line);
    }
}

int ctl_client(struct ctl_link *link)
{
    struct ctl_table subscriptions = TABLE_OF(subscription_columns);

    ctl_begin(link, "client");
    ctl_add_text(link, "id", link->settings->words[0]);
    return ctl_ask(link, nothing, show_client, &subscriptions);
}

/* --- top --- */

/* The first ones by some measure. */
struct ranking {
    const char *title;
    json_int_t (*measure)(const json_t *line);
    json_t *lines[TOP_MOST];
    size_t count;
    size_t most;
};

static json_int_t number_of(const json_t *line, const char *name)
{
    return json_integer_value(json_object_get(line, name));
}

static json_int_t by_wait(const json_t *line)
{
    return number_of(line, "oldest_s") * 1000000 + number_of(line, "queued");
}

static json_int_t by_queue(const json_t *line)
{
    return number_of(line, "queued_bytes");
}

static json_int_t by_messages(const json_t *line)
{
    return number_of(line, "messages_in") + number_of(line, "messages_out");
}

static void rank_in(struct ranking *ranking, const json_t *line)
{
    json_int_t measure = ranking->measure(line);
    size_t at = ranking->count;

    if (measure == 0) {
        return;
    }
    while (at > 0 && ranking->measure(ranking->lines[at - 1]) < measure) {
        at--;
    }
    if (at == ranking->most) {
        return;
    }
    if (ranking->count == ranking->most) {
        json_decref(ranking->lines[--ranking->count]);
    }
    for (size_t i = ranking->count; i > at; i--) {
        ranking->lines[i] = ranking->lines[i - 1];
    }
    ranking->lines[at] = json_deep_copy(line);
    ranking->count++;
}

static struct ranking rankings[] = {
    {.title = "Waiting longest", .measure = by_wait    },
    {.title = "Largest queues",  .measure = by_queue   },
    {.title = "Most messages",   .measure = by_messages},
};

static void rank(void *context, const json_t *line)
{
    (void)context;
    for (size_t i = 0; i < WAX_COUNT(rankings); i++) {
        rank_in(&rankings[i], line);
    }
}

static void show_ranking(struct ranking *ranking)
{
    struct ctl_table table = TABLE_OF(top_columns);

    (void)printf("%s:\n", ranking->title);
    for (size_t i = 0; i < ranking->count; i++) {
        ctl_show_row(&table, ranking->lines[i]);
        json_decref(ranking->lines[i]);
    }
    (void)printf("%s\n", ranking->count == 0 ? "(none)\n" : "");
}

int ctl_top(struct ctl_link *link)
{
    uint64_t limit = link->settings->limit;
    int code;

    for (size_t i = 0; i < WAX_COUNT(rankings); i++) {
        rankings[i].most = limit == 0 ? TOP_COUNT : limit < TOP_MOST ? (size_t)limit : TOP_MOST;
    }
    ctl_begin(link, "sessions");
    code = ctl_ask(link, nothing, rank, NULL);
    for (size_t i = 0; code == 0 && !link->settings->is_json && i < WAX_COUNT(rankings); i++) {
        show_ranking(&rankings[i]);
    }
    return code;
}

/* --- Deeds --- */

static int ask_about(struct ctl_link *link, const char *command)
{
    ctl_begin(link, command);
    ctl_add_text(link, "id", link->settings->words[0]);
    ctl_add_text(link, "reason", link->settings->reason);
    return ctl_ask(link, nothing, NULL, NULL);
}

int ctl_kick(struct ctl_link *link)
{
    return ask_about(link, "kick");
}

int ctl_session_delete(struct ctl_link *link)
{
    return ask_about(link, "session-delete");
}

static void show_packet(void *context, const json_t *line)
{
    const char *packet = json_string_value(json_object_get(line, "packet"));
    const char *topic = json_string_value(json_object_get(line, "topic"));
    const char *payload = json_string_value(json_object_get(line, "payload"));
    bool is_incoming = json_string_length(json_object_get(line, "direction")) == 2;

    (void)context;
    if (packet == NULL) {
        (void)fputs("tracing; Ctrl-C ends it\n", stderr);
        return;
    }
    if (number_of(line, "missed") > 0) {
        (void)printf("... %lld packets were not told: too many\n",
                     (long long)number_of(line, "missed"));
    }
    (void)printf("%lld.%03lld  ", (long long)(number_of(line, "at_ms") / 1000),
                 (long long)(number_of(line, "at_ms") % 1000));
    ctl_show_text(json_string_value(json_object_get(line, "client")));
    (void)printf("  %s  %-11s  %lld bytes", is_incoming ? "->" : "<-", packet,
                 (long long)number_of(line, "size"));
    if (json_object_get(line, "packet_id") != NULL) {
        (void)printf("  id %lld", (long long)number_of(line, "packet_id"));
    }
    if (topic != NULL) {
        (void)printf("  qos %lld%s  payload %lld  ", (long long)number_of(line, "qos"),
                     json_is_true(json_object_get(line, "retain")) ? " retain" : "",
                     (long long)number_of(line, "payload_size"));
        ctl_show_text(topic);
    }
    if (payload != NULL) {
        (void)fputs("  ", stdout);
        ctl_show_text(payload);
    }
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
}

int ctl_trace(struct ctl_link *link)
{
    const struct ctl_settings *settings = link->settings;

    if ((settings->user == NULL) == (settings->word_count == 0)) {
        (void)fputs("wax ctl trace: name a client id, or --user USER\n", stderr);
        return 1;
    }
    ctl_begin(link, "trace");
    ctl_add_text(link, "user", settings->user);
    ctl_add_text(link, "id", settings->word_count > 0 ? settings->words[0] : NULL);
    ctl_add_text(link, "payload", settings->shows_payload ? "1" : NULL);
    return ctl_ask(link, nothing, show_packet, NULL);
}

/* --- Retained messages --- */

static int walk_retained(struct ctl_link *link, const char *command, const char *what)
{
    struct ctl_table table = TABLE_OF(retained_columns);

    ctl_begin(link, command);
    ctl_add_text(link, "filter", link->settings->words[0]);
    ctl_add_number(link, "older_than", link->settings->older_than_s);
    ctl_add_number(link, "limit", link->settings->limit);
    return show_table(link, &table, what);
}

int ctl_retained_list(struct ctl_link *link)
{
    return walk_retained(link, "retained-list", "retained messages");
}

int ctl_retained_delete(struct ctl_link *link)
{
    const struct ctl_settings *settings = link->settings;

    if (settings->is_confirmed == settings->is_dry) {
        (void)fputs("wax ctl retained delete: --dry-run shows what would go, --yes deletes it\n",
                    stderr);
        return 1;
    }
    return settings->is_dry ? walk_retained(link, "retained-list", "would be deleted")
                            : walk_retained(link, "retained-delete", "deleted");
}
