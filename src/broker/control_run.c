/* The main thread of a running broker: it answers signals and administrators. */
#include "broker/control.h"

#include "broker/broker.h"
#include "broker/keep.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TICK_MS = 10000, FAULT_SIZE = 400, MODE_OF_RUN = 0755, MODE_OF_STORE = 0700 };

/* --- Signals --- */

static void on_hangup(struct control *control)
{
    wax_config_report report = {.count = 0};

    (void)!control->hooks->reload(control->broker, &report);
    wax_config_report_free(&report);
}

static void on_rotate(struct control *control)
{
    control->hooks->set_log(control->broker); /* the file was moved away */
}

/* What is durable is so when it is acknowledged, with or without this. */
static void on_save(struct control *control)
{
    wax_log_write(&control->broker->log, WAX_NOTICE, "synced signal=USR1");
}

static void on_dump(struct control *control)
{
    wax_log_write(&control->broker->log, WAX_NOTICE,
                  "hint signal=USR2 text=`wax ctl clients` and `wax ctl client ID` show who is "
                  "connected and what they subscribe to");
}

struct signal_row {
    int signal;
    void (*answer)(struct control *control);
};

static void answer_signal(struct control *control, int signal)
{
    const struct signal_row rows[] = {
        {SIGHUP,   on_hangup},
        {SIGUSR1,  on_save  },
        {SIGUSR2,  on_dump  },
        {SIGRTMIN, on_rotate},
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].signal == signal) {
            rows[i].answer(control);
            return;
        }
    }
    control->signal = signal;
}

static void on_signals(wax_watch *watch, bool readable, bool writable)
{
    struct control *control = WAX_OWNER(watch, struct control, signals);
    struct signalfd_siginfo told;

    (void)readable;
    (void)writable;
    while (control->signal == 0 && read(watch->descriptor, &told, sizeof told) == sizeof told) {
        answer_signal(control, (int)told.ssi_signo);
    }
}

/* --- Notes --- */

static void on_notes(wax_watch *watch, bool readable, bool writable)
{
    wax_mailbox *mailbox = WAX_OWNER(watch, wax_mailbox, watch);
    struct control *control = WAX_OWNER(mailbox, struct control, mailbox);
    wax_letters letters = wax_mailbox_take(mailbox);
    wax_letter *letter;

    (void)readable;
    (void)writable;
    while ((letter = wax_letters_take(&letters)) != NULL) {
        struct note *note = (struct note *)(void *)letter;
        note->arrive(control, note);
    }
}

/* --- How busy the workers are --- */

static void sample_loads(struct control *control, uint64_t now_ms)
{
    for (unsigned i = 0; i < control->broker->worker_count; i++) {
        struct load_sample *samples = control->samples[i];
        samples[0] = samples[1];
        samples[1] =
            (struct load_sample){now_ms, wax_clock_thread_ms(control->broker->workers[i]->thread)};
    }
}

static void tick_due(wax_timer *timer, uint64_t now_ms)
{
    struct control *control = WAX_OWNER(timer, struct control, tick);

    sample_loads(control, now_ms);
    wax_log_flush(&control->broker->log, now_ms);
    wax_loop_start(&control->loop, timer, now_ms + TICK_MS);
}

/* --- Opening --- */

/* The folder of a socket that nobody named: made if need be, and then for the broker's own account
 * alone: it may be the one that the store is in.
 */
static void make_folder(const struct control *control, const char *path)
{
    const struct passwd *account = control->hooks->find_account(&control->broker->settings->config);
    const char *place = control->broker->settings->config.persistence_location;
    char folder[sizeof((struct control *)NULL)->path];
    bool is_stores;
    char *slash;

    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder) {
        return;
    }
    *slash = '\0';
    is_stores = place != NULL && strcmp(place, folder) == 0;
    if (mkdir(folder, is_stores ? MODE_OF_STORE : MODE_OF_RUN) == 0 && geteuid() == 0 &&
        account != NULL) {
        (void)!chown(folder, account->pw_uid, account->pw_gid);
    }
}

/* Root shares the socket with the account that the broker changes to. */
static void give_to_account(const struct control *control)
{
    const struct passwd *account = control->hooks->find_account(&control->broker->settings->config);

    if (geteuid() == 0 && account != NULL) {
        (void)!chown(control->path, account->pw_uid, account->pw_gid);
    }
}

