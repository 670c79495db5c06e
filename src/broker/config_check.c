/* What must be true of a configuration beyond its syntax, and what its author should know. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config_readable.h"

static wax_config_spot spot_of(const wax_config *config, wax_config_report *report,
                               wax_config_place place)
{
    return (wax_config_spot){.report = report,
                             .file = wax_config_file_of(config, place),
                             .file_number = place.file,
                             .line = place.line};
}

/* A fact about a listener: where it is written, and what is wrong if it holds. */
struct fault {
    bool holds;
    const char *option;
    wax_config_severity severity;
    const char *text;
};

static void tell(const wax_config *config, const wax_listener_config *listener,
                 const struct fault *fault, wax_config_report *report)
{
    wax_config_place place = wax_config_place_of(config, listener, fault->option);
    if (place.line == 0 && listener) {
        place = listener->place;
    }
    wax_config_spot spot = spot_of(config, report, place);
    wax_config_report_add(report, fault->severity, spot.file, spot.line, "%s", fault->text);
}

static void tell_all(const wax_config *config, const wax_listener_config *listener,
                     const struct fault *faults, size_t count, wax_config_report *report)
{
    for (size_t i = 0; i < count; i++) {
        if (faults[i].holds) {
            tell(config, listener, &faults[i], report);
        }
    }
}

/* What a proxy may say of a client's certificate, in a PROXY header of version 2. */
static bool asks_proxy(const wax_listener_config *listener, const wax_option *option)
{
    return listener->proxy_protocol == 2 && (strcmp(option->name, "require_certificate") == 0 ||
                                             strcmp(option->name, "use_identity_as_username") == 0);
}

/* Whether a listener asks for something of TLS in that row; `false` asks for nothing. */
static bool asks(const wax_listener_config *listener, size_t row)
{
    const wax_option *option = &wax_options[row];
    bool is_written = option->section == WAX_SECTION_TLS && listener->places[row].line > 0;
    const void *field = (const uint8_t *)listener + option->offset;
    return is_written && !asks_proxy(listener, option) &&
           (option->type != WAX_OPTION_BOOL || *(const bool *)field);
}

/* The first TLS option that is written below a listener; NULL when there is none. */
static const char *first_tls_option(const wax_listener_config *listener)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        if (asks(listener, i)) {
            return wax_options[i].name;
        }
    }
    return NULL;
}

static void check_tls(const wax_config *config, const wax_listener_config *at,
                      wax_config_report *report)
{
    const char *option = first_tls_option(at);
    bool by_certificate = at->use_identity_as_username || at->use_subject_as_username;
    bool has_ca = at->cafile || at->capath;
    bool has_tls = at->certfile || at->keyfile || at->psk_hint;
    bool is_psk_only = at->psk_hint && !at->certfile && !at->keyfile;
    bool has_identity = at->require_certificate || (at->psk_hint && at->use_identity_as_username);
    /* clang-format off */
    const struct fault faults[] = {
        {option && !has_tls, option, WAX_CONFIG_ERROR,
         "this listener has TLS options but no certificate, so it would speak plain; add `certfile FILE` and `keyfile FILE`, or delete them"},
        {at->certfile && !at->keyfile, "certfile", WAX_CONFIG_ERROR,
         "certfile needs its private key; add `keyfile FILE`"},
        {at->keyfile && !at->certfile, "keyfile", WAX_CONFIG_ERROR,
         "keyfile needs its certificate; add `certfile FILE`"},
        {has_tls && at->require_certificate && !has_ca, "require_certificate", WAX_CONFIG_ERROR,
         "require_certificate needs the authorities that sign clients' certificates; add `cafile FILE`"},
        {has_tls && by_certificate && !has_identity,
         at->use_identity_as_username ? "use_identity_as_username" : "use_subject_as_username", WAX_CONFIG_ERROR,
         "a user name from the certificate needs a certificate; add `require_certificate true`"},
        {at->use_identity_as_username && at->use_subject_as_username, "use_subject_as_username", WAX_CONFIG_ERROR,
         "use_identity_as_username and use_subject_as_username exclude each other; delete one"},
        {at->psk_hint && !at->psk_file, "psk_hint", WAX_CONFIG_ERROR,
         "psk_hint asks clients for pre-shared keys and there are none; add `psk_file FILE`"},
        {is_psk_only && (has_ca || at->require_certificate || at->crlfile), at->cafile ? "cafile" : at->capath ? "capath" : "require_certificate", WAX_CONFIG_ERROR,
         "clients show certificates only to a listener that has one; add `certfile FILE` and `keyfile FILE`, or delete the line"},
        {at->sni_certificates && !at->certfile, "sni_certificate", WAX_CONFIG_ERROR,
         "sni_certificate needs a certificate for all others; add `certfile FILE` and `keyfile FILE`"},
        {at->psk_hint && at->psk_allow_short, "psk_allow_short", WAX_CONFIG_WARNING,
         "short keys can be guessed by whoever records one connection; give devices keys of 16 bytes or more"},
        {has_tls && at->ignores_client_dates, "disable_client_cert_date_checks", WAX_CONFIG_WARNING,
         "clients get in with certificates that have expired; a device that was given up is kept out only by a revocation list (crlfile)"},
        {at->crlfile && !has_ca && !is_psk_only, "crlfile", WAX_CONFIG_ERROR,
         "crlfile needs the authorities that wrote it; add `cafile FILE`"},
    };
    /* clang-format on */
    tell_all(config, at, faults, WAX_COUNT(faults), report);
}

