// TCP and UDP over the loopback interface, socket options.
#include "check.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

static int l = -1, c = -1, t = -1; // listener, client, the accepted one
static struct sockaddr_in at;

static int listener(void)
{
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (bind(fd, (void *)&at, sizeof at) != 0 || listen(fd, 8) != 0 || getsockname(fd, (void *)&at, &n) != 0)
        return -1;
    return fd;
}

static bool connected(void)
{
    l = listener();
    c = socket(AF_INET, SOCK_STREAM, 0);
    if (l < 0 || connect(c, (void *)&at, sizeof at) != 0)
        return false;
    t = accept(l, NULL, NULL);
    return t >= 0;
}

static void done(void) { close(l), close(c), close(t); }

TEST(tcp_carries_bytes)
{
    char b[8];
    REQUIRE(connected());
    EXPECT_EQ(send(c, "hello", 5, 0), 5);
    EXPECT_EQ(recv(t, b, 5, MSG_WAITALL), 5);
    EXPECT_MEM(b, "hello", 5);
    EXPECT_EQ(send(t, "yo", 2, 0), 2);
    EXPECT_EQ(recv(c, b, 2, MSG_WAITALL), 2);
    done();
}

TEST(addresses_of_both_ends)
{
    struct sockaddr_in a, b;
    socklen_t n = sizeof a;
    REQUIRE(connected());
    EXPECT_OK(getpeername(c, (void *)&a, &n));
    EXPECT(a.sin_port == at.sin_port && a.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    n = sizeof a;
    EXPECT_OK(getsockname(c, (void *)&a, &n));
    n = sizeof b;
    EXPECT_OK(getpeername(t, (void *)&b, &n));
    EXPECT(a.sin_port == b.sin_port);
    EXPECT_EQ(n, sizeof b);
    n = 4; // too little room: filled so far, the true length told
    memset(&a, 0, sizeof a);
    EXPECT_OK(getsockname(c, (void *)&a, &n));
    EXPECT_EQ(n, sizeof a);
    EXPECT_EQ(a.sin_addr.s_addr, 0);
    done();
}

TEST(accept4_tells_the_peer_and_sets_flags)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    l = listener();
    c = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_OK(connect(c, (void *)&at, sizeof at));
    t = accept4(l, (void *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    EXPECT(t >= 0);
    EXPECT_EQ(a.sin_family, AF_INET);
    EXPECT_EQ(fcntl(t, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQ(fcntl(t, F_GETFD), FD_CLOEXEC);
    EXPECT_ERRNO(accept4(l, NULL, NULL, 0x123), EINVAL);
    done();
}

TEST(nonblocking_accept_and_connect)
{
    l = listener();
    REQUIRE(l >= 0 && fcntl(l, F_SETFL, O_NONBLOCK) == 0);
    EXPECT_ERRNO(accept(l, NULL, NULL), EAGAIN);
    c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int r = connect(c, (void *)&at, sizeof at), error = -1;
    EXPECT(r == 0 || errno == EINPROGRESS);
    struct pollfd p = { .fd = c, .events = POLLOUT };
    EXPECT_EQ(poll(&p, 1, 5000), 1);
    socklen_t n = sizeof error;
    EXPECT_OK(getsockopt(c, SOL_SOCKET, SO_ERROR, &error, &n));
    EXPECT_EQ(error, 0);
    p = (struct pollfd){ .fd = l, .events = POLLIN };
    EXPECT_EQ(poll(&p, 1, 5000), 1);
    t = accept(l, NULL, NULL);
    EXPECT(t >= 0);
    done();
}

TEST(a_refused_connection)
{
    l = listener();
    struct sockaddr_in gone = at;
    close(l);
    c = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_ERRNO(connect(c, (void *)&gone, sizeof gone), ECONNREFUSED);
    close(c);
}

TEST(end_of_stream_and_reset)
{
    char b[4];
    REQUIRE(connected());
    EXPECT_OK(shutdown(c, SHUT_WR));
    EXPECT_EQ(recv(t, b, 4, 0), 0);
    EXPECT_EQ(send(t, "x", 1, 0), 1);
    EXPECT_EQ(recv(c, b, 4, 0), 1);
    struct linger hard = { 1, 0 };
    EXPECT_OK(setsockopt(t, SOL_SOCKET, SO_LINGER, &hard, sizeof hard));
    close(t);
    EXPECT_ERRNO(recv(c, b, 4, 0), ECONNRESET);
    close(c);
    close(l);
}

TEST(unconnected_sockets)
{
    char b[4];
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    c = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_ERRNO(recv(c, b, 4, 0), ENOTCONN);
    EXPECT_ERRNO(send(c, b, 4, MSG_NOSIGNAL), EPIPE);
    EXPECT_ERRNO(getpeername(c, (void *)&a, &n), ENOTCONN);
    EXPECT_ERRNO(shutdown(c, SHUT_WR), ENOTCONN);
    EXPECT_ERRNO(accept(c, NULL, NULL), EINVAL);
    close(c);
}

TEST(address_in_use)
{
    l = listener();
    int again = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_ERRNO(bind(again, (void *)&at, sizeof at), EADDRINUSE);
    struct sockaddr_in far = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xcb007107) }; // 203.0.113.7, for documentation
    EXPECT_ERRNO(bind(again, (void *)&far, sizeof far), EADDRNOTAVAIL);
    EXPECT_ERRNO(bind(again, (void *)&at, 4), EINVAL);
    far.sin_family = AF_UNIX;
    EXPECT_ERRNO(bind(again, (void *)&far, sizeof far), EAFNOSUPPORT);
    close(again);
    close(l);
}

TEST(socket_creation_errors)
{
    EXPECT_ERRNO(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
    EXPECT_ERRNO(socket(AF_INET, 77, 0), EINVAL);
    EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM | 0x100000, 0), EINVAL);
}

TEST(integer_options)
{
    struct { int level, name, set; bool same; } all[] = {
        { SOL_SOCKET, SO_REUSEADDR, 1, true }, { SOL_SOCKET, SO_KEEPALIVE, 1, true }, { SOL_SOCKET, SO_BROADCAST, 1, true },
        { SOL_SOCKET, SO_REUSEPORT, 1, true }, { SOL_SOCKET, SO_OOBINLINE, 1, true }, { IPPROTO_TCP, TCP_NODELAY, 1, true },
        { IPPROTO_TCP, TCP_KEEPIDLE, 100, true }, { IPPROTO_TCP, TCP_KEEPINTVL, 20, true }, { IPPROTO_TCP, TCP_KEEPCNT, 5, true },
        { IPPROTO_TCP, TCP_CORK, 1, true }, { IPPROTO_TCP, TCP_QUICKACK, 1, true }, { IPPROTO_TCP, TCP_USER_TIMEOUT, 3000, true },
        { IPPROTO_IP, IP_TOS, 0x10, true }, { IPPROTO_IP, IP_TTL, 33, true }, { SOL_SOCKET, SO_SNDBUF, 20000, false }, { SOL_SOCKET, SO_RCVBUF, 20000, false },
    };
    c = socket(AF_INET, SOCK_STREAM, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int v = -1;
        socklen_t n = sizeof v;
        EXPECT_OK(setsockopt(c, all[i].level, all[i].name, &all[i].set, sizeof(int)));
        EXPECT_OK(getsockopt(c, all[i].level, all[i].name, &v, &n));
        EXPECT_EQ(n, 4);
        if (all[i].same)
            EXPECT_EQ(v, all[i].set);
        else
            EXPECT_EQ(v, 2 * all[i].set); // the kernel doubles buffers
    }
    close(c);
}

TEST(option_errors)
{
    int v = 1;
    socklen_t n = sizeof v;
    c = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_ERRNO(setsockopt(c, SOL_SOCKET, 9999, &v, 4), ENOPROTOOPT);
    EXPECT_ERRNO(setsockopt(c, SOL_SOCKET, SO_REUSEADDR, &v, 2), EINVAL);
    EXPECT_ERRNO(setsockopt(c, 9999, 1, &v, 4), ENOPROTOOPT);
    EXPECT_ERRNO(getsockopt(c, IPPROTO_TCP, 9999, &v, &n), ENOPROTOOPT);
    n = 2;
    EXPECT_OK(getsockopt(c, SOL_SOCKET, SO_TYPE, &v, &n));
    EXPECT_EQ(n, 2);
    n = (socklen_t)-1;
    EXPECT_ERRNO(getsockopt(c, SOL_SOCKET, SO_TYPE, &v, &n), EINVAL);
    close(c);
}

TEST(tcp_info)
{
    struct tcp_info i;
    socklen_t n = sizeof i;
    REQUIRE(connected());
    EXPECT_OK(getsockopt(c, IPPROTO_TCP, TCP_INFO, &i, &n));
    EXPECT_EQ(i.tcpi_state, TCP_ESTABLISHED);
    EXPECT(i.tcpi_snd_mss > 0);
    done();
}

TEST(congestion_name)
{
    char name[16] = "";
    socklen_t n = sizeof name;
    c = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_OK(getsockopt(c, IPPROTO_TCP, TCP_CONGESTION, name, &n));
    EXPECT(strlen(name) > 2);
    close(c);
}

static void *flood(void *unused)
{
    static char data[1 << 16];
    size_t left = 4 << 20;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 13);
    while (left > 0) {
        ssize_t n = send(c, data, left < sizeof data ? left : sizeof data, 0);
        if (n != sizeof data)
            return (void *)1;
        left -= (size_t)n;
    }
    shutdown(c, SHUT_WR);
    return unused;
}

