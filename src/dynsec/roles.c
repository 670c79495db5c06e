/* Commands about roles, their ACLs, and what holds where no ACL speaks. */
#include "dynsec/inner.h"

#include <string.h>

static json_t *find_role(const struct task *task, const char **name, const char **fault)
{
    return find_named(task, task->dynsec->roles, &a_role, name, fault);
}

/* Whether subscriptions may have wildcards: since Mosquitto 2.1. */
static const char *set_wildcards(const struct task *task, json_t *role)
{
    json_t *wildcards = member(task->command, "allowwildcardsubs");

    if (wildcards != NULL && !json_is_boolean(wildcards)) {
        return "Invalid allowwildcardsubs";
    }
    if (wildcards != NULL) {
        json_object_set(role, "allowwildcardsubs", wildcards);
    }
    return NULL;
}

const char *create_role(struct task *task)
{
    const char *name = member_text(task->command, "rolename");
    const char *fault;
    size_t left_out = 0;
    json_t *role;

    if (name == NULL) {
        return "Invalid/missing rolename";
    }
    if (name[0] == '\0') {
        return "Empty rolename";
    }
    if (json_object_get(task->dynsec->roles, name) != NULL) {
        return "Role already exists";
    }
    if (json_object_size(task->dynsec->roles) >= WAX_DYNSEC_ROLES_MAX) {
        return "Too many roles";
    }
    role = json_object();
    fault = set_texts(task, role, true);
    if (fault == NULL) {
        fault = set_wildcards(task, role);
    }
    json_object_set_new(role, "acls", acls_from_list(member(task->command, "acls"), &left_out));
    if (fault == NULL && left_out > 0) {
        fault = "Invalid ACL in acls"; /* Mosquitto drops it, a denial too, without a word */
    }
    if (fault == NULL) {
        json_object_set(task->dynsec->roles, name, role);
        task->has_changed = true;
    }
    json_decref(role);
    return fault;
}

const char *delete_role(struct task *task)
{
    const char *name;
    const char *fault;

    if (find_role(task, &name, &fault) != NULL) {
        unlink_everywhere(task->dynsec->clients, "roles", name);
        unlink_everywhere(task->dynsec->groups, "roles", name);
        json_object_del(task->dynsec->roles, name);
        task->has_changed = true;
    }
    return fault;
}

const char *modify_role(struct task *task)
{
    const char *name;
    const char *fault;
    size_t left_out = 0;
    json_t *list = member(task->command, "acls");
    json_t *role = find_role(task, &name, &fault);
    json_t *acls;

    if (role == NULL) {
        return name == NULL ? fault : "Role does not exist";
    }
    acls = json_is_array(list) ? acls_from_list(list, &left_out) : NULL;
    fault = left_out > 0 ? "Invalid ACL in acls" : set_wildcards(task, role);
    if (fault == NULL) {
        (void)set_texts(task, role, false);
        if (acls != NULL) {
            json_object_set(role, "acls", acls);
        }
        task->has_changed = true;
    }
    json_decref(acls);
    return fault;
}

/* --- Single ACLs --- */

/* The role, and the number of the type, that the command names. */
static json_t *find_type(const struct task *task, size_t *type, const char **fault)
{
    const char *name;
    const char *wanted = member_text(task->command, "acltype");
    json_t *role = find_role(task, &name, fault);

    *type = name_number(acl_names, WAX_ACL_TYPE_COUNT, wanted);
    if (role != NULL && *type == WAX_ACL_TYPE_COUNT) {
        *fault = wanted == NULL ? "Invalid/missing acltype" : "Unknown acltype";
        return NULL;
    }
    return role;
}

