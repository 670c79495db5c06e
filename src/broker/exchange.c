/* Authentication by a method, packet by packet: SCRAM-SHA-256. The client does the hashing, so that
 * nothing here needs the pool. [MQTT 5.0, 4.12] */
#include "broker/exchange.h"

#include <stdlib.h>
#include <string.h>

enum { PROPERTIES_SIZE = WAX_SCRAM_MESSAGE_MAX + 32, HEAD_SIZE = 16 };

void exchange_forget(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;

    connection->exchange = NULL;
    if (exchange != NULL) {
        if (exchange->has_passage) {
            gate_leave(connection->worker->broker->gate, &exchange->passage);
        }
        wax_scram_close(&exchange->scram);
        wax_wipe(exchange, sizeof *exchange);
        free(exchange);
    }
}

static wax_bytes data_of(wax_bytes properties)
{
    return wax_property_value(properties, WAX_AUTHENTICATION_DATA);
}

/* The first message of an exchange. */
static wax_status begin(struct connection *connection, wax_bytes message)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange == NULL) {
        return WAX_SERVER_BUSY;
    }
    exchange_forget(connection);
    connection->exchange = exchange;
    return wax_scram_begin(&exchange->scram, message, &exchange->user) == WAX_OK
               ? WAX_OK
               : WAX_NOT_AUTHORIZED;
}

wax_status exchange_identify(struct connection *connection, struct pending *pending)
{
    wax_status status = begin(connection, data_of(pending->connect.properties));

    if (status != WAX_OK) {
        pending->refusal = "bad_message";
        return status;
    }
    if (pending->has_user && !wax_bytes_equal(pending->user, connection->exchange->user)) {
        return WAX_NOT_AUTHORIZED;
    }
    pending->user = connection->exchange->user;
    pending->has_user = true;
    return WAX_OK;
}

/* What the peer computes with: the user's own, or what looks like it. */
static wax_status secret_of(struct connection *connection, wax_scram_secret *secret, bool *is_known)
{
    struct exchange *exchange = connection->exchange;
    wax_login found = login_find(connection, exchange->user);
    const uint64_t *key = connection->worker->broker->key;
    uint32_t iterations = wax_password_recipe_for(WAX_PASSWORD_SCRAM).iterations;
    bool is_scram = wax_password_scram(found.stored, secret) == WAX_OK;

    exchange->login = found;
    if (found.stored.size > 0) {
        memcpy(exchange->stored, found.stored.data, found.stored.size);
    }
    exchange->login.stored = wax_bytes_of(exchange->stored, found.stored.size);
    *is_known = found.is_known && is_scram;
    if (*is_known) {
        return WAX_OK;
    }
    /* A stranger is shown the cost that somebody has here. */
    iterations = is_scram ? secret->iterations : iterations;
    return wax_scram_stranger(secret, wax_bytes_of(key, 2 * sizeof *key), exchange->user,
                              iterations);
}

static void make_nonce(char nonce[static WAX_SCRAM_NONCE_SIZE])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-";
    uint8_t random[WAX_SCRAM_NONCE_SIZE];

    wax_os_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        nonce[i] = digits[random[i] % 64U];
    }
}

void exchange_write(const struct connection *connection, wax_writer *properties)
{
    const struct exchange *exchange = connection->exchange;

    wax_property_write_value(properties, WAX_AUTHENTICATION_METHOD, WAX_TEXT(WAX_SCRAM_METHOD));
    wax_property_write_value(properties, WAX_AUTHENTICATION_DATA,
                             wax_bytes_of(exchange->answer, exchange->answer_size));
}

