/* wax doctor: says why a client cannot connect, and what to do next. */
#include "tools/check.h"
#include "tools/dial.h"
#include "tools/doctor_acl.h"
#include "tools/link.h"
#include "tools/options.h"
#include "tools/probe.h"
#include "tools/tools.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum {
    QUEUE_SIZE = 256 * 1024,
    ANSWER_MS = 5000,
    ECHO_MS = 2000,
    SOON_S = 30 * 24 * 3600,
};

struct doctor {
    struct settings settings;
    struct link link;
    bool has_echo; /* the message that was published came back */
};

/* --- The way to the port --- */

static bool check_name(const struct settings *settings)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char addresses[400] = "";
    size_t used = 0;
    int error = getaddrinfo(settings->host, NULL, &wanted, &found);

    if (error != 0) {
        (void)tools_check_fail("name", "%s has no address: %s", settings->host,
                               gai_strerror(error));
        tools_check_next("is the name right? Is this machine's DNS reachable? Try the broker's "
                         "address: -h ADDRESS");
        return false;
    }
    for (const struct addrinfo *at = found; at != NULL && used < sizeof addresses - 70;
         at = at->ai_next) {
        char address[64] = "";

        (void)getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof address, NULL, 0,
                          NI_NUMERICHOST);
        used += (size_t)snprintf(addresses + used, sizeof addresses - used, "%s%s",
                                 used > 0 ? ", " : "", address);
    }
    freeaddrinfo(found);
    return tools_check_pass("name", "%s is %s", settings->host, addresses);
}

struct hint {
    int error;
    const char *text;
};

/* clang-format off */
static const struct hint hints[] = {
    {ECONNREFUSED, "nothing listens there: is the broker running, is this its port, and does it listen on this address (listener PORT ADDRESS)?"},
    {ETIMEDOUT,    "nothing answers: a firewall drops it, or the machine is off; try from another machine"},
    {EHOSTUNREACH, "there is no way to this machine: is the address right, is it in the same net?"},
    {ENETUNREACH,  "there is no way to this net: is this machine connected?"},
    {EACCES,       "this process may not use that socket: look at its owner and mode"},
    {ENOENT,       "there is no such socket: is the broker running, and is this the path of its listener?"},
};
/* clang-format on */

static wax_transport *check_port(const struct settings *settings)
{
    wax_transport *transport = NULL;
    char fault[512] = "";

    if (tools_dial(settings, &transport, fault, sizeof fault) == WAX_OK) {
        wax_address_text peer = wax_socket_peer(wax_socket_descriptor(transport));

        (void)tools_check_pass("port", "connected to %s", peer.text);
        return transport;
    }
    (void)tools_check_fail("port", "%s", fault);
    for (size_t i = 0; i < WAX_COUNT(hints); i++) {
        if (strstr(fault, strerror(hints[i].error)) != NULL) {
            tools_check_next("%s", hints[i].text);
        }
    }
    return NULL;
}

/* --- TLS --- */

static bool tell_peer(const wax_transport *secured)
{
    wax_tls_peer peer;
    char day[16];
    int64_t now = wax_clock_wall_s();

    if (wax_tls_read_peer(secured, &peer) != WAX_OK) {
        return tools_check_fail("tls", "the names in the broker's certificate deceive");
    }
    wax_pki_date(peer.not_after, day);
    (void)tools_check_pass("tls", "%s, %s", peer.version, peer.cipher);
    if (!peer.has_certificate) {
        return tools_check_pass("key", "the broker has the same one");
    }
    (void)tools_check_pass("broker's", "certificate %s is good until %s", peer.subject, day);
    if (peer.not_after - now < SOON_S) {
        tools_check_next("it ends soon; renew it with `wax pki renew`");
    }
    return true;
}

static void advise_on_tls(const struct settings *settings, wax_status status, const char *words)
{
    bool is_about_ca = strstr(words, "CA '") != NULL || strstr(words, "by itself") != NULL;

    if (status == WAX_UNTRUSTED && !is_about_ca) {
        return; /* the words say what to do */
    }
    if (status != WAX_UNTRUSTED && tools_probe_is_plain(settings)) {
        tools_check_next("this port speaks MQTT without TLS: use the broker's TLS port, or leave "
                         "the TLS options out (--no-tls)");
    } else if (status == WAX_UNTRUSTED && settings->cafile != NULL) {
        tools_check_next("`wax pki show %s` says which CA is trusted here; the certificate of the "
                         "CA that signed the broker's belongs there",
                         settings->cafile);
    } else if (status == WAX_UNTRUSTED) {
        tools_check_next("give the certificate of the CA that signed the broker's: --cafile "
                         "ca.crt");
    } else {
        tools_check_next("is this the broker's port for TLS? See its log");
    }
}

