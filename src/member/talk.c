/* A member and its client: the mailbox is asked for at every connection, and what comes before its
 * keys waits. */
#include "member/internal.h"

#include <string.h>

enum { STATUS_SIZE = 8192 };

static uint32_t patience_ms(const wax_member *member)
{
    return member->config->hold_ms == 0 ? HOLD_MS : member->config->hold_ms;
}

static bool is_mailbox(const wax_member *member, wax_bytes topic)
{
    uint8_t room[WAX_KEYS_TOPIC_MAX];
    wax_writer out = wax_writer_over(room, sizeof(room));

    wax_member_topic(member, "k", &out);
    return wax_bytes_equal(wax_writer_bytes(&out), topic);
}

/* Asked anew at every connection, so that the broker sends what is retained. */
static void ask(wax_member *member, wax_client *client)
{
    uint8_t room[WAX_KEYS_TOPIC_MAX];
    wax_writer out = wax_writer_over(room, sizeof(room));
    wax_subscription subscription = {.qos = 1};
    wax_client_request request = {.subscriptions = &subscription, .count = 1};

    wax_member_topic(member, "k", &out);
    subscription.filter = wax_writer_bytes(&out);
    member->talk.asks = wax_client_subscribe(client, &request, &member->talk.ask_token) == WAX_FULL;
}

static void tell(wax_member *member, wax_client *client, uint64_t now_ms)
{
    const uint32_t again_ms = member->config->tell_ms;
    uint8_t topic_room[WAX_KEYS_TOPIC_MAX];
    uint8_t room[STATUS_SIZE];
    wax_writer topic = wax_writer_over(topic_room, sizeof(topic_room));
    wax_writer out = wax_writer_over(room, sizeof(room));

    member->talk.tells = false;
    member->talk.again_ms = again_ms == 0 ? WAX_NEVER : now_ms + again_ms;
    wax_member_topic(member, "s", &topic);
    if (wax_member_write_status(member, &out) == WAX_OK) {
        wax_publish publish = {.topic = wax_writer_bytes(&topic),
                               .payload = wax_writer_bytes(&out),
                               .qos = 1,
                               .retain = true};

        member->talk.tells =
            wax_client_publish(client, &publish, &member->talk.tell_token) == WAX_FULL;
        member->talk.is_crowded = member->talk.tells;
    }
}

/* --- What is held --- */

static wax_bytes copy(struct talk *talk, wax_bytes bytes)
{
    uint8_t *to = talk->room + talk->end;

    if (bytes.size != 0) {
        memcpy(to, bytes.data, bytes.size);
    }
    talk->end += bytes.size;
    return wax_bytes_of(to, bytes.size);
}

static size_t aligned(size_t size)
{
    return (size + _Alignof(struct held) - 1) / _Alignof(struct held) * _Alignof(struct held);
}

/* Whether there was room. */
static bool hold(wax_member *member, const wax_client_event *event)
{
    struct talk *talk = &member->talk;
    const wax_publish *publish = &event->publish;
    size_t size = sizeof(struct held) + publish->topic.size + publish->properties.size +
                  publish->payload.size;
    struct held *held;

    if (talk->first == talk->end) {
        talk->first = talk->end = 0;
    }
    if (size > member->config->hold_size || aligned(talk->end) > member->config->hold_size - size) {
        return false;
    }
    talk->end = aligned(talk->end);
    held = (void *)(talk->room + talk->end);
    talk->end += sizeof(*held);
    held->receipt = event->receipt;
    held->publish = *publish;
    held->publish.topic = copy(talk, publish->topic);
    held->publish.properties = copy(talk, publish->properties);
    held->publish.payload = copy(talk, publish->payload);
    return true;
}

static const struct held *next_held(struct talk *talk)
{
    const struct held *held;

    talk->first = aligned(talk->first);
    held = (const void *)(talk->room + talk->first);
    talk->first += sizeof(*held) + held->publish.topic.size + held->publish.properties.size +
                   held->publish.payload.size;
    return held;
}

static bool holds(const wax_member *member)
{
    return member->talk.first != member->talk.end;
}

/* --- Events --- */

static void take_message(wax_member *member, const wax_publish *publish, wax_client_receipt receipt,
                         uint64_t wall_ms, wax_member_event *event)
{
    member->talk.owed = receipt;
    event->status = wax_member_unseal(member, publish, wall_ms, &event->arrival);
    event->type = event->status == WAX_OK ? WAX_MEMBER_MESSAGE : WAX_MEMBER_DROPPED;
    if (event->status == WAX_IO) {
        member->talk.owed.owes = WAX_NO_PACKET; /* it was not taken, and may come again */
    }
}

/* A mailbox that is none ends no waiting: whoever can publish could throw away what is held. */
static void take_keys(wax_member *member, const wax_client_event *came, wax_member_event *event)
{
    if (member->talk.owed_keys.owes != WAX_NO_PACKET) {
        event->type = WAX_MEMBER_DROPPED; /* the one before could not be acknowledged yet */
        event->status = WAX_FULL;
        return;
    }
    member->talk.owed_keys = came->receipt;
    event->status = wax_member_take_mailbox(member, came->publish.payload);
    event->type = event->status == WAX_OK ? WAX_MEMBER_KEYS : WAX_MEMBER_BAD_MAILBOX;
    if (event->status == WAX_OK) {
        member->talk.until_ms = WAX_NEVER;
        member->talk.tells = true;
    }
}

