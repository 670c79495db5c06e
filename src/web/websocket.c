/* WebSocket as a filter, for both ends. */
#include "web/frame_rules.h"
#include "web/frames.h"
#include "web/handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"

enum {
    HEAD_FIRST = 1024,  /* room a head begins with */
    REQUEST_MAX = 2048, /* host and path of a client's request */
    REQUEST_ROOM = 512, /* and what stands around them */
    QUIET_MAX = 256,    /* frames without a byte for MQTT that are taken in a row */
    DRAIN_MAX = 16,     /* reads in a row from a peer that is not listened to any more */
    PROBLEM_SIZE = 192,
};

struct websocket {
    wax_transport transport;
    struct frames frames;
    uint8_t *head; /* while the handshake lasts; then what came behind it */
    size_t head_size;
    size_t head_used;
    size_t head_start;
    uint8_t *out; /* frames on their way out */
    size_t out_size;
    size_t out_used;
    size_t out_sent;
    size_t framed;  /* bytes of the caller's that `out` has in a frame */
    char *words;    /* the server's origins; the client's request */
    uint16_t ended; /* a wax_status: what receive() says; WAX_OK: go on */
    bool is_server;
    bool is_open;    /* the handshake is done */
    bool has_asked;  /* the client's request is in `out` */
    bool has_closed; /* our close frame is on its way; nothing follows it */
    bool is_told;    /* receive() has said why it ended */
    bool has_pong;   /* one is in `out` already */
    bool in_message; /* frames that continue a message may come */
    uint8_t key[HANDSHAKE_KEY_SIZE];
    uint8_t control[CONTROL_MAX];
    size_t control_used;
    char problem[PROBLEM_SIZE];
};

static struct websocket *self_of(wax_transport *self)
{
    return (struct websocket *)(void *)self;
}

/* --- Output --- */

static void drop_output(struct websocket *self)
{
    free(self->out);
    self->out = NULL;
    self->out_size = self->out_used = self->out_sent = 0;
    self->has_pong = false;
}

/* Room for `size` more bytes of output. */
static bool reserve(struct websocket *self, size_t size)
{
    uint8_t *out;

    if (self->out_size - self->out_used >= size) {
        return true;
    }
    out = realloc(self->out, self->out_used + size);
    if (out == NULL) {
        return false;
    }
    self->out = out;
    self->out_size = self->out_used + size;
    return true;
}

static wax_writer begin(const struct websocket *self)
{
    wax_writer out = wax_writer_over(self->out, self->out_size);

    out.used = self->out_used;
    return out;
}

static wax_status put_frame(struct websocket *self, enum opcode opcode, wax_bytes payload)
{
    wax_status status = WAX_IO;
    wax_writer out;

    if (reserve(self, payload.size + FRAME_HEAD_MAX)) {
        out = begin(self);
        status = frames_put(&self->frames, &out, opcode, payload, !self->is_server);
        self->out_used = status == WAX_OK ? out.used : self->out_used;
    }
    return status;
}

/* Sends what waits. */
static wax_status flush(struct websocket *self)
{
    wax_transport *below = self->transport.below;
    wax_status status = WAX_OK;

    while (status == WAX_OK && self->out_sent < self->out_used) {
        wax_bytes rest = {self->out + self->out_sent, self->out_used - self->out_sent};
        size_t sent;
        status = wax_transport_send(below, rest, &sent);
        self->out_sent += sent;
    }
    if (status == WAX_OK) {
        drop_output(self);
    }
    self->transport.waits = below->waits;
    return status;
}

static void say_close(struct websocket *self, uint16_t code, const char *words)
{
    uint8_t payload[CONTROL_MAX];
    size_t size = strlen(words);
    wax_writer out = wax_writer_over(payload, sizeof payload);

    if (self->has_closed || !self->is_open) {
        return;
    }
    if (code != CLOSE_NOT_SAID) {
        wax_write_u16(&out, code);
        wax_write_bytes(&out, wax_bytes_of(words, size < CONTROL_MAX - 2 ? size : CONTROL_MAX - 2));
    }
    (void)!put_frame(self, OPCODE_CLOSE, wax_writer_bytes(&out));
    self->has_closed = true;
}

/* --- Ends --- */

static wax_status end(struct websocket *self, wax_status status)
{
    self->ended = (uint16_t)status;
    return status;
}

/* The peer broke a rule: it is told, and so is the caller. */
static wax_status refuse(struct websocket *self, uint16_t code, const char *words)
{
    (void)snprintf(self->problem, sizeof self->problem, "%s", words);
    say_close(self, code, words);
    (void)!flush(self);
    return end(self, WAX_PROTOCOL_ERROR);
}

