/* The simulator: a broker and a handful of clients in one process, on a virtual clock.
 *
 * What is real is what is tested: both ends of every connection are machines of the room `session`,
 * subscriptions and retained messages are the room `router`. What stands around them here is as
 * small as it can be: applications that keep the rules of the doors, links that carry bytes, and a
 * disk that is a copy of the broker's memory.
 *
 * Everything that may go wrong between two machines goes wrong, at moments that a seed decides:
 * bytes arrive late, one by one, and out of order between connections; boxes are small, so that
 * writers are full and messages come in pieces; connections are cut at any byte, and one end, both
 * or none may notice before the keep alive ends; clients leave with or without a word and come
 * back, often while the broker still holds the old connection; the broker acknowledges late, and
 * crashes between what it did and what it wrote to its disk. What was written survives a crash;
 * what was not, does not.
 *
 * A run has four parts. All clients connect and subscribe; then harm is done, step by step, while
 * messages are published; then calm returns, everything must come to rest; at last an auditor asks
 * for all that is retained. The ledger holds the truth. It notes what was published and what came,
 * with a matcher of its own, and ends the run when
 *
 *   - something comes that nobody published, or at another QoS than the lesser of both;
 *   - QoS 1 does not come at all, or QoS 2 not exactly once, to a session that lasts;
 *   - a clean session loses what came while it was connected until the end;
 *   - a message comes, for the first time, behind a later one of its author and topic;
 *   - an end finds that the other breaks the protocol: the machines judge each other, and Receive
 *     Maximum, Maximum Packet Size, aliases and keep alive are chosen anew for every connection;
 *   - a lasting session is gone when its client returns;
 *   - an exchange, a queue or a count is not empty when all has come to rest;
 *   - a retained message is not its topic's last, or is there though it was forgotten.
 *
 * All chance comes from the seed, and nothing else does, so that every run can be seen again:
 *
 *   sim_test                     the seeds that the build tests
 *   sim_test SEED [STEPS]        one seed, and tells what happens
 *   sim_test FIRST-LAST [STEPS]  many seeds, quietly */
#include "sim.h"

enum { SEEDS = 40, STEPS = 3000, CALM_ROUNDS = 20000, CALM_STEP_MS = 3 };

void world_fail(const struct world *world, const char *what, int who, int number)
{
    (void)printf("seed %llu at %llu ms: %s (%d, %d)\nto see it again: sim_test %llu %u\n",
                 (unsigned long long)world->seed, (unsigned long long)world->now_ms, what, who,
                 number, (unsigned long long)world->seed, world->steps);
    exit(1);
}

void world_tell(const struct world *world, const char *what, int who, int number)
{
    if (world->is_told) {
        (void)printf("%6llu ms: %s (%d, %d)\n", (unsigned long long)world->now_ms, what, who,
                     number);
    }
}

/* Gives everybody a turn, until all are at rest. */
static bool come_to_rest(struct world *world, uint32_t clients)
{
    world->is_calm = true;
    for (int round = 0; round < CALM_ROUNDS; round++) {
        bool is_idle = true;
        world->now_ms += CALM_STEP_MS;
        broker_turn(world);
        for (uint32_t i = 0; i < clients; i++) {
            client_turn(world, &world->clients[i]);
            is_idle = is_idle && client_is_idle(&world->clients[i]);
        }
        if (is_idle && broker_is_idle(&world->broker)) {
            return true;
        }
    }
    return false;
}

static void do_harm(struct world *world)
{
    struct chance *chance = &world->chance;
    struct client *client = &world->clients[chance_below(chance, world->client_count)];

    if (chance_one_in(chance, 60) && client->end.link != NULL) {
        world_tell(world, "a link is cut under client", client->number, 0);
        link_cut(world, client->end.link);
    }
    if (chance_one_in(chance, 150)) {
        client_leave(world, client, chance_one_in(chance, 2));
    }
    if (chance_one_in(chance, 300)) {
        broker_crash(world);
    }
    if (chance_one_in(chance, 300)) {
        world->now_ms += chance_below(chance, 5000);
    }
}

static void do_step(struct world *world)
{
    struct chance *chance = &world->chance;
    struct client *client = &world->clients[chance_below(chance, world->client_count)];

    world->now_ms += chance_below(chance, 15);
    do_harm(world);
    if (chance_one_in(chance, 10)) {
        client_publish(world, client);
    }
    if (chance_one_in(chance, 3)) {
        broker_turn(world);
    } else {
        client_turn(world, client);
    }
}

static void audit(struct world *world)
{
    struct client *auditor = &world->clients[world->client_count];

    client_init(world, auditor, (uint8_t)world->client_count);
    auditor->is_clean = true;
    auditor->is_auditor = true;
    auditor->filter_count = 1;
    auditor->filters[0] = (struct subscription){"#", 2};
    if (!come_to_rest(world, world->client_count + 1)) {
        world_fail(world, "the auditor finds no rest", 0, 0);
    }
    ledger_audit(world, auditor->retained, auditor->retained_count);
}

/* Makes the world of a seed and lives through it. */
static void run(uint64_t seed, uint32_t steps, bool is_told)
{
    static struct world world;

    memset(&world, 0, sizeof world);
    world.seed = seed;
    world.chance.state = seed;
    world.steps = steps;
    world.is_told = is_told;
    world.now_ms = 1000;
    world.client_count = 2 + chance_below(&world.chance, CLIENTS_MAX - 1);
    broker_open(&world);
    for (uint32_t i = 0; i < world.client_count; i++) {
        client_init(&world, &world.clients[i], (uint8_t)i);
    }
    if (!come_to_rest(&world, world.client_count)) {
        world_fail(&world, "the clients cannot subscribe", 0, 0);
    }
    world.is_calm = false;
    for (uint32_t i = 0; i < steps; i++) {
        do_step(&world);
    }
    if (!come_to_rest(&world, world.client_count)) {
        world_fail(&world, "something does not come to rest", 0, 0);
    }
    ledger_close(&world);
    audit(&world);
    broker_close(&world);
}

int main(int argument_count, char **arguments)
{
    uint64_t first = 1;
    uint64_t last = SEEDS;
    uint32_t steps = STEPS;
    char *rest = NULL;

    if (argument_count > 1) {
        first = strtoull(arguments[1], &rest, 10);
        last = *rest == '-' ? strtoull(rest + 1, NULL, 10) : first;
    }
    if (argument_count > 2) {
        steps = (uint32_t)strtoul(arguments[2], NULL, 10);
    }
    for (uint64_t seed = first; seed <= last; seed++) {
        run(seed, steps, argument_count > 1 && *rest == '\0');
    }
    (void)printf("%llu seeds, %u steps each: all is well\n", (unsigned long long)(last - first + 1),
                 steps);
    return 0;
}
