/* The commands of the control socket. */
#include "broker/control.h"

struct row {
    const char *name;
    command_function *answer;
};

static const struct row rows[] = {
    {"status",              control_status             },
    {"sessions",            control_sessions           },
    {"client",              control_client             },
    {"bridges",             control_bridges            },
    {"sealed",              control_sealed             },
    {"kick",                control_kick               },
    {"session-delete",      control_session_delete     },
    {"retained-list",       control_retained_list      },
    {"retained-delete",     control_retained_delete    },
    {"reload",              control_reload             },
    {"log",                 control_log                },
    {"trace",               control_trace              },
    {"import-retained",     control_import_retained    },
    {"import-session",      control_import_session     },
    {"import-subscription", control_import_subscription},
    {"import-queued",       control_import_queued      },
    {"settle",              control_settle             },
    {"acl-explain",         control_explain            },
};

void control_answer(struct peer *peer)
{
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (wax_bytes_equal(peer->request.command, wax_bytes_of_text(rows[i].name))) {
            rows[i].answer(peer);
            return;
        }
    }
    peer_end(peer, "this broker does not know the command: is it older than `wax ctl`?");
}
