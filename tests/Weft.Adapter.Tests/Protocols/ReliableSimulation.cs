using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Remote;
using Weft.Adapter.Tests.Guest;
using Weft.Fabric;
using Weft.Fabric.Links;

namespace Weft.Adapter.Tests.Protocols;

/// <summary>
/// Two hosts' engines without threads and the link between them, under one seed: engines, guests and the wire take their turns
/// in any order, bytes move in pieces of any size, receives are posted late, connections are lost at any byte, time passes,
/// sessions end and queue pairs are connected anew.
/// </summary>
internal sealed class ReliableSimulation : IDisposable
{
    private const int Pairs = 2, Steps = 2500, MostSettlingSteps = 60_000;
    private const ulong ArenaBytes = 32 << 20;
    private readonly Random _random;
    private readonly bool _breaks;
    private readonly Func<Random, ILinkSink, ILinkSink> _disguise;
    private readonly SimulatedLinks[] _links = new SimulatedLinks[2];
    private readonly VirtualAdapter[] _hosts = new VirtualAdapter[2];
    private readonly GuestVm[] _vms = new GuestVm[2];
    private readonly GuestCompletionQueue[] _queues = new GuestCompletionQueue[2];
    private readonly GuestQueuePair[,] _pairs = new GuestQueuePair[Pairs, 2];
    private readonly ReliableStream[,] _streams = new ReliableStream[Pairs, 2];
    private readonly bool[] _isBroken = new bool[Pairs];
    private long _now = 1;

    /// <param name="seed">Decides all.</param>
    /// <param name="breaks">Whether connections may be away for so long that the session ends.</param>
    /// <param name="respond">Makes the responder under test.</param>
    /// <param name="disguise">Stands between the link and the engine that gets its messages; null for nothing.</param>
    internal ReliableSimulation(int seed, bool breaks, Func<VirtualAdapter, RemoteResponder> respond, Func<Random, ILinkSink, ILinkSink>? disguise = null)
    {
        (_random, _breaks, _disguise) = (new Random(seed), breaks, disguise ?? ((_, sink) => sink));
        GuestContext[] contexts = new GuestContext[2];
        for (int side = 0; side < 2; side++)
        {
            _hosts[side] = Start(side, respond);
            _vms[side] = new GuestVm(_hosts[side], ArenaBytes);
            contexts[side] = _vms[side].Open();
            _queues[side] = contexts[side].CreateCompletionQueue();
        }
        (_links[0].Peer, _links[1].Peer) = (_links[1], _links[0]);
        for (int index = 0; index < Pairs; index++)
            Make(index, contexts);
        _links[0].Connect(_now);
    }

    internal int Checked => Streams.Sum(stream => stream.Checked);

    /// <summary>How often a queue pair lost its peer.</summary>
    internal int Breaks { get; private set; }

    internal long Resumptions => _links[0].Core.Counts.Resumptions;

    private IEnumerable<ReliableStream> Streams => _streams.Cast<ReliableStream>();

    /// <summary>Runs; throws <see cref="ProtocolViolationException"/> for what is lost, doubled, changed, out of order or stuck.</summary>
    internal void Run()
    {
        for (int step = 0; step < Steps; step++)
            Step(_random.Next(100));
        for (int step = 0; !IsSettled(); step++)
        {
            if (step == MostSettlingSteps)
                throw new ProtocolViolationException("what was posted does not complete");
            if (!_links[0].IsConnected)
                _links[0].Connect(_now);
            Settle();
        }
        if (!_breaks && Breaks != 0)
            throw new ProtocolViolationException("a request failed though its connection always came back in time");
    }

    /// <summary>Runs without a promise: what one host's engine tells the other is not to be trusted. Other exceptions pass.</summary>
    internal void RunHostile()
    {
        for (int step = 0; step < Steps; step++)
            try
            {
                Step(_random.Next(100));
            }
            catch (ProtocolViolationException)
            {
                // Who talks to a liar may be told anything about its own requests.
                Array.Fill(_isBroken, true);
            }
    }

    /// <summary>Some VM's memory that nobody registered, and the adapter of its host.</summary>
    internal (GuestBuffer Memory, VirtualAdapter Host) Bystander(int side) => (_vms[side].Arena.Allocate(GuestArena.PageBytes * 16), _hosts[side]);

