/* The steward: commands of dynamic security go to the first worker, which gives them to a thread of
 * their own, a batch at a time. There they change the model, which nobody else touches; the file is
 * written, and a new table made. All workers take the new table before anybody hears that it holds.
 * Then those who stand otherwise now are sent away, to come back under their new rights. */
#include "broker/steward.h"

#include "broker/admit.h"
#include "broker/standing.h"

#include <stdlib.h>
#include <string.h>

enum {
    ORDER_MAX = 256, /* messages that wait */
    FAULT_SIZE = 400,
};

#define COMMANDS_TOPIC  CONTROL_PREFIX "v1"
#define RESPONSES_TOPIC COMMANDS_TOPIC "/response"

/* Orders that are carried out together. */
struct batch {
    wax_job job; /* first: it comes back as this */
    struct steward *steward;
    wax_letters orders;
    wax_dynsec_table *table; /* NULL: nothing changed */
    atomic_uint awaited;     /* workers that have yet to take the table */
};

struct steward {
    struct wax_broker *broker;
    char *path;
    wax_pool *pool; /* of one thread, so that no flood of logins holds up whoever could end it */
    wax_mailbox done;
    bool has_mailbox;
    wax_dynsec *model; /* the batch's, while one is in hand */
    wax_dynsec_table *table;
    wax_letters waiting;
    struct batch *batch; /* in hand; NULL: none */
    atomic_uint order_count;
    bool is_unsaved; /* the model has what the file has not */
};

/* --- Opening --- */

/* The file that some listener names; NULL: none does. */
static const char *path_of(const wax_config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (!config->listeners[i].is_gone && config->listeners[i].dynamic_security_file != NULL) {
            return config->listeners[i].dynamic_security_file;
        }
    }
    return NULL;
}

static wax_status read_model(struct steward *steward, wax_config_report *report)
{
    char fault_text[FAULT_SIZE];
    wax_dynsec_fault fault;
    wax_bytes text;
    size_t left_out;
    wax_status status;

    if (wax_file_read(steward->path, WAX_DYNSEC_TEXT_MAX, &text, fault_text, sizeof fault_text) !=
        WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0,
                              "%s; `mosquitto_ctrl dynsec init FILE admin` makes a first one",
                              fault_text);
        return WAX_INVALID;
    }
    status = wax_dynsec_parse(&steward->model, text, &left_out, &fault);
    wax_wipe((void *)(uintptr_t)text.data, text.size);
    wax_file_free(&text);
    if (status != WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, steward->path, (uint32_t)fault.line, "%s",
                              status == WAX_FULL ? "there is no memory for it" : fault.text);
        return WAX_INVALID;
    }
    if (left_out > 0) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, steward->path, 0,
                              "%zu ACLs that are none, or names of roles, clients or groups that "
                              "are not there, are left out; they go with the next change",
                              left_out);
    }
    return wax_dynsec_compile(steward->model, &steward->table) == WAX_OK ? WAX_OK : WAX_INVALID;
}

wax_status steward_open(struct wax_broker *broker, wax_config_report *report)
{
    const char *path = path_of(&broker->settings->config);
    struct steward *steward;

    if (path == NULL) {
        return WAX_OK;
    }
    steward = calloc(1, sizeof *steward);
    wax_assert(steward != NULL);
    steward->broker = broker;
    steward->path = strdup(path);
    wax_assert(steward->path != NULL);
    broker->steward = steward;
    if (read_model(steward, report) != WAX_OK) {
        steward_close(broker);
        return WAX_INVALID;
    }
    return WAX_OK;
}

static void on_done(wax_watch *watch, bool readable, bool writable);

wax_status steward_start(struct wax_broker *broker)
{
    struct steward *steward = broker->steward;
    wax_status status;

    if (steward == NULL) {
        return WAX_OK;
    }
    for (unsigned i = 0; i < broker->worker_count; i++) {
        broker->workers[i]->table = wax_dynsec_hold(steward->table);
    }
    status = wax_mailbox_open(&steward->done, on_done);
    steward->has_mailbox = status == WAX_OK;
    if (status == WAX_OK) {
        status = wax_loop_watch(&broker->workers[0]->loop, &steward->done.watch, true);
    }
    if (status == WAX_OK) {
        status = wax_pool_open(&steward->pool, 1, 1);
    }
    wax_log_write(&broker->log, WAX_NOTICE, "dynamic_security file=%s clients=%zu", steward->path,
                  wax_dynsec_user_count(steward->table));
    return status == WAX_OK ? WAX_OK : WAX_IO;
}

void steward_stop(struct wax_broker *broker)
{
    if (broker->steward != NULL && broker->steward->pool != NULL) {
        wax_pool_close(broker->steward->pool);
        broker->steward->pool = NULL;
    }
}

void steward_drop(struct order *order)
{
    message_release(order->message);
    free((void *)(uintptr_t)order->client_id.data);
    free((void *)(uintptr_t)order->user.data);
    wax_dynsec_wipe_text(&order->work.answer);
    free(order);
}