static bool shake(const struct settings *settings, wax_transport *secured)
{
    wax_status status = tools_probe_shake(secured);
    const char *words = wax_transport_explain(secured);

    if (status == WAX_OK) {
        return tell_peer(secured);
    }
    if (status == WAX_MORE) {
        words = "nothing came back in 5 seconds";
    } else if (status == WAX_CLOSED && words[0] == '\0') {
        words = "the other side closed the connection during the handshake";
    }
    words = words[0] != '\0' ? words : wax_status_text(status);
    (void)tools_check_fail("tls", "%s", words);
    advise_on_tls(settings, status, words);
    return false;
}

/* Whether our own certificate, if there is one, is one of today. */
static bool check_own(const wax_tls_context *context)
{
    int64_t end = wax_tls_not_after(context);
    char day[16];

    if (end < wax_clock_wall_s()) {
        wax_pki_date(end, day);
        (void)tools_check_fail("files", "the certificate of --cert expired on %s", day);
        tools_check_next("renew it with `wax pki renew`");
        return false;
    }
    return tools_check_pass("files", "certificates and keys on this side can be used");
}

/* Takes the connection over. */
static bool check_tls(const struct settings *settings, wax_transport *transport)
{
    wax_tls_context *context = NULL;
    wax_transport *secured = NULL;
    wax_problem problem;
    bool is_good = false;

    if (tools_link_make_tls(settings, &context, &problem) != WAX_OK) {
        (void)tools_check_fail("files", "%s", problem.text);
    } else if (check_own(context)) {
        secured = wax_tls_connect(context, transport, settings->host);
        if (secured != NULL) {
            transport = secured;
            is_good = shake(settings, secured);
        } else {
            (void)tools_check_fail("tls", "'%s' is no name that TLS can check", settings->host);
        }
    }
    wax_transport_release(transport);
    wax_tls_release(context);
    return is_good;
}

/* --- MQTT --- */

static const char *name_of(wax_version version)
{
    if (version == WAX_VERSION_5) {
        return "MQTT 5";
    }
    return version == WAX_VERSION_3_1_1 ? "MQTT 3.1.1" : "MQTT 3.1";
}

/* Makes a client and waits for CONNACK. */
static bool connect_once(struct doctor *doctor)
{
    wax_client_event event = {0};
    enum link_turn turn = LINK_EVENT;

    if (!tools_link_open(&doctor->link, &doctor->settings, QUEUE_SIZE)) {
        doctor->link.is_refused = true;
        (void)snprintf(doctor->link.fault, sizeof doctor->link.fault, "see above");
        return false;
    }
    doctor->link.is_silent = true;
    doctor->link.config.connects_once = true;
    while (turn == LINK_EVENT && event.type != WAX_CLIENT_CONNECTED) {
        turn = tools_link_next(&doctor->link, &event);
    }
    return turn == LINK_EVENT;
}

/* Tries the versions of MQTT, the newest first, unless one was asked for. Brokers that do not know
 * a version say so, or just hang up. */
static bool connect_somehow(struct doctor *doctor)
{
    static const wax_version others[] = {WAX_VERSION_3_1_1, WAX_VERSION_3_1};
    bool is_open = connect_once(doctor);

    for (size_t i = 0; !is_open && doctor->settings.tries_versions && i < WAX_COUNT(others) &&
                       (doctor->link.reason == WAX_UNSUPPORTED_VERSION ||
                        (!doctor->link.is_refused &&
                         (doctor->link.status == WAX_CLOSED || doctor->link.status >= 0x80)));
         i++) {
        (void)tools_check_pass("version", "the broker does not speak %s",
                               name_of(doctor->settings.version));
        tools_link_close(&doctor->link);
        doctor->settings.version = others[i];
        is_open = connect_once(doctor);
    }
    return is_open;
}

static bool check_mqtt(struct doctor *doctor)
{
    const struct settings *settings = &doctor->settings;

    if (!tools_settings_use_tls(settings) && settings->unix_path == NULL &&
        !tools_probe_is_plain(settings) && tools_probe_is_tls(settings)) {
        (void)tools_check_fail("mqtt", "this port speaks TLS, and plain MQTT was tried");
        tools_check_next("add --cafile with the certificate of the broker's CA, or "
                         "--tls-use-os-certs");
        return false;
    }
    if (connect_somehow(doctor)) {
        return tools_check_pass("mqtt", "connected with %s%s%s", name_of(settings->version),
                                settings->username != NULL ? " as user " : "",
                                settings->username != NULL ? settings->username : "");
    }
    (void)tools_check_fail("mqtt", "%s", doctor->link.fault);
    if (!doctor->link.is_refused && doctor->link.status == WAX_CLOSED) {
        tools_check_next("is this the broker's port for MQTT, and not for HTTP or WebSocket? See "
                         "the broker's log");
    }
    return false;
}

/* --- Topics --- */

/* Waits for an answer of this kind. False when the connection ended or nothing came. */
static bool await(struct doctor *doctor, wax_client_event_type type, uint32_t wait_ms,
                  wax_client_event *event)
{
    doctor->link.wake_ms = wax_clock_ms() + wait_ms;
    while (tools_link_next(&doctor->link, event) == LINK_EVENT) {
        if (event->type == WAX_CLIENT_MESSAGE &&
            wax_bytes_equal(event->publish.payload, WAX_TEXT("wax doctor"))) {
            doctor->has_echo = true;
        }
        if (event->type == (uint8_t)type) {
            return true;
        }
    }
    return false;
}

