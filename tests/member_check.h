/* Members of one namespace, and an authority that writes them mailboxes. */
#ifndef WAX_TESTS_MEMBER_CHECK_H
#define WAX_TESTS_MEMBER_CHECK_H

#include "check.h"

#include "member/member.h"

#include <stdlib.h>

enum { RECORDS = 16, RECORD_SIZE = 8192, MAILBOX_ROOM = 8192, SEALED_ROOM = 65536 };

/* Records that stay while members come and go; writes may be made to fail. */
struct records {
    wax_member_store base;
    struct {
        bool is_there;
        wax_member_record record;
        uint8_t group[WAX_KEYS_ID_SIZE];
        uint8_t value[RECORD_SIZE];
        size_t size;
    } rows[RECORDS];
    wax_status fault;  /* what becomes of windows that are saved */
    unsigned calls;    /* of either function */
    unsigned fails_at; /* the call that fails with WAX_IO; 0: none */
    unsigned cut_at;   /* the call at which the power goes off; 0: it does not */
    bool is_written;   /* what was to be saved just then */
};

struct device {
    struct records records;
    wax_member_config config;
    wax_member *member;
    uint8_t *memory;
    uint8_t psk[WAX_KEYS_SECRET_SIZE];
    uint8_t secret[WAX_P256_SECRET_SIZE]; /* where it has no pre-shared key */
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    char name[32];
    uint8_t nonce[WAX_KEYS_ID_SIZE]; /* of this start */
    const uint8_t *told;             /* the boot nonce that its mailboxes name; NULL: none */
};

/* What the authority knows of a group. */
struct house {
    uint8_t id[WAX_KEYS_ID_SIZE];
    const char *filter;
    uint32_t suite;
    uint32_t group_class;
    uint32_t epoch; /* the newest */
    uint32_t kept;
    uint32_t first_sender; /* those that may write */
    uint32_t last_sender;
    const uint8_t *signing;  /* the public key of the first sender; NULL: nobody signs */
    uint32_t first_position; /* in the mailboxes of senders; 0: as the device has it */
};

static const uint8_t the_namespace[WAX_KEYS_ID_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};

static inline bool is_cut(const struct records *records)
{
    return records->cut_at != 0 && records->calls >= records->cut_at;
}

static inline wax_status load_record(wax_member_store *self, wax_member_record record,
                                     const uint8_t *group, uint8_t *room, size_t *size)
{
    struct records *records = (struct records *)self;

    if (++records->calls == records->fails_at || is_cut(records)) {
        return WAX_IO;
    }
    for (size_t i = 0; i < RECORDS; i++) {
        if (records->rows[i].is_there && records->rows[i].record == record &&
            (group == NULL || memcmp(records->rows[i].group, group, WAX_KEYS_ID_SIZE) == 0)) {
            assert_true(records->rows[i].size <= *size);
            memcpy(room, records->rows[i].value, records->rows[i].size);
            *size = records->rows[i].size;
            return WAX_OK;
        }
    }
    return WAX_NOT_FOUND;
}

static inline wax_status save_record(wax_member_store *self, wax_member_record record,
                                     const uint8_t *group, wax_bytes value)
{
    struct records *records = (struct records *)self;
    size_t at = 0;

    if (records->fault != WAX_OK && record == WAX_MEMBER_WINDOW) {
        return records->fault;
    }
    if (++records->calls == records->fails_at ||
        (is_cut(records) && (records->calls != records->cut_at || !records->is_written))) {
        return WAX_IO;
    }
    while (records->rows[at].is_there &&
           (records->rows[at].record != record ||
            (group != NULL && memcmp(records->rows[at].group, group, WAX_KEYS_ID_SIZE) != 0))) {
        at++;
        assert_true(at < RECORDS);
    }
    assert_true(value.size <= RECORD_SIZE);
    records->rows[at].is_there = true;
    records->rows[at].record = record;
    if (group != NULL) {
        memcpy(records->rows[at].group, group, WAX_KEYS_ID_SIZE);
    }
    memcpy(records->rows[at].value, value.data, value.size);
    records->rows[at].size = value.size;
    return is_cut(records) ? WAX_IO : WAX_OK;
}

static inline const wax_suite *any_suite(uint32_t number)
{
    return number == 1   ? &wax_suite_chacha
           : number == 2 ? &wax_suite_ascon
           : number == 3 ? &wax_suite_ccm
                         : NULL;
}

