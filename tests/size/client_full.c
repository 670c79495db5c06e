/* Everything of `client` that the other programs have too, and with it what makes it a client: the
 * queue, back-off, tokens. The version is the build's. */
#include "client/client.h"
#include "platform.h"

static uint8_t receive_room[128];
static uint8_t send_room[128];
static uint8_t queue_room[256];
static wax_flow outgoing[4];
static wax_flow incoming[4];

static const wax_client_config config = {
    .version = SIZE_VERSION,
    .client_id = {(const uint8_t *)"d1", 2},
    .username = {(const uint8_t *)"u",  1},
    .password = {(const uint8_t *)"p",  1},
    .keep_alive_s = 60,
    .clean_start = true,
    .acknowledges = true,
    .receive_room = receive_room,
    .receive_size = sizeof receive_room,
    .send_room = send_room,
    .send_size = sizeof send_room,
    .queue_room = queue_room,
    .queue_size = sizeof queue_room,
    .outgoing_slots = outgoing,
    .outgoing_count = WAX_COUNT(outgoing),
    .incoming_slots = incoming,
    .incoming_count = WAX_COUNT(incoming),
};

static wax_client context;

static void react(const wax_client_event *event)
{
    wax_subscription all = {
        .filter = {(const uint8_t *)"a/#", 3},
          .qos = platform_qos
    };
    wax_client_request request = {.subscriptions = &all, .count = 1};
    uint32_t token;

    if (event->type == WAX_CLIENT_WANTS_CONNECTION) {
        (void)!wax_client_attach(&context, platform_transport(), platform_now_ms());
    } else if (event->type == WAX_CLIENT_CONNECTED) {
        (void)!wax_client_subscribe(&context, &request, &token);
    } else if (event->type == WAX_CLIENT_SUBSCRIBED && platform_stops) {
        (void)!wax_client_unsubscribe(&context, &request, &token);
    } else if (event->type == WAX_CLIENT_MESSAGE) {
        platform_sink(event->publish.payload);
    }
}

int main(void)
{
    wax_publish message = {
        .topic = {(const uint8_t *)"a", 1},
          .payload = {(const uint8_t *)"x", 1}
    };
    wax_client_event event;
    uint32_t token;

    if (wax_client_open(&context, &config, 1, platform_now_ms()) != WAX_OK) {
        return 1;
    }
    while (context.state != WAX_CLIENT_ENDED) {
        while (wax_client_poll(&context, platform_now_ms(), &event)) {
            react(&event);
        }
        message.qos = platform_qos;
        (void)!wax_client_publish(&context, &message, &token);
        if (platform_stops) {
            wax_client_disconnect(&context, 0);
        }
    }
    return 0;
}
