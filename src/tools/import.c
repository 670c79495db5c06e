/* wax import: takes over what Mosquitto has kept in its database. */
#include "os/os.h"
#include "tools/import_retained.h"
#include "tools/import_sessions.h"
#include "tools/import_show.h"
#include "tools/options.h"
#include "tools/tools.h"

#include <stdio.h>
#include <unistd.h>

enum {
    LEFT_SHOWN = 20,
};

/* The file is read whole; payloads stay where they are in it. */
static const size_t file_size_max = SIZE_MAX / 4 < 4294967296U ? SIZE_MAX / 4 : 4294967296U;

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
            (void)printf("  %zu of '", session->queued_count);
            tools_takeover_show(session->client.client_id);
            (void)puts("'");
        }
    }
    if (shown < session_count) {
        (void)printf("  and of %zu more; --dry-run -v shows all\n", session_count - shown);
    }
}

/* Takes over what is wanted; the retained messages first, or new sessions would queue them. */
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
