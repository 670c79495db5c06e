/* What one library behind the door of crypto answers to random questions, and what it thinks of
 * another's answers:
 *
 *     crypto_answers answer FILE      asks itself, and writes questions and answers
 *     crypto_answers judge PROGRAM    lets another build of this program answer, and judges
 *
 * Where an answer is not the only one there can be, a signature, it must hold. */
#include "../vectors.h"

#include <unistd.h>

#include "hpke/hpke.h"

enum { SEAL_ROUNDS = 200, KEY_ROUNDS = 12, TEXT_MAX = 300 };

static FILE *answers;
static const char *other_program;

/* ---- Questions ---- */

static void say(const char *name, const uint8_t *bytes, size_t size)
{
    (void)fprintf(answers, "%s = ", name);
    for (size_t i = 0; i < size; i++) {
        (void)fprintf(answers, "%02x", bytes[i]);
    }
    (void)fprintf(answers, "\n");
}

static void need(wax_status status)
{
    if (status != WAX_OK) {
        (void)fprintf(stderr, "the library fails: %s\n", wax_status_text(status));
        exit(1);
    }
}

/* Up to `most` random bytes, that many. */
static size_t draw(uint8_t *room, size_t most)
{
    uint16_t number;

    need(wax_random(&number, sizeof number));
    need(wax_random(room, most));
    return number % (most + 1);
}

static void answer_seal(unsigned round)
{
    uint8_t key[WAX_SEAL_KEY_SIZE];
    uint8_t nonce[WAX_SEAL_NONCE_SIZE];
    uint8_t associated[TEXT_MAX];
    uint8_t plain[TEXT_MAX];
    uint8_t sealed[TEXT_MAX + WAX_SEAL_TAG_SIZE];
    const wax_cipher cipher = (wax_cipher)(round % 3);
    const size_t associated_size = draw(associated, sizeof associated);
    const size_t plain_size = draw(plain, sizeof plain);
    const wax_sealing sealing = {key, nonce, wax_bytes_of(associated, associated_size), cipher};

    need(wax_random(key, sizeof key));
    need(wax_random(nonce, sizeof nonce));
    need(wax_crypto_seal(&sealing, wax_bytes_of(plain, plain_size), sealed));
    (void)fprintf(answers, "question = seal\ncipher = %u\n", (unsigned)cipher);
    say("key", key, sizeof key);
    say("nonce", nonce, sizeof nonce);
    say("associated", associated, associated_size);
    say("plain", plain, plain_size);
    say("sealed", sealed, plain_size + wax_cipher_tag_size(cipher));
    (void)fprintf(answers, "\n");
}

static void answer_hash(void)
{
    uint8_t key[TEXT_MAX];
    uint8_t text[TEXT_MAX];
    uint8_t digest[WAX_SHA256_SIZE];
    const wax_bytes secret = wax_bytes_of(key, draw(key, sizeof key));
    const wax_bytes message = wax_bytes_of(text, draw(text, sizeof text));

    (void)fprintf(answers, "question = hash\n");
    say("key", secret.data, secret.size);
    say("message", message.data, message.size);
    need(wax_crypto_sha256(&message, 1, digest));
    say("hash", digest, sizeof digest);
    need(wax_crypto_hmac_sha256(secret, &message, 1, digest));
    say("code", digest, sizeof digest);
    (void)fprintf(answers, "\n");
}

static void answer_keys(void)
{
    uint8_t seeds[2][WAX_HPKE_SEED_SIZE];
    uint8_t secrets[2][WAX_P256_SECRET_SIZE];
    uint8_t publics[2][WAX_P256_PUBLIC_SIZE];
    uint8_t text[TEXT_MAX];
    uint8_t common[WAX_SHA256_SIZE];
    uint8_t signature[WAX_P256_SIGNATURE_SIZE];
    const wax_bytes message = wax_bytes_of(text, draw(text, sizeof text));

    (void)fprintf(answers, "question = keys\n");
    for (size_t i = 0; i < 2; i++) {
        need(wax_random(seeds[i], sizeof seeds[i]));
        need(wax_hpke_pair(wax_bytes_of(seeds[i], sizeof seeds[i]), secrets[i], publics[i]));
    }
    need(wax_crypto_p256_agree(secrets[0], publics[1], common));
    need(wax_crypto_p256_sign(secrets[0], message, signature));
    say("seed", seeds[0], sizeof seeds[0]);
    say("secret", secrets[0], sizeof secrets[0]);
    say("public", publics[0], sizeof publics[0]);
    say("peer", publics[1], sizeof publics[1]);
    say("common", common, sizeof common);
    say("message", message.data, message.size);
    say("signature", signature, sizeof signature);
    (void)fprintf(answers, "\n");
}

