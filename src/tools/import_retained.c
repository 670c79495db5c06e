/* wax import: the retained messages, published to a broker. */
#include "tools/import_retained.h"
#include "os/os.h"
#include "tools/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_SIZE = 1024 * 1024,
    HEAD_SIZE = 2 * 65536 + 1024, /* topic and what the queue keeps beside it */
    EXPIRY_SIZE = 5,
};

/* The messages on their way: those before `next` were given to the client, those before `open` are
 * over. */
struct sender {
    struct import *import;
    struct link link;
    uint32_t *tokens; /* of each message; 0: nothing is to come */
    size_t next;
    size_t open;
    size_t taken_count;
    size_t expired_count;
    uint8_t *properties; /* the room for those of one message */
    size_t properties_size;
};

static const wax_import_message *message_at(const struct sender *sender, size_t index)
{
    return sender->import->contents->retained[index];
}

static void fail(struct sender *sender, size_t index, const char *why)
{
    tools_takeover_fail(sender->import, "the retained message of", message_at(sender, index)->topic,
                        why);
}

/* What a client may publish of the properties that the broker had; and how long it has left. */
static wax_bytes choose_properties(const struct sender *sender, const wax_import_message *message,
                                   uint32_t left_s)
{
    wax_writer out = wax_writer_over(sender->properties, sender->properties_size);
    wax_reader in = wax_reader_over(message->properties);
    wax_property property;

    while (wax_property_next(&in, &property)) {
        if (property.id != WAX_SUBSCRIPTION_ID && property.id != WAX_TOPIC_ALIAS &&
            property.id != WAX_MESSAGE_EXPIRY) {
            wax_property_write(&out, &property);
        }
    }
    if (left_s != UINT32_MAX) {
        wax_property_write_number(&out, WAX_MESSAGE_EXPIRY, left_s);
    }
    wax_assert(out.status == WAX_OK);
    return wax_writer_bytes(&out);
}

static wax_status send_one(struct sender *sender, const wax_import_message *message,
                           uint32_t left_s)
{
    wax_publish publish = {
        .topic = message->topic,
        .payload = message->payload,
        .properties = choose_properties(sender, message, left_s),
        .qos = message->qos == 2 ? 2 : 1,
        .retain = true,
    };

    if (!wax_utf8_is_valid(message->topic)) {
        return WAX_MALFORMED;
    }
    return wax_client_publish(&sender->link.client, &publish, &sender->tokens[sender->next]);
}

/* Sends what can be sent now. */
static void send_all(struct sender *sender)
{
    size_t count = sender->import->contents->retained_count;

    sender->link.wants_room = false;
    for (; sender->next < count; sender->next++) {
        const wax_import_message *message = message_at(sender, sender->next);
        uint32_t left_s = wax_import_seconds_left(message->expires_s, sender->import->now_s);
        wax_status status;

        /* Without payload a message would remove what the broker has. */
        if (left_s == 0 || message->payload.size == 0) {
            sender->expired_count++;
            continue;
        }
        status = send_one(sender, message, left_s);
        if (status == WAX_FULL || status == WAX_CLOSED) {
            sender->link.wants_room = true;
            return;
        }
        if (status != WAX_OK) {
            fail(sender, sender->next,
                 status == WAX_TOO_LARGE ? "it is larger than the broker takes"
                                         : "this is no topic of MQTT");
        }
    }
}

static const char *reason_of(const wax_client_event *event)
{
    switch (event->status) {
    case WAX_TOO_LARGE:
        return "it is larger than the broker takes";
    case WAX_INVALID:
        return "the broker keeps no retained messages, or does not know this quality of service";
    case WAX_CLOSED:
        return "the connection was lost";
    case WAX_NOT_AUTHORIZED:
        return "this user may not publish there (-u, -P; see the broker's ACL)";
    default:
        return wax_status_text((wax_status)event->status);
    }
}

/* Answers come nearly in the order of the messages. */
static void note_answer(struct sender *sender, const wax_client_event *event)
{
    size_t index = sender->open;

    while (index < sender->next && sender->tokens[index] != event->token) {
        index++;
    }
    if (index == sender->next) {
        return;
    }
    sender->tokens[index] = 0;
    if (event->status == WAX_OK) {
        sender->taken_count++;
    } else {
        fail(sender, index, reason_of(event));
    }
    while (sender->open < sender->next && sender->tokens[sender->open] == 0) {
        sender->open++;
    }
}

static bool is_done(struct sender *sender)
{
    while (sender->open < sender->next && sender->tokens[sender->open] == 0) {
        sender->open++;
    }
    return sender->open == sender->import->contents->retained_count;
}

/* Goes on as far as it can. Returns whether all of them are over. */
static bool go_on(struct sender *sender)
{
    if (!sender->link.was_open) {
        return false;
    }
    send_all(sender);
    tools_takeover_progress(sender->import, "retained messages", sender->open,
                            sender->import->contents->retained_count);
    return is_done(sender);
}

static int run(struct sender *sender)
{
    wax_client_event event;

    for (;;) {
        enum link_turn turn = tools_link_next(&sender->link, &event);

        if (turn == LINK_ENDED) {
            return sender->link.code;
        }
        if (turn == LINK_STOPPED) {
            return tools_link_finish(&sender->link, EXIT_WRONG);
        }
        if (turn == LINK_EVENT && event.type == WAX_CLIENT_DELIVERED) {
            note_answer(sender, &event);
        }
        if (go_on(sender)) {
            return tools_link_finish(&sender->link, EXIT_GOOD);
        }
    }
}

/* The largest payload and the largest properties decide on the rooms. */
static bool make_rooms(struct sender *sender, size_t *queue_size)
{
    const wax_import_contents *contents = sender->import->contents;
    size_t payload_size = 0;
    size_t properties_size = 0;

    for (size_t i = 0; i < contents->retained_count; i++) {
        const wax_import_message *message = contents->retained[i];

        payload_size = message->payload.size > payload_size ? message->payload.size : payload_size;
        properties_size =
            message->properties.size > properties_size ? message->properties.size : properties_size;
    }
    *queue_size = QUEUE_SIZE + HEAD_SIZE + 2 * properties_size + payload_size;
    sender->tokens = calloc(contents->retained_count + 1, sizeof *sender->tokens);
    sender->properties_size = properties_size + EXPIRY_SIZE;
    sender->properties = malloc(sender->properties_size);
    return sender->tokens != NULL && sender->properties != NULL;
}

static void tell(const struct sender *sender)
{
    (void)printf("%zu of %zu retained messages were taken over", sender->taken_count,
                 sender->import->contents->retained_count);
    if (sender->expired_count > 0) {
        (void)printf("; %zu had expired", sender->expired_count);
    }
    (void)putchar('\n');
}

int tools_import_retained(struct import *import)
{
    struct sender sender = {.import = import};
    size_t queue_size;
    int code = EXIT_WRONG;

    if (!make_rooms(&sender, &queue_size)) {
        (void)tools_complain(import->settings, "there is not enough memory");
    } else if (tools_link_open(&sender.link, import->settings, queue_size)) {
        sender.link.config.connects_once = true;
        code = run(&sender);
        tell(&sender);
    }
    tools_link_close(&sender.link);
    free(sender.tokens);
    free(sender.properties);
    return code;
}
