using System.Text.Json;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Adapter.Wire;
using Weft.Native;
using Weft.Vm;
using Weft.Vm.Daemon;

namespace Weft.Host.Tests.Daemons;

public sealed class DaemonTests
{
    [Fact]
    public void Interface_tells_of_daemon_VMs_queue_pairs_and_regions()
    {
        using RunningDaemon running = new();
        using RemoteAdapterVm vm = running.Join("db");
        Assert.Equal(Errno.None, vm.OpenContext(out IAdapterContext? _));
        DaemonClient client = DaemonClient.Open();
        DaemonReport daemon = client.TryGet("", DaemonJson.Default.DaemonReport)!;
        Assert.Equal((Environment.ProcessId, "auto", null, 1), (daemon.ProcessId, daemon.Engine, daemon.GraceSeconds, daemon.VmCount));
        AdapterReport adapter = client.TryGet("adapter", DaemonJson.Default.AdapterReport)!;
        Assert.Equal(("polling", 5L, 6L, new TrafficCounts(1, 2, 3, 4, 5)), (adapter.State, adapter.TakenNs, adapter.EngineProcessorNs, adapter.Traffic));
        VmReport told = Assert.Single(client.TryGet("vms", DaemonJson.Default.IReadOnlyListVmReport)!);
        Assert.Equal((Environment.ProcessId, "db", "prog", 3, "fe80::1:2:3:4", 1, 4096UL, 1L),
            (told.ProcessId, told.Name, told.Program, told.Lid, told.Gid, told.QueuePairs, told.RegisteredBytes, told.ControlCalls));
        Assert.Equal([new QueuePairReport(Environment.ProcessId, 77, "RC", "RTS", 4, 78, default)], client.TryGet("queue-pairs", DaemonJson.Default.IReadOnlyListQueuePairReport)!);
        Assert.Equal([new RegionReport(Environment.ProcessId, 9, 4096, 7)], client.TryGet("regions", DaemonJson.Default.IReadOnlyListRegionReport)!);
    }

    [Fact]
    public void Without_a_VM_it_ends_after_the_time_of_grace()
    {
        using RunningDaemon running = new(TimeSpan.FromMilliseconds(200));
        using (RemoteAdapterVm vm = running.Join())
        {
            Assert.False(WaitsFor(running, 500));
            Assert.Equal(Errno.None, vm.OpenContext(out _));
        }
        Assert.True(WaitsFor(running, 5000));
        Assert.True(UnixSocket.Connect(Path.Combine(running.Place, DaemonFiles.Adapter)) < 0);
    }

    [Fact]
    public void A_daemon_in_use_ends_only_when_told_to_in_any_case()
    {
        using RunningDaemon running = new();
        using RemoteAdapterVm vm = running.Join();
        DaemonClient client = DaemonClient.Open();
        Assert.Contains("VMs use the adapter", Assert.Throws<IOException>(() => client.TryStop(false)).Message);
        Assert.False(WaitsFor(running, 0));
        Assert.True(client.TryStop(true));
        Assert.True(WaitsFor(running, 5000));
    }

    [Fact]
    public void Ending_frees_what_VMs_had_and_they_see_it()
    {
        RunningDaemon running = new();
        using RemoteAdapterVm vm = running.Join();
        Assert.Equal(Errno.None, vm.OpenContext(out IAdapterContext? context));
        DaemonClient client = DaemonClient.Open();
        running.Dispose();
        Assert.Equal(Errno.EIO, context!.AllocateProtectionDomain(out _));
        Assert.Null(client.TryGet("", DaemonJson.Default.DaemonReport));
        Assert.False(client.TryStop(false));
    }

    [Fact]
    public void A_full_engine_refuses_with_the_remedy()
    {
        using RunningDaemon running = new();
        running.Engine.IsFull = true;
        Assert.Contains("no room for another VM", Assert.Throws<IOException>(() => running.Join()).Message);
        running.Engine.IsFull = false;
        running.Join().Dispose();
    }

    [Fact]
    public void Log_lines_are_JSON_with_the_values_that_matter()
    {
        using RunningDaemon running = new();
        running.Join("web").Dispose();
        Assert.True(SpinWait.SpinUntil(() => running.LogText.Contains("\"event\":4"), 5000));
        JsonElement[] lines = [.. running.LogText.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement joined = lines.Single(line => line.GetProperty("event").GetInt32() == 3);
        Assert.Equal(("Information", "web"), (joined.GetProperty("level").GetString(), joined.GetProperty("Name").GetString()));
    }

    [Fact]
    public void Only_one_daemon_gets_the_lock()
    {
        using RunningDaemon running = new();
        using (DaemonLock? first = DaemonLock.TryTake(running.Place))
        {
            Assert.NotNull(first);
            Assert.Null(DaemonLock.TryTake(running.Place));
        }
        using DaemonLock? next = DaemonLock.TryTake(running.Place);
        Assert.NotNull(next);
    }

    [Fact]
    public void A_directory_that_others_can_open_is_refused()
    {
        using RunningDaemon running = new();
        File.SetUnixFileMode(running.Place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        Assert.Contains("open to others", Assert.Throws<IOException>(RuntimeDirectory.Open).Message);
        string moved = running.Place + "-moved";
        Directory.Move(running.Place, moved);
        File.CreateSymbolicLink(running.Place, moved);
        Assert.Contains("no directory that you can use", Assert.Throws<IOException>(RuntimeDirectory.Open).Message);
        File.Delete(running.Place);
        Directory.Move(moved, running.Place);
        File.SetUnixFileMode(running.Place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(running.Place, RuntimeDirectory.Open());
    }

    private static bool WaitsFor(RunningDaemon running, int milliseconds)
    {
        Task end = Task.Run(running.Daemon.Wait);
        return end.Wait(milliseconds);
    }
}
