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
};

/* From 0x80 on. */
static const uint16_t failures[] = {
    [WAX_UNSPECIFIED_ERROR - 0x80]         = ALL,
    [WAX_MALFORMED - 0x80]                 = AT(CONNACK) | AT(DISCONNECT),
    [WAX_PROTOCOL_ERROR - 0x80]            = AT(CONNACK) | AT(DISCONNECT),
    [WAX_IMPLEMENTATION_ERROR - 0x80]      = ALL,
    [WAX_UNSUPPORTED_VERSION - 0x80]       = AT(CONNACK),
    [WAX_BAD_CLIENT_ID - 0x80]             = AT(CONNACK),
    [WAX_BAD_LOGIN - 0x80]                 = AT(CONNACK),
    [WAX_NOT_AUTHORIZED - 0x80]            = ALL,
    [WAX_SERVER_UNAVAILABLE - 0x80]        = AT(CONNACK),
    [WAX_SERVER_BUSY - 0x80]               = AT(CONNACK) | AT(DISCONNECT),
    [WAX_BANNED - 0x80]                    = AT(CONNACK),
    [WAX_SHUTTING_DOWN - 0x80]             = AT(DISCONNECT),
    [WAX_BAD_AUTH_METHOD - 0x80]           = AT(CONNACK) | AT(DISCONNECT),
    [WAX_KEEP_ALIVE_TIMEOUT - 0x80]        = AT(DISCONNECT),
    [WAX_TAKEN_OVER - 0x80]                = AT(DISCONNECT),
    [WAX_BAD_FILTER - 0x80]                = AT(SUBACK) | AT(UNSUBACK) | AT(DISCONNECT),
    [WAX_BAD_TOPIC - 0x80]                 = AT(CONNACK) | PUB | AT(DISCONNECT),
    [WAX_PACKET_ID_IN_USE - 0x80]          = PUB | AT(SUBACK) | AT(UNSUBACK),
    [WAX_PACKET_ID_NOT_FOUND - 0x80]       = REL,
    [WAX_RECEIVE_MAXIMUM_EXCEEDED - 0x80]  = AT(DISCONNECT),
    [WAX_BAD_ALIAS - 0x80]                 = AT(DISCONNECT),
    [WAX_PACKET_TOO_LARGE - 0x80]          = AT(CONNACK) | AT(DISCONNECT),
    [WAX_RATE_TOO_HIGH - 0x80]             = AT(DISCONNECT),
    [WAX_QUOTA_EXCEEDED - 0x80]            = AT(CONNACK) | PUB | AT(SUBACK) | AT(DISCONNECT),
    [WAX_ADMINISTRATIVE_ACTION - 0x80]     = AT(DISCONNECT),
    [WAX_BAD_PAYLOAD_FORMAT - 0x80]        = AT(CONNACK) | PUB | AT(DISCONNECT),
    [WAX_RETAIN_NOT_SUPPORTED - 0x80]      = AT(CONNACK) | AT(DISCONNECT),
    [WAX_QOS_NOT_SUPPORTED - 0x80]         = AT(CONNACK) | AT(DISCONNECT),
    [WAX_USE_ANOTHER_SERVER - 0x80]        = AT(CONNACK) | AT(DISCONNECT),
    [WAX_SERVER_MOVED - 0x80]              = AT(CONNACK) | AT(DISCONNECT),
    [WAX_SHARED_NOT_SUPPORTED - 0x80]      = AT(SUBACK) | AT(DISCONNECT),
    [WAX_CONNECTION_RATE_EXCEEDED - 0x80]  = AT(CONNACK) | AT(DISCONNECT),
    [WAX_MAXIMUM_CONNECT_TIME - 0x80]      = AT(DISCONNECT),
    [WAX_IDENTIFIERS_NOT_SUPPORTED - 0x80] = AT(SUBACK) | AT(DISCONNECT),
    [WAX_WILDCARDS_NOT_SUPPORTED - 0x80]   = AT(SUBACK) | AT(DISCONNECT),
};
/* clang-format on */

bool wax_reason_is_allowed(wax_packet_type type, uint8_t reason)
{
    unsigned failure = reason - 0x80U;
    unsigned packets = failure < WAX_COUNT(failures) ? failures[failure] : 0;

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].reason == reason) {
            packets = rows[i].packets;
        }
    }
    return (packets >> type & 1U) != 0;
}
