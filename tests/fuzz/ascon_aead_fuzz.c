/* Ascon-AEAD128: what is sealed opens, at whatever sizes, and what nobody sealed does not. */
#include "fuzz.h"

#include "ascon/ascon.h"

enum { KEYS_SIZE = WAX_ASCON_KEY_SIZE + WAX_ASCON_NONCE_SIZE };

static bool is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;

    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_ascon_sealing sealing;
    wax_bytes text;
    uint8_t *room;

    if (size < KEYS_SIZE + 1 || size - KEYS_SIZE - 1 < data[KEYS_SIZE]) {
        return 0;
    }
    sealing = (wax_ascon_sealing){data, data + WAX_ASCON_KEY_SIZE,
                                  wax_bytes_of(data + KEYS_SIZE + 1, data[KEYS_SIZE]),
                                  WAX_ASCON_TAG_SIZE};
    text = wax_bytes_of(sealing.associated.data + sealing.associated.size,
                        size - KEYS_SIZE - 1 - sealing.associated.size);
    room = malloc(text.size + WAX_ASCON_TAG_SIZE);
    fuzz_require(room != NULL);
    /* To find a tag that fits takes 2^128 tries. */
    fuzz_require(wax_ascon_unseal(&sealing, text, room) == WAX_UNTRUSTED);
    fuzz_require(text.size <= WAX_ASCON_TAG_SIZE || is_zero(room, text.size - WAX_ASCON_TAG_SIZE));
    wax_ascon_seal(&sealing, text, room);
    fuzz_require(wax_ascon_unseal(&sealing, wax_bytes_of(room, text.size + WAX_ASCON_TAG_SIZE),
                                  room) == WAX_OK);
    fuzz_require(wax_bytes_equal(wax_bytes_of(room, text.size), text));
    free(room);
    return 0;
}
