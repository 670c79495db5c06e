/* HKDF and HPKE give the published answers, in every mode, and open nothing that was touched. */
#include "../vectors.h"

#include "hpke/hpke.h"

static void check_hkdf(struct vector *vector)
{
    const char *name = vector_text(vector, "name");
    const char *announced = vector_text(vector, "size");
    wax_bytes from = vector_bytes(vector, "secret");
    wax_bytes info = vector_bytes(vector, "info");
    wax_bytes wanted = vector_bytes(vector, "result");
    size_t size = announced == NULL ? wanted.size : strtoul(announced, NULL, 10);
    uint8_t secret[WAX_HKDF_SECRET_SIZE];
    uint8_t *result = malloc(size + 1);
    const wax_hkdf by = {secret, &info, 1};
    wax_status status;

    check_row(name, wax_hkdf_extract(vector_bytes(vector, "salt"), &from, 1, secret) == WAX_OK);
    check_row(name, vector_text(vector, "extracted") == NULL ||
                        wax_bytes_equal(wax_bytes_of(secret, sizeof secret),
                                        vector_bytes(vector, "extracted")));
    status = wax_hkdf_expand(&by, result, size);
    check_row(name, status == (wanted.size == size ? WAX_OK : WAX_INVALID));
    check_row(name, status != WAX_OK || wax_bytes_equal(wax_bytes_of(result, size), wanted));
    free(result);
}

static void derived_keys_are_the_published_ones(void **state)
{
    struct vector vector = vectors_open("hkdf-sha256.txt");
    size_t count = 0;

    (void)state;
    for (; vector_next(&vector); count++) {
        check_hkdf(&vector);
    }
    assert_true(count > 100);
}

static void parts_are_taken_as_one(void **state)
{
    const wax_bytes whole = WAX_TEXT("in three parts");
    const wax_bytes parts[] = {WAX_TEXT("in "), WAX_TEXT(""), WAX_TEXT("three parts")};
    const wax_bytes many[WAX_HKDF_PARTS_MAX + 1] = {
        {NULL, 0}
    };
    uint8_t secrets[2][WAX_HKDF_SECRET_SIZE];
    uint8_t results[2][70];
    const wax_hkdf one = {secrets[0], &whole, 1};
    const wax_hkdf three = {secrets[0], parts, WAX_COUNT(parts)};
    const wax_hkdf too_many = {secrets[0], many, WAX_COUNT(many)};

    (void)state;
    assert_int_equal(wax_hkdf_extract(whole, &whole, 1, secrets[0]), WAX_OK);
    assert_int_equal(wax_hkdf_extract(whole, parts, WAX_COUNT(parts), secrets[1]), WAX_OK);
    assert_memory_equal(secrets[0], secrets[1], sizeof secrets[0]);
    assert_int_equal(wax_hkdf_expand(&one, results[0], sizeof results[0]), WAX_OK);
    assert_int_equal(wax_hkdf_expand(&three, results[1], sizeof results[1]), WAX_OK);
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    assert_int_equal(wax_hkdf_expand(&too_many, results[1], 1), WAX_INVALID);
}

/* A value, or NULL where the case has an empty one. */
static const uint8_t *bytes_or_null(struct vector *vector, const char *name)
{
    wax_bytes bytes = vector_bytes(vector, name);

    return bytes.size == 0 ? NULL : bytes.data;
}

static void check_pair(struct vector *vector, const char *name)
{
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];

    check_row(name, wax_hpke_pair(vector_bytes(vector, "seed"), secret, public_key) == WAX_OK);
    check_row(name, memcmp(secret, vector_bytes(vector, "ephemeral").data, sizeof secret) == 0);
    check_row(name, memcmp(public_key, vector_bytes(vector, "encapsulated").data,
                           sizeof public_key) == 0);
}

/* Seals and opens all numbers up to the last that the case has. */
static void check_seals(struct vector *vector, wax_hpke *sender, wax_hpke *receiver)
{
    const char *name = vector_text(vector, "name");
    wax_bytes plain = vector_bytes(vector, "plain");
    uint8_t sealed[64];
    uint8_t opened[64];
    char text[32];

    for (unsigned i = 0; i <= 256; i++) {
        wax_bytes associated;

        (void)snprintf(text, sizeof text, "Count-%u", i);
        associated = wax_bytes_of_text(text);
        check_row(name, wax_hpke_seal(sender, associated, plain, sealed) == WAX_OK);
        check_row(name, wax_hpke_open(receiver, associated,
                                      wax_bytes_of(sealed, plain.size + WAX_SEAL_TAG_SIZE),
                                      opened) == WAX_OK);
        check_row(name, wax_bytes_equal(wax_bytes_of(opened, plain.size), plain));
        (void)snprintf(text, sizeof text, "sealed_%u", i);
        check_row(name, vector_text(vector, text) == NULL ||
                            memcmp(vector_bytes(vector, text).data, sealed,
                                   plain.size + WAX_SEAL_TAG_SIZE) == 0);
    }
}

