using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>
/// The adapter as a VM's kernel reaches it: over a connection to the daemon. When the daemon is gone, calls end with EIO
/// and every context gets a DEVICE_FATAL event.
/// </summary>
/// <remarks>Thread-safe. Owns the connection; the VM's death closes it too.</remarks>
public sealed class RemoteAdapterVm : IAdapterVm
{
    private readonly Lock _lock = new();
    private readonly WireClient _client;
    private readonly DoorbellResponder _responder;
    private readonly HashSet<RemoteAdapterContext> _contexts = [];
    private readonly DeviceAttributes _device;
    private bool _isGone, _isDisposed;

    private RemoteAdapterVm(WireClient client, int control, int farControl, Func<bool, bool> setTrapping, Greeting greeting)
    {
        _client = client;
        _responder = new DoorbellResponder(control, setTrapping, OnGone);
        try
        {
            _device = Greet(greeting, farControl);
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            UnixSocket.Close(farControl);
        }
    }

    /// <inheritdoc/>
    public DeviceAttributes Device => _device;

    internal WireClient Client => _client;

    /// <summary>Introduces the VM to the daemon and hands over its memory.</summary>
    /// <param name="socket">Connected to the daemon; owned from now on, also when this fails.</param>
    /// <param name="identity">Who the VM is; the daemon takes the process id from the host's kernel.</param>
    /// <param name="arenaDescriptor">The memfd of the VM's arena, sealed against shrinking. Not owned.</param>
    /// <param name="arenaBytes">Its size.</param>
    /// <param name="doorbellEvent">The eventfd that the page fires while it traps. Not owned.</param>
    /// <param name="setTrapping">Makes the doorbell page trap or plain memory, true once that is in force. Called on a thread of this object's.</param>
    /// <exception cref="IOException">The daemon refuses or is gone; one line.</exception>
    public static RemoteAdapterVm Join(
        int socket, VmIdentity identity, int arenaDescriptor, ulong arenaBytes, int doorbellEvent, Func<bool, bool> setTrapping)
    {
        FrameChannel channel = new(socket);
        (int Near, int Far) control;
        try
        {
            control = UnixSocket.Pair();
        }
        catch (IOException)
        {
            channel.Dispose();
            throw;
        }
        return new RemoteAdapterVm(new WireClient(channel), control.Near, control.Far, setTrapping,
            new Greeting(identity, arenaDescriptor, arenaBytes, doorbellEvent));
    }

    /// <inheritdoc/>
    public Errno AttachMemory(int descriptor, bool isWritable, out int source)
    {
        FrameHeader frame = new() { Verb = WireVerb.AttachMemory, First = isWritable ? 1UL : 0 };
        Errno error = _client.Ask(ref frame, [], [], [], out _, descriptor);
        source = error == Errno.None ? (int)frame.First : 0;
        return error;
    }

    /// <inheritdoc/>
    public Errno DetachMemory(int source)
    {
        FrameHeader frame = new() { Verb = WireVerb.DetachMemory, First = (uint)source };
        return _client.Ask(ref frame);
    }

    /// <inheritdoc/>
    public TrafficCounts CountTraffic()
    {
        TrafficCounts counts = default;
        FrameHeader frame = new() { Verb = WireVerb.CountTraffic };
        _client.Ask(ref frame, [], [], MemoryMarshal.AsBytes(new Span<TrafficCounts>(ref counts)), out _);
        return counts;
    }

    /// <inheritdoc/>
    public Errno OpenContext(out IAdapterContext? context)
    {
        context = null;
        FrameHeader frame = new() { Verb = WireVerb.OpenContext };
        Errno error = _client.Ask(ref frame, [], [], [], out int events);
        if (error != Errno.None)
            return error;
        RemoteAdapterContext opened = new(this, (uint)frame.First, events);
        bool isGone;
        lock (_lock)
        {
            isGone = _isGone;
            _contexts.Add(opened);
        }
        // The thread that tells contexts of the end has either seen this one or is done.
        if (isGone)
            opened.TellGone();
        context = opened;
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno OpenConnections(out IConnectionChannel? connections)
    {
        connections = null;
        FrameHeader frame = new() { Verb = WireVerb.OpenConnections };
        Errno error = _client.Ask(ref frame, [], [], [], out int events);
        if (error == Errno.None)
            connections = new RemoteConnectionChannel(_client, events);
        return error;
    }

    /// <summary>Leaves the daemon, which frees all that the VM had.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        _responder.Stop();
        _client.Dispose();
    }

    internal void Forget(RemoteAdapterContext context)
    {
        lock (_lock)
            _contexts.Remove(context);
    }

    private DeviceAttributes Greet(Greeting greeting, int farControl)
    {
        DeviceAttributes device = default;
        byte[] payload = new byte[1 << 10];
        FrameHeader frame = Hello.Write(greeting.Identity, greeting.ArenaBytes, payload);
        Errno error = _client.Ask(ref frame, payload.AsSpan(0, (int)frame.LengthBytes), [], MemoryMarshal.AsBytes(new Span<DeviceAttributes>(ref device)),
            out _, greeting.ArenaDescriptor, greeting.DoorbellEvent, farControl);
        return error switch
        {
            Errno.None => device,
            Errno.EPROTO => throw new IOException("the running weftd is of another version; stop it (weft daemon --stop) and try again"),
            Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE => throw new IOException("weftd has no room for another VM; end one, or raise its limits (ulimit -n)"),
            Errno.EIO => throw new IOException("weftd closed the connection; 'weft daemon --foreground --verbose' says why"),
            _ => throw new IOException($"weftd refuses the VM ({error}); 'weft daemon --foreground --verbose' says why"),
        };
    }

    private void OnGone()
    {
        RemoteAdapterContext[] contexts;
        lock (_lock)
        {
            _isGone = true;
            if (_isDisposed)
                return;
            contexts = [.. _contexts];
        }
        _client.Break();
        foreach (RemoteAdapterContext context in contexts)
            context.TellGone();
    }

    private sealed record Greeting(VmIdentity Identity, int ArenaDescriptor, ulong ArenaBytes, int DoorbellEvent);
}
