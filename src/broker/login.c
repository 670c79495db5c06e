/* A CONNECT on its way to an answer, and the judging of its password off the worker. */
#include "broker/login.h"
#include "broker/standing.h"
#include "broker/tokens.h"

#include <stdlib.h>
#include <string.h>

const wax_listener_config *login_listener(const struct connection *connection)
{
    return &connection->worker->settings->config.listeners[connection->listener];
}

struct policy *login_policy(const struct connection *connection)
{
    return &connection->worker->settings->policies[connection->listener];
}

static void finish(struct login *login)
{
    gate_leave(login->gate, &login->passage);
    login_free(login);
}

void login_forget(struct connection *connection)
{
    struct pending *pending = connection->pending;
    struct login *login = pending == NULL ? NULL : pending->login;

    if (login != NULL && login->is_waiting) {
        wax_loop_stop(&connection->worker->loop, &login->timer);
        finish(login);
    } else if (login != NULL) {
        login->connection = NULL;
        atomic_store(&login->is_abandoned, true);
    }
    if (pending != NULL) {
        wax_bytes password = pending->connect.password;
        wax_wipe((void *)(uintptr_t)password.data, password.size);
        free(pending->packet);
        free(pending);
        connection->pending = NULL;
    }
}

struct pending *login_copy(wax_bytes packet)
{
    struct pending *pending = calloc(1, sizeof *pending);
    wax_reader in;
    wax_packet again;

    if (pending == NULL || (pending->packet = malloc(packet.size)) == NULL) {
        free(pending);
        return NULL;
    }
    memcpy(pending->packet, packet.data, packet.size);
    in = wax_reader_over(wax_bytes_of(pending->packet, packet.size));
    if (wax_packet_read(&again, &in, WAX_VERSION_NONE, UINT32_MAX) != WAX_OK ||
        wax_connect_read(&pending->connect, again.body) != WAX_OK) {
        wax_assert(false); /* the session read the same bytes just now */
    }
    return pending;
}

/* --- Stored passwords --- */

/* Who dynamic security knows is judged by it alone; others by the password file, if there is one.
 */
bool login_has_passwords(const struct connection *connection)
{
    return login_policy(connection)->has_credentials ||
           login_listener(connection)->dynamic_security_file != NULL;
}

wax_login login_find(const struct connection *connection, wax_bytes user)
{
    const struct policy *policy = login_policy(connection);
    wax_access_identity identity = {.user = user, .has_user = true};
    const wax_dynsec_user *known = standing_of(connection->worker, connection->listener, &identity);
    bool is_known = known != NULL && known->standing.is_known;

    if (policy->has_credentials && !is_known) {
        return wax_credentials_find(&policy->credentials, user);
    }
    if (is_known && known->password.size > 0) {
        return (wax_login){.is_known = true, .stored = known->password};
    }
    return (wax_login){.stored = wax_dynsec_decoy(connection->worker->table)};
}

static uint64_t proof_of(const struct connection *connection, wax_bytes stored)
{
    return wax_hash(connection->worker->broker->key, stored);
}

static bool is_let_in_unasked(const struct connection *connection, bool has_user)
{
    return login_listener(connection)->allow_anonymous &&
           !(has_user && login_has_passwords(connection));
}

bool login_holds(const struct connection *connection, bool has_user, wax_bytes user)
{
    wax_login login;

    switch ((enum proof_kind)connection->proof_kind) {
    case PROOF_TLS:
        return true;
    case PROOF_PASSWORD:
        if (!login_has_passwords(connection)) {
            return is_let_in_unasked(connection, has_user);
        }
        login = login_find(connection, user);
        return login.is_known && proof_of(connection, login.stored) == connection->proof;
    case PROOF_TOKEN:
        return tokens_have(&login_policy(connection)->tokens, connection->proof);
    case PROOF_NONE:
    default:
        return is_let_in_unasked(connection, has_user);
    }
}

/* --- Judging --- */

/* Runs on a thread of the pool. */
static void judge_password(wax_job *job)
{
    struct login *login = (struct login *)(void *)job;

    if (atomic_load(&login->is_abandoned)) {
        return; /* those who still wait come first */
    }
    login->status =
        wax_login_verify(&login->login, wax_bytes_of(login->password, login->password_size));
}

/* The same for a token. */
static void judge_token(wax_job *job)
{
    struct login *login = (struct login *)(void *)job;

    if (!atomic_load(&login->is_abandoned)) {
        login->status =
            wax_token_judge(&login->settings->policies[login->listener].tokens,
                            wax_bytes_of(login->password, login->password_size),
                            wax_bytes_of_text(login->claimed), wax_clock_wall_s(), &login->token);
    }
}

void login_free(struct login *login)
{
    settings_release(login->settings);
    if (login->password != NULL) {
        wax_wipe(login->password, login->password_size);
    }
    free(login->password);
    wax_wipe(login->stored, sizeof login->stored);
    free(login);
}

static struct login *make(struct connection *connection, const wax_login *found)
{
    struct login *login = calloc(1, sizeof *login);
    wax_bytes password = connection->pending->connect.password;

    if (login == NULL || (login->password = malloc(password.size + 1)) == NULL) {
        free(login);
        return NULL;
    }
    login->connection = connection;
    login->gate = connection->worker->broker->gate;
    login->status = WAX_SERVER_UNAVAILABLE; /* until it is judged */
    login->job.work = judge_password;
    login->job.reply = &connection->worker->logins;
    login->login = *found;
    if (found->stored.size > 0) { /* the table may be another by the time it is judged */
        memcpy(login->stored, found->stored.data, found->stored.size);
        login->login.stored = wax_bytes_of(login->stored, found->stored.size);
    }
    login->password_size = password.size;
    if (password.size > 0) {
        memcpy(login->password, password.data, password.size);
    }
    return login;
}

