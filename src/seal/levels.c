/* Topics and filters, level by level. */
#include "seal/levels.h"

struct levels levels_of(wax_bytes topic)
{
    return (struct levels){.at = topic.data,
                           .end = topic.size == 0 ? topic.data : topic.data + topic.size};
}

bool levels_next(struct levels *levels, wax_bytes *level)
{
    const uint8_t *start = levels->at;

    if (levels->is_over) {
        return false;
    }
    while (levels->at != levels->end && *levels->at != '/') {
        levels->at++;
    }
    *level = wax_bytes_of(start, (size_t)(levels->at - start));
    levels->is_over = levels->at == levels->end;
    if (!levels->is_over) {
        levels->at++;
    }
    return true;
}

bool level_is(wax_bytes level, uint8_t wildcard)
{
    return level.size == 1 && level.data[0] == wildcard;
}

static bool is_hidden(wax_bytes topic)
{
    return topic.size > 0 && topic.data[0] == '$';
}

/* One level of a filter that is no '#' over one of a topic. */
static bool covers(wax_bytes filter, wax_bytes topic)
{
    return level_is(filter, '+') ? !level_is(topic, '#') : wax_bytes_equal(filter, topic);
}

bool levels_cover(wax_bytes filter, wax_bytes topic)
{
    struct levels of_filter = levels_of(filter);
    struct levels of_topic = levels_of(topic);
    wax_bytes wide;
    wax_bytes narrow;

    if (is_hidden(filter) != is_hidden(topic)) { /* [MQTT-4.7.2-1] */
        return false;
    }
    while (levels_next(&of_filter, &wide)) {
        if (level_is(wide, '#')) {
            return true;
        }
        if (!levels_next(&of_topic, &narrow)) {
            return false;
        }
        if (!covers(wide, narrow)) {
            return false;
        }
    }
    return !levels_next(&of_topic, &narrow);
}

size_t levels_literal(wax_bytes filter)
{
    struct levels levels = levels_of(filter);
    wax_bytes level;
    size_t count = 0;

    while (levels_next(&levels, &level) && !level_is(level, '+') && !level_is(level, '#')) {
        count++;
    }
    return count;
}
