/* Topic filters whose %c and %u stand for somebody; inside of the room. */
#ifndef WAX_ACCESS_FILTER_H
#define WAX_ACCESS_FILTER_H

#include "access/access.h"

/* As wax_filter_matches(), with %c and %u in `filter` read as the names in `who`; NULL leaves them
 * as they stand. The names hold no wildcards. Builds no text, so that it can be asked for every
 * message. A filter that begins with a placeholder matches no topic that begins with '$', whatever
 * the name. */
bool wax_pattern_matches(wax_bytes filter, const wax_access_identity *who, wax_bytes topic);

/* As wax_filter_overlaps() and wax_filter_covers(), with the placeholders of the first filter. */
bool wax_pattern_overlaps(wax_bytes filter, const wax_access_identity *who, wax_bytes other);
bool wax_pattern_covers(wax_bytes filter, const wax_access_identity *who, wax_bytes narrow);

/* Whether the filter may be used to subscribe: wildcards fill whole levels, '#' is the last.
 * [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] */
bool wax_pattern_is_valid(wax_bytes filter);

#endif
