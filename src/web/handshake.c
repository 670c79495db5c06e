/* The handshake of WebSocket, both ends. Every rule is a row with the words for who breaks it. */
#include "web/handshake.h"

#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"

/* The older subprotocol is what the first browser clients knew. [MQTT 5.0, 6] */
static const char *const protocols[] = {"mqtt", "mqttv3.1"};

static bool write_proof(wax_writer *out, wax_bytes key)
{
    wax_bytes parts[] = {key, WAX_TEXT("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")};
    uint8_t digest[WAX_SHA1_SIZE];

    if (wax_crypto_sha1(parts, WAX_COUNT(parts), digest) != WAX_OK) {
        return false;
    }
    wax_crypto_base64_write(out, wax_bytes_of(digest, sizeof digest), WAX_BASE64_PADDED);
    return out->status == WAX_OK;
}

static bool is_key(const wax_http_header *header)
{
    uint8_t bytes[16];
    wax_writer out = wax_writer_over(bytes, sizeof bytes);

    return header != NULL && header->value.size == HANDSHAKE_KEY_SIZE &&
           wax_crypto_base64_read(&out, header->value, WAX_BASE64_PADDED) == WAX_OK &&
           out.used == sizeof bytes;
}

static bool is_version_13(const wax_http_head *head)
{
    const wax_http_header *version = wax_http_header_of(head, "Sec-WebSocket-Version");

    return version != NULL && wax_bytes_equal(version->value, WAX_TEXT("13"));
}

/* The subprotocol that both know; NULL if there is none. */
static const char *choose_protocol(const wax_http_head *head)
{
    for (size_t i = 0; i < WAX_COUNT(protocols); i++) {
        if (wax_http_has_token(head, "Sec-WebSocket-Protocol", protocols[i], false)) {
            return protocols[i]; /* [MQTT-6.0.0-4] */
        }
    }
    return NULL;
}

static bool is_origin_good(const wax_http_head *head, const char *origins)
{
    const wax_http_header *origin = wax_http_header_of(head, "Origin");
    const char *at = origins;

    while (origin != NULL && at != NULL && *at != '\0') {
        size_t size = strcspn(at, "\n");
        if (wax_http_texts_equal(origin->value, wax_bytes_of(at, size))) {
            return true;
        }
        at += size + (at[size] == '\n');
    }
    return origins == NULL;
}

static bool is_upgrade(const wax_http_head *head)
{
    return wax_http_has_token(head, "Upgrade", "websocket", true) &&
           wax_http_has_token(head, "Connection", "upgrade", true);
}

/* A rule of the server's. */
struct rule {
    bool is_broken;
    uint16_t code;
    const char *extra;
    const char *words;
};

#define PLEASE_UPGRADE                                                                             \
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n"

static void refuse(wax_writer *out, const struct rule *rule)
{
    char body[HANDSHAKE_ANSWER_MAX / 2];

    (void)snprintf(body, sizeof body, "%s.\n", rule->words);
    wax_http_write_answer(out, &(wax_http_answer){.code = rule->code,
                                                  .extra = rule->extra,
                                                  .body = wax_bytes_of_text(body)});
}

static const char *agree(wax_writer *out, const wax_http_head *head)
{
    wax_write_bytes(out, WAX_TEXT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                  "Connection: Upgrade\r\nSec-WebSocket-Protocol: "));
    wax_write_bytes(out, wax_bytes_of_text(choose_protocol(head)));
    wax_write_bytes(out, WAX_TEXT("\r\nSec-WebSocket-Accept: "));
    if (!write_proof(out, wax_http_header_of(head, "Sec-WebSocket-Key")->value)) {
        return "the machine cannot compute SHA-1";
    }
    wax_write_bytes(out, WAX_TEXT("\r\n\r\n"));
    return NULL;
}

