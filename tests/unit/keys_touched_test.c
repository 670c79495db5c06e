/* What the authority says and what devices tell it, with any bit of it changed, cut anywhere, or
 * grown: it is refused, and nothing that outlives the call remembers it. */
#include "../keys_check.h"

enum { ROOM = 2048 };

static const uint8_t name_space[WAX_KEYS_ID_SIZE] = "homehome";
static const uint8_t fixed[WAX_SHA256_SIZE] = {0};

struct signer {
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
};

static struct signer signer_of(uint8_t seed)
{
    const uint8_t root[WAX_HPKE_SEED_SIZE] = {seed};
    struct signer signer;

    assert_int_equal(
        wax_hpke_pair(wax_bytes_of(root, sizeof root), signer.secret, signer.public_key), WAX_OK);
    return signer;
}

static wax_keys_signing signing_of(const struct signer *signer)
{
    return (wax_keys_signing){name_space, signer->secret, signer->public_key};
}

/* Who judges what came, in bytes of the judge's own; and asserts that nothing is left of it. */
typedef wax_status judge(void *world, uint8_t *bytes, size_t size);

static void refuse(judge *takes, void *world, wax_bytes bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1); /* just so large that a sanitizer sees who reads on */
    wax_status status;

    assert_non_null(copy);
    memset(copy, 0, size + 1);
    memcpy(copy, bytes.data, size < bytes.size ? size : bytes.size);
    status = takes(world, copy, size);
    assert_true(status == WAX_MALFORMED || status == WAX_UNTRUSTED || status == WAX_PROTOCOL_ERROR);
    free(copy);
}

static void refuse_all(judge *takes, void *world, uint8_t *bytes, size_t size)
{
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refuse(takes, world, wax_bytes_of(bytes, size), size);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        refuse(takes, world, wax_bytes_of(bytes, size), cut);
    }
    refuse(takes, world, wax_bytes_of(bytes, size), size + 1);
    refuse(takes, world, wax_bytes_of(bytes, size), size + 300);
}

/* --- What is signed --- */

struct signed_world {
    struct signer signers[3];
    wax_keys_signing by;
    wax_keys_followed followed; /* a chain that was followed until here */
    uint8_t room[ROOM];
    size_t size;
    wax_keys_chain chain;
    bool is_certifier; /* the one that certifies is touched, not the other */
};

static void begin(struct signed_world *world)
{
    memset(world, 0, sizeof *world);
    for (uint8_t i = 0; i < 3; i++) {
        world->signers[i] = signer_of(i + 1);
    }
    world->by = signing_of(&world->signers[0]);
}

static wax_status take_manifest(void *context, uint8_t *bytes, size_t size)
{
    struct signed_world *world = context;
    const wax_keys_posted posted = {WAX_TEXT("wax/m/0000000000000000"), wax_bytes_of(bytes, size)};
    const wax_keys_followed before = world->followed;
    wax_keys_manifest manifest;
    const wax_status status =
        wax_keys_manifest_read(&manifest, &world->by, &world->followed, &posted);

    if (status != WAX_OK) {
        assert_memory_equal(&before, &world->followed, sizeof before);
        assert_true(manifest.version == 0 && manifest.group == NULL && manifest.filters.count == 0);
    }
    return status;
}

static void write_manifest(struct signed_world *world, uint64_t version)
{
    wax_writer out = wax_writer_over(world->room, sizeof world->room);
    uint8_t rooms[3][256];
    wax_writer lists[3];
    wax_keys_manifest manifest = {
        .version = version,
        .generation = 1,
        .name_space = name_space,
        .group = fixed,
        .name = WAX_TEXT("lights"),
        .suite = 2,
        .tag_size = 8,
        .write_epoch = 3,
        .epoch_s = 86400,
        .kept = 8,
        .keeper = world->signers[1].public_key,
        .previous = world->followed.digest,
        .log_number = 4,
    };

    for (size_t i = 0; i < 3; i++) {
        lists[i] = wax_writer_over(rooms[i], sizeof rooms[i]);
    }
    wax_keys_add_text(&manifest.filters, &lists[0], WAX_TEXT("home/#"));
    wax_keys_add_number(&manifest.senders, &lists[1], 1);
    wax_keys_add_number(&manifest.senders, &lists[1], 9);
    wax_keys_add_signer(&manifest.signers, &lists[2], 1, world->signers[2].public_key);
    assert_int_equal(wax_keys_manifest_write(&out, &world->by, &manifest), WAX_OK);
    world->size = out.used;
}

