/* What members hold against a broker that lies, a device that was stolen, copied or turned back,
 * and a store that fails; and, where docs/sealing.md owns to a limit, that it is no worse. */
#include "../member_check.h"

#include "seal/header.h"

enum { YEAR = 366, KEPT = 8 };

static const uint32_t suites[] = {1, 2, 3};
static const uint32_t both = WAX_KEYS_READS | WAX_KEYS_WRITES;

/* Groups to be changed by the tests: state and stream. */
static struct house house_of(uint32_t suite, uint32_t group_class)
{
    return (struct house){
        .id = {'h', (uint8_t)suite},
        .filter = "home/#",
        .suite = suite,
        .group_class = group_class,
        .epoch = 1,
        .kept = KEPT,
        .first_sender = 1,
        .last_sender = 9,
    };
}

static struct device *device_new(const char *name)
{
    struct device *device = calloc(1, sizeof(*device));

    assert_non_null(device);
    device_make(device, name);
    return device;
}

static void device_free(struct device *device)
{
    device_stop(device);
    free(device);
}

static void give(struct device *device, uint64_t version, const struct house *house, uint32_t role,
                 uint32_t sender)
{
    const struct right right = {.house = house, .role = role, .sender = sender};

    give_keys(device, version, &right, 1);
}

static void assert_opens(struct device *to, const struct sent *sent, const char *text)
{
    const wax_member_arrival arrival = receive_text(to, sent);

    assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
    assert_true(wax_bytes_equal(arrival.message.payload, wax_bytes_of_text(text)));
}

static void assert_refuses(struct device *to, const struct sent *sent, wax_seal_event event)
{
    const wax_member_arrival arrival = receive_text(to, sent);

    assert_int_equal(arrival.outcome, WAX_MEMBER_REFUSED);
    assert_int_equal(arrival.opened.event, event);
    assert_true(wax_bytes_equal(arrival.message.payload, sent->publish.payload));
}

/* --- Time away --- */

static void a_reader_that_slept_through_365_epochs_needs_one_mailbox(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        struct house house = house_of(suites[i], 0);
        struct device *sensor = device_new("sensor");
        struct device *reader = device_new("reader");
        static struct sent sent[YEAR + 1];
        char topic[32];

        give(reader, 1, &house, WAX_KEYS_READS, 0);
        for (house.epoch = 1; house.epoch <= YEAR; house.epoch++) {
            give(sensor, house.epoch, &house, WAX_KEYS_WRITES, 1);
            (void)snprintf(topic, sizeof(topic), "home/%u", house.epoch % 16);
            assert_int_equal(send_text(sensor, topic, "value", &sent[house.epoch]), WAX_OK);
        }
        house.epoch = YEAR;
        give(reader, YEAR, &house, WAX_KEYS_READS, 0);
        for (uint32_t epoch = 1; epoch <= YEAR; epoch++) {
            if (epoch > YEAR - KEPT) {
                assert_opens(reader, &sent[epoch], "value");
            } else {
                assert_int_equal(receive_text(reader, &sent[epoch]).outcome, WAX_MEMBER_REFUSED);
            }
        }
        device_free(sensor);
        device_free(reader);
    }
}

static void a_newcomer_reads_what_is_retained_as_far_as_it_was_granted(void **state)
{
    (void)state;
    for (uint32_t group_class = 0; group_class <= 1; group_class++) {
        struct house house = house_of(2, group_class);
        struct device *sensor = device_new("sensor");
        struct device *newcomer = device_new("newcomer");
        static struct sent sent[5];
        const char *topics[] = {"", "home/a", "home/b", "home/c", "home/d"};
        struct right reads = {.house = &house, .role = WAX_KEYS_READS, .joined = 4};

        for (house.epoch = 1; house.epoch <= 4; house.epoch++) {
            give(sensor, house.epoch, &house, WAX_KEYS_WRITES, 1);
            assert_int_equal(send_text(sensor, topics[house.epoch], "value", &sent[house.epoch]),
                             WAX_OK);
        }
        house.epoch = 4;
        reads.history = group_class == 0 ? 3 : 0;
        give_keys(newcomer, 1, &reads, 1);
        assert_refuses(newcomer, &sent[1], WAX_SEAL_OLD_EPOCH);
        assert_refuses(newcomer, &sent[2], WAX_SEAL_OLD_EPOCH);
        if (group_class == 0) {
            assert_opens(newcomer, &sent[3], "value");
        } else {
            assert_refuses(newcomer, &sent[3], WAX_SEAL_OLD_EPOCH);
        }
        assert_opens(newcomer, &sent[4], "value");
        device_free(sensor);
        device_free(newcomer);
    }
}

