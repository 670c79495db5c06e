/* The table of options: what it promises is what the parser does and what the manual says. */
#include "../check.h"

#include <stdlib.h>

#include "broker/config.h"
#include "broker/options.h"

static const size_t sizes[] = {
    [WAX_OPTION_BOOL] = sizeof(bool),
    [WAX_OPTION_NUMBER] = sizeof(uint32_t),
    [WAX_OPTION_LIMIT] = sizeof(uint32_t),
    [WAX_OPTION_SIZE] = sizeof(uint64_t),
    [WAX_OPTION_DURATION] = sizeof(uint32_t),
    [WAX_OPTION_WORD] = sizeof(uint32_t),
    [WAX_OPTION_SET] = sizeof(uint32_t),
    [WAX_OPTION_LIST] = sizeof(uint32_t),
    [WAX_OPTION_TEXT] = sizeof(char *),
    [WAX_OPTION_TEXTS] = sizeof(char *),
    [WAX_OPTION_FILE] = sizeof(char *),
    [WAX_OPTION_NUMBERS] = 3 * sizeof(uint32_t),
    [WAX_OPTION_ADDRESS] = 0,
    [WAX_OPTION_TOPIC] = 0,
    [WAX_OPTION_HOSTS] = sizeof(char *),
    [WAX_OPTION_LISTENER] = 0,
    [WAX_OPTION_BRIDGE] = 0,
    [WAX_OPTION_INCLUDE] = 0,
    [WAX_OPTION_PLUGIN] = 0,
    [WAX_OPTION_NOTHING] = 0,
};

static char *explain(const wax_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    wax_config_explain(config, out);
    (void)fclose(out);
    return text;
}

/* Takes the lines with a # out of an explanation. */
static void drop_places(char *text)
{
    while (*text) {
        char *end = strchr(text, '\n') + 1;
        if (*text == '#') {
            memmove(text, end, strlen(end) + 1);
        } else {
            text = end;
        }
    }
}

static void parse(wax_config *config, const char *text)
{
    wax_config_report report = {0};
    if (wax_config_parse(config, wax_bytes_of_text(text), "t.conf", &report) != WAX_OK) {
        wax_config_report_print(&report, stderr);
        fail_msg("refused: %s", text);
    }
    wax_config_report_free(&report);
}

static void rows_fit_their_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->alias_of) {
            const wax_option *meant = wax_option_find(wax_bytes_of_text(option->name));
            check_row(option->name, meant && meant != option && !meant->alias_of);
            continue;
        }
        bool works = option->support == WAX_SUPPORT_WORKS;
        bool has_words = option->type == WAX_OPTION_WORD || option->type == WAX_OPTION_SET ||
                         option->type == WAX_OPTION_LIST;
        check_row(option->name, option->size == sizes[option->type]);
        check_row(option->name, works == (option->sentence != NULL));
        check_row(option->name, works || option->note);
        check_row(option->name, has_words == (option->words != NULL));
        check_row(option->name, option->least <= option->most);
        for (size_t j = 0; j < i; j++) {
            check_row(option->name, strcmp(option->name, wax_options[j].name) != 0);
        }
    }
}

/* The documented default, written into a file, must change nothing. */
static void every_documented_default_is_the_real_one(void **state)
{
    static const char with[] = "listener 1883\ncertfile /c\nkeyfile /k\nconnection c\naddress h";
    (void)state;
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (!option->fallback || option->scope == WAX_SCOPE_DEFAULT || option->is_folded) {
            continue;
        }
        char text[512];
        char line[256];
        wax_config config;
        (void)snprintf(line, sizeof line, "\n%s %s\n", option->name, option->fallback);
        parse(&config, with);
        char *silent = explain(&config);
        wax_config_free(&config);
        (void)snprintf(text, sizeof text, "%s%s", with, line);
        parse(&config, text);
        char *spoken = explain(&config);
        wax_config_free(&config);

        /* The place above the option is all that may differ. */
        check_row(option->name, strstr(spoken, "# t.conf:6\n"));
        drop_places(silent);
        drop_places(spoken);
        check_row(option->name, strcmp(silent, spoken) == 0);
        check_row(option->name, option->type == WAX_OPTION_SET || strstr(silent, line));
        free(silent);
        free(spoken);
    }
}

