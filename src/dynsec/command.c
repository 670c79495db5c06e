/* A control message: commands come in, answers go out. */
#include "dynsec/inner.h"

#include <strings.h>

/* Answers beyond this are left to be asked for in parts. */
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)

struct command {
    const char *name;
    command_function *run;
    const char *subject; /* the member that names what it is about */
};

/* clang-format off */
static const struct command commands[] = {
    {"addClientRole",       add_client_role,     "username" },
    {"addGroupClient",      add_group_client,    "groupname"},
    {"addGroupRole",        add_group_role,      "groupname"},
    {"addRoleACL",          add_role_acl,        "rolename" },
    {"createClient",        create_client,       "username" },
    {"createGroup",         create_group,        "groupname"},
    {"createRole",          create_role,         "rolename" },
    {"deleteClient",        delete_client,       "username" },
    {"deleteGroup",         delete_group,        "groupname"},
    {"deleteRole",          delete_role,         "rolename" },
    {"disableClient",       disable_client,      "username" },
    {"enableClient",        enable_client,       "username" },
    {"getAnonymousGroup",   get_anonymous_group, ""         },
    {"getClient",           get_client,          "username" },
    {"getDefaultACLAccess", get_default_access,  ""         },
    {"getGroup",            get_group,           "groupname"},
    {"getRole",             get_role,            "rolename" },
    {"listClients",         list_clients,        ""         },
    {"listGroups",          list_groups,         ""         },
    {"listRoles",           list_roles,          ""         },
    {"modifyClient",        modify_client,       "username" },
    {"modifyGroup",         modify_group,        "groupname"},
    {"modifyRole",          modify_role,         "rolename" },
    {"removeClientRole",    remove_client_role,  "username" },
    {"removeGroupClient",   remove_group_client, "groupname"},
    {"removeGroupRole",     remove_group_role,   "groupname"},
    {"removeRoleACL",       remove_role_acl,     "rolename" },
    {"setAnonymousGroup",   set_anonymous_group, "groupname"},
    {"setClientId",         set_client_id,       "username" },
    {"setClientPassword",   set_client_password, "username" },
    {"setDefaultACLAccess", set_default_access,  ""         },
};
/* clang-format on */

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < WAX_COUNT(commands); i++) {
        if (strcasecmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Takes over `data`, which may be NULL. */
static void answer(json_t *responses, const char *name, const char *error, json_t *data)
{
    json_t *response = json_pack("{s:s}", "command", name);

    if (error != NULL) {
        json_object_set_new(response, "error", json_string(error));
    }
    if (data != NULL) {
        json_object_set_new(response, "data", data);
    }
    json_array_append_new(responses, response);
}

/* Gives the last answer the mark by which who asked knows it. */
static void mark(json_t *responses, json_t *correlation)
{
    json_t *response = json_array_get(responses, json_array_size(responses) - 1);

    if (correlation != NULL) {
        json_object_set(response, "correlationData", correlation);
    }
}

static void tell(const wax_dynsec_order *order, const struct command *command,
                 const json_t *request, const char *error)
{
    const char *subject = member_text(request, command->subject);
    wax_dynsec_event event = {command->name, subject == NULL ? "" : subject, error};

    if (order->told != NULL) {
        order->told(order->context, &event);
    }
}

static void run(wax_dynsec *dynsec, wax_dynsec_order *order, json_t *responses,
                const json_t *request)
{
    const char *name = member_text(request, "command");
    json_t *correlation = member(request, "correlationData");
    const struct command *command = name == NULL ? NULL : find_command(name);
    struct task task = {.dynsec = dynsec, .command = request};
    const char *error;

    if (!json_is_object(request)) {
        answer(responses, "Unknown command", "Command not an object", NULL);
    } else if (name == NULL) {
        answer(responses, "Unknown command", "Missing command", NULL);
    } else if (correlation != NULL && !json_is_string(correlation)) {
        answer(responses, name, "Invalid correlationData data type.", NULL);
    } else if (command == NULL) {
        answer(responses, name, "Unknown command", NULL);
        mark(responses, correlation);
    } else {
        error = command->run(&task);
        order->has_changed = order->has_changed || task.has_changed;
        answer(responses, command->name, error, task.data);
        mark(responses, correlation);
        tell(order, command, request, error);
    }
}

static json_t *run_all(wax_dynsec *dynsec, wax_dynsec_order *order, const json_t *message)
{
    const json_t *list = member(message, "commands");
    json_t *responses = json_array();
    json_t *request;
    size_t i;

    if (message == NULL) {
        answer(responses, "Unknown command", "Payload not valid JSON", NULL);
    } else if (!json_is_array(list)) {
        answer(responses, "Unknown command", "Invalid/missing commands", NULL);
    }
    json_array_foreach(list, i, request)
    {
        run(dynsec, order, responses, request);
    }
    return json_pack("{s:o}", "responses", responses);
}

/* Replaces what each response says. */
static void set_errors(json_t *whole, const char *error)
{
    json_t *response;
    size_t i;

    json_array_foreach(json_object_get(whole, "responses"), i, response)
    {
        json_object_del(response, "data");
        if (json_object_get(response, "error") == NULL) {
            json_object_set_new(response, "error", json_string(error));
        }
    }
}

static wax_status write_answer(json_t *whole, wax_bytes *text)
{
    char *written = json_dumps(whole, JSON_COMPACT);

    if (written == NULL) {
        return WAX_FULL;
    }
    *text = wax_bytes_of_text(written);
    return WAX_OK;
}

wax_status wax_dynsec_command(wax_dynsec *dynsec, wax_dynsec_order *order)
{
    const char *payload = order->payload.size == 0 ? "" : (const char *)order->payload.data;
    json_t *message = order->payload.size > WAX_DYNSEC_COMMAND_MAX
                          ? NULL
                          : json_loadb(payload, order->payload.size, 0, NULL);
    json_t *whole;
    wax_status status;

    order->answer = (wax_bytes){NULL, 0};
    order->has_changed = false;
    whole = run_all(dynsec, order, message);
    status = write_answer(whole, &order->answer);
    if (status == WAX_OK && order->answer.size > ANSWER_MAX) {
        wax_dynsec_wipe_text(&order->answer);
        set_errors(whole, "The answer is too large: ask with count and offset");
        status = write_answer(whole, &order->answer);
    }
    json_decref(whole);
    json_decref(message);
    return status;
}

wax_status wax_dynsec_amend(wax_bytes *answer_text, const char *error)
{
    json_t *whole = json_loadb((const char *)answer_text->data, answer_text->size, 0, NULL);
    wax_bytes amended = {NULL, 0};
    wax_status status;

    if (whole == NULL) {
        return WAX_FULL;
    }
    set_errors(whole, error);
    status = write_answer(whole, &amended);
    json_decref(whole);
    if (status == WAX_OK) {
        wax_dynsec_wipe_text(answer_text);
        *answer_text = amended;
    }
    return status;
}