TEST(four_megabytes_arrive_whole)
{
    static char b[1 << 16];
    size_t total = 0;
    long bad = 0;
    ssize_t n;
    pthread_t sender;
    void *r;
    REQUIRE(connected() && pthread_create(&sender, NULL, flood, NULL) == 0);
    while ((n = recv(t, b, sizeof b, 0)) > 0)
        for (ssize_t i = 0; i < n; i++, total++)
            bad += b[i] != (char)(total % 65536 * 13);
    pthread_join(sender, &r);
    EXPECT_EQ(r, 0);
    EXPECT(total == 4 << 20);
    EXPECT_EQ(bad, 0);
    done();
}

TEST(sendfile_to_a_socket)
{
    int fd = temp_pages(2);
    static char b[2 * PAGE];
    off_t from = 0;
    REQUIRE(connected());
    EXPECT_EQ(sendfile(c, fd, &from, 2 * PAGE), 2 * PAGE);
    EXPECT_EQ(recv(t, b, 2 * PAGE, MSG_WAITALL), 2 * PAGE);
    EXPECT_EQ(b[PAGE], 'B');
    close(fd);
    done();
}

TEST(tcp_trunc_discards)
{
    char b[4];
    REQUIRE(connected());
    EXPECT_EQ(send(c, "abcdef", 6, 0), 6);
    struct pollfd p = { .fd = t, .events = POLLIN };
    EXPECT_EQ(poll(&p, 1, 5000), 1);
    EXPECT_EQ(recv(t, NULL, 3, MSG_TRUNC), 3);
    EXPECT_EQ(recv(t, b, 4, 0), 3);
    EXPECT_MEM(b, "def", 3);
    done();
}

