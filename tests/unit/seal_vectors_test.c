/* What the second implementation, made from docs/format.md alone, sealed, and what it refused. */
#include "../seal_check.h"
#include "../seal_member.h"

#include "seal/header.h"
#include "seal/schedule.h"

enum { CHUNK_ROOM = WAX_CHUNK_ROOM(WAX_CHUNK_SIZE_MAX), TEXT_ROOM = 200000 };

static uint8_t buffer[2 * TEXT_ROOM];
static uint8_t chunk_room[CHUNK_ROOM];

static bool is_bytes(struct pool *pool, const json_t *test, const char *name, const uint8_t *bytes)
{
    const wax_bytes wanted = bytes_in(pool, test, name);

    return wax_bytes_equal(wanted, wax_bytes_of(bytes, wanted.size));
}

/* ---- derivation.json, header.json ---- */

static void derive(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_derivation what = {.suite = suite_of(group),
                                 .secret = bytes_in(pool, test, "secret").data,
                                 .label = bytes_in(pool, test, "label"),
                                 .context = bytes_in(pool, test, "context")};
    uint8_t result[WAX_DERIVED_MAX];

    assert_int_equal(wax_derive(&what, result, number_in(test, "size")), WAX_OK);
    check_row(name_of(test), is_bytes(pool, test, "output", result));
}

static void hedge(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_bytes plain = bytes_in(pool, test, "plain");
    const wax_suite *suite = suite_of(group);
    const uint8_t key[32] = {0};
    const wax_box box = {.suite = suite,
                         .key = key,
                         .associated = bytes_in(pool, test, "associated"),
                         .tag_size = 16};

    uint8_t hedge_key[WAX_HEDGE_KEY_SIZE];

    memcpy(hedge_key, bytes_in(pool, test, "key").data, WAX_SECRET_SIZE);
    assert_int_equal(suite->prepare(hedge_key), WAX_OK);
    memcpy(buffer + WAX_HEDGE_SIZE, plain.data, plain.size);
    assert_int_equal(wax_box_seal(&box, hedge_key, wax_bytes_of(NULL, 0), buffer, plain.size),
                     WAX_OK);
    check_row(name_of(test), is_bytes(pool, test, "output", buffer));
}

static void tree(struct pool *pool, const json_t *group, const json_t *test)
{
    wax_seal_group of = {.suite = suite_of(group),
                         .group_class = (wax_seal_class)number_in(group, "class")};
    const uint32_t position = number_in(test, "position");
    const uint32_t windows = of.group_class == WAX_CLASS_STREAM ? position / WAX_WINDOW_SIZE : 0;
    struct scope scope = {&of, number_in(group, "epoch"), number_in(test, "sender")};
    uint8_t secret[WAX_SECRET_SIZE];
    uint8_t result[WAX_SECRET_SIZE];
    /* clang-format off */
    static const struct row { const char *name; enum use use; } rows[] = {
        {"key", USE_KEY}, {"hedgeKey", USE_HEDGE},
        {"streamKey", USE_STREAM_KEY}, {"streamHedgeKey", USE_STREAM_HEDGE},
    };
    /* clang-format on */

    memcpy(of.id, bytes_in(pool, group, "group").data, WAX_SEAL_GROUP_ID);
    assert_int_equal(
        wax_seal_class_secret(&of, scope.epoch, bytes_in(pool, group, "secret").data, secret),
        WAX_OK);
    check_row(name_of(test), is_bytes(pool, group, "classSecret", secret));
    assert_int_equal(wax_seal_sender_secret(&of, scope.epoch, bytes_in(pool, group, "secret").data,
                                            scope.sender, secret),
                     WAX_OK);
    check_row(name_of(test), is_bytes(pool, test, "senderSecret", secret));
    for (uint32_t i = 0; i < windows; i++) {
        assert_int_equal(schedule(&scope, secret, USE_RATCHET, 0, secret), WAX_OK);
    }
    check_row(name_of(test), is_bytes(pool, test, "windowSecret", secret));
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        assert_int_equal(schedule(&scope, secret, rows[i].use, position, result), WAX_OK);
        check_row(rows[i].name, is_bytes(pool, test, rows[i].name, result));
    }
}

