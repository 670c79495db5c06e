/* Numbers about the broker, one row each. */
#ifndef WAX_BROKER_METRICS_H
#define WAX_BROKER_METRICS_H

#include "broker/internal.h"

struct metric;
typedef uint64_t metric_function(const struct wax_broker *broker, const struct metric *metric);

struct metric {
    const char *topic; /* below $SYS/broker/; NULL: none */
    metric_function *read;
    unsigned counter;
    const char *name; /* for Prometheus; NULL: another row has the number */
    const char *type; /* "counter" only grows; "gauge" */
    const char *help; /* a sentence */
};

/* The table. The number of rows is at most METRIC_MAX. */
extern const struct metric metrics[];
extern const size_t metric_count;

enum { METRIC_MAX = 96 };

/* What all workers have counted together. */
uint64_t metric_sum(const struct wax_broker *broker, unsigned counter);

#endif