/* The peer's close frame is whole. */
static wax_status on_close(struct websocket *self)
{
    wax_reader in = wax_reader_over(wax_bytes_of(self->control, self->control_used));
    uint16_t code = self->control_used == 0 ? CLOSE_NOT_SAID : wax_read_u16(&in);
    wax_bytes words = wax_reader_rest(&in);

    if (in.status != WAX_OK || (self->control_used > 0 && !frame_code_is_good(code)) ||
        !wax_utf8_is_valid(words)) {
        return refuse(self, CLOSE_PROTOCOL_ERROR, "the peer sent a malformed close frame");
    }
    if (code != CLOSE_NORMAL && code != CLOSE_GOING_AWAY && code != CLOSE_NOT_SAID) {
        (void)snprintf(self->problem, sizeof self->problem,
                       "the peer closed the WebSocket with code %u%s%.*s", code,
                       words.size > 0 ? ": " : "", (int)words.size, (const char *)words.data);
    }
    say_close(self, code, "");
    (void)!flush(self);
    return end(self, WAX_CLOSED);
}

/* --- Frames --- */

/* A control frame is whole. Of many pings only the last needs an answer. [RFC 6455, 5.5.3] */
static wax_status on_control(struct websocket *self, uint8_t opcode)
{
    if (opcode == OPCODE_CLOSE) {
        return on_close(self);
    }
    if (opcode == OPCODE_PING && !self->has_closed && !self->has_pong) {
        wax_bytes payload = {self->control, self->control_used};
        if (put_frame(self, OPCODE_PONG, payload) != WAX_OK) {
            return end(self, WAX_IO);
        }
        self->has_pong = true;
        (void)!flush(self);
    }
    return WAX_OK;
}

static wax_status on_control_piece(struct websocket *self, const struct piece *piece)
{
    if (piece->starts) {
        self->control_used = 0;
    }
    if (piece->data.size > 0) {
        memcpy(self->control + self->control_used, piece->data.data, piece->data.size);
        self->control_used += piece->data.size;
    }
    return piece->ends ? on_control(self, piece->opcode) : WAX_OK;
}

/* Takes the frames in `raw` apart; the bytes for MQTT go to the front of the room that `raw` is in,
 * which they cannot outgrow: they were in it. */
static wax_status decode(struct websocket *self, uint8_t *room, wax_bytes raw, size_t *received,
                         size_t *quiet_count)
{
    struct piece piece;
    struct frame_fault fault;
    wax_status status = frames_take(&self->frames, &raw, &piece);

    while (status == WAX_OK) {
        if (piece.starts && !frame_judge(&piece, self->is_server, self->in_message, &fault)) {
            return refuse(self, fault.code, fault.words);
        }
        if (piece.opcode >= OPCODE_CLOSE) {
            status = on_control_piece(self, &piece);
        } else if (piece.data.size > 0) {
            memcpy(room + *received, piece.data.data, piece.data.size);
            *received += piece.data.size;
        }
        if (piece.opcode < OPCODE_CLOSE && piece.ends) {
            self->in_message = !piece.is_final;
        }
        if (piece.ends && ++*quiet_count > QUIET_MAX && *received == 0) {
            return refuse(self, CLOSE_POLICY, "the peer sends nothing but control frames");
        }
        status = status == WAX_OK ? frames_take(&self->frames, &raw, &piece) : status;
    }
    if (status == WAX_PROTOCOL_ERROR && self->ended == WAX_OK) {
        return refuse(self, CLOSE_PROTOCOL_ERROR, "the peer sent a malformed frame");
    }
    return status == WAX_MORE || self->ended != WAX_OK ? status : end(self, status);
}

/* --- The handshake --- */

static bool grow_head(struct websocket *self)
{
    size_t size = self->head_size == 0 ? HEAD_FIRST : self->head_size * 2;
    uint8_t *head;

    if (self->head_used < self->head_size || size > WAX_HTTP_HEAD_MAX) {
        return true;
    }
    head = realloc(self->head, size);
    if (head == NULL) {
        return false;
    }
    self->head = head;
    self->head_size = size;
    return true;
}

static void drop_head(struct websocket *self)
{
    free(self->head);
    free(self->words);
    self->head = NULL;
    self->words = NULL;
    self->head_size = self->head_used = self->head_start = 0;
}

