/* The process: it starts the workers, and answers signals. */
#include "broker/broker.h"

#include "broker/bridges.h"
#include "broker/control.h"
#include "broker/entrance.h"
#include "broker/gate.h"
#include "broker/handshake.h"
#include "broker/keep.h"
#include "broker/options.h"
#include "broker/steward.h"
#include "broker/watch.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FAULT_SIZE = 400 };

void wax_broker_print_options(FILE *out, wax_broker_form form)
{
    static void (*const print[])(FILE *) = {
        [WAX_BROKER_LISTING] = wax_options_print,
        [WAX_BROKER_MAN] = wax_options_man,
        [WAX_BROKER_MARKDOWN] = wax_options_page,
    };

    print[form](out);
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
    broker->worker_count = count_workers(&broker->settings->config);
    broker->workers = calloc(broker->worker_count, sizeof(struct worker *));
    broker->listener_counts = calloc(WAX_CONFIG_NUMBERS_MAX + 1, sizeof *broker->listener_counts);
    if (broker->workers == NULL || broker->listener_counts == NULL) {
        return false;
    }
    for (unsigned i = 0; i < broker->worker_count; i++) {
        struct worker *worker = calloc(1, sizeof *worker);
        if (worker == NULL) {
            return false;
        }
        broker->workers[i] = worker;
        if (worker_open(worker, broker, i) != WAX_OK) {
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
    wax_os_random(broker->owner_key, sizeof broker->owner_key);
    broker->started_ms = wax_clock_ms();
    return commons_open(&broker->commons, broker->key) == WAX_OK &&
           gate_open(&broker->gate) == WAX_OK &&
           wax_pool_open(&broker->pool, LOGIN_THREAD_COUNT, LOGIN_MAX) == WAX_OK &&
           open_dialers(broker, &broker->settings->config) && open_workers(broker) &&
           steward_start(broker) == WAX_OK;
}

static void close_broker(struct wax_broker *broker)
{
    wax_pool_close(broker->pool);
    if (broker->dialers != NULL) {
        wax_pool_close(broker->dialers);
    }
    steward_stop(broker);
    for (unsigned i = 0; i < broker->worker_count; i++) {
        worker_close(broker->workers[i]);
    }
    steward_close(broker);
    commons_close(&broker->commons);
    gate_close(broker->gate);
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

static struct settings_source source_of(const struct wax_broker *broker,
                                        const wax_broker_options *options)
{
    return (struct settings_source){options->config_path, options->ports, options->port_count,
                                    broker->settings};
}

/* New entrances follow their settings, so that nobody comes in at a listener that some worker does
 * not know. The last worker to take them says that it is done. */
static void post_settings(struct wax_broker *broker, struct settings *next, wax_link *opened)
{
    struct letter letter = {.kind = LETTER_SETTINGS, .settings = next};

    for (unsigned i = 0; i < broker->worker_count; i++) {
        settings_hold(next);
    }
    atomic_store(&next->awaited, broker->worker_count);
    post_to_all(broker, &letter);
    listen_admit(broker, opened);
}

static wax_status load_next(struct wax_broker *broker, const wax_broker_options *options,
                            struct settings **next, wax_config_report *report, wax_link *opened)
{
    struct settings_source source = source_of(broker, options);
    wax_status status = settings_load(next, &source, report);

    if (status == WAX_OK && !open_dialers(broker, &(*next)->config)) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, options->config_path, 0,
                              "there are no threads left to look up the names of bridges");
        status = WAX_FULL;
    }
    if (status == WAX_OK && !steward_accepts(broker, &(*next)->config, report)) {
        status = WAX_INVALID;
    }
    if (status == WAX_OK) {
        const struct listen_change change = {&broker->settings->config, &(*next)->config};
        status = listen_open(broker, &change, opened, report);
    }
    if (status != WAX_OK) {
        settings_release(*next);
        logging_report(broker, report);
        wax_log_write(&broker->log, WAX_ERROR,
                      "reload_failed reason=the configuration is not good: the old one holds");
    }
    return status;
}

/* Clients that come back go on without a whole handshake after a reload, too. */
static void keep_tickets(const struct settings *next, const struct settings *old)
{
    for (size_t i = 0; i < old->config.listener_count; i++) {
        if (next->policies[i].tls != NULL && old->policies[i].tls != NULL) {
            wax_tls_keep_tickets(next->policies[i].tls, old->policies[i].tls);
        }
    }
}

/* Reads everything anew; takes it over, or nothing. The report says what is wrong, and what holds
 * only after the next start. */
static wax_status reload(struct wax_broker *broker, wax_config_report *report)
{
    struct settings *old = broker->settings;
    struct settings *next;
    wax_link opened = {NULL, NULL};
    wax_status status;

    watch_settle(broker);
    status = load_next(broker, broker->options, &next, report, &opened);
    if (status != WAX_OK) {
        logging_set(broker); /* its file may have been moved away all the same */
    } else {
        (void)wax_config_compare(&old->config, &next->config, report);
        keep_tickets(next, old);
        broker->settings = next;
        broker->has_log_type = false;
        watch_set(broker);
        logging_set(broker);
        logging_report(broker, report);
        listen_log(broker, &next->config, &old->config);
        post_settings(broker, next, &opened);
        settings_release(old);
    }
    return status;
}

/* --- The process --- */

static bool listen_on_all(struct wax_broker *broker)
{
    const wax_config *config = &broker->settings->config;
    const struct listen_change change = {NULL, config};
    wax_config_report report = {.count = 0};
    wax_link opened = {NULL, NULL};
    bool is_open = listen_open(broker, &change, &opened, &report) == WAX_OK;

    logging_report(broker, &report);
    wax_config_report_free(&report);
    if (is_open) {
        listen_admit(broker, &opened);
        listen_log(broker, config, NULL);
    }
    return is_open;
}

/* Whom to be in place of root. Where nobody says so and Wax has no account of its own, Mosquitto's
 * will do: it owns the files that a mosquitto.conf names. */
static const struct passwd *find_account(const wax_config *config)
{
    const struct passwd *account = getpwnam(config->user);
    bool is_written = wax_config_place_of(config, NULL, "user").line > 0;

    return account == NULL && !is_written ? getpwnam("mosquitto") : account;
}

/* The log was begun as root; whoever goes on must be able to open it again. */
static void hand_over_log(struct wax_broker *broker, const struct passwd *account)
{
    const char *path = broker->settings->config.log_file;

    if (path != NULL && lchown(path, account->pw_uid, account->pw_gid) != 0) {
        wax_log_write(&broker->log, WAX_ERROR, "log_file_failed path=%s reason=%s", path,
                      strerror(errno));
    }
}

/* Gives up root, if there is somebody to be instead. */
static bool drop_privileges(struct wax_broker *broker)
{
    const char *name = broker->settings->config.user;
    const struct passwd *account;

    if (geteuid() != 0 || name == NULL || strcmp(name, "root") == 0) {
        return true;
    }
    account = find_account(&broker->settings->config);
    if (account == NULL) {
        wax_log_write(
            &broker->log, WAX_WARNING,
            "running_as_root reason=there is no account %s: `adduser --system --group %s` "
            "makes one",
            name, name);
        return true;
    }
    hand_over_log(broker, account);
    if (initgroups(account->pw_name, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
        setuid(account->pw_uid) != 0) {
        wax_log_write(&broker->log, WAX_ERROR, "cannot_become user=%s reason=%s", name,
                      strerror(errno));
        return false;
    }
    return true;
}

static bool prepare_store(struct wax_broker *broker, struct store_key *key)
{
    const wax_config *config = &broker->settings->config;
    const struct passwd *account = geteuid() == 0 ? find_account(config) : NULL;

    return keep_prepare(broker, account, key) == WAX_OK;
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

static bool start_threads(struct wax_broker *broker, struct store_key *key)
{
    if (keep_open(broker, key) != WAX_OK || keep_load(broker) != WAX_OK) {
        return false;
    }
    if (handshake_open(broker->workers[0]) != WAX_OK || sys_open(broker->workers[0]) != WAX_OK) {
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
    watch_open(broker);
    logging_set(broker); /* from here on there is somebody to publish its lines */
    return true;
}

static void stop_threads(struct wax_broker *broker)
{
    struct letter letter = {.kind = LETTER_STOP};

    wax_lookout_close(broker->lookout);
    broker->has_started = false;
    logging_set(broker); /* nobody publishes its lines any more */
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
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a disk that is full */
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
    static const struct control_hooks hooks = {reload, logging_set, find_account};
    sigset_t signals = block_signals();
    struct control control = {.broker = NULL};
    struct store_key key = {.is_given = false};
    int code = 1;

    if (options->is_daemon && daemon(1, 0) != 0) {
        return 1;
    }
    raise_limits();
    if (!open_broker(broker)) {
        wax_log_write(&broker->log, WAX_ERROR, "start_failed reason=%s", strerror(errno));
        return 1;
    }
    if (prepare_store(broker, &key) && listen_on_all(broker) &&
        control_open(&control, broker, &hooks) == WAX_OK && drop_privileges(broker)) {
        write_pid(broker);
        if (start_threads(broker, &key)) {
            wax_log_write(&broker->log, WAX_NOTICE,
                          "started version=" WAX_VERSION_TEXT " workers=%u", broker->worker_count);
            int signal = control_run(&control, &signals);
            wax_log_write(&broker->log, WAX_NOTICE, "stopping signal=%d", signal);
            stop_threads(broker);
            code = 0;
        }
    }
    wax_wipe(&key, sizeof key);
    keep_close(broker); /* what was asked of the store may have to be answered */
    control_close(&control);
    if (code == 0 && broker->settings->config.pid_file != NULL) {
        unlink(broker->settings->config.pid_file);
    }
    close_broker(broker);
    return code;
}

/* The last line of --test-config, for whoever wonders at silence. */
static void print_verdict(const wax_broker_options *options, const wax_config_report *report)
{
    const char *file = options->config_path == NULL ? "no file" : options->config_path;

    if (options->tests_only && report->error_count == 0) {
        fprintf(stderr, "%s: the broker starts with this configuration\n", file);
    } else if (options->tests_only) {
        fprintf(stderr, "%s: the broker does not start with this configuration\n", file);
    }
}

int wax_broker_run(const wax_broker_options *options)
{
    struct wax_broker broker = {.options = options};
    wax_config_report report = {.count = 0};
    struct settings_source source;
    wax_status status;
    int code;

    if (options->config_path != NULL && access(options->config_path, F_OK) != 0) {
        fprintf(stderr, "wax broker: there is no file %s; `wax init` makes a first one\n",
                options->config_path);
        return 3;
    }
    source = source_of(&broker, options);
    status = settings_load(&broker.settings, &source, &report);
    if (status == WAX_OK) {
        status = steward_open(&broker, &report);
    }
    if (status != WAX_OK || options->tests_only) {
        wax_config_report_print(&report, stderr);
        print_verdict(options, &report);
        if (status == WAX_OK && options->explains) {
            wax_config_explain(&broker.settings->config, stdout);
        }
        steward_close(&broker);
        settings_release(broker.settings);
        wax_config_report_free(&report);
        return status == WAX_OK ? 0 : 1;
    }
    wax_log_open(&broker.log);
    logging_set(&broker);
    logging_report(&broker, &report);
    wax_config_report_free(&report);
    code = run(&broker, options);
    return code;
}
