using Microsoft.Extensions.Logging;
using Weft.Adapter;
using Weft.Adapter.Wire;
using Weft.Host.Logging;
using Weft.Vm.Daemon;

namespace Weft.Host.Tests.Daemons;

/// <summary>A daemon in this process, in a directory of its own.</summary>
internal sealed class RunningDaemon : IDisposable
{
    private readonly string? _before = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
    private readonly string _session = Directory.CreateTempSubdirectory("weftd-").FullName;
    private readonly MemoryStream _log = new();

    internal RunningDaemon(TimeSpan? grace = null)
    {
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", _session);
        Place = Vm.RuntimeDirectory.Open();
        Daemon = new Daemon(Place, new DaemonOptions { Grace = grace }, Engine, new JsonLinesLogger(_log, LogLevel.Information, TimeProvider.System));
    }

    internal FakeEngine Engine { get; } = new();

    internal Daemon Daemon { get; }

    internal string Place { get; }

    internal string LogText => System.Text.Encoding.UTF8.GetString(_log.ToArray());

    internal RemoteAdapterVm Join(string name = "vm")
    {
        int arena = Descriptors.Arena(1 << 20), bell = Descriptors.Event();
        try
        {
            int socket = (int)UnixSocket.Connect(Path.Combine(Place, DaemonFiles.Adapter));
            Assert.True(socket >= 0);
            return RemoteAdapterVm.Join(socket, new VmIdentity(0, name, "prog"), arena, 1 << 20, bell, _ => true);
        }
        finally
        {
            Descriptors.Close(arena, bell);
        }
    }

    public void Dispose()
    {
        Daemon.Dispose();
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", _before);
        Directory.Delete(_session, true);
    }
}
