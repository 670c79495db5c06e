/* What is logged, and where to: as the configuration says, or the command line, or `wax ctl log`.
 */
#include "broker/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

struct level_row {
    uint32_t type;
    wax_level level;
};

static const struct level_row level_rows[] = {
    {WAX_LOG_ERROR,       WAX_ERROR          },
    {WAX_LOG_WARNING,     WAX_WARNING        },
    {WAX_LOG_NOTICE,      WAX_NOTICE         },
    {WAX_LOG_INFORMATION, WAX_INFORMATION    },
    {WAX_LOG_DEBUG,       WAX_DEBUG          },
    {WAX_LOG_SUBSCRIBE,   WAX_SUBSCRIPTIONS  },
    {WAX_LOG_UNSUBSCRIBE, WAX_UNSUBSCRIPTIONS},
};

struct place_row {
    uint32_t dest;
    unsigned place;
};

static const struct place_row place_rows[] = {
    {WAX_LOG_TO_STDERR,   WAX_LOG_STDERR  },
    {WAX_LOG_TO_STDOUT,   WAX_LOG_STDOUT  },
    {WAX_LOG_TO_SYSLOG,   WAX_LOG_SYSLOG  },
    {WAX_LOG_TO_JOURNALD, WAX_LOG_JOURNALD},
    {WAX_LOG_TO_FILE,     WAX_LOG_FILE    },
};

/* A line for `log_dest topic`; any thread may have written it. */
static void post_line(void *context, wax_level level, const char *line)
{
    struct wax_broker *broker = context;
    struct letter *letter = calloc(1, sizeof *letter);
    wax_letters letters = {NULL, NULL};

    if (letter == NULL || (letter->line = strdup(line)) == NULL) {
        free(letter);
        return;
    }
    letter->kind = LETTER_LOG;
    letter->level = level;
    wax_letters_append(&letters, &letter->letter);
    wax_mailbox_post(&broker->workers[0]->mailbox, &letters);
}

void logging_set(struct wax_broker *broker)
{
    const wax_config *config = &broker->settings->config;
    uint32_t types = broker->has_log_type ? broker->log_type : config->log_type;
    bool is_topic = (config->log_dest & WAX_LOG_TO_TOPIC) != 0 && broker->has_started;
    wax_log_settings wanted = {
        .path = config->log_file,
        .is_json = config->log_format == WAX_LOG_AS_JSON,
        .facility = config->log_facility == 0
                        ? LOG_DAEMON
                        : LOG_LOCAL0 + (int)(config->log_facility - 1) * (LOG_LOCAL1 - LOG_LOCAL0),
        .timestamp_format = config->log_timestamp ? config->log_timestamp_format : "",
        .also = is_topic ? post_line : NULL,
        .context = broker,
    };

    for (size_t i = 0; i < WAX_COUNT(place_rows); i++) {
        bool is_wanted = (config->log_dest & place_rows[i].dest) != 0;
        wanted.places |= is_wanted ? place_rows[i].place : 0;
    }
    for (size_t i = 0; i < WAX_COUNT(level_rows); i++) {
        bool is_wanted = (types & level_rows[i].type) != 0;
        wanted.levels |= is_wanted ? (unsigned)level_rows[i].level : 0;
    }
    if (broker->options->is_verbose) {
        wanted.levels = UINT32_MAX;
        wanted.places |= wanted.places == 0 ? WAX_LOG_STDERR : 0;
    }
    wanted.levels = broker->options->is_quiet ? 0 : wanted.levels;
    if (wax_log_set(&broker->log, &wanted) != WAX_OK) {
        wax_log_write(&broker->log, WAX_ERROR, "log_file_failed path=%s reason=%s",
                      config->log_file, strerror(errno));
    }
}

void logging_report(struct wax_broker *broker, const wax_config_report *report)
{
    static const wax_level levels[] = {[WAX_CONFIG_NOTE] = WAX_INFORMATION,
                                       [WAX_CONFIG_WARNING] = WAX_WARNING,
                                       [WAX_CONFIG_ERROR] = WAX_ERROR};

    for (size_t i = 0; i < report->count; i++) {
        const wax_config_problem *problem = &report->problems[i];
        if (problem->file == NULL) { /* of the command line, or of all lines together */
            wax_log_write(&broker->log, levels[problem->severity], "config %s", problem->text);
        } else if (problem->line == 0) {
            wax_log_write(&broker->log, levels[problem->severity], "config %s: %s", problem->file,
                          problem->text);
        } else {
            wax_log_write(&broker->log, levels[problem->severity], "config %s:%u: %s",
                          problem->file, (unsigned)problem->line, problem->text);
        }
    }
}

/* A client that is refused again and again must not fill the log. */
bool is_time_to_log(struct connection *connection)
{
    uint32_t now_ms = (uint32_t)connection->worker->loop.now_ms;
    bool is_time = now_ms - connection->refused_ms >= REPEAT_MS;

    if (is_time) {
        connection->refused_ms = now_ms;
    }
    return is_time;
}
