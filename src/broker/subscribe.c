/* SUBSCRIBE and UNSUBSCRIBE. */
#include "broker/keep.h"
#include "broker/standing.h"
#include "broker/walk.h"

#include <stdlib.h>
#include <string.h>

/* A filter as the client wrote it, taken apart and with the mount point before it. */
struct target {
    uint8_t *room;
    wax_bytes share_name;
    wax_bytes filter;
    wax_bytes shared; /* as it was written, if it is shared; empty: not */
};

static wax_status find_target(const struct client *client, wax_bytes written, struct target *target)
{
    const wax_config *config = &client->worker->settings->config;
    wax_bytes mount_point = wax_bytes_of_text(config->listeners[client->listener].mount_point);
    wax_bytes rest;
    wax_status status = wax_filter_split_shared(written, &target->share_name, &rest);
    wax_writer out;

    target->room = NULL;
    target->shared = target->share_name.size > 0 ? written : target->share_name;
    if (status != WAX_OK) {
        return status;
    }
    if (!wax_filter_is_valid(rest)) {
        return WAX_BAD_FILTER;
    }
    if (wax_filter_level_count(rest) > config->topic_levels_max) {
        return WAX_QUOTA_EXCEEDED;
    }
    target->room = malloc(mount_point.size + rest.size);
    if (target->room == NULL || mount_point.size + rest.size > UINT16_MAX) {
        return WAX_QUOTA_EXCEEDED;
    }
    out = wax_writer_over(target->room, mount_point.size + rest.size);
    wax_write_bytes(&out, mount_point);
    wax_write_bytes(&out, rest);
    target->filter = wax_writer_bytes(&out);
    return WAX_OK;
}

void note_subscriptions(struct worker *worker)
{
    uint32_t count = wax_router_count(worker->router);

    atomic_store(&worker->subscription_count, count);
    count_set(worker, COUNT_SUBSCRIPTIONS, count);
}

static wax_status join_group(struct client *client, const wax_interest *interest, bool *existed)
{
    if (client->seat == NULL) {
        client->seat = seat_make(client->worker, client);
    }
    return client->seat == NULL
               ? WAX_FULL
               : commons_join(&client->worker->broker->commons, client->seat, interest, existed);
}

/* Whether the client may have this subscription at all. The broker says so at once instead of
 * leaving it to wait for messages that never come. */
static wax_status judge(const struct client *client, const struct target *target)
{
    wax_bytes filter = target->filter;
    bool is_judged = client->worker->settings->config.acl_subscribe_check;

    if (is_stranger(client) && wax_bytes_start_with(filter, WAX_TEXT("$SYS/"))) {
        return WAX_NOT_AUTHORIZED; /* as in may_deliver() */
    }
    if (is_judged && !wax_access_may_subscribe(&client->access, filter)) {
        return WAX_NOT_AUTHORIZED;
    }
    return wax_standing_lets_subscribe(&client->access, filter, target->shared)
               ? WAX_OK
               : WAX_NOT_AUTHORIZED;
}

static bool has_too_many(const struct client *client)
{
    uint32_t count =
        client->subscriber.count + (client->seat == NULL ? 0 : client->seat->subscriber.count);

    return count > client->worker->settings->config.subscriptions_max;
}

static wax_status end_subscription(struct client *client, const struct target *target)
{
    struct worker *worker = client->worker;
    wax_interest interest = {.filter = target->filter, .share_name = target->share_name};
    wax_status status;

    keep_no_subscription(client, &interest);
    if (target->share_name.size > 0) {
        return client->seat == NULL ? WAX_NOT_FOUND
                                    : commons_leave(&worker->broker->commons, client->seat,
                                                    target->filter, target->share_name);
    }
    status = wax_router_unsubscribe(worker->router, &client->subscriber, target->filter,
                                    target->share_name);
    while (status == WAX_OK && walk_end(client, target->filter, UINT32_MAX)) {
        /* [MQTT-3.10.4-2]: as often as it was begun */
    }
    note_subscriptions(worker);
    return status;
}

