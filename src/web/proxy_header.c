/* The header of the PROXY protocol: who a proxy says the peer is. */
#include "web/web.h"

#include <arpa/inet.h>
#include <string.h>

/* [PROXY protocol, 2.2] */
enum {
    PREAMBLE_SIZE = 16,
    COMMAND_LOCAL = 0x20,
    COMMAND_PROXY = 0x21,
    TCP_IPV4 = 0x11,
    TCP_IPV6 = 0x21,
    STREAM_UNIX = 0x31,
    TLV_SSL = 0x20,
    TLV_COMMON_NAME = 0x22,
    CLIENT_SSL = 0x01,
    CLIENT_CERTIFICATE = 0x02 | 0x04, /* of this connection, or of the session it resumes */
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* --- Version 1: a line of text --- */

/* The next word of the line, which one blank parts from what is before it. */
static wax_bytes take_word(wax_reader *in)
{
    const uint8_t *start = in->at;
    wax_bytes word;

    while (in->at < in->end && *in->at != ' ') {
        in->at++;
    }
    word = wax_bytes_of(start, (size_t)(in->at - start));
    if (in->at < in->end) {
        in->at++;
    }
    wax_require(in, word.size > 0, WAX_MALFORMED);
    return word;
}

static void take_address(wax_reader *in, int family, uint8_t address[static 16])
{
    wax_bytes word = take_word(in);
    char text[INET6_ADDRSTRLEN] = "";

    wax_require(in, word.size < sizeof text, WAX_MALFORMED);
    if (in->status == WAX_OK) {
        memcpy(text, word.data, word.size);
        wax_require(in, inet_pton(family, text, address) == 1, WAX_MALFORMED);
    }
}

static uint16_t take_port(wax_reader *in)
{
    wax_bytes word = take_word(in);
    uint32_t port = 0;

    wax_require(in, word.size <= 5 && (word.size == 1 || word.size == 0 || word.data[0] != '0'),
                WAX_MALFORMED);
    for (size_t i = 0; i < word.size && in->status == WAX_OK; i++) {
        wax_require(in, word.data[i] >= '0' && word.data[i] <= '9', WAX_MALFORMED);
        port = port * 10 + (word.data[i] - (uint32_t)'0');
    }
    wax_require(in, port <= UINT16_MAX, WAX_MALFORMED);
    return (uint16_t)port;
}

static void read_line(wax_proxy_header *header, wax_reader *in)
{
    wax_bytes family;
    uint8_t other[16];
    bool is_six;

    wax_require(in, wax_bytes_equal(take_word(in), WAX_TEXT("PROXY")), WAX_MALFORMED);
    family = take_word(in);
    if (wax_bytes_equal(family, WAX_TEXT("UNKNOWN"))) {
        return; /* the rest of the line is for nobody */
    }
    is_six = wax_bytes_equal(family, WAX_TEXT("TCP6"));
    wax_require(in, is_six || wax_bytes_equal(family, WAX_TEXT("TCP4")), WAX_MALFORMED);
    header->family = is_six ? WAX_PROXY_IPV6 : WAX_PROXY_IPV4;
    take_address(in, is_six ? AF_INET6 : AF_INET, header->address);
    take_address(in, is_six ? AF_INET6 : AF_INET, other);
    header->port = take_port(in);
    (void)take_port(in);
    wax_require(in, in->at == in->end && in->end[-1] != ' ', WAX_MALFORMED);
}

static size_t lesser(size_t one, size_t other)
{
    return one < other ? one : other;
}

static wax_status read_first(wax_proxy_header *header, wax_bytes bytes)
{
    size_t most = lesser(bytes.size, WAX_PROXY_V1_MAX);
    size_t start = lesser(most, 6);
    const uint8_t *end = memchr(bytes.data, '\n', most);
    wax_reader in;

    if (memcmp(bytes.data, "PROXY ", start) != 0) {
        return WAX_MALFORMED;
    }
    if (end == NULL) {
        return most < WAX_PROXY_V1_MAX ? WAX_MORE : WAX_MALFORMED;
    }
    if (end[-1] != '\r') {
        return WAX_MALFORMED;
    }
    in = wax_reader_over(wax_bytes_of(bytes.data, (size_t)(end - bytes.data) - 1));
    read_line(header, &in);
    header->size = (size_t)(end - bytes.data) + 1;
    return in.status;
}

/* --- Version 2: binary, with values behind the addresses --- */

/* A name of a certificate must not deceive whoever reads it. */
static bool is_name(wax_bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] < ' ' || name.data[i] == 0x7f) {
            return false;
        }
    }
    return name.size > 0 && name.size <= 256 && wax_utf8_is_valid(name);
}

