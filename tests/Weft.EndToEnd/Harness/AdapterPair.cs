using System.Diagnostics;
using System.Globalization;

namespace Weft.EndToEnd.Harness;

/// <summary>
/// Runs servers and clients in VMs with an RDMA adapter each, by a weftd of their own: nothing that runs on this host
/// already is seen or disturbed. Disposing ends that daemon. Safe for one user at a time.
/// </summary>
internal sealed class AdapterPair : IAsyncDisposable
{
    // Generous: a program that polls shares two cores with its peer, the engine and whatever else runs here.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static int _lastPort = 19000 + (Environment.ProcessId % 600 * 20);

    private readonly TemporaryFolder _folder = new();
    private readonly string _engine;

    /// <param name="engine">The engine's way: <c>auto</c>, <c>poll</c> or <c>event</c>.</param>
    public AdapterPair(string engine) => _engine = engine;

    /// <summary>The process id of the daemon that serves now.</summary>
    public async Task<string> ReadDaemonIdAsync()
    {
        // Not by File: it takes a lock of its own, beside the daemon's.
        Outcome outcome = await Runs.OnceAsync(new Command("/bin/cat", Path.Combine(_folder.Path, "weft/weftd.lock")));
        Assert.True(outcome is { Status: 0, Output.Length: > 0 }, outcome.Describe());
        return outcome.Output;
    }

    /// <summary>A path for a Unix socket that no other case uses.</summary>
    public string NewSocket() => Path.Combine(_folder.Path, Guid.NewGuid().ToString("N")[..8]);

    /// <summary>A port that no other case of this process uses.</summary>
    public static string NewPort() => Interlocked.Increment(ref _lastPort).ToString(CultureInfo.InvariantCulture);

    /// <summary>The command in a VM with an adapter, with these options of <c>weft run</c> besides.</summary>
    public Command Vm(string[] program, params string[] options) =>
        new(WeftBinary.Path, ["run", $"--adapter={_engine}", .. options, "--", .. program])
        {
            Environment = new Dictionary<string, string> { ["XDG_RUNTIME_DIR"] = _folder.Path, ["UCX_WARN_UNUSED_ENV_VARS"] = "n" },
            Timeout = Patience,
        };

    /// <summary>Another command of weft, towards the same daemon.</summary>
    public Task<Outcome> WeftAsync(params string[] words) =>
        Runs.OnceAsync(new Command(WeftBinary.Path, words) { Environment = new Dictionary<string, string> { ["XDG_RUNTIME_DIR"] = _folder.Path } });

    /// <summary>
    /// Runs a server and its client to their ends; both must end with status 0. Gives the server's outcome and the client's.
    /// </summary>
    /// <param name="server">The server in its VM.</param>
    /// <param name="client">The client in its VM.</param>
    /// <param name="port">The TCP port that the server listens on, to wait for; null when the client waits by itself.</param>
    public static async Task<(Outcome Server, Outcome Client)> RunAsync(Command server, Command client, string? port)
    {
        await using RunningProcess running = RunningProcess.Start(server);
        if (port is not null)
            await WaitForListenerAsync(running, int.Parse(port, CultureInfo.InvariantCulture));
        Outcome clients = await Runs.OnceAsync(client);
        Outcome servers = await running.WaitAsync(clients.Status == 0 ? Patience : TimeSpan.FromSeconds(2));
        Assert.True(clients is { Status: 0, Hung: false } && servers is { Status: 0, Hung: false },
            $"{client.Typed}\nclient: {clients.Describe()}\n\n{server.Typed}\nserver: {servers.Describe()}");
        return (servers, clients);
    }

    /// <summary>As above, for a client that fails while the server does not listen yet: it is started again, for a while.</summary>
    public static async Task<(Outcome Server, Outcome Client)> RunInsistingAsync(Command server, Command client)
    {
        await using RunningProcess running = RunningProcess.Start(server);
        Outcome clients;
        long began = Stopwatch.GetTimestamp();
        do
        {
            await Task.Delay(300);
            clients = await Runs.OnceAsync(client);
        }
        while (clients is { Status: not 0, Hung: false } && Stopwatch.GetElapsedTime(began) < Patience);
        Outcome servers = await running.WaitAsync(clients.Status == 0 ? Patience : TimeSpan.FromSeconds(2));
        Assert.True(clients is { Status: 0, Hung: false } && servers is { Status: 0, Hung: false },
            $"{client.Typed}\nclient: {clients.Describe()}\n\n{server.Typed}\nserver: {servers.Describe()}");
        return (servers, clients);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await WeftAsync("daemon", "--stop", "--force");
        _folder.Dispose();
    }

    /// <summary>Looks at the host's tables: a trial connection would be the client that the server waits for.</summary>
    private static async Task WaitForListenerAsync(RunningProcess server, int port)
    {
        const string Listening = "0A";
        string local = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        for (int turn = 0; turn < 600; turn++)
        {
            foreach (string table in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
                foreach (string line in await File.ReadAllLinesAsync(table))
                {
                    string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    if (words.Length > 3 && words[1].EndsWith(local, StringComparison.Ordinal) && words[3] == Listening)
                        return;
                }
            await Task.Delay(50);
        }
        Assert.Fail($"nobody listens on port {port}\n  stdout: {server.Output}\n  stderr: {server.Error}");
    }
}