/* --- Those who are sent away, and those who are stolen --- */

static void who_is_evicted_reads_nothing_more_and_is_not_believed(void **state)
{
    struct house house = house_of(1, 1);
    struct device *evicted = device_new("evicted");
    struct device *stays = device_new("stays");
    static struct sent before;
    static struct sent by_evicted;
    static struct sent after;

    (void)state;
    give(evicted, 1, &house, both, 1);
    give(stays, 1, &house, both, 2);
    assert_int_equal(send_text(stays, "home/a", "before", &before), WAX_OK);
    assert_opens(evicted, &before, "before");
    house.epoch = 2;
    house.first_sender = 2; /* 1 is gone */
    give(stays, 2, &house, both, 2);
    assert_int_equal(send_text(stays, "home/a", "after", &after), WAX_OK);
    assert_refuses(evicted, &after, WAX_SEAL_OLD_EPOCH);
    assert_int_equal(send_text(evicted, "home/a", "still here", &by_evicted), WAX_OK);
    assert_refuses(stays, &by_evicted, WAX_SEAL_UNKNOWN_SENDER);
    device_free(evicted);
    device_free(stays);
}

/* A writer's mailbox holds its own sender secret. Whatever else it is taken for, it opens nothing,
 * and what is sealed with it in another name does not open. */
static void a_stolen_writer_neither_reads_nor_speaks_for_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        struct house house = house_of(suites[i], 1);
        struct device *victim = device_new("victim");
        struct device *reader = device_new("reader");
        struct device *thief = device_new("thief");
        static struct sent sent;
        static struct sent forged;
        struct right as_other = {.house = &house, .role = WAX_KEYS_WRITES, .sender = 2};

        give(victim, 1, &house, WAX_KEYS_WRITES, 1);
        give(reader, 1, &house, WAX_KEYS_READS, 0);
        give(thief, 1, &house, WAX_KEYS_WRITES, 2);
        assert_int_equal(send_text(victim, "home/a", "secret", &sent), WAX_OK);
        assert_refuses(thief, &sent, WAX_SEAL_OLD_EPOCH);
        /* The secret of number 2, used under number 1. */
        assert_int_equal(send_text(thief, "home/a", "forged", &forged), WAX_OK);
        for (size_t at = 0; at < HEADER_SIZE_MAX; at++) {
            const wax_bytes envelope = forged.publish.payload;
            uint8_t *byte = (uint8_t *)(uintptr_t)&envelope.data[at];

            for (unsigned change = 1; change < 256; change++) {
                *byte ^= (uint8_t)change;
                assert_int_equal(receive_text(reader, &forged).outcome, WAX_MEMBER_REFUSED);
                *byte ^= (uint8_t)change;
            }
        }
        assert_opens(reader, &forged, "forged"); /* in its own name it may write */
        assert_opens(reader, &sent, "secret");
        as_other.sender = 3;
        give_keys(thief, 2, &as_other, 1);
        assert_refuses(thief, &sent, WAX_SEAL_OLD_EPOCH);
        device_free(victim);
        device_free(reader);
        device_free(thief);
    }
}

/* The limit: a reader holds the epoch's secret, and so the keys of all who write. Only who signs is
 * safe from it. */
