/* Which reason codes each packet may carry. [MQTT 5.0, 2.4, table 2-6] */
#include "wire/wire.h"

/* Packets that share their reasons share a bit. */
enum {
    CONNACK = 1,
    PUB = 2,
    REL = 4,
    SUBACK = 8,
    UNSUBACK = 16,
    DISCONNECT = 32,
    AUTH = 64,
    ALL = CONNACK | PUB | SUBACK | UNSUBACK | DISCONNECT, /* that may fail for any cause */
};

/* clang-format off */
static const uint8_t bits[] = {
    [WAX_CONNACK]    = CONNACK,
    [WAX_PUBACK]     = PUB,
    [WAX_PUBREC]     = PUB,
    [WAX_PUBREL]     = REL,
    [WAX_PUBCOMP]    = REL,
    [WAX_SUBACK]     = SUBACK,
    [WAX_UNSUBACK]   = UNSUBACK,
    [WAX_DISCONNECT] = DISCONNECT,
    [WAX_AUTH]       = AUTH,
};

static const uint8_t successes[] = {
    [WAX_REASON_SUCCESS]                 = ALL | REL | AUTH,
    [WAX_REASON_GRANTED_QOS_1]           = SUBACK,
    [WAX_REASON_GRANTED_QOS_2]           = SUBACK,
    [WAX_REASON_DISCONNECT_WITH_WILL]    = DISCONNECT,
    [WAX_REASON_NO_MATCHING_SUBSCRIBERS] = PUB,
    [WAX_REASON_NO_SUBSCRIPTION_EXISTED] = UNSUBACK,
    [WAX_REASON_CONTINUE_AUTHENTICATION] = AUTH,
    [WAX_REASON_RE_AUTHENTICATE]         = AUTH,
};

/* From 0x80 on. */
static const uint8_t failures[] = {
    [WAX_UNSPECIFIED_ERROR - 0x80]         = ALL,
    [WAX_MALFORMED - 0x80]                 = CONNACK | DISCONNECT,
    [WAX_PROTOCOL_ERROR - 0x80]            = CONNACK | DISCONNECT,
    [WAX_IMPLEMENTATION_ERROR - 0x80]      = ALL,
    [WAX_UNSUPPORTED_VERSION - 0x80]       = CONNACK,
    [WAX_BAD_CLIENT_ID - 0x80]             = CONNACK,
    [WAX_BAD_LOGIN - 0x80]                 = CONNACK,
    [WAX_NOT_AUTHORIZED - 0x80]            = ALL,
    [WAX_SERVER_UNAVAILABLE - 0x80]        = CONNACK,
    [WAX_SERVER_BUSY - 0x80]               = CONNACK | DISCONNECT,
    [WAX_BANNED - 0x80]                    = CONNACK,
    [WAX_SHUTTING_DOWN - 0x80]             = DISCONNECT,
    [WAX_BAD_AUTH_METHOD - 0x80]           = CONNACK | DISCONNECT,
    [WAX_KEEP_ALIVE_TIMEOUT - 0x80]        = DISCONNECT,
    [WAX_TAKEN_OVER - 0x80]                = DISCONNECT,
    [WAX_BAD_FILTER - 0x80]                = SUBACK | UNSUBACK | DISCONNECT,
    [WAX_BAD_TOPIC - 0x80]                 = CONNACK | PUB | DISCONNECT,
    [WAX_PACKET_ID_IN_USE - 0x80]          = PUB | SUBACK | UNSUBACK,
    [WAX_PACKET_ID_NOT_FOUND - 0x80]       = REL,
    [WAX_RECEIVE_MAXIMUM_EXCEEDED - 0x80]  = DISCONNECT,
    [WAX_BAD_ALIAS - 0x80]                 = DISCONNECT,
    [WAX_PACKET_TOO_LARGE - 0x80]          = CONNACK | DISCONNECT,
    [WAX_RATE_TOO_HIGH - 0x80]             = DISCONNECT,
    [WAX_QUOTA_EXCEEDED - 0x80]            = CONNACK | PUB | SUBACK | DISCONNECT,
    [WAX_ADMINISTRATIVE_ACTION - 0x80]     = DISCONNECT,
    [WAX_BAD_PAYLOAD_FORMAT - 0x80]        = CONNACK | PUB | DISCONNECT,
    [WAX_RETAIN_NOT_SUPPORTED - 0x80]      = CONNACK | DISCONNECT,
    [WAX_QOS_NOT_SUPPORTED - 0x80]         = CONNACK | DISCONNECT,
    [WAX_USE_ANOTHER_SERVER - 0x80]        = CONNACK | DISCONNECT,
    [WAX_SERVER_MOVED - 0x80]              = CONNACK | DISCONNECT,
    [WAX_SHARED_NOT_SUPPORTED - 0x80]      = SUBACK | DISCONNECT,
    [WAX_CONNECTION_RATE_EXCEEDED - 0x80]  = CONNACK | DISCONNECT,
    [WAX_MAXIMUM_CONNECT_TIME - 0x80]      = DISCONNECT,
    [WAX_IDENTIFIERS_NOT_SUPPORTED - 0x80] = SUBACK | DISCONNECT,
    [WAX_WILDCARDS_NOT_SUPPORTED - 0x80]   = SUBACK | DISCONNECT,
};
/* clang-format on */

bool wax_reason_is_allowed(wax_packet_type type, uint8_t reason)
{
    unsigned packets = 0;

    if (reason < WAX_COUNT(successes)) {
        packets = successes[reason];
    } else if (reason - 0x80U < WAX_COUNT(failures)) {
        packets = failures[reason - 0x80U];
    }
    return (packets & bits[type]) != 0;
}
