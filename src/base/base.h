/* base: what every room shares. Statuses, views of bytes, cursors, UTF-8, keyed hashing, lists.
 *
 * Silence in a docstring has a meaning, everywhere in the house: pointers are not NULL; sizes are
 * bytes; times are milliseconds of a monotonic clock; an object is used by one thread; nothing is
 * allocated; views die when their source changes. */
#ifndef WAX_BASE_H
#define WAX_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The doors of this house open to C++ too, and speak C there: what they declare stands between
 * these two. A pointer to WAX_AT_LEAST(n) elements is never NULL and has as many; to C++, which
 * has no word for that, it is a pointer. */
#ifdef __cplusplus
#define WAX_C_BEGIN         extern "C" {
#define WAX_C_END           }
#define WAX_AT_LEAST(count) count
#else
#define WAX_C_BEGIN
#define WAX_C_END
#define WAX_AT_LEAST(count) static count
#endif

WAX_C_BEGIN

#define WAX_CHECKED __attribute__((warn_unused_result))

/* A promise between our own functions. Never for what a peer can send: that is checked. */
#define wax_assert(claim) ((claim) ? (void)0 : __builtin_trap())

#define WAX_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* No deadline: later than any time. */
#define WAX_NEVER UINT64_MAX

/* What a call came to. 1 to 0x7f stay inside the house; from 0x80 on the value *is* the MQTT 5
 * reason code that the peer is told. [MQTT 5.0, 2.4 Reason Code] */
typedef enum wax_status {
    WAX_OK = 0,
    WAX_MORE = 1,      /* not now: more bytes, or more room below, are needed first */
    WAX_FULL = 2,      /* the caller's memory holds no more; nothing was taken */
    WAX_CLOSED = 3,    /* the other end has gone */
    WAX_INVALID = 4,   /* the caller asks for what is not allowed here and now */
    WAX_NOT_FOUND = 5, /* there is no such thing */
    WAX_TOO_LARGE = 6, /* the peer announced that it takes nothing of this size */
    WAX_IO = 7,        /* the operating system refused; errno of the call says why */
    WAX_CROWDED = 8,   /* a table that the caller owns is full: enlarge it and ask again */
    WAX_UNTRUSTED = 9, /* the peer's proof of who it is does not hold */

    WAX_UNSPECIFIED_ERROR = 0x80,
    WAX_MALFORMED = 0x81,
    WAX_PROTOCOL_ERROR = 0x82,
    WAX_IMPLEMENTATION_ERROR = 0x83,
    WAX_UNSUPPORTED_VERSION = 0x84,
    WAX_BAD_CLIENT_ID = 0x85,
    WAX_BAD_LOGIN = 0x86,
    WAX_NOT_AUTHORIZED = 0x87,
    WAX_SERVER_UNAVAILABLE = 0x88,
    WAX_SERVER_BUSY = 0x89,
    WAX_BANNED = 0x8a,
    WAX_SHUTTING_DOWN = 0x8b,
    WAX_BAD_AUTH_METHOD = 0x8c,
    WAX_KEEP_ALIVE_TIMEOUT = 0x8d,
    WAX_TAKEN_OVER = 0x8e,
    WAX_BAD_FILTER = 0x8f,
    WAX_BAD_TOPIC = 0x90,
    WAX_PACKET_ID_IN_USE = 0x91,
    WAX_PACKET_ID_NOT_FOUND = 0x92,
    WAX_RECEIVE_MAXIMUM_EXCEEDED = 0x93,
    WAX_BAD_ALIAS = 0x94,
    WAX_PACKET_TOO_LARGE = 0x95,
    WAX_RATE_TOO_HIGH = 0x96,
    WAX_QUOTA_EXCEEDED = 0x97,
    WAX_ADMINISTRATIVE_ACTION = 0x98,
    WAX_BAD_PAYLOAD_FORMAT = 0x99,
    WAX_RETAIN_NOT_SUPPORTED = 0x9a,
    WAX_QOS_NOT_SUPPORTED = 0x9b,
    WAX_USE_ANOTHER_SERVER = 0x9c,
    WAX_SERVER_MOVED = 0x9d,
    WAX_SHARED_NOT_SUPPORTED = 0x9e,
    WAX_CONNECTION_RATE_EXCEEDED = 0x9f,
    WAX_MAXIMUM_CONNECT_TIME = 0xa0,
    WAX_IDENTIFIERS_NOT_SUPPORTED = 0xa1,
    WAX_WILDCARDS_NOT_SUPPORTED = 0xa2,
} wax_status;

