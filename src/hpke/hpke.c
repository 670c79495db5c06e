/* Hybrid Public Key Encryption: from keys on P-256 to a row of seals. */
#include "hpke/hpke.h"

#include <string.h>

#include "hpke/labeled.h"

enum { SHARED_SIZE = 32 };

wax_status wax_hpke_pair(wax_bytes seed, uint8_t secret[static WAX_P256_SECRET_SIZE],
                         uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    const struct labeled extracted = {hpke_kem, WAX_TEXT("dkp_prk")};
    const struct labeled candidate = {hpke_kem, WAX_TEXT("candidate")};
    uint8_t root[WAX_HKDF_SECRET_SIZE];
    bool is_found = false;
    wax_status status;

    if (seed.size < WAX_HPKE_SEED_SIZE) {
        return WAX_INVALID;
    }
    status = hpke_extract(&extracted, wax_bytes_of(NULL, 0), seed, root);
    /* A candidate fails once in 2^32. */
    for (unsigned i = 0; status == WAX_OK && !is_found && i <= UINT8_MAX; i++) {
        const uint8_t number = (uint8_t)i;

        status =
            hpke_expand(&candidate, root, wax_bytes_of(&number, 1), secret, WAX_P256_SECRET_SIZE);
        is_found = status == WAX_OK && wax_crypto_p256_is_secret(secret);
    }
    wax_wipe(root, sizeof root);
    if (status == WAX_OK) {
        status = is_found ? wax_crypto_p256_public(secret, public_key) : WAX_UNSPECIFIED_ERROR;
    }
    return status;
}

/* What both ends have in common: with the ephemeral pair, and behind it, if the sender has a name,
 * with the sender's. */
struct exchange {
    uint8_t common[2 * WAX_SHA256_SIZE];
    size_t common_size;
    uint8_t context[3 * WAX_P256_PUBLIC_SIZE];
    size_t context_size;
};

static wax_status agree(struct exchange *self, const uint8_t *secret, const uint8_t *public_key)
{
    wax_status status = wax_crypto_p256_agree(secret, public_key, self->common + self->common_size);

    self->common_size += WAX_SHA256_SIZE;
    return status;
}

static void bind_to(struct exchange *self, const uint8_t *public_key)
{
    memcpy(self->context + self->context_size, public_key, WAX_P256_PUBLIC_SIZE);
    self->context_size += WAX_P256_PUBLIC_SIZE;
}

/* ExtractAndExpand. [RFC 9180, 4.1] */
static wax_status share(struct exchange *self, uint8_t shared[static SHARED_SIZE])
{
    const struct labeled extracted = {hpke_kem, WAX_TEXT("eae_prk")};
    const struct labeled expanded = {hpke_kem, WAX_TEXT("shared_secret")};
    uint8_t parent[WAX_HKDF_SECRET_SIZE];
    wax_status status = hpke_extract(&extracted, wax_bytes_of(NULL, 0),
                                     wax_bytes_of(self->common, self->common_size), parent);

    if (status == WAX_OK) {
        status = hpke_expand(&expanded, parent, wax_bytes_of(self->context, self->context_size),
                             shared, SHARED_SIZE);
    }
    wax_wipe(parent, sizeof parent);
    wax_wipe(self, sizeof *self);
    return status;
}

/* Encap and AuthEncap. [RFC 9180, 4.1] */
static wax_status encapsulate(const wax_hpke_ends *ends, wax_bytes seed, uint8_t *encapsulated,
                              uint8_t shared[static SHARED_SIZE])
{
    struct exchange exchange = {.common_size = 0};
    uint8_t ephemeral[WAX_P256_SECRET_SIZE];
    uint8_t own_public[WAX_P256_PUBLIC_SIZE];
    wax_status status = wax_hpke_pair(seed, ephemeral, encapsulated);

    if (status == WAX_OK) {
        status = agree(&exchange, ephemeral, ends->peer_public);
        bind_to(&exchange, encapsulated);
        bind_to(&exchange, ends->peer_public);
    }
    if (status == WAX_OK && ends->own_secret != NULL) {
        status = agree(&exchange, ends->own_secret, ends->peer_public);
    }
    if (status == WAX_OK && ends->own_secret != NULL) {
        status = wax_crypto_p256_public(ends->own_secret, own_public);
        bind_to(&exchange, own_public);
    }
    wax_wipe(ephemeral, sizeof ephemeral);
    if (status == WAX_OK) {
        status = share(&exchange, shared);
    }
    wax_wipe(&exchange, sizeof exchange);
    return status;
}

