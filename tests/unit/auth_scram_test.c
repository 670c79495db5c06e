/* SCRAM-SHA-256: the example of RFC 7677, both ends together, and what is refused. */
#include "../check.h"

#include "auth/auth.h"
#include "crypto/crypto.h"

#define CLIENT_NONCE "rOprNGfwEbeRWgbNEkqO"
#define SERVER_FIRST                                                                               \
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define CLIENT_FINAL                                                                               \
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"                                 \
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

/* The secret of the example: user "user", password "pencil". */
static wax_scram_secret example_secret(void)
{
    wax_scram_secret secret = {.iterations = 4096};
    wax_writer salt = wax_writer_over(secret.salt, sizeof secret.salt);
    uint8_t salted[32] = {0};
    uint8_t client_key[32] = {0};
    const wax_bytes salted_view = wax_bytes_of(salted, sizeof salted);
    const wax_bytes client_view = wax_bytes_of(client_key, sizeof client_key);
    const wax_bytes client_label = WAX_TEXT("Client Key");
    const wax_bytes server_label = WAX_TEXT("Server Key");

    assert_int_equal(
        wax_crypto_base64_read(&salt, WAX_TEXT("W22ZaJ0SNY7soEsUEjb6gQ=="), WAX_BASE64_PADDED), 0);
    secret.salt_size = salt.used;
    assert_int_equal(
        wax_crypto_pbkdf2_sha256(WAX_TEXT("pencil"), wax_writer_bytes(&salt), 4096, salted), 0);
    assert_int_equal(wax_crypto_hmac_sha256(salted_view, &client_label, 1, client_key), 0);
    assert_int_equal(wax_crypto_sha256(&client_view, 1, secret.stored_key), 0);
    assert_int_equal(wax_crypto_hmac_sha256(salted_view, &server_label, 1, secret.server_key), 0);
    return secret;
}

static void check_text(const wax_writer *out, const char *expected)
{
    assert_int_equal(out->used, strlen(expected));
    assert_memory_equal(out->data, expected, out->used);
}

/* As the example has it: the client's messages, and the server's signature. */
static void the_example_of_rfc_7677(void **state)
{
    wax_scram scram;
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_scram_ask(&scram, WAX_TEXT("user"), CLIENT_NONCE "....", &out), WAX_OK);
    /* The example's nonce is shorter than ours: put it in its place. */
    scram.nonce_size = strlen(CLIENT_NONCE);
    scram.spoken_size = strlen("n=user,r=" CLIENT_NONCE);
    out.used = 0;
    assert_int_equal(wax_scram_answer(&scram, WAX_TEXT(SERVER_FIRST), WAX_TEXT("pencil"), &out),
                     WAX_OK);
    check_text(&out, CLIENT_FINAL);
    assert_int_equal(wax_scram_check(&scram, WAX_TEXT(SERVER_FINAL)), WAX_OK);
    assert_int_equal(wax_scram_check(&scram, WAX_TEXT("v=" SERVER_FINAL)), WAX_UNTRUSTED);
    assert_int_equal(wax_scram_check(&scram, WAX_TEXT("e=other-error")), WAX_UNTRUSTED);
    assert_int_equal(wax_scram_answer(&scram, WAX_TEXT(SERVER_FIRST), WAX_TEXT("pencil"), &out),
                     WAX_MALFORMED);
    wax_scram_close(&scram);
}

/* Before the password was hashed, the server's key is that of 32 zeros, which anybody can make. */
static void a_server_that_asks_nothing_proves_nothing(void **state)
{
    const uint8_t zeros[32] = {0};
    const wax_bytes label = WAX_TEXT("Server Key");
    uint8_t key[32];
    uint8_t signature[32];
    wax_scram scram;
    wax_bytes spoken;
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_scram_ask(&scram, WAX_TEXT("user"), CLIENT_NONCE "....", &out), WAX_OK);
    spoken = wax_bytes_of(scram.spoken, scram.spoken_size);
    assert_int_equal(wax_crypto_hmac_sha256(wax_bytes_of(zeros, 32), &label, 1, key), WAX_OK);
    assert_int_equal(wax_crypto_hmac_sha256(wax_bytes_of(key, 32), &spoken, 1, signature), WAX_OK);
    out.used = 0;
    wax_write_bytes(&out, WAX_TEXT("v="));
    wax_crypto_base64_write(&out, wax_bytes_of(signature, 32), WAX_BASE64_PADDED);
    assert_int_equal(wax_scram_check(&scram, wax_writer_bytes(&out)), WAX_UNTRUSTED);
    wax_scram_close(&scram);
}

