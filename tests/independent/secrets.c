/* Ascon, and the judgement of secret keys, with secrets that valgrind takes for uninitialised: it
 * reports every branch and every address that would depend on one. With the argument "leak" there
 * is one, which must be found. */
#include <stdio.h>
#include <valgrind/memcheck.h>

#include "ascon/ascon.h"
#include "crypto/crypto.h"

enum { SIZE = 200 };

struct secrets {
    uint8_t key[WAX_ASCON_KEY_SIZE];
    uint8_t nonce[WAX_ASCON_NONCE_SIZE];
    uint8_t associated[SIZE];
    uint8_t plain[SIZE];
};

static void seal_and_open(struct secrets *secrets, size_t size)
{
    const wax_ascon_sealing sealing = {.key = secrets->key,
                                       .nonce = secrets->nonce,
                                       .associated = wax_bytes_of(secrets->associated, size / 2)};
    uint8_t sealed[SIZE + WAX_ASCON_TAG_SIZE];
    wax_status status;

    wax_ascon_seal(&sealing, wax_bytes_of(secrets->plain, size), sealed);
    status =
        wax_ascon_unseal(&sealing, wax_bytes_of(sealed, size + WAX_ASCON_TAG_SIZE), secrets->plain);
    VALGRIND_MAKE_MEM_UNDEFINED(sealed, sizeof sealed);
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    if (status != WAX_OK) {
        (void)puts("what was sealed does not open");
    }
}

static void hash(const struct secrets *secrets, size_t size)
{
    wax_ascon_hash hash;
    uint8_t result[50];

    wax_ascon_hash_start(&hash);
    wax_ascon_hash_update(&hash, wax_bytes_of(secrets->plain, size));
    wax_ascon_hash_finish(&hash, result, WAX_ASCON_HASH_SIZE);
    wax_ascon_cxof_start(&hash, wax_bytes_of(secrets->associated, size));
    wax_ascon_hash_update(&hash, wax_bytes_of(secrets->key, sizeof secrets->key));
    wax_ascon_hash_finish(&hash, result, sizeof result);
}

static void judge(const uint8_t *secret)
{
    bool is_secret = wax_crypto_p256_is_secret(secret);

    VALGRIND_MAKE_MEM_DEFINED(&is_secret, sizeof is_secret);
    if (is_secret) {
        (void)puts("zero is no secret key");
    }
}

int main(int argc, char **argv)
{
    struct secrets secrets = {{0}, {0}, {0}, {0}};

    (void)argv;
    VALGRIND_MAKE_MEM_UNDEFINED(&secrets, sizeof secrets);
    judge(secrets.plain);
    for (size_t size = 0; size < SIZE; size += 7) {
        seal_and_open(&secrets, size);
        hash(&secrets, size);
    }
    if (argc > 1 && secrets.key[0] == 0) {
        (void)puts("a leak");
    }
    return 0;
}