static bool is_loopback(const wax_listener_config *listener)
{
    const char *address = listener->address;
    const char *device = listener->bind_interface;
    if (listener->is_unix || (device && strcmp(device, "lo") == 0)) {
        return true;
    }
    return address && (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
                       strcmp(address, "localhost") == 0);
}

static bool has_wildcard(const char *topic)
{
    return topic && strpbrk(topic, "+#");
}

/* Whether a listener above names another file for dynamic security. */
static bool has_other_users(const wax_config *config, const wax_listener_config *at)
{
    for (const wax_listener_config *other = config->listeners;
         at->dynamic_security_file && other < at; other++) {
        if (other->dynamic_security_file &&
            strcmp(other->dynamic_security_file, at->dynamic_security_file) != 0) {
            return true;
        }
    }
    return false;
}

/* What many listeners may have in common and is said of the first. */
struct said {
    bool plain;
    bool open;
    bool shut;
};

static void check_access(const wax_config *config, const wax_listener_config *at,
                         wax_config_report *report, struct said *said)
{
    bool by_certificate = at->use_identity_as_username || at->use_subject_as_username;
    bool reachable = !is_loopback(at);
    bool plain = reachable && !wax_config_has_tls(at);
    bool is_proven = at->require_certificate || (at->psk_hint && !at->certfile);
    bool open = reachable && at->allow_anonymous && !at->acl_file && !is_proven &&
                !at->dynamic_security_file;
    bool shut = !at->allow_anonymous && !at->password_file && !at->jwt_keys &&
                !at->dynamic_security_file && !by_certificate;
    /* clang-format off */
    const struct fault faults[] = {
        {plain && !said->plain, "listener", WAX_CONFIG_WARNING,
         "this listener is open to the network without TLS, and whoever is on the way reads passwords and messages; add `certfile FILE` and `keyfile FILE` below it"},
        {open && !said->open, "allow_anonymous", WAX_CONFIG_WARNING,
         "everybody who reaches this listener may read and write every topic; write `allow_anonymous false` and `password_file FILE`"},
        {shut && !said->shut, "allow_anonymous", WAX_CONFIG_WARNING,
         "nobody can connect to this listener: it wants a user name and knows no users; add `password_file FILE`, or `allow_anonymous true` for everybody"},
        {has_other_users(config, at), "dynamic_security_file", WAX_CONFIG_ERROR,
         "there is one dynamic security for the broker: give every listener that has it the same file"},
        {has_wildcard(at->mount_point), "mount_point", WAX_CONFIG_ERROR,
         "mount_point is the beginning of topics and may hold neither + nor #"},
    };
    /* clang-format on */
    tell_all(config, at, faults, WAX_COUNT(faults), report);
    said->plain = said->plain || plain;
    said->open = said->open || open;
    said->shut = said->shut || shut;
}

