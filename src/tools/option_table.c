/* The table of options. The names and meanings are those of Mosquitto's tools. */
#include "tools/option_table.h"
#include "bench/bench.h"
#include "levels/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool take_version(struct settings *settings, const char *value)
{
    static const struct {
        const char *word;
        wax_version version;
    } rows[] = {
        {"5",        WAX_VERSION_5    },
        {"mqttv5",   WAX_VERSION_5    },
        {"311",      WAX_VERSION_3_1_1},
        {"mqttv311", WAX_VERSION_3_1_1},
        {"31",       WAX_VERSION_3_1  },
        {"mqttv31",  WAX_VERSION_3_1  },
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (strcmp(rows[i].word, value) == 0) {
            settings->version = rows[i].version;
            return true;
        }
    }
    return tools_complain(settings, "-V %s: write 5, 311 or 31", value);
}

static bool take_expiry(struct settings *settings, const char *value)
{
    char *end = NULL;
    long long seconds = strtoll(value, &end, 0);

    if (strcmp(value, "\xe2\x88\x9e") == 0) {
        seconds = -1;
    } else if (end == value || *end != '\0' || seconds < -1 || seconds > UINT32_MAX) {
        return tools_complain(settings, "-x %s: write seconds, or -1 for ever", value);
    }
    settings->session_expiry_s = (uint32_t)seconds;
    settings->has_session_expiry = true;
    settings->version = WAX_VERSION_5; /* as with Mosquitto's tools, -V behind it still counts */
    return true;
}

static bool read_decimal(const char *value, double least, double most, double *number)
{
    char *end = NULL;

    *number = strtod(value, &end);
    return end != value && *end == '\0' && isfinite(*number) && *number >= least && *number <= most;
}

/* Takes seconds with a fraction. */
static bool take_time(struct settings *settings, const char *option, const char *value,
                      uint32_t *time_ms)
{
    double seconds;

    if (!read_decimal(value, 0, 1000000, &seconds)) {
        return tools_complain(settings, "%s %s: write seconds, as in 0.5", option, value);
    }
    *time_ms = (uint32_t)(seconds * 1000);
    return true;
}

static bool take_delay(struct settings *settings, const char *value)
{
    return take_time(settings, "--repeat-delay", value, &settings->repeat_delay_ms);
}

static bool take_seconds(struct settings *settings, const char *value)
{
    return take_time(settings, "--seconds", value, &settings->bench.run_ms);
}

static bool take_warm_up(struct settings *settings, const char *value)
{
    return take_time(settings, "--warm-up", value, &settings->bench.warm_ms);
}

static bool take_patience(struct settings *settings, const char *value)
{
    return take_time(settings, "--patience", value, &settings->bench.patience_ms);
}

static bool take_settle(struct settings *settings, const char *value)
{
    return take_time(settings, "--settle", value, &settings->update.settle_ms);
}

static bool take_part(struct settings *settings, const char *value)
{
    double percent;

    if (!read_decimal(value, 0.1, 100, &percent)) {
        return tools_complain(settings, "--random-filter %s: write a percentage from 0.1 to 100",
                              value);
    }
    settings->random_part = (uint32_t)(percent * 100);
    return true;
}

static bool take_handling(struct settings *settings, const char *value)
{
    static const char *const words[] = {"always", "new", "never"};

    for (uint32_t i = 0; i < WAX_COUNT(words); i++) {
        if (strcmp(words[i], value) == 0) {
            settings->retain_handling = i;
            return true;
        }
    }
    return tools_complain(settings, "--retain-handling %s: write always, new or never", value);
}

/* Mosquitto's clients know `pem`, which is what Wax reads anyhow, and `engine`. */
static bool take_form(struct settings *settings, const char *value)
{
    if (strcmp(value, "pem") == 0) {
        return true;
    }
    return tools_complain(settings,
                          "--keyform %s: only pem is read; OpenSSL gives up engines; "
                          "give the key in a PEM file: --key FILE",
                          value);
}

static bool take_source(struct settings *settings, enum payload_source source)
{
    if (settings->source != FROM_NOWHERE) {
        return tools_complain(settings, "only one of -m, -f, -n, -s and -l can be given");
    }
    settings->source = source;
    return true;
}

static bool take_message(struct settings *settings, const char *value)
{
    settings->message = value;
    return take_source(settings, FROM_MESSAGE);
}

static bool take_file(struct settings *settings, const char *value)
{
    settings->file = value;
    return take_source(settings, FROM_FILE);
}

static bool take_lines(struct settings *settings, const char *value)
{
    (void)value;
    return take_source(settings, FROM_LINES);
}

static bool take_nothing(struct settings *settings, const char *value)
{
    (void)value;
    return take_source(settings, FROM_NOTHING);
}

static bool take_input(struct settings *settings, const char *value)
{
    (void)value;
    return take_source(settings, FROM_STDIN);
}

