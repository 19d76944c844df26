#pragma once

// What Swift cannot reach by itself: headers that its own Glibc module leaves out, macros with
// arguments, variadic functions. Everything here is without policy, and but for the conversation
// with rtnetlink inline; a function that wraps a system call returns its result or the negated
// errno, so that no errno can be lost between C and Swift.
//
// No feature macro is defined here: one in a module's header changes what the C library's headers
// mean for the other modules. What glibc only shows under _GNU_SOURCE is called through syscall(2).

#include "system.h"

#include "confine.h"
#include "datagram.h"
#include "packet.h"
#include "program.h"
#include "route.h"
#include "unix.h"
