#ifndef CLAB_H
#define CLAB_H

/* What the lab needs of the C library and Swift's Glibc module does not offer. The calls are GNU
 * extensions, and a feature macro in a module's header would change every other module's view of
 * the C library, so the macro is in the C file and only plain prototypes are here. */

#include <stdint.h>

/* Moves the calling thread into the network namespace behind `descriptor`. 0 or -1 and errno. */
int clab_enter_network_namespace(int descriptor);

/* Keeps every descriptor from `first` on out of the child; `actions` is a
 * posix_spawn_file_actions_t. 0 or an error number. */
int clab_close_from(void *actions, int first);

/* A raw packet socket on one interface of the calling thread's namespace, close-on-exec. It gets
 * the frames of `ethertype`, whoever they are addressed to; 0 for none. A descriptor, or -1 and
 * errno. */
int clab_packet_socket(const char *interface, uint16_t ethertype);

/* The same for all frames that arrive at the interface, and none that leave by it; also where a
 * bridge takes them. With `relays` each has the kernel's notes on its checksum and segments in
 * front of it, here and when it is sent again. */
int clab_arrivals_socket(const char *interface, int relays);

/* Of the frames of a packet socket, lets ICMPv6 Neighbor Advertisements through only. 0 or -1. */
int clab_take_advertisements_only(int socket);

/* Has the kernel note when each frame of a packet socket came, and keep many that nobody has read
 * yet. 0 or -1 and errno. */
int clab_stamp_frames(int socket);

/* The next frame of such a socket without waiting, and when it came, in nanoseconds of
 * CLOCK_MONOTONIC. Its length, or -1 and errno. */
long clab_receive_stamped(int socket, void *buffer, unsigned long size, int64_t *stamp);

/* How many frames a packet socket had no room for since the last call, or -1 and errno. */
long clab_lost_frames(int socket);

/* Sets or clears IFF_UP through a socket of the namespace that the interface is in, which is
 * hundreds of times quicker than to start a tool. 0 or -1 and errno. */
int clab_set_interface_up(int socket, const char *interface, int up);

/* A netlink socket that hears of added and removed addresses of the calling thread's namespace,
 * close-on-exec. A descriptor, or -1 and errno. */
int clab_address_changes(void);

/* Has the socket tell for every datagram which of the host's addresses was asked. 0 or -1. */
int clab_tell_destination(int socket, int ipv6);

/* Receives one datagram and sends it back with `suffix` at its end, from the address that was
 * asked: the control message that told the address is valid as the one that chooses it. Returns
 * what recvmsg or sendmsg returned, -1 with errno included. */
long clab_echo(int socket, const void *suffix, unsigned long length);

/* Starts a program in the calling thread's namespace as a service manager does: in a process group
 * of its own, with no signal blocked, descriptor 0 at /dev/null, 1 and 2 at `log`, and `inherited`
 * from 3 on, all others closed. The entries "LISTEN_PID=" of `environment`, which has room for ten
 * digits, gets the number of the new process. Returns when the program runs: its process number, or
 * -1 and errno. */
int clab_start_service(
    char *const arguments[], char *const environment[], int log, const int *inherited, int count);

/* A descriptor that is readable when that child has ended; -1 and errno. */
int clab_process_descriptor(int process);

/* A datagram socket of the Unix domain at `path`, as service managers listen on. -1 and errno. */
int clab_notification_socket(const char *path);

/* Receives one datagram without waiting, with at most `most` descriptors, which are the caller's
 * to close. What recvmsg returned. */
long clab_receive_notification(
    int socket, void *buffer, unsigned long size, int *descriptors, int most, int *count);

/* Stops one thread of another process where it is, until this thread releases it: to the process it
 * is one that does not come back from the kernel. -1 and errno. */
int clab_hold_thread(int thread);
int clab_release_thread(int thread);

#endif
