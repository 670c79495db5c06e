/* An authority in a folder of its own, with a clock and randomness that repeat, and the devices
 * that it serves: what it publishes they open, and complain about whatever does not rise. */
#ifndef WAX_TESTS_AUTHORITY_CHECK_H
#define WAX_TESTS_AUTHORITY_CHECK_H

#include "keys_check.h"

#include "authority/authority.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FARM_DEVICES = 8, FARM_GROUPS = 4, FARM_EPOCHS = 16 };

/* What a device has of a group. */
struct held_group {
    uint8_t id[WAX_KEYS_ID_SIZE];
    wax_keys_group group; /* its numbers; its lists are gone */
    size_t count;
    wax_keys_epoch epochs[FARM_EPOCHS];
    uint8_t secrets[FARM_EPOCHS][WAX_KEYS_SECRET_SIZE];
};

struct farm_device {
    char name[16];
    const wax_keys_profile *profile;
    uint8_t psk[WAX_KEYS_SECRET_SIZE];
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    struct keys_memory memory;
    uint64_t count;
    uint8_t boot_nonce[WAX_KEYS_ID_SIZE];
    bool echoes; /* the last mailbox had the boot nonce */
    const char *firmware;
    uint32_t refused[WAX_KEYS_BAD_SIGNATURE + 1]; /* what it tells of its start */
    uint64_t messages;                            /* in its first group */
    uint64_t bytes;
    size_t groups;
    struct held_group held[FARM_GROUPS];
};

struct farm {
    char path[64];
    char copy[80];
    char fault[WAX_AUTHORITY_FAULT_SIZE];
    wax_authority *authority;
    wax_authority_random random;
    uint64_t seed;
    uint8_t key[WAX_SEAL_KEY_SIZE];
    wax_authority_deed deed;
    struct farm_device devices[FARM_DEVICES];
    size_t count;
    wax_keys_followed log;
    unsigned entries;
    unsigned manifests;
    unsigned mailboxes;
    wax_keys_followed manifests_followed[FARM_GROUPS + 1];
    uint32_t write_epoch[FARM_GROUPS + 1];      /* by row, from 1 */
    uint8_t ids[FARM_GROUPS][WAX_KEYS_ID_SIZE]; /* of groups, as they were made */
    size_t group_count;
};

static inline wax_status farm_random(wax_authority_random *self, void *room, size_t size)
{
    any_fill(&WAX_OWNER(self, struct farm, random)->seed, room, size);
    return WAX_OK;
}

static inline wax_authority_options farm_options(struct farm *farm)
{
    return (wax_authority_options){farm->path, farm->key, &farm->random, farm->fault};
}

/* Founds one; returns as wax_authority_found(). */
static inline wax_status farm_found(struct farm *farm, uint64_t seed,
                                    const wax_authority_founding *founding)
{
    static unsigned number;
    wax_authority_options options;

    memset(farm, 0, sizeof *farm);
    number++;
    /* In memory, where there is such a folder: nobody here loses power. */
    (void)snprintf(farm->path, sizeof farm->path, "%s/wax-authority-%d-%u",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid(), number);
    (void)snprintf(farm->copy, sizeof farm->copy, "%s-copy", farm->path);
    (void)unlink(farm->path);
    farm->seed = seed;
    farm->random.fill = farm_random;
    farm->deed = (wax_authority_deed){.who = WAX_TEXT("anna"), .now_s = 1700000000};
    any_fill(&farm->seed, farm->key, sizeof farm->key);
    options = farm_options(farm);
    return wax_authority_found(&farm->authority, &options, &farm->deed, founding);
}

static inline void farm_begin(struct farm *farm, uint64_t seed)
{
    const wax_authority_founding founding = {.blinding_variant = 1, .blinding_hash = 2};

    check_row(farm->fault, farm_found(farm, seed, &founding) == WAX_OK);
}

static inline void farm_end(struct farm *farm)
{
    wax_authority_close(farm->authority);
    (void)unlink(farm->path);
    (void)unlink(farm->copy);
}

