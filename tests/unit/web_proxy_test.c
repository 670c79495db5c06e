/* PROXY headers: who the peer is, and what is no header. */
#include "../check.h"

#include "web/web.h"

#include <stdlib.h>

#define SIGNATURE      "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal) literal, sizeof(literal) - 1

struct row {
    const char *name;
    const char *bytes;
    size_t size;
    unsigned version;
    wax_status status;
    wax_proxy_family family;
    const char *address; /* the first bytes of it */
    uint16_t port;
};

/* clang-format off */
static const struct row rows[] = {
    {"1: IPv4",              BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 40112 8883\r\nrest"), 1, WAX_OK, WAX_PROXY_IPV4, "\xc0\x00\x02\x07", 40112},
    {"1: IPv6",              BYTES("PROXY TCP6 2001:db8::7 ::1 1 65535\r\n"), 1, WAX_OK, WAX_PROXY_IPV6, "\x20\x01\x0d\xb8", 1},
    {"1: unknown",           BYTES("PROXY UNKNOWN\r\n"), 1, WAX_OK, WAX_PROXY_NOBODY, "", 0},
    {"1: unknown, and more", BYTES("PROXY UNKNOWN a b c\r\n"), 1, WAX_OK, WAX_PROXY_NOBODY, "", 0},
    {"1: cut",               BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 40112 88"), 1, WAX_MORE, WAX_PROXY_NOBODY, "", 0},
    {"1: one byte",          BYTES("P"), 1, WAX_MORE, WAX_PROXY_NOBODY, "", 0},
    {"1: MQTT instead",      BYTES("\x10"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: in small letters",  BYTES("proxy TCP4 192.0.2.7 10.0.0.1 1 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: no CR",             BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 1 2\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a wrong family",    BYTES("PROXY TCP5 192.0.2.7 10.0.0.1 1 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a wrong address",   BYTES("PROXY TCP4 192.0.2.700 10.0.0.1 1 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: an address of six", BYTES("PROXY TCP4 ::1 10.0.0.1 1 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a port too many",   BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 1 2 3\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a port too few",    BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a port too large",  BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 65536 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a port with a zero", BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 01 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a negative port",   BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 -1 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: two blanks",        BYTES("PROXY TCP4  192.0.2.7 10.0.0.1 1 2\r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: a blank at the end", BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 1 2 \r\n"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: version 2 instead", BYTES(SIGNATURE "\x21\x11\x00\x0c" "\1\2\3\4\5\6\7\10\x9c\xb0\x22\xb3"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"1: never an end",      BYTES("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 1, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},

    {"2: IPv4",              BYTES(SIGNATURE "\x21\x11\x00\x0c" "\xc0\x00\x02\x07\x0a\0\0\1\x9c\xb0\x22\xb3" "rest"), 2, WAX_OK, WAX_PROXY_IPV4, "\xc0\x00\x02\x07", 40112},
    {"2: IPv6",              BYTES(SIGNATURE "\x21\x21\x00\x24" "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7" "0123456789abcdef\x9c\xb0\x22\xb3"), 2, WAX_OK, WAX_PROXY_IPV6, "\x20\x01\x0d\xb8", 40112},
    {"2: local",             BYTES(SIGNATURE "\x20\x00\x00\x00"), 2, WAX_OK, WAX_PROXY_NOBODY, "", 0},
    {"2: local, addresses are for nobody", BYTES(SIGNATURE "\x20\x11\x00\x02zz"), 2, WAX_OK, WAX_PROXY_NOBODY, "", 0},
    {"2: no family",         BYTES(SIGNATURE "\x21\x00\x00\x02zz"), 2, WAX_OK, WAX_PROXY_NOBODY, "", 0},
    {"2: datagrams",         BYTES(SIGNATURE "\x21\x12\x00\x0c" "\1\2\3\4\5\6\7\10\1\2\3\4"), 2, WAX_OK, WAX_PROXY_NOBODY, "", 0},
    {"2: cut in the signature", BYTES("\r\n\r\n"), 2, WAX_MORE, WAX_PROXY_NOBODY, "", 0},
    {"2: cut in the size",   BYTES(SIGNATURE "\x21\x11\x00"), 2, WAX_MORE, WAX_PROXY_NOBODY, "", 0},
    {"2: cut in the address", BYTES(SIGNATURE "\x21\x11\x00\x0c" "\1\2\3\4\5\6\7\10\1\2\3"), 2, WAX_MORE, WAX_PROXY_NOBODY, "", 0},
    {"2: version 1 instead", BYTES("PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"2: a wrong signature", BYTES("\r\n\r\n\0\r\nQUIX"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"2: version 3",         BYTES(SIGNATURE "\x31\x11\x00\x0c" "\1\2\3\4\5\6\7\10\1\2\3\4"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"2: an unknown command", BYTES(SIGNATURE "\x22\x11\x00\x0c" "\1\2\3\4\5\6\7\10\1\2\3\4"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"2: no room for the addresses", BYTES(SIGNATURE "\x21\x11\x00\x0b" "\1\2\3\4\5\6\7\10\1\2\3"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"2: too large",         BYTES(SIGNATURE "\x21\x11\x02\x19"), 2, WAX_TOO_LARGE, WAX_PROXY_NOBODY, "", 0},
    {"2: as large as may be", BYTES(SIGNATURE "\x21\x11\x02\x18"), 2, WAX_MORE, WAX_PROXY_NOBODY, "", 0},
    {"2: a value that is cut", BYTES(SIGNATURE "\x21\x11\x00\x10" "\1\2\3\4\5\6\7\10\1\2\3\4" "\1\0\5a"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
    {"2: a TLS value that is cut", BYTES(SIGNATURE "\x21\x11\x00\x13" "\1\2\3\4\5\6\7\10\1\2\3\4" "\x20\0\4\7\0\0\0"), 2, WAX_MALFORMED, WAX_PROXY_NOBODY, "", 0},
};
/* clang-format on */

static void headers_are_read_as_the_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        uint8_t *copy = malloc(row->size); /* so that reading past it is seen */
        wax_proxy_header header;
        wax_status status;

        assert_non_null(copy);
        memcpy(copy, row->bytes, row->size);
        status = wax_proxy_read(&header, wax_bytes_of(copy, row->size), row->version);
        check_row(row->name, status == row->status);
        check_row(row->name, header.family == row->family && header.port == row->port);
        check_row(row->name, memcmp(header.address, row->address, strlen(row->address)) == 0);
        check_row(row->name, !header.has_tls && !header.has_certificate);
        check_row(row->name, status != WAX_OK || header.size <= row->size);
        free(copy);
    }
}

struct tls_row {
    const char *name;
    const char *value; /* of the TLS value */
    size_t size;
    bool has_tls;
    bool has_certificate;
    const char *common_name;
};

/* clang-format off */
static const struct tls_row tls_rows[] = {
    {"TLS without a certificate",         BYTES("\x01\0\0\0\1"), true, false, ""},
    {"a certificate and its name",        BYTES("\x07\0\0\0\0" "\x22\0\5alice"), true, true, "alice"},
    {"a certificate of a resumed session", BYTES("\x05\0\0\0\0" "\x22\0\5alice"), true, true, "alice"},
    {"a certificate that was not good",   BYTES("\x07\0\0\0\x0a" "\x22\0\5alice"), true, false, ""},
    {"a name without a certificate",      BYTES("\x01\0\0\0\0" "\x22\0\5alice"), true, false, ""},
    {"a certificate without TLS",         BYTES("\x06\0\0\0\0" "\x22\0\5alice"), false, false, ""},
    {"a name behind other parts",         BYTES("\x07\0\0\0\0" "\x21\0\7TLSv1.3" "\x22\0\3bob"), true, true, "bob"},
    {"a name that deceives",              BYTES("\x07\0\0\0\0" "\x22\0\5al\0ce"), true, true, ""},
    {"a name that is no UTF-8",           BYTES("\x07\0\0\0\0" "\x22\0\2\xff\xff"), true, true, ""},
};
/* clang-format on */

static void what_a_proxy_says_of_tls_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(tls_rows); i++) {
        const struct tls_row *row = &tls_rows[i];
        uint8_t room[128];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_proxy_header header;

        wax_write_bytes(&out, wax_bytes_of(SIGNATURE "\x21\x11", 14));
        wax_write_u16(&out, (uint16_t)(12 + 3 + row->size));
        wax_write_bytes(&out, wax_bytes_of("\1\2\3\4\5\6\7\10\1\2\3\4", 12));
        wax_write_u8(&out, 0x20);
        wax_write_blob(&out, wax_bytes_of(row->value, row->size));
        check_row(row->name, wax_proxy_read(&header, wax_writer_bytes(&out), 2) == WAX_OK);
        check_row(row->name, header.has_tls == row->has_tls);
        check_row(row->name, header.has_certificate == row->has_certificate);
        check_row(row->name,
                  wax_bytes_equal(header.common_name, wax_bytes_of_text(row->common_name)));
    }
}

/* A filter over a loopback, and the other end. */
struct pair {
    wax_loopback ends[2];
    uint8_t inboxes[2][2048];
    wax_transport *top;
};

static void join(struct pair *pair, unsigned version, bool requires_tls)
{
    wax_loopback_open(&pair->ends[0], &pair->ends[1], pair->inboxes[0], pair->inboxes[1],
                      sizeof pair->inboxes[0]);
    pair->top = wax_proxy_accept(&pair->ends[0].transport, version, requires_tls);
    assert_non_null(pair->top);
}

static void say(struct pair *pair, wax_bytes bytes)
{
    size_t sent;

    assert_int_equal(wax_transport_send(&pair->ends[1].transport, bytes, &sent), WAX_OK);
    assert_int_equal(sent, bytes.size);
}

static void bytes_behind_the_header_pass(void **state)
{
    wax_bytes text = WAX_TEXT("PROXY TCP4 192.0.2.7 10.0.0.1 40112 8883\r\nhello");
    struct pair pair;
    uint8_t room[3];
    size_t received = 0;
    size_t sent;

    (void)state;
    join(&pair, 1, false);
    assert_int_equal(wax_transport_send(pair.top, WAX_TEXT("early"), &sent), WAX_MORE);
    for (size_t i = 0; i + 5 < text.size; i++) {
        assert_int_equal(wax_transport_receive(pair.top, room, sizeof room, &received), WAX_MORE);
        assert_null(wax_proxy_header_of(pair.top));
        say(&pair, wax_bytes_of(text.data + i, 1));
    }
    say(&pair, wax_bytes_of(text.data + text.size - 5, 5));
    assert_int_equal(wax_transport_receive(pair.top, room, sizeof room, &received), WAX_OK);
    assert_memory_equal(room, "hel", 3);
    assert_int_equal(wax_proxy_header_of(pair.top)->port, 40112);
    assert_int_equal(wax_transport_receive(pair.top, room, sizeof room, &received), WAX_OK);
    assert_int_equal(received, 2);
    assert_memory_equal(room, "lo", 2);
    assert_int_equal(wax_transport_send(pair.top, WAX_TEXT("hi"), &sent), WAX_OK);
    assert_int_equal(wax_transport_close(pair.top), WAX_OK);
    wax_transport_release(pair.top);
}

static void a_connection_without_a_header_is_refused(void **state)
{
    struct pair pair;
    uint8_t room[16];
    size_t received;

    (void)state;
    join(&pair, 2, false);
    say(&pair, WAX_TEXT("\x10\x0c"));
    assert_int_equal(wax_transport_receive(pair.top, room, sizeof room, &received),
                     WAX_PROTOCOL_ERROR);
    assert_non_null(strstr(wax_transport_explain(pair.top), "PROXY header of version 2"));
    assert_null(wax_proxy_header_of(pair.top));
    wax_transport_release(pair.top);
}

static void tls_may_be_required(void **state)
{
    static const char plain[] = SIGNATURE "\x21\x11\x00\x0c\1\2\3\4\5\6\7\10\1\2\3\4";
    static const char secure[] =
        SIGNATURE "\x21\x11\x00\x14\1\2\3\4\5\6\7\10\1\2\3\4\x20\0\5\1\0\0\0\0hello";
    struct pair pair;
    uint8_t room[16];
    size_t received;

    (void)state;
    join(&pair, 2, true);
    say(&pair, wax_bytes_of(plain, sizeof plain - 1));
    assert_int_equal(wax_transport_receive(pair.top, room, sizeof room, &received),
                     WAX_PROTOCOL_ERROR);
    assert_non_null(strstr(wax_transport_explain(pair.top), "by TLS"));
    wax_transport_release(pair.top);
    join(&pair, 2, true);
    say(&pair, wax_bytes_of(secure, sizeof secure - 1));
    assert_int_equal(wax_transport_receive(pair.top, room, sizeof room, &received), WAX_OK);
    assert_int_equal(received, 5);
    wax_transport_release(pair.top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_as_the_rows_say),
        cmocka_unit_test(what_a_proxy_says_of_tls_is_read),
        cmocka_unit_test(bytes_behind_the_header_pass),
        cmocka_unit_test(a_connection_without_a_header_is_refused),
        cmocka_unit_test(tls_may_be_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
