/* base/macros.h: the few macros that every room uses. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <stddef.h>

/* The caller must look at the result. */
#define MUSTCHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define container_of(member_ptr, type, member)                                                     \
    ((type *)(void *)((char *)(member_ptr)-offsetof(type, member)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* sys/param.h, which uv.h includes, has them too. */
#undef MIN
#undef MAX
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
