/* A member with its files: each record is a file of its own in the folder of state. */
#include "tools/sealed.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RECORD_MAX = 1024 * 1024,
    MAILBOX_SIZE = 256 * 1024,
    MESSAGE_SIZE = 512 * 1024,
    HOLD_SIZE = 4 * 1024 * 1024,
    TELL_MS = 15 * 60 * 1000,
    GROUP_COUNT = 32,
    SENDER_COUNT = 1024,
    TOPIC_COUNT = 4096,
    PATH_SIZE = IDENTITY_STATE_SIZE + 64,
};

struct sealed {
    wax_member_store store;
    struct identity identity;
    wax_member_config config;
    wax_member *member;
    uint8_t *memory;
    size_t memory_size;
    uint8_t *room; /* of the message that was sealed last */
    size_t room_size;
    int lock;
    enum sealed_use use;
    bool is_over; /* what comes now is not shown any more */
};

/* --- Records --- */

static void path_of(const struct sealed *sealed, wax_member_record record, const uint8_t *group,
                    char *path, size_t size)
{
    static const char *const names[] = {
        [WAX_MEMBER_MARK] = "mark",   [WAX_MEMBER_MAILBOX] = "mailbox",
        [WAX_MEMBER_COUNT] = "count", [WAX_MEMBER_WINDOW] = "window-",
        [WAX_MEMBER_CAME] = "came-",
    };
    size_t used = (size_t)snprintf(path, size, "%s/%s", sealed->identity.state, names[record]);

    if (group != NULL && used + 2 * (size_t)WAX_KEYS_ID_SIZE < size) {
        wax_hex_encode(wax_bytes_of(group, WAX_KEYS_ID_SIZE), path + used);
    }
}

static wax_status load(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       uint8_t *room, size_t *size)
{
    char path[PATH_SIZE];
    char fault[400];
    wax_bytes content;
    wax_status status;

    path_of((const struct sealed *)self, record, group, path, sizeof path);
    status = wax_file_read(path, RECORD_MAX, &content, fault, sizeof fault);
    if (status != WAX_OK) {
        return status;
    }
    status = content.size > *size ? WAX_FULL : WAX_OK;
    if (status == WAX_OK) {
        memcpy(room, content.data, content.size);
        *size = content.size;
    }
    wax_wipe((void *)(uintptr_t)content.data, content.size);
    wax_file_free(&content);
    return status;
}

static wax_status save(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       wax_bytes value)
{
    const struct sealed *sealed = (const struct sealed *)self;
    char path[PATH_SIZE];
    char fault[400];

    if (sealed->is_over && record == WAX_MEMBER_CAME) {
        return WAX_IO; /* it comes again at the next start */
    }
    path_of(sealed, record, group, path, sizeof path);
    return wax_file_replace(path, value, fault, sizeof fault);
}

/* --- What this program links --- */

static const wax_suite *suite_of(uint32_t number)
{
    static const wax_suite *const suites[] = {&wax_suite_chacha, &wax_suite_ascon, &wax_suite_ccm};

    return number >= 1 && number <= WAX_COUNT(suites) ? suites[number - 1] : NULL;
}

static wax_member_blind *blind_of(uint32_t number)
{
    return number == 1 ? wax_blind_hmac : number == 2 ? wax_blind_ascon : NULL;
}

/* --- Beginning and end --- */

static bool fail(const char *path, const char *words, char *fault, size_t fault_size)
{
    (void)snprintf(fault, fault_size, "%s: %s", path, words);
    return false;
}

static bool lock(struct sealed *sealed, char *fault, size_t fault_size)
{
    const char *folder = sealed->identity.state;
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/lock", folder);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(folder, strerror(errno), fault, fault_size);
    }
    sealed->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (sealed->lock < 0) {
        return fail(path, strerror(errno), fault, fault_size);
    }
    return flock(sealed->lock, LOCK_EX | LOCK_NB) == 0 ||
           fail(folder, "another process is this device now; each needs an identity of its own",
                fault, fault_size);
}

static void configure(struct sealed *sealed)
{
    const struct identity *identity = &sealed->identity;

    sealed->store = (wax_member_store){load, save};
    sealed->config = (wax_member_config){
        .device = wax_bytes_of_text(identity->device),
        .prefix = wax_bytes_of_text(identity->prefix),
        .name_space = identity->name_space,
        .profile = identity->profile,
        .psk = identity->has_psk ? identity->psk : NULL,
        .own_secret = identity->has_secret ? identity->secret : NULL,
        .keeper = identity->has_keeper ? identity->keeper : NULL,
        .suite = suite_of,
        .sign = wax_signer_p256_sign,
        .verify = wax_verify_p256,
        .blind = blind_of,
        .random = wax_random,
        .store = &sealed->store,
        .firmware = identity->firmware[0] != '\0' ? wax_bytes_of_text(identity->firmware)
                                                  : WAX_TEXT("wax " WAX_VERSION_TEXT),
        .mailbox_size = MAILBOX_SIZE,
        .message_size = MESSAGE_SIZE,
        .hold_size = HOLD_SIZE,
        .tell_ms = TELL_MS,
        .group_count = GROUP_COUNT,
        .sender_count = SENDER_COUNT,
        .topic_count = TOPIC_COUNT,
        .forgets = sealed->use == SEALED_FILES,
    };
}

