using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>
/// Multicast groups by IP address. A group needs nobody's leave here: the answer is its GID and LID, which both follow
/// from the address, and the library joins its queue pair by them.
/// </summary>
internal static class MulticastCommands
{
    private const uint EveryMember = 0xff_ffff;

    /// <summary>struct rdma_ucm_join_ip_mcast: response, user id, address at 16, id at 44. The answer is an event of the new join's.</summary>
    internal static SyscallResult Join(in ConnectionCall call)
    {
        Errno error = SocketAddressFormat.Read(call.Payload[16..], out ServiceAddress address);
        if (error != Errno.None)
            return error;
        lock (call.Service.Lock)
        {
            error = call.Find(44, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (!id.IsDatagram || !id.HasDevice || TryMap(address) is not { } group)
                return Errno.EINVAL;
            if (call.Service.AddLocked(call.File, id.Space, call.U64(8), parent: id) is not { } join)
                return Errno.ENOMEM;
            join.RemoteGid = group;
            join.RemoteLid = LidOf(group);
            if (!call.Respond(call.U64(0), join.Number))
            {
                call.Service.RemoveLocked(join);
                return Errno.EFAULT;
            }
            ConnectionParameters told = new() { QueuePair = EveryMember, QueueKey = ConnectionService.DatagramKey };
            call.File.Add(new ConnectionNotice(join, id, ConnectionNoticeKind.MulticastJoined, 0, told, 0));
            return SyscallResult.Success;
        }
    }

    /// <summary>struct rdma_ucm_destroy_id with the join's number. Tells how many events the program was given of it.</summary>
    internal static SyscallResult Leave(in ConnectionCall call)
    {
        lock (call.Service.Lock)
        {
            Errno error = call.Find(8, out ConnectionId join);
            if (error != Errno.None)
                return error;
            if (join.Parent is null)
                return Errno.ENOENT;
            call.Service.RemoveLocked(join);
            return call.Respond(call.U64(0), join.EventsReported) ? SyscallResult.Success : Errno.EFAULT;
        }
    }

    /// <summary>The group's GID, with rdma_cm's own signature; null for an address of no group. Source: ip_ib_mc_map and cma_set_mgid of Linux.</summary>
    internal static GlobalAddress? TryMap(in ServiceAddress address)
    {
        const ulong linkLocalOfCm = 0xff12_4001_ffffUL << 16, linkLocalOfCm6 = 0xff10_6001_ffffUL << 16, scopeMask = 0xfUL << 48;
        const uint version4Group = 0xe, version4Bits = 0x0fff_ffff;
        const int groupByte = 0xff;
        if (address.IsVersion4 != 0)
            return (uint)address.Address.Interface >> 28 == version4Group ? new GlobalAddress(linkLocalOfCm, address.Address.Interface & version4Bits) : null;
        if (address.Address.Prefix >> 56 != groupByte)
            return null;
        // Bytes 6 to 15 of the address; its scope is the group's.
        return new GlobalAddress(linkLocalOfCm6 | address.Address.Prefix & scopeMask | address.Address.Prefix & 0xffff, address.Address.Interface);
    }

    /// <summary>One of the LIDs of groups, the same on every host.</summary>
    private static ushort LidOf(in GlobalAddress group)
    {
        const ushort first = 0xc000, mask = 0x3ffe;
        ulong mixed = (group.Prefix ^ group.Interface) * 0x9e37_79b9_7f4a_7c15;
        return (ushort)(first | mixed >> 48 & mask);
    }
}
