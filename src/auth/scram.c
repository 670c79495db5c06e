/* SCRAM-SHA-256: the messages of both ends, and what proves a password without showing it. */
#include "auth/auth.h"

#include <string.h>

#include "auth/words.h"
#include "crypto/crypto.h"

void wax_scram_close(wax_scram *scram)
{
    wax_wipe(scram, sizeof *scram);
}

static wax_bytes view(const char *text, size_t size)
{
    return wax_bytes_of(text, size);
}

/* --- The server's side --- */

/* Reads "n,," or "y,,", with an authzid perhaps, which must be the user: nobody acts for others. */
static bool read_header(wax_scram *scram, wax_bytes *left, wax_bytes *authzid)
{
    const uint8_t *start = left->data;
    wax_bytes flag = wax_scram_cut(left);
    wax_bytes part = wax_scram_cut(left);

    *authzid = wax_bytes_of(NULL, 0);
    if ((!wax_bytes_equal(flag, WAX_TEXT("n")) && !wax_bytes_equal(flag, WAX_TEXT("y"))) ||
        left->data == NULL) {
        return false;
    }
    if (part.size > 0) {
        if (!wax_scram_value(&part, 'a', authzid)) {
            return false;
        }
    }
    scram->header_size = (size_t)(left->data - start);
    memcpy(scram->header, start, scram->header_size);
    return true;
}

wax_status wax_scram_begin(wax_scram *scram, wax_bytes message, wax_bytes *user)
{
    wax_bytes left = message;
    wax_bytes authzid;
    wax_bytes name;
    wax_bytes nonce;
    wax_bytes bare;

    memset(scram, 0, sizeof *scram);
    if (message.size == 0 || message.size > WAX_SCRAM_MESSAGE_MAX ||
        !read_header(scram, &left, &authzid)) {
        return WAX_MALFORMED;
    }
    bare = left;
    if (!wax_scram_value(&left, 'n', &name) || !wax_scram_value(&left, 'r', &nonce) ||
        !wax_scram_is_nonce(nonce) || !wax_scram_read_name(name, scram->user, &scram->user_size) ||
        (authzid.size > 0 && !wax_bytes_equal(authzid, name))) {
        return WAX_MALFORMED;
    }
    memcpy(scram->nonce, nonce.data, nonce.size);
    scram->nonce_size = nonce.size;
    *user = view(scram->user, scram->user_size);
    return wax_scram_speak(scram, bare) ? WAX_OK : WAX_MALFORMED;
}

wax_status wax_scram_challenge(wax_scram *scram, const wax_scram_secret *secret, bool is_known,
                               const char nonce[static WAX_SCRAM_NONCE_SIZE], wax_writer *out)
{
    size_t start = out->used;

    scram->secret = *secret;
    scram->is_known = is_known;
    memcpy(scram->nonce + scram->nonce_size, nonce, WAX_SCRAM_NONCE_SIZE);
    scram->nonce_size += WAX_SCRAM_NONCE_SIZE;
    wax_write_bytes(out, WAX_TEXT("r="));
    wax_write_bytes(out, view(scram->nonce, scram->nonce_size));
    wax_write_bytes(out, WAX_TEXT(",s="));
    wax_crypto_base64_write(out, wax_bytes_of(secret->salt, secret->salt_size), WAX_BASE64_PADDED);
    wax_write_bytes(out, WAX_TEXT(",i="));
    wax_write_decimal(out, secret->iterations);
    if (out->status != WAX_OK || !wax_scram_speak(scram, WAX_TEXT(",")) ||
        !wax_scram_speak(scram, wax_bytes_of(out->data + start, out->used - start)) ||
        !wax_scram_speak(scram, WAX_TEXT(","))) {
        return WAX_FULL;
    }
    return WAX_OK;
}

/* Whether "c=" holds what the conversation began with. */
static bool is_bound(const wax_scram *scram, wax_bytes binding)
{
    uint8_t header[WAX_SCRAM_MESSAGE_MAX];
    wax_writer out = wax_writer_over(header, sizeof header);

    return wax_crypto_base64_read(&out, binding, WAX_BASE64_PADDED) == WAX_OK &&
           wax_bytes_equal(wax_writer_bytes(&out), view(scram->header, scram->header_size));
}

