/* A sensor: every ten seconds it tells home/room/light how bright it is, at QoS 1, and it takes
 * orders on home/room/lamp, "on" or "off". Whatever happens to the network, it comes back; what was
 * not delivered by then is told again. */
#include <Ethernet.h>
#include <wax_arduino.h>

#ifndef BROKER_HOST
#define BROKER_HOST "192.0.2.1" /* the address or the name of your broker */
#endif
#ifndef BROKER_PORT
#define BROKER_PORT 1883
#endif
#ifndef PERIOD_MS
#define PERIOD_MS 10000
#endif

static const int lamp = 13; /* the pin of the built-in lamp */
static const uint32_t retry_ms = 5000;

static uint8_t hardware_address[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01};
static EthernetClient ethernet;
static wax_arduino network;

/* All the memory of MQTT. A packet that is larger than its room ends the connection. */
static uint8_t receive_room[96];
static uint8_t send_room[96];
static uint8_t sending[2];
static uint16_t receiving[1];
static wax_micro_config config;
static wax_micro mqtt;

static uint32_t last_ms; /* of the last reading, or of the last try to connect */
static char reading[8];
static wax_publish message; /* kept until the broker has it */
static enum { NOTHING, TO_SEND, SENT } progress;

static void say(const __FlashStringHelper *what, const char *more)
{
    Serial.print(what);
    Serial.println(more);
}

static void dial()
{
    last_ms = millis();
    if (!ethernet.connect(BROKER_HOST, BROKER_PORT)) {
        say(F("the broker cannot be reached: "), BROKER_HOST);
        return;
    }
    wax_arduino_open(&network, &ethernet);
    if (wax_micro_attach(&mqtt, &network.transport, millis()) != WAX_OK) {
        say(F("CONNECT does not fit into send_room"), "");
    }
}

static void subscribe()
{
    wax_subscription orders = wax_subscription();
    uint16_t id;

    orders.filter = WAX_TEXT("home/room/lamp");
    orders.qos = 1;
    if (wax_micro_subscribe(&mqtt, &orders, WAX_SUBSCRIBE, &id) != WAX_OK) {
        say(F("the subscription does not fit"), "");
    }
}

static void publish()
{
    wax_status status = wax_micro_publish(&mqtt, &message);

    if (status == WAX_NOT_FOUND) { /* the broker has answered it already, or forgotten us */
        message.duplicate = false;
        status = wax_micro_publish(&mqtt, &message);
    }
    if (status == WAX_OK) {
        progress = SENT;
    } else if (status != WAX_FULL) {
        Serial.print(F("not published: ")); /* a wax_status; its texts would take a Uno's memory */
        Serial.println(status, HEX);
        progress = NOTHING;
    }
}

static void read_sensor()
{
    utoa(static_cast<unsigned>(analogRead(A0)), reading, 10);
    message = wax_publish();
    message.topic = WAX_TEXT("home/room/light");
    message.payload = wax_bytes_of_text(reading);
    message.qos = 1;
    progress = TO_SEND;
}

static void handle(const wax_micro_event &event)
{
    switch (event.type) {
    case WAX_MICRO_CONNECTED:
        say(F("connected"), "");
        if (!event.connack.session_present) {
            subscribe();
        }
        if (progress == SENT) { /* and not delivered */
            message.duplicate = event.connack.session_present;
            progress = TO_SEND;
        }
        break;
    case WAX_MICRO_REFUSED:
    case WAX_MICRO_DISCONNECTED:
        say(F("the broker sends us away"), "");
        break;
    case WAX_MICRO_MESSAGE:
        digitalWrite(lamp, wax_bytes_equal(event.publish.payload, WAX_TEXT("on")) ? HIGH : LOW);
        say(F("the lamp is "), digitalRead(lamp) == HIGH ? "on" : "off");
        break;
    case WAX_MICRO_DELIVERED:
        say(F("delivered "), reading);
        progress = NOTHING;
        break;
    default:
        break;
    }
}

void setup()
{
    Serial.begin(115200);
    pinMode(lamp, OUTPUT);
    config.take = wax_micro_take_all;
    config.receive_room = receive_room;
    config.receive_size = sizeof receive_room;
    config.send_room = send_room;
    config.send_size = sizeof send_room;
    config.sending = sending;
    config.sending_count = sizeof sending;
    config.receiving = receiving;
    config.receiving_count = 1;
    config.timeout_ms = 10000;
    config.connect.version = WAX_VERSION_3_1_1; /* the session outlives the connection */
    config.connect.clean_start = false;
    config.connect.keep_alive_s = 30;
    config.connect.client_id = WAX_TEXT("arduino-sensor");
    wax_micro_open(&mqtt, &config);
    if (Ethernet.begin(hardware_address) == 0) {
        say(F("there is no address: "), "is there a DHCP server?");
    }
    dial();
}

void loop()
{
    wax_micro_event event;
    const wax_status status = wax_micro_poll(&mqtt, millis(), &event);

    if (status == WAX_OK) {
        handle(event);
    } else if (status != WAX_MORE) {
        if (ethernet.connected()) {
            ethernet.stop();
        }
        if (millis() - last_ms >= retry_ms) {
            dial();
        }
    } else if (progress == NOTHING && millis() - last_ms >= PERIOD_MS) {
        last_ms = millis();
        read_sensor();
    } else if (progress == TO_SEND && mqtt.is_open) {
        publish();
    }
}
