/* Paho's blocking client in one process: it subscribes, publishes to itself, and says on stdout
 * what it got.
 *
 *   blocking URI VERSION ACTION CLIENT_ID [CA CERTIFICATE KEY]
 *
 * VERSION is 3, 4 or 5. ACTION is `talk`, `leave` (subscribe durably and go), `resume` (print what
 * was missed), `keep` (publish without waiting, with a store of its own, and go), `deliver` (let
 * that store be delivered) or `mortal` (connect with a will and sleep until killed). */
#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, VERSION_5 = 5, MISSED_COUNT = 20 };

struct story {
    MQTTClient client;
    int version;
    const char *uri;
    const char *id;
    const char *ca;
    const char *certificate;
    const char *key;
};

static void need(int code, const char *what)
{
    if (code != 0) {
        fprintf(stderr, "%s gave %d\n", what, code);
        exit(1);
    }
}

static void make(struct story *story, int persistence)
{
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;

    options.MQTTVersion = story->version;
    need(MQTTClient_createWithOptions(&story->client, story->uri, story->id, persistence, ".",
                                      &options),
         "create");
}

static void join(struct story *story, int is_clean, MQTTClient_willOptions *will)
{
    MQTTClient_connectOptions four = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions five = MQTTClient_connectOptions_initializer5;
    MQTTClient_connectOptions *options = story->version == VERSION_5 ? &five : &four;
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                           .value.integer4 = 600};

    options->MQTTVersion = story->version;
    options->will = will;
    tls.trustStore = story->ca;
    tls.keyStore = story->certificate;
    tls.privateKey = story->key;
    tls.enableServerCertAuth = 1;
    tls.verify = 1;
    options->ssl = story->ca == NULL ? NULL : &tls;
    if (story->version == VERSION_5) {
        MQTTResponse response;

        options->cleanstart = is_clean;
        need(MQTTProperties_add(&properties, &expiry), "properties");
        response = MQTTClient_connect5(story->client, options, &properties, NULL);
        need(response.reasonCode, "connect5");
        MQTTResponse_free(response);
        MQTTProperties_free(&properties);
    } else {
        options->cleansession = is_clean;
        need(MQTTClient_connect(story->client, options), "connect");
    }
}

static void subscribe(struct story *story, const char *filter, int qos)
{
    if (story->version == VERSION_5) {
        MQTTResponse response = MQTTClient_subscribe5(story->client, filter, qos, NULL, NULL);

        need((int)response.reasonCode - qos, "subscribe5");
        MQTTResponse_free(response);
        return;
    }
    need(MQTTClient_subscribe(story->client, filter, qos), "subscribe");
}

static MQTTClient_deliveryToken publish(struct story *story, const char *topic, int qos,
                                        const char *text)
{
    MQTTClient_message message = MQTTClient_message_initializer;
    MQTTClient_deliveryToken token = 0;
    MQTTProperty of_user = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};

    message.payload = (void *)(size_t)text;
    message.payloadlen = (int)strlen(text);
    message.qos = qos;
    if (story->version == VERSION_5) {
        MQTTResponse response;

        of_user.value.data.data = (char *)(size_t) "colour";
        of_user.value.data.len = 6;
        of_user.value.value.data = (char *)(size_t) "red";
        of_user.value.value.len = 3;
        need(MQTTProperties_add(&message.properties, &of_user), "properties");
        response = MQTTClient_publishMessage5(story->client, topic, &message, &token);
        need(response.reasonCode, "publish5");
        MQTTResponse_free(response);
        MQTTProperties_free(&message.properties);
        return token;
    }
    need(MQTTClient_publishMessage(story->client, topic, &message, &token), "publish");
    return token;
}

/* Prints the next message: topic, QoS, user property, text. */
static void print_next(struct story *story)
{
    char *topic = NULL;
    int topic_size;
    MQTTClient_message *message = NULL;
    MQTTProperty *of_user;

    need(MQTTClient_receive(story->client, &topic, &topic_size, &message, PATIENCE_MS), "receive");
    if (message == NULL) {
        fprintf(stderr, "nothing came\n");
        exit(1);
    }
    of_user = MQTTProperties_getProperty(&message->properties, MQTTPROPERTY_CODE_USER_PROPERTY);
    printf("%s %d %.*s %.*s\n", topic, message->qos, of_user == NULL ? 1 : of_user->value.value.len,
           of_user == NULL ? "-" : of_user->value.value.data, message->payloadlen,
           (const char *)message->payload);
    fflush(stdout);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
}

