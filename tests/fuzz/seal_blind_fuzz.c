/* Topics and filters of any form, as they are blinded and matched: whatever they are, tokens stand
 * where levels did. The first byte chooses variant and hash; the rest is a pattern and a filter. */
#include "fuzz.h"

#include "seal/seal.h"

static size_t count_of(wax_bytes bytes, uint8_t byte)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        count += bytes.data[i] == byte;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t tokens[1 << 16];
    static uint8_t room[1 << 16];
    static const uint8_t key[WAX_SECRET_SIZE] = {9};
    wax_writer out = wax_writer_over(tokens, sizeof tokens);
    wax_reader in;
    wax_bytes pattern;
    wax_bytes filter;
    wax_blinder blinder;

    if (size < 3 || size > 4096) {
        return 0;
    }
    in = wax_reader_over(wax_bytes_of(data + 1, size - 1));
    pattern = wax_read_blob(&in);
    filter = wax_reader_rest(&in);
    blinder = (wax_blinder){
        .hash = (data[0] & 1U) != 0 ? wax_blind_hmac : wax_blind_ascon,
        .key = key,
        .variant = (data[0] & 2U) != 0 ? 2 : 1,
        .patterns = &pattern,
        .pattern_count = 1,
        .prefix = WAX_TEXT("wax"),
        .room = {room, sizeof room}
    };
    if (wax_blind_filter(&blinder, filter, &out) == WAX_OK) {
        fuzz_require(count_of(wax_writer_bytes(&out), '/') == count_of(filter, '/'));
    } else {
        fuzz_require(out.used == 0);
    }
    return 0;
}
