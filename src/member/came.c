/* What came in class stream outlives a restart: it is written down before it is shown. */
#include "member/internal.h"

#include <string.h>

static void write_row(wax_writer *out, const wax_sender_record *record)
{
    wax_write_u32(out, record->record.sender);
    wax_write_u32(out, record->epoch);
    wax_write_u32(out, record->position);
    wax_write_u32(out, (uint32_t)(record->came >> 32));
    wax_write_u32(out, (uint32_t)record->came);
}

/* Whether it is a row that was ever written. */
static bool read_row(wax_reader *in, wax_sender_record *record)
{
    record->record.sender = wax_read_u32(in);
    record->epoch = wax_read_u32(in);
    record->position = wax_read_u32(in);
    record->came = (uint64_t)wax_read_u32(in) << 32;
    record->came |= wax_read_u32(in);
    return in->status == WAX_OK && record->record.sender != 0 &&
           record->record.sender <= WAX_SENDER_MAX && record->position <= WAX_POSITION_MAX;
}

/* Whether anything of it can still open: what is of an epoch that is gone is refused for that. */
static bool is_live(const struct slot *slot, const wax_sender_record *record)
{
    return record->record.sender != 0 && slot->grant->epoch_count != 0 &&
           record->epoch >= slot->grant->epochs[0].epoch;
}

wax_status member_keep_came(void *keeper, const wax_sender_record *record)
{
    const struct slot *slot = keeper;
    const wax_member *member = slot->member;
    wax_member_store *store = member->config->store;
    wax_writer out =
        wax_writer_over(member->came, WAX_MEMBER_CAME_SIZE((size_t)member->config->sender_count));

    for (size_t i = 0; i < slot->opener.sender_count; i++) {
        const wax_sender_record *known = &slot->opener.senders[i];

        if (is_live(slot, known) && known->record.sender != record->record.sender) {
            write_row(&out, known);
        }
    }
    write_row(&out, record);
    wax_assert(out.status == WAX_OK);
    return store->save(store, WAX_MEMBER_CAME, slot->id, wax_writer_bytes(&out)) == WAX_OK ? WAX_OK
                                                                                           : WAX_IO;
}

wax_status member_recall(struct slot *slot)
{
    const wax_member *member = slot->member;
    wax_member_store *store = member->config->store;
    size_t size = WAX_MEMBER_CAME_SIZE((size_t)member->config->sender_count);
    wax_status status;
    wax_reader in;

    if (slot->has_recalled || slot->opener.keep == NULL) {
        return WAX_OK;
    }
    status = store->load(store, WAX_MEMBER_CAME, slot->id, member->came, &size);
    if (status == WAX_NOT_FOUND) {
        size = 0;
    } else if (status != WAX_OK) {
        return WAX_IO; /* who does not know what came believes nothing */
    }
    in = wax_reader_over(wax_bytes_of(member->came, size));
    while (wax_reader_left(&in) != 0) {
        wax_sender_record record = {.epoch = 0};

        if (!read_row(&in, &record)) {
            return WAX_IO;
        }
        if (is_live(slot, &record)) {
            wax_opener_recall(&slot->opener, &record);
        }
    }
    slot->has_recalled = true;
    return WAX_OK;
}
