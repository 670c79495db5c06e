/* A sensor that seals what it publishes: its mailbox by a pre-shared key, Ascon, QoS 0. */
#include <string.h>

#include "keys/keys.h"
#include "micro/micro.h"
#include "platform.h"
#include "seal/seal.h"

static uint8_t receive_room[64];
static uint8_t send_room[64];
static uint8_t mailbox_room[512];
static uint8_t bound_room[WAX_SEAL_ROOM_SIZE(16)];
static uint8_t buffer_room[WAX_SEAL_HEAD_MAX + 16 + 16];

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

/* What a sensor keeps: the client, the sender, and how far its mailboxes went. */
static struct {
    wax_micro client;
    wax_sealer sealer;
    wax_seal_group group;
    wax_keys_mark mark;
} context;

static wax_status load(wax_seal_store *self, const uint8_t *group_id, wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    platform_read(window, sizeof *window);
    return WAX_OK;
}

static wax_status save(wax_seal_store *self, const uint8_t *group_id, const wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    platform_sink(wax_bytes_of(window, sizeof *window));
    return WAX_OK;
}

static wax_status keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    (void)self;
    platform_sink(wax_bytes_of(&generation, sizeof generation));
    platform_sink(wax_bytes_of(&version, sizeof version));
    return WAX_OK;
}

static const uint8_t key[WAX_KEYS_SECRET_SIZE] = {1};
static const wax_keys_ends ends = {
    .profile = &wax_keys_ascon_opens,
    .name_space = key,
    .topic = {(const uint8_t *)"wax/k/d1", 8},
    .psk = key,
};
static wax_seal_store store = {load, save};

/* Takes the mailbox and starts to write. */
static wax_status take(void)
{
    wax_keys_writing writing;
    wax_seal_grant grant;
    wax_status status;

    platform_read(mailbox_room, sizeof mailbox_room);
    context.mark.keep = keep;
    status =
        wax_keys_writing_open(&writing, &context.mark, &ends, mailbox_room, sizeof mailbox_room);
    if (status != WAX_OK || writing.group == NULL) {
        return status;
    }
    context.group.suite = &wax_suite_ascon;
    context.group.group_class = (wax_seal_class)writing.group_class;
    context.group.tag_size = (uint8_t)writing.tag_size;
    memcpy(context.group.id, writing.group, sizeof context.group.id);
    context.sealer.group = &context.group;
    context.sealer.store = &store;
    context.sealer.room = (wax_seal_room){bound_room, sizeof bound_room};
    context.sealer.sender = writing.sender;
    grant = (wax_seal_grant){writing.epoch, writing.secret,
                             (uint16_t)(writing.first_position / WAX_WINDOW_SIZE)};
    status = wax_sealer_start(&context.sealer, &grant);
    wax_wipe(mailbox_room, sizeof mailbox_room);
    return status;
}

static wax_status tell(void)
{
    static const wax_seal_message message = {
        .topic = {(const uint8_t *)"a", 1}
    };
    const wax_seal_buffer buffer = {buffer_room, sizeof buffer_room, WAX_SEAL_HEAD_MAX, 1};
    wax_publish publish = {
        .topic = {(const uint8_t *)"a", 1}
    };
    wax_status status = wax_sealer_seal(&context.sealer, &message, &buffer, &publish.payload);

    return status == WAX_OK ? wax_micro_publish_0(&context.client, &publish) : status;
}

int main(void)
{
    wax_micro_event event;
    wax_status status = take();

    wax_micro_open(&context.client, &config);
    if (wax_micro_attach(&context.client, platform_transport(), platform_now_ms()) != WAX_OK) {
        return 1;
    }
    while (status <= WAX_MORE) {
        status = wax_micro_poll(&context.client, platform_now_ms(), &event);
        (void)!tell();
        if (platform_stops) {
            (void)!wax_micro_disconnect(&context.client, 0);
        }
    }
    return (int)status;
}
