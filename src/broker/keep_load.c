#include "broker/keep.h"
wax_status keep_load(struct wax_broker *broker)
{
    (void)broker;
    return WAX_OK;
}
