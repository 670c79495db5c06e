/* The records of Mosquitto's database, one by one. Up to version 4 a chunk's fields follow each
 * other; from version 5 on the numbers stand in front, padded as a C struct, and the texts behind
 * them. */
#include "import/import.h"

enum {
    CRC_SIZE = 4, /* always 0 */
    ID_SIZE = 8,
    OLDEST = 3,
    NEWEST = 6,
    FIXED = 5,       /* the first version with the numbers in front */
    PADDING_MAX = 7, /* of a struct with a number of 8 bytes */
};

static const uint8_t magic[] = {0x00, 0xb5, 0x00, 'm', 'o', 's', 'q', 'u',
                                'i',  't',  't',  'o', ' ', 'd', 'b'};

typedef void read_chunk(const wax_import *import, wax_reader *in, wax_import_record *record);

/* --- Pieces --- */

/* A number as it lay in the memory of the host that wrote it. */
static uint64_t read_host(const wax_import *import, wax_reader *in, size_t size)
{
    wax_bytes bytes = wax_read_bytes(in, size);
    uint64_t number = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        number = number << 8 | bytes.data[import->is_big_endian ? i : bytes.size - 1 - i];
    }
    return number;
}

static uint64_t read_id(const wax_import *import, wax_reader *in)
{
    return read_host(import, in, ID_SIZE);
}

static int64_t read_time(const wax_import *import, wax_reader *in)
{
    uint64_t number = read_host(import, in, 8);

    return number > INT64_MAX ? 0 : (int64_t)number;
}

static bool read_flag(wax_reader *in)
{
    return wax_read_u8(in) != 0;
}

static uint8_t read_qos(wax_reader *in)
{
    uint8_t qos = wax_read_u8(in);

    wax_require(in, qos <= 2, WAX_MALFORMED);
    return qos;
}

static wax_bytes require_some(wax_reader *in, wax_bytes bytes)
{
    wax_require(in, bytes.size > 0, WAX_MALFORMED);
    return bytes;
}

/* Passes over what the compiler of the writer put between the numbers and `behind` bytes of text:
 * that differs between processors. */
static void skip_padding(wax_reader *in, size_t behind)
{
    size_t left = wax_reader_left(in);

    wax_require(in, left >= behind && left - behind <= PADDING_MAX, WAX_MALFORMED);
    if (in->status == WAX_OK) {
        (void)wax_read_bytes(in, left - behind);
    }
}

/* The properties at the end of a chunk. Those that MQTT does not allow are passed over: they do not
 * cost the message. */
static wax_bytes read_properties(wax_reader *in, bool *is_lost)
{
    wax_bytes all = wax_read_bytes(in, wax_reader_left(in));
    wax_reader inner = wax_reader_over(all);
    wax_bytes properties;

    if (all.size == 0) {
        return all;
    }
    properties = wax_read_properties(&inner, WAX_PUBLISH);
    *is_lost = inner.status != WAX_OK || wax_reader_left(&inner) > 0;
    return *is_lost ? wax_bytes_of(NULL, 0) : properties;
}

/* --- The chunks --- */

/* Store ids count from 1, or come from a clock: of the two orders it is the host's that does not
 * leave the lower half empty. */
static bool is_turned(uint64_t id)
{
    return id != 0 && (id & UINT32_MAX) == 0;
}

/* Nobody else can tell how the host writes numbers; this chunk is the first. */
static void learn_order(wax_import *import, uint32_t kind, wax_reader in)
{
    if (kind == WAX_IMPORT_CONFIG) {
        if (import->version < FIXED) {
            (void)wax_read_u16(&in);
        }
        import->is_big_endian = is_turned(read_id(import, &in));
    }
}

static void read_config(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_config *config = &record->config;

    if (import->version < FIXED) {
        config->was_shut_down = read_flag(in);
        wax_require(in, wax_read_u8(in) == ID_SIZE, WAX_MALFORMED);
        config->last_store_id = read_id(import, in);
        return;
    }
    config->last_store_id = read_id(import, in);
    config->was_shut_down = read_flag(in);
    wax_require(in, wax_read_u8(in) == ID_SIZE, WAX_MALFORMED);
    skip_padding(in, 0);
}

static void read_old_message(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_message *message = &record->message;

    message->store_id = read_id(import, in);
    message->source_id = wax_read_blob(in);
    if (import->version == 4) {
        message->source_username = wax_read_blob(in);
        message->source_port = wax_read_u16(in);
    }
    message->source_packet_id = wax_read_u16(in);
    (void)wax_read_u16(in); /* a packet id of the broker's own, always 0 */
    message->topic = wax_read_blob(in);
    message->qos = read_qos(in);
    message->retain = read_flag(in);
    message->payload = wax_read_bytes(in, wax_read_u32(in));
}