TEST(urgent_data)
{
    char b[4];
    int on_mark = -1;
    REQUIRE(connected());
    EXPECT_EQ(send(c, "a", 1, 0), 1);
    EXPECT_EQ(send(c, "!", 1, MSG_OOB), 1);
    struct pollfd p = { .fd = t, .events = POLLPRI };
    EXPECT_EQ(poll(&p, 1, 5000), 1);
    EXPECT_EQ(recv(t, b, 1, MSG_OOB), 1);
    EXPECT_EQ(b[0], '!');
    EXPECT_EQ(recv(t, b, 4, 0), 1);
    EXPECT_OK(ioctl(t, SIOCATMARK, &on_mark));
    EXPECT_EQ(on_mark, 1);
    done();
}

// ---- UDP ----

static int udp(struct sockaddr_in *a)
{
    socklen_t n = sizeof *a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    *a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return bind(fd, (void *)a, sizeof *a) == 0 && getsockname(fd, (void *)a, &n) == 0 ? fd : -1;
}

TEST(udp_carries_datagrams)
{
    struct sockaddr_in a, b, from;
    socklen_t n = sizeof from;
    char text[8];
    int x = udp(&a), y = udp(&b);
    REQUIRE(x >= 0 && y >= 0);
    EXPECT_EQ(sendto(x, "abcd", 4, 0, (void *)&b, sizeof b), 4);
    EXPECT_EQ(recvfrom(y, text, 8, 0, (void *)&from, &n), 4);
    EXPECT(from.sin_port == a.sin_port);
    EXPECT_EQ(sendto(x, "abcd", 4, 0, (void *)&b, sizeof b), 4);
    EXPECT_EQ(recv(y, text, 2, 0), 2);
    EXPECT_ERRNO(recv(y, text, 2, MSG_DONTWAIT), EAGAIN);
    EXPECT_ERRNO(send(x, "x", 1, 0), EDESTADDRREQ);
    close(x);
    close(y);
}

TEST(connected_udp)
{
    struct sockaddr_in a, b;
    char text[8];
    int x = udp(&a), y = udp(&b);
    EXPECT_OK(connect(x, (void *)&b, sizeof b));
    EXPECT_EQ(send(x, "one", 3, 0), 3);
    EXPECT_EQ(recv(y, text, 8, 0), 3);
    close(y);
    EXPECT_EQ(send(x, "two", 3, 0), 3);
    EXPECT_ERRNO(recv(x, text, 8, 0), ECONNREFUSED);
    a = (struct sockaddr_in){ .sin_family = AF_UNSPEC };
    EXPECT_OK(connect(x, (void *)&a, sizeof a)); // dissolves
    EXPECT_ERRNO(send(x, "x", 1, 0), EDESTADDRREQ);
    close(x);
}

TEST(too_long_datagrams)
{
    static char big[70000];
    struct sockaddr_in a, b;
    int x = udp(&a), y = udp(&b);
    EXPECT_ERRNO(sendto(x, big, sizeof big, 0, (void *)&b, sizeof b), EMSGSIZE);
    EXPECT_EQ(sendto(x, big, 60000, 0, (void *)&b, sizeof b), 60000);
    EXPECT_EQ(recv(y, big, sizeof big, 0), 60000);
    close(x);
    close(y);
}

TEST(ipv6_loopback)
{
    struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t n = sizeof a;
    char b[4];
    int x = socket(AF_INET6, SOCK_STREAM, 0);
    if (x < 0 || bind(x, (void *)&a, sizeof a) != 0) {
        EXPECT(errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
        return;
    }
    EXPECT_OK(listen(x, 1));
    EXPECT_OK(getsockname(x, (void *)&a, &n));
    int y = socket(AF_INET6, SOCK_STREAM, 0);
    EXPECT_OK(connect(y, (void *)&a, sizeof a));
    int z = accept(x, NULL, NULL);
    EXPECT_EQ(write(y, "six", 3), 3);
    EXPECT_EQ(read(z, b, 4), 3);
    close(x);
    close(y);
    close(z);
}

MAIN()
