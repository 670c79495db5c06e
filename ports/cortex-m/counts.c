/* How many instructions things take: prints ticks of the board's clock, which the emulator moves on
 * by instructions. scripts/footprint.py --instructions runs it. */
#include "board.h"
#include "micro/micro.h"
#include "seal/seal.h"
#include "update/update.h"

#include <string.h>

enum { TEXT_MAX = 1024 };

/* ---- Sealing ---- */

static wax_status load(wax_seal_store *self, const uint8_t *group_id, wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    (void)window;
    return WAX_NOT_FOUND;
}

static wax_status save(wax_seal_store *self, const uint8_t *group_id, const wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    (void)window;
    return WAX_OK;
}

static uint8_t room[WAX_SEAL_HEAD_MAX + TEXT_MAX + 32];

static void seal(wax_sealer *sealer, const char *name, size_t size)
{
    const wax_seal_message message = {.topic = WAX_TEXT("plant/reading")};
    const wax_seal_buffer buffer = {room, sizeof room, WAX_SEAL_HEAD_MAX, size};
    wax_bytes envelope;
    uint32_t began = board_ticks();

    if (wax_sealer_seal(sealer, &message, &buffer, &envelope) == WAX_OK) {
        board_print_number(name, board_ticks() - began);
    }
}

static void count_suite(const wax_suite *suite, const char *small, const char *large)
{
    static wax_seal_store store = {load, save};
    static uint8_t bound[WAX_SEAL_ROOM_SIZE(16)];
    static const uint8_t secret[WAX_SECRET_SIZE] = {1};
    const wax_seal_group group = {
        .suite = suite, .id = {1}, .group_class = WAX_CLASS_STREAM, .tag_size = 16};
    const wax_seal_grant grant = {1, secret, 0};
    wax_sealer sealer = {
        .group = &group, .store = &store, .room = {bound, sizeof bound},
                .sender = 1
    };

    if (wax_sealer_start(&sealer, &grant) == WAX_OK) {
        seal(&sealer, small, 64);
        seal(&sealer, large, TEXT_MAX);
    }
    wax_sealer_end(&sealer);
}

/* ---- MQTT over a wire without length: the answers lie there already ---- */

static wax_bytes answer;

static wax_status receive(wax_transport *self, uint8_t *into, size_t size, size_t *received)
{
    if (answer.size == 0 || size < answer.size) {
        self->waits = WAX_WAITS_TO_READ;
        return WAX_MORE;
    }
    memcpy(into, answer.data, answer.size);
    *received = answer.size;
    answer.size = 0;
    return WAX_OK;
}

static wax_status send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    (void)self;
    *sent = bytes.size;
    return WAX_OK;
}

static wax_status close(wax_transport *self)
{
    (void)self;
    return WAX_OK;
}

static void release(wax_transport *self)
{
    (void)self;
}

static const char *explain(wax_transport *self)
{
    (void)self;
    return "";
}

static const wax_transport_kind kind = {"none", receive, send, close, release, explain};

static bool polled(wax_micro *micro, wax_micro_event_type wanted)
{
    wax_micro_event event;

    for (int i = 0; i < 4; i++) {
        if (wax_micro_poll(micro, 1, &event) == WAX_OK && event.type == wanted) {
            return true;
        }
    }
    return false;
}

static void count_mqtt(void)
{
    static uint8_t receive_room[128];
    static uint8_t send_room[256];
    static uint8_t sending[2];
    static const wax_micro_config config = {
        .connect = {.version = WAX_VERSION_3_1_1,
                    .clean_start = true,
                    .keep_alive_s = 60,
                    .client_id = {(const uint8_t *)"board", 5}},
        .take = wax_micro_take_all,
        .receive_room = receive_room,
        .send_room = send_room,
        .sending = sending,
        .receive_size = sizeof receive_room,
        .send_size = sizeof send_room,
        .timeout_ms = 30000,
        .sending_count = 2,
    };
    wax_transport transport = {.kind = &kind};
    wax_publish message = {
        .topic = WAX_TEXT("plant/reading"), .payload = wax_bytes_of(room, 64), .qos = 0};
    wax_micro micro;
    uint32_t began = board_ticks();
    bool is_fine;

    answer = wax_bytes_of((const uint8_t *)"\x20\x02\x00\x00", 4);
    wax_micro_open(&micro, &config);
    is_fine =
        wax_micro_attach(&micro, &transport, 0) == WAX_OK && polled(&micro, WAX_MICRO_CONNECTED);
    board_print_number(is_fine ? "connect" : "no connect", board_ticks() - began);
    began = board_ticks();
    is_fine = wax_micro_publish(&micro, &message) == WAX_OK;
    (void)polled(&micro, WAX_MICRO_DELIVERED);
    board_print_number(is_fine ? "publish-0" : "no publish-0", board_ticks() - began);
    began = board_ticks();
    message.qos = 1;
    is_fine = wax_micro_publish(&micro, &message) == WAX_OK;
    answer = wax_bytes_of((const uint8_t *)"\x40\x02\x00\x01", 4);
    is_fine = is_fine && polled(&micro, WAX_MICRO_DELIVERED);
    board_print_number(is_fine ? "publish-1" : "no publish-1", board_ticks() - began);
}

/* ---- Firmware ---- */

static void count_update(void)
{
    static const uint8_t secret[WAX_P256_SECRET_SIZE] = {1};
    static const uint8_t digest[WAX_SHA256_SIZE];
    const wax_update_manifest told = {.vendor = WAX_TEXT("acme"),
                                      .class_name = WAX_TEXT("pump"),
                                      .version = 1,
                                      .size = 1,
                                      .digest = digest,
                                      .chunk_size = 1024,
                                      .root = digest};
    uint8_t message[WAX_UPDATE_MESSAGE_MAX];
    uint8_t anchor[WAX_P256_PUBLIC_SIZE];
    wax_writer out = wax_writer_over(message, sizeof message);
    wax_update_manifest manifest;
    uint32_t began;

    if (wax_crypto_p256_public(secret, anchor) != WAX_OK ||
        wax_update_manifest_write(&out, &told, secret) != WAX_OK) {
        return;
    }
    began = board_ticks();
    if (wax_update_manifest_read(&manifest, wax_writer_bytes(&out), anchor, 1) == WAX_OK) {
        board_print_number("manifest", board_ticks() - began);
    }
}

int main(void)
{
    (void)board_ticks();
    count_suite(&wax_suite_ascon, "ascon-64", "ascon-1024");
    count_suite(&wax_suite_chacha, "chacha-64", "chacha-1024");
    count_mqtt();
    count_update();
    return 0;
}
