/* The table of options, with Mosquitto's names and meanings where it has them. */
#include "broker/options.h"

#include <stddef.h>

#include "broker/config.h"

/* A field and its size cannot be handed to a function, so that these are macros. */
#define OF_BROKER(field)                                                                           \
    .scope = WAX_SCOPE_GLOBAL, .offset = offsetof(wax_config, field),                              \
    .size = sizeof(((wax_config *)0)->field)
#define IN_LISTENER(field)                                                                         \
    .offset = offsetof(wax_listener_config, field),                                                \
    .size = sizeof(((wax_listener_config *)0)->field)
#define OF_LISTENER(field) .scope = WAX_SCOPE_LISTENER, IN_LISTENER(field)
#define OF_SECURITY(field) .scope = WAX_SCOPE_SECURITY, IN_LISTENER(field)
#define OF_DEFAULT(field)  .scope = WAX_SCOPE_DEFAULT, IN_LISTENER(field)
#define OF_BRIDGE(field)                                                                           \
    .scope = WAX_SCOPE_BRIDGE, .offset = offsetof(wax_bridge_config, field),                       \
    .size = sizeof(((wax_bridge_config *)0)->field)
#define OF_NOBODY .scope = WAX_SCOPE_NONE

/* clang-format off */
#define BOOL(value)                     .type = WAX_OPTION_BOOL, .fallback = (value)
#define RANGE(low, high, value, what)   .least = (low), .most = (high), .fallback = (value), .unit = (what)
#define NUMBER(low, high, value, what)  .type = WAX_OPTION_NUMBER, RANGE(low, high, value, what)
#define LIMIT(low, high, value, what)   .type = WAX_OPTION_LIMIT, RANGE(low, high, value, what)
#define SIZE(low, high, value)          .type = WAX_OPTION_SIZE, RANGE(low, high, value, "bytes")
#define DURATION(value)                 .type = WAX_OPTION_DURATION, .fallback = (value)
#define WORD(list, value)               .type = WAX_OPTION_WORD, .words = (list), .fallback = (value)
#define SET(list, value)                .type = WAX_OPTION_SET, .words = (list), .fallback = (value)
#define LIST(list, value)               .type = WAX_OPTION_LIST, .words = (list), .fallback = (value)
#define TEXT(high, value)               .type = WAX_OPTION_TEXT, .most = (high), .fallback = (value)
#define NUMBERS(low, high, value)       .type = WAX_OPTION_NUMBERS, .least = (low), .most = (high), .fallback = (value)
#define SECRET                          .is_secret = true
#define TEXTS(high)                     .type = WAX_OPTION_TEXTS, .most = (high)
#define HOSTS                           .type = WAX_OPTION_HOSTS, .most = HOSTS_SIZE_MAX
#define READ_FILE                       .type = WAX_OPTION_FILE, .most = PATH_SIZE_MAX
#define WITHOUT(kind, reason)           .support = WAX_SUPPORT_##kind, .type = WAX_OPTION_NOTHING, OF_NOBODY, .note = (reason)
#define RELOADS                         .reloads = true
#define OWN                             .is_own = true
#define FOLDED                          .is_folded = true
#define IN(part)                        .section = WAX_SECTION_##part
#define SAYS(text)                      .sentence = (text)
/* clang-format on */

enum {
    PATH_SIZE_MAX = 4095,
    HOSTS_SIZE_MAX = 64 * 8192,
    COUNT_MAX = 2000000000,
    PACKET_SIZE_MAX = 268435460, /* Remaining Length's most, with the fixed header */
};

/* More than any machine has: 2 to the power of 52. */
#define MEMORY_MAX INT64_C(4503599627370496)

/* What to do instead, where many rows say the same. */
#define PLUGINS    "Wax loads no code; use `password_file`, `acl_file` or `dynamic_security_file`"
#define ENGINES    "delete the line and give `keyfile` a file in PEM form; OpenSSL 3 gives engines up"
#define CONTINUOUS "there is no snapshot whose time could be chosen"

