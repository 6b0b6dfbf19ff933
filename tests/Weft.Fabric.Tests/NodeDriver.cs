using System.Diagnostics;
using Weft.Fabric.Links;

namespace Weft.Fabric.Tests;

/// <summary>A daemon's end with a thread that polls it, and what came in.</summary>
internal sealed class NodeDriver : ILinkSink, IDisposable
{
    private readonly Thread _thread;
    private volatile bool _isEnding;
    private readonly object _gate = new();

    internal NodeDriver(FabricOptions options)
    {
        Node = new FabricNode(options, this);
        _thread = new Thread(Drive) { IsBackground = true };
        _thread.Start();
    }

    internal FabricNode Node { get; }

    internal List<byte[]> Messages { get; } = [];

    internal int Breaks { get; private set; }

    internal static long NowNs => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    /// <summary>Does something with the node between two polls.</summary>
    internal T With<T>(Func<FabricNode, T> action)
    {
        lock (_gate)
            return action(Node);
    }

    internal bool Send(ushort lid, byte[] message) =>
        With(node => node.FindLink(lid) is { } link && link.TrySend(3, message, default) == SendResult.Reserved);

    internal static bool Eventually(Func<bool> condition, int seconds = 10)
    {
        for (Stopwatch clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < seconds;)
        {
            if (condition())
                return true;
            Thread.Sleep(5);
        }
        return condition();
    }

    internal bool IsLinked() => Node.Snapshot() is [{ IsReady: true }];

    public bool Deliver(LinkCore link, uint stream, ReadOnlySpan<byte> message)
    {
        Messages.Add(message.ToArray());
        return true;
    }

    public void Broken(LinkCore link) => Breaks++;

    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
        Node.Dispose();
    }

    private void Drive()
    {
        while (!_isEnding)
        {
            bool hasMoved;
            lock (_gate)
                hasMoved = Node.Poll(NowNs);
            if (!hasMoved)
                Thread.Sleep(1);
        }
    }
}