static void a_reader_speaks_for_others_unless_they_sign(void **state)
{
    struct house house = house_of(3, 1);
    struct device *signer = device_new("signer");
    struct device *liar = device_new("liar");
    struct device *reader = device_new("reader");
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t secret[WAX_P256_SECRET_SIZE] = {0};
    static struct sent forged;
    static struct sent sent;

    (void)state;
    secret[31] = 5;
    assert_int_equal(wax_crypto_p256_public(secret, public_key), WAX_OK);
    give(liar, 1, &house, both, 1); /* as a reader does that takes the number of another */
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(liar, "home/a", "forged", &forged), WAX_OK);
    assert_opens(reader, &forged, "forged");

    device_stop(signer);
    device_stop(reader);
    signer->config.own_secret = secret;
    signer->config.sign = wax_signer_p256_sign;
    reader->config.verify = wax_verify_p256;
    device_start(signer);
    device_start(reader);
    house.signing = public_key;
    give(signer, 2, &house, WAX_KEYS_WRITES, 1);
    give(reader, 2, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(liar, "home/a", "forged again", &forged), WAX_OK);
    assert_refuses(reader, &forged, WAX_SEAL_BAD_SIGNATURE);
    assert_int_equal(send_text(signer, "home/a", "signed", &sent), WAX_OK);
    assert_opens(reader, &sent, "signed");
    device_free(signer);
    device_free(liar);
    device_free(reader);
}

/* --- Copies, dead generators, wrong clocks, memory turned back --- */

struct observed {
    uint8_t front[HEADER_SIZE_MAX + WAX_HEDGE_SIZE]; /* all that the nonce and the key depend on */
    char text[16];
};

static void observe(struct observed *observed, const struct sent *sent, const char *text)
{
    wax_reader in = wax_reader_over(sent->publish.payload);
    struct header header;
    size_t size;

    memset(observed, 0, sizeof(*observed));
    header_read(&in, &header);
    assert_int_equal(in.status, WAX_OK);
    size = sent->publish.payload.size - wax_reader_left(&in) + WAX_HEDGE_SIZE;
    memcpy(observed->front, sent->publish.payload.data, size);
    (void)snprintf(observed->text, sizeof(observed->text), "%s", text);
}

/* No random bytes are used at all: a member with a pre-shared key has no generator, and its boot
 * nonce may be all zeros. The flash is turned back twice, and a copy of the device sends as well;
 * the clock stands, runs backwards, and is a second ahead. */
static void what_is_copied_or_turned_back_never_shares_a_nonce(void **state)
{
    enum { ROUNDS = 4, EACH = 40 };
    static struct observed observed[ROUNDS * EACH];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        struct house house = house_of(suites[i], i % 2);
        struct device *device = device_new("sensor");
        struct records kept;
        size_t count = 0;
        size_t equal = 0;

        give(device, 1, &house, WAX_KEYS_WRITES, 1);
        kept = device->records;
        for (unsigned round = 0; round < ROUNDS; round++) {
            device_stop(device);
            device->records = kept; /* as it was before */
            device_start(device);
            for (unsigned n = 0; n < EACH; n++) {
                const uint64_t clocks[] = {0, 1, UINT64_C(4102444800000), 1000};
                static struct sent sent;
                char text[16];

                /* Some texts are the same each time. */
                (void)snprintf(text, sizeof(text), "%u of %u", n, n % 8 == 0 ? 0 : round);
                wax_writer room = wax_writer_over(sent.room, sizeof(sent.room));
                wax_publish message = {.topic = WAX_TEXT("home/a"),
                                       .payload = wax_bytes_of_text(text)};
                assert_int_equal(wax_member_seal(device->member, &message,
                                                 n % 8 == 0 ? 0 : clocks[round], &room,
                                                 &sent.publish),
                                 WAX_OK);
                observe(&observed[count++], &sent, text);
            }
        }
        for (size_t one = 0; one < count; one++) {
            for (size_t other = one + 1; other < count; other++) {
                const bool is_nonce = memcmp(observed[one].front, observed[other].front,
                                             sizeof(observed[one].front)) == 0;

                assert_true(!is_nonce || strcmp(observed[one].text, observed[other].text) == 0);
                equal += is_nonce;
            }
        }
        assert_int_equal(equal, EACH / 8 * (ROUNDS * (ROUNDS - 1) / 2)); /* it was tried */
        device_free(device);
    }
}

