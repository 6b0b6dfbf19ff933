// Pseudo-terminals: modes, canonical input, window size, what is no terminal.
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;

static bool open_pair(void)
{
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        return false;
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    return slave >= 0;
}

static void done(void) { close(slave), close(master); }

static bool readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 2000) == 1 && p.revents & POLLIN;
}

static void mode(tcflag_t set, tcflag_t clear)
{
    struct termios t;
    tcgetattr(slave, &t);
    t.c_lflag = (t.c_lflag | set) & ~clear;
    tcsetattr(slave, TCSANOW, &t);
}

TEST(the_slave_is_a_terminal)
{
    REQUIRE(open_pair());
    EXPECT_EQ(isatty(slave), 1);
    EXPECT(strncmp(ttyname(slave), "/dev/pts/", 9) == 0);
    struct stat s;
    EXPECT_OK(fstat(slave, &s));
    EXPECT(S_ISCHR(s.st_mode));
    done();
}

TEST(attributes_can_be_set)
{
    struct termios t, u;
    REQUIRE(open_pair());
    EXPECT_OK(tcgetattr(slave, &t));
    EXPECT_EQ(t.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
    cfmakeraw(&t);
    t.c_cc[VMIN] = 1;
    EXPECT_OK(tcsetattr(slave, TCSADRAIN, &t));
    EXPECT_OK(tcgetattr(slave, &u));
    EXPECT_EQ(u.c_lflag & (ICANON | ECHO | ISIG), 0);
    EXPECT_ERRNO(ioctl(slave, TCGETS, BAD), EFAULT);
    done();
}

TEST(a_line_is_read_whole)
{
    char b[32];
    REQUIRE(open_pair());
    mode(0, ECHO);
    EXPECT_EQ(write(master, "hel", 3), 3);
    struct pollfd p = { .fd = slave, .events = POLLIN };
    EXPECT_EQ(poll(&p, 1, 5), 0); // no end of line yet
    EXPECT_EQ(write(master, "lo\rmore\r", 8), 8);
    EXPECT(readable(slave));
    EXPECT_EQ(read(slave, b, sizeof b), 6);
    EXPECT_MEM(b, "hello\n", 6);
    EXPECT_EQ(read(slave, b, 2), 2);
    EXPECT_EQ(read(slave, b, sizeof b), 3);
    done();
}

TEST(erase_and_end_of_file_characters)
{
    char b[32];
    REQUIRE(open_pair());
    mode(0, ECHO);
    EXPECT_EQ(write(master, "abX\177c\r", 6), 6);
    EXPECT(readable(slave));
    EXPECT_EQ(read(slave, b, sizeof b), 4);
    EXPECT_MEM(b, "abc\n", 4);
    EXPECT_EQ(write(master, "\004", 1), 1);
    EXPECT(readable(slave));
    EXPECT_EQ(read(slave, b, sizeof b), 0);
    done();
}

TEST(input_is_echoed)
{
    char b[32];
    REQUIRE(open_pair());
    EXPECT_EQ(write(master, "q", 1), 1);
    EXPECT(readable(master));
    EXPECT_EQ(read(master, b, sizeof b), 1);
    EXPECT_EQ(b[0], 'q');
    done();
}

TEST(output_turns_newlines)
{
    char b[32];
    REQUIRE(open_pair());
    EXPECT_EQ(write(slave, "a\n", 2), 2);
    EXPECT(readable(master));
    EXPECT_EQ(read(master, b, sizeof b), 3);
    EXPECT_MEM(b, "a\r\n", 3);
    done();
}

TEST(raw_input_comes_at_once)
{
    char b[8];
    REQUIRE(open_pair());
    mode(0, ICANON | ECHO | ISIG);
    EXPECT_EQ(write(master, "\003x", 2), 2);
    EXPECT(readable(slave));
    EXPECT_EQ(read(slave, b, 8), 2);
    EXPECT_EQ(b[0], 3);
    done();
}

TEST(timed_raw_input)
{
    struct termios t;
    char b[8];
    REQUIRE(open_pair());
    tcgetattr(slave, &t);
    cfmakeraw(&t);
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 0;
    tcsetattr(slave, TCSANOW, &t);
    EXPECT_EQ(read(slave, b, 8), 0);
    done();
}

TEST(the_window_size_is_shared)
{
    struct winsize w = { .ws_row = 33, .ws_col = 111 }, v = { 0 };
    REQUIRE(open_pair());
    EXPECT_OK(ioctl(slave, TIOCGWINSZ, &v));
    EXPECT_EQ(v.ws_row, 0);
    EXPECT_OK(ioctl(master, TIOCSWINSZ, &w));
    EXPECT_OK(ioctl(slave, TIOCGWINSZ, &v));
    EXPECT_EQ(v.ws_row, 33);
    EXPECT_EQ(v.ws_col, 111);
    EXPECT_ERRNO(ioctl(slave, TIOCGWINSZ, BAD), EFAULT);
    done();
}

TEST(hang_up)
{
    char b[4];
    REQUIRE(open_pair());
    close(slave);
    EXPECT_ERRNO(read(master, b, 4), EIO);
    struct pollfd p = { .fd = master, .events = POLLIN };
    EXPECT_EQ(poll(&p, 1, 0), 1);
    EXPECT(p.revents & POLLHUP);
    close(master);
    REQUIRE(open_pair());
    close(master);
    EXPECT_EQ(read(slave, b, 4), 0);
    EXPECT_ERRNO(write(slave, b, 1), EIO);
    close(slave);
}

TEST(queued_bytes_and_flush)
{
    int n = -1;
    REQUIRE(open_pair());
    mode(0, ECHO);
    EXPECT_EQ(write(master, "line\r", 5), 5);
    EXPECT(readable(slave));
    EXPECT_OK(ioctl(slave, FIONREAD, &n));
    EXPECT_EQ(n, 5);
    EXPECT_OK(tcflush(slave, TCIFLUSH));
    EXPECT_OK(ioctl(slave, FIONREAD, &n));
    EXPECT_EQ(n, 0);
    done();
}

TEST(what_is_no_terminal)
{
    struct termios t;
    struct winsize w;
    int p[2], z = open("/dev/null", O_RDWR);
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(tcgetattr(p[0], &t), ENOTTY);
    EXPECT_ERRNO(ioctl(p[0], TIOCGWINSZ, &w), ENOTTY);
    EXPECT_ERRNO(tcgetattr(z, &t), ENOTTY);
    EXPECT_ERRNO(tcgetattr(-1, &t), EBADF);
    EXPECT_EQ(isatty(p[0]), 0);
    EXPECT_ERRNO(ioctl(p[0], TIOCGPGRP, &z), ENOTTY);
    close(z);
    close(p[0]);
    close(p[1]);
}

MAIN()