/* Begins to send what is retained, if the subscription wants it. [MQTT-3.3.1-9] [MQTT-3.3.1-10]
 * [MQTT-3.3.1-11] */
static wax_status send_retained(struct client *client, const wax_interest *interest, bool existed)
{
    bool wants = interest->options.retain_handling == 0 ||
                 (interest->options.retain_handling == 1 && !existed);

    if (!wants || interest->share_name.size > 0 ||
        atomic_load(&client->worker->broker->commons.retained_count) == 0) {
        return WAX_OK;
    }
    if (existed) {
        (void)walk_end(client, interest->filter, WALK_SEARCH_MAX);
    }
    return walk_begin(client, interest->filter, &interest->options);
}

/* Notes the subscription, within the limits. */
static wax_status enter(struct client *client, const struct target *target,
                        const wax_interest *interest, bool *existed)
{
    wax_status status;

    if (target->share_name.size > 0) {
        status = join_group(client, interest, existed);
    } else {
        status =
            wax_router_subscribe(client->worker->router, &client->subscriber, interest, existed);
        note_subscriptions(client->worker);
    }
    if (status == WAX_OK && !*existed && has_too_many(client)) {
        (void)!end_subscription(client, target);
        return WAX_QUOTA_EXCEEDED;
    }
    if (status == WAX_OK) {
        keep_subscription(client, interest);
    }
    return status == WAX_FULL ? WAX_QUOTA_EXCEEDED : status;
}

wax_status subscribe_silently(struct client *client, wax_bytes filter,
                              const wax_subscription_options *options)
{
    struct target target = {.room = NULL};
    wax_interest interest = {.options = *options};
    bool existed = false;

    if (wax_filter_split_shared(filter, &target.share_name, &target.filter) != WAX_OK ||
        !wax_filter_is_valid(target.filter)) {
        return WAX_BAD_FILTER;
    }
    if (wax_filter_level_count(target.filter) > client->worker->settings->config.topic_levels_max) {
        return WAX_QUOTA_EXCEEDED;
    }
    interest.filter = target.filter;
    interest.share_name = target.share_name;
    return enter(client, &target, &interest, &existed);
}

static wax_status subscribe(struct client *client, const struct target *target,
                            const wax_subscription_options *options)
{
    wax_interest interest = {target->filter, target->share_name, *options};
    wax_status status = judge(client, target);
    bool existed = false;

    if (status == WAX_OK &&
        (memory_is_short(client->worker) || (keeps(client) && !keep_is_possible(client->worker)))) {
        status = WAX_QUOTA_EXCEEDED;
    }
    if (status == WAX_OK) {
        status = enter(client, target, &interest, &existed);
    }
    if (status == WAX_OK) {
        status = send_retained(client, &interest, existed);
    }
    return status == WAX_FULL ? WAX_QUOTA_EXCEEDED : status;
}

/* One filter of a SUBSCRIBE; what stands for it in the SUBACK. [MQTT-3.8.4-7] */
static uint8_t grant_one(struct client *client, const wax_subscription *wanted, uint32_t identifier)
{
    const struct worker *worker = client->worker;
    const wax_listener_config *listener = &worker->settings->config.listeners[client->listener];
    wax_subscription_options options = {
        .identifier = identifier,
        .qos = wanted->qos < listener->max_qos ? wanted->qos : (uint8_t)listener->max_qos,
        .no_local = wanted->no_local || client->is_private,
        .retain_as_published = wanted->retain_as_published || client->is_private,
        .retain_handling = wanted->retain_handling,
    };
    struct target target;
    wax_status status = find_target(client, wanted->filter, &target);

    if (status == WAX_OK) {
        status = subscribe(client, &target, &options);
    }
    free(target.room);
    if (status == WAX_OK) {
        wax_log_write(&worker->broker->log, WAX_SUBSCRIPTIONS,
                      "subscribed client=%.*s filter=%.*s qos=%u", SHOWN(client->id),
                      SHOWN(wanted->filter), (unsigned)options.qos);
    }
    return status == WAX_OK ? options.qos : (uint8_t)status;
}

