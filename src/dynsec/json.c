/* JSON as Mosquitto reads and writes it: names without case, numbers of any kind, lists in the
 * order of priorities. */
#include "dynsec/inner.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

json_t *member(const json_t *object, const char *name)
{
    json_t *found = json_object_get(object, name);
    const char *key;
    json_t *value;

    if (found != NULL || !json_is_object(object)) {
        return found;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (strcasecmp(key, name) == 0) {
            return value;
        }
    }
    return NULL;
}

const char *member_text(const json_t *object, const char *name)
{
    return json_string_value(member(object, name));
}

int member_number(const json_t *object, const char *name, int fallback)
{
    const json_t *value = member(object, name);
    double number = json_number_value(value);

    if (!json_is_number(value)) {
        return fallback;
    }
    return number <= INT32_MIN ? INT32_MIN : number >= INT32_MAX ? INT32_MAX : (int)number;
}

bool member_flag(const json_t *object, const char *name, bool fallback)
{
    const json_t *value = member(object, name);

    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static int compare_keys(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

const char **sorted_keys(json_t *object, size_t *count)
{
    const char **keys = calloc(json_object_size(object) + 1, sizeof *keys);
    const char *key;
    json_t *value;

    *count = 0;
    if (keys == NULL) {
        return NULL;
    }
    json_object_foreach(object, key, value)
    {
        keys[(*count)++] = key;
    }
    qsort(keys, *count, sizeof *keys, compare_keys);
    return keys;
}

static int compare_links(const void *one, const void *other)
{
    const struct link *a = one;
    const struct link *b = other;

    if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return strcmp(a->name, b->name);
}

struct link *sorted_links(json_t *links, size_t *count)
{
    struct link *sorted = calloc(json_object_size(links) + 1, sizeof *sorted);
    const char *key;
    json_t *value;

    *count = 0;
    if (sorted == NULL) {
        return NULL;
    }
    json_object_foreach(links, key, value)
    {
        sorted[(*count)++] = (struct link){key, (int)json_integer_value(value)};
    }
    qsort(sorted, *count, sizeof *sorted, compare_links);
    return sorted;
}

json_t *links_to_list(json_t *links, const char *name_key, bool with_priority)
{
    json_t *list = json_array();
    size_t count;
    struct link *sorted = sorted_links(links, &count);

    for (size_t i = 0; sorted != NULL && i < count; i++) {
        json_t *entry = json_pack("{s:s}", name_key, sorted[i].name);
        if (with_priority && sorted[i].priority != LINK_PRIORITY) {
            json_object_set_new(entry, "priority", json_integer(sorted[i].priority));
        }
        json_array_append_new(list, entry);
    }
    free(sorted);
    return list;
}

size_t name_number(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && (name == NULL || strcasecmp(names[i], name) != 0)) {
        i++;
    }
    return i;
}
