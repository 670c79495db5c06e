/* Bridges of a configuration: opened by their lines, settled at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config_bridge_lines.h"
#include "broker/config_draft.h"

enum { NAME_SIZE_MAX = 255, HOST_SIZE_MAX = 255 };

static void free_bridge(wax_bridge_config *bridge)
{
    wax_value_free(bridge, WAX_SCOPE_BRIDGE);
    wax_bridge_free_addresses(bridge);
    wax_bridge_free_topics(bridge);
    free(bridge->name);
    free(bridge->places);
    *bridge = (wax_bridge_config){0};
}

void wax_config_free_bridges(wax_config *config)
{
    for (size_t i = 0; i < config->bridge_count; i++) {
        free_bridge(&config->bridges[i]);
    }
    free(config->bridges);
    config->bridges = NULL;
    config->bridge_count = 0;
}

static bool refuse(const wax_config_spot *spot, const char *reason)
{
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line, "%s", reason);
    return false;
}

static bool without_memory(wax_config_report *report)
{
    wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0,
                          "there is no memory left for the configuration");
    return false;
}

/* The name stands in topics and client ids, where wildcards would mean something else. */
static bool is_name(wax_bytes name)
{
    bool is_plain = name.size > 0 && name.size <= NAME_SIZE_MAX && wax_utf8_is_valid(name);
    for (size_t i = 0; i < name.size; i++) {
        is_plain = is_plain && name.data[i] != '+' && name.data[i] != '#';
    }
    return is_plain;
}

static const wax_bridge_config *find(const wax_config *config, wax_bytes name)
{
    for (size_t i = 0; i < config->bridge_count; i++) {
        if (wax_bytes_equal(wax_bytes_of_text(config->bridges[i].name), name)) {
            return &config->bridges[i];
        }
    }
    return NULL;
}

static bool add_bridge(wax_config *config, wax_bytes name, wax_config_place place)
{
    wax_bridge_config bridge = {.place = place, .name = wax_config_copy(name)};
    bridge.places = calloc(wax_option_count, sizeof(wax_config_place));
    bool made = bridge.name && bridge.places && wax_value_set_defaults(&bridge, WAX_SCOPE_BRIDGE);
    wax_bridge_config *larger =
        made ? realloc(config->bridges, (config->bridge_count + 1) * sizeof *larger) : NULL;
    if (!larger) {
        free_bridge(&bridge);
        return false;
    }
    config->bridges = larger;
    larger[config->bridge_count++] = bridge;
    return true;
}

bool wax_config_draft_bridge(wax_config_draft *draft, const wax_config_spot *spot, wax_bytes text)
{
    wax_bytes rest = text;
    wax_bytes name = wax_config_word(&rest);
    const wax_bridge_config *other = find(draft->config, name);
    if (rest.size > 0 && rest.data[0] != '#') {
        return refuse(spot, "the name of a connection is one word");
    }
    if (!is_name(name)) {
        return refuse(spot,
                      "the name of a connection is UTF-8, at most 255 bytes, without + and #");
    }
    if (other) {
        wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                              "the connection %s is already written at %s:%u; delete one of them",
                              other->name, wax_config_file_of(draft->config, other->place),
                              (unsigned)other->place.line);
        return false;
    }
    if (draft->config->bridge_count == WAX_CONFIG_BRIDGES_MAX) {
        return refuse(spot, "there may be 64 connections; this is one more");
    }
    return add_bridge(draft->config, name, (wax_config_place){spot->file_number, spot->line}) ||
           without_memory(spot->report);
}

static bool is_written(const wax_bridge_config *bridge, const char *name)
{
    const wax_option *option = wax_option_find(wax_bytes_of_text(name));
    return bridge->places[wax_option_number(option)].line > 0;
}

/* Two names with a dot between them, unless the id is set already. False without memory. */
static bool set_id(char **id, const char *first, const char *last)
{
    size_t size = strlen(first) + strlen(last) + 2;
    if (*id) {
        return true;
    }
    *id = malloc(size);
    if (*id) {
        (void)snprintf(*id, size, "%s.%s", first, last);
    }
    return *id != NULL;
}

/* What a bridge is called where the file does not say. */
static bool settle(wax_bridge_config *bridge)
{
    char host[HOST_SIZE_MAX + 2] = {0};
    if (gethostname(host, HOST_SIZE_MAX) != 0 || !is_name(wax_bytes_of_text(host))) {
        (void)snprintf(host, sizeof host, "wax");
    }
    if (!is_written(bridge, "local_cleansession")) {
        bridge->local_cleansession = bridge->cleansession;
    }
    return set_id(&bridge->remote_clientid, host, bridge->name) &&
           set_id(&bridge->local_clientid, "local", bridge->remote_clientid);
}

/* Two sessions cannot have one id. */
static bool has_own_id(const wax_config *config, size_t number, const wax_config_spot *spot)
{
    const wax_bridge_config *bridge = &config->bridges[number];
    for (size_t i = 0; i < number; i++) {
        if (strcmp(config->bridges[i].local_clientid, bridge->local_clientid) == 0) {
            wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                                  "the connections %s and %s have the same local_clientid; give "
                                  "one of them another",
                                  config->bridges[i].name, bridge->name);
            return false;
        }
    }
    return true;
}

bool wax_config_draft_finish_bridges(wax_config_draft *draft)
{
    const wax_config *config = draft->config;
    bool fine = true;
    for (size_t i = 0; i < config->bridge_count; i++) {
        wax_bridge_config *bridge = &config->bridges[i];
        wax_config_spot spot = {.report = draft->report,
                                .file = wax_config_file_of(config, bridge->place),
                                .line = bridge->place.line};
        if (!settle(bridge)) {
            return without_memory(draft->report);
        }
        if (bridge->address_count == 0) {
            fine = refuse(&spot, "this connection has no address; add `address HOST:PORT`");
        }
        fine = has_own_id(config, i, &spot) && fine;
    }
    return fine;
}

bool wax_bridge_equals(const wax_bridge_config *one, const wax_bridge_config *other)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (!option->alias_of && option->scope == WAX_SCOPE_BRIDGE &&
            !wax_value_equals(option, one, other)) {
            return false;
        }
    }
    return strcmp(one->name, other->name) == 0;
}

bool wax_bridge_has_tls(const wax_bridge_config *bridge)
{
    return bridge->cafile || bridge->capath || bridge->use_os_certs || bridge->psk;
}

wax_status wax_bridge_read_psk(const wax_bridge_config *bridge, wax_writer *out)
{
    wax_bytes digits = wax_bytes_of_text(bridge->psk);

    for (size_t i = 0; i + 1 < digits.size; i += 2) {
        uint8_t byte;

        if (!wax_hex_decode(wax_bytes_of(digits.data + i, 2), &byte)) {
            return WAX_INVALID;
        }
        wax_write_u8(out, byte);
    }
    return digits.size % 2 == 0 ? out->status : WAX_INVALID;
}
