/* Random packets of every type and version: what was written is read again, what is cut is refused,
 * what does not fit is not written. WAX_SEED in the environment repeats a run. */
#include "../any.h"
#include "../check.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 6000, PACKET_MAX = 8192 };

/* Where random numbers and the bytes of random fields come from. */
struct source {
    uint64_t state;
    wax_writer room;
};

/* SplitMix64. */
static uint32_t random_below(struct source *from, uint32_t limit)
{
    uint64_t value = from->state += UINT64_C(0x9e3779b97f4a7c15);

    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((value ^ value >> 31) >> 32) % limit;
}

static bool random_bool(struct source *from)
{
    return random_below(from, 2) == 1;
}

/* Mostly short sizes, and those around which a Variable Byte Integer grows. */
static uint32_t random_size(struct source *from)
{
    uint32_t kind = random_below(from, 20);

    return kind == 0 ? random_below(from, 1000) : kind == 1 ? 100 + random_below(from, 40) : kind;
}

static wax_bytes random_blob(struct source *from)
{
    size_t start = from->room.used;

    for (uint32_t left = random_size(from) - 2; left > 0 && left < 1000; left--) {
        wax_write_u8(&from->room, (uint8_t)random_below(from, 256));
    }
    return wax_bytes_of(from->room.data + start, from->room.used - start);
}

/* At least one character, none a wildcard. */
static wax_bytes random_text(struct source *from)
{
    static const char *const characters[] = {"a", "/", "$", " ", "é", "€", "🔒", "\x01"};
    size_t start = from->room.used;

    for (uint32_t left = 1 + random_size(from); left > 0; left--) {
        const char *character = characters[random_below(from, WAX_COUNT(characters))];
        wax_write_bytes(&from->room, wax_bytes_of_text(character));
    }
    return wax_bytes_of(from->room.data + start, from->room.used - start);
}

