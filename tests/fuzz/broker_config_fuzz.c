/* Any text as a configuration: read, checked for sense, explained, and the explanation read. */
#include <stdlib.h>

#include "broker/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_config config;
    wax_config again;
    wax_config_report report = {0};
    char *text = NULL;
    size_t text_size = 0;
    if (wax_config_parse(&config, wax_bytes_of(data, size), "fuzz", &report) == WAX_OK) {
        FILE *out = open_memstream(&text, &text_size);
        wax_config_explain(&config, out);
        (void)fclose(out);
        wax_bytes explained = wax_bytes_of(text, text_size);
        wax_assert(wax_config_parse(&again, explained, "again", &report) == WAX_OK);
        wax_assert(again.listener_count == config.listener_count);
        wax_config_free(&again);
        free(text);
    }
    wax_assert(report.count <= WAX_CONFIG_PROBLEMS_MAX);
    wax_config_free(&config);
    wax_config_report_free(&report);
    return 0;
}
