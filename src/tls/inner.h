/* What the files of this room share. */
#ifndef WAX_TLS_INNER_H
#define WAX_TLS_INNER_H

#include "tls/tls.h"

#include <stdatomic.h>

#include <openssl/ssl.h>

struct wax_tls_context {
    SSL_CTX *ssl_context;
    BIO_METHOD *bio_method;
    char *alpn;      /* in the form of the wire; NULL: none */
    char *authority; /* where trusted CAs come from, in words */
    char *crlfile;   /* its path, or NULL */
    int64_t not_after;
    atomic_uint holders;
    bool is_server;
    bool ignores_host;
};

/* One end of a connection. */
struct tls {
    wax_transport transport;
    SSL *ssl;
    wax_tls_context *context;
    char *host;              /* what a client asked for; NULL: anything */
    wax_problem *problem;    /* made when there is one, because most connections never have any */
    wax_status below_status; /* of the last call on the filter below */
    wax_status ended;        /* why nothing more is received; WAX_OK as long as it is */
    bool lacks_certificate;  /* the server asked for one, and a client has none */
};

/* bio.c */

/* Makes the kind of BIO that stands on the filter below a `struct tls`, which is its data. */
BIO_METHOD *tls_make_bio_method(void);

/* words.c */

/* Judges what OpenSSL's first complaint is about: WAX_UNTRUSTED or WAX_IO; says why in
 * self->problem, unless the verify callback has done so before. */
wax_status tls_explain(struct tls *self);

/* What was wrong with the peer's certificate; OpenSSL calls it for each one in the chain. */
int tls_verified(int is_good, X509_STORE_CTX *verdict);

/* OpenSSL calls it when the server asks for a certificate and the context has none. */
int tls_certificate_asked(SSL *ssl, X509 **certificate, EVP_PKEY **key);

/* Writes the problem of a connection. */
void tls_complain(struct tls *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