static void check_exports(struct vector *vector, const wax_hpke *end)
{
    static const char *const names[] = {"export_", "export_00", "export_54657374436f6e74657874"};
    static const wax_bytes contexts[] = {
        {NULL,                           0 },
        {(const uint8_t *)"",            1 },
        {(const uint8_t *)"TestContext", 11}
    };

    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        uint8_t result[32];

        check_row(names[i], wax_hpke_export(end, contexts[i], result, sizeof result) == WAX_OK);
        check_row(names[i],
                  memcmp(result, vector_bytes(vector, names[i]).data, sizeof result) == 0);
    }
}

static void check_hpke(struct vector *vector)
{
    const char *name = vector_text(vector, "name");
    const wax_hpke_ends at_sender = {.own_secret = bytes_or_null(vector, "sender_secret"),
                                     .peer_public = bytes_or_null(vector, "receiver_public"),
                                     .info = vector_bytes(vector, "info"),
                                     .psk = vector_bytes(vector, "psk"),
                                     .psk_id = vector_bytes(vector, "psk_id")};
    wax_hpke_ends at_receiver = at_sender;
    wax_hpke sender;
    wax_hpke receiver;
    uint8_t encapsulated[WAX_HPKE_ENCAPSULATED_SIZE];

    check_pair(vector, name);
    at_receiver.own_secret = bytes_or_null(vector, "receiver_secret");
    at_receiver.peer_public = bytes_or_null(vector, "sender_public");
    check_row(name, wax_hpke_begin_sealing(&sender, &at_sender, vector_bytes(vector, "seed"),
                                           encapsulated) == WAX_OK);
    check_row(name, wax_hpke_begin_opening(&receiver, &at_receiver, encapsulated) == WAX_OK);
    check_seals(vector, &sender, &receiver);
    check_exports(vector, &sender);
    check_exports(vector, &receiver);
    wax_hpke_end(&sender);
    wax_hpke_end(&receiver);
}

static void seals_are_the_published_ones(void **state)
{
    struct vector vector = vectors_open("hpke-p256-chacha20.txt");
    size_t count = 0;

    (void)state;
    for (; vector_next(&vector); count++) {
        check_hpke(&vector);
    }
    assert_int_equal(count, 4);
}

/* Two ends that know each other in every way there is. */
struct both {
    uint8_t secrets[2][WAX_P256_SECRET_SIZE];
    uint8_t publics[2][WAX_P256_PUBLIC_SIZE];
    uint8_t psk[WAX_HPKE_PSK_SIZE_MIN];
    wax_hpke_ends sender;
    wax_hpke_ends receiver;
};

static void acquaint(struct both *both)
{
    const uint8_t seed[WAX_HPKE_SEED_SIZE + 1] = {7};

    memset(both, 0, sizeof *both);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wax_hpke_pair(wax_bytes_of(seed, WAX_HPKE_SEED_SIZE + i), both->secrets[i],
                                       both->publics[i]),
                         WAX_OK);
    }
    both->sender = (wax_hpke_ends){.own_secret = both->secrets[0],
                                   .peer_public = both->publics[1],
                                   .info = WAX_TEXT("info"),
                                   .psk = wax_bytes_of(both->psk, sizeof both->psk),
                                   .psk_id = WAX_TEXT("id")};
    both->receiver = both->sender;
    both->receiver.own_secret = both->secrets[1];
    both->receiver.peer_public = both->publics[0];
}

/* Whether what `sender` seals opens at `receiver`. */
static bool reaches(const wax_hpke_ends *sender, const wax_hpke_ends *receiver)
{
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {9};
    uint8_t encapsulated[WAX_HPKE_ENCAPSULATED_SIZE];
    uint8_t sealed[4 + WAX_SEAL_TAG_SIZE];
    uint8_t opened[4];
    wax_hpke ends[2];

    assert_int_equal(
        wax_hpke_begin_sealing(&ends[0], sender, wax_bytes_of(seed, sizeof seed), encapsulated),
        WAX_OK);
    assert_int_equal(wax_hpke_begin_opening(&ends[1], receiver, encapsulated), WAX_OK);
    assert_int_equal(wax_hpke_seal(&ends[0], WAX_TEXT("associated"), WAX_TEXT("text"), sealed),
                     WAX_OK);
    return wax_hpke_open(&ends[1], WAX_TEXT("associated"), wax_bytes_of(sealed, sizeof sealed),
                         opened) == WAX_OK;
}

