/* A client of wax update at a broker. */
#include "tools/sealed_link.h"
#include "tools/update_parts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    QUEUE_SIZE = 1024 * 1024,
    TOPICS_MAX = 8,
    TOPICS_SIZE = 8192, /* as the broker is to see them */
    BAR_SIZE = 30,
};

wax_bytes update_prefix(const struct settings *settings)
{
    return wax_bytes_of_text(settings->update.prefix);
}

void update_draw(const char *what, uint32_t done, uint32_t of)
{
    char bar[BAR_SIZE + 1];
    const uint64_t filled = of == 0 ? BAR_SIZE : (uint64_t)done * BAR_SIZE / of;

    if (isatty(STDERR_FILENO) == 0) {
        return;
    }
    for (size_t i = 0; i < BAR_SIZE; i++) {
        bar[i] = i < filled ? '#' : '.';
    }
    bar[BAR_SIZE] = '\0';
    (void)fprintf(stderr, "\r%s [%s] %3u %% (%u of %u)%s", what, bar,
                  of == 0 ? 100U : (unsigned)((uint64_t)done * 100 / of), done, of,
                  done == of ? "\n" : "");
}

bool update_job_open(struct update_job *job, struct settings *settings)
{
    job->settings = settings;
    job->due_ms = WAX_NEVER;
    job->end_ms =
        settings->timeout_s > 0 ? wax_clock_ms() + (uint64_t)settings->timeout_s * 1000 : WAX_NEVER;
    return tools_link_open(&job->link, settings, QUEUE_SIZE);
}

void update_job_close(struct update_job *job)
{
    tools_link_close(&job->link);
    tools_message_discard(&job->message);
}

void update_job_end(struct update_job *job, int code)
{
    job->code = job->ends ? job->code : code;
    job->ends = true;
}

wax_status update_job_publish(struct update_job *job, wax_bytes topic, wax_bytes payload)
{
    wax_publish publish = {.topic = topic, .payload = payload, .qos = 1, .retain = true};
    uint32_t token = 0;
    wax_status status = WAX_OK;

    if (payload.size > 0) {
        status = tools_sealed_link_make(&job->link, &publish, &publish);
    }
    if (status == WAX_OK) {
        status = wax_client_publish(&job->link.client, &publish, &token);
    }
    if (status == WAX_OK) {
        job->waiting += token != 0 ? 1 : 0;
    } else if (status == WAX_FULL) {
        job->link.wants_room = true;
    } else {
        tools_say(job->settings, "%.*s cannot be published: %s", (int)topic.size,
                  (const char *)topic.data, wax_status_text(status));
        update_job_end(job, EXIT_WRONG);
    }
    return status;
}

typedef wax_status ask(wax_client *client, const wax_client_request *request, uint32_t *token);

static bool ask_for(struct update_job *job, const wax_bytes *topics, size_t count, ask *asks)
{
    wax_subscription subscriptions[TOPICS_MAX];
    const wax_client_request request = {.subscriptions = subscriptions, .count = count};
    uint8_t room[TOPICS_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room);
    uint32_t token = 0;
    wax_status status;

    wax_assert(count <= TOPICS_MAX);
    for (size_t i = 0; i < count; i++) {
        subscriptions[i] = (wax_subscription){.filter = topics[i], .qos = 1};
    }
    status = tools_sealed_link_filters(&job->link, subscriptions, count, &out);
    if (status == WAX_OK) {
        status = asks(&job->link.client, &request, &token);
    }
    if (status != WAX_OK) {
        tools_say(job->settings, "%.*s cannot be subscribed to: %s", (int)topics[0].size,
                  (const char *)topics[0].data, wax_status_text(status));
        update_job_end(job, EXIT_WRONG);
    }
    return status == WAX_OK;
}

bool update_job_subscribe(struct update_job *job, const wax_bytes *topics, size_t count)
{
    return ask_for(job, topics, count, wax_client_subscribe);
}

bool update_job_unsubscribe(struct update_job *job, const wax_bytes *topics, size_t count)
{
    return ask_for(job, topics, count, wax_client_unsubscribe);
}

/* ---- What happens ---- */

static void note_delivered(struct update_job *job, const wax_client_event *event)
{
    job->waiting -= job->waiting > 0 ? 1 : 0;
    if (event->status != WAX_OK) {
        tools_say(job->settings, "the broker refuses what is below %s/u: %s",
                  job->settings->update.prefix, wax_status_text((wax_status)event->status));
        update_job_end(job, event->status >= 0x80 ? event->status : EXIT_WRONG);
    }
}

static void note_subscribed(struct update_job *job, const wax_client_event *event)
{
    for (size_t i = 0; i < event->suback.reasons.size; i++) {
        if (event->suback.reasons.data[i] >= 0x80) {
            tools_say(job->settings, "the broker refuses a subscription below %s/u: %s",
                      job->settings->update.prefix,
                      wax_status_text((wax_status)event->suback.reasons.data[i]));
            update_job_end(job, event->suback.reasons.data[i]);
        }
    }
}

static void hear(struct update_job *job, const struct update_deeds *deeds,
                 const wax_client_event *event)
{
    const wax_status status = tools_message_take(&job->message, event);

    if (status == WAX_OK && !job->ends) {
        deeds->hear(job, &job->message.arrival.publish);
    } else if (status == WAX_FULL) {
        tools_say(job->settings, "there is not enough memory for a message");
    }
}

static void take_event(struct update_job *job, const struct update_deeds *deeds,
                       const wax_client_event *event)
{
    switch (event->type) {
    case WAX_CLIENT_CONNECTED:
        if (job->link.is_ready) {
            deeds->connected(job);
        }
        break;
    case WAX_CLIENT_MESSAGE:
    case WAX_CLIENT_PAYLOAD:
        hear(job, deeds, event);
        break;
    case WAX_CLIENT_DELIVERED:
        note_delivered(job, event);
        break;
    case WAX_CLIENT_SUBSCRIBED:
        note_subscribed(job, event);
        break;
    default:
        break;
    }
}

/* Returns whether the time of -W is over. */
static bool pass_time(struct update_job *job, const struct update_deeds *deeds)
{
    const uint64_t now_ms = wax_clock_ms();

    if (now_ms >= job->due_ms) {
        job->due_ms = WAX_NEVER;
        deeds->due(job);
    }
    return now_ms >= job->end_ms;
}

int update_job_run(struct update_job *job, const struct update_deeds *deeds)
{
    wax_client_event event;

    for (;;) {
        enum link_turn turn;

        job->link.wake_ms = job->end_ms < job->due_ms ? job->end_ms : job->due_ms;
        turn = tools_link_next(&job->link, &event);
        job->link.wants_room = false;
        if (turn == LINK_ENDED) {
            return job->ends ? job->code : job->link.code;
        }
        if (turn == LINK_STOPPED) {
            return tools_link_finish(&job->link, EXIT_GOOD);
        }
        if (turn == LINK_DUE && pass_time(job, deeds)) {
            tools_say(job->settings, "Timed out");
            return tools_link_finish(&job->link, EXIT_LATE);
        }
        if (turn == LINK_EVENT) {
            take_event(job, deeds, &event);
        }
        if (job->link.is_ready && !job->ends) {
            deeds->move(job);
        }
        if (job->ends && (job->waiting == 0 || job->code == EXIT_WRONG)) {
            return tools_link_finish(&job->link, job->code);
        }
    }
}
