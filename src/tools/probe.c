/* What a port speaks: knocked on in several ways. */
#include "tools/probe.h"
#include "tls/tls.h"
#include "tools/dial.h"
#include "tools/link.h"

enum {
    PATIENCE_MS = 5000,
};

wax_status tools_probe_shake(wax_transport *transport)
{
    uint64_t until_ms = wax_clock_ms() + PATIENCE_MS;
    wax_status status = WAX_MORE;
    uint8_t byte;
    size_t received;

    while (status == WAX_MORE && !wax_tls_is_ready(transport)) {
        status = wax_transport_receive(transport, &byte, 1, &received);
        if (status == WAX_MORE && !wax_tls_is_ready(transport) &&
            !tools_dial_wait(transport, until_ms)) {
            return WAX_MORE;
        }
    }
    return wax_tls_is_ready(transport) ? WAX_OK : status;
}

bool tools_probe_is_plain(const struct settings *settings)
{
    static const char connect[] = "\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00";
    uint64_t until_ms = wax_clock_ms() + PATIENCE_MS;
    wax_transport *transport = NULL;
    wax_status status = WAX_IO;
    uint8_t answer = 0;
    size_t count = 0;
    char fault[512];

    if (tools_dial(settings, &transport, fault, sizeof fault) != WAX_OK) {
        return false;
    }
    if (wax_transport_send(transport, wax_bytes_of(connect, sizeof connect - 1), &count) ==
        WAX_OK) {
        do {
            status = wax_transport_receive(transport, &answer, 1, &count);
        } while (status == WAX_MORE && tools_dial_wait(transport, until_ms));
    }
    wax_transport_release(transport);
    return status == WAX_OK && answer == WAX_CONNACK << 4;
}

bool tools_probe_is_tls(const struct settings *settings)
{
    wax_tls_settings anybody = {.ignores_host = true};
    wax_tls_context *context = NULL;
    wax_transport *transport = NULL;
    wax_transport *secured = NULL;
    wax_status status = WAX_IO;
    wax_problem problem;
    char fault[512];

    if (wax_tls_make_client(&anybody, &context, &problem) != WAX_OK) {
        return false;
    }
    if (tools_dial(settings, &transport, fault, sizeof fault) == WAX_OK) {
        secured = wax_tls_connect(context, transport, settings->host);
        if (secured != NULL) {
            transport = secured;
            status = tools_probe_shake(secured);
        }
        wax_transport_release(transport);
    }
    wax_tls_release(context);
    /* Who shows a certificate speaks TLS, even if nobody trusts it. */
    return status == WAX_OK || status == WAX_UNTRUSTED;
}
