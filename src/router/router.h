/* router: who wants which message. Topics and filters, subscriptions and shared groups, retained
 * messages. One router serves one thread; it calls nobody back and keeps no bytes of the caller's.
 */
#ifndef WAX_ROUTER_H
#define WAX_ROUTER_H

#include "base/base.h"

WAX_C_BEGIN

/* No subscription. */
#define WAX_NO_SUBSCRIPTION 0U

/* ---- Topics and filters ---- */

/* Whether well-formed UTF-8 may be the name of a message's topic: 1 to 65,535 bytes without
 * wildcards and U+0000.
 * [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] */
bool wax_topic_is_valid(wax_bytes topic);

/* Whether well-formed UTF-8 may be the filter of a subscription that is not shared: 1 to 65,535
 * bytes, `#` alone in the last level, `+` alone in any level.
 * [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] */
bool wax_filter_is_valid(wax_bytes filter);

/* How many levels a topic or a filter has: one more than it has `/`. The caller limits this number
 * before it subscribes or retains, because each level may take a place in memory. */
size_t wax_filter_level_count(wax_bytes filter);

/* Takes a filter of the form $share/name/filter apart; `share_name` and `rest` view parts of it. A
 * filter of another form has an empty `share_name` and is its own `rest`.
 * Returns WAX_OK; WAX_BAD_FILTER when it begins with $share/ but has no name, a wildcard in the
 * name, or when `rest` is no valid filter: the outputs are then empty. [MQTT-4.8.2-1]
 * [MQTT-4.8.2-2] */
wax_status wax_filter_split_shared(wax_bytes filter, wax_bytes *share_name,
                                   wax_bytes *rest) WAX_CHECKED;

/* ---- Subscriptions ---- */

typedef struct wax_router wax_router;

/* One who subscribes: a part of the broker's session, which stays where it is in memory as long as
 * `count` is not 0. Only `count` and `first` are for reading; nothing is for writing. */
typedef struct wax_subscriber {
    uint32_t first; /* the oldest subscription, or WAX_NO_SUBSCRIPTION */
    uint32_t last;
    uint32_t count;
    uint32_t last_match;
    uint64_t match_number;
} wax_subscriber;

/* What a subscription was asked for with. */
typedef struct wax_subscription_options {
    uint32_t identifier; /* 0: none */
    uint8_t qos;
    bool no_local;
    bool retain_as_published;
    uint8_t retain_handling;
} wax_subscription_options;

/* A subscription as its subscriber sees it. */
typedef struct wax_interest {
    wax_bytes filter;     /* without $share/name/ */
    wax_bytes share_name; /* empty: not shared */
    wax_subscription_options options;
} wax_interest;

/* Makes a router without subscriptions. It takes memory as it grows and keeps it for reuse until it
 * closes; `memory` must outlive it. `key` is random and secret, so that no peer can steer what
 * collides; it is copied.
 * Returns WAX_OK; WAX_FULL when there is no memory, and `*router` is NULL. */
wax_status wax_router_open(wax_router **router, wax_memory *memory,
                           const uint64_t key[WAX_AT_LEAST(2)]) WAX_CHECKED;

/* Gives all memory back; NULL is allowed. The subscribers are as good as new only after
 * wax_subscriber_init(). */
void wax_router_close(wax_router *router);

/* Makes a subscriber without subscriptions. Each belongs to one router at most. */
void wax_subscriber_init(wax_subscriber *subscriber);

/* Subscribes, or gives the subscription that the subscriber already has on this filter and share
 * name the new options; `existed` tells which. The filter and the name are copied. In constant time
 * per level, however many subscriptions there are.
 * Returns WAX_OK; WAX_BAD_FILTER when the filter or the name is not valid; WAX_FULL when there is
 * no memory: all is then as before. [MQTT-3.8.4-3] [MQTT-4.7.3-4] */
wax_status wax_router_subscribe(wax_router *router, wax_subscriber *subscriber,
                                const wax_interest *interest, bool *existed) WAX_CHECKED;

/* Ends the subscription on exactly this filter and share name (empty: the one that is not shared).
 * Returns WAX_OK; WAX_NOT_FOUND when the subscriber has none such. [MQTT-3.10.4-1] */
