/* Topics of a bridge, from one side to the other, and its waits. */
#include "broker/bridge_map.h"

#include "access/access.h"

/* A `topic` line, seen from where the message is. */
struct view {
    wax_bytes from;
    wax_bytes from_prefix;
    wax_bytes to;
    wax_bytes to_prefix;
};

static struct view view_of(const wax_bridge_topic *topic, uint32_t direction)
{
    wax_bytes local = wax_bytes_of_text(topic->local);
    wax_bytes remote = wax_bytes_of_text(topic->remote);
    wax_bytes local_prefix = wax_bytes_of_text(topic->local_prefix);
    wax_bytes remote_prefix = wax_bytes_of_text(topic->remote_prefix);

    return direction == WAX_BRIDGE_OUT ? (struct view){local, local_prefix, remote, remote_prefix}
                                       : (struct view){remote, remote_prefix, local, local_prefix};
}

static bool ends_in_slash(wax_bytes text)
{
    return text.size > 0 && text.data[text.size - 1] == '/';
}

/* Puts one prefix in place of the other. The filter "a/#" matches the topic "a" too, in which the
 * prefix "a/" lacks its slash. [MQTT 5.0, 4.7.1.2] */
static bool change_prefix(const struct view *view, wax_bytes topic, wax_writer *out)
{
    wax_bytes to = view->to_prefix;
    size_t skipped = view->from_prefix.size;

    if (wax_bytes_start_with(topic, view->from_prefix)) {
        wax_write_bytes(out, to);
        wax_write_bytes(out, wax_bytes_of(topic.data + skipped, topic.size - skipped));
        return true;
    }
    if (topic.size + 1 != skipped || !ends_in_slash(view->from_prefix) || !ends_in_slash(to)) {
        return false;
    }
    wax_write_bytes(out, wax_bytes_of(to.data, to.size - 1));
    return true;
}

bool wax_bridge_map(const wax_bridge_config *bridge, uint32_t direction, wax_bytes topic,
                    wax_writer *out)
{
    size_t start = out->used;

    for (size_t i = 0; i < bridge->topic_count; i++) {
        struct view view = view_of(&bridge->topics[i], direction);
        bool goes = (bridge->topics[i].directions & direction) != 0;
        if (!goes || !wax_filter_matches(view.from, topic)) {
            continue;
        }
        out->used = start;
        if (change_prefix(&view, topic, out) && out->status == WAX_OK && out->used > start &&
            wax_filter_matches(view.to, wax_bytes_of(out->data + start, out->used - start))) {
            return true;
        }
    }
    return false;
}

uint32_t wax_bridge_wait_ms(const uint32_t restart_s[static 3], uint32_t last_ms, uint32_t random)
{
    uint32_t least = restart_s[0] * 1000U;
    uint32_t most = restart_s[1] * 1000U;
    uint32_t wide = (last_ms > least ? last_ms : least) * 3U;

    if (restart_s[1] == 0) {
        return least;
    }
    most = wide < most ? wide : most;
    return most <= least ? least : least + random % (most - least + 1U);
}
