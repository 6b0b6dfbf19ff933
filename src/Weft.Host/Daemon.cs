using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Weft.Adapter;
using Weft.Host.Api;
using Weft.Host.Cluster;
using Weft.Host.Logging;
using Weft.Vm;
using Weft.Vm.Daemon;

namespace Weft.Host;

/// <summary>The daemon: engine, VMs and HTTP interface, from lock to end.</summary>
public sealed class Daemon : IDisposable
{
    private const int AlreadyRunning = 125;
    private readonly ManualResetEventSlim _ended = new();
    private readonly ILogger _log;
    private readonly IEngine _engine;
    private readonly VmListener _listener;
    private readonly ApiServer _api;
    private string _reason = "";

    /// <summary>Serves in a directory whose lock the caller has.</summary>
    /// <param name="directory">This user's alone.</param>
    /// <param name="options">How.</param>
    /// <param name="engine">Owned from now on.</param>
    /// <param name="logs">Where to log; not owned.</param>
    /// <exception cref="IOException">A socket can't be made.</exception>
    public Daemon(string directory, DaemonOptions options, IEngine engine, ILoggerProvider logs)
    {
        _log = logs.CreateLogger("weftd");
        _engine = engine;
        _listener = new VmListener(Path.Combine(directory, DaemonFiles.Adapter), engine, options.Grace, () => End("no VM for the time of grace"), _log);
        try
        {
            _api = new ApiServer(Path.Combine(directory, DaemonFiles.Api), new Reports(options, engine, _listener), Stop, logs);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        _log.Serving(directory, options.Engine);
    }

    /// <summary>Runs a daemon until it ends. Returns the status to exit with.</summary>
    public static int Run(DaemonOptions options)
    {
        ReadyTeller teller = new(options.ReadyDescriptor);
        try
        {
            string directory = RuntimeDirectory.Open();
            using DaemonLock? mine = DaemonLock.TryTake(directory);
            if (mine is null)
            {
                teller.Tell(ReadyTeller.Taken);
                return options.ReadyDescriptor >= 0 ? AlreadyRunning : throw new IOException("another daemon runs; 'weft daemon --stop' ends it");
            }
            Directory.SetCurrentDirectory("/");
            using JsonLinesLogger logs = LogOutput.Open(options, directory);
            using Daemon daemon = new(directory, options, CreateEngine(options, logs), logs);
            using PosixSignalRegistration terminate = daemon.EndOn(PosixSignal.SIGTERM), interrupt = daemon.EndOn(PosixSignal.SIGINT);
            teller.Tell(ReadyTeller.Ready, Path.Combine(directory, DaemonFiles.Log));
            daemon.Wait();
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && options.ReadyDescriptor >= 0)
        {
            teller.Tell(exception.Message.ReplaceLineEndings(" "));
            return AlreadyRunning;
        }
    }

    /// <summary>Waits until the daemon is to end.</summary>
    public void Wait() => _ended.Wait();

    /// <summary>Asks it to end. False when VMs use it and that matters.</summary>
    public bool Stop(bool inAnyCase)
    {
        if (!_listener.TryClose(inAnyCase))
            return false;
        End("asked over the interface");
        return true;
    }

    /// <summary>Ends everything: VMs see their device fail.</summary>
    public void Dispose()
    {
        _log.Ending(_reason);
        _listener.Dispose();
        _api.Dispose();
        _engine.Dispose();
        _ended.Dispose();
    }

    private static VirtualAdapterEngine CreateEngine(DaemonOptions options, JsonLinesLogger logs)
    {
        ILogger log = logs.CreateLogger("engine");
        EngineOptions engine = new() { Mode = options.Engine, Threads = options.EngineThreads };
        if (options.Cluster is null)
            return new VirtualAdapterEngine(new VirtualAdapter(engine), log);
        ILogger news = logs.CreateLogger("cluster");
        (VirtualAdapter adapter, ClusterMembership membership) = ClusteredAdapter.Create(options.Cluster, engine, news.ClusterNews);
        return new VirtualAdapterEngine(adapter, log, membership);
    }

    private PosixSignalRegistration EndOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        End(signal.ToString());
    });

    private void End(string reason)
    {
        _reason = reason;
        _ended.Set();
    }
}
