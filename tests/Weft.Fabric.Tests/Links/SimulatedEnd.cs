using System.Buffers.Binary;
using Weft.Fabric.Links;

namespace Weft.Fabric.Tests.Links;

/// <summary>
/// One daemon of a simulation: a core, what it sends, and the checks of what it gets. A message says who sent it: the
/// instance, how many breaks that instance had seen (its generation), the stream and its number in that generation.
/// </summary>
internal sealed class SimulatedEnd : ILinkSink
{
    internal const int Streams = 5;
    private const int HeaderBytes = 16;
    private readonly Random _random;
    private readonly Func<UInt128, LinkLimits, ILinkSink, long, LinkCore> _make;
    private readonly LinkLimits _limits;
    private readonly HashSet<(uint Instance, uint Generation)> _seen = [];
    private readonly List<(uint Stream, int Length)> _held = [];
    private readonly uint[] _expected = new uint[Streams];
    private readonly uint[] _sent = new uint[Streams];
    private (uint Instance, uint Generation)? _current;
    private static uint s_instances;

    internal SimulatedEnd(Random random, LinkLimits limits, Func<UInt128, LinkLimits, ILinkSink, long, LinkCore> make, long nowNs)
    {
        (_random, _limits, _make) = (random, limits, make);
        Instance = ++s_instances;
        Core = make(Instance, limits, this, nowNs);
    }

    internal LinkCore Core { get; private set; }

    internal uint Instance { get; private set; }

    internal uint Generation { get; private set; }

    internal int Breaks { get; private set; }

    internal int Delivered { get; private set; }

    internal ReadOnlySpan<uint> SentOfThisGeneration => _sent;

    /// <summary>What this end has of the peer's present instance and generation, by stream.</summary>
    internal uint ReceivedOf(SimulatedEnd peer, int stream) => _current == (peer.Instance, peer.Generation) ? _expected[stream] : 0;

    internal void Commit()
    {
        uint stream = (uint)_random.Next(Streams);
        int length = HeaderBytes + (_random.Next(4) == 0 ? _random.Next(_limits.MessageBytes - HeaderBytes + 1) : _random.Next(40));
        if (Core.TryReserve(stream, length, out Span<byte> message) != SendResult.Reserved)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(message, Instance);
        BinaryPrimitives.WriteUInt32LittleEndian(message[4..], Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(message[8..], stream);
        BinaryPrimitives.WriteUInt32LittleEndian(message[12..], _sent[stream]);
        for (int i = HeaderBytes; i < length; i++)
            message[i] = (byte)(_sent[stream] + i);
        // Now and then the sender thinks better of it.
        if (_random.Next(10) == 0)
            return;
        Core.Commit();
        _sent[stream]++;
    }

    internal void Restart(long nowNs)
    {
        Core.Dispose();
        Instance = ++s_instances;
        Generation = 0;
        Array.Clear(_sent);
        Array.Clear(_expected);
        _current = null;
        _held.Clear();
        _seen.Clear();
        Core = _make(Instance, _limits, this, nowNs);
    }

    internal void ConsumeSome(bool all)
    {
        while (_held.Count != 0 && (all || _random.Next(2) == 0))
        {
            int index = _random.Next(_held.Count);
            Core.Consume(_held[index].Stream, _held[index].Length);
            _held.RemoveAt(index);
        }
    }

    public bool Deliver(LinkCore link, uint stream, ReadOnlySpan<byte> message)
    {
        var origin = (BinaryPrimitives.ReadUInt32LittleEndian(message), BinaryPrimitives.ReadUInt32LittleEndian(message[4..]));
        if (_current is null)
        {
            Check(_seen.Add(origin), $"{origin} comes again after a break");
            _current = origin;
            Array.Clear(_expected);
        }
        Check(_current == origin, $"{origin} follows {_current} without a break");
        Check(BinaryPrimitives.ReadUInt32LittleEndian(message[8..]) == stream, "a message of another stream");
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(message[12..]);
        Check(number == _expected[stream], $"message {number} of stream {stream}, not {_expected[stream]}");
        _expected[stream]++;
        for (int i = HeaderBytes; i < message.Length; i++)
            Check(message[i] == (byte)(number + i), "another payload");
        Delivered++;
        if (_random.Next(4) != 0)
            return true;
        _held.Add((stream, message.Length));
        return false;
    }

    public void Broken(LinkCore link)
    {
        Breaks++;
        Generation++;
        _current = null;
        _held.Clear();
        Array.Clear(_sent);
        Array.Clear(_expected);
    }

    internal static void Check(bool holds, string what)
    {
        if (!holds)
            throw new LinkViolation(what);
    }
}

/// <summary>What the simulation found.</summary>
internal sealed class LinkViolation(string what) : Exception(what);
