/* Any bytes as the answers of a SOCKS proxy, one by one and all at once. */
#include "fuzz.h"
#include "tools/socks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proxy proxies[] = {
        {.host = "p",        .port = 1           },
        { .host = "p", .port = 1, .username = "ann", .password = "secret"},
    };
    struct socks socks = {.host = "broker", .port = 1883};
    size_t start = 1;

    if (size == 0) {
        return 0;
    }
    socks.proxy = &proxies[data[0] & 1];
    for (size_t end = 1; end <= size && socks.state != SOCKS_DONE; end++) {
        uint8_t room[SOCKS_SEND_SIZE];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_reader in = wax_reader_over(wax_bytes_of(data + start, end - start));
        wax_status status = tools_socks_step(&socks, &in, &out);

        fuzz_require(out.status == WAX_OK && end - start <= SOCKS_TAKE_SIZE);
        fuzz_require((status == WAX_IO) == (socks.fault != NULL));
        if (status == WAX_IO) {
            return 0;
        }
        start = end - wax_reader_left(&in);
    }
    return 0;
}
