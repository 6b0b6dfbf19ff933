using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>Connection management of <see cref="RemoteAdapterVm"/>: each call is one question to the daemon.</summary>
/// <param name="client">The connection, which outlives this.</param>
/// <param name="events">The reading end of the pipe of events, owned until taken.</param>
internal sealed class RemoteConnectionChannel(WireClient client, int events) : IConnectionChannel
{
    private int _events = events;

    /// <inheritdoc/>
    public int TakeEventDescriptor() => Interlocked.Exchange(ref _events, -1);

    /// <inheritdoc/>
    public Errno Bind(ConnectionSpace space, in ServiceAddress address, bool mayShare, out uint endpoint, out ushort port)
    {
        FrameHeader frame = new() { Verb = WireVerb.ConnectionBind, First = (uint)space, Second = mayShare ? 1UL : 0 };
        Errno error = client.Ask(ref frame, BytesOf(in address), [], [], out _);
        (endpoint, port) = error == Errno.None ? ((uint)frame.First, (ushort)frame.Second) : (0, (ushort)0);
        return error;
    }

    /// <inheritdoc/>
    public Errno Listen(uint endpoint, uint backlog) => Ask(new() { Verb = WireVerb.ConnectionListen, First = endpoint, Second = backlog }, []);

    /// <inheritdoc/>
    public Errno Resolve(ConnectionSpace space, in ServiceAddress address, bool isLocal, out ushort lid, out GlobalAddress gid)
    {
        gid = default;
        FrameHeader frame = new() { Verb = WireVerb.ConnectionResolve, First = (uint)space, Second = isLocal ? 1UL : 0 };
        Errno error = client.Ask(ref frame, BytesOf(in address), [], MemoryMarshal.AsBytes(new Span<GlobalAddress>(ref gid)), out _);
        lid = error == Errno.None ? (ushort)frame.First : (ushort)0;
        return error;
    }

    /// <inheritdoc/>
    public Errno Connect(uint endpoint, in ServiceAddress source, in ServiceAddress destination, bool isLocal, in ConnectionParameters parameters)
    {
        ConnectionQuestion question = new() { Source = source, Destination = destination, Parameters = parameters };
        return Ask(new() { Verb = WireVerb.ConnectionConnect, First = endpoint, Second = isLocal ? 1UL : 0 }, BytesOf(in question));
    }

    /// <inheritdoc/>
    public Errno Accept(uint endpoint, in ConnectionParameters parameters) =>
        Ask(new() { Verb = WireVerb.ConnectionAccept, First = endpoint }, BytesOf(in parameters));

    /// <inheritdoc/>
    public Errno Reject(uint endpoint, ushort reason, in ConnectionParameters parameters) =>
        Ask(new() { Verb = WireVerb.ConnectionReject, First = endpoint, Second = reason }, BytesOf(in parameters));

    /// <inheritdoc/>
    public Errno Disconnect(uint endpoint) => Ask(new() { Verb = WireVerb.ConnectionDisconnect, First = endpoint }, []);

    /// <inheritdoc/>
    public Errno Close(uint endpoint) => Ask(new() { Verb = WireVerb.ConnectionClose, First = endpoint }, []);

    /// <summary>Closes the channel in the daemon.</summary>
    public void Dispose()
    {
        Ask(new() { Verb = WireVerb.CloseConnections }, []);
        if (TakeEventDescriptor() is >= 0 and int untaken)
            UnixSocket.Close(untaken);
    }

    private Errno Ask(FrameHeader frame, ReadOnlySpan<byte> body) => client.Ask(ref frame, body, [], [], out _);

    private static ReadOnlySpan<byte> BytesOf<T>(ref readonly T value) where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));
}
