/* Two filters and a topic, a line each: what matches, what overlaps and what covers agree. */
#include <string.h>

#include "access/access.h"
#include "access/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wax_bytes cut_line(wax_bytes *text)
{
    const uint8_t *end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
    wax_bytes line = *text;

    if (end == NULL) {
        *text = wax_bytes_of(text->data, 0);
        return line;
    }
    line.size = (size_t)(end - line.data);
    *text = wax_bytes_of(end + 1, text->size - line.size - 1);
    return line;
}

static bool has_wildcard(wax_bytes topic)
{
    return memchr(topic.data, '+', topic.size) != NULL ||
           memchr(topic.data, '#', topic.size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_bytes text = {data, size};
    wax_bytes one = cut_line(&text);
    wax_bytes other = cut_line(&text);
    wax_bytes topic = cut_line(&text);
    bool in_one;
    bool in_other;

    if (!wax_pattern_is_valid(one) || !wax_pattern_is_valid(other) ||
        !wax_pattern_is_valid(topic) || has_wildcard(topic)) {
        return 0;
    }
    in_one = wax_filter_matches(one, topic);
    in_other = wax_filter_matches(other, topic);
    wax_assert(wax_filter_overlaps(one, topic) == in_one);
    wax_assert(wax_filter_covers(one, topic) == in_one);
    wax_assert(wax_filter_covers(one, one) && wax_filter_overlaps(one, one));
    wax_assert(wax_filter_overlaps(one, other) == wax_filter_overlaps(other, one));
    wax_assert(!(in_one && in_other) || wax_filter_overlaps(one, other));
    wax_assert(!(in_other && wax_filter_covers(one, other)) || in_one);
    return 0;
}
