/* A member that was given its mailbox, and a broker that sends it whatever it likes. The first byte
 * chooses the topic, whether topics are blinded, and whether the input is an envelope as it comes;
 * what stands inside of one, under a tag that is good; or a mailbox. The next byte chooses which of
 * its bytes are touched. */
#include "fuzz.h"

#include "member/member.h"

#include <string.h>

enum {
    ROOM = 8192,
    IS_TEXT = 0x80,
    IS_MAILBOX = 0x40,
    IS_BLINDED = 0x20,
    IS_RETAINED = 0x10,
    RECORD_MAX = 2048,
};

static const uint8_t name_space[WAX_KEYS_ID_SIZE] = {1};
static const uint8_t psk[WAX_KEYS_SECRET_SIZE] = {2};
static const uint8_t secret[WAX_SECRET_SIZE] = {5};
static const uint8_t blinding_key[WAX_SECRET_SIZE] = {6};
static uint8_t memories[2][1 << 18];
static uint8_t room[ROOM];

/* --- A store that forgets --- */

static wax_status load(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       uint8_t *to, size_t *size)
{
    (void)self;
    (void)record;
    (void)group;
    (void)to;
    (void)size;
    return WAX_NOT_FOUND;
}

static wax_status save(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       wax_bytes value)
{
    (void)self;
    (void)record;
    (void)group;
    fuzz_require(value.size <= RECORD_MAX);
    return WAX_OK;
}

static wax_member_store store = {load, save};

static const wax_suite *suite_of(uint32_t number)
{
    static const wax_suite *const suites[] = {&wax_suite_chacha, &wax_suite_ascon, &wax_suite_ccm};

    return number >= 1 && number <= WAX_COUNT(suites) ? suites[number - 1] : NULL;
}

static wax_member_blind *blind_of(uint32_t number)
{
    return number == 1 ? wax_blind_hmac : number == 2 ? wax_blind_ascon : NULL;
}

/* --- Members --- */

static wax_member_config config_of(const char *device)
{
    return (wax_member_config){
        .device = wax_bytes_of_text(device),
        .prefix = WAX_TEXT("wax"),
        .name_space = name_space,
        .profile = &wax_keys_ascon,
        .psk = psk,
        .suite = suite_of,
        .blind = blind_of,
        .store = &store,
        .mailbox_size = RECORD_MAX,
        .message_size = ROOM / 2,
        .group_count = 3,
        .sender_count = 2,
        .topic_count = 2,
        .step_max = 2,
    };
}

/* A group of one class on the topics below its filter, with one epoch. */
static void add_group(wax_keys_mailbox *mailbox, wax_writer *out, uint8_t number)
{
    static uint8_t rooms[3][64];
    static const char *const filters[] = {"s/#", "l/+"};
    static uint8_t id[WAX_KEYS_ID_SIZE];
    wax_writer filter = wax_writer_over(rooms[0], sizeof rooms[0]);
    wax_writer epochs = wax_writer_over(rooms[1], sizeof rooms[1]);
    wax_writer senders = wax_writer_over(rooms[2], sizeof rooms[2]);
    const wax_keys_epoch epoch = {1, WAX_KEYS_EPOCH_SECRET, secret};
    wax_keys_group group = {.id = id,
                            .suite = number + 1U,
                            .group_class = number,
                            .tag_size = 16,
                            .role = WAX_KEYS_READS | WAX_KEYS_WRITES,
                            .sender = 1,
                            .write_epoch = 1,
                            .kept = 4,
                            .first_position = WAX_KEYS_NONE,
                            .chunk_size = WAX_KEYS_CHUNK_SIZE};

    id[0] = number;
    wax_keys_add_text(&group.filters, &filter, wax_bytes_of_text(filters[number]));
    wax_keys_add_epoch(&group.epochs, &epochs, &epoch);
    wax_keys_add_number(&group.senders, &senders, 1);
    wax_keys_add_number(&group.senders, &senders, 9);
    wax_keys_add_group(&mailbox->groups, out, &group);
}