/* Decap and AuthDecap. [RFC 9180, 4.1] */
static wax_status decapsulate(const wax_hpke_ends *ends, const uint8_t *encapsulated,
                              uint8_t shared[static SHARED_SIZE])
{
    struct exchange exchange = {.common_size = 0};
    uint8_t own_public[WAX_P256_PUBLIC_SIZE];
    wax_status status = wax_crypto_p256_public(ends->own_secret, own_public);

    if (status == WAX_OK) {
        status = agree(&exchange, ends->own_secret, encapsulated);
        bind_to(&exchange, encapsulated);
        bind_to(&exchange, own_public);
    }
    if (status == WAX_OK && ends->peer_public != NULL) {
        status = agree(&exchange, ends->own_secret, ends->peer_public);
        bind_to(&exchange, ends->peer_public);
    }
    if (status == WAX_OK) {
        status = share(&exchange, shared);
    }
    wax_wipe(&exchange, sizeof exchange);
    return status;
}

enum { MODE_PSK = 1, MODE_AUTH = 2, SCHEDULE_SIZE = 1 + 2 * WAX_HKDF_SECRET_SIZE };

/* The mode and digests of what both ends say. [RFC 9180, 5.1] */
static wax_status describe(const wax_hpke_ends *ends, uint8_t mode,
                           uint8_t schedule[static SCHEDULE_SIZE])
{
    const struct labeled psk_id = {hpke_suite, WAX_TEXT("psk_id_hash")};
    const struct labeled info = {hpke_suite, WAX_TEXT("info_hash")};
    const wax_bytes no_salt = {NULL, 0};
    wax_status status = hpke_extract(&psk_id, no_salt, ends->psk_id, schedule + 1);

    schedule[0] = mode;
    return status == WAX_OK
               ? hpke_extract(&info, no_salt, ends->info, schedule + 1 + WAX_HKDF_SECRET_SIZE)
               : status;
}

/* KeySchedule. [RFC 9180, 5.1] */
static wax_status schedule_keys(wax_hpke *self, const wax_hpke_ends *ends, uint8_t mode,
                                const uint8_t shared[static SHARED_SIZE])
{
    const struct labeled secret = {hpke_suite, WAX_TEXT("secret")};
    const struct step {
        struct labeled by;
        uint8_t *to;
        size_t size;
    } steps[] = {
        {{hpke_suite, WAX_TEXT("key")},        self->key,      sizeof self->key     },
        {{hpke_suite, WAX_TEXT("base_nonce")}, self->nonce,    sizeof self->nonce   },
        {{hpke_suite, WAX_TEXT("exp")},        self->exporter, sizeof self->exporter},
    };
    uint8_t parent[WAX_HKDF_SECRET_SIZE] = {0};
    uint8_t schedule[SCHEDULE_SIZE] = {0};
    wax_status status = describe(ends, mode, schedule);

    if (status == WAX_OK) {
        status = hpke_extract(&secret, wax_bytes_of(shared, SHARED_SIZE), ends->psk, parent);
    }
    for (size_t i = 0; status == WAX_OK && i < WAX_COUNT(steps); i++) {
        status = hpke_expand(&steps[i].by, parent, wax_bytes_of(schedule, sizeof schedule),
                             steps[i].to, steps[i].size);
    }
    wax_wipe(parent, sizeof parent);
    return status;
}

