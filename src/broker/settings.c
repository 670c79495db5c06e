/* A configuration with the files it names: passwords, rules, certificates. Made whole or not at
 * all, so that a reload either succeeds or changes nothing. */
#include "broker/settings.h"

#include <stdlib.h>

#include "broker/sealed.h"
#include "broker/tokens.h"
#include "os/os.h"

enum { FAULT_SIZE = 700, PSK_KEY_MAX = 256, WARNED_DAYS = 30, DAY_S = 86400 };

static void report_fault(wax_config_report *report, const char *path, const wax_access_fault *fault)
{
    if (fault->other_line > 0) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, path, (uint32_t)fault->line,
                              "%s (see line %zu)", fault->text, fault->other_line);
        return;
    }
    wax_config_report_add(report, WAX_CONFIG_ERROR, path, (uint32_t)fault->line, "%s", fault->text);
}

/* Reads the file into memory, or reports why not. */
static bool read_file(const char *path, wax_bytes *text, wax_config_report *report)
{
    char fault[FAULT_SIZE];

    if (wax_file_read(path, WAX_ACCESS_TEXT_MAX, text, fault, sizeof fault) != WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "%s", fault);
        return false;
    }
    return true;
}

static void load_credentials(struct policy *policy, const char *path, wax_config_report *report)
{
    wax_access_fault fault;
    wax_bytes text;

    if (path == NULL || !read_file(path, &text, report)) {
        return;
    }
    policy->has_credentials =
        wax_credentials_parse(&policy->credentials, wax_heap(), text, &fault) == WAX_OK;
    if (!policy->has_credentials) {
        report_fault(report, path, &fault);
    }
    wax_wipe((void *)(uintptr_t)text.data, text.size);
    wax_file_free(&text);
}

static void load_rules(struct policy *policy, const char *path, wax_config_report *report)
{
    wax_access_fault fault;
    wax_bytes text;

    if (path == NULL || !read_file(path, &text, report)) {
        return;
    }
    policy->has_rules = wax_rules_parse(&policy->rules, wax_heap(), text, &fault) == WAX_OK;
    if (!policy->has_rules) {
        report_fault(report, path, &fault);
    }
    wax_file_free(&text);
}

static wax_bytes find_psk(const void *table, wax_bytes identity)
{
    return wax_psks_find(table, identity);
}

static void release_psks(void *table)
{
    wax_psks_close(table);
    free(table);
}

/* Reads the keys of a listener's clients; the TLS context then owns them, because connections that
 * are being opened outlive a reload. False when the report says why not. */
static bool load_psks(wax_tls_psks *psks, const wax_listener_config *listener,
                      wax_config_report *report)
{
    size_t least = listener->psk_allow_short ? 1 : WAX_PSK_KEY_MIN;
    wax_access_fault fault;
    wax_psks *table;
    wax_bytes text;
    bool is_read;

    if (listener->psk_hint == NULL || listener->psk_file == NULL) {
        return listener->psk_hint == NULL; /* config_check has said so */
    }
    if (!read_file(listener->psk_file, &text, report)) {
        return false;
    }
    table = calloc(1, sizeof *table);
    wax_assert(table != NULL);
    is_read = wax_psks_parse(table, wax_heap(), text, least, &fault) == WAX_OK;
    wax_wipe((void *)(uintptr_t)text.data, text.size);
    wax_file_free(&text);
    if (!is_read) {
        report_fault(report, listener->psk_file, &fault);
        free(table);
        return false;
    }
    if (wax_psks_count(table) == 0) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, listener->psk_file, 0,
                              "there is no key in this file, so that nobody gets in by one");
    }
    *psks = (wax_tls_psks){table, find_psk, release_psks};
    return true;
}

/* Whether the kernel may make the records of a listener's connections; warns why not. */
static bool find_kernel(const wax_listener_config *listener, wax_config_report *report)
{
    wax_problem problem;

    if (!listener->tls_kernel) {
        return false;
    }
    if (listener->proxy_protocol != 0) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                              "tls_kernel has no effect behind a PROXY header (proxy_protocol); "
                              "delete the line");
        return false;
    }
    if (listener->tls_record_size_max < WAX_TLS_RECORD_MAX) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                              "tls_kernel has no effect with tls_record_size_max, since the "
                              "kernel knows one size of record; delete one of them");
        return false;
    }
    if (wax_tls_find_kernel(&problem) != WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                              "tls_kernel: TLS stays in the process: %s", problem.text);
        return false;
    }
    return true;
}

