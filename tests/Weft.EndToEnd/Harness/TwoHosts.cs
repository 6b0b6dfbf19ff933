using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Weft.EndToEnd.Harness;

/// <summary>
/// Two hosts of a cluster, made of network namespaces by tests/twohosts/two-hosts.sh: a weftd each, etcd, and a wire between them that can be
/// cut. One set for all cases of a class, which follow each other.
/// </summary>
public class TwoHosts : IAsyncLifetime
{
    private const string Network = "10.77.0.";

    // Generous: two programs and two engines that poll share what cores there are with whatever else runs here.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly string Script = Path.Combine(Repository.Root, "tests/twohosts/two-hosts.sh");
    private static readonly string? WhyNot = FindWhyNot();

    private readonly TemporaryFolder _folder = new();
    private readonly bool _areProtected;
    private readonly string _name;

    /// <summary>Two hosts that trust a shared key.</summary>
    public TwoHosts()
        : this(false)
    {
    }

    private protected TwoHosts(bool areProtected) =>
        (_areProtected, _name) = (areProtected, "wt" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + (areProtected ? "s" : "h"));

    /// <summary>What a launcher of parallel programs calls in the place of ssh.</summary>
    internal string Ssh => Path.Combine(State, "ssh");

    private string State => Path.Combine(_folder.Path, "state");

    /// <summary>The address of host 1 or 2.</summary>
    internal static string AddressOf(int host) => Network + host.ToString(CultureInfo.InvariantCulture);

    /// <summary>Why a case that needs two hosts, VMs and these programs must be skipped, or null.</summary>
    internal static string? WhySkip(string[] programs) => Requirements.WhySkip([Requirements.Root, "ip", "etcd", .. programs]) ?? WhyNot;

    /// <summary>The command on a host, as it stands.</summary>
    internal Command On(int host, params string[] words) => Do(["on", host.ToString(CultureInfo.InvariantCulture), .. words]);

    /// <summary>The command in a VM of a host, with an adapter.</summary>
    internal Command Vm(int host, string[] program, params string[] options) =>
        On(host, [WeftBinary.Path, "run", "--adapter", .. options, "--", .. program]);

    /// <summary>The words before a rank's program that put it into a VM of whichever host it is started on.</summary>
    internal string[] RankInVm(params string[] options) => [Script, "here", WeftBinary.Path, "run", "--adapter", .. options, "--"];

    /// <summary>A path for a Unix socket that no other case uses; both hosts have the same files.</summary>
    internal string NewSocket() => Path.Combine(_folder.Path, Guid.NewGuid().ToString("N")[..8]);

    /// <summary>Something that the script does.</summary>
    internal Command Do(params string[] words) => new(Script, words)
    {
        Environment = new Dictionary<string, string>
        {
            ["WEFT_TWO_HOSTS"] = State,
            ["WEFT_TWO_HOSTS_NAME"] = _name,
            ["WEFTD"] = Path.Combine(Path.GetDirectoryName(WeftBinary.Path)!, "weftd"),
            ["UCX_WARN_UNUSED_ENV_VARS"] = "n",
            ["TLS"] = _areProtected ? "1" : "",
        },
        Timeout = Patience,
    };

    /// <summary>Something that the script does at once, and that must succeed.</summary>
    internal async Task DoneAsync(params string[] words)
    {
        Outcome outcome = await Runs.OnceAsync(Do(words));
        Assert.True(outcome.Status == 0, $"two-hosts.sh {string.Join(' ', words)}: {outcome.Describe()}");
    }

    /// <summary>
    /// Runs a server on host 2 and its client on host 1 to their ends; both must end with status 0. A client that comes before
    /// the server listens is started again, for a while.
    /// </summary>
    internal async Task<(Outcome Server, Outcome Client)> RunAsync(string[] server, string[] client, params string[] options)
    {
        await using RunningProcess running = RunningProcess.Start(Vm(2, server, options));
        Outcome clients;
        long began = Stopwatch.GetTimestamp();
        do
        {
            await Task.Delay(400);
            clients = await Runs.OnceAsync(Vm(1, client, options));
        }
        while (clients is { Status: not 0, Hung: false } && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
        Outcome servers = await running.WaitAsync(clients.Status == 0 ? Patience : TimeSpan.FromSeconds(1));
        Assert.True(clients is { Status: 0, Hung: false } && servers is { Status: 0, Hung: false },
            $"{string.Join(' ', client)}\nclient: {clients.Describe()}\n\nserver: {servers.Describe()}");
        return (servers, clients);
    }

    /// <summary>Waits until the link is up: after it was cut the hosts call each other again, and a lost call takes a second.</summary>
    internal async Task UntilLinkedAsync()
    {
        Outcome outcome;
        long began = Stopwatch.GetTimestamp();
        do
        {
            outcome = await Runs.OnceAsync(On(1, WeftBinary.Path, "adapter"));
            if (Regex.IsMatch(outcome.Output, @"(?m)^weft2 .* ready "))
                return;
            await Task.Delay(200);
        }
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
        Assert.Fail($"no link: {outcome.Describe()}");
    }

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (WhySkip([]) is not null)
            return;
        await DoneAsync("up");
        await UntilLinkedAsync();
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (WhySkip([]) is null)
            await DoneAsync("down");
        _folder.Dispose();
    }

    private static string? FindWhyNot()
    {
        if (!Environment.IsPrivilegedProcess || Surroundings.Find("ip") is null)
            return null;
        string name = "wt" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "try";
        using var adding = Process.Start(new ProcessStartInfo("ip", ["netns", "add", name]) { RedirectStandardError = true })!;
        string error = adding.StandardError.ReadToEnd();
        adding.WaitForExit();
        if (adding.ExitCode != 0)
            return "no network namespace can be made here: " + error.Trim();
        using var deleting = Process.Start("ip", ["netns", "delete", name]);
        deleting.WaitForExit();
        return null;
    }
}
