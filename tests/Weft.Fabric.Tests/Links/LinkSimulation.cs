using Weft.Fabric.Links;

namespace Weft.Fabric.Tests.Links;

/// <summary>
/// Two ends and the connection between them, under a seed: bytes move in pieces of any size, ends take turns in any order and
/// notice a loss at different times, connections are lost at any byte, time passes, and daemons restart.
/// </summary>
internal sealed class LinkSimulation
{
    private const int PipeBytes = 3000;
    private static readonly LinkLimits s_limits = new()
    {
        WindowBytes = 16384,
        ReceiveBytes = 4096,
        StreamWindowBytes = 2400,
        Streams = SimulatedEnd.Streams,
        MessageBytes = 1000,
    };

    private readonly Random _random;
    private readonly bool _breaks;
    private readonly SimulatedEnd[] _ends;
    private readonly Queue<byte>[] _pipes = [new(), new()];
    private readonly bool[] _isConnected = new bool[2];
    private bool _isWhole;
    private long _nowNs = 1;
    private long _brokenSinceNs;

    /// <param name="seed">Decides all.</param>
    /// <param name="breaks">Whether daemons restart and sessions may time out; otherwise no session ever ends.</param>
    /// <param name="make">The core under test.</param>
    internal LinkSimulation(int seed, bool breaks, Func<UInt128, LinkLimits, ILinkSink, long, LinkCore> make)
    {
        (_random, _breaks) = (new Random(seed), breaks);
        _ends = [new(_random, s_limits, make, _nowNs), new(_random, s_limits, make, _nowNs)];
    }

    internal int Delivered => _ends[0].Delivered + _ends[1].Delivered;

    internal int Breaks => _ends[0].Breaks + _ends[1].Breaks;

    internal long Resumptions => _ends[0].Core.Counts.Resumptions;

    /// <summary>Runs; throws <see cref="LinkViolation"/> when something is lost, doubled, out of order, changed or stuck.</summary>
    internal void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
            Step();
        Settle();
        foreach (SimulatedEnd end in _ends)
            end.Core.Dispose();
        SimulatedEnd.Check(_breaks || Breaks == 0, "a session broke though its connection always came back in time");
    }

    private void Step()
    {
        int side = _random.Next(2);
        switch (_random.Next(100))
        {
            case < 30: _ends[side].Commit(); break;
            case < 55: Send(side); break;
            case < 85: Receive(side); break;
            case < 92: _ends[side].ConsumeSome(all: false); break;
            case < 95: Tick(side, _random.NextInt64(_breaks ? 400_000_000 : 20_000_000)); break;
            case < 96: Cut(); break;
            case < 99: Connect(side); break;
            default: MaybeRestart(side); break;
        }
    }

    private void MaybeRestart(int side)
    {
        if (!_breaks || _random.Next(4) != 0)
            return;
        _ends[side].Restart(_nowNs);
        _isConnected[side] = false;
        Cut();
    }

    private void Send(int side)
    {
        ReadOnlySpan<byte> output = _ends[side].Core.Output();
        int length = Math.Min(output.Length, PipeBytes - _pipes[side].Count);
        length = _random.Next(3) == 0 ? length : _random.Next(length + 1);
        if (!_isConnected[side] || length == 0)
            return;
        // What is sent into a lost connection is gone, and the sender does not know.
        if (_isWhole)
            foreach (byte value in output[..length])
                _pipes[side].Enqueue(value);
        _ends[side].Core.Sent(length, _nowNs);
    }

    private void Receive(int side)
    {
        Queue<byte> pipe = _pipes[1 - side];
        if (!_isConnected[side])
            return;
        if (pipe.Count == 0 && !_isWhole)
        {
            Lose(side);
            return;
        }
        Span<byte> space = _ends[side].Core.ReceiveSpace;
        int length = _random.Next(Math.Min(space.Length, pipe.Count) + 1);
        for (int i = 0; i < length; i++)
            space[i] = pipe.Dequeue();
        if (length != 0 && _ends[side].Core.Received(length, _nowNs) != LinkFault.None)
            Lose(side);
    }

    private void Tick(int side, long passNs)
    {
        _nowNs += passNs;
        // A session that must not end gets its connection back in time.
        if (!_breaks && _nowNs - _brokenSinceNs > s_limits.SilenceNs / 4)
            Reconnect();
        if (_ends[side].Core.Tick(_nowNs) != LinkFault.None)
            Lose(side);
    }

    /// <summary>The connection is lost: of what was under way, a part of each direction may still arrive.</summary>
    private void Cut()
    {
        if (!_isWhole)
            return;
        _isWhole = false;
        _brokenSinceNs = _nowNs;
        foreach (Queue<byte> pipe in _pipes)
        {
            byte[] arriving = [.. pipe.Take(_random.Next(pipe.Count + 1))];
            pipe.Clear();
            foreach (byte value in arriving)
                pipe.Enqueue(value);
        }
    }

    private void Lose(int side)
    {
        _ends[side].Core.Close();
        _isConnected[side] = false;
        Cut();
    }

    private void Connect(int side)
    {
        if (_isWhole)
            return;
        // The ends may notice at different times: one opens while the other still drains the old connection.
        if (_isConnected[0] || _isConnected[1])
            Lose(side);
        else
            Reconnect();
    }

    private void Reconnect()
    {
        if (_isWhole && _isConnected[0] && _isConnected[1])
        {
            _brokenSinceNs = _nowNs;
            return;
        }
        Cut();
        for (int side = 0; side < 2; side++)
        {
            _pipes[side].Clear();
            _ends[side].Core.Close();
            _ends[side].Core.Open(_nowNs);
            _isConnected[side] = true;
        }
        _isWhole = true;
        _brokenSinceNs = _nowNs;
    }

    /// <summary>No more trouble: all that was committed and not broken must arrive.</summary>
    private void Settle()
    {
        for (int round = 0; round < 4000; round++)
        {
            Connect(round & 1);
            for (int side = 0; side < 2; side++)
            {
                Send(side);
                Receive(side);
                _ends[side].ConsumeSome(all: true);
            }
            _nowNs += 1000;
            if (round > 20 && IsSettled())
                return;
        }
        SimulatedEnd.Check(false, "what was committed does not arrive");
    }

    private bool IsSettled()
    {
        for (int side = 0; side < 2; side++)
        {
            SimulatedEnd sender = _ends[side], receiver = _ends[1 - side];
            for (int stream = 0; stream < SimulatedEnd.Streams; stream++)
            {
                if (receiver.ReceivedOf(sender, stream) != sender.SentOfThisGeneration[stream])
                    return false;
            }
        }
        return true;
    }
}