static void the_server_takes_the_example(void **state)
{
    const wax_scram_secret secret = example_secret();
    wax_scram scram;
    wax_bytes user;
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_scram_begin(&scram, WAX_TEXT("n,,n=user,r=" CLIENT_NONCE), &user), 0);
    assert_int_equal(wax_scram_challenge(&scram, &secret, true, "%hvYDpWUa2RaTCAfuxFIlj)h", &out),
                     0);
    /* The rest of the example's longer nonce. */
    memcpy(scram.nonce + scram.nonce_size, "NlF$k0", 6);
    scram.nonce_size += 6;
    scram.spoken_size = 0;
    memcpy(scram.spoken, "n=user,r=" CLIENT_NONCE "," SERVER_FIRST ",",
           sizeof "n=user,r=" CLIENT_NONCE "," SERVER_FIRST ",");
    scram.spoken_size = strlen("n=user,r=" CLIENT_NONCE "," SERVER_FIRST ",");
    out.used = 0;
    assert_int_equal(wax_scram_finish(&scram, WAX_TEXT(CLIENT_FINAL), &out), WAX_OK);
    check_text(&out, SERVER_FINAL);
    wax_scram_close(&scram);
}

struct talk_row {
    const char *name;
    const char *user;
    const char *password;
    bool is_known;
    wax_status status;
};

/* clang-format off */
static const struct talk_row talk_rows[] = {
    {"the right password",   "user",       "pencil", true,  WAX_OK       },
    {"a name to be escaped", "a=b,c=2C\xc3\xbc", "pencil", true, WAX_OK  },
    {"a wrong password",     "user",       "pencil2", true, WAX_BAD_LOGIN},
    {"nobody",               "user",       "pencil", false, WAX_BAD_LOGIN},
};
/* clang-format on */

static void both_ends_together(void **state)
{
    const wax_scram_secret secret = example_secret();

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(talk_rows); i++) {
        const struct talk_row *row = &talk_rows[i];
        uint8_t room[4][WAX_SCRAM_MESSAGE_MAX];
        wax_writer out[4];
        wax_scram client;
        wax_scram server;
        wax_bytes user;

        for (size_t n = 0; n < 4; n++) {
            out[n] = wax_writer_over(room[n], sizeof room[n]);
        }
        check_row(row->name, wax_scram_ask(&client, wax_bytes_of_text(row->user),
                                           "123456789012345678901234", &out[0]) == WAX_OK);
        check_row(row->name, wax_scram_begin(&server, wax_writer_bytes(&out[0]), &user) == WAX_OK);
        check_row(row->name, wax_bytes_equal(user, wax_bytes_of_text(row->user)));
        check_row(row->name, wax_scram_challenge(&server, &secret, row->is_known,
                                                 "abcdefghijklmnopqrstuvwx", &out[1]) == WAX_OK);
        check_row(row->name, wax_scram_answer(&client, wax_writer_bytes(&out[1]),
                                              wax_bytes_of_text(row->password), &out[2]) == WAX_OK);
        check_row(row->name,
                  wax_scram_finish(&server, wax_writer_bytes(&out[2]), &out[3]) == row->status);
        check_row(row->name, (wax_scram_check(&client, wax_writer_bytes(&out[3])) == WAX_OK) ==
                                 (row->status == WAX_OK));
        wax_scram_close(&client);
        wax_scram_close(&server);
    }
}

struct message_row {
    const char *name;
    const char *message;
    bool is_taken;
};

/* clang-format off */
static const struct message_row first_rows[] = {
    {"as in the RFC",                  "n,,n=user,r=abc",           true },
    {"a client that could bind",       "y,,n=user,r=abc",           true },
    {"the same name to act for",       "n,a=user,n=user,r=abc",     true },
    {"an extension",                   "n,,n=user,r=abc,x=1",       true },
    {"another name to act for",        "n,a=other,n=user,r=abc",    false},
    {"channel binding is demanded",    "p=tls-unique,,n=user,r=abc", false},
    {"a mandatory extension",          "n,,m=x,n=user,r=abc",       false},
    {"no header",                      "n=user,r=abc",              false},
    {"half a header",                  "n,n=user,r=abc",            false},
    {"no name",                        "n,,r=abc",                  false},
    {"an empty name",                  "n,,n=,r=abc",               false},
    {"an escape that is none",         "n,,n=a=2D,r=abc",           false},
    {"an escape cut short",            "n,,n=a=2,r=abc",            false},
    {"a name that is not UTF-8",       "n,,n=\xff,r=abc",           false},
    {"no nonce",                       "n,,n=user",                 false},
    {"an empty nonce",                 "n,,n=user,r=",              false},
    {"a nonce with a blank",           "n,,n=user,r=a b",           false},
    {"nothing",                        "",                          false},
};

