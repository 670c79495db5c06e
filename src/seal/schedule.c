/* The key schedule: from an epoch to a class, a sender, a window, a key. [3] */
#include "seal/schedule.h"

enum { CONTEXT_SIZE = WAX_SEAL_GROUP_ID + 12 };

struct row {
    bool is_key;
    bool is_of_position;
    uint8_t size;
    char label[WAX_LABEL_SIZE_MAX - 3];
};

/* clang-format off */
static const struct row rows[] = {
    /*                     key    position  label */
    [USE_SENDER]       = { false, false,  6, "sender"       },
    [USE_RATCHET]      = { false, false,  7, "ratchet"      },
    [USE_KEY]          = { true,  false,  3, "key"          },
    [USE_HEDGE]        = { false, false,  5, "hedge"        },
    [USE_STREAM_KEY]   = { true,  true,  10, "stream key"   },
    [USE_STREAM_HEDGE] = { false, true,  12, "stream hedge" },
};
/* clang-format on */

static wax_writer begin(const struct scope *scope, uint8_t *room, size_t size)
{
    wax_writer context = wax_writer_over(room, size);

    wax_write_bytes(&context, (wax_bytes){scope->group->id, WAX_SEAL_GROUP_ID});
    wax_write_u32(&context, scope->epoch);
    return context;
}

wax_status schedule_class(const struct scope *scope, const uint8_t *epoch_secret, uint8_t *result)
{
    uint8_t room[CONTEXT_SIZE];
    wax_writer context = begin(scope, room, sizeof room);
    wax_derivation what = {
        .suite = scope->group->suite, .secret = epoch_secret, .label = WAX_TEXT("class")};

    wax_write_u8(&context, (uint8_t)scope->group->group_class);
    what.context = wax_writer_bytes(&context);
    return wax_derive(&what, result, WAX_SECRET_SIZE);
}

wax_status schedule(const struct scope *scope, const uint8_t *secret, enum use use,
                    uint32_t position, uint8_t *result)
{
    const wax_suite *suite = scope->group->suite;
    uint8_t room[CONTEXT_SIZE];
    wax_writer context = begin(scope, room, sizeof room);
    wax_derivation what = {
        .suite = suite,
        .secret = secret,
        .label = {(const uint8_t *)rows[use].label, rows[use].size}
    };

    wax_write_u32(&context, scope->sender);
    if (rows[use].is_of_position) {
        wax_write_u32(&context, position);
    }
    what.context = wax_writer_bytes(&context);
    return wax_derive(&what, result, rows[use].is_key ? suite->key_size : WAX_SECRET_SIZE);
}

wax_status schedule_hedge(const struct scope *scope, const uint8_t *secret, enum use use,
                          uint32_t position, uint8_t *result)
{
    wax_status status = schedule(scope, secret, use, position, result);

    return status == WAX_OK ? scope->group->suite->prepare(result) : status;
}

wax_status schedule_bind(const struct scope *scope, wax_bytes front, wax_bytes topic,
                         wax_writer *room)
{
    const wax_seal_group *group = scope->group;

    wax_write_bytes(room, front);
    wax_write_bytes(room, (wax_bytes){group->id, WAX_SEAL_GROUP_ID});
    wax_write_u32(room, scope->epoch);
    wax_write_u8(room, group->suite->number);
    wax_write_u8(room, group->tag_size);
    wax_write_blob(room, topic);
    return room->status;
}
