/* A member from its mailbox to what it opens, with its own key, the keys in its mailbox and all
 * texts taken by valgrind for uninitialised: it reports every branch and every address that would
 * depend on one. What is told to everybody is declared where it is told: whether a tag is good,
 * what stands in front of a payload, and the tokens of topics. With the argument "leak" there is
 * one, which must be found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "keys/profile_psk.h"
#include "member/member.h"

enum { ROOM = 4096, RECORDS = 8, TEXT_MAX = 300, TOKEN_SIZE = 9, PAYLOAD = 0xee };

static const uint8_t name_space[WAX_KEYS_ID_SIZE] = {1};
static const uint8_t epoch_secret[WAX_KEYS_SECRET_SIZE] = {0xe5, 0xe6, 0xe7, 0xe8};
static const uint8_t blinding_key[WAX_KEYS_SECRET_SIZE] = {0xb5, 0xb6, 0xb7, 0xb8};

/* What is known to all. */
static void expect(bool holds, const char *what)
{
    VALGRIND_MAKE_MEM_DEFINED(&holds, sizeof holds);
    if (!holds) {
        (void)puts(what);
        exit(1);
    }
}

static wax_status tell(wax_status status)
{
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    return status;
}

/* Hides what is secret in bytes that are known. */
static void hide(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + WAX_KEYS_SECRET_SIZE <= size; at++) {
        if (memcmp(bytes + at, epoch_secret, WAX_KEYS_SECRET_SIZE) == 0 ||
            memcmp(bytes + at, blinding_key, WAX_KEYS_SECRET_SIZE) == 0) {
            VALGRIND_MAKE_MEM_UNDEFINED(bytes + at, WAX_KEYS_SECRET_SIZE);
            at += WAX_KEYS_SECRET_SIZE - 1;
        }
    }
}

/* --- What computes --- */

static wax_status open_letter(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                              size_t size, wax_bytes *plain)
{
    const wax_status status = tell(psk_open(ends, parcel, body, size, plain));

    if (status == WAX_OK) {
        VALGRIND_MAKE_MEM_DEFINED(plain->data, plain->size);
        hide(plain->data, plain->size);
    }
    return status;
}

/* Of a text, what stands in front of the payload and behind it is parsed. */
static wax_status open_text(const wax_box *box, const uint8_t *hedge, wax_bytes sealed,
                            uint8_t *plain)
{
    const wax_status status = tell(wax_suite_ascon.open(box, hedge, sealed, plain));
    const size_t size = sealed.size - box->tag_size;

    VALGRIND_MAKE_MEM_DEFINED(plain, size);
    for (size_t i = 0; i < size; i++) {
        if (plain[i] == PAYLOAD) {
            VALGRIND_MAKE_MEM_UNDEFINED(plain + i, 1);
        }
    }
    return status;
}

static wax_suite suite;
static wax_keys_profile profile;

static const wax_suite *suite_of(uint32_t number)
{
    return number == suite.number ? &suite : NULL;
}

static wax_status blind(const wax_blinder *self, wax_bytes where, wax_bytes level, uint8_t *result)
{
    const wax_status status = tell(wax_blind_ascon(self, where, level, result));

    VALGRIND_MAKE_MEM_DEFINED(result, TOKEN_SIZE);
    return status;
}

static wax_member_blind *blind_of(uint32_t number)
{
    return number == 2 ? blind : NULL;
}

/* --- What is written down --- */

struct records {
    wax_member_store base;
    struct {
        bool is_there;
        wax_member_record record;
        uint8_t value[ROOM];
        size_t size;
    } rows[RECORDS];
};

static wax_status load(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       uint8_t *room, size_t *size)
{
    const struct records *records = (const struct records *)self;

    (void)group; /* there is one */
    if (!records->rows[record].is_there) {
        return WAX_NOT_FOUND;
    }
    memcpy(room, records->rows[record].value, records->rows[record].size);
    *size = records->rows[record].size;
    return WAX_OK;
}

static wax_status save(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       wax_bytes value)
{
    struct records *records = (struct records *)self;

    (void)group;
    memcpy(records->rows[record].value, value.data, value.size);
    records->rows[record].size = value.size;
    records->rows[record].is_there = true;
    return WAX_OK;
}

/* --- Devices --- */

struct device {
    struct records records;
    wax_member_config config;
    wax_member *member;
    uint8_t *memory;
    uint8_t psk[WAX_KEYS_SECRET_SIZE];
};

static void start(struct device *device)
{
    const uint8_t nonce[WAX_KEYS_ID_SIZE] = {9};
    const size_t size = wax_member_memory_size(&device->config);

    device->memory = malloc(size);
    expect(device->memory != NULL && wax_member_open(&device->member, &device->config, nonce,
                                                     device->memory, size) == WAX_OK,
           "it does not start");
}

static void stop(struct device *device)
{
    wax_member_close(device->member);
    free(device->memory);
}

