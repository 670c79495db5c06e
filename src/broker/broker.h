/* broker: the MQTT server. Reads a mosquitto.conf, listens, and runs one worker per core until a
 * signal ends it. */
#ifndef WAX_BROKER_H
#define WAX_BROKER_H

#include "base/base.h"
#include "store/store.h"

#include <stdio.h>

#define WAX_BROKER_PORTS_MAX 10

/* What the command line says. */
typedef struct wax_broker_options {
    const char *config_path; /* NULL: no file; then only this machine can connect */
    uint32_t ports[WAX_BROKER_PORTS_MAX];
    size_t port_count;
    bool is_verbose; /* every kind of line is logged */
    bool is_quiet;   /* nothing is logged */
    bool is_daemon;  /* goes on in the background once it listens */
    bool tests_only; /* looks at the configuration, prints what is wrong with it, and ends */
    bool explains;   /* with `tests_only`: prints the settings that hold for each listener */
} wax_broker_options;

/* Runs the broker until SIGINT or SIGTERM. SIGHUP reads the configuration anew: passwords, rules,
 * certificates and limits take effect at once, or none of them does and the log says why.
 * Returns the exit code of the process: 0 after a good end, 1 when the configuration is not good or
 * nothing could be listened on, 3 when the configuration file is missing. */
int wax_broker_run(const wax_broker_options *options);

typedef struct wax_config wax_config;

/* Where the control socket is, which `wax ctl` talks to: the one that the configuration names, or
 * else the usual ones, from `choice` 0 on. `config` NULL means one that says nothing of it. False
 * when there are no more. */
bool wax_broker_control_path(const wax_config *config, size_t choice, char *path, size_t size);

/* Reads the same from a configuration file. Returns false, and says so on the standard error, when
 * the file is not good or the socket is off. */
bool wax_broker_control_path_of(const char *config_path, char *path, size_t size);

typedef enum wax_broker_form {
    WAX_BROKER_LISTING,
    WAX_BROKER_MAN,
    WAX_BROKER_MARKDOWN
} wax_broker_form;

/* Prints every option of the configuration file with its range, default and meaning: as a listing,
 * as the manual page wax.conf(5), as docs/options.md. */
void wax_broker_print_options(FILE *out, wax_broker_form form);

#define WAX_BROKER_STORE_KEY_SIZE   32
#define WAX_BROKER_STORE_FAULT_SIZE 400

/* Finds the key of a store as the broker does: in the file of this path, or, NULL, where it looks
 * without one ($CREDENTIALS_DIRECTORY, $WAX_STORE_KEY). The caller wipes `room`; `key` views it, or
 * is empty where there is no key. Returns false, and `fault` says why, where there should be one.
 */
bool wax_broker_store_key(const char *path, uint8_t room[static WAX_BROKER_STORE_KEY_SIZE],
                          wax_bytes *key, char fault[static WAX_BROKER_STORE_FAULT_SIZE]);

/* What a record of the store says, for tools that look into one. */
typedef struct wax_broker_record {
    wax_store_table table;
    wax_bytes key;
    wax_bytes value;
    bool with_payload; /* of messages, in base64 */
} wax_broker_record;

/* Writes a record as an object of JSON. It takes at most eight times the bytes of key and value,
 * and WAX_BROKER_RECORD_ROOM more. */
void wax_broker_show_record(wax_json *json, const wax_broker_record *record);

/* What the records of a table are called, as in "kind" there. */
const char *wax_broker_record_name(wax_store_table table);

#define WAX_BROKER_RECORD_ROOM 1024U

#endif