static void header(struct pool *pool, const json_t *group, const json_t *test)
{
    const wax_bytes bytes = bytes_in(pool, test, "header");
    wax_reader in = wax_reader_over(bytes);
    uint8_t room[HEADER_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    struct header read;

    (void)group;
    header_read(&in, &read);
    if (!is_valid(test)) {
        check_row(name_of(test), in.status != WAX_OK || read.kind > KIND_STREAM);
        return;
    }
    check_row(name_of(test), in.status == WAX_OK && wax_reader_left(&in) == 0);
    check_row(name_of(test), read.kind == number_in(test, "kind") &&
                                 read.sender == number_in(test, "sender") &&
                                 read.epoch == number_in(test, "epochLow") &&
                                 read.position == number_in(test, "position"));
    header_write(&out, &read);
    check_row(name_of(test), wax_bytes_equal(wax_writer_bytes(&out), bytes));
    check_row(name_of(test), header_size(&read) == bytes.size);
}

/* ---- message.json, reader.json ---- */

static wax_bytes topic_of(struct pool *pool, const json_t *test)
{
    const wax_bytes topic = bytes_in(pool, test, "topic");
    const uint32_t times = has(test, "topicTimes") ? number_in(test, "topicTimes") : 1;
    uint8_t *room = pool_take(pool, topic.size * times);

    for (uint32_t i = 0; i < times; i++) {
        memcpy(room + i * topic.size, topic.data, topic.size);
    }
    return wax_bytes_of(room, topic.size * times);
}

/* Whether an event is what the vectors call it; those that they do not tell apart are one. */
static bool is_event(wax_seal_event event, const char *wanted)
{
    /* clang-format off */
    static const char *const names[] = {
        [WAX_SEAL_FINE] = "ok", [WAX_SEAL_GAP] = "ok", [WAX_SEAL_AGAIN] = "again",
        [WAX_SEAL_REPLAY] = "replay", [WAX_SEAL_ROLLBACK] = "rollback",
        [WAX_SEAL_NOT_OPENED] = "not opened", [WAX_SEAL_UNSEALED] = "unsealed",
        [WAX_SEAL_OLD_EPOCH] = "old epoch", [WAX_SEAL_BAD_SIGNATURE] = "bad signature",
        [WAX_SEAL_UNKNOWN_SENDER] = "not opened", [WAX_SEAL_EXPIRED] = "expired",
        [WAX_SEAL_WRONG_BOOT] = "other boot", [WAX_SEAL_BAD_FORM] = "not opened",
        [WAX_SEAL_TOO_FAR] = "not opened", [WAX_SEAL_TOO_LARGE] = "not opened",
    };
    /* clang-format on */

    return strcmp(names[event], wanted) == 0 ||
           (event == WAX_SEAL_OLD_EPOCH && strcmp(wanted, "not opened") == 0);
}

static const char *event_in(const json_t *test)
{
    return json_string_value(json_object_get(test, "event"));
}

static void check_fields(struct pool *pool, const json_t *test, wax_bytes bytes)
{
    /* clang-format off */
    static const char *const names[] = {
        NULL, "contentType", "responseTopic", "correlation", "sealedAt", "validUntil",
        "bootNonce", NULL, "streamSize", "topicName",
    };
    /* clang-format on */
    wax_reader fields = wax_reader_over(bytes);
    wax_field field;
    uint8_t last = 0;

    while (wax_field_next(&fields, &last, &field)) {
        if (field.type < WAX_COUNT(names) && names[field.type] != NULL) {
            check_row(name_of(test),
                      has(test, names[field.type]) &&
                          wax_bytes_equal(field.value, bytes_in(pool, test, names[field.type])));
        }
    }
    assert_int_equal(fields.status, WAX_OK);
}

static void open_message(struct pool *pool, const json_t *group, const json_t *test)
{
    static struct member member;
    const wax_bytes envelope = bytes_in(pool, test, "envelope");
    const wax_seal_arrival arrival = {.topic = topic_of(pool, test),
                                      .envelope = (uint8_t *)(uintptr_t)envelope.data,
                                      .size = envelope.size};
    wax_opened opened;
    wax_status status;

    member_make(&member, pool, group);
    member.opener.boot_nonce =
        has(test, "bootNonce") ? bytes_in(pool, test, "bootNonce").data : NULL;
    status = wax_opener_open(&member.opener, &arrival, &opened);
    if (!is_valid(test)) {
        check_row(name_of(test), status == WAX_UNTRUSTED);
        check_row(name_of(test), is_event(opened.event, event_in(test)));
        return;
    }
    check_row(name_of(test), status == WAX_OK);
    check_row(name_of(test), opened.sender == number_in(test, "sender") &&
                                 opened.epoch == number_in(test, "epoch") &&
                                 opened.position == number_in(test, "position"));
    check_row(name_of(test), opened.is_signed == (number_in(test, "kind") == 1));
    check_row(name_of(test), opened.retain == json_is_true(json_object_get(test, "retain")));
    check_row(name_of(test), wax_bytes_equal(opened.payload, bytes_in(pool, test, "payload")));
    check_fields(pool, test, opened.fields);
}

/* A sender that is about to use the position of a test. */
static bool make_sealer(struct pool *pool, struct seal_store *store, struct member *member,
                        const json_t *test, wax_sealer *sealer)
{
    const uint32_t position = number_in(test, "position");
    uint8_t secret[WAX_SECRET_SIZE];
    wax_seal_grant grant = {.epoch = number_in(test, "epoch"), .secret = secret};
    size_t at = 0;

    (void)pool;
    *store = (struct seal_store){
        .door = {.load = seal_load, .save = seal_save}
    };
    grant.first_window = (uint16_t)(position / WAX_WINDOW_SIZE);
    *sealer = (wax_sealer){
        .group = &member->group,
        .store = &store->door,
        .room = {member_room, sizeof member_room},
        .sender = number_in(test, "sender")
    };
    while (member->epochs[at].epoch != grant.epoch) {
        at++;
    }
    if (member->epochs[at].what != WAX_EPOCH_SECRET ||
        wax_seal_sender_secret(&member->group, grant.epoch, member->epochs[at].secret,
                               sealer->sender, secret) != WAX_OK) {
        return false;
    }
    assert_int_equal(wax_sealer_start(sealer, &grant), WAX_OK);
    sealer->place = (uint16_t)(position % WAX_WINDOW_SIZE);
    return true;
}

static bool read_padding(const json_t *test, wax_padding *padding, uint32_t *sizes)
{
    const json_t *numbers = json_object_get(test, "padding");

    padding->kind = (wax_padding_kind)json_integer_value(json_array_get(numbers, 0));
    padding->count = json_array_size(numbers) - 1;
    padding->sizes = sizes;
    for (size_t i = 0; i < padding->count; i++) {
        sizes[i] = (uint32_t)json_integer_value(json_array_get(numbers, i + 1));
    }
    return true;
}

static void seal_message(struct pool *pool, const json_t *group, const json_t *test)
{
    static struct member member;
    struct seal_store store;
    wax_sealer sealer;
    wax_padding padding;
    uint32_t sizes[8];
    const wax_bytes payload = bytes_in(pool, test, "payload");
    wax_seal_message message = {.topic = topic_of(pool, test),
                                .fields = bytes_in(pool, test, "fields"),
                                .extra = bytes_in(pool, test, "noise"),
                                .padding = &padding,
                                .retain = json_is_true(json_object_get(test, "retain"))};
    wax_seal_buffer room = {
        .data = buffer, .payload_at = wax_seal_head_size(&message), .payload_size = payload.size};
    wax_bytes envelope;
    size_t exact;
    bool is_will;

    if (!is_valid(test) || has(test, "signingSecret") ||
        (has(test, "fields") && message.fields.size == 0)) {
        return;
    }
    member_make(&member, pool, group);
    if (!make_sealer(pool, &store, &member, test, &sealer)) {
        return;
    }
    (void)read_padding(test, &padding, sizes);
    is_will = member.group.group_class == WAX_CLASS_STATE && sealer.place == WAX_WINDOW_SIZE - 1;
    memcpy(buffer + room.payload_at, payload.data, payload.size);
    exact = is_will ? 0 : wax_sealer_envelope_size(&sealer, &message, payload.size);
    room.size =
        room.payload_at + payload.size + wax_seal_tail_size(&member.group, &message, payload.size);
    assert_int_equal(
        (is_will ? wax_sealer_seal_will : wax_sealer_seal)(&sealer, &message, &room, &envelope),
        WAX_OK);
    check_row(name_of(test), is_will || envelope.size == exact);
    check_row(name_of(test), wax_bytes_equal(envelope, bytes_in(pool, test, "envelope")));
}

/* ---- stream.json ---- */

/* What became of the messages of a stream. */
struct taken {
    const char *event; /* the first refusal */
    bool is_whole;
    bool retain;
    size_t size;
    size_t chunks;
};

static void take_chunk(struct taken *taken, const wax_chunk *chunk)
{
    assert_true(taken->size + chunk->data.size <= TEXT_ROOM);
    memcpy(buffer + taken->size, chunk->data.data, chunk->data.size);
    taken->size += chunk->data.size;
    taken->is_whole = chunk->is_last;
    taken->retain |= chunk->retain;
    taken->chunks++;
}

/* Pushes a message in pieces of a few bytes. */
static void take_message(wax_stream_opener *opener, wax_bytes topic, wax_bytes message,
                         struct taken *taken)
{
    size_t at = 0;

    wax_stream_opener_begin(opener, topic, message.size, 0);
    while (at < message.size) {
        const size_t piece = message.size - at < 37 ? message.size - at : 37;
        wax_bytes bytes = wax_bytes_of(message.data + at, piece);

        while (bytes.size > 0) {
            wax_chunk chunk;
            const wax_status status = wax_stream_opener_push(opener, &bytes, &chunk);

            if (status == WAX_OK) {
                take_chunk(taken, &chunk);
            } else if (status != WAX_MORE && taken->event == NULL) {
                taken->event = chunk.event == WAX_SEAL_GAP             ? "missing"
                               : chunk.event == WAX_SEAL_BAD_SIGNATURE ? "bad signature"
                               : chunk.event == WAX_SEAL_REPLAY        ? "replay"
                                                                       : "not opened";
            }
        }
        at += piece;
    }
    if (message.size == 0 && taken->event == NULL) {
        taken->event = "not opened";
    }
}

static void open_stream(struct pool *pool, const json_t *group, const json_t *test)
{
    static struct member member;
    wax_stream_opener opener = {
        .opener = &member.opener, .room = chunk_room, .room_size = sizeof chunk_room};
    struct taken taken = {.event = NULL};
    const char *event;

    member_make(&member, pool, group);
    for (size_t i = 0; i < json_array_size(json_object_get(test, "messages")); i++) {
        take_message(&opener, bytes_in(pool, test, "topic"), row_bytes(pool, test, "messages", i),
                     &taken);
    }
    if (!is_valid(test)) {
        event = taken.event == NULL ? "not whole" : taken.event;
        check_row(name_of(test), !taken.is_whole);
        check_row(name_of(test), strcmp(event, event_in(test)) == 0);
        return;
    }
    check_row(name_of(test), taken.is_whole);
    check_row(name_of(test), taken.retain == json_is_true(json_object_get(test, "retain")));
    check_row(name_of(test),
              wax_bytes_equal(wax_bytes_of(buffer, taken.size), bytes_in(pool, test, "payload")));
}

/* Seals the next message of a stream, of some chunks of what is left of the text. */
static void seal_chunks(wax_stream_sealer *stream, wax_bytes *text, size_t count, wax_writer *out)
{
    const bool has_end = text->size <= count * stream->chunk_size;

    wax_stream_write_head(stream, out, has_end);
    for (size_t i = 0; i < count; i++) {
        const size_t size = text->size < stream->chunk_size ? text->size : stream->chunk_size;
        const size_t sealed = WAX_HEDGE_SIZE + size + stream->sealer->group->tag_size;

        memcpy(chunk_room + WAX_HEDGE_SIZE, text->data, size);
        *text = wax_bytes_of(text->data + size, text->size - size);
        assert_int_equal(wax_stream_sealer_seal(stream, chunk_room, size, text->size == 0), WAX_OK);
        wax_write_bytes(out, wax_bytes_of(chunk_room, sealed));
    }
}

static void seal_stream(struct pool *pool, const json_t *group, const json_t *test)
{
    static struct member member;
    struct seal_store store;
    wax_sealer sealer;
    wax_stream_sealer stream;
    wax_writer text = wax_writer_over(buffer, TEXT_ROOM);
    wax_bytes left;

    if (!has(test, "counts") || bytes_in(pool, test, "noise").size > 0) {
        return;
    }
    member_make(&member, pool, group);
    assert_true(make_sealer(pool, &store, &member, test, &sealer));
    wax_stream_write_front(&text, bytes_in(pool, test, "fields"),
                           json_is_true(json_object_get(test, "retain")));
    wax_write_bytes(&text, bytes_in(pool, test, "payload"));
    left = wax_writer_bytes(&text);
    assert_int_equal(wax_stream_sealer_start(&stream, &sealer, bytes_in(pool, test, "topic"),
                                             number_in(test, "chunkSize")),
                     WAX_OK);
    for (size_t i = 0; i < json_array_size(json_object_get(test, "counts")); i++) {
        wax_writer message = wax_writer_over(buffer + TEXT_ROOM, TEXT_ROOM);

        seal_chunks(&stream, &left, row_number(test, "counts", i), &message);
        check_row(name_of(test), wax_bytes_equal(wax_writer_bytes(&message),
                                                 row_bytes(pool, test, "messages", i)));
    }
    assert_int_equal(left.size, 0);
}

/* ---- reader.json ---- */

static uint64_t number_of_bytes(wax_bytes bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        number = number << 8 | bytes.data[i];
    }
    return number;
}

