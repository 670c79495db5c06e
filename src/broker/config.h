/* The settings of a broker: what a mosquitto.conf says, read, resolved per listener and checked.
 * A configuration is built whole or not at all and never changes once the broker runs on it. */
#ifndef WAX_BROKER_CONFIG_H
#define WAX_BROKER_CONFIG_H

#include <stdio.h>

#include "base/base.h"

/* What a limit holds that the file switches off with -1 or 0: compare with it, no special case. */
#define WAX_CONFIG_NO_LIMIT      UINT32_MAX
#define WAX_CONFIG_NO_SIZE_LIMIT UINT64_MAX

enum {
    WAX_CONFIG_LISTENERS_MAX = 64,
    WAX_CONFIG_NUMBERS_MAX =
        256, /* listeners that a process may have had, see wax_config_follow() */
    WAX_CONFIG_INNER = WAX_CONFIG_NUMBERS_MAX, /* see wax_config_add_inner() */
    WAX_CONFIG_PORTS_MAX = 10,                 /* -p on the command line */
    WAX_CONFIG_HOSTS_MAX = 64,                 /* sni_certificate, per listener */
    WAX_CONFIG_BRIDGES_MAX = 64,
    WAX_CONFIG_BRIDGE_TOPICS_MAX = 1024,
    WAX_CONFIG_BRIDGE_ADDRESSES_MAX = 16,
    WAX_CONFIG_FILES_MAX = 256, /* the main file and those of its include_dir */
    WAX_CONFIG_FILE_SIZE_MAX = 1 << 20,
    WAX_CONFIG_LINE_SIZE_MAX = 8192,
    WAX_CONFIG_PROBLEMS_MAX = 100
};

/* The order of each list is that of the words in the option's row. */
typedef enum wax_config_family {
    WAX_FAMILY_BOTH,
    WAX_FAMILY_IPV4,
    WAX_FAMILY_IPV6
} wax_config_family;
typedef enum wax_config_protocol {
    WAX_PROTOCOL_MQTT,
    WAX_PROTOCOL_WEBSOCKETS,
    WAX_PROTOCOL_HTTP_API
} wax_config_protocol;
typedef enum wax_config_tls { WAX_CONFIG_TLS_1_2, WAX_CONFIG_TLS_1_3 } wax_config_tls;
typedef enum wax_config_persistence {
    WAX_PERSISTENCE_AUTO,
    WAX_PERSISTENCE_ON,
    WAX_PERSISTENCE_OFF
} wax_config_persistence;
typedef enum wax_config_damage { WAX_DAMAGE_QUARANTINE, WAX_DAMAGE_FAIL } wax_config_damage;
typedef enum wax_config_owner { WAX_OWNER_STRICT, WAX_OWNER_ANY } wax_config_owner;

typedef enum wax_config_start {
    WAX_START_AUTOMATIC,
    WAX_START_LAZY,
    WAX_START_ONCE
} wax_config_start;
typedef enum wax_config_reload { WAX_RELOAD_LAZY, WAX_RELOAD_IMMEDIATE } wax_config_reload;
typedef enum wax_config_bridge_version {
    WAX_BRIDGE_AUTO, /* 5.0, and 3.1.1 with those who do not speak it */
    WAX_BRIDGE_3_1,
    WAX_BRIDGE_3_1_1,
    WAX_BRIDGE_5
} wax_config_bridge_version;
typedef enum wax_config_log_format { WAX_LOG_AS_TEXT, WAX_LOG_AS_JSON } wax_config_log_format;

/* Bits of accept_protocol_versions. */
enum { WAX_ACCEPT_3_1 = 1 << 0, WAX_ACCEPT_3_1_1 = 1 << 1, WAX_ACCEPT_5 = 1 << 2 };

/* Bits of log_dest. */
enum {
    WAX_LOG_TO_STDERR = 1 << 0,
    WAX_LOG_TO_STDOUT = 1 << 1,
    WAX_LOG_TO_SYSLOG = 1 << 2,
    WAX_LOG_TO_TOPIC = 1 << 3,
    WAX_LOG_TO_JOURNALD = 1 << 4,
    WAX_LOG_TO_FILE = 1 << 5
};

