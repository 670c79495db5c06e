/* A stand-in for Arduino's library Ethernet: sockets of the host. */
#ifndef STAND_IN_ETHERNET_H
#define STAND_IN_ETHERNET_H

#include "Client.h"

class EthernetClient final : public Client
{
  public:
    int connect(const char *host, uint16_t port) override;
    size_t write(const uint8_t *bytes, size_t size) override;
    int available() override;
    int read(uint8_t *room, size_t size) override;
    void stop() override;
    uint8_t connected() override;

  private:
    int descriptor = -1;
};

struct StandInEthernet {
    int begin(uint8_t *hardware_address);
};
extern StandInEthernet Ethernet;

#endif
