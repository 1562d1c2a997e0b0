/* server/descriptors.h: how many connections of clients the system lets this process have. */
#ifndef SERVER_DESCRIPTORS_H
#define SERVER_DESCRIPTORS_H

#include <stdint.h>

/* As many connections as there are descriptors for, beside those that everything else needs (files that are sent, too): `wanted`, or
 * fewer, which the log says. Raises the process' own limit as far as it may. */
uint32_t descriptors_for(int64_t wanted);

#endif
