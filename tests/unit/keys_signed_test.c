/* What is signed: enrolments, chains of certificates, manifests and the log hold together, and
 * nothing that was touched or comes from somebody else does. */
#include "../keys_check.h"

static const uint8_t name_space[WAX_KEYS_ID_SIZE] = "homehome";
static const uint8_t fixed[WAX_SHA256_SIZE] = {0};

struct signer {
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
};

static void signer_make(struct signer *signer, uint8_t seed)
{
    const uint8_t root[WAX_HPKE_SEED_SIZE] = {seed};

    assert_int_equal(
        wax_hpke_pair(wax_bytes_of(root, sizeof root), signer->secret, signer->public_key), WAX_OK);
}

static wax_keys_signing signing_of(const struct signer *signer)
{
    return (wax_keys_signing){name_space, signer->secret, signer->public_key};
}

static void a_signature_holds_for_its_bytes_key_and_binding_only(void **state)
{
    const wax_keys_bound bound = {WAX_TEXT("sealed-mqtt 1 log"), WAX_TEXT("homehome")};
    const wax_keys_bound moved = {WAX_TEXT("sealed-mqtt 1 logh"), WAX_TEXT("omehome")};
    const wax_keys_bound other = {WAX_TEXT("sealed-mqtt 1 log"), WAX_TEXT("homehomf")};
    struct signer one;
    struct signer two;
    uint8_t room[512];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_bytes payload;
    wax_bytes bytes;

    (void)state;
    signer_make(&one, 1);
    signer_make(&two, 2);
    wax_write_bytes(&out, WAX_TEXT("before"));
    wax_write_bytes(&out, WAX_TEXT("payload"));
    assert_int_equal(wax_keys_sign(&out, 6, &bound, one.secret), WAX_OK);
    assert_memory_equal(room, "before", 6);
    bytes = wax_bytes_of(room + 6, out.used - 6);
    assert_int_equal(wax_keys_verify(bytes, &bound, one.public_key, &payload), WAX_OK);
    assert_true(wax_bytes_equal(payload, WAX_TEXT("payload")));
    /* External data is one string: where its parts meet says nothing. */
    assert_int_equal(wax_keys_verify(bytes, &moved, one.public_key, &payload), WAX_OK);
    assert_int_equal(wax_keys_verify(bytes, &other, one.public_key, &payload), WAX_UNTRUSTED);
    assert_int_equal(payload.size, 0);
    assert_int_equal(wax_keys_verify(bytes, &bound, two.public_key, &payload), WAX_UNTRUSTED);
    for (size_t i = 0; i < bytes.size; i++) {
        room[6 + i] ^= 1;
        assert_int_not_equal(wax_keys_verify(bytes, &bound, one.public_key, &payload), WAX_OK);
        room[6 + i] ^= 1;
        assert_int_equal(
            wax_keys_verify(wax_bytes_of(bytes.data, i), &bound, one.public_key, &payload),
            WAX_MALFORMED);
    }
    bytes.size++;
    assert_int_equal(wax_keys_verify(bytes, &bound, one.public_key, &payload), WAX_MALFORMED);
    /* Not even when the signature says that it has the byte. */
    room[6 + bytes.size - 1 - WAX_P256_SIGNATURE_SIZE - 1]++;
    assert_int_equal(wax_keys_verify(bytes, &bound, one.public_key, &payload), WAX_MALFORMED);
}

static void what_does_not_fit_leaves_nothing(void **state)
{
    const wax_keys_bound bound = {WAX_TEXT("a"), WAX_TEXT("b")};
    struct signer one;
    uint8_t room[200];

    (void)state;
    signer_make(&one, 1);
    for (size_t size = 7; size < 90; size++) {
        wax_writer out = wax_writer_over(room, size);

        wax_write_bytes(&out, WAX_TEXT("payload"));
        assert_int_equal(wax_keys_sign(&out, 0, &bound, one.secret), WAX_FULL);
        assert_int_equal(out.used, 0);
    }
}

struct chain_world {
    struct signer root;
    struct signer middle;
    struct signer leaf;
    uint8_t room[2][512];
    wax_keys_chain chain;
};

