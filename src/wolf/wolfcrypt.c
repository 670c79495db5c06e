/* What crypto's door computes for sealing, by wolfCrypt: for devices that link it for TLS already.
 * A program that this file is built into computes with it. */
#include "crypto/crypto.h"

#include <wolfssl/wolfcrypt/settings.h>

#include <string.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>

/* ---- Hashes ---- */

/* Takes as much off the front as the library counts at once. */
static wax_bytes take(wax_bytes *rest)
{
    const size_t most = (size_t)1 << 30;
    wax_bytes piece = wax_bytes_of(rest->data, rest->size < most ? rest->size : most);

    *rest = wax_bytes_of(rest->data + piece.size, rest->size - piece.size);
    return piece;
}

static int absorb(wc_Sha256 *hash, wax_bytes rest)
{
    int fault = 0;

    while (fault == 0 && rest.size > 0) {
        wax_bytes piece = take(&rest);
        fault = wc_Sha256Update(hash, piece.data, (word32)piece.size);
    }
    return fault;
}

bool wax_primitive_sha256(wax_bytes first, const wax_bytes *parts, size_t count,
                          uint8_t digest[static WAX_SHA256_SIZE])
{
    wc_Sha256 hash;
    int fault = wc_InitSha256(&hash);

    if (fault == 0) {
        fault = absorb(&hash, first);
    }
    for (size_t i = 0; fault == 0 && i < count; i++) {
        fault = absorb(&hash, parts[i]);
    }
    if (fault == 0) {
        fault = wc_Sha256Final(&hash, digest);
    }
    wc_Sha256Free(&hash);
    wax_wipe(&hash, sizeof hash);
    return fault == 0;
}

/* ---- Seals ---- */

static int seal_chacha(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    return wc_ChaCha20Poly1305_Encrypt(sealing->key, sealing->nonce, sealing->associated.data,
                                       (word32)sealing->associated.size, plain.data,
                                       (word32)plain.size, sealed, sealed + plain.size);
}

static int unseal_chacha(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    return wc_ChaCha20Poly1305_Decrypt(sealing->key, sealing->nonce, sealing->associated.data,
                                       (word32)sealing->associated.size, text.data,
                                       (word32)text.size, text.data + text.size, plain);
}

/* Returns 0, or the library's fault; end_ccm() is owed in any case. */
static int begin_ccm(Aes *work, const wax_sealing *sealing)
{
    int fault = wc_AesInit(work, NULL, INVALID_DEVID);

    return fault != 0
               ? fault
               : wc_AesCcmSetKey(work, sealing->key, (word32)wax_cipher_key_size(sealing->cipher));
}

static void end_ccm(Aes *work)
{
    wc_AesFree(work);
    wax_wipe(work, sizeof *work);
}

static int seal_ccm(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    Aes work;
    int fault = begin_ccm(&work, sealing);

    if (fault == 0) {
        fault = wc_AesCcmEncrypt(&work, sealed, plain.data, (word32)plain.size, sealing->nonce,
                                 WAX_SEAL_NONCE_SIZE, sealed + plain.size,
                                 (word32)wax_cipher_tag_size(sealing->cipher),
                                 sealing->associated.data, (word32)sealing->associated.size);
    }
    end_ccm(&work);
    return fault;
}

static int unseal_ccm(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    Aes work;
    int fault = begin_ccm(&work, sealing);

    if (fault == 0) {
        fault = wc_AesCcmDecrypt(&work, plain, text.data, (word32)text.size, sealing->nonce,
                                 WAX_SEAL_NONCE_SIZE, text.data + text.size,
                                 (word32)wax_cipher_tag_size(sealing->cipher),
                                 sealing->associated.data, (word32)sealing->associated.size);
    }
    end_ccm(&work);
    return fault;
}

bool wax_primitive_seal(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    return (sealing->cipher == WAX_CHACHA20_POLY1305 ? seal_chacha : seal_ccm)(sealing, plain,
                                                                               sealed) == 0;
}

wax_status wax_primitive_unseal(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    int fault = (sealing->cipher == WAX_CHACHA20_POLY1305 ? unseal_chacha
                                                          : unseal_ccm)(sealing, text, plain);

    return fault == 0                                             ? WAX_OK
           : fault == MAC_CMP_FAILED_E || fault == AES_CCM_AUTH_E ? WAX_UNTRUSTED
                                                                  : WAX_UNSPECIFIED_ERROR;
}

/* ---- Keys on the curve P-256 ---- */

enum { HALF_SIZE = WAX_P256_SIGNATURE_SIZE / 2 };

/* Both ends' keys, the two numbers of a signature, and what computations are blinded with. */
struct work {
    ecc_key own;
    ecc_key peer;
    mp_int r;
    mp_int s;
    WC_RNG random;
};