/* Says a status in plain English, for people. Never NULL; the text is constant. */
const char *wax_status_text(wax_status status);

/* A view of bytes that somebody else owns. An empty view may have any `data`, NULL included. */
typedef struct wax_bytes {
    const uint8_t *data;
    size_t size;
} wax_bytes;

/* The view of a string literal, without its final zero. */
#ifdef __cplusplus
#define WAX_TEXT(literal)                                                                          \
    (wax_bytes{reinterpret_cast<const uint8_t *>(literal), sizeof(literal) - 1U})
#else
#define WAX_TEXT(literal) ((wax_bytes){(const uint8_t *)(literal), sizeof(literal) - 1U})
#endif

/* Views `size` bytes at `data`. */
wax_bytes wax_bytes_of(const void *data, size_t size);

/* Views a C string without its final zero; NULL gives the empty view. */
wax_bytes wax_bytes_of_text(const char *text);

/* Whether both views hold the same bytes. Not for secrets: see wax_secret_equals. */
bool wax_bytes_equal(wax_bytes one, wax_bytes other);

/* Whether `whole` begins with `start`. */
bool wax_bytes_start_with(wax_bytes whole, wax_bytes start);

/* Orders views byte by byte; the shorter of two with a common start comes first.
 * Returns < 0, 0 or > 0. */
int wax_bytes_compare(wax_bytes one, wax_bytes other);

/* Whether `size` bytes are the same, in a time that depends on `size` alone. */
bool wax_secret_equals(const uint8_t *one, const uint8_t *other, size_t size);

/* Overwrites a secret in a way that no optimiser removes. */
void wax_wipe(void *secret, size_t size);

/* The value of a hexadecimal digit, small or large; WAX_HEX_NONE for what is none. */
unsigned wax_hex_digit(uint8_t letter);
#define WAX_HEX_NONE 16U

/* Writes bytes as hexadecimal digits, small, with a final zero: `room` has 2 * size + 1 places. */
void wax_hex_encode(wax_bytes bytes, char *room);

/* Reads the bytes that hexadecimal digits stand for, text.size / 2 of them, into `room`, which may
 * be where the digits stand. False for anything but digits, when nothing is written, and for an odd
 * number of them. */
bool wax_hex_decode(wax_bytes text, uint8_t *room);

/* A cursor over bytes that came in. The first failure sticks: after it every read gives zero or an
 * empty view, so that a decoder reads all fields and looks at `status` once. */
typedef struct wax_reader {
    const uint8_t *at;
    const uint8_t *end;
    wax_status status;
} wax_reader;

/* Begins at the front of `bytes`. */
wax_reader wax_reader_over(wax_bytes bytes);

/* How many bytes are still unread. */
size_t wax_reader_left(const wax_reader *in);

/* All that is unread, without reading it. */
wax_bytes wax_reader_rest(const wax_reader *in);

/* Big-endian numbers. Running out of bytes makes the status WAX_MALFORMED. */
uint8_t wax_read_u8(wax_reader *in);
uint16_t wax_read_u16(wax_reader *in);
uint32_t wax_read_u32(wax_reader *in);

/* The same of up to four bytes. */
uint32_t wax_read_number(wax_reader *in, size_t size);

/* A Variable Byte Integer of one to four bytes; a longer form than needed is WAX_MALFORMED.
 * [MQTT-1.5.5-1] */
uint32_t wax_read_varint(wax_reader *in);

/* The next `size` bytes. */
wax_bytes wax_read_bytes(wax_reader *in, size_t size);

/* Two bytes of size, then that many bytes of anything. */
wax_bytes wax_read_blob(wax_reader *in);

/* Two bytes of size, then that many bytes of UTF-8. [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
wax_bytes wax_read_text(wax_reader *in);

/* States a rule. Where it does not hold and nothing failed before, `status` becomes the reader's.
 */
void wax_require(wax_reader *in, bool holds, wax_status status);

/* A cursor over room that the caller gives. What does not fit makes the status WAX_FULL, which
 * sticks; `used` then stays where the first write that failed began. */
typedef struct wax_writer {
    uint8_t *data;
    size_t size;
    size_t used;
    wax_status status;
} wax_writer;

/* Begins with nothing written to `room`. */
wax_writer wax_writer_over(void *room, size_t size);

