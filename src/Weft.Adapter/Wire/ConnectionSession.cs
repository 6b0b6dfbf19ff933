using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>What one VM asks of connection management: lengths are checked here, endpoints by the manager.</summary>
/// <remarks>One thread. Disposing it closes the VM's channel.</remarks>
internal sealed class ConnectionSession(IAdapterVm vm, FrameChannel channel) : IDisposable
{
    private IConnectionChannel? _connections;

    /// <summary>Whether a verb is one of these.</summary>
    internal static bool Knows(WireVerb verb) => verb is >= WireVerb.OpenConnections and <= WireVerb.ConnectionClose;

    /// <summary>Does it. On success the frame is the answer. EPROTO for what no honest VM asks.</summary>
    internal Errno Do(ref FrameHeader frame, out int returned)
    {
        returned = -1;
        if (frame.LengthBytes != BodyBytes(frame.Verb) || frame.First > uint.MaxValue || frame.Second > uint.MaxValue)
            return Errno.EPROTO;
        frame.LengthBytes = 0;
        if (frame.Verb == WireVerb.OpenConnections)
            return Open(out returned);
        if (_connections is not { } connections)
            return Errno.EINVAL;
        uint endpoint = (uint)frame.First;
        switch (frame.Verb)
        {
            case WireVerb.CloseConnections:
                Dispose();
                return Errno.None;
            case WireVerb.ConnectionBind:
                Errno bound = connections.Bind((ConnectionSpace)frame.First, Body<ServiceAddress>(), frame.Second != 0, out uint made, out ushort port);
                (frame.First, frame.Second) = (made, port);
                return bound;
            case WireVerb.ConnectionResolve:
                return Resolve(connections, ref frame);
            case WireVerb.ConnectionConnect:
                ConnectionQuestion question = Body<ConnectionQuestion>();
                return Checked(question.Parameters)
                    ? connections.Connect(endpoint, question.Source, question.Destination, frame.Second != 0, question.Parameters) : Errno.EPROTO;
            case WireVerb.ConnectionAccept or WireVerb.ConnectionReject:
                ConnectionParameters told = Body<ConnectionParameters>();
                return !Checked(told) || frame.Second > ushort.MaxValue ? Errno.EPROTO
                    : frame.Verb == WireVerb.ConnectionAccept ? connections.Accept(endpoint, told) : connections.Reject(endpoint, (ushort)frame.Second, told);
            case WireVerb.ConnectionListen:
                return connections.Listen(endpoint, (uint)frame.Second);
            case WireVerb.ConnectionDisconnect:
                return connections.Disconnect(endpoint);
            default:
                return connections.Close(endpoint);
        }
    }

    /// <summary>Closes the channel.</summary>
    public void Dispose()
    {
        _connections?.Dispose();
        _connections = null;
    }

    private Errno Open(out int returned)
    {
        returned = -1;
        if (_connections is not null)
            return Errno.EBUSY;
        Errno error = vm.OpenConnections(out _connections);
        if (error == Errno.None)
            returned = _connections!.TakeEventDescriptor();
        return error;
    }

    private Errno Resolve(IConnectionChannel connections, ref FrameHeader frame)
    {
        Errno error = connections.Resolve((ConnectionSpace)frame.First, Body<ServiceAddress>(), frame.Second != 0, out ushort lid, out GlobalAddress gid);
        frame.First = lid;
        if (error != Errno.None)
            return error;
        MemoryMarshal.Write(channel.Payload, in gid);
        frame.LengthBytes = (uint)Unsafe.SizeOf<GlobalAddress>();
        return Errno.None;
    }

    private static bool Checked(in ConnectionParameters told) => told.PrivateBytes <= PrivateData.MostBytes;

    private T Body<T>() where T : unmanaged => MemoryMarshal.Read<T>(channel.Payload);

    private static uint BodyBytes(WireVerb verb) => (uint)(verb switch
    {
        WireVerb.ConnectionBind or WireVerb.ConnectionResolve => Unsafe.SizeOf<ServiceAddress>(),
        WireVerb.ConnectionConnect => Unsafe.SizeOf<ConnectionQuestion>(),
        WireVerb.ConnectionAccept or WireVerb.ConnectionReject => Unsafe.SizeOf<ConnectionParameters>(),
        _ => 0,
    });
}
