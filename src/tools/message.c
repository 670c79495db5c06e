/* A message that may come in pieces, put together. */
#include "tools/message.h"

#include <stdlib.h>
#include <string.h>

static void append(struct message *message, wax_bytes bytes)
{
    wax_assert(bytes.size <= message->capacity - message->used);
    if (bytes.size > 0) {
        memcpy(message->room + message->used, bytes.data, bytes.size);
        message->used += bytes.size;
    }
}

/* Makes room for all of it at once: its size was told at the start. Topic and properties come
 * first, for their views die with the event. */
static wax_status start(struct message *message, const wax_client_event *event)
{
    const wax_publish *publish = &event->publish;
    wax_publish *own = &message->arrival.publish;
    size_t wanted = publish->topic.size + publish->properties.size + publish->payload.size +
                    event->payload_left;

    tools_message_discard(message);
    message->room = malloc(wanted);
    if (message->room == NULL) {
        return WAX_FULL;
    }
    message->capacity = wanted;
    append(message, publish->topic);
    append(message, publish->properties);
    append(message, publish->payload);
    *own = *publish;
    own->topic = wax_bytes_of(message->room, publish->topic.size);
    own->properties = wax_bytes_of(message->room + publish->topic.size, publish->properties.size);
    own->payload = wax_bytes_of(own->properties.data + publish->properties.size, 0);
    return WAX_MORE;
}

wax_status tools_message_take(struct message *message, const wax_client_event *event)
{
    const wax_publish *own = &message->arrival.publish;

    if (event->type == WAX_CLIENT_MESSAGE) {
        (void)timespec_get(&message->arrival.at, TIME_UTC);
        if (event->payload_left > 0) {
            return start(message, event);
        }
        tools_message_discard(message);
        message->arrival.publish = event->publish;
        return WAX_OK;
    }
    if (message->room == NULL) {
        return WAX_MORE;
    }
    append(message, event->publish.payload);
    if (event->payload_left > 0) {
        return WAX_MORE;
    }
    message->arrival.publish.payload = wax_bytes_of(
        own->payload.data, (size_t)(message->room + message->used - own->payload.data));
    return WAX_OK;
}

void tools_message_discard(struct message *message)
{
    free(message->room);
    message->room = NULL;
    message->used = 0;
    message->capacity = 0;
}
