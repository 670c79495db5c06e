/* The files a configuration is read from. */
#include "broker/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool wax_config_file_read(const char *path, char **text, size_t *size, wax_config_report *report)
{
    const char *reason = NULL;
    FILE *file = fopen(path, "re");
    if (!file) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, path, 0, "cannot open this file: %s",
                              strerror(errno));
        return false;
    }
    *text = malloc(WAX_CONFIG_FILE_SIZE_MAX + 1);
    *size = *text ? fread(*text, 1, WAX_CONFIG_FILE_SIZE_MAX + 1, file) : 0;
    if (!*text) {
        reason = "there is no memory left for this file";
    } else if (ferror(file)) {
        reason = strerror(errno);
    } else if (*size > WAX_CONFIG_FILE_SIZE_MAX) {
        reason = "this file is larger than 1 MiB, which no configuration is";
    }
    (void)fclose(file);
    if (reason) {
        free(*text);
        wax_config_report_add(report, WAX_CONFIG_ERROR, path, 0, "%s", reason);
    }
    return !reason;
}

/* In ASCII alone, whatever the locale. */
static int upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : (unsigned char)letter;
}

int wax_config_names_compare(const char *one, const char *other)
{
    for (; *one && *other; one++, other++) {
        int order = upper(*one) - upper(*other);
        if (order == 0) {
            order = (unsigned char)*one - (unsigned char)*other;
        }
        if (order != 0) {
            return order;
        }
    }
    return (unsigned char)*one - (unsigned char)*other;
}

static int compare_paths(const void *one, const void *other)
{
    return wax_config_names_compare(*(char *const *)one, *(char *const *)other);
}

static bool is_wanted(const char *name)
{
    static const char ending[] = ".conf";
    size_t size = strlen(name);
    return size >= sizeof ending && strcmp(name + size - (sizeof ending - 1), ending) == 0;
}

static int add_path(wax_config_paths *list, const char *directory, const char *name)
{
    size_t size = strlen(directory);
    const char *between = size > 0 && directory[size - 1] == '/' ? "" : "/";
    char *path = NULL;
    if (list->count == WAX_CONFIG_FILES_MAX) {
        return E2BIG;
    }
    char **paths = realloc(list->paths, (list->count + 1) * sizeof *paths);
    if (!paths) {
        return ENOMEM;
    }
    list->paths = paths;
    if (asprintf(&path, "%s%s%s", directory, between, name) < 0) {
        return ENOMEM;
    }
    list->paths[list->count++] = path;
    return 0;
}

int wax_config_paths_list(wax_config_paths *list, const char *directory)
{
    *list = (wax_config_paths){0};
    DIR *folder = opendir(directory);
    if (!folder) {
        return errno;
    }
    int error = 0;
    const struct dirent *entry = readdir(folder);
    for (; entry && error == 0; entry = readdir(folder)) {
        if (is_wanted(entry->d_name)) {
            error = add_path(list, directory, entry->d_name);
        }
    }
    (void)closedir(folder);
    if (error != 0) {
        wax_config_paths_free(list);
    } else if (list->count > 0) {
        qsort(list->paths, list->count, sizeof *list->paths, compare_paths);
    }
    return error;
}

void wax_config_paths_free(wax_config_paths *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
    }
    free(list->paths);
    *list = (wax_config_paths){0};
}
