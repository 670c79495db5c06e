/* The handshake of WebSocket: two heads of HTTP. [RFC 6455, 4] */
#ifndef WAX_WEB_HANDSHAKE_H
#define WAX_WEB_HANDSHAKE_H

#include "web/web.h"

enum {
    HANDSHAKE_KEY_SIZE = 24,    /* 16 bytes in base64 */
    HANDSHAKE_PROOF_SIZE = 28,  /* a SHA-1 in base64 */
    HANDSHAKE_ANSWER_MAX = 1024 /* what a server says, whatever it is */
};

/* Writes the answer to what a client sent: `status` is what reading its head came to. Returns NULL
 * when the handshake is done, or in words why it is refused. */
const char *handshake_answer(wax_writer *out, const wax_http_head *head, wax_status status,
                             const char *origins);

/* Writes a client's request. `key` has HANDSHAKE_KEY_SIZE bytes. */
void handshake_ask(wax_writer *out, const char *host, const char *path, wax_bytes key);

/* Judges a server's answer. Returns NULL when the handshake is done, or in words why not. */
const char *handshake_judge(const wax_http_head *head, wax_bytes key);

#endif
