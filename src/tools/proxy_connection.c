/* One program and its broker: bytes come and go, and in between packets are rewritten. */
#include "tools/dial.h"
#include "tools/proxy_parts.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 32 };

#define SHOWN(bytes) (int)((bytes).size > 200 ? 200 : (bytes).size), (const char *)(bytes).data

/* --- Ends --- */

static void connection_free(struct connection *connection)
{
    struct gateway *proxy = connection->proxy;

    wax_loop_stop(&proxy->loop, &connection->timer);
    wax_link_remove(&connection->all);
    proxy->connection_count--;
    proxy_program_leave(connection);
    tools_side_close(&connection->local);
    tools_side_close(&connection->remote);
    free(connection);
}

static void tell(const struct connection *connection)
{
    const struct rewrite *rewrite = &connection->rewrite;

    if (rewrite->fault != NULL && rewrite->topic.size > 0) {
        wax_log_write(&connection->proxy->log, WAX_WARNING,
                      "message_refused peer=%s topic=%.*s reason=%s", connection->peer.text,
                      SHOWN(rewrite->topic), rewrite->fault);
    } else if (rewrite->fault != NULL) {
        wax_log_write(&connection->proxy->log, WAX_WARNING, "connection_ends peer=%s reason=%s",
                      connection->peer.text, rewrite->fault);
    }
}

static void enter(struct connection *connection, enum connection_state state, uint32_t wait_ms)
{
    connection->state = state;
    connection->until_ms = wait_ms == 0 ? WAX_NEVER : wax_clock_ms() + wait_ms;
}

static void end_with(struct connection *connection, wax_status why, const char *fault)
{
    wax_writer down = tools_side_writer(&connection->local);

    (void)tools_rewrite_end(&connection->rewrite, why, fault, &down);
    tools_side_wrote(&connection->local, &down);
    tell(connection);
    enter(connection, CONNECTION_ENDING, PROXY_LINGER_MS);
}

/* --- Dialling --- */

static void dial(wax_job *job)
{
    struct connection *connection = WAX_OWNER(job, struct connection, job);

    connection->dialled_status =
        tools_dial(&connection->proxy->settings, &connection->dialled_transport, connection->fault,
                   sizeof connection->fault);
}

static bool start_dialling(struct connection *connection)
{
    connection->job = (wax_job){.work = dial, .reply = &connection->proxy->dialled};
    enter(connection, CONNECTION_DIALING, 0);
    return wax_pool_submit(connection->proxy->pool, &connection->job) == WAX_OK;
}

/* --- States --- */

static bool begin(struct connection *connection)
{
    struct side *local = &connection->local;
    wax_bytes came = tools_side_came(local);
    wax_writer down = tools_side_writer(local);
    wax_connect connect;
    enum rewrite_step step =
        tools_rewrite_peek(&connection->rewrite, wax_reader_over(came), &connect, &down);

    tools_side_wrote(local, &down);
    if (step == REWRITE_MORE) {
        return false;
    }
    if (step == REWRITE_ENDS) {
        tell(connection);
        enter(connection, CONNECTION_ENDING, PROXY_LINGER_MS);
    } else if (!proxy_program_take(connection, connect.client_id)) {
        end_with(connection, WAX_SERVER_UNAVAILABLE, "the proxy has no memory left");
    } else {
        enter(connection, CONNECTION_HELD, PROXY_HOLD_MS);
    }
    return true;
}

static bool go_on(struct connection *connection)
{
    struct gateway *proxy = connection->proxy;

    if (!proxy->link.is_ready && wax_clock_ms() < connection->until_ms) {
        return false;
    }
    if (!wax_member_has_keys(tools_sealed_member(proxy->link.sealed))) {
        end_with(connection, WAX_SERVER_UNAVAILABLE,
                 proxy->link.is_ready ? "no mailbox with keys for this device is at the broker; is "
                                        "the authority connected to it, and was this device "
                                        "granted something?"
                                      : "the broker cannot be reached, and this device never had "
                                        "its keys");
        return true;
    }
    if (!start_dialling(connection)) {
        end_with(connection, WAX_SERVER_UNAVAILABLE, "too many programs connect at once");
    }
    return true;
}

typedef enum rewrite_step rewriting(struct rewrite *self, wax_reader *in, wax_writer *out,
                                    wax_writer *back);

/* Takes all packets that came from one side. Returns whether there were any; `step` says why there
 * are no more. */
