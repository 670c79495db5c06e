/* What comes by a link is opened, what is refused is told. */
#include "tools/sealed_link.h"
#include "os/os.h"

#include <stdio.h>

#define SHOWN(bytes) (int)((bytes).size > 200 ? 200 : (bytes).size), (const char *)(bytes).data

uint64_t tools_sealed_link_deadline_ms(const struct link *link)
{
    return link->sealed == NULL
               ? wax_client_deadline_ms(&link->client)
               : wax_member_deadline_ms(tools_sealed_member(link->sealed), &link->client);
}

bool tools_sealed_link_is_busy(const struct link *link)
{
    return link->sealed != NULL && wax_member_is_busy(tools_sealed_member(link->sealed));
}

/* Tells the tool that it may begin; the second time nobody is told. */
static bool be_ready(struct link *link, wax_client_event *event)
{
    event->type = link->was_open && !link->is_ready ? WAX_CLIENT_CONNECTED : WAX_CLIENT_NOTHING;
    link->is_ready = link->was_open;
    return true;
}

/* Without keys a subscriber does not know how the broker may see its filters: it waits for them. */
static bool go_on(struct link *link, wax_client_event *event)
{
    const bool waits = (link->settings->tool == TOOL_SUB || link->settings->tool == TOOL_UPDATE) &&
                       !wax_member_has_keys(tools_sealed_member(link->sealed));

    return waits || be_ready(link, event);
}

static void tell_refusal(const struct link *link, const wax_member_arrival *arrival)
{
    tools_say(link->settings, "refused a message on %.*s: %s", SHOWN(arrival->message.topic),
              wax_seal_event_text(arrival->opened.event));
}

/* What the tool gets of a message. */
static void take_message(const struct link *link, const wax_member_event *got,
                         wax_client_event *event)
{
    const wax_member_arrival *arrival = &got->arrival;

    if (arrival->outcome == WAX_MEMBER_REFUSED) {
        tell_refusal(link, arrival);
        return;
    }
    if (arrival->outcome == WAX_MEMBER_OPENED && arrival->opened.is_again &&
        !arrival->message.retain) {
        return; /* it came already */
    }
    if (arrival->outcome == WAX_MEMBER_OPENED && arrival->opened.gap != 0) {
        tools_say(link->settings, "%u messages of sender %u did not come, before one on %.*s",
                  arrival->opened.gap, arrival->opened.sender, SHOWN(arrival->message.topic));
    }
    event->type = WAX_CLIENT_MESSAGE;
    event->payload_left = 0;
    event->publish = arrival->message;
}

static void tell_bad_mailbox(const struct link *link, wax_status status)
{
    const char *why = status == WAX_PROTOCOL_ERROR
                          ? "it is older than the last one: the broker, or somebody through it, "
                            "turns back the clock"
                      : status == WAX_FULL ? "it is larger than this program takes"
                                           : wax_status_text(status);

    tools_say(link->settings, "the mailbox of this device was refused: %s", why);
}

bool tools_sealed_link_poll(struct link *link, uint64_t now_ms, wax_client_event *event)
{
    wax_member *member = tools_sealed_member(link->sealed);
    wax_member_event got;

    if (!wax_member_poll(member, &link->client, now_ms, wax_clock_wall_ms(), &got)) {
        return false;
    }
    *event = got.client;
    event->type = WAX_CLIENT_NOTHING;
    switch (got.type) {
    case WAX_MEMBER_OTHER:
        event->type = got.client.type;
        link->is_ready = link->is_ready && event->type != WAX_CLIENT_DISCONNECTED;
        return true;
    case WAX_MEMBER_MESSAGE:
        take_message(link, &got, event);
        return true;
    case WAX_MEMBER_LATE:
        if (!wax_member_has_keys(member)) {
            tools_say(link->settings,
                      "no mailbox with keys is at this broker; is the authority connected to it, "
                      "and was this device granted something?");
        }
        return go_on(link, event);
    case WAX_MEMBER_KEYS:
        return be_ready(link, event);
    case WAX_MEMBER_BAD_MAILBOX:
        tell_bad_mailbox(link, got.status);
        return go_on(link, event);
    case WAX_MEMBER_DROPPED:
        if (!link->is_silent) {
            tools_say(link->settings, "a message was dropped: %s", wax_status_text(got.status));
        }
        return true;
    }
    return true;
}

bool tools_sealed_link_will(struct link *link)
{
    wax_publish will = {
        .topic = link->will.topic,
        .payload = link->will.payload,
        .properties = link->will.properties,
        .qos = link->will.qos,
        .retain = link->will.retain,
    };
    wax_status status;

    if (link->config.will == NULL) {
        return true;
    }
    will.topic = wax_bytes_of_text(link->settings->will_topic);
    will.payload = wax_bytes_of_text(link->settings->will_payload);
    will.properties = tools_settings_properties(link->settings, OF_WILL);
    status = tools_sealed_make_will(link->sealed, &will, &will);
    link->will.topic = will.topic;
    link->will.payload = will.payload;
    link->will.properties = will.properties;
    if (status != WAX_OK) {
        (void)snprintf(link->fault, sizeof link->fault, "the Will cannot be sealed: %s",
                       status == WAX_NOT_AUTHORIZED &&
                               !wax_member_has_keys(tools_sealed_member(link->sealed))
                           ? "this device never had its keys; connect once without a Will"
                       : status == WAX_INVALID ? "its topic belongs to a group of class stream"
                                               : tools_sealed_explain(status));
    }
    return status == WAX_OK;
}

wax_status tools_sealed_link_make(struct link *link, const wax_publish *message, wax_publish *made)
{
    wax_status status = WAX_OK;

    *made = *message;
    if (link->sealed != NULL) {
        status = tools_sealed_make(link->sealed, message, made);
        if (status != WAX_OK) {
            tools_say(link->settings, "%.*s: %s", SHOWN(message->topic),
                      tools_sealed_explain(status));
        }
    }
    return status;
}

wax_status tools_sealed_link_filters(const struct link *link, wax_subscription *subscriptions,
                                     size_t count, wax_writer *room)
{
    wax_status status = WAX_OK;

    for (size_t i = 0; link->sealed != NULL && status == WAX_OK && i < count; i++) {
        size_t start = room->used;

        status =
            wax_member_filter(tools_sealed_member(link->sealed), subscriptions[i].filter, room);
        subscriptions[i].filter = wax_bytes_of(room->data + start, room->used - start);
    }
    return status;
}
