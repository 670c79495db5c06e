/* The files a configuration is read from. */
#ifndef WAX_BROKER_CONFIG_FILES_H
#define WAX_BROKER_CONFIG_FILES_H

#include "broker/config.h"

/* Reads a whole file into memory that the caller frees. When it cannot be read, too large ones
 * included, returns false with the reason in `report`, at that place. */
WAX_CHECKED bool wax_config_file_read(const char *path, char **text, size_t *size,
                                      wax_config_report *report);

/* The paths of a directory's files that end in .conf, in the order they are read. */
typedef struct wax_config_paths {
    char **paths;
    size_t count;
} wax_config_paths;

/* Lists them. Returns 0, or errno of the call that failed, E2BIG for more than
 * WAX_CONFIG_FILES_MAX; `list` is then empty. */
WAX_CHECKED int wax_config_paths_list(wax_config_paths *list, const char *directory);

void wax_config_paths_free(wax_config_paths *list);

/* Orders names letter by letter, case aside, upper before lower case of the same letter. */
int wax_config_names_compare(const char *one, const char *other);

#endif
