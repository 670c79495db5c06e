/* tools: the subcommands of wax. Each takes its own arguments, its name first, and gives the exit
 * code of the process. */
#ifndef WAX_TOOLS_H
#define WAX_TOOLS_H

/* wax broker: the broker. */
int wax_tool_broker(int argc, char **argv);

/* wax pub: publishes messages. Exit codes as mosquitto_pub's. */
int wax_tool_pub(int argc, char **argv);

/* wax sub: shows messages. Exit codes as mosquitto_sub's. */
int wax_tool_sub(int argc, char **argv);

/* wax rr: sends a request and shows the response. Exit codes as mosquitto_rr's. */
int wax_tool_rr(int argc, char **argv);

/* wax doctor: says why a client cannot connect. 0 if all is well, else 1. */
int wax_tool_doctor(int argc, char **argv);

/* wax bench: loads a broker. 0 if it took all of it; 1 for wrong options or a run that did not come
 * to its end; 2 if messages were lost, came twice or out of order. */
int wax_tool_bench(int argc, char **argv);

/* wax seal and wax open: seal the standard input, or a file, for those who read a topic, and open
 * it again. 0 if all of it was, else 1. */
int wax_tool_seal(int argc, char **argv);
int wax_tool_open(int argc, char **argv);

/* wax proxy: seals and opens for programs that connect to it. 0 when a signal ended it. */
int wax_tool_proxy(int argc, char **argv);

/* wax gateway: connects devices that speak MQTT-SN. 0 when a signal ended it, else 1. */
int wax_tool_gateway(int argc, char **argv);

/* wax keys: changes and shows who may read and write what under seal. 0 if it was done, else 1. */
int wax_tool_keys(int argc, char **argv);

/* wax authority: publishes keys to devices until a signal ends it. Exit codes as wax pub's. */
int wax_tool_authority(int argc, char **argv);

/* wax init: makes a broker's first configuration, certificates and administrator. */
int wax_tool_init(int argc, char **argv);

/* wax passwd: adds, changes and removes users in a file of passwords. */
int wax_tool_passwd(int argc, char **argv);

/* wax ctl: looks into a running broker. 0 if it did what was asked, else 1. */
int wax_tool_ctl(int argc, char **argv);

/* wax demo: shows what each level of protection keeps from whom. 0 if all acts came to their end,
 * else 1. */
int wax_tool_demo(int argc, char **argv);

/* wax update: signs firmware, publishes it, watches devices take it. 0 if it was done; 2 if a
 * roll-out was halted; others as wax pub's. */
int wax_tool_update(int argc, char **argv);

/* wax completion: prints a script by which a shell completes the words of all tools. */
int wax_tool_completion(int argc, char **argv);

/* wax pki: makes, renews, revokes and shows certificates. */
int wax_tool_pki(int argc, char **argv);

#endif
