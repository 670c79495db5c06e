/* What the commands have in common: names that are looked up, texts, roles, lists. */
#include "dynsec/inner.h"

#include <stdlib.h>

const struct sought a_client = {"username", "Invalid/missing username", "Client not found"};
const struct sought a_group = {"groupname", "Invalid/missing groupname", "Group not found"};
const struct sought a_role = {"rolename", "Invalid/missing rolename", "Role not found"};

bool take_text(const json_t *command, const char *name, const char **text)
{
    const json_t *value = member(command, name);

    *text = json_string_value(value);
    return value == NULL || *text != NULL;
}

json_t *find_named(const struct task *task, json_t *among, const struct sought *sought,
                   const char **name, const char **fault)
{
    json_t *found;

    *name = member_text(task->command, sought->name_key);
    if (*name == NULL) {
        *fault = sought->missing;
        return NULL;
    }
    found = json_object_get(among, *name);
    *fault = found == NULL ? sought->unknown : NULL;
    return found;
}

const char *set_texts(const struct task *task, json_t *object, bool strict)
{
    static const char *const names[] = {"textname", "textdescription"};
    static const char *const faults[] = {"Invalid/missing textname",
                                         "Invalid/missing textdescription"};

    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        const char *text;
        if (!take_text(task->command, names[i], &text) && strict) {
            return faults[i];
        }
        if (text != NULL) {
            json_object_set(object, names[i], member(task->command, names[i]));
        }
    }
    return NULL;
}

/* One role of a list. */
static const char *take_role(const struct task *task, json_t *roles, const json_t *entry)
{
    const char *name = member_text(entry, "rolename");

    if (name == NULL) {
        return "'roles' not an array or missing/invalid rolename";
    }
    if (json_object_get(task->dynsec->roles, name) == NULL) {
        return "Role not found";
    }
    if (json_object_size(roles) >= WAX_DYNSEC_LINKS_MAX) {
        return "Too many roles";
    }
    if (json_object_get(roles, name) == NULL) {
        json_object_set_new(roles, name,
                            json_integer(member_number(entry, "priority", LINK_PRIORITY)));
    }
    return NULL;
}

const char *take_roles(const struct task *task, json_t **roles)
{
    const json_t *list = member(task->command, "roles");
    const char *fault = NULL;
    json_t *entry;
    size_t i;

    *roles = NULL;
    if (list == NULL) {
        return NULL;
    }
    if (!json_is_array(list)) {
        return "'roles' not an array or missing/invalid rolename";
    }
    *roles = json_object();
    json_array_foreach(list, i, entry)
    {
        fault = take_role(task, *roles, entry);
        if (fault != NULL) {
            json_decref(*roles);
            *roles = NULL;
            break;
        }
    }
    return fault;
}

const char *add_role(struct task *task, json_t *object)
{
    const char *name;
    const char *fault;
    json_t *roles = json_object_get(object, "roles");

    if (find_named(task, task->dynsec->roles, &a_role, &name, &fault) == NULL) {
        return fault;
    }
    if (json_object_size(roles) >= WAX_DYNSEC_LINKS_MAX) {
        return "Too many roles";
    }
    task->has_changed = true;
    json_object_set_new(roles, name,
                        json_integer(member_number(task->command, "priority", LINK_PRIORITY)));
    return NULL;
}

const char *remove_role(struct task *task, json_t *object)
{
    const char *name;
    const char *fault;

    if (find_named(task, task->dynsec->roles, &a_role, &name, &fault) == NULL) {
        return fault;
    }
    task->has_changed = json_object_del(json_object_get(object, "roles"), name) == 0;
    return NULL;
}

const char *list_named(struct task *task, json_t *among, const char *key, show_function *show)
{
    bool is_verbose = member_flag(task->command, "verbose", false);
    int most = member_number(task->command, "count", -1);
    int offset = member_number(task->command, "offset", 0);
    json_t *list = json_array();
    size_t count;
    const char **names = sorted_keys(among, &count);
    size_t first = offset < 0 ? 0 : (size_t)offset;

    for (size_t i = first; names != NULL && i < count && (most < 0 || i - first < (size_t)most);
         i++) {
        json_array_append_new(
            list, is_verbose ? show(task->dynsec, names[i], json_object_get(among, names[i]))
                             : json_string(names[i]));
    }
    free(names);
    task->data = json_pack("{s:I, s:o}", "totalCount", (json_int_t)count, key, list);
    return NULL;
}

void unlink_everywhere(json_t *objects, const char *kind, const char *name)
{
    const char *key;
    json_t *object;

    json_object_foreach(objects, key, object)
    {
        json_object_del(json_object_get(object, kind), name);
    }
}

json_t *groups_of(const wax_dynsec *dynsec, const char *client)
{
    json_t *links = json_object();
    const char *name;
    json_t *group;

    json_object_foreach(dynsec->groups, name, group)
    {
        json_t *priority = json_object_get(json_object_get(group, "clients"), client);
        if (priority != NULL) {
            json_object_set(links, name, priority);
        }
    }
    return links;
}