static void load_tls(struct policy *policy, const wax_listener_config *listener,
                     wax_config_report *report)
{
    wax_tls_settings wanted = {
        .certfile = listener->certfile,
        .keyfile = listener->keyfile,
        .cafile = listener->cafile,
        .capath = listener->capath,
        .crlfile = listener->crlfile,
        .ciphers = listener->ciphers,
        .ciphers_tls13 = listener->ciphers_tls13,
        .oldest_version = listener->tls_version == WAX_CONFIG_TLS_1_3 ? WAX_TLS_1_3 : WAX_TLS_1_2,
        .requires_certificate = listener->require_certificate,
        .ignores_dates = listener->ignores_client_dates,
        .psk_hint = listener->psk_hint,
        .record_size_max = listener->tls_record_size_max,
        .alpn = "mqtt",
        .now_s = wax_clock_wall_s,
    };
    wax_config_host names[WAX_CONFIG_HOSTS_MAX];
    wax_tls_host hosts[WAX_CONFIG_HOSTS_MAX];
    wax_problem problem;
    char *lines;

    if (!wax_config_has_tls(listener) || !load_psks(&wanted.psks, listener, report)) {
        return;
    }
    lines = wax_config_split_hosts(listener->sni_certificates, names, &wanted.host_count);
    for (size_t i = 0; i < wanted.host_count; i++) {
        hosts[i] = (wax_tls_host){names[i].name, names[i].certfile, names[i].keyfile};
    }
    wanted.hosts = hosts;
    if (wax_tls_make_server(&wanted, &policy->tls, &problem) != WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "%s", problem.text);
    } else if (wax_tls_warn(policy->tls, wax_clock_wall_s(), &problem)) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0, "%s", problem.text);
    }
    policy->uses_kernel = find_kernel(listener, report);
    free(lines);
}

/* Says that a bridge's own certificate has expired, or will soon. */
static void warn_of_end(const wax_tls_context *tls, const wax_bridge_config *bridge,
                        wax_config_report *report)
{
    int64_t end_s = tls == NULL ? INT64_MAX : wax_tls_not_after(tls);
    int64_t left_s = end_s == INT64_MAX ? INT64_MAX : end_s - wax_clock_wall_s();

    if (left_s <= 0) {
        wax_config_report_add(
            report, WAX_CONFIG_WARNING, NULL, 0,
            "connection %s: bridge_certfile has expired, so that the other broker "
            "refuses it; renew it",
            bridge->name);
    } else if (left_s <= (int64_t)WARNED_DAYS * DAY_S) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                              "connection %s: bridge_certfile expires in %lld days; renew it",
                              bridge->name, (long long)((left_s + DAY_S - 1) / DAY_S));
    }
}

static void load_bridge(wax_tls_context **tls, const wax_bridge_config *bridge,
                        wax_config_report *report)
{
    wax_tls_settings wanted = {
        .certfile = bridge->certfile,
        .keyfile = bridge->keyfile,
        .cafile = bridge->cafile,
        .capath = bridge->capath,
        .ciphers = bridge->ciphers,
        .ciphers_tls13 = bridge->ciphers_tls13,
        .oldest_version = bridge->tls_version == WAX_CONFIG_TLS_1_3 ? WAX_TLS_1_3 : WAX_TLS_1_2,
        .ignores_host = bridge->insecure,
        .alpn = bridge->alpn,
    };
    uint8_t key[PSK_KEY_MAX];
    wax_writer out = wax_writer_over(key, sizeof key);
    wax_problem problem;

    if (bridge->psk != NULL && wax_bridge_read_psk(bridge, &out) == WAX_OK) {
        wanted.psk_identity = bridge->psk_identity;
        wanted.psk_key = wax_writer_bytes(&out);
    }
    if (wax_bridge_has_tls(bridge) && wax_tls_make_client(&wanted, tls, &problem) != WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "%s", problem.text);
    }
    warn_of_end(*tls, bridge, report);
    wax_wipe(key, sizeof key);
}

static void load_bridges(struct settings *settings, wax_config_report *report)
{
    const wax_config *config = &settings->config;

    settings->bridge_tls = calloc(config->bridge_count + 1, sizeof(wax_tls_context *));
    wax_assert(settings->bridge_tls != NULL);
    for (size_t i = 0; i < config->bridge_count; i++) {
        const wax_bridge_config *bridge = &config->bridges[i];
        const wax_config_block block = {bridge, bridge->places, bridge->place};
        size_t from = report->count;
        load_bridge(&settings->bridge_tls[i], bridge, report);
        wax_config_report_place(report, from, config, &block);
    }
}

