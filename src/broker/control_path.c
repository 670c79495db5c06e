/* Where the control socket of a broker is. */
#include "broker/broker.h"

#include "broker/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool wax_broker_control_path(const wax_config *config, size_t choice, char *path, size_t size)
{
    const char *written = config == NULL ? NULL : config->control_socket;
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *folders[] = {"/run/wax", NULL, NULL};
    const char *ends[] = {"", "/wax", ""};
    size_t skipped = 0;

    folders[1] = runtime;
    folders[2] = config == NULL ? NULL : config->persistence_location;
    if (written != NULL) {
        return choice == 0 && strcmp(written, "off") != 0 &&
               snprintf(path, size, "%s", written) < (int)size;
    }
    for (size_t i = 0; i < WAX_COUNT(folders); i++) {
        if (folders[i] != NULL && folders[i][0] == '/' && skipped++ == choice) {
            return snprintf(path, size, "%s%s/control", folders[i], ends[i]) < (int)size;
        }
    }
    return false;
}

bool wax_broker_control_path_of(const char *config_path, char *path, size_t size)
{
    wax_config_report report = {.count = 0};
    wax_config config;
    bool is_found = false;

    if (wax_config_load(&config, config_path, &report) != WAX_OK) {
        wax_config_report_print(&report, stderr);
    } else {
        is_found = wax_broker_control_path(&config, 0, path, size);
        wax_config_free(&config);
    }
    wax_config_report_free(&report);
    return is_found;
}
