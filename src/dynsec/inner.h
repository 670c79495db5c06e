/* The model of dynamic security, and what commands are made of; inside of the room.
 *
 * Clients, groups and roles are JSON objects by name. Inside of one, "roles" (of a client or group)
 * and "clients" (of a group) are objects from a name to a priority, and "acls" (of a role) is an
 * object from a type to one from a topic to {"priority", "allow"}. All else stands there as in the
 * file. */
#ifndef WAX_DYNSEC_INNER_H
#define WAX_DYNSEC_INNER_H

#include "dynsec/dynsec.h"

#include <jansson.h>

enum {
    LINK_PRIORITY = -1, /* of a role or group where nothing is said; then it is not written */
    ACL_PRIORITY = 0,
};

struct wax_dynsec {
    json_t *clients;
    json_t *groups;
    json_t *roles;
    json_t *anonymous; /* the name of the group; NULL */
    json_t *others;    /* members of the file that are not known */
    bool defaults[WAX_RIGHT_COUNT];
    uint64_t key[2]; /* of prints */
};

/* --- Members of JSON objects --- */

/* The member of that name; case does not matter, as with Mosquitto, but an exact name comes first.
 * NULL if there is none. */
json_t *member(const json_t *object, const char *name);

/* The text of a member; NULL when there is none or it is no text. */
const char *member_text(const json_t *object, const char *name);

/* The number of a member, cut to what an int32_t holds; `fallback` when it is none. */
int member_number(const json_t *object, const char *name, int fallback);

bool member_flag(const json_t *object, const char *name, bool fallback);

/* The keys of an object in the order of their bytes, for the caller to free; NULL without memory,
 * and for an empty object. */
const char **sorted_keys(json_t *object, size_t *count);

/* --- Links: from a name to a priority --- */

struct link {
    const char *name;
    int priority;
};

/* Those of highest priority first, then by name. As sorted_keys(). */
struct link *sorted_links(json_t *links, size_t *count);

/* As a list of objects, {"NAME_KEY": name, "priority": number}. */
json_t *links_to_list(json_t *links, const char *name_key, bool with_priority);

/* --- ACLs --- */

/* The six types and the four rights, by Mosquitto's names. */
extern const char *const acl_names[WAX_ACL_TYPE_COUNT];
extern const char *const right_names[WAX_RIGHT_COUNT];

/* The number of a name in a list of names, case aside; `count` when it is none. */
size_t name_number(const char *const *names, size_t count, const char *name);

struct acl_row {
    const char *topic;
    int priority;
    bool is_allowed;
};

/* The ACLs of a role of one type: highest priority first, older ones first where it is the same. */
struct acl_row *sorted_acls(const json_t *role, size_t type, size_t *count);

/* As a list of objects, in the form of the file. */
json_t *acls_to_list(const json_t *role);

/* Reads a list of the file or of a command into the object that a role holds. What has no known
 * type, no valid topic, or a topic that was there before is left out and counted. NULL without
 * memory. */
json_t *acls_from_list(const json_t *list, size_t *left_out);

bool is_acl_topic(const char *topic);

/* --- Passwords --- */

/* Writes the hash in the form of a password file into `room`. False when the client has none that
 * could be verified. */
bool password_of(const json_t *client, char room[static WAX_PASSWORD_STORED_MAX + 1]);

/* Whether some member that belongs to a password is there. */
bool has_password(const json_t *client);

/* Hashes and stores a password in the form that every Mosquitto with dynamic security reads. */
bool set_password(json_t *client, const char *password);

/* Whether nobody but the room may see this member of a client. */
bool is_secret_member(const char *name);

/* --- Commands --- */

/* A command while it is carried out. */
struct task {
    wax_dynsec *dynsec;
    const json_t *command;
    json_t *data;     /* out: of the answer; NULL: none */
    bool has_changed; /* out */
};

/* Carries out a command. Returns NULL, or what is wrong in Mosquitto's words. */
typedef const char *command_function(struct task *task);

command_function create_client, delete_client, enable_client, disable_client, get_client,
    list_clients, modify_client, set_client_id, set_client_password, add_client_role,
    remove_client_role;
command_function create_group, delete_group, get_group, list_groups, modify_group, add_group_client,
    remove_group_client, add_group_role, remove_group_role, set_anonymous_group,
    get_anonymous_group;
command_function create_role, delete_role, get_role, list_roles, modify_role, add_role_acl,
    remove_role_acl;
command_function set_default_access, get_default_access;

/* --- What the commands share --- */

/* Reads a member that may be missing into `*text`, which is then NULL. False: it is no text. */
bool take_text(const json_t *command, const char *name, const char **text);

/* Finds what the command names; on failure `*fault` says why. */
struct sought {
    const char *name_key; /* "username" */
    const char *missing;  /* "Invalid/missing username" */
    const char *unknown;  /* "Client not found" */
};

extern const struct sought a_client, a_group, a_role;
json_t *find_named(const struct task *task, json_t *among, const struct sought *sought,
                   const char **name, const char **fault);

/* Sets the texts "textname" and "textdescription" of an object where the command has them. With
 * `strict` a member that is no text is a fault. */
const char *set_texts(const struct task *task, json_t *object, bool strict);

/* Reads "roles" of the command into links. `*roles` is NULL when the command has none. */
const char *take_roles(const struct task *task, json_t **roles);

/* Adds or removes a role that the command names. */
const char *add_role(struct task *task, json_t *object);
const char *remove_role(struct task *task, json_t *object);

/* Lists what is there, from "offset", "count" of it; with "verbose" as `show` has it. */
typedef json_t *show_function(const wax_dynsec *dynsec, const char *name, json_t *object);
const char *list_named(struct task *task, json_t *among, const char *key, show_function *show);

/* Ends all links of one name in the objects. */
void unlink_everywhere(json_t *objects, const char *kind, const char *name);

/* The groups of a client: links, for the caller to release. */
json_t *groups_of(const wax_dynsec *dynsec, const char *client);

#endif
