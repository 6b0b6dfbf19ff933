using System.Diagnostics;
using Weft.Adapter;
using Weft.Adapter.Snapshots;
using Weft.Fabric;
using Weft.Vm.Daemon;

namespace Weft.Host.Api;

/// <summary>What the HTTP interface tells, put together from the engine's snapshot and the connections.</summary>
internal sealed class Reports(DaemonOptions options, IEngine engine, VmListener listener)
{
    private readonly long _began = Stopwatch.GetTimestamp();

    internal DaemonReport Daemon()
    {
        using Process process = Process.GetCurrentProcess();
        string version = typeof(Reports).Assembly.GetName().Version?.ToString(3) ?? "";
        return new DaemonReport(version, Environment.ProcessId, Name(options.Engine), options.Grace?.TotalSeconds,
            Stopwatch.GetElapsedTime(_began).TotalSeconds, listener.Connections.Count(each => each.Identity is not null),
            (long)process.TotalProcessorTime.TotalNanoseconds, process.WorkingSet64);
    }

    internal AdapterReport Adapter()
    {
        AdapterSnapshot snapshot = engine.Snapshot();
        Dictionary<int, VmConnection> connections = [];
        foreach (VmConnection connection in listener.Connections)
            if (connection.Identity is { } identity)
                connections[identity.ProcessId] = connection;
        TrafficCounts total = default;
        List<VmReport> vms = [];
        foreach (VmSnapshot vm in snapshot.Vms)
        {
            total = Sum(total, vm.Traffic);
            vms.Add(Vm(vm, connections.GetValueOrDefault(vm.ProcessId)));
        }
        return new AdapterReport(snapshot.TakenNs, Name(options.Engine), snapshot.State, snapshot.ProcessorNs, snapshot.Sleeps, total, vms,
            [.. snapshot.Links.Select(Link)])
        {
            Threads = snapshot.Threads,
        };
    }

    internal IReadOnlyList<QueuePairReport> QueuePairs() =>
        [.. from vm in engine.Snapshot().Vms
            from pair in vm.QueuePairs
            select new QueuePairReport(vm.ProcessId, pair.Number, pair.Type, pair.State, pair.DestinationLid, pair.DestinationNumber, pair.Traffic)];

    internal IReadOnlyList<RegionReport> Regions() =>
        [.. from vm in engine.Snapshot().Vms
            from region in vm.Regions
            select new RegionReport(vm.ProcessId, region.RemoteKey, region.LengthBytes, region.Access)];

    private static LinkReport Link(LinkSnapshot link) => new(link.Name, link.Address, link.IsReady, link.Counts.MessagesSent, link.Counts.MessagesReceived,
        link.Counts.BytesSent, link.Counts.BytesReceived, link.Counts.Connections, link.Counts.Resumptions, link.Counts.Breaks);

    private static VmReport Vm(VmSnapshot vm, VmConnection? connection)
    {
        ulong registered = 0;
        foreach (RegionSnapshot region in vm.Regions)
            registered += region.LengthBytes;
        return new VmReport
        {
            ProcessId = vm.ProcessId,
            Name = vm.Name,
            Program = vm.Program,
            Lid = vm.Lid,
            Gid = Gid(vm.PortGuid),
            JoinedSeconds = connection?.Age.TotalSeconds ?? 0,
            Contexts = vm.Contexts,
            CompletionQueues = vm.CompletionQueues,
            QueuePairs = vm.QueuePairs.Count,
            Regions = vm.Regions.Count,
            RegisteredBytes = registered,
            ControlCalls = connection?.Server.Calls ?? 0,
            HeldBackNs = connection?.Server.HeldBackNs ?? 0,
            Traffic = vm.Traffic,
        };
    }

    private static string Gid(ulong guid) => $"fe80::{guid >> 48:x}:{guid >> 32 & 0xffff:x}:{guid >> 16 & 0xffff:x}:{guid & 0xffff:x}";

    private static string Name(EngineMode mode) => mode.ToString().ToLowerInvariant();

    private static TrafficCounts Sum(TrafficCounts left, TrafficCounts right) => new(left.Requests + right.Requests, left.Bytes + right.Bytes,
        left.Completions + right.Completions, left.Errors + right.Errors, left.Retries + right.Retries)
    {
        Doorbells = left.Doorbells + right.Doorbells,
    };
}
