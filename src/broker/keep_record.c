/* Records of the store. */
#include "broker/keep_record.h"

#include <stdlib.h>

#include "os/os.h"

/* --- Numbers --- */

static void write_u64(wax_writer *out, uint64_t number)
{
    wax_write_u32(out, (uint32_t)(number >> 32));
    wax_write_u32(out, (uint32_t)number);
}

static uint64_t read_u64(wax_reader *in)
{
    uint64_t high = wax_read_u32(in);

    return high << 32 | wax_read_u32(in);
}

/* What the monotonic clock lacks of the wall clock. */
static uint64_t offset_ms(void)
{
    return wax_clock_wall_ms() - wax_clock_ms();
}

static uint64_t to_wall(uint64_t at_ms)
{
    return at_ms == WAX_NEVER ? WAX_NEVER : at_ms + offset_ms();
}

/* What lies before the clock began is as long ago as can be. */
static uint64_t to_clock(uint64_t wall_ms)
{
    uint64_t offset = offset_ms();

    if (wall_ms == WAX_NEVER) {
        return WAX_NEVER;
    }
    return wall_ms > offset ? wall_ms - offset : 0;
}

/* --- Keys --- */

static struct kept_key make_key(uint64_t number, uint64_t second, size_t second_size)
{
    struct kept_key key = {.size = WAX_STORE_NUMBER_SIZE + second_size};