/* What the protocol of a listener asks for. */
static void check_protocol(const wax_config *config, const wax_listener_config *at,
                           wax_config_report *report)
{
    bool reachable = !is_loopback(at);
    bool is_api = at->protocol == WAX_PROTOCOL_HTTP_API;
    bool is_bare = is_api && reachable && !(at->certfile && at->require_certificate);
    /* clang-format off */
    const struct fault faults[] = {
        {is_bare && !at->http_api_public, "protocol", WAX_CONFIG_ERROR,
         "whoever reaches this listener reads the broker's figures, without a password; write `listener PORT 127.0.0.1`, or add `certfile FILE`, `keyfile FILE`, `cafile FILE` and `require_certificate true`, or add `http_api_public true`"},
        {at->http_api_public && !is_api, "http_api_public", WAX_CONFIG_WARNING,
         "http_api_public has no effect without `protocol http_api`"},
        {at->websockets_origins && at->protocol != WAX_PROTOCOL_WEBSOCKETS, "websockets_origin", WAX_CONFIG_WARNING,
         "websockets_origin has no effect without `protocol websockets`"},
        {at->proxy_protocol_v2_require_tls && at->proxy_protocol != 2, "proxy_protocol_v2_require_tls", WAX_CONFIG_ERROR,
         "only version 2 of the PROXY header tells of TLS; add `enable_proxy_protocol 2`"},
        {at->proxy_protocol != 0 && reachable, "enable_proxy_protocol", WAX_CONFIG_WARNING,
         "whoever reaches this listener past the proxy may claim any address, and with use_identity_as_username to be any user; let it listen where only the proxy reaches it"},
    };
    /* clang-format on */
    tell_all(config, at, faults, WAX_COUNT(faults), report);
}

static bool is_said_before(const wax_config *config, size_t listener, size_t option)
{
    wax_config_place place = config->listeners[listener].places[option];
    for (size_t i = 0; i < listener; i++) {
        wax_config_place other = config->listeners[i].places[option];
        if (other.file == place.file && other.line == place.line) {
            return true;
        }
    }
    return false;
}

/* What others could do harm with. */
static bool is_secret(const wax_option *option)
{
    static const char *const names[] = {"keyfile", "password_file", "psk_file",
                                        "dynamic_security_file"};
    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        if (strcmp(option->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void check_hosts(const wax_config *config, const wax_listener_config *at,
                        wax_config_report *report)
{
    const wax_option *option = wax_option_find(WAX_TEXT("sni_certificate"));
    wax_config_spot spot = spot_of(config, report, at->places[wax_option_number(option)]);
    wax_config_host hosts[WAX_CONFIG_HOSTS_MAX];
    size_t count;
    char *copy = wax_config_split_hosts(at->sni_certificates, hosts, &count);
    spot.option = option;
    for (size_t i = 0; i < count; i++) {
        wax_config_try_file(&spot, hosts[i].certfile, false, config->user);
        wax_config_try_file(&spot, hosts[i].keyfile, true, config->user);
    }
    free(copy);
}

static void check_files(const wax_config *config, size_t listener, wax_config_report *report)
{
    const wax_listener_config *at = &config->listeners[listener];
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->type != WAX_OPTION_FILE || option->scope == WAX_SCOPE_BRIDGE ||
            is_said_before(config, listener, i)) {
            continue;
        }
        const void *field = (const uint8_t *)at + option->offset;
        const char *path = *(char *const *)field;
        if (path) {
            wax_config_spot spot = spot_of(config, report, at->places[i]);
            spot.option = option;
            wax_config_try_file(&spot, path, is_secret(option), config->user);
        }
    }
    check_hosts(config, at, report);
}

/* The default account may be missing where Wax was not installed as a package: what then holds is
 * for whoever starts the broker to say. One that somebody chose must be there. */
static bool is_unknown_user(const wax_config *config)
{
    const wax_option *option = wax_option_find(WAX_TEXT("user"));
    bool is_chosen = strcmp(config->user, option->fallback) != 0;
    return is_chosen && geteuid() == 0 && !getpwnam(config->user);
}

/* Whether somebody beyond this machine comes in without a name, and no rules bind him. */
static bool lets_strangers_in(const wax_config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const wax_listener_config *listener = &config->listeners[i];
        if (!is_loopback(listener) && listener->allow_anonymous && !listener->acl_file) {
            return true;
        }
    }
    return false;
}

