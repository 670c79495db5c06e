/* A sensor without network, TCP or TLS: MQTT-SN over a serial line to a gateway, and sealed with
 * Ascon under keys that come in a mailbox. Neither the gateway nor the broker can read it. */
#include "board.h"
#include "board_seal.h"
#include "keys/keys.h"
#include "line.h"

#include <string.h>

enum { KEEP_ALIVE_S = 60, TEXT_MAX = 32 };

static const char reading_topic[] = "plant/reading";
static const char keys_topic[] = "wax/k/board";
static const uint8_t name_space[WAX_KEYS_ID_SIZE] = {'h', 'o', 'u', 's', 'e', 'o', 'n', 'e'};

static uint8_t psk[WAX_KEYS_SECRET_SIZE];
static uint8_t bound_room[WAX_SEAL_ROOM_SIZE(sizeof reading_topic)];
static wax_seal_group group;
static uint16_t keys_id;
static volatile bool has_keys;

/* Files stand for the flash that a device has for what outlives a restart. */
struct numbers {
    uint64_t version;
    uint32_t generation;
    uint32_t none;
};

static wax_status keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    const struct numbers both = {version, generation, 0};

    (void)self;
    return board_write_file("mark", wax_bytes_of((const uint8_t *)&both, sizeof both)) ? WAX_OK
                                                                                       : WAX_IO;
}

static wax_keys_mark mark = {.keep = keep};
static wax_sealer sealer = {
    .group = &group, .store = &board_seal_store, .room = {bound_room, sizeof bound_room}
};

static wax_status take_keys(uint8_t *message, size_t size)
{
    const wax_keys_ends ends = {.profile = &wax_keys_ascon_opens,
                                .name_space = name_space,
                                .topic = wax_bytes_of_text(keys_topic),
                                .psk = psk};
    wax_keys_writing writing;
    wax_seal_grant grant;
    wax_status status = wax_keys_writing_open(&writing, &mark, &ends, message, size);

    if (status != WAX_OK) {
        return status;
    }
    if (writing.group == NULL || writing.suite != 2) {
        return WAX_NOT_AUTHORIZED;
    }
    group.suite = &wax_suite_ascon;
    group.group_class = (wax_seal_class)writing.group_class;
    group.tag_size = (uint8_t)writing.tag_size;
    memcpy(group.id, writing.group, sizeof group.id);
    sealer.sender = writing.sender;
    grant = (wax_seal_grant){writing.epoch, writing.secret,
                             (uint16_t)(writing.first_position / WAX_WINDOW_SIZE)};
    return wax_sealer_start(&sealer, &grant);
}

/* What comes unasked: the mailbox is all that this device wants of it. */
static void hear(const wax_sn_packet *packet)
{
    static uint8_t room[LINE_PACKET_MAX];
    const wax_sn_packet heard = {.type = WAX_SN_PUBACK,
                                 .topic_id = packet->topic_id,
                                 .message_id = packet->message_id,
                                 .code = WAX_SN_ACCEPTED};
    wax_status status;

    if (packet->type != WAX_SN_PUBLISH || packet->topic_id != keys_id) {
        return;
    }
    if (!has_keys) {
        memcpy(room, packet->data.data, packet->data.size);
        status = take_keys(room, packet->data.size);
        wax_wipe(room, sizeof room);
        has_keys = status == WAX_OK;
        board_print(has_keys ? "has keys" : wax_status_text(status));
    }
    if ((packet->flags & WAX_SN_QOS) == WAX_SN_QOS_1) {
        (void)!line_send(&heard);
    }
}

static wax_status seal(uint8_t *room, size_t size, wax_bytes *envelope)
{
    static const char text[] = "21.5 C";
    const wax_seal_message message = {.topic = wax_bytes_of_text(reading_topic)};
    const wax_seal_buffer buffer = {room, size, WAX_SEAL_HEAD_MAX, sizeof text - 1};

    memcpy(room + WAX_SEAL_HEAD_MAX, text, sizeof text - 1);
    return wax_sealer_seal(&sealer, &message, &buffer, envelope);
}

