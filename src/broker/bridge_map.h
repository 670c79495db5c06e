/* What a bridge reckons with: which topic becomes which, and how long to wait. No state, no world.
 */
#ifndef WAX_BROKER_BRIDGE_MAP_H
#define WAX_BROKER_BRIDGE_MAP_H

#include "broker/config.h"

/* Writes what a topic is called at the other side. `direction` is WAX_BRIDGE_OUT for a local topic,
 * WAX_BRIDGE_IN for one of the other broker. The first `topic` line that goes this way, matches,
 * and whose filter at the other side matches the result, decides: so `$` topics are reached only by
 * lines that name them. Returns false when there is none, or the result has no room in `out`: what
 * was written is then undefined. */
bool wax_bridge_map(const wax_bridge_config *bridge, uint32_t direction, wax_bytes topic,
                    wax_writer *out);

/* How long to wait before the next attempt: always the first of `restart_s`, or, with the second,
 * a random time from the first up to three times the last wait, and at most the second. */
uint32_t wax_bridge_wait_ms(const uint32_t restart_s[static 3], uint32_t last_ms, uint32_t random);

#endif
