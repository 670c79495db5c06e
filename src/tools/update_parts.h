/* What the verbs of wax update share. */
#ifndef WAX_TOOLS_UPDATE_PARTS_H
#define WAX_TOOLS_UPDATE_PARTS_H

#include "tools/link.h"
#include "tools/message.h"
#include "tools/settings.h"
#include "update/update.h"

enum { EXIT_HALTED = 2 };

typedef int update_verb(struct settings *settings);

update_verb update_make_key, update_sign, update_show;
update_verb update_push, update_status, update_watch, update_device;

/* A client at a broker, and what it does. */
struct update_job {
    struct settings *settings;
    struct link link;
    struct message message;
    uint64_t end_ms;  /* of -W; WAX_NEVER */
    uint64_t due_ms;  /* when `due` is called, once; WAX_NEVER */
    uint32_t waiting; /* messages that the broker has not acknowledged */
    bool ends;        /* as soon as nothing waits */
    int code;
};

/* connected: subscriptions are to be made, also after a connection that was lost.
 * hear: a message has come.
 * due: its time has come.
 * move: something may be done now; after anything that happened. */
struct update_deeds {
    void (*connected)(struct update_job *job);
    void (*hear)(struct update_job *job, const wax_publish *publish);
    void (*due)(struct update_job *job);
    void (*move)(struct update_job *job);
};

/* Opens a client, and closes it. False, and said so, if it cannot be. */
bool update_job_open(struct update_job *job, struct settings *settings);
void update_job_close(struct update_job *job);

/* Works until the job ends. Returns the exit code. */
int update_job_run(struct update_job *job, const struct update_deeds *deeds);

/* Lets the job end. */
void update_job_end(struct update_job *job, int code);

/* Retains a message at QoS 1, sealed if the job seals; an empty one takes back what was retained.
 * WAX_FULL: there is no room now, and `move` comes again. Other failures end the job, and were
 * told. */
wax_status update_job_publish(struct update_job *job, wax_bytes topic,
                              wax_bytes payload) WAX_CHECKED;

/* Subscribes to topics, or gives them up, at QoS 1; 8 at most. False, and said so, when the job
 * ends by that. */
bool update_job_subscribe(struct update_job *job, const wax_bytes *topics, size_t count);
bool update_job_unsubscribe(struct update_job *job, const wax_bytes *topics, size_t count);

/* Draws how far something has come over what was drawn before, where somebody looks: on a
 * terminal. */
void update_draw(const char *what, uint32_t done, uint32_t of);

/* The prefix of all topics. */
wax_bytes update_prefix(const struct settings *settings);

#endif
