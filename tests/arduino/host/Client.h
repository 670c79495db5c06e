/* A stand-in for Arduino's Client.h: the calls of `Client`, without the classes that it stands on.
 */
#ifndef STAND_IN_CLIENT_H
#define STAND_IN_CLIENT_H

#include "Arduino.h"

class Client
{
  public:
    virtual int connect(const char *host, uint16_t port) = 0;
    virtual size_t write(const uint8_t *bytes, size_t size) = 0;
    virtual int available() = 0;
    virtual int read(uint8_t *room, size_t size) = 0;
    virtual void stop() = 0;
    virtual uint8_t connected() = 0;

  protected:
    ~Client() = default;
};

#endif
