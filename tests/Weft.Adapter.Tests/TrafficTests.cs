using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;

namespace Weft.Adapter.Tests;

/// <summary>Seeded streams of messages in random shapes, both ways at once, and sleeping engines.</summary>
public sealed class TrafficTests
{
    private const int Slot = 1 << 16, Slots = 8;

    [Theory]
    [InlineData(1, EngineMode.Auto)]
    [InlineData(2, EngineMode.Event)]
    [InlineData(3, EngineMode.Poll)]
    public void Streams_of_random_shapes_both_ways_keep_integrity_and_order(int seed, EngineMode mode)
    {
        using var pair = new GuestPair(mode: mode, bufferBytes: 4 * Slot * Slots, scatter: new Random(seed), jitterSeed: seed,
            shape: shape => shape with { ReceiveRequests = Slots, SendSegments = 6, ReceiveSegments = 6, Scatter = new Random(seed) });
        const int messages = 1500;
        Exception?[] failures = new Exception?[2];
        var left = new Thread(() => failures[0] = Run(pair.A, pair.LeftMemory, pair.LeftQueue, seed * 10, (seed * 10) + 1, messages));
        var right = new Thread(() => failures[1] = Run(pair.B, pair.RightMemory, pair.RightQueue, (seed * 10) + 1, seed * 10, messages));
        left.Start();
        right.Start();
        left.Join();
        right.Join();
        Assert.True(failures[0] is null && failures[1] is null, $"seed {seed}: {failures[0]} {failures[1]}");
    }

