// Sockets: TCP, UDP and Unix ones on loopback, descriptors passed, and every way to wait for many.
#include "check.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { BIG = 3 << 20 };

static int listen_on_loopback(struct sockaddr_in *address)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHECK(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    CHECK(bind(listener, (void *)address, sizeof *address) == 0 && listen(listener, 64) == 0);
    CHECK(getsockname(listener, (void *)address, &length) == 0 && address->sin_port != 0);
    return listener;
}

static void *echo(void *listener)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int connection = accept4(*(int *)listener, (void *)&peer, &length, SOCK_CLOEXEC);
    CHECK(connection >= 0 && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    char buffer[8192];
    ssize_t count;
    while ((count = recv(connection, buffer, sizeof buffer, 0)) > 0)
        for (ssize_t sent = 0; sent < count;)
            sent += send(connection, buffer + sent, (size_t)(count - sent), MSG_NOSIGNAL);
    close(connection);
    return NULL;
}

static void *send_all(void *connection)
{
    char *data = malloc(BIG);
    for (int i = 0; i < BIG; i++)
        data[i] = (char)(i * 31 >> 5);
    for (ssize_t sent = 0; sent < BIG;)
        sent += write(*(int *)connection, data + sent, (size_t)(BIG - sent));
    CHECK(shutdown(*(int *)connection, SHUT_WR) == 0);
    free(data);
    return NULL;
}

static void tcp(void)
{
    struct sockaddr_in address;
    int listener = listen_on_loopback(&address), on = 1, got;
    pthread_t server, sender;
    pthread_create(&server, NULL, echo, &listener);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(connection, (void *)&address, sizeof address) == 0);
    CHECK(setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    socklen_t length = sizeof got;
    CHECK(getsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &got, &length) == 0 && got != 0);
    CHECK(getsockopt(connection, SOL_SOCKET, SO_ERROR, &got, &length) == 0 && got == 0);
    struct tcp_info info;
    length = sizeof info;
    CHECK(getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_ESTABLISHED);
    pthread_create(&sender, NULL, send_all, &connection);
    char *data = malloc(BIG);
    ssize_t total = 0, count;
    while ((count = recv(connection, data + total, (size_t)(BIG - total), 0)) > 0)
        total += count;
    CHECK(total == BIG);
    for (int i = 0; i < BIG; i++)
        CHECK(data[i] == (char)(i * 31 >> 5));
    free(data);
    pthread_join(sender, NULL);
    pthread_join(server, NULL);
    close(connection);
    close(listener);
    connection = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(connection, (void *)&address, sizeof address) == -1 && errno == ECONNREFUSED);
    close(connection);
    printf("tcp %d bytes there and back\n", BIG);
}

static void udp(void)
{
    int one = socket(AF_INET, SOCK_DGRAM, 0), two = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, from;
    socklen_t length = sizeof address;
    CHECK(bind(one, (void *)&address, sizeof address) == 0 && getsockname(one, (void *)&address, &length) == 0);
    CHECK(sendto(two, "datagram", 8, 0, (void *)&address, sizeof address) == 8);
    char buffer[64];
    length = sizeof from;
    CHECK(recvfrom(one, buffer, 4, MSG_TRUNC, (void *)&from, &length) == 8 && !memcmp(buffer, "data", 4));
    struct timeval brief = { 0, 20000 };
    setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    CHECK(recv(one, buffer, sizeof buffer, 0) == -1 && errno == EAGAIN);
    struct iovec parts[2] = { { "first ", 6 }, { "second", 6 } };
    struct mmsghdr messages[2] = {
        { .msg_hdr = { .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts, .msg_iovlen = 2 } },
        { .msg_hdr = { .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts + 1, .msg_iovlen = 1 } },
    };
    CHECK(sendmmsg(two, messages, 2, 0) == 2 && messages[0].msg_len == 12);
    CHECK(recv(one, buffer, sizeof buffer, 0) == 12 && recv(one, buffer, sizeof buffer, 0) == 6);
    close(one);
    close(two);
    puts("udp");
}

