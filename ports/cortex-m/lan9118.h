/* lan9118: an Ethernet controller that is asked, and does not interrupt. */
#ifndef WAX_LAN9118_H
#define WAX_LAN9118_H

#include <lwip/netif.h>
#include <stdbool.h>

/* Gives lwIP the interface; for netif_add(). */
err_t lan9118_init(struct netif *interface);

/* Hands lwIP what has come. Returns whether anything had. */
bool lan9118_poll(struct netif *interface);

#endif
