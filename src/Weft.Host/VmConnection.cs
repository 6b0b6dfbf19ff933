using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Wire;
using Weft.Host.Logging;
using Weft.Native;

namespace Weft.Host;

/// <summary>One VM's connection, served by a thread of its own.</summary>
internal sealed class VmConnection
{
    private readonly IEngine _engine;
    private readonly ILogger _log;
    private readonly Action<VmConnection> _left;
    private readonly long _began = Stopwatch.GetTimestamp();
    private Thread? _thread;
    private VmIdentity? _identity;

    /// <param name="socket">Owned from now on.</param>
    /// <param name="processId">Who connected.</param>
    /// <param name="engine">Not owned.</param>
    /// <param name="log">What happens.</param>
    /// <param name="left">Called on the connection's thread when it is over.</param>
    internal VmConnection(int socket, int processId, IEngine engine, ILogger log, Action<VmConnection> left)
    {
        (_engine, _log, _left) = (engine, log, left);
        Server = new AdapterServer(socket, processId, Join, new ServerLimits());
    }

    /// <summary>Counts its calls.</summary>
    internal AdapterServer Server { get; }

    /// <summary>Who it is; null while it has not said.</summary>
    internal VmIdentity? Identity => Volatile.Read(ref _identity);

    /// <summary>How long it has been there.</summary>
    internal TimeSpan Age => Stopwatch.GetElapsedTime(_began);

    /// <summary>Serves it from now on.</summary>
    internal void Start(int stackBytes)
    {
        _thread = new Thread(Serve, stackBytes) { Name = "vm", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Ends it soon.</summary>
    internal void Stop() => Server.Stop();

    /// <summary>Waits for its end.</summary>
    internal void Wait() => _thread?.Join();

    private void Serve()
    {
        try
        {
            Server.Serve();
        }
        catch (Exception exception)
        {
            // One VM's trouble must not end the others.
            _log.ConnectionFailed(exception, Identity?.ProcessId ?? 0);
        }
        _left(this);
        if (Identity is { } identity)
            _log.VmLeft(identity.ProcessId, identity.Program, Server.Calls);
    }

    private Errno Join(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm)
    {
        Errno error = _engine.Join(identity, arenaDescriptor, arenaBytes, doorbell, out vm);
        if (error == Errno.None)
        {
            Volatile.Write(ref _identity, identity);
            _log.VmJoined(identity.ProcessId, identity.Program, identity.Name);
        }
        else
            _log.VmRefused(identity.ProcessId, error);
        return error;
    }
}
