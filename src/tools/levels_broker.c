/* The broker of wax bench levels: one listener for each door, and certificates that nobody else
 * trusts. */
#include "access/access.h"
#include "os/os.h"
#include "pki/pki.h"
#include "tools/levels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 128, COMMAND_SIZE = 1200 };

static bool put_file(const struct settings *settings, const struct bench_broker *broker,
                     const char *name, wax_bytes content)
{
    char path[PATH_SIZE];
    char fault[256];

    (void)snprintf(path, sizeof path, "%s/%s", broker->folder, name);
    return wax_file_replace(path, content, fault, sizeof fault) == WAX_OK ||
           tools_complain(settings, "%s", fault);
}

/* One certificate for each side. */
static bool make_certificates(const struct settings *settings, const struct bench_broker *broker)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    static const struct {
        wax_pki_role role;
        const char *name;
    } rows[] = {
        {WAX_PKI_CA,     "wax bench levels"},
        {WAX_PKI_SERVER, "server"          },
        {WAX_PKI_CLIENT, "client"          },
    };
    wax_problem problem;

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_pki_order order = {
            .folder = broker->folder,
            .role = rows[i].role,
            .name = rows[i].name,
            .hosts = hosts,
            .host_count = rows[i].role == WAX_PKI_SERVER ? WAX_COUNT(hosts) : 0,
            .term = {.now = wax_clock_wall_s()},
        };

        if (wax_pki_issue(&order, &problem) != WAX_OK) {
            return tools_complain(settings, "certificates for the run: %s", problem.text);
        }
    }
    return true;
}

static bool make_logins(const struct settings *settings, const struct bench_broker *broker)
{
    const wax_password_recipe recipe = wax_password_recipe_for(WAX_PASSWORD_ARGON2ID);
    char room[WAX_PASSWORD_STORED_MAX + 64];
    wax_writer out = wax_writer_over(room, sizeof room);

    wax_write_bytes(&out, wax_bytes_of_text(WAX_LEVELS_USER ":"));
    if (wax_password_hash(&recipe, wax_bytes_of_text(WAX_LEVELS_PASSWORD), &out) != WAX_OK) {
        return tools_complain(settings, "there is not enough memory");
    }
    wax_write_bytes(&out, wax_bytes_of_text("\n"));
    return put_file(settings, broker, "passwords", wax_bytes_of(room, out.used)) &&
           put_file(settings, broker, "keys",
                    wax_bytes_of_text(WAX_LEVELS_USER ":" WAX_LEVELS_PSK "\n"));
}

/* What stands behind the line of each listener. */
static const char *const doors[WAX_DOOR_COUNT] = {
    [WAX_DOOR_OPEN] = "allow_anonymous true\n",
    [WAX_DOOR_LOGIN] = "allow_anonymous false\npassword_file {folder}/passwords\n",
    [WAX_DOOR_TLS] = "allow_anonymous true\ncertfile {folder}/server.crt\n"
                     "keyfile {folder}/server.key\n",
    [WAX_DOOR_MUTUAL] = "allow_anonymous true\ncertfile {folder}/server.crt\n"
                        "keyfile {folder}/server.key\ncafile {folder}/ca.crt\n"
                        "require_certificate true\n",
    [WAX_DOOR_PSK] = "allow_anonymous true\npsk_hint levels\npsk_file {folder}/keys\n",
};

static bool prepare(const struct settings *settings, struct bench_broker *self)
{
    struct levels_broker *broker = (struct levels_broker *)self;
    char text[4096];
    char port[8];
    size_t used;

    used = (size_t)snprintf(text, sizeof text,
                            "%sper_listener_settings true\nset_tcp_nodelay true\n"
                            "persistence false\nsys_interval 0\nworkers 1\n"
                            "connection_messages false\nlog_type error\n",
                            geteuid() == 0 ? "user root\n" : "");
    for (size_t i = 0; i < WAX_DOOR_COUNT; i++) {
        wax_writer out = wax_writer_over(text + used, sizeof text - used - 1);

        broker->ports[i] = i == 0 ? self->port : bench_broker_free_port();
        (void)snprintf(port, sizeof port, "%u", broker->ports[i]);
        wax_write_bytes(&out, wax_bytes_of_text("listener "));
        wax_write_bytes(&out, wax_bytes_of_text(port));
        wax_write_bytes(&out, wax_bytes_of_text(" 127.0.0.1\n"));
        used += out.used;
        text[used] = '\0';
        bench_broker_fill(self, doors[i], text + used, sizeof text - used);
        used += strlen(text + used);
    }
    return make_certificates(settings, self) && make_logins(settings, self) &&
           put_file(settings, self, "broker.conf", wax_bytes_of(text, used));
}

bool levels_broker_start(const struct settings *settings, struct levels_broker *broker)
{
    static char command[COMMAND_SIZE];
    const struct texts *with = &settings->bench.with;
    const char *program = with->count > 0 ? with->items[0] : "{wax}";

    *broker = (struct levels_broker){
        .broker = {.name = "wax", .command = command, .prepare = prepare}
    };
    if (with->count > 0 && (strpbrk(program, "'{}") != NULL || access(program, X_OK) != 0)) {
        return tools_complain(settings,
                              "--with %s: %s; name the program of a wax that is to be the broker, "
                              "as in --with ./build/wax",
                              program, strerror(errno));
    }
    (void)snprintf(command, sizeof command, "'%.1000s' broker -c {folder}/broker.conf", program);
    return bench_broker_start(settings, &broker->broker);
}
