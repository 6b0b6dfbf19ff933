using Microsoft.Extensions.Logging;
using Weft.Adapter.Wire;
using Weft.Host.Logging;
using Weft.Native;

namespace Weft.Host;

/// <summary>Takes VMs on the adapter's socket, a thread each, and knows when the last one has gone.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VmListener : IDisposable
{
    private const int StackBytes = 512 << 10;
    private readonly Lock _lock = new();
    private readonly List<VmConnection> _connections = [];
    private readonly IEngine _engine;
    private readonly ILogger _log;
    private readonly string _path;
    private readonly int _socket;
    private readonly Thread _accepting;
    private readonly Timer? _grace;
    private readonly TimeSpan _graceTime;
    private readonly Action _idle;
    private bool _isClosing;

    /// <summary>Listens; the time of grace begins.</summary>
    /// <param name="path">The socket's path; what lies there is replaced.</param>
    /// <param name="engine">Not owned.</param>
    /// <param name="grace">How long to stay without VMs; null for ever.</param>
    /// <param name="idle">Called once when that is over; no VM is taken any more then.</param>
    /// <param name="log">What happens.</param>
    /// <exception cref="IOException">The path can't be listened on.</exception>
    internal VmListener(string path, IEngine engine, TimeSpan? grace, Action idle, ILogger log)
    {
        (_path, _engine, _idle, _log) = (path, engine, idle, log);
        long socket = UnixSocket.Listen(path);
        if (socket < 0)
            throw new IOException($"'{path}' can't be listened on ({Linux.ErrorText.Of((Errno)(-socket))}); set XDG_RUNTIME_DIR to a shorter path of your own");
        _socket = (int)socket;
        _graceTime = grace ?? Timeout.InfiniteTimeSpan;
        if (grace is not null)
            _grace = new Timer(_ => EndWhenIdle(), null, _graceTime, Timeout.InfiniteTimeSpan);
        _accepting = new Thread(Accept, StackBytes) { Name = "vm-accept", IsBackground = true };
        _accepting.Start();
    }

    /// <summary>The VMs that are joined or joining.</summary>
    internal VmConnection[] Connections
    {
        get
        {
            lock (_lock)
                return [.. _connections];
        }
    }

    /// <summary>Takes no more VMs when there are none, or in any case. False when there are some and that matters.</summary>
    internal bool TryClose(bool inAnyCase)
    {
        lock (_lock)
        {
            if (_connections.Count > 0 && !inAnyCase)
                return false;
            if (_isClosing)
                return true;
            _isClosing = true;
        }
        // Whoever is connected but not taken yet sees the end, and starts another daemon.
        UnixSocket.Shutdown(_socket);
        File.Delete(_path);
        return true;
    }

    /// <summary>Ends all connections and waits for them.</summary>
    public void Dispose()
    {
        TryClose(true);
        _accepting.Join();
        UnixSocket.Close(_socket);
        foreach (VmConnection connection in Connections)
            connection.Stop();
        foreach (VmConnection connection in Connections)
            connection.Wait();
        _grace?.Dispose();
    }

    private void EndWhenIdle()
    {
        if (TryClose(false))
            _idle();
    }

    private void Accept()
    {
        const int outOfResourcesPauseMs = 100;
        for (; ; )
        {
            long socket = UnixSocket.Accept(_socket);
            lock (_lock)
                if (_isClosing)
                {
                    if (socket >= 0)
                        UnixSocket.Close((int)socket);
                    return;
                }
            if (socket >= 0)
                Take((int)socket);
            else if (socket != -(long)Errno.ECONNABORTED)
            {
                _log.AcceptFailed((Errno)(-socket));
                using ManualResetEventSlim pause = new();
                pause.Wait(outOfResourcesPauseMs);
            }
        }
    }

    private void Take(int socket)
    {
        if (UnixSocket.PeerOf(socket) is not { } peer || peer.UserId != 0 && peer.UserId != HostStubs.CallQuick(SystemCall.Geteuid))
        {
            _log.StrangerRefused();
            UnixSocket.Close(socket);
            return;
        }
        VmConnection connection = new(socket, peer.ProcessId, _engine, _log, Left);
        lock (_lock)
        {
            _connections.Add(connection);
            _grace?.Change(Timeout.Infinite, Timeout.Infinite);
        }
        connection.Start(StackBytes);
    }

    private void Left(VmConnection connection)
    {
        lock (_lock)
        {
            _connections.Remove(connection);
            if (_connections.Count == 0)
                _grace?.Change(_graceTime, Timeout.InfiniteTimeSpan);
        }
    }
}
