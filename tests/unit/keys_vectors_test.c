/* Mailboxes, statuses and what is signed, against the vectors of the second implementation: what it
 * made is opened, and made again byte for byte where nothing is left to chance; what it refuses is
 * refused. */
#include "../seal_vectors.h"

#include "cbor/cbor.h"
#include "keys/keys.h"
#include "keys/mailbox.h"
#include "keys/status.h"

/* 16 hexadecimal digits; not there: 0. */
static uint64_t wide_in(const json_t *test, const char *name)
{
    const char *text = json_string_value(json_object_get(test, name));

    return text == NULL ? 0 : strtoull(text, NULL, 16);
}

static wax_status keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    (void)self;
    (void)generation;
    (void)version;
    return WAX_OK;
}

/* One end: of whoever seals, or opens. */
static wax_keys_ends end_of(struct pool *pool, const json_t *group, const json_t *test, bool seals)
{
    return (wax_keys_ends){
        .profile = wax_keys_profile_find((uint8_t)number_in(group, "profile")),
        .name_space = bytes_in(pool, group, "namespace").data,
        .topic = bytes_in(pool, test, "topic"),
        .psk = bytes_in(pool, group, "psk").data,
        .own_secret = bytes_in(pool, group, seals ? "sealerSecret" : "openerSecret").data,
        .peer = bytes_in(pool, group, seals ? "openerPublic" : "sealerPublic").data,
    };
}

/* Whether what is read would be written with the same bytes: no strange keys, no defaults. */
static bool is_ours(const struct shape *shape, wax_bytes content, void *object)
{
    uint8_t room[8192];
    wax_writer out = wax_writer_over(room, sizeof room);

    assert_int_equal(fields_read_all(content, shape, object), WAX_OK);
    fields_write(&out, shape, object);
    return out.status == WAX_OK && wax_bytes_equal(wax_writer_bytes(&out), content);
}

/* Of public keys, what is encapsulated has its own randomness, and so has the signature. */
static void check_sealed(const char *name, const wax_writer *out, wax_bytes message,
                         const json_t *group)
{
    check_row(name,
              number_in(group, "profile") == 16 || wax_bytes_equal(wax_writer_bytes(out), message));
}

static void run_mailbox(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_keys_ends device = end_of(pool, group, test, false);
    const wax_bytes message = bytes_in(pool, test, "message");
    uint8_t *copy = pool_take(pool, message.size);
    wax_keys_mark mark = {
        .generation = number_in(test, "lastGeneration"),
        .version = wide_in(test, "lastVersion"),
        .keep = keep,
    };
    wax_keys_mailbox mailbox;
    wax_keys_mailbox made = {.version = 0};

    memcpy(copy, message.data, message.size);
    check_row(name_of(test), (wax_keys_mailbox_open(&mailbox, &mark, &device, copy, message.size) ==
                              WAX_OK) == is_valid(test));
    if (is_valid(test)) {
        wax_keys_ends authority = end_of(pool, group, test, true);
        const wax_bytes content = bytes_in(pool, test, "content");
        uint8_t room[16384];
        wax_writer out = wax_writer_over(room, sizeof room);

        check_row(name_of(test), mailbox.version == wide_in(test, "version"));
        check_row(name_of(test), mailbox.generation == number_in(test, "generation"));
        authority.seed =
            bytes_of_hex(pool, "0000000000000000000000000000000000000000000000000000000000000000");
        if (is_ours(&mailbox_shape, content, &made)) {
            check_row(name_of(test), wax_keys_mailbox_seal(&out, &authority, &made) == WAX_OK);
            check_sealed(name_of(test), &out, message, group);
        }
    }
}