/* Bits of log_type. */
enum {
    WAX_LOG_ERROR = 1 << 0,
    WAX_LOG_WARNING = 1 << 1,
    WAX_LOG_NOTICE = 1 << 2,
    WAX_LOG_INFORMATION = 1 << 3,
    WAX_LOG_DEBUG = 1 << 4,
    WAX_LOG_SUBSCRIBE = 1 << 5,
    WAX_LOG_UNSUBSCRIBE = 1 << 6,
    WAX_LOG_WEBSOCKETS = 1 << 7,
    WAX_LOG_INTERNAL = 1 << 8
};

/* Where an option was written: `file` counts from 1 in wax_config.files; line 0 is nowhere. */
typedef struct wax_config_place {
    uint32_t file;
    uint32_t line;
} wax_config_place;

/* One address to listen on, with everything that holds for its clients, per_listener_settings
 * already resolved. Texts are NULL where the file says nothing and there is no default. */
typedef struct wax_listener_config {
    uint32_t port; /* 0 for a Unix socket */
    char *address; /* a host name or address; NULL means all; of a Unix socket, its path */
    bool is_unix;  /* `address` is a path */
    bool is_local; /* made because the file has no listener: it is enough if one family binds */
    bool is_gone;  /* written no more, see wax_config_follow() */

    char *bind_interface;
    uint32_t socket_domain;   /* wax_config_family */
    uint32_t protocol;        /* wax_config_protocol */
    char *websockets_origins; /* parted by line ends; NULL: any */
    uint32_t proxy_protocol;  /* 1, 2, or 0: none */
    bool proxy_protocol_v2_require_tls;
    bool http_api_public;
    char *mount_point;
    uint32_t max_connections; /* or WAX_CONFIG_NO_LIMIT */
    uint32_t max_qos;
    uint32_t max_topic_alias;
    uint32_t max_topic_alias_broker;
    uint32_t accept_protocol_versions; /* WAX_ACCEPT bits */
    bool use_username_as_clientid;

    bool allow_zero_length_clientid;
    char *auto_id_prefix;
    bool allow_anonymous;
    char *password_file;
    char *acl_file;
    char *jwt_keys; /* lines of NAME ALGORITHM FILE */
    char *jwt_issuer;
    char *jwt_audience;
    uint32_t jwt_leeway_s;
    char *psk_file;
    bool psk_allow_short;
    char *dynamic_security_file;

    char *certfile;
    char *keyfile;
    char *cafile;
    char *capath;
    char *crlfile;
    char *ciphers;
    char *ciphers_tls13;
    uint32_t tls_version; /* wax_config_tls; the least one */
    bool require_certificate;
    bool use_identity_as_username;
    bool use_subject_as_username;
    bool ignores_client_dates; /* disable_client_cert_date_checks */
    char *psk_hint;            /* switches PSK on */
    char *sni_certificates;    /* lines of it; see wax_config_split_hosts() */
    uint32_t tls_record_size_max;
    bool tls_kernel;

    bool own_allow_anonymous; /* listener_allow_anonymous, already in allow_anonymous */
    char *own_auto_id_prefix; /* listener_auto_id_prefix, already in auto_id_prefix */
    wax_config_place *places; /* one for each row of the table; see wax_config_place_of */
    wax_config_place place;   /* of the `listener` line */
} wax_listener_config;

/* Which way a bridge's `topic` line lets messages go; both bits for both. */
enum { WAX_BRIDGE_OUT = 1 << 0, WAX_BRIDGE_IN = 1 << 1 };

/* A `topic` line of a bridge. The prefixes are "" where the line has none. */
typedef struct wax_bridge_topic {
    char *pattern; /* may be "": then the prefixes are topics */
    char *local_prefix;
    char *remote_prefix;
    char *local;  /* the filter at this broker: prefix and pattern */
    char *remote; /* the same at the other one */
    uint32_t directions;
    uint8_t qos;
    wax_config_place place;
} wax_bridge_topic;