static int answer_all(const char *path)
{
    answers = fopen(path, "w");
    if (answers == NULL) {
        return 1;
    }
    for (unsigned i = 0; i < SEAL_ROUNDS; i++) {
        answer_seal(i);
        answer_hash();
    }
    for (unsigned i = 0; i < KEY_ROUNDS; i++) {
        answer_keys();
    }
    return fclose(answers) == 0 ? 0 : 1;
}

/* ---- Judgements ---- */

static bool is_same(struct vector *vector, const char *name, const uint8_t *bytes, size_t size)
{
    return wax_bytes_equal(vector_bytes(vector, name), wax_bytes_of(bytes, size));
}

static void judge_seal(struct vector *vector)
{
    const wax_sealing sealing = {.key = vector_bytes(vector, "key").data,
                                 .nonce = vector_bytes(vector, "nonce").data,
                                 .associated = vector_bytes(vector, "associated"),
                                 .cipher = (wax_cipher)(vector_text(vector, "cipher")[0] - '0')};
    wax_bytes plain = vector_bytes(vector, "plain");
    wax_bytes sealed = vector_bytes(vector, "sealed");
    uint8_t room[TEXT_MAX + WAX_SEAL_TAG_SIZE];

    assert_int_equal(wax_crypto_unseal(&sealing, sealed, room), WAX_OK);
    assert_true(wax_bytes_equal(wax_bytes_of(room, plain.size), plain));
    assert_int_equal(wax_crypto_seal(&sealing, plain, room), WAX_OK);
    assert_true(wax_bytes_equal(wax_bytes_of(room, sealed.size), sealed));
}

static void judge_hash(struct vector *vector)
{
    wax_bytes message = vector_bytes(vector, "message");
    uint8_t digest[WAX_SHA256_SIZE];

    assert_int_equal(wax_crypto_sha256(&message, 1, digest), WAX_OK);
    assert_true(is_same(vector, "hash", digest, sizeof digest));
    assert_int_equal(wax_crypto_hmac_sha256(vector_bytes(vector, "key"), &message, 1, digest),
                     WAX_OK);
    assert_true(is_same(vector, "code", digest, sizeof digest));
}

static void judge_keys(struct vector *vector)
{
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t common[WAX_SHA256_SIZE];

    assert_int_equal(wax_hpke_pair(vector_bytes(vector, "seed"), secret, public_key), WAX_OK);
    assert_true(is_same(vector, "secret", secret, sizeof secret));
    assert_true(is_same(vector, "public", public_key, sizeof public_key));
    assert_int_equal(wax_crypto_p256_agree(secret, vector_bytes(vector, "peer").data, common),
                     WAX_OK);
    assert_true(is_same(vector, "common", common, sizeof common));
    assert_int_equal(wax_crypto_p256_verify(public_key, vector_bytes(vector, "message"),
                                            vector_bytes(vector, "signature").data),
                     WAX_OK);
}

static void both_libraries_answer_alike(void **state)
{
    char path[] = "/tmp/wax-answers-XXXXXX";
    char command[1024];
    int file = mkstemp(path);
    struct vector vector;
    size_t count = 0;

    (void)state;
    assert_true(file >= 0);
    (void)close(file);
    (void)snprintf(command, sizeof command, "'%s' answer %s", other_program, path);
    assert_int_equal(system(command), 0);
    vector = vectors_open_at(path);
    for (; vector_next(&vector); count++) {
        const char *question = vector_text(&vector, "question");

        (question[0] == 's' ? judge_seal : question[0] == 'h' ? judge_hash : judge_keys)(&vector);
    }
    assert_int_equal(count, 2 * SEAL_ROUNDS + KEY_ROUNDS);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_libraries_answer_alike)};

    if (argc != 3) {
        return 2;
    }
    if (strcmp(argv[1], "answer") == 0) {
        return answer_all(argv[2]);
    }
    other_program = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
