/* A stand-in for Arduino's library Ethernet, which Debian does not have, over Arduino's own core: a
 * serial line whose other end is the broker. */
#ifndef STAND_IN_ETHERNET_H
#define STAND_IN_ETHERNET_H

#include <Arduino.h>
#include <Client.h>

#ifdef HAVE_HWSERIAL1
#define LINE Serial1
#else
#define LINE Serial
#endif

class EthernetClient : public Client
{
  public:
    int connect(IPAddress address, uint16_t port) override;
    int connect(const char *host, uint16_t port) override;
    size_t write(uint8_t byte) override;
    size_t write(const uint8_t *bytes, size_t size) override;
    int available() override;
    int read() override;
    int read(uint8_t *room, size_t size) override;
    int peek() override;
    void flush() override;
    void stop() override;
    uint8_t connected() override;
    operator bool() override;
};

struct StandInEthernet {
    int begin(uint8_t *hardware_address);
};
extern StandInEthernet Ethernet;

#endif
