/* The rules for topics and filters. */
#include "router/router.h"

#include <string.h>

#define SIZE_MAX_OF_TOPIC 65535U

static bool holds(wax_bytes bytes, uint8_t byte)
{
    return bytes.size != 0 && memchr(bytes.data, byte, bytes.size) != NULL;
}

bool wax_topic_is_valid(wax_bytes topic)
{
    return topic.size >= 1 && topic.size <= SIZE_MAX_OF_TOPIC && /* [MQTT-4.7.3-1] [MQTT-4.7.3-3] */
           !holds(topic, '+') && !holds(topic, '#') &&           /* [MQTT-4.7.0-1] */
           !holds(topic, 0);                                     /* [MQTT-4.7.3-2] */
}

bool wax_filter_is_valid(wax_bytes filter)
{
    bool valid = filter.size >= 1 && filter.size <= SIZE_MAX_OF_TOPIC; /* [MQTT-4.7.3-1] */

    for (size_t i = 0; valid && i < filter.size; i++) {
        const uint8_t *at = filter.data + i;
        bool opens = i == 0 || at[-1] == '/';
        bool ends = i + 1 == filter.size;

        if (*at == '#') {
            valid = opens && ends; /* [MQTT-4.7.1-1] */
        } else if (*at == '+') {
            valid = opens && (ends || at[1] == '/'); /* [MQTT-4.7.1-2] */
        } else {
            valid = *at != 0; /* [MQTT-4.7.3-2] */
        }
    }
    return valid;
}

size_t wax_filter_level_count(wax_bytes filter)
{
    size_t count = 1;

    for (size_t i = 0; i < filter.size; i++) {
        count += filter.data[i] == '/' ? 1U : 0U;
    }
    return count;
}

wax_status wax_filter_split_shared(wax_bytes filter, wax_bytes *share_name, wax_bytes *rest)
{
    const wax_bytes start = WAX_TEXT("$share/");
    wax_bytes name;
    wax_bytes behind = {0};
    const uint8_t *slash;

    *share_name = (wax_bytes){0};
    *rest = (wax_bytes){0};
    if (!wax_bytes_start_with(filter, start)) {
        *rest = filter;
        return WAX_OK;
    }
    name = wax_bytes_of(filter.data + start.size, filter.size - start.size);
    slash = name.size == 0 ? NULL : memchr(name.data, '/', name.size);
    if (slash != NULL) {
        behind = wax_bytes_of(slash + 1, (size_t)(filter.data + filter.size - slash) - 1U);
        name.size = (size_t)(slash - name.data);
    }
    if (slash == NULL || !wax_topic_is_valid(name) || !wax_filter_is_valid(behind)) {
        return WAX_BAD_FILTER; /* [MQTT-4.8.2-1] [MQTT-4.8.2-2] */
    }
    *share_name = name;
    *rest = behind;
    return WAX_OK;
}