/* Whether these properties may stand there. */
static bool may_stand(wax_bytes properties, wax_packet_type place)
{
    uint8_t room[PACKET_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_reader in;

    wax_write_properties(&out, properties);
    in = wax_reader_over(wax_writer_bytes(&out));
    (void)wax_read_properties(&in, place);
    return out.status == WAX_OK && in.status == WAX_OK;
}

/* Tries a few properties, and keeps those that may stand in `place`. */
static wax_bytes random_properties(struct source *from, wax_packet_type place)
{
    static const uint8_t ids[] = {1,  2,  3,  8,  9,  11, 17, 18, 19, 21, 22, 23, 24, 25, 26,
                                  28, 31, 33, 34, 35, 36, 37, 38, 38, 38, 39, 40, 41, 42};
    static const uint32_t numbers[] = {0, 1, 1, 127, 128, 300, 65535, WAX_VARINT_MAX};
    uint8_t kept[PACKET_MAX];
    wax_writer out = wax_writer_over(kept, 3000);
    size_t start;

    for (uint32_t tries = random_below(from, 12); tries > 0; tries--) {
        wax_property property = {.id = ids[random_below(from, WAX_COUNT(ids))]};

        property.number = numbers[random_below(from, WAX_COUNT(numbers))];
        property.name = random_text(from);
        property.value = random_text(from);
        start = out.used;
        wax_property_write(&out, &property);
        if (out.status != WAX_OK || !may_stand(wax_writer_bytes(&out), place)) {
            out.used = start;
            out.status = WAX_OK;
        }
    }
    start = from->room.used;
    wax_write_bytes(&from->room, wax_writer_bytes(&out));
    return wax_bytes_of(from->room.data + start, from->room.used - start);
}

static uint16_t random_packet_id(struct source *from)
{
    return (uint16_t)(1 + random_below(from, UINT16_MAX));
}

static uint8_t random_reason(struct source *from, wax_packet_type type)
{
    uint8_t reason;

    do {
        reason = (uint8_t)random_below(from, 256);
    } while (!wax_reason_is_allowed(type, reason));
    return reason;
}

/* Data for an authentication that nobody named, which no CONNECT may carry. */
static bool has_data_alone(wax_bytes properties)
{
    wax_property property;

    return wax_property_find(properties, WAX_AUTHENTICATION_DATA, &property) &&
           !wax_property_find(properties, WAX_AUTHENTICATION_METHOD, &property);
}

static wax_connect random_connect(struct source *from, wax_version version)
{
    wax_connect connect = {.version = version};
    bool is_5 = version == WAX_VERSION_5;

    connect.is_bridge = !is_5 && random_bool(from);
    connect.clean_start = random_bool(from);
    connect.keep_alive_s = random_packet_id(from);
    connect.client_id = random_text(from);
    connect.has_username = random_bool(from);
    connect.has_password = (is_5 || connect.has_username) && random_bool(from);
    connect.has_will = random_bool(from);
    if (connect.has_username) {
        connect.username = random_text(from);
    }
    if (connect.has_password) {
        connect.password = random_blob(from);
    }
    if (connect.has_will) {
        connect.will.topic = random_text(from);
        connect.will.payload = random_blob(from);
        connect.will.qos = (uint8_t)random_below(from, 3);
        connect.will.retain = random_bool(from);
    }
    if (is_5) {
        do {
            connect.properties = random_properties(from, WAX_CONNECT);
        } while (has_data_alone(connect.properties));
    }
    if (is_5 && connect.has_will) {
        connect.will.properties = random_properties(from, WAX_WILL);
    }
    return connect;
}

static wax_connack random_connack(struct source *from, wax_version version)
{
    static const uint8_t of_3[] = {0,
                                   WAX_UNSUPPORTED_VERSION,
                                   WAX_BAD_CLIENT_ID,
                                   WAX_SERVER_UNAVAILABLE,
                                   WAX_BAD_LOGIN,
                                   WAX_NOT_AUTHORIZED};
    wax_connack connack = {.reason = of_3[random_below(from, WAX_COUNT(of_3))]};

    if (version == WAX_VERSION_5) {
        connack.reason = random_reason(from, WAX_CONNACK);
        connack.properties = random_properties(from, WAX_CONNACK);
    }
    connack.session_present =
        connack.reason == 0 && version != WAX_VERSION_3_1 && random_bool(from);
    return connack;
}

static wax_publish random_publish(struct source *from, wax_version version)
{
    wax_publish publish = {.topic = random_text(from), .payload = random_blob(from)};

    publish.qos = (uint8_t)random_below(from, 3);
    publish.retain = random_bool(from);
    if (publish.qos > 0) {
        publish.packet_id = random_packet_id(from);
        publish.duplicate = random_bool(from);
    }
    if (version == WAX_VERSION_5) {
        publish.properties = random_properties(from, WAX_PUBLISH);
    }
    return publish;
}

static wax_subscribe random_subscribe(struct source *from, wax_packet_type type,
                                      wax_version version)
{
    wax_subscribe subscribe = {.packet_id = random_packet_id(from)};
    uint8_t encoded[PACKET_MAX];
    wax_writer filters = wax_writer_over(encoded, sizeof encoded);
    size_t start;

    for (uint32_t left = 1 + random_below(from, 3); left > 0; left--) {
        wax_subscription subscription = {.filter = random_text(from)};

        if (version == WAX_VERSION_5) {
            subscription.retain_as_published = random_bool(from);
            subscription.retain_handling = (uint8_t)random_below(from, 3);
        }
        subscription.qos = (uint8_t)random_below(from, 3);
        wax_subscription_write(&filters, &subscription, type, version);
    }
    start = from->room.used;
    wax_write_bytes(&from->room, wax_writer_bytes(&filters));
    subscribe.filters = wax_bytes_of(from->room.data + start, from->room.used - start);
    if (version == WAX_VERSION_5) {
        subscribe.properties = random_properties(from, type);
    }
    return subscribe;
}

static wax_suback random_suback(struct source *from, wax_packet_type type, wax_version version)
{
    wax_suback suback = {.packet_id = random_packet_id(from)};
    bool is_5 = version == WAX_VERSION_5;
    size_t start = from->room.used;

    for (uint32_t left = 1 + random_below(from, 9); left > 0 && (is_5 || type == WAX_SUBACK);
         left--) {
        wax_write_u8(&from->room,
                     is_5 ? random_reason(from, type) : (uint8_t)random_below(from, 3));
    }
    suback.reasons = wax_bytes_of(from->room.data + start, from->room.used - start);
    if (is_5) {
        suback.properties = random_properties(from, type);
    }
    return suback;
}

static wax_notice random_notice(struct source *from, wax_packet_type type, wax_version version)
{
    wax_notice notice = {.type = type};

    if (type <= WAX_PUBCOMP) {
        notice.packet_id = random_packet_id(from);
    }
    if (version == WAX_VERSION_5) {
        notice.reason = random_reason(from, type);
        notice.properties = random_properties(from, type);
    }
    return notice;
}

static void fill(struct source *from, struct any *any)
{
    switch (any->type) {
    case WAX_CONNECT:
        any->connect = random_connect(from, any->version);
        break;
    case WAX_CONNACK:
        any->connack = random_connack(from, any->version);
        break;
    case WAX_PUBLISH:
        any->publish = random_publish(from, any->version);
        break;
    case WAX_SUBSCRIBE:
    case WAX_UNSUBSCRIBE:
        any->subscribe = random_subscribe(from, any->type, any->version);
        break;
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        any->suback = random_suback(from, any->type, any->version);
        break;
    case WAX_PUBACK:
    case WAX_PUBREC:
    case WAX_PUBREL:
    case WAX_PUBCOMP:
    case WAX_DISCONNECT:
    case WAX_AUTH:
        any->notice = random_notice(from, any->type, any->version);
        break;
    case WAX_NO_PACKET:
    case WAX_PINGREQ:
    case WAX_PINGRESP:
    default:
        break;
    }
}

static struct any random_packet(struct source *from)
{
    struct any any = {.type = (wax_packet_type)(1 + random_below(from, 15))};

    any.version = any.type == WAX_AUTH ? WAX_VERSION_5
                                       : (wax_version)(WAX_VERSION_3_1 + random_below(from, 3));
    fill(from, &any);
    return any;
}

/* What was written is read again, byte for byte and field for field. */
static bool is_read_again(const struct any *any, wax_bytes bytes)
{
    struct any again = {.type = any->type, .version = any->version};
    wax_reader in = wax_reader_over(bytes);
    wax_packet packet;

    return wax_packet_read(&packet, &in, any->version, (uint32_t)bytes.size) == WAX_OK &&
           wax_reader_left(&in) == 0 && packet.type == any->type &&
           any_read(&again, packet.flags, packet.body) == WAX_OK && any_same(any, &again);
}

/* A packet cut anywhere is no packet; the shortened body of one is refused or says something that
 * is again a packet of just that size. */
static bool is_refused_when_cut(struct source *from, const struct any *any, wax_bytes bytes)
{
    struct any cut = {.type = any->type, .version = any->version};
    wax_bytes part = wax_bytes_of(bytes.data, random_below(from, (uint32_t)bytes.size));
    wax_reader in = wax_reader_over(part);
    wax_reader whole = wax_reader_over(bytes);
    wax_packet packet;
    uint8_t room[PACKET_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    if (wax_packet_read(&packet, &in, any->version, WAX_PACKET_SIZE_MAX) != WAX_MORE ||
        wax_reader_left(&in) != part.size ||
        wax_packet_read(&packet, &whole, any->version, WAX_PACKET_SIZE_MAX) != WAX_OK) {
        return false;
    }
    if (packet.body_size == 0) {
        return true;
    }
    packet.body.size = random_below(from, packet.body_size);
    if (any_read(&cut, packet.flags, packet.body) != WAX_OK) {
        return true;
    }
    if (any->type == WAX_CONNECT || any->type == WAX_CONNACK) {
        return false; /* these end where their fields end, and nowhere else */
    }
    return any_write(&out, &cut) == WAX_OK && is_read_again(&cut, wax_writer_bytes(&out));
}

static bool is_clear(const uint8_t *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == 0) {
        size--;
    }
    return size == 0;
}

/* Of no packet a part is written to a room that is too small for it; nor does it keep a secret. */
static bool fits_or_is_not_written(const struct any *any, size_t size)
{
    uint8_t room[PACKET_MAX] = {0};

    for (size_t less = size > 300 ? size - 300 : 0; less < size; less++) {
        wax_writer out = wax_writer_over(room, less);

        if (any_write(&out, any) != WAX_FULL || out.used != 0) {
            return false;
        }
    }
    for (size_t less = 0; less < 40 && less < size; less++) {
        wax_writer out = wax_writer_over(room, less);

        if (any_write(&out, any) != WAX_FULL || out.used != 0) {
            return false;
        }
    }
    return any->type != WAX_CONNECT || is_clear(room, sizeof room);
}

static uint64_t seed(void)
{
    const char *wanted = getenv("WAX_SEED");

    return wanted != NULL ? strtoull(wanted, NULL, 10) : (uint64_t)time(NULL);
}

static void every_packet_keeps_its_meaning(void **state)
{
    static uint8_t fields[64 * 1024], bytes[PACKET_MAX];
    uint64_t first = seed();
    size_t checked = 0;

    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct source from = {first + round, wax_writer_over(fields, sizeof fields)};
        struct any any = random_packet(&from);
        wax_writer out = wax_writer_over(bytes, sizeof bytes);
        wax_status status = any_write(&out, &any);

        if (from.room.status != WAX_OK || status == WAX_FULL) {
            continue; /* larger than this test has room for */
        }
        if (status != WAX_OK || !is_read_again(&any, wax_writer_bytes(&out)) ||
            !is_refused_when_cut(&from, &any, wax_writer_bytes(&out)) ||
            !fits_or_is_not_written(&any, out.used)) {
            fail_msg("packet type %d of version %d; again with WAX_SEED=%llu", (int)any.type,
                     (int)any.version, (unsigned long long)(first + round));
        }
        checked++;
    }
    assert_true(checked > ROUNDS * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_keeps_its_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
