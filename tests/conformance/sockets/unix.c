// Pairs of Unix sockets: streams, datagrams, sequenced packets, descriptors and credentials.
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int s[2];

static bool pair(int type) { return socketpair(AF_UNIX, type, 0, s) == 0; }
static void done(void) { close(s[0]), close(s[1]); }

TEST(a_stream_pair_carries_bytes_both_ways)
{
    char b[8];
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_EQ(send(s[0], "abc", 3, 0), 3);
    EXPECT_EQ(send(s[0], "def", 3, 0), 3);
    EXPECT_EQ(recv(s[1], b, 8, 0), 6);
    EXPECT_EQ(write(s[1], "x", 1), 1);
    EXPECT_EQ(read(s[0], b, 8), 1);
    done();
}

TEST(datagrams_keep_boundaries)
{
    char b[8];
    REQUIRE(pair(SOCK_DGRAM));
    EXPECT_EQ(send(s[0], "abc", 3, 0), 3);
    EXPECT_EQ(send(s[0], "defgh", 5, 0), 5);
    EXPECT_EQ(recv(s[1], b, 8, 0), 3);
    EXPECT_EQ(recv(s[1], b, 2, MSG_TRUNC), 5);
    EXPECT_EQ(send(s[0], "", 0, 0), 0);
    EXPECT_EQ(recv(s[1], b, 8, 0), 0);
    done();
}

TEST(sequenced_packets_keep_boundaries_and_end)
{
    char b[8];
    REQUIRE(pair(SOCK_SEQPACKET));
    EXPECT_EQ(send(s[0], "abc", 3, 0), 3);
    EXPECT_EQ(send(s[0], "de", 2, 0), 2);
    EXPECT_EQ(recv(s[1], b, 8, 0), 3);
    EXPECT_EQ(recv(s[1], b, 8, 0), 2);
    close(s[0]);
    EXPECT_EQ(recv(s[1], b, 8, 0), 0);
    close(s[1]);
}

TEST(flags_of_the_pair)
{
    REQUIRE(pair(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC));
    char c;
    EXPECT_EQ(fcntl(s[0], F_GETFD), FD_CLOEXEC);
    EXPECT_ERRNO(read(s[0], &c, 1), EAGAIN);
    done();
    EXPECT_ERRNO(socketpair(AF_UNIX, 77, 0, s), EINVAL);
    EXPECT_ERRNO(socketpair(AF_UNIX, SOCK_STREAM, 99, s), EPROTONOSUPPORT);
    EXPECT_ERRNO(socketpair(AF_INET, SOCK_STREAM, 0, s), EOPNOTSUPP);
    EXPECT_ERRNO(socketpair(999, SOCK_STREAM, 0, s), EAFNOSUPPORT);
}

TEST(peek_leaves_the_data)
{
    char b[8];
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_EQ(send(s[0], "abc", 3, 0), 3);
    EXPECT_EQ(recv(s[1], b, 2, MSG_PEEK), 2);
    EXPECT_EQ(recv(s[1], b, 8, 0), 3);
    EXPECT_MEM(b, "abc", 3);
    done();
}

TEST(dontwait_does_not_block)
{
    char b[8];
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_ERRNO(recv(s[1], b, 8, MSG_DONTWAIT), EAGAIN);
    done();
}

static void *send_in_parts(void *unused)
{
    for (int i = 0; i < 4; i++) {
        sleep_ms(1);
        if (send(s[0], "ab", 2, 0) != 2)
            return (void *)1;
    }
    return unused;
}

TEST(waitall_waits)
{
    char b[8];
    pthread_t t;
    REQUIRE(pair(SOCK_STREAM) && pthread_create(&t, NULL, send_in_parts, NULL) == 0);
    EXPECT_EQ(recv(s[1], b, 8, MSG_WAITALL), 8);
    pthread_join(t, NULL);
    close(s[0]);
    EXPECT_EQ(recv(s[1], b, 8, MSG_WAITALL), 0);
    close(s[1]);
}

static volatile sig_atomic_t broken;
static void on_pipe(int number) { (void)number, broken++; }

