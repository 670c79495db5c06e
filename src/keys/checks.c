/* Checks that mailboxes and manifests share. */
#include "keys/checks.h"

#include "cbor/cbor.h"

void check_text(wax_reader *in, uint64_t *memory)
{
    (void)memory;
    wax_require(in, wax_cbor_read_text(in).size > 0, WAX_MALFORMED);
}

/* Bit 0 of the memory says that a last sender is due, the rest is the sender before. */
void check_sender(wax_reader *in, uint64_t *memory)
{
    const uint64_t sender = wax_cbor_read_number(in);
    const uint64_t before = *memory >> 1U;
    const bool is_last = (*memory & 1U) != 0;

    wax_require(in, sender <= WAX_KEYS_SENDER_MAX, WAX_MALFORMED);
    wax_require(in, is_last ? sender >= before : sender > before, WAX_MALFORMED);
    *memory = sender << 1U | (is_last ? 0U : 1U);
}

void check_signer(wax_reader *in, uint64_t *memory)
{
    const uint64_t sender = wax_cbor_read_number(in);

    (void)memory;
    wax_require(in, sender > 0 && sender <= WAX_KEYS_SENDER_MAX, WAX_MALFORMED);
    wax_require(in, wax_cbor_read_bytes(in).size == WAX_P256_PUBLIC_SIZE, WAX_MALFORMED);
}

void check_number(wax_reader *in, uint64_t *memory)
{
    enum { TEXT_MAX = 0xffffff }; /* of a message, and thus of its padding */

    (void)memory;
    wax_require(in, wax_cbor_read_number(in) <= TEXT_MAX, WAX_MALFORMED);
}

static bool is_ascending(wax_keys_list *numbers)
{
    uint64_t before = 0;
    uint64_t number = 0;
    bool holds = numbers->count > 0;

    while (wax_keys_next_number(numbers, &number)) {
        holds = holds && number > before;
        before = number;
    }
    return holds;
}

bool check_padding(const wax_keys_list *padding)
{
    wax_keys_list rest = *padding;
    uint64_t kind = 0;

    if (!wax_keys_next_number(&rest, &kind)) {
        return true;
    }
    switch (kind) {
    case 0:
    case 2:
        return rest.count == 0;
    case 1:
        return rest.count == 1 && is_ascending(&rest);
    case 3:
        return is_ascending(&rest);
    default:
        return false;
    }
}

bool check_suite(uint32_t suite, uint32_t tag_size)
{
    return suite >= 1 && suite <= 3 && (tag_size == 16 || (tag_size == 8 && suite != 1));
}
