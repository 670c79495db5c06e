/* Any bytes from the other end of a WebSocket, in pieces of any size, at the server's end and at
 * the client's. The first byte: bit 0 the role, bit 1 whether the handshake is done for it, the
 * rest how large the pieces and the rooms are. */
#include "fuzz.h"

#include <string.h>

#include "web/web.h"

#define REQUEST                                                                                    \
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                   \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                 \
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n"

enum { INBOX_SIZE = 4096, ROOM_SIZE = 257 };

static wax_loopback ends[2];
static uint8_t inboxes[2][INBOX_SIZE];

static void listen_to_answers(void)
{
    uint8_t room[INBOX_SIZE];
    size_t received;

    (void)!wax_transport_receive(&ends[1].transport, room, sizeof room, &received);
}

/* Receives until there is nothing more, and answers what came. */
static wax_status settle(wax_transport *top, size_t step)
{
    uint8_t room[ROOM_SIZE];
    size_t received = 0;
    size_t sent = 0;
    wax_status status = WAX_OK;

    while (status == WAX_OK) {
        memset(room, 0xa5, sizeof room);
        status = wax_transport_receive(top, room, step, &received);
        fuzz_require((status == WAX_OK) == (received > 0) && received <= step);
        for (size_t i = step; i < sizeof room; i++) {
            fuzz_require(room[i] == 0xa5);
        }
        if (status == WAX_OK) {
            (void)!wax_transport_send(top, wax_bytes_of(room, received), &sent);
            listen_to_answers();
        }
    }
    return status;
}

static void feed(wax_transport *top, wax_bytes bytes, size_t step)
{
    wax_status status = WAX_MORE;

    while (bytes.size > 0 && (status == WAX_MORE || status == WAX_PROTOCOL_ERROR)) {
        size_t size = bytes.size < step ? bytes.size : step;
        size_t sent = 0;
        if (wax_transport_send(&ends[1].transport, wax_bytes_of(bytes.data, size), &sent) !=
            WAX_OK) {
            return;
        }
        bytes = wax_bytes_of(bytes.data + sent, bytes.size - sent);
        status = settle(top, step % ROOM_SIZE + 1);
        fuzz_require(status == WAX_MORE || status == WAX_PROTOCOL_ERROR || status == WAX_CLOSED);
        listen_to_answers();
    }
}

/* A client whose handshake is done: its request goes to a server of ours, whose answer it gets. */
static wax_transport *open_client(void)
{
    static wax_loopback others[2];
    static uint8_t other_inboxes[2][INBOX_SIZE];
    wax_transport *client = wax_websocket_connect(&ends[0].transport, "a", "/");
    wax_transport *server;
    uint8_t room[INBOX_SIZE];
    size_t count = 0;

    wax_loopback_open(&others[0], &others[1], other_inboxes[0], other_inboxes[1], INBOX_SIZE);
    server = wax_websocket_accept(&others[0].transport, NULL);
    fuzz_require(client != NULL && server != NULL);
    fuzz_require(wax_transport_receive(client, room, 1, &count) == WAX_MORE);
    fuzz_require(wax_transport_receive(&ends[1].transport, room, sizeof room, &count) == WAX_OK);
    fuzz_require(wax_transport_send(&others[1].transport, wax_bytes_of(room, count), &count) ==
                 WAX_OK);
    fuzz_require(wax_transport_receive(server, room, 1, &count) == WAX_MORE);
    fuzz_require(wax_transport_receive(&others[1].transport, room, sizeof room, &count) == WAX_OK);
    fuzz_require(wax_transport_send(&ends[1].transport, wax_bytes_of(room, count), &count) ==
                 WAX_OK);
    fuzz_require(wax_transport_receive(client, room, 1, &count) == WAX_MORE);
    fuzz_require(!wax_websocket_is_waiting(client));
    wax_transport_release(server);
    return client;
}

static wax_transport *open_server(void)
{
    wax_transport *server = wax_websocket_accept(&ends[0].transport, NULL);

    fuzz_require(server != NULL);
    feed(server, WAX_TEXT(REQUEST), sizeof REQUEST);
    return server;
}

static wax_transport *open_end(unsigned choice)
{
    switch (choice) {
    case 0:
        return wax_websocket_accept(&ends[0].transport, "https://a\nhttps://b");
    case 1:
        return wax_websocket_connect(&ends[0].transport, "a", "/");
    case 2:
        return open_server();
    default:
        return open_client();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_transport *top;
    size_t step;

    if (size == 0) {
        return 0;
    }
    step = (size_t)(data[0] >> 2) * 5 + 1;
    wax_loopback_open(&ends[0], &ends[1], inboxes[0], inboxes[1], INBOX_SIZE);
    top = open_end(data[0] & 3U);
    fuzz_require(top != NULL);
    feed(top, wax_bytes_of(data + 1, size - 1), step);
    (void)wax_transport_explain(top);
    (void)!wax_transport_close(top);
    wax_transport_release(top);
    return 0;
}
