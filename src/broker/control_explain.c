/* Which rule decides what somebody may do: asked of a worker, which has the rules that hold. */
#include "broker/control.h"
#include "broker/standing.h"

struct verdict {
    const struct policy *policy;
    const wax_listener_config *listener;
    wax_bytes topic;
    wax_bytes action;
    bool may;
    bool is_safe;
    bool has_standing; /* dynamic security has a say */
    size_t line;
};

static const char *reason_of(const struct verdict *verdict)
{
    if (!verdict->is_safe) {
        return "the broker refuses this user name or client id: it would reach into the topics of "
               "others";
    }
    if (verdict->line == 0 && verdict->has_standing) {
        return "the roles of dynamic security decide";
    }
    return verdict->policy->has_rules ? NULL : "this listener has no acl_file";
}

static void write_verdict(wax_json *json, const void *subject)
{
    const struct verdict *verdict = subject;
    const char *reason = reason_of(verdict);

    wax_json_member_bool(json, "allowed", verdict->may && verdict->is_safe);
    wax_json_member_text(json, "action", verdict->action);
    wax_json_member_text(json, "topic", verdict->topic);
    wax_json_member_number(json, "port", verdict->listener->port);
    if (reason != NULL) {
        wax_json_member_text(json, "reason", wax_bytes_of_text(reason));
    } else {
        wax_json_member_text(json, "file", wax_bytes_of_text(verdict->listener->acl_file));
    }
    if (verdict->line > 0) {
        wax_json_member_number(json, "line", verdict->line);
        wax_json_member_text(json, "rule", wax_rules_line(&verdict->policy->rules, verdict->line));
    }
}

/* The listener that the request means: its port, or the first. NULL: there is none such. */
static const wax_listener_config *find_listener(const struct worker *worker,
                                                const struct request *request)
{
    const wax_config *config = &worker->settings->config;
    uint64_t port = request_number(request, "port", UINT64_MAX);

    for (size_t i = 0; i < config->listener_count; i++) {
        if (port == UINT64_MAX || config->listeners[i].port == port) {
            return &config->listeners[i];
        }
    }
    return NULL;
}

static bool is_subscribing(const struct request *request)
{
    return wax_bytes_equal(request_value(request, "action"), WAX_TEXT("subscribe"));
}

static void judge(const struct worker *worker, const struct request *request,
                  struct verdict *verdict)
{
    wax_bytes user = request_value(request, "user");
    wax_access_identity identity = {user, user.data != NULL, request_value(request, "client")};
    uint16_t index = (uint16_t)(verdict->listener - worker->settings->config.listeners);
    wax_access access = access_of(worker, index, &identity);

    verdict->policy = &worker->settings->policies[index];
    verdict->topic = request_value(request, "topic");
    verdict->action = request_value(request, "action");
    verdict->has_standing = access.standing != NULL;
    verdict->is_safe = wax_identity_is_safe(
        verdict->policy->has_rules ? &verdict->policy->rules : NULL, &identity);
    if (is_subscribing(request)) {
        verdict->may = wax_access_may_subscribe(&access, verdict->topic) &&
                       wax_standing_lets_subscribe(&access, verdict->topic, (wax_bytes){NULL, 0});
    } else {
        bool writes = wax_bytes_equal(verdict->action, WAX_TEXT("write"));
        verdict->may = wax_access_judge(&access, writes ? WAX_ACTION_WRITE : WAX_ACTION_READ,
                                        verdict->topic, &verdict->line);
    }
}

static void work(struct worker *worker, struct inquiry *inquiry)
{
    struct verdict verdict = {.listener = find_listener(worker, inquiry->request)};

    inquiry->is_done = true;
    if (verdict.listener == NULL) {
        inquiry->fault = "no listener has this port";
        return;
    }
    judge(worker, inquiry->request, &verdict);
    lines_add(&inquiry->lines, write_verdict, &verdict);
}

void control_explain(struct peer *peer)
{
    wax_bytes topic = request_value(&peer->request, "topic");
    bool subscribes = is_subscribing(&peer->request);
    struct inquiry *inquiry;

    if (!wax_utf8_is_valid(topic) ||
        !(subscribes ? wax_filter_is_valid(topic) : wax_topic_is_valid(topic))) {
        peer_end(peer, subscribes ? "this is no topic filter"
                                  : "this is no topic: + and # are for `subscribe`");
        return;
    }
    inquiry = peer_inquire(peer, work);
    if (inquiry != NULL) {
        inquiry_ask(inquiry, 0);
    }
}
