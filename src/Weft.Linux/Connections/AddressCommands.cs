using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>Where an id is, and the way to another: bind, resolve, listen.</summary>
internal static class AddressCommands
{
    private const int FirstOfAll = 1024;

    /// <summary>struct rdma_ucm_bind_ip: address at 8, id at 36. ENODEV for an address that is not this host's.</summary>
    internal static SyscallResult Bind(in ConnectionCall call)
    {
        Errno error = SocketAddressFormat.Read(call.Payload[8..], out ServiceAddress address);
        if (error == Errno.None && !address.IsAny && !HostAddresses.IsLocal(address))
            error = Errno.ENODEV;
        if (error != Errno.None)
            return error;
        lock (call.Service.Lock)
        {
            error = call.Find(36, out ConnectionId id);
            return error != Errno.None ? error : BindLocked(call.Service, id, address);
        }
    }

    /// <summary>struct rdma_ucm_resolve_ip: source at 0, destination at 28, id at 56. The answer is an event.</summary>
    internal static SyscallResult Resolve(in ConnectionCall call)
    {
        ServiceAddress source = default;
        bool hasSource = SocketAddressFormat.IsGiven(call.Payload);
        Errno error = SocketAddressFormat.Read(call.Payload[28..], out ServiceAddress destination);
        if (error == Errno.None && hasSource)
            error = SocketAddressFormat.Read(call.Payload, out source);
        if (error != Errno.None)
            return error;
        if (destination.IsAny)
            destination = Loopback(destination);
        bool isHere = HostAddresses.IsLocal(destination), isReachable = HostAddresses.TryFindSource(destination, out ServiceAddress chosen);
        lock (call.Service.Lock)
        {
            error = call.Find(56, out ConnectionId id);
            if (error == Errno.None && id.Endpoint == 0)
                error = BindLocked(call.Service, id, hasSource && !source.IsAny ? source : chosen with { Port = source.Port });
            if (error != Errno.None)
                return error;
            if (id.Local.IsAny)
                id.Local = chosen with { Port = id.Local.Port };
            ushort lid = 0;
            GlobalAddress gid = default;
            error = isReachable || isHere ? call.Service.Channel.Resolve(id.Space, destination, isHere, out lid, out gid) : Errno.ENETUNREACH;
            if (error == Errno.None)
            {
                id.Remote = destination;
                id.IsRemoteHere = isHere;
                id.RemoteLid = lid;
                id.RemoteGid = gid;
                id.HasDevice = true;
            }
            ConnectionService.TellLocked(id, error == Errno.None ? ConnectionNoticeKind.AddressResolved : ConnectionNoticeKind.AddressError, -(int)error);
            return SyscallResult.Success;
        }
    }

    internal static SyscallResult ResolveRoute(in ConnectionCall call)
    {
        lock (call.Service.Lock)
        {
            Errno error = call.Find(0, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (id.Remote == default)
                return Errno.EINVAL;
            id.HasRoute = true;
            ConnectionService.TellLocked(id, ConnectionNoticeKind.RouteResolved);
            return SyscallResult.Success;
        }
    }

    /// <summary>struct rdma_ucm_listen: id, backlog. An id that is nowhere is put at every address.</summary>
    internal static SyscallResult Listen(in ConnectionCall call)
    {
        lock (call.Service.Lock)
        {
            Errno error = call.Find(0, out ConnectionId id);
            if (error == Errno.None && id.Endpoint == 0)
                error = BindLocked(call.Service, id, ServiceAddress.Version4(0, 0));
            if (error == Errno.None)
                error = call.Service.Channel.Listen(id.Endpoint, call.U32(4));
            if (error == Errno.None)
                id.IsListening = true;
            return error;
        }
    }

    private static Errno BindLocked(ConnectionService service, ConnectionId id, in ServiceAddress address)
    {
        if (id.Endpoint != 0)
            return Errno.EINVAL;
        if (address.Port is > 0 and < FirstOfAll && HostStubs.CallQuick(SystemCall.Geteuid) != 0)
            return Errno.EACCES;
        Errno error = service.Channel.Bind(id.Space, address, id.MayShare, out uint endpoint, out ushort port);
        if (error != Errno.None)
            return error;
        id.Local = address with { Port = port };
        id.HasDevice = !address.IsEverywhere;
        service.NameEndpointLocked(id, endpoint);
        return Errno.None;
    }

    private static ServiceAddress Loopback(in ServiceAddress any)
    {
        const uint loopback4 = 0x7f00_0001;
        return any.IsVersion4 != 0 ? ServiceAddress.Version4(loopback4, any.Port) : any with { Address = new GlobalAddress(0, 1) };
    }
}
