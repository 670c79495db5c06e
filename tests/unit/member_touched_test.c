/* A mailbox or an envelope with any bit of it changed, cut anywhere, or grown: a member says so,
 * delivers nothing, and stands as it stood, byte by byte. */
#include "../member_attack.h"

#include "member/internal.h"

/* All that a member goes by: keys, places, what came, and what is written down. */
struct state {
    uint8_t *bytes;
    size_t used;
    size_t size;
};

static void add(struct state *state, const void *bytes, size_t size)
{
    assert_true(size <= state->size - state->used);
    memcpy(state->bytes + state->used, bytes, size);
    state->used += size;
}

static void state_take(struct state *state, const struct device *device)
{
    const wax_member *member = device->member;
    const wax_member_config *config = member->config;

    state->used = 0;
    add(state, &member->current, sizeof(member->current));
    add(state, &member->mark.base, sizeof(member->mark.base));
    add(state, &member->count, sizeof(member->count));
    add(state, member->boot_nonce, sizeof(member->boot_nonce));
    add(state, member->current, sizeof(*member->current));
    add(state, member->current->message, config->mailbox_size);
    add(state, member->current->pool.data, member->current->pool.used);
    add(state, member->slots, config->group_count * sizeof(*member->slots));
    for (size_t i = 0; i < config->group_count; i++) {
        const wax_opener *opener = &member->slots[i].opener;

        add(state, opener->senders, config->sender_count * sizeof(*opener->senders));
        add(state, opener->topics, config->topic_count * sizeof(*opener->topics));
    }
    add(state, device->records.rows, sizeof(device->records.rows));
}

static struct state state_new(void)
{
    struct state state = {.size = 1U << 20};

    state.bytes = calloc(1, state.size);
    assert_non_null(state.bytes);
    return state;
}

/* What is held against a member: how it stood before it was attacked. */
struct siege {
    struct device *device;
    struct state before;
    struct state after;
    wax_bytes topic; /* of a message; none: it is a mailbox */
};

static struct siege siege_of(struct device *device, const char *topic)
{
    struct siege siege = {device, state_new(), state_new(), wax_bytes_of_text(topic)};

    state_take(&siege.before, device);
    return siege;
}

static void siege_end(struct siege *siege)
{
    free(siege->before.bytes);
    free(siege->after.bytes);
}

static uint32_t count_refused(const wax_member *member)
{
    uint32_t count = 0;

    for (unsigned event = 1; event < REFUSAL_COUNT; event++) {
        count += wax_member_refused(member, (wax_seal_event)event);
    }
    return count;
}

static void refuse_mailbox(const struct siege *siege, wax_bytes bytes)
{
    const wax_status status = wax_member_take_mailbox(siege->device->member, bytes);

    assert_true(status == WAX_MALFORMED || status == WAX_UNTRUSTED);
}

/* One event, of one kind, and nothing to be shown. */
static void refuse_message(const struct siege *siege, wax_bytes bytes)
{
    wax_member *member = siege->device->member;
    const uint32_t count = count_refused(member);
    const wax_publish came = {.topic = siege->topic, .payload = bytes, .qos = 1};
    wax_member_arrival arrival;

    assert_int_equal(wax_member_unseal(member, &came, 0, &arrival), WAX_OK);
    assert_int_equal(arrival.outcome, WAX_MEMBER_REFUSED);
    assert_int_not_equal(arrival.opened.event, WAX_SEAL_FINE);
    assert_int_equal(count_refused(member), count + 1);
    assert_int_equal(arrival.opened.payload.size, 0);
}

static void refuse(struct siege *siege, wax_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);

    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    (siege->topic.size == 0 ? refuse_mailbox : refuse_message)(siege,
                                                               wax_bytes_of(copy, bytes.size));
    free(copy);
    state_take(&siege->after, siege->device);
    assert_int_equal(siege->before.used, siege->after.used);
    assert_memory_equal(siege->before.bytes, siege->after.bytes, siege->before.used);
}

