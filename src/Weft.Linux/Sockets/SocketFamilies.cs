using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>Which sockets a program may make.</summary>
internal static class SocketFamilies
{
    private const int NetlinkRdma = 20;

    /// <summary>Whether it is the RDMA netlink, which is the VMM's own.</summary>
    internal static bool IsRdma(int family, int protocol) => family == SocketFlags.FamilyNetlink && protocol == NetlinkRdma;

    /// <summary>None, or what socket(2) answers.</summary>
    internal static Errno Check(Kernel kernel, int family, int protocol)
    {
        const int sctp = 132;
        switch (family)
        {
            case SocketFlags.FamilyUnix:
            case SocketFlags.FamilyCrypto:
                return Errno.None;
            // Its options hand out descriptors that nobody would translate.
            case SocketFlags.FamilyInternet or SocketFlags.FamilyInternet6 when protocol == sctp:
            case SocketFlags.FamilyNetlink when protocol == NetlinkRdma:
                return Errno.EPROTONOSUPPORT;
            case SocketFlags.FamilyInternet or SocketFlags.FamilyInternet6 or SocketFlags.FamilyNetlink or SocketFlags.FamilyPacket:
                return kernel.HasAnyNetwork ? Errno.None : Errno.EAFNOSUPPORT;
            default:
                return Errno.EAFNOSUPPORT;
        }
    }
}
