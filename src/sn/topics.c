/* Topics and the numbers that stand for them. [6.5] [6.7] [6.10] */
#include "sn/internal.h"

#include "router/router.h"

#include <string.h>

wax_bytes wax_sn_topic_name(const wax_sn_topic *topic)
{
    return wax_bytes_of(topic->name, topic->size);
}

uint16_t wax_sn_topic_id(const wax_sn_client *client, const wax_sn_topic *topic)
{
    return (uint16_t)(topic - client->topics + 1);
}

static wax_sn_topic *use(wax_sn_client *client, wax_sn_topic *topic)
{
    topic->used = ++client->use_count;
    return topic;
}

wax_sn_topic *wax_sn_topic_of_id(wax_sn_client *client, uint16_t id)
{
    if (id == 0 || id > WAX_SN_TOPICS_MAX || client->topics[id - 1].size == 0) {
        return NULL;
    }
    return use(client, &client->topics[id - 1]);
}

wax_sn_topic *wax_sn_topic_find(wax_sn_client *client, wax_bytes name)
{
    for (size_t i = 0; i < WAX_SN_TOPICS_MAX; i++) {
        wax_sn_topic *topic = &client->topics[i];

        if (topic->size > 0 && wax_bytes_equal(wax_sn_topic_name(topic), name)) {
            return use(client, topic);
        }
    }
    return NULL;
}

/* A place for a topic: a free one, or that of the topic that was not used for longest. */
static wax_sn_topic *place(wax_sn_client *client)
{
    wax_sn_topic *oldest = NULL;

    for (size_t i = 0; i < WAX_SN_TOPICS_MAX; i++) {
        wax_sn_topic *topic = &client->topics[i];

        if (topic->size == 0) {
            return topic;
        }
        if (!topic->is_devices && (oldest == NULL || topic->used < oldest->used)) {
            oldest = topic;
        }
    }
    return oldest;
}

wax_sn_topic *wax_sn_topic_add(wax_sn_client *client, wax_bytes name, bool is_devices)
{
    wax_sn_topic *topic = wax_sn_topic_find(client, name);

    if (topic == NULL && name.size > 0 && name.size <= WAX_SN_TOPIC_SIZE_MAX) {
        topic = place(client);
        if (topic != NULL) {
            *topic = (wax_sn_topic){.size = (uint8_t)name.size};
            memcpy(topic->name, name.data, name.size);
            (void)use(client, topic);
        }
    }
    if (topic != NULL && is_devices) {
        topic->is_devices = true;
    }
    return topic;
}

const wax_sn_predefined *wax_sn_topic_predefined(const wax_sn_config *config, wax_bytes name)
{
    for (size_t i = 0; i < config->predefined_count; i++) {
        if (wax_bytes_equal(config->predefined[i].topic, name)) {
            return &config->predefined[i];
        }
    }
    return NULL;
}

static wax_bytes predefined_name(const wax_sn_config *config, uint16_t id)
{
    for (size_t i = 0; i < config->predefined_count; i++) {
        if (config->predefined[i].id == id) {
            return config->predefined[i].topic;
        }
    }
    return wax_bytes_of(NULL, 0);
}

wax_bytes wax_sn_topic_resolve(wax_sn_client *client, const wax_sn_packet *packet,
                               uint8_t room[static 2])
{
    wax_bytes name = wax_bytes_of(NULL, 0);
    const wax_sn_topic *topic;

    switch (packet->flags & WAX_SN_TOPIC) {
    case WAX_SN_TOPIC_PREDEFINED:
        return predefined_name(client->config, packet->topic_id);
    case WAX_SN_TOPIC_SHORT:
        room[0] = (uint8_t)(packet->topic_id >> 8);
        room[1] = (uint8_t)packet->topic_id;
        name = wax_bytes_of(room, 2);
        break;
    default:
        if (packet->type != WAX_SN_PUBLISH) {
            name = packet->data;
            break;
        }
        topic = wax_sn_topic_of_id(client, packet->topic_id);
        return topic == NULL ? name : wax_sn_topic_name(topic);
    }
    return wax_utf8_is_valid(name) ? name : wax_bytes_of(NULL, 0);
}