static void both_ends_must_say_the_same(void **state)
{
    struct both both;
    wax_hpke_ends other;
    uint8_t psk[WAX_HPKE_PSK_SIZE_MIN] = {1};

    (void)state;
    acquaint(&both);
    assert_true(reaches(&both.sender, &both.receiver));
    other = both.receiver;
    other.info = WAX_TEXT("another");
    assert_false(reaches(&both.sender, &other));
    other = both.receiver;
    other.psk.data = psk;
    assert_false(reaches(&both.sender, &other));
    other = both.receiver;
    other.psk_id = WAX_TEXT("another");
    assert_false(reaches(&both.sender, &other));
    other = both.receiver;
    other.psk = other.psk_id = (wax_bytes){NULL, 0};
    assert_false(reaches(&both.sender, &other));
    other = both.receiver;
    other.peer_public = NULL;
    assert_false(reaches(&both.sender, &other));
    other = both.receiver;
    other.peer_public = both.publics[1];
    assert_false(reaches(&both.sender, &other));
    other = both.receiver;
    other.own_secret = both.secrets[0];
    assert_false(reaches(&both.sender, &other));
}

static void what_is_no_key_is_refused(void **state)
{
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {9};
    uint8_t encapsulated[WAX_HPKE_ENCAPSULATED_SIZE] = {4};
    const uint8_t nothing[WAX_P256_PUBLIC_SIZE] = {0};
    const wax_bytes whole = wax_bytes_of(seed, sizeof seed);
    struct both both;
    wax_hpke_ends other;
    wax_hpke end;

    (void)state;
    acquaint(&both);
    assert_int_equal(wax_hpke_begin_opening(&end, &both.receiver, encapsulated), WAX_UNTRUSTED);
    assert_int_equal(wax_hpke_begin_sealing(&end, &both.sender, wax_bytes_of(seed, sizeof seed - 1),
                                            encapsulated),
                     WAX_INVALID);
    other = both.sender;
    other.psk.size--;
    assert_int_equal(wax_hpke_begin_sealing(&end, &other, whole, encapsulated), WAX_INVALID);
    assert_int_equal(wax_hpke_begin_opening(&end, &other, encapsulated), WAX_INVALID);
    other = both.sender;
    other.psk_id.size = 0;
    assert_int_equal(wax_hpke_begin_sealing(&end, &other, whole, encapsulated), WAX_INVALID);
    other = both.sender;
    other.psk.size = 0;
    assert_int_equal(wax_hpke_begin_sealing(&end, &other, whole, encapsulated), WAX_INVALID);
    other = both.sender;
    other.peer_public = nothing;
    assert_int_equal(wax_hpke_begin_sealing(&end, &other, whole, encapsulated), WAX_UNTRUSTED);
    other = both.sender;
    other.own_secret = nothing;
    assert_int_equal(wax_hpke_begin_sealing(&end, &other, whole, encapsulated), WAX_INVALID);
    /* Nothing stays of what could not begin. */
    assert_true(wax_secret_equals(end.key, nothing, sizeof end.key));
}

static void what_does_not_open_takes_no_number(void **state)
{
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {9};
    uint8_t encapsulated[WAX_HPKE_ENCAPSULATED_SIZE];
    uint8_t sealed[1 + WAX_SEAL_TAG_SIZE];
    uint8_t opened[1];
    const wax_bytes empty = {NULL, 0};
    struct both both;
    wax_hpke sender;
    wax_hpke receiver;

    (void)state;
    acquaint(&both);
    assert_int_equal(wax_hpke_begin_sealing(&sender, &both.sender, wax_bytes_of(seed, sizeof seed),
                                            encapsulated),
                     WAX_OK);
    assert_int_equal(wax_hpke_begin_opening(&receiver, &both.receiver, encapsulated), WAX_OK);
    assert_int_equal(wax_hpke_seal(&sender, empty, WAX_TEXT("1"), sealed), WAX_OK);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1U;
        assert_int_equal(
            wax_hpke_open(&receiver, empty, wax_bytes_of(sealed, sizeof sealed), opened),
            WAX_UNTRUSTED);
        sealed[i] ^= 1U;
    }
    assert_int_equal(wax_hpke_open(&receiver, empty, wax_bytes_of(sealed, sizeof sealed), opened),
                     WAX_OK);
    /* A second time it is a replay. */
    assert_int_equal(wax_hpke_open(&receiver, empty, wax_bytes_of(sealed, sizeof sealed), opened),
                     WAX_UNTRUSTED);
    sender.sequence = receiver.sequence = UINT64_MAX;
    assert_int_equal(wax_hpke_seal(&sender, empty, WAX_TEXT("1"), sealed), WAX_FULL);
    assert_int_equal(wax_hpke_open(&receiver, empty, wax_bytes_of(sealed, sizeof sealed), opened),
                     WAX_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derived_keys_are_the_published_ones),
        cmocka_unit_test(parts_are_taken_as_one),
        cmocka_unit_test(seals_are_the_published_ones),
        cmocka_unit_test(both_ends_must_say_the_same),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(what_does_not_open_takes_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