static void check_key(const wax_config *config, wax_config_report *report)
{
    wax_config_spot spot =
        spot_of(config, report, wax_config_place_of(config, NULL, "persistence_key_file"));
    if (config->persistence_key_file) {
        spot.option = wax_option_find(WAX_TEXT("persistence_key_file"));
        wax_config_try_key(&spot, config->persistence_key_file);
    }
}

static void check_broker(const wax_config *config, wax_config_report *report)
{
    bool has_users = config->is_local && (config->listeners[0].password_file ||
                                          config->listeners[0].dynamic_security_file);
    bool lets_all_in = config->is_local && config->listeners[0].allow_anonymous;
    bool is_root = geteuid() == 0 && strcmp(config->user, "root") == 0;
    /* clang-format off */
    const struct fault faults[] = {
        {config->is_local, "listener", WAX_CONFIG_WARNING,
         "no listener is written, so only this machine reaches the broker; for others write `listener 1883` and `password_file FILE`"},
        {has_users && lets_all_in, "password_file", WAX_CONFIG_WARNING,
         "as no listener is written, clients on this machine need no password; write `allow_anonymous false` to ask for one"},
        {is_root, "user", WAX_CONFIG_WARNING,
         "the broker keeps root's rights, which it does not need; name an account of its own"},
        {is_unknown_user(config), "user", WAX_CONFIG_ERROR,
         "there is no such account; make it with `useradd --system --no-create-home NAME`, or name another"},
        {config->max_queued_messages == WAX_CONFIG_NO_LIMIT, "max_queued_messages", WAX_CONFIG_WARNING,
         "without this limit a client that stays away is bounded by max_queued_bytes alone"},
        {config->max_queued_bytes == WAX_CONFIG_NO_SIZE_LIMIT, "max_queued_bytes", WAX_CONFIG_WARNING,
         "without this limit messages for a client that stays away may fill the memory"},
        {config->session_owner == WAX_OWNER_ANY, "session_owner", WAX_CONFIG_WARNING,
         "whoever knows a client id takes over its session and its queued messages; write `session_owner strict`"},
        {!config->check_retain_source, "check_retain_source", WAX_CONFIG_WARNING,
         "retained messages go on being delivered when their author has lost the right to publish them; write `check_retain_source true`"},
        {config->sys_anonymous && lets_strangers_in(config), "sys_anonymous", WAX_CONFIG_WARNING,
         "strangers read how many clients there are and what they send; write `sys_anonymous false`, or an `acl_file` that says who may"},
        {has_wildcard(config->clientid_prefixes), "clientid_prefixes", WAX_CONFIG_ERROR,
         "clientid_prefixes is the beginning of client ids, which hold neither + nor #"},
    };
    /* clang-format on */
    tell_all(config, NULL, faults, WAX_COUNT(faults), report);
}

wax_status wax_config_check(const wax_config *config, wax_config_report *report)
{
    size_t errors = report->error_count;
    struct said said = {false, false, false};
    check_broker(config, report);
    check_key(config, report);
    for (size_t i = 0; i < config->listener_count; i++) {
        check_tls(config, &config->listeners[i], report);
        check_protocol(config, &config->listeners[i], report);
        if (config->listeners[i].protocol != WAX_PROTOCOL_HTTP_API) {
            check_access(config, &config->listeners[i], report, &said);
        }
        check_files(config, i, report);
    }
    wax_config_check_bridges(config, report);
    return report->error_count == errors ? WAX_OK : WAX_INVALID;
}