/* The mailbox of a device that reads, or writes, or both; made by who knows all. */
static wax_bytes write_letter(const struct device *device, uint32_t group_class, bool is_blinded,
                              uint8_t room[static ROOM])
{
    static uint8_t rooms[4][512];
    static const uint8_t id[WAX_KEYS_ID_SIZE] = {7};
    static const uint8_t point[WAX_P256_PUBLIC_SIZE] = {4};
    const wax_keys_ends ends = {.profile = &wax_keys_ascon,
                                .name_space = name_space,
                                .topic = WAX_TEXT("wax/k/lamp"),
                                .psk = device->psk};
    wax_writer out = wax_writer_over(room, ROOM);
    wax_writer lists[4];
    wax_keys_group group = {.id = id,
                            .suite = 2,
                            .group_class = group_class,
                            .tag_size = 8,
                            .role = WAX_KEYS_READS | WAX_KEYS_WRITES,
                            .sender = 3,
                            .write_epoch = 1,
                            .kept = 8,
                            .first_position = WAX_KEYS_NONE,
                            .chunk_size = WAX_KEYS_CHUNK_SIZE};
    wax_keys_mailbox mailbox = {
        .version = 1, .device = WAX_TEXT("lamp"), .registrar = point, .keeper = point};

    for (size_t i = 0; i < WAX_COUNT(lists); i++) {
        lists[i] = wax_writer_over(rooms[i], sizeof rooms[i]);
    }
    wax_keys_add_text(&group.filters, &lists[0], WAX_TEXT("home/#"));
    wax_keys_add_epoch(&group.epochs, &lists[1],
                       &(wax_keys_epoch){1, WAX_KEYS_EPOCH_SECRET, epoch_secret});
    wax_keys_add_number(&group.senders, &lists[2], 1);
    wax_keys_add_number(&group.senders, &lists[2], 9);
    wax_keys_add_group(&mailbox.groups, &lists[3], &group);
    if (is_blinded) {
        mailbox.blinding = (wax_keys_blinding){.key = blinding_key, .variant = 1, .hash = 2};
    }
    expect(wax_keys_mailbox_seal(&out, &ends, &mailbox) == WAX_OK, "there is no mailbox");
    return wax_writer_bytes(&out);
}

static struct device *device_new(uint32_t group_class, bool is_blinded)
{
    struct device *device = calloc(1, sizeof *device);
    uint8_t room[ROOM];
    wax_bytes letter;

    expect(device != NULL, "there is no memory");
    device->records.base = (wax_member_store){load, save};
    memset(device->psk, 'k', sizeof device->psk);
    device->config = (wax_member_config){.device = WAX_TEXT("lamp"),
                                         .prefix = WAX_TEXT("wax"),
                                         .name_space = name_space,
                                         .profile = &profile,
                                         .psk = device->psk,
                                         .suite = suite_of,
                                         .blind = blind_of,
                                         .store = &device->records.base,
                                         .mailbox_size = ROOM,
                                         .message_size = ROOM,
                                         .group_count = 2,
                                         .sender_count = 4,
                                         .topic_count = 4};
    letter = write_letter(device, group_class, is_blinded, room);
    VALGRIND_MAKE_MEM_UNDEFINED(device->psk, sizeof device->psk);
    start(device);
    expect(wax_member_take_mailbox(device->member, letter) == WAX_OK, "the mailbox is not taken");
    return device;
}

/* --- What is sent --- */

struct sent {
    uint8_t room[16 * 1024];
    wax_publish publish;
};

static void send_text(struct device *device, size_t size, struct sent *sent)
{
    uint8_t text[TEXT_MAX];
    wax_writer room = wax_writer_over(sent->room, sizeof sent->room);
    const wax_publish message = {.topic = WAX_TEXT("home/hall/temp"),
                                 .payload = wax_bytes_of(text, size)};

    memset(text, PAYLOAD, sizeof text);
    VALGRIND_MAKE_MEM_UNDEFINED(text, sizeof text);
    expect(wax_member_seal(device->member, &message, 0, &room, &sent->publish) == WAX_OK,
           "it is not sealed");
    /* From here on all may read it. */
    VALGRIND_MAKE_MEM_DEFINED(sent->publish.payload.data, sent->publish.payload.size);
}

static wax_member_arrival take(struct device *device, const struct sent *sent)
{
    wax_member_arrival arrival;

    expect(wax_member_unseal(device->member, &sent->publish, 0, &arrival) == WAX_OK,
           "it is not looked at");
    return arrival;
}

static void talk(struct device *from, struct device *to, size_t size)
{
    static struct sent sent;
    uint8_t *last;
    wax_member_arrival arrival;

    send_text(from, size, &sent);
    last = (uint8_t *)(uintptr_t)sent.publish.payload.data + sent.publish.payload.size - 1;
    *last ^= 1;
    expect(take(to, &sent).opened.event == WAX_SEAL_NOT_OPENED, "what was touched opens");
    *last ^= 1;
    arrival = take(to, &sent);
    expect(arrival.outcome == WAX_MEMBER_OPENED && arrival.message.payload.size == size,
           "what was sealed does not open");
}

static void live(uint32_t group_class, bool is_blinded)
{
    struct device *from = device_new(group_class, is_blinded);
    struct device *to = device_new(group_class, is_blinded);
    uint8_t room[ROOM];

    for (size_t size = 0; size < TEXT_MAX; size += 37) {
        wax_writer out = wax_writer_over(room, sizeof room);

        talk(from, to, size);
        expect(wax_member_write_status(to->member, &out) == WAX_OK, "there is no status");
        /* Each time from what was written down, too. */
        stop(size % 2 == 0 ? from : to);
        start(size % 2 == 0 ? from : to);
    }
    stop(from);
    stop(to);
    free(from);
    free(to);
}

int main(int argc, char **argv)
{
    uint8_t secret[WAX_KEYS_SECRET_SIZE];

    (void)argv;
    suite = wax_suite_ascon;
    suite.open = open_text;
    profile = wax_keys_ascon;
    profile.open = open_letter;
    for (uint32_t group_class = 0; group_class < 2; group_class++) {
        live(group_class, false);
        live(group_class, true);
    }
    memcpy(secret, epoch_secret, sizeof secret);
    hide(secret, sizeof secret);
    if (argc > 1 && secret[0] == 0) {
        (void)puts("a leak");
    }
    return 0;
}