    /// <summary>Gives an engine some turns.</summary>
    internal void Turns(int side, int count)
    {
        for (; count > 0; count--)
            Turn(side);
    }

    public void Dispose()
    {
        foreach (GuestVm vm in _vms)
            vm.Dispose();
        foreach (VirtualAdapter host in _hosts)
            host.Dispose();
    }

    private VirtualAdapter Start(int side, Func<VirtualAdapter, RemoteResponder> respond)
    {
        ushort number = (ushort)(side + 1);
        EngineOptions options = new() { Mode = EngineMode.Poll, FirstLid = (ushort)(number * FabricNode.LidsPerHost), LidCount = FabricNode.LidsPerHost };
        return new VirtualAdapter(options, adapter => new RemoteHosts(adapter,
            sink => _links[side] = new SimulatedLinks(number, _disguise(_random, sink), _random), respond(adapter), options.GuidPrefix)) { Numbers = new Random(_random.Next()) };
    }

    private void Make(int index, GuestContext[] contexts)
    {
        for (int side = 0; side < 2; side++)
            _pairs[index, side] = contexts[side].CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, _queues[side], _queues[side]));
        for (int side = 0; side < 2; side++)
            _streams[index, side] = new ReliableStream(_random, _pairs[index, side], contexts[side].Register(ReliableStream.MemoryBytes),
                _pairs[index, 1 - side], contexts[1 - side].Register(ReliableStream.MemoryBytes));
        Connect(index);
    }

    private void Connect(int index)
    {
        for (int side = 0; side < 2; side++)
            _pairs[index, side].Connect(_vms[1 - side].Lid, _pairs[index, 1 - side].Number);
    }

    private void Step(int what)
    {
        int side = _random.Next(2), index = _random.Next(Pairs);
        switch (what)
        {
            case < 20 when !_isBroken[index]:
                _streams[index, side].PostSend();
                break;
            case < 35 when !_isBroken[index]:
                _streams[index, side].PostReceive();
                break;
            case < 75:
                Turn(side);
                break;
            case < 92:
                Poll(side);
                break;
            case < 96:
                Pass(_random.Next(300_000));
                break;
            case < 97:
                _links[0].Cut();
                break;
            case < 98:
                // Without a connection for long, a session ends; otherwise it comes back in time.
                Pass(_breaks && !_links[0].IsConnected ? _random.NextInt64(3_000_000_000) : 100_000);
                break;
            default:
                if (!_links[0].IsConnected)
                    _links[0].Connect(_now);
                Mend();
                break;
        }
    }

    private void Settle()
    {
        Mend();
        for (int index = 0; index < Pairs; index++)
            for (int side = 0; side < 2; side++)
                if (!_isBroken[index])
                    _streams[index, side].PostReceive();
        for (int side = 0; side < 2; side++)
        {
            Turn(side);
            Poll(side);
        }
        Pass(20_000);
    }

    private void Turn(int side) => _hosts[side].Engine.Turn(_now);

    private void Pass(long nanoseconds) => _now += nanoseconds * Stopwatch.Frequency / 1_000_000_000;

    private void Poll(int side)
    {
        while (_queues[side].TryPoll(out WorkCompletion completion))
        {
            int index = _pairs[0, side].Number == completion.QueuePair ? 0 : 1;
            if (!completion.IsSuccess)
                _isBroken[index] = true;
            else if (completion.IsSend)
                _streams[index, side].Sent(completion);
            else
                _streams[index, 1 - side].Received(completion);
        }
    }

    /// <summary>What programs do whose peer was lost: both sides begin anew.</summary>
    private void Mend()
    {
        for (int index = 0; index < Pairs; index++)
        {
            if (!_isBroken[index])
                continue;
            // What succeeded before must still be told.
            Poll(0);
            Poll(1);
            for (int side = 0; side < 2; side++)
            {
                _pairs[index, side].To(QueuePairState.Reset);
                _streams[index, side].Restart();
            }
            Connect(index);
            _isBroken[index] = false;
            Breaks++;
        }
    }

    private bool IsSettled() => !Array.Exists(_isBroken, broken => broken) && Streams.All(stream => stream.IsDone);
}
