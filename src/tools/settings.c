/* What pub, sub, rr and doctor were asked to do: checked, completed, and wiped at the end. */
#include "tools/settings.h"
#include "tools/srv.h"

#include "access/access.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROXY_PORT = 1080,
};

__attribute__((format(printf, 2, 0))) static void complain(const struct settings *settings,
                                                           const char *format, va_list values)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "wax %s: ", settings->name);
    (void)vfprintf(stderr, format, values);
    (void)fputc('\n', stderr);
}

bool tools_complain(const struct settings *settings, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    complain(settings, format, values);
    va_end(values);
    return false;
}

void tools_say(const struct settings *settings, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    if (!settings->is_quiet) {
        complain(settings, format, values);
    }
    va_end(values);
}

void tools_debug(const struct settings *settings, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    if (settings->is_debug) {
        (void)vprintf(format, values);
        (void)putchar('\n');
        (void)fflush(stdout);
    }
    va_end(values);
}

/* Undoes %40 and its like in place. */
static void decode(char *text)
{
    char *out = text;

    for (char *at = text; *at != '\0'; at++) {
        const size_t left = strnlen(at, 3);
        uint8_t byte = 0;

        if (at[0] == '%' && left == 3 && wax_hex_decode(wax_bytes_of(at + 1, 2), &byte) &&
            byte != 0) {
            *out++ = (char)byte;
            at += 2;
        } else {
            *out++ = *at;
        }
    }
    *out = '\0';
}

/* Copies a word so that it can be cut up. NULL, and said so, without memory. */
static char *keep(struct settings *settings, const char *text)
{
    size_t size = strlen(text) + 1;
    struct kept *kept = malloc(sizeof *kept + size);

    if (kept == NULL) {
        (void)tools_complain(settings, "there is not enough memory");
        return NULL;
    }
    kept->next = settings->kept;
    kept->size = size;
    memcpy(kept->text, text, size);
    settings->kept = kept;
    return kept->text;
}

/* What stands between // and the path of a URL: [user[:password]@]host[:port]. */
struct authority {
    const char *username; /* NULL: none */
    char *password;       /* NULL: none */
    const char *host;
    uint32_t port; /* 0: none */
};

/* Takes user and password off the front. */
static char *take_login(struct authority *authority, char *at)
{
    char *end = strrchr(at, '@');
    char *password;

    if (end == NULL) {
        return at;
    }
    *end = '\0';
    password = strchr(at, ':');
    if (password != NULL) {
        *password++ = '\0';
        decode(password);
        authority->password = password;
    }
    decode(at);
    authority->username = at;
    return end + 1;
}

/* Takes host and port; an IPv6 address stands in brackets. */
static bool take_place(struct authority *authority, char *at)
{
    char *port = strchr(at, ':');

    if (at[0] == '[') {
        char *end = strchr(at, ']');

        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
        port = end[1] == ':' ? end + 1 : NULL;
        *end = '\0';
        at++;
    }
    if (port != NULL) {
        char *end = NULL;
        unsigned long number = strtoul(port + 1, &end, 10);

        if (end == port + 1 || *end != '\0' || number == 0 || number > 65535) {
            return false;
        }
        authority->port = (uint32_t)number;
        *port = '\0';
    }
    authority->host = at;
    return at[0] != '\0';
}

/* Cuts `text` up; the parts point into it. */
static bool take_authority(struct authority *authority, char *text)
{
    *authority = (struct authority){.username = NULL};
    return take_place(authority, take_login(authority, text));
}

