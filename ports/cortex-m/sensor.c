/* The sensor's part, by `micro`. */
#include "sensor.h"

#include "board.h"
#include "micro/micro.h"
#include "network.h"

#include <string.h>

enum {
    PATIENCE_MS = 30000,
    REST_MS = 100, /* between looks at what nothing came for */
};

static const char reading_topic[] = "plant/reading";
static const char command_topic[] = "plant/command";

static uint8_t receive_room[1024];
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
    uint8_t keys_topic[64];
    size_t keys_topic_size;
    uint32_t spent; /* ticks in the library and below, on what is measured now */
    uint32_t polled_ms;
    bool has_keys; /* or wants none */
    bool is_delivered;
    bool is_told;
    bool is_leaving;
};

static void name_nothing(wax_writer *topic)
{
    (void)topic;
}

static wax_status take_nothing(wax_bytes message)
{
    (void)message;
    return WAX_INVALID;
}

static wax_status pack_nothing(const wax_publish *message, wax_publish *sent)
{
    *sent = *message;
    return WAX_OK;
}

static wax_status unpack_nothing(const wax_publish *came, wax_bytes *said)
{
    *said = came->payload;
    return WAX_OK;
}

const struct sensor_form sensor_plain = {name_nothing, take_nothing, pack_nothing, unpack_nothing};

static wax_status subscribe(struct sensor *self, wax_bytes topic)
{
    wax_subscription wanted = {.filter = topic, .qos = 1};
    uint16_t id;

    return wax_micro_subscribe(&self->micro, &wanted, WAX_SUBSCRIBE, &id);
}

/* Keys first, where there are any. */
static wax_status begin(struct sensor *self)
{
    wax_writer topic = wax_writer_over(self->keys_topic, sizeof self->keys_topic);

    board_print_number("connected, ticks:", self->spent);
    self->form->name_keys(&topic);
    self->keys_topic_size = topic.used;
    self->has_keys = topic.used == 0;
    return subscribe(self,
                     self->has_keys ? wax_bytes_of_text(command_topic) : wax_writer_bytes(&topic));
}

static wax_status publish(struct sensor *self)
{
    const wax_publish message = {
        .topic = wax_bytes_of_text(reading_topic), .payload = WAX_TEXT("21.5 C"), .qos = 1};
    wax_publish sent;
    wax_status status;
    uint32_t began = board_ticks();

    status = self->form->pack(&message, &sent);
    self->spent = board_ticks() - began;
    return status == WAX_OK ? wax_micro_publish(&self->micro, &sent) : status;
}

static wax_status hear(struct sensor *self, const wax_publish *came)
{
    wax_bytes keys_topic = wax_bytes_of(self->keys_topic, self->keys_topic_size);
    wax_bytes said;
    wax_status status;

    if (!self->has_keys && wax_bytes_equal(came->topic, keys_topic)) {
        status = self->form->take_keys(came->payload);
        self->has_keys = status == WAX_OK;
        return status == WAX_OK ? subscribe(self, wax_bytes_of_text(command_topic)) : status;
    }
    if (self->form->unpack(came, &said) != WAX_OK) {
        board_print("told what nobody with keys said");
    } else if (wax_bytes_equal(said, WAX_TEXT("stop"))) {
        self->is_told = true;
        board_print("told to stop");
    } else {
        board_print("told something else");
    }
    return WAX_OK;
}

static wax_status react(struct sensor *self, const wax_micro_event *event)
{
    if (event->type == WAX_MICRO_CONNECTED) {
        return begin(self);
    }
    if (event->type == WAX_MICRO_SUBSCRIBED) {
        wax_status granted = event->suback.reasons.data[0] < 0x80 ? WAX_OK : WAX_NOT_AUTHORIZED;
        return granted == WAX_OK && self->has_keys ? publish(self) : granted;
    }
    if (event->type == WAX_MICRO_DELIVERED) {
        self->is_delivered = event->reason < 0x80;
        board_print_number("delivered, ticks:", self->spent);
    } else if (event->type == WAX_MICRO_MESSAGE) {
        return hear(self, &event->publish);
    }
    return WAX_OK;
}

/* One turn of the main loop. Returns why the connection has ended, or WAX_OK. */
static wax_status turn(struct sensor *self)
{
    wax_micro_event event;
    wax_status status;
    uint32_t began;

    if (!network_poll() && board_now_ms() - self->polled_ms < REST_MS) {
        return WAX_OK;
    }
    self->polled_ms = board_now_ms();
    do {
        wax_status answer;
        began = board_ticks();
        status = wax_micro_poll(&self->micro, self->polled_ms, &event);
        self->spent += board_ticks() - began;
        answer = status == WAX_OK ? react(self, &event) : WAX_OK;
        if (answer != WAX_OK) {
            return answer;
        }
    } while (status == WAX_OK);
    if (status == WAX_MORE && self->is_delivered && self->is_told && !self->is_leaving) {
        self->is_leaving = true;
        return wax_micro_disconnect(&self->micro, 0);
    }
    return status == WAX_MORE ? WAX_OK : status;
}

int sensor_run(wax_transport *transport, const struct sensor_form *form)
{
    static struct sensor self;
    uint32_t began_ms = board_now_ms();
    wax_status status;

    self = (struct sensor){.form = form};
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
    network_hang_up(transport);
    board_print_number("stack:", board_stack_used());
    board_print_number("heap:", board_heap_used());
    return self.is_leaving && status == WAX_CLOSED ? 0 : 2;
}
