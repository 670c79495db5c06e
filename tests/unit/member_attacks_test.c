/* What members hold against a broker that lies, and against devices that were stolen, copied or
 * turned back; and, where docs/sealing.md owns to a limit, that it is no worse. */
#include "../member_attack.h"

enum { YEAR = 366 };

static const uint32_t both = WAX_KEYS_READS | WAX_KEYS_WRITES;

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

/* The epochs that it had must go with it: with their keys it can still speak for others. */
static void who_is_evicted_speaks_for_nobody_once_its_epochs_are_gone(void **state)
{
    struct house house = house_of(1, 1);
    struct device *evicted = device_new("evicted");
    struct device *reader = device_new("reader");
    static struct sent forged;

    (void)state;
    give(evicted, 1, &house, both, 2); /* as a reader does that takes the number of another */
    house.epoch = 2;
    house.first_sender = 2;
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(evicted, "home/a", "forged", &forged), WAX_OK);
    assert_opens(reader, &forged, "forged"); /* it still holds the epoch before */
    house.kept = 1;
    give(reader, 2, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(evicted, "home/a", "forged", &forged), WAX_OK);
    assert_refuses(reader, &forged, WAX_SEAL_OLD_EPOCH);
    device_free(evicted);
    device_free(reader);
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
    memset(reader->records.rows, 0, sizeof(reader->records.rows)); /* it begins anew */
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

/* The keys of a window before are not kept over a restart, and found again. */
static void what_comes_late_of_a_window_before_opens_behind_a_restart(void **state)
{
    enum { FIRST = WAX_WINDOW_SIZE - 3, LAST = WAX_WINDOW_SIZE + 1, COUNT = LAST - FIRST + 1 };
    static const size_t order[] = {COUNT - 1, 1, 0, 3, 2};
    struct house house = house_of(2, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");
    static struct sent sent[COUNT];
    static struct sent passed;

    (void)state;
    give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    for (size_t i = 0; i <= LAST; i++) {
        assert_int_equal(
            send_text(sensor, "home/a", "text", i < FIRST ? &passed : &sent[i - FIRST]), WAX_OK);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_opens(reader, &sent[order[i]], "text");
        if (i % 2 == 0) {
            device_stop(reader);
            device_start(reader);
        }
        for (size_t at = 0; at <= i; at++) {
            assert_refuses(reader, &sent[order[at]], WAX_SEAL_REPLAY);
        }
    }
    device_free(sensor);
    device_free(reader);
}

/* Each message opens once, whatever restarts between. */
static void a_reader_that_restarts_takes_no_replay_and_what_comes_late(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        struct house house = house_of(suites[i], 1);
        struct device *sensor = device_new("sensor");
        struct device *reader = device_new("reader");
        static struct sent sent[4];
        static const char *const texts[] = {"zero", "one", "two", "three"};

        give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
        give(reader, 1, &house, WAX_KEYS_READS, 0);
        assert_int_equal(send_text(sensor, "home/a", texts[0], &sent[0]), WAX_OK);
        device_stop(sensor);
        device_start(sensor);
        for (size_t at = 1; at < 4; at++) {
            assert_int_equal(send_text(sensor, "home/a", texts[at], &sent[at]), WAX_OK);
        }
        assert_opens(reader, &sent[2], texts[2]);
        for (size_t at = 0; at < 4; at++) {
            device_stop(reader);
            device_start(reader);
            assert_refuses(reader, &sent[2], WAX_SEAL_REPLAY);
            if (at == 2) {
                continue;
            }
            if (at == 0) {
                /* Too far below in a stream: a new window is 4,096 positions on. */
                assert_refuses(reader, &sent[0], WAX_SEAL_REPLAY);
                continue;
            }
            assert_opens(reader, &sent[at], texts[at]);
            assert_refuses(reader, &sent[at], WAX_SEAL_REPLAY);
        }
        device_free(sensor);
        device_free(reader);
    }
}

/* As many senders as there are places: none takes the place of another, also where another start
 * puts them. */
static void a_reader_with_as_many_places_as_senders_forgets_none_of_them(void **state)
{
    enum { SENDERS = 96, STARTS = 3 };

    struct house house = house_of(2, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");
    static struct sent sent[SENDERS];

    (void)state;
    house.last_sender = SENDERS;
    device_stop(reader);
    reader->config.sender_count = SENDERS;
    device_start(reader);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    for (uint32_t sender = 1; sender <= SENDERS; sender++) {
        give(sensor, sender, &house, WAX_KEYS_WRITES, sender);
        assert_int_equal(send_text(sensor, "home/a", "once", &sent[sender - 1]), WAX_OK);
        assert_opens(reader, &sent[sender - 1], "once");
    }
    for (unsigned start = 0; start < STARTS; start++) {
        for (size_t i = 0; i < SENDERS; i++) {
            assert_refuses(reader, &sent[i], WAX_SEAL_REPLAY);
        }
        device_stop(reader);
        device_start(reader);
    }
    device_free(sensor);
    device_free(reader);
}

/* The limit: it remembers what its folder of state does. Without it, a stream's message of an epoch
 * that is held opens once more, and says that nothing was known of its sender. */
static void a_reader_that_lost_its_records_takes_a_replay_of_a_held_epoch_once(void **state)
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
    memset(reader->records.rows, 0, sizeof(reader->records.rows));
    device_start(reader);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_slept_through_365_epochs_needs_one_mailbox),
        cmocka_unit_test(a_newcomer_reads_what_is_retained_as_far_as_it_was_granted),
        cmocka_unit_test(who_is_evicted_reads_nothing_more_and_is_not_believed),
        cmocka_unit_test(who_is_evicted_speaks_for_nobody_once_its_epochs_are_gone),
        cmocka_unit_test(a_stolen_writer_neither_reads_nor_speaks_for_others),
        cmocka_unit_test(a_reader_speaks_for_others_unless_they_sign),
        cmocka_unit_test(what_is_copied_or_turned_back_never_shares_a_nonce),
        cmocka_unit_test(a_clock_that_is_wrong_stops_nothing),
        cmocka_unit_test(a_reader_that_restarts_takes_no_replay_and_what_comes_late),
        cmocka_unit_test(what_comes_late_of_a_window_before_opens_behind_a_restart),
        cmocka_unit_test(a_reader_with_as_many_places_as_senders_forgets_none_of_them),
        cmocka_unit_test(a_reader_that_lost_its_records_takes_a_replay_of_a_held_epoch_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
