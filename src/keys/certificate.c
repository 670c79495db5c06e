/* Certificates, and chains of at most two. */
#include "keys/signed.h"

/* clang-format off */
#define CERTIFICATE(field) offsetof(wax_keys_certificate, field)
static const struct field fields[] = {
    {1, FIELD_TEXT,   false, CERTIFICATE(subject),       1, WAX_KEYS_NAME_MAX,    NULL, NULL, 0},
    {2, FIELD_FIXED,  false, CERTIFICATE(public_key),    0, WAX_P256_PUBLIC_SIZE, NULL, NULL, 0},
    {3, FIELD_NUMBER, false, CERTIFICATE(may),           1, 15,                   NULL, NULL, 0},
    {4, FIELD_FIXED,  false, CERTIFICATE(serial),        0, WAX_KEYS_ID_SIZE,     NULL, NULL, 0},
    {5, FIELD_WIDE,   false, CERTIFICATE(valid_from_s),  0, 0,                    NULL, NULL, 0},
    {6, FIELD_WIDE,   false, CERTIFICATE(valid_until_s), 0, 0,                    NULL, NULL, 0},
};
#undef CERTIFICATE
/* clang-format on */

static const struct shape shape = {fields, WAX_COUNT(fields)};

#define LABEL WAX_TEXT("sealed-mqtt 1 certificate")

wax_status wax_keys_certificate_write(wax_writer *out, const wax_keys_signing *by,
                                      const wax_keys_certificate *certificate)
{
    const struct signed_map map = {LABEL, &shape, certificate};
    wax_keys_certificate scratch = {.may = 0};

    return signed_write(out, by, &map, &scratch);
}

/* Reads one link by the key of whoever signed it. */
static wax_status read_link(const wax_keys_chain *chain, const uint8_t *signer, wax_bytes bytes,
                            wax_keys_certificate *certificate)
{
    const struct signed_map map = {LABEL, &shape, NULL};
    const wax_keys_signing by = {.name_space = chain->name_space, .public_key = signer};
    wax_status status;

    *certificate = (wax_keys_certificate){.may = 0};
    status = signed_read(bytes, &by, &map, certificate);
    if (status == WAX_OK && chain->now_s != 0 &&
        (chain->now_s < certificate->valid_from_s || chain->now_s > certificate->valid_until_s)) {
        status = WAX_UNTRUSTED;
    }
    return status;
}

/* Whether the bytes are a point of the curve: else nothing agrees with them. */
static bool is_point(const uint8_t *public_key)
{
    static const uint8_t one[WAX_P256_SECRET_SIZE] = {[WAX_P256_SECRET_SIZE - 1] = 1};
    uint8_t common[WAX_SHA256_SIZE];

    return wax_crypto_p256_agree(one, public_key, common) == WAX_OK;
}

wax_status wax_keys_chain_check(const wax_keys_chain *chain, wax_keys_certificate *certificate)
{
    wax_keys_certificate certifier = {.public_key = chain->root, .may = 15};
    wax_status status = WAX_OK;

    if (chain->certifier.size > 0) {
        status = read_link(chain, chain->root, chain->certifier, &certifier);
    }
    if (status == WAX_OK && (certifier.may & WAX_KEYS_CERTIFIES) == 0) {
        status = WAX_UNTRUSTED;
    }
    if (status == WAX_OK) {
        status = read_link(chain, certifier.public_key, chain->certificate, certificate);
    }
    if (status == WAX_OK &&
        ((certificate->may & ~certifier.may) != 0 || (chain->may & ~certificate->may) != 0 ||
         !is_point(certificate->public_key))) {
        status = WAX_UNTRUSTED;
    }
    if (status != WAX_OK) {
        *certificate = (wax_keys_certificate){.may = 0};
    }
    return status;
}
