/* From the model to a table that never changes. All that a table points to lies in its own chunks.
 */
#include "dynsec/inner.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 65536, ALIGNMENT = 16 };

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

struct wax_dynsec_table {
    atomic_uint holders;
    struct chunk *chunks;
    wax_dynsec_user *users; /* by name */
    size_t user_count;
    wax_dynsec_user anonymous;
    wax_dynsec_user stranger;
    wax_bytes decoy;
};

/* A role while the table is made. */
struct made_role {
    const char *name;
    wax_access_role role;
    uint64_t print;
    bool names_client_id;
    bool names_user;
};

struct compile {
    const wax_dynsec *dynsec;
    wax_dynsec_table *table;
    struct made_role *roles; /* by name */
    size_t role_count;
    json_t *groups_of; /* from a client to its groups: links */
    bool is_full;      /* memory ran out */
};

/* --- Memory --- */

/* Zeroed room that dies with the table. NULL without memory. */
static void *take(struct compile *compile, size_t size)
{
    struct chunk *chunk = compile->table->chunks;
    size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    if (chunk == NULL || chunk->size - chunk->used < whole) {
        size_t room = whole > CHUNK_SIZE ? whole : CHUNK_SIZE;
        chunk = calloc(1, sizeof *chunk + room);
        if (chunk == NULL) {
            compile->is_full = true;
            return NULL;
        }
        chunk->size = room;
        chunk->next = compile->table->chunks;
        compile->table->chunks = chunk;
    }
    chunk->used += whole;
    return chunk->bytes + chunk->used - whole;
}

static wax_bytes copy(struct compile *compile, const char *text)
{
    wax_bytes bytes = wax_bytes_of_text(text);
    uint8_t *room = bytes.size == 0 ? NULL : take(compile, bytes.size);

    if (room == NULL) {
        return (wax_bytes){NULL, 0};
    }
    memcpy(room, bytes.data, bytes.size);
    return wax_bytes_of(room, bytes.size);
}

/* --- Prints --- */

/* Adds to a print: what comes out depends on all that came in, and on its order. */
static void add_bytes(const struct compile *compile, uint64_t *print, wax_bytes bytes)
{
    uint64_t both[2] = {*print, wax_hash(compile->dynsec->key, bytes)};

    *print = wax_hash(compile->dynsec->key, wax_bytes_of(both, sizeof both));
}

static void add_number(const struct compile *compile, uint64_t *print, uint64_t number)
{
    add_bytes(compile, print, wax_bytes_of(&number, sizeof number));
}

/* --- Roles --- */

static void compile_acls(struct compile *compile, struct made_role *made, const json_t *role,
                         size_t type)
{
    size_t count;
    struct acl_row *rows = sorted_acls(role, type, &count);
    wax_acl *acls = rows == NULL ? NULL : take(compile, (count + 1) * sizeof *acls);

    for (size_t i = 0; acls != NULL && i < count; i++) {
        acls[i] = (wax_acl){copy(compile, rows[i].topic), rows[i].is_allowed};
        made->names_client_id = made->names_client_id || strstr(rows[i].topic, "%c") != NULL;
        made->names_user = made->names_user || strstr(rows[i].topic, "%u") != NULL;
        add_bytes(compile, &made->print, acls[i].topic);
        add_number(compile, &made->print, type << 1 | rows[i].is_allowed);
    }
    compile->is_full = compile->is_full || acls == NULL;
    made->role.acls[type] = acls;
    made->role.counts[type] = acls == NULL ? 0 : count;
    free(rows);
}

static void compile_roles(struct compile *compile)
{
    size_t count;
    const char **names = sorted_keys(compile->dynsec->roles, &count);

    compile->roles = names == NULL ? NULL : take(compile, (count + 1) * sizeof *compile->roles);
    compile->is_full = compile->is_full || names == NULL;
    for (size_t i = 0; compile->roles != NULL && i < count; i++) {
        struct made_role *made = &compile->roles[i];
        const json_t *role = json_object_get(compile->dynsec->roles, names[i]);

        made->name = names[i];
        made->role.refuses_wildcards = !member_flag(role, "allowwildcardsubs", true);
        made->print = made->role.refuses_wildcards;
        for (size_t type = 0; type < WAX_ACL_TYPE_COUNT; type++) {
            compile_acls(compile, made, role, type);
        }
        compile->role_count = i + 1;
    }
    free(names);
}

static int compare_role(const void *name, const void *role)
{
    return strcmp(name, ((const struct made_role *)role)->name);
}

/* --- Users --- */

/* The roles of a user while they are gathered. */
struct gathered {
    const wax_access_role **roles;
    size_t count;
    size_t size;
};

static void gather(struct compile *compile, wax_dynsec_user *user, struct gathered *to,
                   json_t *links)
{
    size_t count;
    struct link *sorted = sorted_links(links, &count);

    for (size_t i = 0; sorted != NULL && i < count && to->count < to->size; i++) {
        const struct made_role *made = bsearch(sorted[i].name, compile->roles, compile->role_count,
                                               sizeof *compile->roles, compare_role);
        if (made == NULL) {
            continue;
        }
        to->roles[to->count++] = &made->role;
        user->standing.names_client_id = user->standing.names_client_id || made->names_client_id;
        user->standing.names_user = user->standing.names_user || made->names_user;
        add_number(compile, &user->print, made->print);
    }
    compile->is_full = compile->is_full || sorted == NULL;
    free(sorted);
}

static json_t *roles_of_group(const struct compile *compile, const char *name)
{
    return json_object_get(json_object_get(compile->dynsec->groups, name), "roles");
}