wax_status wax_router_unsubscribe(wax_router *router, wax_subscriber *subscriber, wax_bytes filter,
                                  wax_bytes share_name) WAX_CHECKED;

/* Ends all subscriptions of a subscriber, in a time that depends on their number alone. */
void wax_router_remove_subscriber(wax_router *router, wax_subscriber *subscriber);

/* How many subscriptions there are, shared ones included; how many of them are shared. */
uint32_t wax_router_count(const wax_router *router);
uint32_t wax_router_shared_count(const wax_router *router);

/* The subscription that the same subscriber made after `subscription`, or WAX_NO_SUBSCRIPTION. A
 * walk begins at `subscriber->first`; what it walks over must not end meanwhile. */
uint32_t wax_router_next(const wax_router *router, uint32_t subscription);

/* Describes a subscription. The filter is written to `room`, for which 65,535 bytes always suffice;
 * the share name is a view that dies with the next change to the router.
 * Returns WAX_OK; WAX_FULL when `size` is less than the filter's size, which is then all that
 * `interest` tells. */
wax_status wax_router_describe(const wax_router *router, uint32_t subscription, uint8_t *room,
                               size_t size, wax_interest *interest) WAX_CHECKED;

/* ---- Matching ---- */

/* No further match. */
#define WAX_NO_MATCH UINT32_MAX

/* A subscription, not shared, that matches. All those of one subscriber form a chain, so that the
 * message can go to it once, with the highest QoS and every identifier. */
typedef struct wax_match {
    wax_subscriber *subscriber;
    wax_subscription_options options;
    uint32_t next; /* the subscriber's next match in `entries`, or WAX_NO_MATCH */
    bool is_first; /* here the subscriber's chain begins */
} wax_match;

/* Those who share a filter under a name. Good until the next change to the router; after that only
 * wax_group_exists() may be asked. All zero, it is none. */
typedef struct wax_group {
    uint32_t place;
    uint32_t number;
} wax_group;

/* Topics up to this size are recognized when they come again. */
#define WAX_MATCHES_TOPIC_MAX 128U

/* What matches a topic. Made once and used for many topics of one router, so that matching takes no
 * memory. */
typedef struct wax_matches {
    wax_memory *memory;
    wax_match *entries;
    wax_group *groups;
    uint32_t *visited;
    uint32_t count; /* of entries */
    uint32_t group_count;
    uint32_t visited_count;
    uint32_t room; /* for entries */
    uint32_t group_room;
    uint32_t visited_room;
    uint64_t change; /* of the router, that these were found after; 0: nothing was found */
    uint32_t topic_size;
    uint8_t topic[WAX_MATCHES_TOPIC_MAX]; /* that they are of */
} wax_matches;

/* Makes empty matches that take memory as they need it, and keep it until they close. */
void wax_matches_init(wax_matches *matches, wax_memory *memory);

/* Gives the memory back. */
void wax_matches_close(wax_matches *matches);

/* Collects the subscriptions and the groups whose filter matches a valid topic; what `matches` held
 * is forgotten. The time depends on the places of the tree that the topic leads to, and not on how
 * many filters lead elsewhere; the topic that `matches` are of already costs no search as long as
 * the router has not changed: messages often come in rows. The order of entries says nothing.
 * Subscribers and groups in `matches` are good until the router changes; the options are copies.
 * Returns WAX_OK; WAX_FULL when there is no memory, and `matches` are empty. [MQTT-4.7.1-1]
 * [MQTT-4.7.1-2] [MQTT-4.7.2-1] [MQTT-4.7.3-4] [MQTT-3.3.4-2] [MQTT-3.3.4-4] */
wax_status wax_router_match(wax_router *router, wax_bytes topic, wax_matches *matches) WAX_CHECKED;

/* One who is in a group. */
typedef struct wax_member {
    wax_subscriber *subscriber;
    wax_subscription_options options;
    uint32_t subscription;
} wax_member;

/* A walk over the members of a group; the router must not change meanwhile. */
typedef struct wax_members {
    const wax_router *router;
    uint32_t group;
    uint32_t next;
    uint32_t left;
} wax_members;