/* Each step asks its question and says whether the answer was one. */
static wax_status connect(wax_writer *out, wax_sn_packet *answer)
{
    wax_status status = wax_sn_write_connect(out, WAX_SN_CLEAN, KEEP_ALIVE_S, WAX_TEXT("board"));

    return status != WAX_OK ? status
                            : line_ask(wax_writer_bytes(out), WAX_SN_CONNACK, 0, answer, hear);
}

static wax_status subscribe(wax_writer *out, wax_sn_packet *answer)
{
    const wax_sn_packet question = {.type = WAX_SN_SUBSCRIBE,
                                    .flags = WAX_SN_QOS_1 | WAX_SN_TOPIC_NAME,
                                    .message_id = 1,
                                    .data = wax_bytes_of_text(keys_topic)};
    wax_status status = wax_sn_packet_write(out, &question);

    if (status == WAX_OK) {
        status = line_ask(wax_writer_bytes(out), WAX_SN_SUBACK, 1, answer, hear);
    }
    keys_id = answer->topic_id;
    return status == WAX_OK ? line_wait(&has_keys, hear) : status;
}

static wax_status publish(wax_writer *out, wax_sn_packet *answer)
{
    uint8_t room[WAX_SEAL_HEAD_MAX + TEXT_MAX + 32];
    wax_bytes envelope;
    wax_status status = wax_sn_write_register(out, 2, wax_bytes_of_text(reading_topic));

    if (status == WAX_OK) {
        status = line_ask(wax_writer_bytes(out), WAX_SN_REGACK, 2, answer, hear);
    }
    out->used = 0;
    if (status == WAX_OK) {
        status = seal(room, sizeof room, &envelope);
    }
    if (status == WAX_OK) {
        status = wax_sn_write_publish(out, WAX_SN_QOS_1 | WAX_SN_TOPIC_NAME, answer->topic_id, 3,
                                      envelope);
    }
    return status != WAX_OK ? status
                            : line_ask(wax_writer_bytes(out), WAX_SN_PUBACK, 3, answer, hear);
}

static wax_status ping(wax_writer *out, wax_sn_packet *answer)
{
    wax_status status = wax_sn_write_pingreq(out, wax_bytes_of(NULL, 0));

    return status != WAX_OK ? status
                            : line_ask(wax_writer_bytes(out), WAX_SN_PINGRESP, 0, answer, hear);
}

static wax_status leave(wax_writer *out, wax_sn_packet *answer)
{
    wax_status status = wax_sn_write_disconnect(out, 0);

    return status != WAX_OK ? status
                            : line_ask(wax_writer_bytes(out), WAX_SN_DISCONNECT, 0, answer, hear);
}

static const struct {
    const char *name;
    wax_status (*take)(wax_writer *out, wax_sn_packet *answer);
} steps[] = {
    {"connected",  connect  },
    {"subscribed", subscribe},
    {"delivered",  publish  },
    {"alive",      ping     },
    {"good-bye",   leave    },
};

static void remember(void)
{
    struct numbers both;

    if (board_read_file("mark", (uint8_t *)&both, sizeof both) == sizeof both) {
        mark.version = both.version;
        mark.generation = both.generation;
    }
}

int main(void)
{
    wax_status status = WAX_OK;

    if (board_read_file("psk.bin", psk, sizeof psk) != sizeof psk) {
        board_print("there is no key");
        return 3;
    }
    remember();
    for (size_t i = 0; i < WAX_COUNT(steps) && status == WAX_OK; i++) {
        uint8_t room[LINE_SENT_MAX];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_sn_packet answer = {0};
        status = steps[i].take(&out, &answer);
        board_print(status == WAX_OK ? steps[i].name : wax_status_text(status));
    }
    wax_sealer_end(&sealer);
    wax_wipe(psk, sizeof psk);
    board_print_number("stack:", board_stack_used());
    return status == WAX_OK ? 0 : 2;
}
