/* The status: what the member tells the authority of itself. */
#include "member/internal.h"

enum { LISTS_SIZE = 2048, REFUSALS_TOLD = 7, SEALED_MAX = 32 };

/* The count is written down before it is used: no two statuses have the same. */
static wax_status count_up(wax_member *member)
{
    wax_member_store *store = member->config->store;
    uint8_t record[8];
    wax_writer out = wax_writer_over(record, sizeof(record));
    uint64_t count = member->count + 1;
    wax_status status;

    wax_write_u32(&out, (uint32_t)(count >> 32));
    wax_write_u32(&out, (uint32_t)count);
    status = store->save(store, WAX_MEMBER_COUNT, NULL, wax_writer_bytes(&out));
    if (status == WAX_OK) {
        member->count = count;
    }
    return status;
}

static uint32_t newest_epoch(const struct grant *grant)
{
    uint32_t newest = grant->own.secret == NULL ? 0 : grant->own.epoch;
    size_t count = grant->epoch_count;

    return count != 0 && grant->epochs[count - 1].epoch > newest ? grant->epochs[count - 1].epoch
                                                                 : newest;
}

static void list_groups(const wax_member *member, wax_keys_list *list, wax_writer *out)
{
    for (size_t i = 0; member->current != NULL && i < member->current->grant_count; i++) {
        const struct grant *grant = &member->current->grants[i];

        if (newest_epoch(grant) != 0) {
            wax_keys_add_newest(list, out, grant->group.id, newest_epoch(grant));
        }
    }
}

static void list_sealed(const wax_member *member, wax_keys_list *list, wax_writer *out)
{
    for (size_t i = 0; i < member->config->group_count; i++) {
        const struct slot *slot = &member->slots[i];
        const wax_keys_sealed row = {slot->id, slot->messages, slot->bytes};

        if (slot->grant != NULL && slot->messages != 0 && wax_writer_left(out) >= SEALED_MAX) {
            wax_keys_add_sealed(list, out, &row);
        }
    }
}

/* From the 16th on each that doubles them, and then once in a window, which is written down as
 * often. */
void member_count(wax_member *member, struct slot *slot, size_t size)
{
    enum { FIRST_TOLD = 16 };
    uint32_t count = slot->messages == UINT32_MAX ? UINT32_MAX : slot->messages + 1;

    slot->messages = count;
    slot->bytes += size;
    if (count % WAX_WINDOW_SIZE == 0 || (count >= FIRST_TOLD && (count & (count - 1)) == 0)) {
        member->talk.tells = true;
    }
}

/* What has no number there is told as not opened. */
static uint64_t count_refusals(const wax_member *member, unsigned kind)
{
    uint64_t count = member->refused[kind];

    for (unsigned other = REFUSALS_TOLD + 1; kind == WAX_KEYS_NOT_OPENED && other < REFUSAL_COUNT;
         other++) {
        count += member->refused[other];
    }
    return count;
}

static void list_refusals(const wax_member *member, wax_keys_list *list, wax_writer *out)
{
    for (unsigned kind = 1; kind <= REFUSALS_TOLD; kind++) {
        const uint64_t count = count_refusals(member, kind);

        if (count != 0) {
            wax_keys_add_refusal(list, out, (wax_keys_refusal)kind, count);
        }
    }
}

wax_status wax_member_write_status(wax_member *member, wax_writer *out)
{
    const wax_member_config *config = member->config;
    uint8_t topic_room[WAX_KEYS_TOPIC_MAX];
    uint8_t lists[3][LISTS_SIZE];
    uint8_t seed[64];
    wax_writer topic = wax_writer_over(topic_room, sizeof(topic_room));
    wax_writer newest = wax_writer_over(lists[0], sizeof(lists[0]));
    wax_writer refusals = wax_writer_over(lists[1], sizeof(lists[1]));
    wax_writer sealed = wax_writer_over(lists[2], sizeof(lists[2]));
    wax_keys_ends ends = member_ends(member, "s", &topic);
    wax_keys_status report = {
        .boot_nonce = member->boot_nonce,
        .generation = member->current == NULL ? 0 : member->current->mailbox.generation,
        .version = member->current == NULL ? 0 : member->current->mailbox.version,
        .firmware = config->firmware,
        .firmware_digest = config->firmware_digest,
    };
    wax_status status = count_up(member);

    list_groups(member, &report.newest, &newest);
    list_refusals(member, &report.refusals, &refusals);
    list_sealed(member, &report.sealed, &sealed);
    report.count = member->count;
    if (status == WAX_OK && config->psk == NULL) {
        status = config->random(seed, sizeof(seed));
        ends.seed = wax_bytes_of(seed, sizeof(seed));
    }
    if (status == WAX_OK) {
        status = wax_keys_status_seal(out, &ends, &report);
    }
    wax_wipe(seed, sizeof(seed));
    return status;
}
