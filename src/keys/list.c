/* Lists that are being made. */
#include "cbor/cbor.h"
#include "keys/keys.h"

static void added(wax_keys_list *list, const wax_writer *out)
{
    list->items = wax_writer_bytes(out);
    list->count++;
}

void wax_keys_add_text(wax_keys_list *list, wax_writer *out, wax_bytes text)
{
    wax_cbor_write_text(out, text);
    added(list, out);
}

void wax_keys_add_number(wax_keys_list *list, wax_writer *out, uint64_t number)
{
    wax_cbor_write_number(out, number);
    added(list, out);
}

void wax_keys_add_epoch(wax_keys_list *list, wax_writer *out, const wax_keys_epoch *epoch)
{
    wax_cbor_write_array(out, 3);
    wax_cbor_write_number(out, epoch->epoch);
    wax_cbor_write_number(out, epoch->what);
    wax_cbor_write_bytes(out, wax_bytes_of(epoch->secret, WAX_KEYS_SECRET_SIZE));
    added(list, out);
}

void wax_keys_add_signer(wax_keys_list *list, wax_writer *out, uint32_t sender,
                         const uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    wax_cbor_write_number(out, sender);
    wax_cbor_write_bytes(out, wax_bytes_of(public_key, WAX_P256_PUBLIC_SIZE));
    added(list, out);
}

void wax_keys_add_floor(wax_keys_list *list, wax_writer *out, const wax_keys_floor_row *row)
{
    wax_cbor_write_number(out, row->sender);
    wax_cbor_write_array(out, 2);
    wax_cbor_write_number(out, row->epoch);
    wax_cbor_write_number(out, row->position);
    added(list, out);
}

void wax_keys_add_newest(wax_keys_list *list, wax_writer *out,
                         const uint8_t group[static WAX_KEYS_ID_SIZE], uint32_t epoch)
{
    wax_cbor_write_array(out, 2);
    wax_cbor_write_bytes(out, wax_bytes_of(group, WAX_KEYS_ID_SIZE));
    wax_cbor_write_number(out, epoch);
    added(list, out);
}

void wax_keys_add_refusal(wax_keys_list *list, wax_writer *out, wax_keys_refusal kind,
                          uint64_t count)
{
    wax_cbor_write_number(out, kind);
    wax_cbor_write_number(out, count);
    added(list, out);
}

void wax_keys_add_sealed(wax_keys_list *list, wax_writer *out, const wax_keys_sealed *row)
{
    wax_cbor_write_array(out, 3);
    wax_cbor_write_bytes(out, wax_bytes_of(row->group, WAX_KEYS_ID_SIZE));
    wax_cbor_write_number(out, row->messages);
    wax_cbor_write_number(out, row->bytes);
    added(list, out);
}

void wax_keys_add_detail(wax_keys_list *list, wax_writer *out, wax_bytes name, wax_bytes text,
                         uint64_t number)
{
    wax_cbor_write_text(out, name);
    if (text.size > 0) {
        wax_cbor_write_text(out, text);
    } else {
        wax_cbor_write_number(out, number);
    }
    added(list, out);
}
