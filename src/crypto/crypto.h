/* crypto: randomness, hashes, password hashes and seals, from libraries that the world already
 * trusts. The door names no library, so that a pure room may include it. */
#ifndef WAX_CRYPTO_H
#define WAX_CRYPTO_H

#include "base/base.h"

WAX_C_BEGIN

#define WAX_SHA1_SIZE   20
#define WAX_SHA256_SIZE 32
#define WAX_SHA512_SIZE 64

/* Fills `room` with bytes that nobody can guess.
 * Returns WAX_OK, or WAX_IO when the machine has no randomness to give: `room` is then all zero and
 * must not be used. */
wax_status wax_random(void *room, size_t size) WAX_CHECKED;

/* Hashes `count` parts as if they were one. [FIPS 180-4]
 * Returns WAX_OK, or WAX_UNSPECIFIED_ERROR when the library fails: `digest` is then all zero. */
wax_status wax_crypto_sha256(const wax_bytes *parts, size_t count,
                             uint8_t digest[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;
wax_status wax_crypto_sha512(const wax_bytes *parts, size_t count,
                             uint8_t digest[WAX_AT_LEAST(WAX_SHA512_SIZE)]) WAX_CHECKED;

/* As wax_crypto_sha256(), for protocols that ask for SHA-1 (RFC 6455); it proves nothing to nobody.
 * [FIPS 180-4] */
wax_status wax_crypto_sha1(const wax_bytes *parts, size_t count,
                           uint8_t digest[WAX_AT_LEAST(WAX_SHA1_SIZE)]) WAX_CHECKED;

/* Authenticates `count` parts, as if they were one, under a key of any size. [RFC 2104]
 * Returns WAX_OK, or WAX_UNSPECIFIED_ERROR when the library fails: `tag` is then all zero. */
wax_status wax_crypto_hmac_sha256(wax_bytes key, const wax_bytes *parts, size_t count,
                                  uint8_t tag[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

#define WAX_HMAC_KEY_SIZE 64 /* a block of SHA-256 */

/* Makes a key ready for many messages, in place: what it is then is the library's affair, secret
 * like the key, and for wax_crypto_hmac_prepared() of this build alone. A shorter key has zeros
 * behind it. [RFC 2104, 4]
 * Returns WAX_OK, or WAX_UNSPECIFIED_ERROR when the library fails: `key` is then all zero. */
wax_status wax_crypto_hmac_prepare(uint8_t key[WAX_AT_LEAST(WAX_HMAC_KEY_SIZE)]) WAX_CHECKED;

/* As wax_crypto_hmac_sha256(), under a key that wax_crypto_hmac_prepare() made ready. */
wax_status wax_crypto_hmac_prepared(const uint8_t key[WAX_AT_LEAST(WAX_HMAC_KEY_SIZE)],
                                    const wax_bytes *parts, size_t count,
                                    uint8_t tag[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

/* ---- Seals ---- */

/* What seals. All take nonces of WAX_SEAL_NONCE_SIZE bytes. */
typedef enum wax_cipher {
    WAX_CHACHA20_POLY1305, /* a key of 32 bytes, a tag of 16 [RFC 8439, 2.8] */
    WAX_AES_128_CCM,       /* a key of 16 bytes, a tag of 16 [RFC 3610] */
    WAX_AES_128_CCM_8,     /* likewise, with a tag of 8 for links where each byte counts */
} wax_cipher;

/* Of ChaCha20-Poly1305; no other cipher has more. */
#define WAX_SEAL_KEY_SIZE   32
#define WAX_SEAL_NONCE_SIZE 12
#define WAX_SEAL_TAG_SIZE   16

/* The most that one call seals: 2^24 - 1 bytes with CCM, whose nonce leaves three bytes for the
 * size, and 2^31 - 17 with ChaCha20-Poly1305. CCM takes less than 65,280 associated bytes. */
#define WAX_SEAL_CCM_MAX            0xffffffU
#define WAX_SEAL_CCM_ASSOCIATED_MAX 0xfeffU

/* How something is sealed: under a key, with a nonce that this key has never seen, bound to
 * `associated`, which does not travel with it. */
typedef struct wax_sealing {
    const uint8_t *key;
    const uint8_t *nonce;
    wax_bytes associated;
    wax_cipher cipher; /* ChaCha20-Poly1305 unless another is named */
} wax_sealing;

/* The sizes of a cipher's key and tag. */
size_t wax_cipher_key_size(wax_cipher cipher);
size_t wax_cipher_tag_size(wax_cipher cipher);

/* Whether a cipher takes so much text and so many associated bytes at once. */
bool wax_cipher_takes(const wax_sealing *sealing, size_t size);

/* Seals: `sealed` gets as many bytes as `plain` has, and a tag behind them. The two begin at the
 * same place or do not overlap.
 * Returns WAX_OK; WAX_INVALID for too many bytes; WAX_UNSPECIFIED_ERROR when the library fails:
 * `sealed` is then all zero. */
wax_status wax_crypto_seal(const wax_sealing *sealing, wax_bytes plain,
                           uint8_t *sealed) WAX_CHECKED;

/* Opens what wax_crypto_seal() made: `plain` gets a tag's size less than `sealed` has. They begin
 * at the same place or do not overlap.
 * Returns WAX_OK; WAX_UNTRUSTED for what was not sealed so; WAX_UNSPECIFIED_ERROR when the library
 * fails. `plain` is all zero unless WAX_OK. */
wax_status wax_crypto_unseal(const wax_sealing *sealing, wax_bytes sealed,
                             uint8_t *plain) WAX_CHECKED;

/* ---- Keys on the curve P-256 ---- */

#define WAX_P256_SECRET_SIZE    32
#define WAX_P256_PUBLIC_SIZE    65
#define WAX_P256_SIGNATURE_SIZE 64

/* Whether the bytes are a secret key: a big-endian number from 1 to the order of the curve less 1.
 * The time it takes tells nothing. [SEC 1, 3.2.1] */
bool wax_crypto_p256_is_secret(const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)]);

/* The public key of a secret one, as an uncompressed point. [SEC 1, 2.3.3]
 * Returns WAX_OK; WAX_INVALID when `secret` is none; WAX_UNSPECIFIED_ERROR when the library fails.
 */
wax_status wax_crypto_p256_public(const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)],
                                  uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)])
    WAX_CHECKED;

