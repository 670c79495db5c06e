/* wax sub: subscribes and shows messages. */
#include "access/access.h"
#include "tools/link.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/sealed_link.h"
#include "tools/tools.h"
#include "tools/watch.h"

#include <string.h>

enum {
    QUEUE_SIZE = 1024 * 1024,
    FILTERS_SIZE = 1024 * 1024, /* as the broker is to see them */
    RATE_MS = 1000,             /* how often --message-rate tells */
};

struct sub {
    struct settings settings;
    struct link link;
    struct message message;
    wax_subscription subscriptions[FILTERS_MAX];
    wax_subscription unsubscriptions[FILTERS_MAX];
    uint32_t subscribe_token; /* 0: nothing is asked for */
    uint32_t unsubscribe_token;
    uint32_t removing; /* retained messages whose removal is not acknowledged */
    uint32_t shown;
    uint32_t arrived; /* since --message-rate told the last time */
    uint64_t rate_ms; /* when it tells again; WAX_NEVER */
    uint64_t end_ms;  /* when the time of -W is over; WAX_NEVER */
    struct watch watch;
    bool ends;     /* nothing more is shown; removals are waited for */
    bool is_timed; /* the times run */
    int code;
};

static void end(struct sub *sub, int code)
{
    sub->ends = true;
    sub->code = code;
}

/* --- Subscribing --- */

/* What is not to be shown need not be sent. */
static uint8_t handling_of(const struct settings *settings)
{
    bool is_useless = settings->no_retained && !settings->removes_retained;

    return is_useless && settings->version == WAX_VERSION_5 ? 2
                                                            : (uint8_t)settings->retain_handling;
}

static void fill_requests(struct sub *sub)
{
    const struct settings *settings = &sub->settings;

    for (size_t i = 0; i < settings->topics.count; i++) {
        sub->subscriptions[i] = (wax_subscription){
            .filter = wax_bytes_of_text(settings->topics.items[i]),
            .qos = (uint8_t)settings->qos,
            .retain_as_published = settings->retain_as_published,
            .retain_handling = handling_of(settings),
        };
    }
    for (size_t i = 0; i < settings->unsubscribes.count; i++) {
        sub->unsubscriptions[i] =
            (wax_subscription){.filter = wax_bytes_of_text(settings->unsubscribes.items[i])};
    }
}

static wax_bytes properties_of(const struct sub *sub, enum properties_of of)
{
    return sub->settings.version == WAX_VERSION_5 ? tools_settings_properties(&sub->settings, of)
                                                  : wax_bytes_of(NULL, 0);
}

static bool subscribe(struct sub *sub)
{
    wax_client_request request = {sub->subscriptions, sub->settings.topics.count,
                                  properties_of(sub, OF_SUBSCRIBE)};

    /* What was asked before the connection was lost is asked again by the client. */
    if (sub->subscribe_token != 0 || request.count == 0) {
        return true;
    }
    return wax_client_subscribe(&sub->link.client, &request, &sub->subscribe_token) == WAX_OK;
}

static bool unsubscribe(struct sub *sub)
{
    wax_client_request request = {sub->unsubscriptions, sub->settings.unsubscribes.count,
                                  properties_of(sub, OF_UNSUBSCRIBE)};

    if (sub->unsubscribe_token != 0 || request.count == 0) {
        return true;
    }
    return wax_client_unsubscribe(&sub->link.client, &request, &sub->unsubscribe_token) == WAX_OK;
}

