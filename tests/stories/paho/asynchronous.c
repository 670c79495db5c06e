/* Paho's asynchronous client: many messages in flight, to itself.
 *
 *   asynchronous URI VERSION QOS COUNT [CA]
 *
 * Prints the texts in the order they came, one a line. */
#include <MQTTAsync.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 20, VERSION_5 = 5, BUFFERED_MAX = 10000 };

/* Shared by the main thread and Paho's; `lock` guards it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_connected;
    int is_subscribed;
    int sent_count;
    int received_count;
    int code;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void change(int *what, int by)
{
    pthread_mutex_lock(&state.lock);
    *what += by;
    pthread_cond_broadcast(&state.changed);
    pthread_mutex_unlock(&state.lock);
}

static void wait_for(const int *what, int least, const char *name)
{
    struct timespec end;
    int late = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&state.lock);
    while (*what < least && state.code == 0 && !late) {
        late = pthread_cond_timedwait(&state.changed, &state.lock, &end) != 0;
    }
    if (*what < least) {
        fprintf(stderr, "%s: %d of %d, code %d\n", name, *what, least, state.code);
        exit(1);
    }
    pthread_mutex_unlock(&state.lock);
}

static void need(int code, const char *what)
{
    if (code != MQTTASYNC_SUCCESS) {
        fprintf(stderr, "%s gave %d\n", what, code);
        exit(1);
    }
}

static void connected(void *of, MQTTAsync_successData *answer)
{
    (void)of;
    (void)answer;
    change(&state.is_connected, 1);
}

static void connected5(void *of, MQTTAsync_successData5 *answer)
{
    (void)of;
    (void)answer;
    change(&state.is_connected, 1);
}

static void subscribed(void *of, MQTTAsync_successData *answer)
{
    (void)of;
    (void)answer;
    change(&state.is_subscribed, 1);
}

static void subscribed5(void *of, MQTTAsync_successData5 *answer)
{
    (void)of;
    (void)answer;
    change(&state.is_subscribed, 1);
}

static void sent(void *of, MQTTAsync_successData *answer)
{
    (void)of;
    (void)answer;
    change(&state.sent_count, 1);
}

static void sent5(void *of, MQTTAsync_successData5 *answer)
{
    (void)of;
    (void)answer;
    change(&state.sent_count, 1);
}

static void failed(void *of, MQTTAsync_failureData *why)
{
    (void)of;
    change(&state.code, why == NULL || why->code == 0 ? -1 : why->code);
}

static void failed5(void *of, MQTTAsync_failureData5 *why)
{
    (void)of;
    change(&state.code, why == NULL || why->code == 0 ? -1 : why->code);
}

static int arrived(void *of, char *topic, int topic_size, MQTTAsync_message *message)
{
    (void)of;
    (void)topic_size;
    printf("%.*s\n", message->payloadlen, (const char *)message->payload);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    change(&state.received_count, 1);
    return 1;
}

static void join(MQTTAsync client, int version, const char *ca)
{
    MQTTAsync_connectOptions four = MQTTAsync_connectOptions_initializer;
    MQTTAsync_connectOptions five = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions *options = version == VERSION_5 ? &five : &four;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;

    tls.trustStore = ca;
    tls.enableServerCertAuth = 1;
    tls.verify = 1;
    options->ssl = ca == NULL ? NULL : &tls;
    options->MQTTVersion = version;
    options->maxInflight = 100;
    four.onSuccess = connected;
    four.onFailure = failed;
    five.onSuccess5 = connected5;
    five.onFailure5 = failed5;
    need(MQTTAsync_connect(client, options), "connect");
    wait_for(&state.is_connected, 1, "connected");
}

static MQTTAsync_responseOptions options_for(int version, int is_publish)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

    if (version == VERSION_5) {
        options.onSuccess5 = is_publish ? sent5 : subscribed5;
        options.onFailure5 = failed5;
    } else {
        options.onSuccess = is_publish ? sent : subscribed;
        options.onFailure = failed;
    }
    return options;
}

static void talk(MQTTAsync client, int version, int qos, int count)
{
    MQTTAsync_responseOptions options = options_for(version, 0);

    need(MQTTAsync_subscribe(client, "many", qos, &options), "subscribe");
    wait_for(&state.is_subscribed, 1, "subscribed");
    for (int n = 0; n < count; n++) {
        char text[16];
        int size = snprintf(text, sizeof text, "%d", n);

        options = options_for(version, 1);
        need(MQTTAsync_send(client, "many", size, text, qos, 0, &options), "send");
    }
    wait_for(&state.sent_count, count, "sent");
    wait_for(&state.received_count, count, "received");
}

int main(int count, char **words)
{
    MQTTAsync client;
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    int version;

    if (count != 5 && count != 6) {
        fprintf(stderr, "usage: %s URI VERSION QOS COUNT [CA]\n", words[0]);
        return 2;
    }
    version = words[2][0] - '0';
    options.MQTTVersion = version;
    options.maxBufferedMessages = BUFFERED_MAX;
    need(MQTTAsync_createWithOptions(&client, words[1], "many", MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                     &options),
         "create");
    need(MQTTAsync_setCallbacks(client, NULL, NULL, arrived, NULL), "callbacks");
    join(client, version, count > 5 ? words[5] : NULL);
    talk(client, version, words[3][0] - '0', (int)strtol(words[4], NULL, 10));
    MQTTAsync_destroy(&client);
    return 0;
}
