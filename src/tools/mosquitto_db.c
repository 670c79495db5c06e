/* Mosquitto's database. Numbers are big-endian, but for ids and times, which are as the machine had
 * them: little-endian on all that are common. */
#include "tools/mosquitto_db.h"

enum { PADDING_CLIENT = 4 };

static const uint8_t magic[] = {0,   0xb5, 0,   'm', 'o', 's', 'q', 'u',
                                'i', 't',  't', 'o', ' ', 'd', 'b'};

static uint64_t read_u64(wax_reader *in)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)wax_read_u8(in) << (8 * i);
    }
    return value;
}

/* --- Versions 5 and 6: fixed fields first, then texts --- */

static void read_client(wax_reader *in, struct db_chunk *chunk, uint32_t version)
{
    uint16_t id_size;
    uint16_t user_size = 0;

    chunk->expires_s = read_u64(in);
    chunk->expiry_s = wax_read_u32(in);
    (void)wax_read_u16(in); /* the last packet id */
    id_size = wax_read_u16(in);
    if (version == 6) {
        chunk->port = wax_read_u16(in);
        user_size = wax_read_u16(in);
        (void)wax_read_bytes(in, PADDING_CLIENT);
    }
    chunk->client_id = wax_read_bytes(in, id_size);
    chunk->user = wax_read_bytes(in, user_size);
}

static void read_queued(wax_reader *in, struct db_chunk *chunk)
{
    uint16_t id_size;

    chunk->store_id = read_u64(in);
    (void)wax_read_u16(in); /* packet id */
    id_size = wax_read_u16(in);
    chunk->qos = wax_read_u8(in);
    chunk->state = wax_read_u8(in);
    chunk->retain = (wax_read_u8(in) & 0xf0U) != 0;
    chunk->is_incoming = wax_read_u8(in) == 0;
    chunk->client_id = wax_read_bytes(in, id_size);
}

static void read_message(wax_reader *in, struct db_chunk *chunk)
{
    uint32_t payload_size;
    uint16_t id_size;
    uint16_t user_size;
    uint16_t topic_size;

    chunk->store_id = read_u64(in);
    chunk->expires_s = read_u64(in);
    payload_size = wax_read_u32(in);
    (void)wax_read_u16(in); /* packet id */
    id_size = wax_read_u16(in);
    user_size = wax_read_u16(in);
    topic_size = wax_read_u16(in);
    chunk->port = wax_read_u16(in);
    chunk->qos = wax_read_u8(in);
    chunk->retain = wax_read_u8(in) != 0;
    chunk->client_id = wax_read_bytes(in, id_size);
    chunk->user = wax_read_bytes(in, user_size);
    chunk->topic = wax_read_bytes(in, topic_size);
    chunk->payload = wax_read_bytes(in, payload_size);
    chunk->properties = wax_reader_rest(in);
}

static void read_subscription(wax_reader *in, struct db_chunk *chunk)
{
    uint16_t id_size;
    uint16_t topic_size;

    chunk->identifier = wax_read_u32(in);
    id_size = wax_read_u16(in);
    topic_size = wax_read_u16(in);
    chunk->qos = wax_read_u8(in);
    chunk->options = wax_read_u8(in);
    (void)wax_read_u16(in); /* padding */
    chunk->client_id = wax_read_bytes(in, id_size);
    chunk->topic = wax_read_bytes(in, topic_size);
}

static void read_new(wax_reader *in, struct db_chunk *chunk, uint32_t version)
{
    switch (chunk->kind) {
    case DB_MESSAGE:
        read_message(in, chunk);
        break;
    case DB_QUEUED:
        read_queued(in, chunk);
        break;
    case DB_RETAINED:
        chunk->store_id = read_u64(in);
        break;
    case DB_SUBSCRIPTION:
        read_subscription(in, chunk);
        break;
    case DB_CLIENT:
        read_client(in, chunk, version);
        break;
    default:
        break;
    }
}

/* --- Versions 3 and 4: each text where it is, with its size --- */

static void read_old_message(wax_reader *in, struct db_chunk *chunk, uint32_t version)
{
    chunk->store_id = read_u64(in);
    chunk->client_id = wax_read_blob(in);
    if (version == 4) {
        chunk->user = wax_read_blob(in);
        chunk->port = wax_read_u16(in);
    }
    (void)wax_read_u16(in); /* packet ids */
    (void)wax_read_u16(in);
    chunk->topic = wax_read_blob(in);
    chunk->qos = wax_read_u8(in);
    chunk->retain = wax_read_u8(in) != 0;
    chunk->payload = wax_read_bytes(in, wax_read_u32(in));
}

static void read_old_queued(wax_reader *in, struct db_chunk *chunk)
{
    chunk->client_id = wax_read_blob(in);
    chunk->store_id = read_u64(in);
    (void)wax_read_u16(in); /* packet id */
    chunk->qos = wax_read_u8(in);
    chunk->retain = wax_read_u8(in) != 0;
    chunk->is_incoming = wax_read_u8(in) == 0;
    chunk->state = wax_read_u8(in);
    (void)wax_read_u8(in); /* sent before */
}

static void read_old(wax_reader *in, struct db_chunk *chunk, uint32_t version)
{
    switch (chunk->kind) {
    case DB_MESSAGE:
        read_old_message(in, chunk, version);
        break;
    case DB_QUEUED:
        read_old_queued(in, chunk);
        break;
    case DB_RETAINED:
        chunk->store_id = read_u64(in);
        break;
    case DB_SUBSCRIPTION:
        chunk->client_id = wax_read_blob(in);
        chunk->topic = wax_read_blob(in);
        chunk->qos = wax_read_u8(in);
        break;
    case DB_CLIENT:
        chunk->client_id = wax_read_blob(in);
        chunk->expiry_s = UINT32_MAX;
        break;
    default:
        break;
    }
}

/* --- The file --- */

wax_status db_open(struct db *db, wax_bytes file)
{
    wax_bytes start;

    *db = (struct db){.in = wax_reader_over(file)};
    start = wax_read_bytes(&db->in, sizeof magic);
    wax_require(&db->in, wax_bytes_equal(start, wax_bytes_of(magic, sizeof magic)), WAX_MALFORMED);
    (void)wax_read_u32(&db->in); /* meant for a checksum */
    db->version = wax_read_u32(&db->in);
    wax_require(&db->in, db->version >= 3 && db->version <= 6, WAX_UNSUPPORTED_VERSION);
    return db->in.status;
}

static bool is_known(uint32_t kind)
{
    return kind >= DB_MESSAGE && kind <= DB_CLIENT;
}

wax_status db_next(struct db *db, struct db_chunk *chunk)
{
    wax_reader *in = &db->in;

    do {
        wax_reader body;

        *chunk = (struct db_chunk){.kind = 0};
        if (in->status == WAX_OK && wax_reader_left(in) == 0) {
            return WAX_NOT_FOUND;
        }
        chunk->kind = db->version >= 5 ? wax_read_u32(in) : wax_read_u16(in);
        body = wax_reader_over(wax_read_bytes(in, wax_read_u32(in)));
        wax_require(&body, in->status == WAX_OK, WAX_MALFORMED);
        if (db->version >= 5) {
            read_new(&body, chunk, db->version);
        } else {
            read_old(&body, chunk, db->version);
        }
        wax_require(in, body.status == WAX_OK, WAX_MALFORMED);
    } while (in->status == WAX_OK && !is_known(chunk->kind));
    return in->status;
}