/* Written down once more by hand, so that a slip in the table is seen. */
static void the_defaults_are_finite(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "listener 1883\n");
    const wax_listener_config *listener = &config.listeners[0];
    check_row("check_retain_source", config.check_retain_source);
    check_row("acl_subscribe_check", config.acl_subscribe_check);
    check_row("session_owner", config.session_owner == WAX_OWNER_STRICT);
    check_row("set_tcp_nodelay", config.set_tcp_nodelay);
    check_row("max_inflight_messages", config.max_inflight_messages == 20);
    check_row("max_queued_messages", config.max_queued_messages == 1000);
    check_row("max_queued_bytes", config.max_queued_bytes == 64U << 20);
    check_row("max_packet_size", config.max_packet_size == 2000000);
    check_row("expiration", config.persistent_client_expiration_s == 14 * 86400);
    check_row("connect_timeout", config.connect_timeout_s == 10);
    check_row("connect_size_max", config.connect_size_max == 65536);
    check_row("topic_levels_max", config.topic_levels_max == 200);
    check_row("subscriptions_max", config.subscriptions_max == 10000);
    check_row("retained_max", config.retained_max == 1000000);
    check_row("retained_memory_limit", config.retained_memory_limit == 64U << 20);
    check_row("workers", config.workers == 0);
    check_row("retain_available", config.retain_available);
    check_row("persistence", !config.persistence);
    check_row("log_dest", config.log_dest == WAX_LOG_TO_STDERR);
    check_row("log_type", config.log_type == (WAX_LOG_ERROR | WAX_LOG_WARNING | WAX_LOG_NOTICE |
                                              WAX_LOG_INFORMATION));
    check_row("max_qos", listener->max_qos == 2);
    check_row("max_topic_alias", listener->max_topic_alias == 10);
    check_row("accept", listener->accept_protocol_versions ==
                            (WAX_ACCEPT_3_1 | WAX_ACCEPT_3_1_1 | WAX_ACCEPT_5));
    check_row("tls_version", listener->tls_version == WAX_CONFIG_TLS_1_2);
    check_row("allow_zero_length_clientid", listener->allow_zero_length_clientid);
    check_row("auto_id_prefix", strcmp(listener->auto_id_prefix, "auto-") == 0);
    check_row("allow_anonymous", !listener->allow_anonymous);
    wax_config_free(&config);
}

/* Words of a row and numbers of an enum are two lists: they must agree. */
static void words_have_the_numbers_of_their_enums(void **state)
{
    static const struct {
        const char *name;
        const char *line;
        size_t offset;
        uint32_t number;
    } rows[] = {
        {"ipv4",      "socket_domain ipv4\n",         offsetof(wax_listener_config, socket_domain),
         WAX_FAMILY_IPV4                                                                                                          },
        {"ipv6",      "socket_domain ipv6\n",         offsetof(wax_listener_config, socket_domain),
         WAX_FAMILY_IPV6                                                                                                          },
        {"tlsv1.3",   "tls_version tlsv1.3\n",        offsetof(wax_listener_config, tls_version),
         WAX_CONFIG_TLS_1_3                                                                                                       },
        {"version 3", "accept_protocol_versions 3\n",
         offsetof(wax_listener_config,                                              accept_protocol_versions), WAX_ACCEPT_3_1     },
        {"any",       "session_owner any\n",          offsetof(wax_config,          session_owner),            WAX_OWNER_ANY      },
        {"stdout",    "log_dest stdout\n",            offsetof(wax_config,          log_dest),                 WAX_LOG_TO_STDOUT  },
        {"topic",     "log_dest topic\n",             offsetof(wax_config,          log_dest),                 WAX_LOG_TO_TOPIC   },
        {"journald",  "log_dest journald\n",          offsetof(wax_config,          log_dest),                 WAX_LOG_TO_JOURNALD},
        {"file",      "log_dest file /a\n",           offsetof(wax_config,          log_dest),                 WAX_LOG_TO_FILE    },
        {"subscribe", "log_type subscribe\n",         offsetof(wax_config,          log_type),                 WAX_LOG_SUBSCRIBE  },
        {"internal",  "log_type internal\n",          offsetof(wax_config,          log_type),                 WAX_LOG_INTERNAL   },
    };
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        char text[128];
        wax_config config;
        (void)snprintf(text, sizeof text, "listener 1\n%s", rows[i].line);
        parse(&config, text);
        const void *object = i < 4 ? (const void *)&config.listeners[0] : (const void *)&config;
        uint32_t number =
            *(const uint32_t *)(const void *)((const uint8_t *)object + rows[i].offset);
        check_row(rows[i].name, number == rows[i].number);
        wax_config_free(&config);
    }
}

