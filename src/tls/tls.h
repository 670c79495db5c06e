/* tls: TLS 1.2 and 1.3 as a filter over any other, and what both ends must know to speak it. */
#ifndef WAX_TLS_H
#define WAX_TLS_H

#include "base/base.h"
#include "pki/pki.h"
#include "transport/transport.h"

/* Keys, certificates and rules that many connections share. Counted: each connection holds it, so
 * that files are read anew by making a new context and releasing the old one; connections that
 * are open keep theirs. Connections may be in other threads than the one that made it. */
typedef struct wax_tls_context wax_tls_context;

/* Older versions than these are not spoken at all. */
typedef enum wax_tls_version {
    WAX_TLS_ANY,
    WAX_TLS_1_2,
    WAX_TLS_1_3,
} wax_tls_version;

/* Keys that a server shares with its clients beforehand. `find` gives the key of an identity, or
 * nothing if it is unknown; any thread may call it. */
typedef struct wax_tls_psks {
    void *table;
    wax_bytes (*find)(const void *table, wax_bytes identity);
    void (*release)(void *table);
} wax_tls_psks;

/* The certificate that a server shows to those who ask for a host (SNI). */
typedef struct wax_tls_host {
    const char *name; /* "broker.example", or "*.example" for any one label in its place */
    const char *certfile;
    const char *keyfile;
} wax_tls_host;

/* The smallest and the largest piece that a record may carry. */
enum { WAX_TLS_RECORD_MIN = 512, WAX_TLS_RECORD_MAX = 16384 };

/* What is NULL is not used, or left to its default. All files are PEM. Strings are only read while
 * the context is made. */
typedef struct wax_tls_settings {
    const char *certfile;        /* own certificate, then those of the CAs up to the root */
    const char *keyfile;         /* its key; may be the same file */
    const char *passphrase_file; /* opens `keyfile`, see wax_pki_read_key() */
    const char *cafile;          /* trusted CAs, intermediate ones too */
    const char *capath;          /* a folder of them, as `openssl rehash` makes it */
    const char *crlfile;         /* revoked client certificates: a list for each CA in use */
    const char *ciphers;         /* for TLS 1.2, as OpenSSL writes them; weak ones are refused */
    const char *ciphers_tls13;   /* for TLS 1.3, joined by colons */
    wax_tls_version oldest_version;
    wax_tls_version newest_version;
    bool requires_certificate; /* server: a client must prove who it is */
    bool trusts_os;            /* client: the CAs of the operating system too, beside the others */
    bool ignores_dates;        /* server: clients' certificates may have expired */
    bool ignores_host;         /* client: any server of a trusted CA will do, whatever its name */
    const char *alpn;          /* "mqtt"; a client asks for it, a server takes it when asked */
    const wax_tls_host *hosts; /* server: certificates for certain names */
    size_t host_count;
    uint32_t
        record_size_max;    /* of what is sent; 0: WAX_TLS_RECORD_MAX, or what the peer asks for */
    int64_t (*now_s)(void); /* server: seconds since 1970; NULL: sessions are not resumed */
    wax_tls_psks psks;      /* server; `find` NULL: none */
    const char *psk_hint;   /* server: what TLS 1.2 clients are told to choose a key by */
    const char *psk_identity; /* client: its name, of at most 255 bytes ... */
    wax_bytes psk_key;        /* ... and its key, of 1 to 256 */
    const char *keylog; /* client: a file to which session secrets are written, for debuggers */
} wax_tls_settings;

/* Makes what a server needs: `certfile` and `keyfile`, or `psks`, or all of them. It owns the table
 * of `psks` from then on, even if it fails. A certificate or a revocation list that has expired is
 * no failure (see wax_tls_warn()): not to start would help nobody.
 * Clients that come back may resume their session for 6 to 12 hours, by a ticket that they keep.
 * Who was let in by a certificate or a key is not resumed once that has expired, or is no longer
 * known, or the CAs, the revoked certificates or the rules for clients are others.
 * Returns WAX_OK; WAX_IO when a file cannot be read; WAX_INVALID; `problem` says what to mend.
 * The caller releases `context`. */
wax_status wax_tls_make_server(const wax_tls_settings *settings, wax_tls_context **context,
                               wax_problem *problem) WAX_CHECKED;

/* Lets sessions that began under `old`, a server's context too, be resumed under `next`, which
 * nobody has used yet; otherwise a new context resumes none of them. */
void wax_tls_keep_tickets(wax_tls_context *next, const wax_tls_context *old);

/* Makes what a client needs. Without `cafile` and `capath` it trusts the CAs of the operating
 * system. With a PSK it takes only servers that have it as well, and certificates do not count.
 * Returns as wax_tls_make_server(). */
wax_status wax_tls_make_client(const wax_tls_settings *settings, wax_tls_context **context,
                               wax_problem *problem) WAX_CHECKED;

