/* What pub, sub, rr, doctor, bench, proxy, gateway, authority and update were asked to do, as their
 * options say it. */
#ifndef WAX_TOOLS_SETTINGS_H
#define WAX_TOOLS_SETTINGS_H

#include "base/base.h"
#include "wire/wire.h"

/* The tools that share the table of options, as bits. */
enum tool {
    TOOL_PUB = 1,
    TOOL_SUB = 2,
    TOOL_RR = 4,
    TOOL_DOCTOR = 8,
    TOOL_BENCH = 16,
    TOOL_PROXY = 32,
    TOOL_AUTHORITY = 64,
    TOOL_GATEWAY = 128,
    TOOL_UPDATE = 256,
};

/* Exit codes that scripts know from Mosquitto's tools; a refused CONNECT exits with its code. */
enum {
    EXIT_GOOD = 0,
    EXIT_WRONG = 1,     /* options, files, no connection */
    EXIT_SENT_AWAY = 4, /* the broker said DISCONNECT */
    EXIT_LOST = 7,      /* the connection ended */
    EXIT_TLS = 8,
    EXIT_LATE = 27, /* -W */
};

enum {
    FILTERS_MAX = 1000,
    PROPERTIES_SIZE = 65536, /* of one packet */
};

/* A list of words that belong to somebody else. */
struct texts {
    const char *items[FILTERS_MAX];
    size_t count;
};

/* Which packet properties go with; WILL is the one inside CONNECT. */
enum properties_of {
    OF_CONNECT,
    OF_PUBLISH,
    OF_SUBSCRIBE,
    OF_UNSUBSCRIBE,
    OF_DISCONNECT,
    OF_WILL,
    OF_COUNT,
};

/* Where the payload comes from. */
enum payload_source {
    FROM_NOWHERE,
    FROM_MESSAGE,
    FROM_FILE,
    FROM_STDIN,
    FROM_LINES,
    FROM_NOTHING,
};

/* A copy of a word that others point into, until the settings are discarded. */
struct kept {
    struct kept *next;
    size_t size;
    char text[];
};

/* A SOCKS5 proxy on the way to the broker. */
struct proxy {
    const char *host; /* NULL: none */
    uint32_t port;
    const char *username; /* NULL: nobody has to log in */
    const char *password;
};

/* What wax bench is to do. */
struct bench_settings {
    struct texts words; /* the scenarios, perhaps with `compare` in front */
    struct texts with;  /* brokers to start */
    uint32_t payload_size;
    uint32_t publishers;
    uint32_t subscribers;
    uint32_t items;
    uint32_t window;
    uint32_t rate;
    uint32_t run_ms;
    uint32_t warm_ms;
    uint32_t patience_ms;
    uint32_t pid;
    uint32_t rounds;
    const char *plot; /* a file for an SVG */
    bool uses_tls;    /* of the brokers it starts */
    bool is_json;
    const char *levels; /* lists, as are the next two; NULL: all */
    const char *sizes;
    const char *counts;
    const char *memory; /* with its unit, as are `ram` and `flash` */
    const char *out;    /* a folder */
    const char *from;   /* figures that were measured before; NULL: measured now */
    const char *device; /* figures of one; NULL: none */
    const char *ram;
    const char *flash;
    const char *against; /* a list: from whom it is to be protected */
    const char *connects;
    uint32_t chunk;
    uint32_t minutes;
    uint32_t every_s; /* from message to message */
    bool has_battery;
};

/* What wax update is to do. */
struct update_settings {
    struct texts words; /* the verb, and files */
    struct texts to; /* devices and groups that are to have the manifest; none: all of the class */
    const char *prefix;
    const char *vendor;
    const char *class_name;
    const char *label;
    const char *manifest; /* a file; NULL: beside the image */
    const char *vendor_key;
    const char *trust;
    const char *percent; /* the stages of a roll-out; NULL: all at once */
    const char *device;
    const char *group;
    const char *factory;
    uint32_t number; /* of the version */
    uint32_t minimum;
    uint32_t chunk_size;
    uint32_t halt_after; /* failures */
    uint32_t settle_ms;
    uint32_t tries;
    uint32_t slot_size;
    uint32_t sector_size;
    uint32_t cut_at;
    uint32_t until; /* a version */
    bool waits;
    bool removes;
    bool never_confirms;
};

/* What wax gateway is to do. */
struct gateway_settings {
    struct texts lines;     /* serial devices */
    const char *predefined; /* a file of topic ids; NULL: none */
    const char *devices;    /* a file of client ids; NULL: all may connect */
    const char *advertise;  /* where ADVERTISE goes; NULL: nowhere */
    uint32_t advertise_s;
    uint32_t baud;
    uint32_t devices_max;
    uint32_t id;
    uint32_t retry_s;
    uint32_t retries;
    bool takes_connectionless;
};

/* Where administrators of wax authority come in, and who they are. */
struct admin_settings {
    const char *listen; /* HOST:PORT, by TLS; NULL: nowhere */
    const char *socket; /* the path of a Unix socket for all accounts; NULL: none */
    const char *roles;  /* who may what; NULL: FOLDER/roles, if there is one */
    const char *cert;   /* these four are files, for TLS */
    const char *key;
    const char *cafile;
    const char *crlfile; /* NULL: none */
};