    [Theory]
    [InlineData(1, EngineMode.Event)]
    [InlineData(2, EngineMode.Event)]
    [InlineData(3, EngineMode.Auto)]
    [InlineData(4, EngineMode.Auto)]
    public void No_wake_up_of_a_sleeping_engine_is_lost(int seed, EngineMode mode)
    {
        // Pauses of random length hit the switch of the doorbell page at every point.
        using var pair = new GuestPair(mode: mode, jitterSeed: seed);
        using var channel = new GuestChannel(pair.Left);
        GuestCompletionQueue armed = pair.Left.CreateCompletionQueue(63, channel.Handle, 3);
        GuestQueuePair from = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, armed, armed));
        GuestQueuePair to = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.RightQueue, pair.RightQueue));
        from.Connect(pair.RightVm.Lid, to.Number);
        to.Connect(pair.LeftVm.Lid, from.Number);
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            Thread.SpinWait(random.Next(random.Next(3000)));
            if (random.Next(50) == 0)
                Thread.Sleep(random.Next(10));
            switch (random.Next(3))
            {
                case 0:
                    pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
                    pair.LeftQueue.WaitSuccess();
                    break;
                case 1:
                    armed.Arm();
                    from.PostSend(pair.Remote(SendOpcode.Write, 8));
                    Assert.Equal(3UL, channel.Wait());
                    armed.EventTaken();
                    armed.WaitSuccess();
                    break;
                default:
                    from.PostSend(pair.Remote(SendOpcode.Write, 8));
                    Thread.SpinWait(random.Next(2000));
                    armed.Arm();
                    Assert.Equal(3UL, channel.Wait());
                    armed.EventTaken();
                    armed.WaitSuccess();
                    break;
            }
        }
        Assert.True(pair.LeftVm.Doorbell.TrapCount > 0);
    }

    [Fact]
    public void Stopped_VM_whose_doorbell_does_not_answer_stops_nobody_else()
    {
        using var pair = new GuestPair(mode: EngineMode.Event);
        pair.RightVm.Doorbell.IsStuck = true;
        for (int round = 0; round < 100; round++)
        {
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
            pair.LeftQueue.WaitSuccess();
            Thread.Sleep(round % 3);
        }
        // Its own stores ring nothing now; they are found all the same.
        GuestCompletionQueue queue = pair.RightQueue;
        pair.B.PostSend(new SendWork { Opcode = SendOpcode.Write, List = [pair.RightMemory.Entry(0, 8)], RemoteAddress = pair.LeftMemory.Address, RemoteKey = pair.LeftMemory.RemoteKey });
        queue.WaitSuccess();
    }

    private static Exception? Run(GuestQueuePair pair, GuestRegion memory, GuestCompletionQueue queue, int sendSeed, int receiveSeed, int messages)
    {
        try
        {
            new Stream(pair, memory, queue, sendSeed, receiveSeed).Run(messages);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    /// <summary>One side: sends one seeded stream and checks the other. The memory's first half is for sends.</summary>
    private sealed class Stream(GuestQueuePair pair, GuestRegion memory, GuestCompletionQueue queue, int sendSeed, int receiveSeed)
    {
        private readonly Random _shapes = new(sendSeed * 7), _lengths = new(sendSeed), _expected = new(receiveSeed);
        private readonly ScatterEntry[][] _posted = new ScatterEntry[Slots][];
        private int _sent, _sendsDone, _received, _receivesPosted;

        internal void Run(int messages)
        {
            int round = 0;
            while (_sendsDone < messages || _received < messages)
            {
                while (_receivesPosted < messages && _receivesPosted - _received < Slots)
                    PostReceive();
                while (_sent < messages && _sent - _sendsDone < Slots / 2 && pair.HasSendRoom)
                    PostSend();
                if (queue.TryPoll(out WorkCompletion completion))
                {
                    round = 0;
                    Take(completion);
                }
                else if (round++ > 20_000)
                    throw new TimeoutException($"Sent {_sendsDone}, received {_received} of {messages}.");
                else
                    Host.Relax(round);
            }
        }

        private void PostReceive()
        {
            int slot = _receivesPosted % Slots, at = (2 * Slots + slot) * Slot;
            _posted[slot] = Cut(at, Slot, 1);
            pair.PostReceive((ulong)_receivesPosted++, _posted[slot]);
        }

        private void PostSend()
        {
            int at = (_sent % Slots) * Slot, length = LengthOf(_lengths);
            new Random(sendSeed ^ (_sent << 8)).NextBytes(memory.Span.Slice(at, length));
            pair.PostSend(new SendWork
            {
                Id = (ulong)_sent,
                Opcode = _sent % 5 == 0 ? SendOpcode.SendImmediate : SendOpcode.Send,
                Immediate = (uint)_sent,
                List = Cut(at, length, 0),
            });
            _sent++;
        }

        private void Take(in WorkCompletion completion)
        {
            Assert.True(completion.IsSuccess, completion.ToString());
            if (completion.IsSend)
            {
                Assert.Equal((ulong)_sendsDone++, completion.Id);
                return;
            }
            Assert.Equal((ulong)_received, completion.Id);
            int length = LengthOf(_expected);
            Assert.Equal((uint)length, completion.LengthBytes);
            if (_received % 5 == 0)
                Assert.Equal((uint)_received, completion.Immediate);
            byte[] expected = new byte[length];
            new Random(receiveSeed ^ (_received << 8)).NextBytes(expected);
            Span<byte> rest = expected;
            foreach (ScatterEntry entry in _posted[_received % Slots])
            {
                int part = Math.Min(rest.Length, (int)entry.LengthBytes);
                Assert.True(rest[..part].SequenceEqual(Raw.Bytes(entry.Address, part)), $"message {_received} of {length} bytes");
                rest = rest[part..];
            }
            _received++;
        }

        private static int LengthOf(Random random) => random.Next(random.Next(4) == 0 ? Slot : 300);

        /// <summary>One range in up to six entries, some of them empty.</summary>
        private ScatterEntry[] Cut(int at, int length, int least)
        {
            int[] cuts = [0, .. Enumerable.Range(0, _shapes.Next(least, 6)).Select(_ => _shapes.Next(length + 1)).Order(), length];
            return [.. cuts.Zip(cuts.Skip(1), (from, to) => memory.Entry(at + from, to - from))];
        }
    }
}
