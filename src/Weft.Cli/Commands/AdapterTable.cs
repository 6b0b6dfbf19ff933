using Weft.Adapter.Snapshots;
using Weft.Vm.Daemon;

namespace Weft.Cli.Commands;

/// <summary>Two samples of the adapter as text: what there is, and how fast it goes.</summary>
public static class AdapterTable
{
    private const double NsPerSecond = 1e9;

    /// <summary>The engine's line and the list.</summary>
    /// <param name="before">An earlier sample of the same adapter; the same one when there is none.</param>
    /// <param name="now">The later one.</param>
    /// <param name="view">Which list.</param>
    public static string Format(AdapterSample before, AdapterSample now, AdapterView view)
    {
        double seconds = (now.Adapter.TakenNs - before.Adapter.TakenNs) / NsPerSecond;
        return Head(before.Adapter, now.Adapter, seconds) + Threads(before.Adapter, now.Adapter, seconds) + "\n" + (view switch
        {
            AdapterView.QueuePairs => QueuePairs(before, now, seconds),
            AdapterView.Regions => Regions(now),
            _ => Vms(before, now, seconds) + Links(before.Adapter, now.Adapter, seconds),
        });
    }

    private static string Head(AdapterReport before, AdapterReport now, double seconds)
    {
        double share = Rate(before.EngineProcessorNs, now.EngineProcessorNs, seconds) / NsPerSecond;
        ulong registered = 0;
        int pairs = 0, regions = 0;
        foreach (VmReport vm in now.Vms)
            (registered, pairs, regions) = (registered + vm.RegisteredBytes, pairs + vm.QueuePairs, regions + vm.Regions);
        return $"engine {now.Engine}: {now.State}, {share * 100:0} % of a core, slept {Amount.Of(now.Sleeps)} times; "
            + $"{Count(now.Vms.Count, "VM")}, {Count(pairs, "queue pair")}, {Count(regions, "region")} ({Amount.OfBytes(registered)})\n";
    }

    /// <summary>Nothing where there is one: the head tells of it.</summary>
    private static string Threads(AdapterReport before, AdapterReport now, double seconds)
    {
        if (now.Threads.Count < 2)
            return "";
        TextTable table = new(">THREAD", "STATE", ">CORE", ">SLEPT", ">VMS");
        for (int index = 0; index < now.Threads.Count; index++)
        {
            ThreadSnapshot thread = now.Threads[index], earlier = index < before.Threads.Count ? before.Threads[index] : thread;
            double share = Rate(earlier.ProcessorNs, thread.ProcessorNs, seconds) / NsPerSecond;
            table.Add($"{index + 1}", thread.State, $"{share * 100:0} %", Amount.Of(thread.Sleeps), $"{thread.Vms}");
        }
        return table.ToString();
    }

    private static string Vms(AdapterSample before, AdapterSample now, double seconds)
    {
        Dictionary<int, TrafficCounts> earlier = before.Adapter.Vms.ToDictionary(vm => vm.ProcessId, vm => vm.Traffic);
        TextTable table = new(">PID", "NAME", "PROGRAM", ">LID", ">QPS", ">CQS", ">REGIONS", ">REGISTERED", ">REQUESTS/S", ">BYTES/S", ">REQUESTS",
            ">COMPLETIONS", ">ERRORS", ">RETRIES");
        foreach (VmReport vm in now.Adapter.Vms)
            table.Add([$"{vm.ProcessId}", vm.Name, vm.Program, $"{vm.Lid}", $"{vm.QueuePairs}", $"{vm.CompletionQueues}", $"{vm.Regions}",
                Amount.OfBytes(vm.RegisteredBytes), .. Traffic(earlier.GetValueOrDefault(vm.ProcessId, vm.Traffic), vm.Traffic, seconds)]);
        return table.ToString();
    }

    /// <summary>Nothing on a host alone.</summary>
    private static string Links(AdapterReport before, AdapterReport now, double seconds)
    {
        if (now.Links.Count == 0)
            return "";
        TextTable table = new("HOST", "ADDRESS", "LINK", ">OUT/S", ">OUT BYTES/S", ">IN/S", ">IN BYTES/S", ">RESUMED", ">BROKEN");
        foreach (LinkReport link in now.Links)
        {
            LinkReport earlier = before.Links.FirstOrDefault(each => each.Host == link.Host) ?? link;
            table.Add(link.Host, link.Address, link.IsReady ? "ready" : "down",
                Amount.Of(Rate(earlier.MessagesSent, link.MessagesSent, seconds)), Amount.OfBytes(Rate(earlier.BytesSent, link.BytesSent, seconds)),
                Amount.Of(Rate(earlier.MessagesReceived, link.MessagesReceived, seconds)), Amount.OfBytes(Rate(earlier.BytesReceived, link.BytesReceived, seconds)),
                Amount.Of(link.Resumptions), Amount.Of(link.Breaks));
        }
        return "\n" + table;
    }

    private static string QueuePairs(AdapterSample before, AdapterSample now, double seconds)
    {
        Dictionary<(int, uint), TrafficCounts> earlier = before.QueuePairs.ToDictionary(pair => (pair.ProcessId, pair.Number), pair => pair.Traffic);
        TextTable table = new(">PID", ">QPN", "TYPE", "STATE", "PEER", ">REQUESTS/S", ">BYTES/S", ">REQUESTS", ">COMPLETIONS", ">ERRORS", ">RETRIES");
        foreach (QueuePairReport pair in now.QueuePairs)
            table.Add([$"{pair.ProcessId}", $"0x{pair.Number:x}", pair.Type, pair.State,
                pair.DestinationNumber == 0 ? "" : $"{pair.DestinationLid}:0x{pair.DestinationNumber:x}",
                .. Traffic(earlier.GetValueOrDefault((pair.ProcessId, pair.Number), pair.Traffic), pair.Traffic, seconds)]);
        return table.ToString();
    }

    private static string Regions(AdapterSample now)
    {
        TextTable table = new(">PID", ">RKEY", ">LENGTH", "ACCESS");
        foreach (RegionReport region in now.Regions)
            table.Add($"{region.ProcessId}", $"0x{region.RemoteKey:x}", Amount.OfBytes(region.LengthBytes), Access(region.Access));
        return table.ToString();
    }

    private static string[] Traffic(TrafficCounts before, TrafficCounts now, double seconds) =>
    [
        Amount.Of(Rate(before.Requests, now.Requests, seconds)), Amount.OfBytes(Rate(before.Bytes, now.Bytes, seconds)), Amount.Of(now.Requests),
        Amount.Of(now.Completions), Amount.Of(now.Errors), Amount.Of(now.Retries),
    ];

    /// <summary>A number that came new or began anew has no rate yet.</summary>
    private static double Rate(long before, long now, double seconds) => seconds > 0 && now > before ? (now - before) / seconds : 0;

    private static string Access(uint access)
    {
        // Source: enum ibv_access_flags.
        (uint Bit, string Name)[] names = [(1, "local-write"), (2, "remote-write"), (4, "remote-read"), (8, "atomic"), (16, "bind"), (32, "zero-based")];
        List<string> held = [];
        foreach ((uint bit, string name) in names)
            if ((access & bit) != 0)
                held.Add(name);
        return string.Join(',', held);
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
