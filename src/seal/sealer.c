/* A sender: which window and place come next, and that no window is used twice. [3] [5] */
#include "seal/sealer.h"

#include <string.h>

enum { WINDOW_MAX = UINT16_MAX, WILL_PLACE = WAX_WINDOW_SIZE - 1 };

struct scope sealer_scope(const wax_sealer *self)
{
    return (struct scope){.group = self->group, .epoch = self->epoch, .sender = self->sender};
}

static bool is_stream(const wax_sealer *self)
{
    return self->group->group_class == WAX_CLASS_STREAM;
}

/* In class state nothing steps: what is retained must open as long as its epoch is kept. */
static wax_status step(const wax_sealer *self, wax_seal_window *window)
{
    const struct scope scope = {
        .group = self->group, .epoch = window->epoch, .sender = self->sender};

    if (window->window == WINDOW_MAX) {
        return WAX_FULL;
    }
    window->window++;
    return is_stream(self) ? schedule(&scope, window->secret, USE_RATCHET, 0, window->secret)
                           : WAX_OK;
}

/* Writes a window down, and only then has its keys. */
static wax_status enter(wax_sealer *self, const wax_seal_window *window)
{
    struct scope scope;
    wax_status status = self->store->save(self->store, self->group->id, window);

    if (status != WAX_OK) {
        return status;
    }
    self->epoch = window->epoch;
    self->window = window->window;
    self->place = 0;
    self->has_will = false;
    memcpy(self->secret, window->secret, sizeof self->secret);
    scope = sealer_scope(self);
    status = schedule(&scope, self->secret, USE_KEY, 0, self->key);
    if (status == WAX_OK) {
        status = schedule_hedge(&scope, self->secret, USE_HEDGE, 0, self->hedge_key);
    }
    self->is_started = status == WAX_OK;
    return status;
}

/* Goes to the next window while there are keys of this one. */
static wax_status go_on(wax_sealer *self)
{
    wax_seal_window next = {.epoch = self->epoch, .sender = self->sender, .window = self->window};
    wax_status status;

    memcpy(next.secret, self->secret, sizeof next.secret);
    status = step(self, &next);
    if (status == WAX_OK) {
        status = enter(self, &next);
    }
    wax_wipe(&next, sizeof next);
    return status;
}

/* Finds the window to begin with: behind the one that was written down, or the epoch's first. */
static wax_status find_window(wax_sealer *self, const wax_seal_grant *grant,
                              wax_seal_window *window)
{
    wax_status status = self->store->load(self->store, self->group->id, window);

    if (status != WAX_OK && status != WAX_NOT_FOUND) {
        return status;
    }
    if (status == WAX_OK && window->epoch > grant->epoch) {
        return WAX_INVALID;
    }
    if (status == WAX_OK && window->epoch == grant->epoch && window->sender == self->sender) {
        status = step(self, window);
    } else {
        *window = (wax_seal_window){.epoch = grant->epoch, .sender = self->sender};
        memcpy(window->secret, grant->secret, sizeof window->secret);
        status = WAX_OK;
    }
    while (status == WAX_OK && window->window < grant->first_window) {
        status = step(self, window);
    }
    return status;
}

static bool is_group(const wax_seal_group *group)
{
    return group->suite != NULL &&
           (group->tag_size == 16 || (group->tag_size == 8 && group->suite->tag_size_min == 8));
}

wax_status wax_sealer_start(wax_sealer *self, const wax_seal_grant *grant)
{
    wax_seal_window window = {.epoch = 0};
    wax_status status = WAX_INVALID;

    wax_sealer_end(self);
    if (is_group(self->group) && self->sender > 0 && self->sender <= WAX_SENDER_MAX &&
        grant->epoch > 0) {
        status = find_window(self, grant, &window);
    }
    if (status == WAX_OK) {
        status = enter(self, &window);
    }
    wax_wipe(&window, sizeof window);
    if (status != WAX_OK) {
        wax_sealer_end(self);
    }
    return status;
}

void wax_sealer_end(wax_sealer *self)
{
    const wax_sealer bare = {
        .group = self->group, .store = self->store, .room = self->room, .sender = self->sender};

    wax_wipe(self, sizeof *self);
    *self = bare;
}

/* Of a state group, the last place is a Will's. */
static bool is_used_up(const wax_sealer *self)
{
    return self->place >= (is_stream(self) ? WAX_WINDOW_SIZE : WILL_PLACE);
}

uint32_t sealer_next(const wax_sealer *self)
{
    return is_used_up(self) ? ((uint32_t)self->window + 1) * WAX_WINDOW_SIZE
                            : self->window * WAX_WINDOW_SIZE + self->place;
}

wax_status sealer_take(wax_sealer *self, uint32_t *position)
{
    wax_status status = self->is_started ? WAX_OK : WAX_INVALID;

    if (status == WAX_OK && is_used_up(self)) {
        status = go_on(self);
    }
    if (status == WAX_OK) {
        *position = sealer_next(self);
        self->place++;
    }
    return status;
}

wax_status sealer_take_will(wax_sealer *self, uint32_t *position)
{
    wax_status status = self->is_started && !is_stream(self) ? WAX_OK : WAX_INVALID;

    if (status == WAX_OK && self->has_will) {
        status = go_on(self);
    }
    if (status == WAX_OK) {
        self->has_will = true;
        *position = self->window * WAX_WINDOW_SIZE + WILL_PLACE;
    }
    return status;
}