static bool take(struct connection *connection, struct side *from, struct side *to,
                 rewriting *rewrite, enum rewrite_step *step)
{
    bool has_moved = false;

    *step = REWRITE_GOES_ON;
    while (*step == REWRITE_GOES_ON) {
        wax_reader in = wax_reader_over(tools_side_came(from));
        wax_writer out = tools_side_writer(to);
        wax_writer back = tools_side_writer(from);

        *step = rewrite(&connection->rewrite, &in, &out, &back);
        tell(connection);
        from->in_start = from->in_end - wax_reader_left(&in);
        tools_side_wrote(to, &out);
        tools_side_wrote(from, &back);
        has_moved = has_moved || *step == REWRITE_GOES_ON;
    }
    return has_moved;
}

/* The broker has ended it: who waits for CONNACK is told. */
static void end_by_broker(struct connection *connection)
{
    const char *words = wax_transport_explain(connection->remote.transport);

    if (!connection->rewrite.is_answered) {
        end_with(connection, WAX_SERVER_UNAVAILABLE,
                 words[0] != '\0'
                     ? words
                     : "the broker closed the connection without an answer to CONNECT");
    } else if (words[0] != '\0') {
        connection->rewrite.fault = words;
        connection->rewrite.topic = wax_bytes_of(NULL, 0);
        tell(connection);
    }
}

static bool exchange(struct connection *connection)
{
    struct side *local = &connection->local;
    struct side *remote = &connection->remote;
    enum rewrite_step sent;
    enum rewrite_step came;
    bool has_moved = take(connection, local, remote, tools_rewrite_send, &sent);

    has_moved = take(connection, remote, local, tools_rewrite_receive, &came) || has_moved;
    if (sent == REWRITE_ENDS || came == REWRITE_ENDS || (local->is_ended && sent == REWRITE_MORE) ||
        (remote->is_ended && came == REWRITE_MORE)) {
        if (remote->is_ended && came == REWRITE_MORE && sent != REWRITE_ENDS) {
            end_by_broker(connection);
        }
        enter(connection, CONNECTION_ENDING, PROXY_LINGER_MS);
        return true;
    }
    return has_moved;
}

/* One round. Returns whether something moved; the connection may be gone when `is_gone`. */
static bool step(struct connection *connection, bool *is_gone)
{
    struct side *local = &connection->local;
    struct side *remote = &connection->remote;
    bool has_moved = tools_side_flush(local);
    bool is_over;

    has_moved = tools_side_flush(remote) || has_moved;
    if (connection->state == CONNECTION_ENDING) {
        is_over = tools_side_finish(local);
        *is_gone = (tools_side_finish(remote) && is_over) || wax_clock_ms() >= connection->until_ms;
        return has_moved;
    }
    has_moved = tools_side_fill(local) || has_moved;
    has_moved = tools_side_fill(remote) || has_moved;
    switch (connection->state) {
    case CONNECTION_NEW:
        *is_gone = local->is_ended || wax_clock_ms() >= connection->until_ms;
        return !*is_gone && (begin(connection) || has_moved);
    case CONNECTION_HELD:
        *is_gone = local->is_ended;
        return !*is_gone && (go_on(connection) || has_moved);
    case CONNECTION_DIALING:
        connection->state = local->is_ended ? CONNECTION_DEAD : CONNECTION_DIALING;
        return false;
    case CONNECTION_OPEN:
        return exchange(connection) || has_moved;
    case CONNECTION_ENDING:
    case CONNECTION_DEAD:
        break;
    }
    return false;
}

/* When it is to go on though no byte moves. */
static void wind(struct connection *connection, bool hurries)
{
    uint64_t at_ms = connection->until_ms;

    if (connection->state == CONNECTION_OPEN && connection->grace_ms > wax_clock_ms()) {
        at_ms = connection->grace_ms;
    }
    wax_loop_start(&connection->proxy->loop, &connection->timer, hurries ? 0 : at_ms);
}

static void run(struct connection *connection)
{
    bool is_gone = false;
    bool has_moved = true;

    for (size_t i = 0; has_moved && !is_gone && i < ROUNDS_MAX; i++) {
        has_moved = step(connection, &is_gone);
    }
    if (is_gone) {
        connection_free(connection);
    } else {
        wind(connection, has_moved);
    }
}

/* --- What the loop calls --- */

static void on_local(wax_watch *watch, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    run(WAX_OWNER(watch, struct connection, local.watch));
}

