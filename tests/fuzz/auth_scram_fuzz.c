/* Any bytes as SCRAM's messages, a line each: client-first and client-final at the server,
 * server-first and server-final at the client. */
#include <string.h>

#include "auth/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wax_bytes next_line(wax_bytes *left)
{
    const uint8_t *end = left->size == 0 ? NULL : memchr(left->data, '\n', left->size);
    size_t size = end == NULL ? left->size : (size_t)(end - left->data);
    wax_bytes line = wax_bytes_of(left->data, size);
    size_t past = end == NULL ? size : size + 1;

    *left = wax_bytes_of(left->data + past, left->size - past);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char nonce[] = "123456789012345678901234";
    const wax_scram_secret secret = {.iterations = 4096, .salt_size = 16};
    wax_bytes left = wax_bytes_of(data, size);
    wax_bytes first = next_line(&left);
    wax_bytes final = next_line(&left);
    wax_bytes challenge = next_line(&left);
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    static wax_scram scram;
    wax_bytes user;

    if (wax_scram_begin(&scram, first, &user) == WAX_OK) {
        wax_assert(user.size > 0 && wax_utf8_is_valid(user));
        if (wax_scram_challenge(&scram, &secret, true, nonce, &out) == WAX_OK) {
            wax_assert(wax_scram_finish(&scram, final, &out) != WAX_OK); /* nobody knows the key */
        }
    }
    out = wax_writer_over(room, sizeof room);
    wax_assert(wax_scram_ask(&scram, WAX_TEXT("user"), nonce, &out) == WAX_OK);
    /* Not so many rounds that nothing else is tried. */
    if (memchr(challenge.data == NULL ? data : challenge.data, 'i', challenge.size) == NULL ||
        challenge.size < 4 || memcmp(challenge.data + challenge.size - 4, "4096", 4) == 0) {
        if (wax_scram_answer(&scram, challenge, WAX_TEXT("p"), &out) == WAX_OK) {
            wax_assert(wax_scram_check(&scram, next_line(&left)) == WAX_UNTRUSTED);
        }
    }
    wax_scram_close(&scram);
    return 0;
}