/* What the broker says besides the reason. */
static void tell_reason(wax_bytes properties)
{
    wax_property text;

    if (wax_property_find(properties, WAX_REASON_STRING, &text)) {
        tools_check_next("the broker says: %.*s", (int)text.value.size,
                         (const char *)text.value.data);
    }
}

static bool check_subscribing(struct doctor *doctor, const char *topic)
{
    wax_subscription subscription = {.filter = wax_bytes_of_text(topic),
                                     .qos = (uint8_t)doctor->settings.qos,
                                     .retain_handling = 2};
    wax_client_request request = {&subscription, 1, wax_bytes_of(NULL, 0)};
    wax_client_event event;
    uint32_t token;
    uint8_t reason;

    if (wax_client_subscribe(&doctor->link.client, &request, &token) != WAX_OK ||
        !await(doctor, WAX_CLIENT_SUBSCRIBED, ANSWER_MS, &event)) {
        return tools_check_fail("subscribe", "%s: no answer; %s", topic, doctor->link.fault);
    }
    reason = event.suback.reasons.size > 0 ? event.suback.reasons.data[0] : event.status;
    if (reason < 0x80) {
        return tools_check_pass("subscribe", "%s: granted QoS %u", topic, reason);
    }
    (void)tools_check_fail("subscribe", "%s: %s", topic, wax_status_text((wax_status)reason));
    tell_reason(event.suback.properties);
    tools_check_next("on the broker's machine, `wax doctor --acl FILE -u %s -t %s` says which line "
                     "decides",
                     doctor->settings.username != NULL ? doctor->settings.username : "USER", topic);
    return false;
}

static bool check_publishing(struct doctor *doctor, const char *topic)
{
    wax_publish publish = {
        .topic = wax_bytes_of_text(topic), .payload = WAX_TEXT("wax doctor"), .qos = 1};
    wax_client_event event;
    uint32_t token;

    doctor->has_echo = false;
    if (wax_client_publish(&doctor->link.client, &publish, &token) != WAX_OK ||
        !await(doctor, WAX_CLIENT_DELIVERED, ANSWER_MS, &event)) {
        return tools_check_fail("publish", "%s: no answer; %s", topic, doctor->link.fault);
    }
    if (event.status != WAX_OK) {
        (void)tools_check_fail("publish", "%s: %s", topic,
                               wax_status_text((wax_status)event.status));
        tools_check_next("on the broker's machine, `wax doctor --acl FILE -u %s -t %s` says which "
                         "line decides",
                         doctor->settings.username != NULL ? doctor->settings.username : "USER",
                         topic);
        return false;
    }
    if (!doctor->has_echo) {
        (void)await(doctor, WAX_CLIENT_MESSAGE, ECHO_MS, &event);
    }
    if (doctor->has_echo) {
        return tools_check_pass("publish", "%s: the message came back", topic);
    }
    (void)tools_check_fail("publish", "%s: the broker took the message, but it did not come back",
                           topic);
    tools_check_next("this user lacks the right to write to it, or to read from it; before MQTT 5 "
                     "brokers do not say which");
    return false;
}

static bool check_topics(struct doctor *doctor)
{
    const struct texts *topics = &doctor->settings.topics;
    bool is_good = true;

    for (size_t i = 0; i < topics->count; i++) {
        const char *topic = topics->items[i];

        if (!tools_settings_is_filter(topic)) {
            is_good = tools_check_fail("topic", "%s is no topic and no filter", topic);
            continue;
        }
        is_good = check_subscribing(doctor, topic) && is_good;
        if (doctor->settings.publishes && tools_settings_is_topic(topic)) {
            is_good = check_publishing(doctor, topic) && is_good;
        }
    }
    return is_good;
}

static bool examine(struct doctor *doctor)
{
    const struct settings *settings = &doctor->settings;
    wax_transport *transport;
    bool is_good;

    if (settings->acl_file != NULL) {
        return tools_doctor_judge(settings);
    }
    if (settings->unix_path == NULL && !check_name(settings)) {
        return false;
    }
    transport = check_port(settings);
    if (transport == NULL) {
        return false;
    }
    if (!tools_settings_use_tls(settings)) {
        wax_transport_release(transport);
    } else if (!check_tls(settings, transport)) {
        return false;
    }
    is_good = check_mqtt(doctor) && check_topics(doctor);
    (void)tools_link_finish(&doctor->link, 0);
    tools_link_close(&doctor->link);
    return is_good;
}

int wax_tool_doctor(int argc, char **argv)
{
    static struct doctor doctor;
    int code = EXIT_WRONG;

    memset(&doctor, 0, sizeof doctor);
    if (tools_options_begin(&doctor.settings, TOOL_DOCTOR, argc, argv, &code)) {
        code = examine(&doctor) ? EXIT_GOOD : EXIT_WRONG;
    }
    tools_settings_discard(&doctor.settings);
    return code;
}
