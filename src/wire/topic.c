/* What the name of a topic may be. */
#include "wire/wire.h"

bool wax_topic_has_wildcard(wax_bytes topic)
{
    for (size_t i = 0; i < topic.size; i++) {
        if (topic.data[i] == '+' || topic.data[i] == '#') {
            return true;
        }
    }
    return false;
}
