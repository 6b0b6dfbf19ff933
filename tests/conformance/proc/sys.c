// The parts of /sys, /dev and /etc that run-times look at when they start.
#include "check.h"

static char text[1 << 14];

TEST(processors_in_sys)
{
    EXPECT_EQ(strtol(slurp("/sys/devices/system/cpu/possible", text, sizeof text), NULL, 10), 0);
    EXPECT(strlen(slurp("/sys/devices/system/cpu/online", text, sizeof text)) > 1);
    EXPECT(strlen(slurp("/sys/devices/system/cpu/present", text, sizeof text)) > 1);
    EXPECT_OK(access("/sys/devices/system/cpu/cpu0", F_OK));
}

TEST(online_list_equals_the_count)
{
    int count = 0;
    slurp("/sys/devices/system/cpu/online", text, sizeof text);
    for (char *p = text; *p && *p != '\n';) {
        long from = strtol(p, &p, 10), to = from;
        if (*p == '-')
            to = strtol(p + 1, &p, 10);
        count += (int)(to - from + 1);
        if (*p == ',')
            p++;
    }
    EXPECT_EQ(count, sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(the_loopback_interface_in_sys)
{
    EXPECT(atoi(slurp("/sys/class/net/lo/mtu", text, sizeof text)) >= 1500);
    EXPECT_EQ(strtol(slurp("/sys/class/net/lo/flags", text, sizeof text), NULL, 16) & 8, 8); // IFF_LOOPBACK
}

TEST(sys_directories_can_be_walked)
{
    const char *paths[] = { "/sys", "/sys/devices/system/cpu", "/sys/class", "/sys/class/net", "/sys/kernel/mm" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        DIR *d = opendir(paths[i]);
        int n = 0;
        EXPECT(d != NULL);
        while (d && readdir(d))
            n++;
        EXPECT(n >= 3);
        if (d)
            closedir(d);
    }
}

TEST(sys_files_have_a_page_of_room)
{
    int fd = open("/sys/devices/system/cpu/online", O_RDONLY);
    char a[8], b[8];
    REQUIRE(fd >= 0);
    ssize_t n = pread(fd, a, 8, 0);
    EXPECT(n > 0);
    EXPECT_EQ(pread(fd, b, 8, 0), n);
    EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
    close(fd);
    EXPECT_ERRNO(open("/sys/none", O_RDONLY), ENOENT);
}

TEST(dev_has_the_usual)
{
    const char *names[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/ptmx", "/dev/fd", "/dev/shm", "/dev/pts" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        EXPECT_OK(access(names[i], F_OK));
}

TEST(transparent_huge_pages_setting_or_none)
{
    slurp("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text);
    EXPECT(text[0] == 0 || strchr(text, '[') != NULL);
}

MAIN()