/* How many filters a packet has. */
static size_t count_filters(const wax_subscribe *packet, wax_packet_type type, wax_version version)
{
    wax_reader filters = wax_reader_over(packet->filters);
    wax_subscription subscription;
    size_t count = 0;

    while (wax_subscription_next(&filters, type, version, &subscription)) {
        count++;
    }
    return count;
}

static void answer(struct connection *connection, wax_packet_type type, uint16_t packet_id,
                   wax_bytes reasons)
{
    wax_suback suback = {.packet_id = packet_id, .reasons = reasons};
    wax_writer out;
    wax_status status;

    if (connection->worker->is_keeping) {
        out_hold(connection); /* not for what was refused: there is nothing to wait for */
    }
    out = out_begin(connection, 16 + reasons.size);
    status = out.status;

    if (status == WAX_OK) {
        status = wax_session_grant(&connection->session, &suback, type, &out);
        out_end(connection, &out);
    }
    if (status == WAX_TOO_LARGE) {
        connection_doom(connection, WAX_PACKET_TOO_LARGE);
    }
}

/* One line for all that a packet is refused. */
static void log_refused(struct connection *connection, const wax_subscribe *packet,
                        const uint8_t *reasons)
{
    wax_reader filters = wax_reader_over(packet->filters);
    wax_subscription first = {.qos = 0};
    wax_subscription wanted;
    uint8_t reason = 0;
    unsigned count = 0;

    for (size_t i = 0; wax_subscription_next(&filters, WAX_SUBSCRIBE,
                                             (wax_version)connection->session.version, &wanted);
         i++) {
        if (reasons[i] >= 0x80 && count++ == 0) {
            first = wanted;
            reason = reasons[i];
        }
    }
    if (count > 0 && is_time_to_log(connection)) {
        wax_log_write(&connection->worker->broker->log, WAX_WARNING,
                      "subscribe_refused client=%.*s filter=%.*s reason=%s and_others=%u",
                      SHOWN(connection->client->id), SHOWN(first.filter),
                      wax_status_text((wax_status)reason), count - 1);
    }
}

typedef uint8_t take_function(struct client *client, const wax_subscription *wanted,
                              uint32_t identifier);

/* Takes the filters of a packet one by one. Returns their reasons, which the caller frees; NULL
 * without memory: the connection is then doomed. [MQTT-3.8.4-5] [MQTT-3.10.4-6] */
static uint8_t *take_filters(struct connection *connection, const wax_subscribe *packet,
                             wax_packet_type type, take_function *take, size_t *count)
{
    wax_version version = (wax_version)connection->session.version;
    uint32_t identifier = wax_property_number(packet->properties, WAX_SUBSCRIPTION_ID, 0);
    wax_reader filters = wax_reader_over(packet->filters);
    wax_subscription wanted;
    uint8_t *reasons;

    *count = count_filters(packet, type, version);
    reasons = calloc(*count + 1, 1);
    if (reasons == NULL) {
        connection_doom(connection, WAX_SERVER_BUSY);
        return NULL;
    }
    connection->worker->is_keeping = false;
    for (size_t i = 0; wax_subscription_next(&filters, type, version, &wanted); i++) {
        reasons[i] = take(connection->client, &wanted, identifier);
    }
    return reasons;
}

void subscribe_on(struct connection *connection, const wax_event *event)
{
    const wax_subscribe *packet = &event->subscribe;
    size_t count;
    uint8_t *reasons = take_filters(connection, packet, WAX_SUBSCRIBE, grant_one, &count);

    if (reasons != NULL) {
        log_refused(connection, packet, reasons);
        answer(connection, WAX_SUBACK, packet->packet_id, wax_bytes_of(reasons, count));
    }
    free(reasons);
}

