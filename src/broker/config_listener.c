/* Listeners of a configuration: opened by their lines, made where none is written, settled at the
 * end so that each holds all that goes for its clients. */
#include <stdlib.h>
#include <string.h>

#include "broker/config_draft.h"
#include "broker/config_value.h"

enum { PORT_PLAIN = 1883, PORT_MAX = 65535, ADDRESS_SIZE_MAX = 4095 };

static const wax_option_scope listener_scopes[] = {WAX_SCOPE_DEFAULT, WAX_SCOPE_LISTENER,
                                                   WAX_SCOPE_SECURITY};

static wax_config_place *new_places(void)
{
    return calloc(wax_option_count, sizeof(wax_config_place));
}

static void free_listener(wax_listener_config *listener)
{
    for (size_t i = 0; i < WAX_COUNT(listener_scopes); i++) {
        wax_value_free(listener, listener_scopes[i]);
    }
    free(listener->places);
    *listener = (wax_listener_config){0};
}

static bool init_listener(wax_listener_config *listener)
{
    *listener = (wax_listener_config){.places = new_places()};
    bool made = listener->places != NULL;
    for (size_t i = 0; i < WAX_COUNT(listener_scopes) && made; i++) {
        made = wax_value_set_defaults(listener, listener_scopes[i]);
    }
    return made;
}

/* Copies every setting of that scope and where it is written. */
static bool copy_scope(wax_listener_config *to, const wax_listener_config *from,
                       wax_option_scope scope)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->alias_of || option->scope != scope) {
            continue;
        }
        if (!wax_value_copy(option, to, from)) {
            return false;
        }
        to->places[i] = from->places[i];
    }
    return true;
}

/* Adds a listener with the settings of `model`, or with the defaults; NULL without memory. */
static wax_listener_config *add_listener(wax_config *config, const wax_listener_config *model)
{
    wax_listener_config listener;
    bool made = init_listener(&listener);
    for (size_t i = 0; i < WAX_COUNT(listener_scopes) && made && model; i++) {
        made = copy_scope(&listener, model, listener_scopes[i]);
    }
    wax_listener_config *larger =
        made ? realloc(config->listeners, (config->listener_count + 1) * sizeof *larger) : NULL;
    if (!larger) {
        free_listener(&listener);
        return NULL;
    }
    config->listeners = larger;
    larger[config->listener_count] = listener;
    return &larger[config->listener_count++];
}

static bool set_address(wax_listener_config *listener, wax_bytes address)
{
    free(listener->address);
    listener->address = wax_config_copy(address);
    return listener->address != NULL;
}

static bool without_memory(wax_config_report *report)
{
    wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0,
                          "there is no memory left for the configuration");
    return false;
}

bool wax_config_draft_init(wax_config_draft *draft, wax_config *config, wax_config_report *report)
{
    *config = (wax_config){.places = new_places()};
    *draft = (wax_config_draft){.config = config, .report = report};
    bool made = init_listener(&config->shared) && init_listener(&draft->leading);
    if (!made || !config->places || !wax_value_set_defaults(config, WAX_SCOPE_GLOBAL)) {
        return without_memory(report);
    }
    return true;
}

void wax_config_draft_free(wax_config_draft *draft)
{
    free_listener(&draft->leading);
}

void wax_config_free(wax_config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        free_listener(&config->listeners[i]);
    }
    if (config->has_inner) {
        free_listener(&config->listeners[WAX_CONFIG_INNER]);
    }
    wax_config_free_bridges(config);
    for (size_t i = 0; i < config->file_count; i++) {
        free(config->files[i]);
    }
    wax_value_free(config, WAX_SCOPE_GLOBAL);
    free_listener(&config->shared);
    free(config->listeners);
    free(config->files);
    free(config->places);
    *config = (wax_config){0};
}

static bool refuse(const wax_config_spot *spot, const char *reason)
{
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line, "%s", reason);
    return false;
}

static bool is_same_address(const wax_listener_config *listener, uint32_t port, wax_bytes address)
{
    return listener->port == port && wax_bytes_equal(wax_bytes_of_text(listener->address), address);
}

/* Two listeners on one address cannot both open it. */
static bool is_new(const wax_config_draft *draft, const wax_config_spot *spot, uint32_t port,
                   wax_bytes address)
{
    for (size_t i = 0; i < draft->config->listener_count; i++) {
        const wax_listener_config *other = &draft->config->listeners[i];
        if (is_same_address(other, port, address)) {
            wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line,
                                  "this listener is already written at %s:%u; delete one of them",
                                  wax_config_file_of(draft->config, other->place),
                                  (unsigned)other->place.line);
            return false;
        }
    }
    return true;
}

