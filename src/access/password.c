/* Password hashes as Mosquitto's files hold them. */
#include "access/access.h"

#include <string.h>

#include "access/lines.h"
#include "crypto/crypto.h"

enum {
    DIGEST_MIN = 16, /* of Argon2id; the other two have one size only */
    DIGEST_WRITTEN = 32,
    ARGON2_VERSION = 19, /* 1.3, the one that RFC 9106 describes */
};

/* A stored hash, taken apart. */
struct stored {
    wax_password_form form;
    uint32_t iterations;
    wax_argon2id cost;
    uint8_t salt[WAX_PASSWORD_SALT_MAX];
    size_t salt_size;
    uint8_t digest[WAX_SHA512_SIZE];
    size_t digest_size;
};

/* Reads a decimal number from `min` to `max`, which is below 2^28, in its one spelling. */
static bool read_number(wax_bytes digits, uint32_t min, uint32_t max, uint32_t *number)
{
    uint32_t value = 0;

    if (digits.size == 0 || digits.size > 8 || digits.data[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        value = 10 * value + (digits.data[i] - '0');
    }
    *number = value;
    return value >= min && value <= max;
}

/* Reads "name=number". */
static bool read_setting(wax_bytes text, wax_bytes name, uint32_t max, uint32_t *number)
{
    return wax_bytes_equal(wax_line_cut(&text, '='), name) && read_number(text, 1, max, number);
}

/* Reads "m=,t=,p=". */
static bool read_cost(wax_bytes text, wax_argon2id *cost)
{
    wax_bytes memory = wax_line_cut(&text, ',');
    wax_bytes passes = wax_line_cut(&text, ',');

    return read_setting(memory, WAX_TEXT("m"), WAX_PASSWORD_MEMORY_MAX_KIB, &cost->memory_kib) &&
           read_setting(passes, WAX_TEXT("t"), WAX_PASSWORD_PASSES_MAX, &cost->passes) &&
           read_setting(text, WAX_TEXT("p"), WAX_PASSWORD_LANES_MAX, &cost->lanes) &&
           cost->memory_kib >= 8 * cost->lanes;
}

static bool read_salt(struct stored *hash, wax_bytes text, wax_base64 base64)
{
    wax_writer salt = wax_writer_over(hash->salt, sizeof hash->salt);

    if (wax_crypto_base64_read(&salt, text, base64) != WAX_OK) {
        return false;
    }
    hash->salt_size = salt.used;
    return salt.used >= WAX_PASSWORD_SALT_MIN;
}

/* Reads "salt$digest". */
static bool read_salt_and_digest(struct stored *hash, wax_bytes text, wax_base64 base64)
{
    wax_bytes salt_text = wax_line_cut(&text, '$');
    wax_writer digest = wax_writer_over(hash->digest, sizeof hash->digest);

    if (!read_salt(hash, salt_text, base64) ||
        wax_crypto_base64_read(&digest, text, base64) != WAX_OK) {
        return false;
    }
    hash->digest_size = digest.used;
    return true;
}

static bool read_argon2id(struct stored *hash, wax_bytes text)
{
    wax_bytes version_text = wax_line_cut(&text, '$');
    wax_bytes cost_text = wax_line_cut(&text, '$');
    uint32_t version = 0;

    return read_setting(version_text, WAX_TEXT("v"), ARGON2_VERSION, &version) &&
           version == ARGON2_VERSION && read_cost(cost_text, &hash->cost) &&
           read_salt_and_digest(hash, text, WAX_BASE64_BARE) && hash->digest_size >= DIGEST_MIN;
}

static bool read_pbkdf2(struct stored *hash, wax_bytes text)
{
    wax_bytes iterations = wax_line_cut(&text, '$');

    return read_number(iterations, 1, WAX_PASSWORD_ITERATIONS_MAX, &hash->iterations) &&
           read_salt_and_digest(hash, text, WAX_BASE64_PADDED) &&
           hash->digest_size == WAX_SHA512_SIZE;
}

static bool read_sha512(struct stored *hash, wax_bytes text)
{
    return read_salt_and_digest(hash, text, WAX_BASE64_PADDED) &&
           hash->digest_size == WAX_SHA512_SIZE;
}

/* Reads "iterations:salt$StoredKey:ServerKey". [RFC 5803, 2] */
static bool read_scram(struct stored *hash, wax_bytes text)
{
    wax_bytes iterations = wax_line_cut(&text, ':');
    wax_bytes salt = wax_line_cut(&text, '$');
    wax_bytes stored_key = wax_line_cut(&text, ':');
    wax_writer digest = wax_writer_over(hash->digest, sizeof hash->digest);

    hash->digest_size = sizeof hash->digest;
    return read_number(iterations, 1, WAX_PASSWORD_ITERATIONS_MAX, &hash->iterations) &&
           read_salt(hash, salt, WAX_BASE64_PADDED) &&
           wax_crypto_base64_read(&digest, stored_key, WAX_BASE64_PADDED) == WAX_OK &&
           digest.used == WAX_SHA256_SIZE &&
           wax_crypto_base64_read(&digest, text, WAX_BASE64_PADDED) == WAX_OK &&
           digest.used == hash->digest_size;
}

static void write_argon2id(wax_writer *out, const struct stored *hash)
{
    wax_write_bytes(out, WAX_TEXT("v="));
    wax_write_decimal(out, ARGON2_VERSION);
    wax_write_bytes(out, WAX_TEXT("$m="));
    wax_write_decimal(out, hash->cost.memory_kib);
    wax_write_bytes(out, WAX_TEXT(",t="));
    wax_write_decimal(out, hash->cost.passes);
    wax_write_bytes(out, WAX_TEXT(",p="));
    wax_write_decimal(out, hash->cost.lanes);
    wax_write_u8(out, '$');
}

static void write_pbkdf2(wax_writer *out, const struct stored *hash)
{
    wax_write_decimal(out, hash->iterations);
    wax_write_u8(out, '$');
}

static void write_scram(wax_writer *out, const struct stored *hash)
{
    wax_write_decimal(out, hash->iterations);
    wax_write_u8(out, ':');
}

static void write_nothing(wax_writer *out, const struct stored *hash)
{
    (void)out;
    (void)hash;
}

/* `digest` has room for `hash->digest_size`. */
static wax_status compute_argon2id(const struct stored *hash, wax_bytes password, uint8_t *digest)
{
    return wax_crypto_argon2id(&hash->cost, password, wax_bytes_of(hash->salt, hash->salt_size),
                               digest, hash->digest_size);
}

static wax_status compute_pbkdf2(const struct stored *hash, wax_bytes password, uint8_t *digest)
{
    return wax_crypto_pbkdf2_sha512(password, wax_bytes_of(hash->salt, hash->salt_size),
                                    hash->iterations, digest);
}

static wax_status compute_sha512(const struct stored *hash, wax_bytes password, uint8_t *digest)
{
    const wax_bytes parts[] = {password, wax_bytes_of(hash->salt, hash->salt_size)};

    return wax_crypto_sha512(parts, WAX_COUNT(parts), digest);
}

/* StoredKey, then ServerKey. [RFC 5802, 3] */
static wax_status compute_scram(const struct stored *hash, wax_bytes password, uint8_t *digest)
{
    const wax_bytes client_label = WAX_TEXT("Client Key");
    const wax_bytes server_label = WAX_TEXT("Server Key");
    uint8_t salted[WAX_SHA256_SIZE] = {0};
    uint8_t client_key[WAX_SHA256_SIZE] = {0};
    const wax_bytes salted_view = wax_bytes_of(salted, sizeof salted);
    const wax_bytes client_view = wax_bytes_of(client_key, sizeof client_key);
    wax_status status = wax_crypto_pbkdf2_sha256(
        password, wax_bytes_of(hash->salt, hash->salt_size), hash->iterations, salted);

    if (status == WAX_OK) {
        status = wax_crypto_hmac_sha256(salted_view, &client_label, 1, client_key);
    }
    if (status == WAX_OK) {
        status = wax_crypto_sha256(&client_view, 1, digest);
    }
    if (status == WAX_OK) {
        status = wax_crypto_hmac_sha256(salted_view, &server_label, 1, digest + WAX_SHA256_SIZE);
    }
    wax_wipe(salted, sizeof salted);
    wax_wipe(client_key, sizeof client_key);
    return status;
}

/* A form of hash: how it begins, how its salt and digest are spelled, what it costs today, how the
 * part behind the mark is read and written, and how it is computed. */
struct form {
    wax_bytes mark;
    wax_base64 base64;
    size_t digest_size;
    wax_password_recipe recipe;
    bool (*read)(struct stored *hash, wax_bytes text);
    void (*write)(wax_writer *out, const struct stored *hash);
    wax_status (*compute)(const struct stored *hash, wax_bytes password, uint8_t *digest);
};

/* Argon2id at 19 MiB and two passes is OWASP's advice and takes some 30 ms; so is PBKDF2 at 210,000
 * rounds, which takes longer and yet costs a guesser with graphics cards far less.
 * [OWASP Password Storage Cheat Sheet] So is PBKDF2 with SHA-256 at 600,000, which SCRAM lets the
 * client compute. A salt of 12 bytes is what every Mosquitto reads. */
/* clang-format off */
static const struct form forms[WAX_PASSWORD_FORM_COUNT] = {
    [WAX_PASSWORD_ARGON2ID] = {
        {(const uint8_t *)"$argon2id$", 10}, WAX_BASE64_BARE, DIGEST_WRITTEN,
        {WAX_PASSWORD_ARGON2ID, 2, 19456, 16},
        read_argon2id, write_argon2id, compute_argon2id},
    [WAX_PASSWORD_PBKDF2] = {
        {(const uint8_t *)"$7$", 3}, WAX_BASE64_PADDED, WAX_SHA512_SIZE,
        {WAX_PASSWORD_PBKDF2, 210000, 0, 12},
        read_pbkdf2, write_pbkdf2, compute_pbkdf2},
    [WAX_PASSWORD_SHA512] = {
        {(const uint8_t *)"$6$", 3}, WAX_BASE64_PADDED, WAX_SHA512_SIZE,
        {WAX_PASSWORD_SHA512, 0, 0, 12},
        read_sha512, write_nothing, compute_sha512},
    [WAX_PASSWORD_SCRAM] = {
        {(const uint8_t *)"SCRAM-SHA-256$", 14}, WAX_BASE64_PADDED, (size_t)2 * WAX_SHA256_SIZE,
        {WAX_PASSWORD_SCRAM, 600000, 0, 16},
        read_scram, write_scram, compute_scram},
};
/* clang-format on */

static bool read_stored(struct stored *hash, wax_bytes text)
{
    *hash = (struct stored){0};
    for (size_t i = 0; text.size <= WAX_PASSWORD_STORED_MAX && i < WAX_COUNT(forms); i++) {
        const wax_bytes mark = forms[i].mark;

        if (wax_bytes_start_with(text, mark)) {
            hash->form = forms[i].recipe.form;
            return forms[i].read(hash, wax_bytes_of(text.data + mark.size, text.size - mark.size));
        }
    }
    return false;
}

wax_password_recipe wax_password_recipe_for(wax_password_form form)
{
    return forms[form].recipe;
}

wax_status wax_password_inspect(wax_bytes stored, wax_password_form *form)
{
    struct stored hash;
    bool is_stored = read_stored(&hash, stored);

    if (is_stored) {
        *form = hash.form;
    }
    wax_wipe(&hash, sizeof hash);
    return is_stored ? WAX_OK : WAX_MALFORMED;
}

wax_status wax_password_scram(wax_bytes stored, wax_scram_secret *secret)
{
    struct stored hash;
    bool is_scram = read_stored(&hash, stored) && hash.form == WAX_PASSWORD_SCRAM;

    *secret = (wax_scram_secret){0};
    if (is_scram) {
        secret->iterations = hash.iterations;
        secret->salt_size = hash.salt_size;
        memcpy(secret->salt, hash.salt, hash.salt_size);
        memcpy(secret->stored_key, hash.digest, WAX_SHA256_SIZE);
        memcpy(secret->server_key, hash.digest + WAX_SHA256_SIZE, WAX_SHA256_SIZE);
    }
    wax_wipe(&hash, sizeof hash);
    return is_scram ? WAX_OK : WAX_NOT_FOUND;
}

wax_status wax_password_verify(wax_bytes stored, wax_bytes password)
{
    struct stored hash;
    uint8_t digest[WAX_SHA512_SIZE] = {0};
    wax_status status = WAX_MALFORMED;

    if (read_stored(&hash, stored)) {
        status = password.size > WAX_NAME_MAX ? WAX_BAD_LOGIN
                                              : forms[hash.form].compute(&hash, password, digest);
    }
    if (status == WAX_OK && !wax_secret_equals(digest, hash.digest, hash.digest_size)) {
        status = WAX_BAD_LOGIN;
    }
    wax_wipe(digest, sizeof digest);
    wax_wipe(&hash, sizeof hash);
    return status;
}

static bool recipe_is_allowed(const wax_password_recipe *recipe)
{
    bool is_salt_fine =
        recipe->salt_size >= WAX_PASSWORD_SALT_MIN && recipe->salt_size <= WAX_PASSWORD_SALT_MAX;

    switch (recipe->form) {
    case WAX_PASSWORD_ARGON2ID:
        return is_salt_fine && recipe->iterations >= 1 &&
               recipe->iterations <= WAX_PASSWORD_PASSES_MAX && recipe->memory_kib >= 8 &&
               recipe->memory_kib <= WAX_PASSWORD_MEMORY_MAX_KIB;
    case WAX_PASSWORD_PBKDF2:
    case WAX_PASSWORD_SCRAM:
        return is_salt_fine && recipe->iterations >= 1 &&
               recipe->iterations <= WAX_PASSWORD_ITERATIONS_MAX;
    case WAX_PASSWORD_SHA512:
        return is_salt_fine;
    }
    return false;
}

static void write_stored(wax_writer *out, const struct stored *hash)
{
    const struct form *form = &forms[hash->form];

    wax_write_bytes(out, form->mark);
    form->write(out, hash);
    wax_crypto_base64_write(out, wax_bytes_of(hash->salt, hash->salt_size), form->base64);
    wax_write_u8(out, '$');
    if (hash->form == WAX_PASSWORD_SCRAM) {
        wax_crypto_base64_write(out, wax_bytes_of(hash->digest, WAX_SHA256_SIZE), form->base64);
        wax_write_u8(out, ':');
        wax_crypto_base64_write(out, wax_bytes_of(hash->digest + WAX_SHA256_SIZE, WAX_SHA256_SIZE),
                                form->base64);
        return;
    }
    wax_crypto_base64_write(out, wax_bytes_of(hash->digest, hash->digest_size), form->base64);
}

wax_status wax_password_hash(const wax_password_recipe *recipe, wax_bytes password, wax_writer *out)
{
    struct stored hash = {
        .form = recipe->form,
        .iterations = recipe->iterations,
        .cost = {recipe->memory_kib, recipe->iterations, 1},
        .salt_size = recipe->salt_size,
    };
    wax_status status;

    if (!recipe_is_allowed(recipe) || password.size > WAX_NAME_MAX) {
        return WAX_INVALID;
    }
    hash.digest_size = forms[hash.form].digest_size;
    status = wax_writer_left(out) < WAX_PASSWORD_STORED_MAX ? WAX_FULL
                                                            : wax_random(hash.salt, hash.salt_size);
    if (status == WAX_OK) {
        status = forms[hash.form].compute(&hash, password, hash.digest);
    }
    if (status == WAX_OK) {
        write_stored(out, &hash);
        status = out->status;
    }
    wax_wipe(&hash, sizeof hash);
    return status;
}
