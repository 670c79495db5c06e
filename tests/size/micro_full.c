/* Everything of `micro`: connect with user name and password, subscribe and unsubscribe, publish
 * and receive at QoS 0, 1 and 2, ping, disconnect. The version is the build's. */
#include "micro/micro.h"
#include "platform.h"

static uint8_t receive_room[128];
static uint8_t send_room[128];
static uint8_t sending[4];
static uint16_t receiving[4];

static const wax_micro_config config = {
    .connect =
        {
                  .version = SIZE_VERSION,
                  .clean_start = true,
                  .has_username = true,
                  .has_password = true,
                  .keep_alive_s = 60,
                  .client_id = {(const uint8_t *)"d1", 2},
                  .username = {(const uint8_t *)"u", 1},
                  .password = {(const uint8_t *)"p", 1},
                  },
    .take = wax_micro_take_all,
    .receive_room = receive_room,
    .send_room = send_room,
    .sending = sending,
    .receiving = receiving,
    .receive_size = sizeof receive_room,
    .send_size = sizeof send_room,
    .timeout_ms = 30000,
    .sending_count = WAX_COUNT(sending),
    .receiving_count = WAX_COUNT(receiving),
};

static wax_micro context;

static wax_status talk(void)
{
    wax_micro_event event;
    wax_status status;
    uint16_t id;

    while ((status = wax_micro_poll(&context, platform_now_ms(), &event)) == WAX_OK) {
        wax_subscription all = {
            .filter = {(const uint8_t *)"a/#", 3},
              .qos = platform_qos
        };
        if (event.type == WAX_MICRO_CONNECTED) {
            (void)!wax_micro_subscribe(&context, &all, WAX_SUBSCRIBE, &id);
        } else if (event.type == WAX_MICRO_MESSAGE) {
            platform_sink(event.publish.payload);
        } else if (event.type == WAX_MICRO_SUBSCRIBED && platform_stops) {
            (void)!wax_micro_subscribe(&context, &all, WAX_UNSUBSCRIBE, &id);
        }
    }
    return status;
}

int main(void)
{
    wax_publish message = {
        .topic = {(const uint8_t *)"a", 1},
          .payload = {(const uint8_t *)"x", 1}
    };
    wax_status status = WAX_OK;

    wax_micro_open(&context, &config);
    if (wax_micro_attach(&context, platform_transport(), platform_now_ms()) != WAX_OK) {
        return 1;
    }
    while (status <= WAX_MORE) {
        status = talk();
        message.qos = platform_qos;
        (void)!wax_micro_publish(&context, &message);
        if (platform_stops) {
            (void)!wax_micro_disconnect(&context, 0);
        }
    }
    return (int)status;
}
