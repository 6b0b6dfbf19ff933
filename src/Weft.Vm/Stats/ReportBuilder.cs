using Weft.Adapter.Snapshots;
using Weft.Linux;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Vm.Stats;

/// <summary>Sums up a run for --stats.</summary>
internal static class ReportBuilder
{
    /// <summary>The report as of now; threads may still count.</summary>
    internal static RunReport Build(Kernel kernel, Process process, RunTimes time, int exitStatus)
    {
        ThreadStatistics[] threads = kernel.Statistics.Threads;
        return new RunReport
        {
            Name = kernel.Options.Name,
            Group = kernel.Options.Group is { } group ? new GroupReport(group.Name, group.Source, kernel.Group?.Windows?.Copies ?? 0) : null,
            Program = process.Image?.ExecutablePath ?? "",
            ExitStatus = exitStatus,
            Time = time,
            Exits = Exits(threads),
            SystemCalls = Calls(kernel, threads),
            UnknownCalls = kernel.Statistics.UnknownCalls.ToDictionary(call => SystemCallNames.Of(call.Key), call => call.Value),
            PageFaults = Faults(threads),
            Memory = Memory(kernel, process),
            Processors = new ProcessorReport(kernel.Options.ProcessorCount, kernel.Machine.VcpuCount),
            PeakThreads = threads.Length,
            Adapter = Adapter(kernel),
        };
    }

    private static AdapterUseReport? Adapter(Kernel kernel)
    {
        if (kernel.Adapter is not { } adapter)
            return null;
        TrafficCounts counts = adapter.CountTraffic();
        return new AdapterUseReport((kernel.Machine.Doorbell?.ExitCount ?? 0) + counts.Doorbells, counts.Requests, counts.Bytes, counts.Completions, counts.Errors, counts.Retries);
    }

    private static Dictionary<string, long> Exits(ThreadStatistics[] threads)
    {
        Dictionary<string, long> exits = new() { ["total"] = 0 };
        foreach (ExitReason reason in Enum.GetValues<ExitReason>())
        {
            string name = reason.ToString();
            long count = threads.Sum(thread => thread.Exits(reason));
            exits[char.ToLowerInvariant(name[0]) + name[1..]] = count;
            exits["total"] += count;
        }
        return exits;
    }

    private static SortedDictionary<string, IReadOnlyDictionary<string, CallReport>> Calls(Kernel kernel, ThreadStatistics[] threads)
    {
        SortedDictionary<string, IReadOnlyDictionary<string, CallReport>> calls = new(StringComparer.Ordinal);
        for (int number = 0; number < ThreadStatistics.CallNumbers; number++)
        {
            Dictionary<string, CallReport> ways = [];
            Add(ways, "exit", threads, number, CallWays.None);
            Add(ways, "attendant", threads, number, CallWays.Attendant);
            if (kernel.CallsInStub(number) is > 0 and var inStub)
                ways["stub"] = new CallReport(inStub, 0);
            if (ways.Count > 0)
                calls[SystemCallNames.Of((ulong)number)] = ways;
        }
        return calls;
    }

    private static void Add(Dictionary<string, CallReport> ways, string name, ThreadStatistics[] threads, int number, CallWays way)
    {
        long count = 0, nanoseconds = 0;
        foreach (ThreadStatistics thread in threads)
        {
            count += thread.Calls(number, way);
            nanoseconds += thread.CallNanoseconds(number, way);
        }
        if (count > 0)
            ways[name] = new CallReport(count, nanoseconds);
    }

    private static FaultReport Faults(ThreadStatistics[] threads)
    {
        long Sum(FaultOutcome outcome) => threads.Sum(thread => thread.Faults(outcome));
        long mended = Sum(FaultOutcome.Mended), notMapped = Sum(FaultOutcome.NotMapped), denied = Sum(FaultOutcome.AccessDenied),
            outOfMemory = Sum(FaultOutcome.OutOfMemory);
        return new FaultReport(mended + notMapped + denied + outOfMemory, mended, notMapped, denied, outOfMemory);
    }

    private static MemoryReport Memory(Kernel kernel, Process process)
    {
        GuestPhysicalMemory memory = kernel.Machine.Memory;
        (HostAddress arena, ulong arenaBytes) = memory.ArenaOnHost;
        ulong guest = Math.Max(memory.AllocatedBytes() ?? 0, ResidentMemory.InRange(arena.Value, arenaBytes)), all = ResidentMemory.Status("VmRSS");
        return new MemoryReport(process.Memory.MappedBytes, guest, all - Math.Min(all, guest), ResidentMemory.Status("VmHWM"),
            memory.SystemUsedBytes, kernel.Options.MemoryLimitBytes, memory.SlotCount);
    }
}
