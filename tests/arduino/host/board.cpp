// A board that is a process of the host: its network are sockets, its serial line is standard
// output.
#include "Arduino.h"
#include "Ethernet.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

StandInSerial Serial;
StandInEthernet Ethernet;
static int pins[20];

void StandInSerial::begin(unsigned long speed)
{
    (void)speed;
    setvbuf(stdout, nullptr, _IOLBF, 0);
}

void StandInSerial::print(const __FlashStringHelper *text)
{
    fputs(reinterpret_cast<const char *>(text), stdout);
}

void StandInSerial::println(int number, int base)
{
    printf(base == HEX ? "%X\n" : "%d\n", static_cast<unsigned>(number));
}

void StandInSerial::println(const char *text)
{
    puts(text);
}

unsigned long millis()
{
    timespec now = timespec();

    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint32_t>(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

void pinMode(int pin, int mode)
{
    (void)pin;
    (void)mode;
}

void digitalWrite(int pin, int value)
{
    pins[pin] = value;
}

int digitalRead(int pin)
{
    return pins[pin];
}

int analogRead(int pin)
{
    static int value[20];

    return ++value[pin];
}

char *utoa(unsigned value, char *room, int base)
{
    (void)base;
    sprintf(room, "%u", value);
    return room;
}

int StandInEthernet::begin(uint8_t *hardware_address)
{
    (void)hardware_address;
    return 1;
}

int EthernetClient::connect(const char *host, uint16_t port)
{
    char service[6];
    addrinfo *found = nullptr;

    stop();
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, nullptr, &found) != 0) {
        return 0;
    }
    descriptor = socket(found->ai_family, SOCK_STREAM, 0);
    if (::connect(descriptor, found->ai_addr, found->ai_addrlen) != 0) {
        stop();
    }
    freeaddrinfo(found);
    return descriptor >= 0;
}

size_t EthernetClient::write(const uint8_t *bytes, size_t size)
{
    const ssize_t count = send(descriptor, bytes, size, MSG_NOSIGNAL);

    if (count < 0) {
        stop();
    }
    return count < 0 ? 0 : static_cast<size_t>(count);
}

int EthernetClient::available()
{
    int count = 0;

    return ioctl(descriptor, FIONREAD, &count) == 0 ? count : 0;
}

int EthernetClient::read(uint8_t *room, size_t size)
{
    return static_cast<int>(recv(descriptor, room, size, MSG_DONTWAIT));
}

void EthernetClient::stop()
{
    if (descriptor >= 0) {
        close(descriptor);
    }
    descriptor = -1;
}

uint8_t EthernetClient::connected()
{
    char byte;

    if (descriptor < 0) {
        return 0;
    }
    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

int main()
{
    setup();
    for (;;) {
        pollfd nothing = pollfd();

        loop();
        poll(&nothing, 0, 1);
    }
}
