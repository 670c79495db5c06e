/* Ascon gives the published answers, and opens nothing that was touched. */
#include "../vectors.h"

#include "ascon/ascon.h"

static wax_ascon_sealing sealing_of(struct vector *vector)
{
    return (wax_ascon_sealing){.key = vector_bytes(vector, "key").data,
                               .nonce = vector_bytes(vector, "nonce").data,
                               .associated = vector_bytes(vector, "associated")};
}

static void check_aead(struct vector *vector)
{
    const char *name = vector_text(vector, "name");
    const wax_ascon_sealing sealing = sealing_of(vector);
    wax_bytes plain = vector_bytes(vector, "plain");
    wax_bytes sealed = vector_bytes(vector, "sealed");
    uint8_t *room = malloc(sealed.size);
    uint8_t *back = malloc(plain.size + 1);

    check_row(name, room != NULL && back != NULL);
    wax_ascon_seal(&sealing, plain, room);
    check_row(name, wax_bytes_equal(wax_bytes_of(room, sealed.size), sealed));
    check_row(name, wax_ascon_unseal(&sealing, sealed, back) == WAX_OK);
    check_row(name, wax_bytes_equal(wax_bytes_of(back, plain.size), plain));
    /* In place, there and back. */
    memcpy(room, plain.data, plain.size);
    wax_ascon_seal(&sealing, wax_bytes_of(room, plain.size), room);
    check_row(name, wax_bytes_equal(wax_bytes_of(room, sealed.size), sealed));
    check_row(name, wax_ascon_unseal(&sealing, wax_bytes_of(room, sealed.size), room) == WAX_OK);
    check_row(name, wax_bytes_equal(wax_bytes_of(room, plain.size), plain));
    free(room);
    free(back);
}

static void aead_gives_the_published_answers(void **state)
{
    struct vector vector = vectors_open("ascon-aead128.txt");
    size_t count = 0;

    (void)state;
    while (vector_next(&vector)) {
        check_aead(&vector);
        count++;
    }
    assert_int_equal(count, 25);
}

/* Whether it is refused, and leaves nothing but zeros. */
static bool is_refused(const wax_ascon_sealing *sealing, wax_bytes sealed)
{
    uint8_t back[64];
    uint8_t any = 0;
    size_t size = sealed.size < WAX_ASCON_TAG_SIZE ? 0 : sealed.size - WAX_ASCON_TAG_SIZE;

    memset(back, 0xa5, sizeof back);
    if (wax_ascon_unseal(sealing, sealed, back) != WAX_UNTRUSTED) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        any |= back[i];
    }
    return any == 0;
}

static void whatever_is_touched_is_refused(void **state)
{
    enum { KEY = 0, NONCE = 16, ASSOCIATED = 32, SEALED = 49, SIZE = SEALED + 37 };
    uint8_t all[SIZE] = {0};
    const wax_ascon_sealing sealing = {
        .key = all + KEY, .nonce = all + NONCE, .associated = wax_bytes_of(all + ASSOCIATED, 17)};
    wax_ascon_sealing shorter = sealing;
    wax_bytes sealed = wax_bytes_of(all + SEALED, SIZE - SEALED);
    uint8_t back[SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        all[i] = (uint8_t)(i * 7);
    }
    wax_ascon_seal(&sealing, wax_bytes_of(all + SEALED, 21), all + SEALED);
    assert_int_equal(wax_ascon_unseal(&sealing, sealed, back), WAX_OK);
    for (size_t i = 0; i < 8 * (size_t)SIZE; i++) {
        all[i / 8] ^= (uint8_t)(1U << i % 8);
        assert_true(is_refused(&sealing, sealed));
        all[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    for (size_t size = 0; size < sealed.size; size++) {
        assert_true(is_refused(&sealing, wax_bytes_of(sealed.data, size)));
    }
    shorter.associated.size--;
    assert_true(is_refused(&shorter, sealed));
    assert_int_equal(wax_ascon_unseal(&sealing, sealed, back), WAX_OK);
}

/* In pieces of every size, the message comes to the same. */
static void check_hash(const char *name, const wax_ascon_hash *start, wax_bytes message,
                       wax_bytes wanted)
{
    uint8_t result[128];

    for (size_t piece = 1; piece <= message.size + 1; piece++) {
        wax_ascon_hash hash = *start;

        for (size_t at = 0; at < message.size; at += piece) {
            size_t left = message.size - at;

            wax_ascon_hash_update(&hash,
                                  wax_bytes_of(message.data + at, left < piece ? left : piece));
        }
        wax_ascon_hash_finish(&hash, result, wanted.size);
        check_row(name, wax_bytes_equal(wax_bytes_of(result, wanted.size), wanted));
    }
}

static void hashes_give_the_published_answers(void **state)
{
    struct vector vector = vectors_open("ascon-hash256.txt");
    size_t count = 0;

    (void)state;
    for (; vector_next(&vector); count++) {
        wax_ascon_hash hash;

        wax_ascon_hash_start(&hash);
        check_hash(vector_text(&vector, "name"), &hash, vector_bytes(&vector, "message"),
                   vector_bytes(&vector, "result"));
    }
    assert_int_equal(count, 11);
}

static void customized_hashes_give_the_published_answers(void **state)
{
    struct vector vector = vectors_open("ascon-cxof128.txt");
    size_t count = 0;

    (void)state;
    for (; vector_next(&vector); count++) {
        wax_bytes wanted = vector_bytes(&vector, "result");
        wax_ascon_hash hash;

        wax_ascon_cxof_start(&hash, vector_bytes(&vector, "label"));
        check_hash(vector_text(&vector, "name"), &hash, vector_bytes(&vector, "message"), wanted);
        /* A shorter result is the beginning of a longer one. */
        check_hash(vector_text(&vector, "name"), &hash, vector_bytes(&vector, "message"),
                   wax_bytes_of(wanted.data, 11));
    }
    assert_int_equal(count, 16);
}

static void a_finished_hash_is_wiped(void **state)
{
    static const wax_ascon_hash nothing;
    wax_ascon_hash hash;
    uint8_t result[1];

    (void)state;
    wax_ascon_cxof_start(&hash, WAX_TEXT("label"));
    wax_ascon_hash_update(&hash, WAX_TEXT("secret"));
    wax_ascon_hash_finish(&hash, result, sizeof result);
    assert_memory_equal(&hash, &nothing, sizeof hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aead_gives_the_published_answers),
        cmocka_unit_test(whatever_is_touched_is_refused),
        cmocka_unit_test(hashes_give_the_published_answers),
        cmocka_unit_test(customized_hashes_give_the_published_answers),
        cmocka_unit_test(a_finished_hash_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
