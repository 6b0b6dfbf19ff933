// A scratch directory for each test; the test's working directory is moved into it and back.
#pragma once
#include "check.h"

static char scratch_path[PATH_MAX];
static int scratch_home = -1;

__attribute__((unused)) static bool scratch_enter(void)
{
    if (scratch_home < 0)
        scratch_home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return temp_dir(scratch_path) && chdir(scratch_path) == 0;
}

__attribute__((unused)) static void scratch_leave(int *unused)
{
    (void)unused;
    if (fchdir(scratch_home) == 0)
        temp_gone(scratch_path);
}

#define SCRATCH()                                                                      \
    REQUIRE(scratch_enter());                                                          \
    __attribute__((cleanup(scratch_leave), unused)) int scratch_guard = 0

// Creates a file with this text; false when that fails.
__attribute__((unused)) static bool put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return good;
}

__attribute__((unused)) static const char *get(const char *path)
{
    static char text[4096];
    return slurp(path, text, sizeof text);
}
