/* web: what stands between a socket and MQTT on the web. HTTP/1.1 heads, WebSocket as a filter for
 * both ends, and the header that a proxy writes in front of a connection it passes on. */
#ifndef WAX_WEB_H
#define WAX_WEB_H

#include "base/base.h"
#include "transport/transport.h"

/* --- HTTP: the heads of requests and of responses --- */

enum {
    WAX_HTTP_HEAD_MAX = 8192,   /* a head with its empty line */
    WAX_HTTP_HEADER_MAX = 64,   /* header lines */
    WAX_HTTP_ANSWER_ROOM = 512, /* what wax_http_write_answer() needs beside the body */
};

typedef struct wax_http_header {
    wax_bytes name;
    wax_bytes value; /* without blanks around it */
} wax_http_header;

/* A head as it stands in the bytes it was read from, which it views. */
typedef struct wax_http_head {
    const char *method; /* "GET"; constant; requests only */
    wax_bytes target;   /* "/metrics?x=1": printable ASCII; requests only */
    wax_bytes path;     /* the target up to its question mark */
    uint16_t code;      /* 101; responses only */
    uint16_t version;   /* 0x0101 for HTTP/1.1 */
    bool keeps_alive;   /* the sender would like the connection to stay */
    bool has_body;      /* bytes follow that belong to it */
    size_t header_count;
    wax_http_header headers[WAX_HTTP_HEADER_MAX];
    size_t size;       /* of the head with its empty line */
    const char *fault; /* what is wrong with it, in words; constant; NULL: nothing */
} wax_http_head;

/* Reads the head that begins `bytes`. Stricter than libhttp-parser, so that what two programs read
 * differently is read by none: no folded lines, no line that ends without CR, no blank before a
 * colon, no Content-Length beside Transfer-Encoding. [RFC 9112, 2 to 5]
 * Returns WAX_OK; WAX_MORE while its empty line has not come; WAX_TOO_LARGE when it has too many
 * bytes or lines, WAX_MALFORMED otherwise: `fault` says why. */
wax_status wax_http_read_request(wax_http_head *head, wax_bytes bytes) WAX_CHECKED;
wax_status wax_http_read_response(wax_http_head *head, wax_bytes bytes) WAX_CHECKED;

/* The header of that name, in letters of any case; NULL when there is none or more than one. */
const wax_http_header *wax_http_header_of(const wax_http_head *head, const char *name);

/* How many headers have that name. */
size_t wax_http_header_count(const wax_http_head *head, const char *name);

/* Whether a list with commas, spread over any number of headers of that name, has that token.
 * [RFC 9110, 5.6.1] */
bool wax_http_has_token(const wax_http_head *head, const char *name, const char *token,
                        bool ignores_case);

/* Whether two texts differ in the case of their ASCII letters at most. */
bool wax_http_texts_equal(wax_bytes one, wax_bytes other);

/* An answer of a server. Texts are NULL where nothing is to be said. */
typedef struct wax_http_answer {
    uint16_t code;     /* one of those that wax_http_reason() knows */
    const char *type;  /* of the body; NULL: plain text in UTF-8 */
    const char *extra; /* whole header lines, each with its CR LF; 256 bytes at most */
    wax_bytes body;
    bool is_head;     /* the request was HEAD: the body is left out and its size is told */
    bool keeps_alive; /* the connection stays */
} wax_http_answer;

/* The reason phrase of a code, "" for one that no server of ours answers. */
const char *wax_http_reason(uint16_t code);

/* Writes an answer; what does not fit makes the writer WAX_FULL. */
void wax_http_write_answer(wax_writer *out, const wax_http_answer *answer);

