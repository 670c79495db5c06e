/* Chance, and links that delay, hold back, and break at any byte. */
#include "sim.h"

/* splitmix64 */
static uint64_t next(struct chance *chance)
{
    uint64_t value = chance->state += 0x9e3779b97f4a7c15U;

    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
}

uint32_t chance_below(struct chance *chance, uint32_t end)
{
    return (uint32_t)((next(chance) >> 32) % end);
}

bool chance_one_in(struct chance *chance, uint32_t end)
{
    return chance_below(chance, end) == 0;
}

static void pipe_open(struct world *world, struct pipe *pipe)
{
    *pipe = (struct pipe){.size = 8 + chance_below(&world->chance, PIPE_SIZE - 8),
                          .notices_ms = WAX_NEVER};
}

struct link *link_open(struct world *world)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct link *link = &world->links[i];
        if (!link->client_holds && !link->broker_holds) {
            pipe_open(world, &link->up);
            pipe_open(world, &link->down);
            link->client_holds = true;
            link->broker_holds = true;
            return link;
        }
    }
    return NULL;
}

static void cut(struct world *world, struct pipe *pipe)
{
    pipe->used = chance_below(&world->chance, (uint32_t)pipe->used + 1);
    pipe->is_cut = true;
    if (pipe->notices_ms == WAX_NEVER && !chance_one_in(&world->chance, 8)) {
        pipe->notices_ms = world->now_ms + chance_below(&world->chance, 500);
    }
}

void link_cut(struct world *world, struct link *link)
{
    cut(world, &link->up);
    cut(world, &link->down);
}

void link_release(struct link *link, bool is_client, uint64_t now_ms)
{
    struct pipe *gone = is_client ? &link->down : &link->up;
    struct pipe *ended = is_client ? &link->up : &link->down;

    *(is_client ? &link->client_holds : &link->broker_holds) = false;
    gone->is_cut = true;
    gone->used = 0;
    if (!ended->is_cut) {
        ended->notices_ms = now_ms;
    }
    ended->is_cut = true;
}

size_t pipe_send(struct world *world, struct pipe *pipe, const uint8_t *bytes, size_t size)
{
    uint64_t arrives_ms = world->now_ms + chance_below(&world->chance, world->is_calm ? 5 : 100);
    size_t sent = 0;

    if (pipe->is_cut) {
        return size; /* nobody tells the sender */
    }
    arrives_ms = arrives_ms < pipe->last_ms ? pipe->last_ms : arrives_ms;
    while (sent < size && pipe->used < pipe->size) {
        pipe->bytes[pipe->used] = bytes[sent++];
        pipe->arrives_ms[pipe->used++] = arrives_ms;
    }
    pipe->last_ms = arrives_ms;
    return sent;
}

size_t pipe_receive(const struct world *world, struct pipe *pipe, uint8_t *room, size_t size)
{
    size_t got = 0;

    while (got < size && got < pipe->used && pipe->arrives_ms[got] <= world->now_ms) {
        room[got] = pipe->bytes[got];
        got++;
    }
    pipe->used -= got;
    memmove(pipe->bytes, pipe->bytes + got, pipe->used);
    memmove(pipe->arrives_ms, pipe->arrives_ms + got, pipe->used * sizeof pipe->arrives_ms[0]);
    return got;
}

bool pipe_has_ended(const struct world *world, const struct pipe *pipe)
{
    return pipe->used == 0 && pipe->notices_ms <= world->now_ms;
}
