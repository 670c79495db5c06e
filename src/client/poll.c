/* One step after the other until there is an event or nothing to do. */
#include "client/internal.h"

#include <string.h>

static bool has_unsent(const wax_client *client)
{
    return client->send_start < client->send_end;
}

/* Sends the acknowledgement of the message that was told before. */
static bool settle(wax_client *client)
{
    if (client->owed.owes == WAX_NO_PACKET || client->session.payload_left > 0 ||
        wax_client_acknowledge(client, client->owed, WAX_REASON_SUCCESS) == WAX_FULL) {
        return false;
    }
    client->owed = (wax_client_receipt){0};
    return true;
}

/* Reads what the transport has. */
static bool fill(wax_client *client, wax_client_event *event)
{
    uint8_t *room = client->config->receive_room;
    size_t left = client->receive_end - client->receive_start;
    size_t received;
    wax_status status;

    if (left == client->config->receive_size) {
        return false;
    }
    if (left == 0 || client->receive_end == client->config->receive_size) {
        memmove(room, room + client->receive_start, left);
        client->receive_start = 0;
        client->receive_end = left;
    }
    status = wax_transport_receive(client->transport, room + client->receive_end,
                                   client->config->receive_size - client->receive_end, &received);
    if (status == WAX_OK) {
        client->receive_end += received;
        return true;
    }
    if (status == WAX_MORE && client->broken == WAX_OK) {
        client->receive_waits = client->transport->waits;
        return false;
    }
    wax_client_lose(client, status == WAX_MORE ? (wax_status)client->broken : status, event);
    return true;
}

/* When the bytes that wait to leave have waited too long. */
static uint64_t stall_ms(const wax_client *client)
{
    return client->moved_ms + wax_client_timeout_ms(client);
}

/* Does what is due though nothing comes. */
static bool tick(wax_client *client, wax_client_event *event)
{
    wax_writer out;
    wax_status status;

    if (has_unsent(client)) {
        if (client->moved_ms == 0 || client->now_ms < stall_ms(client)) {
            return false;
        }
        wax_client_lose(client, WAX_KEEP_ALIVE_TIMEOUT, event);
        return true;
    }
    if (client->send_left > 0) {
        return false;
    }
    out = wax_client_out(client);
    status = wax_session_tick(&client->session, client->now_ms, &out);
    wax_client_wrote(client, &out);
    if (status >= 0x80) {
        (void)wax_client_flush(client);
        wax_client_lose(client, status, event);
        return true;
    }
    return has_unsent(client);
}

/* Everything was said: the connection ends when the last byte has left. */
static bool step_closing(wax_client *client, wax_client_event *event)
{
    (void)wax_client_flush(client);
    if (!has_unsent(client)) {
        wax_client_lose(client, WAX_OK, event);
        return true;
    }
    return tick(client, event);
}

/* What waited to be sent until something was read, as in a handshake, may go now that it was: what
 * filled in has taken it off the socket, which will not tell of it again. */
static bool flush_again(wax_client *client)
{
    return has_unsent(client) && (client->send_waits & WAX_WAITS_TO_READ) != 0 &&
           wax_client_flush(client);
}

static bool step(wax_client *client, wax_client_event *event)
{
    if (client->drops) {
        wax_client_sweep(client, event);
        return true;
    }
    if (client->state == WAX_CLIENT_WAITING && client->now_ms >= client->dial_ms) {
        client->state = WAX_CLIENT_DIALING;
        event->type = WAX_CLIENT_WANTS_CONNECTION;
        return true;
    }
    if (client->transport == NULL) {
        return false;
    }
    if (client->state == WAX_CLIENT_CLOSING) {
        return step_closing(client, event);
    }
    return settle(client) || wax_client_pump(client, event) || wax_client_take(client, event) ||
           wax_client_flush(client) || fill(client, event) || flush_again(client) ||
           tick(client, event);
}

bool wax_client_poll(wax_client *client, uint64_t now_ms, wax_client_event *event)
{
    *event = (wax_client_event){.type = WAX_CLIENT_NOTHING};
    client->now_ms = now_ms;
    while (step(client, event)) {
        if (event->type != WAX_CLIENT_NOTHING) {
            return true;
        }
    }
    return false;
}

uint64_t wax_client_deadline_ms(const wax_client *client)
{
    if (client->state == WAX_CLIENT_WAITING) {
        return client->dial_ms;
    }
    if (client->transport == NULL) {
        return WAX_NEVER;
    }
    if (has_unsent(client)) {
        return client->moved_ms == 0 ? client->now_ms : stall_ms(client);
    }
    return client->send_left > 0 ? WAX_NEVER : wax_session_deadline_ms(&client->session);
}

unsigned wax_client_waits(const wax_client *client)
{
    bool is_full = client->receive_end - client->receive_start == client->config->receive_size;
    unsigned waits = 0;

    if (client->transport != NULL) {
        waits = (has_unsent(client) ? client->send_waits : 0U) |
                (is_full ? 0U : (unsigned)client->receive_waits);
    }
    return waits;
}