static void read_message(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_message *message = &record->message;
    uint32_t payload_size;
    uint16_t id_size;
    uint16_t username_size;
    uint16_t topic_size;

    message->store_id = read_id(import, in);
    message->expires_s = read_time(import, in);
    payload_size = wax_read_u32(in);
    message->source_packet_id = wax_read_u16(in);
    id_size = wax_read_u16(in);
    username_size = wax_read_u16(in);
    topic_size = wax_read_u16(in);
    message->source_port = wax_read_u16(in);
    message->qos = read_qos(in);
    message->retain = read_flag(in);
    message->source_id = wax_read_bytes(in, id_size);
    message->source_username = wax_read_bytes(in, username_size);
    message->topic = wax_read_bytes(in, topic_size);
    message->payload = wax_read_bytes(in, payload_size);
    message->properties = read_properties(in, &message->lost_properties);
}

static void read_old_queued(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_queued *queued = &record->queued;

    queued->client_id = require_some(in, wax_read_blob(in));
    queued->store_id = read_id(import, in);
    queued->packet_id = wax_read_u16(in);
    queued->qos = read_qos(in);
    queued->retain = read_flag(in);
    queued->is_incoming = !read_flag(in);
    queued->state = wax_read_u8(in);
    queued->duplicate = read_flag(in);
}

static void read_queued(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_queued *queued = &record->queued;
    uint16_t id_size;
    uint8_t flags;

    queued->store_id = read_id(import, in);
    queued->packet_id = wax_read_u16(in);
    id_size = wax_read_u16(in);
    queued->qos = read_qos(in);
    queued->state = wax_read_u8(in);
    flags = wax_read_u8(in);
    queued->retain = (flags & 0xf0U) != 0;
    queued->duplicate = (flags & 0x0fU) != 0;
    queued->is_incoming = !read_flag(in);
    queued->client_id = require_some(in, wax_read_bytes(in, id_size));
    queued->properties = read_properties(in, &queued->lost_properties);
}

static void read_retained(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    record->retained_store_id = read_id(import, in);
}

static void read_old_subscription(const wax_import *import, wax_reader *in,
                                  wax_import_record *record)
{
    wax_import_subscription *subscription = &record->subscription;

    (void)import;
    subscription->client_id = require_some(in, wax_read_blob(in));
    subscription->subscription.filter = require_some(in, wax_read_blob(in));
    subscription->subscription.qos = read_qos(in);
}

static void read_subscription(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_subscription *subscription = &record->subscription;
    uint16_t id_size;
    uint16_t filter_size;
    uint8_t options;

    (void)import;
    subscription->identifier = wax_read_u32(in);
    wax_require(in, subscription->identifier <= WAX_VARINT_MAX, WAX_MALFORMED);
    id_size = wax_read_u16(in);
    filter_size = wax_read_u16(in);
    subscription->subscription.qos = read_qos(in);
    options = wax_read_u8(in); /* as in SUBSCRIBE [MQTT 5.0, 3.8.3.1] */
    subscription->subscription.no_local = (options & 0x04U) != 0;
    subscription->subscription.retain_as_published = (options & 0x08U) != 0;
    subscription->subscription.retain_handling = (uint8_t)(options >> 4 & 3U) % 3U;
    skip_padding(in, (size_t)id_size + filter_size);
    subscription->client_id = require_some(in, wax_read_bytes(in, id_size));
    subscription->subscription.filter = require_some(in, wax_read_bytes(in, filter_size));
}

static void read_old_client(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_client *client = &record->client;

    (void)import;
    client->client_id = require_some(in, wax_read_blob(in));
    client->last_packet_id = wax_read_u16(in);
    client->session_expiry_s = UINT32_MAX;
    /* When it was last here, by the clock and in the size of the host. */
    (void)wax_read_bytes(in, wax_reader_left(in) == 4 ? 4 : 8);
}

static void read_client(const wax_import *import, wax_reader *in, wax_import_record *record)
{
    wax_import_client *client = &record->client;
    uint16_t id_size;
    uint16_t username_size = 0;

    client->expires_s = read_time(import, in);
    client->session_expiry_s = wax_read_u32(in);
    client->last_packet_id = wax_read_u16(in);
    id_size = wax_read_u16(in);
    if (import->version > FIXED) {
        client->listener_port = wax_read_u16(in);
        username_size = wax_read_u16(in);
    }
    skip_padding(in, (size_t)id_size + username_size);
    client->client_id = require_some(in, wax_read_bytes(in, id_size));
    client->username = wax_read_bytes(in, username_size);
}

/* Mosquitto 2.0.11 writes for a client without a user name what is left of the one before it: its
 * name, and every other time with the bytes of its size turned, so that much of the memory behind
 * the name goes into the file. The zero at the name's end betrays the second, and it makes doubtful
 * a client behind it with the same name. */