static void leave(struct story *story)
{
    if (story->version == VERSION_5) {
        need(MQTTClient_disconnect5(story->client, 1000, MQTTREASONCODE_SUCCESS, NULL),
             "disconnect5");
    } else {
        need(MQTTClient_disconnect(story->client, 1000), "disconnect");
    }
    MQTTClient_destroy(&story->client);
}

static void talk(struct story *story)
{
    char topic[] = "talk/0";
    char text[] = "text 0";

    make(story, MQTTCLIENT_PERSISTENCE_NONE);
    join(story, 1, NULL);
    subscribe(story, "talk/#", 2);
    for (int n = 0; n < 9; n++) {
        topic[5] = (char)('0' + n % 3);
        text[5] = (char)('0' + n);
        MQTTClient_deliveryToken token = publish(story, topic, n % 3, text);
        if (n % 3 > 0) {
            need(MQTTClient_waitForCompletion(story->client, token, PATIENCE_MS), "completion");
        }
        print_next(story);
    }
    leave(story);
}

static void subscribe_and_go(struct story *story)
{
    make(story, MQTTCLIENT_PERSISTENCE_NONE);
    join(story, 0, NULL);
    subscribe(story, "missed", 2);
    leave(story);
}

static void resume(struct story *story)
{
    make(story, MQTTCLIENT_PERSISTENCE_NONE);
    join(story, 0, NULL);
    for (int n = 0; n < MISSED_COUNT; n++) {
        print_next(story);
    }
    leave(story);
}

/* Ends with a QoS 2 message that nobody has acknowledged, but that Paho has written down. */
static void keep(struct story *story)
{
    make(story, MQTTCLIENT_PERSISTENCE_DEFAULT);
    join(story, 0, NULL);
    publish(story, "kept", 2, "from the store");
    _exit(0);
}

static void deliver(struct story *story)
{
    MQTTClient_deliveryToken *tokens = NULL;

    make(story, MQTTCLIENT_PERSISTENCE_DEFAULT);
    join(story, 0, NULL);
    for (int turn = 0; turn < PATIENCE_MS / 10; turn++) {
        need(MQTTClient_getPendingDeliveryTokens(story->client, &tokens), "pending");
        if (tokens == NULL || tokens[0] == -1) {
            break;
        }
        MQTTClient_free(tokens);
        tokens = NULL;
        MQTTClient_yield();
        usleep(10000);
    }
    printf("pending %s\n", tokens == NULL || tokens[0] == -1 ? "none" : "some");
    MQTTClient_free(tokens);
    leave(story);
}

static void be_mortal(struct story *story)
{
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;

    will.topicName = "wills";
    will.message = "gone";
    will.qos = 2;
    make(story, MQTTCLIENT_PERSISTENCE_NONE);
    join(story, 1, &will);
    puts("alive");
    fflush(stdout);
    for (;;) {
        sleep(1);
    }
}

static const struct {
    const char *name;
    void (*act)(struct story *story);
} actions[] = {
    {"talk",    talk            },
    {"leave",   subscribe_and_go},
    {"resume",  resume          },
    {"keep",    keep            },
    {"deliver", deliver         },
    {"mortal",  be_mortal       },
};

int main(int count, char **words)
{
    struct story story;

    if (count != 5 && count != 6 && count != 8) {
        fprintf(stderr, "usage: %s URI VERSION ACTION CLIENT_ID [CA [CERTIFICATE KEY]]\n",
                words[0]);
        return 2;
    }
    story = (struct story){.uri = words[1], .version = words[2][0] - '0', .id = words[4]};
    story.ca = count > 5 ? words[5] : NULL;
    story.certificate = count > 6 ? words[6] : NULL;
    story.key = count > 6 ? words[7] : NULL;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(words[3], actions[i].name) == 0) {
            actions[i].act(&story);
            return 0;
        }
    }
    fprintf(stderr, "there is no action %s\n", words[3]);
    return 2;
}
