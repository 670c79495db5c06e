/* auth: how somebody proves who they are beyond a password that is sent: SCRAM-SHA-256, and tokens
 * that somebody else has signed. */
#ifndef WAX_AUTH_H
#define WAX_AUTH_H

#include "access/access.h"
#include "crypto/crypto.h"

/* ---- SCRAM-SHA-256 [RFC 5802] [RFC 7677] ---- */

#define WAX_SCRAM_METHOD "SCRAM-SHA-256"

enum {
    WAX_SCRAM_MESSAGE_MAX = 1024, /* of each message; longer ones are malformed */
    WAX_SCRAM_NONCE_SIZE = 24,    /* characters of ours */
    WAX_SCRAM_ITERATIONS_MIN = 4096,
};

/* One conversation, at the server or at the client. Its fields are this room's. Names and
 * passwords are taken as they are, without SASLprep. Channel binding is not offered. */
typedef struct wax_scram {
    wax_scram_secret secret;
    char nonce[2 * WAX_SCRAM_MESSAGE_MAX]; /* the client's, then the server's */
    size_t nonce_size;
    char header[WAX_SCRAM_MESSAGE_MAX]; /* of GS2 */
    size_t header_size;
    char spoken[3 * WAX_SCRAM_MESSAGE_MAX + 4]; /* AuthMessage */
    size_t spoken_size;
    char user[WAX_SCRAM_MESSAGE_MAX];
    size_t user_size;
    uint8_t salted[32]; /* client */
    bool is_known;      /* server: there is such a user */
    bool has_answered;  /* client */
} wax_scram;

/* Wipes a conversation. */
void wax_scram_close(wax_scram *scram);

/* Server: reads client-first-message. Returns WAX_OK, with `user` a view into `scram`, or
 * WAX_MALFORMED, also for a client that demands channel binding. */
wax_status wax_scram_begin(wax_scram *scram, wax_bytes message, wax_bytes *user) WAX_CHECKED;

/* Server: appends server-first-message. `nonce` has WAX_SCRAM_NONCE_SIZE characters that are fresh,
 * printable and not ','. Nobody is let in unless `is_known`. Returns WAX_OK or WAX_FULL. */
wax_status wax_scram_challenge(wax_scram *scram, const wax_scram_secret *secret, bool is_known,
                               const char nonce[static WAX_SCRAM_NONCE_SIZE],
                               wax_writer *out) WAX_CHECKED;

/* Server: reads client-final-message. Returns WAX_OK, and server-final-message was appended;
 * WAX_BAD_LOGIN when the proof is wrong; WAX_MALFORMED, WAX_FULL, WAX_UNSPECIFIED_ERROR. */
wax_status wax_scram_finish(wax_scram *scram, wax_bytes message, wax_writer *out) WAX_CHECKED;

/* What a server tells those it does not know: always the same for the same name, so that asking
 * twice tells nothing. `key` is secret. Returns WAX_OK or WAX_UNSPECIFIED_ERROR. */
wax_status wax_scram_stranger(wax_scram_secret *secret, wax_bytes key, wax_bytes user,
                              uint32_t iterations) WAX_CHECKED;

/* Client: appends client-first-message. `nonce` as in wax_scram_challenge(). Returns WAX_OK,
 * WAX_INVALID for a name that is too long or not UTF-8, or WAX_FULL. */
wax_status wax_scram_ask(wax_scram *scram, wax_bytes user,
                         const char nonce[static WAX_SCRAM_NONCE_SIZE],
                         wax_writer *out) WAX_CHECKED;

/* Client: reads server-first-message and appends client-final-message, once. Takes as long as the
 * iterations that the server wants. Returns WAX_OK; WAX_UNTRUSTED when it wants fewer than
 * WAX_SCRAM_ITERATIONS_MIN or more than WAX_PASSWORD_ITERATIONS_MAX; WAX_MALFORMED, WAX_FULL,
 * WAX_UNSPECIFIED_ERROR. */
wax_status wax_scram_answer(wax_scram *scram, wax_bytes message, wax_bytes password,
                            wax_writer *out) WAX_CHECKED;

/* Client: whether server-final-message proves that the server knows the password, too; it cannot
 * before wax_scram_answer(). Returns WAX_OK or WAX_UNTRUSTED. */
wax_status wax_scram_check(const wax_scram *scram, wax_bytes message) WAX_CHECKED;

/* ---- Tokens: JSON Web Tokens, signed by somebody else [RFC 7519] ---- */

enum {
    WAX_TOKEN_SIZE_MAX = 8192,
    WAX_TOKEN_KEYS_MAX = 16,
    WAX_TOKEN_NAME_MAX = 255, /* of a key */
    WAX_TOKEN_USER_MAX = 1023,
};

/* A key that tokens may be signed with. Its algorithm is the key's, not the token's to choose. */
typedef struct wax_token_key {
    char name[WAX_TOKEN_NAME_MAX + 1]; /* the token's `kid` */
    wax_signature_kind kind;
    wax_signature_key *key;
} wax_token_key;

/* Which tokens are taken. */
typedef struct wax_token_rules {
    wax_token_key keys[WAX_TOKEN_KEYS_MAX];
    size_t key_count;
    const char *issuer;   /* `iss` must be this; NULL: anything */
    const char *audience; /* must be in `aud`; NULL: anything */
    uint32_t leeway_s;    /* how far clocks may differ */
} wax_token_rules;

/* The algorithm that is called EdDSA, ES256 or RS256. False when it is none of them. */
bool wax_token_algorithm(wax_bytes name, wax_signature_kind *kind);

/* Whether a password is meant to be a token: three parts, the first of which is a JSON object. */
bool wax_token_is_meant(wax_bytes password);

/* What a good token says. */
typedef struct wax_token {
    char user[WAX_TOKEN_USER_MAX + 1]; /* `sub` */
    size_t user_size;
    int64_t ends_s; /* `exp`, since 1970, leeway included */
    const wax_token_key *key;
} wax_token;

/* Judges a token. `user` is the name somebody claims, which `sub` must be; empty if none.
 * Returns WAX_OK; WAX_MALFORMED when it is no token, or lacks `exp` or `sub`; WAX_NOT_FOUND when no
 * key has its `kid`, or not with its `alg`; WAX_UNTRUSTED when the signature is wrong; WAX_CLOSED
 * when its time is over; WAX_MORE when it is still to come; WAX_INVALID when it is for another
 * issuer, audience or user; WAX_TOO_LARGE beyond WAX_TOKEN_SIZE_MAX; WAX_UNSPECIFIED_ERROR. */
wax_status wax_token_judge(const wax_token_rules *rules, wax_bytes text, wax_bytes user,
                           int64_t now_s, wax_token *token) WAX_CHECKED;

#endif