enum {
    ALL = TOOL_PUB | TOOL_SUB | TOOL_RR | TOOL_DOCTOR,
    TALK = TOOL_PUB | TOOL_SUB | TOOL_RR,
    SEND = TOOL_PUB | TOOL_RR,
    SHOW = TOOL_SUB | TOOL_RR,
    EVERY = ALL | TOOL_BENCH | TOOL_PROXY | TOOL_AUTHORITY | TOOL_GATEWAY | TOOL_UPDATE,
    CLIENT = ALL | TOOL_PROXY | TOOL_AUTHORITY |
             TOOL_UPDATE, /* with a connection of its own that lasts */
    LASTING = CLIENT | TOOL_GATEWAY,
};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
const struct option_row tools_options[] = {
    {"-h", "--host",              OPTION_TEXT,   EVERY, GROUP_CONNECTION, AT(host), 0, 0, "HOST", "name or address of the broker (localhost)", NULL},
    {"-p", "--port",              OPTION_NUMBER, EVERY, GROUP_CONNECTION, AT(port), 1, 65535, "PORT", "its port (1883; with TLS 8883)", NULL},
    {"-L", "--url",               OPTION_URL,    EVERY, GROUP_CONNECTION, 0, 0, 0, "URL", "all in one: mqtt(s)://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC, or ws(s)://...", tools_settings_take_url},
    {NULL, "--ws",                OPTION_FLAG,   TALK | TOOL_BENCH | TOOL_PROXY | TOOL_AUTHORITY | TOOL_GATEWAY | TOOL_UPDATE, GROUP_CONNECTION, AT(uses_websocket), 0, 0, NULL, "speak MQTT over WebSocket, on the path /mqtt (port 80; with TLS 443)", NULL},
    {NULL, "--unix",              OPTION_TEXT,   EVERY, GROUP_CONNECTION, AT(unix_path), 0, 0, "PATH", "connect to a Unix socket", NULL},
    {"-u", "--username",          OPTION_TEXT,   EVERY, GROUP_CONNECTION, AT(username), 0, 0, "USER", "name to log in with", NULL},
    {"-P", "--pw",                OPTION_SECRET, EVERY, GROUP_CONNECTION, AT(password), 0, 0, "PASSWORD", "its password; safer in a file for -o", NULL},
    {NULL, "--scram",             OPTION_FLAG,   TALK | TOOL_AUTHORITY | TOOL_UPDATE, GROUP_CONNECTION, AT(uses_scram), 0, 0, NULL, "MQTT 5: prove the password by SCRAM-SHA-256, so that it is not sent; the broker proves that it knows it, too", NULL},
    {"-i", "--id",                OPTION_TEXT,   CLIENT, GROUP_CONNECTION, AT(client_id), 0, 0, "ID", "client id (a random one)", NULL},
    {"-I", "--id-prefix",         OPTION_TEXT,   ALL | TOOL_PROXY, GROUP_CONNECTION, AT(id_prefix), 0, 0, "TEXT", "client id of this text and the process id", NULL},
    {"-c", "--disable-clean-session", OPTION_FLAG, ALL, GROUP_CONNECTION, AT(keeps_session), 0, 0, NULL, "keep the session at the broker after the end; needs -i", NULL},
    {"-x", "--session-expiry-interval", OPTION_TAKEN, ALL, GROUP_CONNECTION, 0, 0, 0, "SECONDS", "MQTT 5: how long it is kept (with -c for ever, else 0)", take_expiry},
    {"-k", "--keepalive",         OPTION_NUMBER, LASTING, GROUP_CONNECTION, AT(keep_alive_s), 0, 65535, "SECONDS", "longest silence on the connection (60)", NULL},
    {"-V", "--protocol-version",  OPTION_TAKEN,  CLIENT | TOOL_BENCH, GROUP_CONNECTION, 0, 0, 0, "VERSION", "of MQTT: 5, 311 or 31 (311; rr: 5; doctor: what works; with -D: 5)", take_version},
    {"-A", NULL,                  OPTION_TEXT,   LASTING, GROUP_CONNECTION, AT(bind_address), 0, 0, "ADDRESS", "connect from this address of this host", NULL},
    {NULL, "--nodelay",           OPTION_FLAG,   LASTING, GROUP_CONNECTION, AT(no_delay), 0, 0, NULL, "send small packets at once (TCP_NODELAY)", NULL},
    {"-S", NULL,                  OPTION_FLAG,   TALK | TOOL_PROXY | TOOL_AUTHORITY | TOOL_GATEWAY | TOOL_UPDATE, GROUP_CONNECTION, AT(uses_srv), 0, 0, NULL, "-h is a domain: ask the DNS for its brokers (SRV of _mqtt._tcp; with TLS _secure-mqtt._tcp)", NULL},
    {NULL, "--proxy",             OPTION_URL,    TALK | TOOL_PROXY | TOOL_AUTHORITY | TOOL_GATEWAY | TOOL_UPDATE, GROUP_CONNECTION, 0, 0, 0, "URL", "through a SOCKS5 proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT] (1080)", tools_settings_take_proxy},
    {"-D", "--property",          OPTION_PROPERTY, ALL, GROUP_CONNECTION, 0, 0, 0, "PACKET NAME [KEY] VALUE", "MQTT 5: a property, as in -D publish content-type text/plain", NULL},

    {NULL, "--cafile",            OPTION_TEXT,   EVERY, GROUP_TLS, AT(cafile), 0, 0, "FILE", "use TLS; trust the CAs of this PEM file", NULL},
    {NULL, "--capath",            OPTION_TEXT,   EVERY, GROUP_TLS, AT(capath), 0, 0, "DIR", "use TLS; trust the CAs of this folder (openssl rehash)", NULL},
    {NULL, "--tls-use-os-certs",  OPTION_FLAG,   EVERY, GROUP_TLS, AT(use_os_certs), 0, 0, NULL, "use TLS; trust the CAs of the operating system", NULL},
    {NULL, "--cert",              OPTION_TEXT,   EVERY, GROUP_TLS, AT(cert), 0, 0, "FILE", "own certificate, for a broker that asks for one", NULL},
    {NULL, "--key",               OPTION_TEXT,   EVERY, GROUP_TLS, AT(key), 0, 0, "FILE", "its private key", NULL},
    {NULL, "--keypass-file",      OPTION_TEXT,   EVERY, GROUP_TLS, AT(passphrase_file), 0, 0, "FILE", "the key's passphrase is the first line of this file", NULL},
    {NULL, "--insecure",          OPTION_FLAG,   EVERY, GROUP_TLS, AT(ignores_host), 0, 0, NULL, "do not check that the certificate is for this host: for tests only", NULL},
    {NULL, "--tls-version",       OPTION_TEXT,   EVERY, GROUP_TLS, AT(tls_version), 0, 0, "VERSION", "this one or newer: tlsv1.2 or tlsv1.3 (tlsv1.2)", NULL},
    {NULL, "--ciphers",           OPTION_TEXT,   EVERY, GROUP_TLS, AT(ciphers), 0, 0, "LIST", "of TLS 1.2, as OpenSSL writes them", NULL},
    {NULL, "--tls-alpn",          OPTION_TEXT,   LASTING, GROUP_TLS, AT(alpn), 0, 0, "NAME", "protocol to ask for, as mqtt", NULL},
    {NULL, "--psk",               OPTION_SECRET, LASTING, GROUP_TLS, AT(psk), 0, 0, "HEXKEY", "use TLS with a key that the broker has, too; safer in a file for -o", NULL},
    {NULL, "--psk-identity",      OPTION_TEXT,   LASTING, GROUP_TLS, AT(psk_identity), 0, 0, "NAME", "whose key that is", NULL},
    {NULL, "--tls-keylog",        OPTION_TEXT,   ALL | TOOL_PROXY | TOOL_GATEWAY, GROUP_TLS, AT(keylog), 0, 0, "FILE", "append the secrets of the connection, for Wireshark: for tests only", NULL},
    {NULL, "--no-tls",            OPTION_FLAG,   ALL | TOOL_PROXY | TOOL_GATEWAY, GROUP_TLS, AT(no_tls), 0, 0, NULL, "no TLS, even on port 8883", NULL},

    {NULL, "--seal",              OPTION_TEXT,   TOOL_PUB | TOOL_SUB | TOOL_PROXY | TOOL_UPDATE, GROUP_SEALING, AT(seal), 0, 0, "FILE", "seal what is sent and open what comes, as the device whose identity `wax keys` wrote to this file", NULL},

    {NULL, "--clear",             OPTION_FLAG,   TOOL_PROXY, GROUP_SEALING, AT(lets_clear), 0, 0, NULL, "let messages on topics of no group through as they are, unsealed (they are refused)", NULL},

    {NULL, "--listen",            OPTION_TEXT,   TOOL_PROXY, GROUP_PROGRAMS, AT(listen), 0, 0, "ADDRESS", "where programs connect to: HOST:PORT, or the path of a Unix socket, for this user and group (127.0.0.1:1883)", NULL},
    {NULL, "--allow-remote",      OPTION_FLAG,   TOOL_PROXY, GROUP_PROGRAMS, AT(allows_remote), 0, 0, NULL, "also listen where other hosts can connect: what they say to the proxy is not sealed yet, and anybody there speaks as this device", NULL},
    {"-i", "--id",                OPTION_TEXT,   TOOL_GATEWAY, GROUP_CONNECTION, AT(client_id), 0, 0, "ID", "client id of the gateway's own connection, for --connectionless (one that the broker chooses)", NULL},
    {"-I", "--id-prefix",         OPTION_TEXT,   TOOL_GATEWAY, GROUP_CONNECTION, AT(id_prefix), 0, 0, "TEXT", "stands before the client id of each device at the broker", NULL},
    {"-x", "--session-expiry-interval", OPTION_TAKEN, TOOL_GATEWAY, GROUP_CONNECTION, 0, 0, 0, "SECONDS", "MQTT 5: how long the broker keeps the session of a device that wants it kept (604800); -1: for ever", take_expiry},
    {"-V", "--protocol-version",  OPTION_TAKEN,  TOOL_GATEWAY, GROUP_CONNECTION, 0, 0, 0, "VERSION", "of MQTT with the broker: 5 or 311 (5)", take_version},

    {NULL, "--listen",            OPTION_TEXT,   TOOL_GATEWAY, GROUP_DEVICES, AT(listen), 0, 0, "HOST:PORT", "where devices send datagrams to (127.0.0.1:1884; none where --serial is given)", NULL},
    {NULL, "--serial",            OPTION_TEXTS,  TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.lines), 0, 0, "PATH", "a serial line with one device at its end; may be given 16 times", NULL},
    {NULL, "--baud",              OPTION_NUMBER, TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.baud), 1200, 921600, "N", "speed of the serial lines: 8 bits, no parity, 1 stop bit (115200)", NULL},
    {NULL, "--devices",           OPTION_TEXT,   TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.devices), 0, 0, "FILE", "client ids that may connect, one on a line (all)", NULL},
    {NULL, "--devices-max",       OPTION_NUMBER, TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.devices_max), 1, 10000, "N", "how many are connected or asleep at a time; more are told of congestion (256)", NULL},
    {NULL, "--predefined",        OPTION_TEXT,   TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.predefined), 0, 0, "FILE", "topic ids that devices know beforehand: a number and a topic on a line", NULL},
    {NULL, "--connectionless",    OPTION_FLAG,   TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.takes_connectionless), 0, 0, NULL, "take messages of QoS -1 from devices that did not connect; they go by a connection of the gateway's own", NULL},
    {NULL, "--retry",             OPTION_NUMBER, TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.retry_s), 1, 300, "SECONDS", "how long a device may take to answer before it is told again (10)", NULL},
    {NULL, "--retries",           OPTION_NUMBER, TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.retries), 1, 20, "N", "how often, before it counts as lost (4)", NULL},
    {NULL, "--gateway-id",        OPTION_NUMBER, TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.id), 1, 255, "N", "what this gateway calls itself, in GWINFO and ADVERTISE (1)", NULL},
    {NULL, "--advertise",         OPTION_TEXT,   TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.advertise), 0, 0, "ADDRESS:PORT", "tell a broadcast or multicast address that this gateway is here, and hear SEARCHGW there (not at all)", NULL},
    {NULL, "--advertise-every",   OPTION_NUMBER, TOOL_GATEWAY, GROUP_DEVICES, AT(gateway.advertise_s), 1, 65535, "SECONDS", "how often (900)", NULL},
    {NULL, "--kek",               OPTION_TEXT,   TOOL_AUTHORITY, GROUP_SEALING, AT(kek), 0, 0, "FILE", "the key-encryption key of the folder; else the systemd credential wax-authority.kek, $WAX_AUTHORITY_KEK, FOLDER.kek", NULL},

    {NULL, "--admin-listen",      OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.listen), 0, 0, "HOST:PORT", "take orders of `wax keys --authority` here, by TLS 1.3 from whoever has a certificate with a role", NULL},
    {NULL, "--admin-cert",        OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.cert), 0, 0, "FILE", "own certificate there, with those of its CAs behind it", NULL},
    {NULL, "--admin-key",         OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.key), 0, 0, "FILE", "its private key", NULL},
    {NULL, "--admin-cafile",      OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.cafile), 0, 0, "FILE", "the CAs that answer for administrators' certificates", NULL},
    {NULL, "--admin-crlfile",     OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.crlfile), 0, 0, "FILE", "certificates that these CAs have revoked", NULL},
    {NULL, "--admin-socket",      OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.socket), 0, 0, "PATH", "take orders from other accounts of this host, too, at this Unix socket", NULL},
    {NULL, "--roles",             OPTION_TEXT,   TOOL_AUTHORITY, GROUP_ADMIN, AT(admin.roles), 0, 0, "FILE", "who is viewer, operator or admin, by account or certificate (FOLDER/roles)", NULL},

    {NULL, "--will-topic",        OPTION_TEXT,   ALL, GROUP_WILL, AT(will_topic), 0, 0, "TOPIC", "the broker publishes here if this client is lost", NULL},
    {NULL, "--will-payload",      OPTION_TEXT,   ALL, GROUP_WILL, AT(will_payload), 0, 0, "TEXT", "and says this (nothing)", NULL},
    {NULL, "--will-qos",          OPTION_NUMBER, ALL, GROUP_WILL, AT(will_qos), 0, 2, "QOS", "with this quality of service (0)", NULL},
    {NULL, "--will-retain",       OPTION_FLAG,   ALL, GROUP_WILL, AT(will_retain), 0, 0, NULL, "and keeps it for later subscribers", NULL},

    {"-t", "--topic",             OPTION_TEXTS,  SEND, GROUP_MESSAGE, AT(topics), 0, 0, "TOPIC", "what the message is about", NULL},
    {"-e", NULL,                  OPTION_TEXT,   TOOL_RR, GROUP_MESSAGE, AT(response_topic), 0, 0, "TOPIC", "where the answer is to go", NULL},
    {"-m", "--message",           OPTION_TAKEN,  SEND, GROUP_MESSAGE, 0, 0, 0, "TEXT", "send this text", take_message},
    {"-f", "--file",              OPTION_TAKEN,  SEND, GROUP_MESSAGE, 0, 0, 0, "FILE", "send what is in a file", take_file},
    {"-s", "--stdin-file",        OPTION_TAKEN,  SEND, GROUP_MESSAGE, 0, 0, 0, NULL, "send the standard input as one message", take_input},
    {"-l", "--stdin-line",        OPTION_TAKEN,  TOOL_PUB, GROUP_MESSAGE, 0, 0, 0, NULL, "send each line of the standard input as a message", take_lines},
    {"-n", "--null-message",      OPTION_TAKEN,  SEND, GROUP_MESSAGE, 0, 0, 0, NULL, "send an empty message; with -r it removes what was kept", take_nothing},
    {"-r", "--retain",            OPTION_FLAG,   TOOL_PUB, GROUP_MESSAGE, AT(retain), 0, 0, NULL, "the broker keeps it for later subscribers", NULL},
    {"-M", NULL,                  OPTION_NUMBER, TALK, GROUP_MESSAGE, AT(inflight), 0, 65535, "N", "QoS 1 and 2: messages on their way at once (20; 0: as many as can be)", NULL},
    {NULL, "--repeat",            OPTION_NUMBER, TOOL_PUB, GROUP_MESSAGE, AT(repeat_count), 1, 2147483647, "N", "send it so often (1); not with -l", NULL},
    {NULL, "--repeat-delay",      OPTION_TAKEN,  TOOL_PUB, GROUP_MESSAGE, 0, 0, 0, "SECONDS", "wait between them (0)", take_delay},
    {"-q", "--qos",               OPTION_NUMBER, SEND, GROUP_MESSAGE, AT(qos), 0, 2, "QOS", "0 perhaps, 1 at least once, 2 exactly once (0)", NULL},

    {"-t", "--topic",             OPTION_TEXTS,  TOOL_SUB, GROUP_SUBSCRIPTION, AT(topics), 0, 0, "FILTER", "what to receive; + is any level, # the rest; may be repeated", NULL},
    {"-U", "--unsubscribe",       OPTION_TEXTS,  TOOL_SUB, GROUP_SUBSCRIPTION, AT(unsubscribes), 0, 0, "FILTER", "give up a subscription of the session; may be repeated", NULL},
    {"-q", "--qos",               OPTION_NUMBER, TOOL_SUB, GROUP_SUBSCRIPTION, AT(qos), 0, 2, "QOS", "0 perhaps, 1 at least once, 2 exactly once (0)", NULL},
    {NULL, "--retain-as-published", OPTION_FLAG, SHOW, GROUP_SUBSCRIPTION, AT(retain_as_published), 0, 0, NULL, "MQTT 5: show the retain flag as the sender set it", NULL},
    {NULL, "--retain-handling",   OPTION_TAKEN,  SHOW, GROUP_SUBSCRIPTION, 0, 0, 0, "WHEN", "MQTT 5: retained messages come always, if new, or never", take_handling},
    {NULL, "--remove-retained",   OPTION_FLAG,   TOOL_SUB, GROUP_SUBSCRIPTION, AT(removes_retained), 0, 0, NULL, "remove the retained messages that come", NULL},
    {"-C", NULL,                  OPTION_NUMBER, TOOL_SUB, GROUP_SUBSCRIPTION, AT(message_count), 1, 2147483647, "N", "exit after so many messages", NULL},
    {"-E", NULL,                  OPTION_FLAG,   TOOL_SUB, GROUP_SUBSCRIPTION, AT(exits_subscribed), 0, 0, NULL, "exit when the broker has the subscriptions", NULL},
    {"-W", NULL,                  OPTION_NUMBER, SHOW, GROUP_SUBSCRIPTION, AT(timeout_s), 1, 2147483, "SECONDS", "exit after so long, with code 27", NULL},

    {"-v", "--verbose",           OPTION_FLAG,   SHOW, GROUP_OUTPUT, AT(is_verbose), 0, 0, NULL, "show the topic before the message", NULL},
    {"-F", NULL,                  OPTION_TEXT,   SHOW, GROUP_OUTPUT, AT(format), 0, 0, "FORMAT", "how to show messages; see below", NULL},
    {NULL, "--pretty",            OPTION_FLAG,   SHOW, GROUP_OUTPUT, AT(is_pretty), 0, 0, NULL, "show the JSON of %j and %J on many lines", NULL},
    {"-N", NULL,                  OPTION_FLAG,   SHOW, GROUP_OUTPUT, AT(no_line_end), 0, 0, NULL, "no line end after a message", NULL},
    {"-R", NULL,                  OPTION_FLAG,   SHOW, GROUP_OUTPUT, AT(no_retained), 0, 0, NULL, "do not show retained messages", NULL},
    {NULL, "--retained-only",     OPTION_FLAG,   TOOL_SUB, GROUP_OUTPUT, AT(retained_only), 0, 0, NULL, "only show retained messages; exit at the first other one", NULL},
    {"-T", "--filter-out",        OPTION_TEXTS,  TOOL_SUB, GROUP_OUTPUT, AT(filters_out), 0, 0, "FILTER", "do not show messages of these topics; may be repeated", NULL},
    {"-w", "--watch",             OPTION_FLAG,   TOOL_SUB, GROUP_OUTPUT, AT(watches), 0, 0, NULL, "on a terminal: each topic keeps a line of its own", NULL},
    {NULL, "--message-rate",      OPTION_FLAG,   TOOL_SUB, GROUP_OUTPUT, AT(shows_rate), 0, 0, NULL, "do not show messages, but every second how many came", NULL},
    {NULL, "--random-filter",     OPTION_TAKEN,  TOOL_SUB, GROUP_OUTPUT, 0, 0, 0, "PERCENT", "show only so many, by chance", take_part},
    {NULL, "--latency",           OPTION_FLAG,   TOOL_RR, GROUP_OUTPUT, AT(shows_latency), 0, 0, NULL, "also show how long the answer took", NULL},

    {"-t", "--topic",             OPTION_TEXTS,  TOOL_DOCTOR, GROUP_CHECK, AT(topics), 0, 0, "TOPIC", "may it be subscribed to? may be repeated", NULL},
    {NULL, "--publish",           OPTION_FLAG,   TOOL_DOCTOR, GROUP_CHECK, AT(publishes), 0, 0, NULL, "may it be published to? Sends the text 'wax doctor' there", NULL},
    {"-q", "--qos",               OPTION_NUMBER, TOOL_DOCTOR, GROUP_CHECK, AT(qos), 0, 2, "QOS", "with this quality of service (1)", NULL},
    {NULL, "--acl",               OPTION_TEXT,   TOOL_DOCTOR, GROUP_CHECK, AT(acl_file), 0, 0, "FILE", "do not connect: say which line of this ACL file decides on -t for -u and -i", NULL},

    {"-q", "--qos",               OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(qos), 0, 2, "QOS", "of messages and subscriptions (0)", NULL},
    {NULL, "--size",              OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(bench.payload_size), WAX_BENCH_PAYLOAD_MIN, WAX_BENCH_PAYLOAD_MAX, "BYTES", "of each payload (64)", NULL},
    {NULL, "--publishers",        OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(bench.publishers), 1, WAX_BENCH_PEERS_MAX, "N", "how many (as the scenario has it)", NULL},
    {NULL, "--subscribers",       OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(bench.subscribers), 1, WAX_BENCH_PEERS_MAX, "N", "how many; connections, where the scenario has no messages", NULL},
    {NULL, "--items",             OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(bench.items), 1, WAX_BENCH_ITEMS_MAX, "N", "filters or retained messages (100000)", NULL},
    {NULL, "--window",            OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(bench.window), 1, WAX_BENCH_WINDOW_MAX, "N", "messages of each publisher on their way at once (QoS 0: 32, others: 16; at a rate 1000, or 20 at QoS 2 before MQTT 5)", NULL},
    {NULL, "--rate",              OPTION_NUMBER, TOOL_BENCH, GROUP_LOAD, AT(bench.rate), 1, 10000000, "N", "messages a second of all publishers, by a timetable; latency counts from when each is due (as fast as the window lets)", NULL},
    {NULL, "--seconds",           OPTION_TAKEN,  TOOL_BENCH, GROUP_LOAD, 0, 0, 0, "SECONDS", "how long it is measured (5; compare: 2)", take_seconds},
    {NULL, "--warm-up",           OPTION_TAKEN,  TOOL_BENCH, GROUP_LOAD, 0, 0, 0, "SECONDS", "how long before that (0.5)", take_warm_up},
    {NULL, "--patience",          OPTION_TAKEN,  TOOL_BENCH, GROUP_LOAD, 0, 0, 0, "SECONDS", "how long nothing may move before the rest counts as lost (5)", take_patience},

    {NULL, "--pid",               OPTION_NUMBER, TOOL_BENCH, GROUP_BROKER, AT(bench.pid), 1, INT32_MAX, "PID", "process of the broker on this host: tells its CPU and memory", NULL},
    {NULL, "--with",              OPTION_TEXTS,  TOOL_BENCH, GROUP_BROKER, AT(bench.with), 0, 0, "BROKER", "start this broker for the run: wax, mosquitto or a shell command, in which {port} is its port and {folder} an empty folder; compare: may be repeated", NULL},
    {NULL, "--tls",               OPTION_FLAG,   TOOL_BENCH, GROUP_BROKER, AT(bench.uses_tls), 0, 0, NULL, "with the brokers it starts: by TLS, with certificates made for the run ({folder}/server.crt, {folder}/server.key)", NULL},
    {NULL, "--rounds",            OPTION_NUMBER, TOOL_BENCH, GROUP_BROKER, AT(bench.rounds), 1, 1000, "N", "compare and levels: how often each is measured, in turns (3; levels: 5)", NULL},

    {NULL, "--levels",            OPTION_TEXT,   TOOL_BENCH, GROUP_LEVELS, AT(bench.levels), 0, 0, "LIST", "levels: which, as in L2,L3-tls1.3-cert; L2 means all whose names go on with a dash (all)", NULL},
    {NULL, "--sizes",             OPTION_TEXT,   TOOL_BENCH, GROUP_LEVELS, AT(bench.sizes), 0, 0, "LIST", "bytes of a message (16,64,256,8000,16000,32000,80000,160000)", NULL},
    {NULL, "--counts",            OPTION_TEXT,   TOOL_BENCH, GROUP_LEVELS, AT(bench.counts), 0, 0, "LIST", "messages (100,500,1000,2500,10000)", NULL},
    {NULL, "--chunk",             OPTION_NUMBER, TOOL_BENCH, GROUP_LEVELS, AT(bench.chunk), WAX_LEVELS_CHUNK_MIN, WAX_LEVELS_CHUNK_MAX, "BYTES", "what the client holds of a message at once; larger ones are sealed as streams (8192)", NULL},
    {NULL, "--memory-limit",      OPTION_TEXT,   TOOL_BENCH, GROUP_LEVELS, AT(bench.memory), 0, 0, "SIZE", "heap that the client may take, its crypto library included, as in 160K; tells which levels cannot send", NULL},
    {NULL, "--minutes",           OPTION_NUMBER, TOOL_BENCH, GROUP_LEVELS, AT(bench.minutes), 1, 1440, "N", "time for all of it (8); what does not fit is sampled", NULL},
    {NULL, "--out",               OPTION_TEXT,   TOOL_BENCH, GROUP_LEVELS, AT(bench.out), 0, 0, "FOLDER", "write levels.json, levels.csv, figures and levels.html here", NULL},

    {NULL, "--from",              OPTION_TEXT,   TOOL_BENCH, GROUP_ADVISE, AT(bench.from), 0, 0, "FILE", "figures of a levels.json (measures a few now); levels: tell, draw and write these anew", NULL},
    {NULL, "--every",             OPTION_NUMBER, TOOL_BENCH, GROUP_ADVISE, AT(bench.every_s), 1, 31536000, "SECONDS", "from one message to the next; or --rate", NULL},
    {NULL, "--connects",          OPTION_TEXT,   TOOL_BENCH, GROUP_ADVISE, AT(bench.connects), 0, 0, "HOW", "stay: one connection for all; each: one for each message", NULL},
    {NULL, "--ram",               OPTION_TEXT,   TOOL_BENCH, GROUP_ADVISE, AT(bench.ram), 0, 0, "SIZE", "of the device that is free, as in 64K", NULL},
    {NULL, "--flash",             OPTION_TEXT,   TOOL_BENCH, GROUP_ADVISE, AT(bench.flash), 0, 0, "SIZE", "likewise", NULL},
    {NULL, "--against",           OPTION_TEXT,   TOOL_BENCH, GROUP_ADVISE, AT(bench.against), 0, 0, "LIST", "from whom it is to be protected: strangers,wire,broker,names, or nobody", NULL},
    {NULL, "--device",            OPTION_TEXT,   TOOL_BENCH, GROUP_ADVISE, AT(bench.device), 0, 0, "FILE", "what it costs on a device: figures as docs/levels-device.json has them for a Cortex-M4; levels: show them on the page, too", NULL},
    {NULL, "--battery",           OPTION_FLAG,   TOOL_BENCH, GROUP_ADVISE, AT(bench.has_battery), 0, 0, NULL, "the device lives on one", NULL},

    {NULL, "--json",              OPTION_FLAG,   TOOL_BENCH, GROUP_REPORT, AT(bench.is_json), 0, 0, NULL, "a JSON object on a line for each run, instead of the table; levels: one for all", NULL},
    {NULL, "--plot",              OPTION_TEXT,   TOOL_BENCH, GROUP_REPORT, AT(bench.plot), 0, 0, "FILE", "draw the results as SVG, by gnuplot", NULL},

    {NULL, "--vendor",            OPTION_TEXT,   TOOL_UPDATE, GROUP_SIGNING, AT(update.vendor), 0, 0, "NAME", "sign, device: who makes the device", NULL},
    {NULL, "--class",             OPTION_TEXT,   TOOL_UPDATE, GROUP_SIGNING, AT(update.class_name), 0, 0, "NAME", "sign, device: what the image runs on; status, watch: show these alone", NULL},
    {NULL, "--number",            OPTION_NUMBER, TOOL_UPDATE, GROUP_SIGNING, AT(update.number), 1, 4294967295U, "N", "sign: the version; higher is newer, and a device never goes back", NULL},
    {NULL, "--minimum",           OPTION_NUMBER, TOOL_UPDATE, GROUP_SIGNING, AT(update.minimum), 0, 4294967294U, "N", "sign: the version that must run to update from (0: any)", NULL},
    {NULL, "--label",             OPTION_TEXT,   TOOL_UPDATE, GROUP_SIGNING, AT(update.label), 0, 0, "TEXT", "sign: the version's name for people, as 2.1.0", NULL},
    {NULL, "--chunk-size",        OPTION_NUMBER, TOOL_UPDATE, GROUP_SIGNING, AT(update.chunk_size), 256, 65536, "BYTES", "sign: what a device has in memory at once; a power of two (4096)", NULL},
    {NULL, "--vendor-key",        OPTION_TEXT,   TOOL_UPDATE, GROUP_SIGNING, AT(update.vendor_key), 0, 0, "FILE", "sign: the private key on P-256, as `wax update key` makes it", NULL},
    {NULL, "--manifest",          OPTION_TEXT,   TOOL_UPDATE, GROUP_SIGNING, AT(update.manifest), 0, 0, "FILE", "sign, push, show, device --factory: the manifest (IMAGE.manifest)", NULL},
    {NULL, "--trust",             OPTION_TEXT,   TOOL_UPDATE, GROUP_SIGNING, AT(update.trust), 0, 0, "FILE", "push, show, device: the vendor's public key", NULL},

    {NULL, "--prefix",            OPTION_TEXT,   TOOL_UPDATE, GROUP_ROLL_OUT, AT(update.prefix), 0, 0, "TOPIC", "what all topics begin with (wax)", NULL},
    {NULL, "--to",                OPTION_TEXTS,  TOOL_UPDATE, GROUP_ROLL_OUT, AT(update.to), 0, 0, "NAME", "push: for this device or group alone, not for all of the class; may be repeated", NULL},
    {NULL, "--percent",           OPTION_TEXT,   TOOL_UPDATE, GROUP_ROLL_OUT, AT(update.percent), 0, 0, "LIST", "push: in stages of the devices that are known, as 5,25,100; the next begins when all of one have it", NULL},
    {NULL, "--wait",              OPTION_FLAG,   TOOL_UPDATE, GROUP_ROLL_OUT, AT(update.waits), 0, 0, NULL, "push: until all devices that are known have it, or enough have failed", NULL},
    {NULL, "--halt-after",        OPTION_NUMBER, TOOL_UPDATE, GROUP_ROLL_OUT, AT(update.halt_after), 1, 1000000, "N", "push: stop, and take the manifests back, when so many devices have failed (1)", NULL},
    {NULL, "--settle",            OPTION_TAKEN,  TOOL_UPDATE, GROUP_ROLL_OUT, 0, 0, 0, "SECONDS", "push, status: no status for so long, and all are known (2)", take_settle},
    {"-W", NULL,                  OPTION_NUMBER, TOOL_UPDATE, GROUP_ROLL_OUT, AT(timeout_s), 1, 4000000, "SECONDS", "give up after so long, with exit code 27", NULL},
    {NULL, "--remove",            OPTION_FLAG,   TOOL_UPDATE, GROUP_ROLL_OUT, AT(update.removes), 0, 0, NULL, "push: take manifest and chunks back from the broker", NULL},

    {NULL, "--device",            OPTION_TEXT,   TOOL_UPDATE, GROUP_DEVICE, AT(update.device), 0, 0, "NAME", "device: its name", NULL},
    {NULL, "--group",             OPTION_TEXT,   TOOL_UPDATE, GROUP_DEVICE, AT(update.group), 0, 0, "NAME", "device: the group whose manifests it takes, too", NULL},
    {NULL, "--factory",           OPTION_TEXT,   TOOL_UPDATE, GROUP_DEVICE, AT(update.factory), 0, 0, "IMAGE", "device: make its flash, with this image in it, and end", NULL},
    {NULL, "--slot-size",         OPTION_NUMBER, TOOL_UPDATE, GROUP_DEVICE, AT(update.slot_size), 4096, 67108864, "BYTES", "device: of each of two slots (1048576)", NULL},
    {NULL, "--sector-size",       OPTION_NUMBER, TOOL_UPDATE, GROUP_DEVICE, AT(update.sector_size), 512, 65536, "BYTES", "device: what the flash erases at once; a power of two (4096)", NULL},
    {NULL, "--tries",             OPTION_NUMBER, TOOL_UPDATE, GROUP_DEVICE, AT(update.tries), 1, 255, "N", "device: how often an image is booted that nobody confirms (3)", NULL},
    {NULL, "--never-confirm",     OPTION_FLAG,   TOOL_UPDATE, GROUP_DEVICE, AT(update.never_confirms), 0, 0, NULL, "device: new images turn out not to work", NULL},
    {NULL, "--until",             OPTION_NUMBER, TOOL_UPDATE, GROUP_DEVICE, AT(update.until), 1, 4294967295U, "N", "device: end when version N runs and is confirmed; with exit code 1 when it has failed, or a manifest is refused", NULL},
    {NULL, "--cut",               OPTION_NUMBER, TOOL_UPDATE, GROUP_DEVICE, AT(update.cut_at), 1, 4294967295U, "N", "device: lose power in the middle of the Nth operation of the flash, with exit code 9", NULL},

    {"-o", "--config",            OPTION_TEXT,   EVERY, GROUP_GENERAL, AT(options_file), 0, 0, "FILE", "read options from a file, one a line", NULL},
    {"-d", "--debug",             OPTION_FLAG,   LASTING, GROUP_GENERAL, AT(is_debug), 0, 0, NULL, "say what happens", NULL},
    {NULL, "--quiet",             OPTION_FLAG,   EVERY, GROUP_GENERAL, AT(is_quiet), 0, 0, NULL, "say nothing of what fails; see the exit code", NULL},
    {NULL, "--help",              OPTION_FLAG,   EVERY, GROUP_GENERAL, AT(wants_help), 0, 0, NULL, "this text", NULL},
    {NULL, "--version",           OPTION_FLAG,   EVERY, GROUP_GENERAL, AT(wants_version), 0, 0, NULL, "which version this is", NULL},
    {NULL, "--man",               OPTION_FLAG,   EVERY, GROUP_GENERAL, AT(wants_manual), 0, 0, NULL, NULL, NULL},

    {NULL, "--table",             OPTION_FLAG,   EVERY, GROUP_GENERAL, AT(wants_table), 0, 0, NULL, NULL, NULL},

    {NULL, "--ws",                OPTION_LATER,  TOOL_DOCTOR, GROUP_LATER, 0, 0, 0, NULL, NULL, NULL},
    {NULL, "--tls-engine",        OPTION_REFUSED, ALL, GROUP_LATER, 0, 0, 0, "NAME", "OpenSSL gives up engines; give the key in a PEM file: --key FILE", NULL},
    {NULL, "--tls-engine-kpass-sha1", OPTION_REFUSED, ALL, GROUP_LATER, 0, 0, 0, "HASH", "OpenSSL gives up engines; give the key's passphrase in a file: --keypass-file FILE", NULL},
    {NULL, "--keyform",           OPTION_TAKEN,  ALL, GROUP_LATER, 0, 0, 0, "FORM", "pem is what is read anyhow; engine is rejected with a hint", take_form},
    {NULL, "--mptcp",             OPTION_LATER,  ALL, GROUP_LATER, 0, 0, 0, NULL, NULL, NULL},
};
/* clang-format on */

const size_t tools_option_count = WAX_COUNT(tools_options);
