using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>
/// The VM's end of <see cref="SocketDoorbell"/>: a thread that does what the daemon asks, and notices when the daemon is gone.
/// </summary>
/// <remarks>Owns the socket; its thread closes it.</remarks>
internal sealed class DoorbellResponder
{
    private const int NoSignal = 0x4000;
    private readonly int _socket;
    private readonly Func<bool, bool> _setTrapping;
    private readonly Action _gone;

    /// <summary>Starts the thread.</summary>
    /// <param name="socket">The control socket, owned from now on.</param>
    /// <param name="setTrapping">Makes the page trap or plain memory; true once that is in force.</param>
    /// <param name="gone">Called once, on the thread, when the socket is closed or broken.</param>
    internal DoorbellResponder(int socket, Func<bool, bool> setTrapping, Action gone)
    {
        const int stackBytes = 256 << 10;
        (_socket, _setTrapping, _gone) = (socket, setTrapping, gone);
        new Thread(Serve, stackBytes) { IsBackground = true, Name = "weft-doorbell" }.Start();
    }

    /// <summary>Ends the thread soon.</summary>
    internal void Stop() => UnixSocket.Shutdown(_socket);

    private void Serve()
    {
        using NativeBuffer buffer = new(1);
        long at = (long)buffer.Address.Value;
        for (; ; )
        {
            long got = HostStubs.Call(SystemCall.Recvfrom, _socket, at, 1);
            if (got == -(long)Errno.EINTR)
                continue;
            if (got != 1 || buffer.Span[0] is not (SocketDoorbell.Trap or SocketDoorbell.Plain))
                break;
            if (!_setTrapping(buffer.Span[0] == SocketDoorbell.Trap))
                buffer.Span[0] = SocketDoorbell.Failed;
            if (HostStubs.Call(SystemCall.Sendto, _socket, at, 1, NoSignal) != 1)
                break;
        }
        _gone();
        UnixSocket.Close(_socket);
    }
}
