/* An envelope becomes the message that its sender meant, or is refused. */
#include "member/internal.h"

#include <string.h>

/* What stood inside, as properties again. What stood outside and is not the broker's to say is left
 * out: nobody vouches for it. */
static wax_bytes gather(const wax_member *member, const wax_publish *came, wax_bytes inside)
{
    static const wax_property_id ids[] = {
        [WAX_FIELD_CONTENT_TYPE] = WAX_CONTENT_TYPE,
        [WAX_FIELD_RESPONSE_TOPIC] = WAX_RESPONSE_TOPIC,
        [WAX_FIELD_CORRELATION] = WAX_CORRELATION_DATA,
        [WAX_FIELD_USER_PROPERTY] = WAX_USER_PROPERTY,
    };
    wax_writer out = wax_writer_over(member->properties, 2 * member->config->message_size);
    wax_reader fields = wax_reader_over(inside);
    wax_reader outside = wax_reader_over(came->properties);
    wax_property property;
    wax_field field;
    uint8_t last = 0;

    while (wax_property_next(&outside, &property)) {
        if (property.id == WAX_MESSAGE_EXPIRY || property.id == WAX_SUBSCRIPTION_ID) {
            wax_property_write(&out, &property);
        }
    }
    while (wax_field_next(&fields, &last, &field)) {
        if (field.type == WAX_FIELD_USER_PROPERTY) {
            wax_reader in = wax_reader_over(field.value);
            wax_property user = {.id = WAX_USER_PROPERTY, .name = wax_read_blob(&in)};

            user.value = wax_reader_rest(&in);
            wax_property_write(&out, &user);
        } else if (field.type < sizeof(ids) / sizeof(ids[0]) && ids[field.type] != 0) {
            wax_property_write_value(&out, ids[field.type], field.value);
        }
    }
    return wax_writer_bytes(&out);
}

/* Whether the mailbox that is still to come may change the verdict. */
static bool is_early(const wax_member *member, const struct slot *slot, wax_seal_event event)
{
    return member->talk.until_ms != WAX_NEVER &&
           (slot == NULL || event == WAX_SEAL_OLD_EPOCH || event == WAX_SEAL_UNKNOWN_SENDER);
}

static void refuse(wax_member *member, wax_member_arrival *arrival, wax_seal_event event)
{
    arrival->outcome = WAX_MEMBER_REFUSED;
    arrival->opened.event = event;
    member->refused[event]++;
    /* The first is told, and each that doubles them: who forges much makes nobody tell much. */
    if ((member->refused[event] & (member->refused[event] - 1)) == 0) {
        member->talk.tells = true;
    }
}

static wax_status open_in(wax_member *member, struct slot *slot, const wax_publish *came,
                          uint64_t wall_ms, wax_member_arrival *arrival)
{
    wax_seal_arrival sealed = {came->topic, member->text, came->payload.size, wall_ms};
    wax_opened *opened = &arrival->opened;
    wax_status status = member_recall(slot);

    if (status != WAX_OK) {
        return status;
    }
    if (came->payload.size != 0) {
        memcpy(member->text, came->payload.data, came->payload.size);
    }
    status = wax_opener_open(&slot->opener, &sealed, opened);
    if (status == WAX_UNTRUSTED) {
        if (is_early(member, slot, opened->event)) {
            arrival->outcome = WAX_MEMBER_EARLY;
        } else {
            refuse(member, arrival, opened->event);
        }
        return WAX_OK;
    }
    if (status != WAX_OK) {
        return status;
    }
    if (opened->event == WAX_SEAL_GAP) {
        member->refused[WAX_SEAL_GAP] += opened->gap;
    }
    arrival->outcome = WAX_MEMBER_OPENED;
    arrival->message.payload = opened->payload;
    arrival->message.properties = gather(member, came, opened->fields);
    if (opened->name.size != 0) {
        arrival->message.topic = opened->name;
    }
    return WAX_OK;
}

/* Without a mailbox nobody knows what is to be sealed: nothing is believed. */
static void take_blindly(wax_member *member, const wax_publish *came, wax_member_arrival *arrival)
{
    if (is_early(member, NULL, WAX_SEAL_FINE)) {
        arrival->outcome = WAX_MEMBER_EARLY;
    } else {
        refuse(member, arrival,
               wax_seal_kind(came->payload) >= 0 ? WAX_SEAL_OLD_EPOCH : WAX_SEAL_UNSEALED);
    }
}

/* On a topic of no group: what is not sealed is as it came. What is sealed is for others, or for
 * this device as soon as its mailbox has come. */
static void take_strange(wax_member *member, const wax_publish *came, wax_member_arrival *arrival)
{
    wax_seal_face face;

    if (wax_seal_look(came->payload, &face) != WAX_OK) {
        return;
    }
    if (is_early(member, NULL, WAX_SEAL_FINE)) {
        arrival->outcome = WAX_MEMBER_EARLY;
    } else {
        refuse(member, arrival, WAX_SEAL_OLD_EPOCH);
    }
}

wax_status wax_member_unseal(wax_member *member, const wax_publish *came, uint64_t wall_ms,
                             wax_member_arrival *arrival)
{
    struct slot *slot = member_find(member, came->topic);

    *arrival = (wax_member_arrival){.outcome = WAX_MEMBER_CLEAR, .message = *came};
    if (member->current == NULL) {
        take_blindly(member, came, arrival);
        return WAX_OK;
    }
    if (slot == NULL) {
        take_strange(member, came, arrival);
        return WAX_OK;
    }
    if (came->payload.size == 0 && came->retain) {
        refuse(member, arrival, WAX_SEAL_UNSEALED); /* somebody removed what was retained */
        return WAX_OK;
    }
    if (came->topic.size + came->properties.size + came->payload.size >
        member->config->message_size) {
        return WAX_TOO_LARGE;
    }
    return open_in(member, slot, came, wall_ms, arrival);
}
