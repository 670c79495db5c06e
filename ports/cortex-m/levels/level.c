/* Measures the level of its image: how many instructions a connection and a message take, and what
 * goes over the wire. scripts/levels_device.py runs it and reads what it prints. */
#include "level.h"

#include "board.h"
#include "meter.h"
#include "micro/micro.h"
#include "network.h"

enum {
    /* Of the board's clock, which runs with the instructions and not with the time. */
    PATIENCE_MS = 1200000,
};

static const char topic_name[] = "plant/level";

/* clang-format off */
static const struct {
    uint16_t size;
    uint8_t qos;
    uint8_t count;
} rows[] = {
    {  16, 0, 5},
    {  64, 0, 5},
    {  64, 1, 5},
    { 256, 0, 5},
    {1000, 0, 5},
    {LEVEL_SIZE_MAX, 0, 3},
};

/* Which of these rows go over each connection. The second goes on with what the first left. The room
 * for packets is wiped while a connection begins, so a large one is no part of what is measured. */
static const struct {
    uint16_t send_size;
    uint8_t first;
    uint8_t end;
} connections[] = {
    { 192, 0, 3},
    { 192, 3, 3},
    {LEVEL_SIZE_MAX + 128, 3, WAX_COUNT(rows)},
};
/* clang-format on */

static uint8_t receive_room[64];
static uint8_t send_room[LEVEL_SIZE_MAX + 128];
static uint8_t message_room[LEVEL_FRONT + LEVEL_SIZE_MAX + LEVEL_BACK];
static uint8_t sending[1];
static uint8_t user[32];
static uint8_t password[32];

static wax_micro_config config = {
    .connect =
        {
                  .version = WAX_VERSION_3_1_1,
                  .clean_start = true,
                  .client_id = {(const uint8_t *)"board", 5},
                  },
    .take = wax_micro_take_answers,
    .receive_room = receive_room,
    .send_room = send_room,
    .sending = sending,
    .receive_size = sizeof receive_room,
    .timeout_ms = PATIENCE_MS,
    .sending_count = WAX_COUNT(sending),
};

struct level {
    wax_micro micro;
    uint32_t spent; /* ticks in what is measured now, without waiting */
    struct meter_counts before;
    bool has_work; /* something was given to the client */
    bool is_connected;
    bool is_delivered;
};

/* ---- Waiting: only turns that do something are counted ---- */

static void note(struct level *self, const wax_micro_event *event)
{
    self->is_connected = self->is_connected || event->type == WAX_MICRO_CONNECTED;
    self->is_delivered = self->is_delivered || event->type == WAX_MICRO_DELIVERED;
}

/* One turn of the main loop. Returns why the connection has ended, or WAX_OK. */
static wax_status turn(struct level *self)
{
    wax_micro_event event;
    uint32_t began = board_ticks();
    wax_status status = WAX_OK;

    if (!network_poll() && !self->has_work) {
        return WAX_OK;
    }
    self->has_work = false;
    while (status == WAX_OK) {
        status = wax_micro_poll(&self->micro, board_now_ms(), &event);
        if (status == WAX_OK) {
            note(self, &event);
        }
    }
    self->spent += board_ticks() - began;
    return status == WAX_MORE ? WAX_OK : status;
}

static bool is_done(const struct level *self, const bool *claim)
{
    return *claim && self->micro.out.used == 0 && meter_is_quiet();
}

/* Turns until the claim holds, and everything has left and has come to the broker. */
static wax_status await(struct level *self, const bool *claim)
{
    uint32_t began_ms = board_now_ms();
    wax_status status = WAX_OK;

    while (status == WAX_OK && !is_done(self, claim)) {
        status = turn(self);
        if (board_now_ms() - began_ms > PATIENCE_MS) {
            status = WAX_SERVER_BUSY;
        }
    }
    return status;
}

/* ---- Telling ---- */

static void begin(struct level *self)
{
    self->spent = 0;
    self->before = meter_counts;
}

static void tell(const struct level *self)
{
    const struct meter_counts *before = &self->before;

    board_print_number("ticks", self->spent);
    board_print_number("bytes_out", meter_counts.bytes_out - before->bytes_out);
    board_print_number("bytes_in", meter_counts.bytes_in - before->bytes_in);
    board_print_number("frames_out", meter_counts.frames_out - before->frames_out);
    board_print_number("frames_in", meter_counts.frames_in - before->frames_in);
    board_print_number("frame_bytes_out", meter_counts.frame_bytes_out - before->frame_bytes_out);
    board_print_number("frame_bytes_in", meter_counts.frame_bytes_in - before->frame_bytes_in);
}