/* Gives the user its roles: its own, then those of its groups. */
static void compile_standing(struct compile *compile, wax_dynsec_user *user, json_t *own,
                             json_t *groups)
{
    struct gathered to = {.size = json_object_size(own)};
    size_t count;
    struct link *sorted = sorted_links(groups, &count);

    for (size_t i = 0; sorted != NULL && i < count; i++) {
        to.size += json_object_size(roles_of_group(compile, sorted[i].name));
    }
    to.roles = take(compile, (to.size + 1) * sizeof(const wax_access_role *));
    if (to.roles != NULL && sorted != NULL) {
        gather(compile, user, &to, own);
        for (size_t i = 0; i < count; i++) {
            gather(compile, user, &to, roles_of_group(compile, sorted[i].name));
        }
    }
    compile->is_full = compile->is_full || sorted == NULL;
    free(sorted);
    user->standing.roles = to.roles;
    user->standing.role_count = to.count;
    user->standing.is_known = true;
    memcpy(user->standing.defaults, compile->dynsec->defaults, sizeof user->standing.defaults);
    user->rights = user->print;
    add_bytes(compile, &user->rights,
              wax_bytes_of(user->standing.defaults, sizeof user->standing.defaults));
}

static void compile_user(struct compile *compile, wax_dynsec_user *user, const char *name)
{
    const json_t *client = json_object_get(compile->dynsec->clients, name);
    char stored[WAX_PASSWORD_STORED_MAX + 1];

    user->name = copy(compile, name);
    user->client_id = copy(compile, member_text(client, "clientid"));
    user->is_disabled = member_flag(client, "disabled", false);
    if (password_of(client, stored)) {
        user->password = copy(compile, stored);
    }
    wax_wipe(stored, sizeof stored);
    user->print = 1 + (uint64_t)user->is_disabled;
    add_bytes(compile, &user->print, user->client_id);
    add_bytes(compile, &user->print, user->password);
    compile_standing(compile, user, json_object_get(client, "roles"),
                     json_object_get(compile->groups_of, name));
    if (user->is_disabled) { /* known, and without any right */
        user->standing = (wax_standing){.is_known = true};
    }
    if (compile->table->decoy.size == 0) {
        compile->table->decoy = user->password;
    }
}

static void compile_users(struct compile *compile)
{
    wax_dynsec_table *table = compile->table;
    size_t count;
    const char **names = sorted_keys(compile->dynsec->clients, &count);

    table->users = names == NULL ? NULL : take(compile, (count + 1) * sizeof *table->users);
    compile->is_full = compile->is_full || table->users == NULL;
    for (size_t i = 0; table->users != NULL && i < count; i++) {
        compile_user(compile, &table->users[i], names[i]);
        table->user_count = i + 1;
    }
    free(names);
}

static void compile_anonymous(struct compile *compile)
{
    const char *name = json_string_value(compile->dynsec->anonymous);

    compile->table->anonymous.print = 1;
    compile_standing(compile, &compile->table->anonymous,
                     name == NULL ? NULL : roles_of_group(compile, name), NULL);
}

static void add_group(json_t *all, const char *client, const char *group, json_t *priority)
{
    json_t *links = json_object_get(all, client);

    if (links == NULL) {
        links = json_object();
        json_object_set_new(all, client, links);
    }
    json_object_set(links, group, priority);
}

/* Turns the lists of groups' clients over: from each client to its groups. */
static json_t *turn_over(const wax_dynsec *dynsec)
{
    json_t *all = json_object();
    const char *group_name;
    json_t *group;

    json_object_foreach(dynsec->groups, group_name, group)
    {
        const char *name;
        json_t *priority;
        json_object_foreach(json_object_get(group, "clients"), name, priority)
        {
            add_group(all, name, group_name, priority);
        }
    }
    return all;
}

wax_status wax_dynsec_compile(const wax_dynsec *dynsec, wax_dynsec_table **made)
{
    struct compile compile = {.dynsec = dynsec, .table = calloc(1, sizeof(wax_dynsec_table))};

    *made = NULL;
    if (compile.table == NULL) {
        return WAX_FULL;
    }
    atomic_init(&compile.table->holders, 1);
    compile.groups_of = turn_over(dynsec);
    compile_roles(&compile);
    compile_users(&compile);
    compile_anonymous(&compile);
    json_decref(compile.groups_of);
    if (compile.is_full) {
        wax_dynsec_release(compile.table);
        return WAX_FULL;
    }
    *made = compile.table;
    return WAX_OK;
}

/* --- Tables --- */

wax_dynsec_table *wax_dynsec_hold(wax_dynsec_table *table)
{
    atomic_fetch_add(&table->holders, 1);
    return table;
}

void wax_dynsec_release(wax_dynsec_table *table)
{
    if (table == NULL || atomic_fetch_sub(&table->holders, 1) != 1) {
        return;
    }
    while (table->chunks != NULL) {
        struct chunk *next = table->chunks->next;
        wax_wipe(table->chunks->bytes, table->chunks->used); /* hashes of passwords */
        free(table->chunks);
        table->chunks = next;
    }
    free(table);
}

static int compare_user(const void *name, const void *user)
{
    return wax_bytes_compare(*(const wax_bytes *)name, ((const wax_dynsec_user *)user)->name);
}

const wax_dynsec_user *wax_dynsec_find(const wax_dynsec_table *table,
                                       const wax_access_identity *identity)
{
    const wax_dynsec_user *user;

    if (!identity->has_user) {
        return &table->anonymous;
    }
    user = bsearch(&identity->user, table->users, table->user_count, sizeof *table->users,
                   compare_user);
    return user == NULL ? &table->stranger : user;
}

wax_bytes wax_dynsec_decoy(const wax_dynsec_table *table)
{
    return table->decoy;
}

size_t wax_dynsec_user_count(const wax_dynsec_table *table)
{
    return table->user_count;
}