/* Zero is what was not asked for, unless a default stands in the table of options. */
struct settings {
    enum tool tool;
    const char *name; /* "pub" */

    const char *host;
    const char *unix_path;
    const char *bind_address;
    uint32_t port; /* 0: the usual one */
    const char *client_id;
    const char *id_prefix;
    const char *username;
    char *password; /* on the heap */
    bool uses_scram;
    uint32_t keep_alive_s;
    uint32_t session_expiry_s;
    bool has_session_expiry;
    bool keeps_session;
    bool no_delay;
    bool uses_srv;    /* `host` is a domain whose brokers the DNS names */
    char domain[256]; /* of this host, where `host` is it */
    struct proxy proxy;
    bool is_debug;
    bool is_quiet;
    wax_version version; /* WAX_VERSION_NONE: the usual one */
    bool tries_versions; /* none was asked for */

    const char *will_topic;
    const char *will_payload;
    uint32_t will_qos;
    bool will_retain;

    const char *cafile;
    const char *capath;
    const char *cert;
    const char *key;
    const char *passphrase_file;
    const char *ciphers;
    const char *tls_version;
    const char *alpn;
    char *psk; /* in hexadecimal; on the heap */
    const char *psk_identity;
    const char *keylog;
    bool use_os_certs;
    bool ignores_host;
    bool no_tls;
    bool wants_tls; /* by a URL */

    const char *seal; /* the file of this device's identity; NULL: nothing is sealed */
    bool uses_websocket;

    const char *listen; /* where wax proxy waits for programs, wax gateway for devices */
    bool allows_remote;
    bool lets_clear;

    struct texts topics;
    uint32_t qos;
    bool retain;
    const char *message;
    const char *file;
    enum payload_source source;
    uint32_t inflight;
    uint32_t repeat_count;
    uint32_t repeat_delay_ms;

    struct texts filters_out;
    struct texts unsubscribes;
    uint32_t message_count; /* 0: no end */
    uint32_t timeout_s;     /* 0: none */
    const char *format;
    uint32_t random_part; /* of 10,000 messages, how many are shown */
    uint32_t retain_handling;
    bool exits_subscribed;
    bool no_line_end;
    bool no_retained;
    bool is_verbose;
    bool is_pretty;
    bool removes_retained;
    bool retained_only;
    bool retain_as_published;
    bool watches;
    bool shows_rate;
    const char *response_topic;
    bool shows_latency;

    const char *acl_file;
    bool publishes;

    struct bench_settings bench;
    struct update_settings update;
    struct gateway_settings gateway;

    const char *folder; /* of the authority; NULL: none was named */
    const char *kek;    /* the file of its key-encryption key; NULL: where it is looked for */

    struct admin_settings admin;

    uint8_t *properties[OF_COUNT]; /* on the heap; NULL: none */
    size_t properties_size[OF_COUNT];
    uint32_t receive_maximum;
    uint32_t alias_maximum;
    uint32_t packet_size_max;

    bool wants_help;
    bool wants_manual;
    bool wants_table;
    bool wants_version;
    const char *options_file;
    struct kept *kept;
    wax_bytes options_text; /* the file that defaults came from */
};

/* Says on the standard error what is wrong. Returns false, for callers to pass on. */
__attribute__((format(printf, 2, 3))) bool tools_complain(const struct settings *settings,
                                                          const char *format, ...);

/* As tools_complain(), but only unless --quiet. */
__attribute__((format(printf, 2, 3))) void tools_say(const struct settings *settings,
                                                     const char *format, ...);

/* Says with -d what happens. */
__attribute__((format(printf, 2, 3))) void tools_debug(const struct settings *settings,
                                                       const char *format, ...);

/* Takes host, port, user, password and topic of mqtt(s)://[user[:password]@]host[:port][/topic].
 * Returns false, and said so, if it is no such URL. */
bool tools_settings_take_url(struct settings *settings, const char *url);

/* Takes the proxy of socks5h://[user[:password]@]host[:port]. Returns false, and said so, if it is
 * no such URL. */
bool tools_settings_take_proxy(struct settings *settings, const char *url);

/* Takes `place identifier value`, or `place user-property name value`, of -D. Returns how many of
 * the words it took; 0, and said so, if they make no property of that place. */
size_t tools_settings_take_property(struct settings *settings, char *const *words, size_t count);

/* The properties that were taken for a packet. */
wax_bytes tools_settings_properties(const struct settings *settings, enum properties_of of);

/* Appends a property to those of a packet. False without memory or room. */
bool tools_settings_add_property(struct settings *settings, enum properties_of of,
                                 const wax_property *property);

/* The topic to publish to: of several the last one counts. */
const char *tools_settings_topic(const struct settings *settings);

/* Whether a word is a topic filter: 1 to 65535 bytes of UTF-8, with + and # only as whole levels, #
 * as the last. */
bool tools_settings_is_filter(const char *word);

/* Whether a word is a topic name: as a filter, but without wildcards. */
bool tools_settings_is_topic(const char *word);

/* Fills in what follows from the rest, and checks that all of it fits together. False, and said so,
 * if not. */
bool tools_settings_finish(struct settings *settings);

/* Whether the connection is to use TLS. */
bool tools_settings_use_tls(const struct settings *settings);

/* Wipes and frees what is secret or on the heap. */
void tools_settings_discard(struct settings *settings);

#endif
