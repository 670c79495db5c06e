/* The LAN9118, as far as lwIP needs it: frames out, frames in. [SMSC LAN9118, 5] */
#include "lan9118.h"

#include <lwip/etharp.h>
#include <string.h>

/* On the MPS2 with a Cortex-M3 or M4; with an M7 it stands at 0xa0000000. */
static const uintptr_t base = 0x40200000U;

static const uint32_t in_order = 0x87654321U; /* what BYTE_TEST reads */

enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    RX_STATUS_PEEK = 0x44,
    TX_STATUS = 0x48,
    BYTE_TEST = 0x64,
    TX_CONFIGURATION = 0x70,
    HARDWARE = 0x74,
    RX_WAITING = 0x7c,
    TX_WAITING = 0x80,
    MAC_COMMAND = 0xa4,
    MAC_DATA = 0xa8,
};

enum {
    IS_RESET = 1,
    TX_FIFO_5_KB = 5 << 16,
    MUST_BE_ONE = 1 << 20,
    TX_ON = 1 << 1,
    RX_FAILED = 1 << 15,
    WHOLE_FRAME = 0x3000, /* the first segment is the last one */
    CHECKSUM_SIZE = 4,
    FRAME_MAX = 1514,
};

/* Registers of the MAC, behind MAC_COMMAND. */
enum {
    MAC_CONTROL = 1,
    MAC_ADDRESS_HIGH = 2,
    MAC_ADDRESS_LOW = 3,
    MAC_TX_RX_ON = 0x0c,
};
static const uint32_t mac_busy = 1U << 31;

static const uint8_t address[ETH_HWADDR_LEN] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

static volatile uint32_t *at(uint32_t offset)
{
    return (volatile uint32_t *)(base + offset);
}

static void write_mac(uint32_t index, uint32_t value)
{
    *at(MAC_DATA) = value;
    *at(MAC_COMMAND) = mac_busy | index;
    while ((*at(MAC_COMMAND) & mac_busy) != 0) {
    }
}

/* Words of the frame, whose pieces have any size; the last one is filled up. */
static void write_frame(const struct pbuf *frame)
{
    uint8_t word[4] = {0};
    uint32_t value;
    size_t used = 0;

    for (const struct pbuf *piece = frame; piece != NULL; piece = piece->next) {
        const uint8_t *bytes = piece->payload;
        for (size_t i = 0; i < piece->len; i++) {
            word[used++] = bytes[i];
            if (used == sizeof word) {
                memcpy(&value, word, sizeof value);
                *at(TX_DATA) = value;
                used = 0;
            }
        }
    }
    if (used > 0) {
        memcpy(&value, word, sizeof value);
        *at(TX_DATA) = value;
    }
}

static err_t send(struct netif *interface, struct pbuf *frame)
{
    uint32_t size = frame->tot_len;

    (void)interface;
    /* The FIFO is emptied at once on the emulated board; a real one may have to wait. */
    if ((*at(TX_WAITING) & 0xffffU) < size + 16) {
        return ERR_MEM;
    }
    *at(TX_DATA) = WHOLE_FRAME | size;
    *at(TX_DATA) = size << 16 | size;
    write_frame(frame);
    while ((*at(TX_WAITING) >> 16 & 0xffU) > 0) {
        (void)*at(TX_STATUS);
    }
    return ERR_OK;
}

/* The size of a frame without its checksum; 0: it is bad, or none that Ethernet has. */
static uint32_t size_of(uint32_t status)
{
    const uint32_t size = status >> 16 & 0x3fffU;
    const bool is_good =
        (status & RX_FAILED) == 0 && size > CHECKSUM_SIZE && size - CHECKSUM_SIZE <= FRAME_MAX;

    return is_good ? size - CHECKSUM_SIZE : 0;
}

/* Takes a frame out of the FIFO, into nothing when there is no place given. */
static void take(struct pbuf *frame)
{
    const uint32_t size = *at(RX_STATUS) >> 16 & 0x3fffU;

    for (uint32_t offset = 0; offset < size; offset += 4) {
        uint32_t word = *at(RX_DATA);
        if (frame != NULL && offset < frame->tot_len) {
            uint32_t left = frame->tot_len - offset;
            (void)pbuf_take_at(frame, &word, (u16_t)(left < 4 ? left : 4), (u16_t)offset);
        }
    }
}

/* A frame without a place waits in the FIFO until the application has taken what came before. */
bool lan9118_poll(struct netif *interface)
{
    bool came = false;

    while ((*at(RX_WAITING) >> 16 & 0xffU) > 0) {
        const uint32_t size = size_of(*at(RX_STATUS_PEEK));
        struct pbuf *frame = size == 0 ? NULL : pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_POOL);
        if (size > 0 && frame == NULL) {
            return true;
        }
        take(frame);
        came = true;
        if (frame != NULL && interface->input(frame, interface) != ERR_OK) {
            pbuf_free(frame);
        }
    }
    return came;
}

err_t lan9118_init(struct netif *interface)
{
    uint32_t low;
    uint16_t high;

    if (*at(BYTE_TEST) != in_order) {
        return ERR_IF;
    }
    *at(HARDWARE) = IS_RESET;
    while ((*at(HARDWARE) & IS_RESET) != 0) {
    }
    *at(HARDWARE) = MUST_BE_ONE | TX_FIFO_5_KB;
    *at(TX_CONFIGURATION) = TX_ON;
    memcpy(&low, address, sizeof low);
    memcpy(&high, address + sizeof low, sizeof high);
    write_mac(MAC_ADDRESS_LOW, low);
    write_mac(MAC_ADDRESS_HIGH, high);
    write_mac(MAC_CONTROL, MAC_TX_RX_ON);

    memcpy(interface->hwaddr, address, sizeof address);
    interface->hwaddr_len = sizeof address;
    interface->name[0] = 'e';
    interface->name[1] = 'n';
    interface->mtu = 1500;
    interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    interface->output = etharp_output;
    interface->linkoutput = send;
    return ERR_OK;
}
