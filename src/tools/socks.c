/* The client's side of SOCKS 5: how a proxy is asked for a connection. */
#include "tools/socks.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    VERSION = 5,
    LOGIN_VERSION = 1,
    NO_LOGIN = 0,
    WITH_PASSWORD = 2,
    CONNECT = 1,
    IPV4 = 1,
    NAME = 3,
    IPV6 = 4,
};

/* What a proxy's refusal means. [RFC 1928, 6] */
static const char *const refusals[] = {
    "it failed",
    "its rules do not allow the connection",
    "it cannot reach the broker's network",
    "it cannot reach the broker's host, or does not know its name",
    "the broker's host refused the connection; is a broker running there?",
    "the connection took too long",
    "it does not make connections",
    "it does not know this kind of address",
};

static wax_status fail(struct socks *socks, const char *fault)
{
    socks->fault = fault;
    return WAX_IO;
}

static void write_counted(wax_writer *out, wax_bytes text)
{
    wax_write_u8(out, (uint8_t)text.size);
    wax_write_bytes(out, text);
}

/* Offers what we can: to log in only who has a name. */
static void greet(struct socks *socks, wax_writer *out)
{
    wax_write_u8(out, VERSION);
    wax_write_u8(out, socks->proxy->username != NULL ? 2 : 1);
    wax_write_u8(out, NO_LOGIN);
    if (socks->proxy->username != NULL) {
        wax_write_u8(out, WITH_PASSWORD);
    }
    socks->state = SOCKS_CHOOSES;
}

static void log_in(struct socks *socks, wax_writer *out)
{
    wax_write_u8(out, LOGIN_VERSION);
    write_counted(out, wax_bytes_of_text(socks->proxy->username));
    write_counted(out, wax_bytes_of_text(socks->proxy->password));
    socks->state = SOCKS_LOGS_IN;
}

static void ask(struct socks *socks, wax_writer *out)
{
    uint8_t address[16];

    wax_write_u8(out, VERSION);
    wax_write_u8(out, CONNECT);
    wax_write_u8(out, 0);
    if (inet_pton(AF_INET, socks->host, address) == 1) {
        wax_write_u8(out, IPV4);
        wax_write_bytes(out, wax_bytes_of(address, 4));
    } else if (inet_pton(AF_INET6, socks->host, address) == 1) {
        wax_write_u8(out, IPV6);
        wax_write_bytes(out, wax_bytes_of(address, 16));
    } else {
        wax_write_u8(out, NAME);
        write_counted(out, wax_bytes_of_text(socks->host));
    }
    wax_write_u16(out, socks->port);
    socks->state = SOCKS_CONNECTS;
}

static wax_status take_choice(struct socks *socks, wax_reader *in, wax_writer *out)
{
    uint8_t version = wax_read_u8(in);
    uint8_t choice = wax_read_u8(in);

    if (version != VERSION) {
        return fail(socks, "it does not speak SOCKS 5");
    }
    if (choice == WITH_PASSWORD && socks->proxy->username != NULL) {
        log_in(socks, out);
        return WAX_MORE;
    }
    if (choice != NO_LOGIN) {
        return fail(socks, socks->proxy->username != NULL
                               ? "it wants another way to log in than a password"
                               : "it wants a login: --proxy socks5h://USER:PASSWORD@HOST:PORT");
    }
    ask(socks, out);
    return WAX_MORE;
}

static wax_status take_login(struct socks *socks, wax_reader *in, wax_writer *out)
{
    uint8_t version = wax_read_u8(in);
    uint8_t status = wax_read_u8(in);

    if (version != LOGIN_VERSION || status != 0) {
        return fail(socks, "it does not take this user and password");
    }
    ask(socks, out);
    return WAX_MORE;
}

static wax_status take_connection(struct socks *socks, wax_reader *in)
{
    uint8_t version = wax_read_u8(in);
    uint8_t reply = wax_read_u8(in);
    uint8_t reserved = wax_read_u8(in);
    uint8_t kind = wax_read_u8(in);

    (void)reserved;
    if (version != VERSION) {
        return fail(socks, "it does not speak SOCKS 5");
    }
    if (reply != 0) {
        return fail(socks, reply <= WAX_COUNT(refusals) ? refusals[reply - 1] : refusals[0]);
    }
    if (kind != IPV4 && kind != IPV6 && kind != NAME) {
        return fail(socks, "its answer makes no sense");
    }
    /* The proxy's own address is of no use. */
    (void)wax_read_bytes(in, kind == IPV4 ? 4 : kind == IPV6 ? 16 : wax_read_u8(in));
    (void)wax_read_u16(in);
    socks->state = SOCKS_DONE;
    return WAX_OK;
}

wax_status tools_socks_step(struct socks *socks, wax_reader *in, wax_writer *out)
{
    struct socks before = *socks;
    wax_reader start = *in;
    size_t used = out->used;
    wax_status status = WAX_MORE;

    switch (socks->state) {
    case SOCKS_GREETS:
        greet(socks, out);
        return WAX_MORE;
    case SOCKS_CHOOSES:
        status = take_choice(socks, in, out);
        break;
    case SOCKS_LOGS_IN:
        status = take_login(socks, in, out);
        break;
    case SOCKS_CONNECTS:
        status = take_connection(socks, in);
        break;
    case SOCKS_DONE:
        return WAX_OK;
    }
    if (in->status != WAX_OK) { /* the answer is not all there */
        *socks = before;
        *in = start;
        out->used = used;
        return WAX_MORE;
    }
    return status;
}
