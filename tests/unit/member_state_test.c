/* What a member does without keys, with mailboxes that are none, and with a store that fails; and
 * what it forgets. */
#include "../member_attack.h"

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
    wax_seal_group group = {
        .suite = &wax_suite_ascon, .group_class = WAX_CLASS_STREAM, .tag_size = 16};

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
