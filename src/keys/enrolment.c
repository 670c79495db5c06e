/* Enrolments, and the words that people compare. */
#include "cbor/cbor.h"
#include "keys/signed.h"

enum { CERTIFICATE_MAX = 1024 };

/* clang-format off */
#define ENROLMENT(field) offsetof(wax_keys_enrolment, field)
static const struct field fields[] = {
    {1, FIELD_TEXT,  false, ENROLMENT(device),      1, WAX_KEYS_NAME_MAX,         NULL, NULL, 0},
    {2, FIELD_FIXED, false, ENROLMENT(public_key),  0, WAX_P256_PUBLIC_SIZE,      NULL, NULL, 0},
    {3, FIELD_FIXED, false, ENROLMENT(nonce),       0, WAX_KEYS_ENROL_NONCE_SIZE, NULL, NULL, 0},
    {4, FIELD_BYTES, true,  ENROLMENT(certificate), 1, CERTIFICATE_MAX,           NULL, NULL, 0},
    {5, FIELD_BYTES, true,  ENROLMENT(certifier),   1, CERTIFICATE_MAX,           NULL, NULL, 0},
};
#undef ENROLMENT
/* clang-format on */

static const struct shape shape = {fields, WAX_COUNT(fields)};

#define LABEL WAX_TEXT("sealed-mqtt 1 enrol")

wax_status wax_keys_enrolment_write(wax_writer *out, const wax_keys_signing *by,
                                    const wax_keys_enrolment *enrolment)
{
    const struct signed_map map = {LABEL, &shape, enrolment};
    wax_keys_enrolment scratch = {
        .device = {NULL, 0}
    };

    return signed_write(out, by, &map, &scratch);
}

/* Says who the signer claims to be: nothing is verified yet. */
static wax_status read_claim(wax_keys_enrolment *claim, wax_bytes signed_bytes)
{
    enum { BEFORE_PAYLOAD = 9 + WAX_KEYS_KID_SIZE };

    wax_reader in = wax_reader_over(signed_bytes);
    wax_bytes payload;

    (void)wax_read_bytes(&in, BEFORE_PAYLOAD);
    payload = wax_cbor_read_bytes(&in);
    return in.status == WAX_OK ? fields_read_all(payload, &shape, claim) : in.status;
}

wax_status wax_keys_enrolment_read(wax_keys_enrolment *enrolment,
                                   const uint8_t name_space[static WAX_KEYS_ID_SIZE],
                                   wax_bytes signed_bytes)
{
    const struct signed_map map = {LABEL, &shape, NULL};
    wax_keys_signing by = {.name_space = name_space};
    wax_keys_enrolment claim = {
        .device = {NULL, 0}
    };
    wax_status status = read_claim(&claim, signed_bytes);

    *enrolment = (wax_keys_enrolment){
        .device = {NULL, 0}
    };
    if (status != WAX_OK) {
        return status;
    }
    by.public_key = claim.public_key;
    claim = (wax_keys_enrolment){
        .device = {NULL, 0}
    };
    status = signed_read(signed_bytes, &by, &map, &claim);
    if (status == WAX_OK) {
        *enrolment = claim;
    }
    return status;
}

/* A proquint: five letters for 16 bits. */
static void write_word(wax_writer *out, unsigned bits)
{
    static const char consonants[] = "bdfghjklmnprstvz";
    static const char vowels[] = "aiou";

    wax_write_u8(out, (uint8_t)consonants[bits >> 12U & 15U]);
    wax_write_u8(out, (uint8_t)vowels[bits >> 10U & 3U]);
    wax_write_u8(out, (uint8_t)consonants[bits >> 6U & 15U]);
    wax_write_u8(out, (uint8_t)vowels[bits >> 4U & 3U]);
    wax_write_u8(out, (uint8_t)consonants[bits & 15U]);
}

wax_status wax_keys_words(const uint8_t name_space[static WAX_KEYS_ID_SIZE],
                          const wax_keys_enrolment *enrolment,
                          char words[static WAX_KEYS_WORDS_SIZE])
{
    const wax_bytes parts[] = {
        WAX_TEXT("sealed-mqtt 1 confirm"),
        wax_bytes_of(name_space, WAX_KEYS_ID_SIZE),
        wax_bytes_of(enrolment->public_key, WAX_P256_PUBLIC_SIZE),
        wax_bytes_of(enrolment->nonce, WAX_KEYS_ENROL_NONCE_SIZE),
    };
    uint8_t digest[WAX_SHA256_SIZE];
    const wax_status status = wax_crypto_sha256(parts, WAX_COUNT(parts), digest);
    wax_reader in = wax_reader_over(wax_bytes_of(digest, sizeof digest));
    wax_writer out = wax_writer_over(words, WAX_KEYS_WORDS_SIZE);

    for (unsigned i = 0; i < 4; i++) {
        write_word(&out, wax_read_u16(&in));
        wax_write_u8(&out, i < 3 ? '-' : 0);
    }
    return status;
}
