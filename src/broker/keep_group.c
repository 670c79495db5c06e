/* Shared groups by their names. */
#include "broker/keep_group.h"

#include <stdlib.h>
#include <string.h>

bool keep_group(struct worker *worker, wax_group group, wax_interest *found)
{
    struct commons *commons = &worker->broker->commons;
    struct kept_group *last = &worker->kept_group;
    wax_interest interest;
    wax_status status = WAX_NOT_FOUND;

    if (last->room == NULL) {
        last->room = malloc((size_t)2 * UINT16_MAX);
    }
    if (last->room == NULL || group.number == 0) {
        return false;
    }
    if (last->group.number != group.number || last->group.place != group.place) {
        last->group = (wax_group){.number = 0};
        pthread_mutex_lock(&commons->mutex);
        if (wax_group_exists(commons->shared, group)) {
            status = wax_group_describe(commons->shared, group, last->room, UINT16_MAX, &interest);
        }
        if (status == WAX_OK) {
            memcpy(last->room + UINT16_MAX, interest.share_name.data, interest.share_name.size);
            last->share_name = wax_bytes_of(last->room + UINT16_MAX, interest.share_name.size);
            last->filter = interest.filter;
            last->group = group;
        }
        pthread_mutex_unlock(&commons->mutex);
    }
    found->share_name = last->share_name;
    found->filter = last->filter;
    return last->group.number != 0;
}

wax_group keep_find_group(struct wax_broker *broker, const struct kept_row *row)
{
    struct commons *commons = &broker->commons;
    wax_group found = {.number = 0};

    if (row->share_name.size > 0) {
        pthread_mutex_lock(&commons->mutex);
        found = wax_group_find(commons->shared, row->filter, row->share_name);
        pthread_mutex_unlock(&commons->mutex);
    }
    return found;
}