static void a_clock_that_is_wrong_stops_nothing(void **state)
{
    static const uint64_t clocks[] = {0, 1, 1000, UINT64_C(253402300799000)};
    struct house house = house_of(2, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");

    (void)state;
    give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    for (size_t i = 0; i < WAX_COUNT(clocks); i++) {
        for (size_t other = 0; other < WAX_COUNT(clocks); other++) {
            static struct sent sent;
            wax_writer room = wax_writer_over(sent.room, sizeof(sent.room));
            wax_publish message = {.topic = WAX_TEXT("home/a"), .payload = WAX_TEXT("21")};
            wax_member_arrival arrival;

            assert_int_equal(
                wax_member_seal(sensor->member, &message, clocks[i], &room, &sent.publish), WAX_OK);
            assert_int_equal(
                wax_member_unseal(reader->member, &sent.publish, clocks[other], &arrival), WAX_OK);
            assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
        }
    }
    device_free(sensor);
    device_free(reader);
}

/* The limit: what a reader remembers of senders dies with it. A stream's message of an epoch that
 * is held opens once more, and says that nothing was known of its sender. */
static void a_reader_that_lost_its_memory_takes_a_replay_of_a_held_epoch_once(void **state)
{
    struct house house = house_of(2, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");
    static struct sent sent;
    wax_member_arrival arrival;

    (void)state;
    give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(sensor, "home/a", "open", &sent), WAX_OK);
    assert_opens(reader, &sent, "open");
    assert_refuses(reader, &sent, WAX_SEAL_REPLAY);
    device_stop(reader);
    device_start(reader);
    arrival = receive_text(reader, &sent);
    assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
    assert_true(arrival.opened.is_first);
    assert_refuses(reader, &sent, WAX_SEAL_REPLAY);
    house.epoch = 1 + KEPT;
    give(reader, 2, &house, WAX_KEYS_READS, 0);
    device_stop(reader);
    device_start(reader);
    assert_refuses(reader, &sent, WAX_SEAL_OLD_EPOCH);
    device_free(sensor);
    device_free(reader);
}

/* --- Before the keys --- */

static void without_a_mailbox_nothing_is_believed_said_or_asked(void **state)
{
    struct device *device = device_new("new");
    static struct sent sent;
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof(room));

    (void)state;
    sent.publish = (wax_publish){.topic = WAX_TEXT("home/a"), .payload = WAX_TEXT("forged")};
    assert_refuses(device, &sent, WAX_SEAL_UNSEALED);
    sent.publish.payload = WAX_TEXT("\xf8 forged");
    assert_refuses(device, &sent, WAX_SEAL_OLD_EPOCH);
    assert_int_equal(send_text(device, "home/a", "secret", &sent), WAX_NOT_AUTHORIZED);
    assert_int_equal(wax_member_filter(device->member, WAX_TEXT("home/#"), &out),
                     WAX_NOT_AUTHORIZED);
    assert_int_equal(out.used, 0);
    device_free(device);
}

/* --- Mailboxes --- */

static void refuse_mailbox(struct device *reader, wax_bytes bytes)
{
    static struct records before;

    before = reader->records;
    assert_true(wax_member_take_mailbox(reader->member, bytes) != WAX_OK);
    assert_memory_equal(reader->records.rows, before.rows, sizeof(before.rows));
}

