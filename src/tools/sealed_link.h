/* A link whose messages are sealed. */
#ifndef WAX_TOOLS_SEALED_LINK_H
#define WAX_TOOLS_SEALED_LINK_H

#include "tools/link.h"

/* As wax_client_poll(). What is sealed is opened before the tool sees it; what is refused is told
 * to the user. WAX_CLIENT_CONNECTED is told a second time when the keys have come, with `is_ready`.
 */
bool tools_sealed_link_poll(struct link *link, uint64_t now_ms, wax_client_event *event);

/* Whether sealing itself has something to say yet; false where nothing is sealed. */
bool tools_sealed_link_is_busy(const struct link *link);

/* As wax_client_deadline_ms(), of any link. */
uint64_t tools_sealed_link_deadline_ms(const struct link *link);

/* Seals the Will for the connection that is being made. False, and `fault` says why. */
bool tools_sealed_link_will(struct link *link);

/* Seals a message, if this link seals, and counts on `made` until it was sent.
 * Returns WAX_OK, or says to the user why not and returns as wax_member_seal(). */
wax_status tools_sealed_link_make(struct link *link, const wax_publish *message,
                                  wax_publish *made) WAX_CHECKED;

/* Writes the filters as the broker is to see them; `room` holds them. Returns as
 * wax_member_filter(). */
wax_status tools_sealed_link_filters(const struct link *link, wax_subscription *subscriptions,
                                     size_t count, wax_writer *room) WAX_CHECKED;

#endif