/* VerifyPSKInputs. [RFC 9180, 5.1] */
static bool has_good_psk(const wax_hpke_ends *ends)
{
    return ends->psk.size == 0 ? ends->psk_id.size == 0
                               : ends->psk.size >= WAX_HPKE_PSK_SIZE_MIN && ends->psk_id.size > 0;
}

/* The rest, when the status says that there is a shared secret. */
static wax_status begin(wax_hpke *self, const wax_hpke_ends *ends, bool is_named,
                        uint8_t shared[static SHARED_SIZE], wax_status status)
{
    if (status == WAX_OK) {
        status = schedule_keys(
            self, ends, (uint8_t)((ends->psk.size > 0 ? MODE_PSK : 0) | (is_named ? MODE_AUTH : 0)),
            shared);
    }
    wax_wipe(shared, SHARED_SIZE);
    if (status != WAX_OK) {
        wax_hpke_end(self);
    }
    return status;
}

wax_status wax_hpke_begin_sealing(wax_hpke *self, const wax_hpke_ends *ends, wax_bytes seed,
                                  uint8_t encapsulated[static WAX_HPKE_ENCAPSULATED_SIZE])
{
    uint8_t shared[SHARED_SIZE] = {0};

    *self = (wax_hpke){.sequence = 0};
    if (!has_good_psk(ends)) {
        return WAX_INVALID;
    }
    return begin(self, ends, ends->own_secret != NULL, shared,
                 encapsulate(ends, seed, encapsulated, shared));
}

wax_status wax_hpke_begin_opening(wax_hpke *self, const wax_hpke_ends *ends,
                                  const uint8_t encapsulated[static WAX_HPKE_ENCAPSULATED_SIZE])
{
    uint8_t shared[SHARED_SIZE] = {0};

    *self = (wax_hpke){.sequence = 0};
    if (!has_good_psk(ends)) {
        return WAX_INVALID;
    }
    return begin(self, ends, ends->peer_public != NULL, shared,
                 decapsulate(ends, encapsulated, shared));
}

/* The nonce of the next number. [RFC 9180, 5.2] */
static void compute_nonce(const wax_hpke *self, uint8_t nonce[static WAX_SEAL_NONCE_SIZE])
{
    uint64_t sequence = self->sequence;

    memcpy(nonce, self->nonce, WAX_SEAL_NONCE_SIZE);
    for (size_t i = WAX_SEAL_NONCE_SIZE; sequence > 0; i--) {
        nonce[i - 1] ^= (uint8_t)sequence;
        sequence >>= 8;
    }
}

wax_status wax_hpke_seal(wax_hpke *self, wax_bytes associated, wax_bytes plain, uint8_t *sealed)
{
    uint8_t nonce[WAX_SEAL_NONCE_SIZE];
    const wax_sealing sealing = {.key = self->key, .nonce = nonce, .associated = associated};
    wax_status status;

    if (self->sequence == UINT64_MAX) {
        return WAX_FULL;
    }
    compute_nonce(self, nonce);
    status = wax_crypto_seal(&sealing, plain, sealed);
    /* Even where the library fails, a number is never used twice. */
    self->sequence++;
    return status;
}

wax_status wax_hpke_open(wax_hpke *self, wax_bytes associated, wax_bytes sealed, uint8_t *plain)
{
    uint8_t nonce[WAX_SEAL_NONCE_SIZE];
    const wax_sealing sealing = {.key = self->key, .nonce = nonce, .associated = associated};
    wax_status status;

    if (self->sequence == UINT64_MAX) {
        return WAX_FULL;
    }
    compute_nonce(self, nonce);
    status = wax_crypto_unseal(&sealing, sealed, plain);
    self->sequence += status == WAX_OK;
    return status;
}

wax_status wax_hpke_export(const wax_hpke *self, wax_bytes context, uint8_t *result, size_t size)
{
    const struct labeled by = {hpke_suite, WAX_TEXT("sec")};

    return hpke_expand(&by, self->exporter, context, result, size);
}

void wax_hpke_end(wax_hpke *self)
{
    wax_wipe(self, sizeof *self);
}
