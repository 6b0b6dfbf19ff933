using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;

namespace Weft.Adapter;

/// <summary>Takes a view of an adapter, under its gate.</summary>
internal static class SnapshotBuilder
{
    internal static AdapterSnapshot Build(VirtualAdapter adapter, EngineMode mode, long now) => new()
    {
        TakenNs = (long)(now * 1e9 / Stopwatch.Frequency),
        Mode = mode.ToString().ToLowerInvariant(),
        State = Array.TrueForAll(adapter.Engines, engine => engine.IsAsleep) ? "asleep" : "polling",
        ProcessorNs = adapter.Engines.Sum(engine => engine.ProcessorNs),
        Sleeps = adapter.Engines.Sum(engine => engine.Sleeps),
        Threads = [.. adapter.Engines.Select(Describe)],
        Vms = [.. adapter.Vms.Select(Describe)],
        Links = adapter.Fabric?.Snapshot() ?? [],
    };

    /// <summary>What all queue pairs of a VM did, ended ones too.</summary>
    internal static TrafficCounts Count(AdapterVm vm)
    {
        TrafficCounter total = new();
        total.Add(vm.Ended);
        foreach (QueuePair pair in PairsOf(vm))
            total.Add(pair.Counts);
        return total.Read() with { Doorbells = vm.Doorbells };
    }

    private static IEnumerable<QueuePair> PairsOf(AdapterVm vm) =>
        vm.Contexts.SelectMany(context => context.Pairs.Where(pair => pair.Owner == context));

    private static ThreadSnapshot Describe(Engine engine) => new(engine.IsAsleep ? "asleep" : "polling", engine.ProcessorNs, engine.Sleeps, engine.VmCount);

    private static VmSnapshot Describe(AdapterVm vm)
    {
        return new VmSnapshot
        {
            ProcessId = vm.Identity.ProcessId,
            Name = vm.Identity.Name,
            Program = vm.Identity.Program,
            Lid = vm.Device.Lid,
            PortGuid = vm.Device.PortGuid,
            Contexts = vm.Contexts.Count,
            CompletionQueues = vm.CompletionQueues,
            Traffic = Count(vm),
            QueuePairs = [.. PairsOf(vm).Select(Describe)],
            Regions = [.. vm.Keys.InUse.Where(key => key.WindowType == 0).Select(key => new RegionSnapshot(key.Value, key.LengthBytes, (uint)key.Access))],
        };
    }

    private static QueuePairSnapshot Describe(QueuePair pair) => new()
    {
        Number = pair.Number,
        Type = pair.Type switch
        {
            QueuePairType.ReliableConnection => "RC",
            QueuePairType.UnreliableConnection => "UC",
            QueuePairType.UnreliableDatagram => "UD",
            QueuePairType.XrcSend => "XRC send",
            _ => "XRC receive",
        },
        State = pair.State switch
        {
            QueuePairState.Reset => "RESET",
            QueuePairState.Init => "INIT",
            QueuePairState.ReadyToReceive => "RTR",
            QueuePairState.ReadyToSend => "RTS",
            QueuePairState.SendQueueDrained => "SQD",
            QueuePairState.SendQueueError => "SQE",
            _ => "ERR",
        },
        DestinationLid = pair.Attributes.Path.Lid,
        DestinationNumber = pair.Attributes.DestinationQueuePair,
        Traffic = pair.Counts.Read(),
    };
}
