/* Which reason codes each packet may carry. [MQTT 5.0, 2.4, table 2-6] */
#include "wire/wire.h"

struct row {
    uint8_t reason;
    uint16_t packets; /* a bit per packet type */
};

/* clang-format off */
#define AT(type) (1U << (WAX_##type))
#define PUB (AT(PUBACK) | AT(PUBREC))
#define REL (AT(PUBREL) | AT(PUBCOMP))
#define ALL (AT(CONNACK) | PUB | AT(SUBACK) | AT(UNSUBACK) | AT(DISCONNECT))

static const struct row rows[] = {
    {WAX_REASON_SUCCESS,                 AT(CONNACK) | PUB | REL | AT(SUBACK) | AT(UNSUBACK) | AT(DISCONNECT) | AT(AUTH)},
    {WAX_REASON_GRANTED_QOS_1,           AT(SUBACK)},
    {WAX_REASON_GRANTED_QOS_2,           AT(SUBACK)},
    {WAX_REASON_DISCONNECT_WITH_WILL,    AT(DISCONNECT)},
    {WAX_REASON_NO_MATCHING_SUBSCRIBERS, PUB},
    {WAX_REASON_NO_SUBSCRIPTION_EXISTED, AT(UNSUBACK)},
    {WAX_REASON_CONTINUE_AUTHENTICATION, AT(AUTH)},
    {WAX_REASON_RE_AUTHENTICATE,         AT(AUTH)},
    {WAX_UNSPECIFIED_ERROR,              ALL},
    {WAX_MALFORMED,                      AT(CONNACK) | AT(DISCONNECT)},
    {WAX_PROTOCOL_ERROR,                 AT(CONNACK) | AT(DISCONNECT)},
    {WAX_IMPLEMENTATION_ERROR,           ALL},
    {WAX_UNSUPPORTED_VERSION,            AT(CONNACK)},
    {WAX_BAD_CLIENT_ID,                  AT(CONNACK)},
    {WAX_BAD_LOGIN,                      AT(CONNACK)},
    {WAX_NOT_AUTHORIZED,                 ALL},
    {WAX_SERVER_UNAVAILABLE,             AT(CONNACK)},
    {WAX_SERVER_BUSY,                    AT(CONNACK) | AT(DISCONNECT)},
    {WAX_BANNED,                         AT(CONNACK)},
    {WAX_SHUTTING_DOWN,                  AT(DISCONNECT)},
    {WAX_BAD_AUTH_METHOD,                AT(CONNACK) | AT(DISCONNECT)},
    {WAX_KEEP_ALIVE_TIMEOUT,             AT(DISCONNECT)},
    {WAX_TAKEN_OVER,                     AT(DISCONNECT)},
    {WAX_BAD_FILTER,                     AT(SUBACK) | AT(UNSUBACK) | AT(DISCONNECT)},
    {WAX_BAD_TOPIC,                      AT(CONNACK) | PUB | AT(DISCONNECT)},
    {WAX_PACKET_ID_IN_USE,               PUB | AT(SUBACK) | AT(UNSUBACK)},
    {WAX_PACKET_ID_NOT_FOUND,            REL},
    {WAX_RECEIVE_MAXIMUM_EXCEEDED,       AT(DISCONNECT)},
    {WAX_BAD_ALIAS,                      AT(DISCONNECT)},
    {WAX_PACKET_TOO_LARGE,               AT(CONNACK) | AT(DISCONNECT)},
    {WAX_RATE_TOO_HIGH,                  AT(DISCONNECT)},
    {WAX_QUOTA_EXCEEDED,                 AT(CONNACK) | PUB | AT(SUBACK) | AT(DISCONNECT)},
    {WAX_ADMINISTRATIVE_ACTION,          AT(DISCONNECT)},
    {WAX_BAD_PAYLOAD_FORMAT,             AT(CONNACK) | PUB | AT(DISCONNECT)},
    {WAX_RETAIN_NOT_SUPPORTED,           AT(CONNACK) | AT(DISCONNECT)},
    {WAX_QOS_NOT_SUPPORTED,              AT(CONNACK) | AT(DISCONNECT)},
    {WAX_USE_ANOTHER_SERVER,             AT(CONNACK) | AT(DISCONNECT)},
    {WAX_SERVER_MOVED,                   AT(CONNACK) | AT(DISCONNECT)},
    {WAX_SHARED_NOT_SUPPORTED,           AT(SUBACK) | AT(DISCONNECT)},
    {WAX_CONNECTION_RATE_EXCEEDED,       AT(CONNACK) | AT(DISCONNECT)},
    {WAX_MAXIMUM_CONNECT_TIME,           AT(DISCONNECT)},
    {WAX_IDENTIFIERS_NOT_SUPPORTED,      AT(SUBACK) | AT(DISCONNECT)},
    {WAX_WILDCARDS_NOT_SUPPORTED,        AT(SUBACK) | AT(DISCONNECT)},
};
/* clang-format on */

bool wax_reason_is_allowed(wax_packet_type type, uint8_t reason)
{
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].reason == reason) {
            return (rows[i].packets >> type & 1U) != 0;
        }
    }
    return false;
}
