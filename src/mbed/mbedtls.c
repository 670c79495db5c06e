/* What crypto's door computes for sealing, by Mbed TLS: for devices that link it for TLS already.
 * A program that this file is built into computes with it. */
#include "crypto/crypto.h"

#include <mbedtls/ccm.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/cipher.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/sha256.h>

/* ---- Hashes ---- */

bool wax_primitive_sha256(wax_bytes first, const wax_bytes *parts, size_t count,
                          uint8_t digest[static WAX_SHA256_SIZE])
{
    mbedtls_sha256_context hash;
    int fault;

    mbedtls_sha256_init(&hash);
    fault = mbedtls_sha256_starts_ret(&hash, 0);
    if (fault == 0) {
        fault = mbedtls_sha256_update_ret(&hash, first.data, first.size);
    }
    for (size_t i = 0; fault == 0 && i < count; i++) {
        fault = mbedtls_sha256_update_ret(&hash, parts[i].data, parts[i].size);
    }
    if (fault == 0) {
        fault = mbedtls_sha256_finish_ret(&hash, digest);
    }
    mbedtls_sha256_free(&hash);
    return fault == 0;
}

/* ---- Seals: a device links the cipher that its library was built with, and no other ---- */

#if defined(MBEDTLS_CHACHAPOLY_C)

static int seal_chacha(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    mbedtls_chachapoly_context work;
    int fault;

    mbedtls_chachapoly_init(&work);
    fault = mbedtls_chachapoly_setkey(&work, sealing->key);
    if (fault == 0) {
        fault = mbedtls_chachapoly_encrypt_and_tag(
            &work, plain.size, sealing->nonce, sealing->associated.data, sealing->associated.size,
            plain.data, sealed, sealed + plain.size);
    }
    mbedtls_chachapoly_free(&work);
    return fault;
}

static int unseal_chacha(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    mbedtls_chachapoly_context work;
    int fault;

    mbedtls_chachapoly_init(&work);
    fault = mbedtls_chachapoly_setkey(&work, sealing->key);
    if (fault == 0) {
        fault = mbedtls_chachapoly_auth_decrypt(&work, text.size, sealing->nonce,
                                                sealing->associated.data, sealing->associated.size,
                                                text.data + text.size, text.data, plain);
    }
    mbedtls_chachapoly_free(&work);
    return fault;
}

#endif
#if defined(MBEDTLS_CCM_C)

static int begin_ccm(mbedtls_ccm_context *work, const wax_sealing *sealing)
{
    mbedtls_ccm_init(work);
    return mbedtls_ccm_setkey(work, MBEDTLS_CIPHER_ID_AES, sealing->key,
                              (unsigned)wax_cipher_key_size(sealing->cipher) * 8);
}

static int seal_ccm(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    mbedtls_ccm_context work;
    int fault = begin_ccm(&work, sealing);

    if (fault == 0) {
        fault = mbedtls_ccm_encrypt_and_tag(&work, plain.size, sealing->nonce, WAX_SEAL_NONCE_SIZE,
                                            sealing->associated.data, sealing->associated.size,
                                            plain.data, sealed, sealed + plain.size,
                                            wax_cipher_tag_size(sealing->cipher));
    }
    mbedtls_ccm_free(&work);
    return fault;
}

static int unseal_ccm(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    mbedtls_ccm_context work;
    int fault = begin_ccm(&work, sealing);

    if (fault == 0) {
        fault = mbedtls_ccm_auth_decrypt(&work, text.size, sealing->nonce, WAX_SEAL_NONCE_SIZE,
                                         sealing->associated.data, sealing->associated.size,
                                         text.data, plain, text.data + text.size,
                                         wax_cipher_tag_size(sealing->cipher));
    }
    mbedtls_ccm_free(&work);
    return fault;
}

#endif
#if defined(MBEDTLS_CHACHAPOLY_C) || defined(MBEDTLS_CCM_C)

/* Both return the library's fault, 0 being none. */
static const struct worker {
    int (*seal)(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed);
    int (*unseal)(const wax_sealing *sealing, wax_bytes text, uint8_t *plain);
} workers[WAX_AES_128_CCM_8 + 1] = {
#if defined(MBEDTLS_CHACHAPOLY_C)
    [WAX_CHACHA20_POLY1305] = {seal_chacha, unseal_chacha},
#endif
#if defined(MBEDTLS_CCM_C)
    [WAX_AES_128_CCM] = {seal_ccm,    unseal_ccm   },
    [WAX_AES_128_CCM_8] = {seal_ccm,    unseal_ccm   },
#endif
};

bool wax_primitive_seal(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    const struct worker *worker = &workers[sealing->cipher];

    return worker->seal != NULL && worker->seal(sealing, plain, sealed) == 0;
}

wax_status wax_primitive_unseal(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    const struct worker *worker = &workers[sealing->cipher];
    int fault = worker->unseal == NULL ? MBEDTLS_ERR_CIPHER_FEATURE_UNAVAILABLE
                                       : worker->unseal(sealing, text, plain);

    return fault == 0 ? WAX_OK
           : fault == MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED || fault == MBEDTLS_ERR_CCM_AUTH_FAILED
               ? WAX_UNTRUSTED
               : WAX_UNSPECIFIED_ERROR;
}