/* One filter of an UNSUBSCRIBE; what stands for it in the UNSUBACK. */
static uint8_t end_one(struct client *client, const wax_subscription *wanted, uint32_t identifier)
{
    struct target target;
    wax_status status = find_target(client, wanted->filter, &target);

    (void)identifier;
    if (status == WAX_OK &&
        !wax_standing_lets_unsubscribe(&client->access, target.filter, target.shared)) {
        status = WAX_NOT_AUTHORIZED;
    }
    if (status == WAX_OK) {
        status = end_subscription(client, &target);
    }
    free(target.room);
    wax_log_write(&client->worker->broker->log, WAX_UNSUBSCRIPTIONS,
                  "unsubscribed client=%.*s filter=%.*s", SHOWN(client->id), SHOWN(wanted->filter));
    if (status == WAX_NOT_FOUND) {
        return WAX_REASON_NO_SUBSCRIPTION_EXISTED;
    }
    return status == WAX_QUOTA_EXCEEDED ? WAX_BAD_FILTER : (uint8_t)status;
}

void unsubscribe_on(struct connection *connection, const wax_event *event)
{
    const wax_subscribe *packet = &event->subscribe;
    size_t count;
    uint8_t *reasons = take_filters(connection, packet, WAX_UNSUBSCRIBE, end_one, &count);

    if (reasons != NULL) {
        answer(connection, WAX_UNSUBACK, packet->packet_id, wax_bytes_of(reasons, count));
    }
    free(reasons);
}

/* --- Rights that are withdrawn --- */

/* Ends a subscription that the client could not make now. */
static void end_forbidden(struct client *client, const wax_interest *interest)
{
    struct target target = {.share_name = interest->share_name, .filter = interest->filter};

    (void)!end_subscription(client, &target);
    wax_log_write(&client->worker->broker->log, WAX_NOTICE,
                  "subscription_ended client=%.*s filter=%.*s reason=not authorized any more",
                  SHOWN(client->id), SHOWN(interest->filter));
}

static void judge_own(struct client *client)
{
    const wax_router *router = client->worker->router;
    uint8_t *room = client->worker->room;
    uint32_t at = client->subscriber.first;

    while (at != WAX_NO_SUBSCRIPTION) {
        uint32_t next = wax_router_next(router, at);
        wax_interest interest;
        if (wax_router_describe(router, at, room, READ_ROOM_SIZE, &interest) == WAX_OK &&
            !wax_standing_lets_subscribe(&client->access, interest.filter, interest.share_name)) {
            end_forbidden(client, &interest);
        }
        at = next;
    }
}

/* Without memory for the whole, the subscription counts as forbidden. */
static bool is_forbidden(void *context, const wax_interest *interest)
{
    const struct client *client = context;
    const wax_config *config = &client->worker->settings->config;
    size_t mount = wax_bytes_of_text(config->listeners[client->listener].mount_point).size;
    wax_bytes rest = {interest->filter.data + mount, interest->filter.size - mount};
    size_t size = sizeof "$share/" + interest->share_name.size + rest.size;
    uint8_t *room = malloc(size);
    wax_writer out = wax_writer_over(room, size);
    bool is_allowed;

    if (room == NULL) {
        return true;
    }
    wax_write_bytes(&out, WAX_TEXT("$share/"));
    wax_write_bytes(&out, interest->share_name);
    wax_write_u8(&out, '/');
    wax_write_bytes(&out, rest);
    is_allowed =
        wax_standing_lets_subscribe(&client->access, interest->filter, wax_writer_bytes(&out));
    free(room);
    return !is_allowed;
}

void subscribe_judge_again(struct client *client)
{
    struct commons *commons = &client->worker->broker->commons;
    const struct search search = {is_forbidden, client, client->worker->room};
    wax_interest interest = {.options = {.qos = 0}};

    judge_own(client);
    while (client->seat != NULL && commons_find(commons, client->seat, &search, &interest)) {
        end_forbidden(client, &interest);
        free((void *)(uintptr_t)interest.share_name.data);
    }
}
