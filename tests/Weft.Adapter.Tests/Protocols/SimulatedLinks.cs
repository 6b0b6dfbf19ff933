using System.Net;
using Weft.Fabric;
using Weft.Fabric.Links;

namespace Weft.Adapter.Tests.Protocols;

/// <summary>One host's end of the only link of a simulation: what it sends waits in a pipe, and a seed decides how much moves in a turn.</summary>
internal sealed class SimulatedLinks : IHostLinks
{
    private const int PipeBytes = 200_000;
    private readonly Random _random;
    private readonly LinkCore[] _cores;
    private readonly byte[] _pipe = new byte[PipeBytes];
    private int _filled;

    internal SimulatedLinks(ushort number, ILinkSink sink, Random random)
    {
        (Number, _random) = (number, random);
        // Small windows: requests and answers often find no room.
        LinkLimits limits = new() { WindowBytes = 256 << 10, ReceiveBytes = 256 << 10, StreamWindowBytes = 144 << 10 };
        _cores = [new LinkCore(number, limits, sink, 0)];
    }

    internal ushort Number { get; }

    /// <summary>The other host's end; set once.</summary>
    internal SimulatedLinks? Peer { get; set; }

    internal bool IsConnected { get; private set; }

    internal LinkCore Core => _cores[0];

    public int WaitDescriptor => -1;

    public long NextDeadlineNs => long.MaxValue;

    public ReadOnlySpan<LinkCore> Links => _cores;

    public LinkCore? FindLink(ushort lid) => lid / FabricNode.LidsPerHost == Peer!.Number ? Core : null;

    public ushort FindHost(IPAddress address) => 0;

    public ushort NumberOf(LinkCore core) => Peer!.Number;

    public bool Poll(long nowNs)
    {
        bool hasMoved = Send(nowNs);
        if (IsConnected && Receive(nowNs))
            hasMoved = true;
        if (Core.Tick(nowNs) != LinkFault.None)
            Cut();
        return hasMoved;
    }

    /// <summary>A connection between the two ends.</summary>
    internal void Connect(long nowNs)
    {
        foreach (SimulatedLinks end in (SimulatedLinks[])[this, Peer!])
        {
            (end._filled, end.IsConnected) = (0, true);
            end.Core.Open(nowNs);
        }
    }

    /// <summary>The connection is lost, with what was on its way.</summary>
    internal void Cut()
    {
        foreach (SimulatedLinks end in (SimulatedLinks[])[this, Peer!])
        {
            (end._filled, end.IsConnected) = (0, false);
            end.Core.Close();
        }
    }

    public void Dispose() => Core.Dispose();

    private bool Send(long nowNs)
    {
        ReadOnlySpan<byte> output = Core.Output();
        int length = Part(Math.Min(output.Length, PipeBytes - _filled));
        if (!IsConnected || length == 0)
            return false;
        output[..length].CopyTo(_pipe.AsSpan(_filled));
        _filled += length;
        Core.Sent(length, nowNs);
        return true;
    }

    private bool Receive(long nowNs)
    {
        Span<byte> space = Core.ReceiveSpace;
        int length = Part(Math.Min(space.Length, Peer!._filled));
        if (length == 0)
            return false;
        Peer._pipe.AsSpan(0, length).CopyTo(space);
        Peer._pipe.AsSpan(length, Peer._filled - length).CopyTo(Peer._pipe);
        Peer._filled -= length;
        if (Core.Received(length, nowNs) != LinkFault.None)
            Cut();
        return true;
    }

    private int Part(int most) => _random.Next(3) == 0 ? _random.Next(most + 1) : most;
}
