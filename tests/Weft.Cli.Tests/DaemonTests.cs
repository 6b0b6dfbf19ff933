using System.Diagnostics;

namespace Weft.Cli.Tests;

/// <summary>The daemon as `weft` starts and stops it, in a directory of its own.</summary>
public sealed class DaemonTests : IDisposable
{
    private readonly string _session = Directory.CreateTempSubdirectory("weft-daemon-").FullName;

    public void Dispose()
    {
        Run("daemon", "--stop", "--force");
        Directory.Delete(_session, true);
    }

    [RequiresFact("/dev/kvm", "weftd")]
    public void A_VM_with_an_adapter_starts_the_daemon_and_the_next_one_finds_it()
    {
        Assert.Equal((0, "", ""), Run("run", "--adapter", "--", "/bin/true"));
        int daemon = DaemonProcess();
        Assert.Equal((0, "", ""), Run("run", "--adapter", "--", "/bin/true"));
        Assert.Equal(daemon, DaemonProcess());
        Assert.StartsWith("engine auto: ", Run("adapter").Output);
        Assert.Equal((0, "", ""), Run("daemon", "--stop"));
        Assert.Contains("not running", Run("adapter").Output);
        Assert.Equal("null\n", Run("adapter", "--json").Output);
    }

    [RequiresFact("/dev/kvm", "weftd")]
    public async Task Many_at_once_start_one_daemon()
    {
        const int count = 6;
        var runs = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(() => Run("run", "--adapter", "--", "/bin/true"))));
        Assert.All(runs, run => Assert.Equal((0, "", ""), run));
        // One that found the lock taken may still be ending.
        Assert.True(SpinWait.SpinUntil(() => CountDaemons() == 1, 5000));
    }

    [RequiresFact("weftd")]
    public void Its_engine_and_its_grace_are_the_users_choice()
    {
        Assert.Equal((0, "", ""), Run("daemon", "--engine", "event", "--grace=3"));
        Assert.Contains("\"engine\": \"event\"", Run("adapter", "--json").Output);
        Assert.True(SpinWait.SpinUntil(() => Run("adapter", "--json").Output == "null\n", 10_000));
        Assert.Contains("'soon' is no number of seconds", Run("daemon", "--grace", "soon").Error);
        Assert.Contains("fast", Run("daemon", "--engine", "fast").Error);
    }

    [RequiresFact("/dev/kvm", "weftd")]
    public void What_keeps_it_from_starting_is_said_in_one_line()
    {
        string directory = Path.Combine(_session, "weft");
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        AssertFails("open to others", Run("run", "--adapter", "--", "/bin/true"));
        AssertFails("open to others", Run("daemon"));
        Directory.Delete(directory);
        AssertFails("is missing", Run(["run", "--adapter", "--", "/bin/true"], "/nonexistent/weftd"));
        AssertFails("did not start", Run(["run", "--adapter", "--", "/bin/true"], "/bin/false"));
    }

    private static void AssertFails(string reason, (int Status, string Output, string Error) run)
    {
        Assert.Equal((125, ""), (run.Status, run.Output));
        Assert.Contains(reason, run.Error);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    private int CountDaemons() =>
        Process.GetProcessesByName("weftd").Count(each => Shell.Run("cat", $"/proc/{each.Id}/environ").Output.Contains(_session));

    // By cat: .NET locks what it opens, and the daemon has this file locked.
    private int DaemonProcess() => int.Parse(Shell.Run("cat", Path.Combine(_session, "weft", "weftd.lock")).Output);

    private (int Status, string Output, string Error) Run(params string[] words) => Run(words, Shell.Daemon);

    private (int Status, string Output, string Error) Run(string[] words, string daemon) =>
        Shell.Run("env", [$"XDG_RUNTIME_DIR={_session}", $"WEFTD={daemon}", Shell.Weft, .. words]);
}