/* What two ends have in common when each has the other's public key (ECDH): the first coordinate of
 * the common point. It is no key yet: derive keys from it. [SEC 1, 3.3.1]
 * Returns WAX_OK; WAX_INVALID when `secret` is none; WAX_UNTRUSTED when `public_key` is no
 * uncompressed point of the curve; WAX_UNSPECIFIED_ERROR when the library fails. `common` is all
 * zero unless WAX_OK. */
wax_status wax_crypto_p256_agree(const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)],
                                 const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                                 uint8_t common[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

/* Signs with ES256, r and s in 64 bytes. A weak source of randomness cannot betray the key: the
 * number used once is derived from key and message, alone (RFC 6979) or mixed with randomness, as
 * the library has it. So signatures of one message may differ. [RFC 7518, 3.4]
 * Returns WAX_OK; WAX_INVALID when `secret` is none; WAX_UNSPECIFIED_ERROR when the library fails.
 * `signature` is all zero unless WAX_OK. */
wax_status wax_crypto_p256_sign(
    const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)], wax_bytes message,
    uint8_t signature[WAX_AT_LEAST(WAX_P256_SIGNATURE_SIZE)]) WAX_CHECKED;

/* Whether the message was signed with the secret key of `public_key`.
 * Returns WAX_OK; WAX_UNTRUSTED, also when `public_key` is no uncompressed point of the curve;
 * WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_crypto_p256_verify(
    const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)], wax_bytes message,
    const uint8_t signature[WAX_AT_LEAST(WAX_P256_SIGNATURE_SIZE)]) WAX_CHECKED;

/* As the two above, for a message of `count` parts, taken as one. */
wax_status wax_crypto_p256_sign_parts(
    const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)], const wax_bytes *parts, size_t count,
    uint8_t signature[WAX_AT_LEAST(WAX_P256_SIGNATURE_SIZE)]) WAX_CHECKED;
wax_status wax_crypto_p256_verify_parts(
    const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)], const wax_bytes *parts,
    size_t count, const uint8_t signature[WAX_AT_LEAST(WAX_P256_SIGNATURE_SIZE)]) WAX_CHECKED;

/* PBKDF2 with HMAC-SHA-512 and 64 bytes of result, or with HMAC-SHA-256 and 32; `iterations` from 1
 * to 2^31 - 1. [RFC 8018, 5.2]
 * Returns WAX_OK; WAX_INVALID for iterations or sizes out of range; WAX_UNSPECIFIED_ERROR when the
 * library fails. `digest` is all zero unless WAX_OK. */
wax_status wax_crypto_pbkdf2_sha512(wax_bytes password, wax_bytes salt, uint32_t iterations,
                                    uint8_t digest[WAX_AT_LEAST(WAX_SHA512_SIZE)]) WAX_CHECKED;
