using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Weft.Host.Tests.Cluster;

/// <summary>A real etcd on loopback with a directory of its own, for one test.</summary>
internal sealed class EtcdServer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weft-etcd-").FullName;
    private readonly int _port = FreePort(), _peerPort = FreePort();
    private Process? _process;

    internal EtcdServer() => Start();

    /// <summary>Why such tests can't run here; null when they can.</summary>
    internal static string? Missing => File.Exists("/usr/bin/etcd") ? null : "etcd is not installed (apt install etcd-server)";

    internal string Address => $"etcd://127.0.0.1:{_port}";

    internal void Start()
    {
        string client = $"http://127.0.0.1:{_port}", peer = $"http://127.0.0.1:{_peerPort}";
        ProcessStartInfo start = new("/usr/bin/etcd",
        [
            "--data-dir", _directory, "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}", "--logger", "zap", "--log-outputs", Path.Combine(_directory, "log"),
        ])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        for (Stopwatch clock = Stopwatch.StartNew(); !Answers();)
        {
            if (_process.HasExited || clock.Elapsed.TotalSeconds > 20)
                throw new InvalidOperationException("etcd does not start: " + _process.StandardError.ReadToEnd());
            Thread.Sleep(50);
        }
    }

    internal void Stop()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_directory, recursive: true);
    }

    private bool Answers()
    {
        try
        {
            using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(1) };
            return client.GetStringAsync($"http://127.0.0.1:{_port}/health").GetAwaiter().GetResult().Contains("true", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
