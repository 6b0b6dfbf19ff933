using System.Diagnostics;
using System.Net;
using Weft.Fabric;
using Weft.Fabric.Security;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Two adapters with a link between them by way of loopback: two hosts, but for the machine.</summary>
internal sealed class TwoHosts : IDisposable
{
    internal TwoHosts(EngineMode mode = EngineMode.Auto)
    {
        (Left, Right) = (Start(1, mode), Start(2, mode));
        FabricPeer[] peers = [new(1, "left", Left.Fabric!.Address), new(2, "right", Right.Fabric!.Address)];
        Left.Fabric.SetPeers(peers);
        Right.Fabric.SetPeers(peers);
        Host.Until(() => IsLinked(Left) && IsLinked(Right), "a link");
    }

    /// <summary>Whether all tests of pairs are to run over a link: WEFT_TEST_TWO_HOSTS is set.</summary>
    internal static bool AreAsked { get; } = Environment.GetEnvironmentVariable("WEFT_TEST_TWO_HOSTS") is not null;

    internal VirtualAdapter Left { get; }

    internal VirtualAdapter Right { get; }

    internal static long NowNs => Stopwatch.GetTimestamp();

    public void Dispose()
    {
        Left.Dispose();
        Right.Dispose();
    }

    private static bool IsLinked(VirtualAdapter adapter) => adapter.Fabric!.Snapshot() is [{ IsReady: true }];

    private static VirtualAdapter Start(ushort number, EngineMode mode) => new(new EngineOptions
    {
        Mode = mode,
        Threads = Adapters.Threads,
        FirstLid = (ushort)(number * FabricNode.LidsPerHost),
        LidCount = FabricNode.LidsPerHost,
        Fabric = new FabricOptions { Number = number, Listen = new IPEndPoint(IPAddress.Loopback, 0), Security = new ClusterKey(new byte[32], []) },
    });
}
