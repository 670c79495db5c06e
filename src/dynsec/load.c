/* From the text of a file to the model. What Mosquitto would skip without a word is either counted,
 * so that somebody can be told, or a fault, where a client would silently lose its password. */
#include "dynsec/inner.h"

#include "crypto/crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct load {
    wax_dynsec *dynsec;
    wax_dynsec_fault *fault;
    size_t left_out;
};

static bool refuse(const struct load *load, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(const struct load *load, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    load->fault->line = 0;
    (void)vsnprintf(load->fault->text, sizeof load->fault->text, format, arguments);
    va_end(arguments);
    return false;
}

/* How a kind of things stands in the file. */
struct kind {
    const char *list;     /* "clients" */
    const char *name_key; /* "username" */
    size_t most;
    bool (*read)(struct load *load, const char *name, json_t *made, const json_t *entry);
};

/* Members that `read` of a kind sees to. */
static const char *const structural[] = {"roles", "clients", "acls"};

/* Members whose names commands look up. */
static const char *const plain[] = {"clientid", "textname",          "textdescription",
                                    "disabled", "allowwildcardsubs", "password",
                                    "salt",     "iterations",        "encoded_password"};

/* Copies what stands as it is, under the name that commands look up. */
static void copy_members(json_t *made, const json_t *entry, const char *name_key)
{
    const char *const name_keys[] = {name_key};
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)entry, key, value)
    {
        size_t number = name_number(plain, WAX_COUNT(plain), key);
        const char *as = number < WAX_COUNT(plain) ? plain[number] : key;
        if (name_number(name_keys, 1, key) == 1 &&
            name_number(structural, WAX_COUNT(structural), key) == WAX_COUNT(structural)) {
            json_object_set(made, as, value);
        }
    }
}

/* A list of names with priorities. */
struct link_kind {
    const char *list;     /* "roles" */
    const char *name_key; /* "rolename" */
};

static const struct link_kind role_links = {"roles", "rolename"};
static const struct link_kind client_links = {"clients", "username"};

/* Reads such a list; names that are not `among` are left out. */
static bool read_links(struct load *load, const struct link_kind *kind, json_t *made,
                       const json_t *entry, const json_t *among)
{
    const json_t *list = member(entry, kind->list);
    json_t *links = json_object();
    json_t *link;
    size_t i;

    json_object_set_new(made, kind->list, links);
    if (list != NULL && !json_is_array(list)) {
        return refuse(load, "\"%s\" is no list", kind->list);
    }
    json_array_foreach(list, i, link)
    {
        const char *name = member_text(link, kind->name_key);
        if (name == NULL || json_object_get(among, name) == NULL) {
            load->left_out++;
            continue;
        }
        json_object_set_new(links, name,
                            json_integer(member_number(link, "priority", LINK_PRIORITY)));
    }
    if (among == load->dynsec->roles && json_object_size(links) > WAX_DYNSEC_LINKS_MAX) {
        return refuse(load, "a client or group has more than %d roles", WAX_DYNSEC_LINKS_MAX);
    }
    return true;
}

static bool read_role(struct load *load, const char *name, json_t *made, const json_t *entry)
{
    const json_t *list = member(entry, "acls");

    if (list != NULL && !json_is_array(list)) {
        return refuse(load, "\"acls\" of the role %.64s is no list", name);
    }
    return json_object_set_new(made, "acls", acls_from_list(list, &load->left_out)) == 0;
}

static bool read_client(struct load *load, const char *name, json_t *made, const json_t *entry)
{
    char stored[WAX_PASSWORD_STORED_MAX + 1];
    bool is_fine = !has_password(entry) || password_of(entry, stored);

    wax_wipe(stored, sizeof stored);
    if (!is_fine) {
        return refuse(
            load,
            "the password of the client %.64s can never be verified: \"password\" and "
            "\"salt\" are base64 of 64 and of 8 to 64 bytes and \"iterations\" is at most "
            "%d; delete the three, start, and set it with `mosquitto_ctrl dynsec "
            "setClientPassword`",
            name, WAX_PASSWORD_ITERATIONS_MAX);
    }
    if (!member_flag(made, "disabled", false)) {
        json_object_del(made, "disabled");
    }
    return read_links(load, &role_links, made, entry, load->dynsec->roles);
}

static bool read_group(struct load *load, const char *name, json_t *made, const json_t *entry)
{
    (void)name;
    return read_links(load, &role_links, made, entry, load->dynsec->roles) &&
           read_links(load, &client_links, made, entry, load->dynsec->clients);
}

static const struct kind roles = {"roles", "rolename", WAX_DYNSEC_ROLES_MAX, read_role};
static const struct kind clients = {"clients", "username", WAX_DYNSEC_CLIENTS_MAX, read_client};
static const struct kind groups = {"groups", "groupname", WAX_DYNSEC_GROUPS_MAX, read_group};

