/* COSE_Sign1 with ES256: one form, known byte by byte but for the key's name, the payload and the
 * signature. */
#include "keys/keys.h"

#include <string.h>

#include "cbor/cbor.h"

/* Tag 18, an array of four, {1: -7} as a string of bytes, {4: ...} with a string of 8 bytes. */
static const uint8_t beginning[] = {0xd2, 0x84, 0x43, 0xa1, 0x01, 0x26, 0xa1, 0x04, 0x48};
static const uint8_t protected_header[] = {0x43, 0xa1, 0x01, 0x26};

enum { HEAD_MAX = 9, BEFORE_MAX = sizeof beginning + WAX_KEYS_KID_SIZE + HEAD_MAX };

wax_status wax_keys_kid(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                        uint8_t kid[static WAX_KEYS_KID_SIZE])
{
    const wax_bytes part = wax_bytes_of(public_key, WAX_P256_PUBLIC_SIZE);
    uint8_t digest[WAX_SHA256_SIZE];
    const wax_status status = wax_crypto_sha256(&part, 1, digest);

    memcpy(kid, digest, WAX_KEYS_KID_SIZE);
    return status;
}

/* The head of a string of bytes: what the library writes for one, without the string. */
static void write_bytes_head(wax_writer *out, size_t size)
{
    const size_t start = out->used;

    wax_cbor_write_number(out, size);
    if (out->status == WAX_OK) {
        out->data[start] |= (uint8_t)(WAX_CBOR_BYTES << 5U);
    }
}

enum { STRUCTURE_PARTS = 5, BEFORE_SIZE = 32 };

/* Sig_structure in parts, which view the bound, the payload and its own room. [RFC 9052, 4.4] */
struct structure {
    wax_bytes parts[STRUCTURE_PARTS];
    uint8_t before[BEFORE_SIZE];
    uint8_t between[HEAD_MAX];
};

static void structure_make(struct structure *self, const wax_keys_bound *bound, wax_bytes payload)
{
    wax_writer out = wax_writer_over(self->before, sizeof self->before);
    wax_writer head = wax_writer_over(self->between, sizeof self->between);

    wax_cbor_write_array(&out, 4);
    wax_cbor_write_text(&out, WAX_TEXT("Signature1"));
    wax_write_bytes(&out, wax_bytes_of(protected_header, sizeof protected_header));
    write_bytes_head(&out, bound->label.size + bound->rest.size);
    write_bytes_head(&head, payload.size);
    wax_assert(out.status == WAX_OK && head.status == WAX_OK);
    self->parts[0] = wax_writer_bytes(&out);
    self->parts[1] = bound->label;
    self->parts[2] = bound->rest;
    self->parts[3] = wax_writer_bytes(&head);
    self->parts[4] = payload;
}

/* Puts `front` before what stands in `out` from `start` on. */
static void insert(wax_writer *out, size_t start, wax_bytes front)
{
    const size_t size = out->used - start;

    wax_write_bytes(out, front); /* as many bytes more, or WAX_FULL */
    if (out->status == WAX_OK) {
        memmove(out->data + start + front.size, out->data + start, size);
        memcpy(out->data + start, front.data, front.size);
    }
}

wax_status wax_keys_sign(wax_writer *out, size_t start, const wax_keys_bound *bound,
                         const uint8_t secret[static WAX_P256_SECRET_SIZE])
{
    uint8_t before[BEFORE_MAX];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t kid[WAX_KEYS_KID_SIZE];
    struct structure structure;
    uint8_t signature[WAX_P256_SIGNATURE_SIZE] = {0};
    wax_writer front = wax_writer_over(before, sizeof before);
    const size_t size = out->used - start;
    wax_status status = out->status;

    if (status == WAX_OK) {
        status = wax_crypto_p256_public(secret, public_key);
    }
    if (status == WAX_OK) {
        status = wax_keys_kid(public_key, kid);
    }
    if (status == WAX_OK) {
        structure_make(&structure, bound, wax_bytes_of(out->data + start, size));
        status = wax_crypto_p256_sign_parts(secret, structure.parts, STRUCTURE_PARTS, signature);
    }
    if (status != WAX_OK) {
        wax_wipe(out->data + start, size);
        out->used = start;
        return status;
    }
    wax_write_bytes(&front, wax_bytes_of(beginning, sizeof beginning));
    wax_write_bytes(&front, wax_bytes_of(kid, sizeof kid));
    write_bytes_head(&front, size);
    insert(out, start, wax_writer_bytes(&front));
    wax_cbor_write_bytes(out, wax_bytes_of(signature, sizeof signature));
    if (out->status != WAX_OK) {
        wax_wipe(out->data + start, out->used - start);
    }
    return wax_writer_end(out, start);
}

wax_status wax_keys_verify(wax_bytes signed_bytes, const wax_keys_bound *bound,
                           const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                           wax_bytes *payload)
{
    wax_reader in = wax_reader_over(signed_bytes);
    uint8_t kid[WAX_KEYS_KID_SIZE];
    struct structure structure;
    const wax_bytes begun = wax_read_bytes(&in, sizeof beginning);
    const wax_bytes named = wax_read_bytes(&in, sizeof kid);
    const wax_bytes content = wax_cbor_read_bytes(&in);
    const wax_bytes signature = wax_cbor_read_bytes(&in);
    wax_status status;

    *payload = wax_bytes_of(NULL, 0);
    wax_require(&in, wax_bytes_equal(begun, wax_bytes_of(beginning, sizeof beginning)),
                WAX_MALFORMED);
    wax_require(&in, signature.size == WAX_P256_SIGNATURE_SIZE, WAX_MALFORMED);
    wax_require(&in, wax_reader_left(&in) == 0, WAX_MALFORMED);
    if (in.status != WAX_OK) {
        return in.status;
    }
    status = wax_keys_kid(public_key, kid);
    if (status == WAX_OK && !wax_bytes_equal(named, wax_bytes_of(kid, sizeof kid))) {
        status = WAX_UNTRUSTED;
    }
    if (status == WAX_OK) {
        structure_make(&structure, bound, content);
        status = wax_crypto_p256_verify_parts(public_key, structure.parts, STRUCTURE_PARTS,
                                              signature.data);
    }
    *payload = status == WAX_OK ? content : *payload;
    return status;
}
