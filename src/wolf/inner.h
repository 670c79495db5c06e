/* What the files of this room share. */
#ifndef WAX_WOLF_INNER_H
#define WAX_WOLF_INNER_H

#include "wolf/wolf.h"

/* trust.c */

/* Takes the certificates of the settings, and the key, from the hardware if there is some. Gives
 * WAX_OK, WAX_INVALID or WAX_FULL. */
wax_status wolf_trust(WOLFSSL_CTX *library, const wax_device_settings *settings,
                      const wax_wolf_hardware *hardware);

/* What a number means that the library gives for success or a fault, when settings were taken. */
wax_status wolf_judge_settings(int result);

/* Has the connection ask for a host. Gives whether there was memory. */
bool wolf_ask_for_host(WOLFSSL *ssl, const char *host);

/* tls.c */

/* Makes the library's part of a connection; NULL without memory. */
WOLFSSL *wolf_begin(wax_wolf_tls *self);

/* words.c */

/* What a fault of the library means: the status and the words of a problem. */
wax_status wolf_explain(const wax_wolf_tls *self, int fault, const char **words);

#endif