const char *handshake_answer(wax_writer *out, const wax_http_head *head, wax_status status,
                             const char *origins)
{
    bool is_read = status == WAX_OK;
    bool is_get = is_read && strcmp(head->method, "GET") == 0;

    /* clang-format off */
    const struct rule rules[] = {
        {status == WAX_TOO_LARGE, 431, NULL, head->fault},
        {!is_read, 400, NULL, head->fault},
        {!is_get, 405, "Allow: GET\r\n", "this is an MQTT broker: a WebSocket begins with GET"},
        {!is_upgrade(head), 426, "Connection: Upgrade\r\n" PLEASE_UPGRADE, "this is an MQTT broker: it speaks WebSocket here, so ask for `Upgrade: websocket`"},
        {head->version < 0x0101, 505, NULL, "WebSocket needs HTTP/1.1"},
        {wax_http_header_of(head, "Host") == NULL, 400, NULL, "the request needs one Host header"},
        {head->has_body, 400, NULL, "the request of a WebSocket has no body"},
        {!is_version_13(head), 426, PLEASE_UPGRADE, "this broker speaks version 13 of WebSocket (RFC 6455) only"},
        {!is_key(wax_http_header_of(head, "Sec-WebSocket-Key")), 400, NULL, "the request needs one Sec-WebSocket-Key of 16 bytes in base64"},
        {choose_protocol(head) == NULL, 400, NULL, "MQTT over WebSocket needs the subprotocol mqtt: send `Sec-WebSocket-Protocol: mqtt`"},
        {!is_origin_good(head, origins), 403, NULL, "pages of this origin may not connect; the broker's option websockets_origin names those that may"},
    };
    /* clang-format on */
    for (size_t i = 0; i < WAX_COUNT(rules); i++) {
        if (rules[i].is_broken) {
            refuse(out, &rules[i]);
            return rules[i].words;
        }
    }
    return agree(out, head);
}

void handshake_ask(wax_writer *out, const char *host, const char *path, wax_bytes key)
{
    const wax_bytes parts[] = {
        WAX_TEXT("GET "),
        wax_bytes_of_text(path),
        WAX_TEXT(" HTTP/1.1\r\nHost: "),
        wax_bytes_of_text(host),
        WAX_TEXT("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Key: "), /* [MQTT-6.0.0-3] */
        key,
        WAX_TEXT("\r\n\r\n"),
    };

    for (size_t i = 0; i < WAX_COUNT(parts); i++) {
        wax_write_bytes(out, parts[i]);
    }
}

static bool is_proof_good(const wax_http_head *head, wax_bytes key)
{
    const wax_http_header *proof = wax_http_header_of(head, "Sec-WebSocket-Accept");
    uint8_t expected[HANDSHAKE_PROOF_SIZE];
    wax_writer out = wax_writer_over(expected, sizeof expected);

    return proof != NULL && write_proof(&out, key) &&
           wax_bytes_equal(proof->value, wax_writer_bytes(&out));
}

static bool is_protocol_good(const wax_http_head *head)
{
    const wax_http_header *protocol = wax_http_header_of(head, "Sec-WebSocket-Protocol");

    return protocol != NULL && wax_bytes_equal(protocol->value, WAX_TEXT("mqtt"));
}

/* A row of what may be wrong with a server. */
struct doubt {
    bool holds;
    const char *words;
};

const char *handshake_judge(const wax_http_head *head, wax_bytes key)
{
    /* clang-format off */
    const struct doubt doubts[] = {
        {head->code == 403, "the server refused the WebSocket (403): it does not take this origin or host"},
        {head->code == 404, "the server knows no WebSocket on this path (404); brokers often have it on / or /mqtt"},
        {head->code == 401 || head->code == 407, "the server wants a login for HTTP, which MQTT does not give (401)"},
        {head->code >= 300 && head->code < 400, "the server answered with a redirection, which WebSocket does not follow"},
        {head->code != 101, "the server did not agree to WebSocket; is this its port for WebSocket?"},
        {!is_upgrade(head), "the server's answer does not switch to WebSocket"},
        {!is_proof_good(head, key), "the server's answer does not belong to our request: a proxy or cache may be in between"},
        {!is_protocol_good(head), "the server did not choose the subprotocol mqtt; is it an MQTT broker?"},
        {wax_http_header_count(head, "Sec-WebSocket-Extensions") > 0, "the server uses a WebSocket extension that we did not ask for"},
    };
    /* clang-format on */
    for (size_t i = 0; i < WAX_COUNT(doubts); i++) {
        if (doubts[i].holds) {
            return doubts[i].words;
        }
    }
    return NULL;
}
