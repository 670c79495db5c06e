/* The keys of tokens, from the configuration's lines. */
#include "broker/tokens.h"

#include <string.h>

#include "broker/config_value.h"
#include "os/os.h"

enum { FAULT_SIZE = 700, KEY_FILE_MAX = 65536, PATH_ROOM = 4096 };

static void complain(wax_config_report *report, wax_bytes line, const char *text)
{
    wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "jwt_key %s: %s",
                          wax_config_show(line).text, text);
}

static bool is_there(const wax_token_rules *rules, wax_bytes name)
{
    for (size_t i = 0; i < rules->key_count; i++) {
        if (wax_bytes_equal(name, wax_bytes_of_text(rules->keys[i].name))) {
            return true;
        }
    }
    return false;
}

static void load_file(wax_token_key *key, const char *path, wax_bytes line,
                      wax_config_report *report)
{
    char fault[FAULT_SIZE];
    const char *text = fault;
    wax_bytes pem;

    if (wax_file_read(path, KEY_FILE_MAX, &pem, fault, sizeof fault) != WAX_OK) {
        complain(report, line, fault);
        return;
    }
    if (wax_signature_key_read(&key->key, key->kind, pem, &text) != WAX_OK) {
        complain(report, line, text);
    }
    wax_file_free(&pem);
}

/* Reads "NAME ALGORITHM FILE". */
static void load_key(wax_token_rules *rules, wax_bytes line, wax_config_report *report)
{
    wax_bytes path = line;
    wax_bytes name = wax_config_word(&path);
    wax_bytes algorithm = wax_config_word(&path);
    wax_token_key *key = &rules->keys[rules->key_count];
    char path_text[PATH_ROOM];

    if (rules->key_count == WAX_TOKEN_KEYS_MAX) {
        complain(report, line, "there are more than 16 keys");
    } else if (name.size == 0 || name.size > WAX_TOKEN_NAME_MAX || path.size == 0 ||
               path.size >= sizeof path_text) {
        complain(report, line, "write NAME ALGORITHM FILE");
    } else if (!wax_token_algorithm(algorithm, &key->kind)) {
        complain(report, line,
                 "the algorithm must be EdDSA, ES256 or RS256; keys that both sides share are not "
                 "taken");
    } else if (is_there(rules, name)) {
        complain(report, line, "there is a key of that name already");
    } else {
        memcpy(key->name, name.data, name.size);
        memcpy(path_text, path.data, path.size);
        path_text[path.size] = '\0';
        load_file(key, path_text, line, report);
        rules->key_count++;
    }
}

void tokens_load(wax_token_rules *rules, const wax_listener_config *listener,
                 wax_config_report *report)
{
    const char *at = listener->jwt_keys;

    rules->issuer = listener->jwt_issuer;
    rules->audience = listener->jwt_audience;
    rules->leeway_s = listener->jwt_leeway_s;
    while (at != NULL && *at != '\0') {
        size_t size = strcspn(at, "\n");
        load_key(rules, wax_bytes_of(at, size), report);
        at += size + (at[size] == '\n');
    }
    if (rules->key_count > 0 && rules->audience == NULL) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                              "jwt_key without jwt_audience takes tokens that were made for other "
                              "services, too; write `jwt_audience NAME`");
    }
}

void tokens_free(wax_token_rules *rules)
{
    for (size_t i = 0; i < rules->key_count; i++) {
        wax_signature_key_free(rules->keys[i].key);
    }
    rules->key_count = 0;
}

uint64_t token_mark(const wax_token_key *key)
{
    uint64_t mark;

    memcpy(&mark, wax_signature_key_digest(key->key), sizeof mark);
    return mark;
}

bool tokens_have(const wax_token_rules *rules, uint64_t mark)
{
    for (size_t i = 0; i < rules->key_count; i++) {
        if (token_mark(&rules->keys[i]) == mark) {
            return true;
        }
    }
    return false;
}
