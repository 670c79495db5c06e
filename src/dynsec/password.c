/* Password hashes of clients: three members in the file of Mosquitto 2.0, one since 2.1. */
#include "dynsec/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By what names the parts of a hash stand in the file. */
static const char *const parts[] = {"password", "salt", "iterations", "encoded_password"};

bool is_secret_member(const char *name)
{
    return name_number(parts, WAX_COUNT(parts), name) < WAX_COUNT(parts);
}

bool has_password(const json_t *client)
{
    for (size_t i = 0; i < WAX_COUNT(parts); i++) {
        if (member(client, parts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool password_of(const json_t *client, char room[static WAX_PASSWORD_STORED_MAX + 1])
{
    const char *encoded = member_text(client, "encoded_password");
    const char *digest = member_text(client, "password");
    const char *salt = member_text(client, "salt");
    wax_password_form form;
    int size;

    if (encoded != NULL) {
        size = snprintf(room, WAX_PASSWORD_STORED_MAX + 1, "%s", encoded);
    } else if (digest != NULL && salt != NULL) {
        size = snprintf(room, WAX_PASSWORD_STORED_MAX + 1, "$7$%d$%s$%s",
                        member_number(client, "iterations", 0), salt, digest);
    } else {
        return false;
    }
    return size > 0 && size <= WAX_PASSWORD_STORED_MAX &&
           wax_password_inspect(wax_bytes_of_text(room), &form) == WAX_OK;
}

/* Takes "$7$iterations$salt$digest" apart, in place. */
static bool store(json_t *client, char *hash)
{
    char *iterations = hash + strlen("$7$");
    char *salt = strchr(iterations, '$');
    char *digest = salt == NULL ? NULL : strchr(salt + 1, '$');
    long number = strtol(iterations, NULL, 10);

    if (digest == NULL) {
        return false;
    }
    *salt++ = '\0';
    *digest++ = '\0';
    json_object_del(client, "encoded_password");
    return json_object_set_new(client, "password", json_string(digest)) == 0 &&
           json_object_set_new(client, "salt", json_string(salt)) == 0 &&
           json_object_set_new(client, "iterations", json_integer(number)) == 0;
}

bool set_password(json_t *client, const char *password)
{
    wax_password_recipe recipe = wax_password_recipe_for(WAX_PASSWORD_PBKDF2);
    char hash[WAX_PASSWORD_STORED_MAX + 1] = {0};
    wax_writer out = wax_writer_over(hash, WAX_PASSWORD_STORED_MAX);
    bool is_done = wax_password_hash(&recipe, wax_bytes_of_text(password), &out) == WAX_OK &&
                   store(client, hash);

    wax_wipe(hash, sizeof hash);
    return is_done;
}