TEST(a_gone_peer_gives_epipe)
{
    struct sigaction a = { .sa_handler = on_pipe };
    sigaction(SIGPIPE, &a, NULL);
    REQUIRE(pair(SOCK_STREAM));
    close(s[1]);
    broken = 0;
    EXPECT_ERRNO(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    EXPECT_EQ(broken, 0);
    EXPECT_ERRNO(send(s[0], "x", 1, 0), EPIPE);
    EXPECT_EQ(broken, 1);
    close(s[0]);
}

TEST(unread_data_of_a_gone_peer_resets)
{
    char b[4];
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_EQ(send(s[0], "x", 1, 0), 1);
    close(s[1]);
    EXPECT_ERRNO(recv(s[0], b, 4, 0), ECONNRESET);
    close(s[0]);
}

TEST(shutdown_closes_one_way)
{
    char b[4];
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_OK(shutdown(s[0], SHUT_WR));
    EXPECT_EQ(recv(s[1], b, 4, 0), 0);
    EXPECT_EQ(send(s[1], "x", 1, 0), 1);
    EXPECT_EQ(recv(s[0], b, 4, 0), 1);
    EXPECT_ERRNO(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    EXPECT_ERRNO(shutdown(s[0], 9), EINVAL);
    struct pollfd p = { .fd = s[1], .events = POLLIN | POLLRDHUP };
    EXPECT_EQ(poll(&p, 1, 0), 1);
    EXPECT_EQ(p.revents, POLLIN | POLLRDHUP);
    done();
}

TEST(scatter_and_gather)
{
    char a[2], b[4];
    struct iovec out[] = { { (void *)"abc", 3 }, { (void *)"def", 3 } }, in[] = { { a, 2 }, { b, 4 } };
    struct msghdr m = { .msg_iov = out, .msg_iovlen = 2 }, r = { .msg_iov = in, .msg_iovlen = 2 };
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_EQ(sendmsg(s[0], &m, 0), 6);
    EXPECT_EQ(recvmsg(s[1], &r, 0), 6);
    EXPECT_MEM(a, "ab", 2);
    EXPECT_MEM(b, "cdef", 4);
    EXPECT_EQ(writev(s[0], out, 2), 6);
    EXPECT_EQ(readv(s[1], in, 2), 6);
    done();
}

TEST(truncated_datagrams_are_marked)
{
    char b[2];
    struct iovec v = { b, 2 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
    REQUIRE(pair(SOCK_DGRAM));
    EXPECT_EQ(send(s[0], "abcd", 4, 0), 4);
    EXPECT_EQ(recvmsg(s[1], &m, 0), 2);
    EXPECT_EQ(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
    done();
}

// Sends or takes one descriptor beside one byte.
static ssize_t send_fds(int to, const int *fds, int count)
{
    char c = 'f', control[CMSG_SPACE(sizeof(int) * 8)] = { 0 };
    struct iovec v = { &c, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count) };
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(h), fds, sizeof(int) * (size_t)count);
    return sendmsg(to, &m, 0);
}

static int take_fds(int from, int *fds, int room, int flags, int *message_flags)
{
    char c, control[CMSG_SPACE(sizeof(int) * 8)] = { 0 };
    struct iovec v = { &c, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room ? CMSG_LEN(sizeof(int) * (size_t)room) : 0 };
    if (recvmsg(from, &m, flags) != 1)
        return -1;
    *message_flags = m.msg_flags;
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    if (!h || h->cmsg_type != SCM_RIGHTS)
        return 0;
    int n = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(h), sizeof(int) * (size_t)n);
    return n;
}

TEST(descriptors_travel)
{
    int p[2], got[8], flags;
    char c = 0;
    REQUIRE(pair(SOCK_STREAM) && pipe(p) == 0);
    EXPECT_EQ(send_fds(s[0], p, 2), 1);
    EXPECT_EQ(take_fds(s[1], got, 8, MSG_CMSG_CLOEXEC, &flags), 2);
    EXPECT(got[0] != p[0]);
    EXPECT_EQ(fcntl(got[0], F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(write(p[1], "t", 1), 1);
    EXPECT_EQ(read(got[0], &c, 1), 1);
    EXPECT_EQ(c, 't');
    close(p[0]);
    close(p[1]);
    EXPECT_EQ(write(got[1], "u", 1), 1);
    EXPECT_EQ(read(got[0], &c, 1), 1);
    close(got[0]);
    close(got[1]);
    done();
}

TEST(too_little_room_truncates_descriptors)
{
    int p[2], got[8], flags = 0;
    REQUIRE(pair(SOCK_STREAM) && pipe(p) == 0);
    EXPECT_EQ(send_fds(s[0], p, 2), 1);
    EXPECT_EQ(take_fds(s[1], got, 1, 0, &flags), 1);
    EXPECT_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
    close(got[0]);
    EXPECT_EQ(send_fds(s[0], p, 2), 1);
    EXPECT_EQ(take_fds(s[1], got, 0, 0, &flags), 0);
    EXPECT_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
    close(p[0]);
    close(p[1]);
    done();
}

TEST(bad_descriptors_do_not_travel)
{
    int bad = 9999;
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_ERRNO(send_fds(s[0], &bad, 1), EBADF);
    done();
}

TEST(a_socket_closed_in_flight_keeps_its_file)
{
    int p[2], got[8], flags;
    char c = 0;
    REQUIRE(pair(SOCK_DGRAM) && pipe(p) == 0);
    EXPECT_EQ(send_fds(s[0], &p[0], 1), 1);
    close(p[0]);
    EXPECT_EQ(write(p[1], "z", 1), 1);
    EXPECT_EQ(take_fds(s[1], got, 8, 0, &flags), 1);
    EXPECT_EQ(read(got[0], &c, 1), 1);
    EXPECT_EQ(c, 'z');
    close(got[0]);
    close(p[1]);
    done();
}

TEST(credentials_travel)
{
    char c, control[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
    int on = 1;
    struct iovec v = { &c, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_OK(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    EXPECT_EQ(write(s[0], "c", 1), 1);
    EXPECT_EQ(recvmsg(s[1], &m, 0), 1);
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    REQUIRE(h);
    EXPECT_EQ(h->cmsg_type, SCM_CREDENTIALS);
    struct ucred u;
    memcpy(&u, CMSG_DATA(h), sizeof u);
    EXPECT_EQ(u.pid, getpid());
    EXPECT_EQ(u.uid, getuid());
    EXPECT_EQ(u.gid, getgid());
    done();
}

TEST(peer_credentials)
{
    struct ucred u;
    socklen_t n = sizeof u;
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_OK(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &u, &n));
    EXPECT_EQ(u.pid, getpid());
    EXPECT_EQ(u.uid, geteuid());
    done();
}

TEST(many_messages_in_one_call)
{
    char text[4][4] = { "one", "two", "thr", "fou" }, got[8][8];
    struct iovec v[4], w[8];
    struct mmsghdr out[4] = { 0 }, in[8] = { 0 };
    REQUIRE(pair(SOCK_DGRAM));
    for (int i = 0; i < 4; i++) {
        v[i] = (struct iovec){ text[i], (size_t)i + 1 > 3 ? 3 : (size_t)i + 1 };
        out[i].msg_hdr.msg_iov = &v[i];
        out[i].msg_hdr.msg_iovlen = 1;
    }
    for (int i = 0; i < 8; i++) {
        w[i] = (struct iovec){ got[i], 8 };
        in[i].msg_hdr.msg_iov = &w[i];
        in[i].msg_hdr.msg_iovlen = 1;
    }
    EXPECT_EQ(sendmmsg(s[0], out, 4, 0), 4);
    EXPECT_EQ(out[1].msg_len, 2);
    EXPECT_EQ(recvmmsg(s[1], in, 8, MSG_DONTWAIT, NULL), 4);
    EXPECT_EQ(in[0].msg_len, 1);
    EXPECT_EQ(in[2].msg_len, 3);
    EXPECT_MEM(got[1], "tw", 2);
    EXPECT_ERRNO(recvmmsg(s[1], in, 8, MSG_DONTWAIT, NULL), EAGAIN);
    EXPECT_EQ(sendmmsg(s[0], out, 2, 0), 2);
    EXPECT_EQ(recvmmsg(s[1], in, 8, MSG_WAITFORONE, NULL), 2);
    struct timespec t = { 0, 1000000000 };
    EXPECT_ERRNO(recvmmsg(s[1], in, 1, 0, &t), EINVAL);
    done();
}

TEST(bytes_queued)
{
    int n = -1;
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_EQ(send(s[0], "abcde", 5, 0), 5);
    EXPECT_OK(ioctl(s[1], FIONREAD, &n));
    EXPECT_EQ(n, 5);
    done();
}

TEST(types_and_domains_can_be_asked)
{
    int v = 0;
    socklen_t n = sizeof v;
    REQUIRE(pair(SOCK_SEQPACKET));
    EXPECT_OK(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, &n));
    EXPECT_EQ(v, SOCK_SEQPACKET);
    EXPECT_OK(getsockopt(s[0], SOL_SOCKET, SO_DOMAIN, &v, &n));
    EXPECT_EQ(v, AF_UNIX);
    EXPECT_OK(getsockopt(s[0], SOL_SOCKET, SO_ACCEPTCONN, &v, &n));
    EXPECT_EQ(v, 0);
    EXPECT_ERRNO(getsockopt(s[0], SOL_SOCKET, 9999, &v, &n), ENOPROTOOPT);
    done();
}

TEST(receive_timeouts)
{
    char c;
    struct timeval t = { 0, 5000 };
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_OK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    int64_t before = now_ns();
    EXPECT_ERRNO(recv(s[0], &c, 1, 0), EAGAIN);
    EXPECT(now_ns() - before >= 4000000);
    done();
}

TEST(calls_on_what_is_no_socket)
{
    int fd = temp_file();
    char c;
    EXPECT_ERRNO(send(fd, "x", 1, 0), ENOTSOCK);
    EXPECT_ERRNO(recv(fd, &c, 1, 0), ENOTSOCK);
    EXPECT_ERRNO(listen(fd, 1), ENOTSOCK);
    EXPECT_ERRNO(shutdown(fd, SHUT_RD), ENOTSOCK);
    EXPECT_ERRNO(accept(-1, NULL, NULL), EBADF);
    REQUIRE(pair(SOCK_STREAM));
    EXPECT_ERRNO(lseek(s[0], 0, SEEK_CUR), ESPIPE);
    EXPECT_ERRNO(pread(s[0], &c, 1, 0), ESPIPE);
    struct stat st;
    EXPECT_OK(fstat(s[0], &st));
    EXPECT(S_ISSOCK(st.st_mode));
    done();
    close(fd);
}

MAIN()