static void a_manifest_that_was_touched_is_refused_and_moves_nothing_on(void **state)
{
    static struct signed_world world;

    (void)state;
    begin(&world);
    write_manifest(&world, 1);
    refuse_all(take_manifest, &world, world.room, world.size); /* the first of which is known */
    assert_int_equal(take_manifest(&world, world.room, world.size), WAX_OK);
    write_manifest(&world, 2);
    refuse_all(take_manifest, &world, world.room, world.size);
    assert_int_equal(take_manifest(&world, world.room, world.size), WAX_OK);
    assert_int_equal(world.followed.number, 2);
}

static wax_status take_entry(void *context, uint8_t *bytes, size_t size)
{
    struct signed_world *world = context;
    const wax_keys_followed before = world->followed;
    wax_keys_entry entry;
    const wax_status status =
        wax_keys_entry_read(&entry, &world->by, &world->followed, wax_bytes_of(bytes, size));

    if (status != WAX_OK) {
        assert_memory_equal(&before, &world->followed, sizeof before);
        assert_true(entry.number == 0 && entry.who.size == 0 && entry.details.count == 0);
    }
    return status;
}

static void write_entry(struct signed_world *world)
{
    wax_writer out = wax_writer_over(world->room, sizeof world->room);
    uint8_t details[64];
    wax_writer details_out = wax_writer_over(details, sizeof details);
    wax_keys_followed behind = world->followed;
    wax_keys_entry entry = {.time_s = 1700000000,
                            .who = WAX_TEXT("anna"),
                            .what = WAX_TEXT("grant"),
                            .on = WAX_TEXT("lamp")};

    wax_keys_add_detail(&entry.details, &details_out, WAX_TEXT("role"), WAX_TEXT("reads"), 0);
    assert_int_equal(wax_keys_entry_write(&out, &world->by, &behind, &entry), WAX_OK);
    world->size = out.used;
}

static void an_entry_of_the_log_that_was_touched_is_refused_and_moves_nothing_on(void **state)
{
    static struct signed_world world;

    (void)state;
    begin(&world);
    for (uint64_t number = 1; number <= 2; number++) {
        write_entry(&world);
        refuse_all(take_entry, &world, world.room, world.size);
        assert_int_equal(take_entry(&world, world.room, world.size), WAX_OK);
        assert_int_equal(world.followed.number, number);
    }
}

static wax_status take_certificate(void *context, uint8_t *bytes, size_t size)
{
    const struct signed_world *world = context;
    wax_keys_chain chain = world->chain;
    wax_keys_certificate certificate;
    wax_status status;

    if (world->is_certifier) {
        chain.certifier = wax_bytes_of(bytes, size);
    } else {
        chain.certificate = wax_bytes_of(bytes, size);
    }
    status = wax_keys_chain_check(&chain, &certificate);
    if (status != WAX_OK) {
        assert_true(certificate.public_key == NULL && certificate.may == 0);
    }
    return status;
}

static size_t certify(const struct signer *by, const struct signer *subject, uint32_t may,
                      uint8_t room[static ROOM])
{
    const wax_keys_signing signing = signing_of(by);
    const wax_keys_certificate certificate = {.subject = WAX_TEXT("lamp"),
                                              .public_key = subject->public_key,
                                              .may = may,
                                              .serial = fixed,
                                              .valid_from_s = 100,
                                              .valid_until_s = 200};
    wax_writer out = wax_writer_over(room, ROOM);

    assert_int_equal(wax_keys_certificate_write(&out, &signing, &certificate), WAX_OK);
    return out.used;
}

static void no_certificate_of_a_chain_holds_that_was_touched(void **state)
{
    static struct signed_world world;
    static uint8_t certifier[ROOM];
    size_t size;

    (void)state;
    begin(&world);
    size = certify(&world.signers[0], &world.signers[1], WAX_KEYS_CERTIFIES | WAX_KEYS_IS_DEVICE,
                   certifier);
    world.size = certify(&world.signers[1], &world.signers[2], WAX_KEYS_IS_DEVICE, world.room);
    world.chain = (wax_keys_chain){.name_space = name_space,
                                   .root = world.signers[0].public_key,
                                   .certifier = wax_bytes_of(certifier, size),
                                   .certificate = wax_bytes_of(world.room, world.size),
                                   .may = WAX_KEYS_IS_DEVICE,
                                   .now_s = 150};
    assert_int_equal(take_certificate(&world, world.room, world.size), WAX_OK);
    refuse_all(take_certificate, &world, world.room, world.size);
    world.is_certifier = true;
    assert_int_equal(take_certificate(&world, certifier, size), WAX_OK);
    /* Without one, the other would have to be the root's. */
    refuse_all(take_certificate, &world, certifier, size);
}