/* Reads client-final-message, and notes what of it is spoken. */
static bool read_final(wax_scram *scram, wax_bytes message, uint8_t proof[static 32])
{
    static const uint8_t mark[] = {',', 'p', '='};
    wax_bytes left = message;
    wax_bytes binding;
    wax_bytes nonce;
    wax_writer out = wax_writer_over(proof, 32);
    size_t end = message.size;

    while (end >= sizeof mark && memcmp(message.data + end - sizeof mark, mark, sizeof mark) != 0) {
        end--;
    }
    if (end < sizeof mark || message.size > WAX_SCRAM_MESSAGE_MAX ||
        !wax_scram_value(&left, 'c', &binding) || !wax_scram_value(&left, 'r', &nonce)) {
        return false;
    }
    return is_bound(scram, binding) &&
           wax_bytes_equal(nonce, view(scram->nonce, scram->nonce_size)) &&
           wax_crypto_base64_read(&out, wax_bytes_of(message.data + end, message.size - end),
                                  WAX_BASE64_PADDED) == WAX_OK &&
           out.used == 32 && wax_scram_speak(scram, wax_bytes_of(message.data, end - sizeof mark));
}

/* The HMAC of all that was spoken. */
static wax_status sign(const wax_scram *scram, const uint8_t key[static 32],
                       uint8_t signature[static 32])
{
    const wax_bytes spoken = view(scram->spoken, scram->spoken_size);

    return wax_crypto_hmac_sha256(wax_bytes_of(key, 32), &spoken, 1, signature);
}

/* What was computed becomes the other's key: StoredKey = H(ClientProof XOR ClientSignature). */
static wax_status check_proof(const wax_scram *scram, const uint8_t proof[static 32])
{
    uint8_t key[32] = {0};
    uint8_t digest[32] = {0};
    const wax_bytes key_view = wax_bytes_of(key, sizeof key);
    wax_status status = sign(scram, scram->secret.stored_key, key);

    for (size_t i = 0; i < sizeof key; i++) {
        key[i] ^= proof[i];
    }
    if (status == WAX_OK) {
        status = wax_crypto_sha256(&key_view, 1, digest);
    }
    if (status == WAX_OK &&
        (!wax_secret_equals(digest, scram->secret.stored_key, sizeof digest) || !scram->is_known)) {
        status = WAX_BAD_LOGIN;
    }
    wax_wipe(key, sizeof key);
    return status;
}

wax_status wax_scram_finish(wax_scram *scram, wax_bytes message, wax_writer *out)
{
    uint8_t proof[32] = {0};
    uint8_t signature[32] = {0};
    wax_status status = WAX_MALFORMED;

    if (read_final(scram, message, proof)) {
        status = check_proof(scram, proof);
    }
    if (status == WAX_OK) {
        status = sign(scram, scram->secret.server_key, signature);
    }
    if (status == WAX_OK) {
        wax_write_bytes(out, WAX_TEXT("v="));
        wax_crypto_base64_write(out, wax_bytes_of(signature, sizeof signature), WAX_BASE64_PADDED);
        status = out->status;
    }
    scram->has_answered = status == WAX_OK;
    wax_wipe(proof, sizeof proof);
    return status;
}

wax_status wax_scram_stranger(wax_scram_secret *secret, wax_bytes key, wax_bytes user,
                              uint32_t iterations)
{
    uint8_t tag[32] = {0};
    wax_status status = wax_crypto_hmac_sha256(key, &user, 1, tag);

    *secret = (wax_scram_secret){.iterations = iterations, .salt_size = 16};
    memcpy(secret->salt, tag, secret->salt_size);
    wax_wipe(tag, sizeof tag);
    return status;
}

/* --- The client's side --- */

wax_status wax_scram_ask(wax_scram *scram, wax_bytes user,
                         const char nonce[static WAX_SCRAM_NONCE_SIZE], wax_writer *out)
{
    size_t start;

    memset(scram, 0, sizeof *scram);
    if (user.size == 0 || user.size > WAX_SCRAM_MESSAGE_MAX / 4 || !wax_utf8_is_valid(user)) {
        return WAX_INVALID;
    }
    memcpy(scram->header, "n,,", 3);
    scram->header_size = 3;
    memcpy(scram->nonce, nonce, WAX_SCRAM_NONCE_SIZE);
    scram->nonce_size = WAX_SCRAM_NONCE_SIZE;
    wax_write_bytes(out, view(scram->header, scram->header_size));
    start = out->used;
    wax_write_bytes(out, WAX_TEXT("n="));
    wax_scram_write_name(out, user);
    wax_write_bytes(out, WAX_TEXT(",r="));
    wax_write_bytes(out, view(nonce, WAX_SCRAM_NONCE_SIZE));
    if (out->status != WAX_OK ||
        !wax_scram_speak(scram, wax_bytes_of(out->data + start, out->used - start))) {
        return WAX_FULL;
    }
    return WAX_OK;
}

