/* Randomness and hashes from OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

wax_status wax_random(void *room, size_t size)
{
    if (RAND_bytes_ex(NULL, room, size, 0) != 1) {
        memset(room, 0, size);
        return WAX_IO;
    }
    return WAX_OK;
}

static bool absorb_digest(EVP_MD_CTX *hash, const wax_bytes *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestUpdate(hash, parts[i].data, parts[i].size) != 1) {
            return false;
        }
    }
    return true;
}

/* `digest` has the size of `kind`. */
static wax_status hash_parts(const EVP_MD *kind, const wax_bytes *parts, size_t count,
                             uint8_t *digest)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool is_done = hash != NULL && EVP_DigestInit_ex(hash, kind, NULL) == 1 &&
                   absorb_digest(hash, parts, count) && EVP_DigestFinal_ex(hash, digest, NULL) == 1;

    EVP_MD_CTX_free(hash);
    if (!is_done) {
        memset(digest, 0, (size_t)EVP_MD_get_size(kind));
    }
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

wax_status wax_crypto_sha256(const wax_bytes *parts, size_t count,
                             uint8_t digest[static WAX_SHA256_SIZE])
{
    return hash_parts(EVP_sha256(), parts, count, digest);
}

wax_status wax_crypto_sha512(const wax_bytes *parts, size_t count,
                             uint8_t digest[static WAX_SHA512_SIZE])
{
    return hash_parts(EVP_sha512(), parts, count, digest);
}

wax_status wax_crypto_sha1(const wax_bytes *parts, size_t count,
                           uint8_t digest[static WAX_SHA1_SIZE])
{
    return hash_parts(EVP_sha1(), parts, count, digest);
}

static bool start_hmac(EVP_MAC_CTX *mac, wax_bytes key)
{
    char digest_name[] = "SHA256";
    const OSSL_PARAM settings[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
        OSSL_PARAM_construct_end(),
    };
    /* NULL would mean "the key of last time", not the empty key. */
    static const uint8_t empty[1];

    return EVP_MAC_init(mac, key.size > 0 ? key.data : empty, key.size, settings) == 1;
}

static bool absorb_mac(EVP_MAC_CTX *mac, const wax_bytes *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (EVP_MAC_update(mac, parts[i].data, parts[i].size) != 1) {
            return false;
        }
    }
    return true;
}

wax_status wax_crypto_hmac_sha256(wax_bytes key, const wax_bytes *parts, size_t count,
                                  uint8_t tag[static WAX_SHA256_SIZE])
{
    EVP_MAC *kind = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *mac = kind == NULL ? NULL : EVP_MAC_CTX_new(kind);
    size_t tag_size = 0;
    bool is_done = mac != NULL && start_hmac(mac, key) && absorb_mac(mac, parts, count) &&
                   EVP_MAC_final(mac, tag, &tag_size, WAX_SHA256_SIZE) == 1 &&
                   tag_size == WAX_SHA256_SIZE;

    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(kind);
    if (!is_done) {
        memset(tag, 0, WAX_SHA256_SIZE);
    }
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

/* What PBKDF2 is computed from. */
struct stretch {
    wax_bytes password;
    wax_bytes salt;
    uint32_t iterations;
};

/* `digest` has the size of `kind`. */
static wax_status stretch(const EVP_MD *kind, const struct stretch *from, uint8_t *digest)
{
    size_t size = (size_t)EVP_MD_get_size(kind);
    /* NULL would mean "measure the text yourself". */
    const char *text = from->password.size > 0 ? (const char *)from->password.data : "";

    memset(digest, 0, size);
    if (from->iterations == 0 || from->iterations > INT_MAX || from->password.size > INT_MAX ||
        from->salt.size > INT_MAX) {
        return WAX_INVALID;
    }
    if (PKCS5_PBKDF2_HMAC(text, (int)from->password.size, from->salt.data, (int)from->salt.size,
                          (int)from->iterations, kind, (int)size, digest) != 1) {
        memset(digest, 0, size);
        return WAX_UNSPECIFIED_ERROR;
    }
    return WAX_OK;
}

wax_status wax_crypto_pbkdf2_sha512(wax_bytes password, wax_bytes salt, uint32_t iterations,
                                    uint8_t digest[static WAX_SHA512_SIZE])
{
    return stretch(EVP_sha512(), &(struct stretch){password, salt, iterations}, digest);
}

wax_status wax_crypto_pbkdf2_sha256(wax_bytes password, wax_bytes salt, uint32_t iterations,
                                    uint8_t digest[static WAX_SHA256_SIZE])
{
    return stretch(EVP_sha256(), &(struct stretch){password, salt, iterations}, digest);
}
