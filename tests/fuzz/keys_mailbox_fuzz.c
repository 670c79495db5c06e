/* Mailboxes and statuses of a stranger. The first byte chooses: what stands under the seal of a
 * mailbox, or of a status; or the message itself. What is taken can be walked to its end, and what
 * is written of it and read again is the same. */
#include "fuzz.h"

#include <string.h>

#include "keys/letter.h"
#include "keys/mailbox.h"
#include "keys/status.h"

static const uint8_t zeros[WAX_P256_PUBLIC_SIZE];

static void walk_group(const wax_keys_group *group)
{
    wax_keys_list rest = group->epochs;
    wax_keys_epoch epoch = {.epoch = 0};
    wax_bytes text;
    uint32_t number = 0;
    uint32_t position = 0;
    uint32_t count = 0;

    while (wax_keys_next_epoch(&rest, &epoch)) {
        fuzz_require(epoch.secret != NULL && epoch.what <= WAX_KEYS_CLASS_SECRET);
        count++;
    }
    fuzz_require(count == group->epochs.count && rest.items.size == 0);
    rest = group->filters;
    while (wax_keys_next_text(&rest, &text)) {
        fuzz_require(text.size > 0);
    }
    fuzz_require(rest.items.size == 0);
    (void)wax_keys_may_send(&group->senders, 7);
    (void)wax_keys_signer(&group->signers, 7);
    (void)wax_keys_floor(&group->floors, 7, &number, &position);
}

static void walk_mailbox(const wax_keys_mailbox *mailbox)
{
    wax_keys_list rest = mailbox->groups;
    wax_keys_group group;
    uint32_t count = 0;

    while (wax_keys_next_group(&rest, &group)) {
        walk_group(&group);
        count++;
    }
    fuzz_require(count == mailbox->groups.count && rest.items.size == 0);
}

static void walk_status(const wax_keys_status *status)
{
    wax_keys_list rest = status->newest;
    const uint8_t *group = NULL;
    uint32_t epoch = 0;
    uint64_t kind = 0;
    uint64_t count = 0;

    while (wax_keys_next_newest(&rest, &group, &epoch)) {
        fuzz_require(group != NULL && epoch > 0);
    }
    fuzz_require(rest.items.size == 0);
    rest = status->refusals;
    while (wax_keys_next_refusal(&rest, &kind, &count)) {
        fuzz_require(kind > 0);
    }
    fuzz_require(rest.items.size == 0);
}

/* Writes what was read, reads that, and writes it once more: the same. Both objects are of the
 * shape and zeroed but for what was read. */
static void check_same(const struct shape *shape, size_t size, void *object, void *scratch)
{
    uint8_t *rooms[2] = {malloc(size + 16), malloc(size + 16)};
    wax_writer one = wax_writer_over(rooms[0], size + 16);
    wax_writer other = wax_writer_over(rooms[1], size + 16);

    fuzz_require(rooms[0] != NULL && rooms[1] != NULL);
    fields_write(&one, shape, object);
    fuzz_require(one.status == WAX_OK);
    fuzz_require(fields_read_all(wax_writer_bytes(&one), shape, scratch) == WAX_OK);
    fields_write(&other, shape, scratch);
    fuzz_require(wax_bytes_equal(wax_writer_bytes(&one), wax_writer_bytes(&other)));
    free(rooms[0]);
    free(rooms[1]);
}

static wax_status keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    (void)self;
    (void)generation;
    (void)version;
    return WAX_OK;
}

/* The message itself, for a device whose keys everybody knows. */
static void open_message(wax_bytes bytes, uint8_t profile)
{
    const wax_keys_ends ends = {
        .profile = wax_keys_profile_find(profile),
        .name_space = zeros,
        .topic = WAX_TEXT("wax/k/lamp"),
        .psk = zeros,
        .own_secret = (const uint8_t *)"0123456789abcdef0123456789abcdef",
        .peer = zeros,
    };
    uint8_t *message = malloc(bytes.size + 1);
    wax_keys_mark mark = {.keep = keep};
    wax_keys_mailbox mailbox;
    wax_keys_status status;

    fuzz_require(message != NULL);
    memcpy(message, bytes.data, bytes.size);
    if (wax_keys_mailbox_open(&mailbox, &mark, &ends, message, bytes.size) == WAX_OK) {
        walk_mailbox(&mailbox);
    }
    memcpy(message, bytes.data, bytes.size);
    if (wax_keys_status_open(&status, 0, &ends, message, bytes.size) == WAX_OK) {
        walk_status(&status);
    }
    free(message);
}

/* A device that only writes takes of a mailbox what it holds of the first group in which it writes,
 * with the same secret; and of what is no mailbox, whatever it can. */
static void take_writing(wax_bytes bytes, const wax_keys_mailbox *mailbox)
{
    const struct letter_head head = {mailbox->generation, mailbox->version};
    uint8_t topic[2 + WAX_KEYS_NAME_MAX] = "k/";
    wax_keys_writing writing = {.group = NULL};
    wax_keys_list rest = mailbox->groups;
    wax_keys_group group = {.sender = 0};
    wax_status status;

    if (mailbox->device.size > 0) {
        memcpy(topic + 2, mailbox->device.data, mailbox->device.size);
    }
    status = writing_read(bytes, &head, wax_bytes_of(topic, 2 + mailbox->device.size), &writing);
    if (status != WAX_OK) {
        return;
    }
    while (group.sender == 0 && wax_keys_next_group(&rest, &group)) {
    }
    if (mailbox->version != 0) {
        fuzz_require(writing.group == (group.sender == 0 ? NULL : group.id));
        fuzz_require(writing.group == NULL ||
                     (writing.sender == group.sender && writing.epoch == group.write_epoch &&
                      writing.secret != NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t profiles[] = {1, 2, 3, 16};
    wax_keys_mailbox mailboxes[2] = {{.version = 0}};
    wax_keys_status statuses[2] = {{.count = 0}};
    wax_bytes bytes;

    if (size == 0) {
        return 0;
    }
    bytes = wax_bytes_of(data + 1, size - 1);
    if (data[0] % 4 == 0) {
        if (fields_read_all(bytes, &mailbox_shape, &mailboxes[1]) != WAX_OK) {
            mailboxes[1] = (wax_keys_mailbox){.version = 0};
        }
        take_writing(bytes, &mailboxes[1]);
        mailboxes[1] = (wax_keys_mailbox){.version = 0};
    }
    if (data[0] % 4 == 0 && fields_read_all(bytes, &mailbox_shape, &mailboxes[0]) == WAX_OK) {
        walk_mailbox(&mailboxes[0]);
        check_same(&mailbox_shape, size, &mailboxes[0], &mailboxes[1]);
    } else if (data[0] % 4 == 1 && fields_read_all(bytes, &status_shape, &statuses[0]) == WAX_OK) {
        walk_status(&statuses[0]);
        check_same(&status_shape, size, &statuses[0], &statuses[1]);
    } else if (data[0] % 4 > 1) {
        open_message(bytes, profiles[data[0] / 4 % 4]);
    }
    return 0;
}
