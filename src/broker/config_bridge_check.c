/* What must be true of a bridge beyond the syntax of its lines, and what its author should know. */
#include <string.h>

#include "broker/config_readable.h"
#include "router/router.h"

/* A fact about a bridge: where it is written, and what is wrong if it holds. */
struct fault {
    bool holds;
    const char *option; /* NULL: the `connection` line */
    wax_config_severity severity;
    const char *text;
};

static wax_config_place place_of(const wax_bridge_config *bridge, const char *name)
{
    const wax_option *option = name ? wax_option_find(wax_bytes_of_text(name)) : NULL;
    wax_config_place place = bridge->place;
    if (option && bridge->places[wax_option_number(option)].line > 0) {
        place = bridge->places[wax_option_number(option)];
    }
    return place;
}

static bool has_rules(const wax_config *config)
{
    return !config->per_listener_settings && config->shared.acl_file;
}

static bool is_bad_topic(const char *topic)
{
    return topic && (strpbrk(topic, "+#") || !wax_topic_is_valid(wax_bytes_of_text(topic)));
}

/* The shortest key that is not for guessing. */
enum { PSK_SIZE_MIN = 16, PSK_SIZE_MAX = 256 };

/* How many bytes the key has; 0 when it is none. */
static size_t psk_size(const wax_bridge_config *bridge)
{
    uint8_t key[PSK_SIZE_MAX];
    wax_writer out = wax_writer_over(key, sizeof key);
    bool is_read = bridge->psk && wax_bridge_read_psk(bridge, &out) == WAX_OK;
    wax_wipe(key, sizeof key);
    return is_read ? out.used : 0;
}

static void check_facts(const wax_config *config, const wax_bridge_config *at,
                        wax_config_report *report)
{
    bool has_tls = wax_bridge_has_tls(at);
    bool is_half = (at->certfile != NULL) != (at->keyfile != NULL);
    bool has_user = at->remote_username != NULL;
    const char *unused = at->certfile   ? "bridge_certfile"
                         : at->insecure ? "bridge_insecure"
                         : at->alpn     ? "bridge_alpn"
                                        : NULL;
    /* clang-format off */
    const struct fault faults[] = {
        {unused && !has_tls, unused, WAX_CONFIG_ERROR,
         "this connection has TLS options but no authority to trust, so it would speak plain; add `bridge_cafile FILE` or `bridge_tls_use_os_certs true`"},
        {is_half, at->certfile ? "bridge_certfile" : "bridge_keyfile", WAX_CONFIG_ERROR,
         "bridge_certfile and bridge_keyfile need each other; add the other one"},
        {at->use_os_certs && (at->cafile || at->capath), "bridge_tls_use_os_certs", WAX_CONFIG_ERROR,
         "with bridge_cafile or bridge_capath only those are trusted; delete one of the two lines"},
        {has_tls && at->insecure, "bridge_insecure", WAX_CONFIG_WARNING,
         "the other broker's name is not checked: anybody with a certificate of that authority can take its place; delete this line"},
        {!has_tls && at->remote_password, "remote_password", WAX_CONFIG_WARNING,
         "the password crosses the network in plain text; add `bridge_cafile FILE` if the other broker has TLS"},
        {at->remote_password && !has_user, "remote_password", WAX_CONFIG_ERROR,
         "a password needs a user name; add `remote_username NAME`"},
        {(at->psk != NULL) != (at->psk_identity != NULL), at->psk ? "bridge_psk" : "bridge_identity", WAX_CONFIG_ERROR,
         "bridge_identity and bridge_psk need each other; add the other one"},
        {at->psk && (at->cafile || at->capath || at->use_os_certs || at->certfile), "bridge_psk", WAX_CONFIG_ERROR,
         "a bridge has either a key that both sides share or certificates; delete one of the two"},
        {at->psk && psk_size(at) == 0, "bridge_psk", WAX_CONFIG_ERROR,
         "the key is hexadecimal digits, two for each byte, at most 512; `openssl rand -hex 32` makes one"},
        {at->psk && psk_size(at) > 0 && psk_size(at) < PSK_SIZE_MIN, "bridge_psk", WAX_CONFIG_WARNING,
         "the key has fewer than 16 bytes and can be guessed; `openssl rand -hex 32` makes a better one"},
        {at->topic_count == 0, NULL, WAX_CONFIG_WARNING,
         "nothing crosses this connection; add `topic PATTERN out` or the like"},
        {at->local_username && strpbrk(at->local_username, "+#"), "local_username", WAX_CONFIG_ERROR,
         "local_username holds neither + nor #: rules put it into topics"},
        {at->local_username && config->per_listener_settings, "local_username", WAX_CONFIG_WARNING,
         "with per_listener_settings a bridge has no rules but its topic lines; delete this line, or per_listener_settings"},
        {at->local_username && has_rules(config), "local_username", WAX_CONFIG_WARNING,
         "acl_file bounds what this user may read and write, for the bridge too; Mosquitto lets bridges pass"},
        {at->restart_s[1] != 0 && at->restart_s[1] < at->restart_s[0], "restart_timeout", WAX_CONFIG_ERROR,
         "the longest wait is less than the first; write the smaller number first"},
        {is_bad_topic(at->notification_topic), "notification_topic", WAX_CONFIG_ERROR,
         "notifications need a topic, without + and #"},
        {strpbrk(at->local_clientid, "+#") != NULL, "local_clientid", WAX_CONFIG_ERROR,
         "local_clientid holds neither + nor #"},
    };
    /* clang-format on */
    for (size_t i = 0; i < WAX_COUNT(faults); i++) {
        if (faults[i].holds) {
            wax_config_place place = place_of(at, faults[i].option);
            wax_config_report_add(report, faults[i].severity, wax_config_file_of(config, place),
                                  place.line, "%s", faults[i].text);
        }
    }
}

static void check_files(const wax_config *config, const wax_bridge_config *at,
                        wax_config_report *report)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->type != WAX_OPTION_FILE || option->scope != WAX_SCOPE_BRIDGE) {
            continue;
        }
        const void *field = (const uint8_t *)at + option->offset;
        const char *path = *(char *const *)field;
        wax_config_spot spot = {.report = report,
                                .file = wax_config_file_of(config, at->places[i]),
                                .line = at->places[i].line,
                                .option = option};
        if (path) {
            wax_config_try_file(&spot, path, strcmp(option->name, "bridge_keyfile") == 0,
                                config->user);
        }
    }
}

void wax_config_check_bridges(const wax_config *config, wax_config_report *report)
{
    for (size_t i = 0; i < config->bridge_count; i++) {
        check_facts(config, &config->bridges[i], report);
        check_files(config, &config->bridges[i], report);
    }
}