#endif

/* ---- Keys on the curve P-256, where the library can do all that the door has of them ---- */

#if defined(MBEDTLS_ECDSA_DETERMINISTIC)

enum { HALF_SIZE = WAX_P256_SIGNATURE_SIZE / 2 };

/* The curve, a secret, a point, and the two numbers of a signature. */
struct work {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi secret;
    mbedtls_mpi r;
    mbedtls_mpi s;
};

/* Returns 0, or the library's fault; end() is owed in any case. */
static int begin(struct work *work)
{
    mbedtls_ecp_group_init(&work->group);
    mbedtls_ecp_point_init(&work->point);
    mbedtls_mpi_init(&work->secret);
    mbedtls_mpi_init(&work->r);
    mbedtls_mpi_init(&work->s);
    return mbedtls_ecp_group_load(&work->group, MBEDTLS_ECP_DP_SECP256R1);
}

static void end(struct work *work)
{
    mbedtls_ecp_group_free(&work->group);
    mbedtls_ecp_point_free(&work->point);
    mbedtls_mpi_free(&work->secret);
    mbedtls_mpi_free(&work->r);
    mbedtls_mpi_free(&work->s);
}

/* What the library blinds its computations with. */
static int give_random(void *nobody, unsigned char *room, size_t size)
{
    (void)nobody;
    return wax_random(room, size) == WAX_OK ? 0 : MBEDTLS_ERR_ECP_RANDOM_FAILED;
}

static int read_secret(struct work *work, const uint8_t *secret)
{
    return mbedtls_mpi_read_binary(&work->secret, secret, WAX_P256_SECRET_SIZE);
}

static bool read_point(struct work *work, const uint8_t *public_key)
{
    return mbedtls_ecp_point_read_binary(&work->group, &work->point, public_key,
                                         WAX_P256_PUBLIC_SIZE) == 0 &&
           mbedtls_ecp_check_pubkey(&work->group, &work->point) == 0;
}

bool wax_primitive_p256_public(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                               uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    struct work work;
    size_t size = 0;
    bool is_done =
        begin(&work) == 0 && read_secret(&work, secret) == 0 &&
        mbedtls_ecp_mul(&work.group, &work.point, &work.secret, &work.group.G, give_random, NULL) ==
            0 &&
        mbedtls_ecp_point_write_binary(&work.group, &work.point, MBEDTLS_ECP_PF_UNCOMPRESSED, &size,
                                       public_key, WAX_P256_PUBLIC_SIZE) == 0;

    end(&work);
    return is_done;
}

wax_status wax_primitive_p256_agree(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                    const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                    uint8_t common[static WAX_SHA256_SIZE])
{
    struct work work;
    wax_status status = WAX_UNSPECIFIED_ERROR;

    if (begin(&work) == 0 && read_secret(&work, secret) == 0) {
        status = !read_point(&work, public_key) ? WAX_UNTRUSTED
                 : mbedtls_ecdh_compute_shared(&work.group, &work.r, &work.point, &work.secret,
                                               give_random, NULL) == 0 &&
                         mbedtls_mpi_write_binary(&work.r, common, WAX_SHA256_SIZE) == 0
                     ? WAX_OK
                     : WAX_UNSPECIFIED_ERROR;
    }
    end(&work);
    return status;
}

bool wax_primitive_p256_sign(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                             const uint8_t digest[static WAX_SHA256_SIZE],
                             uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    struct work work;
    bool is_done =
        begin(&work) == 0 && read_secret(&work, secret) == 0 &&
        mbedtls_ecdsa_sign_det_ext(&work.group, &work.r, &work.s, &work.secret, digest,
                                   WAX_SHA256_SIZE, MBEDTLS_MD_SHA256, give_random, NULL) == 0 &&
        mbedtls_mpi_write_binary(&work.r, signature, HALF_SIZE) == 0 &&
        mbedtls_mpi_write_binary(&work.s, signature + HALF_SIZE, HALF_SIZE) == 0;

    end(&work);
    return is_done;
}

wax_status wax_primitive_p256_verify(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                     const uint8_t digest[static WAX_SHA256_SIZE],
                                     const uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    struct work work;
    wax_status status = WAX_UNSPECIFIED_ERROR;
    int fault;

    if (begin(&work) == 0 && mbedtls_mpi_read_binary(&work.r, signature, HALF_SIZE) == 0 &&
        mbedtls_mpi_read_binary(&work.s, signature + HALF_SIZE, HALF_SIZE) == 0) {
        fault = !read_point(&work, public_key)
                    ? MBEDTLS_ERR_ECP_VERIFY_FAILED
                    : mbedtls_ecdsa_verify(&work.group, digest, WAX_SHA256_SIZE, &work.point,
                                           &work.r, &work.s);
        status = fault == 0                               ? WAX_OK
                 : fault == MBEDTLS_ERR_ECP_VERIFY_FAILED ? WAX_UNTRUSTED
                                                          : WAX_UNSPECIFIED_ERROR;
    }
    end(&work);
    return status;
}

#endif
