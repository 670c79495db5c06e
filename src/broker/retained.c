/* What is retained for a topic. There are many, most of them small, and hardly any is being sent at
 * a time: so a message is packed to half of what it takes on its way. */
#include "broker/retained.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct packed {
    struct retained base;
    uint16_t author_size;
    uint16_t author_id_size;
    uint16_t listener;
    uint32_t lifetime_s;
    uint32_t properties_size;
    uint64_t sender;
    uint64_t expires_ms;
    uint64_t made_ms;
    uint8_t bytes[]; /* properties, payload, author, author's id */
};

struct whole {
    struct retained base;
    struct message *message;
};

static struct retained base_of(const struct message *message, enum retained_form form)
{
    return (struct retained){.number = message->number,
                             .payload_size = (uint32_t)message->payload.size,
                             .form = (uint8_t)form,
                             .qos = message->qos,
                             .has_author = message->has_author};
}

static size_t content_size(const struct message *message)
{
    return message->properties.size + message->payload.size + message->author.size +
           message->author_id.size;
}

static struct retained *pack(const struct message *message)
{
    size_t size = content_size(message);
    struct packed *packed = malloc(sizeof *packed + size);
    wax_writer out;

    if (packed == NULL) {
        return NULL;
    }
    *packed = (struct packed){
        .base = base_of(message, RETAINED_PACKED),
        .author_size = (uint16_t)message->author.size,
        .author_id_size = (uint16_t)message->author_id.size,
        .listener = message->listener,
        .lifetime_s = message->lifetime_s,
        .properties_size = (uint32_t)message->properties.size,
        .sender = message->sender,
        .expires_ms = message->expires_ms,
        .made_ms = message->made_ms,
    };
    out = wax_writer_over(packed->bytes, size);
    wax_write_bytes(&out, message->properties);
    wax_write_bytes(&out, message->payload);
    wax_write_bytes(&out, message->author);
    wax_write_bytes(&out, message->author_id);
    return &packed->base;
}

static struct retained *keep_whole(struct message *message)
{
    struct whole *whole = malloc(sizeof *whole);

    if (whole == NULL) {
        return NULL;
    }
    *whole = (struct whole){base_of(message, RETAINED_WHOLE), message_hold(message)};
    return &whole->base;
}

struct retained *retained_make(struct message *message)
{
    return message->topic.size + content_size(message) <= RETAINED_PACKED_MAX ? pack(message)
                                                                              : keep_whole(message);
}

struct retained *retained_stored(uint64_t number, size_t payload_size)
{
    struct retained *stored = malloc(sizeof *stored);

    if (stored != NULL) {
        *stored = (struct retained){
            .number = number, .payload_size = (uint32_t)payload_size, .form = RETAINED_STORED};
    }
    return stored;
}

static const struct packed *packed_of(const struct retained *retained)
{
    return (const struct packed *)(const void *)retained;
}

static struct message *whole_of(const struct retained *retained)
{
    return ((const struct whole *)(const void *)retained)->message;
}

void retained_free(struct retained *retained)
{
    if (retained != NULL && retained->form == RETAINED_WHOLE) {
        message_release(whole_of(retained));
    }
    free(retained);
}

size_t retained_taken(const struct retained *retained)
{
    if (retained->form == RETAINED_WHOLE) {
        return sizeof(struct whole) + whole_of(retained)->size;
    }
    if (retained->form == RETAINED_PACKED) {
        const struct packed *packed = packed_of(retained);
        return sizeof *packed + packed->properties_size + retained->payload_size +
               packed->author_size + packed->author_id_size;
    }
    return 0;
}

static struct message *unpack(const struct packed *packed, wax_bytes topic)
{
    const struct retained *base = &packed->base;
    size_t size = packed->properties_size + base->payload_size + packed->author_size +
                  (size_t)packed->author_id_size;
    wax_reader in = wax_reader_over(wax_bytes_of(packed->bytes, size));
    struct message old = {
        .number = base->number,
        .sender = packed->sender,
        .expires_ms = packed->expires_ms,
        .made_ms = packed->made_ms,
        .lifetime_s = packed->lifetime_s,
        .topic = topic,
        .listener = packed->listener,
        .qos = base->qos,
        .retain = true,
        .has_author = base->has_author,
    };

    old.properties = wax_read_bytes(&in, packed->properties_size);
    old.payload = wax_read_bytes(&in, base->payload_size);
    old.author = wax_read_bytes(&in, packed->author_size);
    old.author_id = wax_read_bytes(&in, packed->author_id_size);
    return message_restore(&old);
}

struct message *retained_message(const struct retained *retained, wax_bytes topic)
{
    switch ((enum retained_form)retained->form) {
    case RETAINED_PACKED:
        return unpack(packed_of(retained), topic);
    case RETAINED_WHOLE:
        return message_hold(whole_of(retained));
    case RETAINED_STORED:
        break;
    }
    return NULL;
}
