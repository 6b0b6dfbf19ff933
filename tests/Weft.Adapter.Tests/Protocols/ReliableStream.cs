using Weft.Adapter.Tests.Guest;

namespace Weft.Adapter.Tests.Protocols;

/// <summary>
/// One direction of a connected pair under simulation: posts requests of every kind, and checks each completion on both sides
/// against what was posted: order, length, bytes, and that atomic operations are done once.
/// </summary>
internal sealed class ReliableStream
{
    private const int Slot = 72 << 10, Slots = 6, Sources = 6 * Slot, Targets = 12 * Slot, Constant = 18 * Slot, Counter = 19 * Slot;
    internal const int MemoryBytes = 20 * Slot;
    private readonly Random _random;
    private readonly GuestQueuePair _from, _to;
    private readonly GuestRegion _source, _target;
    private readonly Queue<Posted> _posted = new();
    private readonly Queue<Posted> _onTheWay = new();
    private ulong _nextId, _receives, _receivesDone, _adds;

    /// <param name="random">Decides what is posted.</param>
    /// <param name="from">The sender.</param>
    /// <param name="source">The sender's memory of this direction.</param>
    /// <param name="to">The receiver.</param>
    /// <param name="target">The receiver's memory of this direction.</param>
    internal ReliableStream(Random random, GuestQueuePair from, GuestRegion source, GuestQueuePair to, GuestRegion target)
    {
        (_random, _from, _source, _to, _target) = (random, from, source, to, target);
        Fill(_target.Span.Slice(Constant, Slot), seed: 0);
    }

    private enum Kind { Send, SendImmediate, Write, WriteImmediate, Read, Add }

    private readonly record struct Posted(ulong Id, Kind Kind, int LengthBytes)
    {
        internal int SlotAt => (int)(Id % Slots) * Slot;

        internal bool TakesReceive => Kind is Kind.Send or Kind.SendImmediate or Kind.WriteImmediate;
    }

    /// <summary>Completions that were checked, successful ones only.</summary>
    internal int Checked { get; private set; }

    /// <summary>Whether all that was posted is done and told to both sides.</summary>
    internal bool IsDone => _posted.Count == 0 && _onTheWay.Count == 0;

    /// <summary>After both queue pairs were reset: what was under way is forgotten.</summary>
    internal void Restart()
    {
        ulong count = Raw.Long(_target.Address + Counter);
        Check(count >= _adds && count <= _adds + (ulong)_posted.Count(work => work.Kind == Kind.Add), $"{count} additions were done, {_adds} told");
        _adds = count;
        _posted.Clear();
        _onTheWay.Clear();
        _receives = _receivesDone;
    }

    internal void PostSend()
    {
        if (_posted.Count == Slots)
            return;
        Posted work = new(_nextId++, (Kind)_random.Next(6), _random.Next(_random.Next(5) == 0 ? Slot : 400));
        bool isAdd = work.Kind == Kind.Add, isRead = work.Kind == Kind.Read;
        int at = (isRead || isAdd ? Sources : 0) + work.SlotAt, length = isAdd ? sizeof(ulong) : work.LengthBytes;
        if (!isRead && !isAdd)
            Fill(_source.Span.Slice(at, length), work.Id + 1);
        _from.PostSend(new SendWork
        {
            Id = work.Id,
            Opcode = OpcodeOf(work.Kind),
            List = length == 0 ? [] : isAdd ? [_source.Entry(at, length)] : [_source.Entry(at, length / 3), _source.Entry(at + length / 3, length - length / 3)],
            Immediate = (uint)work.Id,
            IsFenced = _random.Next(8) == 0,
            RemoteAddress = _target.Address + (ulong)(isAdd ? Counter : isRead ? Constant : Targets + work.SlotAt),
            RemoteKey = _target.RemoteKey,
            SwapOrAdd = 1,
        });
        _posted.Enqueue(work);
        if (work.TakesReceive)
            _onTheWay.Enqueue(work);
    }

    internal void PostReceive()
    {
        if (_receives - _receivesDone == Slots)
            return;
        int at = (int)(_receives % Slots) * Slot;
        _to.PostReceive(_receives++, _target.Entry(at, 100), _target.Entry(at + 100, Slot - 100));
    }

    /// <summary>A successful completion of a request.</summary>
    internal void Sent(in WorkCompletion completion)
    {
        Check(_posted.TryDequeue(out Posted work) && work.Id == completion.Id, $"request {completion.Id} completes, not {work.Id}");
        if (work.Kind is Kind.Write or Kind.WriteImmediate)
            CheckBytes(_target, Targets + work.SlotAt, work.LengthBytes, work.Id + 1, work);
        else if (work.Kind == Kind.Read)
            CheckBytes(_source, Sources + work.SlotAt, work.LengthBytes, 0, work);
        else if (work.Kind == Kind.Add)
        {
            ulong before = Raw.Long(_source.Address + (ulong)(Sources + work.SlotAt));
            Check(before == _adds++, $"an addition found {before}, not {_adds - 1}");
        }
        Checked++;
    }

    /// <summary>A successful completion of a receive.</summary>
    internal void Received(in WorkCompletion completion)
    {
        Check(_onTheWay.TryDequeue(out Posted work), "a message comes that nobody sent");
        Check(completion.Id == _receivesDone, $"receive {completion.Id} completes, not {_receivesDone}");
        Check(completion.LengthBytes == (uint)work.LengthBytes, $"{completion.LengthBytes} bytes come, not {work.LengthBytes} of {work}");
        Check(work.Kind == Kind.Send || completion.Immediate == (uint)work.Id, $"immediate {completion.Immediate} comes with {work}");
        if (work.Kind != Kind.WriteImmediate)
            CheckBytes(_target, (int)(_receivesDone % Slots) * Slot, work.LengthBytes, work.Id + 1, work);
        _receivesDone++;
        Checked++;
    }

    private static SendOpcode OpcodeOf(Kind kind) => kind switch
    {
        Kind.Send => SendOpcode.Send,
        Kind.SendImmediate => SendOpcode.SendImmediate,
        Kind.Write => SendOpcode.Write,
        Kind.WriteImmediate => SendOpcode.WriteImmediate,
        Kind.Read => SendOpcode.Read,
        _ => SendOpcode.FetchAdd,
    };

    private static void CheckBytes(GuestRegion region, int at, int length, ulong seed, Posted work)
    {
        byte[] expected = new byte[length];
        Fill(expected, seed);
        Check(region.Span.Slice(at, length).SequenceEqual(expected), $"other bytes than those of {work}");
    }

    private static void Fill(Span<byte> bytes, ulong seed)
    {
        for (int index = 0; index < bytes.Length; index++)
            bytes[index] = (byte)((seed * 31) + (ulong)index * 7 + (ulong)(index >> 8));
    }

    private static void Check(bool holds, string what)
    {
        if (!holds)
            throw new ProtocolViolationException(what);
    }
}
