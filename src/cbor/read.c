/* Reading: one head at a time; an item with all that is in it by going down. */
#include "cbor/cbor.h"

enum { INFO_BITS = 5, INFO_MASK = 0x1f, FALSE = 20, TRUE = 21 };

static uint64_t read_u64(wax_reader *in)
{
    const uint64_t high = wax_read_u32(in);

    return high << 32U | wax_read_u32(in);
}

/* The number behind the first byte; a longer form than needed is refused. */
static uint64_t read_argument(wax_reader *in, unsigned info)
{
    uint64_t value = info;
    uint64_t least = 0;

    switch (info) {
    case 24:
        value = wax_read_u8(in);
        least = 24;
        break;
    case 25:
        value = wax_read_u16(in);
        least = (uint64_t)UINT8_MAX + 1;
        break;
    case 26:
        value = wax_read_u32(in);
        least = (uint64_t)UINT16_MAX + 1;
        break;
    case 27:
        value = read_u64(in);
        least = (uint64_t)UINT32_MAX + 1;
        break;
    default:
        wax_require(in, info < 24, WAX_MALFORMED);
        break;
    }
    wax_require(in, value >= least, WAX_MALFORMED);
    return value;
}

static uint64_t read_head(wax_reader *in, wax_cbor_kind kind)
{
    const unsigned first = wax_read_u8(in);
    uint64_t value;

    wax_require(in, first >> INFO_BITS == (unsigned)kind, WAX_MALFORMED);
    value = read_argument(in, first & INFO_MASK);
    return in->status == WAX_OK ? value : 0;
}

static wax_bytes read_string(wax_reader *in, wax_cbor_kind kind)
{
    const uint64_t size = read_head(in, kind);

    wax_require(in, size <= wax_reader_left(in), WAX_MALFORMED);
    return wax_read_bytes(in, in->status == WAX_OK ? (size_t)size : 0);
}

wax_cbor_kind wax_cbor_peek(const wax_reader *in)
{
    return in->status != WAX_OK || wax_reader_left(in) == 0 ? WAX_CBOR_SIMPLE
                                                            : (wax_cbor_kind)(*in->at >> INFO_BITS);
}

uint64_t wax_cbor_read_number(wax_reader *in)
{
    return read_head(in, WAX_CBOR_NUMBER);
}

wax_bytes wax_cbor_read_bytes(wax_reader *in)
{
    return read_string(in, WAX_CBOR_BYTES);
}

wax_bytes wax_cbor_read_text(wax_reader *in)
{
    const wax_bytes text = read_string(in, WAX_CBOR_TEXT);

    wax_require(in, wax_utf8_is_valid(text), WAX_MALFORMED);
    return in->status == WAX_OK ? text : (wax_bytes){NULL, 0};
}

uint64_t wax_cbor_read_array(wax_reader *in)
{
    return read_head(in, WAX_CBOR_ARRAY);
}

uint64_t wax_cbor_read_map(wax_reader *in)
{
    return read_head(in, WAX_CBOR_MAP);
}

bool wax_cbor_read_bool(wax_reader *in)
{
    const uint64_t value = read_head(in, WAX_CBOR_SIMPLE);

    wax_require(in, value == FALSE || value == TRUE, WAX_MALFORMED);
    return in->status == WAX_OK && value == TRUE;
}

static void pass(wax_reader *in, unsigned depth);

/* What is inside: `count` items, or pairs of them whose keys ascend. Each takes a byte at least, so
 * that no count makes this long. */
static void pass_inside(wax_reader *in, unsigned depth, bool is_map)
{
    uint64_t count = is_map ? wax_cbor_read_map(in) : wax_cbor_read_array(in);
    wax_bytes last = (wax_bytes){NULL, 0};

    wax_require(in, depth <= WAX_CBOR_NESTING_MAX, WAX_MALFORMED);
    for (; count > 0 && in->status == WAX_OK; count--) {
        wax_bytes key = (wax_bytes){in->at, 0};

        wax_require(in, !is_map || wax_cbor_peek(in) <= WAX_CBOR_TEXT, WAX_MALFORMED);
        pass(in, depth);
        key.size = (size_t)(in->at - key.data);
        if (is_map) {
            wax_require(in, wax_bytes_compare(last, key) < 0, WAX_MALFORMED);
            last = key;
            pass(in, depth);
        }
    }
}

/* Reads an item around which there are `depth` others. */
static void pass(wax_reader *in, unsigned depth)
{
    if (in->status != WAX_OK) {
        return;
    }
    switch (wax_cbor_peek(in)) {
    case WAX_CBOR_NUMBER:
        (void)wax_cbor_read_number(in);
        break;
    case WAX_CBOR_NEGATIVE:
        (void)read_head(in, WAX_CBOR_NEGATIVE);
        break;
    case WAX_CBOR_BYTES:
        (void)wax_cbor_read_bytes(in);
        break;
    case WAX_CBOR_TEXT:
        (void)wax_cbor_read_text(in);
        break;
    case WAX_CBOR_ARRAY:
        pass_inside(in, depth + 1, false);
        break;
    case WAX_CBOR_MAP:
        pass_inside(in, depth + 1, true);
        break;
    case WAX_CBOR_TAG:
        wax_require(in, false, WAX_MALFORMED);
        break;
    case WAX_CBOR_SIMPLE:
    default:
        (void)wax_cbor_read_bool(in);
        break;
    }
}

wax_bytes wax_cbor_read_item(wax_reader *in)
{
    const uint8_t *start = in->at;

    pass(in, 0);
    return in->status == WAX_OK ? (wax_bytes){start, (size_t)(in->at - start)}
                                : (wax_bytes){NULL, 0};
}

/* `left` counts the items that are still to come, of all that have begun: each takes a byte. */
void wax_cbor_skip(wax_reader *in)
{
    size_t left = 1;

    for (; left > 0 && in->status == WAX_OK; left--) {
        const wax_cbor_kind kind = wax_cbor_peek(in);
        const uint64_t value = read_head(in, kind);
        const size_t size = value <= wax_reader_left(in) ? (size_t)value : SIZE_MAX;

        if (kind == WAX_CBOR_BYTES || kind == WAX_CBOR_TEXT) {
            (void)wax_read_bytes(in, size);
        } else if (kind == WAX_CBOR_ARRAY || kind == WAX_CBOR_MAP) {
            left += kind == WAX_CBOR_MAP ? 2 * size : size;
            wax_require(in, size != SIZE_MAX && left - 1 <= wax_reader_left(in), WAX_MALFORMED);
        } else {
            wax_require(in, kind != WAX_CBOR_TAG, WAX_MALFORMED);
        }
    }
}
