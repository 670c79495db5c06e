/* Hashes from OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/fetched.h"

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
static bool hash_parts(const EVP_MD *kind, wax_bytes first, const wax_bytes *parts, size_t count,
                       uint8_t *digest)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool is_done = hash != NULL && EVP_DigestInit_ex(hash, kind, NULL) == 1 &&
                   absorb_digest(hash, &first, 1) && absorb_digest(hash, parts, count) &&
                   EVP_DigestFinal_ex(hash, digest, NULL) == 1;

    EVP_MD_CTX_free(hash);
    if (!is_done) {
        memset(digest, 0, (size_t)EVP_MD_get_size(kind));
    }
    return is_done;
}

bool wax_primitive_sha256(wax_bytes first, const wax_bytes *parts, size_t count,
                          uint8_t digest[static WAX_SHA256_SIZE])
{
    return hash_parts(fetched_sha256(), first, parts, count, digest);
}

static wax_status hash_alone(const EVP_MD *kind, const wax_bytes *parts, size_t count,
                             uint8_t *digest)
{
    return hash_parts(kind, wax_bytes_of(NULL, 0), parts, count, digest) ? WAX_OK
                                                                         : WAX_UNSPECIFIED_ERROR;
}

wax_status wax_crypto_sha512(const wax_bytes *parts, size_t count,
                             uint8_t digest[static WAX_SHA512_SIZE])
{
    return hash_alone(EVP_sha512(), parts, count, digest);
}

wax_status wax_crypto_sha1(const wax_bytes *parts, size_t count,
                           uint8_t digest[static WAX_SHA1_SIZE])
{
    return hash_alone(EVP_sha1(), parts, count, digest);
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
