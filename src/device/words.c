/* Why a connection ended, in words; few, since they stand in a device's flash. */
#include "device/device.h"

struct cause {
    wax_status status;
    const char *words;
};

struct alert {
    int number;
    wax_status status;
    const char *words;
};

/* clang-format off */
static const struct cause causes[] = {
    [WAX_DEVICE_FAILED]                    = {WAX_IO,        "TLS failed"},
    [WAX_DEVICE_CUT]                       = {WAX_CLOSED,    "the server closed the connection in the middle of the TLS handshake"},
    [WAX_DEVICE_DAMAGED]                   = {WAX_IO,        "what arrived is damaged or forged"},
    [WAX_DEVICE_NO_TLS]                    = {WAX_IO,        "the server speaks no TLS, or its records are larger than our buffer (record_size_max)"},
    [WAX_DEVICE_OLD_TLS]                   = {WAX_IO,        "the server has no TLS 1.2"},
    [WAX_DEVICE_NO_MEMORY]                 = {WAX_IO,        "there is no memory left for TLS"},
    [WAX_DEVICE_CERTIFICATE_DAMAGED]       = {WAX_UNTRUSTED, "the server's certificate is damaged, or not made for this use"},
    [WAX_DEVICE_CERTIFICATE_ENDED]         = {WAX_UNTRUSTED, "the server's certificate has expired"},
    [WAX_DEVICE_CERTIFICATE_EARLY]         = {WAX_UNTRUSTED, "the server's certificate is not yet valid; is this device's clock right?"},
    [WAX_DEVICE_CERTIFICATE_OF_OTHER]      = {WAX_UNTRUSTED, "the server's certificate is for another name than we asked for"},
    [WAX_DEVICE_CERTIFICATE_OF_STRANGER]   = {WAX_UNTRUSTED, "the server's certificate is signed by no CA that this device trusts"},
    [WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE] = {WAX_UNTRUSTED, "the server's certificate is not made for this use"},
    [WAX_DEVICE_CERTIFICATE_UNASKED]       = {WAX_UNTRUSTED, "the server shows a certificate, and we trust no CA"},
    [WAX_DEVICE_CERTIFICATE_DOUBTFUL]      = {WAX_UNTRUSTED, "the server's certificate does not hold"},
};

/* [RFC 5246, 7.2.2; RFC 6066, 3; RFC 4279, 6] */
static const struct alert alerts[] = {
    { 20, WAX_IO,        "the server reports that what we sent arrived damaged"},
    { 40, WAX_IO,        "the server rejected the handshake: no cipher in common, or it wants a certificate from us"},
    { 42, WAX_UNTRUSTED, "the server rejected our certificate"},
    { 43, WAX_UNTRUSTED, "the server rejected our certificate: not for this use"},
    { 44, WAX_UNTRUSTED, "the server rejected our certificate: revoked"},
    { 45, WAX_UNTRUSTED, "the server rejected our certificate: expired"},
    { 46, WAX_UNTRUSTED, "the server rejected our certificate"},
    { 48, WAX_UNTRUSTED, "the server rejected our certificate: it does not trust its CA"},
    { 49, WAX_UNTRUSTED, "the server rejected our certificate: no right to connect"},
    { 51, WAX_UNTRUSTED, "the server rejected our certificate: a signature does not hold"},
    { 70, WAX_IO,        "the server takes no TLS 1.2"},
    {112, WAX_UNTRUSTED, "the server knows no host of the name we asked for"},
    {115, WAX_UNTRUSTED, "the server does not know our pre-shared key"},
};

/* Where the two ends share a key, a wrong one is a wrong secret. */
static const struct alert psk_alerts[] = {
    { 20, WAX_UNTRUSTED, "the server has another pre-shared key for our identity"},
    { 40, WAX_UNTRUSTED, "the server does not know our pre-shared key, or takes none"},
    { 51, WAX_UNTRUSTED, "the server has another pre-shared key for our identity"},
};
/* clang-format on */

static const struct alert *find(const struct alert *rows, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number) {
            return &rows[i];
        }
    }
    return NULL;
}

wax_status wax_device_explain(wax_device_fault fault, const char **words)
{
    *words = causes[fault].words;
    return causes[fault].status;
}

wax_status wax_device_explain_alert(int alert, bool is_about_key, const char **words)
{
    const struct alert *found = NULL;

    if (is_about_key) {
        found = find(psk_alerts, WAX_COUNT(psk_alerts), alert);
    }
    if (found == NULL) {
        found = find(alerts, WAX_COUNT(alerts), alert);
    }
    if (found == NULL) {
        return wax_device_explain(WAX_DEVICE_FAILED, words);
    }
    *words = found->words;
    return found->status;
}

wax_device_fault wax_device_find(const wax_device_number *rows, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number) {
            return rows[i].fault;
        }
    }
    return WAX_DEVICE_FAILED;
}
