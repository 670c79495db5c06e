/* Commands about clients. */
#include "dynsec/inner.h"

#include <string.h>

static json_t *find_client(const struct task *task, const char **name, const char **fault)
{
    return find_named(task, task->dynsec->clients, &a_client, name, fault);
}

/* Sets the only client id that the client may use; an empty one lets it use any. */
static void set_id(json_t *client, const char *id)
{
    if (id == NULL || id[0] == '\0') {
        json_object_del(client, "clientid");
    } else {
        json_object_set_new(client, "clientid", json_string(id));
    }
}

/* --- Groups of a client --- */

/* Reads "groups" of the command into links; NULL where the command has none. */
static const char *take_groups(const struct task *task, json_t **groups)
{
    const json_t *list = member(task->command, "groups");
    json_t *entry;
    size_t i;

    *groups = NULL;
    if (!json_is_array(list)) {
        return NULL;
    }
    *groups = json_object();
    json_array_foreach(list, i, entry)
    {
        const char *name = member_text(entry, "groupname");
        if (name == NULL) {
            return "'groups' contains an object with an invalid 'groupname'";
        }
        if (json_object_get(task->dynsec->groups, name) == NULL) {
            return "Group not found";
        }
        json_object_set_new(*groups, name,
                            json_integer(member_number(entry, "priority", LINK_PRIORITY)));
    }
    return json_object_size(*groups) > WAX_DYNSEC_LINKS_MAX ? "Too many groups" : NULL;
}

static void join_groups(const wax_dynsec *dynsec, const char *name, json_t *groups)
{
    const char *group;
    json_t *priority;

    json_object_foreach(groups, group, priority)
    {
        json_object_set(json_object_get(json_object_get(dynsec->groups, group), "clients"), name,
                        priority);
    }
}

/* --- Making and changing --- */

/* What a new client needs. */
struct wanted {
    const char *name;
    const char *password;
    const char *id;
    json_t *roles;
    json_t *groups;
};

static const char *take_wanted(const struct task *task, struct wanted *wanted)
{
    const char *fault;

    wanted->name = member_text(task->command, "username");
    if (wanted->name == NULL) {
        return "Invalid/missing username";
    }
    if (wanted->name[0] == '\0') {
        return "Empty username";
    }
    if (!take_text(task->command, "password", &wanted->password)) {
        return "Invalid/missing password";
    }
    if (!take_text(task->command, "clientid", &wanted->id)) {
        return "Invalid/missing client id";
    }
    if (json_object_get(task->dynsec->clients, wanted->name) != NULL) {
        return "Client already exists";
    }
    if (json_object_size(task->dynsec->clients) >= WAX_DYNSEC_CLIENTS_MAX) {
        return "Too many clients";
    }
    fault = take_roles(task, &wanted->roles);
    return fault == NULL ? take_groups(task, &wanted->groups) : fault;
}

static const char *fill(const struct task *task, json_t *client, const struct wanted *wanted)
{
    const char *fault = set_texts(task, client, true);

    set_id(client, wanted->id);
    if (wanted->roles != NULL) {
        json_object_set(client, "roles", wanted->roles);
    } else {
        json_object_set_new(client, "roles", json_object());
    }
    if (fault == NULL && wanted->password != NULL && !set_password(client, wanted->password)) {
        fault = "Internal error";
    }
    return fault;
}

const char *create_client(struct task *task)
{
    struct wanted wanted = {.name = NULL};
    json_t *client = json_object();
    const char *fault = take_wanted(task, &wanted);

    if (fault == NULL) {
        fault = fill(task, client, &wanted);
    }
    if (fault == NULL) {
        json_object_set(task->dynsec->clients, wanted.name, client);
        join_groups(task->dynsec, wanted.name, wanted.groups);
        task->has_changed = true;
    }
    json_decref(client);
    json_decref(wanted.roles);
    json_decref(wanted.groups);
    return fault;
}

const char *delete_client(struct task *task)
{
    const char *name;
    const char *fault;

    if (find_client(task, &name, &fault) != NULL) {
        unlink_everywhere(task->dynsec->groups, "clients", name);
        json_object_del(task->dynsec->clients, name);
        task->has_changed = true;
    }
    return fault;
}

