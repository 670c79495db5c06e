/* A configuration shown, and two compared. */
#include "broker/config_value.h"

const char *wax_config_file_of(const wax_config *config, wax_config_place place)
{
    bool known = place.line > 0 && place.file > 0 && place.file <= config->file_count;
    return known ? config->files[place.file - 1] : NULL;
}

wax_config_place wax_config_place_of(const wax_config *config, const wax_listener_config *listener,
                                     const char *name)
{
    const wax_option *option = wax_option_find(wax_bytes_of_text(name));
    const wax_config_place *places = listener ? listener->places : config->places;
    return option && places ? places[wax_option_number(option)] : (wax_config_place){0, 0};
}

static void print_place(const wax_config *config, wax_config_place place, FILE *out)
{
    const char *file = wax_config_file_of(config, place);
    if (file) {
        (void)fprintf(out, "# %s:%u\n", file, (unsigned)place.line);
    }
}

/* Whether an option is worth a line: of TLS that is off, only what is written is. */
static bool is_shown(const wax_option *option, wax_option_scope scope, wax_config_place place,
                     bool has_tls)
{
    bool is_idle = option->section == WAX_SECTION_TLS && !has_tls && place.line == 0;
    return !option->alias_of && option->scope == scope && !option->is_folded && !is_idle;
}

static void print_broker(const wax_config *config, FILE *out)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        if (is_shown(&wax_options[i], WAX_SCOPE_GLOBAL, config->places[i], false)) {
            print_place(config, config->places[i], out);
            wax_value_print_lines(&wax_options[i], config, out);
        }
    }
}

static void print_listener(const wax_config *config, const wax_listener_config *listener,
                           wax_option_scope scope, FILE *out)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        wax_config_place place = listener->places[i];
        if (is_shown(&wax_options[i], scope, place, wax_config_has_tls(listener))) {
            print_place(config, place, out);
            wax_value_print_lines(&wax_options[i], listener, out);
        }
    }
}

static void print_bridge(const wax_config *config, const wax_bridge_config *bridge, FILE *out)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        if (is_shown(&wax_options[i], WAX_SCOPE_BRIDGE, bridge->places[i], true)) {
            print_place(config, bridge->places[i], out);
            wax_value_print_lines(&wax_options[i], bridge, out);
        }
    }
}

void wax_config_explain(const wax_config *config, FILE *out)
{
    (void)fputs(
        "# All settings that hold. Above each one that is written stands where; all others are\n"
        "# defaults. This is a configuration, too.\n"
        "per_listener_settings true\n",
        out);
    print_broker(config, out);
    for (size_t i = 0; i < config->listener_count; i++) {
        const wax_listener_config *listener = &config->listeners[i];
        (void)fputc('\n', out);
        (void)fputs(listener->is_local ? "# because no listener is written\n" : "", out);
        print_place(config, listener->place, out);
        (void)fprintf(out, "listener %u%s%s\n", (unsigned)listener->port,
                      listener->address ? " " : "", listener->address ? listener->address : "");
        print_listener(config, listener, WAX_SCOPE_LISTENER, out);
        print_listener(config, listener, WAX_SCOPE_SECURITY, out);
    }
    for (size_t i = 0; i < config->bridge_count; i++) {
        (void)fputc('\n', out);
        print_place(config, config->bridges[i].place, out);
        (void)fprintf(out, "connection %s\n", config->bridges[i].name);
        print_bridge(config, &config->bridges[i], out);
    }
}

size_t wax_config_compare(const wax_config *running, const wax_config *next,
                          wax_config_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (option->alias_of || option->reloads || option->scope != WAX_SCOPE_GLOBAL ||
            wax_value_equals(option, running, next)) {
            continue;
        }
        wax_config_place place = next->places[i];
        wax_config_report_add(report, WAX_CONFIG_NOTE, wax_config_file_of(next, place), place.line,
                              "%s has changed; the new value holds after the next start",
                              option->name);
        count++;
    }
    return count;
}
