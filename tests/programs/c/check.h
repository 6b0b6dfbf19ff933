// CHECK prints what was expected and where, and ends the program with status 1 when it isn't so.
#pragma once
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(CONDITION)                                                                             \
    do {                                                                                             \
        if (!(CONDITION)) {                                                                          \
            dprintf(1, "line %d: not so: %s (errno %s)\n", __LINE__, #CONDITION, strerror(errno));   \
            _exit(1);                                                                                \
        }                                                                                            \
    } while (0)
