/* JSON Web Tokens: three parts, of which the last signs the first two. */
#include "auth/auth.h"

#include <jansson.h>
#include <string.h>

enum { SIGNATURE_SIZE_MAX = 2048, PART_SIZE_MAX = WAX_TOKEN_SIZE_MAX * 3 / 4 + 3 };

/* A token, taken apart. */
struct parts {
    wax_bytes header;
    wax_bytes claims;
    wax_bytes signature;
    wax_bytes is_signed; /* the first two, with the dot between them */
};

static const struct {
    const char *name;
    wax_signature_kind kind;
} algorithms[] = {
    {"EdDSA", WAX_SIGNATURE_EDDSA},
    {"ES256", WAX_SIGNATURE_ES256},
    {"RS256", WAX_SIGNATURE_RS256},
};

bool wax_token_algorithm(wax_bytes name, wax_signature_kind *kind)
{
    for (size_t i = 0; i < WAX_COUNT(algorithms); i++) {
        if (wax_bytes_equal(name, wax_bytes_of_text(algorithms[i].name))) {
            *kind = algorithms[i].kind;
            return true;
        }
    }
    return false;
}

static bool cut(wax_bytes *left, wax_bytes *part)
{
    const uint8_t *dot = left->size == 0 ? NULL : memchr(left->data, '.', left->size);

    if (dot == NULL) {
        return false;
    }
    *part = wax_bytes_of(left->data, (size_t)(dot - left->data));
    *left = wax_bytes_of(dot + 1, left->size - part->size - 1);
    return true;
}

static bool take_apart(wax_bytes text, struct parts *parts)
{
    wax_bytes left = text;

    if (!cut(&left, &parts->header) || !cut(&left, &parts->claims)) {
        return false;
    }
    parts->signature = left;
    parts->is_signed = wax_bytes_of(text.data, text.size - left.size - 1);
    return true;
}

bool wax_token_is_meant(wax_bytes password)
{
    struct parts parts;

    /* What '{"' becomes. */
    return wax_bytes_start_with(password, WAX_TEXT("eyJ")) && take_apart(password, &parts);
}