static inline wax_member_blind *any_blind(uint32_t number)
{
    return number == 1 ? wax_blind_hmac : number == 2 ? wax_blind_ascon : NULL;
}

static inline void device_start(struct device *device)
{
    static uint8_t starts;
    uint8_t nonce[WAX_KEYS_ID_SIZE] = {0};
    size_t size = wax_member_memory_size(&device->config);

    nonce[0] = ++starts;
    memcpy(device->nonce, nonce, sizeof(nonce));
    device->memory = malloc(size);
    assert_non_null(device->memory);
    assert_int_equal(wax_member_open(&device->member, &device->config, nonce, device->memory, size),
                     WAX_OK);
}

static inline void device_stop(struct device *device)
{
    wax_member_close(device->member);
    free(device->memory);
    device->member = NULL;
}

static inline void device_make(struct device *device, const char *name)
{
    *device = (struct device){.records = {.base = {load_record, save_record}}};
    memset(device->psk, name[0], sizeof(device->psk));
    (void)snprintf(device->name, sizeof(device->name), "%s", name);
    device->config = (wax_member_config){
        .device = wax_bytes_of_text(device->name),
        .prefix = WAX_TEXT("wax"),
        .name_space = the_namespace,
        .profile = &wax_keys_ascon,
        .psk = device->psk,
        .suite = any_suite,
        .blind = any_blind,
        .store = &device->records.base,
        .mailbox_size = 4096,
        .message_size = 4096,
        .hold_size = 4096,
        .group_count = 4,
        .sender_count = 8,
        .topic_count = 8,
    };
    device_start(device);
}

/* The authority's keys. */
static inline const uint8_t *keeper_secret(void)
{
    static const uint8_t secret[WAX_P256_SECRET_SIZE] = {[WAX_P256_SECRET_SIZE - 1] = 7};

    return secret;
}

static inline const uint8_t *keeper_public(void)
{
    static uint8_t public_key[WAX_P256_PUBLIC_SIZE];

    assert_int_equal(wax_crypto_p256_public(keeper_secret(), public_key), WAX_OK);
    return public_key;
}

/* The same each time: a test asks no more of it. */
static inline wax_status no_random(void *room, size_t size)
{
    memset(room, 3, size);
    return WAX_OK;
}

/* Makes it a device with keys of its own, from its next start on. */
static inline void device_own_keys(struct device *device)
{
    memset(device->secret, device->name[0], sizeof(device->secret));
    device->secret[0] = 1;
    assert_int_equal(wax_crypto_p256_public(device->secret, device->public_key), WAX_OK);
    device->config.profile = &wax_keys_hpke;
    device->config.psk = NULL;
    device->config.own_secret = device->secret;
    device->config.keeper = keeper_public();
    device->config.random = no_random;
}

/* An epoch's secret, which only the authority of these tests makes so. */
static inline void epoch_secret(const struct house *house, uint32_t epoch, uint8_t *secret)
{
    memset(secret, (int)(house->id[0] + epoch), WAX_SECRET_SIZE);
}

/* What a device may do in a group. */
struct right {
    const struct house *house;
    uint32_t role;
    uint32_t sender;
    uint32_t joined;  /* the first epoch it is given whole; 0: all that are kept */
    uint32_t history; /* the first of those before whose class secret it is given; 0: none */
};

static inline void write_epochs(const struct right *right, wax_keys_list *list, wax_writer *out)
{
    const struct house *house = right->house;
    uint32_t kept = house->epoch < house->kept ? 1 : house->epoch - house->kept + 1;
    uint32_t first = right->history != 0 ? right->history : right->joined;

    for (uint32_t epoch = first > kept ? first : kept; epoch <= house->epoch; epoch++) {
        uint8_t secret[WAX_SECRET_SIZE];
        wax_keys_epoch row = {epoch, WAX_KEYS_EPOCH_SECRET, secret};
        wax_seal_group group = {.suite = any_suite(house->suite),
                                .group_class =
                                    house->group_class == 0 ? WAX_CLASS_STATE : WAX_CLASS_STREAM,
                                .tag_size = 16};

        memcpy(group.id, house->id, sizeof(group.id));
        epoch_secret(house, epoch, secret);
        if ((right->role & WAX_KEYS_READS) == 0) {
            row.what = WAX_KEYS_SENDER_SECRET;
            assert_int_equal(wax_seal_sender_secret(&group, epoch, secret, right->sender, secret),
                             WAX_OK);
        } else if (epoch < right->joined) {
            row.what = WAX_KEYS_CLASS_SECRET;
            assert_int_equal(wax_seal_class_secret(&group, epoch, secret, secret), WAX_OK);
        }
        wax_keys_add_epoch(list, out, &row);
    }
}