static wax_bytes certify(struct chain_world *world, size_t which, const struct signer *by,
                         const struct signer *subject, uint32_t may)
{
    const wax_keys_signing signing = signing_of(by);
    const wax_keys_certificate certificate = {
        .subject = WAX_TEXT("lamp"),
        .public_key = subject->public_key,
        .may = may,
        .serial = fixed,
        .valid_from_s = 100,
        .valid_until_s = 200,
    };
    wax_writer out = wax_writer_over(world->room[which], sizeof world->room[which]);

    assert_int_equal(wax_keys_certificate_write(&out, &signing, &certificate), WAX_OK);
    return wax_writer_bytes(&out);
}

static void chain_begin(struct chain_world *world)
{
    signer_make(&world->root, 1);
    signer_make(&world->middle, 2);
    signer_make(&world->leaf, 3);
    world->chain = (wax_keys_chain){
        .name_space = name_space,
        .root = world->root.public_key,
        .may = WAX_KEYS_IS_DEVICE,
        .now_s = 150,
    };
}

static void chains_of_one_and_two_certificates_hold(void **state)
{
    static struct chain_world world;
    wax_keys_chain *chain = &world.chain;
    wax_keys_certificate certificate;

    (void)state;
    chain_begin(&world);
    chain->certificate = certify(&world, 0, &world.root, &world.leaf, WAX_KEYS_IS_DEVICE);
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_OK);
    assert_memory_equal(certificate.public_key, world.leaf.public_key, WAX_P256_PUBLIC_SIZE);
    chain->certificate = certify(&world, 0, &world.middle, &world.leaf, WAX_KEYS_IS_DEVICE);
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
    assert_null(certificate.public_key);
    chain->certifier =
        certify(&world, 1, &world.root, &world.middle, WAX_KEYS_CERTIFIES | WAX_KEYS_IS_DEVICE);
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_OK);
}

static void chains_that_give_too_much_or_at_another_time_do_not_hold(void **state)
{
    static struct chain_world world;
    wax_keys_chain *chain = &world.chain;
    wax_keys_certificate certificate;

    (void)state;
    chain_begin(&world);
    chain->certificate = certify(&world, 0, &world.middle, &world.leaf, WAX_KEYS_IS_DEVICE);
    chain->certifier = certify(&world, 1, &world.root, &world.middle, WAX_KEYS_IS_DEVICE);
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
    chain->certifier = certify(&world, 1, &world.root, &world.middle, WAX_KEYS_CERTIFIES);
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
    chain->certifier =
        certify(&world, 1, &world.root, &world.middle, WAX_KEYS_CERTIFIES | WAX_KEYS_IS_DEVICE);
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_OK);
    chain->may = WAX_KEYS_IS_DEVICE | WAX_KEYS_IS_KEEPER;
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
    chain->may = WAX_KEYS_IS_DEVICE;
    chain->now_s = 99;
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
    for (chain->now_s = 100; chain->now_s <= 200; chain->now_s += 100) { /* both are included */
        assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_OK);
    }
    chain->now_s = 201;
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
    chain->now_s = 0;
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_OK);
    chain->name_space = (const uint8_t *)"homehomf";
    assert_int_equal(wax_keys_chain_check(chain, &certificate), WAX_UNTRUSTED);
}

static void an_enrolment_proves_its_key_and_both_ends_say_the_same_words(void **state)
{
    struct signer device;
    struct signer other;
    uint8_t room[512];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_keys_signing by;
    wax_keys_enrolment enrolment = {.device = WAX_TEXT("lamp"), .nonce = fixed};
    wax_keys_enrolment read;
    char words[2][WAX_KEYS_WORDS_SIZE];

    (void)state;
    signer_make(&device, 4);
    signer_make(&other, 5);
    by = signing_of(&device);
    enrolment.public_key = device.public_key;
    assert_int_equal(wax_keys_enrolment_write(&out, &by, &enrolment), WAX_OK);
    assert_int_equal(wax_keys_enrolment_read(&read, name_space, wax_writer_bytes(&out)), WAX_OK);
    assert_true(wax_bytes_equal(read.device, enrolment.device));
    assert_int_equal(read.certificate.size, 0);
    assert_int_equal(wax_keys_words(name_space, &enrolment, words[0]), WAX_OK);
    assert_int_equal(wax_keys_words(name_space, &read, words[1]), WAX_OK);
    assert_string_equal(words[0], words[1]);
    assert_int_equal(strlen(words[0]), WAX_KEYS_WORDS_SIZE - 1);
    assert_int_equal(
        wax_keys_enrolment_read(&read, (const uint8_t *)"homehomf", wax_writer_bytes(&out)),
        WAX_UNTRUSTED);
    /* Somebody else's key under one's own signature. */
    enrolment.public_key = other.public_key;
    out.used = 0;
    assert_int_equal(wax_keys_enrolment_write(&out, &by, &enrolment), WAX_OK);
    assert_int_equal(wax_keys_enrolment_read(&read, name_space, wax_writer_bytes(&out)),
                     WAX_UNTRUSTED);
    assert_null(read.public_key);
}