static bool begin(struct sealed *sealed, char *fault, size_t fault_size)
{
    uint8_t boot_nonce[WAX_KEYS_ID_SIZE];
    wax_status status;

    configure(sealed);
    sealed->memory_size = wax_member_memory_size(&sealed->config);
    sealed->memory = malloc(sealed->memory_size);
    if (sealed->memory == NULL) {
        return fail(sealed->identity.state, "there is not enough memory", fault, fault_size);
    }
    status = wax_random(boot_nonce, sizeof boot_nonce);
    if (status == WAX_OK) {
        status = wax_member_open(&sealed->member, &sealed->config, boot_nonce, sealed->memory,
                                 sealed->memory_size);
    }
    return status == WAX_OK ||
           fail(sealed->identity.state, wax_status_text(status), fault, fault_size);
}

struct sealed *tools_sealed_open(const char *path, enum sealed_use use, char *fault,
                                 size_t fault_size)
{
    struct sealed *sealed = calloc(1, sizeof *sealed);

    if (sealed == NULL) {
        (void)fail(path, "there is not enough memory", fault, fault_size);
        return NULL;
    }
    sealed->lock = -1;
    sealed->use = use;
    if (!tools_identity_read(&sealed->identity, path, fault, fault_size) ||
        !lock(sealed, fault, fault_size) || !begin(sealed, fault, fault_size)) {
        tools_sealed_close(sealed);
        return NULL;
    }
    return sealed;
}

void tools_sealed_close(struct sealed *sealed)
{
    if (sealed == NULL) {
        return;
    }
    if (sealed->member != NULL) {
        wax_member_close(sealed->member);
    }
    if (sealed->lock >= 0) {
        (void)close(sealed->lock);
    }
    if (sealed->room != NULL) {
        wax_wipe(sealed->room, sealed->room_size);
    }
    free(sealed->room);
    free(sealed->memory);
    tools_identity_discard(&sealed->identity);
    free(sealed);
}

void tools_sealed_finish(struct sealed *sealed)
{
    sealed->is_over = true;
}

wax_member *tools_sealed_member(struct sealed *sealed)
{
    return sealed->member;
}

wax_bytes tools_sealed_prefix(const struct sealed *sealed)
{
    return wax_bytes_of_text(sealed->identity.prefix);
}

/* --- Sealing --- */

static bool make_room(struct sealed *sealed, const wax_publish *message)
{
    /* Padding may double a message, or bring it to the largest of some sizes. */
    size_t size =
        WAX_MEMBER_ROOM(message->topic.size, message->properties.size, message->payload.size) +
        128 * (size_t)1024;
    uint8_t *room;

    if (size <= sealed->room_size) {
        return true;
    }
    room = malloc(size);
    if (room == NULL) {
        return false;
    }
    if (sealed->room != NULL) {
        wax_wipe(sealed->room, sealed->room_size);
    }
    free(sealed->room);
    sealed->room = room;
    sealed->room_size = size;
    return true;
}

wax_status tools_sealed_make(struct sealed *sealed, const wax_publish *message, wax_publish *made)
{
    wax_writer room;

    if (!make_room(sealed, message)) {
        return WAX_FULL;
    }
    room = wax_writer_over(sealed->room, sealed->room_size);
    return wax_member_seal(sealed->member, message, wax_clock_wall_ms(), &room, made);
}

wax_status tools_sealed_make_will(struct sealed *sealed, const wax_publish *message,
                                  wax_publish *made)
{
    wax_writer room;

    if (!make_room(sealed, message)) {
        return WAX_FULL;
    }
    room = wax_writer_over(sealed->room, sealed->room_size);
    return wax_member_seal_will(sealed->member, message, wax_clock_wall_ms(), &room, made);
}

static const struct {
    wax_status status;
    const char *text;
} explanations[] = {
    {WAX_NOT_FOUND,      "this topic belongs to no group that this device is in; nothing was sent"},
    {WAX_NOT_AUTHORIZED, "this device has no key to write with: is it granted `write`, and has its "
                         "mailbox come? Nothing was sent"                 },
    {WAX_FULL,           "the message is too large to be sealed, or the epoch has no window left until the "
               "next one; nothing was sent"                                         },
    {WAX_IO,             "the folder of state cannot be written, and without it nothing is sealed"},
};

const char *tools_sealed_explain(wax_status status)
{
    for (size_t i = 0; i < WAX_COUNT(explanations); i++) {
        if (explanations[i].status == status) {
            return explanations[i].text;
        }
    }
    return wax_status_text(status);
}