const char *add_role_acl(struct task *task)
{
    const char *topic = member_text(task->command, "topic");
    const char *fault;
    size_t type;
    json_t *role = find_type(task, &type, &fault);
    json_t *acls = json_object_get(role, "acls");
    json_t *of_type;

    if (role == NULL) {
        return fault;
    }
    if (!is_acl_topic(topic)) {
        return topic == NULL ? "Invalid/missing topic" : "Invalid ACL topic";
    }
    of_type = json_object_get(acls, acl_names[type]);
    if (json_object_get(of_type, topic) != NULL) {
        return "ACL with this topic already exists";
    }
    if (json_object_size(of_type) >= WAX_DYNSEC_ACLS_MAX) {
        return "Too many ACLs";
    }
    if (of_type == NULL) {
        of_type = json_object();
        json_object_set_new(acls, acl_names[type], of_type);
    }
    json_object_set_new(of_type, topic,
                        json_pack("{s:i, s:b}", "priority",
                                  member_number(task->command, "priority", ACL_PRIORITY), "allow",
                                  (int)member_flag(task->command, "allow", false)));
    task->has_changed = true;
    return NULL;
}

const char *remove_role_acl(struct task *task)
{
    const char *topic = member_text(task->command, "topic");
    const char *fault;
    size_t type;
    json_t *role = find_type(task, &type, &fault);
    json_t *acls = json_object_get(role, "acls");

    if (role == NULL) {
        return fault;
    }
    if (topic == NULL) {
        return "Invalid/missing topic";
    }
    task->has_changed = json_object_del(json_object_get(acls, acl_names[type]), topic) == 0;
    return task->has_changed ? NULL : "ACL not found";
}

/* --- Showing --- */

static json_t *show_role(const wax_dynsec *dynsec, const char *name, json_t *role)
{
    json_t *shown = json_pack("{s:s}", "rolename", name);

    (void)dynsec;
    json_object_update(shown, role);
    json_object_set_new(shown, "acls", acls_to_list(role));
    return shown;
}

const char *get_role(struct task *task)
{
    const char *name;
    const char *fault;
    json_t *role = find_role(task, &name, &fault);

    if (role != NULL) {
        task->data = json_pack("{s:o}", "role", show_role(task->dynsec, name, role));
    }
    return fault;
}

const char *list_roles(struct task *task)
{
    return list_named(task, task->dynsec->roles, "roles", show_role);
}

/* --- Defaults --- */

/* What an entry says: "allow" with a boolean or, as mosquitto_ctrl 2.0 writes it and its broker
 * does not read it, "access" with a word. */
static const char *read_default(const json_t *entry, bool defaults[static WAX_RIGHT_COUNT])
{
    size_t right = name_number(right_names, WAX_RIGHT_COUNT, member_text(entry, "acltype"));
    const json_t *allow = member(entry, "allow");
    const char *access = member_text(entry, "access");

    if (right == WAX_RIGHT_COUNT) {
        return "Unknown acltype";
    }
    if (json_is_boolean(allow)) {
        defaults[right] = json_is_true(allow);
        return NULL;
    }
    if (access == NULL || (strcmp(access, "allow") != 0 && strcmp(access, "deny") != 0)) {
        return "Invalid/missing allow";
    }
    defaults[right] = access[0] == 'a';
    return NULL;
}

const char *set_default_access(struct task *task)
{
    const json_t *list = member(task->command, "acls");
    bool defaults[WAX_RIGHT_COUNT];
    const char *fault = NULL;
    json_t *entry;
    size_t i;

    if (!json_is_array(list)) {
        return "Missing/invalid actions array";
    }
    memcpy(defaults, task->dynsec->defaults, sizeof defaults);
    json_array_foreach(list, i, entry)
    {
        fault = fault == NULL ? read_default(entry, defaults) : fault;
    }
    if (fault == NULL) {
        memcpy(task->dynsec->defaults, defaults, sizeof defaults);
        task->has_changed = true;
    }
    return fault;
}

const char *get_default_access(struct task *task)
{
    json_t *list = json_array();

    for (size_t i = 0; i < WAX_RIGHT_COUNT; i++) {
        json_array_append_new(list, json_pack("{s:s, s:b}", "acltype", right_names[i], "allow",
                                              (int)task->dynsec->defaults[i]));
    }
    task->data = json_pack("{s:o}", "acls", list);
    return NULL;
}