/* What was written so far. */
wax_bytes wax_writer_bytes(const wax_writer *out);

/* How many bytes still fit. */
size_t wax_writer_left(const wax_writer *out);

/* Ends what began when `used` was `start`: where not all of it was written, none of it stays.
 * Returns the writer's status. */
wax_status wax_writer_end(wax_writer *out, size_t start) WAX_CHECKED;

/* Big-endian numbers. */
void wax_write_u8(wax_writer *out, uint8_t value);
void wax_write_u16(wax_writer *out, uint16_t value);
void wax_write_u32(wax_writer *out, uint32_t value);

/* A Variable Byte Integer in its shortest form; `value` is at most 268,435,455. */
void wax_write_varint(wax_writer *out, uint32_t value);

/* The bytes as they are. */
void wax_write_bytes(wax_writer *out, wax_bytes bytes);

/* Two bytes of size, then the bytes; more than 65,535 of them are WAX_FULL. */
void wax_write_blob(wax_writer *out, wax_bytes bytes);

/* A number in decimal digits, without leading zeros. */
void wax_write_decimal(wax_writer *out, uint64_t number);

/* Encodes a Variable Byte Integer as wax_write_varint() does; returns how many bytes it takes. */
size_t wax_varint_encode(uint8_t room[WAX_AT_LEAST(4)], uint32_t value);

/* How many bytes wax_write_varint() takes for `value`. */
size_t wax_varint_size(uint32_t value);

#define WAX_VARINT_MAX 268435455U

/* A writer of JSON text: values one by one, with the commas that stand between them. What does not
 * fit makes the status of `out` WAX_FULL. [RFC 8259] */
typedef struct wax_json {
    wax_writer *out;
    bool needs_comma;
} wax_json;

/* Begins a text behind what `out` holds. */
wax_json wax_json_over(wax_writer *out);

/* Begins and ends an object, '{' and '}', or an array, '[' and ']'. */
void wax_json_open(wax_json *json, char bracket);
void wax_json_close(wax_json *json, char bracket);

/* The name of a member; its value follows. */
void wax_json_name(wax_json *json, const char *name);

/* Values. Of a text, what is no UTF-8 becomes U+FFFD, and control characters, U+007F included, are
 * escaped: whatever a stranger sends, it stays within its quotes and on its line. */
void wax_json_text(wax_json *json, wax_bytes text);
void wax_json_number(wax_json *json, uint64_t value);
void wax_json_bool(wax_json *json, bool value);

/* A member of an object, name and value. */
void wax_json_member_text(wax_json *json, const char *name, wax_bytes value);
void wax_json_member_number(wax_json *json, const char *name, uint64_t value);
void wax_json_member_bool(wax_json *json, const char *name, bool value);

/* Whether the bytes are well-formed UTF-8 without U+0000: no surrogates, no overlong forms, nothing
 * above U+10FFFF. [RFC 3629] [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
bool wax_utf8_is_valid(wax_bytes text);

/* A hash that a peer who does not know `key` cannot steer (SipHash-1-3). Not for authentication. */
uint64_t wax_hash(const uint64_t key[WAX_AT_LEAST(2)], wax_bytes bytes);

/* Where a pure room gets memory when the caller lets it grow. One function does all three:
 * `old` NULL gives new memory, `new_size` 0 gives it back; NULL as answer means there is none left,
 * and then `old` is as it was. */
typedef struct wax_memory wax_memory;
struct wax_memory {
    void *(*resize)(wax_memory *self, void *old, size_t old_size, size_t new_size);
};

/* A link of a ring. The ring's owner holds one link of its own, members hold theirs. */
typedef struct wax_link {
    struct wax_link *next;
    struct wax_link *previous;
} wax_link;

/* Makes `ring` an empty ring, or a member that is in no ring. */
void wax_link_init(wax_link *ring);

/* Whether there is nobody else in the ring. */
bool wax_link_is_alone(const wax_link *ring);

/* Puts `member`, which is in no ring, at the end of the ring. */
void wax_link_append(wax_link *ring, wax_link *member);

/* Takes `member` out of whatever ring it is in; in none, it does nothing. */
void wax_link_remove(wax_link *member);

/* The struct of type `type` whose field `field` the link is. */
#define WAX_OWNER(link, type, field) ((type *)(void *)((uint8_t *)(link)-offsetof(type, field)))

WAX_C_END

#endif