    for (size_t i = 0; i < WAX_STORE_NUMBER_SIZE; i++) {
        key.bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    for (size_t i = 0; i < second_size; i++) {
        key.bytes[WAX_STORE_NUMBER_SIZE + i] = (uint8_t)(second >> (8 * (second_size - 1 - i)));
    }
    return key;
}

struct kept_key kept_key_of(uint64_t number)
{
    return make_key(number, 0, 0);
}

struct kept_key kept_key_of_row(uint64_t session, uint64_t place)
{
    return make_key(session, place, WAX_STORE_NUMBER_SIZE);
}

struct kept_key kept_key_of_received(uint64_t session, uint16_t packet_id)
{
    return make_key(session, packet_id, sizeof packet_id);
}

wax_bytes kept_key_bytes(const struct kept_key *key)
{
    return wax_bytes_of(key->bytes, key->size);
}

uint64_t kept_number(wax_bytes key)
{
    wax_reader in = wax_reader_over(key);

    return read_u64(&in);
}

wax_bytes kept_rest(wax_bytes key)
{
    size_t skipped = key.size < WAX_STORE_NUMBER_SIZE ? key.size : WAX_STORE_NUMBER_SIZE;

    return wax_bytes_of(key.data + skipped, key.size - skipped);
}

/* --- Sessions --- */

enum { SESSION_HAS_USER = 1, SESSION_IS_BRIDGE = 2, SESSION_HEAD_SIZE = 20 };

size_t kept_session_size(const struct kept_session *session)
{
    return SESSION_HEAD_SIZE + session->id.size + session->user.size;
}

void kept_session_write(wax_writer *out, const struct kept_session *session)
{
    unsigned flags =
        (session->has_user ? SESSION_HAS_USER : 0U) | (session->is_bridge ? SESSION_IS_BRIDGE : 0U);

    wax_write_u8(out, KEPT_VERSION);
    wax_write_u8(out, (uint8_t)flags);
    wax_write_u16(out, session->port);
    wax_write_u32(out, session->expiry_s);
    write_u64(out, session->left_wall_ms);
    wax_write_blob(out, session->id);
    wax_write_blob(out, session->user);
}

bool kept_session_read(wax_bytes value, struct kept_session *session)
{
    wax_reader in = wax_reader_over(value);
    uint8_t version = wax_read_u8(&in);
    uint8_t flags = wax_read_u8(&in);

    session->has_user = (flags & SESSION_HAS_USER) != 0;
    session->is_bridge = (flags & SESSION_IS_BRIDGE) != 0;
    session->port = wax_read_u16(&in);
    session->expiry_s = wax_read_u32(&in);
    session->left_wall_ms = read_u64(&in);
    session->id = wax_read_blob(&in);
    session->user = wax_read_blob(&in);
    return in.status == WAX_OK && version == KEPT_VERSION;
}

/* --- Subscriptions --- */

enum { OPTION_NO_LOCAL = 4, OPTION_AS_PUBLISHED = 8, OPTION_HANDLING_SHIFT = 4 };

void kept_options_write(wax_writer *out, const wax_subscription_options *options)
{
    unsigned bits = options->qos | (options->no_local ? OPTION_NO_LOCAL : 0U) |
                    (options->retain_as_published ? OPTION_AS_PUBLISHED : 0U) |
                    (unsigned)options->retain_handling << OPTION_HANDLING_SHIFT;

    wax_write_u8(out, KEPT_VERSION);
    wax_write_u8(out, (uint8_t)bits);
    wax_write_u32(out, options->identifier);
}

bool kept_options_read(wax_bytes value, wax_subscription_options *options)
{
    wax_reader in = wax_reader_over(value);
    uint8_t version = wax_read_u8(&in);
    uint8_t bits = wax_read_u8(&in);

    *options = (wax_subscription_options){
        .identifier = wax_read_u32(&in),
        .qos = bits & 3U,
        .no_local = (bits & OPTION_NO_LOCAL) != 0,
        .retain_as_published = (bits & OPTION_AS_PUBLISHED) != 0,
        .retain_handling = (uint8_t)(bits >> OPTION_HANDLING_SHIFT & 3U),
    };
    return in.status == WAX_OK && version == KEPT_VERSION && options->qos < 3;
}

/* --- Rows of queues --- */

/* Those before there were groups in them take a row with one for one of a state that they do not
 * know: they leave it where it is. */
enum {
    ROW_QOS = 3,
    ROW_RETAIN = 4,
    ROW_STATE_SHIFT = 4,
    ROW_STATE = 7,
    ROW_SHARED = 0x80,
    ROW_HEAD_SIZE = 15,
    ROW_GROUP_SIZES = 4,
};

size_t kept_row_size(const struct kept_row *row)
{
    size_t group_size = ROW_GROUP_SIZES + row->share_name.size + row->filter.size;

    return ROW_HEAD_SIZE + (row->share_name.size > 0 ? group_size : 0) + row->identifiers.size;
}

void kept_row_write(wax_writer *out, const struct kept_row *row)
{
    bool is_shared = row->share_name.size > 0;
    unsigned bits = row->qos | (row->retain ? ROW_RETAIN : 0U) | (is_shared ? ROW_SHARED : 0U) |
                    (unsigned)row->state << ROW_STATE_SHIFT;

    write_u64(out, row->message);
    wax_write_u8(out, (uint8_t)bits);
    wax_write_u16(out, row->packet_id);
    wax_write_u32(out, row->weight);
    if (is_shared) {
        wax_write_blob(out, row->share_name);
        wax_write_blob(out, row->filter);
    }
    wax_write_bytes(out, row->identifiers);
}

bool kept_row_read(wax_bytes value, struct kept_row *row)
{
    wax_reader in = wax_reader_over(value);
    uint64_t message = read_u64(&in);
    uint8_t bits = wax_read_u8(&in);
    bool is_shared = (bits & ROW_SHARED) != 0;

    *row = (struct kept_row){
        .message = message,
        .state = bits >> ROW_STATE_SHIFT & ROW_STATE,
        .qos = bits & ROW_QOS,
        .retain = (bits & ROW_RETAIN) != 0,
        .packet_id = wax_read_u16(&in),
        .weight = wax_read_u32(&in),
    };
    if (is_shared) {
        row->share_name = wax_read_blob(&in);
        row->filter = wax_read_blob(&in);
    }
    row->identifiers = wax_reader_rest(&in);
    return in.status == WAX_OK && is_shared == (row->share_name.size > 0) &&
           row->state <= KEPT_RELEASED && row->qos < 3 &&
           (row->packet_id != 0 || row->state == KEPT_WAITING) && row->identifiers.size % 4 == 0 &&
           row->identifiers.size <= (size_t)4 * KEPT_IDENTIFIER_MAX;
}

uint32_t *kept_identifiers(wax_bytes encoded)
{
    wax_reader in = wax_reader_over(encoded);
    uint32_t count = (uint32_t)(encoded.size / 4);
    uint32_t *identifiers = count == 0 ? NULL : calloc(count + 1, sizeof *identifiers);

    for (uint32_t i = 0; identifiers != NULL && i < count; i++) {
        identifiers[i + 1] = wax_read_u32(&in);
        identifiers[0] = i + 1;
    }
    return identifiers;
}

/* --- Wills --- */

void kept_will_write(wax_writer *out, const struct kept_will *will)
{
    write_u64(out, will->message);
    wax_write_u32(out, will->delay_s);
}

bool kept_will_read(wax_bytes value, struct kept_will *will)
{
    wax_reader in = wax_reader_over(value);

    will->message = read_u64(&in);
    will->delay_s = wax_read_u32(&in);
    return in.status == WAX_OK;
}

/* --- What is retained --- */

void kept_retained_write(wax_writer *out, const struct kept_retained *retained)
{
    write_u64(out, retained->message);
    wax_write_u32(out, retained->payload_size);
}

bool kept_retained_read(wax_bytes value, struct kept_retained *retained)
{
    wax_reader in = wax_reader_over(value);

    retained->message = read_u64(&in);
    retained->payload_size = value.size == WAX_STORE_NUMBER_SIZE ? UINT32_MAX : wax_read_u32(&in);
    return in.status == WAX_OK;
}

/* --- Letters --- */

enum { LETTER_HEAD_SIZE = WAX_STORE_NUMBER_SIZE + 4 + 4 };

size_t kept_letter_size(const struct kept_letter *letter)
{
    return LETTER_HEAD_SIZE + letter->share_name.size + letter->filter.size;
}

void kept_letter_write(wax_writer *out, const struct kept_letter *letter)
{
    write_u64(out, letter->message);
    wax_write_u16(out, letter->index);
    wax_write_u16(out, letter->count);
    wax_write_blob(out, letter->share_name);
    wax_write_blob(out, letter->filter);
}

bool kept_letter_read(wax_bytes value, struct kept_letter *letter)
{
    wax_reader in = wax_reader_over(value);

    letter->message = read_u64(&in);
    letter->index = wax_read_u16(&in);
    letter->count = wax_read_u16(&in);
    letter->share_name = wax_read_blob(&in);
    letter->filter = wax_read_blob(&in);
    return in.status == WAX_OK && letter->count > 0;
}

/* --- Messages --- */

enum {
    MESSAGE_QOS = 3,
    MESSAGE_RETAIN = 4,
    MESSAGE_HAS_AUTHOR = 8,
    MESSAGE_HEAD_SIZE = 32,
    MESSAGE_SIZES = 2 + 2 + 2 + 4,
};

size_t kept_message_size(const struct message *message)
{
    return MESSAGE_HEAD_SIZE + MESSAGE_SIZES + message->topic.size + message->author.size +
           message->author_id.size + message->properties.size + message->payload.size;
}

void kept_message_write(wax_writer *out, const struct message *message)
{
    unsigned flags = message->qos | (message->retain ? MESSAGE_RETAIN : 0U) |
                     (message->has_author ? MESSAGE_HAS_AUTHOR : 0U);

    wax_write_u8(out, KEPT_VERSION);
    wax_write_u8(out, (uint8_t)flags);
    wax_write_u16(out, message->listener);
    write_u64(out, message->sender);
    write_u64(out, to_wall(message->expires_ms));
    write_u64(out, to_wall(message->made_ms));
    wax_write_u32(out, message->lifetime_s);
    wax_write_blob(out, message->topic);
    wax_write_blob(out, message->author);
    wax_write_blob(out, message->author_id);
    wax_write_u32(out, (uint32_t)message->properties.size);
    wax_write_bytes(out, message->properties);
    wax_write_bytes(out, message->payload);
}

struct message *kept_message_read(uint64_t number, wax_bytes value)
{
    wax_reader in = wax_reader_over(value);
    uint8_t version = wax_read_u8(&in);
    uint8_t flags = wax_read_u8(&in);
    struct message old = {
        .number = number,
        .qos = flags & MESSAGE_QOS,
        .retain = (flags & MESSAGE_RETAIN) != 0,
        .has_author = (flags & MESSAGE_HAS_AUTHOR) != 0,
    };

    old.listener = wax_read_u16(&in);
    old.sender = read_u64(&in);
    old.expires_ms = to_clock(read_u64(&in));
    old.made_ms = to_clock(read_u64(&in));
    old.lifetime_s = wax_read_u32(&in);
    old.topic = wax_read_blob(&in);
    old.author = wax_read_blob(&in);
    old.author_id = wax_read_blob(&in);
    old.properties = wax_read_bytes(&in, wax_read_u32(&in));
    old.payload = wax_reader_rest(&in);
    if (in.status != WAX_OK || version != KEPT_VERSION || old.qos > 2) {
        return NULL;
    }
    return message_restore(&old);
}

static bool on_message(void *context, wax_bytes key, wax_bytes value)
{
    struct message **found = context;

    *found = kept_message_read(kept_number(key), value);
    return false;
}

struct message *kept_message_find(const wax_store *store, wax_store_view *view, uint64_t number)
{
    struct kept_key key = kept_key_of(number);
    const wax_store_range body = {.table = WAX_STORE_MESSAGES, .prefix = kept_key_bytes(&key)};
    struct message *found = NULL;

    (void)!store->kind->walk(view, &body, on_message, &found);
    return found;
}