/* Sends AUTH with the exchange's answer. [MQTT-4.12.0-2] */
static wax_status send_auth(struct connection *connection, uint8_t reason)
{
    uint8_t room[PROPERTIES_SIZE];
    wax_writer properties = wax_writer_over(room, sizeof room);
    wax_writer out = out_begin(connection, sizeof room + HEAD_SIZE);
    wax_notice notice = {.reason = reason};
    wax_status status = out.status;

    exchange_write(connection, &properties);
    notice.properties = wax_writer_bytes(&properties);
    if (status == WAX_OK) {
        status = wax_session_authenticate(&connection->session, &notice, &out);
        out_end(connection, &out);
    }
    count_up(connection->worker, COUNT_PACKETS_SENT, status == WAX_OK);
    return status == WAX_OK ? WAX_OK : WAX_SERVER_BUSY;
}

wax_status exchange_challenge(struct connection *connection, const char **refusal)
{
    struct exchange *exchange = connection->exchange;
    const struct claim claim = {.user = exchange->user};
    wax_writer out = wax_writer_over(exchange->answer, sizeof exchange->answer);
    wax_scram_secret secret;
    char nonce[WAX_SCRAM_NONCE_SIZE];
    bool is_known;
    wax_status status = gate_enter(connection, &claim, &exchange->passage);

    exchange->has_passage = true;
    if (status != WAX_OK) {
        *refusal = "backoff";
        return status;
    }
    make_nonce(nonce);
    status = secret_of(connection, &secret, &is_known);
    if (status == WAX_OK) {
        status = wax_scram_challenge(&exchange->scram, &secret, is_known, nonce, &out);
    }
    wax_wipe(&secret, sizeof secret);
    exchange->answer_size = out.used;
    if (status == WAX_OK) {
        status = send_auth(connection, WAX_REASON_CONTINUE_AUTHENTICATION);
    }
    return status == WAX_OK ? WAX_MORE : WAX_SERVER_BUSY;
}

/* The last message of the peer. */
static wax_status finish(struct connection *connection, wax_bytes message, const char **refusal)
{
    struct exchange *exchange = connection->exchange;
    wax_writer out = wax_writer_over(exchange->answer, sizeof exchange->answer);
    wax_status status = wax_scram_finish(&exchange->scram, message, &out);

    exchange->answer_size = out.used;
    if (status == WAX_OK) {
        login_note(connection, &exchange->login);
        return WAX_OK;
    }
    *refusal = status == WAX_BAD_LOGIN ? "bad_proof" : "bad_message";
    gate_fail(connection, &exchange->passage.origin, exchange->user);
    return WAX_NOT_AUTHORIZED; /* [MQTT-4.12.0-4] */
}

/* An open connection proves anew who it is; as somebody else it cannot go on. */
static wax_status begin_again(struct connection *connection, wax_bytes message,
                              const char **refusal)
{
    const struct client *client = connection->client;
    wax_status status = begin(connection, message);

    if (status != WAX_OK || !wax_bytes_equal(connection->exchange->user, client->user)) {
        *refusal = status == WAX_OK ? "not_authorized" : "bad_message";
        return status == WAX_OK ? WAX_NOT_AUTHORIZED : status;
    }
    return exchange_challenge(connection, refusal);
}

wax_status exchange_continue(struct connection *connection, const wax_notice *notice,
                             const char **refusal)
{
    bool is_open = connection->session.state == WAX_SESSION_OPEN && connection->client != NULL;
    wax_bytes method = wax_property_value(notice->properties, WAX_AUTHENTICATION_METHOD);
    wax_bytes message = data_of(notice->properties);
    wax_status status;

    if (!wax_bytes_equal(method, WAX_TEXT(WAX_SCRAM_METHOD))) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-4.12.0-5] */
    }
    if (is_open && notice->reason == WAX_REASON_RE_AUTHENTICATE) {
        return begin_again(connection, message, refusal);
    }
    if (notice->reason != WAX_REASON_CONTINUE_AUTHENTICATION || connection->exchange == NULL ||
        !connection->exchange->has_passage) {
        return WAX_PROTOCOL_ERROR;
    }
    status = finish(connection, message, refusal);
    if (status == WAX_OK && is_open) {
        status = send_auth(connection, WAX_REASON_SUCCESS);
        exchange_forget(connection);
    }
    return status;
}