/* Reads a manifest of the group of zeros, the first of which anything is known. */
static wax_status read_manifest(wax_keys_manifest *manifest, const wax_keys_signing *by,
                                wax_bytes content)
{
    const wax_keys_posted posted = {WAX_TEXT("wax/m/0000000000000000"), content};
    wax_keys_followed followed = {.number = 0};

    return wax_keys_manifest_read(manifest, by, &followed, &posted);
}

static void manifests_come_back_and_only_from_their_registrar(void **state)
{
    static struct keys_lists lists;
    struct signer registrar;
    struct signer other;
    uint64_t seed = 9;
    uint8_t room[2048];
    wax_keys_signing by;
    wax_keys_signing by_other;
    wax_keys_manifest read;

    (void)state;
    signer_make(&registrar, 1);
    signer_make(&other, 2);
    by = signing_of(&registrar);
    by_other = signing_of(&other);
    for (int i = 0; i < 50; i++) {
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_keys_manifest manifest = {
            .version = 1 + any_wide(&seed) / 2,
            .generation = (uint32_t)any_wide(&seed),
            .name_space = name_space,
            .group = fixed,
            .name = WAX_TEXT("lights"),
            .suite = 2,
            .tag_size = 8,
            .write_epoch = 3,
            .epoch_s = 86400,
            .kept = 8,
            .keeper = other.public_key,
            .previous = fixed,
            .log_number = 4,
        };

        lists.used = 0;
        manifest.filters = any_texts(&seed, &lists);
        manifest.senders = any_senders(&seed, &lists);
        manifest.signers = any_signers(&seed, &lists);
        manifest.padding = any_padding(&seed, &lists);
        assert_int_equal(wax_keys_manifest_write(&out, &by, &manifest), WAX_OK);
        assert_int_equal(read_manifest(&read, &by, wax_writer_bytes(&out)), WAX_OK);
        assert_true(read.version == manifest.version && read.generation == manifest.generation);
        assert_true(lists_equal(&read.filters, &manifest.filters));
        assert_true(lists_equal(&read.senders, &manifest.senders));
        assert_true(lists_equal(&read.signers, &manifest.signers));
        assert_true(lists_equal(&read.padding, &manifest.padding));
        assert_int_equal(read_manifest(&read, &by_other, wax_writer_bytes(&out)), WAX_UNTRUSTED);
        room[any_below(&seed, (uint32_t)out.used)] ^= 4;
        assert_int_not_equal(read_manifest(&read, &by, wax_writer_bytes(&out)), WAX_OK);
        assert_int_equal(read.version, 0);
    }
}

enum { ENTRIES = 5 };

struct log_world {
    struct signer registrar;
    wax_keys_signing by;
    uint8_t room[ENTRIES][512];
    wax_bytes entries[ENTRIES];
};

