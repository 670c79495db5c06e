/* wax gateway: devices that speak MQTT-SN are connected to a broker. */
#include "tools/gateway_parts.h"
#include "tools/link.h"
#include "tools/options.h"
#include "tools/tools.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    THREADS = 4,
    EXPIRY_S = 7 * 24 * 3600,
};

static bool check(const struct settings *settings)
{
    const wax_bytes id = wax_bytes_of_text(settings->client_id);
    const wax_bytes prefix = wax_bytes_of_text(settings->id_prefix);

    if (settings->version == WAX_VERSION_3_1) {
        return tools_complain(settings, "-V 31: client ids are too short there; write 5 or 311");
    }
    if (id.size > WAX_SN_ID_SIZE_MAX || prefix.size > WAX_SN_ID_SIZE_MAX ||
        !wax_utf8_is_valid(prefix)) {
        return tools_complain(settings, "-i and -I: at most 64 bytes of UTF-8");
    }
    return true;
}

static void configure(struct hub *hub)
{
    const struct settings *settings = &hub->settings;

    hub->config = (wax_sn_config){
        .version = settings->version,
        .id_prefix = wax_bytes_of_text(settings->id_prefix),
        .username = wax_bytes_of_text(settings->username),
        .password = wax_bytes_of_text(settings->password),
        .retry_ms = settings->gateway.retry_s * 1000,
        .retries_max = settings->gateway.retries,
        .connect_ms = GATEWAY_CONNECT_MS,
        .session_expiry_s = settings->has_session_expiry ? settings->session_expiry_s : EXPIRY_S,
        .keep_alive_s = (uint16_t)settings->keep_alive_s,
    };
    wax_os_random(hub->config.hash_key, sizeof hub->config.hash_key);
    hub->answers = (struct rate){.per_second = 100, .most = 100, .left = 100};
    hub->forwarded = hub->answers;
    hub->admissions = (struct rate){.per_second = 20, .most = 64, .left = 64};
    hub->answers.since_ms = hub->forwarded.since_ms = hub->admissions.since_ms = wax_clock_ms();
}

/* --- Signals --- */

static void on_signal(wax_watch *watch, bool readable, bool writable)
{
    struct signalfd_siginfo told;

    (void)readable;
    (void)writable;
    if (read(watch->descriptor, &told, sizeof told) == (ssize_t)sizeof told) {
        WAX_OWNER(watch, struct hub, signals)->ends = true;
    }
}

static bool watch_signals(struct hub *hub)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    hub->signals = (wax_watch){
        .ready = on_signal,
        .descriptor = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC),
    };
    return hub->signals.descriptor >= 0 &&
           wax_loop_watch(&hub->loop, &hub->signals, true) == WAX_OK;
}

/* --- Beginning and end --- */

/* With --quiet nothing is told. */
static void open_log(struct hub *hub)
{
    static const wax_log_settings silence = {.places = WAX_LOG_STDERR};

    wax_log_open(&hub->log);
    if (hub->settings.is_quiet) {
        (void)!wax_log_set(&hub->log, &silence);
    }
}

static bool open_tls(struct hub *hub)
{
    wax_problem problem;

    return !tools_settings_use_tls(&hub->settings) ||
           tools_link_make_tls(&hub->settings, &hub->tls, &problem) == WAX_OK ||
           tools_complain(&hub->settings, "%s", problem.text);
}

static void on_own_again(wax_timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    gateway_open_own(WAX_OWNER(timer, struct hub, own_again));
}

static bool begin(struct hub *hub)
{
    const struct settings *settings = &hub->settings;

    if (wax_loop_open(&hub->loop) != WAX_OK || !watch_signals(hub) ||
        wax_mailbox_open(&hub->dialled, gateway_on_dialled) != WAX_OK ||
        wax_loop_watch(&hub->loop, &hub->dialled.watch, true) != WAX_OK ||
        wax_pool_open(&hub->pool, THREADS, settings->gateway.devices_max + 1) != WAX_OK) {
        return tools_complain(settings, "there is not enough memory");
    }
    if (!gateway_open_ways(hub) || !gateway_open_advertising(hub)) {
        return false;
    }
    hub->own_again.due = on_own_again;
    if (settings->gateway.takes_connectionless) {
        gateway_open_own(hub);
    }
    return true;
}

static void discard(struct hub *hub)
{
    if (hub->pool != NULL) {
        wax_pool_close(hub->pool);
    }
    gateway_end_all(hub);
    gateway_close_ways(hub);
    if (hub->dialled.watch.ready != NULL) {
        wax_mailbox_close(&hub->dialled);
    }
    if (hub->signals.ready != NULL) {
        (void)close(hub->signals.descriptor);
    }
    wax_loop_close(&hub->loop);
    wax_tls_release(hub->tls);
}

/* Runs until a signal comes. */
static int run(struct hub *hub)
{
    int code = EXIT_WRONG;

    if (begin(hub)) {
        while (!hub->ends) {
            wax_loop_turn(&hub->loop, false);
            wax_log_flush(&hub->log, hub->loop.now_ms);
        }
        code = EXIT_GOOD;
    }
    discard(hub);
    return code;
}

int wax_tool_gateway(int argc, char **argv)
{
    static struct hub hub;
    int code = EXIT_WRONG;

    memset(&hub, 0, sizeof hub);
    wax_link_init(&hub.devices);
    if (tools_options_begin(&hub.settings, TOOL_GATEWAY, argc, argv, &code)) {
        code = EXIT_WRONG;
        configure(&hub);
        open_log(&hub);
        if (check(&hub.settings) && gateway_read_predefined(&hub) && gateway_read_allowed(&hub) &&
            open_tls(&hub)) {
            code = run(&hub);
        }
        wax_log_close(&hub.log);
    }
    gateway_free_files(&hub);
    tools_settings_discard(&hub.settings);
    return code;
}