/* Begins a walk behind the member who was chosen last, so that who takes the first that can take a
 * message, and says so with wax_group_choose(), takes them in turn. */
wax_members wax_group_members(const wax_router *router, wax_group group);

/* Gives each member once; false after the last. */
bool wax_members_next(wax_members *members, wax_member *member);

/* Remembers that a message went to this member of the group. */
void wax_group_choose(wax_router *router, wax_group group, const wax_member *member);

/* Whether the group still has members, after whatever changes to the router that `group` came of. A
 * group that all have left and that somebody joins is another one. */
bool wax_group_exists(const wax_router *router, wax_group group);

/* The group of this name on this filter; none if it has no members. */
wax_group wax_group_find(const wax_router *router, wax_bytes filter, wax_bytes share_name);

/* Describes the group, as wax_router_describe() does its subscriptions; without options. */
wax_status wax_group_describe(const wax_router *router, wax_group group, uint8_t *room, size_t size,
                              wax_interest *interest) WAX_CHECKED;

/* ---- Retained messages ---- */

/* The retained message of each topic. The messages are the caller's, and never NULL. */
typedef struct wax_retained wax_retained;

/* Makes an empty store, under the same terms as wax_router_open().
 * Returns WAX_OK; WAX_FULL when there is no memory, and `*retained` is NULL. */
wax_status wax_retained_open(wax_retained **retained, wax_memory *memory,
                             const uint64_t key[WAX_AT_LEAST(2)]) WAX_CHECKED;

/* Gives all memory back, but not the messages: walk over an empty filter first to release them.
 * There are no walks any more. NULL is allowed. */
void wax_retained_close(wax_retained *retained);

/* Keeps `message` for a valid topic. `*replaced` is the message that was kept before and is the
 * caller's again, or NULL.
 * Returns WAX_OK; WAX_FULL when there is no memory: all is then as before. [MQTT-3.3.1-5] */
wax_status wax_retained_put(wax_retained *retained, wax_bytes topic, void *message,
                            void **replaced) WAX_CHECKED;

/* Forgets the message of a topic; `*removed` is the caller's again.
 * Returns WAX_OK; WAX_NOT_FOUND when there is none, and `*removed` is NULL. [MQTT-3.3.1-6] */
wax_status wax_retained_remove(wax_retained *retained, wax_bytes topic, void **removed) WAX_CHECKED;

/* The message of a topic, or NULL. */
void *wax_retained_find(const wax_retained *retained, wax_bytes topic);

/* How many messages there are. */
uint32_t wax_retained_count(const wax_retained *retained);

/* A walk over the messages whose topic a filter matches. It may rest for any time between two calls
 * while messages are put and removed. What is retained from the first call to the last is visited
 * exactly once; what is put or removed meanwhile, once or not at all. */
typedef struct wax_retained_walk {
    wax_retained *retained;
    wax_bytes filter;
    size_t filter_at;
    uint32_t place;
    uint32_t below;
    bool is_rising;
} wax_retained_walk;

/* Begins a walk. `filter` is valid, without $share/name/, and stays until the walk ends. An empty
 * filter visits every message, also where a topic begins with `$`. Each walk must end. */
void wax_retained_walk_begin(wax_retained_walk *walk, wax_retained *retained, wax_bytes filter);

/* Goes on to the next message. It takes no more than `*steps` steps, and counts them down, so that
 * a filter that matches little holds nobody up. A place of the tree takes two steps at most, with a
 * filter of more than 256 bytes as many times more.
 * Returns WAX_OK with `*message`, which remains in the store; WAX_MORE when the steps are used up;
 * WAX_NOT_FOUND when all was visited. [MQTT-4.7.2-1] */
wax_status wax_retained_next(wax_retained_walk *walk, uint32_t *steps, void **message) WAX_CHECKED;

/* Writes the topic of the message that was visited last, to `room` if `size` suffices. Returns the
 * topic's size, and nothing is written when that is more than `size`. */
size_t wax_retained_walk_topic(const wax_retained_walk *walk, uint8_t *room, size_t size);

/* Ends a walk, wherever it is. */
void wax_retained_walk_end(wax_retained_walk *walk);

WAX_C_END

#endif
