// The figure that links are held against: a TCP ping-pong whose two ends spin (MSG_DONTWAIT, TCP_NODELAY).
//   tcp_ping serve ADDRESS PORT BYTES          answers one client, then ends
//   tcp_ping ADDRESS PORT BYTES COUNT          prints half a round trip in microseconds: median, mean and 99th percentile
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int move(int fd, char *bytes, size_t length, int is_send)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = is_send ? send(fd, bytes + done, length - done, MSG_DONTWAIT | MSG_NOSIGNAL) : recv(fd, bytes + done, length - done, MSG_DONTWAIT);
        if (count > 0)
            done += count;
        else if (count == 0)
            return -1;
    }
    return 0;
}

static int compare(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return difference < 0 ? -1 : difference > 0;
}

int main(int count, char **words)
{
    int is_server = count == 5 && !strcmp(words[1], "serve"), one = 1;
    if (!is_server && count != 5)
        return 2;
    char **rest = words + 1 + is_server;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(rest[1]))};
    inet_pton(AF_INET, rest[0], &address.sin_addr);
    size_t length = atol(rest[2]);
    char *bytes = calloc(1, length);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (is_server) {
        if (bind(fd, (void *)&address, sizeof address) || listen(fd, 1))
            return perror("tcp_ping"), 1;
        fd = accept(fd, 0, 0);
    } else if (connect(fd, (void *)&address, sizeof address))
        return perror("tcp_ping"), 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (is_server) {
        while (!move(fd, bytes, length, 0) && !move(fd, bytes, length, 1))
            ;
        return 0;
    }
    int rounds = atoi(rest[3]);
    double *each = calloc(rounds, sizeof *each), sum = 0;
    for (int round = -100; round < rounds; round++) {
        double since = now_us();
        if (move(fd, bytes, length, 1) || move(fd, bytes, length, 0))
            return 1;
        if (round >= 0)
            sum += each[round] = (now_us() - since) / 2;
    }
    qsort(each, rounds, sizeof *each, compare);
    printf("%.1f %.1f %.1f\n", each[rounds / 2], sum / rounds, each[rounds * 99 / 100]);
    return 0;
}
