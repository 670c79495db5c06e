/* A sensor: connect, publish at QoS 0, ping, disconnect. The version is the build's. */
#include "micro/micro.h"
#include "platform.h"

static uint8_t receive_room[64];
static uint8_t send_room[64];

static const wax_micro_config config = {
    .connect =
        {
                  .version = SIZE_VERSION,
                  .clean_start = true,
                  .keep_alive_s = 60,
                  .client_id = {(const uint8_t *)"d1", 2},
                  },
    .take = SIZE_TAKE,
    .receive_room = receive_room,
    .send_room = send_room,
    .receive_size = sizeof receive_room,
    .send_size = sizeof send_room,
    .timeout_ms = 30000,
};

static wax_micro context;

int main(void)
{
    wax_publish message = {
        .topic = {(const uint8_t *)"a", 1},
          .payload = {(const uint8_t *)"x", 1}
    };
    wax_micro_event event;
    wax_status status = WAX_OK;

    wax_micro_open(&context, &config);
    if (wax_micro_attach(&context, platform_transport(), platform_now_ms()) != WAX_OK) {
        return 1;
    }
    while (status <= WAX_MORE) {
        status = wax_micro_poll(&context, platform_now_ms(), &event);
        (void)!wax_micro_publish_0(&context, &message);
        if (platform_stops) {
            (void)!wax_micro_disconnect(&context, 0);
        }
    }
    return (int)status;
}