/* `room` has a byte more than the message. */
static void refuse_all(struct siege *siege, uint8_t *room, size_t size)
{
    for (size_t bit = 0; bit < 8 * size; bit++) {
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refuse(siege, wax_bytes_of(room, size));
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        refuse(siege, wax_bytes_of(room, cut));
    }
    for (unsigned more = 0; more < 256; more += 51) {
        room[size] = (uint8_t)more;
        refuse(siege, wax_bytes_of(room, size + 1));
    }
}

/* A reader that has taken a mailbox and a message, by whatever profile. */
static struct device *reader_new(const struct house *house, struct device *sensor, bool has_own)
{
    struct device *reader = device_new("reader");
    static struct sent sent;

    if (has_own) {
        device_stop(reader);
        device_own_keys(reader);
        device_start(reader);
    }
    give(sensor, 1, house, WAX_KEYS_WRITES, 1);
    give(reader, 1, house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(sensor, "home/a", "20", &sent), WAX_OK);
    assert_opens(reader, &sent, "20");
    return reader;
}

static void a_mailbox_that_was_touched_leaves_a_member_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct house house = house_of(2, 1);
        struct device *sensor = device_new("sensor");
        struct device *reader = reader_new(&house, sensor, i == 1);
        const struct right reads = {.house = &house, .role = WAX_KEYS_READS};
        struct siege siege = siege_of(reader, "");
        static struct letter letter;
        static struct sent sent;

        house.epoch = 2;
        write_mailbox(&letter, reader, 2, &reads, 1, NULL);
        refuse_all(&siege, letter.room, letter.bytes.size);
        assert_int_equal(wax_member_take_mailbox(reader->member, letter.bytes), WAX_OK);
        give(sensor, 2, &house, WAX_KEYS_WRITES, 1);
        assert_int_equal(send_text(sensor, "home/a", "21", &sent), WAX_OK);
        assert_opens(reader, &sent, "21");
        siege_end(&siege);
        device_free(sensor);
        device_free(reader);
    }
}

static void an_envelope_that_was_touched_leaves_a_member_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        for (uint32_t group_class = 0; group_class < 2; group_class++) {
            struct house house = house_of(suites[i], group_class);
            struct device *sensor = device_new("sensor");
            struct device *reader = reader_new(&house, sensor, false);
            struct siege siege = siege_of(reader, "home/a");
            static struct sent sent;
            static uint8_t room[512];

            assert_int_equal(send_text(sensor, "home/a", "21", &sent), WAX_OK);
            assert_true(sent.publish.payload.size < sizeof(room));
            memcpy(room, sent.publish.payload.data, sent.publish.payload.size);
            refuse_all(&siege, room, sent.publish.payload.size);
            assert_opens(reader, &sent, "21");
            siege_end(&siege);
            device_free(sensor);
            device_free(reader);
        }
    }
}

static void a_signed_envelope_that_was_touched_leaves_a_member_as_it_was(void **state)
{
    struct house house = house_of(3, 1);
    struct device *sensor = device_new("sensor");
    struct device *reader = device_new("reader");
    struct siege siege;
    static struct sent sent;
    static uint8_t room[512];

    (void)state;
    device_own_keys(sensor);
    device_stop(sensor);
    sensor->config.sign = wax_signer_p256_sign;
    device_start(sensor);
    device_stop(reader);
    reader->config.verify = wax_verify_p256;
    device_start(reader);
    house.signing = sensor->public_key;
    give(sensor, 1, &house, WAX_KEYS_WRITES, 1);
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    assert_int_equal(send_text(sensor, "home/a", "20", &sent), WAX_OK);
    assert_opens(reader, &sent, "20");
    siege = siege_of(reader, "home/a");
    assert_int_equal(send_text(sensor, "home/a", "21", &sent), WAX_OK);
    memcpy(room, sent.publish.payload.data, sent.publish.payload.size);
    refuse_all(&siege, room, sent.publish.payload.size);
    assert_opens(reader, &sent, "21");
    siege_end(&siege);
    device_free(sensor);
    device_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mailbox_that_was_touched_leaves_a_member_as_it_was),
        cmocka_unit_test(an_envelope_that_was_touched_leaves_a_member_as_it_was),
        cmocka_unit_test(a_signed_envelope_that_was_touched_leaves_a_member_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