/* What came behind the head belongs to the frames. */
static void open_frames(struct websocket *self, size_t head_size)
{
    self->is_open = true;
    self->head_start = head_size;
    free(self->words);
    self->words = NULL;
    if (self->head_start == self->head_used) {
        drop_head(self);
    }
}

static wax_status answer(struct websocket *self, const wax_http_head *head, wax_status status)
{
    const char *words;
    wax_writer out;

    if (!reserve(self, HANDSHAKE_ANSWER_MAX)) {
        return end(self, WAX_IO);
    }
    out = begin(self);
    words = handshake_answer(&out, head, status, self->words);
    self->out_used = out.used;
    if (words != NULL) {
        return refuse(self, CLOSE_POLICY, words);
    }
    open_frames(self, head->size);
    (void)!flush(self);
    return WAX_OK;
}

static wax_status judge_answer(struct websocket *self, const wax_http_head *head, wax_status status)
{
    const char *words =
        status == WAX_OK ? handshake_judge(head, wax_bytes_of(self->key, sizeof self->key))
                         : "the server does not speak HTTP here; is this its port for WebSocket?";

    if (words != NULL) {
        return refuse(self, CLOSE_POLICY, words);
    }
    open_frames(self, head->size);
    return WAX_OK;
}

/* Reads the other end's head on. WAX_OK: the handshake is done. */
static wax_status read_head(struct websocket *self)
{
    wax_transport *below = self->transport.below;
    wax_status status = WAX_MORE;

    while (status == WAX_MORE) {
        wax_http_head head;
        wax_bytes bytes;
        size_t received;

        if (!grow_head(self)) {
            return end(self, WAX_IO);
        }
        status = wax_transport_receive(below, self->head + self->head_used,
                                       self->head_size - self->head_used, &received);
        if (status != WAX_OK) {
            self->transport.waits = below->waits;
            return status == WAX_MORE ? WAX_MORE : end(self, status);
        }
        self->head_used += received;
        bytes = wax_bytes_of(self->head, self->head_used);
        status = self->is_server ? wax_http_read_request(&head, bytes)
                                 : wax_http_read_response(&head, bytes);
        if (status != WAX_MORE) {
            return self->is_server ? answer(self, &head, status)
                                   : judge_answer(self, &head, status);
        }
    }
    return status;
}

static wax_status shake(struct websocket *self)
{
    wax_status status = WAX_OK;

    if (!self->is_server && !self->has_asked) {
        size_t size = strlen(self->words);
        if (!reserve(self, size)) {
            return end(self, WAX_IO);
        }
        memcpy(self->out, self->words, size);
        self->out_used = size;
        self->has_asked = true;
    }
    if (!self->is_server) {
        status = flush(self);
    }
    return status == WAX_OK ? read_head(self) : status;
}

/* --- The filter --- */

/* Fills the room with bytes of frames: those behind the head first. */
static wax_status take_raw(struct websocket *self, uint8_t *room, size_t size, size_t *taken)
{
    wax_transport *below = self->transport.below;
    size_t left = self->head_used - self->head_start;
    bool is_waiting = self->out_sent < self->out_used;
    wax_status status;

    if (left > 0) {
        *taken = left < size ? left : size;
        memcpy(room, self->head + self->head_start, *taken);
        self->head_start += *taken;
        if (self->head_start == self->head_used) {
            drop_head(self);
        }
        return WAX_OK;
    }
    status = wax_transport_receive(below, room, size, taken);
    self->transport.waits = below->waits;
    if (is_waiting) {
        self->transport.waits |= WAX_WAITS_TO_WRITE;
    }
    return status;
}

/* Who is not listened to any more is only waited for. */
static wax_status drain(struct websocket *self, uint8_t *room, size_t size)
{
    wax_status status = WAX_OK;
    size_t received;

    (void)!flush(self);
    for (int i = 0; i < DRAIN_MAX && status == WAX_OK; i++) {
        status = wax_transport_receive(self->transport.below, room, size, &received);
    }
    self->transport.waits = self->transport.below->waits;
    return status == WAX_OK ? WAX_MORE : status;
}

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    struct websocket *self = self_of(transport);
    wax_status status = WAX_OK;
    size_t quiet_count = 0;

    if (self->ended == WAX_PROTOCOL_ERROR && self->is_told) {
        return drain(self, room, size);
    }
    if (!self->is_open && self->ended == WAX_OK) {
        status = shake(self);
    } else if (self->out_sent < self->out_used) {
        (void)!flush(self); /* a failure shows below as well */
    }
    while (*received == 0 && status == WAX_OK && self->ended == WAX_OK) {
        size_t taken = 0;
        status = take_raw(self, room, size, &taken);
        if (status == WAX_OK) {
            status = decode(self, room, wax_bytes_of(room, taken), received, &quiet_count);
            status = status == WAX_MORE ? WAX_OK : status;
        } else if (status != WAX_MORE) {
            (void)end(self, status);
        }
    }
    if (*received > 0) {
        return WAX_OK;
    }
    self->is_told = self->ended != WAX_OK;
    return self->ended != WAX_OK ? (wax_status)self->ended : status;
}