wax_status wax_crypto_pbkdf2_sha256(wax_bytes password, wax_bytes salt, uint32_t iterations,
                                    uint8_t digest[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

/* What an Argon2id hash costs. */
typedef struct wax_argon2id {
    uint32_t memory_kib; /* at least 8 for each lane */
    uint32_t passes;     /* at least 1 */
    uint32_t lanes;      /* at least 1; computed one after the other, by the calling thread */
} wax_argon2id;

/* Argon2id, version 1.3. The salt has 8 bytes or more, `tag_size` is 4 or more. [RFC 9106, 3.1]
 * Allocates `memory_kib` while it runs.
 * Returns WAX_OK; WAX_INVALID for a cost or a size out of range; WAX_FULL when there is not so much
 * memory. `tag` is all zero unless WAX_OK. */
wax_status wax_crypto_argon2id(const wax_argon2id *cost, wax_bytes password, wax_bytes salt,
                               uint8_t *tag, size_t tag_size) WAX_CHECKED;

/* ---- Signatures ---- */

/* As JSON Web Algorithms name them. */
typedef enum wax_signature_kind {
    WAX_SIGNATURE_EDDSA, /* Ed25519 [RFC 8032] */
    WAX_SIGNATURE_ES256, /* ECDSA on P-256 with SHA-256, r and s in 64 bytes [RFC 7518, 3.4] */
    WAX_SIGNATURE_RS256, /* RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits or more [RFC 7518, 3.3] */
} wax_signature_kind;

/* A public key, for one algorithm only. Any thread may use it. */
typedef struct wax_signature_key wax_signature_key;

/* Reads a public key in PEM form. Returns WAX_OK, and wax_signature_key_free() is owed; WAX_INVALID
 * when it is none or none for this algorithm, with `fault` saying what is wrong; WAX_FULL. */
wax_status wax_signature_key_read(wax_signature_key **key, wax_signature_kind kind, wax_bytes pem,
                                  const char **fault) WAX_CHECKED;

/* NULL is fine. */
void wax_signature_key_free(wax_signature_key *key);

/* A digest of the key: another key has another. */
const uint8_t *wax_signature_key_digest(const wax_signature_key *key);

/* Whether the message was signed with the private half. Returns WAX_OK, WAX_UNTRUSTED, or
 * WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_signature_verify(const wax_signature_key *key, wax_bytes message,
                                wax_bytes signature) WAX_CHECKED;

/* Whether base64 ends in '=' up to a multiple of four characters. */
typedef enum wax_base64 {
    WAX_BASE64_PADDED, /* as almost everywhere */
    WAX_BASE64_BARE,   /* as in Argon2's encoded hashes */
    WAX_BASE64_URL,    /* bare, with '-' and '_': as in tokens [RFC 4648, 5] */
} wax_base64;

/* Appends the base64 of `bytes`; what does not fit makes the writer WAX_FULL. [RFC 4648, 4] */
void wax_crypto_base64_write(wax_writer *out, wax_bytes bytes, wax_base64 form);

/* Reads the base64 in `text` and appends its bytes to `out`. One text has one meaning only: no
 * blanks, no missing or surplus padding, no bits left over. [RFC 4648, 3.5]
 * Returns WAX_OK; WAX_MALFORMED, and then nothing was appended; WAX_FULL when `out` is too small.
 */
wax_status wax_crypto_base64_read(wax_writer *out, wax_bytes text, wax_base64 form) WAX_CHECKED;

/* ---- What a library computes ----
 *
 * Behind the functions above that hash with SHA-256, seal, or take keys on P-256 stand these, and
 * nobody else calls them: what is asked has been looked at, and what a failure leaves behind in
 * place of a result is wiped. This room has them by OpenSSL. Who computes with another library
 * builds a file that defines them all into the program itself, as a linker takes from libraries
 * only what it still lacks. */

/* Hashes `first` and the parts as if they were one. Returns whether the library could. */
bool wax_primitive_sha256(wax_bytes first, const wax_bytes *parts, size_t count,
                          uint8_t digest[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

/* As wax_crypto_seal(), within the limits of the cipher. Returns whether the library could. */
bool wax_primitive_seal(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed) WAX_CHECKED;

/* As wax_crypto_unseal(): the tag stands right behind `text`. */
wax_status wax_primitive_unseal(const wax_sealing *sealing, wax_bytes text,
                                uint8_t *plain) WAX_CHECKED;

/* Of a secret that is one. Returns whether the library could. */
bool wax_primitive_p256_public(const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)],
                               uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)]) WAX_CHECKED;

/* As wax_crypto_p256_agree(), of a secret that is one and a point that says it is uncompressed;
 * whether it is on the curve is for the library to see. */
wax_status wax_primitive_p256_agree(const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)],
                                    const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                                    uint8_t common[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

/* Signs a digest, as wax_crypto_p256_sign() says. Returns whether the library could. */
bool wax_primitive_p256_sign(const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)],
                             const uint8_t digest[WAX_AT_LEAST(WAX_SHA256_SIZE)],
                             uint8_t signature[WAX_AT_LEAST(WAX_P256_SIGNATURE_SIZE)]) WAX_CHECKED;

/* Whether a digest was signed, as wax_crypto_p256_verify() says; the point as above. */
wax_status wax_primitive_p256_verify(const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                                     const uint8_t digest[WAX_AT_LEAST(WAX_SHA256_SIZE)],
                                     const uint8_t signature[WAX_AT_LEAST(WAX_P256_SIGNATURE_SIZE)])
    WAX_CHECKED;

WAX_C_END

#endif