/* Makes it a login by token: the password is one, and the user name only claims. */
static void make_token(struct login *login)
{
    const struct connection *connection = login->connection;
    wax_bytes user = connection->pending->user;

    login->job.work = judge_token;
    login->settings = settings_hold(connection->worker->settings);
    login->listener = connection->listener;
    if (user.size > WAX_TOKEN_USER_MAX) {
        user.size = WAX_TOKEN_USER_MAX; /* one that was cut fits no token */
    }
    if (user.size > 0) {
        memcpy(login->claimed, user.data, user.size);
    }
}

static wax_status submit(struct login *login)
{
    login->is_waiting = false;
    return wax_pool_submit(login->connection->worker->broker->pool, &login->job) == WAX_OK
               ? WAX_MORE
               : WAX_SERVER_BUSY;
}

/* Its turn has come. One that the pool has no room for comes back as if it had been judged. */
static void turn_due(wax_timer *timer, uint64_t now_ms)
{
    struct login *login = WAX_OWNER(timer, struct login, timer);
    wax_letters letters = {NULL, NULL};

    (void)now_ms;
    if (submit(login) != WAX_MORE) {
        login->status = WAX_SERVER_BUSY;
        wax_letters_append(&letters, &login->job.letter);
        wax_mailbox_post(login->job.reply, &letters);
    }
}

static wax_status wait_or_submit(struct login *login, uint64_t now_ms)
{
    if (login->passage.wait_ms == 0) {
        return submit(login);
    }
    login->is_waiting = true;
    login->timer.due = turn_due;
    wax_loop_start(&login->connection->worker->loop, &login->timer,
                   now_ms + login->passage.wait_ms);
    return WAX_MORE;
}

void login_note(struct connection *connection, const wax_login *found)
{
    connection->proof_kind = PROOF_PASSWORD;
    connection->proof = proof_of(connection, found->stored);
}

wax_status login_begin(struct connection *connection)
{
    struct pending *pending = connection->pending;
    const wax_login none = {.is_known = false};
    wax_login found = pending->is_token ? none : login_find(connection, pending->user);
    const struct claim claim = {pending->user, found.stored, pending->connect.password,
                                found.is_known, true};
    struct passage passage;
    struct login *login;
    wax_status status = gate_enter(connection, &claim, &passage);

    if (status != WAX_OK) {
        pending->refusal = "backoff";
        gate_leave(connection->worker->broker->gate, &passage);
        return status;
    }
    login_note(connection, &found);
    if (passage.is_remembered) {
        gate_leave(connection->worker->broker->gate, &passage);
        return WAX_OK;
    }
    login = make(connection, &found);
    if (login == NULL) {
        gate_leave(connection->worker->broker->gate, &passage);
        return WAX_SERVER_BUSY;
    }
    if (pending->is_token) {
        make_token(login);
    }
    login->passage = passage;
    wax_wipe(&passage, sizeof passage);
    status = wait_or_submit(login, connection->worker->loop.now_ms);
    if (status == WAX_MORE) {
        pending->login = login;
    } else {
        finish(login);
    }
    return status;
}

/* Why a token is refused, as a word of the log. Only what was never a good one counts against its
 * address: clients whose token is over do not guess. */
static const char *const token_refusals[] = {
    [WAX_CLOSED] = "token_expired",
    [WAX_MORE] = "token_not_yet_valid",
    [WAX_INVALID] = "token_not_for_this",
};

static void note_end(struct connection *connection, int64_t ends_s)
{
    int64_t left_s = ends_s - wax_clock_wall_s();
    uint64_t now_ms = connection->worker->loop.now_ms;

    connection->ends_ms = now_ms + (left_s > 0 ? (uint64_t)left_s * 1000U : 0);
}

static wax_status end_token(struct connection *connection, const struct login *login)
{
    struct pending *pending = connection->pending;
    wax_status status = login->status;
    bool is_known = status < WAX_COUNT(token_refusals) && token_refusals[status] != NULL;

    if (status == WAX_OK) {
        memcpy(pending->subject, login->token.user, login->token.user_size);
        pending->user = wax_bytes_of(pending->subject, login->token.user_size);
        pending->has_user = true;
        connection->proof_kind = PROOF_TOKEN;
        connection->proof = token_mark(login->token.key);
        note_end(connection, login->token.ends_s);
        return WAX_OK;
    }
    if (status == WAX_SERVER_UNAVAILABLE) {
        return status;
    }
    pending->refusal = is_known ? token_refusals[status] : "bad_token";
    if (!is_known) {
        gate_fail(connection, &login->passage.origin, pending->user);
    }
    return WAX_BAD_LOGIN;
}

wax_status login_end(struct connection *connection, struct login *login)
{
    wax_status status = login->status;

    if (connection != NULL && login->settings != NULL) {
        connection->pending->login = NULL;
        status = end_token(connection, login);
    } else if (connection != NULL) {
        connection->pending->login = NULL;
        if (status == WAX_OK) {
            gate_pass(connection, &login->passage);
        } else if (status == WAX_BAD_LOGIN) {
            gate_fail(connection, &login->passage.origin, connection->pending->user);
        }
    }
    finish(login);
    return status;
}
