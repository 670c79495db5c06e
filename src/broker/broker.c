/* The process: it starts the workers, and answers signals. */
#include "broker/broker.h"

#include "broker/bridges.h"
#include "broker/options.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

enum { FAULT_SIZE = 400 };

void wax_broker_print_options(FILE *out, bool is_man)
{
    if (is_man) {
        wax_options_man(out);
    } else {
        wax_options_print(out);
    }
}

/* --- The log --- */

struct level_row {
    uint32_t type;
    wax_level level;
};

static const struct level_row level_rows[] = {
    {WAX_LOG_ERROR,       WAX_ERROR        },
    {WAX_LOG_WARNING,     WAX_WARNING      },
    {WAX_LOG_NOTICE,      WAX_NOTICE       },
    {WAX_LOG_INFORMATION, WAX_INFORMATION  },
    {WAX_LOG_DEBUG,       WAX_DEBUG        },
    {WAX_LOG_SUBSCRIBE,   WAX_SUBSCRIPTIONS},
    {WAX_LOG_UNSUBSCRIBE, WAX_SUBSCRIPTIONS},
};

struct place_row {
    uint32_t dest;
    unsigned place;
};

/* The journal takes what a service writes to stderr. */
static const struct place_row place_rows[] = {
    {WAX_LOG_TO_STDERR,   WAX_LOG_STDERR},
    {WAX_LOG_TO_STDOUT,   WAX_LOG_STDOUT},
    {WAX_LOG_TO_SYSLOG,   WAX_LOG_SYSLOG},
    {WAX_LOG_TO_JOURNALD, WAX_LOG_STDERR},
    {WAX_LOG_TO_FILE,     WAX_LOG_FILE  },
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

static void set_log(struct wax_broker *broker, const wax_broker_options *options)
{
    const wax_config *config = &broker->settings->config;
    bool is_topic = (config->log_dest & WAX_LOG_TO_TOPIC) != 0 && broker->has_started;
    wax_log_settings wanted = {
        .path = config->log_file,
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
        bool is_wanted = (config->log_type & level_rows[i].type) != 0;
        wanted.levels |= is_wanted ? (unsigned)level_rows[i].level : 0;
    }
    if (options->is_verbose) {
        wanted.levels = UINT32_MAX;
        wanted.places |= wanted.places == 0 ? WAX_LOG_STDERR : 0;
    }
    wanted.levels = options->is_quiet ? 0 : wanted.levels;
    if (wax_log_set(&broker->log, &wanted) != WAX_OK) {
        wax_log_write(&broker->log, WAX_ERROR, "log_file_failed path=%s reason=%s",
                      config->log_file, strerror(errno));
    }
}

static void log_report(wax_log *log, const wax_config_report *report)
{
    static const wax_level levels[] = {[WAX_CONFIG_NOTE] = WAX_INFORMATION,
                                       [WAX_CONFIG_WARNING] = WAX_WARNING,
                                       [WAX_CONFIG_ERROR] = WAX_ERROR};

    for (size_t i = 0; i < report->count; i++) {
        const wax_config_problem *problem = &report->problems[i];
        if (problem->file == NULL) { /* of the command line, or of all lines together */
            wax_log_write(log, levels[problem->severity], "config %s", problem->text);
        } else {
            wax_log_write(log, levels[problem->severity], "config %s:%u: %s", problem->file,
                          (unsigned)problem->line, problem->text);
        }
    }
}

/* --- Listening --- */

static const int family_of[] = {
    [WAX_FAMILY_BOTH] = AF_UNSPEC, [WAX_FAMILY_IPV4] = AF_INET, [WAX_FAMILY_IPV6] = AF_INET6};

static wax_listen wanted_of(const wax_listener_config *listener, bool shares)
{
    return (wax_listen){.host = listener->address,
                        .port = (uint16_t)listener->port,
                        .family = family_of[listener->socket_domain],
                        .interface = listener->bind_interface,
                        .reuse_port = shares};
}

/* Every worker gets sockets of its own on the port, so that the kernel deals out connections. That
 * would let a second broker share the port unnoticed: a socket that does not share is tried first.
 */
static bool is_free(struct wax_broker *broker, const wax_listener_config *listener)
{
    wax_listen wanted = wanted_of(listener, false);
    int descriptors[WAX_LISTEN_MAX];
    char fault[FAULT_SIZE];
    size_t count;
    wax_status status = wax_socket_listen(&wanted, descriptors, &count, fault, sizeof fault);

    for (size_t i = 0; i < count; i++) {
        close(descriptors[i]);
    }
    if (fault[0] != '\0') {
        /* One family of two is enough where nobody asked for a certain address. */
        wax_log_write(&broker->log, status == WAX_OK ? WAX_WARNING : WAX_ERROR, "listen_failed %s",
                      fault);
    }
    return status == WAX_OK;
}

static bool listen_for(struct worker *worker, const wax_listen *wanted, uint16_t index)
{
    int descriptors[WAX_LISTEN_MAX];
    char fault[FAULT_SIZE];
    bool is_done = true;
    size_t count;

    if (wax_socket_listen(wanted, descriptors, &count, fault, sizeof fault) != WAX_OK) {
        wax_log_write(&worker->broker->log, WAX_ERROR, "listen_failed %s", fault);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        is_done = worker_watch(worker, descriptors[i], index) == WAX_OK && is_done;
    }
    return is_done;
}

static bool listen_on(struct wax_broker *broker, uint16_t index)
{
    const wax_listener_config *listener = &broker->settings->config.listeners[index];
    wax_listen wanted = wanted_of(listener, true);

    /* The path of a Unix socket cannot be shared: one worker accepts for all. */
    unsigned worker_count = listener->is_unix ? 1 : broker->worker_count;

    if (!listener->is_unix && !is_free(broker, listener)) {
        return false;
    }
    for (unsigned i = 0; i < worker_count; i++) {
        if (!listen_for(broker->workers[i], &wanted, index)) {
            return false;
        }
    }
    wax_log_write(&broker->log, WAX_NOTICE, "listening address=%s port=%u tls=%s anonymous=%s",
                  listener->address == NULL ? "*" : listener->address, (unsigned)listener->port,
                  listener->certfile == NULL ? "no" : "yes",
                  listener->allow_anonymous ? "allowed" : "denied");
    return true;
}

static bool listen_on_all(struct wax_broker *broker)
{
    const wax_config *config = &broker->settings->config;
    size_t count = 0;

    for (size_t i = 0; i < config->listener_count; i++) {
        if (listen_on(broker, (uint16_t)i)) {
            count++;
        } else if (!config->listeners[i].is_local) {
            return false;
        }
    }
    return count > 0;
}

/* --- Opening and closing --- */

static unsigned count_workers(const wax_config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = config->workers > 0 ? config->workers : (unsigned)(cores < 1 ? 1 : cores);

    return wanted < 255 ? wanted : 255;
}

static bool open_workers(struct wax_broker *broker)
{
    size_t entrances = broker->settings->config.listener_count * WAX_LISTEN_MAX;

    broker->worker_count = count_workers(&broker->settings->config);
    broker->workers = calloc(broker->worker_count, sizeof(struct worker *));
    broker->listener_counts =
        calloc(broker->settings->config.listener_count + 1, sizeof *broker->listener_counts);
    if (broker->workers == NULL || broker->listener_counts == NULL) {
        return false;
    }
    for (unsigned i = 0; i < broker->worker_count; i++) {
        struct worker *worker = calloc(1, sizeof *worker);
        if (worker == NULL) {
            return false;
        }
        broker->workers[i] = worker;
        worker->entrances = calloc(entrances, sizeof *worker->entrances);
        if (worker->entrances == NULL || worker_open(worker, broker, i) != WAX_OK) {
            return false;
        }
    }
    return true;
}

/* Names are looked up by threads of their own, so that no login waits behind one. */
static bool open_dialers(struct wax_broker *broker, const wax_config *config)
{
    return config->bridge_count == 0 || broker->dialers != NULL ||
           wax_pool_open(&broker->dialers, DIAL_THREAD_COUNT, DIAL_MAX) == WAX_OK;
}

static bool open_broker(struct wax_broker *broker)
{
    wax_os_random(broker->key, sizeof broker->key);
    broker->started_ms = wax_clock_ms();
    return wax_store_memory.open(&broker->store, NULL) == WAX_OK &&
           commons_open(&broker->commons, broker->key) == WAX_OK &&
           wax_pool_open(&broker->pool, LOGIN_THREAD_COUNT, LOGIN_MAX) == WAX_OK &&
           open_dialers(broker, &broker->settings->config) && open_workers(broker);
}

static void close_broker(struct wax_broker *broker)
{
    wax_pool_close(broker->pool);
    if (broker->dialers != NULL) {
        wax_pool_close(broker->dialers);
    }
    for (unsigned i = 0; i < broker->worker_count; i++) {
        worker_close(broker->workers[i]);
    }
    commons_close(&broker->commons);
    broker->store->kind->close(broker->store);
    settings_release(broker->settings);
    free(broker->workers);
    free(broker->listener_counts);
    wax_log_close(&broker->log);
}

static void post_to_all(struct wax_broker *broker, const struct letter *letter)
{
    for (unsigned i = 0; i < broker->worker_count; i++) {
        struct letter *copy = malloc(sizeof *copy);
        wax_letters letters = {NULL, NULL};
        wax_assert(copy != NULL);
        *copy = *letter;
        wax_letters_append(&letters, &copy->letter);
        wax_mailbox_post(&broker->workers[i]->mailbox, &letters);
    }
}

/* --- Reloading --- */

static bool texts_equal(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static bool has_same_listeners(const wax_config *one, const wax_config *other)
{
    bool same = one->listener_count == other->listener_count;

    for (size_t i = 0; same && i < one->listener_count; i++) {
        same = one->listeners[i].port == other->listeners[i].port &&
               texts_equal(one->listeners[i].address, other->listeners[i].address) &&
               texts_equal(one->listeners[i].mount_point, other->listeners[i].mount_point) &&
               (one->listeners[i].certfile == NULL) == (other->listeners[i].certfile == NULL);
    }
    return same;
}

static void reload(struct wax_broker *broker, const wax_broker_options *options)
{
    wax_config_report report = {.count = 0};
    struct letter letter = {.kind = LETTER_SETTINGS};
    struct settings *next;
    wax_status status =
        settings_load(&next, options->config_path, options->ports, options->port_count, &report);

    if (status == WAX_OK && !has_same_listeners(&broker->settings->config, &next->config)) {
        wax_config_report_add(&report, WAX_CONFIG_ERROR, options->config_path, 0,
                              "the listeners, or their mount points or TLS, differ from those that "
                              "are open: restart the broker");
        settings_release(next);
        status = WAX_INVALID;
    }
    if (status == WAX_OK && !open_dialers(broker, &next->config)) {
        wax_config_report_add(&report, WAX_CONFIG_ERROR, options->config_path, 0,
                              "there are no threads left to look up the names of bridges");
        settings_release(next);
        status = WAX_FULL;
    }
    if (status != WAX_OK) {
        log_report(&broker->log, &report);
        wax_log_write(&broker->log, WAX_ERROR,
                      "reload_failed reason=the configuration is not good: the old one holds");
        wax_config_report_free(&report);
        return;
    }
    (void)wax_config_compare(&broker->settings->config, &next->config, &report);
    for (unsigned i = 0; i < broker->worker_count; i++) {
        settings_hold(next);
    }
    letter.settings = next;
    post_to_all(broker, &letter);
    struct settings *old = broker->settings;
    broker->settings = next;
    set_log(broker, options);
    log_report(&broker->log, &report);
    wax_log_write(&broker->log, WAX_NOTICE, "reloaded");
    settings_release(old);
    wax_config_report_free(&report);
}

/* --- The process --- */

/* Gives up root, if there is somebody to be instead. */
static bool drop_privileges(struct wax_broker *broker)
{
    const char *name = broker->settings->config.user;
    const struct passwd *account;

    if (geteuid() != 0 || name == NULL || strcmp(name, "root") == 0) {
        return true;
    }
    account = getpwnam(name);
    if (account == NULL) {
        wax_log_write(
            &broker->log, WAX_WARNING,
            "running_as_root reason=there is no account %s: `adduser --system --group %s` "
            "makes one",
            name, name);
        return true;
    }
    if (initgroups(name, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
        setuid(account->pw_uid) != 0) {
        wax_log_write(&broker->log, WAX_ERROR, "cannot_become user=%s reason=%s", name,
                      strerror(errno));
        return false;
    }
    return true;
}

static void write_pid(struct wax_broker *broker)
{
    const char *path = broker->settings->config.pid_file;
    FILE *file = path == NULL ? NULL : fopen(path, "we");

    if (file != NULL) {
        fprintf(file, "%ld\n", (long)getpid());
        fclose(file);
    } else if (path != NULL) {
        wax_log_write(&broker->log, WAX_ERROR, "pid_file_failed path=%s reason=%s", path,
                      strerror(errno));
    }
}

static bool start_threads(struct wax_broker *broker, const wax_broker_options *options)
{
    if (sys_open(broker->workers[0]) != WAX_OK) {
        return false;
    }
    for (unsigned i = 0; i < broker->worker_count; i++) {
        bridges_settle(broker->workers[i]);
        if (pthread_create(&broker->workers[i]->thread, NULL, worker_run, broker->workers[i]) !=
            0) {
            return false;
        }
    }
    broker->has_started = true;
    set_log(broker, options); /* from here on there is somebody to publish its lines */
    return true;
}

static void answer_signals(struct wax_broker *broker, const wax_broker_options *options,
                           const sigset_t *signals)
{
    int signal = 0;

    while (sigwait(signals, &signal) == 0 && signal != SIGINT && signal != SIGTERM) {
        if (signal == SIGHUP) {
            reload(broker, options);
        } else if (signal == SIGRTMIN) {
            set_log(broker, options); /* the file was moved away */
        }
    }
    wax_log_write(&broker->log, WAX_NOTICE, "stopping signal=%d", signal);
}

static void stop_threads(struct wax_broker *broker, const wax_broker_options *options)
{
    struct letter letter = {.kind = LETTER_STOP};

    broker->has_started = false;
    set_log(broker, options); /* nobody publishes its lines any more */
    post_to_all(broker, &letter);
    for (unsigned i = 0; i < broker->worker_count; i++) {
        pthread_join(broker->workers[i]->thread, NULL);
    }
}

static sigset_t block_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigaddset(&signals, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signals;
}

/* As many connections as the system allows this process. */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(struct wax_broker *broker, const wax_broker_options *options)
{
    sigset_t signals = block_signals();
    int code = 1;

    if (options->is_daemon && daemon(1, 0) != 0) {
        return 1;
    }
    raise_limits();
    if (!open_broker(broker)) {
        wax_log_write(&broker->log, WAX_ERROR, "start_failed reason=%s", strerror(errno));
        return 1;
    }
    if (listen_on_all(broker) && drop_privileges(broker)) {
        write_pid(broker);
        if (start_threads(broker, options)) {
            wax_log_write(&broker->log, WAX_NOTICE,
                          "started version=" WAX_VERSION_TEXT " workers=%u", broker->worker_count);
            answer_signals(broker, options, &signals);
            stop_threads(broker, options);
            code = 0;
        }
    }
    if (code == 0 && broker->settings->config.pid_file != NULL) {
        unlink(broker->settings->config.pid_file);
    }
    close_broker(broker);
    return code;
}

int wax_broker_run(const wax_broker_options *options)
{
    struct wax_broker broker = {.started_ms = 0};
    wax_config_report report = {.count = 0};
    wax_status status;
    int code;

    if (options->config_path != NULL && access(options->config_path, F_OK) != 0) {
        fprintf(stderr, "wax broker: there is no file %s; `wax init` makes a first one\n",
                options->config_path);
        return 3;
    }
    status = settings_load(&broker.settings, options->config_path, options->ports,
                           options->port_count, &report);
    if (status != WAX_OK || options->tests_only) {
        wax_config_report_print(&report, stderr);
        if (status == WAX_OK && options->explains) {
            wax_config_explain(&broker.settings->config, stdout);
        }
        settings_release(broker.settings);
        wax_config_report_free(&report);
        return status == WAX_OK ? 0 : 1;
    }
    wax_log_open(&broker.log);
    set_log(&broker, options);
    log_report(&broker.log, &report);
    wax_config_report_free(&report);
    code = run(&broker, options);
    return code;
}
