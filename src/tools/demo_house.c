/* The house of wax demo: a broker, a wire, a thermostat, and the keys of those who have any. */
#include "os/os.h"
#include "tools/demo_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CONFIG_SIZE = 1024,
    WAY_SIZE = 256,
};

static const char *const names[DEMO_ROLES] = {
    [DEMO_SENSOR] = "sensor",       [DEMO_THERMOSTAT] = "thermostat", [DEMO_OPERATOR] = "operator",
    [DEMO_AUTHORITY] = "authority", [DEMO_FORGER] = "nobody",
};

const char *demo_house_way(const struct demo_act *act, enum demo_role role, uint16_t port)
{
    static char way[WAY_SIZE];
    size_t used = (size_t)snprintf(way, sizeof way, "-h 127.0.0.1 -p %u", port);

    if (act->level->has_logins) {
        used += (size_t)snprintf(way + used, sizeof way - used, " -u %s -P %s",
                                 act->logins[role].username, act->logins[role].password);
    }
    if (act->level->uses_tls) {
        (void)snprintf(way + used, sizeof way - used, " --cafile pki/ca.crt");
    }
    return way;
}

static bool is_done(struct demo_act *act, int code, const char *what)
{
    char *said;
    char file[DEMO_NAME_SIZE];

    if (code != 0 && act->stage.fault[0] == '\0') {
        (void)snprintf(file, sizeof file, "%s.err", what);
        (void)demo_stage_read(&act->stage, file, &said);
        (void)snprintf(act->stage.fault, sizeof act->stage.fault, "%s failed: %.300s", what, said);
        free(said);
    }
    return code == 0;
}

/* --- The broker --- */

static void invent(struct demo_login *login, const char *name)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t bytes[DEMO_PASSWORD_SIZE];

    wax_os_random(bytes, sizeof bytes);
    (void)snprintf(login->username, sizeof login->username, "%s", name);
    for (size_t i = 0; i < sizeof bytes; i++) {
        login->password[i] = letters[bytes[i] % 32];
    }
    login->password[sizeof bytes] = '\0';
}

static bool make_logins(struct demo_act *act)
{
    char text[CONFIG_SIZE] = "";
    size_t used = 0;

    for (size_t i = 0; i < DEMO_FORGER; i++) {
        invent(&act->logins[i], names[i]);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s:%s\n",
                                 act->logins[i].username, act->logins[i].password);
    }
    return demo_stage_write(&act->stage, "passwords", wax_bytes_of_text(text)) &&
           is_done(act, demo_stage_run(&act->stage, "passwd", "passwd -U passwords"), "passwd");
}

static bool make_certificates(struct demo_act *act)
{
    return is_done(act, demo_stage_run(&act->stage, "ca", "pki ca --dir pki"), "ca") &&
           is_done(act,
                   demo_stage_run(&act->stage, "server",
                                  "pki server --dir pki --name server 127.0.0.1"),
                   "server");
}

static bool broker_runs(void *of)
{
    return demo_stage_count(&((struct demo_act *)of)->stage, "broker.err", " started ") > 0;
}

static bool start_broker(struct demo_act *act)
{
    const struct demo_level *level = act->level;
    char text[CONFIG_SIZE];

    act->port = demo_stage_port();
    (void)snprintf(text, sizeof text,
                   "listener %u 127.0.0.1\n%s%s%spersistence false\ncontrol_socket off\n"
                   "workers 1\nlog_type all\n",
                   act->port,
                   level->uses_tls ? "certfile pki/server.crt\nkeyfile pki/server.key\n" : "",
                   level->has_logins ? "password_file passwords\n" : "allow_anonymous true\n",
                   geteuid() == 0 ? "user root\n" : "");
    return demo_stage_write(&act->stage, "broker.conf", wax_bytes_of_text(text)) &&
           demo_stage_start(&act->stage, "broker", "broker -c broker.conf") != 0 &&
           demo_stage_wait(&act->stage, broker_runs, act, "the broker starts");
}

/* --- Keys --- */

static const char *const plain_keys[] = {
    "init authority",
    "group add home -f home/# --ack 1s",
    "enrol sensor --psk",
    "enrol thermostat --psk",
    "grant sensor home write",
    "grant thermostat home read",
    NULL,
};

