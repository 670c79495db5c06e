/* The entrances of `wax authority`. */
#include "tools/keys_door.h"
#include "tools/keys_roles.h"
#include "tools/keys_wire.h"
#include "tools/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TLS_AGE_MS = 10000 };

/* --- TLS --- */

static bool make_tls(struct keys_door *door, wax_tls_context **context, wax_problem *problem)
{
    const struct admin_settings *admin = &door->host.settings->admin;
    const wax_tls_settings settings = {
        .certfile = admin->cert,
        .keyfile = admin->key,
        .cafile = admin->cafile,
        .crlfile = admin->crlfile,
        .oldest_version = WAX_TLS_1_3,
        .newest_version = WAX_TLS_1_3,
        .requires_certificate = true,
    };

    return wax_tls_make_server(&settings, context, problem) == WAX_OK;
}

/* Reads the files anew, when that was not done just now: a certificate that was renewed or revoked
 * counts without a restart. What cannot be read leaves all as it was. */
static void refresh_tls(struct keys_door *door)
{
    wax_tls_context *next = NULL;
    wax_problem problem;

    if (wax_clock_ms() - door->tls_made_ms < TLS_AGE_MS) {
        return;
    }
    door->tls_made_ms = wax_clock_ms();
    if (make_tls(door, &next, &problem)) {
        wax_tls_release(door->tls);
        door->tls = next;
    } else {
        tools_say(door->host.settings, "administrators are judged by the files of before: %s",
                  problem.text);
    }
}

/* --- Entrances --- */

static void take_in(struct door_entrance *entrance, int descriptor)
{
    wax_transport *socket = wax_socket_open(descriptor);
    wax_transport *secured = NULL;

    if (socket == NULL) {
        (void)close(descriptor);
        return;
    }
    if (entrance->tls != NULL) {
        refresh_tls(WAX_OWNER(entrance->host, struct keys_door, host));
        secured = wax_tls_accept(*entrance->tls, socket);
        if (secured == NULL) {
            wax_transport_release(socket);
            return;
        }
    }
    keys_guest_come(entrance, secured != NULL ? secured : socket);
}

