// Unix sockets with names: by path, abstract, listening and accepting.
#include "../files/scratch.h"
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t named(struct sockaddr_un *a, const char *path)
{
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    strcpy(a->sun_path, path);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

TEST(listen_connect_accept_by_path)
{
    SCRATCH();
    struct sockaddr_un a, b;
    socklen_t n = named(&a, "sock"), m = sizeof b;
    char c[4];
    struct stat st;
    int l = socket(AF_UNIX, SOCK_STREAM, 0), k = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_OK(bind(l, (void *)&a, n));
    EXPECT_OK(stat("sock", &st));
    EXPECT(S_ISSOCK(st.st_mode));
    EXPECT_ERRNO(connect(k, (void *)&a, n), ECONNREFUSED); // nobody listens
    EXPECT_OK(listen(l, 4));
    EXPECT_OK(connect(k, (void *)&a, n));
    int t = accept(l, (void *)&b, &m);
    EXPECT(t >= 0);
    EXPECT_EQ(m, 2); // the client has no name
    m = sizeof b;
    EXPECT_OK(getsockname(t, (void *)&b, &m));
    EXPECT_STR(b.sun_path, "sock");
    m = sizeof b;
    EXPECT_OK(getpeername(k, (void *)&b, &m));
    EXPECT_STR(b.sun_path, "sock");
    EXPECT_EQ(write(k, "hi", 2), 2);
    EXPECT_EQ(read(t, c, 4), 2);
    EXPECT_ERRNO(connect(k, (void *)&a, n), EISCONN);
    struct sockaddr_un other;
    socklen_t other_length = named(&other, "other");
    EXPECT_ERRNO(bind(l, (void *)&other, other_length), EINVAL); // it has a name already
    int again = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_ERRNO(bind(again, (void *)&a, n), EADDRINUSE);
    n = named(&a, "none");
    EXPECT_ERRNO(connect(again, (void *)&a, n), ENOENT);
    EXPECT_ERRNO(accept(again, NULL, NULL), EINVAL);
    close(again);
    close(t);
    close(k);
    close(l);
}

TEST(abstract_names)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "conformance-%d", getpid());
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a.sun_path + 1));
    int l = socket(AF_UNIX, SOCK_SEQPACKET, 0), k = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    EXPECT_OK(bind(l, (void *)&a, n));
    EXPECT_OK(listen(l, 1));
    EXPECT_OK(connect(k, (void *)&a, n));
    int t = accept4(l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    EXPECT(t >= 0);
    EXPECT_EQ(fcntl(t, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(t, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    close(t);
    close(k);
    close(l);
}

TEST(datagrams_by_path)
{
    SCRATCH();
    struct sockaddr_un a, from;
    char b[8];
    int x = socket(AF_UNIX, SOCK_DGRAM, 0), y = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t n = named(&a, "x"), m = sizeof from;
    EXPECT_OK(bind(x, (void *)&a, n));
    struct sockaddr_un ay;
    socklen_t ny = named(&ay, "y");
    EXPECT_OK(bind(y, (void *)&ay, ny));
    EXPECT_EQ(sendto(y, "msg", 3, 0, (void *)&a, n), 3);
    EXPECT_EQ(recvfrom(x, b, 8, 0, (void *)&from, &m), 3);
    EXPECT_STR(from.sun_path, "y");
    EXPECT_ERRNO(send(y, "msg", 3, 0), ENOTCONN);
    close(x);
    close(y);
}

MAIN()