static void run_status(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_keys_ends authority = end_of(pool, group, test, false);
    const wax_bytes message = bytes_in(pool, test, "message");
    uint8_t *copy = pool_take(pool, message.size);
    wax_keys_status status;
    wax_keys_status made = {.count = 0};

    memcpy(copy, message.data, message.size);
    check_row(name_of(test),
              (wax_keys_status_open(&status, wide_in(test, "lastVersion"), &authority, copy,
                                    message.size) == WAX_OK) == is_valid(test));
    if (is_valid(test)) {
        wax_keys_ends device = end_of(pool, group, test, true);
        const wax_bytes content = bytes_in(pool, test, "content");
        uint8_t room[16384];
        wax_writer out = wax_writer_over(room, sizeof room);

        device.seed =
            bytes_of_hex(pool, "0000000000000000000000000000000000000000000000000000000000000000");
        if (is_ours(&status_shape, content, &made)) {
            check_row(name_of(test), wax_keys_status_seal(&out, &device, &made) == WAX_OK);
            check_sealed(name_of(test), &out, message, group);
        }
    }
}

static void run_cose(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_keys_bound bound = {
        bytes_in(pool, group, "external"), {NULL, 0}
    };
    wax_bytes payload;

    check_row(name_of(test), (wax_keys_verify(bytes_in(pool, test, "message"), &bound,
                                              bytes_in(pool, group, "public").data,
                                              &payload) == WAX_OK) == is_valid(test));
    check_row(name_of(test),
              !is_valid(test) || wax_bytes_equal(payload, bytes_in(pool, test, "payload")));
}

static void check_words(struct pool *pool, const json_t *group, const json_t *test,
                        const wax_keys_enrolment *enrolment)
{
    char words[WAX_KEYS_WORDS_SIZE];

    check_row(name_of(test),
              wax_keys_words(bytes_in(pool, group, "namespace").data, enrolment, words) == WAX_OK);
    check_row(name_of(test),
              wax_bytes_equal(wax_bytes_of_text(words), bytes_in(pool, test, "words")));
}

static void run_words(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_keys_enrolment enrolment = {
        .public_key = bytes_in(pool, test, "public").data,
        .nonce = bytes_in(pool, test, "nonce").data,
    };

    check_words(pool, group, test, &enrolment);
}

/* Whether a topic's last level is a name: here whoever listens to the topic looks at that. */
static bool is_named(wax_bytes topic, wax_bytes name)
{
    return topic.size > name.size && topic.data[topic.size - name.size - 1] == '/' &&
           memcmp(topic.data + topic.size - name.size, name.data, name.size) == 0;
}

static void run_enrol(struct pool *pool, const json_t *group, const json_t *test)
{
    wax_keys_enrolment enrolment;
    const wax_status status = wax_keys_enrolment_read(
        &enrolment, bytes_in(pool, group, "namespace").data, bytes_in(pool, test, "message"));
    const bool is_taken =
        status == WAX_OK && is_named(bytes_in(pool, test, "topic"), enrolment.device);

    check_row(name_of(test), is_taken == is_valid(test));
    if (is_taken) {
        check_words(pool, group, test, &enrolment);
        check_row(name_of(test), wax_bytes_equal(enrolment.device, bytes_in(pool, test, "device")));
    }
}

static void run_certificate(struct pool *pool, const json_t *group, const json_t *test)
{
    const json_t *links = json_object_get(test, "chain");
    const size_t count = json_array_size(links);
    wax_keys_chain chain = {
        .name_space = bytes_in(pool, group, "namespace").data,
        .root = bytes_in(pool, group, "root").data,
        .may = number_in(test, "may"),
        .now_s = has(test, "now") ? number_in(test, "now") : number_in(group, "now"),
    };
    wax_keys_certificate certificate;

    if (count == 0 || count > 2) {
        assert_false(is_valid(test)); /* there is no room for such a chain */
        return;
    }
    chain.certificate = bytes_of_hex(pool, json_string_value(json_array_get(links, count - 1)));
    if (count == 2) {
        chain.certifier = bytes_of_hex(pool, json_string_value(json_array_get(links, 0)));
    }
    check_row(name_of(test),
              (wax_keys_chain_check(&chain, &certificate) == WAX_OK) == is_valid(test));
    check_row(name_of(test), !is_valid(test) || wax_bytes_equal(certificate.subject,
                                                                bytes_in(pool, test, "subject")));
}