/* Blinds the filters, where topics are. */
static bool adapt(struct sub *sub)
{
    static uint8_t room[FILTERS_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_status status;

    fill_requests(sub);
    status =
        tools_sealed_link_filters(&sub->link, sub->subscriptions, sub->settings.topics.count, &out);
    if (status == WAX_OK) {
        status = tools_sealed_link_filters(&sub->link, sub->unsubscriptions,
                                           sub->settings.unsubscribes.count, &out);
    }
    if (status != WAX_OK) {
        tools_say(&sub->settings, "a filter cannot be blinded: %s",
                  status == WAX_BAD_FILTER ? "it has a wildcard where the namespace has none"
                                           : wax_status_text(status));
        end(sub, EXIT_WRONG);
    }
    return status == WAX_OK;
}

static void ask(struct sub *sub)
{
    if (!adapt(sub)) {
        return;
    }
    if (!subscribe(sub) || !unsubscribe(sub)) {
        tools_say(&sub->settings, "so many filters do not fit; give fewer");
        end(sub, EXIT_WRONG);
    }
}

static void leave_subscribed(struct sub *sub)
{
    if (sub->settings.exits_subscribed && sub->subscribe_token == 0 &&
        sub->unsubscribe_token == 0) {
        end(sub, EXIT_GOOD);
    }
}

/* Says which filters were refused. When all were, there is nothing to wait for. */
static void note_subscribed(struct sub *sub, const wax_client_event *event)
{
    wax_bytes reasons = event->suback.reasons;
    size_t refused = 0;

    sub->subscribe_token = 0;
    if (event->status != WAX_OK && event->status < 0x80) {
        tools_say(&sub->settings, "the broker cannot be asked for these subscriptions: %s",
                  wax_status_text((wax_status)event->status));
        end(sub, EXIT_WRONG);
        return;
    }
    for (size_t i = 0; i < reasons.size && i < sub->settings.topics.count; i++) {
        if (reasons.data[i] >= 0x80) {
            refused++;
            tools_say(&sub->settings, "the broker refuses the subscription %s: %s",
                      sub->settings.topics.items[i], wax_status_text((wax_status)reasons.data[i]));
        }
    }
    if (reasons.size > 0 && refused == reasons.size) {
        end(sub, reasons.data[0]);
        return;
    }
    leave_subscribed(sub);
}

/* --- Messages --- */

static bool is_filtered_out(const struct sub *sub, wax_bytes topic)
{
    for (size_t i = 0; i < sub->settings.filters_out.count; i++) {
        if (wax_filter_matches(wax_bytes_of_text(sub->settings.filters_out.items[i]), topic)) {
            return true;
        }
    }
    return false;
}

static void remove_retained(struct sub *sub, wax_bytes topic)
{
    wax_publish publish = {.topic = topic, .qos = 1, .retain = true};
    uint32_t token = 0;

    if (wax_client_publish(&sub->link.client, &publish, &token) == WAX_OK) {
        sub->removing += token != 0 ? 1 : 0;
    } else {
        tools_say(&sub->settings, "the retained message of %.*s stays: too many at once",
                  (int)topic.size, (const char *)topic.data);
    }
}

static bool is_by_chance(const struct sub *sub)
{
    uint32_t number;

    if (sub->settings.random_part >= 10000) {
        return true;
    }
    wax_os_random(&number, sizeof number);
    return number % 10000 < sub->settings.random_part;
}

static bool output(struct sub *sub)
{
    const struct arrival *arrival = &sub->message.arrival;

    if (!sub->settings.watches) {
        return tools_output_show(&sub->settings, arrival);
    }
    if (!tools_watch_seek(&sub->watch, stdout, arrival->publish.topic)) {
        return tools_complain(&sub->settings, "there is not enough memory");
    }
    if (!tools_output_show(&sub->settings, arrival)) {
        return false;
    }
    tools_watch_leave(&sub->watch, stdout);
    return true;
}

static void show(struct sub *sub)
{
    const wax_publish *publish = &sub->message.arrival.publish;

    if (sub->settings.retained_only && !publish->retain) {
        end(sub, EXIT_GOOD);
        return;
    }
    if (is_filtered_out(sub, publish->topic)) {
        return;
    }
    if (!publish->retain || !sub->settings.no_retained) {
        if (is_by_chance(sub) && !output(sub)) {
            end(sub, EXIT_WRONG);
            return;
        }
        sub->shown++;
        if (sub->settings.message_count > 0 && sub->shown == sub->settings.message_count) {
            end(sub, EXIT_GOOD);
        }
    }
    if (publish->retain && sub->settings.removes_retained) {
        remove_retained(sub, publish->topic);
    }
}

static void take_message(struct sub *sub, const wax_client_event *event)
{
    wax_status status;

    if (sub->ends) {
        return;
    }
    status = tools_message_take(&sub->message, event);
    if (status == WAX_OK && sub->settings.shows_rate) {
        sub->arrived++;
    } else if (status == WAX_OK) {
        show(sub);
    } else if (status == WAX_FULL) {
        tools_say(&sub->settings, "there is not enough memory for a message");
        end(sub, EXIT_WRONG);
    }
}

/* --- Time --- */

static void wake_next(struct sub *sub)
{
    sub->link.wake_ms = sub->rate_ms < sub->end_ms ? sub->rate_ms : sub->end_ms;
}

static void start_time(struct sub *sub)
{
    uint64_t now_ms = wax_clock_ms();

    if (sub->is_timed) {
        return;
    }
    sub->is_timed = true;
    sub->rate_ms = sub->settings.shows_rate ? now_ms + RATE_MS : WAX_NEVER;
    sub->end_ms =
        sub->settings.timeout_s > 0 ? now_ms + (uint64_t)sub->settings.timeout_s * 1000 : WAX_NEVER;
    wake_next(sub);
}

/* Tells how many messages came. Returns whether the time of -W is over. */
static bool pass_time(struct sub *sub)
{
    uint64_t now_ms = wax_clock_ms();

    if (now_ms >= sub->rate_ms) {
        (void)printf("%u msgs/s\n", sub->arrived);
        if (fflush(stdout) != 0) {
            end(sub, EXIT_WRONG);
        }
        sub->arrived = 0;
        sub->rate_ms += RATE_MS;
    }
    wake_next(sub);
    return now_ms >= sub->end_ms;
}

static void handle(struct sub *sub, const wax_client_event *event)
{
    switch (event->type) {
    case WAX_CLIENT_CONNECTED:
        start_time(sub);
        ask(sub);
        break;
    case WAX_CLIENT_SUBSCRIBED:
        note_subscribed(sub, event);
        break;
    case WAX_CLIENT_UNSUBSCRIBED:
        sub->unsubscribe_token = 0;
        leave_subscribed(sub);
        break;
    case WAX_CLIENT_MESSAGE:
    case WAX_CLIENT_PAYLOAD:
        take_message(sub, event);
        break;
    case WAX_CLIENT_DELIVERED:
        sub->removing -= sub->removing > 0 ? 1 : 0;
        break;
    default:
        break;
    }
}

static int run(struct sub *sub)
{
    wax_client_event event;

    if (sub->link.sealed != NULL) {
        start_time(sub); /* its keys may never come */
    }
    for (;;) {
        enum link_turn turn = tools_link_next(&sub->link, &event);

        if (turn == LINK_ENDED) {
            return sub->ends ? sub->code : sub->link.code;
        }
        if (turn == LINK_STOPPED) {
            sub->link.farewell = WAX_REASON_DISCONNECT_WITH_WILL;
            return tools_link_finish(&sub->link, EXIT_GOOD);
        }
        if (turn == LINK_DUE && pass_time(sub)) {
            sub->link.farewell = WAX_REASON_DISCONNECT_WITH_WILL;
            tools_say(&sub->settings, "Timed out");
            return tools_link_finish(&sub->link, EXIT_LATE);
        }
        if (turn == LINK_EVENT) {
            handle(sub, &event);
        }
        if (sub->ends && sub->removing == 0) {
            return tools_link_finish(&sub->link, sub->code);
        }
    }
}

static bool check_filters(const struct settings *settings, const struct texts *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        if (!tools_settings_is_filter(filters->items[i])) {
            return tools_complain(settings,
                                  "%s is no topic filter: + stands for one whole "
                                  "level and # for all that follow, as in a/+/c/#",
                                  filters->items[i]);
        }
    }
    return true;
}

