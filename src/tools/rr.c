/* wax rr: sends a request and shows the response. */
#include "tools/link.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/payload.h"
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>

enum {
    QUEUE_SIZE = 256 * 1024, /* and the request's own size */
};

struct rr {
    struct settings settings;
    struct link link;
    struct payload payload;
    struct message message;
    uint64_t asked_us; /* when the request was sent */
    bool was_asked;
    bool ends;
    int code;
};

static void end(struct rr *rr, int code)
{
    rr->ends = true;
    rr->code = code;
}

static void subscribe(struct rr *rr)
{
    wax_subscription subscription = {
        .filter = wax_bytes_of_text(rr->settings.response_topic),
        .qos = (uint8_t)rr->settings.qos,
        .retain_as_published = rr->settings.retain_as_published,
        .retain_handling = (uint8_t)(rr->settings.no_retained ? 2 : rr->settings.retain_handling),
    };
    wax_client_request request = {&subscription, 1,
                                  tools_settings_properties(&rr->settings, OF_SUBSCRIBE)};
    uint32_t token;

    if (wax_client_subscribe(&rr->link.client, &request, &token) != WAX_OK) {
        tools_say(&rr->settings, "the topic of the response is too long");
        end(rr, EXIT_WRONG);
    }
}

/* The request goes once: after the broker knows where the response goes. */
static void send_request(struct rr *rr, const wax_client_event *event)
{
    wax_publish publish = {
        .topic = wax_bytes_of_text(tools_settings_topic(&rr->settings)),
        .properties = tools_settings_properties(&rr->settings, OF_PUBLISH),
        .payload = rr->payload.bytes,
        .qos = (uint8_t)rr->settings.qos,
    };
    wax_bytes reasons = event->suback.reasons;
    uint32_t token;

    if (reasons.size > 0 && reasons.data[0] >= 0x80) {
        tools_say(&rr->settings, "the broker refuses the subscription %s: %s",
                  rr->settings.response_topic, wax_status_text((wax_status)reasons.data[0]));
        end(rr, reasons.data[0]);
        return;
    }
    if (rr->was_asked) {
        return;
    }
    rr->was_asked = true;
    rr->asked_us = wax_clock_us();
    if (wax_client_publish(&rr->link.client, &publish, &token) != WAX_OK) {
        tools_say(&rr->settings, "the request is larger than the broker takes");
        end(rr, EXIT_WRONG);
    }
}

static void show_latency(uint64_t from_us)
{
    double microseconds = (double)(wax_clock_us() - from_us);

    if (microseconds >= 1e6) {
        (void)printf("Latency: %.9f\n", microseconds / 1e6);
    } else if (microseconds >= 1e3) {
        (void)printf("Latency: %fms\n", microseconds / 1e3);
    } else {
        (void)printf("Latency: %f\u00b5s\n", microseconds);
    }
}

static void take_message(struct rr *rr, const wax_client_event *event)
{
    const wax_publish *publish = &rr->message.arrival.publish;
    wax_status status = tools_message_take(&rr->message, event);

    if (status == WAX_FULL) {
        tools_say(&rr->settings, "there is not enough memory for the response");
        end(rr, EXIT_WRONG);
    }
    if (status != WAX_OK || (publish->retain && rr->settings.no_retained)) {
        return;
    }
    end(rr, tools_output_show(&rr->settings, &rr->message.arrival) ? EXIT_GOOD : EXIT_WRONG);
    if (rr->settings.shows_latency) {
        show_latency(rr->asked_us);
    }
}

static void handle(struct rr *rr, const wax_client_event *event)
{
    switch (event->type) {
    case WAX_CLIENT_CONNECTED:
        if (rr->settings.timeout_s > 0 && !rr->was_asked) {
            rr->link.wake_ms = wax_clock_ms() + (uint64_t)rr->settings.timeout_s * 1000;
        }
        subscribe(rr);
        break;
    case WAX_CLIENT_SUBSCRIBED:
        send_request(rr, event);
        break;
    case WAX_CLIENT_MESSAGE:
    case WAX_CLIENT_PAYLOAD:
        take_message(rr, event);
        break;
    case WAX_CLIENT_DELIVERED:
        if (event->status >= 0x80) {
            tools_say(&rr->settings, "the broker does not pass the request on: %s",
                      wax_status_text((wax_status)event->status));
        }
        break;
    default:
        break;
    }
}

static int run(struct rr *rr)
{
    wax_client_event event;

    for (;;) {
        enum link_turn turn = tools_link_next(&rr->link, &event);

        if (turn == LINK_ENDED) {
            return rr->link.code;
        }
        if (turn == LINK_STOPPED) {
            return tools_link_finish(&rr->link, EXIT_GOOD);
        }
        if (turn == LINK_DUE) {
            rr->link.farewell = WAX_REASON_DISCONNECT_WITH_WILL;
            tools_say(&rr->settings, "Timed out");
            return tools_link_finish(&rr->link, EXIT_LATE);
        }
        if (turn == LINK_EVENT) {
            handle(rr, &event);
        }
        if (rr->ends) {
            return tools_link_finish(&rr->link, rr->code);
        }
    }
}

static bool check(struct settings *settings)
{
    wax_property response = {.id = WAX_RESPONSE_TOPIC};

    settings->no_delay = settings->no_delay || settings->shows_latency;
    if (settings->topics.count == 0 || settings->source == FROM_NOWHERE ||
        settings->response_topic == NULL) {
        return tools_complain(settings, "give a topic, a message and a topic for the response: "
                                        "wax rr -t TOPIC -m TEXT -e TOPIC; see `wax rr --help`");
    }
    if (!tools_settings_is_topic(tools_settings_topic(settings)) ||
        !tools_settings_is_topic(settings->response_topic)) {
        return tools_complain(settings, "-t and -e take topics: UTF-8 without + and #");
    }
    response.value = wax_bytes_of_text(settings->response_topic);
    if (settings->version == WAX_VERSION_5 &&
        wax_property_value(tools_settings_properties(settings, OF_PUBLISH), WAX_RESPONSE_TOPIC)
                .size == 0 &&
        !tools_settings_add_property(settings, OF_PUBLISH, &response)) {
        return tools_complain(settings, "the properties of the request are too large");
    }
    return true;
}

int wax_tool_rr(int argc, char **argv)
{
    static struct rr rr;
    int code = EXIT_WRONG;

    memset(&rr, 0, sizeof rr);
    if (tools_options_begin(&rr.settings, TOOL_RR, argc, argv, &code) && check(&rr.settings) &&
        tools_output_check(&rr.settings) && tools_payload_open(&rr.payload, &rr.settings)) {
        if (tools_link_open(&rr.link, &rr.settings, QUEUE_SIZE + rr.payload.bytes.size)) {
            code = run(&rr);
        }
        tools_link_close(&rr.link);
        tools_payload_close(&rr.payload);
        tools_message_discard(&rr.message);
    }
    tools_settings_discard(&rr.settings);
    tools_link_obey_signal();
    return code;
}
