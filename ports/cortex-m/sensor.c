/* The sensor's part, by `micro`. */
#include "sensor.h"

#include "board.h"
#include "micro/micro.h"
#include "network.h"

#include <string.h>

enum { PATIENCE_MS = 30000 };

static const char reading_topic[] = "plant/reading";
static const char command_topic[] = "plant/command";

static uint8_t receive_room[256];
static uint8_t send_room[256];
static uint8_t sending[2];
static uint16_t receiving[1];

static const wax_micro_config config = {
    .connect =
        {
                  .version = WAX_VERSION_5,
                  .clean_start = true,
                  .keep_alive_s = 60,
                  .client_id = {(const uint8_t *)"board", 5},
                  },
    .take = wax_micro_take_all,
    .receive_room = receive_room,
    .send_room = send_room,
    .sending = sending,
    .receiving = receiving,
    .receive_size = sizeof receive_room,
    .send_size = sizeof send_room,
    .timeout_ms = PATIENCE_MS,
    .sending_count = WAX_COUNT(sending),
    .receiving_count = WAX_COUNT(receiving),
};

struct sensor {
    wax_micro micro;
    const struct sensor_form *form;
    uint32_t began; /* board_ticks() when it was begun what is measured now */
    bool is_delivered;
    bool is_told;
    bool is_leaving;
};

static wax_status take_as_is(const char *topic, wax_bytes from, wax_bytes *to)
{
    (void)topic;
    *to = from;
    return WAX_OK;
}

const struct sensor_form sensor_plain = {take_as_is, take_as_is};

static wax_status subscribe(struct sensor *self)
{
    wax_subscription commands = {.filter = wax_bytes_of_text(command_topic), .qos = 1};
    uint16_t id;

    board_print_number("connected, ticks:", board_ticks() - self->began);
    return wax_micro_subscribe(&self->micro, &commands, WAX_SUBSCRIBE, &id);
}

static wax_status publish(struct sensor *self)
{
    wax_publish message = {.topic = wax_bytes_of_text(reading_topic), .qos = 1};
    wax_status status;

    self->began = board_ticks();
    status = self->form->pack(reading_topic, WAX_TEXT("21.5 C"), &message.payload);
    return status == WAX_OK ? wax_micro_publish(&self->micro, &message) : status;
}

static wax_status obey(struct sensor *self, wax_bytes payload)
{
    wax_bytes command;
    wax_status status = self->form->unpack(command_topic, payload, &command);

    if (status != WAX_OK) {
        board_print("a command that is not good");
        return status;
    }
    self->is_told = wax_bytes_equal(command, WAX_TEXT("stop"));
    board_print(self->is_told ? "told to stop" : "told something else");
    return WAX_OK;
}

static wax_status react(struct sensor *self, const wax_micro_event *event)
{
    if (event->type == WAX_MICRO_CONNECTED) {
        return subscribe(self);
    }
    if (event->type == WAX_MICRO_SUBSCRIBED) {
        return event->suback.reasons.data[0] < 0x80 ? publish(self) : WAX_NOT_AUTHORIZED;
    }
    if (event->type == WAX_MICRO_DELIVERED) {
        self->is_delivered = event->reason < 0x80;
        board_print_number("delivered, ticks:", board_ticks() - self->began);
    } else if (event->type == WAX_MICRO_MESSAGE) {
        return obey(self, event->publish.payload);
    }
    return WAX_OK;
}

/* One turn of the main loop. Returns why the connection has ended, or WAX_OK. */
static wax_status turn(struct sensor *self)
{
    wax_micro_event event;
    wax_status status;

    network_poll();
    while ((status = wax_micro_poll(&self->micro, board_now_ms(), &event)) == WAX_OK) {
        wax_status answer = react(self, &event);
        if (answer != WAX_OK) {
            return answer;
        }
    }
    if (status == WAX_MORE && self->is_delivered && self->is_told && !self->is_leaving) {
        self->is_leaving = true;
        return wax_micro_disconnect(&self->micro, 0);
    }
    return status == WAX_MORE ? WAX_OK : status;
}

/* Says good-bye below MQTT too, and lets the last frames go. */
static void hang_up(wax_transport *transport)
{
    uint32_t began_ms = board_now_ms();

    while (wax_transport_close(transport) == WAX_MORE && board_now_ms() - began_ms < PATIENCE_MS) {
        network_poll();
    }
}

int sensor_run(wax_transport *transport, const struct sensor_form *form)
{
    static struct sensor self;
    uint32_t began_ms = board_now_ms();
    wax_status status;

    self = (struct sensor){.form = form, .began = board_ticks()};
    if (transport == NULL) {
        board_print("there is no network");
        return 1;
    }
    wax_micro_open(&self.micro, &config);
    status = wax_micro_attach(&self.micro, transport, board_now_ms());
    while (status == WAX_OK) {
        status = turn(&self);
        if (board_now_ms() - began_ms > 2 * PATIENCE_MS) {
            status = WAX_SERVER_BUSY;
        }
    }
    board_print(wax_status_text(status));
    board_print(wax_transport_explain(transport));
    hang_up(transport);
    board_print_number("stack:", board_stack_used());
    board_print_number("heap:", board_heap_used());
    return self.is_leaving && status == WAX_CLOSED ? 0 : 2;
}
