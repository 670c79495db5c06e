/* Messages as a client sends them: small ones whole, large ones piece by piece. */
#include "levels/inner.h"

/* Sends what waits to leave, and where the socket takes no more waits until it does. */
static bool make_room(struct levels_end *end)
{
    return levels_end_flush(end) &&
           (end->client.send_start == end->client.send_end || levels_end_await(end));
}

bool levels_end_drain(struct levels_end *end)
{
    while (end->client.send_start < end->client.send_end) {
        if (!make_room(end)) {
            return false;
        }
    }
    return true;
}

/* Gives one piece to the client, however often it takes. */
static bool give_piece(struct levels_end *end, wax_bytes piece)
{
    while (piece.size > 0) {
        size_t taken;
        wax_status status = wax_client_publish_more(&end->client, piece, &taken);

        piece = wax_bytes_of(piece.data + taken, piece.size - taken);
        if (status != WAX_OK && status != WAX_FULL) {
            return levels_fail(end->result, WAX_IO, "the connection was lost within a message");
        }
        if (status == WAX_FULL && !make_room(end)) {
            return false;
        }
    }
    return true;
}

/* Sends a message that is made in pieces; it is done when its token is told. */
static bool stream(struct levels_end *end, struct levels_cover *cover, const wax_publish *publish,
                   size_t size)
{
    wax_client_event event = {.type = WAX_CLIENT_NOTHING};
    uint32_t token;
    wax_status status;

    while ((status = wax_client_publish_start(&end->client, publish, (uint32_t)size, &token)) ==
           WAX_FULL) {
        if (!make_room(end)) {
            return false;
        }
    }
    while (status == WAX_OK && size > 0) {
        wax_bytes piece = {NULL, 0};

        status = levels_cover_next(cover, &piece);
        if (status == WAX_OK && !give_piece(end, piece)) {
            return false;
        }
        size -= piece.size;
    }
    if (status != WAX_OK) {
        return levels_fail(end->result, status, "the message cannot be sent: %s",
                           wax_status_text(status));
    }
    while (end->told != token) { /* it may have been while room was made for the last piece */
        if (!levels_end_turn(end, &event)) {
            return false;
        }
    }
    return levels_end_flush(end); /* at QoS 0 it may still be in the send buffer */
}

bool levels_end_send(struct levels_end *end, struct levels_cover *cover, uint32_t number,
                     uint8_t qos)
{
    wax_publish publish = {.topic = cover->topic, .qos = qos};
    uint32_t token;
    size_t size = 0;
    wax_status status = levels_cover_begin(cover, number, &size);

    if (status == WAX_OK && (size > end->plan->chunk || qos > 0)) {
        return stream(end, cover, &publish, size);
    }
    status = status == WAX_OK ? levels_cover_next(cover, &publish.payload) : status;
    if (status == WAX_OK && !levels_end_drain(end)) {
        return false;
    }
    status = status == WAX_OK ? wax_client_publish(&end->client, &publish, &token) : status;
    if (status != WAX_OK) {
        return levels_fail(end->result, status, "the message cannot be sent: %s",
                           wax_status_text(status));
    }
    return levels_end_flush(end);
}

bool levels_end_subscribe(struct levels_end *end, const char *filter)
{
    const wax_subscription subscription = {.filter = wax_bytes_of_text(filter)};
    const wax_client_request request = {.subscriptions = &subscription, .count = 1};
    wax_client_event event;
    uint32_t token;

    if (wax_client_subscribe(&end->client, &request, &token) != WAX_OK) {
        return levels_fail(end->result, WAX_INVALID, "the client does not subscribe");
    }
    do {
        if (!levels_end_turn(end, &event)) {
            return false;
        }
    } while (event.type != WAX_CLIENT_SUBSCRIBED || event.token != token);
    return true;
}

bool levels_end_settle(struct levels_end *end)
{
    return levels_end_subscribe(end, "wax-bench/end");
}
