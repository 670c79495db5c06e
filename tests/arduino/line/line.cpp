// The serial line that stands for a network.
#include "Ethernet.h"

StandInEthernet Ethernet;

int StandInEthernet::begin(uint8_t *hardware_address)
{
    (void)hardware_address;
    LINE.begin(115200);
    return 1;
}

int EthernetClient::connect(IPAddress address, uint16_t port)
{
    (void)address;
    (void)port;
    return 1;
}

int EthernetClient::connect(const char *host, uint16_t port)
{
    (void)host;
    (void)port;
    return 1;
}

size_t EthernetClient::write(uint8_t byte)
{
    return LINE.write(byte);
}

size_t EthernetClient::write(const uint8_t *bytes, size_t size)
{
    return LINE.write(bytes, size);
}

int EthernetClient::available()
{
    return LINE.available();
}

int EthernetClient::read()
{
    return LINE.read();
}

int EthernetClient::read(uint8_t *room, size_t size)
{
    return static_cast<int>(LINE.readBytes(room, size));
}

int EthernetClient::peek()
{
    return LINE.peek();
}

void EthernetClient::flush()
{
    LINE.flush();
}

void EthernetClient::stop()
{
}

uint8_t EthernetClient::connected()
{
    return 1;
}

EthernetClient::operator bool()
{
    return true;
}