static void on_remote(wax_watch *watch, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    run(WAX_OWNER(watch, struct connection, remote.watch));
}

static void on_timer(wax_timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    run(WAX_OWNER(timer, struct connection, timer));
}

/* Goes on with a connection whose broker was dialled. */
static void attach(struct connection *connection)
{
    const struct gateway *proxy = connection->proxy;
    wax_transport *secured;

    if (connection->dialled_status != WAX_OK) {
        end_with(connection, WAX_SERVER_UNAVAILABLE, connection->fault);
        return;
    }
    connection->dialled_status = WAX_CLOSED; /* the transport is nobody else's now */
    if (!tools_link_stack(&proxy->settings, proxy->link.tls, &connection->dialled_transport,
                          &secured, connection->fault)) {
        wax_transport_release(connection->dialled_transport);
        end_with(connection, WAX_SERVER_UNAVAILABLE, connection->fault);
        return;
    }
    if (!tools_side_watch(&connection->remote, connection->dialled_transport, on_remote)) {
        end_with(connection, WAX_SERVER_UNAVAILABLE, "the proxy has no memory left");
        return;
    }
    enter(connection, CONNECTION_OPEN, 0);
}

static void discard(struct connection *connection)
{
    if (connection->dialled_status == WAX_OK) {
        wax_transport_release(connection->dialled_transport);
    }
    connection_free(connection);
}

void proxy_on_dialled(wax_watch *watch, bool readable, bool writable)
{
    wax_mailbox *mailbox = WAX_OWNER(watch, wax_mailbox, watch);
    wax_letters letters = wax_mailbox_take(mailbox);
    wax_letter *letter;

    (void)readable;
    (void)writable;
    while ((letter = wax_letters_take(&letters)) != NULL) {
        struct connection *connection = WAX_OWNER(letter, struct connection, job.letter);

        if (connection->state == CONNECTION_DEAD) {
            discard(connection);
        } else {
            attach(connection);
            run(connection);
        }
    }
}

/* --- All of them --- */

void proxy_accept(struct gateway *proxy, int descriptor)
{
    struct connection *connection = calloc(1, sizeof *connection);
    wax_transport *transport = connection == NULL ? NULL : wax_socket_open(descriptor);

    if (transport == NULL) {
        free(connection);
        wax_log_write(&proxy->log, WAX_ERROR, "accept_failed reason=no memory");
        return;
    }
    connection->proxy = proxy;
    connection->peer = wax_socket_peer(descriptor);
    connection->timer.due = on_timer;
    connection->dialled_status = WAX_CLOSED;
    connection->rewrite = (struct rewrite){
        .scratch = proxy->scratch,
        .hash_key = {proxy->hash_key[0], proxy->hash_key[1]},
        .username = wax_bytes_of_text(proxy->settings.username),
        .password = wax_bytes_of_text(proxy->settings.password),
    };
    wax_link_init(&connection->all);
    wax_link_append(&proxy->connections, &connection->all);
    proxy->connection_count++;
    enter(connection, CONNECTION_NEW, PROXY_CONNECT_MS);
    if (!tools_side_open(&connection->local, &proxy->loop, PROXY_IN_SIZE, PROXY_OUT_SIZE) ||
        !tools_side_open(&connection->remote, &proxy->loop, PROXY_IN_SIZE, PROXY_OUT_SIZE) ||
        !tools_side_watch(&connection->local, transport, on_local)) {
        wax_log_write(&proxy->log, WAX_ERROR, "accept_failed reason=no memory");
        connection_free(connection);
        return;
    }
    run(connection);
}

void proxy_run_all(struct gateway *proxy)
{
    wax_link *next;

    for (wax_link *at = proxy->connections.next; at != &proxy->connections; at = next) {
        next = at->next;
        run(WAX_OWNER(at, struct connection, all));
    }
}

void proxy_end_all(struct gateway *proxy)
{
    while (!wax_link_is_alone(&proxy->connections)) {
        struct connection *connection = WAX_OWNER(proxy->connections.next, struct connection, all);

        if (connection->state == CONNECTION_OPEN) {
            end_with(connection, WAX_SHUTTING_DOWN, "the proxy ends");
            (void)tools_side_flush(&connection->local);
        }
        if (connection->dialled_status == WAX_OK) {
            wax_transport_release(connection->dialled_transport);
        }
        connection_free(connection);
    }
}