bool tools_settings_take_proxy(struct settings *settings, const char *url)
{
    static const char scheme[] = "socks5h://";
    struct authority authority;
    char *at;

    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        return tools_complain(settings, "--proxy: write socks5h://HOST:PORT; SOCKS 5 is the only "
                                        "kind of proxy that is known");
    }
    at = keep(settings, url + sizeof scheme - 1);
    if (at == NULL) {
        return false;
    }
    at[strcspn(at, "/")] = '\0';
    if (!take_authority(&authority, at) || strlen(authority.host) > 255 ||
        wax_bytes_of_text(authority.username).size > 255 ||
        wax_bytes_of_text(authority.password).size > 255) {
        return tools_complain(settings, "--proxy: write socks5h://USER:PASSWORD@HOST:PORT; in user "
                                        "and password, of at most 255 bytes each, write %%40 for @ "
                                        "and %%3A for :");
    }
    settings->proxy = (struct proxy){
        .host = authority.host,
        .port = authority.port != 0 ? authority.port : PROXY_PORT,
        .username = authority.username,
        .password = authority.password,
    };
    return true;
}

static void take_login_of(struct settings *settings, const struct authority *authority)
{
    settings->username = authority->username != NULL ? authority->username : settings->username;
    if (authority->password != NULL) {
        free(settings->password);
        settings->password = strdup(authority->password);
        wax_wipe(authority->password, strlen(authority->password));
    }
}

bool tools_settings_take_url(struct settings *settings, const char *url)
{
    bool is_web = strncmp(url, "ws", 2) == 0;
    bool is_tls = strncmp(url, is_web ? "wss://" : "mqtts://", is_web ? 6 : 8) == 0;
    size_t start = (is_web ? 5U : 7U) + is_tls;
    struct authority authority;
    char *at;
    char *topic;

    if (is_web && settings->tool == TOOL_DOCTOR) {
        return tools_complain(settings, "-L: `wax doctor` does not speak WebSocket in this version "
                                        "of Wax");
    }
    if (!is_tls && strncmp(url, is_web ? "ws://" : "mqtt://", start) != 0) {
        return tools_complain(settings,
                              "-L %s: write mqtt://..., mqtts://..., ws://... or wss://...", url);
    }
    at = keep(settings, url + start);
    if (at == NULL) {
        return false;
    }
    settings->wants_tls = is_tls;
    settings->uses_websocket = is_web;
    topic = strchr(at, '/');
    if (topic != NULL) {
        *topic++ = '\0';
        if (topic[0] != '\0' && settings->topics.count < FILTERS_MAX) {
            settings->topics.items[settings->topics.count++] = topic;
        }
    }
    if (!take_authority(&authority, at)) {
        return tools_complain(settings, "-L: write mqtt://USER:PASSWORD@HOST:PORT/TOPIC; in user "
                                        "and password, write %%40 for @ and %%2F for /");
    }
    take_login_of(settings, &authority);
    settings->host = authority.host;
    settings->port = authority.port != 0 ? authority.port : settings->port;
    return true;
}

bool tools_settings_use_tls(const struct settings *settings)
{
    bool has_own_word = settings->cafile != NULL || settings->capath != NULL ||
                        settings->use_os_certs || settings->cert != NULL || settings->wants_tls ||
                        settings->ignores_host || settings->tls_version != NULL ||
                        settings->alpn != NULL || settings->psk != NULL ||
                        settings->psk_identity != NULL;

    if (settings->no_tls || settings->unix_path != NULL) {
        return false;
    }
    return has_own_word || settings->port == 8883;
}

static bool is_way_clear(const struct settings *settings)
{
    if (settings->unix_path != NULL && (settings->uses_srv || settings->proxy.host != NULL)) {
        return tools_complain(settings, "--unix connects on this host: leave out -S and --proxy");
    }
    if (settings->uses_srv && settings->host[0] == '\0') {
        return tools_complain(settings, "-S needs a domain: -h DOMAIN");
    }
    if (settings->uses_srv && settings->proxy.host != NULL) {
        return tools_complain(settings, "-S asks the DNS here, --proxy leaves names to the proxy: "
                                        "give one of them");
    }
    return true;
}

typedef bool (*check)(const struct settings *settings);

