/* From the model to the text of a file, in Mosquitto's form and order. */
#include "dynsec/inner.h"

#include <stdlib.h>
#include <string.h>

/* A member of the model as the file has it. */
static json_t *outside(const json_t *object, const char *key, json_t *value)
{
    if (strcmp(key, "roles") == 0) {
        return links_to_list(value, "rolename", true);
    }
    if (strcmp(key, "clients") == 0) {
        return links_to_list(value, "username", true);
    }
    if (strcmp(key, "acls") == 0) {
        return acls_to_list(object);
    }
    return json_incref(value);
}

static json_t *list_of(json_t *objects, const char *name_key)
{
    json_t *list = json_array();
    size_t count;
    const char **names = sorted_keys(objects, &count);

    for (size_t i = 0; names != NULL && i < count; i++) {
        json_t *object = json_object_get(objects, names[i]);
        json_t *entry = json_pack("{s:s}", name_key, names[i]);
        const char *key;
        json_t *value;

        json_object_foreach(object, key, value)
        {
            json_object_set_new(entry, key, outside(object, key, value));
        }
        json_array_append_new(list, entry);
    }
    free(names);
    return list;
}

static json_t *defaults_of(const wax_dynsec *dynsec)
{
    json_t *defaults = json_object();

    for (size_t i = 0; i < WAX_RIGHT_COUNT; i++) {
        json_object_set_new(defaults, right_names[i], json_boolean(dynsec->defaults[i]));
    }
    return defaults;
}

void wax_dynsec_wipe_text(wax_bytes *text)
{
    if (text->size > 0) {
        wax_wipe((void *)(uintptr_t)text->data, text->size);
    }
    free((void *)(uintptr_t)text->data);
    *text = (wax_bytes){NULL, 0};
}

wax_status wax_dynsec_write(const wax_dynsec *dynsec, wax_bytes *text)
{
    json_t *file = json_object();
    char *written;

    json_object_set_new(file, "defaultACLAccess", defaults_of(dynsec));
    json_object_set_new(file, "clients", list_of(dynsec->clients, "username"));
    json_object_set_new(file, "groups", list_of(dynsec->groups, "groupname"));
    if (dynsec->anonymous != NULL) {
        json_object_set(file, "anonymousGroup", dynsec->anonymous);
    }
    json_object_set_new(file, "roles", list_of(dynsec->roles, "rolename"));
    json_object_update(file, dynsec->others);
    written = json_dumps(file, JSON_INDENT(2));
    json_decref(file);
    *text = wax_bytes_of_text(written);
    if (written == NULL) {
        return WAX_FULL;
    }
    if (text->size > WAX_DYNSEC_TEXT_MAX) {
        wax_dynsec_wipe_text(text);
        return WAX_TOO_LARGE;
    }
    return WAX_OK;
}