/* clang-format off */
const wax_option wax_options[] = {
    {.name = "include_dir", IN(GENERAL), .type = WAX_OPTION_INCLUDE, OF_NOBODY, RELOADS,
     SAYS("Reads every file of this directory whose name ends in .conf, sorted, upper before lower case of each letter. Only in the main file.")},
    {.name = "user", IN(GENERAL), OF_BROKER(user), TEXT(64, "wax"),
     SAYS("The account the broker changes to after opening its listeners, when root starts it; where this line is missing and there is no such account, `mosquitto`. `root` keeps root's rights.")},
    {.name = "control_socket", IN(GENERAL), OF_BROKER(control_socket), TEXT(107, NULL), OWN,
     SAYS("The Unix socket of `wax ctl`, for root and the broker's own account only; `off` opens none. Without it, /run/wax/control, $XDG_RUNTIME_DIR/wax/control or `control` in `persistence_location`, the first that can be made.")},
    {.name = "pid_file", IN(GENERAL), OF_BROKER(pid_file), TEXT(PATH_SIZE_MAX, NULL),
     SAYS("Where the broker writes its process id.")},
    {.name = "workers", IN(GENERAL), OF_BROKER(workers), NUMBER(0, 256, "0", "threads"), OWN,
     SAYS("How many threads carry connections; 0 means one per core.")},
    {.name = "set_tcp_nodelay", IN(GENERAL), OF_BROKER(set_tcp_nodelay), BOOL("true"), RELOADS,
     SAYS("Sends small packets at once (TCP_NODELAY). Mosquitto's default is false.")},
    {.name = "watch_files", IN(GENERAL), OF_BROKER(watch_files), BOOL("true"), RELOADS, OWN,
     SAYS("Watches the files of certificates, keys, revoked certificates, passwords, pre-shared keys and rules, and reloads when one changes.")},
    {.name = "sys_interval", IN(GENERAL), OF_BROKER(sys_interval_s), NUMBER(0, 65535, "10", "seconds"), RELOADS,
     SAYS("How often the $SYS topics are published; 0 means never.")},
    {.name = "sys_anonymous", IN(GENERAL), OF_BROKER(sys_anonymous), BOOL("false"), RELOADS, OWN,
     SAYS("Lets clients without a user name read the $SYS topics, where there is no `acl_file`; with one, its lines decide. Mosquitto lets them.")},

    {.name = "listener", IN(LISTENERS), .type = WAX_OPTION_LISTENER, OF_NOBODY, RELOADS,
     SAYS("Opens a port, `listener PORT [ADDRESS]`, or a Unix socket, `listener 0 PATH`. What follows up to the next listener belongs to it.")},
    {.name = "port", IN(LISTENERS), OF_DEFAULT(port), NUMBER(1, 65535, "1883", NULL), RELOADS,
     SAYS("The port of the default listener, the one that options above any `listener` belong to. Prefer `listener`.")},
    {.name = "bind_address", IN(LISTENERS), OF_DEFAULT(address), TEXT(PATH_SIZE_MAX, NULL), RELOADS,
     SAYS("The address of the default listener; without it, all. Prefer `listener`.")},
    {.name = "bind_interface", IN(LISTENERS), OF_LISTENER(bind_interface), TEXT(15, NULL), RELOADS,
     SAYS("Takes connections of this network interface only, for instance eth0.")},
    {.name = "socket_domain", IN(LISTENERS), OF_LISTENER(socket_domain), WORD("both ipv4 ipv6", "both"), RELOADS,
     SAYS("Listens on one family of addresses only.")},
    {.name = "protocol", IN(LISTENERS), OF_LISTENER(protocol), WORD("mqtt websockets http_api", "mqtt"), RELOADS,
     SAYS("What the listener speaks: MQTT; MQTT over WebSocket on any path; or HTTP for operations, with /metrics (Prometheus), /health and /ready, for whoever reaches it: no password is asked.")},
    {.name = "websockets_origin", IN(LISTENERS), OF_LISTENER(websockets_origins), TEXTS(1024), RELOADS,
     SAYS("An origin whose pages may connect by WebSocket, as browsers write it: https://example.org. May be repeated. Once one is written, all others and clients without Origin are refused.")},
    {.name = "enable_proxy_protocol", IN(LISTENERS), OF_LISTENER(proxy_protocol), WORD("off 1 2", "off"), RELOADS,
     SAYS("Wants a PROXY header of that version before everything else: who the peer is stands in it, and is believed. Only a proxy should reach such a listener.")},
    {.name = "proxy_protocol_v2_require_tls", IN(LISTENERS), OF_LISTENER(proxy_protocol_v2_require_tls), BOOL("false"), RELOADS,
     SAYS("Lets only clients in of which the PROXY header of version 2 says that they came to the proxy by TLS.")},
    {.name = "http_api_public", IN(LISTENERS), OF_LISTENER(http_api_public), BOOL("false"), RELOADS, OWN,
     SAYS("Allows a `protocol http_api` listener that the network reaches and that asks for no client certificate.")},
    {.name = "mount_point", IN(LISTENERS), OF_LISTENER(mount_point), TEXT(1024, NULL), RELOADS,
     SAYS("A prefix put before every topic of this listener's clients and taken off again for them.")},
    {.name = "max_connections", IN(LISTENERS), OF_LISTENER(max_connections), LIMIT(-1, COUNT_MAX, "-1", "connections"), RELOADS,
     SAYS("How many clients may be connected to this listener; -1 means as many as the process may open files.")},
    {.name = "max_qos", IN(LISTENERS), OF_LISTENER(max_qos), NUMBER(0, 2, "2", NULL), RELOADS,
     SAYS("The highest QoS that clients of this listener may use.")},
    {.name = "maximum_qos", .alias_of = "max_qos"},
    {.name = "max_topic_alias", IN(LISTENERS), OF_LISTENER(max_topic_alias), NUMBER(0, 65535, "10", "aliases"), RELOADS,
     SAYS("How many topic aliases a client may make.")},
    {.name = "max_topic_alias_broker", IN(LISTENERS), OF_LISTENER(max_topic_alias_broker), NUMBER(0, 65535, "10", "aliases"), RELOADS,
     SAYS("How many topic aliases the broker makes towards a client, if the client takes them.")},
    {.name = "accept_protocol_versions", IN(LISTENERS), OF_LISTENER(accept_protocol_versions), LIST("3 4 5", "3,4,5"), RELOADS,
     SAYS("Which versions of MQTT clients may speak: 3 is 3.1, 4 is 3.1.1, 5 is 5.0.")},
    {.name = "use_username_as_clientid", IN(LISTENERS), OF_LISTENER(use_username_as_clientid), BOOL("false"), RELOADS,
     SAYS("Makes the user name the client id, whatever id the client sends, so that nobody takes another's session.")},
    {.name = "global_max_clients", IN(LISTENERS), OF_BROKER(global_max_clients), LIMIT(-1, COUNT_MAX, "-1", "sessions"), RELOADS,
     SAYS("How many sessions there may be, connected or not; -1 means no limit.")},
    {.name = "global_max_connections", IN(LISTENERS), OF_BROKER(global_max_connections), LIMIT(-1, COUNT_MAX, "-1", "connections"), RELOADS,
     SAYS("How many clients may be connected; -1 means as many as the process may open files.")},
    {.name = "connect_timeout", IN(LISTENERS), OF_BROKER(connect_timeout_s), NUMBER(1, 3600, "10", "seconds"), RELOADS, OWN,
     SAYS("How long a new connection may take, TLS included, until its CONNECT is complete.")},

    {.name = "allow_anonymous", IN(SECURITY), OF_SECURITY(allow_anonymous), BOOL("false"), RELOADS,
     SAYS("Lets clients in that give no user name. True when no listener is written and only this machine reaches the broker.")},
    {.name = "listener_allow_anonymous", IN(SECURITY), OF_LISTENER(own_allow_anonymous), BOOL("false"), RELOADS, FOLDED,
     SAYS("As `allow_anonymous`, for this listener, whatever `per_listener_settings` says.")},
    {.name = "per_listener_settings", IN(SECURITY), OF_BROKER(per_listener_settings), BOOL("false"), FOLDED,
     SAYS("Makes security options belong to the listener above them and not to all. Must precede them.")},
    {.name = "password_file", IN(SECURITY), OF_SECURITY(password_file), READ_FILE, RELOADS,
     SAYS("The users and the hashes of their passwords; `wax passwd` writes it.")},
    {.name = "acl_file", IN(SECURITY), OF_SECURITY(acl_file), READ_FILE, RELOADS,
     SAYS("Who may read and write which topics. Without it, everybody everything.")},
    {.name = "psk_file", IN(SECURITY), OF_SECURITY(psk_file), READ_FILE, RELOADS,
     SAYS("The pre-shared keys of clients, a line IDENTITY:HEXKEY for each, for listeners with `psk_hint`. `openssl rand -hex 32` makes a key.")},
    {.name = "psk_allow_short", IN(SECURITY), OF_SECURITY(psk_allow_short), BOOL("false"), RELOADS, OWN,
     SAYS("Takes keys of less than 16 bytes from `psk_file`, which whoever records a connection can guess.")},
    {.name = "dynamic_security_file", IN(SECURITY), OF_SECURITY(dynamic_security_file), READ_FILE, OWN,
     SAYS("Users, groups and roles that change while the broker runs: the file of Mosquitto's dynamic security, which `mosquitto_ctrl dynsec init FILE USER` makes and `mosquitto_ctrl dynsec` then changes through the broker. The broker writes it, and so needs its folder writable. Whoever it knows is judged by its passwords and roles alone; with an acl_file too, both must allow. One file for all listeners that name one; a reload does not read it again.")},
    {.name = "allow_zero_length_clientid", IN(SECURITY), OF_SECURITY(allow_zero_length_clientid), BOOL("true"), RELOADS,
     SAYS("Lets clients in that send no client id; the broker makes one.")},
    {.name = "auto_id_prefix", IN(SECURITY), OF_SECURITY(auto_id_prefix), TEXT(50, "auto-"), RELOADS,
     SAYS("How client ids that the broker makes begin.")},
    {.name = "listener_auto_id_prefix", IN(SECURITY), OF_LISTENER(own_auto_id_prefix), TEXT(50, NULL), RELOADS, FOLDED,
     SAYS("As `auto_id_prefix`, for this listener, whatever `per_listener_settings` says.")},
    {.name = "clientid_prefixes", IN(SECURITY), OF_BROKER(clientid_prefixes), TEXT(1024, NULL), RELOADS,
     SAYS("Lets only clients in whose id begins like this.")},
    {.name = "check_retain_source", IN(SECURITY), OF_BROKER(check_retain_source), BOOL("true"),
     SAYS("Delivers a retained message only while its author still has the right to publish it.")},
    {.name = "acl_subscribe_check", IN(SECURITY), OF_BROKER(acl_subscribe_check), BOOL("true"), RELOADS, OWN,
     SAYS("Refuses a SUBSCRIBE that no rule can ever satisfy. False accepts it and delivers nothing, as Mosquitto does.")},
    {.name = "session_owner", IN(SECURITY), OF_BROKER(session_owner), WORD("strict any", "strict"), OWN,
     SAYS("With `strict`, a session belongs to the identity that made it and nobody else takes it over; names that different files or authorities vouch for are different identities, though spelled alike. `any` is Mosquitto's way: the client id is enough.")},

    {.name = "certfile", IN(TLS), OF_LISTENER(certfile), READ_FILE, RELOADS,
     SAYS("The server's certificate and the chain above it, in PEM form. Turns TLS on, together with `keyfile`.")},
    {.name = "keyfile", IN(TLS), OF_LISTENER(keyfile), READ_FILE, RELOADS,
     SAYS("The private key of `certfile`, in PEM form.")},
    {.name = "cafile", IN(TLS), OF_LISTENER(cafile), READ_FILE, RELOADS,
     SAYS("The authorities whose client certificates are accepted, in PEM form.")},
    {.name = "capath", IN(TLS), OF_LISTENER(capath), READ_FILE, RELOADS,
     SAYS("As `cafile`: a directory that `openssl rehash` has prepared.")},
    {.name = "crlfile", IN(TLS), OF_LISTENER(crlfile), READ_FILE, RELOADS,
     SAYS("The list of client certificates that are revoked, in PEM form.")},
    {.name = "require_certificate", IN(TLS), OF_LISTENER(require_certificate), BOOL("false"), RELOADS,
     SAYS("Lets only clients in that show a certificate of `cafile` or `capath`, with at most 10 CAs between, in at most 64 KiB.")},
    {.name = "use_identity_as_username", IN(TLS), OF_LISTENER(use_identity_as_username), BOOL("false"), RELOADS,
     SAYS("Makes the common name of the client's certificate, or its PSK identity, its user name; no password is asked.")},
    {.name = "use_subject_as_username", IN(TLS), OF_LISTENER(use_subject_as_username), BOOL("false"), RELOADS,
     SAYS("Makes the whole subject of the client's certificate its user name, as RFC 2253 writes it; no password is asked.")},
    {.name = "ciphers", IN(TLS), OF_LISTENER(ciphers), TEXT(4095, NULL), RELOADS,
     SAYS("The ciphers of TLS 1.2, as OpenSSL lists them; without it, those that are safe. Weak ones are refused.")},
    {.name = "ciphers_tls1.3", IN(TLS), OF_LISTENER(ciphers_tls13), TEXT(4095, NULL), RELOADS,
     SAYS("The cipher suites of TLS 1.3, as OpenSSL lists them; without it, OpenSSL's own choice.")},
    {.name = "tls_version", IN(TLS), OF_LISTENER(tls_version), WORD("tlsv1.2 tlsv1.3 !tlsv1.1 !tlsv1", "tlsv1.2"), RELOADS,
     SAYS("The oldest version of TLS that is accepted."), .note = "refused: TLS before 1.2 is broken (RFC 8996); write tlsv1.2, which every TLS library of the last ten years speaks"},

    {.name = "disable_client_cert_date_checks", IN(TLS), OF_LISTENER(ignores_client_dates), BOOL("false"), RELOADS,
     SAYS("Lets clients in whose certificate has expired, or is not valid yet.")},
    {.name = "psk_hint", IN(TLS), OF_LISTENER(psk_hint), TEXT(128, NULL), RELOADS,
     SAYS("Turns TLS on with the pre-shared keys of `psk_file`, beside or instead of `certfile`. Clients of TLS 1.2 are told this text, to choose their key by.")},
    {.name = "sni_certificate", IN(TLS), OF_LISTENER(sni_certificates), HOSTS, RELOADS, OWN,
     SAYS("Another certificate, with its key, for clients that ask for this host name (SNI); `*.` in front stands for one label. May be repeated; all others get `certfile`.")},
    {.name = "tls_record_size_max", IN(TLS), OF_LISTENER(tls_record_size_max), NUMBER(512, 16384, "16384", "bytes"), RELOADS, OWN,
     SAYS("The largest piece of data in one TLS record that is sent, for devices with small buffers that cannot ask for it themselves (max_fragment_length).")},

    {.name = "max_inflight_messages", IN(LIMITS), OF_BROKER(max_inflight_messages), LIMIT(0, 65535, "20", "messages"), RELOADS,
     SAYS("How many QoS 1 and 2 messages may wait for an acknowledgement, each way and client; 0 means 65535.")},
    {.name = "max_inflight_bytes", IN(LIMITS), OF_BROKER(max_inflight_bytes), SIZE(0, MEMORY_MAX, "0"), RELOADS,
     SAYS("As `max_inflight_messages`, in bytes towards a client; 0 means no limit.")},
    {.name = "max_queued_messages", IN(LIMITS), OF_BROKER(max_queued_messages), LIMIT(0, COUNT_MAX, "1000", "messages"), RELOADS,
     SAYS("How many messages wait for one client beyond those in flight; 0 means no limit.")},
    {.name = "max_queued_bytes", IN(LIMITS), OF_BROKER(max_queued_bytes), SIZE(0, MEMORY_MAX, "67108864"), RELOADS,
     SAYS("As `max_queued_messages`, in bytes; 0 means no limit, which is Mosquitto's default.")},
    {.name = "queue_qos0_messages", IN(LIMITS), OF_BROKER(queue_qos0_messages), BOOL("false"), RELOADS,
     SAYS("Keeps QoS 0 messages, too, for clients that are away.")},
    {.name = "max_packet_size", IN(LIMITS), OF_BROKER(max_packet_size), SIZE(20, PACKET_SIZE_MAX, "2000000"), RELOADS,
     SAYS("The largest packet that is taken. Mosquitto before 2.1 has no limit.")},
    {.name = "message_size_limit", IN(LIMITS), OF_BROKER(message_size_limit), SIZE(0, PACKET_SIZE_MAX, "0"), RELOADS,
     SAYS("The largest payload that is passed on; larger ones are acknowledged and dropped; 0 means no limit but `max_packet_size`.")},
    {.name = "max_keepalive", IN(LIMITS), OF_BROKER(max_keepalive_s), NUMBER(0, 65535, "0", "seconds"), RELOADS,
     SAYS("The longest keep alive that is granted: MQTT 5 clients are told, older ones refused; 0 grants any, and none.")},
    {.name = "memory_limit", IN(LIMITS), OF_BROKER(memory_limit), SIZE(0, MEMORY_MAX, "0"), RELOADS,
     SAYS("How much memory the process may take; above it messages and subscriptions are refused until there is room again; 0 means no limit.")},
    {.name = "persistent_client_expiration", IN(LIMITS), OF_BROKER(persistent_client_expiration_s), DURATION("14d"), RELOADS,
     SAYS("After how long without its client a session is deleted; `never` or 0 keeps it, which is Mosquitto's default.")},
    {.name = "retain_available", IN(LIMITS), OF_BROKER(retain_available), BOOL("true"), RELOADS,
     SAYS("Takes retained messages.")},
    {.name = "retain_expiry_interval", IN(LIMITS), OF_BROKER(retain_expiry_interval_minutes), NUMBER(0, 5256000, "0", "minutes"), RELOADS,
     SAYS("How often retained messages that have expired are looked for and deleted; 0 means only when they are met.")},
    {.name = "upgrade_outgoing_qos", IN(LIMITS), OF_BROKER(upgrade_outgoing_qos), BOOL("false"), RELOADS,
     SAYS("Delivers with the QoS of the subscription and not the lower of the two. Not what the standard says.")},
    {.name = "allow_duplicate_messages", IN(LIMITS), OF_BROKER(allow_duplicate_messages), BOOL("false"), RELOADS,
     SAYS("Delivers a message once for each subscription of a client that matches it. Mosquitto's default since 2.1 is true.")},
    {.name = "connect_size_max", IN(LIMITS), OF_BROKER(connect_size_max), SIZE(128, PACKET_SIZE_MAX, "65536"), RELOADS, OWN,
     SAYS("The largest CONNECT packet, will included: all that a stranger can make the broker hold.")},
    {.name = "topic_levels_max", IN(LIMITS), OF_BROKER(topic_levels_max), NUMBER(1, 65535, "200", "levels"), RELOADS, OWN,
     SAYS("How many levels a topic or a filter may have.")},
    {.name = "subscriptions_max", IN(LIMITS), OF_BROKER(subscriptions_max), LIMIT(0, COUNT_MAX, "10000", "subscriptions"), RELOADS, OWN,
     SAYS("How many subscriptions one session may hold; 0 means no limit.")},
    {.name = "retained_max", IN(LIMITS), OF_BROKER(retained_max), LIMIT(0, COUNT_MAX, "1000000", "messages"), RELOADS, OWN,
     SAYS("How many retained messages there may be; 0 means no limit.")},

    {.name = "persistence", IN(PERSISTENCE), OF_BROKER(persistence), WORD("auto true false", "auto"),
     SAYS("Keeps sessions, their subscriptions and queues, and retained messages on disk: what is acknowledged is safe there, whatever happens to the process or the machine. `auto` does so where there is a place for it: `persistence_location`, or the service's state directory, or /var/lib/wax if the broker may write there. `false` keeps everything in memory only, and is faster.")},
    {.name = "retained_persistence", .alias_of = "persistence"},
    {.name = "persistence_location", IN(PERSISTENCE), OF_BROKER(persistence_location), TEXT(PATH_SIZE_MAX, NULL),
     SAYS("The directory of the store, wax.db. It is made if it is missing; nobody but the broker may read what is in it. Without it, and with `persistence true`, the service's state directory or the working directory.")},
    {.name = "persistence_damage", IN(PERSISTENCE), OF_BROKER(persistence_damage), WORD("quarantine fail", "quarantine"), OWN,
     SAYS("What to do with a store that is damaged, or of a later version: set it aside under another name and take over what verifies, or not start.")},
    {.name = "persistence_file", IN(PERSISTENCE), WITHOUT(IGNORED, "Wax names its files itself")},
    {.name = "autosave_interval", IN(PERSISTENCE), WITHOUT(IGNORED, CONTINUOUS)},
    {.name = "autosave_on_changes", IN(PERSISTENCE), WITHOUT(IGNORED, CONTINUOUS)},

    {.name = "log_dest", IN(LOGGING), OF_BROKER(log_dest), SET("stderr stdout syslog topic journald file= ~dlt ~android -none", "stderr"), RELOADS,
     .second = offsetof(wax_config, log_file), .note = "not a place Wax can log to; `log_dest syslog` is nearest",
     SAYS("Where the log goes; each line adds a place. `file PATH` appends to a file, `topic` publishes under $SYS/broker/log.")},
    {.name = "log_type", IN(LOGGING), OF_BROKER(log_type), SET("error warning notice information debug subscribe unsubscribe websockets internal +all -none", "error,warning,notice,information"), RELOADS,
     SAYS("What is logged; each line adds a kind.")},
    {.name = "log_format", IN(LOGGING), OF_BROKER(log_format), WORD("text json", "text"), RELOADS, OWN,
     SAYS("How lines look on stderr, stdout and in files: `text`, or `json`, an object a line with time, level, event and a member for each value.")},
    {.name = "log_timestamp", IN(LOGGING), OF_BROKER(log_timestamp), BOOL("true"), RELOADS,
     SAYS("Begins each line with the time.")},
    {.name = "log_timestamp_format", IN(LOGGING), OF_BROKER(log_timestamp_format), TEXT(128, NULL), RELOADS,
     SAYS("How the time is written, as strftime() takes it, for instance %Y-%m-%dT%H:%M:%S; without it, seconds since 1970.")},
    {.name = "log_facility", IN(LOGGING), OF_BROKER(log_facility), WORD("daemon 0 1 2 3 4 5 6 7", "daemon"),
     SAYS("The facility of syslog: 0 to 7 are LOCAL0 to LOCAL7.")},
    {.name = "connection_messages", IN(LOGGING), OF_BROKER(connection_messages), BOOL("true"), RELOADS,
     SAYS("Logs every client that comes and goes.")},

    {.name = "packet_buffer_size", IN(LISTENERS), WITHOUT(IGNORED, "buffers grow and shrink by themselves")},
    {.name = "websockets_headers_size", IN(LISTENERS), WITHOUT(IGNORED, "the head of a request may have 8192 bytes")},
    {.name = "websockets_log_level", IN(LOGGING), WITHOUT(IGNORED, "Wax does not use that library")},
    {.name = "http_dir", IN(LISTENERS), WITHOUT(IGNORED, "Wax serves no files")},
    {.name = "enable_control_api", IN(SECURITY), WITHOUT(LATER, "delete the line; `wax ctl` will take its place")},
    {.name = "dhparamfile", IN(TLS), WITHOUT(IGNORED, "TLS picks its groups itself")},
    {.name = "tls_engine", IN(TLS), WITHOUT(REFUSED, ENGINES)},
    {.name = "tls_engine_kpass_sha1", IN(TLS), WITHOUT(REFUSED, ENGINES)},
    {.name = "tls_keyform", IN(TLS), WITHOUT(REFUSED, ENGINES)},

    {.name = "plugin", IN(PLUGINS), .type = WAX_OPTION_PLUGIN, OF_NOBODY, RELOADS,
     SAYS("Names a plugin by its file, which need not be there: those that come with Mosquitto are built in. `mosquitto_dynamic_security.so`, `mosquitto_password_file.so` and `mosquitto_acl_file.so` stand for dynamic_security_file, password_file and acl_file; `mosquitto_persist_sqlite.so` and `mosquitto_sparkplug_aware.so` have no effect; others are refused."), .note = PLUGINS},
    {.name = "auth_plugin", .alias_of = "plugin"},
    {.name = "global_plugin", IN(PLUGINS), .type = WAX_OPTION_PLUGIN, OF_NOBODY, RELOADS,
     SAYS("As plugin, for all listeners."), .note = PLUGINS},
    {.name = "plugin_load", IN(PLUGINS), .type = WAX_OPTION_PLUGIN, OF_NOBODY, RELOADS,
     SAYS("`plugin_load NAME FILE`: as plugin, but it has no effect before plugin_use."), .note = PLUGINS},
    {.name = "plugin_use", IN(PLUGINS), .type = WAX_OPTION_PLUGIN, OF_NOBODY, RELOADS,
     SAYS("`plugin_use NAME`: puts the plugin that was loaded under this name to use here."), .note = PLUGINS},
    {.name = "plugin_opt_*", IN(PLUGINS), .type = WAX_OPTION_PLUGIN, OF_NOBODY, RELOADS,
     SAYS("An option of the plugin above: plugin_opt_config_file, plugin_opt_password_file or plugin_opt_acl_file is the file of the one that is built in. Others have no effect."), .note = PLUGINS},
    {.name = "auth_opt_*", IN(PLUGINS), .type = WAX_OPTION_PLUGIN, OF_NOBODY, RELOADS,
     SAYS("As plugin_opt_*."), .note = PLUGINS},
    {.name = "auth_plugin_deny_special_chars", IN(PLUGINS), WITHOUT(IGNORED, "Wax always refuses user names and client ids with + or #")},

    {.name = "connection", IN(BRIDGES), .type = WAX_OPTION_BRIDGE, OF_NOBODY, RELOADS,
     SAYS("Opens a bridge of that name: this broker becomes a client of another. The bridge's options that follow belong to it.")},
    {.name = "address", IN(BRIDGES), .type = WAX_OPTION_ADDRESS, .scope = WAX_SCOPE_BRIDGE, RELOADS,
     SAYS("Where the other broker is, `HOST[:PORT]`, without a port 1883; several are tried in their order.")},
    {.name = "addresses", .alias_of = "address"},
    {.name = "topic", IN(BRIDGES), .type = WAX_OPTION_TOPIC, .scope = WAX_SCOPE_BRIDGE, RELOADS,
     SAYS("What crosses the bridge: `PATTERN [out|in|both] [QOS] [LOCAL-PREFIX] [REMOTE-PREFIX]`, without more out at QoS 0. `\"\"` stands for nothing, and what holds blanks stands in quotation marks.")},
    {.name = "remote_clientid", IN(BRIDGES), OF_BRIDGE(remote_clientid), TEXT(4000, NULL), RELOADS,
     SAYS("The client id at the other broker; without it, the name of this host, a dot, the name of the bridge.")},
    {.name = "clientid", .alias_of = "remote_clientid"},
    {.name = "remote_username", IN(BRIDGES), OF_BRIDGE(remote_username), TEXT(4095, NULL), RELOADS,
     SAYS("The user name at the other broker.")},
    {.name = "username", .alias_of = "remote_username"},
    {.name = "remote_password", IN(BRIDGES), OF_BRIDGE(remote_password), TEXT(4095, NULL), RELOADS, SECRET,
     SAYS("The password at the other broker.")},
    {.name = "password", .alias_of = "remote_password"},
    {.name = "local_clientid", IN(BRIDGES), OF_BRIDGE(local_clientid), TEXT(4095, NULL), RELOADS,
     SAYS("The client id of the bridge's session at this broker, which nobody else can take; without it, `local.` and the remote one.")},
    {.name = "local_username", IN(BRIDGES), OF_BRIDGE(local_username), TEXT(4095, NULL), RELOADS,
     SAYS("The user whose rights in `acl_file` bound what the bridge reads and writes here; without it, its `topic` lines alone do.")},
    {.name = "local_password", IN(BRIDGES), WITHOUT(IGNORED, "a bridge needs no password at its own broker")},
    {.name = "cleansession", IN(BRIDGES), OF_BRIDGE(cleansession), BOOL("false"), RELOADS,
     SAYS("Asks the other broker to keep nothing for the bridge while it is away.")},
    {.name = "local_cleansession", IN(BRIDGES), OF_BRIDGE(local_cleansession), BOOL("false"), RELOADS,
     SAYS("Keeps nothing here for the other broker while the bridge is away. Without the line, as `cleansession`.")},
    {.name = "keepalive_interval", IN(BRIDGES), OF_BRIDGE(keepalive_s), NUMBER(5, 65535, "60", "seconds"), RELOADS,
     SAYS("After how long without traffic the bridge asks whether the other broker is there.")},
    {.name = "start_type", IN(BRIDGES), OF_BRIDGE(start_type), WORD("automatic lazy once !manual", "automatic"), RELOADS,
     SAYS("When to connect: always; `lazy`, once `threshold` messages wait; `once`, and not again after a loss."), .note = "nobody could start it: write automatic, lazy or once"},
    {.name = "idle_timeout", IN(BRIDGES), OF_BRIDGE(idle_timeout_s), NUMBER(1, 86400, "60", "seconds"), RELOADS,
     SAYS("After how long without a message a lazy bridge disconnects.")},
    {.name = "threshold", IN(BRIDGES), OF_BRIDGE(threshold), NUMBER(1, COUNT_MAX, "10", "messages"), RELOADS,
     SAYS("How many messages must wait before a lazy bridge connects.")},
    {.name = "restart_timeout", IN(BRIDGES), OF_BRIDGE(restart_s), NUMBERS(1, 86400, "5 30"), RELOADS,
     SAYS("How long to wait before the next attempt, `BASE [CAP [STABLE]]` in seconds: BASE alone is always that long; with CAP, waits are random and grow up to it; a connection that lasted STABLE makes them short again.")},
    {.name = "round_robin", IN(BRIDGES), OF_BRIDGE(round_robin), BOOL("false"), RELOADS,
     SAYS("Treats all addresses alike. False prefers the first, and goes back to it when it answers again.")},
    {.name = "try_private", IN(BRIDGES), OF_BRIDGE(try_private), BOOL("true"), RELOADS,
     SAYS("With MQTT 3, tells the other broker that this is a bridge, if it listens, so that it sends nothing back.")},
    {.name = "notifications", IN(BRIDGES), OF_BRIDGE(notifications), BOOL("true"), RELOADS,
     SAYS("Publishes 1 and 0, retained, when the bridge comes and goes, here and at the other broker.")},
    {.name = "notifications_local_only", IN(BRIDGES), OF_BRIDGE(notifications_local_only), BOOL("false"), RELOADS,
     SAYS("As `notifications`, here only.")},
    {.name = "notification_topic", IN(BRIDGES), OF_BRIDGE(notification_topic), TEXT(1024, NULL), RELOADS,
     SAYS("Where notifications go; without it, $SYS/broker/connection/CLIENTID/state with the remote client id.")},
    {.name = "retry_interval", IN(BRIDGES), WITHOUT(IGNORED, "nothing is sent again on a live connection")},
    {.name = "bridge_alpn", IN(BRIDGES), OF_BRIDGE(alpn), TEXT(255, NULL), RELOADS,
     SAYS("The protocol to ask for in the TLS handshake, as some clouds want it.")},
    {.name = "bridge_attempt_unsubscribe", IN(BRIDGES), OF_BRIDGE(attempt_unsubscribe), BOOL("true"), RELOADS,
     SAYS("Ends subscriptions to topics that only go out, which an earlier configuration may have left.")},
    {.name = "bridge_bind_address", IN(BRIDGES), OF_BRIDGE(bind_address), TEXT(255, NULL), RELOADS,
     SAYS("The address of this machine to connect from.")},
    {.name = "bridge_cafile", IN(BRIDGES), OF_BRIDGE(cafile), READ_FILE, RELOADS,
     SAYS("The authorities whose certificate the other broker must show, in PEM form. Turns TLS on.")},
    {.name = "bridge_capath", IN(BRIDGES), OF_BRIDGE(capath), READ_FILE, RELOADS,
     SAYS("As `bridge_cafile`: a directory that `openssl rehash` has prepared.")},
    {.name = "bridge_certfile", IN(BRIDGES), OF_BRIDGE(certfile), READ_FILE, RELOADS,
     SAYS("The bridge's own certificate, in PEM form.")},
    {.name = "bridge_ciphers", IN(BRIDGES), OF_BRIDGE(ciphers), TEXT(4095, NULL), RELOADS,
     SAYS("The ciphers of TLS 1.2, as OpenSSL lists them; without it, OpenSSL's own choice.")},
    {.name = "bridge_ciphers_tls1.3", IN(BRIDGES), OF_BRIDGE(ciphers_tls13), TEXT(4095, NULL), RELOADS,
     SAYS("The cipher suites of TLS 1.3, as OpenSSL lists them; without it, OpenSSL's own choice.")},
    {.name = "bridge_identity", IN(BRIDGES), OF_BRIDGE(psk_identity), TEXT(255, NULL), RELOADS,
     SAYS("The bridge's name for `bridge_psk`, which turns TLS on without certificates.")},
    {.name = "bridge_insecure", IN(BRIDGES), OF_BRIDGE(insecure), BOOL("false"), RELOADS,
     SAYS("Takes any certificate of a known authority, whatever name is in it. For tests only.")},
    {.name = "bridge_keyfile", IN(BRIDGES), OF_BRIDGE(keyfile), READ_FILE, RELOADS,
     SAYS("The private key of `bridge_certfile`, in PEM form.")},
    {.name = "bridge_max_packet_size", IN(BRIDGES), OF_BRIDGE(max_packet_size), SIZE(0, PACKET_SIZE_MAX, "0"), RELOADS,
     SAYS("The largest packet that is sent to the other broker; larger ones are dropped; 0 leaves it to that broker.")},
    {.name = "bridge_max_topic_alias", IN(BRIDGES), OF_BRIDGE(max_topic_alias), NUMBER(0, 65535, "10", "aliases"), RELOADS,
     SAYS("How many topic aliases each side may make.")},
    {.name = "bridge_outgoing_retain", IN(BRIDGES), OF_BRIDGE(outgoing_retain), BOOL("true"), RELOADS,
     SAYS("Sends retained messages as retained ones.")},
    {.name = "bridge_protocol_version", IN(BRIDGES), OF_BRIDGE(version), WORD("auto mqttv31 mqttv311 mqttv50", "auto"), RELOADS,
     SAYS("The version of MQTT to speak; `auto` is 5.0, and 3.1.1 with a broker that does not know it. Mosquitto's default is mqttv311.")},
    {.name = "bridge_psk", IN(BRIDGES), OF_BRIDGE(psk), TEXT(512, NULL), RELOADS, SECRET,
     SAYS("The key that the bridge and the other broker share, in hexadecimal digits.")},
    {.name = "bridge_receive_maximum", IN(BRIDGES), OF_BRIDGE(receive_maximum), NUMBER(1, 65535, "20", "messages"), RELOADS,
     SAYS("How many QoS 1 and 2 messages the other broker may send before they are acknowledged (MQTT 5).")},
    {.name = "bridge_reload_type", IN(BRIDGES), OF_BRIDGE(reload_type), WORD("lazy immediate", "lazy"), RELOADS,
     SAYS("When a bridge that a reload changed takes its new options: at its next connection, or at once.")},
    {.name = "bridge_require_ocsp", IN(BRIDGES), OF_BRIDGE(require_ocsp), WORD("false 0 !true !1", "false"), RELOADS,
     SAYS("Only false: Wax does not ask for OCSP."), .note = "Wax does not ask for OCSP; name an authority of your own in `bridge_cafile`, whose certificates live for a short time"},
    {.name = "bridge_session_expiry_interval", IN(BRIDGES), OF_BRIDGE(session_expiry_s), NUMBER(0, UINT32_MAX, "4294967295", "seconds"), RELOADS,
     SAYS("How long the other broker keeps the session while the bridge is away (MQTT 5, without `cleansession`). Mosquitto's default is 0.")},
    {.name = "bridge_tcp_keepalive", IN(BRIDGES), OF_BRIDGE(tcp_keepalive), NUMBERS(0, 32767, "0"), RELOADS,
     SAYS("TCP's own keep alive, `IDLE INTERVAL COUNT`, the first two in seconds; 0 leaves it to the system.")},
    {.name = "bridge_tcp_user_timeout", IN(BRIDGES), OF_BRIDGE(tcp_user_timeout_ms), NUMBER(0, 3600000, "0", "milliseconds"), RELOADS,
     SAYS("How long sent bytes may stay without TCP's acknowledgement; 0 leaves it to the system.")},
    {.name = "bridge_tls_use_os_certs", IN(BRIDGES), OF_BRIDGE(use_os_certs), BOOL("false"), RELOADS,
     SAYS("Turns TLS on and trusts the authorities of the operating system.")},
    {.name = "bridge_tls_version", IN(BRIDGES), OF_BRIDGE(tls_version), WORD("tlsv1.2 tlsv1.3 !tlsv1.1 !tlsv1", "tlsv1.2"), RELOADS,
     SAYS("The oldest version of TLS that is spoken."), .note = "refused: TLS before 1.2 is broken (RFC 8996); write tlsv1.2, which every TLS library of the last ten years speaks"},
};
/* clang-format on */

const size_t wax_option_count = WAX_COUNT(wax_options);