/* A stream in a sequence: what became of one message. */
static const char *take_in_sequence(wax_stream_opener *opener, const wax_seal_arrival *arrival)
{
    struct taken taken = {.event = NULL};

    take_message(opener, arrival->topic, wax_bytes_of(arrival->envelope, arrival->size), &taken);
    return taken.event != NULL ? taken.event
           : taken.chunks == 0 ? "again"
           : taken.is_whole    ? "ok"
                               : "chunks";
}

static bool belongs(const struct member *member, wax_bytes topic)
{
    return wax_seal_group_of(&member->group, 1, topic) != NULL;
}

static void take_in_order(struct pool *pool, const json_t *group, const json_t *test)
{
    static struct member member;
    static struct pool of_group;
    static const json_t *current;
    static wax_stream_opener stream;
    const wax_bytes envelope = bytes_in(pool, test, "envelope");
    const wax_seal_arrival arrival = {.topic = bytes_in(pool, test, "topic"),
                                      .envelope = (uint8_t *)(uintptr_t)envelope.data,
                                      .size = envelope.size,
                                      .now_ms = number_of_bytes(bytes_in(pool, group, "now"))};
    wax_opened opened;
    wax_status status;

    if (current != group) {
        pool_empty(&of_group);
        member_make(&member, &of_group, group);
        member.opener.boot_nonce =
            has(group, "bootNonce") ? bytes_in(&of_group, group, "bootNonce").data : NULL;
        stream = (wax_stream_opener){
            .opener = &member.opener, .room = chunk_room, .room_size = sizeof chunk_room};
        current = group;
    }
    if (wax_seal_kind(envelope) == KIND_STREAM) {
        check_row(name_of(test), strcmp(take_in_sequence(&stream, &arrival), event_in(test)) == 0);
        return;
    }
    if (wax_seal_kind(envelope) >= 0 && !belongs(&member, arrival.topic)) {
        check_row(name_of(test), strcmp(event_in(test), "not opened") == 0);
        return;
    }
    status = wax_opener_open(&member.opener, &arrival, &opened);
    check_row(name_of(test), (status == WAX_OK) == is_valid(test));
    check_row(name_of(test), is_event(opened.event, event_in(test)));
    check_row(name_of(test), opened.gap == number_in(test, "gap"));
    check_row(name_of(test), !has(test, "payload") ||
                                 wax_bytes_equal(opened.payload, bytes_in(pool, test, "payload")));
    if (json_array_get(json_object_get(group, "tests"),
                       json_array_size(json_object_get(group, "tests")) - 1) == test) {
        pool_empty(&of_group);
        current = NULL;
    }
}