static void settle_owner(wax_import *import, wax_import_client *client)
{
    bool is_spilled = false;

    for (size_t i = 0; i < client->username.size; i++) {
        is_spilled = is_spilled || client->username.data[i] == 0;
    }
    client->is_owner_known =
        import->version > FIXED &&
        !(import->has_spilled && wax_bytes_equal(client->username, import->last_username));
    import->has_spilled = is_spilled;
    if (is_spilled) {
        client->username = wax_bytes_of(NULL, 0);
    } else {
        import->last_username = client->username;
    }
}

struct chunk_row {
    read_chunk *read_old;
    read_chunk *read;
    const char *fault;
};

/* clang-format off */
static const struct chunk_row rows[] = {
    [WAX_IMPORT_CONFIG]       = {read_config,           read_config,       "the chunk about the file itself is damaged"},
    [WAX_IMPORT_MESSAGE]      = {read_old_message,      read_message,      "a stored message is damaged"},
    [WAX_IMPORT_QUEUED]       = {read_old_queued,       read_queued,       "a client's message is damaged"},
    [WAX_IMPORT_RETAINED]     = {read_retained,         read_retained,     "a reference to a retained message is damaged"},
    [WAX_IMPORT_SUBSCRIPTION] = {read_old_subscription, read_subscription, "a subscription is damaged"},
    [WAX_IMPORT_CLIENT]       = {read_old_client,       read_client,       "a client is damaged"},
};
/* clang-format on */

/* --- The file --- */

static wax_status fail(wax_import *import, wax_status status, const char *text, const uint8_t *at)
{
    import->fault = (wax_import_fault){text, (size_t)(at - import->start)};
    import->in.status = status;
    return status;
}

wax_status wax_import_open(wax_import *import, wax_bytes file)
{
    wax_bytes head;

    *import = (wax_import){.in = wax_reader_over(file), .start = file.data};
    head = wax_read_bytes(&import->in, file.size < sizeof magic ? file.size : sizeof magic);
    if (!wax_bytes_equal(head, wax_bytes_of(magic, head.size))) {
        return fail(import, WAX_INVALID, "this is not a database of Mosquitto", file.data);
    }
    (void)wax_read_bytes(&import->in, CRC_SIZE);
    import->version = wax_read_u32(&import->in);
    if (import->in.status != WAX_OK) {
        return fail(import, WAX_MALFORMED, "the file is cut off in its first 23 bytes", file.data);
    }
    if (import->version < OLDEST || import->version > NEWEST) {
        return fail(import, WAX_UNSUPPORTED_VERSION, "only versions 3 to 6 of the format are known",
                    import->in.at - sizeof import->version);
    }
    return WAX_OK;
}

/* Takes the next chunk off the file; at the end there is none. */
static wax_status next_chunk(wax_import *import, uint32_t *kind, wax_reader *body)
{
    const uint8_t *start = import->in.at;
    uint32_t size;

    if (import->in.status != WAX_OK) {
        return import->in.status;
    }
    if (wax_reader_left(&import->in) == 0) {
        return WAX_NOT_FOUND;
    }
    *kind = import->version < FIXED ? wax_read_u16(&import->in) : wax_read_u32(&import->in);
    size = wax_read_u32(&import->in);
    if (import->in.status != WAX_OK) {
        return fail(import, WAX_MALFORMED, "the file is cut off in the head of a chunk", start);
    }
    if (*kind == WAX_IMPORT_NOTHING) {
        return fail(import, WAX_MALFORMED, "there are zeros where a chunk should begin", start);
    }
    if (size > wax_reader_left(&import->in)) {
        return fail(import, WAX_MALFORMED,
                    "a chunk is longer than what is left of the file, which is cut off or damaged",
                    start);
    }
    *body = wax_reader_over(wax_read_bytes(&import->in, size));
    return WAX_OK;
}

wax_status wax_import_next(wax_import *import, wax_import_record *record)
{
    const uint8_t *start;
    const struct chunk_row *row;
    wax_reader body;
    uint32_t kind = WAX_IMPORT_NOTHING;

    for (;;) {
        wax_status status;

        start = import->in.at;
        status = next_chunk(import, &kind, &body);
        if (status != WAX_OK) {
            return status;
        }
        if (kind < WAX_COUNT(rows)) {
            break;
        }
        import->skipped_count++; /* as Mosquitto does */
    }
    row = &rows[kind];
    *record = (wax_import_record){.kind = (wax_import_kind)kind};
    learn_order(import, kind, body);
    (import->version < FIXED ? row->read_old : row->read)(import, &body, record);
    wax_require(&body, wax_reader_left(&body) == 0, WAX_MALFORMED);
    if (body.status != WAX_OK) {
        return fail(import, WAX_MALFORMED, row->fault, start);
    }
    if (record->kind == WAX_IMPORT_CLIENT) {
        settle_owner(import, &record->client);
    }
    return WAX_OK;
}
