/* What is signed, of a stranger: an enrolment, a certificate, a manifest, an entry of the log, by
 * the first byte. With its bit 7 the rest is only the payload, which is then signed by a key that
 * everybody knows. What is taken can be walked to its end. */
#include "fuzz.h"

#include "hpke/hpke.h"
#include "keys/keys.h"

static const uint8_t name_space[WAX_KEYS_ID_SIZE];

struct signer {
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
};

static const struct signer *signer(void)
{
    static struct signer known;
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {0};

    if (known.public_key[0] == 0) {
        fuzz_require(wax_hpke_pair(wax_bytes_of(seed, sizeof seed), known.secret,
                                   known.public_key) == WAX_OK);
    }
    return &known;
}

static void read_manifest(const wax_keys_signing *by, wax_bytes bytes)
{
    const wax_keys_posted posted = {WAX_TEXT("wax/m/0000000000000000"), bytes};
    wax_keys_followed followed = {.number = 0};
    wax_keys_manifest manifest;
    wax_bytes text;

    if (wax_keys_manifest_read(&manifest, by, &followed, &posted) == WAX_OK) {
        while (wax_keys_next_text(&manifest.filters, &text)) {
            fuzz_require(text.size > 0);
        }
        fuzz_require(manifest.filters.items.size == 0);
        (void)wax_keys_may_send(&manifest.senders, 7);
        (void)wax_keys_signer(&manifest.signers, 7);
    }
}

static void read_entry(const wax_keys_signing *by, wax_bytes bytes)
{
    wax_keys_followed followed = {.number = 0};
    wax_keys_entry entry;
    wax_bytes name;
    wax_bytes text;
    uint64_t number = 0;

    if (wax_keys_entry_read(&entry, by, &followed, bytes) == WAX_OK) {
        fuzz_require(entry.number == followed.number);
        while (wax_keys_next_detail(&entry.details, &name, &text, &number)) {
            fuzz_require(name.size > 0);
        }
        fuzz_require(entry.details.items.size == 0);
    }
}

static void read_enrolment(wax_bytes bytes)
{
    wax_keys_enrolment enrolment;
    char words[WAX_KEYS_WORDS_SIZE];

    if (wax_keys_enrolment_read(&enrolment, name_space, bytes) == WAX_OK) {
        fuzz_require(enrolment.device.size > 0);
        fuzz_require(wax_keys_words(name_space, &enrolment, words) == WAX_OK);
        fuzz_require(words[WAX_KEYS_WORDS_SIZE - 1] == 0);
    }
}

static void read_certificate(wax_bytes bytes)
{
    const wax_keys_chain chain = {
        .name_space = name_space,
        .root = signer()->public_key,
        .certificate = bytes,
        .may = WAX_KEYS_IS_DEVICE,
        .now_s = 1000,
    };
    wax_keys_certificate certificate;

    if (wax_keys_chain_check(&chain, &certificate) == WAX_OK) {
        fuzz_require((certificate.may & WAX_KEYS_IS_DEVICE) != 0);
        fuzz_require(certificate.valid_from_s <= 1000 && certificate.valid_until_s >= 1000);
    }
}

static void read_any(unsigned type, wax_bytes bytes)
{
    const wax_keys_signing by = {.name_space = name_space, .public_key = signer()->public_key};

    switch (type % 4) {
    case 0:
        read_enrolment(bytes);
        break;
    case 1:
        read_certificate(bytes);
        break;
    case 2:
        read_manifest(&by, bytes);
        break;
    default:
        read_entry(&by, bytes);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_bytes labels[] = {
        {(const uint8_t *)"sealed-mqtt 1 enrol",       19},
        {(const uint8_t *)"sealed-mqtt 1 certificate", 25},
        {(const uint8_t *)"sealed-mqtt 1 manifest",    22},
        {(const uint8_t *)"sealed-mqtt 1 log",         17},
    };
    uint8_t *room = malloc(size + 256);
    wax_writer out = wax_writer_over(room, size + 256);

    fuzz_require(room != NULL);
    if (size > 0) {
        const wax_keys_bound bound = {labels[data[0] % 4],
                                      wax_bytes_of(name_space, sizeof name_space)};

        wax_write_bytes(&out, wax_bytes_of(data + 1, size - 1));
        fuzz_require((data[0] & 0x80U) == 0 ||
                     wax_keys_sign(&out, 0, &bound, signer()->secret) == WAX_OK);
        read_any(data[0], wax_writer_bytes(&out));
    }
    free(room);
    return 0;
}