static void choose(struct pool *pool, const json_t *group, const json_t *test)
{
    wax_seal_group groups[MEMBER_ROWS] = {{0}};
    wax_bytes filters[MEMBER_ROWS][MEMBER_ROWS];
    const size_t count = rows_in(group, "groups");
    const wax_seal_group *chosen;

    for (size_t i = 0; i < count; i++) {
        memcpy(groups[i].id, row_bytes(pool, group, "groups", i).data, WAX_SEAL_GROUP_ID);
        groups[i].filters = filters[i];
    }
    for (size_t i = 0; i < rows_in(group, "filters"); i++) {
        wax_seal_group *of = &groups[row_number(group, "filterGroups", i)];

        filters[of - groups][of->filter_count++] = row_bytes(pool, group, "filters", i);
    }
    chosen = wax_seal_group_of(groups, count, bytes_in(pool, test, "topic"));
    check_row(name_of(test), (chosen != NULL) == is_valid(test));
    check_row(name_of(test), chosen == NULL || is_bytes(pool, test, "group", chosen->id));
}

/* ---- blinding.json ---- */

static void blind(struct pool *pool, const json_t *group, const json_t *test)
{
    static struct member member;
    wax_writer out = wax_writer_over(buffer, sizeof buffer);
    const wax_bytes name = bytes_in(pool, test, "name");
    wax_status status;

    member = (struct member){.group = {.suite = NULL}};
    member_take_blinding(&member, pool, group, has(group, "key") ? "key" : "blindingKey");
    status = wax_blind_filter(&member.blinder, name, &out);
    if (!is_valid(test)) {
        check_row(name_of(test), status != WAX_OK && out.used == 0);
        return;
    }
    check_row(name_of(test), status == WAX_OK);
    check_row(name_of(test),
              wax_bytes_equal(wax_writer_bytes(&out), bytes_in(pool, test, "blinded")));
}