static bool is_identity_whole(const struct settings *settings)
{
    bool is_one = settings->tool != TOOL_GATEWAY; /* which speaks for many */

    if (is_one && settings->client_id != NULL && settings->id_prefix != NULL) {
        return tools_complain(settings, "give -i or -I, not both");
    }
    if (is_one && settings->client_id == NULL &&
        (settings->version == WAX_VERSION_5 ? settings->session_expiry_s == UINT32_MAX
                                            : settings->keeps_session)) {
        return tools_complain(settings, "-c needs a client id, by which the broker finds the "
                                        "session again: -i ID");
    }
    if (settings->password != NULL && settings->username == NULL &&
        settings->version != WAX_VERSION_5) {
        return tools_complain(settings, "a password needs a user name: -u USER");
    }
    return true;
}

const char *tools_settings_topic(const struct settings *settings)
{
    wax_assert(settings->topics.count > 0);
    return settings->topics.items[settings->topics.count - 1];
}

bool tools_settings_is_topic(const char *word)
{
    wax_bytes topic = wax_bytes_of_text(word);

    return topic.size > 0 && topic.size <= 65535 && wax_utf8_is_valid(topic) &&
           !wax_topic_has_wildcard(topic);
}

bool tools_settings_is_filter(const char *word)
{
    wax_bytes filter = wax_bytes_of_text(word);

    for (const char *at = word; *at != '\0'; at++) {
        bool starts = at == word || at[-1] == '/';

        if ((*at == '+' && !(starts && (at[1] == '/' || at[1] == '\0'))) ||
            (*at == '#' && !(starts && at[1] == '\0'))) {
            return false;
        }
    }
    return filter.size > 0 && filter.size <= 65535 && wax_utf8_is_valid(filter);
}

static bool is_will_whole(const struct settings *settings)
{
    if (settings->will_topic == NULL &&
        (settings->will_payload != NULL || settings->will_retain || settings->will_qos > 0 ||
         settings->properties_size[OF_WILL] > 0)) {
        return tools_complain(settings, "a will needs a topic: --will-topic TOPIC");
    }
    if (settings->will_topic != NULL && !tools_settings_is_topic(settings->will_topic)) {
        return tools_complain(settings, "--will-topic %s: a topic is UTF-8 without + and #",
                              settings->will_topic);
    }
    return true;
}

static bool is_tls_whole(const struct settings *settings)
{
    if ((settings->cert == NULL) != (settings->key == NULL)) {
        return tools_complain(settings, "--cert and --key belong together: give both");
    }
    if (settings->tls_version != NULL && strcmp(settings->tls_version, "tlsv1.3") != 0 &&
        strcmp(settings->tls_version, "tlsv1.2") != 0) {
        return tools_complain(settings,
                              "--tls-version %s: write tlsv1.3 or tlsv1.2; older ones "
                              "are not safe and not spoken",
                              settings->tls_version);
    }
    return true;
}

static bool is_psk_whole(const struct settings *settings)
{
    uint8_t key[WAX_PSK_KEY_MAX];
    size_t size = 0;
    const char *fault;

    if (settings->psk == NULL && settings->psk_identity == NULL) {
        return true;
    }
    if (settings->psk == NULL || settings->psk_identity == NULL) {
        return tools_complain(settings, "--psk and --psk-identity belong together: give both");
    }
    if (settings->cert != NULL || settings->cafile != NULL || settings->capath != NULL) {
        return tools_complain(settings, "with --psk both sides prove themselves by the key: leave "
                                        "--cafile, --capath and --cert out");
    }
    fault = wax_psk_decode(wax_bytes_of_text(settings->psk), 1, key, &size);
    wax_wipe(key, sizeof key);
    return fault == NULL || tools_complain(settings, "--psk: %s", fault);
}

static bool is_scram_whole(const struct settings *settings)
{
    if (!settings->uses_scram) {
        return true;
    }
    if (settings->username == NULL || settings->password == NULL) {
        return tools_complain(settings, "--scram needs a user and a password: -u and -P");
    }
    return settings->version == WAX_VERSION_5 ||
           tools_complain(settings, "--scram needs MQTT 5: -V 5");
}