/* --- WebSocket: a filter [RFC 6455] ---
 *
 * MQTT packets travel in binary messages and may span and share frames. [MQTT-6.0.0-2] A message
 * has no size limit of its own, since it passes through in pieces and is never gathered. What a
 * peer may make the filter hold is finite: a head of WAX_HTTP_HEAD_MAX bytes until the handshake is
 * done, then a control frame of 125 bytes, and one frame on its way out. A filter that rests holds
 * neither buffers nor a frame parser.
 *
 * receive: WAX_PROTOCOL_ERROR when the peer breaks the rules (a request that is no handshake, a
 * text frame, an unmasked frame of a client). The peer was told, by an HTTP answer or a close
 * frame, and can read that as long as the filter lives; explain() says it, too. Later calls only
 * wait for the peer to go, and are WAX_MORE or WAX_CLOSED. send: makes one binary frame of up to
 * WAX_WEBSOCKET_FRAME_MAX bytes and reports them as sent when all of the frame is out. WAX_CLOSED
 * once either end has said close. close: sends a close frame with code 1000, then closes what is
 * below; does not wait for the peer's. */
enum { WAX_WEBSOCKET_FRAME_MAX = 65536 };

/* Makes the server's end over `below`, and owns it from then on. Takes requests that offer the
 * subprotocol `mqtt`, or the older `mqttv3.1`, on any path [MQTT-6.0.0-4]; answers others with 400,
 * 403, 426 or 431 in words. `origins`: the values of Origin that are let in, parted by line ends,
 * in letters of any case; a request without Origin is then refused as well. NULL: any. Copied.
 * Returns NULL without memory; `below` then is still the caller's. */
wax_transport *wax_websocket_accept(wax_transport *below, const char *origins);

/* Makes the client's end: asks for the subprotocol `mqtt` [MQTT-6.0.0-3]. `host` is the value of
 * the header Host, as "example.org:8080"; `path` begins with a slash; both printable ASCII without
 * blanks, together 2048 bytes at most. Copied.
 * Returns NULL as wax_websocket_accept(), and when `host` or `path` is none. */
wax_transport *wax_websocket_connect(wax_transport *below, const char *host, const char *path);

/* Whether a filter is a WebSocket whose handshake is not done. */
bool wax_websocket_is_waiting(const wax_transport *transport);

/* --- PROXY: who a proxy says the peer is [the PROXY protocol, versions 1 and 2] --- */

enum {
    WAX_PROXY_V1_MAX = 107,      /* a whole header of version 1 */
    WAX_PROXY_V2_MAX = 16 + 536, /* of version 2 */
};

typedef enum wax_proxy_family {
    WAX_PROXY_NOBODY, /* the proxy speaks for itself, or does not know: the socket's address holds
                       */
    WAX_PROXY_IPV4,
    WAX_PROXY_IPV6,
    WAX_PROXY_UNIX,
} wax_proxy_family;

typedef struct wax_proxy_header {
    wax_proxy_family family;
    uint8_t address[16]; /* of the peer, in network order; the first 4 of WAX_PROXY_IPV4 */
    uint16_t port;
    bool has_tls;          /* the peer reached the proxy by TLS */
    bool has_certificate;  /* and showed a certificate that the proxy found good */
    wax_bytes common_name; /* of that certificate; UTF-8 without control characters */
    size_t size;           /* of the header */
} wax_proxy_header;

/* Reads the header that begins `bytes`; `version` is 1 or 2, and the other one is malformed.
 * Returns WAX_OK; WAX_MORE while it is not whole; WAX_TOO_LARGE for more than WAX_PROXY_V2_MAX
 * bytes; WAX_MALFORMED. [PROXY protocol, 2.1 and 2.2] */
wax_status wax_proxy_read(wax_proxy_header *header, wax_bytes bytes, unsigned version) WAX_CHECKED;

/* Makes a filter that takes such a header off the front of what comes from `below`, which it owns
 * from then on. receive() is WAX_MORE until the header is there, and WAX_PROTOCOL_ERROR when there
 * is none, or when `requires_tls` and the peer did not come by TLS; so is send(), which sends
 * nothing before. Returns NULL without memory; `below` then is still the caller's. */
wax_transport *wax_proxy_accept(wax_transport *below, unsigned version, bool requires_tls);

/* What the proxy said, of the filter of this kind in a stack; NULL when there is none or while the
 * header has not come. Lives as long as the filter. */
const wax_proxy_header *wax_proxy_header_of(const wax_transport *top);

#endif