/* Answers to what the member asked for itself are not the application's. */
static void take_answer(const wax_member *member, wax_member_event *event)
{
    wax_client_event *came = &event->client;
    bool is_asked = came->type == WAX_CLIENT_SUBSCRIBED && came->token == member->talk.ask_token;
    bool is_told = came->type == WAX_CLIENT_DELIVERED && came->token == member->talk.tell_token;

    if (is_asked && came->status == WAX_OK && came->suback.reasons.size != 0 &&
        came->suback.reasons.data[0] >= 0x80) {
        event->type = WAX_MEMBER_BAD_MAILBOX;
        event->status = (wax_status)came->suback.reasons.data[0];
    }
    if (is_asked || is_told) {
        came->type = WAX_CLIENT_NOTHING;
    }
}

static void take(wax_member *member, uint64_t wall_ms, wax_member_event *event)
{
    const wax_client_event *came = &event->client;

    if (is_mailbox(member, came->publish.topic)) {
        take_keys(member, came, event);
        return;
    }
    if (!holds(member) && member->talk.owed.owes == WAX_NO_PACKET) {
        take_message(member, &came->publish, came->receipt, wall_ms, event);
        if (event->type != WAX_MEMBER_MESSAGE || event->arrival.outcome != WAX_MEMBER_EARLY) {
            return;
        }
        member->talk.owed.owes = WAX_NO_PACKET; /* not before it is told */
    }
    event->type = WAX_MEMBER_OTHER;
    event->client.type = WAX_CLIENT_NOTHING;
    if (!hold(member, came)) {
        event->type = WAX_MEMBER_DROPPED;
        event->status = WAX_FULL;
    }
}

static void connected(wax_member *member, uint64_t now_ms)
{
    member->talk.asks = true;
    member->talk.tells = true;
    member->talk.again_ms = WAX_NEVER;
    member->talk.first = member->talk.end = 0; /* the broker sends it again */
    member->talk.until_ms = now_ms + patience_ms(member);
}

static void acknowledge(wax_client *client, wax_client_receipt *receipt)
{
    if (receipt->owes != WAX_NO_PACKET && wax_client_acknowledge(client, *receipt, 0) != WAX_FULL) {
        receipt->owes = WAX_NO_PACKET;
    }
}

static void settle(wax_member *member, wax_client *client, uint64_t now_ms)
{
    struct talk *talk = &member->talk;
    const bool is_open = client->state == WAX_CLIENT_OPEN;

    acknowledge(client, &talk->owed);
    acknowledge(client, &talk->owed_keys);
    talk->tells = talk->tells || talk->again_ms <= now_ms;
    if (is_open && talk->asks) {
        ask(member, client);
    } else if (is_open && talk->tells && !talk->is_crowded && talk->until_ms == WAX_NEVER) {
        tell(member, client, now_ms);
    }
}

/* Whether what is told and held may be gone on with. */
static bool may_go_on(const struct talk *talk)
{
    return talk->until_ms == WAX_NEVER && talk->owed.owes == WAX_NO_PACKET;
}

bool wax_member_poll(wax_member *member, wax_client *client, uint64_t now_ms, uint64_t wall_ms,
                     wax_member_event *event)
{
    struct talk *talk = &member->talk;

    *event = (wax_member_event){.type = WAX_MEMBER_OTHER};
    settle(member, client, now_ms);
    if (talk->until_ms <= now_ms) {
        talk->until_ms = WAX_NEVER;
        event->type = WAX_MEMBER_LATE;
        return true;
    }
    if (may_go_on(talk) && holds(member)) {
        const struct held *held = next_held(talk);

        take_message(member, &held->publish, held->receipt, wall_ms, event);
        return true;
    }
    if (!wax_client_poll(client, now_ms, &event->client)) {
        return false;
    }
    if (event->client.type == WAX_CLIENT_CONNECTED) {
        talk->is_crowded = false;
        connected(member, now_ms);
    } else if (event->client.type == WAX_CLIENT_MESSAGE) {
        take(member, wall_ms, event);
    } else {
        talk->is_crowded = false;
        take_answer(member, event);
    }
    return true;
}

bool wax_member_is_busy(const wax_member *member)
{
    return member->talk.asks || member->talk.tells;
}

uint64_t wax_member_deadline_ms(const wax_member *member, const wax_client *client)
{
    uint64_t deadline_ms = wax_client_deadline_ms(client);

    if (may_go_on(&member->talk) && holds(member)) {
        return 0;
    }
    if (client->state == WAX_CLIENT_OPEN && !member->talk.tells &&
        member->talk.again_ms < deadline_ms) {
        deadline_ms = member->talk.again_ms;
    }
    return member->talk.until_ms < deadline_ms ? member->talk.until_ms : deadline_ms;
}

wax_status wax_member_publish(wax_member *member, wax_client *client, const wax_member_draft *draft,
                              uint32_t *token)
{
    wax_publish sealed;
    wax_status status =
        wax_member_seal(member, draft->message, draft->wall_ms, draft->room, &sealed);

    return status == WAX_OK ? wax_client_publish(client, &sealed, token) : status;
}
