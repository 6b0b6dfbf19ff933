// inotify.
#include "scratch.h"
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

static char events[4096] __attribute__((aligned(8)));

// Reads what is there and tells whether an event with this mask and name is among it.
static bool saw(int fd, uint32_t mask, const char *name)
{
    ssize_t n = read(fd, events, sizeof events);
    for (ssize_t at = 0; at < n;) {
        struct inotify_event *e = (void *)(events + at);
        if ((e->mask & mask) == mask && strcmp(e->len ? e->name : "", name) == 0)
            return true;
        at += (ssize_t)(sizeof *e + e->len);
    }
    return false;
}

TEST(creation_and_removal_are_seen)
{
    SCRATCH();
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    REQUIRE(fd >= 0);
    EXPECT(inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE) > 0);
    EXPECT_ERRNO(read(fd, events, sizeof events), EAGAIN);
    REQUIRE(put("f", ""));
    EXPECT(saw(fd, IN_CREATE, "f"));
    mkdir("d", 0755);
    EXPECT(saw(fd, IN_CREATE | IN_ISDIR, "d"));
    unlink("f");
    EXPECT(saw(fd, IN_DELETE, "f"));
    close(fd);
}

TEST(changes_of_a_file_are_seen)
{
    SCRATCH();
    REQUIRE(put("f", ""));
    int fd = inotify_init1(IN_NONBLOCK);
    EXPECT(inotify_add_watch(fd, "f", IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE) > 0);
    REQUIRE(put("f", "more"));
    EXPECT(saw(fd, IN_MODIFY, ""));
    chmod("f", 0600);
    EXPECT(saw(fd, IN_ATTRIB, ""));
    close(fd);
}

TEST(renames_carry_a_cookie)
{
    SCRATCH();
    REQUIRE(put("a", ""));
    int fd = inotify_init1(IN_NONBLOCK);
    EXPECT(inotify_add_watch(fd, ".", IN_MOVE) > 0);
    rename("a", "b");
    ssize_t n = read(fd, events, sizeof events);
    struct inotify_event *from = (void *)events, *to = (void *)(events + sizeof *from + from->len);
    EXPECT(n > 0);
    EXPECT_EQ(from->mask, IN_MOVED_FROM);
    EXPECT_EQ(to->mask, IN_MOVED_TO);
    EXPECT(from->cookie == to->cookie && from->cookie != 0);
    EXPECT_STR(to->name, "b");
    close(fd);
}

TEST(it_polls_and_counts)
{
    SCRATCH();
    int fd = inotify_init1(0), n = 0;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    inotify_add_watch(fd, ".", IN_CREATE);
    EXPECT_EQ(poll(&p, 1, 0), 0);
    REQUIRE(put("f", ""));
    EXPECT_EQ(poll(&p, 1, 1000), 1);
    EXPECT_OK(ioctl(fd, FIONREAD, &n));
    EXPECT_EQ(n, sizeof(struct inotify_event) + 16);
    EXPECT_ERRNO(read(fd, events, 4), EINVAL);
    close(fd);
}

TEST(watches_can_be_removed)
{
    SCRATCH();
    int fd = inotify_init1(IN_NONBLOCK), w = inotify_add_watch(fd, ".", IN_CREATE);
    EXPECT_EQ(inotify_add_watch(fd, ".", IN_DELETE), w);
    EXPECT_OK(inotify_rm_watch(fd, w));
    EXPECT(saw(fd, IN_IGNORED, ""));
    EXPECT_ERRNO(inotify_rm_watch(fd, w), EINVAL);
    close(fd);
}

TEST(inotify_errors)
{
    int fd = inotify_init1(0), file = temp_file();
    EXPECT_ERRNO(inotify_init1(0x1234), EINVAL);
    EXPECT_ERRNO(inotify_add_watch(fd, "/none", IN_CREATE), ENOENT);
    EXPECT_ERRNO(inotify_add_watch(fd, "/", 0), EINVAL);
    EXPECT_ERRNO(inotify_add_watch(file, "/", IN_CREATE), EINVAL);
    EXPECT_ERRNO(inotify_add_watch(fd, BAD, IN_CREATE), EFAULT);
    EXPECT_ERRNO(inotify_add_watch(-1, "/", IN_CREATE), EBADF);
    close(file);
    close(fd);
}

MAIN()