static void a_mailbox_that_was_touched_changes_neither_keys_nor_records(void **state)
{
    static const wax_keys_profile *const profiles[] = {&wax_keys_chacha20, &wax_keys_ascon,
                                                       &wax_keys_ccm};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(profiles); i++) {
        struct house house = house_of(suites[i], 1);
        struct device *sensor = device_new("sensor");
        struct device *reader = device_new("reader");
        static struct letter letter;
        static struct sent sent;
        const struct right reads = {.house = &house, .role = WAX_KEYS_READS};

        reader->config.profile = profiles[i];
        give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
        give(reader, 1, &house, WAX_KEYS_READS, 0);
        write_mailbox(&letter, reader, 2, &reads, 1, NULL);
        for (size_t bit = 0; bit < 8 * letter.bytes.size; bit++) {
            letter.room[bit / 8] ^= (uint8_t)(1U << bit % 8);
            refuse_mailbox(reader, letter.bytes);
            letter.room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t size = 0; size < letter.bytes.size; size++) {
            refuse_mailbox(reader, wax_bytes_of(letter.room, size));
        }
        refuse_mailbox(reader, wax_bytes_of(letter.room, letter.bytes.size + 1));
        refuse_mailbox(reader, wax_bytes_of(NULL, 0));
        assert_int_equal(send_text(sensor, "home/a", "21", &sent), WAX_OK);
        assert_opens(reader, &sent, "21");
        assert_int_equal(wax_member_take_mailbox(reader->member, letter.bytes), WAX_OK);
        device_free(sensor);
        device_free(reader);
    }
}

static void a_mailbox_says_whether_it_is_of_this_start(void **state)
{
    struct house house = house_of(2, 0);
    struct device *device = device_new("device");
    static struct letter letter;
    const struct right reads = {.house = &house, .role = WAX_KEYS_READS};
    uint8_t nonce[WAX_KEYS_ID_SIZE];

    (void)state;
    assert_false(wax_member_is_fresh(device->member));
    memset(nonce, 0, sizeof(nonce));
    give(device, 1, &house, WAX_KEYS_READS, 0);
    assert_false(wax_member_is_fresh(device->member));
    memcpy(nonce, device->nonce, sizeof(nonce));
    device->told = nonce;
    write_mailbox(&letter, device, 2, &reads, 1, NULL);
    assert_int_equal(wax_member_take_mailbox(device->member, letter.bytes), WAX_OK);
    assert_true(wax_member_is_fresh(device->member));
    device_stop(device);
    device_start(device); /* the mailbox was saved, and is of the start before */
    assert_true(wax_member_has_keys(device->member));
    assert_false(wax_member_is_fresh(device->member));
    device_free(device);
}

/* What was not taken into use is not acknowledged: the authority waits with the next epoch. */
static void a_status_does_not_claim_what_was_not_taken(void **state)
{
    struct house house = house_of(2, 1);
    struct device *device = device_new("device");
    static struct letter letter;
    const struct right reads = {.house = &house, .role = WAX_KEYS_READS};
    uint8_t room[1024];
    wax_writer out = wax_writer_over(room, sizeof(room));
    const wax_keys_ends ends = {.profile = &wax_keys_ascon,
                                .name_space = the_namespace,
                                .topic = WAX_TEXT("wax/s/device"),
                                .psk = device->psk};
    wax_keys_status status;

    (void)state;
    give(device, 1, &house, WAX_KEYS_READS, 0);
    write_mailbox(&letter, device, 2, &reads, 1, NULL);
    device->records.fails_at = device->records.calls + 2; /* behind the mark, the mailbox */
    assert_int_equal(wax_member_take_mailbox(device->member, letter.bytes), WAX_IO);
    assert_int_equal(wax_member_write_status(device->member, &out), WAX_OK);
    assert_int_equal(wax_keys_status_open(&status, 0, &ends, room, out.used), WAX_OK);
    assert_int_equal(status.version, 1);
    assert_int_equal(wax_member_take_mailbox(device->member, letter.bytes), WAX_OK);
    out = wax_writer_over(room, sizeof(room));
    assert_int_equal(wax_member_write_status(device->member, &out), WAX_OK);
    assert_int_equal(wax_keys_status_open(&status, 1, &ends, room, out.used), WAX_OK);
    assert_int_equal(status.version, 2);
    device_free(device);
}

