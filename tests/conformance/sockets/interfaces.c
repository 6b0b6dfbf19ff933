// Network interfaces as programs look at them: ioctls, netlink, /proc/net.
#include "check.h"
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

TEST(interface_ioctls)
{
    struct ifreq r = { 0 };
    struct ifconf conf;
    char space[4096];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(r.ifr_name, "lo");
    EXPECT_OK(ioctl(fd, SIOCGIFFLAGS, &r));
    EXPECT_EQ(r.ifr_flags & (IFF_LOOPBACK | IFF_UP), IFF_LOOPBACK | IFF_UP);
    EXPECT_OK(ioctl(fd, SIOCGIFMTU, &r));
    EXPECT(r.ifr_mtu >= 1500);
    EXPECT_OK(ioctl(fd, SIOCGIFINDEX, &r));
    EXPECT_EQ(r.ifr_ifindex, (int)if_nametoindex("lo"));
    EXPECT_OK(ioctl(fd, SIOCGIFADDR, &r));
    EXPECT(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    conf.ifc_len = sizeof space;
    conf.ifc_buf = space;
    EXPECT_OK(ioctl(fd, SIOCGIFCONF, &conf));
    EXPECT(conf.ifc_len >= (int)sizeof(struct ifreq));
    strcpy(r.ifr_name, "none0");
    EXPECT_ERRNO(ioctl(fd, SIOCGIFMTU, &r), ENODEV);
    EXPECT_ERRNO(ioctl(fd, SIOCGIFMTU, BAD), EFAULT);
    close(fd);
}

TEST(ethtool_answers_or_refuses)
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
    struct ifreq r = { .ifr_data = (void *)&info };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(r.ifr_name, "lo");
    int result = ioctl(fd, SIOCETHTOOL, &r);
    EXPECT(result == 0 || errno == EOPNOTSUPP);
    strcpy(r.ifr_name, "none0");
    EXPECT_ERRNO(ioctl(fd, SIOCETHTOOL, &r), ENODEV);
    close(fd);
}

// Asks netlink for a dump and counts messages of a type; sets found when the loopback interface is among them.
static int dump(int request, int wanted, bool *found)
{
    struct { struct nlmsghdr h; struct rtgenmsg g; } ask = { { sizeof ask, (uint16_t)request, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 }, { AF_UNSPEC } };
    static char reply[1 << 16];
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), count = 0;
    struct sockaddr_nl self = { .nl_family = AF_NETLINK };
    bool finished = false;
    if (fd < 0 || bind(fd, (void *)&self, sizeof self) != 0 || send(fd, &ask, sizeof ask, 0) != sizeof ask)
        return -1;
    while (!finished) {
        ssize_t n = recv(fd, reply, sizeof reply, 0);
        if (n <= 0)
            return -1;
        for (struct nlmsghdr *h = (void *)reply; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
            finished |= h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
            if (h->nlmsg_type == wanted) {
                count++;
                if (wanted == RTM_NEWLINK && ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_flags & IFF_LOOPBACK)
                    *found = true;
            }
        }
    }
    close(fd);
    return count;
}

TEST(netlink_lists_links)
{
    bool loopback = false;
    EXPECT(dump(RTM_GETLINK, RTM_NEWLINK, &loopback) >= 1);
    EXPECT(loopback);
}

TEST(netlink_lists_addresses)
{
    bool unused = false;
    EXPECT(dump(RTM_GETADDR, RTM_NEWADDR, &unused) >= 1);
}

TEST(netlink_names_its_socket)
{
    struct sockaddr_nl a = { .nl_family = AF_NETLINK };
    socklen_t n = sizeof a;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    EXPECT_OK(bind(fd, (void *)&a, sizeof a));
    EXPECT_OK(getsockname(fd, (void *)&a, &n));
    EXPECT_EQ(n, sizeof a);
    EXPECT(a.nl_pid != 0);
    close(fd);
}

TEST(if_nameindex_finds_loopback)
{
    bool found = false;
    struct if_nameindex *all = if_nameindex();
    REQUIRE(all);
    for (struct if_nameindex *i = all; i->if_name; i++)
        found |= strcmp(i->if_name, "lo") == 0;
    EXPECT(found);
    if_freenameindex(all);
}

TEST(proc_net_files)
{
    char text[8192];
    slurp("/proc/net/dev", text, sizeof text);
    EXPECT(strstr(text, "lo:") != NULL);
    slurp("/proc/net/route", text, sizeof text);
    EXPECT(strncmp(text, "Iface", 5) == 0);
}

MAIN()