/* ---- What is measured ---- */

static wax_status connect(struct level *self, wax_transport **transport)
{
    wax_status status = WAX_IO;
    uint32_t began;

    begin(self);
    began = board_ticks();
    *transport = level_wire.dial();
    wax_micro_open(&self->micro, &config);
    if (*transport != NULL) {
        status = wax_micro_attach(&self->micro, *transport, board_now_ms());
    }
    self->spent = board_ticks() - began;
    self->has_work = true;
    self->is_connected = false;
    return status == WAX_OK ? await(self, &self->is_connected) : status;
}

/* Every message differs from the one before. */
static void fill(uint8_t *message, size_t size)
{
    static uint8_t number;

    number++;
    for (size_t i = 0; i < size; i++) {
        message[i] = (uint8_t)(number + i);
    }
}

static wax_status publish(struct level *self, size_t size, uint8_t qos)
{
    static const bool at_once = true;
    wax_publish message = {.topic = wax_bytes_of_text(topic_name), .qos = qos};
    wax_status status;
    uint32_t began;

    fill(message_room + LEVEL_FRONT, size);
    begin(self);
    self->is_delivered = false;
    began = board_ticks();
    status = level_cover.pack(message.topic, message_room + LEVEL_FRONT, size, &message.payload);
    board_print_number("pack_ticks", board_ticks() - began);
    began = board_ticks();
    if (status == WAX_OK) {
        status = wax_micro_publish(&self->micro, &message);
    }
    self->spent = board_ticks() - began;
    self->has_work = true;
    return status == WAX_OK ? await(self, qos == 0 ? &at_once : &self->is_delivered) : status;
}

static wax_status publish_rows(struct level *self, size_t first, size_t end)
{
    wax_status status = WAX_OK;

    for (size_t i = first; i < end; i++) {
        for (uint8_t k = 0; k < rows[i].count && status == WAX_OK; k++) {
            board_print_number("message", rows[i].size);
            board_print_number("qos", rows[i].qos);
            status = publish(self, rows[i].size, rows[i].qos);
            tell(self);
        }
    }
    return status;
}

/* Says good-bye on all floors, and waits until the broker has it. */
static wax_status leave(struct level *self, wax_transport *transport)
{
    wax_status status = wax_micro_disconnect(&self->micro, 0);
    uint32_t began_ms = board_now_ms();

    while (status == WAX_OK && board_now_ms() - began_ms < PATIENCE_MS) {
        self->has_work = true;
        status = turn(self);
    }
    while ((wax_transport_close(transport) == WAX_MORE || !meter_is_quiet()) &&
           board_now_ms() - began_ms < PATIENCE_MS) {
        (void)network_poll();
    }
    wax_transport_release(transport);
    return status == WAX_CLOSED ? WAX_OK : status;
}

static wax_status run(struct level *self, size_t number)
{
    wax_transport *transport;
    wax_status status;

    config.send_size = connections[number].send_size;
    board_print_number("connection", (uint32_t)number);
    status = connect(self, &transport);
    tell(self);
    if (status == WAX_OK) {
        status = publish_rows(self, connections[number].first, connections[number].end);
    }
    if (status != WAX_OK) {
        board_print(transport == NULL ? "there is no network, or no memory"
                                      : wax_transport_explain(transport));
        return status;
    }
    board_print_number("session", (uint32_t)level_wire.keep());
    return leave(self, transport);
}

static wax_status open_all(void)
{
    uint32_t began = board_ticks();
    wax_status status = level_wire.open();

    if (status == WAX_OK) {
        status = level_cover.open();
    }
    board_print_number("open_ticks", board_ticks() - began);
    config.connect.username = wax_bytes_of(user, board_read_file("user", user, sizeof user));
    config.connect.password =
        wax_bytes_of(password, board_read_file("password", password, sizeof password));
    config.connect.has_username = config.connect.username.size > 0;
    config.connect.has_password = config.connect.password.size > 0;
    return status;
}

int main(void)
{
    static struct level self;
    wax_status status = open_all();

    for (size_t i = 0; i < WAX_COUNT(connections) && status == WAX_OK; i++) {
        status = run(&self, i);
    }
    board_print_number("status", status);
    board_print_number("stack", board_stack_used());
    board_print_number("heap", board_heap_used());
    return status == WAX_OK ? 0 : 2;
}