static void a_sender_that_runs_goes_where_its_mailbox_says(void **state)
{
    struct house house = house_of(1, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");
    static struct sent sent;

    (void)state;
    give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(sensor, "home/a", "1", &sent), WAX_OK);
    house.first_position = 7 * WAX_WINDOW_SIZE;
    give(sensor, 2, &house, WAX_KEYS_WRITES, 1);
    assert_int_equal(send_text(sensor, "home/a", "2", &sent), WAX_OK);
    assert_int_equal(receive_text(reader, &sent).opened.position, 7 * WAX_WINDOW_SIZE);
    give(sensor, 3, &house, WAX_KEYS_WRITES, 1);
    assert_int_equal(send_text(sensor, "home/a", "3", &sent), WAX_OK);
    assert_int_equal(receive_text(reader, &sent).opened.position, 7 * WAX_WINDOW_SIZE + 1);
    device_free(sensor);
    device_free(reader);
}

static bool has_bytes(const struct device *device, const uint8_t *bytes, size_t size)
{
    const size_t total = wax_member_memory_size(&device->config);

    for (size_t at = 0; at + size <= total; at++) {
        if (memcmp(device->memory + at, bytes, size) == 0) {
            return true;
        }
    }
    return false;
}

static void keys_of_an_epoch_that_is_gone_are_wiped(void **state)
{
    struct house house = house_of(2, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");
    static struct sent sent;
    uint8_t secret[WAX_SECRET_SIZE];
    wax_seal_group group = {.suite = &wax_suite_ascon, .class = WAX_CLASS_STREAM, .tag_size = 16};

    (void)state;
    give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(sensor, "home/a", "1", &sent), WAX_OK);
    assert_opens(reader, &sent, "1");
    memcpy(group.id, house.id, sizeof(group.id));
    epoch_secret(&house, 1, secret);
    assert_true(has_bytes(reader, secret, sizeof(secret)));
    assert_int_equal(wax_seal_sender_secret(&group, 1, secret, 1, secret), WAX_OK);
    assert_true(has_bytes(reader, secret, sizeof(secret)));
    house.epoch = 1 + KEPT;
    give(reader, 2, &house, WAX_KEYS_READS, 0);
    give(sensor, 2, &house, WAX_KEYS_WRITES, 1);
    assert_false(has_bytes(reader, secret, sizeof(secret)));
    assert_false(has_bytes(sensor, secret, sizeof(secret)));
    epoch_secret(&house, 1, secret);
    assert_false(has_bytes(reader, secret, sizeof(secret)));
    device_free(sensor);
    device_free(reader);
}

/* --- Work for nothing --- */

static void send_forged(struct device *to, uint32_t window, wax_seal_event event)
{
    const struct header header = {
        .kind = KIND_MESSAGE, .epoch = 1, .sender = 1, .position = window * WAX_WINDOW_SIZE};
    static struct sent sent;
    wax_writer out = wax_writer_over(sent.room, sizeof(sent.room));

    header_write(&out, &header);
    sent.publish = (wax_publish){.topic = WAX_TEXT("home/a"),
                                 .payload = wax_bytes_of(sent.room, out.used + 40)};
    assert_refuses(to, &sent, event);
}

static void a_forged_position_makes_nobody_compute_far_ahead(void **state)
{
    struct house house = house_of(2, 1);
    struct device *reader = device_new("reader");

    (void)state;
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    send_forged(reader, 4096, WAX_SEAL_NOT_OPENED);
    send_forged(reader, 4097, WAX_SEAL_TOO_FAR);
    send_forged(reader, 65535, WAX_SEAL_TOO_FAR);
    device_stop(reader);
    reader->config.step_max = 3;
    device_start(reader);
    send_forged(reader, 3, WAX_SEAL_NOT_OPENED);
    send_forged(reader, 4, WAX_SEAL_TOO_FAR);
    device_free(reader);
}

/* --- A store that fails --- */

struct run {
    struct device *device;
    struct observed observed[16];
    size_t count;
};

static void say(struct run *run, const char *text)
{
    static struct sent sent;

    if (run->device->member != NULL && send_text(run->device, "home/a", text, &sent) == WAX_OK) {
        assert_true(run->count < WAX_COUNT(run->observed));
        observe(&run->observed[run->count++], &sent, text);
    }
}

