/* A worker: one thread, its loop, and all that it owns. */
#include "broker/admit.h"
#include "broker/bridges.h"
#include "broker/connect.h"
#include "broker/control.h"
#include "broker/entrance.h"
#include "broker/estate.h"
#include "broker/handshake.h"
#include "broker/letters.h"
#include "broker/owed.h"
#include "broker/reading.h"
#include "broker/share.h"
#include "broker/stack.h"
#include "broker/steward.h"
#include "broker/walk.h"

#include <stdlib.h>

enum { STOP_MS = 1000 };

/* --- Letters --- */

static void begin_letter(struct worker *worker, const struct letter *letter)
{
    atomic_fetch_sub_explicit(&worker->backlog, letter->message->size, memory_order_relaxed);
    worker->is_keeping = false;
    worker->is_refusing = false;
}

/* A letter whose message could not be kept stays in the store until its publisher's worker has
 * taken the packet id back. */
static void end_letter(struct worker *worker, const struct letter *letter)
{
    if (!worker->is_refusing) {
        letter_done(worker, letter);
    }
    await_here(worker, letter->message);
    message_release(letter->message);
}

static void on_message(struct worker *worker, struct letter *letter)
{
    begin_letter(worker, letter);
    route_here(worker, letter->message);
    end_letter(worker, letter);
}

static void on_seat(struct worker *worker, struct letter *letter)
{
    begin_letter(worker, letter);
    share_go_on(worker, &letter->errand, letter->message);
    end_letter(worker, letter);
}

static void on_connection(struct worker *worker, struct letter *letter)
{
    connect_on_arrival(worker, letter->connection);
}

/* Listeners that are written no more take no connections, and keep none. */
static void close_gone(struct worker *worker)
{
    const wax_listener_config *listeners = worker->settings->config.listeners;
    wax_link *next;

    for (wax_link *at = worker->entrances.next; at != &worker->entrances; at = next) {
        struct entrance *entrance = WAX_OWNER(at, struct entrance, all);
        next = at->next;
        if (listeners[entrance->listener].is_gone) {
            entrance_free(entrance);
        }
    }
    for (wax_link *at = worker->connections.next; at != &worker->connections; at = at->next) {
        struct connection *connection = WAX_OWNER(at, struct connection, all);
        if (listeners[connection->listener].is_gone) {
            connection_doom(connection, WAX_ADMINISTRATIVE_ACTION);
        }
    }
}

/* New settings hold from here on; what clients may do is looked up anew. */
static void on_settings(struct worker *worker, struct letter *letter)
{
    struct settings *old = worker->settings;

    worker->settings = letter->settings;
    access_renew(worker);
    connect_on_settings(worker);
    bridges_settle(worker);
    settings_release(old);
    handshake_look(worker);
    close_gone(worker);
    if (worker->index == 0) {
        memory_watch(worker);
    }
    if (atomic_fetch_sub(&worker->settings->awaited, 1) == 1) {
        wax_log_write(&worker->broker->log, WAX_NOTICE, "reloaded");
    }
}

static void on_entrance_opened(struct worker *worker, struct letter *letter)
{
    if (worker->is_stopping) {
        entrance_free(letter->entrance);
    } else if (entrance_watch(letter->entrance) != WAX_OK) {
        wax_log_write(&worker->broker->log, WAX_ERROR, "listen_failed reason=too many open files");
    }
}

static void on_stop(struct worker *worker, struct letter *letter)
{
    (void)letter;
    worker->is_stopping = true;
    worker->stop_ms = worker->loop.now_ms + STOP_MS;
    while (!wax_link_is_alone(&worker->entrances)) {
        entrance_free(WAX_OWNER(worker->entrances.next, struct entrance, all));
    }
    for (wax_link *at = worker->connections.next; at != &worker->connections; at = at->next) {
        connection_doom(WAX_OWNER(at, struct connection, all), WAX_SHUTTING_DOWN);
    }
}

static void on_log(struct worker *worker, struct letter *letter)
{
    sys_on_log(worker, letter);
}

static void on_control(struct worker *worker, struct letter *letter)
{
    control_on_letter(worker, letter);
}

static void on_fetched(struct worker *worker, struct letter *letter)
{
    struct fetch *fetch = letter->fetch;
    struct client *client;

    if (fetch->is_estate) {
        estate_on_fetched(worker, fetch);
        return;
    }
    client = clients_find(worker, wax_bytes_of(fetch->id, fetch->id_size));
    if (client != NULL && queue_on_fetched(client, fetch)) {
        deliver_waiting(client);
    }
    fetch_free(fetch);
}

static void on_read(struct worker *worker, struct letter *letter)
{
    (void)worker; /* the walks go on with this turn */
    reading_on_letter(letter->reading);
}

typedef void letter_function(struct worker *worker, struct letter *letter);

