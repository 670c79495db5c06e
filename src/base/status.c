/* Statuses in plain English. */
#include "base/base.h"

struct text {
    wax_status status;
    const char *text;
};

/* clang-format off */
static const struct text texts[] = {
    {WAX_OK,                        "fine"},
    {WAX_MORE,                      "more bytes are needed first"},
    {WAX_FULL,                      "there is no room left"},
    {WAX_CLOSED,                    "the other end closed the connection"},
    {WAX_INVALID,                   "this is not allowed here"},
    {WAX_NOT_FOUND,                 "there is no such thing"},
    {WAX_TOO_LARGE,                 "larger than the other end accepts"},
    {WAX_IO,                        "the operating system refused"},
    {WAX_CROWDED,                   "too many exchanges at once"},
    {WAX_UNTRUSTED,                 "the other end could not prove who it is"},
    {WAX_UNSPECIFIED_ERROR,         "unspecified error"},
    {WAX_MALFORMED,                 "malformed packet"},
    {WAX_PROTOCOL_ERROR,            "protocol error"},
    {WAX_IMPLEMENTATION_ERROR,      "refused by this implementation"},
    {WAX_UNSUPPORTED_VERSION,       "unsupported protocol version"},
    {WAX_BAD_CLIENT_ID,             "client id not valid"},
    {WAX_BAD_LOGIN,                 "bad user name or password"},
    {WAX_NOT_AUTHORIZED,            "not authorized"},
    {WAX_SERVER_UNAVAILABLE,        "server unavailable"},
    {WAX_SERVER_BUSY,               "server busy"},
    {WAX_BANNED,                    "banned"},
    {WAX_SHUTTING_DOWN,             "server shutting down"},
    {WAX_BAD_AUTH_METHOD,           "bad authentication method"},
    {WAX_KEEP_ALIVE_TIMEOUT,        "keep alive timeout"},
    {WAX_TAKEN_OVER,                "session taken over by another connection"},
    {WAX_BAD_FILTER,                "topic filter not valid"},
    {WAX_BAD_TOPIC,                 "topic name not valid"},
    {WAX_PACKET_ID_IN_USE,          "packet id in use"},
    {WAX_PACKET_ID_NOT_FOUND,       "packet id not found"},
    {WAX_RECEIVE_MAXIMUM_EXCEEDED,  "receive maximum exceeded"},
    {WAX_BAD_ALIAS,                 "topic alias not valid"},
    {WAX_PACKET_TOO_LARGE,          "packet too large"},
    {WAX_RATE_TOO_HIGH,             "message rate too high"},
    {WAX_QUOTA_EXCEEDED,            "quota exceeded"},
    {WAX_ADMINISTRATIVE_ACTION,     "closed by an administrator"},
    {WAX_BAD_PAYLOAD_FORMAT,        "payload format not valid"},
    {WAX_RETAIN_NOT_SUPPORTED,      "retained messages not supported"},
    {WAX_QOS_NOT_SUPPORTED,         "QoS not supported"},
    {WAX_USE_ANOTHER_SERVER,        "use another server"},
    {WAX_SERVER_MOVED,              "server moved"},
    {WAX_SHARED_NOT_SUPPORTED,      "shared subscriptions not supported"},
    {WAX_CONNECTION_RATE_EXCEEDED,  "connection rate exceeded"},
    {WAX_MAXIMUM_CONNECT_TIME,      "maximum connect time reached"},
    {WAX_IDENTIFIERS_NOT_SUPPORTED, "subscription identifiers not supported"},
    {WAX_WILDCARDS_NOT_SUPPORTED,   "wildcard subscriptions not supported"},
};
/* clang-format on */

const char *wax_status_text(wax_status status)
{
    for (size_t i = 0; i < WAX_COUNT(texts); i++) {
        if (texts[i].status == status) {
            return texts[i].text;
        }
    }
    return "unknown reason";
}