static const char *const blind_keys[] = {
    "init authority --blind hmac",
    "group add home -f home/# --ack 1s",
    "group add firmware -f firmware/# --class state --ack 1s",
    "enrol sensor --psk",
    "enrol thermostat --psk",
    "enrol installer --psk",
    "grant sensor home write",
    "grant thermostat home read",
    "grant thermostat firmware both",
    "grant installer firmware both",
    NULL,
};

static bool make_keys(struct demo_act *act)
{
    for (const char *const *words = act->level->is_blinded ? blind_keys : plain_keys;
         *words != NULL; words++) {
        if (!is_done(act, demo_stage_run(&act->stage, "keys", "keys %s", *words), "keys")) {
            return false;
        }
    }
    return demo_stage_start(&act->stage, "authority", "authority authority %s",
                            demo_house_way(act, DEMO_AUTHORITY, act->port)) != 0;
}

/* --- Those who listen --- */

/* How many filters of its own a client has subscribed to. */
static size_t subscriptions_of(const struct demo_act *act, const char *client)
{
    char text[DEMO_NAME_SIZE];
    char keys[DEMO_NAME_SIZE];

    (void)snprintf(text, sizeof text, " subscribed client=%s filter=", client);
    (void)snprintf(keys, sizeof keys, " subscribed client=%s filter=wax/", client);
    return demo_stage_count(&act->stage, "broker.err", text) -
           demo_stage_count(&act->stage, "broker.err", keys);
}

static bool all_listen(void *of)
{
    return subscriptions_of(of, "operator") == 1 && subscriptions_of(of, "thermostat") == 2;
}

static bool start_listeners(struct demo_act *act)
{
    if (demo_stage_start(&act->stage, "operator", "sub -i operator %s -t # -F %%t|%%x",
                         demo_house_way(act, DEMO_OPERATOR, act->port)) == 0) {
        return false;
    }
    act->thermostat =
        demo_stage_start(&act->stage, "thermostat",
                         "sub -i thermostat %s %s -q 1 -v -t home/occupancy -t home/firmware",
                         demo_house_way(act, DEMO_THERMOSTAT, act->port),
                         act->level->is_sealed ? "--seal thermostat.keys" : "");
    return act->thermostat != 0 &&
           demo_stage_wait(&act->stage, all_listen, act, "thermostat and operator subscribe");
}

bool demo_house_open(struct demo_act *act)
{
    return demo_stage_open(&act->stage) && (!act->level->uses_tls || make_certificates(act)) &&
           (!act->level->has_logins || make_logins(act)) && start_broker(act) &&
           (!act->level->is_sealed || make_keys(act)) && start_listeners(act);
}

/* --- What they have heard --- */

bool demo_house_is_heating(const struct demo_act *act)
{
    bool is_heating = true;
    char *heard;

    (void)demo_stage_read(&act->stage, "thermostat.out", &heard);
    for (const char *at = strstr(heard, "home/occupancy "); at != NULL;
         at = strstr(at + 1, "home/occupancy ")) {
        is_heating = strncmp(at, "home/occupancy nobody is home", 29) != 0;
    }
    free(heard);
    return is_heating;
}

bool demo_house_reason(const struct demo_act *act, const char *file, char *room, size_t size)
{
    char *said;
    const char *last = NULL;

    (void)demo_stage_read(&act->stage, file, &said);
    for (const char *at = strstr(said, "refused"); at != NULL; at = strstr(at + 1, "refused")) {
        last = strstr(at, ": ");
    }
    if (last != NULL) {
        (void)snprintf(room, size, "%.*s", (int)strcspn(last + 2, "\n"), last + 2);
    }
    free(said);
    return last != NULL;
}

/* --- What is forged --- */

/* What the thermostat has taken or refused. */
static size_t heard(const struct demo_act *act)
{
    return demo_stage_count(&act->stage, "thermostat.out", "\n") +
           demo_stage_count(&act->stage, "thermostat.err", "refused a message");
}

static bool has_heard(void *of)
{
    struct demo_act *act = of;

    return heard(act) > act->heard_before;
}

bool demo_house_send(struct demo_act *act, const char *name, wax_bytes payload, const char *words)
{
    act->heard_before = heard(act);
    return demo_stage_write(&act->stage, "payload", payload) &&
           demo_stage_run(&act->stage, name, "pub %s -q 1 -f payload -t %s",
                          demo_house_way(act, DEMO_FORGER, act->port), words) == 0 &&
           demo_stage_wait(&act->stage, has_heard, act, "the thermostat hears what was forged");
}
