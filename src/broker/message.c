/* The Application Message: one block, immutable once it is shared, counted. */
#include "broker/message.h"

#include <string.h>

#include "os/os.h"
#include "wire/wire.h"

static atomic_uint_fast64_t last_number;

/* Whether subscribers get this property as it came; the others end at the broker, or are made anew
 * for each. [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-20] */
static bool goes_on(wax_property_id id)
{
    return id == WAX_PAYLOAD_FORMAT || id == WAX_CONTENT_TYPE || id == WAX_RESPONSE_TOPIC ||
           id == WAX_CORRELATION_DATA || id == WAX_USER_PROPERTY;
}

/* Copies what goes on, in its order. [MQTT-3.3.2-18] [MQTT-3.1.3-10] */
static void write_properties(wax_writer *out, struct message *message, wax_bytes properties)
{
    wax_reader in = wax_reader_over(properties);
    wax_property property;

    while (wax_property_next(&in, &property)) {
        if (goes_on(property.id)) {
            wax_property_write(out, &property);
        } else if (property.id == WAX_MESSAGE_EXPIRY) {
            message->lifetime_s = property.number;
        }
    }
}

static wax_bytes append(wax_writer *out, wax_bytes bytes)
{
    wax_bytes copy = {out->data + out->used, bytes.size};

    wax_write_bytes(out, bytes);
    return copy;
}

struct message *message_make(const struct draft *draft, uint64_t now_ms)
{
    const wax_access_identity *author = draft->retain ? draft->author : NULL;
    size_t size = sizeof(struct message) + draft->mount_point.size + draft->topic.size +
                  draft->properties.size + draft->payload.size +
                  (author == NULL ? 0 : author->user.size + author->client_id.size);
    struct message *message = wax_heap()->resize(wax_heap(), NULL, 0, size);
    wax_writer out;

    if (message == NULL) {
        return NULL;
    }
    *message = (struct message){
        .number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1,
        .sender = draft->sender,
        .lifetime_s = UINT32_MAX,
        .made_ms = now_ms,
        .listener = draft->listener,
        .qos = draft->qos,
        .retain = draft->retain,
        .size = size,
    };
    atomic_init(&message->holders, 1);
    out = wax_writer_over(message + 1, size - sizeof *message);
    message->topic = append(&out, draft->mount_point);
    message->topic.size += append(&out, draft->topic).size;
    message->properties.data = out.data + out.used;
    write_properties(&out, message, draft->properties);
    message->properties.size = (size_t)(out.data + out.used - message->properties.data);
    message->payload = append(&out, draft->payload);
    if (author != NULL) {
        message->has_author = author->has_user;
        message->author = append(&out, author->user);
        message->author_id = append(&out, author->client_id);
    }
    message_stamp(message, now_ms);
    return message;
}

void message_pass_number(uint64_t number)
{
    uint64_t last = atomic_load(&last_number);

    while (last < number && !atomic_compare_exchange_weak(&last_number, &last, number)) {
    }
}

struct message *message_restore(const struct message *old)
{
    wax_access_identity author = {old->author, old->has_author, old->author_id};
    struct draft draft = {
        .topic = old->topic,
        .properties = old->properties,
        .payload = old->payload,
        .author = &author,
        .sender = old->sender,
        .listener = old->listener,
        .qos = old->qos,
        .retain = old->retain,
    };
    struct message *message = message_make(&draft, old->made_ms);

    if (message == NULL) {
        return NULL;
    }
    message->number = old->number;
    message->lifetime_s = old->lifetime_s;
    message->expires_ms = old->expires_ms;
    message_pass_number(old->number);
    return message;
}

void message_stamp(struct message *message, uint64_t now_ms)
{
    message->expires_ms = message->lifetime_s == UINT32_MAX
                              ? WAX_NEVER
                              : now_ms + message->lifetime_s * UINT64_C(1000);
}

struct message *message_hold(struct message *message)
{
    atomic_fetch_add_explicit(&message->holders, 1, memory_order_relaxed);
    return message;
}

void message_release(struct message *message)
{
    if (message != NULL &&
        atomic_fetch_sub_explicit(&message->holders, 1, memory_order_acq_rel) == 1) {
        wax_heap()->resize(wax_heap(), message, message->size, 0);
    }
}