static bool read_entry(struct load *load, const struct kind *kind, json_t *into,
                       const json_t *entry)
{
    const char *name = member_text(entry, kind->name_key);
    json_t *made;

    if (name == NULL || name[0] == '\0') {
        return refuse(load, "something in \"%s\" has no \"%s\"", kind->list, kind->name_key);
    }
    if (json_object_get(into, name) != NULL) {
        return refuse(load, "%.64s stands twice in \"%s\"; delete one of them", name, kind->list);
    }
    made = json_object();
    copy_members(made, entry, kind->name_key);
    return json_object_set_new(into, name, made) == 0 && kind->read(load, name, made, entry);
}

static bool read_list(struct load *load, const struct kind *kind, json_t *into, const json_t *file)
{
    const json_t *list = member(file, kind->list);
    json_t *entry;
    size_t i;

    if (list != NULL && !json_is_array(list)) {
        return refuse(load, "\"%s\" is no list", kind->list);
    }
    if (json_array_size(list) > kind->most) {
        return refuse(load, "there are more than %zu %s", kind->most, kind->list);
    }
    json_array_foreach(list, i, entry)
    {
        if (!read_entry(load, kind, into, entry)) {
            return false;
        }
    }
    return true;
}

/* What holds where the file says nothing is what Mosquitto begins with. */
static bool read_defaults(struct load *load, const json_t *file)
{
    static const bool fallbacks[WAX_RIGHT_COUNT] = {
        [WAX_RIGHT_RECEIVE] = true, [WAX_RIGHT_UNSUBSCRIBE] = true};
    const json_t *defaults = member(file, "defaultACLAccess");

    if (defaults != NULL && !json_is_object(defaults)) {
        return refuse(load, "\"defaultACLAccess\" is no object");
    }
    for (size_t i = 0; i < WAX_RIGHT_COUNT; i++) {
        load->dynsec->defaults[i] = member_flag(defaults, right_names[i], fallbacks[i]);
    }
    return true;
}

static void read_anonymous(struct load *load, const json_t *file)
{
    json_t *name = member(file, "anonymousGroup");

    if (json_is_string(name) &&
        json_object_get(load->dynsec->groups, json_string_value(name)) != NULL) {
        load->dynsec->anonymous = json_incref(name);
    } else if (name != NULL) {
        load->left_out++;
    }
}

static void keep_others(const struct load *load, const json_t *file)
{
    static const char *const known[] = {"defaultACLAccess", "clients", "groups", "roles",
                                        "anonymousGroup"};
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)file, key, value)
    {
        if (name_number(known, WAX_COUNT(known), key) == WAX_COUNT(known)) {
            json_object_set(load->dynsec->others, key, value);
        }
    }
}

static bool read_file(struct load *load, const json_t *file)
{
    wax_dynsec *dynsec = load->dynsec;
    bool is_read = read_defaults(load, file) && read_list(load, &roles, dynsec->roles, file) &&
                   read_list(load, &clients, dynsec->clients, file) &&
                   read_list(load, &groups, dynsec->groups, file);

    if (is_read) {
        read_anonymous(load, file);
        keep_others(load, file);
    }
    return is_read;
}

static wax_dynsec *make(void)
{
    wax_dynsec *dynsec = calloc(1, sizeof *dynsec);

    if (dynsec == NULL) {
        return NULL;
    }
    dynsec->clients = json_object();
    dynsec->groups = json_object();
    dynsec->roles = json_object();
    dynsec->others = json_object();
    if (dynsec->clients == NULL || dynsec->groups == NULL || dynsec->roles == NULL ||
        dynsec->others == NULL || wax_random(dynsec->key, sizeof dynsec->key) != WAX_OK) {
        wax_dynsec_free(dynsec);
        return NULL;
    }
    return dynsec;
}

void wax_dynsec_free(wax_dynsec *dynsec)
{
    if (dynsec != NULL) {
        json_decref(dynsec->clients);
        json_decref(dynsec->groups);
        json_decref(dynsec->roles);
        json_decref(dynsec->anonymous);
        json_decref(dynsec->others);
    }
    free(dynsec);
}

wax_status wax_dynsec_parse(wax_dynsec **made, wax_bytes text, size_t *left_out,
                            wax_dynsec_fault *fault)
{
    struct load load = {.dynsec = make(), .fault = fault};
    json_error_t error;
    json_t *file;
    bool is_read = false;

    *made = NULL;
    *left_out = 0;
    *fault = (wax_dynsec_fault){0};
    if (load.dynsec == NULL) {
        return WAX_FULL;
    }
    file = json_loadb(text.size == 0 ? "" : (const char *)text.data, text.size,
                      JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(file)) {
        is_read = read_file(&load, file);
    } else if (file != NULL) {
        (void)refuse(&load, "it is a list and not an object");
    } else {
        fault->line = error.line > 0 ? (size_t)error.line : 0;
        (void)snprintf(fault->text, sizeof fault->text, "this is no valid JSON: %s", error.text);
    }
    json_decref(file);
    if (!is_read) {
        wax_dynsec_free(load.dynsec);
        return WAX_INVALID;
    }
    *left_out = load.left_out;
    *made = load.dynsec;
    return WAX_OK;
}