/* Gives back one holder's part; NULL does nothing. */
void wax_tls_release(wax_tls_context *context);

/* When the first certificate of our own chains ends, in seconds since 1970; INT64_MAX without one.
 */
int64_t wax_tls_not_after(const wax_tls_context *context);

/* Says what clients will dislike about our own certificates on the day `now` (expired, ends within
 * 30 days, not yet valid, no SAN, not for servers), or that the revocation list is out of date.
 * Returns whether there is anything. */
bool wax_tls_warn(const wax_tls_context *context, int64_t now, wax_problem *problem);

/* Makes the server's end of TLS over `below`, and owns it from then on. The handshake happens
 * within receive() and send(), which are WAX_MORE until it is done. send() takes up to 16 KiB, one
 * record, at a time. A peer without a good certificate is WAX_UNTRUSTED, and so is a peer that
 * says it does not trust ours; explain() says why in words. The filter has no thread of its own
 * choice: any may call it, one at a time.
 * Returns NULL when there is no memory; `below` then is still the caller's. */
wax_transport *wax_tls_accept(wax_tls_context *context, wax_transport *below);

/* Makes the client's end. `host` is the DNS name or the address that the server's certificate must
 * be for; a name is also told to the server (SNI). NULL only if the context ignores hosts.
 * Returns NULL as wax_tls_accept(), and when `host` is neither a name nor an address. */
wax_transport *wax_tls_connect(wax_tls_context *context, wax_transport *below, const char *host);

/* Whether connections may have their records made by the kernel (Linux' module `tls`). Asks the
 * kernel, which loads the module if this process may have that done. Returns WAX_OK; WAX_NOT_FOUND
 * when the kernel or OpenSSL cannot, and `problem` says what to do. */
wax_status wax_tls_find_kernel(wax_problem *problem) WAX_CHECKED;

/* Lets the kernel make the records of a connection, which stands on a socket and nothing else, and
 * whose descriptor this is; before the first receive or send. It takes what OpenSSL can give it: of
 * TLS 1.2 both directions, of TLS 1.3 sending (both from OpenSSL 3.2 on); of suites those of
 * AES-GCM and ChaCha20-Poly1305; records of 16 KiB alone. Whatever it does not take stays in the
 * process. A peer that wants new keys in the middle (KeyUpdate) is WAX_IO where the kernel sends.
 */
void wax_tls_use_kernel(wax_transport *transport, int descriptor);

/* Whether a filter is one of this room. */
bool wax_tls_is(const wax_transport *transport);

/* The filter of this room in a stack, the topmost of which is `top`; NULL when there is none. */
const wax_transport *wax_tls_find(const wax_transport *top);

/* Whether the handshake is done. */
bool wax_tls_is_ready(const wax_transport *self);

/* Who is at the other end, and how. */
typedef struct wax_tls_peer {
    const char *version;    /* "TLSv1.3"; constant */
    const char *cipher;     /* "TLS_AES_256_GCM_SHA384"; constant */
    const char *group;      /* of the key exchange, as "x25519"; constant, "" if unknown */
    bool is_resumed;        /* a session from before was taken up again */
    bool is_in_kernel;      /* the kernel encrypts what is sent */
    bool has_certificate;   /* and it was verified; the fields below are set */
    int64_t not_after;      /* when it ends, in seconds since 1970 */
    char common_name[257];  /* UTF-8 without control characters; "" if there is none */
    char subject[1025];     /* as RFC 2253 writes it */
    char psk_identity[256]; /* of a client that proved that it has the key; "" of others */
} wax_tls_peer;

/* Reads who is at the other end of a connection that is ready.
 * Returns WAX_OK; WAX_UNTRUSTED when its names are too long or deceive (control characters,
 * U+0000): such a peer must not be taken for anyone. */
wax_status wax_tls_read_peer(const wax_transport *transport, wax_tls_peer *peer) WAX_CHECKED;

/* The certificate of the other end, which was verified; it lives as long as the connection. NULL:
 * it has none. */
const struct x509_st *wax_tls_certificate(const wax_transport *transport);

/* Writes what a client needs to resume this session later, which is secret. With TLS 1.3 it is
 * there once the server has sent something. Returns WAX_OK, WAX_NOT_FOUND when there is none,
 * WAX_FULL (4 KiB and the server's certificates are enough). */
wax_status wax_tls_save_session(const wax_transport *transport, wax_writer *out) WAX_CHECKED;

/* Offers a saved session of the same server and context settings; before the first receive or send.
 * The server may decline, and a full handshake follows. Returns WAX_OK; WAX_INVALID when it is
 * damaged, and it is not used then. */
wax_status wax_tls_offer_session(wax_transport *transport, wax_bytes bytes) WAX_CHECKED;

#endif