static void drop_all(wax_letters *orders)
{
    wax_letter *letter;

    while ((letter = wax_letters_take(orders)) != NULL) {
        steward_drop((struct order *)(void *)letter);
    }
}

static void free_batch(struct batch *batch)
{
    if (batch != NULL) {
        drop_all(&batch->orders);
        wax_dynsec_release(batch->table);
    }
    free(batch);
}

void steward_close(struct wax_broker *broker)
{
    struct steward *steward = broker->steward;

    if (steward == NULL) {
        return;
    }
    steward_stop(broker);
    free_batch(steward->batch);
    drop_all(&steward->waiting);
    if (steward->has_mailbox) {
        wax_mailbox_close(&steward->done);
    }
    wax_dynsec_free(steward->model);
    wax_dynsec_release(steward->table);
    free(steward->path);
    free(steward);
    broker->steward = NULL;
}

bool steward_accepts(const struct wax_broker *broker, const wax_config *next,
                     wax_config_report *report)
{
    const char *path = path_of(next);
    const char *running = broker->steward == NULL ? NULL : broker->steward->path;

    if (path == NULL || (running != NULL && strcmp(path, running) == 0)) {
        return true;
    }
    wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0,
                          "dynamic_security_file names a file that the running broker did not "
                          "begin with: restart the broker");
    return false;
}

/* --- Orders --- */

/* A copy in memory of its own; the empty view without memory: it is for the log alone. */
static wax_bytes keep(wax_bytes bytes)
{
    uint8_t *copy = bytes.size == 0 ? NULL : malloc(bytes.size);

    if (copy == NULL) {
        return (wax_bytes){NULL, 0};
    }
    memcpy(copy, bytes.data, bytes.size);
    return wax_bytes_of(copy, bytes.size);
}

wax_status steward_take(struct connection *connection, struct message *message)
{
    struct wax_broker *broker = connection->worker->broker;
    struct steward *steward = broker->steward;
    const struct client *client = connection->client;
    struct letter letter = {.kind = LETTER_ORDER};
    struct order *order;

    if (!wax_bytes_equal(message->topic, WAX_TEXT(COMMANDS_TOPIC))) {
        return WAX_NOT_AUTHORIZED;
    }
    if (message->payload.size > WAX_DYNSEC_COMMAND_MAX ||
        atomic_load(&steward->order_count) >= ORDER_MAX ||
        (order = calloc(1, sizeof *order)) == NULL) {
        return WAX_QUOTA_EXCEEDED;
    }
    order->message = message_hold(message);
    order->client_id = keep(client->id);
    order->user = keep(client->user);
    letter.order = order;
    if (worker_post(connection->worker, broker->workers[0], &letter) != WAX_OK) {
        steward_drop(order);
        return WAX_QUOTA_EXCEEDED;
    }
    atomic_fetch_add(&steward->order_count, 1);
    return WAX_OK;
}

/* --- On the steward's own thread --- */

/* What a command of this order came to. */
struct listener {
    struct steward *steward;
    const struct order *order;
};

static void log_command(void *context, const wax_dynsec_event *event)
{
    const struct listener *listener = context;

    wax_log_write(&listener->steward->broker->log, WAX_NOTICE,
                  "dynamic_security client=%.*s user=%.*s command=%s name=%.128s result=%s",
                  SHOWN(listener->order->client_id), SHOWN(listener->order->user), event->command,
                  event->subject, event->error == NULL ? "done" : event->error);
}

static bool save(struct steward *steward)
{
    char fault[FAULT_SIZE] = "cannot write the file: it would be too large to be read again";
    wax_bytes text;
    wax_status status = wax_dynsec_write(steward->model, &text);

    if (status == WAX_OK) {
        status = wax_file_replace(steward->path, text, fault, sizeof fault);
        wax_dynsec_wipe_text(&text);
    }
    steward->is_unsaved = status != WAX_OK;
    if (steward->is_unsaved) {
        wax_log_write(&steward->broker->log, WAX_ERROR,
                      "dynamic_security_not_saved reason=%s: what was changed holds until the "
                      "broker stops",
                      fault);
    }
    return !steward->is_unsaved;
}

/* Tells those who changed something that it did not come about as they must think. */
static void amend(const struct batch *batch, const char *error)
{
    for (wax_letter *at = batch->orders.first; at != NULL; at = at->next) {
        struct order *order = (struct order *)(void *)at;
        if (order->work.has_changed && order->work.answer.size > 0) {
            (void)!wax_dynsec_amend(&order->work.answer, error);
        }
    }
}

