/* hpke: keys derived from secrets (HKDF), and seals that only the holder of a secret key opens
 * (HPKE). Whatever library computes, the rest is here, and builds for devices. */
#ifndef WAX_HPKE_H
#define WAX_HPKE_H

#include "base/base.h"
#include "crypto/crypto.h"

WAX_C_BEGIN

/* ---- HKDF-SHA-256 ---- */

#define WAX_HKDF_SECRET_SIZE 32
#define WAX_HKDF_RESULT_MAX  8160 /* 255 times the hash */
#define WAX_HKDF_PARTS_MAX   8

/* Makes one good secret of `count` parts, taken as one, that nobody else knows all of.
 * [RFC 5869, 2.2]
 * Returns WAX_OK, or WAX_UNSPECIFIED_ERROR when the library fails: `secret` is then all zero. */
wax_status wax_hkdf_extract(wax_bytes salt, const wax_bytes *parts, size_t count,
                            uint8_t secret[WAX_AT_LEAST(WAX_HKDF_SECRET_SIZE)]) WAX_CHECKED;

/* Where expansion comes from: a good secret, and up to WAX_HKDF_PARTS_MAX parts, taken as one, that
 * keep what is made of it apart. */
typedef struct wax_hkdf {
    const uint8_t *secret;
    const wax_bytes *parts;
    size_t count;
} wax_hkdf;

/* Makes `size` bytes of it. [RFC 5869, 2.3]
 * Returns WAX_OK; WAX_INVALID for more than WAX_HKDF_RESULT_MAX bytes, or parts, than there may be;
 * WAX_UNSPECIFIED_ERROR when the library fails. `result` is all zero unless WAX_OK. */
wax_status wax_hkdf_expand(const wax_hkdf *from, uint8_t *result, size_t size) WAX_CHECKED;

/* ---- HPKE: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305 [RFC 9180] ---- */

#define WAX_HPKE_SEED_SIZE         32
#define WAX_HPKE_ENCAPSULATED_SIZE WAX_P256_PUBLIC_SIZE
#define WAX_HPKE_PSK_SIZE_MIN      32

/* Who seals for whom. Both ends say the same `info`, pre-shared key and name of it. With an own
 * secret at the sender, and thus the sender's public key at the receiver, the receiver knows who
 * sealed; with a pre-shared key, that whoever sealed has it. [RFC 9180, 5.1] */
typedef struct wax_hpke_ends {
    const uint8_t *own_secret;  /* the receiver's; the sender's, or NULL to stay nameless */
    const uint8_t *peer_public; /* the receiver's; the sender's, or NULL when it is nameless */
    wax_bytes info;
    wax_bytes psk;    /* empty, or WAX_HPKE_PSK_SIZE_MIN bytes or more */
    wax_bytes psk_id; /* empty without one, and only then */
} wax_hpke_ends;

/* One end of a row of seals: for one direction, in order. */
typedef struct wax_hpke {
    uint8_t key[WAX_SEAL_KEY_SIZE];
    uint8_t nonce[WAX_SEAL_NONCE_SIZE];
    uint8_t exporter[WAX_HKDF_SECRET_SIZE];
    uint64_t sequence; /* how many were sealed or opened */
} wax_hpke;

/* Makes a pair of keys of a seed that nobody knows, the same pair each time. [RFC 9180, 7.1.3]
 * Returns WAX_OK; WAX_INVALID for less than WAX_HPKE_SEED_SIZE bytes; WAX_UNSPECIFIED_ERROR. */
wax_status wax_hpke_pair(wax_bytes seed, uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)],
                         uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)]) WAX_CHECKED;

/* Begins as the sender, with a seed of WAX_HPKE_SEED_SIZE or more that is never used again and that
 * nobody knows: fresh randomness, better mixed with a secret. What is encapsulated goes to the
 * receiver ahead of the seals. [RFC 9180, 5.1]
 * Returns WAX_OK, and wax_hpke_end() is owed; WAX_INVALID for a pre-shared key that is none, a seed
 * that is too short, or an own secret that is none; WAX_UNTRUSTED when the receiver's public key is
 * none; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_hpke_begin_sealing(wax_hpke *self, const wax_hpke_ends *ends, wax_bytes seed,
                                  uint8_t encapsulated[WAX_AT_LEAST(WAX_HPKE_ENCAPSULATED_SIZE)])
    WAX_CHECKED;

/* Begins as the receiver. That it returns WAX_OK proves nothing yet: the first seal that opens
 * does. Statuses are as those of wax_hpke_begin_sealing(); WAX_UNTRUSTED also for what no sender
 * can have encapsulated. */
wax_status wax_hpke_begin_opening(
    wax_hpke *self, const wax_hpke_ends *ends,
    const uint8_t encapsulated[WAX_AT_LEAST(WAX_HPKE_ENCAPSULATED_SIZE)]) WAX_CHECKED;

/* As wax_crypto_seal() and wax_crypto_unseal(), each with the next number; what does not open takes
 * none. Both return WAX_FULL when there are no more numbers. [RFC 9180, 5.2] */
wax_status wax_hpke_seal(wax_hpke *self, wax_bytes associated, wax_bytes plain,
                         uint8_t *sealed) WAX_CHECKED;
wax_status wax_hpke_open(wax_hpke *self, wax_bytes associated, wax_bytes sealed,
                         uint8_t *plain) WAX_CHECKED;

/* A secret that both ends have and nobody else, one for each `context`. [RFC 9180, 5.3]
 * Returns WAX_OK; WAX_INVALID for more than WAX_HKDF_RESULT_MAX bytes; WAX_UNSPECIFIED_ERROR. */
wax_status wax_hpke_export(const wax_hpke *self, wax_bytes context, uint8_t *result,
                           size_t size) WAX_CHECKED;

/* Wipes the keys. */
void wax_hpke_end(wax_hpke *self);

WAX_C_END

#endif