static bool listen_at(struct control *control, char *fault, size_t fault_size)
{
    wax_listen wanted = {.host = control->path};
    int descriptors[WAX_LISTEN_MAX];
    size_t count;

    if (wax_socket_listen(&wanted, descriptors, &count, fault, fault_size) != WAX_OK) {
        return false;
    }
    if (chmod(control->path, 0600) != 0) {
        snprintf(fault, fault_size, "cannot protect %s: %s", control->path, strerror(errno));
        close(descriptors[0]);
        return false;
    }
    give_to_account(control);
    control->entrance = (wax_watch){.ready = peer_accept, .descriptor = descriptors[0]};
    return wax_loop_watch(&control->loop, &control->entrance, true) == WAX_OK;
}

/* A socket that the configuration names must be had; of the usual ones, the first that can. */
static wax_status open_entrance(struct control *control)
{
    struct wax_broker *broker = control->broker;
    const wax_config *config = &broker->settings->config;
    bool is_wanted = config->control_socket != NULL;
    char fault[FAULT_SIZE] = "";
    size_t size = sizeof control->path;

    for (size_t i = 0; wax_broker_control_path(config, i, control->path, size); i++) {
        if (!is_wanted) {
            make_folder(control, control->path);
        }
        if (listen_at(control, fault, sizeof fault)) {
            wax_log_write(&broker->log, WAX_INFORMATION, "control_socket path=%s", control->path);
            return WAX_OK;
        }
    }
    control->path[0] = '\0';
    if (fault[0] != '\0') {
        wax_log_write(&broker->log, is_wanted ? WAX_ERROR : WAX_INFORMATION,
                      "control_socket_failed reason=%s", fault);
    }
    return is_wanted && fault[0] != '\0' ? WAX_IO : WAX_OK;
}

wax_status control_open(struct control *control, struct wax_broker *broker,
                        const struct control_hooks *hooks)
{
    wax_status status;

    *control = (struct control){.broker = broker, .hooks = hooks, .answer = control_answer};
    control->signals.descriptor = -1;
    control->entrance.descriptor = -1;
    wax_link_init(&control->peers);
    control->samples = calloc(broker->worker_count, sizeof *control->samples);
    status = control->samples == NULL ? WAX_FULL : wax_loop_open(&control->loop);
    status = status == WAX_OK ? wax_mailbox_open(&control->mailbox, on_notes) : status;
    status =
        status == WAX_OK ? wax_loop_watch(&control->loop, &control->mailbox.watch, true) : status;
    return status == WAX_OK ? open_entrance(control) : status;
}

int control_run(struct control *control, const sigset_t *signals)
{
    int descriptor = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);

    wax_assert(descriptor >= 0);
    control->signals = (wax_watch){.ready = on_signals, .descriptor = descriptor};
    wax_assert(wax_loop_watch(&control->loop, &control->signals, true) == WAX_OK);
    control->tick.due = tick_due;
    sample_loads(control, control->loop.now_ms);
    tick_due(&control->tick, wax_clock_ms());
    while (control->signal == 0) {
        wax_loop_turn(&control->loop, false);
    }
    return control->signal;
}

/* Notes that came while the workers ended. An inquiry is its peer's to free. */
static void drop_notes(struct control *control)
{
    wax_letters letters = wax_mailbox_take(&control->mailbox);
    wax_letter *letter;

    while ((letter = wax_letters_take(&letters)) != NULL) {
        struct note *note = (struct note *)(void *)letter;
        if (note->is_trace) {
            trace_note_free((struct trace_note *)(void *)note);
        }
    }
}

void control_close(struct control *control)
{
    if (control->hooks == NULL) {
        return; /* it was never opened */
    }
    if (!wax_link_is_alone(&control->peers)) {
        keep_settle(control->broker); /* it may be at work for one of them */
    }
    drop_notes(control);
    while (!wax_link_is_alone(&control->peers)) {
        peer_abandon(WAX_OWNER(control->peers.next, struct peer, link));
    }
    if (control->entrance.descriptor >= 0) {
        close(control->entrance.descriptor);
        unlink(control->path);
    }
    if (control->signals.descriptor >= 0) {
        close(control->signals.descriptor);
    }
    wax_mailbox_close(&control->mailbox);
    wax_loop_close(&control->loop);
    free(control->samples);
}