struct letter {
    uint8_t room[MAILBOX_ROOM];
    wax_bytes bytes;
};

static inline void write_mailbox(struct letter *letter, const struct device *device,
                                 uint64_t version, const struct right *rights, size_t count,
                                 const wax_keys_blinding *blinding)
{
    static uint8_t rooms[4][4][1024];
    static uint8_t groups_room[4096];
    static const uint8_t point[WAX_P256_PUBLIC_SIZE] = {4};
    static const uint8_t seed[32] = {1};
    wax_writer groups_out = wax_writer_over(groups_room, sizeof(groups_room));
    wax_writer out = wax_writer_over(letter->room, sizeof(letter->room));
    char topic[64];
    wax_keys_mailbox mailbox = {.version = version,
                                .device = wax_bytes_of_text(device->name),
                                .boot_nonce = device->told,
                                .registrar = point,
                                .keeper = point};
    wax_keys_ends ends = {.profile = device->config.profile,
                          .name_space = the_namespace,
                          .psk = device->psk,
                          .own_secret = keeper_secret(),
                          .peer = device->public_key,
                          .seed = wax_bytes_of(seed, sizeof(seed))};

    for (size_t i = 0; i < count; i++) {
        const struct house *house = rights[i].house;
        wax_writer filters = wax_writer_over(rooms[i][0], sizeof(rooms[i][0]));
        wax_writer epochs = wax_writer_over(rooms[i][1], sizeof(rooms[i][1]));
        wax_writer senders = wax_writer_over(rooms[i][2], sizeof(rooms[i][2]));
        wax_writer signers = wax_writer_over(rooms[i][3], sizeof(rooms[i][3]));
        wax_keys_group group = {
            .id = house->id,
            .suite = house->suite,
            .group_class = house->group_class,
            .tag_size = 16,
            .role = rights[i].role,
            .sender = rights[i].sender,
            .write_epoch = house->epoch,
            .kept = house->kept,
            .first_position = house->first_position == 0 || rights[i].sender == 0
                                  ? WAX_KEYS_NONE
                                  : house->first_position,
            .signs = house->signing != NULL && rights[i].sender == house->first_sender,
            .chunk_size = WAX_KEYS_CHUNK_SIZE};

        wax_keys_add_text(&group.filters, &filters, wax_bytes_of_text(house->filter));
        write_epochs(&rights[i], &group.epochs, &epochs);
        wax_keys_add_number(&group.senders, &senders, house->first_sender);
        wax_keys_add_number(&group.senders, &senders, house->last_sender);
        if (house->signing != NULL) {
            wax_keys_add_signer(&group.signers, &signers, house->first_sender, house->signing);
        }
        wax_keys_add_group(&mailbox.groups, &groups_out, &group);
    }
    if (blinding != NULL) {
        mailbox.blinding = *blinding;
    }
    (void)snprintf(topic, sizeof(topic), "wax/k/%s", device->name);
    ends.topic = wax_bytes_of_text(topic);
    assert_int_equal(wax_keys_mailbox_seal(&out, &ends, &mailbox), WAX_OK);
    letter->bytes = wax_writer_bytes(&out);
}

static inline void give_keys(struct device *device, uint64_t version, const struct right *rights,
                             size_t count)
{
    struct letter letter;

    write_mailbox(&letter, device, version, rights, count, NULL);
    assert_int_equal(wax_member_take_mailbox(device->member, letter.bytes), WAX_OK);
}

/* A message on its way. */
struct sent {
    uint8_t room[SEALED_ROOM];
    wax_publish publish;
};

static inline wax_status send_text(struct device *from, const char *topic, const char *text,
                                   struct sent *sent)
{
    wax_writer room = wax_writer_over(sent->room, sizeof(sent->room));
    wax_publish message = {
        .topic = wax_bytes_of_text(topic), .payload = wax_bytes_of_text(text), .qos = 1};

    return wax_member_seal(from->member, &message, 0, &room, &sent->publish);
}

static inline wax_member_arrival receive_text(struct device *to, const struct sent *sent)
{
    wax_member_arrival arrival;

    assert_int_equal(wax_member_unseal(to->member, &sent->publish, 0, &arrival), WAX_OK);
    return arrival;
}

#endif