static void carry_out(wax_job *job)
{
    struct batch *batch = (struct batch *)(void *)job;
    struct steward *steward = batch->steward;
    bool has_changed = steward->is_unsaved;

    for (wax_letter *at = batch->orders.first; at != NULL; at = at->next) {
        struct order *order = (struct order *)(void *)at;
        struct listener listener = {steward, order};
        order->work.payload = order->message->payload;
        order->work.told = log_command;
        order->work.context = &listener;
        (void)!wax_dynsec_command(steward->model, &order->work);
        has_changed = has_changed || order->work.has_changed;
    }
    if (!has_changed) {
        return;
    }
    if (wax_dynsec_compile(steward->model, &batch->table) != WAX_OK) {
        steward->is_unsaved = true; /* it is tried again with the next order */
        amend(batch, "Internal error: no memory, the change does not hold yet");
    } else if (!save(steward)) {
        amend(batch, "The change holds but could not be saved: see the log of the broker");
    }
}

/* --- On the first worker --- */

static void post_to_workers(struct worker *worker, const struct letter *letter)
{
    for (unsigned i = 0; i < worker->broker->worker_count; i++) {
        wax_status status = worker_post(worker, worker->broker->workers[i], letter);
        wax_assert(status == WAX_OK);
    }
}

/* Gives what waits to the steward's thread, unless that is at work. */
static void begin(struct steward *steward)
{
    struct batch *batch;

    if (steward->batch != NULL || steward->waiting.first == NULL || steward->pool == NULL) {
        return;
    }
    batch = calloc(1, sizeof *batch);
    wax_assert(batch != NULL);
    batch->steward = steward;
    batch->job.work = carry_out;
    batch->job.reply = &steward->done;
    wax_letters_join(&batch->orders, &steward->waiting);
    steward->batch = batch;
    if (wax_pool_submit(steward->pool, &batch->job) != WAX_OK) {
        wax_assert(false); /* there is never more than one */
    }
}

void steward_on_order(struct worker *worker, struct letter *letter)
{
    struct steward *steward = worker->broker->steward;

    wax_letters_append(&steward->waiting, &letter->order->letter);
    begin(steward);
}

static void answer(struct worker *worker, const struct order *order)
{
    struct draft draft = {.topic = WAX_TEXT(RESPONSES_TOPIC), .payload = order->work.answer};
    struct message *message =
        order->work.answer.size == 0 ? NULL : message_make(&draft, worker->loop.now_ms);

    if (message != NULL) {
        (void)!route(worker, message);
        message_release(message);
    }
}

/* All that was ordered holds everywhere. */
static void finish(struct worker *worker)
{
    struct steward *steward = worker->broker->steward;
    struct batch *batch = steward->batch;
    struct letter kick = {.kind = LETTER_KICK};
    wax_letter *at;

    while ((at = wax_letters_take(&batch->orders)) != NULL) {
        answer(worker, (const struct order *)(void *)at);
        steward_drop((struct order *)(void *)at);
        atomic_fetch_sub(&steward->order_count, 1);
    }
    if (batch->table != NULL) {
        post_to_workers(worker, &kick); /* behind the answers, which one of them may wait for */
    }
    free_batch(batch);
    steward->batch = NULL;
    begin(steward);
}

static void on_done(wax_watch *watch, bool readable, bool writable)
{
    struct steward *steward = WAX_OWNER(watch, struct steward, done.watch);
    struct worker *worker = steward->broker->workers[0];
    wax_letters letters = wax_mailbox_take(&steward->done);
    struct letter letter = {.kind = LETTER_TABLE, .batch = steward->batch};

    (void)readable;
    (void)writable;
    if (wax_letters_take(&letters) == NULL) {
        return;
    }
    if (steward->batch->table == NULL) {
        finish(worker);
        return;
    }
    wax_dynsec_release(steward->table);
    steward->table = wax_dynsec_hold(steward->batch->table);
    atomic_store(&steward->batch->awaited, worker->broker->worker_count);
    post_to_workers(worker, &letter);
}

void steward_on_table_taken(struct worker *worker, struct letter *letter)
{
    (void)letter;
    finish(worker);
}

/* --- On every worker --- */

void steward_on_table(struct worker *worker, struct letter *letter)
{
    struct batch *batch = letter->batch;
    wax_dynsec_table *old = worker->table;
    struct letter taken = {.kind = LETTER_TABLE_TAKEN};

    worker->table = wax_dynsec_hold(batch->table);
    access_renew(worker);
    wax_dynsec_release(old);
    if (atomic_fetch_sub(&batch->awaited, 1) == 1) {
        wax_status status = worker_post(worker, worker->broker->workers[0], &taken);
        wax_assert(status == WAX_OK);
    }
}

/* As Mosquitto does: who comes back finds out what it may subscribe to now. */
void steward_on_kick(struct worker *worker, struct letter *letter)
{
    (void)letter;
    for (wax_link *at = worker->connections.next; at != &worker->connections; at = at->next) {
        struct connection *connection = WAX_OWNER(at, struct connection, all);
        const struct client *client = connection->client;
        const wax_dynsec_user *user =
            client == NULL || client->bridge != NULL
                ? NULL
                : standing_of(worker, connection->listener, &client->identity);
        if (user != NULL && user->print != connection->print && !connection->is_leaving) {
            connection_doom(connection, WAX_ADMINISTRATIVE_ACTION);
        }
    }
}
