/* The BIO through which OpenSSL reaches the filter below. */
#include "tls/inner.h"

/* A failure is -1 as from OpenSSL's own socket, which makes it look at errno where the kernel
 * reads.
 */
static int answer(BIO *bio, struct tls *self, wax_status status, int retry)
{
    self->below_status = status;
    if (status == WAX_OK) {
        return 1;
    }
    if (status == WAX_MORE) {
        self->transport.waits = self->transport.below->waits;
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
        return 0;
    }
    return status == WAX_IO ? -1 : 0;
}

static int read_below(BIO *bio, char *room, size_t size, size_t *received)
{
    struct tls *self = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (tls_kernel_receives(self)) {
        return answer(bio, self, tls_kernel_receive(self, room, size, received), BIO_FLAGS_READ);
    }
    return answer(bio, self,
                  wax_transport_receive(self->transport.below, (uint8_t *)room, size, received),
                  BIO_FLAGS_READ);
}

static int write_below(BIO *bio, const char *bytes, size_t size, size_t *sent)
{
    struct tls *self = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (tls_kernel_sends(self)) {
        return answer(bio, self, tls_kernel_send(self, bytes, size, sent), BIO_FLAGS_WRITE);
    }
    return answer(bio, self,
                  wax_transport_send(self->transport.below, wax_bytes_of(bytes, size), sent),
                  BIO_FLAGS_WRITE);
}

/* What is not for us is for the socket below, if there is one: that is how the kernel gets keys. */
static long control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls *self = BIO_get_data(bio);

    if (command == BIO_CTRL_EOF) {
        return self->below_status == WAX_CLOSED;
    }
    if (command == BIO_CTRL_FLUSH) {
        return 1;
    }
    return self->socket == NULL ? 0 : BIO_ctrl(self->socket, command, number, pointer);
}

static int create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *tls_make_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wax transport");

    if (method != NULL &&
        (BIO_meth_set_read_ex(method, read_below) != 1 ||
         BIO_meth_set_write_ex(method, write_below) != 1 ||
         BIO_meth_set_ctrl(method, control) != 1 || BIO_meth_set_create(method, create) != 1)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

BIO *tls_attach(struct tls *self)
{
    BIO *bio = NULL;

    for (size_t i = 0; i < TLS_SPARE_MAX && bio == NULL; i++) {
        bio = atomic_exchange(&self->context->spare[i], NULL);
    }
    if (bio == NULL) {
        bio = BIO_new(self->context->bio_method);
    }
    if (bio == NULL || BIO_up_ref(bio) != 1) { /* the SSL has one reference, this room the other */
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, self);
    if (self->socket != NULL) {
        (void)BIO_push(bio, self->socket);
    }
    SSL_set_bio(self->ssl, bio, bio);
    return bio;
}

void tls_detach(struct tls *self, BIO *bio)
{
    BIO *none = NULL;

    SSL_set_bio(self->ssl, NULL, NULL);
    if (self->socket != NULL) {
        (void)BIO_pop(bio);
    }
    BIO_set_data(bio, NULL);
    for (size_t i = 0; i < TLS_SPARE_MAX; i++) {
        none = NULL;
        if (atomic_compare_exchange_strong(&self->context->spare[i], &none, bio)) {
            return;
        }
    }
    BIO_free(bio);
}

void tls_free_spare(wax_tls_context *context)
{
    for (size_t i = 0; i < TLS_SPARE_MAX; i++) {
        BIO_free(atomic_exchange(&context->spare[i], NULL));
    }
}

struct tls *tls_of(const SSL *ssl)
{
    return BIO_get_data(SSL_get_rbio(ssl));
}