/* The options of Mosquitto 2.0 and 2.1. */
/* clang-format off */
static const char *const known[] = {
    "accept_protocol_versions", "acl_file", "address", "addresses", "allow_anonymous",
    "allow_duplicate_messages", "allow_zero_length_clientid", "auth_opt_any", "auth_plugin",
    "auth_plugin_deny_special_chars", "auto_id_prefix", "autosave_interval",
    "autosave_on_changes", "bind_address", "bind_interface", "bridge_alpn",
    "bridge_attempt_unsubscribe", "bridge_bind_address", "bridge_cafile", "bridge_capath",
    "bridge_certfile", "bridge_ciphers", "bridge_ciphers_tls1.3", "bridge_identity",
    "bridge_insecure", "bridge_keyfile", "bridge_max_packet_size", "bridge_max_topic_alias",
    "bridge_outgoing_retain", "bridge_protocol_version", "bridge_psk",
    "bridge_receive_maximum", "bridge_reload_type", "bridge_require_ocsp",
    "bridge_session_expiry_interval", "bridge_tcp_keepalive", "bridge_tcp_user_timeout",
    "bridge_tls_use_os_certs", "bridge_tls_version", "cafile", "capath", "certfile",
    "check_retain_source", "ciphers", "ciphers_tls1.3", "cleansession", "clientid",
    "clientid_prefixes", "connection", "connection_messages", "crlfile", "dhparamfile",
    "disable_client_cert_date_checks", "enable_control_api", "enable_proxy_protocol",
    "global_max_clients", "global_max_connections", "global_plugin", "http_dir",
    "idle_timeout", "include_dir", "keepalive_interval", "keyfile", "listener",
    "listener_allow_anonymous", "listener_auto_id_prefix", "local_cleansession",
    "local_clientid", "local_password", "local_username", "log_dest", "log_facility",
    "log_timestamp", "log_timestamp_format", "log_type", "max_connections",
    "max_inflight_bytes", "max_inflight_messages", "max_keepalive", "max_packet_size",
    "max_qos", "max_queued_bytes", "max_queued_messages", "max_topic_alias",
    "max_topic_alias_broker", "maximum_qos", "memory_limit", "message_size_limit",
    "mount_point", "notification_topic", "notifications", "notifications_local_only",
    "packet_buffer_size", "password", "password_file", "per_listener_settings",
    "persistence", "persistence_file", "persistence_location",
    "persistent_client_expiration", "pid_file", "plugin", "plugin_load", "plugin_opt_any",
    "plugin_use", "port", "protocol", "proxy_protocol_v2_require_tls", "psk_file",
    "psk_hint", "queue_qos0_messages", "remote_clientid", "remote_password",
    "remote_username", "require_certificate", "restart_timeout", "retain_available",
    "retain_expiry_interval", "retained_persistence", "retry_interval", "round_robin",
    "set_tcp_nodelay", "socket_domain", "start_type", "sys_interval", "threshold",
    "tls_engine", "tls_engine_kpass_sha1", "tls_keyform", "tls_version", "topic",
    "try_private", "upgrade_outgoing_qos", "use_identity_as_username",
    "use_subject_as_username", "use_username_as_clientid", "user", "username",
    "websockets_headers_size", "websockets_log_level", "websockets_origin",
};
/* clang-format on */

static void every_name_of_mosquitto_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(known); i++) {
        check_row(known[i], wax_option_find(wax_bytes_of_text(known[i])));
    }
    assert_null(wax_option_find(WAX_TEXT("plugin_opt_")));
    assert_null(wax_option_find(WAX_TEXT("")));
}

static void a_near_name_is_found_and_a_far_one_is_not(void **state)
{
    (void)state;
    assert_string_equal(wax_option_nearest(WAX_TEXT("passwd_file"))->name, "password_file");
    assert_string_equal(wax_option_nearest(WAX_TEXT("maxqos"))->name, "max_qos");
    assert_null(wax_option_nearest(WAX_TEXT("x")));
    assert_null(wax_option_nearest(WAX_TEXT("")));
    assert_null(wax_option_nearest(WAX_TEXT("completely_different_thing")));
    assert_null(
        wax_option_nearest(WAX_TEXT("a_name_that_is_longer_than_any_option_could_reasonably_be")));
}

