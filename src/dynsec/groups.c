/* Commands about groups, and about the one of the anonymous. */
#include "dynsec/inner.h"

#include <string.h>

static json_t *find_group(const struct task *task, const char **name, const char **fault)
{
    return find_named(task, task->dynsec->groups, &a_group, name, fault);
}

const char *create_group(struct task *task)
{
    const char *name = member_text(task->command, "groupname");
    json_t *group;
    json_t *roles;
    const char *fault;

    if (name == NULL) {
        return "Invalid/missing groupname";
    }
    if (name[0] == '\0') {
        return "Empty groupname";
    }
    if (json_object_get(task->dynsec->groups, name) != NULL) {
        return "Group already exists";
    }
    if (json_object_size(task->dynsec->groups) >= WAX_DYNSEC_GROUPS_MAX) {
        return "Too many groups";
    }
    fault = take_roles(task, &roles);
    if (fault != NULL) {
        return fault;
    }
    group = json_object();
    fault = set_texts(task, group, true);
    json_object_set_new(group, "roles", roles == NULL ? json_object() : roles);
    json_object_set_new(group, "clients", json_object());
    if (fault == NULL) {
        json_object_set(task->dynsec->groups, name, group);
        task->has_changed = true;
    }
    json_decref(group);
    return fault;
}

static bool is_anonymous(const wax_dynsec *dynsec, const char *name)
{
    const char *anonymous = json_string_value(dynsec->anonymous);

    return anonymous != NULL && strcmp(anonymous, name) == 0;
}

const char *delete_group(struct task *task)
{
    const char *name;
    const char *fault;

    if (find_group(task, &name, &fault) == NULL) {
        return fault;
    }
    if (is_anonymous(task->dynsec, name)) {
        return "Deleting the anonymous group is forbidden";
    }
    json_object_del(task->dynsec->groups, name);
    task->has_changed = true;
    return NULL;
}

/* --- Clients of a group --- */

/* Reads "clients" of the command into links; NULL where the command has none. */
static const char *take_clients(const struct task *task, json_t **clients)
{
    const json_t *list = member(task->command, "clients");
    json_t *entry;
    size_t i;

    *clients = NULL;
    if (!json_is_array(list)) {
        return NULL;
    }
    *clients = json_object();
    json_array_foreach(list, i, entry)
    {
        const char *name = member_text(entry, "username");
        if (name == NULL) {
            return "'clients' contains an object with an invalid 'username'";
        }
        if (json_object_get(task->dynsec->clients, name) == NULL) {
            return "'clients' contains an object with a 'username' that does not exist";
        }
        json_object_set_new(*clients, name,
                            json_integer(member_number(entry, "priority", LINK_PRIORITY)));
    }
    return NULL;
}

const char *modify_group(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *roles = NULL;
    json_t *clients = NULL;
    json_t *group = find_group(task, &name, &fault);

    if (group == NULL) {
        return fault;
    }
    fault = take_roles(task, &roles);
    if (fault == NULL) {
        fault = take_clients(task, &clients);
    }
    if (fault == NULL) {
        (void)set_texts(task, group, false);
        if (roles != NULL) {
            json_object_set(group, "roles", roles);
        }
        if (clients != NULL) {
            json_object_set(group, "clients", clients);
        }
        task->has_changed = true;
    }
    json_decref(roles);
    json_decref(clients);
    return fault;
}

/* The group and the client that the command names. */
static json_t *find_both(const struct task *task, const char **client, const char **fault)
{
    const char *name;

    if (find_named(task, task->dynsec->clients, &a_client, client, fault) == NULL) {
        return NULL;
    }
    return find_group(task, &name, fault);
}

const char *add_group_client(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *group = find_both(task, &name, &fault);
    json_t *clients = json_object_get(group, "clients");
    json_t *others;
    size_t count;

    if (group == NULL) {
        return fault;
    }
    if (json_object_get(clients, name) != NULL) {
        return "Client is already in this group";
    }
    others = groups_of(task->dynsec, name);
    count = json_object_size(others);
    json_decref(others);
    if (count >= WAX_DYNSEC_LINKS_MAX) {
        return "Too many groups";
    }
    json_object_set_new(clients, name,
                        json_integer(member_number(task->command, "priority", LINK_PRIORITY)));
    task->has_changed = true;
    return NULL;
}

const char *remove_group_client(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *group = find_both(task, &name, &fault);

    task->has_changed =
        group != NULL && json_object_del(json_object_get(group, "clients"), name) == 0;
    return fault;
}

/* --- Roles of a group --- */

const char *add_group_role(struct task *task)
{
    const char *name;
    const char *fault;
    const char *role = member_text(task->command, "rolename");
    json_t *group = find_group(task, &name, &fault);

    if (group == NULL) {
        return fault;
    }
    if (role != NULL && json_object_get(json_object_get(group, "roles"), role) != NULL) {
        return "Group is already in this role";
    }
    return add_role(task, group);
}

const char *remove_group_role(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *group = find_group(task, &name, &fault);

    return group == NULL ? fault : remove_role(task, group);
}

/* --- Showing --- */

static json_t *show_group(const wax_dynsec *dynsec, const char *name, json_t *group)
{
    json_t *shown = json_pack("{s:s}", "groupname", name);

    (void)dynsec;
    json_object_update(shown, group);
    json_object_set_new(shown, "clients",
                        links_to_list(json_object_get(group, "clients"), "username", false));
    json_object_set_new(shown, "roles",
                        links_to_list(json_object_get(group, "roles"), "rolename", true));
    return shown;
}

const char *get_group(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *group = find_group(task, &name, &fault);

    if (group != NULL) {
        task->data = json_pack("{s:o}", "group", show_group(task->dynsec, name, group));
    }
    return fault;
}

const char *list_groups(struct task *task)
{
    return list_named(task, task->dynsec->groups, "groups", show_group);
}

/* --- The anonymous --- */

const char *set_anonymous_group(struct task *task)
{
    const char *name;
    const char *fault;

    if (find_group(task, &name, &fault) != NULL) {
        json_decref(task->dynsec->anonymous);
        task->dynsec->anonymous = json_string(name);
        task->has_changed = true;
    }
    return fault;
}

const char *get_anonymous_group(struct task *task)
{
    const char *name = json_string_value(task->dynsec->anonymous);

    task->data = json_pack("{s:{s:s}}", "group", "groupname", name == NULL ? "" : name);
    return NULL;
}
