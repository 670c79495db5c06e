/* An envelope that a stranger sent: whatever it is, it is opened only if it was sealed, and the
 * seeds of the corpus are. The first byte chooses suite, class and tag, and whether the input is
 * resealed: then it is what stands inside, under a tag that is good. */
#include "fuzz.h"

#include <string.h>

#include "seal/header.h"
#include "seal/schedule.h"
#include "seal/seal.h"

enum { ROOM = 1 << 16, IS_TEXT = 0x80, IS_SIGNED = 0x40, IS_STATE = 0x10 };

static const uint8_t secret[WAX_SECRET_SIZE] = {5};
static uint8_t room[ROOM];
static uint8_t copy[ROOM];

struct world {
    wax_seal_group group;
    wax_epoch_key epoch;
    wax_sender_range range;
    wax_sender_record sender;
    wax_topic_record topic;
    wax_opener opener;
};

/* Any signature is good: what matters is what stands around it. */
static wax_status verify(const uint8_t *public_key, const wax_bytes *parts, size_t count,
                         const uint8_t *signature)
{
    uint8_t sum = public_key[0];

    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < parts[i].size; at++) {
            sum ^= parts[i].data[at];
        }
    }
    for (size_t i = 0; i < WAX_P256_SIGNATURE_SIZE; i++) {
        sum ^= signature[i];
    }
    return sum == 77 ? WAX_UNTRUSTED : WAX_OK;
}

static void make(struct world *world, uint8_t choice)
{
    static const wax_suite *const suites[] = {&wax_suite_chacha, &wax_suite_ascon, &wax_suite_ccm};
    static const uint8_t public_key[WAX_P256_PUBLIC_SIZE] = {4};
    static const wax_sender_key key = {.sender = 1, .public_key = public_key};

    *world = (struct world){
        .group = {.suite = suites[choice % 3], .tag_size = 16}
    };
    world->group.tag_size = (choice & 8U) != 0 ? world->group.suite->tag_size_min : 16;
    world->group.group_class = (choice & IS_STATE) != 0 ? WAX_CLASS_STATE : WAX_CLASS_STREAM;
    world->epoch = (wax_epoch_key){.epoch = 1, .secret = secret};
    world->range = (wax_sender_range){.first = 1, .last = WAX_SENDER_MAX};
    world->opener = (wax_opener){
        .group = &world->group,
        .room = {room, sizeof room},
        .epochs = &world->epoch,
        .epoch_count = 1,
        .epochs_kept = 1,
        .ranges = &world->range,
        .range_count = 1,
        .keys = &key,
        .key_count = (choice & IS_SIGNED) != 0,
        .verify = verify,
        .senders = &world->sender,
        .sender_count = 1,
        .topics = &world->topic,
        .topic_count = 1,
        .step_max = 4
    };
}

/* Puts a seal around a text. Returns the envelope's size. */
static size_t reseal(const struct world *world, wax_bytes text, bool is_signed)
{
    const struct scope scope = {&world->group, 1, 1};
    const struct header header = {
        .kind = is_signed ? KIND_SIGNED : KIND_MESSAGE, .epoch = 1, .sender = 1, .position = 9};
    wax_writer out = wax_writer_over(copy, sizeof copy);
    wax_writer bound = wax_writer_over(room, sizeof room);
    uint8_t keys[3][WAX_HEDGE_KEY_SIZE];
    wax_box box = {.suite = world->group.suite,
                   .key = keys[1],
                   .number = 9,
                   .tag_size = world->group.tag_size};

    header_write(&out, &header);
    fuzz_require(wax_seal_sender_secret(&world->group, 1, secret, 1, keys[0]) == WAX_OK);
    fuzz_require(schedule(&scope, keys[0], USE_KEY, 0, keys[1]) == WAX_OK);
    fuzz_require(schedule_hedge(&scope, keys[0], USE_HEDGE, 0, keys[2]) == WAX_OK);
    fuzz_require(schedule_bind(&scope, wax_writer_bytes(&out), WAX_TEXT("t"), &bound) == WAX_OK);
    box.associated = wax_writer_bytes(&bound);
    memcpy(copy + out.used + WAX_HEDGE_SIZE, text.data, text.size);
    fuzz_require(wax_box_seal(&box, keys[2], wax_bytes_of(NULL, 0), copy + out.used, text.size) ==
                 WAX_OK);
    return out.used + WAX_HEDGE_SIZE + text.size + world->group.tag_size;
}

/* What was opened lies inside of the envelope, and does not open again in class stream. */
static void check(struct world *world, const wax_seal_arrival *arrival, const wax_opened *opened)
{
    const uint8_t *end = arrival->envelope + arrival->size;
    wax_reader fields = wax_reader_over(opened->fields);
    wax_field field;
    uint8_t last = 0;

    fuzz_require(opened->payload.data >= arrival->envelope &&
                 opened->payload.data + opened->payload.size <= end);
    while (wax_field_next(&fields, &last, &field)) {
        fuzz_require(field.value.data + field.value.size <= end);
    }
    fuzz_require(fields.status == WAX_OK);
    fuzz_require(world->sender.record.sender == opened->sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    wax_opened opened;
    wax_seal_arrival arrival = {.topic = WAX_TEXT("t"), .envelope = copy};

    if (size == 0 || size > ROOM - 200) {
        return 0;
    }
    make(&world, data[0]);
    if ((data[0] & IS_TEXT) != 0) {
        arrival.size = reseal(&world, wax_bytes_of(data + 1, size - 1), (data[0] & IS_SIGNED) != 0);
    } else {
        memcpy(copy, data + 1, size - 1);
        arrival.size = size - 1;
    }
    if (wax_opener_open(&world.opener, &arrival, &opened) == WAX_OK) {
        check(&world, &arrival, &opened);
    } else {
        fuzz_require(opened.event != WAX_SEAL_FINE && world.sender.record.sender == 0 &&
                     world.topic.record.sender == 0);
        fuzz_require(opened.event != WAX_SEAL_NOT_OPENED || (data[0] & IS_TEXT) == 0);
    }
    return 0;
}
