/* What the files of this room share. */
#ifndef WAX_MBED_INNER_H
#define WAX_MBED_INNER_H

#include "mbed/mbed.h"

/* random.c */

/* Randomness as the library asks for it; `context` is not used. */
int mbed_random(void *context, unsigned char *room, size_t size);

/* trust.c */

/* Takes the certificates of the settings. Gives 0, or the library's fault. What was taken is given
 * back by mbed_distrust() in either case. */
int mbed_trust(wax_mbed_context *context);
void mbed_distrust(wax_mbed_context *context);

/* Has the connection ask for the host of the settings. */
int mbed_ask_for_host(mbedtls_ssl_context *ssl, const char *host);

/* Why the server's certificate does not hold; WAX_DEVICE_FAILED when the fault is another. */
wax_device_fault mbed_doubt(const mbedtls_ssl_context *ssl, int fault);

/* Whether a fault is that there is no memory left. */
bool mbed_lacks_memory(int fault);

/* words.c */

/* What a fault of the library means: the status and the words of a problem. Without a problem the
 * words stay NULL. */
wax_status mbed_explain(const wax_mbed_tls *self, int fault, const char **words);

#endif
