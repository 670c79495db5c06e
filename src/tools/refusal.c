/* Why a broker lets a client not in, in words, and as an exit code. */
#include "tools/refusal.h"

#include "tools/settings.h"

struct refusal {
    uint8_t reason;
    int code_3; /* of MQTT 3's CONNACK, which is the exit code */
    const char *text;
};

/* clang-format off */
static const struct refusal refusals[] = {
    {WAX_UNSUPPORTED_VERSION,  1, "the broker does not speak this version of MQTT; try another one with -V 5, -V 311 or -V 31"},
    {WAX_BAD_CLIENT_ID,        2, "the broker does not take this client id; choose another one with -i"},
    {WAX_SERVER_UNAVAILABLE,   3, "the broker is not ready to serve; see its log"},
    {WAX_BAD_LOGIN,            4, "user name or password is wrong, or missing; give them with -u and -P"},
    {WAX_NOT_AUTHORIZED,       5, "not authorised: user name or password is wrong or missing (-u, -P), or this client may not connect"},
    {WAX_SERVER_BUSY,          3, "the broker is busy; try again later"},
    {WAX_BANNED,               5, "the broker has banned this client; ask who runs it"},
    {WAX_BAD_AUTH_METHOD,      5, "the broker does not know this authentication method"},
    {WAX_BAD_TOPIC,            3, "the broker does not take the topic of the will"},
    {WAX_PACKET_TOO_LARGE,     3, "CONNECT is larger than the broker takes; is the will too large?"},
    {WAX_QUOTA_EXCEEDED,       3, "the broker takes no more clients of this kind"},
    {WAX_RETAIN_NOT_SUPPORTED, 3, "the broker keeps no retained messages, and the will is one"},
    {WAX_QOS_NOT_SUPPORTED,    3, "the broker does not know the will's quality of service"},
    {WAX_USE_ANOTHER_SERVER,   3, "the broker says: use another server"},
    {WAX_SERVER_MOVED,         3, "the broker says: it has moved"},
    {WAX_CONNECTION_RATE_EXCEEDED, 3, "too many connect at once; try again later"},
};
/* clang-format on */

const char *tools_refusal_text(uint8_t reason)
{
    for (size_t i = 0; i < WAX_COUNT(refusals); i++) {
        if (refusals[i].reason == reason) {
            return refusals[i].text;
        }
    }
    return wax_status_text((wax_status)reason);
}

int tools_refusal_code(uint8_t reason, wax_version version)
{
    for (size_t i = 0; version != WAX_VERSION_5 && i < WAX_COUNT(refusals); i++) {
        if (refusals[i].reason == reason) {
            return refusals[i].code_3;
        }
    }
    return version == WAX_VERSION_5 ? reason : EXIT_WRONG;
}