/* What explain prints, read again, explains itself in the same way. */
static void an_explanation_is_a_configuration(void **state)
{
    static const char plain[] = "listener 1883\nallow_anonymous true\n";
    static const char several[] =
        "per_listener_settings true\nlistener 1883 ::1\npassword_file /p\nlistener 0 /s\n"
        "allow_anonymous true\nlog_dest file /l\nlog_dest topic\nlog_type none\n"
        "persistent_client_expiration 90s\nmax_queued_bytes 0\nglobal_max_clients 7\n";
    static const char with_tls[] =
        "port 8883\ncertfile /c\nkeyfile /k\ncafile /a\nrequire_certificate true\n"
        "tls_version tlsv1.3\nciphers_tls1.3 TLS_AES_128_GCM_SHA256\n";
    static const char *const texts[] = {"", plain, several, with_tls};
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(texts); i++) {
        wax_config config;
        parse(&config, texts[i]);
        char *once = explain(&config);
        wax_config_free(&config);
        parse(&config, once);
        char *again = explain(&config);
        wax_config_free(&config);
        drop_places(once);
        drop_places(again);
        check_row(texts[i], strcmp(once, again) == 0);
        free(once);
        free(again);
    }
}

/* What is off is not explained as if somebody had asked for it. */
static void an_explanation_of_a_plain_listener_is_fit(void **state)
{
    wax_config config;
    wax_config_report report = {0};
    (void)state;
    parse(&config, "listener 1883 ::1\nrequire_certificate false\nallow_anonymous true\n");
    char *text = explain(&config);
    wax_config_free(&config);
    parse(&config, text);
    assert_int_equal(wax_config_check(&config, &report), WAX_OK);
    assert_int_equal(report.count, 0);
    assert_null(strstr(text, "tls_version"));
    wax_config_free(&config);
    free(text);
}

/* What that function prints; the caller frees it. */
static char *printed(void (*print)(FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(out);
    (void)fclose(out);
    return text;
}

static void help_and_manual_name_every_option(void **state)
{
    (void)state;
    char *help = printed(wax_options_print);
    char *manual = printed(wax_options_man);
    for (size_t i = 0; i < wax_option_count; i++) {
        char entry[80];
        const wax_option *option = wax_option_find(wax_bytes_of_text(wax_options[i].name));
        if (wax_options[i].alias_of && option->support != WAX_SUPPORT_WORKS) {
            continue;
        }
        (void)snprintf(entry, sizeof entry, "\n.TP\n\\fB%s\\fR", wax_options[i].name);
        check_row(entry, strstr(manual, entry));
        (void)snprintf(entry, sizeof entry, "\n  %s ", wax_options[i].name);
        bool in_help = !wax_options[i].alias_of && option->support == WAX_SUPPORT_WORKS;
        check_row(entry, in_help == (strstr(help, entry) != NULL));
    }
    free(help);
    free(manual);
}

/* Each name once, aliases and options without effect too; and each table of words has its row. */
static void the_page_names_every_option_once(void **state)
{
    (void)state;
    char *page = printed(wax_options_page);
    for (size_t i = 0; i < wax_option_count; i++) {
        char entry[80];
        (void)snprintf(entry, sizeof entry, "\n| `%s` ", wax_options[i].name);
        const char *at = strstr(page, entry);
        check_row(entry, at);
        check_row(entry, !strstr(at + 1, entry));
    }
    assert_null(strstr(page, "(null)"));
    assert_null(strstr(page, "``"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_fit_their_fields),
        cmocka_unit_test(every_documented_default_is_the_real_one),
        cmocka_unit_test(the_defaults_are_finite),
        cmocka_unit_test(words_have_the_numbers_of_their_enums),
        cmocka_unit_test(every_name_of_mosquitto_is_known),
        cmocka_unit_test(a_near_name_is_found_and_a_far_one_is_not),
        cmocka_unit_test(an_explanation_is_a_configuration),
        cmocka_unit_test(an_explanation_of_a_plain_listener_is_fit),
        cmocka_unit_test(help_and_manual_name_every_option),
        cmocka_unit_test(the_page_names_every_option_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
