/* The parts of wax demo. */
#ifndef WAX_TOOLS_DEMO_PARTS_H
#define WAX_TOOLS_DEMO_PARTS_H

#include "base/base.h"

#include <stdio.h>
#include <sys/types.h>

/* --- Lines: what is shown on the terminal, and drawn at the end --- */

enum demo_tint {
    DEMO_PLAIN,
    DEMO_BOLD,
    DEMO_FAINT,
    DEMO_GOOD,
    DEMO_BAD,
    DEMO_BYTES, /* other ones in each run */
    DEMO_TINTS,
};

enum {
    DEMO_WIDTH = 96,
    DEMO_SPANS_MAX = 1024,
};

struct demo_span {
    enum demo_tint tint;
    uint16_t column;
    bool ends_line;
    char text[DEMO_WIDTH + 1];
};

struct demo_show {
    bool is_plain; /* no colours */
    uint16_t column;
    size_t count;
    struct demo_span spans[DEMO_SPANS_MAX];
};

/* Shows a text, behind spaces up to `column`; what goes beyond DEMO_WIDTH is cut. */
__attribute__((format(printf, 4, 5))) void demo_show(struct demo_show *show, uint16_t column,
                                                     enum demo_tint tint, const char *format, ...);

/* Ends a line. */
void demo_show_end(struct demo_show *show);

/* Shows the first bytes of something in rows of hexadecimal and text, from `column` on. */
void demo_show_bytes(struct demo_show *show, uint16_t column, wax_bytes bytes);

/* Shows on a line why something was refused, or what became of it if `reason` is empty. */
void demo_show_verdict(struct demo_show *show, uint16_t column, const char *reason,
                       const char *taken);

/* Draws all that was shown into a file. False, with errno, if it cannot be written. */
bool demo_draw(const struct demo_show *show, const char *path);

/* --- The stage: a folder, processes in it, and what they say --- */

enum {
    DEMO_CHILDREN_MAX = 16,
    DEMO_NAME_SIZE = 128,
};

struct demo_stage {
    char folder[48];
    pid_t children[DEMO_CHILDREN_MAX]; /* that run until they are ended */
    size_t child_count;
    char fault[400]; /* what went wrong, in words */
};

/* Lets SIGINT, SIGTERM, SIGHUP and SIGPIPE end what waits here, so that all is removed. */
void demo_stage_obey_signals(void);

/* Whether one of them has come. */
bool demo_stage_is_stopped(void);

/* Makes the folder. False, with a fault, if it cannot. */
bool demo_stage_open(struct demo_stage *stage);

/* Ends all processes and removes the folder. */
void demo_stage_close(struct demo_stage *stage);

/* Starts `wax WORDS` in the folder, words being parted by spaces. What it says goes to NAME.out and
 * NAME.err; its input is NAME.in, if there is such a file. Returns its number, 0 with a fault. */
__attribute__((format(printf, 3, 4))) pid_t demo_stage_start(struct demo_stage *stage,
                                                             const char *name, const char *format,
                                                             ...);

/* The same, and waits for its end. Returns the exit code, -1 with a fault. */
__attribute__((format(printf, 3, 4))) int demo_stage_run(struct demo_stage *stage, const char *name,
                                                         const char *format, ...);

/* Ends one that was started. */
void demo_stage_stop(struct demo_stage *stage, pid_t child);

/* Starts a relay of bytes to a port of this host, which keeps what clients send in wire.out.
 * Returns its port, 0 with a fault. */
uint16_t demo_stage_tap(struct demo_stage *stage, uint16_t port);

/* A port of this host that nobody listens on; 0 if there is none. */
uint16_t demo_stage_port(void);

/* Writes a file of the folder. False, with a fault, if it cannot. */
bool demo_stage_write(struct demo_stage *stage, const char *file, wax_bytes content);

/* Reads one, with a zero behind it; empty if there is none. `content` is freed by free(). */
size_t demo_stage_read(const struct demo_stage *stage, const char *file, char **content);

/* How often a text stands in a file of the folder. */
size_t demo_stage_count(const struct demo_stage *stage, const char *file, const char *text);

/* Waits until something holds. False, with the fault `what`, after a minute, after a signal, or
 * when a process that should run has ended. */
bool demo_stage_wait(struct demo_stage *stage, bool (*holds)(void *of), void *of, const char *what);

/* What the relay's process does; returns when the process is to end. */
void demo_tap_run(int listener, uint16_t port, FILE *kept);

/* --- The levels --- */

struct demo_level {
    const char *name;  /* "L0" */
    const char *title; /* "nothing" */
    const char *text;
    bool has_logins;
    bool uses_tls;
    bool is_sealed;
    bool is_blinded;
};

extern const struct demo_level demo_levels[];
extern const size_t demo_level_count;

enum { DEMO_REASON_SIZE = 64 };

/* Who knows what of a message. */
struct demo_known {
    bool password;
    bool topic;
    bool text;
};

/* What came of an act, as its processes had it. */
struct demo_outcome {
    struct demo_known wire;
    struct demo_known broker;
    bool is_heating;               /* after "nobody is home" was forged */
    bool runs_foreign;             /* the stranger's firmware */
    char forged[DEMO_REASON_SIZE]; /* why it was refused; empty: it was not */
    char firmware[DEMO_REASON_SIZE];
};

/* --- An act --- */

enum { DEMO_PASSWORD_SIZE = 12 };

/* Those who have a login. */
enum demo_role {
    DEMO_SENSOR,
    DEMO_THERMOSTAT,
    DEMO_OPERATOR,
    DEMO_AUTHORITY,
    DEMO_FORGER, /* with whatever login he got hold of */
    DEMO_ROLES,
};

struct demo_login {
    char username[32];
    char password[32];
};

struct demo_act {
    const struct demo_level *level;
    struct demo_show *show;
    struct demo_stage stage;
    uint16_t port; /* of the broker */
    uint16_t tap;  /* of the relay before it */
    struct demo_login logins[DEMO_ROLES];
    pid_t thermostat;
    size_t heard_before; /* how often the thermostat had taken or refused something */
    struct demo_outcome outcome;
};

/* The words by which a role connects to a port: address, login, TLS. Of static memory. */
const char *demo_house_way(const struct demo_act *act, enum demo_role role, uint16_t port);

/* Starts broker, relay, authority, operator and thermostat, as the level has them. */
bool demo_house_open(struct demo_act *act);

/* What came to the thermostat: it heats unless the last word is that nobody is home. */
bool demo_house_is_heating(const struct demo_act *act);

/* The newest reason for which a process refused a message, by its name; false if there is none. */
bool demo_house_reason(const struct demo_act *act, const char *file, char *room, size_t size);

/* Publishes as the forger, to the topic `words`, and waits until the thermostat has taken or
 * refused it. */
bool demo_house_send(struct demo_act *act, const char *name, wax_bytes payload, const char *words);

/* A stranger pushes firmware. */
bool demo_firmware(struct demo_act *act);

/* Plays one act. False, with a fault of its stage, if something did not come to its end. */
bool demo_act_play(struct demo_act *act);

#endif