typedef struct wax_bridge_address {
    char *host; /* a name, an address, or the path of a Unix socket, which begins with / */
    uint16_t port;
} wax_bridge_address;

/* A `connection` block: another broker that this one is a client of. */
typedef struct wax_bridge_config {
    char *name;
    wax_bridge_address *addresses; /* at least one after loading */
    size_t address_count;
    wax_bridge_topic *topics;
    size_t topic_count;
    char *remote_clientid; /* never NULL after loading */
    char *remote_username;
    char *remote_password;
    char *local_clientid; /* never NULL after loading */
    char *local_username;
    bool cleansession;
    bool local_cleansession;
    uint32_t keepalive_s;
    uint32_t start_type; /* wax_config_start */
    uint32_t idle_timeout_s;
    uint32_t threshold;
    uint32_t restart_s[3]; /* the first wait; the longest, 0: all alike; how long is stable */
    bool round_robin;
    bool try_private;
    bool notifications;
    bool notifications_local_only;
    char *notification_topic; /* NULL: the one in $SYS */
    uint32_t version;         /* wax_config_bridge_version */
    bool attempt_unsubscribe;
    bool outgoing_retain;
    uint64_t max_packet_size; /* sent; or WAX_CONFIG_NO_SIZE_LIMIT */
    uint32_t max_topic_alias;
    uint32_t receive_maximum;
    uint32_t session_expiry_s;
    char *bind_address;
    uint32_t tcp_keepalive[3]; /* idle seconds, interval seconds, count; 0: the system's */
    uint32_t tcp_user_timeout_ms;
    uint32_t reload_type; /* wax_config_reload */
    char *cafile;
    char *capath;
    char *certfile;
    char *keyfile;
    char *ciphers;
    char *ciphers_tls13;
    char *alpn;
    char *psk_identity;
    char *psk;            /* in hexadecimal digits */
    uint32_t tls_version; /* wax_config_tls; the least one */
    bool use_os_certs;
    bool insecure;
    uint32_t require_ocsp;    /* always no */
    wax_config_place *places; /* as in wax_listener_config */
    wax_config_place place;   /* of the `connection` line */
} wax_bridge_config;

typedef struct wax_config {
    wax_listener_config *listeners; /* at least one after loading */
    size_t listener_count;
    bool has_inner; /* there is one more at WAX_CONFIG_INNER; see wax_config_add_inner() */
    wax_bridge_config *bridges;
    size_t bridge_count;
    size_t local_port_count; /* how many -p were added */
    bool is_local;           /* no listener is written: only this machine reaches the broker */

    bool per_listener_settings;
    wax_listener_config shared; /* while reading: security settings that hold for every listener */

    char *user;
    char *pid_file;
    char *control_socket; /* "off": none; NULL: the usual places */
    uint32_t workers;     /* 0: one per core */
    bool set_tcp_nodelay;
    bool watch_files;
    uint32_t connect_timeout_s;
    uint64_t connect_size_max;
    uint32_t global_max_clients;     /* or WAX_CONFIG_NO_LIMIT */
    uint32_t global_max_connections; /* or WAX_CONFIG_NO_LIMIT */

    char *clientid_prefixes;
    bool check_retain_source;
    bool acl_subscribe_check;
    char *sealed_only;           /* lines of filters, those of a group on one */
    uint32_t session_owner;      /* wax_config_owner */
    uint32_t auth_cache_s;       /* 0: off */
    uint32_t auth_backoff_after; /* or WAX_CONFIG_NO_LIMIT: off */
    uint32_t auth_backoff_max_s;
    uint32_t auth_backoff_forget_s;
    bool auth_backoff_local;
    uint32_t auth_address_max;

    uint32_t
        max_inflight_messages;    /* or WAX_CONFIG_NO_LIMIT: then 65535, what the protocol knows */
    uint64_t max_inflight_bytes;  /* or WAX_CONFIG_NO_SIZE_LIMIT, like every size that follows */
    uint32_t max_queued_messages; /* or WAX_CONFIG_NO_LIMIT */
    uint64_t max_queued_bytes;
    bool queue_qos0_messages;
    uint64_t max_packet_size;
    uint64_t message_size_limit;
    uint32_t max_keepalive_s; /* 0: any, and none */
    uint64_t memory_limit;
    uint32_t persistent_client_expiration_s; /* UINT32_MAX: never, as MQTT writes it */
    bool retain_available;
    uint32_t retain_expiry_interval_minutes; /* 0: never */
    uint32_t retained_max;                   /* or WAX_CONFIG_NO_LIMIT */
    uint64_t retained_memory_limit;
    uint32_t subscriptions_max; /* per session; or WAX_CONFIG_NO_LIMIT */
    uint32_t topic_levels_max;
    bool upgrade_outgoing_qos;
    bool allow_duplicate_messages;
    uint32_t sys_interval_s; /* 0: no $SYS topics */
    bool sys_anonymous;      /* clients without a user name may read them */

    wax_config_persistence persistence;
    wax_config_damage persistence_damage;
    char *persistence_location;
    char *persistence_key_file;

    uint32_t log_dest;   /* WAX_LOG_TO bits */
    char *log_file;      /* of WAX_LOG_TO_FILE */
    uint32_t log_type;   /* WAX_LOG bits */
    uint32_t log_format; /* wax_config_log_format */
    bool log_timestamp;
    char *log_timestamp_format; /* of strftime(); NULL: seconds since 1970 */
    uint32_t log_facility;      /* 0: daemon; n + 1: LOCALn */
    bool connection_messages;

    char **files; /* the names of those read, the main one first */
    size_t file_count;
    wax_config_place *places; /* as in wax_listener_config */
} wax_config;

