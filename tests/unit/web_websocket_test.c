/* WebSocket: handshakes and frames, good and bad, at the server's end and at the client's. */
#include "../check.h"

#include "web/web.h"

#include <stdlib.h>

#define BYTES(literal) literal, sizeof(literal) - 1
/* [RFC 6455, 1.3] */
#define KEY   "dGhlIHNhbXBsZSBub25jZQ=="
#define PROOF "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define LINES                                                                                      \
    "Host: broker.example\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"            \
    "Sec-WebSocket-Version: 13\r\n"
#define REQUEST                                                                                    \
    "GET /mqtt HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: "        \
    "mqtt\r\n"

/* A filter over a loopback, and the bare other end. */
struct pair {
    wax_loopback ends[2];
    uint8_t inboxes[2][8 * 65536];
    wax_transport *top;
};

static struct pair *open_loopback(size_t inbox_size)
{
    struct pair *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    wax_loopback_open(&pair->ends[0], &pair->ends[1], pair->inboxes[0], pair->inboxes[1],
                      inbox_size);
    return pair;
}

static struct pair *open_server(const char *origins)
{
    struct pair *pair = open_loopback(sizeof pair->inboxes[0]);

    pair->top = wax_websocket_accept(&pair->ends[0].transport, origins);
    assert_non_null(pair->top);
    return pair;
}

static void part(struct pair *pair)
{
    wax_transport_release(pair->top);
    free(pair);
}

static void say(struct pair *pair, const void *bytes, size_t size)
{
    size_t sent;

    assert_int_equal(wax_transport_send(&pair->ends[1].transport, wax_bytes_of(bytes, size), &sent),
                     WAX_OK);
    assert_int_equal(sent, size);
}

static wax_status receive(struct pair *pair, uint8_t *room, size_t size, size_t *received)
{
    return wax_transport_receive(pair->top, room, size, received);
}

/* What came to the bare end, as text with a final zero. */
static size_t hear(struct pair *pair, char *room, size_t size)
{
    size_t received = 0;

    (void)!wax_transport_receive(&pair->ends[1].transport, (uint8_t *)room, size - 1, &received);
    room[received] = '\0';
    return received;
}

/* --- The server's handshake --- */

struct handshake {
    const char *name;
    const char *request;
    const char *origins;
    const char *answer; /* its beginning */
    const char *says;   /* a part of the rest */
};

