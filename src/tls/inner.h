/* What the files of this room share. */
#ifndef WAX_TLS_INNER_H
#define WAX_TLS_INNER_H

#include "tls/tls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <openssl/ssl.h>

enum {
    TLS_DIGEST_SIZE = 32,
    TLS_DAY_S = 24 * 3600,
    TLS_TICKET_PERIOD_S = 6 * 3600, /* how long one secret makes tickets */
    TLS_SPARE_MAX = 8,              /* BIOs that are kept for calls to come */
};

/* A certificate of our own. */
struct tls_pair {
    char *host; /* who asks for it by SNI; NULL: whoever asks for nothing else */
    X509 *own;
    STACK_OF(X509) * chain; /* without `own` */
    EVP_PKEY *key;
    int64_t not_after; /* of the first in the chain to end */
};

/* The secrets behind tickets; they outlive the context that began them. */
struct tls_tickets;

struct wax_tls_context {
    SSL_CTX *ssl_context;
    BIO_METHOD *bio_method;
    char *alpn;      /* in the form of the wire; NULL: none */
    char *authority; /* where trusted CAs come from, in words */
    char *crlfile;   /* its path, or NULL */
    struct tls_pair *pairs;
    size_t pair_count;
    int64_t not_after;
    int64_t crl_until;               /* when the first revocation list ends; INT64_MAX */
    struct tls_tickets *tickets;     /* of a server */
    uint8_t policy[TLS_DIGEST_SIZE]; /* of all that decides which clients get in */
    int64_t (*now_s)(void);          /* NULL: sessions are not resumed */
    wax_tls_psks psks;
    char *psk_identity; /* of a client; NULL: none */
    uint8_t *psk_key;
    size_t psk_key_size;
    FILE *keylog;
    _Atomic(BIO *) spare[TLS_SPARE_MAX]; /* BIOs that no call uses now */
    atomic_uint holders;
    bool is_server;
    bool ignores_host;
    bool ignores_dates;
};

/* One end of a connection. */
struct tls {
    wax_transport transport;
    SSL *ssl;
    BIO *socket; /* stands on the descriptor itself, for the kernel; NULL: no part of this */
    wax_tls_context *context;
    char *host;              /* what a client asked for; NULL: anything */
    char *stranger;          /* the PSK identity of a client that nobody here knows; NULL: none */
    wax_problem *problem;    /* made when there is one, because most connections never have any */
    wax_status below_status; /* of the last call on the filter below */
    wax_status ended;        /* why nothing more is received; WAX_OK as long as it is */
    bool lacks_certificate;  /* the server asked for one, and a client has none */
    bool has_ticket;         /* an earlier session was offered, and found good at a server */
};

/* bio.c */

/* Makes the kind of BIO that stands on the filter below a `struct tls`, which is its data. */
BIO_METHOD *tls_make_bio_method(void);

/* Lends the connection a BIO for the time of a call, and takes it back: as many are needed as there
 * are threads, not connections. NULL without memory. What is judged by the BIO, SSL_get_error() for
 * one, is judged before it goes back. */
BIO *tls_attach(struct tls *self) WAX_CHECKED;
void tls_detach(struct tls *self, BIO *bio);
void tls_free_spare(wax_tls_context *context);

/* The connection that OpenSSL calls back for, which it does within calls alone. */
struct tls *tls_of(const SSL *ssl);

/* kernel.c: records that the kernel makes */

/* Whether the kernel encrypts what is sent; decrypts what is received. */
bool tls_kernel_sends(const struct tls *self);
bool tls_kernel_receives(const struct tls *self);

/* Lets go of the socket where the handshake is done and the kernel has no part in what follows. */
void tls_kernel_settle(struct tls *self);

/* What OpenSSL wants of the socket: a record that is opened; one that is to be made, of whatever
 * type. Return as wax_transport_receive() and wax_transport_send(); OpenSSL reads errno, too. */
wax_status tls_kernel_receive(struct tls *self, char *room, size_t size,
                              size_t *received) WAX_CHECKED;
wax_status tls_kernel_send(struct tls *self, const char *bytes, size_t size,
                           size_t *sent) WAX_CHECKED;

/* Sends what the application says, once the kernel sends; OpenSSL is passed by. It would remember
 * where the bytes stand that the socket did not take, and they move.
 * Returns as wax_transport_send(). */
wax_status tls_kernel_send_plain(struct tls *self, wax_bytes bytes, size_t *sent) WAX_CHECKED;

/* words.c */

/* Writes `problem` and returns `status`; clears OpenSSL's complaints. */
wax_status tls_fail(wax_problem *problem, wax_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Judges what OpenSSL's first complaint is about: WAX_UNTRUSTED or WAX_IO; says why in
 * self->problem, unless the verify callback has done so before. */
wax_status tls_explain(struct tls *self);

/* Writes the problem of a connection. */
void tls_complain(struct tls *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* groups.c */

/* Offers lists of groups, the best first, to what may be OpenSSL. Returns the one it takes; NULL.
 */
const char *tls_choose_groups(bool (*takes)(void *library, const char *list), void *library);

/* own.c: our own certificates */

/* Reads them and gives them to OpenSSL. Returns as wax_tls_make_server(). */
wax_status tls_set_pairs(wax_tls_context *context, const wax_tls_settings *settings,
                         wax_problem *problem) WAX_CHECKED;
void tls_free_pairs(wax_tls_context *context);

/* trust.c: whose certificates count */

/* Returns as wax_tls_make_server(). */
wax_status tls_set_trust(wax_tls_context *context, const wax_tls_settings *settings,
                         wax_problem *problem) WAX_CHECKED;

/* note.c */

/* What is remembered of a session beside what OpenSSL remembers: who has it, and how long it may be
 * resumed. It is in the ticket, under our key. */
struct tls_note {
    int64_t until;                       /* seconds since 1970 */
    uint8_t psk_digest[TLS_DIGEST_SIZE]; /* of the key of `identity` */
    char identity[256];                  /* of a PSK; "" of others */
};

/* Puts the note onto a session, takes it from there; false when there is none, or no memory. */
bool tls_note_write(SSL_SESSION *session, const struct tls_note *note);
bool tls_note_read(SSL_SESSION *session, struct tls_note *note);

/* psk.c: keys shared beforehand */

/* Returns as wax_tls_make_server(). */
wax_status tls_set_psk(wax_tls_context *context, const wax_tls_settings *settings,
                       wax_problem *problem) WAX_CHECKED;
bool tls_has_psk(const wax_tls_settings *settings);

/* A digest of the key of an identity; false when nobody here knows it. */
bool tls_digest_psk(const wax_tls_context *context, wax_bytes identity,
                    uint8_t digest[static TLS_DIGEST_SIZE]);

/* tickets.c: sessions that are resumed */

/* Begins with new secrets; called when trust is settled. Returns WAX_OK, or WAX_IO with `problem`.
 */
wax_status tls_set_tickets(wax_tls_context *context, wax_problem *problem) WAX_CHECKED;
void tls_release_tickets(struct tls_tickets *tickets);

/* A key of tickets, and the name by which a ticket tells which one it was made with. */
struct tls_ticket_key {
    uint8_t name[16];
    uint8_t cipher_key[32];
    uint8_t mac_key[32];
};

/* The keys that hold at `now_s` under a policy: that for new tickets, and that of the period
 * before. A clock that went back begins a period. Returns how many there are, 1 or 2; 0 on failure.
 */
int tls_ticket_keys(struct tls_tickets *tickets, int64_t now_s,
                    const uint8_t policy[static TLS_DIGEST_SIZE], struct tls_ticket_key keys[2]);

#endif