static const struct message_row final_rows[] = {
    {"no binding",                     "r=abcdefghijklmnopqrstuvwxyz,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
    {"another binding",                "c=eSws,r=abcabcdefghijklmnopqrstuvwx,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
    {"another nonce",                  "c=biws,r=abcabcdefghijklmnopqrstuvwy,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
    {"no proof",                       "c=biws,r=abcabcdefghijklmnopqrstuvwx", false},
    {"a proof cut short",              "c=biws,r=abcabcdefghijklmnopqrstuvwx,p=AAAA", false},
    {"a proof that is no base64",      "c=biws,r=abcabcdefghijklmnopqrstuvwx,p=****", false},
    {"nothing",                        "", false},
};

static const struct message_row challenge_rows[] = {
    {"a nonce that does not go on",    "r=123456789012345678901234,s=c2FsdHNhbHQ=,i=4096", false},
    {"another's nonce",                "r=023456789012345678901234x,s=c2FsdHNhbHQ=,i=4096", false},
    {"no salt",                        "r=123456789012345678901234x,s=,i=4096", false},
    {"too few iterations",             "r=123456789012345678901234x,s=c2FsdHNhbHQ=,i=4095", false},
    {"too many iterations",            "r=123456789012345678901234x,s=c2FsdHNhbHQ=,i=10000001", false},
    {"a number too long",              "r=123456789012345678901234x,s=c2FsdHNhbHQ=,i=42949672960", false},
    {"no number",                      "r=123456789012345678901234x,s=c2FsdHNhbHQ=,i=x", false},
    {"all is well",                    "r=123456789012345678901234x,s=c2FsdHNhbHQ=,i=4096", true},
};
/* clang-format on */

static void messages_are_taken_or_refused(void **state)
{
    const wax_scram_secret secret = example_secret();
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_scram scram;
    wax_bytes user;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(first_rows); i++) {
        wax_bytes message = wax_bytes_of_text(first_rows[i].message);
        check_row(first_rows[i].name,
                  (wax_scram_begin(&scram, message, &user) == WAX_OK) == first_rows[i].is_taken);
    }
    for (size_t i = 0; i < WAX_COUNT(final_rows); i++) {
        wax_writer out = wax_writer_over(room, sizeof room);
        assert_int_equal(wax_scram_begin(&scram, WAX_TEXT("n,,n=user,r=abc"), &user), WAX_OK);
        assert_int_equal(
            wax_scram_challenge(&scram, &secret, true, "abcdefghijklmnopqrstuvwx", &out), WAX_OK);
        check_row(final_rows[i].name,
                  wax_scram_finish(&scram, wax_bytes_of_text(final_rows[i].message), &out) ==
                      WAX_MALFORMED);
    }
    for (size_t i = 0; i < WAX_COUNT(challenge_rows); i++) {
        wax_writer out = wax_writer_over(room, sizeof room);
        assert_int_equal(wax_scram_ask(&scram, WAX_TEXT("user"), "123456789012345678901234", &out),
                         WAX_OK);
        check_row(challenge_rows[i].name,
                  (wax_scram_answer(&scram, wax_bytes_of_text(challenge_rows[i].message),
                                    WAX_TEXT("p"), &out) == WAX_OK) == challenge_rows[i].is_taken);
    }
}

static void a_message_that_is_too_long(void **state)
{
    char message[WAX_SCRAM_MESSAGE_MAX + 1];
    wax_scram scram;
    wax_bytes user;

    (void)state;
    memset(message, 'r', sizeof message);
    memcpy(message, "n,,n=u,r=", 9);
    assert_int_equal(wax_scram_begin(&scram, wax_bytes_of(message, sizeof message), &user),
                     WAX_MALFORMED);
    assert_int_equal(wax_scram_begin(&scram, wax_bytes_of(message, sizeof message - 1), &user),
                     WAX_OK);
}

static void a_stranger_always_gets_the_same(void **state)
{
    wax_scram_secret one;
    wax_scram_secret again;
    wax_scram_secret other;

    (void)state;
    assert_int_equal(wax_scram_stranger(&one, WAX_TEXT("key"), WAX_TEXT("eve"), 5000), WAX_OK);
    assert_int_equal(wax_scram_stranger(&again, WAX_TEXT("key"), WAX_TEXT("eve"), 5000), WAX_OK);
    assert_int_equal(wax_scram_stranger(&other, WAX_TEXT("key"), WAX_TEXT("mallory"), 5000), 0);
    assert_int_equal(one.salt_size, 16);
    assert_memory_equal(one.salt, again.salt, 16);
    assert_memory_not_equal(one.salt, other.salt, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_7677),
        cmocka_unit_test(a_server_that_asks_nothing_proves_nothing),
        cmocka_unit_test(the_server_takes_the_example),
        cmocka_unit_test(both_ends_together),
        cmocka_unit_test(messages_are_taken_or_refused),
        cmocka_unit_test(a_message_that_is_too_long),
        cmocka_unit_test(a_stranger_always_gets_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