static wax_keys_signing registrar_of(struct pool *pool, const json_t *group)
{
    return (wax_keys_signing){bytes_in(pool, group, "namespace").data, NULL,
                              bytes_in(pool, group, "registrar").data};
}

static void run_manifest(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_keys_signing by = registrar_of(pool, group);
    wax_keys_posted posted = {bytes_in(pool, test, "topic"), bytes_in(pool, test, "before")};
    wax_keys_followed followed = {.number = 0};
    wax_keys_manifest manifest;

    check_row(name_of(test),
              !has(test, "before") ||
                  wax_keys_manifest_read(&manifest, &by, &followed, &posted) == WAX_OK);
    posted.content = bytes_in(pool, test, "message");
    check_row(name_of(test), (wax_keys_manifest_read(&manifest, &by, &followed, &posted) ==
                              WAX_OK) == is_valid(test));
    check_row(name_of(test),
              !is_valid(test) || memcmp(followed.digest, bytes_in(pool, test, "digest").data,
                                        sizeof followed.digest) == 0);
}

static void run_log(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_keys_signing by = registrar_of(pool, group);
    wax_keys_followed followed = {.number = 0};
    wax_keys_entry entry;

    check_row(name_of(test), !has(test, "before") ||
                                 wax_keys_entry_read(&entry, &by, &followed,
                                                     bytes_in(pool, test, "before")) == WAX_OK);
    check_row(name_of(test),
              (wax_keys_entry_read(&entry, &by, &followed, bytes_in(pool, test, "message")) ==
               WAX_OK) == is_valid(test));
    check_row(name_of(test), !is_valid(test) || followed.number == number_in(test, "number"));
}

/* The tag of COSE_Sign1 stands in one place only, and is known byte by byte there. */
static void run_cbor(struct pool *pool, const json_t *group, const json_t *test)
{
    enum { TAG_18 = 0xd2 };

    const wax_bytes encoded = bytes_in(pool, test, "encoded");
    const bool is_tagged = encoded.size > 0 && encoded.data[0] == TAG_18;
    wax_reader in = wax_reader_over(encoded);

    (void)group;
    (void)wax_cbor_read_item(&in);
    check_row(name_of(test),
              (in.status == WAX_OK && wax_reader_left(&in) == 0) == (is_valid(test) && !is_tagged));
}

static void mailboxes_are_those_of_the_second_implementation(void **state)
{
    (void)state;
    assert_true(vectors_run("mailbox", "mailbox", run_mailbox) > 150);
}

static void statuses_are_those_of_the_second_implementation(void **state)
{
    (void)state;
    assert_true(vectors_run("status", "status", run_status) > 80);
}

static void what_is_signed_is_that_of_the_second_implementation(void **state)
{
    (void)state;
    assert_true(vectors_run("signed", "cose", run_cose) > 20);
    assert_true(vectors_run("signed", "words", run_words) > 5);
    assert_true(vectors_run("signed", "enrol", run_enrol) > 10);
    assert_true(vectors_run("signed", "certificate", run_certificate) > 20);
    assert_true(vectors_run("signed", "manifest", run_manifest) > 20);
    assert_true(vectors_run("signed", "log", run_log) > 20);
}

static void cbor_is_that_of_the_second_implementation(void **state)
{
    (void)state;
    assert_true(vectors_run("cbor", "cbor", run_cbor) > 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailboxes_are_those_of_the_second_implementation),
        cmocka_unit_test(statuses_are_those_of_the_second_implementation),
        cmocka_unit_test(what_is_signed_is_that_of_the_second_implementation),
        cmocka_unit_test(cbor_is_that_of_the_second_implementation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