static wax_status read_ssl(wax_proxy_header *header, wax_bytes value)
{
    wax_reader in = wax_reader_over(value);
    uint8_t client = wax_read_u8(&in);
    uint32_t verify = wax_read_u32(&in);
    wax_bytes name = {NULL, 0};

    while (in.status == WAX_OK && in.at < in.end) {
        uint8_t type = wax_read_u8(&in);
        wax_bytes part = wax_read_blob(&in);
        if (type == TLV_COMMON_NAME && in.status == WAX_OK) {
            name = part;
        }
    }
    header->has_tls = (client & CLIENT_SSL) != 0;
    header->has_certificate = header->has_tls && (client & CLIENT_CERTIFICATE) != 0 && verify == 0;
    if (header->has_certificate && is_name(name)) {
        header->common_name = name;
    }
    return in.status;
}

/* The values behind the addresses; what is not ours to know is passed over. */
static void read_values(wax_proxy_header *header, wax_reader *in)
{
    bool has_ssl = false;

    while (in->status == WAX_OK && in->at < in->end) {
        uint8_t type = wax_read_u8(in);
        wax_bytes value = wax_read_blob(in);
        if (type == TLV_SSL && in->status == WAX_OK) {
            wax_require(in, !has_ssl && read_ssl(header, value) == WAX_OK, WAX_MALFORMED);
            has_ssl = true;
        }
    }
}

static void read_addresses(wax_proxy_header *header, wax_reader *in, uint8_t family)
{
    static const struct {
        uint8_t byte;
        wax_proxy_family family;
        size_t size;
    } rows[] = {
        {TCP_IPV4,    WAX_PROXY_IPV4, 4  },
        {TCP_IPV6,    WAX_PROXY_IPV6, 16 },
        {STREAM_UNIX, WAX_PROXY_UNIX, 108},
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].byte != family) {
            continue;
        }
        wax_bytes address = wax_read_bytes(in, rows[i].size);
        (void)wax_read_bytes(in, rows[i].size);
        header->family = rows[i].family;
        if (rows[i].family != WAX_PROXY_UNIX && in->status == WAX_OK) {
            memcpy(header->address, address.data, address.size);
            header->port = wax_read_u16(in);
            (void)wax_read_u16(in);
        }
        return;
    }
    in->at = in->end; /* UNSPEC, or no stream: the rest is for nobody */
}

static wax_status read_second(wax_proxy_header *header, wax_bytes bytes)
{
    size_t start = lesser(bytes.size, 12);
    wax_reader in = wax_reader_over(bytes);
    uint8_t command;
    uint8_t family;
    uint16_t size;

    if (memcmp(bytes.data, signature, start) != 0) {
        return WAX_MALFORMED;
    }
    if (bytes.size < PREAMBLE_SIZE) {
        return WAX_MORE;
    }
    (void)wax_read_bytes(&in, start);
    command = wax_read_u8(&in);
    family = wax_read_u8(&in);
    size = wax_read_u16(&in);
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY) {
        return WAX_MALFORMED;
    }
    if (size > WAX_PROXY_V2_MAX - PREAMBLE_SIZE) {
        return WAX_TOO_LARGE;
    }
    if (wax_reader_left(&in) < size) {
        return WAX_MORE;
    }
    header->size = PREAMBLE_SIZE + size;
    in.end = in.at + size;
    if (command == COMMAND_PROXY) {
        read_addresses(header, &in, family);
        read_values(header, &in);
    }
    return in.status;
}

wax_status wax_proxy_read(wax_proxy_header *header, wax_bytes bytes, unsigned version)
{
    wax_status status;

    wax_assert(version == 1 || version == 2);
    *header = (wax_proxy_header){.family = WAX_PROXY_NOBODY};
    if (bytes.size == 0) {
        return WAX_MORE;
    }
    status = version == 1 ? read_first(header, bytes) : read_second(header, bytes);
    if (status != WAX_OK) {
        *header = (wax_proxy_header){.family = WAX_PROXY_NOBODY};
    }
    return status;
}