/* clang-format off */
static const struct handshake handshakes[] = {
    {"all is well", REQUEST "\r\n", NULL, "HTTP/1.1 101 ", "Sec-WebSocket-Accept: " PROOF "\r\n"},
    {"[MQTT-6.0.0-4] mqtt is chosen", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: mqttv3.1, mqtt\r\n\r\n", NULL, "HTTP/1.1 101 ", "Sec-WebSocket-Protocol: mqtt\r\n"},
    {"the older name", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: mqttv3.1\r\n\r\n", NULL, "HTTP/1.1 101 ", "Sec-WebSocket-Protocol: mqttv3.1\r\n"},
    {"[MQTT-6.0.0-3] no subprotocol", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: " KEY "\r\n\r\n", NULL, "HTTP/1.1 400 ", "subprotocol mqtt"},
    {"another subprotocol", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: MQTT\r\n\r\n", NULL, "HTTP/1.1 400 ", "subprotocol mqtt"},
    {"no WebSocket", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NULL, "HTTP/1.1 426 ", "Upgrade: websocket\r\n"},
    {"POST", "POST / HTTP/1.1\r\n" LINES "\r\n", NULL, "HTTP/1.1 405 ", "Allow: GET\r\n"},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n" LINES "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", NULL, "HTTP/1.1 505 ", "needs HTTP/1.1"},
    {"no host", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", NULL, "HTTP/1.1 400 ", "one Host header"},
    {"two hosts", REQUEST "Host: other\r\n\r\n", NULL, "HTTP/1.1 400 ", "one Host header"},
    {"a body", REQUEST "Content-Length: 1\r\n\r\nx", NULL, "HTTP/1.1 400 ", "no body"},
    {"version 8", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n", NULL, "HTTP/1.1 426 ", "Sec-WebSocket-Version: 13\r\n"},
    {"no key", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Protocol: mqtt\r\n\r\n", NULL, "HTTP/1.1 400 ", "Sec-WebSocket-Key"},
    {"a short key", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: c2hvcnQ=\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", NULL, "HTTP/1.1 400 ", "16 bytes"},
    {"a key that is no base64", "GET / HTTP/1.1\r\n" LINES "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!!!\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", NULL, "HTTP/1.1 400 ", "16 bytes"},
    {"two keys", REQUEST "Sec-WebSocket-Key: " KEY "\r\n\r\n", NULL, "HTTP/1.1 400 ", "one Sec-WebSocket-Key"},
    {"MQTT without WebSocket", "\x10\x0c\x01\x04MQTT\r\n\r\n", NULL, "HTTP/1.1 400 ", "method"},
    {"a folded line", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", NULL, "HTTP/1.1 400 ", "next line"},
    {"a good origin", REQUEST "Origin: https://a.example\r\n\r\n", "https://b.example\nhttps://A.example", "HTTP/1.1 101 ", PROOF},
    {"a bad origin", REQUEST "Origin: https://c.example\r\n\r\n", "https://b.example\nhttps://a.example", "HTTP/1.1 403 ", "websockets_origin"},
    {"a part of a good origin", REQUEST "Origin: https://a.exampl\r\n\r\n", "https://a.example", "HTTP/1.1 403 ", "websockets_origin"},
    {"no origin where some are named", REQUEST "\r\n", "https://a.example", "HTTP/1.1 403 ", "websockets_origin"},
    {"two origins", REQUEST "Origin: https://a.example\r\nOrigin: https://a.example\r\n\r\n", "https://a.example", "HTTP/1.1 403 ", "websockets_origin"},
    {"any origin", REQUEST "Origin: null\r\n\r\n", NULL, "HTTP/1.1 101 ", PROOF},
};
/* clang-format on */

static void handshakes_are_answered_as_the_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(handshakes); i++) {
        const struct handshake *row = &handshakes[i];
        bool is_good = strncmp(row->answer, "HTTP/1.1 101", 12) == 0;
        struct pair *pair = open_server(row->origins);
        uint8_t room[64];
        char answer[2048];
        size_t received;

        say(pair, row->request, strlen(row->request));
        check_row(row->name, receive(pair, room, sizeof room, &received) ==
                                 (is_good ? WAX_MORE : WAX_PROTOCOL_ERROR));
        (void)hear(pair, answer, sizeof answer);
        check_row(row->name, strncmp(answer, row->answer, strlen(row->answer)) == 0);
        check_row(row->name, strstr(answer, row->says) != NULL);
        check_row(row->name, wax_websocket_is_waiting(pair->top) == !is_good);
        check_row(row->name, (wax_transport_explain(pair->top)[0] == '\0') == is_good);
        check_row(row->name, is_good || strstr(answer, "Connection: close\r\n") != NULL);
        part(pair);
    }
}

static void a_handshake_may_come_byte_by_byte(void **state)
{
    const char request[] = REQUEST "\r\n";
    struct pair *pair = open_server(NULL);
    uint8_t room[8];
    char answer[512];
    size_t received;

    (void)state;
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_int_equal(receive(pair, room, sizeof room, &received), WAX_MORE);
        assert_int_equal(hear(pair, answer, sizeof answer), 0);
        say(pair, request + i, 1);
    }
    assert_int_equal(receive(pair, room, sizeof room, &received), WAX_MORE);
    assert_true(hear(pair, answer, sizeof answer) > 0);
    part(pair);
}

static void a_head_that_never_ends_is_refused(void **state)
{
    struct pair *pair = open_server(NULL);
    char head[WAX_HTTP_HEAD_MAX + 1];
    char answer[512];
    uint8_t room[8];
    size_t received;

    (void)state;
    memset(head, 'a', sizeof head);
    memcpy(head, "GET / HTTP/1.1\r\nA: ", 19);
    say(pair, head, sizeof head);
    assert_int_equal(receive(pair, room, sizeof room, &received), WAX_PROTOCOL_ERROR);
    (void)hear(pair, answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 431 "));
    assert_non_null(strstr(answer, "8192"));
    part(pair);
}

/* --- Frames at the server's end --- */

struct frames {
    const char *name;
    const char *bytes; /* behind the handshake; the mask is all zero */
    size_t size;
    const char *payload; /* that MQTT gets */
    wax_status status;   /* after it */
    const char *answer;  /* what the client gets */
    size_t answer_size;
};

#define MASK "\0\0\0\0"

/* clang-format off */
static const struct frames rows[] = {
    {"a message",                    BYTES("\x82\x85" MASK "hello"), "hello", WAX_MORE, BYTES("")},
    {"[MQTT-6.0.0-2] packets span frames and share them", BYTES("\x82\x83" MASK "hel" "\x82\x84" MASK "lowo" "\x82\x83" MASK "rld"), "helloworld", WAX_MORE, BYTES("")},
    {"a message in pieces",          BYTES("\x02\x82" MASK "he" "\x00\x81" MASK "l" "\x80\x82" MASK "lo"), "hello", WAX_MORE, BYTES("")},
    {"a ping between pieces",        BYTES("\x02\x82" MASK "he" "\x89\x83" MASK "abc" "\x80\x83" MASK "llo"), "hello", WAX_MORE, BYTES("\x8a\x03" "abc")},
    {"a pong nobody asked for",      BYTES("\x8a\x83" MASK "abc" "\x82\x85" MASK "hello"), "hello", WAX_MORE, BYTES("")},
    {"an empty message",             BYTES("\x82\x80" MASK "\x82\x85" MASK "hello"), "hello", WAX_MORE, BYTES("")},
    {"empty pieces",                 BYTES("\x02\x80" MASK "\x00\x80" MASK "\x80\x85" MASK "hello"), "hello", WAX_MORE, BYTES("")},
    {"masked in earnest",            BYTES("\x82\x82\x01\x02\x03\x04" "\x69\x6b"), "hi", WAX_MORE, BYTES("")},
    {"a size of two bytes",          BYTES("\x82\xfe\x00\x7f" MASK "\x01"), "\x01", WAX_MORE, BYTES("")},
    {"[MQTT-6.0.0-1] a text frame",  BYTES("\x82\x82" MASK "hi" "\x81\x81" MASK "x"), "hi", WAX_PROTOCOL_ERROR, BYTES("\x88\x31\x03\xeb" "MQTT needs binary frames, and a text frame came")},
    {"an unmasked frame",            BYTES("\x82\x01x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x25\x03\xea" "the client does not mask its frames")},
    {"a reserved bit",               BYTES("\xc2\x81" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x34\x03\xea" "a frame uses an extension that was not agreed upon")},
    {"an unknown opcode",            BYTES("\x83\x81" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x1f\x03\xea" "a frame has an unknown opcode")},
    {"an unknown control opcode",    BYTES("\x8b\x81" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x1f\x03\xea" "a frame has an unknown opcode")},
    {"a continuation of nothing",    BYTES("\x80\x81" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x30\x03\xea" "a frame continues a message that did not begin")},
    {"a message in a message",       BYTES("\x02\x81" MASK "x" "\x82\x81" MASK "y"), "x", WAX_PROTOCOL_ERROR, BYTES("\x88\x2c\x03\xea" "a message begins before the last one ended")},
    {"a ping in pieces",             BYTES("\x09\x81" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x21\x03\xea" "the peer sent a malformed frame")},
    {"a ping of 126 bytes",          BYTES("\x89\xfe\x00\x7e" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x21\x03\xea" "the peer sent a malformed frame")},
    {"a size in more bytes than needed", BYTES("\x82\xfe\x00\x05" MASK "hello"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x21\x03\xea" "the peer sent a malformed frame")},
    {"a size with the highest bit",  BYTES("\x82\xff\x80\0\0\0\0\0\0\0" MASK "x"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x21\x03\xea" "the peer sent a malformed frame")},
    {"good-bye",                     BYTES("\x88\x82" MASK "\x03\xe8"), "", WAX_CLOSED, BYTES("\x88\x02\x03\xe8")},
    {"good-bye without a word",      BYTES("\x82\x81" MASK "x" "\x88\x80" MASK), "x", WAX_CLOSED, BYTES("\x88\x00")},
    {"good-bye with words",          BYTES("\x88\x86" MASK "\x0f\xa0" "four"), "", WAX_CLOSED, BYTES("\x88\x02\x0f\xa0")},
    {"good-bye of one byte",         BYTES("\x88\x81" MASK "\x03"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x27\x03\xea" "the peer sent a malformed close frame")},
    {"good-bye with a forbidden code", BYTES("\x88\x82" MASK "\x03\xed"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x27\x03\xea" "the peer sent a malformed close frame")},
    {"good-bye with words that are no UTF-8", BYTES("\x88\x83" MASK "\x03\xe8\xff"), "", WAX_PROTOCOL_ERROR, BYTES("\x88\x27\x03\xea" "the peer sent a malformed close frame")},
};
/* clang-format on */

/* A server whose handshake is done; its answer is heard. */
static struct pair *open_frames(const char *behind, size_t size)
{
    struct pair *pair = open_server(NULL);
    char request[1024];
    char answer[512];
    uint8_t room[1];
    size_t received;

    memcpy(request, REQUEST "\r\n", sizeof(REQUEST "\r\n") - 1);
    if (size > 0) {
        memcpy(request + sizeof(REQUEST "\r\n") - 1, behind, size);
    }
    say(pair, request, sizeof(REQUEST "\r\n") - 1 + size);
    if (size == 0) {
        assert_int_equal(receive(pair, room, sizeof room, &received), WAX_MORE);
        assert_true(hear(pair, answer, sizeof answer) > 0);
    }
    return pair;
}

/* Reads in steps of `step` until nothing more comes. */
static wax_status gather(struct pair *pair, size_t step, char *payload, size_t size)
{
    size_t used = 0;
    size_t received;
    wax_status status = WAX_OK;

    while (status == WAX_OK) {
        assert_true(used + step < size);
        status = receive(pair, (uint8_t *)payload + used, step, &received);
        used += received;
    }
    payload[used] = '\0';
    return status;
}

static void check_frames(const struct frames *row, struct pair *pair, size_t step, size_t skipped)
{
    char payload[512];
    char answer[1024];
    size_t size;

    check_row(row->name, gather(pair, step, payload, sizeof payload) == row->status);
    check_row(row->name, strcmp(payload, row->payload) == 0);
    size = hear(pair, answer, sizeof answer);
    check_row(row->name, size == skipped + row->answer_size);
    check_row(row->name, memcmp(answer + skipped, row->answer, row->answer_size) == 0);
    if (row->status == WAX_PROTOCOL_ERROR) {
        /* From now on the peer is only waited for. */
        check_row(row->name, gather(pair, step, payload, sizeof payload) == WAX_MORE);
        check_row(row->name, payload[0] == '\0');
    }
    part(pair);
}

static void frames_are_taken_as_the_rows_say(void **state)
{
    static const size_t steps[] = {1, 2, 7, 64};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (size_t j = 0; j < WAX_COUNT(steps); j++) {
            struct pair *pair = open_frames("", 0);
            say(pair, rows[i].bytes, rows[i].size);
            check_frames(&rows[i], pair, steps[j], 0);
        }
    }
}

static void frames_may_follow_the_handshake_at_once(void **state)
{
    size_t answer_size = sizeof("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n"
                                "Sec-WebSocket-Accept: " PROOF "\r\n\r\n") -
                         1;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        check_frames(&rows[i], open_frames(rows[i].bytes, rows[i].size), 3, answer_size);
    }
}

static void a_flood_of_pings_is_refused(void **state)
{
    struct pair *pair = open_frames("", 0);
    uint8_t room[4096];
    size_t received;

    (void)state;
    for (int i = 0; i < 300; i++) {
        say(pair, BYTES("\x89\x80" MASK));
    }
    assert_int_equal(receive(pair, room, sizeof room, &received), WAX_PROTOCOL_ERROR);
    assert_non_null(strstr(wax_transport_explain(pair->top), "nothing but control frames"));
    part(pair);
}

static void one_frame_is_sent_for_each_call(void **state)
{
    struct pair *pair = open_frames("", 0);
    uint8_t *bytes = calloc(1, 100000);
    char *heard = malloc(100000);
    size_t sent;

    (void)state;
    assert_non_null(bytes);
    assert_non_null(heard);
    assert_int_equal(wax_transport_send(pair->top, wax_bytes_of("hello", 5), &sent), WAX_OK);
    assert_int_equal(sent, 5);
    assert_int_equal(hear(pair, heard, 100), 7);
    assert_memory_equal(heard, "\x82\x05hello", 7);
    assert_int_equal(wax_transport_send(pair->top, wax_bytes_of(bytes, 100000), &sent), WAX_OK);
    assert_int_equal(sent, WAX_WEBSOCKET_FRAME_MAX);
    assert_int_equal(hear(pair, heard, 100000), 10 + WAX_WEBSOCKET_FRAME_MAX);
    assert_memory_equal(heard, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
    free(bytes);
    free(heard);
    part(pair);
}

static void closing_says_so_and_ends_sending(void **state)
{
    struct pair *pair = open_frames("", 0);
    char heard[64];
    size_t sent;

    (void)state;
    assert_int_equal(wax_transport_close(pair->top), WAX_OK);
    assert_int_equal(hear(pair, heard, sizeof heard), 4);
    assert_memory_equal(heard, "\x88\x02\x03\xe8", 4);
    assert_int_equal(wax_transport_send(pair->top, wax_bytes_of("x", 1), &sent), WAX_CLOSED);
    part(pair);
}

/* --- The client's end --- */

struct answer {
    const char *name;
    const char *first;  /* what the server says before the proof */
    const char *second; /* and behind it */
    wax_status status;
    const char *says;
};

#define AGREED "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n"

/* clang-format off */
static const struct answer answers[] = {
    {"all is well",        AGREED "Sec-WebSocket-Accept: ", "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", WAX_MORE, ""},
    {"a wrong proof",      AGREED "Sec-WebSocket-Accept: x", "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", WAX_PROTOCOL_ERROR, "does not belong to our request"},
    {"no subprotocol",     AGREED "Sec-WebSocket-Accept: ", "\r\n\r\n", WAX_PROTOCOL_ERROR, "subprotocol mqtt"},
    {"an extension",       AGREED "Sec-WebSocket-Accept: ", "\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Extensions: x\r\n\r\n", WAX_PROTOCOL_ERROR, "extension"},
    {"no upgrade",         "HTTP/1.1 101 a\r\nSec-WebSocket-Accept: ", "\r\n\r\n", WAX_PROTOCOL_ERROR, "switch to WebSocket"},
    {"a page",             "HTTP/1.1 200 OK\r\nA: ", "\r\n\r\n", WAX_PROTOCOL_ERROR, "did not agree"},
    {"no such path",       "HTTP/1.1 404 No\r\nA: ", "\r\n\r\n", WAX_PROTOCOL_ERROR, "/mqtt"},
    {"a redirection",      "HTTP/1.1 302 No\r\nA: ", "\r\n\r\n", WAX_PROTOCOL_ERROR, "redirection"},
    {"MQTT",               "\x20\x02", "\r\n\r\n", WAX_PROTOCOL_ERROR, "does not speak HTTP"},
    {"not all of it yet",  AGREED "Sec-WebSocket-Accept: ", "\r\n", WAX_MORE, ""},
};
/* clang-format on */

static wax_transport *connect_client(struct pair *pair)
{
    pair->top = wax_websocket_connect(&pair->ends[0].transport, "broker.example:8080", "/mqtt?a=b");
    return pair->top;
}

/* The proof for the key of a request, which a server of ours computes. */
static void prove(const char *request, char *proof)
{
    struct pair *pair = open_server(NULL);
    uint8_t room[8];
    char answer[512];
    size_t received;
    const char *at;

    say(pair, request, strlen(request));
    assert_int_equal(receive(pair, room, sizeof room, &received), WAX_MORE);
    (void)hear(pair, answer, sizeof answer);
    at = strstr(answer, "Sec-WebSocket-Accept: ");
    assert_non_null(at);
    memcpy(proof, at + 22, 28);
    proof[28] = '\0';
    part(pair);
}

static void answers_are_judged_as_the_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(answers); i++) {
        struct pair *pair = open_loopback(4096);
        char request[1024];
        char proof[32];
        uint8_t room[16];
        size_t received;

        assert_non_null(connect_client(pair));
        assert_int_equal(receive(pair, room, sizeof room, &received), WAX_MORE);
        (void)hear(pair, request, sizeof request);
        check_row("the request",
                  strstr(request, "GET /mqtt?a=b HTTP/1.1\r\nHost: broker.example:8080\r\n") ==
                      request);
        check_row("[MQTT-6.0.0-3]",
                  strstr(request, "\r\nSec-WebSocket-Protocol: mqtt\r\n") != NULL);
        prove(request, proof);
        say(pair, answers[i].first, strlen(answers[i].first));
        say(pair, proof, strlen(proof));
        say(pair, answers[i].second, strlen(answers[i].second));
        check_row(answers[i].name,
                  receive(pair, room, sizeof room, &received) == answers[i].status);
        check_row(answers[i].name,
                  strstr(wax_transport_explain(pair->top), answers[i].says) != NULL);
        part(pair);
    }
}

static void a_client_needs_a_host_and_a_path(void **state)
{
    struct pair *pair = open_loopback(4096);
    wax_transport *below = &pair->ends[0].transport;
    char *path = calloc(1, 4096);

    (void)state;
    assert_non_null(path);
    memset(path, '/', 4000);
    assert_null(wax_websocket_connect(below, "", "/"));
    assert_null(wax_websocket_connect(below, "a", "mqtt"));
    assert_null(wax_websocket_connect(below, "a\r\nB: c", "/"));
    assert_null(wax_websocket_connect(below, "a", "/ HTTP/1.1"));
    assert_null(wax_websocket_connect(below, "a", path));
    free(path);
    free(pair);
}

/* --- Both ends --- */

/* Sends `size` bytes one way, however small the room in between. */
static void carry(wax_transport *from, wax_transport *to, size_t size)
{
    uint8_t *sent_bytes = malloc(size);
    uint8_t *got = malloc(size + 1);
    size_t out = 0;
    size_t in = 0;

    assert_non_null(sent_bytes);
    assert_non_null(got);
    for (size_t i = 0; i < size; i++) {
        sent_bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (size_t turn = 0; in < size && turn < 4000000; turn++) {
        size_t count = 0;
        if (out < size) {
            wax_status status =
                wax_transport_send(from, wax_bytes_of(sent_bytes + out, size - out), &count);
            assert_true(status == WAX_OK || status == WAX_MORE);
            out += count;
        }
        wax_status status = wax_transport_receive(to, got + in, size + 1 - in, &count);
        assert_true(status == WAX_OK || status == WAX_MORE);
        in += count;
        /* Who waits to send is also asked for what came, as by a loop. */
        assert_int_equal(wax_transport_receive(from, got + size, 1, &count), WAX_MORE);
    }
    assert_int_equal(in, size);
    assert_memory_equal(sent_bytes, got, size);
    free(sent_bytes);
    free(got);
}

static void both_ends_understand_each_other(void **state)
{
    static const size_t inbox_sizes[] = {1, 13, 1000, 65536};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(inbox_sizes); i++) {
        struct pair *pair = open_loopback(inbox_sizes[i]);
        wax_transport *server = wax_websocket_accept(&pair->ends[1].transport, NULL);
        wax_transport *client = connect_client(pair);

        assert_non_null(server);
        assert_non_null(client);
        carry(client, server, 5);
        carry(server, client, 5);
        carry(client, server, inbox_sizes[i] < 100 ? 3000 : 300000);
        carry(server, client, inbox_sizes[i] < 100 ? 3000 : 300000);
        wax_transport_release(server);
        part(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_are_answered_as_the_rows_say),
        cmocka_unit_test(a_handshake_may_come_byte_by_byte),
        cmocka_unit_test(a_head_that_never_ends_is_refused),
        cmocka_unit_test(frames_are_taken_as_the_rows_say),
        cmocka_unit_test(frames_may_follow_the_handshake_at_once),
        cmocka_unit_test(a_flood_of_pings_is_refused),
        cmocka_unit_test(one_frame_is_sent_for_each_call),
        cmocka_unit_test(closing_says_so_and_ends_sending),
        cmocka_unit_test(answers_are_judged_as_the_rows_say),
        cmocka_unit_test(a_client_needs_a_host_and_a_path),
        cmocka_unit_test(both_ends_understand_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
