/* A stand-in for Arduino's core, for a sketch as a program of the host: what our example calls, and
 * no more. It is written for the tests, and is not Arduino's. */
#ifndef STAND_IN_ARDUINO_H
#define STAND_IN_ARDUINO_H

#include <stddef.h>
#include <stdint.h>

#define HIGH   1
#define LOW    0
#define OUTPUT 1
#define A0     0
#define HEX    16

/* What an Arduino leaves in its flash. */
struct __FlashStringHelper;
#define F(text) reinterpret_cast<const __FlashStringHelper *>(text)

struct StandInSerial {
    void begin(unsigned long speed);
    void print(const __FlashStringHelper *text);
    void println(const char *text);
    void println(int number, int base);
};
extern StandInSerial Serial;

/* Time since the start. */
unsigned long millis();

/* Pins hold what was written; what is measured counts up. */
void pinMode(int pin, int mode);
void digitalWrite(int pin, int value);
int digitalRead(int pin);
int analogRead(int pin);
char *utoa(unsigned value, char *room, int base);

/* The sketch. */
void setup();
void loop();

#endif