static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    struct websocket *self = self_of(transport);
    size_t size = bytes.size < WAX_WEBSOCKET_FRAME_MAX ? bytes.size : WAX_WEBSOCKET_FRAME_MAX;
    wax_status status = WAX_OK;

    wax_assert(bytes.size > 0);
    if (self->has_closed || self->ended != WAX_OK) {
        return self->ended == WAX_OK ? WAX_CLOSED : (wax_status)self->ended;
    }
    if (!self->is_open) {
        status = shake(self);
    }
    status = status == WAX_OK ? flush(self) : status;
    if (status == WAX_OK && self->framed == 0) {
        status = put_frame(self, OPCODE_BINARY, wax_bytes_of(bytes.data, size));
        self->framed = status == WAX_OK ? size : 0;
        status = status == WAX_OK ? flush(self) : status;
    }
    if (status == WAX_OK) {
        *sent = self->framed;
        self->framed = 0;
    }
    return status;
}

static wax_status close(wax_transport *transport)
{
    struct websocket *self = self_of(transport);
    wax_status status;

    if (self->ended == WAX_OK) {
        say_close(self, CLOSE_NORMAL, "");
    }
    if (flush(self) == WAX_MORE) {
        return WAX_MORE;
    }
    status = wax_transport_close(transport->below);
    transport->waits = transport->below->waits;
    return status;
}

static void dissolve(struct websocket *self)
{
    drop_head(self);
    drop_output(self);
    frames_free(&self->frames);
    free(self);
}

static void release(wax_transport *transport)
{
    wax_transport *below = transport->below;

    dissolve(self_of(transport));
    wax_transport_release(below);
}

static const char *explain(wax_transport *transport)
{
    const struct websocket *self = self_of(transport);

    return self->problem[0] != '\0' ? self->problem : wax_transport_explain(transport->below);
}

static const wax_transport_kind kind = {"WebSocket", receive, send, close, release, explain};

bool wax_websocket_is_waiting(const wax_transport *transport)
{
    return transport->kind == &kind &&
           !((const struct websocket *)(const void *)transport)->is_open;
}

static struct websocket *create(wax_transport *below, const char *words, bool is_server)
{
    struct websocket *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return NULL;
    }
    self->transport = (wax_transport){.kind = &kind, .below = below, .waits = WAX_WAITS_TO_READ};
    self->is_server = is_server;
    self->words = words == NULL ? NULL : strdup(words);
    if (words != NULL && self->words == NULL) {
        dissolve(self);
        return NULL;
    }
    return self;
}

wax_transport *wax_websocket_accept(wax_transport *below, const char *origins)
{
    struct websocket *self = create(below, origins, true);

    return self == NULL ? NULL : &self->transport;
}

static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool make_key(uint8_t key[static HANDSHAKE_KEY_SIZE])
{
    uint8_t random[16];
    wax_writer out = wax_writer_over(key, HANDSHAKE_KEY_SIZE);

    if (wax_random(random, sizeof random) != WAX_OK) {
        return false;
    }
    wax_crypto_base64_write(&out, wax_bytes_of(random, sizeof random), WAX_BASE64_PADDED);
    return out.status == WAX_OK;
}

wax_transport *wax_websocket_connect(wax_transport *below, const char *host, const char *path)
{
    char request[REQUEST_MAX + REQUEST_ROOM];
    wax_writer out = wax_writer_over(request, sizeof request - 1);
    uint8_t key[HANDSHAKE_KEY_SIZE];
    struct websocket *self;

    if (host[0] == '\0' || path[0] != '/' || !is_plain(host) || !is_plain(path) ||
        strlen(host) + strlen(path) > REQUEST_MAX || !make_key(key)) {
        return NULL;
    }
    handshake_ask(&out, host, path, wax_bytes_of(key, sizeof key));
    wax_assert(out.status == WAX_OK);
    request[out.used] = '\0';
    self = create(below, request, false);
    if (self == NULL) {
        return NULL;
    }
    memcpy(self->key, key, sizeof key);
    return &self->transport;
}
