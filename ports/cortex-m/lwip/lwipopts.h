/* lwIP without an operating system: TCP over IPv4 and Ethernet, and nothing else. */
#ifndef WAX_LWIPOPTS_H
#define WAX_LWIPOPTS_H

/* clang-format off */
#define NO_SYS                1
#define LWIP_SOCKET           0
#define LWIP_NETCONN          0
#define SYS_LIGHTWEIGHT_PROT  0
#define LWIP_UDP              0
#define LWIP_RAW              0
#define LWIP_DHCP             0
#define LWIP_DNS              0
#define LWIP_STATS            0
#define LWIP_NETIF_API        0

#define MEM_ALIGNMENT         4
/* All that waits to go, and all that came: a frame of full size takes three of the pool. */
#define MEM_SIZE              3072
#define PBUF_POOL_SIZE        7
#define PBUF_POOL_BUFSIZE     512
/* After a restart the peer may still know the last connection by its port. */
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1
#define MEMP_NUM_TCP_PCB      2
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define TCP_MSS               1460
#define TCP_WND               (2 * TCP_MSS)
#define TCP_SND_BUF           (2 * TCP_MSS)
/* clang-format on */

#endif