bool wax_config_draft_listen(wax_config_draft *draft, const wax_config_spot *spot, wax_bytes text)
{
    int64_t port = 0;
    wax_bytes address = text;
    if (!wax_value_number(spot, wax_config_word(&address), &port)) {
        return false;
    }
    wax_bytes rest = address;
    address = wax_config_word(&rest);
    if (address.size > 0 && address.data[0] == '#') {
        address.size = rest.size = 0;
    }
    if (port < 0 || port > PORT_MAX) {
        return refuse(spot, "the port of a listener is 1 to 65535, or 0 for a Unix socket");
    }
    if (port == 0 && address.size == 0) {
        return refuse(spot, "a listener with port 0 is a Unix socket; write its path after the 0");
    }
    if (address.size > ADDRESS_SIZE_MAX || !wax_utf8_is_valid(address)) {
        return refuse(spot, "the address of a listener is a name, an IP address or a path");
    }
    if (rest.size > 0 && rest.data[0] != '#') {
        wax_config_report_add(spot->report, WAX_CONFIG_WARNING, spot->file, spot->line,
                              "what stands after the address has no effect; put # before it");
    }
    if (draft->config->listener_count == WAX_CONFIG_LISTENERS_MAX) {
        return refuse(spot, "there may be 64 listeners; this is one more");
    }
    if (!is_new(draft, spot, (uint32_t)port, address)) {
        return false;
    }
    wax_listener_config *listener = add_listener(draft->config, NULL);
    if (!listener || (address.size > 0 && !set_address(listener, address))) {
        return without_memory(spot->report);
    }
    listener->port = (uint32_t)port;
    listener->is_unix = port == 0;
    listener->place = (wax_config_place){spot->file_number, spot->line};
    return true;
}

static size_t number_of(const char *name)
{
    return wax_option_number(wax_option_find(wax_bytes_of_text(name)));
}

static wax_config_place place_in(const wax_listener_config *listener, const char *name)
{
    return listener->places[number_of(name)];
}

/* The default listener is there when its port or its address is. */
static bool finish_default(wax_config_draft *draft)
{
    wax_listener_config *leading = &draft->leading;
    wax_config_place port = place_in(leading, "port");
    wax_config_place address = place_in(leading, "bind_address");
    if (port.line == 0 && address.line == 0) {
        return true;
    }
    wax_config_place place = port.line > 0 ? port : address;
    wax_config_spot spot = {.report = draft->report,
                            .file = wax_config_file_of(draft->config, place),
                            .line = place.line};
    if (draft->config->listener_count == WAX_CONFIG_LISTENERS_MAX) {
        return refuse(&spot, "there may be 64 listeners; the default listener is one more");
    }
    if (!is_new(draft, &spot, leading->port, wax_bytes_of_text(leading->address))) {
        return false;
    }
    wax_listener_config *listener = add_listener(draft->config, leading);
    if (!listener) {
        return without_memory(draft->report);
    }
    listener->place = place;
    memset(leading->places, 0, wax_option_count * sizeof *leading->places);
    return true;
}

/* An option of the default listener where there is none. What would leave a door open or plain is
 * an error; the rest loses its effect, as with Mosquitto. */
static bool judge_orphan(const wax_config_draft *draft, const wax_option *option,
                         wax_config_place place)
{
    const wax_config *config = draft->config;
    bool is_local = config->listener_count == 0;
    bool is_tls = option->section == WAX_SECTION_TLS;
    bool severe = is_tls || (option->type == WAX_OPTION_FILE && !is_local);
    const char *advice = "move it below the `listener` line it belongs to";
    if (is_local && is_tls) {
        advice = "write `listener 8883` above it";
    } else if (is_local) {
        advice = "until one is written it holds for the local port 1883";
    }
    wax_config_report_add(draft->report, severe ? WAX_CONFIG_ERROR : WAX_CONFIG_WARNING,
                          wax_config_file_of(config, place), place.line,
                          "%s stands above any `listener` of this file and so belongs to none; %s",
                          option->name, advice);
    return !severe;
}

static bool judge_orphans(const wax_config_draft *draft)
{
    bool fine = true;
    for (size_t i = 0; i < wax_option_count; i++) {
        wax_config_place place = draft->leading.places[i];
        if (place.line > 0) {
            fine = judge_orphan(draft, &wax_options[i], place) && fine;
        }
    }
    return fine;
}