static wax_status read_challenge(wax_scram *scram, wax_bytes message)
{
    wax_bytes left = message;
    wax_bytes nonce;
    wax_bytes salt_text;
    wax_bytes iterations;
    wax_writer salt = wax_writer_over(scram->secret.salt, sizeof scram->secret.salt);

    if (scram->has_answered || message.size > WAX_SCRAM_MESSAGE_MAX ||
        !wax_scram_value(&left, 'r', &nonce) || !wax_scram_value(&left, 's', &salt_text) ||
        !wax_scram_value(&left, 'i', &iterations) || !wax_scram_is_nonce(nonce) ||
        nonce.size <= scram->nonce_size ||
        !wax_bytes_start_with(nonce, view(scram->nonce, scram->nonce_size)) ||
        wax_crypto_base64_read(&salt, salt_text, WAX_BASE64_PADDED) != WAX_OK || salt.used == 0 ||
        !wax_scram_read_number(iterations, &scram->secret.iterations)) {
        return WAX_MALFORMED;
    }
    memcpy(scram->nonce, nonce.data, nonce.size);
    scram->nonce_size = nonce.size;
    scram->secret.salt_size = salt.used;
    return scram->secret.iterations >= WAX_SCRAM_ITERATIONS_MIN &&
                   scram->secret.iterations <= WAX_PASSWORD_ITERATIONS_MAX
               ? WAX_OK
               : WAX_UNTRUSTED;
}

/* "c=...,r=...", without the proof. */
static void write_bare_final(const wax_scram *scram, wax_writer *out)
{
    wax_write_bytes(out, WAX_TEXT("c="));
    wax_crypto_base64_write(out, view(scram->header, scram->header_size), WAX_BASE64_PADDED);
    wax_write_bytes(out, WAX_TEXT(",r="));
    wax_write_bytes(out, view(scram->nonce, scram->nonce_size));
}

/* ClientProof = ClientKey XOR HMAC(H(ClientKey), AuthMessage) */
static wax_status prove(wax_scram *scram, wax_bytes password, uint8_t proof[static 32])
{
    const wax_bytes label = WAX_TEXT("Client Key");
    uint8_t signature[32] = {0};
    const wax_bytes key = wax_bytes_of(proof, 32);
    wax_status status = wax_crypto_pbkdf2_sha256(
        password, wax_bytes_of(scram->secret.salt, scram->secret.salt_size),
        scram->secret.iterations, scram->salted);

    if (status == WAX_OK) {
        status = wax_crypto_hmac_sha256(wax_bytes_of(scram->salted, 32), &label, 1, proof);
    }
    if (status == WAX_OK) {
        status = wax_crypto_sha256(&key, 1, scram->secret.stored_key);
    }
    if (status == WAX_OK) {
        status = sign(scram, scram->secret.stored_key, signature);
    }
    for (size_t i = 0; status == WAX_OK && i < sizeof signature; i++) {
        proof[i] ^= signature[i];
    }
    return status;
}

wax_status wax_scram_answer(wax_scram *scram, wax_bytes message, wax_bytes password,
                            wax_writer *out)
{
    uint8_t proof[32] = {0};
    size_t start = out->used;
    wax_status status = read_challenge(scram, message);

    if (status != WAX_OK) {
        return status;
    }
    write_bare_final(scram, out);
    if (out->status != WAX_OK || !wax_scram_speak(scram, WAX_TEXT(",")) ||
        !wax_scram_speak(scram, message) || !wax_scram_speak(scram, WAX_TEXT(",")) ||
        !wax_scram_speak(scram, wax_bytes_of(out->data + start, out->used - start))) {
        return WAX_FULL;
    }
    status = prove(scram, password, proof);
    if (status == WAX_OK) {
        wax_write_bytes(out, WAX_TEXT(",p="));
        wax_crypto_base64_write(out, wax_bytes_of(proof, sizeof proof), WAX_BASE64_PADDED);
        status = out->status;
    }
    scram->has_answered = status == WAX_OK;
    wax_wipe(proof, sizeof proof);
    return status;
}

wax_status wax_scram_check(const wax_scram *scram, wax_bytes message)
{
    const wax_bytes label = WAX_TEXT("Server Key");
    uint8_t key[32] = {0};
    uint8_t expected[32] = {0};
    uint8_t got[32] = {0};
    wax_writer out = wax_writer_over(got, sizeof got);
    wax_bytes left = message;
    wax_bytes value;
    /* Before the answer all of this would be known to anybody. */
    bool is_right =
        scram->has_answered && wax_scram_value(&left, 'v', &value) &&
        wax_crypto_base64_read(&out, value, WAX_BASE64_PADDED) == WAX_OK &&
        out.used == sizeof got &&
        wax_crypto_hmac_sha256(wax_bytes_of(scram->salted, 32), &label, 1, key) == WAX_OK &&
        sign(scram, key, expected) == WAX_OK && wax_secret_equals(got, expected, sizeof got);

    wax_wipe(key, sizeof key);
    return is_right ? WAX_OK : WAX_UNTRUSTED;
}
