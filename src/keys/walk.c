/* Lists that were checked, item by item. */
#include "keys/keys.h"

#include "cbor/cbor.h"

/* Begins to read the next item; what it reads to is the rest. */
static bool begin(wax_keys_list *list, wax_reader *in)
{
    if (list->count == 0) {
        return false;
    }
    *in = wax_reader_over(list->items);
    list->count--;
    return true;
}

static bool end(wax_keys_list *list, const wax_reader *in)
{
    list->items = wax_reader_rest(in);
    if (in->status != WAX_OK) {
        list->count = 0;
    }
    return in->status == WAX_OK;
}

bool wax_keys_next_text(wax_keys_list *texts, wax_bytes *text)
{
    wax_reader in;

    if (!begin(texts, &in)) {
        return false;
    }
    *text = wax_cbor_read_text(&in);
    return end(texts, &in);
}

bool wax_keys_next_number(wax_keys_list *numbers, uint64_t *number)
{
    wax_reader in;

    if (!begin(numbers, &in)) {
        return false;
    }
    *number = wax_cbor_read_number(&in);
    return end(numbers, &in);
}

bool wax_keys_next_epoch(wax_keys_list *epochs, wax_keys_epoch *epoch)
{
    wax_reader in;

    if (!begin(epochs, &in)) {
        return false;
    }
    (void)wax_cbor_read_array(&in);
    epoch->epoch = (uint32_t)wax_cbor_read_number(&in);
    epoch->what = (wax_keys_what)wax_cbor_read_number(&in);
    epoch->secret = wax_cbor_read_bytes(&in).data;
    return end(epochs, &in);
}

/* Pairs of first and last. */
bool wax_keys_may_send(const wax_keys_list *senders, uint32_t sender)
{
    wax_keys_list rest = *senders;
    uint64_t first = 0;
    uint64_t last = 0;

    while (wax_keys_next_number(&rest, &first) && wax_keys_next_number(&rest, &last)) {
        if (sender >= first && sender <= last) {
            return true;
        }
    }
    return false;
}

bool wax_keys_next_signer(wax_keys_list *signers, uint32_t *sender, const uint8_t **public_key)
{
    wax_reader in;

    if (!begin(signers, &in)) {
        return false;
    }
    *sender = (uint32_t)wax_cbor_read_number(&in);
    *public_key = wax_cbor_read_bytes(&in).data;
    return end(signers, &in);
}

const uint8_t *wax_keys_signer(const wax_keys_list *signers, uint32_t sender)
{
    wax_keys_list rest = *signers;
    const uint8_t *public_key;
    uint32_t named;

    while (wax_keys_next_signer(&rest, &named, &public_key)) {
        if (named == sender) {
            return public_key;
        }
    }
    return NULL;
}

bool wax_keys_next_floor(wax_keys_list *floors, wax_keys_floor_row *row)
{
    wax_reader in;

    if (!begin(floors, &in)) {
        return false;
    }
    row->sender = (uint32_t)wax_cbor_read_number(&in);
    (void)wax_cbor_read_array(&in);
    row->epoch = (uint32_t)wax_cbor_read_number(&in);
    row->position = (uint32_t)wax_cbor_read_number(&in);
    return end(floors, &in);
}

bool wax_keys_floor(const wax_keys_list *floors, uint32_t sender, uint32_t *epoch,
                    uint32_t *position)
{
    wax_keys_list rest = *floors;
    wax_keys_floor_row row;

    while (wax_keys_next_floor(&rest, &row)) {
        if (row.sender == sender) {
            *epoch = row.epoch;
            *position = row.position;
            return true;
        }
    }
    return false;
}

bool wax_keys_next_newest(wax_keys_list *newest, const uint8_t **group, uint32_t *epoch)
{
    wax_reader in;

    if (!begin(newest, &in)) {
        return false;
    }
    (void)wax_cbor_read_array(&in);
    *group = wax_cbor_read_bytes(&in).data;
    *epoch = (uint32_t)wax_cbor_read_number(&in);
    return end(newest, &in);
}

bool wax_keys_next_refusal(wax_keys_list *refusals, uint64_t *kind, uint64_t *count)
{
    wax_reader in;

    if (!begin(refusals, &in)) {
        return false;
    }
    *kind = wax_cbor_read_number(&in);
    *count = wax_cbor_read_number(&in);
    return end(refusals, &in);
}

bool wax_keys_next_sealed(wax_keys_list *sealed, wax_keys_sealed *row)
{
    wax_reader in;

    if (!begin(sealed, &in)) {
        return false;
    }
    (void)wax_cbor_read_array(&in);
    row->group = wax_cbor_read_bytes(&in).data;
    row->messages = wax_cbor_read_number(&in);
    row->bytes = wax_cbor_read_number(&in);
    return end(sealed, &in);
}

bool wax_keys_next_detail(wax_keys_list *details, wax_bytes *name, wax_bytes *text,
                          uint64_t *number)
{
    wax_reader in;

    if (!begin(details, &in)) {
        return false;
    }
    *name = wax_cbor_read_text(&in);
    *text = wax_bytes_of(NULL, 0);
    *number = 0;
    if (wax_cbor_peek(&in) == WAX_CBOR_TEXT) {
        *text = wax_cbor_read_text(&in);
    } else {
        *number = wax_cbor_read_number(&in);
    }
    return end(details, &in);
}