static bool finish_local(wax_config_draft *draft)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    wax_config *config = draft->config;
    if (config->listener_count > 0) {
        return true;
    }
    config->is_local = true;
    for (size_t i = 0; i < WAX_COUNT(addresses); i++) {
        wax_listener_config *listener = add_listener(config, &draft->leading);
        if (!listener || !set_address(listener, wax_bytes_of_text(addresses[i]))) {
            return without_memory(draft->report);
        }
        listener->port = PORT_PLAIN;
        listener->is_local = true;
    }
    return true;
}

/* Settings that a listener has for itself in any case. */
static bool take_own(wax_listener_config *listener)
{
    wax_config_place anonymous = place_in(listener, "listener_allow_anonymous");
    wax_config_place prefix = place_in(listener, "listener_auto_id_prefix");
    if (anonymous.line > 0) {
        listener->allow_anonymous = listener->own_allow_anonymous;
        listener->places[number_of("allow_anonymous")] = anonymous;
    }
    if (prefix.line > 0) {
        free(listener->auto_id_prefix);
        listener->auto_id_prefix = strdup(listener->own_auto_id_prefix);
        listener->places[number_of("auto_id_prefix")] = prefix;
    }
    return listener->auto_id_prefix != NULL;
}

static bool settle(const wax_config *config, wax_listener_config *listener)
{
    if (!config->per_listener_settings &&
        !copy_scope(listener, &config->shared, WAX_SCOPE_SECURITY)) {
        return false;
    }
    if (!take_own(listener)) {
        return false;
    }
    if (listener->is_local && place_in(listener, "allow_anonymous").line == 0) {
        listener->allow_anonymous = true;
    }
    return true;
}

bool wax_config_draft_finish(wax_config_draft *draft)
{
    wax_config *config = draft->config;
    bool fine = finish_default(draft);
    fine = judge_orphans(draft) && fine;
    fine = wax_config_draft_finish_bridges(draft) && fine;
    if (!fine || !finish_local(draft)) {
        return false;
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        if (!settle(config, &config->listeners[i])) {
            return without_memory(draft->report);
        }
    }
    return true;
}

bool wax_config_add_gone(wax_config *config, const wax_listener_config *model)
{
    wax_listener_config *listener = add_listener(config, model);

    if (listener == NULL) {
        return false;
    }
    listener->port = model->port;
    listener->is_unix = model->is_unix;
    listener->is_gone = true;
    memset(listener->places, 0, wax_option_count * sizeof *listener->places);
    return (model->address == NULL || set_address(listener, wax_bytes_of_text(model->address))) &&
           (config->per_listener_settings ||
            copy_scope(listener, &config->shared, WAX_SCOPE_SECURITY));
}

/* Takes away the listeners from that number on. */
static void drop_listeners(wax_config *config, size_t count)
{
    while (config->listener_count > count) {
        free_listener(&config->listeners[--config->listener_count]);
    }
}

static bool add_local_pair(wax_config *config, uint32_t port)
{
    size_t before = config->listener_count;
    for (size_t i = 0; i < 2; i++) {
        wax_listener_config *listener = add_listener(config, &config->listeners[i]);
        if (!listener) {
            drop_listeners(config, before);
            return false;
        }
        listener->port = port;
        listener->is_local = true;
    }
    return true;
}

wax_status wax_config_add_port(wax_config *config, uint32_t port)
{
    if (port == 0 || port > PORT_MAX) {
        return WAX_INVALID;
    }
    if (!config->is_local) {
        return WAX_NOT_FOUND;
    }
    if (config->local_port_count == WAX_CONFIG_PORTS_MAX) {
        return WAX_FULL;
    }
    if (config->local_port_count == 0) {
        config->listeners[0].port = port;
        config->listeners[1].port = port;
    } else if (!add_local_pair(config, port)) {
        return WAX_FULL;
    }
    config->local_port_count++;
    return WAX_OK;
}

wax_status wax_config_add_inner(wax_config *config)
{
    size_t count = config->listener_count;
    wax_listener_config inner;
    bool made = init_listener(&inner) && copy_scope(&inner, &config->shared, WAX_SCOPE_SECURITY);
    wax_listener_config *larger =
        made ? realloc(config->listeners, (WAX_CONFIG_INNER + 1) * sizeof *larger) : NULL;
    if (!larger) {
        free_listener(&inner);
        return WAX_FULL;
    }
    memset(&larger[count], 0, (WAX_CONFIG_INNER - count) * sizeof *larger);
    larger[WAX_CONFIG_INNER] = inner;
    config->listeners = larger;
    config->has_inner = true;
    return WAX_OK;
}