/* Returns whether the library could; end() is owed in any case. */
static bool begin(struct work *work)
{
    memset(work, 0, sizeof *work);
    return wc_InitRng(&work->random) == 0 && wc_ecc_init(&work->own) == 0 &&
           wc_ecc_init(&work->peer) == 0 && mp_init(&work->r) == 0 && mp_init(&work->s) == 0 &&
           wc_ecc_set_rng(&work->own, &work->random) == 0;
}

/* The library leaves the number that it used once where it stands, and its memory too. */
static void forget_nonce(ecc_key *key)
{
    if (key->sign_k != NULL) {
        mp_forcezero(key->sign_k);
        XFREE(key->sign_k, key->heap, DYNAMIC_TYPE_ECC);
        key->sign_k = NULL;
    }
}

static void end(struct work *work)
{
    forget_nonce(&work->own);
    (void)wc_ecc_free(&work->own);
    (void)wc_ecc_free(&work->peer);
    (void)wc_FreeRng(&work->random);
    wax_wipe(work, sizeof *work);
}

static bool read_secret(struct work *work, const uint8_t *secret)
{
    return wc_ecc_import_private_key_ex(secret, WAX_P256_SECRET_SIZE, NULL, 0, &work->own,
                                        ECC_SECP256R1) == 0;
}

/* The library itself looks at no more than the size. */
static bool read_point(struct work *work, const uint8_t *public_key)
{
    return wc_ecc_import_x963_ex(public_key, WAX_P256_PUBLIC_SIZE, &work->peer, ECC_SECP256R1) ==
               0 &&
           wc_ecc_check_key(&work->peer) == 0;
}

bool wax_primitive_p256_public(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                               uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    struct work work;
    word32 size = WAX_P256_PUBLIC_SIZE;
    bool is_done = begin(&work) && read_secret(&work, secret) &&
                   wc_ecc_make_pub_ex(&work.own, NULL, &work.random) == 0 &&
                   wc_ecc_export_x963(&work.own, public_key, &size) == 0;

    end(&work);
    return is_done;
}

wax_status wax_primitive_p256_agree(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                    const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                    uint8_t common[static WAX_SHA256_SIZE])
{
    struct work work;
    word32 size = WAX_SHA256_SIZE;
    wax_status status = WAX_UNSPECIFIED_ERROR;

    if (begin(&work) && read_secret(&work, secret)) {
        status = !read_point(&work, public_key) ? WAX_UNTRUSTED
                 : wc_ecc_shared_secret(&work.own, &work.peer, common, &size) == 0 &&
                         size == WAX_SHA256_SIZE
                     ? WAX_OK
                     : WAX_UNSPECIFIED_ERROR;
    }
    end(&work);
    return status;
}

/* Both numbers have the range of secrets, and the library does not look at it. [SEC 1, 4.1.4] */
static bool is_signature(const uint8_t *signature)
{
    return wax_crypto_p256_is_secret(signature) && wax_crypto_p256_is_secret(signature + HALF_SIZE);
}

bool wax_primitive_p256_sign(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                             const uint8_t digest[static WAX_SHA256_SIZE],
                             uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    struct work work;
    bool is_done =
        begin(&work) && read_secret(&work, secret) && wc_ecc_set_deterministic(&work.own, 1) == 0 &&
        wc_ecc_sign_hash_ex(digest, WAX_SHA256_SIZE, &work.random, &work.own, &work.r, &work.s) ==
            0 &&
        mp_to_unsigned_bin_len(&work.r, signature, HALF_SIZE) == 0 &&
        mp_to_unsigned_bin_len(&work.s, signature + HALF_SIZE, HALF_SIZE) == 0;

    end(&work);
    return is_done;
}

wax_status wax_primitive_p256_verify(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                     const uint8_t digest[static WAX_SHA256_SIZE],
                                     const uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    struct work work;
    wax_status status = WAX_UNSPECIFIED_ERROR;
    int holds = 0;

    if (!is_signature(signature)) {
        return WAX_UNTRUSTED;
    }
    if (begin(&work) && mp_read_unsigned_bin(&work.r, signature, HALF_SIZE) == 0 &&
        mp_read_unsigned_bin(&work.s, signature + HALF_SIZE, HALF_SIZE) == 0) {
        status = !read_point(&work, public_key) ? WAX_UNTRUSTED
                 : wc_ecc_verify_hash_ex(&work.r, &work.s, digest, WAX_SHA256_SIZE, &holds,
                                         &work.peer) != 0
                     ? WAX_UNSPECIFIED_ERROR
                 : holds == 1 ? WAX_OK
                              : WAX_UNTRUSTED;
    }
    end(&work);
    return status;
}