static void passing(void)
{
    int pair[2], pipe_ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipe_ends) == 0);
    char byte = 'f', control[CMSG_SPACE(sizeof(int) * 2)] = "";
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * 2), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(header), pipe_ends, sizeof pipe_ends);
    CHECK(sendmsg(pair[0], &message, 0) == 1);
    memset(control, 0, sizeof control);
    CHECK(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == 1);
    header = CMSG_FIRSTHDR(&message);
    CHECK(header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int) * 2));
    int passed[2];
    memcpy(passed, CMSG_DATA(header), sizeof passed);
    CHECK(passed[0] != pipe_ends[0] && (fcntl(passed[0], F_GETFD) & FD_CLOEXEC));
    char text[8];
    CHECK(write(passed[1], "through", 7) == 7 && read(pipe_ends[0], text, 8) == 7);
    struct ucred peer;
    socklen_t length = sizeof peer;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid == getpid() && peer.uid == getuid());
    close(pair[1]);
    signal(SIGPIPE, SIG_IGN);
    CHECK(write(pair[0], "x", 1) == -1 && errno == EPIPE);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    sprintf(address.sun_path, "/tmp/weft-sockets-%d", getpid());
    int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0), client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CHECK(bind(listener, (void *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    CHECK(connect(client, (void *)&address, sizeof address) == 0);
    int server = accept(listener, NULL, NULL);
    CHECK(send(client, "one", 3, 0) == 3 && send(client, "second", 6, 0) == 6);
    CHECK(recv(server, text, 8, 0) == 3 && recv(server, text, 8, 0) == 6);
    unlink(address.sun_path);
    puts("unix sockets pass descriptors and credentials");
}

static void *post_later(void *event)
{
    usleep(30000);
    uint64_t one = 1;
    CHECK(write(*(int *)event, &one, 8) == 8);
    return NULL;
}

static void waiting(void)
{
    int event = eventfd(0, EFD_NONBLOCK), set = epoll_create1(EPOLL_CLOEXEC), ends[2];
    uint64_t value;
    CHECK(pipe(ends) == 0);
    struct epoll_event wanted = { .events = EPOLLIN | EPOLLET, .data.u64 = 0xfeedfacecafe }, got[4];
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, event, &wanted) == 0);
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, event, &wanted) == -1 && errno == EEXIST);
    wanted = (struct epoll_event){ .events = EPOLLOUT, .data.fd = ends[1] };
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &wanted) == 0);
    CHECK(epoll_wait(set, got, 4, -1) == 1 && got[0].data.fd == ends[1] && got[0].events == EPOLLOUT);
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL) == 0 && epoll_wait(set, got, 4, 10) == 0);
    pthread_t thread;
    pthread_create(&thread, NULL, post_later, &event);
    CHECK(epoll_wait(set, got, 4, 10000) == 1 && got[0].data.u64 == 0xfeedfacecafe);
    pthread_join(thread, NULL);
    CHECK(epoll_wait(set, got, 4, 0) == 0); // edge-triggered: told once
    CHECK(read(event, &value, 8) == 8 && value == 1 && read(event, &value, 8) == -1 && errno == EAGAIN);
    pthread_create(&thread, NULL, post_later, &event);
    struct pollfd both[2] = { { event, POLLIN, 0 }, { ends[0], POLLIN, 0 } };
    CHECK(poll(both, 2, 10000) == 1 && both[0].revents == POLLIN && both[1].revents == 0);
    pthread_join(thread, NULL);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(event, &readable);
    FD_SET(ends[0], &readable);
    struct timeval brief = { 1, 0 };
    CHECK(select((event > ends[0] ? event : ends[0]) + 1, &readable, NULL, NULL, &brief) == 1 && FD_ISSET(event, &readable));
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int by_descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
    kill(getpid(), SIGUSR2);
    struct signalfd_siginfo info;
    CHECK(read(by_descriptor, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2);
    close(ends[1]);
    struct pollfd closed = { ends[0], POLLIN, 0 };
    CHECK(poll(&closed, 1, 1000) == 1 && closed.revents == POLLHUP);
    puts("epoll, poll, select, eventfd, signalfd");
}

static void looking_up(void)
{
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found;
    CHECK(getaddrinfo("localhost", "80", &hints, &found) == 0);
    struct sockaddr_in *address = (void *)found->ai_addr;
    printf("localhost %s %d\n", inet_ntoa(address->sin_addr), ntohs(address->sin_port));
    freeaddrinfo(found);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    tcp();
    udp();
    passing();
    waiting();
    looking_up();
    return 0;
}