static letter_function *const readers[] = {
    [LETTER_MESSAGE] = on_message,
    [LETTER_SEAT] = on_seat,
    [LETTER_CONNECTION] = on_connection,
    [LETTER_SETTINGS] = on_settings,
    [LETTER_ENTRANCE] = on_entrance_opened,
    [LETTER_LOG] = on_log,
    [LETTER_ORDER] = steward_on_order,
    [LETTER_TABLE] = steward_on_table,
    [LETTER_TABLE_TAKEN] = steward_on_table_taken,
    [LETTER_KICK] = steward_on_kick,
    [LETTER_CONTROL] = on_control,
    [LETTER_FETCHED] = on_fetched,
    [LETTER_READ] = on_read,
    [LETTER_STOP] = on_stop,
};

static void on_letters(wax_watch *watch, bool readable, bool writable)
{
    struct worker *worker = WAX_OWNER(watch, struct worker, mailbox.watch);
    wax_letters letters = wax_mailbox_take(&worker->mailbox);

    (void)readable;
    (void)writable;
    worker->owings.is_rung = true;
    wax_letters_join(&worker->inbox, &letters);
}

/* Reads some letters, so that a flood of them does not hold up whoever is connected here. Returns
 * whether there are more. */
static bool read_letters(struct worker *worker)
{
    wax_letter *letter;

    for (int i = 0; i < LETTER_TURN_MAX; i++) {
        letter = wax_letters_take(&worker->inbox);
        if (letter == NULL) {
            break;
        }
        struct letter *opened = (struct letter *)(void *)letter;
        readers[opened->kind](worker, opened);
        free(opened);
    }
    return worker->inbox.first != NULL;
}

/* --- The turn --- */

static void flush_dirty(struct worker *worker)
{
    struct connection *connection;

    while ((connection = out_take_dirty(worker)) != NULL) {
        if (!connection->is_blocked) {
            out_flush(connection);
        }
        if (connection->client != NULL && !queue_is_empty(connection->client) &&
            !connection->is_blocked) {
            deliver_waiting(connection->client);
        }
    }
}

static void post_all(struct worker *worker)
{
    for (unsigned i = 0; i < worker->broker->worker_count; i++) {
        wax_mailbox_post(&worker->broker->workers[i]->mailbox, &worker->outboxes[i]);
    }
}

static bool is_done(const struct worker *worker)
{
    return worker->is_stopping &&
           (wax_link_is_alone(&worker->connections) || worker->loop.now_ms >= worker->stop_ms);
}

/* Whether the others keep up with what this worker posts. While one does not, nothing is read here:
 * publishers wait instead of filling memory. */
static bool may_receive(struct worker *worker)
{
    const struct wax_broker *broker = worker->broker;

    for (unsigned i = 0; i < broker->worker_count; i++) {
        size_t backlog = atomic_load_explicit(&broker->workers[i]->backlog, memory_order_relaxed);
        if (i != worker->index && backlog > BACKLOG_SIZE_MAX) {
            wax_loop_start(&worker->loop, &worker->backlog_timer,
                           worker->loop.now_ms + BACKLOG_REST_MS);
            return false;
        }
    }
    return true;
}

/* A timer that only makes the loop look again. */
static void look_again(wax_timer *timer, uint64_t now_ms)
{
    (void)timer;
    (void)now_ms;
}

/* Whether the end of the turn has brought about what the next one can do at once. */
static bool has_more(const struct worker *worker, bool reads)
{
    return !wax_link_is_alone(&worker->dirty) || worker->changes.count > 0 ||
           (reads && !wax_link_is_alone(&worker->hungry));
}

/* What those leave behind who go (Wills, messages of shared groups) is committed before it is
 * posted: who gets a letter takes it out of the store, and must not be there first. */
static void end_doomed(struct worker *worker)
{
    if (!wax_link_is_alone(&worker->doomed)) {
        leave_doomed(worker);
        owed_release(worker);
    }
}

void *worker_run(void *argument)
{
    struct worker *worker = argument;
    wax_timer stop_timer = {.due = look_again};
    bool hurries = false;
    bool reads;

    while (!is_done(worker)) {
        wax_loop_turn(&worker->loop, hurries);
        hurries = read_letters(worker);
        reads = may_receive(worker);
        if (reads) {
            hurries = receive_turn(worker) || hurries;
        }
        hurries = retain_turn(worker) || hurries;
        hurries = shed_turn(worker) || hurries;
        owed_release(worker);
        flush_dirty(worker);
        end_doomed(worker);
        hurries = hurries || has_more(worker, reads);
        post_all(worker);
        if (worker->is_stopping && stop_timer.place == 0) {
            wax_loop_start(&worker->loop, &stop_timer, worker->stop_ms);
        }
    }
    owed_release(worker); /* how the last ones left */
    wax_loop_stop(&worker->loop, &stop_timer);
    wax_loop_stop(&worker->loop, &worker->backlog_timer);
    return NULL;
}