static bool check(const struct settings *settings)
{
    const struct texts *const lists[] = {&settings->topics, &settings->unsubscribes,
                                         &settings->filters_out};

    if (settings->topics.count == 0 && settings->unsubscribes.count == 0) {
        return tools_complain(settings, "what is to be received? Give a topic: wax sub -t TOPIC; "
                                        "see `wax sub --help`");
    }
    for (size_t list = 0; list < WAX_COUNT(lists); list++) {
        if (!check_filters(settings, lists[list])) {
            return false;
        }
    }
    if (settings->no_retained && settings->retained_only) {
        return tools_complain(settings, "-R hides what --retained-only shows: give one of them");
    }
    if (settings->version != WAX_VERSION_5 &&
        (settings->retain_as_published || settings->retain_handling > 0)) {
        return tools_complain(settings, "--retain-as-published and --retain-handling need MQTT 5: "
                                        "-V 5");
    }
    return true;
}

int wax_tool_sub(int argc, char **argv)
{
    static struct sub sub;
    int code = EXIT_WRONG;

    memset(&sub, 0, sizeof sub);
    if (tools_options_begin(&sub.settings, TOOL_SUB, argc, argv, &code) && check(&sub.settings) &&
        tools_output_check(&sub.settings)) {
        if (sub.settings.watches && !sub.settings.shows_rate) {
            tools_watch_begin(stdout, sub.settings.host);
        }
        if (tools_link_open(&sub.link, &sub.settings, QUEUE_SIZE)) {
            code = run(&sub);
        }
        tools_link_close(&sub.link);
        tools_message_discard(&sub.message);
        tools_watch_discard(&sub.watch);
    }
    tools_settings_discard(&sub.settings);
    return code;
}
