/* What all workers know of logins: passwords that were right a moment ago, and who failed. */
#include "broker/gate.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PAUSE_MS = 1000, PASSWORD_MAX = 1024 };

struct gate {
    pthread_mutex_t mutex;
    wax_verified verified;
    wax_backoff origins;
    wax_backoff users;
};

wax_status gate_open(struct gate **opened)
{
    struct gate *gate = calloc(1, sizeof *gate);
    uint8_t secret[32];
    uint64_t key[2];
    wax_status status = gate == NULL ? WAX_FULL : WAX_OK;

    wax_os_random(secret, sizeof secret);
    wax_os_random(key, sizeof key);
    if (status == WAX_OK) {
        pthread_mutex_init(&gate->mutex, NULL);
        status = wax_verified_open(&gate->verified, wax_heap(), GATE_VERIFIED_MAX, secret);
    }
    if (status == WAX_OK) {
        status = wax_backoff_open(&gate->origins, wax_heap(), GATE_ORIGIN_MAX, key);
    }
    if (status == WAX_OK) {
        status = wax_backoff_open(&gate->users, wax_heap(), GATE_ORIGIN_MAX, key);
    }
    wax_wipe(secret, sizeof secret);
    *opened = gate;
    return status;
}

void gate_close(struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    wax_verified_close(&gate->verified);
    wax_backoff_close(&gate->origins);
    wax_backoff_close(&gate->users);
    pthread_mutex_destroy(&gate->mutex);
    free(gate);
}

static wax_bytes name_of(const struct origin *origin)
{
    return wax_bytes_of(origin->name, origin->name_size);
}

static wax_backoff_rules rules_of(const struct connection *connection, bool is_user)
{
    const wax_config *config = &connection->worker->settings->config;

    return (wax_backoff_rules){
        .free_count = config->auth_backoff_after,
        .first_ms = FIRST_PAUSE_MS,
        .most_ms = is_user ? GATE_USER_PAUSE_MS : config->auth_backoff_max_s * 1000U,
        .line_ms = GATE_LINE_MS,
        .forget_ms = config->auth_backoff_forget_s * UINT64_C(1000),
        .pending_max = config->auth_address_max,
    };
}

/* This machine's own addresses are those of proxies too: to slow one down would slow down all who
 * come through it. */
static bool is_spared(const struct connection *connection, const struct origin *origin)
{
    return origin->is_local && !connection->worker->settings->config.auth_backoff_local;
}

static void remember_tag(const struct connection *connection, const struct claim *claim,
                         struct passage *passage)
{
    const struct gate *gate = connection->worker->broker->gate;
    const wax_bytes parts[3] = {claim->user, claim->stored, claim->password};

    if (claim->stored.size > 0 && claim->password.size <= PASSWORD_MAX &&
        connection->worker->settings->config.auth_cache_s > 0) {
        passage->has_tag = wax_verified_tag(&gate->verified, parts, passage->tag) == WAX_OK;
    }
}

static wax_status take_turn(const struct connection *connection, const struct claim *claim,
                            struct passage *passage)
{
    struct gate *gate = connection->worker->broker->gate;
    uint64_t now_ms = connection->worker->loop.now_ms;
    wax_backoff_rules rules = rules_of(connection, false);
    wax_backoff_rules user_rules = rules_of(connection, true);
    uint32_t pause_ms;
    wax_status status;

    rules.line_ms = claim->may_wait ? rules.line_ms : 0;
    status = wax_backoff_enter(&gate->origins, &rules, name_of(&passage->origin), now_ms,
                               &passage->wait_ms);

    passage->is_counted = status == WAX_OK;
    pause_ms = wax_backoff_pause_ms(&gate->users, &user_rules, claim->user, now_ms);
    if (!claim->may_wait || claim->user.size == 0) {
        pause_ms = 0; /* strangers must not have it sent away; nor is no name a name */
    }
    passage->wait_ms = pause_ms > passage->wait_ms ? pause_ms : passage->wait_ms;
    return status;
}

/* A password that was right a moment ago lets in whoever else is failing: strangers behind the same
 * address, or those who try the same name, lock nobody out. */
wax_status gate_enter(const struct connection *connection, const struct claim *claim,
                      struct passage *passage)
{
    struct gate *gate = connection->worker->broker->gate;
    wax_status status = WAX_OK;

    *passage = (struct passage){.origin = origin_of(connection)};
    remember_tag(connection, claim, passage);
    pthread_mutex_lock(&gate->mutex);
    if (passage->has_tag && claim->is_known) {
        passage->is_remembered =
            wax_verified_has(&gate->verified, passage->tag, connection->worker->loop.now_ms);
    }
    if (!passage->is_remembered && !is_spared(connection, &passage->origin)) {
        status = take_turn(connection, claim, passage);
    }
    pthread_mutex_unlock(&gate->mutex);
    passage->has_tag = passage->has_tag && claim->is_known;
    return status;
}

void gate_leave(struct gate *gate, struct passage *passage)
{
    if (passage->is_counted) {
        pthread_mutex_lock(&gate->mutex);
        wax_backoff_leave(&gate->origins, name_of(&passage->origin));
        pthread_mutex_unlock(&gate->mutex);
    }
    wax_wipe(passage, sizeof *passage);
}

void gate_pass(const struct connection *connection, struct passage *passage)
{
    struct gate *gate = connection->worker->broker->gate;
    uint64_t now_ms = connection->worker->loop.now_ms;
    uint64_t keep_ms = connection->worker->settings->config.auth_cache_s * UINT64_C(1000);

    if (passage->has_tag) {
        pthread_mutex_lock(&gate->mutex);
        wax_verified_add(&gate->verified, passage->tag, now_ms, now_ms + keep_ms);
        pthread_mutex_unlock(&gate->mutex);
    }
}

void gate_fail(const struct connection *connection, const struct origin *origin, wax_bytes user)
{
    struct gate *gate = connection->worker->broker->gate;
    uint64_t now_ms = connection->worker->loop.now_ms;
    wax_backoff_rules rules = rules_of(connection, false);
    wax_backoff_rules user_rules = rules_of(connection, true);

    if (!is_spared(connection, origin)) {
        pthread_mutex_lock(&gate->mutex);
        wax_backoff_fail(&gate->origins, &rules, name_of(origin), now_ms);
        if (user.size > 0) {
            wax_backoff_fail(&gate->users, &user_rules, user, now_ms);
        }
        pthread_mutex_unlock(&gate->mutex);
    }
}