static wax_status load_config(wax_config *config, const struct settings_source *source,
                              wax_config_report *report)
{
    wax_status status = wax_config_load(config, source->path, report);

    for (size_t i = 0; i < source->port_count && status == WAX_OK; i++) {
        if (wax_config_add_port(config, source->ports[i]) == WAX_NOT_FOUND) {
            wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                                  "-p %u has no effect: the configuration file writes its own "
                                  "listeners",
                                  (unsigned)source->ports[i]);
        }
    }
    if (status == WAX_OK) {
        (void)!wax_config_check(config, report);
    }
    if (status == WAX_OK && source->running != NULL) {
        (void)!wax_config_follow(config, &source->running->config, report);
    }
    if (status == WAX_OK && wax_config_add_inner(config) != WAX_OK) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "there is no memory left");
    }
    return status;
}

/* Rules for users mean little where anybody may claim to be one. */
static void warn_of_claims(const struct policy *policy, const wax_listener_config *listener,
                           wax_config_report *report)
{
    bool is_proven = listener->use_identity_as_username || listener->use_subject_as_username;

    if (policy->has_rules && !policy->has_credentials && !is_proven && listener->allow_anonymous) {
        wax_config_report_add(report, WAX_CONFIG_WARNING, NULL, 0,
                              "acl_file: anybody may claim any user name at port %u and gets that "
                              "user's rules; name a password_file, or ask for certificates",
                              (unsigned)listener->port);
    }
}

/* A listener that is gone lets nobody in; what its clients have published is still judged. */
static void load_gone(struct policy *policy, const wax_listener_config *listener)
{
    wax_config_report ignored = {.count = 0};
    wax_access_fault fault;

    load_rules(policy, listener->acl_file, &ignored);
    if (listener->acl_file != NULL && !policy->has_rules) {
        policy->has_rules =
            wax_rules_parse(&policy->rules, wax_heap(), WAX_TEXT(""), &fault) == WAX_OK;
    }
    wax_config_report_free(&ignored);
}

static void load_policy(struct policy *policy, const wax_listener_config *listener,
                        wax_config_report *report)
{
    if (listener->is_gone) {
        load_gone(policy, listener);
        return;
    }
    load_credentials(policy, listener->password_file, report);
    load_rules(policy, listener->acl_file, report);
    load_tls(policy, listener, report);
    tokens_load(&policy->tokens, listener, report);
    warn_of_claims(policy, listener, report);
}

wax_status settings_load(struct settings **loaded, const struct settings_source *source,
                         wax_config_report *report)
{
    struct settings *settings = calloc(1, sizeof *settings);

    *loaded = NULL;
    wax_assert(settings != NULL);
    atomic_init(&settings->holders, 1);
    if (load_config(&settings->config, source, report) != WAX_OK) {
        free(settings);
        return WAX_INVALID;
    }
    settings->policies = calloc(WAX_CONFIG_INNER + 1, sizeof *settings->policies);
    wax_assert(settings->policies != NULL);
    for (size_t i = 0; i < settings->config.listener_count; i++) {
        const wax_listener_config *listener = &settings->config.listeners[i];
        const wax_config_block block = {listener, listener->places, listener->place};
        size_t from = report->count;
        load_policy(&settings->policies[i], listener, report);
        wax_config_report_place(report, from, &settings->config, &block);
    }
    if (settings->config.has_inner) {
        const wax_listener_config *first = &settings->config.listeners[0];
        const wax_config_block block = {first, first->places, first->place};
        size_t from = report->count;
        load_rules(&settings->policies[WAX_CONFIG_INNER],
                   settings->config.listeners[WAX_CONFIG_INNER].acl_file, report);
        wax_config_report_place(report, from, &settings->config, &block);
    }
    load_bridges(settings, report);
    settings->sealed = sealed_make(
        &settings->config, source->running == NULL ? NULL : source->running->sealed, report);
    if (report->error_count > 0) {
        settings_release(settings);
        return WAX_INVALID;
    }
    *loaded = settings;
    return WAX_OK;
}

struct settings *settings_hold(struct settings *settings)
{
    atomic_fetch_add(&settings->holders, 1);
    return settings;
}

void settings_release(struct settings *settings)
{
    if (settings == NULL || atomic_fetch_sub(&settings->holders, 1) != 1) {
        return;
    }
    for (size_t i = 0; i <= WAX_CONFIG_INNER; i++) {
        wax_credentials_close(&settings->policies[i].credentials);
        wax_rules_close(&settings->policies[i].rules);
        wax_tls_release(settings->policies[i].tls);
        tokens_free(&settings->policies[i].tokens);
    }
    for (size_t i = 0; i < settings->config.bridge_count; i++) {
        wax_tls_release(settings->bridge_tls[i]);
    }
    free(settings->bridge_tls);
    sealed_release(settings->sealed);
    free(settings->policies);
    wax_config_free(&settings->config);
    free(settings);
}