/* Reads a part as a JSON object in which no name stands twice; NULL if it is none. */
static json_t *read_object(wax_bytes part)
{
    uint8_t room[PART_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    json_t *object = NULL;

    if (wax_crypto_base64_read(&out, part, WAX_BASE64_URL) == WAX_OK) {
        object = json_loadb((const char *)room, out.used, JSON_REJECT_DUPLICATES, NULL);
    }
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static wax_bytes text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? wax_bytes_of(json_string_value(value), json_string_length(value))
                                 : wax_bytes_of(NULL, 0);
}

/* The key that the header means. Its algorithm must be the token's: who may choose it could have a
 * public key taken for a shared secret. A token without `kid` is taken where there is one key. */
static wax_status find_key(const wax_token_rules *rules, const json_t *header,
                           const wax_token_key **found)
{
    wax_bytes name = text_of(header, "kid");
    bool is_named = json_object_get(header, "kid") != NULL;
    wax_signature_kind kind;

    *found = NULL;
    if (json_object_get(header, "crit") != NULL) {
        return WAX_MALFORMED; /* extensions that must be understood [RFC 7515, 4.1.11] */
    }
    for (size_t i = 0; i < rules->key_count && *found == NULL; i++) {
        bool is_it = is_named ? wax_bytes_equal(name, wax_bytes_of_text(rules->keys[i].name))
                              : rules->key_count == 1;
        *found = is_it ? &rules->keys[i] : NULL;
    }
    return *found != NULL && wax_token_algorithm(text_of(header, "alg"), &kind) &&
                   kind == (*found)->kind
               ? WAX_OK
               : WAX_NOT_FOUND;
}

static wax_status check_signature(const wax_token_key *key, const struct parts *parts)
{
    uint8_t room[SIGNATURE_SIZE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    if (wax_crypto_base64_read(&out, parts->signature, WAX_BASE64_URL) != WAX_OK) {
        return WAX_MALFORMED;
    }
    return wax_signature_verify(key->key, parts->is_signed, wax_writer_bytes(&out));
}

/* A time in seconds since 1970; false when it is none that makes sense. */
static bool read_time(const json_t *claims, const char *name, int64_t *time_s)
{
    const json_t *value = json_object_get(claims, name);
    double number = json_number_value(value);

    if (!json_is_number(value) || number < 0 || number > 1e15) {
        return false;
    }
    *time_s = (int64_t)number;
    return true;
}

static wax_status check_times(const wax_token_rules *rules, const json_t *claims, int64_t now_s,
                              wax_token *token)
{
    int64_t from_s = 0;
    bool has_start = json_object_get(claims, "nbf") != NULL;

    if (!read_time(claims, "exp", &token->ends_s) ||
        (has_start && !read_time(claims, "nbf", &from_s))) {
        return WAX_MALFORMED;
    }
    token->ends_s += rules->leeway_s;
    if (now_s >= token->ends_s) {
        return WAX_CLOSED;
    }
    return now_s + rules->leeway_s < from_s ? WAX_MORE : WAX_OK;
}

/* `aud` is one name or several. [RFC 7519, 4.1.3] */
static bool has_audience(const json_t *claims, const char *audience)
{
    wax_bytes wanted = wax_bytes_of_text(audience);
    const json_t *all = json_object_get(claims, "aud");

    if (audience == NULL || wax_bytes_equal(text_of(claims, "aud"), wanted)) {
        return true;
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        if (json_is_string(one) &&
            wax_bytes_equal(wax_bytes_of(json_string_value(one), json_string_length(one)),
                            wanted)) {
            return true;
        }
    }
    return false;
}

static wax_status check_names(const wax_token_rules *rules, const json_t *claims, wax_bytes user,
                              wax_token *token)
{
    wax_bytes subject = text_of(claims, "sub");

    if (subject.size == 0 || subject.size > WAX_TOKEN_USER_MAX || !wax_utf8_is_valid(subject)) {
        return WAX_MALFORMED;
    }
    memcpy(token->user, subject.data, subject.size);
    token->user_size = subject.size;
    if ((rules->issuer != NULL &&
         !wax_bytes_equal(text_of(claims, "iss"), wax_bytes_of_text(rules->issuer))) ||
        !has_audience(claims, rules->audience)) {
        return WAX_INVALID;
    }
    return user.size == 0 || wax_bytes_equal(user, subject) ? WAX_OK : WAX_INVALID;
}

static wax_status judge_claims(const wax_token_rules *rules, wax_bytes part, wax_bytes user,
                               int64_t now_s, wax_token *token)
{
    json_t *claims = read_object(part);
    wax_status status = claims == NULL ? WAX_MALFORMED : WAX_OK;

    if (status == WAX_OK) {
        status = check_times(rules, claims, now_s, token);
    }
    if (status == WAX_OK) {
        status = check_names(rules, claims, user, token);
    }
    json_decref(claims);
    return status;
}

wax_status wax_token_judge(const wax_token_rules *rules, wax_bytes text, wax_bytes user,
                           int64_t now_s, wax_token *token)
{
    struct parts parts;
    json_t *header;
    wax_status status;

    *token = (wax_token){.user_size = 0};
    if (text.size > WAX_TOKEN_SIZE_MAX) {
        return WAX_TOO_LARGE;
    }
    header = take_apart(text, &parts) ? read_object(parts.header) : NULL;
    status = header == NULL ? WAX_MALFORMED : find_key(rules, header, &token->key);
    json_decref(header);
    if (status == WAX_OK) {
        status = check_signature(token->key, &parts);
    }
    /* What it says is not read before somebody who may say it has signed it. */
    return status == WAX_OK ? judge_claims(rules, parts.claims, user, now_s, token) : status;
}