static wax_status take_enrolment(void *context, uint8_t *bytes, size_t size)
{
    wax_keys_enrolment enrolment;
    const wax_status status =
        wax_keys_enrolment_read(&enrolment, name_space, wax_bytes_of(bytes, size));

    (void)context;
    if (status != WAX_OK) {
        assert_true(enrolment.public_key == NULL && enrolment.device.size == 0);
    }
    return status;
}

static void an_enrolment_that_was_touched_is_nobodys(void **state)
{
    static struct signed_world world;
    wax_writer out = wax_writer_over(world.room, sizeof world.room);
    wax_keys_enrolment enrolment = {.device = WAX_TEXT("lamp"), .nonce = fixed};

    (void)state;
    begin(&world);
    enrolment.public_key = world.signers[0].public_key;
    assert_int_equal(wax_keys_enrolment_write(&out, &world.by, &enrolment), WAX_OK);
    assert_int_equal(take_enrolment(NULL, world.room, out.used), WAX_OK);
    refuse_all(take_enrolment, NULL, world.room, out.used);
}

/* --- What is sealed --- */

struct letter_world {
    struct keys_pair pair;
    wax_keys_ends device;
    struct keys_memory memory;
    uint8_t room[ROOM];
    size_t size;
};

static bool holds(const uint8_t *bytes, size_t size, const uint8_t *wanted, size_t wanted_size)
{
    for (size_t at = 0; at + wanted_size <= size; at++) {
        if (memcmp(bytes + at, wanted, wanted_size) == 0) {
            return true;
        }
    }
    return false;
}

static const uint8_t epoch_secret[WAX_KEYS_SECRET_SIZE] = {9, 8, 7, 6, 5, 4, 3, 2, 1};

/* A mailbox with a group in which the device writes. */
static void write_mailbox(struct letter_world *world, const wax_keys_profile *profile)
{
    static const uint8_t id[WAX_KEYS_ID_SIZE] = {7};
    const wax_keys_ends authority = keys_end(&world->pair, profile, 0);
    wax_writer out = wax_writer_over(world->room, sizeof world->room);
    uint8_t rooms[3][256];
    wax_writer groups = wax_writer_over(rooms[0], sizeof rooms[0]);
    wax_writer filters = wax_writer_over(rooms[1], sizeof rooms[1]);
    wax_writer epochs = wax_writer_over(rooms[2], sizeof rooms[2]);
    const wax_keys_epoch epoch = {4, WAX_KEYS_SENDER_SECRET, epoch_secret};
    wax_keys_group group = {.id = id,
                            .suite = 2,
                            .group_class = 1,
                            .tag_size = 8,
                            .role = WAX_KEYS_WRITES,
                            .sender = 3,
                            .write_epoch = 4,
                            .kept = 8,
                            .first_position = WAX_KEYS_NONE,
                            .chunk_size = WAX_KEYS_CHUNK_SIZE};
    wax_keys_mailbox mailbox = {.generation = 1,
                                .version = 6,
                                .device = WAX_TEXT("lamp"),
                                .registrar = world->pair.publics[0],
                                .keeper = world->pair.publics[0]};

    wax_keys_add_text(&group.filters, &filters, WAX_TEXT("home/#"));
    wax_keys_add_epoch(&group.epochs, &epochs, &epoch);
    wax_keys_add_group(&mailbox.groups, &groups, &group);
    assert_int_equal(wax_keys_mailbox_seal(&out, &authority, &mailbox), WAX_OK);
    world->size = out.used;
}

static wax_status take_mailbox(void *context, uint8_t *bytes, size_t size)
{
    struct letter_world *world = context;
    const struct keys_memory before = world->memory;
    wax_keys_mailbox mailbox;
    const wax_status status =
        wax_keys_mailbox_open(&mailbox, &world->memory.mark, &world->device, bytes, size);

    if (status != WAX_OK) {
        assert_memory_equal(&before, &world->memory, sizeof before);
        assert_true(mailbox.version == 0 && mailbox.groups.count == 0 && mailbox.keeper == NULL);
        assert_false(holds(bytes, size, epoch_secret, sizeof epoch_secret));
    }
    return status;
}