/* Starts or restarts; the member is NULL when it did not. */
static void restart(struct run *run)
{
    struct device *device = run->device;
    const uint8_t nonce[WAX_KEYS_ID_SIZE] = {1};
    const size_t size = wax_member_memory_size(&device->config);

    if (device->member != NULL) {
        wax_member_close(device->member);
        device->member = NULL;
    }
    (void)!wax_member_open(&device->member, &device->config, nonce, device->memory, size);
}

static void take(struct run *run, uint64_t version, uint32_t epoch)
{
    struct house house = house_of(2, 1);
    static struct letter letter;
    const struct right writes = {.house = &house, .role = WAX_KEYS_WRITES, .sender = 1};

    house.epoch = epoch;
    write_mailbox(&letter, run->device, version, &writes, 1, NULL);
    if (run->device->member != NULL) {
        (void)!wax_member_take_mailbox(run->device->member, letter.bytes);
    }
}

static void live(struct run *run)
{
    uint8_t room[1024];
    wax_writer out = wax_writer_over(room, sizeof(room));

    restart(run);
    take(run, 1, 1);
    say(run, "a");
    if (run->device->member != NULL) {
        (void)!wax_member_write_status(run->device->member, &out);
    }
    restart(run);
    say(run, "b");
    take(run, 2, 2);
    say(run, "c");
    restart(run);
    say(run, "d");
}

static void no_call_of_the_store_that_fails_repeats_a_position(void **state)
{
    enum { CALLS_MAX = 100 };
    unsigned calls = 0;

    (void)state;
    for (unsigned fails_at = 1; fails_at == 1 || fails_at <= calls; fails_at++) {
        static struct run run;

        run = (struct run){.device = device_new("sensor")};
        run.device->records.fails_at = run.device->records.calls + fails_at;
        live(&run);
        calls = run.device->records.calls;
        assert_true(calls > 15 && calls < CALLS_MAX);
        run.device->records.fails_at = 0;
        restart(&run); /* it works again */
        assert_non_null(run.device->member);
        take(&run, 2, 2);
        say(&run, "e");
        assert_true(run.count >= 1);
        assert_string_equal(run.observed[run.count - 1].text, "e");
        for (size_t i = 0; i < run.count; i++) {
            for (size_t j = i + 1; j < run.count; j++) {
                wax_reader one = wax_reader_over(
                    wax_bytes_of(run.observed[i].front, sizeof(run.observed[i].front)));
                wax_reader other = wax_reader_over(
                    wax_bytes_of(run.observed[j].front, sizeof(run.observed[j].front)));
                struct header headers[2];

                header_read(&one, &headers[0]);
                header_read(&other, &headers[1]);
                assert_true(headers[0].epoch != headers[1].epoch ||
                            headers[0].position != headers[1].position);
            }
        }
        device_free(run.device);
    }
    assert_true(calls > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_slept_through_365_epochs_needs_one_mailbox),
        cmocka_unit_test(a_newcomer_reads_what_is_retained_as_far_as_it_was_granted),
        cmocka_unit_test(who_is_evicted_reads_nothing_more_and_is_not_believed),
        cmocka_unit_test(a_stolen_writer_neither_reads_nor_speaks_for_others),
        cmocka_unit_test(a_reader_speaks_for_others_unless_they_sign),
        cmocka_unit_test(what_is_copied_or_turned_back_never_shares_a_nonce),
        cmocka_unit_test(a_clock_that_is_wrong_stops_nothing),
        cmocka_unit_test(a_reader_that_lost_its_memory_takes_a_replay_of_a_held_epoch_once),
        cmocka_unit_test(without_a_mailbox_nothing_is_believed_said_or_asked),
        cmocka_unit_test(a_mailbox_that_was_touched_changes_neither_keys_nor_records),
        cmocka_unit_test(a_mailbox_says_whether_it_is_of_this_start),
        cmocka_unit_test(a_status_does_not_claim_what_was_not_taken),
        cmocka_unit_test(a_sender_that_runs_goes_where_its_mailbox_says),
        cmocka_unit_test(keys_of_an_epoch_that_is_gone_are_wiped),
        cmocka_unit_test(a_forged_position_makes_nobody_compute_far_ahead),
        cmocka_unit_test(no_call_of_the_store_that_fails_repeats_a_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