static void give_keys(wax_member *member, const char *topic, bool is_blinded)
{
    static const uint8_t point[WAX_P256_PUBLIC_SIZE] = {4};
    uint8_t groups[512];
    uint8_t letter[1024];
    wax_writer groups_out = wax_writer_over(groups, sizeof groups);
    wax_writer out = wax_writer_over(letter, sizeof letter);
    wax_keys_mailbox mailbox = {.version = 1, .registrar = point, .keeper = point};
    const wax_keys_ends ends = {.profile = &wax_keys_ascon,
                                .name_space = name_space,
                                .topic = wax_bytes_of_text(topic),
                                .psk = psk};

    mailbox.device = wax_bytes_of_text(topic + strlen("wax/k/"));
    add_group(&mailbox, &groups_out, 0);
    add_group(&mailbox, &groups_out, 1);
    if (is_blinded) {
        mailbox.blinding = (wax_keys_blinding){.key = blinding_key, .variant = 1, .hash = 2};
    }
    fuzz_require(wax_keys_mailbox_seal(&out, &ends, &mailbox) == WAX_OK);
    fuzz_require(wax_member_take_mailbox(member, wax_writer_bytes(&out)) == WAX_OK);
}

static wax_member *open_member(const wax_member_config *config, uint8_t *memory)
{
    const uint8_t nonce[WAX_KEYS_ID_SIZE] = {7};
    wax_member *member = NULL;

    fuzz_require(wax_member_memory_size(config) <= sizeof memories[0]);
    fuzz_require(wax_member_open(&member, config, nonce, memory, sizeof memories[0]) == WAX_OK);
    return member;
}

/* --- What comes --- */

/* What was opened is a message like any other: its properties can be read to their end. */
static void walk(const wax_publish *message)
{
    wax_reader in = wax_reader_over(message->properties);
    wax_property property;
    size_t sum = 0;

    while (wax_property_next(&in, &property)) {
        sum += property.value.size;
    }
    fuzz_require(in.status == WAX_OK && wax_reader_left(&in) == 0);
    fuzz_require(sum <= message->properties.size);
    for (size_t i = 0; i < message->payload.size; i++) {
        sum += message->payload.data[i];
    }
    (void)sum;
}

static void take(wax_member *reader, wax_publish *came, bool is_good)
{
    wax_member_arrival arrival;

    for (unsigned times = 0; times < 2; times++) {
        const wax_status status = wax_member_unseal(reader, came, 1000, &arrival);

        fuzz_require(status == WAX_OK || status == WAX_TOO_LARGE);
        if (status != WAX_OK) {
            return;
        }
        fuzz_require(arrival.outcome != WAX_MEMBER_EARLY);
        fuzz_require(arrival.outcome != WAX_MEMBER_REFUSED ||
                     arrival.opened.event != WAX_SEAL_FINE);
        fuzz_require(arrival.outcome != WAX_MEMBER_OPENED || is_good);
        if (arrival.outcome == WAX_MEMBER_OPENED) {
            walk(&arrival.message);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const topics[] = {"s/a/b", "l/a", "other", "l/a/b"};
    const wax_member_config configs[] = {config_of("reader"), config_of("sender")};
    wax_member *members[2];
    wax_publish message = {
        .payload = {NULL, 0}
    };
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_status status;

    if (size < 2 || size > ROOM / 8) {
        return 0;
    }
    for (size_t i = 0; i < 2; i++) {
        members[i] = open_member(&configs[i], memories[i]);
        give_keys(members[i], i == 0 ? "wax/k/reader" : "wax/k/sender",
                  (data[0] & IS_BLINDED) != 0);
    }
    message.topic = wax_bytes_of_text(topics[data[0] % WAX_COUNT(topics)]);
    message.retain = (data[0] & IS_RETAINED) != 0;
    message.payload = wax_bytes_of(data + 2, size - 2);
    if ((data[0] & IS_MAILBOX) != 0) {
        fuzz_require(wax_member_take_mailbox(members[0], message.payload) != WAX_OK);
    } else if ((data[0] & IS_TEXT) != 0) {
        status = wax_member_seal(members[1], &message, 500, &out, &message);
        fuzz_require(status == WAX_OK || status == WAX_NOT_FOUND);
        if (status == WAX_OK && data[1] != 0) {
            uint8_t *bytes = (uint8_t *)(uintptr_t)message.payload.data;

            bytes[data[1] % message.payload.size] ^= data[1];
        }
        take(members[0], &message, status == WAX_OK && data[1] == 0);
    } else {
        take(members[0], &message, false);
    }
    wax_member_close(members[0]);
    wax_member_close(members[1]);
    return 0;
}
