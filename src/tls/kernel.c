/* Records that the kernel makes (kTLS): OpenSSL shakes hands and gives it the keys. */
#include "tls/inner.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef OPENSSL_NO_KTLS
static int ask_kernel(void)
{
    return ENOSYS;
}
#else
/* Asks for the kernel's TLS on a socket that is not connected. Returns an errno: ENOTCONN where the
 * kernel has it. Who may load modules makes the kernel do so. */
static int ask_kernel(void)
{
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = ENOTCONN;

    if (probe < 0 || setsockopt(probe, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") != 0) {
        error = errno;
    }
    if (probe >= 0) {
        close(probe);
    }
    return error;
}
#endif

wax_status wax_tls_find_kernel(wax_problem *problem)
{
    int error = ask_kernel();

    if (error == ENOTCONN) {
        return WAX_OK;
    }
    if (error == ENOSYS) {
        return tls_fail(problem, WAX_NOT_FOUND, "this OpenSSL was built without kTLS");
    }
    if (error == ENOENT || error == ENOPROTOOPT) {
        return tls_fail(problem, WAX_NOT_FOUND,
                        "the kernel has no module `tls`; load it with `modprobe tls`, at every "
                        "start by a line `tls` in /etc/modules-load.d/wax.conf, then reload");
    }
    return tls_fail(problem, WAX_NOT_FOUND, "the kernel refuses TLS: %s", strerror(error));
}

void wax_tls_use_kernel(wax_transport *transport, int descriptor)
{
    struct tls *self = (struct tls *)(void *)transport;

    wax_assert(transport->below->below == NULL);
    self->socket = BIO_new_socket(descriptor, BIO_NOCLOSE);
    if (self->socket != NULL) {
        (void)SSL_set_options(self->ssl, SSL_OP_ENABLE_KTLS);
    }
}

bool tls_kernel_sends(const struct tls *self)
{
    return self->socket != NULL && BIO_get_ktls_send(self->socket);
}

bool tls_kernel_receives(const struct tls *self)
{
    return self->socket != NULL && BIO_get_ktls_recv(self->socket);
}

void tls_kernel_settle(struct tls *self)
{
    if (self->socket != NULL && SSL_is_init_finished(self->ssl) == 1 && !tls_kernel_sends(self) &&
        !tls_kernel_receives(self)) {
        BIO_free(self->socket);
        self->socket = NULL;
    }
}

/* What a call on the socket gave. OpenSSL itself explains what is wrong with a record by errno. */
static wax_status judge(struct tls *self, int result, uint8_t waits)
{
    int error = errno;
    bool is_record = error == EBADMSG || error == EMSGSIZE || error == EINVAL;

    if (result == 1) {
        return WAX_OK;
    }
    if (BIO_should_retry(self->socket)) {
        self->transport.below->waits = waits;
        return WAX_MORE;
    }
    if (BIO_eof(self->socket) || error == ECONNRESET || error == EPIPE) {
        return WAX_CLOSED;
    }
    if (!is_record) {
        tls_complain(self, "%s", strerror(error));
    }
    errno = error;
    return WAX_IO;
}

wax_status tls_kernel_receive(struct tls *self, char *room, size_t size, size_t *received)
{
    return judge(self, BIO_read_ex(self->socket, room, size, received), WAX_WAITS_TO_READ);
}

wax_status tls_kernel_send(struct tls *self, const char *bytes, size_t size, size_t *sent)
{
    return judge(self, BIO_write_ex(self->socket, bytes, size, sent), WAX_WAITS_TO_WRITE);
}

wax_status tls_kernel_send_plain(struct tls *self, wax_bytes bytes, size_t *sent)
{
    wax_status status;

    if (SSL_get_key_update_type(self->ssl) != SSL_KEY_UPDATE_NONE) {
        tls_complain(self, "the peer wants new keys (KeyUpdate), which the kernel does not take; "
                           "leave out `tls_kernel` for it");
        return WAX_IO;
    }
    status = wax_transport_send(self->transport.below, bytes, sent);
    if (status == WAX_MORE) {
        self->transport.waits = self->transport.below->waits;
    }
    return status;
}