static void log_make(struct log_world *world)
{
    wax_keys_followed followed = {.number = 0};

    signer_make(&world->registrar, 1);
    world->by = signing_of(&world->registrar);
    for (size_t i = 0; i < ENTRIES; i++) {
        uint8_t details[64];
        wax_writer details_out = wax_writer_over(details, sizeof details);
        wax_writer out = wax_writer_over(world->room[i], sizeof world->room[i]);
        wax_keys_entry entry = {
            .time_s = 1700000000 + i,
            .who = WAX_TEXT("anna"),
            .what = WAX_TEXT("grant"),
            .on = WAX_TEXT("lamp"),
        };

        wax_keys_add_detail(&entry.details, &details_out, WAX_TEXT("role"), WAX_TEXT("reads"), 0);
        wax_keys_add_detail(&entry.details, &details_out, WAX_TEXT("sender"), WAX_TEXT(""), i);
        assert_int_equal(wax_keys_entry_write(&out, &world->by, &followed, &entry), WAX_OK);
        world->entries[i] = wax_writer_bytes(&out);
    }
    assert_int_equal(followed.number, ENTRIES);
}

static void the_log_is_followed_in_order_and_no_entry_is_left_out_or_replaced(void **state)
{
    static struct log_world world;
    wax_keys_followed followed = {.number = 0};
    wax_keys_followed before;
    wax_keys_entry entry;
    wax_bytes name;
    wax_bytes text;
    uint64_t number = 0;

    (void)state;
    log_make(&world);
    for (size_t i = 0; i < ENTRIES; i++) {
        before = followed;
        if (i > 0 && i + 1 < ENTRIES) {
            assert_int_equal(
                wax_keys_entry_read(&entry, &world.by, &followed, world.entries[i + 1]),
                WAX_PROTOCOL_ERROR);
            assert_memory_equal(&before, &followed, sizeof before);
        }
        assert_int_equal(wax_keys_entry_read(&entry, &world.by, &followed, world.entries[i]),
                         WAX_OK);
        assert_int_equal(entry.number, i + 1);
        assert_true(wax_keys_next_detail(&entry.details, &name, &text, &number));
        assert_true(wax_bytes_equal(name, WAX_TEXT("role")));
        assert_true(wax_bytes_equal(text, WAX_TEXT("reads")));
        assert_true(wax_keys_next_detail(&entry.details, &name, &text, &number));
        assert_true(text.size == 0 && number == i);
        assert_false(wax_keys_next_detail(&entry.details, &name, &text, &number));
        /* What is retained comes again. */
        assert_int_equal(wax_keys_entry_read(&entry, &world.by, &followed, world.entries[i]),
                         WAX_OK);
        assert_int_equal(followed.number, i + 1);
    }
    assert_int_equal(wax_keys_entry_read(&entry, &world.by, &followed, world.entries[0]),
                     WAX_PROTOCOL_ERROR);
}

static void another_entry_of_the_same_number_and_an_unknown_deed_are_refused(void **state)
{
    static struct log_world world;
    wax_keys_followed followed = {.number = 0};
    wax_keys_followed forked = {.number = 0};
    wax_keys_entry entry = {.who = WAX_TEXT("eve"), .what = WAX_TEXT("grant"), .on = WAX_TEXT("x")};
    uint8_t room[512];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    log_make(&world);
    assert_int_equal(wax_keys_entry_write(&out, &world.by, &forked, &entry), WAX_OK);
    assert_int_equal(wax_keys_entry_read(&entry, &world.by, &followed, world.entries[0]), WAX_OK);
    assert_int_equal(wax_keys_entry_read(&entry, &world.by, &followed, wax_writer_bytes(&out)),
                     WAX_PROTOCOL_ERROR);
    entry = (wax_keys_entry){.who = WAX_TEXT("eve"), .what = WAX_TEXT("steal")};
    assert_int_equal(wax_keys_entry_write(&out, &world.by, &forked, &entry), WAX_INVALID);
    assert_int_equal(forked.number, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_holds_for_its_bytes_key_and_binding_only),
        cmocka_unit_test(what_does_not_fit_leaves_nothing),
        cmocka_unit_test(chains_of_one_and_two_certificates_hold),
        cmocka_unit_test(chains_that_give_too_much_or_at_another_time_do_not_hold),
        cmocka_unit_test(an_enrolment_proves_its_key_and_both_ends_say_the_same_words),
        cmocka_unit_test(manifests_come_back_and_only_from_their_registrar),
        cmocka_unit_test(the_log_is_followed_in_order_and_no_entry_is_left_out_or_replaced),
        cmocka_unit_test(another_entry_of_the_same_number_and_an_unknown_deed_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