static wax_status take_writing(void *context, uint8_t *bytes, size_t size)
{
    struct letter_world *world = context;
    const struct keys_memory before = world->memory;
    wax_keys_writing writing;
    const wax_status status =
        wax_keys_writing_open(&writing, &world->memory.mark, &world->device, bytes, size);

    if (status != WAX_OK) {
        assert_memory_equal(&before, &world->memory, sizeof before);
        assert_true(writing.group == NULL && writing.secret == NULL);
        assert_false(holds(bytes, size, epoch_secret, sizeof epoch_secret));
    }
    return status;
}

static void begin_letter(struct letter_world *world, const wax_keys_profile *profile,
                         wax_bytes topic)
{
    memset(world, 0, sizeof *world);
    keys_pair_make(&world->pair);
    world->device = keys_end(&world->pair, profile, 1);
    world->device.topic = topic;
    world->memory.mark.keep = keys_keep;
    world->memory.mark.generation = 1;
    world->memory.mark.version = 5;
}

static void a_mailbox_that_was_touched_is_refused_in_every_profile(void **state)
{
    static struct letter_world world;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(keys_profiles); i++) {
        begin_letter(&world, keys_profiles[i], WAX_TEXT("wax/k/lamp"));
        write_mailbox(&world, keys_profiles[i]);
        refuse_all(take_mailbox, &world, world.room, world.size);
        assert_int_equal(world.memory.kept, 0);
        assert_int_equal(take_mailbox(&world, world.room, world.size), WAX_OK);
        assert_int_equal(world.memory.mark.version, 6);
    }
}

static void who_only_writes_refuses_a_mailbox_that_was_touched(void **state)
{
    static struct letter_world world;

    (void)state;
    begin_letter(&world, &wax_keys_ascon_opens, WAX_TEXT("wax/k/lamp"));
    write_mailbox(&world, &wax_keys_ascon);
    refuse_all(take_writing, &world, world.room, world.size);
    assert_int_equal(world.memory.kept, 0);
    assert_int_equal(take_writing(&world, world.room, world.size), WAX_OK);
}

static wax_status take_status(void *context, uint8_t *bytes, size_t size)
{
    struct letter_world *world = context;
    wax_keys_status status;
    const wax_status opened = wax_keys_status_open(&status, 5, &world->device, bytes, size);

    if (opened != WAX_OK) {
        assert_true(status.count == 0 && status.boot_nonce == NULL && status.newest.count == 0);
    }
    return opened;
}

static void a_status_that_was_touched_is_refused_in_every_profile(void **state)
{
    static struct letter_world world;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(keys_profiles); i++) {
        uint8_t rooms[2][64];
        wax_writer newest = wax_writer_over(rooms[0], sizeof rooms[0]);
        wax_writer refusals = wax_writer_over(rooms[1], sizeof rooms[1]);
        wax_writer out = wax_writer_over(world.room, sizeof world.room);
        wax_keys_status status = {.count = 6, .boot_nonce = fixed, .generation = 1, .version = 4};
        wax_keys_ends device;

        begin_letter(&world, keys_profiles[i], WAX_TEXT("wax/s/lamp"));
        wax_keys_add_newest(&status.newest, &newest, fixed, 3);
        wax_keys_add_refusal(&status.refusals, &refusals, WAX_KEYS_GAP, 2);
        device = world.device;
        assert_int_equal(wax_keys_status_seal(&out, &device, &status), WAX_OK);
        world.size = out.used;
        world.device = keys_end(&world.pair, keys_profiles[i], 0); /* the authority opens it */
        world.device.topic = device.topic;
        refuse_all(take_status, &world, world.room, world.size);
        assert_int_equal(take_status(&world, world.room, world.size), WAX_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_that_was_touched_is_refused_and_moves_nothing_on),
        cmocka_unit_test(an_entry_of_the_log_that_was_touched_is_refused_and_moves_nothing_on),
        cmocka_unit_test(no_certificate_of_a_chain_holds_that_was_touched),
        cmocka_unit_test(an_enrolment_that_was_touched_is_nobodys),
        cmocka_unit_test(a_mailbox_that_was_touched_is_refused_in_every_profile),
        cmocka_unit_test(who_only_writes_refuses_a_mailbox_that_was_touched),
        cmocka_unit_test(a_status_that_was_touched_is_refused_in_every_profile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
