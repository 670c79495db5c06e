/* wax import: takes over what Mosquitto has kept in its database. */
#include "tools/import.h"
#include "os/os.h"
#include "tools/options.h"
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    FAULTS_SHOWN = 10,
    LEFT_SHOWN = 20,
    BAR_SIZE = 30,
    PROGRESS_MS = 100,
};

/* The file is read whole; payloads stay where they are in it. */
static const size_t file_size_max = SIZE_MAX / 4 < 4294967296U ? SIZE_MAX / 4 : 4294967296U;

void tools_import_fail(struct import *import, const char *what, wax_bytes name, const char *why)
{
    const char *text = name.size > 0 ? (const char *)name.data : "";

    import->fault_count++;
    if (import->shows_progress) {
        (void)fputs("\r\033[K", stderr);
    }
    if (import->fault_count <= FAULTS_SHOWN) {
        tools_say(import->settings, "%s '%.*s' was not taken over: %s", what, (int)name.size, text,
                  why);
    } else if (import->fault_count == FAULTS_SHOWN + 1) {
        tools_say(import->settings, "there is more that was not taken over");
    }
}

void tools_import_progress(struct import *import, const char *what, size_t done, size_t count)
{
    char bar[BAR_SIZE + 1];
    uint64_t now_ms = wax_clock_ms();

    if (!import->shows_progress || count == 0) {
        return;
    }
    if (done == count) {
        (void)fputs("\r\033[K", stderr);
        return;
    }
    if (import->shown_ms != 0 && now_ms - import->shown_ms < PROGRESS_MS) {
        return;
    }
    import->shown_ms = now_ms;
    memset(bar, '.', BAR_SIZE);
    memset(bar, '#', (size_t)((uint64_t)done * BAR_SIZE / count));
    bar[BAR_SIZE] = '\0';
    (void)fprintf(stderr, "\r[%s] %zu of %zu %s", bar, done, count, what);
    (void)fflush(stderr);
}

bool tools_import_is_over(const struct import *import, const wax_import_session *session)
{
    return session->client.session_expiry_s == 0 ||
           wax_import_seconds_left(session->client.expires_s, import->now_s) == 0;
}

bool tools_import_is_ours(const struct import *import, const wax_import_session *session)
{
    return import->settings->takes_any_owner ||
           (session->client.is_owner_known &&
            wax_bytes_equal(session->client.username,
                            wax_bytes_of_text(import->settings->username)));
}

static void say_fault(const struct import *import)
{
    const wax_import_fault *fault = &import->contents->fault;

    if (fault->text != NULL) {
        (void)tools_complain(import->settings, "%s, byte %zu: %s", import->settings->operand,
                             fault->offset, fault->text);
    }
}

/* Names the sessions whose queued messages no client can bring over. */
static void say_left(const struct import *import)
{
    const wax_import_contents *contents = import->contents;
    size_t shown = 0;
    size_t session_count = 0;

    for (size_t i = 0; i < contents->session_count; i++) {
        session_count += contents->sessions[i].queued_count > 0 ? 1 : 0;
    }
    if (session_count == 0) {
        return;
    }
    (void)printf("%zu queued messages of %zu sessions stay behind:\n", contents->queued_count,
                 session_count);
    for (size_t i = 0; i < contents->session_count && shown < LEFT_SHOWN; i++) {
        const wax_import_session *session = &contents->sessions[i];

        if (session->queued_count > 0) {
            shown++;
            (void)printf("  %zu of '%.*s'\n", session->queued_count,
                         (int)session->client.client_id.size,
                         (const char *)session->client.client_id.data);
        }
    }
    if (shown < session_count) {
        (void)printf("  and of %zu more; --dry-run -v shows all\n", session_count - shown);
    }
}

/* Takes over what is wanted, the retained messages first: so no new session gets them. */
static int take_over(struct import *import)
{
    const struct settings *settings = import->settings;
    int code = EXIT_GOOD;

    import->shows_progress = isatty(STDERR_FILENO) != 0 && !settings->is_quiet;
    if (!settings->no_retained) {
        code = tools_import_retained(import);
    }
    if (code == EXIT_GOOD && settings->takes_sessions) {
        code = tools_import_sessions(import);
    } else if (import->contents->session_count > 0) {
        (void)printf("%zu sessions with %zu subscriptions stay behind%s\n",
                     import->contents->session_count, import->contents->subscription_count,
                     settings->takes_sessions ? "" : "; --sessions makes them");
    }
    say_left(import);
    return code == EXIT_GOOD && import->fault_count > 0 ? EXIT_WRONG : code;
}

static int use(struct import *import)
{
    bool is_whole = import->contents->fault.text == NULL;
    int code;

    if (import->settings->is_dry_run) {
        tools_import_show(import);
        say_fault(import);
        return is_whole ? EXIT_GOOD : EXIT_WRONG;
    }
    say_fault(import);
    if (!is_whole && !import->settings->is_forced) {
        (void)tools_complain(import->settings,
                             "nothing was taken over; --dry-run shows what stands before the "
                             "damage, --force takes it");
        return EXIT_WRONG;
    }
    code = take_over(import);
    return is_whole || code != EXIT_GOOD ? code : EXIT_WRONG;
}

static int run(const struct settings *settings)
{
    wax_import_contents contents;
    wax_bytes file = {NULL, 0};
    char fault[512];
    wax_status status;
    int code = EXIT_WRONG;
    struct import import = {
        .settings = settings, .contents = &contents, .now_s = wax_clock_wall_s()};

    if (wax_file_read(settings->operand, file_size_max, &file, fault, sizeof fault) != WAX_OK) {
        (void)tools_complain(settings, "%s", fault);
        return EXIT_WRONG;
    }
    status = wax_import_gather(&contents, file, wax_heap());
    if (status == WAX_OK || (status == WAX_MALFORMED && contents.version != 0)) {
        code = use(&import);
    } else if (status == WAX_FULL) {
        (void)tools_complain(settings, "there is not enough memory");
    } else {
        say_fault(&import);
    }
    wax_import_discard(&contents, wax_heap());
    wax_file_free(&file);
    return code;
}

static bool check(const struct settings *settings)
{
    if (settings->operand == NULL) {
        return tools_complain(settings, "give the file: wax import /var/lib/mosquitto/mosquitto.db "
                                        "--dry-run; see `wax import --help`");
    }
    if (!settings->is_dry_run && (settings->shows_json || settings->is_verbose)) {
        return tools_complain(settings, "-v and --json go with --dry-run");
    }
    if (settings->takes_any_owner && !settings->takes_sessions) {
        return tools_complain(settings, "--any-owner goes with --sessions");
    }
    if (settings->no_retained && !settings->takes_sessions && !settings->is_dry_run) {
        return tools_complain(settings, "--no-retained without --sessions leaves nothing to do");
    }
    return true;
}

int wax_tool_import(int argc, char **argv)
{
    static struct settings settings;
    int code = EXIT_WRONG;

    if (tools_options_begin(&settings, TOOL_IMPORT, argc, argv, &code) && check(&settings)) {
        code = run(&settings);
    }
    tools_settings_discard(&settings);
    return code;
}
