/* What the parts of wax ctl import share; what it says while it goes on, and at its end. */
#include "tools/ctl_takeover.h"
#include "tools/ctl_show.h"

#include "os/os.h"

#include <string.h>

enum {
    FAULTS_SHOWN = 10,
    BAR_SIZE = 30,
    PROGRESS_MS = 100,
};

struct thing {
    const char *name;
    const char *plural;
    const char *member; /* of the JSON */
};

/* clang-format off */
static const struct thing things[IMPORT_THING_COUNT] = {
    [IMPORT_SESSION]      = {"session",          "sessions",          "sessions"},
    [IMPORT_SUBSCRIPTION] = {"subscription",     "subscriptions",     "subscriptions"},
    [IMPORT_QUEUED]       = {"queued message",   "queued messages",   "queued"},
    [IMPORT_RETAINED]     = {"retained message", "retained messages", "retained"},
};
/* clang-format on */

/* --- Sessions --- */

bool ctl_takeover_owner(const struct import *import, const wax_import_session *session,
                        wax_bytes *owner)
{
    const char *given = import->link->settings->user;

    *owner = session->client.username;
    if (!session->client.is_owner_known && given != NULL) {
        *owner = wax_bytes_of_text(given);
    }
    return session->client.is_owner_known || given != NULL;
}

bool ctl_takeover_is_over(const struct import *import, const wax_import_session *session)
{
    return session->client.session_expiry_s == 0 ||
           wax_import_seconds_left(session->client.expires_s, import->now_s) == 0;
}

/* --- While it goes on --- */

void ctl_takeover_leave(struct import *import, const char *reason, size_t count)
{
    struct import_reason *at = import->reasons;

    while (at < import->reasons + import->reason_count && strcmp(at->text, reason) != 0) {
        at++;
    }
    if (count == 0 || at == import->reasons + IMPORT_REASON_MAX) {
        return;
    }
    if (at == import->reasons + import->reason_count) {
        import->reason_count++;
        (void)snprintf(at->text, sizeof at->text, "%s", reason);
    }
    at->count += count;
}

void ctl_takeover_fail(struct import *import, enum import_thing thing, wax_bytes name,
                       const char *reason)
{
    char text[IMPORT_REASON_SIZE];
    char shown[IMPORT_REASON_SIZE];

    (void)snprintf(text, sizeof text, "%s: %s", things[thing].plural, reason);
    ctl_takeover_leave(import, text, 1);
    import->failed++;
    if (import->failed > FAULTS_SHOWN) {
        return;
    }
    (void)snprintf(shown, sizeof shown, "%.*s",
                   (int)(name.size < sizeof shown ? name.size : sizeof shown - 1),
                   (const char *)name.data);
    ctl_show_harmless(shown);
    (void)fprintf(stderr, "%swax ctl import: the %s '%s' was not taken over: %s\n",
                  import->shows_progress ? "\r\033[K" : "", things[thing].name, shown, reason);
}

void ctl_takeover_progress(struct import *import, size_t count)
{
    const wax_import_contents *contents = import->contents;
    size_t all = contents->retained_count + contents->session_count + contents->subscription_count +
                 contents->queued_count;
    char bar[BAR_SIZE + 1];
    uint64_t now_ms = wax_clock_ms();

    import->done_count += count;
    if (!import->shows_progress ||
        (import->shown_ms != 0 && now_ms - import->shown_ms < PROGRESS_MS)) {
        return;
    }
    import->shown_ms = now_ms;
    memset(bar, '.', BAR_SIZE);
    memset(bar, '#', (size_t)((uint64_t)import->done_count * BAR_SIZE / all));
    bar[BAR_SIZE] = '\0';
    (void)fprintf(stderr, "\r[%s] %zu of %zu", bar, import->done_count, all);
    (void)fflush(stderr);
}

/* --- At its end --- */

/* What the file itself tells of what nobody can take over. */
static void leave_rest(struct import *import)
{
    const wax_import_contents *contents = import->contents;

    ctl_takeover_leave(import, "messages at QoS 2 that their senders have not released",
                       contents->incoming_count);
    ctl_takeover_leave(import, "messages at QoS 2 that their clients have already",
                       contents->received_count);
    ctl_takeover_leave(import, "subscriptions and messages of clients that are not there",
                       contents->homeless_count);
    ctl_takeover_leave(import, "references to messages that are not there",
                       contents->missing_count);
    ctl_takeover_leave(import,
                       "times properties that MQTT does not allow (their messages are taken)",
                       contents->lost_properties_count);
    ctl_takeover_leave(import, "chunks of an unknown kind", contents->skipped_count);
}

static void sum_json(const struct import *import)
{
    json_t *line = json_pack("{s:s}", "what", "sum");
    json_t *left = json_array();

    for (size_t i = 0; i < IMPORT_THING_COUNT; i++) {
        json_object_set_new(line, things[i].member, json_integer((json_int_t)import->taken[i]));
    }
    json_object_set_new(line, "failed", json_integer((json_int_t)import->failed));
    for (size_t i = 0; i < import->reason_count; i++) {
        json_array_append_new(left,
                              json_pack("{s:I, s:s}", "count", (json_int_t)import->reasons[i].count,
                                        "what", import->reasons[i].text));
    }
    json_object_set_new(line, "left_out", left);
    (void)json_dumpf(line, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(line);
}

void ctl_takeover_sum(struct import *import)
{
    const struct ctl_settings *settings = import->link->settings;

    leave_rest(import);
    if (import->shows_progress) {
        (void)fputs("\r\033[K", stderr);
    }
    if (settings->is_json) {
        sum_json(import);
        return;
    }
    (void)puts(settings->is_dry ? "would be taken over:" : "taken over:");
    for (size_t i = 0; i < IMPORT_THING_COUNT; i++) {
        (void)printf("%8zu %s\n", import->taken[i],
                     import->taken[i] == 1 ? things[i].name : things[i].plural);
    }
    (void)fputs(import->reason_count > 0 ? "left out:\n" : "", stdout);
    for (size_t i = 0; i < import->reason_count; i++) {
        (void)printf("%8zu %s\n", import->reasons[i].count, import->reasons[i].text);
    }
}
