/* Any bytes as a token, and as its claims: header and claims are put into their base64 when the
 * first byte asks for it, so that the JSON behind is reached. Nobody has signed any of it. */
#include "auth/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key whose private half nobody kept. [RFC 8410, 10.1] */
static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                          "-----END PUBLIC KEY-----\n";

/* Header '.' claims '.' signature, from two halves of the input. */
static wax_bytes wrap(wax_bytes input, wax_writer *out)
{
    size_t half = input.size / 2;

    wax_crypto_base64_write(out, wax_bytes_of(input.data, half), WAX_BASE64_URL);
    wax_write_u8(out, '.');
    wax_crypto_base64_write(out, wax_bytes_of(input.data + half, input.size - half),
                            WAX_BASE64_URL);
    wax_write_u8(out, '.');
    wax_crypto_base64_write(out, WAX_TEXT("signature"), WAX_BASE64_URL);
    return wax_writer_bytes(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wax_token_rules rules = {.issuer = "i", .audience = "a", .key_count = 1};
    static wax_token token;
    uint8_t room[2 * WAX_TOKEN_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_bytes text = wax_bytes_of(data, size);
    const char *fault;

    if (rules.keys[0].key == NULL) {
        wax_assert(wax_signature_key_read(&rules.keys[0].key, WAX_SIGNATURE_EDDSA, WAX_TEXT(pem),
                                          &fault) == WAX_OK);
    }
    if (size > 0 && data[0] == '{') {
        text = wrap(text, &out);
    }
    (void)wax_token_is_meant(text);
    wax_assert(wax_token_judge(&rules, text, WAX_TEXT(""), 5, &token) != WAX_OK);
    return 0;
}
