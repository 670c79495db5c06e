/* A CONNECT on its way to an answer, and the judging of its password off the worker. */
#include "broker/login.h"
#include "broker/standing.h"

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

void login_forget(struct connection *connection)
{
    if (connection->login != NULL) {
        connection->login->connection = NULL;
        atomic_store(&connection->login->is_abandoned, true);
        connection->login = NULL;
    }
    if (connection->pending != NULL) {
        size_t size = connection->pending->connect.password.size;
        wax_wipe((void *)(uintptr_t)connection->pending->connect.password.data, size);
        free(connection->pending->packet);
        free(connection->pending);
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

static void judge_password(wax_job *job)
{
    struct login *login = (struct login *)(void *)job;

    if (atomic_load(&login->is_abandoned)) {
        return; /* those who still wait come first */
    }
    login->status =
        wax_login_verify(&login->login, wax_bytes_of(login->password, login->password_size));
}

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

void login_free(struct login *login)
{
    if (login->password != NULL) {
        wax_wipe(login->password, login->password_size);
    }
    free(login->password);
    wax_wipe(login->stored, sizeof login->stored);
    settings_release(login->settings);
    free(login);
}

wax_status login_begin(struct connection *connection)
{
    const struct pending *pending = connection->pending;
    struct login *login = calloc(1, sizeof *login);
    size_t size = pending->connect.password.size;

    if (login == NULL) {
        return WAX_SERVER_BUSY;
    }
    login->status = WAX_SERVER_UNAVAILABLE; /* until it is judged */
    login->job.work = judge_password;
    login->job.reply = &connection->worker->logins;
    login->settings = settings_hold(connection->worker->settings);
    login->login = login_find(connection, pending->user);
    if (login->login.stored.size > 0) { /* the table may be another by the time it is judged */
        memcpy(login->stored, login->login.stored.data, login->login.stored.size);
        login->login.stored = wax_bytes_of(login->stored, login->login.stored.size);
    }
    login->password = malloc(size + 1);
    login->password_size = size;
    if (login->password != NULL && size > 0) {
        memcpy(login->password, pending->connect.password.data, size);
    }
    if (login->password == NULL ||
        wax_pool_submit(connection->worker->broker->pool, &login->job) != WAX_OK) {
        login_free(login);
        return WAX_SERVER_BUSY;
    }
    login->connection = connection;
    connection->login = login;
    return WAX_MORE;
}