#define RUN(test, file, type, run)                                                                 \
    static void test(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        assert_true(vectors_run(file, type, run) > 0);                                             \
    }

RUN(secrets_derive_alike, "derivation", "derive", derive)
RUN(hedges_are_alike, "derivation", "hedge", hedge)
RUN(keys_are_alike, "derivation", "tree", tree)
RUN(headers_are_alike, "header", "header", header)
RUN(messages_open_or_are_refused_alike, "message", "message", open_message)
RUN(messages_are_sealed_alike, "message", "message", seal_message)
RUN(streams_open_or_are_refused_alike, "stream", "stream", open_stream)
RUN(streams_are_sealed_alike, "stream", "stream", seal_stream)
RUN(readers_remember_alike, "reader", "sequence", take_in_order)
RUN(topics_belong_alike, "reader", "choice", choose)
RUN(topics_are_blinded_alike, "blinding", "blinding", blind)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_derive_alike),
        cmocka_unit_test(hedges_are_alike),
        cmocka_unit_test(keys_are_alike),
        cmocka_unit_test(headers_are_alike),
        cmocka_unit_test(messages_open_or_are_refused_alike),
        cmocka_unit_test(messages_are_sealed_alike),
        cmocka_unit_test(streams_open_or_are_refused_alike),
        cmocka_unit_test(streams_are_sealed_alike),
        cmocka_unit_test(readers_remember_alike),
        cmocka_unit_test(topics_belong_alike),
        cmocka_unit_test(topics_are_blinded_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