static bool is_version_right(const struct settings *settings)
{
    bool has_properties = settings->receive_maximum > 0 || settings->alias_maximum > 0 ||
                          settings->packet_size_max > 0;

    for (size_t i = 0; i < OF_COUNT; i++) {
        has_properties = has_properties || settings->properties_size[i] > 0;
    }
    if (has_properties && settings->version != WAX_VERSION_5) {
        return tools_complain(settings, "-D needs MQTT 5: -V 5");
    }
    return true;
}

static bool is_utf8_right(const struct settings *settings)
{
    const char *const texts[] = {settings->client_id, settings->username};

    for (size_t i = 0; i < WAX_COUNT(texts); i++) {
        wax_bytes text = wax_bytes_of_text(texts[i]);

        if (text.size > 65535 || !wax_utf8_is_valid(text)) {
            return tools_complain(settings, "'%.100s' is not UTF-8, or longer than 65535 bytes",
                                  texts[i]);
        }
    }
    return true;
}

bool tools_settings_finish(struct settings *settings)
{
    static const check checks[] = {is_way_clear,     is_identity_whole, is_will_whole,
                                   is_tls_whole,     is_psk_whole,      is_scram_whole,
                                   is_version_right, is_utf8_right};

    if (settings->host == NULL && settings->uses_srv) {
        tools_srv_local_domain(settings->domain);
        settings->host = settings->domain;
    }
    settings->host = settings->host != NULL ? settings->host : "localhost";
    if (settings->version == WAX_VERSION_NONE) {
        settings->tries_versions = true;
        bool is_5 = settings->tool == TOOL_RR || settings->tool == TOOL_DOCTOR ||
                    settings->tool == TOOL_GATEWAY || settings->uses_scram ||
                    settings->receive_maximum > 0 || settings->alias_maximum > 0 ||
                    settings->packet_size_max > 0;

        for (size_t i = 0; i < OF_COUNT; i++) {
            is_5 = is_5 || settings->properties_size[i] > 0;
        }
        settings->version = is_5 ? WAX_VERSION_5 : WAX_VERSION_3_1_1;
    }
    if (settings->port == 0 && settings->uses_websocket) {
        settings->port = tools_settings_use_tls(settings) ? 443 : 80; /* [RFC 6455, 3] */
    }
    if (settings->port == 0) {
        settings->port = tools_settings_use_tls(settings) ? 8883 : 1883;
    }
    if (!settings->has_session_expiry && settings->keeps_session) {
        settings->session_expiry_s = UINT32_MAX;
    }
    if ((settings->tool == TOOL_PUB || settings->tool == TOOL_RR) && settings->topics.count > 1) {
        tools_say(settings, "of several topics the last one counts: %s",
                  tools_settings_topic(settings));
    }
    for (size_t i = 0; i < WAX_COUNT(checks); i++) {
        if (!checks[i](settings)) {
            return false;
        }
    }
    return true;
}

void tools_settings_discard(struct settings *settings)
{
    if (settings->password != NULL) {
        wax_wipe(settings->password, strlen(settings->password));
        free(settings->password);
    }
    if (settings->psk != NULL) {
        wax_wipe(settings->psk, strlen(settings->psk));
        free(settings->psk);
    }
    if (settings->options_text.data != NULL) {
        void *text = (void *)(uintptr_t)settings->options_text.data;

        wax_wipe(text, settings->options_text.size);
        free(text);
    }
    for (size_t i = 0; i < OF_COUNT; i++) {
        free(settings->properties[i]);
    }
    while (settings->kept != NULL) {
        struct kept *kept = settings->kept;

        settings->kept = kept->next;
        wax_wipe(kept->text, kept->size); /* a URL may hold a password */
        free(kept);
    }
    memset(settings, 0, sizeof *settings);
}