const char *enable_client(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *client = find_client(task, &name, &fault);

    task->has_changed = client != NULL && json_object_del(client, "disabled") == 0;
    return fault;
}

const char *disable_client(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *client = find_client(task, &name, &fault);

    if (client != NULL) {
        json_object_set_new(client, "disabled", json_true());
        task->has_changed = true;
    }
    return fault;
}

const char *set_client_id(struct task *task)
{
    const char *name;
    const char *fault;
    const char *id;
    json_t *client = find_client(task, &name, &fault);

    if (client == NULL) {
        return fault;
    }
    if (!take_text(task->command, "clientid", &id)) {
        return "Invalid/missing client ID";
    }
    set_id(client, id);
    task->has_changed = true;
    return NULL;
}

const char *set_client_password(struct task *task)
{
    const char *name;
    const char *fault;
    const char *password = member_text(task->command, "password");
    json_t *client = find_client(task, &name, &fault);

    if (name == NULL) {
        return fault;
    }
    if (password == NULL) {
        return "Invalid/missing password";
    }
    if (password[0] == '\0') {
        return "Empty password is not allowed";
    }
    if (client == NULL) {
        return fault;
    }
    task->has_changed = set_password(client, password);
    return task->has_changed ? NULL : "Internal error";
}

/* Changes a client to what the command says; `roles` and `groups` may be NULL. */
static const char *change(const struct task *task, const char *name, json_t *roles, json_t *groups)
{
    json_t *client = json_object_get(task->dynsec->clients, name);
    const char *password = member_text(task->command, "password");
    const char *id = member_text(task->command, "clientid");

    if (password != NULL && password[0] != '\0' && !set_password(client, password)) {
        return "Internal error";
    }
    if (id != NULL) {
        set_id(client, id);
    }
    (void)set_texts(task, client, false);
    if (roles != NULL) {
        json_object_set(client, "roles", roles);
    }
    if (groups != NULL) {
        unlink_everywhere(task->dynsec->groups, "clients", name);
        join_groups(task->dynsec, name, groups);
    }
    return NULL;
}

const char *modify_client(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *roles = NULL;
    json_t *groups = NULL;

    if (find_client(task, &name, &fault) == NULL) {
        return fault;
    }
    fault = take_roles(task, &roles);
    if (fault == NULL) {
        fault = take_groups(task, &groups);
    }
    if (fault == NULL) {
        fault = change(task, name, roles, groups);
        task->has_changed = true;
    }
    json_decref(roles);
    json_decref(groups);
    return fault;
}

const char *add_client_role(struct task *task)
{
    const char *name;
    const char *fault;
    const char *role = member_text(task->command, "rolename");
    json_t *client = find_client(task, &name, &fault);

    if (client == NULL) {
        return fault;
    }
    if (role != NULL && json_object_get(json_object_get(client, "roles"), role) != NULL) {
        return "Internal error"; /* Mosquitto's words where the client has the role */
    }
    return add_role(task, client);
}

const char *remove_client_role(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *client = find_client(task, &name, &fault);

    return client == NULL ? fault : remove_role(task, client);
}

/* --- Showing --- */

static json_t *show_client(const wax_dynsec *dynsec, const char *name, json_t *client)
{
    json_t *shown = json_pack("{s:s}", "username", name);
    json_t *groups = groups_of(dynsec, name);
    const char *key;
    json_t *value;

    json_object_foreach(client, key, value)
    {
        if (!is_secret_member(key) && strcmp(key, "roles") != 0) {
            json_object_set(shown, key, value);
        }
    }
    json_object_set_new(shown, "roles",
                        links_to_list(json_object_get(client, "roles"), "rolename", true));
    json_object_set_new(shown, "groups", links_to_list(groups, "groupname", true));
    json_decref(groups);
    return shown;
}

const char *get_client(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *client = find_client(task, &name, &fault);

    if (client != NULL) {
        task->data = json_pack("{s:o}", "client", show_client(task->dynsec, name, client));
    }
    return fault;
}

const char *list_clients(struct task *task)
{
    return list_named(task, task->dynsec->clients, "clients", show_client);
}