static void on_knock(wax_watch *watch, bool readable, bool writable)
{
    struct door_entrance *entrance = WAX_OWNER(watch, struct door_entrance, watch);

    (void)readable;
    (void)writable;
    while (entrance->guest_count < DOOR_GUESTS_MAX) {
        const int descriptor = accept4(watch->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (descriptor < 0) {
            return;
        }
        take_in(entrance, descriptor);
    }
    entrance->is_resting = true;
    wax_loop_forget(&entrance->host->loop, watch);
}

/* There is a free place again. */
static void resume(struct door_entrance *entrance)
{
    if (entrance->is_resting &&
        wax_loop_watch(&entrance->host->loop, &entrance->watch, true) == WAX_OK) {
        entrance->is_resting = false;
    }
}

static bool add_entrance(struct keys_door *door, int listener, bool is_secured)
{
    struct door_entrance *entrance = &door->entrances[door->entrance_count++];

    *entrance = (struct door_entrance){
        .watch = {.ready = on_knock, .descriptor = listener},
        .host = &door->host,
        .tls = is_secured ? &door->tls : NULL,
        .guests = keys_guests_make(),
        .has_place = resume,
    };
    return (entrance->guests != NULL &&
            wax_loop_watch(&door->host.loop, &entrance->watch, true) == WAX_OK) ||
           tools_complain(door->host.settings, "there is not enough memory");
}

static bool open_folder(struct keys_door *door)
{
    door->folder_listener = keys_wire_listen(door->host.home);
    door->has_listener = door->folder_listener >= 0;
    return door->has_listener ? add_entrance(door, door->folder_listener, false)
                              : tools_complain(door->host.settings, "%s", door->host.home->fault);
}

/* Opens all sockets of a place. */
static bool open_place(struct keys_door *door, const wax_listen *wanted, bool is_secured)
{
    int descriptors[WAX_LISTEN_MAX];
    size_t count = 0;
    char fault[400];
    bool is_good = true;

    if (wax_socket_listen(wanted, descriptors, &count, fault, sizeof fault) != WAX_OK) {
        return tools_complain(door->host.settings, "%s", fault);
    }
    for (size_t i = 0; i < count; i++) {
        is_good = add_entrance(door, descriptors[i], is_secured) && is_good;
    }
    return is_good;
}

/* All accounts may knock: the file of roles says who is let in. */
static bool open_socket(struct keys_door *door)
{
    const char *path = door->host.settings->admin.socket;
    const wax_listen wanted = {.host = path};

    if (path == NULL) {
        return true;
    }
    if (path[0] != '/') {
        return tools_complain(door->host.settings, "--admin-socket %s: write a path from the root",
                              path);
    }
    return open_place(door, &wanted, false) &&
           (chmod(path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH) == 0 ||
            tools_complain(door->host.settings, "cannot let other accounts use %s: %s", path,
                           strerror(errno)));
}

static bool open_tls(struct keys_door *door)
{
    const struct admin_settings *admin = &door->host.settings->admin;
    wax_problem problem;
    char host[256];
    wax_listen wanted = {.host = host};

    if (admin->listen == NULL) {
        return true;
    }
    if (!tools_place_read(admin->listen, host, sizeof host, &wanted.port)) {
        return tools_complain(door->host.settings,
                              "--admin-listen %s: write HOST:PORT, as in 127.0.0.1:8884",
                              admin->listen);
    }
    if (admin->cert == NULL || admin->key == NULL || admin->cafile == NULL) {
        return tools_complain(
            door->host.settings,
            "--admin-listen wants --admin-cert and --admin-key, what administrators know this "
            "authority by, and --admin-cafile, the CAs of their certificates; `wax pki` makes all");
    }
    if (!make_tls(door, &door->tls, &problem)) {
        door->tls = NULL;
        return tools_complain(door->host.settings, "%s", problem.text);
    }
    door->tls_made_ms = wax_clock_ms();
    if (wax_tls_warn(door->tls, wax_clock_wall_s(), &problem)) {
        tools_say(door->host.settings, "%s", problem.text);
    }
    return open_place(door, &wanted, true);
}

/* A file of roles that is wrong is told at the start, and not when somebody needs it. */
static bool check_roles(struct keys_door *door)
{
    const struct admin_settings *admin = &door->host.settings->admin;
    const struct keys_caller nobody = {.has_certificate = true};
    struct keys_standing standing;
    char fault[HOME_FAULT_SIZE];
    wax_bytes text;
    bool is_good;

    (void)snprintf(door->host.roles, sizeof door->host.roles, "%.4000s%s",
                   admin->roles != NULL ? admin->roles : door->host.home->folder,
                   admin->roles != NULL ? "" : "/roles");
    if (admin->roles == NULL && access(door->host.roles, F_OK) != 0 && errno == ENOENT) {
        return (admin->listen == NULL && admin->socket == NULL) ||
               tools_complain(door->host.settings,
                              "nobody has a role yet: write lines as `operator cn night-shift` or "
                              "`viewer user anna` into %s",
                              door->host.roles);
    }
    if (!keys_roles_load(door->host.roles, &text, fault, sizeof fault)) {
        return tools_complain(door->host.settings, "%s", fault);
    }
    is_good = keys_roles_find(text, &nobody, &standing, fault, sizeof fault) ||
              tools_complain(door->host.settings, "%s, %s", door->host.roles, fault);
    wax_file_free(&text);
    return is_good;
}

bool keys_door_open(struct keys_door *door, struct authority_home *home,
                    const struct settings *settings)
{
    *door = (struct keys_door){
        .host = {.home = home, .settings = settings}
    };
    door->is_open = wax_loop_open(&door->host.loop) == WAX_OK;
    if (!door->is_open) {
        return tools_complain(settings, "there is not enough memory");
    }
    return check_roles(door) && open_folder(door) && open_socket(door) && open_tls(door);
}

void keys_door_close(struct keys_door *door)
{
    for (size_t i = 0; i < door->entrance_count; i++) {
        keys_guests_free(door->entrances[i].guests);
        if (!door->has_listener || door->entrances[i].watch.descriptor != door->folder_listener) {
            (void)close(door->entrances[i].watch.descriptor);
        }
    }
    if (door->has_listener) {
        keys_wire_end(door->host.home, door->folder_listener);
    }
    if (door->entrance_count > 1 && door->host.settings->admin.socket != NULL) {
        (void)unlink(door->host.settings->admin.socket);
    }
    wax_tls_release(door->tls);
    if (door->is_open) {
        wax_loop_close(&door->host.loop);
    }
}

void keys_door_turn(struct keys_door *door)
{
    wax_loop_turn(&door->host.loop, true);
}

uint64_t keys_door_due_ms(const struct keys_door *door)
{
    return door->host.loop.timer_count == 0 ? WAX_NEVER : door->host.loop.timers[0].at_ms;
}
