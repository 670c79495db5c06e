/* What is derived from secrets, and seals under a nonce that the text itself has a part in. */
#include "seal/seal.h"

#include <string.h>

enum { TAG_SIZE = 16 };

wax_status wax_derive(const wax_derivation *what, uint8_t *result, size_t size)
{
    uint8_t room[14 + WAX_LABEL_SIZE_MAX + 2 + WAX_CONTEXT_MAX];
    wax_writer info = wax_writer_over(room, sizeof room);
    wax_status status = WAX_INVALID;

    wax_write_bytes(&info, WAX_TEXT("sealed-mqtt 1 "));
    wax_write_bytes(&info, what->label);
    wax_write_u8(&info, 0);
    wax_write_u8(&info, what->suite->number);
    wax_write_bytes(&info, what->context);
    if (info.status == WAX_OK && size <= WAX_DERIVED_MAX) {
        status = what->suite->derive(what->secret, wax_writer_bytes(&info), result, size);
    }
    if (status != WAX_OK) {
        wax_wipe(result, size);
    }
    return status;
}

static bool has_tag(const wax_box *box)
{
    return box->tag_size == TAG_SIZE || (box->tag_size == 8 && box->suite->tag_size_min == 8);
}

static wax_status compute_hedge(const wax_box *box, const uint8_t *hedge_key, wax_bytes plain,
                                wax_bytes extra, uint8_t *hedge)
{
    const uint32_t size = (uint32_t)box->associated.size;
    const uint8_t prefix[] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                              (uint8_t)size};
    const wax_bytes parts[] = {
        (wax_bytes){prefix, sizeof prefix},
        box->associated, plain, extra
    };

    return box->suite->hash(hedge_key, parts, WAX_COUNT(parts), hedge);
}

wax_status wax_box_seal(const wax_box *box, const uint8_t *hedge_key, wax_bytes extra,
                        uint8_t *room, size_t size)
{
    uint8_t *text = room + WAX_HEDGE_SIZE;
    const wax_bytes plain = (wax_bytes){text, size};
    wax_status status = has_tag(box) && size <= WAX_SEAL_TEXT_MAX ? WAX_OK : WAX_INVALID;

    if (status == WAX_OK) {
        status = compute_hedge(box, hedge_key, plain, extra, room);
    }
    if (status == WAX_OK) {
        status = box->suite->seal(box, room, plain, text);
    }
    if (status != WAX_OK) {
        wax_wipe(text, size);
    }
    return status;
}

wax_status wax_box_open(const wax_box *box, uint8_t *room, size_t size, wax_bytes *plain)
{
    uint8_t *text = room + WAX_HEDGE_SIZE;

    *plain = (wax_bytes){NULL, 0};
    if (!has_tag(box) || size < (size_t)WAX_HEDGE_SIZE + box->tag_size ||
        size - WAX_HEDGE_SIZE - box->tag_size > WAX_SEAL_TEXT_MAX) {
        return WAX_UNTRUSTED;
    }
    *plain = (wax_bytes){text, size - WAX_HEDGE_SIZE - box->tag_size};
    return box->suite->open(box, room, (wax_bytes){text, size - WAX_HEDGE_SIZE}, text);
}
