/* CBOR of a stranger: what is taken for an item has one form only, so that writing it again, piece
 * by piece, gives the same bytes. */
#include "fuzz.h"

#include "cbor/cbor.h"

static void copy(wax_reader *in, wax_writer *out);

static void copy_inside(wax_reader *in, wax_writer *out)
{
    const bool is_map = wax_cbor_peek(in) == WAX_CBOR_MAP;
    const uint64_t count = is_map ? wax_cbor_read_map(in) : wax_cbor_read_array(in);

    if (is_map) {
        wax_cbor_write_map(out, count);
    } else {
        wax_cbor_write_array(out, count);
    }
    for (uint64_t i = 0; i < count; i++) {
        copy(in, out);
        if (is_map) {
            copy(in, out);
        }
    }
}

static void copy(wax_reader *in, wax_writer *out)
{
    const uint8_t *start = in->at;

    switch (wax_cbor_peek(in)) {
    case WAX_CBOR_NUMBER:
        wax_cbor_write_number(out, wax_cbor_read_number(in));
        break;
    case WAX_CBOR_BYTES:
        wax_cbor_write_bytes(out, wax_cbor_read_bytes(in));
        break;
    case WAX_CBOR_TEXT:
        wax_cbor_write_text(out, wax_cbor_read_text(in));
        break;
    case WAX_CBOR_ARRAY:
    case WAX_CBOR_MAP:
        copy_inside(in, out);
        break;
    case WAX_CBOR_TAG:
    case WAX_CBOR_NEGATIVE:
    case WAX_CBOR_SIMPLE:
    default:
        (void)wax_cbor_read_item(in);
        wax_write_bytes(out, wax_bytes_of(start, (size_t)(in->at - start)));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));
    wax_bytes item = wax_cbor_read_item(&in);
    uint8_t *room = malloc(size + 1);
    wax_writer out = wax_writer_over(room, size + 1);

    fuzz_require(room != NULL);
    fuzz_require((in.status == WAX_OK) == (item.size > 0));
    if (in.status == WAX_OK) {
        in = wax_reader_over(item);
        copy(&in, &out);
        fuzz_require(in.status == WAX_OK && out.status == WAX_OK);
        fuzz_require(wax_bytes_equal(wax_writer_bytes(&out), item));
    }
    free(room);
    return 0;
}
