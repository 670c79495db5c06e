/* What wax ctl can do. Each gives the exit code. */
#ifndef WAX_TOOLS_CTL_VERBS_H
#define WAX_TOOLS_CTL_VERBS_H

#include "tools/ctl_link.h"

typedef int ctl_verb(struct ctl_link *link);

/* Of the broker as a whole. */
ctl_verb ctl_status, ctl_reload, ctl_log_level, ctl_acl_explain;

/* Of clients and their sessions. */
ctl_verb ctl_clients, ctl_client, ctl_sessions, ctl_bridges, ctl_sealed, ctl_top, ctl_kick,
    ctl_session_delete, ctl_trace;

/* Of retained messages. */
ctl_verb ctl_retained_list, ctl_retained_delete;

/* Of a store that no broker has open. */
ctl_verb ctl_store_check, ctl_store_repair, ctl_store_dump, ctl_store_export;

/* Of Mosquitto's database. */
ctl_verb ctl_import;

#endif
