/* The sensor under seal, with Ascon: the broker between it and who reads it knows no word of it.
 * Its keys come from the authority in a mailbox, which is sealed by a key of its own. */
#include "board.h"
#include "member/member.h"
#include "network.h"
#include "sensor.h"

/* Files stand for the flash that a device has for what outlives a restart. It is in one group. */
static const char *const names[] = {
    [WAX_MEMBER_MARK] = "mark",     [WAX_MEMBER_MAILBOX] = "mailbox", [WAX_MEMBER_COUNT] = "count",
    [WAX_MEMBER_WINDOW] = "window", [WAX_MEMBER_CAME] = "came",
};

static wax_status load(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       uint8_t *room, size_t *size)
{
    (void)self;
    (void)group;
    *size = board_read_file(names[record], room, *size);
    return *size > 0 ? WAX_OK : WAX_NOT_FOUND;
}

static wax_status save(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       wax_bytes value)
{
    (void)self;
    (void)group;
    return board_write_file(names[record], value) ? WAX_OK : WAX_IO;
}

static const wax_suite *suite_of(uint32_t number)
{
    return number == 2 ? &wax_suite_ascon : NULL;
}

static wax_member_store store = {load, save};
static const uint8_t name_space[WAX_KEYS_ID_SIZE] = {'h', 'o', 'u', 's', 'e', 'o', 'n', 'e'};
static uint8_t psk[WAX_KEYS_SECRET_SIZE];

static const wax_member_config config = {
    .device = {(const uint8_t *)"board", 5},
    .prefix = {(const uint8_t *)"wax",   3},
    .name_space = name_space,
    .profile = &wax_keys_ascon,
    .psk = psk,
    .suite = suite_of,
    .store = &store,
    .mailbox_size = 512,
    .message_size = 256,
    .group_count = 1,
    .sender_count = 4,
    .topic_count = 4,
};

static wax_member *member;

static void name_keys(wax_writer *topic)
{
    wax_member_topic(member, "k", topic);
}

static wax_status take_keys(wax_bytes message)
{
    return wax_member_take_mailbox(member, message);
}

static wax_status pack(const wax_publish *message, wax_publish *sent)
{
    static uint8_t bytes[WAX_MEMBER_ROOM(32, 0, 32)];
    wax_writer room = wax_writer_over(bytes, sizeof bytes);

    return wax_member_seal(member, message, 0, &room, sent);
}

static wax_status unpack(const wax_publish *came, wax_bytes *said)
{
    wax_member_arrival arrival;
    wax_status status = wax_member_unseal(member, came, 0, &arrival);

    *said = arrival.message.payload;
    return status == WAX_OK && arrival.outcome != WAX_MEMBER_OPENED ? WAX_UNTRUSTED : status;
}

int main(void)
{
    static _Alignas(max_align_t) uint8_t memory[24576];
    static const struct sensor_form sealed = {name_keys, take_keys, pack, unpack};
    uint8_t nonce[WAX_KEYS_ID_SIZE];
    int code;

    board_print_number("memory:", (uint32_t)wax_member_memory_size(&config));
    if (board_read_file("psk.bin", psk, sizeof psk) != sizeof psk ||
        wax_random(nonce, sizeof nonce) != WAX_OK ||
        wax_member_open(&member, &config, nonce, memory, sizeof memory) != WAX_OK) {
        board_print("there is no key, or what was written down is damaged");
        return 3;
    }
    code = sensor_run(network_dial(), &sealed);
    wax_member_close(member);
    wax_wipe(psk, sizeof psk);
    return code;
}