/* --- Opening and closing --- */

static wax_status open_parts(struct worker *worker)
{
    wax_status status = wax_loop_open(&worker->loop);

    status = status == WAX_OK ? wax_mailbox_open(&worker->mailbox, on_letters) : status;
    status = status == WAX_OK ? wax_mailbox_open(&worker->logins, connect_on_logins) : status;
    status = status == WAX_OK ? wax_mailbox_open(&worker->dials, bridge_on_dials) : status;
    status =
        status == WAX_OK ? wax_loop_watch(&worker->loop, &worker->mailbox.watch, true) : status;
    status = status == WAX_OK ? wax_loop_watch(&worker->loop, &worker->dials.watch, true) : status;
    status = status == WAX_OK ? wax_loop_watch(&worker->loop, &worker->logins.watch, true) : status;
    status = status == WAX_OK ? clients_open(&worker->clients) : status;
    if (status == WAX_OK) {
        status = wax_router_open(&worker->router, wax_heap(), worker->broker->key);
    }
    return status;
}

wax_status worker_open(struct worker *worker, struct wax_broker *broker, unsigned index)
{
    worker->broker = broker;
    worker->index = index;
    worker->settings = settings_hold(broker->settings);
    worker->outboxes = calloc(broker->worker_count, sizeof *worker->outboxes);
    wax_matches_init(&worker->matches, wax_heap());
    wax_link_init(&worker->dirty);
    wax_link_init(&worker->hungry);
    wax_link_init(&worker->doomed);
    wax_link_init(&worker->connections);
    wax_link_init(&worker->entrances);
    wax_link_init(&worker->visits);
    wax_link_init(&worker->walking);
    wax_link_init(&worker->held);
    worker->backlog_timer.due = look_again;
    return worker->outboxes == NULL ? WAX_FULL : open_parts(worker);
}

/* Letters that nobody will read any more. */
static void drop_letters(struct worker *worker, wax_letters *letters)
{
    wax_letter *letter;

    while ((letter = wax_letters_take(letters)) != NULL) {
        struct letter *opened = (struct letter *)(void *)letter;
        if (opened->kind == LETTER_MESSAGE || opened->kind == LETTER_SEAT) {
            message_release(opened->message);
        }
        if (opened->kind == LETTER_SEAT && opened->errand.seat != NULL) {
            seat_release(opened->errand.seat);
        } else if (opened->kind == LETTER_SETTINGS) {
            settings_release(opened->settings);
        } else if (opened->kind == LETTER_ENTRANCE) {
            entrance_free(opened->entrance);
        } else if (opened->kind == LETTER_ORDER) {
            steward_drop(opened->order);
        } else if (opened->kind == LETTER_LOG) {
            free(opened->line);
        } else if (opened->kind == LETTER_FETCHED) {
            fetch_free(opened->fetch);
        } else if (opened->kind == LETTER_READ) {
            reading_drop(opened->reading);
        } else if (opened->kind == LETTER_CONNECTION) {
            opened->connection->worker = worker;
            wax_link_append(&worker->connections, &opened->connection->all);
        }
        free(opened);
    }
}

void worker_close(struct worker *worker)
{
    wax_letters letters = wax_mailbox_take(&worker->mailbox);

    drop_letters(worker, &worker->inbox);
    drop_letters(worker, &letters);
    connect_on_logins(&worker->logins.watch, true, false);
    bridge_on_dials(&worker->dials.watch, true, false);
    http_close_all(worker);
    while (!wax_link_is_alone(&worker->connections)) {
        leave_abandon(WAX_OWNER(worker->connections.next, struct connection, all));
    }
    bridges_close(worker);
    for (size_t i = 0; i < worker->clients.bucket_count; i++) {
        while (worker->clients.buckets[i] != NULL) {
            client_free(worker->clients.buckets[i]);
        }
    }
    sys_close(worker);
    trace_forget_all(worker);
    handshake_close(worker);
    wax_router_close(worker->router);
    wax_matches_close(&worker->matches);
    wax_mailbox_close(&worker->mailbox);
    wax_mailbox_close(&worker->logins);
    wax_mailbox_close(&worker->dials);
    wax_loop_close(&worker->loop);
    settings_release(worker->settings);
    wax_dynsec_release(worker->table);
    while (!wax_link_is_alone(&worker->entrances)) {
        entrance_free(WAX_OWNER(worker->entrances.next, struct entrance, all));
    }
    free(worker->clients.buckets);
    free(worker->outboxes);
    wax_store_batch_clear(&worker->changes);
    owed_close(worker);
    free(worker->identifiers);
    free(worker->kept_group.room);
    free(worker);
}