static inline void farm_reopen(struct farm *farm)
{
    const wax_authority_options options = farm_options(farm);

    wax_authority_close(farm->authority);
    check_row(farm->fault, wax_authority_open(&farm->authority, &options) == WAX_OK);
}

/* Copies a file. */
static inline void farm_copy(const char *from, const char *to)
{
    static uint8_t room[1 << 22];
    const int in = open(from, O_RDONLY);
    const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const ssize_t size = read(in, room, sizeof room);

    assert_true(size > 0 && size < (ssize_t)sizeof room);
    assert_true(write(out, room, (size_t)size) == size);
    (void)close(in);
    (void)close(out);
}

/* Says what the authority said when a deed did not come to what was expected. */
#define check_deed(farm, claim, wanted)                                                            \
    do {                                                                                           \
        wax_status came = (claim);                                                                 \
        if (came != (wanted)) {                                                                    \
            fail_msg("%s: %d: %s", #claim, came, wax_authority_fault((farm)->authority));          \
        }                                                                                          \
    } while (0)

static inline struct farm_device *farm_device(struct farm *farm, const char *name)
{
    for (size_t i = 0; i < farm->count; i++) {
        if (strcmp(farm->devices[i].name, name) == 0) {
            return &farm->devices[i];
        }
    }
    fail_msg("no device %s", name);
    return NULL;
}

/* A device that is not enrolled yet. */
static inline struct farm_device *farm_new(struct farm *farm, const char *name,
                                           const wax_keys_profile *profile)
{
    struct farm_device *device = &farm->devices[farm->count++];
    uint8_t seed[WAX_HPKE_SEED_SIZE];

    assert_true(farm->count <= FARM_DEVICES);
    memset(device, 0, sizeof *device);
    (void)snprintf(device->name, sizeof device->name, "%s", name);
    device->profile = profile;
    device->memory.mark.keep = keys_keep;
    any_fill(&farm->seed, device->psk, sizeof device->psk);
    any_fill(&farm->seed, device->boot_nonce, sizeof device->boot_nonce);
    any_fill(&farm->seed, seed, sizeof seed);
    assert_int_equal(
        wax_hpke_pair(wax_bytes_of(seed, sizeof seed), device->secret, device->public_key), WAX_OK);
    return device;
}

/* An enrolment as the device sends it. */
static inline wax_bytes farm_enrolment(struct farm *farm, const struct farm_device *device,
                                       wax_bytes certificate, uint8_t room[static 1024])
{
    static const uint8_t nonce[WAX_KEYS_ENROL_NONCE_SIZE] = {5};
    const wax_keys_signing by = {wax_authority_identify(farm->authority).name_space, device->secret,
                                 NULL};
    const wax_keys_enrolment enrolment = {
        .device = wax_bytes_of_text(device->name),
        .public_key = device->public_key,
        .nonce = nonce,
        .certificate = certificate,
    };
    wax_writer out = wax_writer_over(room, 1024);

    assert_int_equal(wax_keys_enrolment_write(&out, &by, &enrolment), WAX_OK);
    return wax_writer_bytes(&out);
}

/* A device that is in: by its pre-shared key, or by words that somebody compared. */
static inline void farm_add(struct farm *farm, const char *name, const wax_keys_profile *profile)
{
    struct farm_device *device = farm_new(farm, name, profile);
    const wax_bytes named = wax_bytes_of_text(device->name);
    wax_authority_verdict verdict;
    uint8_t room[1024];

    for (uint8_t i = 1; i <= 3; i++) {
        if (wax_keys_profile_find(i) == profile) {
            check_deed(farm,
                       wax_authority_enrol_psk(farm->authority, &farm->deed, named, i, device->psk),
                       WAX_OK);
            return;
        }
    }
    (void)wax_authority_admit_until(farm->authority, UINT64_MAX);
    check_deed(farm,
               wax_authority_enrol(farm->authority, &farm->deed, named,
                                   farm_enrolment(farm, device, wax_bytes_of(NULL, 0), room),
                                   &verdict),
               WAX_OK);
    assert_int_equal(verdict.standing, WAX_AUTHORITY_PENDING);
    check_deed(farm,
               wax_authority_confirm(farm->authority, &farm->deed, named,
                                     wax_bytes_of_text(verdict.words)),
               WAX_OK);
}

/* A group of readers that have ten seconds for a new epoch. */
static inline wax_status farm_group(struct farm *farm, const char *name, uint32_t suite,
                                    uint32_t group_class)
{
    static const wax_bytes filter = {(const uint8_t *)"home/#", 6};
    uint8_t *id = farm->ids[farm->group_count];
    const wax_authority_group group = {
        .name = wax_bytes_of_text(name),
        .suite = suite,
        .group_class = group_class,
        .tag_size = 16,
        .filters = &filter,
        .filter_count = 1,
        .kept = 3,
        .ack_s = 10,
        .signs = true,
    };

    assert_true(farm->group_count < FARM_GROUPS);
    farm->group_count++;
    return wax_authority_add_group(farm->authority, &farm->deed, &group, id);
}

static inline wax_status farm_allow(struct farm *farm, const char *device, const char *group,
                                    uint32_t role, bool has_history)
{
    const wax_authority_grant grant = {wax_bytes_of_text(device), wax_bytes_of_text(group), role,
                                       has_history};

    return wax_authority_allow(farm->authority, &farm->deed, &grant);
}

static inline wax_keys_ends farm_ends(struct farm *farm, const struct farm_device *device,
                                      wax_bytes topic)
{
    const wax_authority_identity authority = wax_authority_identify(farm->authority);

    return (wax_keys_ends){
        .profile = device->profile,
        .name_space = authority.name_space,
        .topic = topic,
        .psk = device->psk,
        .own_secret = device->secret,
        .peer = authority.keeper,
        .seed = wax_bytes_of(device->psk, sizeof device->psk),
    };
}

static inline void farm_take_group(struct held_group *held, const wax_keys_group *group)
{
    wax_keys_list rest = group->epochs;
    wax_keys_epoch row;

    held->group = *group;
    memcpy(held->id, group->id, sizeof held->id);
    for (held->count = 0; wax_keys_next_epoch(&rest, &row); held->count++) {
        assert_true(held->count < FARM_EPOCHS);
        held->epochs[held->count] = row;
        memcpy(held->secrets[held->count], row.secret, WAX_KEYS_SECRET_SIZE);
    }
}

/* The device whose topic it is opens its mailbox. */
static inline void farm_take_mailbox(struct farm *farm, const wax_authority_message *message)
{
    const char *name = (const char *)message->topic.data + strlen("wax/k/");
    static uint8_t room[1 << 16];
    char named[16] = {0};
    struct farm_device *device;
    wax_keys_ends ends;
    wax_keys_mailbox mailbox;
    wax_keys_group group;

    memcpy(named, name, message->topic.size - strlen("wax/k/"));
    device = farm_device(farm, named);
    ends = farm_ends(farm, device, message->topic);
    assert_true(message->content.size <= sizeof room);
    memcpy(room, message->content.data, message->content.size);
    check_row(named, wax_keys_mailbox_open(&mailbox, &device->memory.mark, &ends, room,
                                           message->content.size) == WAX_OK);
    device->echoes = mailbox.boot_nonce != NULL &&
                     memcmp(mailbox.boot_nonce, device->boot_nonce, WAX_KEYS_ID_SIZE) == 0;
    for (device->groups = 0; wax_keys_next_group(&mailbox.groups, &group); device->groups++) {
        farm_take_group(&device->held[device->groups], &group);
    }
    farm->mailboxes++;
}

static inline void farm_take(struct farm *farm, const wax_authority_message *message)
{
    const wax_authority_identity authority = wax_authority_identify(farm->authority);
    const wax_keys_signing by = {authority.name_space, NULL, authority.registrar};
    wax_keys_entry entry;
    wax_keys_manifest manifest;
    wax_keys_followed followed;

    switch (message->kind) {
    case WAX_AUTHORITY_LOG:
        if (message->mark < farm->log.number) {
            break; /* again, after a restart */
        }
        if (message->content.size == 0) {
            break; /* one that is not kept any more */
        }
        followed = farm->log;
        assert_int_equal(wax_keys_entry_read(&entry, &by, &farm->log, message->content), WAX_OK);
        farm->entries +=
            (unsigned)(farm->log.number - followed.number); /* it comes under two names */
        break;
    case WAX_AUTHORITY_MANIFEST:
        assert_true(message->row <= FARM_GROUPS);
        followed = farm->manifests_followed[message->row];
        farm->manifests_followed[message->row] = (wax_keys_followed){.number = 0};
        assert_int_equal(
            wax_keys_manifest_read(&manifest, &by, &farm->manifests_followed[message->row],
                                   &(wax_keys_posted){message->topic, message->content}),
            WAX_OK);
        assert_true(manifest.version > followed.number);
        farm->write_epoch[message->row] = manifest.write_epoch;
        farm->manifests++;
        break;
    case WAX_AUTHORITY_MAILBOX:
        farm_take_mailbox(farm, message);
        break;
    }
}

/* Publishes all there is; without `is_sent` the broker never says that it has it. */
static inline void farm_pump(struct farm *farm, bool is_sent)
{
    wax_authority_message message;
    wax_status status;

    while ((status = wax_authority_next(farm->authority, &message)) == WAX_OK) {
        farm_take(farm, &message);
        if (is_sent) {
            check_deed(farm, wax_authority_sent(farm->authority, &message), WAX_OK);
        }
    }
    check_deed(farm, status, WAX_NOT_FOUND);
}

static inline const struct held_group *farm_held(struct farm *farm, const char *name, size_t at)
{
    const struct farm_device *device = farm_device(farm, name);

    return at < device->groups ? &device->held[at] : NULL;
}

/* Writes the next status of a device: what it holds. Returns its size. */
static inline size_t farm_status(struct farm *farm, const char *name, uint8_t *room, size_t size)
{
    struct farm_device *device = farm_device(farm, name);
    char topic[32];
    uint8_t list[512];
    uint8_t refusals[128];
    uint8_t sealed[64];
    wax_writer out = wax_writer_over(room, size);
    wax_writer list_out = wax_writer_over(list, sizeof list);
    wax_writer refusals_out = wax_writer_over(refusals, sizeof refusals);
    wax_writer sealed_out = wax_writer_over(sealed, sizeof sealed);
    wax_keys_ends ends;
    wax_keys_status status = {
        .count = ++device->count,
        .boot_nonce = device->boot_nonce,
        .generation = device->memory.mark.generation,
        .version = device->memory.mark.version,
        .firmware = wax_bytes_of_text(device->firmware),
    };

    for (unsigned kind = WAX_KEYS_REPLAY; kind <= WAX_KEYS_BAD_SIGNATURE; kind++) {
        if (device->refused[kind] > 0) {
            wax_keys_add_refusal(&status.refusals, &refusals_out, (wax_keys_refusal)kind,
                                 device->refused[kind]);
        }
    }
    if (device->messages > 0) {
        const wax_keys_sealed row = {device->held[0].id, device->messages, device->bytes};

        wax_keys_add_sealed(&status.sealed, &sealed_out, &row);
    }
    (void)snprintf(topic, sizeof topic, "wax/s/%s", name);
    ends = farm_ends(farm, device, wax_bytes_of_text(topic));
    for (size_t i = 0; i < device->groups; i++) {
        const struct held_group *held = &device->held[i];

        if (held->count > 0) {
            wax_keys_add_newest(&status.newest, &list_out, held->id,
                                held->epochs[held->count - 1].epoch);
        }
    }
    assert_int_equal(wax_keys_status_seal(&out, &ends, &status), WAX_OK);
    return out.used;
}

/* The device tells what it holds. */
static inline wax_status farm_report(struct farm *farm, const char *name)
{
    uint8_t room[2048];
    const size_t size = farm_status(farm, name, room, sizeof room);

    return wax_authority_hear(farm->authority, farm->deed.now_s, wax_bytes_of_text(name), room,
                              size);
}

#endif
