/* What the name of a topic may be. */
#include "wire/wire.h"

#include <string.h>

bool wax_topic_has_wildcard(wax_bytes topic)
{
    return topic.size > 0 &&
           (memchr(topic.data, '+', topic.size) != NULL || memchr(topic.data, '#', topic.size));
}