typedef enum wax_config_severity {
    WAX_CONFIG_NOTE,
    WAX_CONFIG_WARNING,
    WAX_CONFIG_ERROR
} wax_config_severity;

typedef struct wax_config_problem {
    wax_config_severity severity;
    char *file;    /* NULL: not of a file */
    uint32_t line; /* 0: of the file as a whole */
    char *text;    /* a sentence, plain English, without a full stop */
} wax_config_problem;

/* What was found, in the order it was found. Starts as {0}. Past WAX_CONFIG_PROBLEMS_MAX problems
 * are only counted. */
typedef struct wax_config_report {
    wax_config_problem problems[WAX_CONFIG_PROBLEMS_MAX];
    size_t count;
    size_t left_out_count;
    size_t error_count; /* left out ones included */
} wax_config_report;

/* Adds a problem, copying `file`, which may be NULL; `format` is that of printf(). */
void wax_config_report_add(wax_config_report *report, wax_config_severity severity,
                           const char *file, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A listener or a bridge, by what the table of options knows of it. */
typedef struct wax_config_block {
    const void *object;             /* a wax_listener_config or wax_bridge_config */
    const wax_config_place *places; /* its own; NULL: it was not read from a file */
    wax_config_place place;         /* of the line that opens it */
} wax_config_block;

/* Looks at the problems from number `from` on that are of no file: they were found in a file that
 * an option of the block names, or in what options say together. Each gets the line of the option
 * it speaks of. Takes out again what was said before: of the same line, or in the same words. */
void wax_config_report_place(wax_config_report *report, size_t from, const wax_config *config,
                             const wax_config_block *block);

/* Prints every problem on a line: `FILE:LINE: error: TEXT`. */
void wax_config_report_print(const wax_config_report *report, FILE *out);

/* Gives the report's memory back; it is then {0} again. */
void wax_config_report_free(wax_config_report *report);

/* Reads the file at `path` and what its include_dir names; NULL is the configuration of somebody
 * who wrote none. What `config` held before is overwritten, not freed.
 * Returns WAX_OK, with warnings and notes perhaps in `report`, and `config` is the caller's to
 * free; WAX_INVALID when `report` has at least one error: `config` is then {0}, with nothing to
 * free, and whoever runs on another configuration keeps that one. */
WAX_CHECKED wax_status wax_config_load(wax_config *config, const char *path,
                                       wax_config_report *report);

/* As wax_config_load(), from memory; problems name the file `name`. No other file is read:
 * include_dir is an error. */
WAX_CHECKED wax_status wax_config_parse(wax_config *config, wax_bytes text, const char *name,
                                        wax_config_report *report);

/* Adds a port of the command line (-p), 1 to 65535, on the loopback addresses; the first takes the
 * place of 1883. At most WAX_CONFIG_PORTS_MAX.
 * Returns WAX_OK; WAX_NOT_FOUND when the file writes its own listeners: `-p` then has no effect, as
 * with Mosquitto, and the user is told so; WAX_FULL after too many ports or without memory;
 * WAX_INVALID when the port is out of range. `config` is unchanged unless WAX_OK. */
WAX_CHECKED wax_status wax_config_add_port(wax_config *config, uint32_t port);

/* Puts one more listener at the place WAX_CONFIG_INNER, beyond `listener_count`. Nobody opens it:
 * its settings hold for the broker's own clients, the bridges, so that each client has a listener.
 * It has what is written for all listeners, and no mount point. No listener is added after it.
 * Returns WAX_OK, or WAX_FULL without memory. */
WAX_CHECKED wax_status wax_config_add_inner(wax_config *config);

/* Whether two blocks say the same; where they are written does not matter. */
bool wax_bridge_equals(const wax_bridge_config *one, const wax_bridge_config *other);

/* Whether a bridge speaks TLS. */
bool wax_bridge_has_tls(const wax_bridge_config *bridge);

/* Reads a bridge's key, `key` being what `out` then holds. Returns WAX_OK; WAX_INVALID when the
 * digits are none, or not two for each byte; WAX_FULL when they are too many. */
WAX_CHECKED wax_status wax_bridge_read_psk(const wax_bridge_config *bridge, wax_writer *out);

/* Looks at what reading alone cannot see: whether the files that are named can be read by this
 * process, whether options fit each other. Opens files, changes nothing.
 * Returns WAX_OK, or WAX_INVALID when an error was added to `report`. */
WAX_CHECKED wax_status wax_config_check(const wax_config *config, wax_config_report *report);

/* Gives each listener of `next` the place it has in `running`: sessions and messages know a
 * listener by its place for as long as the process lives. A listener is the same when its address,
 * its mount point and what it speaks are. One that is written no more stays as `is_gone`, under the
 * security settings that hold for all, or under its own with per_listener_settings; a new one comes
 * behind. Returns WAX_OK; WAX_FULL with an error in `report` when WAX_CONFIG_NUMBERS_MAX is not
 * enough or memory is not. */
WAX_CHECKED wax_status wax_config_follow(wax_config *next, const wax_config *running,
                                         wax_config_report *report);

/* Adds a note for every option that differs between the two and that a running broker cannot take
 * over: it holds after the next start. Returns how many there are. */
size_t wax_config_compare(const wax_config *running, const wax_config *next,
                          wax_config_report *report);

/* Prints the settings that hold, listener by listener and bridge by bridge, as a file that gives
 * the same configuration when it is read, but for passwords, which are not shown. Above each option
 * that was written stands where. */
void wax_config_explain(const wax_config *config, FILE *out);

/* Where the file writes the option `name` for everybody (`listener` NULL) or for that listener.
 * Line 0: nowhere, or there is no such option. */
wax_config_place wax_config_place_of(const wax_config *config, const wax_listener_config *listener,
                                     const char *name);

/* The name of the file of a place; NULL when it is nowhere. Borrowed from `config`. */
const char *wax_config_file_of(const wax_config *config, wax_config_place place);

/* Whether the listener speaks TLS, by a certificate or by pre-shared keys. */
bool wax_config_has_tls(const wax_listener_config *listener);

/* One line of sni_certificate. */
typedef struct wax_config_host {
    const char *name;
    const char *certfile;
    const char *keyfile;
} wax_config_host;

/* Takes sni_certificates, which may be NULL, apart. Returns memory for the caller to free, into
 * which `hosts` point; NULL, with `count` 0, when there are none. */
char *wax_config_split_hosts(const char *lines, wax_config_host hosts[WAX_CONFIG_HOSTS_MAX],
                             size_t *count);

/* Gives back what the configuration owns; it is then {0}. */
void wax_config_free(wax_config *config);

#endif
