using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>
/// Several polling threads: many queue pairs between and within VMs of different threads, all of a VM on one completion
/// queue and one shared receive queue, so that the threads meet in each of them.
/// </summary>
public sealed class ThreadsTests
{
    [Theory]
    [InlineData(1, 1, EngineMode.Auto)]
    [InlineData(2, 2, EngineMode.Auto)]
    [InlineData(3, 2, EngineMode.Event)]
    [InlineData(4, 3, EngineMode.Auto)]
    [InlineData(5, 2, EngineMode.Poll)]
    public void Streams_that_share_queues_arrive_whole_in_order_and_once(int seed, int threads, EngineMode mode)
    {
        using var adapter = new VirtualAdapter(new EngineOptions { Mode = mode, Threads = threads });
        const int vms = 3, messages = 250;
        Station[] stations = [.. Enumerable.Range(0, vms).Select(index => new Station(adapter, seed * 100 + index, messages))];
        var random = new Random(seed);
        // Each to each, itself too, so that a VM's thread and its peers' meet.
        for (int from = 0; from < vms; from++)
            for (int to = from; to < vms; to++)
                for (int count = random.Next(2, 5); count > 0; count--)
                    Station.Connect(stations[from], stations[to]);
        Exception?[] failures = new Exception?[vms];
        Thread[] runs = [.. Enumerable.Range(0, vms).Select(index => new Thread(() => failures[index] = stations[index].Run()))];
        foreach (Thread run in runs)
            run.Start();
        foreach (Thread run in runs)
            run.Join();
        Assert.True(Array.TrueForAll(failures, failure => failure is null), $"seed {seed}: {string.Join('\n', failures.Where(failure => failure is not null))}");
        Assert.All(stations, station => Assert.Equal(station.AddsExpected, station.Adds));
        foreach (Station station in stations)
            station.Dispose();
    }

    [Fact]
    public void VMs_are_spread_over_the_threads_and_each_sleeps_by_itself()
    {
        using var adapter = new VirtualAdapter(new EngineOptions { Threads = 3 });
        using var pair = new GuestPair(adapter, new GuestVm(adapter), new GuestVm(adapter));
        Assert.Equal([1, 1, 0], adapter.Snapshot().Threads.Select(thread => thread.Vms));
        Host.Until(() => adapter.Snapshot().State == "asleep", "all threads asleep");
        for (int round = 0; round < 200; round++)
        {
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
            pair.LeftQueue.WaitSuccess();
        }
        Host.Until(() => adapter.Snapshot().State == "asleep", "all threads asleep again");
        pair.LeftVm.Dispose();
        pair.RightVm.Dispose();
        Assert.All(adapter.Snapshot().Threads, thread => Assert.Equal(0, thread.Vms));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Broken_peers_of_another_thread_fail_their_partners_and_nobody_else(int seed)
    {
        using var adapter = new VirtualAdapter(new EngineOptions { Threads = 2 });
        using var bystanders = new GuestPair(adapter, new GuestVm(adapter), new GuestVm(adapter));
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            GuestQueuePair from = bystanders.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, bystanders.LeftQueue, bystanders.LeftQueue));
            GuestQueuePair to = bystanders.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, bystanders.RightQueue, bystanders.RightQueue));
            (from.Retries, from.RnrRetries) = (1, 1);
            from.Connect(bystanders.RightVm.Lid, to.Number);
            to.Connect(bystanders.LeftVm.Lid, from.Number);
            // Both ends fail at once: one by a key that isn't there, the other by a list that is not its own.
            SendWork wrong = bystanders.Remote(SendOpcode.Write, 8);
            wrong.RemoteKey ^= 0xff00;
            to.PostReceive(7, bystanders.RightMemory.Entry(0, 64));
            from.PostSend(wrong);
            Thread.SpinWait(random.Next(200));
            to.PostSend(new SendWork { Opcode = SendOpcode.Send, List = [new ScatterEntry(bystanders.RightMemory.Address, 8, bystanders.RightMemory.LocalKey ^ 0xff00)] });
            Assert.False(bystanders.LeftQueue.Wait().IsSuccess);
            // The receive and the send of the peer, flushed or failed: each completes once.
            Assert.False(bystanders.RightQueue.Wait().IsSuccess);
            Assert.False(bystanders.RightQueue.Wait().IsSuccess);
            Assert.False(bystanders.RightQueue.TryPoll(out _));
            bystanders.A.PostSend(bystanders.Remote(SendOpcode.Write, 64));
            bystanders.LeftQueue.WaitSuccess();
            from.Destroy();
            to.Destroy();
        }
        bystanders.LeftVm.Dispose();
        bystanders.RightVm.Dispose();
    }

    /// <summary>One VM: what it sends, and what it expects. Its own thread runs it.</summary>
    private sealed class Station : IDisposable
    {
        private const int SlotBytes = 1024, ReceiveSlots = 32, Outstanding = 4, HeadBytes = 12, CounterAt = ReceiveSlots * SlotBytes, SendsAt = CounterAt + 64;
        private readonly GuestVm _vm;
        private readonly GuestContext _context;
        private readonly GuestCompletionQueue _queue;
        private readonly GuestSharedQueue _shared;
        private readonly GuestRegion _memory;
        private readonly Random _random;
        private readonly int _messages;
        private readonly Dictionary<uint, End> _ends = [];

        /// <summary>Places for receives: two threads may complete what they took in the other order.</summary>
        private readonly Stack<int> _free = new(Enumerable.Range(0, ReceiveSlots));

        internal Station(VirtualAdapter adapter, int seed, int messages)
        {
            _vm = new GuestVm(adapter, jitterSeed: seed);
            (_random, _messages) = (new Random(seed), messages);
            _context = _vm.Open();
            _queue = _context.CreateCompletionQueue(1023);
            _shared = new GuestSharedQueue(_context, ReceiveSlots - 1);
            _memory = _context.Register(1 << 20);
        }

        internal ulong Adds => Raw.Long(_memory.Address + CounterAt);

        internal ulong AddsExpected { get; private set; }

        internal static void Connect(Station left, Station right)
        {
            GuestQueuePair a = left.Create(), b = right.Create();
            a.Connect(right._vm.Lid, b.Number);
            b.Connect(left._vm.Lid, a.Number);
            left.Add(a, b, right);
            right.Add(b, a, left);
        }

        internal Exception? Run()
        {
            try
            {
                int idle = 0;
                while (_ends.Values.Any(end => end.Done < _messages || end.Received < end.PeerSends))
                {
                    while (_shared.HasRoom)
                        PostReceive();
                    foreach (End end in _ends.Values)
                        while (end.Sent < _messages && end.Sent - end.Done < Outstanding && end.Pair.HasSendRoom)
                            PostSend(end);
                    if (_queue.TryPoll(out WorkCompletion completion))
                    {
                        idle = 0;
                        Take(completion);
                    }
                    else if (idle++ > 20_000)
                        throw new TimeoutException(string.Join(", ", _ends.Values.Select(end => $"{end.Pair.Number:x}: {end.Done} sent, {end.Received} received")));
                    else
                        Host.Relax(idle);
                    if (_random.Next(500) == 0)
                        Churn();
                }
                return null;
            }
            catch (Exception failure)
            {
                return failure;
            }
        }

        public void Dispose() => _vm.Dispose();

        /// <summary>A control call among the traffic.</summary>
        private void Churn()
        {
            GuestRegion region = _context.Register(GuestArena.PageBytes);
            Assert.Equal(Errno.None, _context.Verbs.DeregisterRegion(region.Keys.Handle));
        }

        private GuestQueuePair Create()
        {
            GuestQueuePair pair = _context.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, _queue, _queue) { Shared = _shared });
            const byte forEver = 7;
            (pair.RnrRetries, pair.RnrTimerCode) = (forEver, 1);
            return pair;
        }

        private void Add(GuestQueuePair pair, GuestQueuePair peer, Station to)
        {
            // Every fifth is an atomic, which the peer gets no completion of.
            int adds = (_messages + 4) / 5;
            _ends.Add(pair.Number, new End(pair, peer.Number, to, SendsAt + _ends.Count * Outstanding * SlotBytes, _messages - adds));
            to.AddsExpected += (ulong)adds;
        }

        private void PostReceive()
        {
            int slot = _free.Pop();
            _shared.Post((ulong)slot, _memory.Entry(slot * SlotBytes, SlotBytes));
        }

        private void PostSend(End end)
        {
            int number = end.Sent++, at = end.MemoryAt + (number % Outstanding * SlotBytes);
            if (number % 5 == 0)
            {
                end.Pair.PostSend(new SendWork
                {
                    Id = (ulong)number,
                    Opcode = SendOpcode.FetchAdd,
                    SwapOrAdd = 1,
                    List = [_memory.Entry(at, sizeof(ulong))],
                    RemoteAddress = end.To._memory.Address + CounterAt,
                    RemoteKey = end.To._memory.RemoteKey,
                });
                return;
            }
            int length = HeadBytes + LengthOf(end.Pair.Number, number);
            Fill(_memory.Span.Slice(at, length), end.Pair.Number, number);
            end.Pair.PostSend(new SendWork { Id = (ulong)number, Opcode = SendOpcode.SendImmediate, Immediate = (uint)number, List = [_memory.Entry(at, length)] });
        }

        private void Take(in WorkCompletion completion)
        {
            Assert.True(completion.IsSuccess, completion.ToString());
            End end = _ends[completion.QueuePair];
            if (completion.IsSend)
            {
                Assert.Equal((ulong)end.Done++, completion.Id);
                return;
            }
            int number = end.NextReceived();
            Assert.Equal((uint)number, completion.Immediate);
            Span<byte> got = _memory.Span.Slice((int)completion.Id * SlotBytes, (int)completion.LengthBytes);
            byte[] expected = new byte[HeadBytes + LengthOf(end.Peer, number)];
            Fill(expected, end.Peer, number);
            Assert.True(got.SequenceEqual(expected), $"message {number} from {end.Peer:x} to {completion.QueuePair:x}");
            _free.Push((int)completion.Id);
        }

        private static int LengthOf(uint from, int number) => (int)((from * 7919 + (uint)number * 104729) % (SlotBytes - HeadBytes));

        private static void Fill(Span<byte> into, uint from, int number)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into, from);
            BinaryPrimitives.WriteInt32LittleEndian(into[4..], number);
            BinaryPrimitives.WriteInt32LittleEndian(into[8..], into.Length);
            new Random((int)from * 31 + number).NextBytes(into[HeadBytes..]);
        }
    }

    private sealed class End(GuestQueuePair pair, uint peer, Station to, int memoryAt, int peerSends)
    {
        internal GuestQueuePair Pair { get; } = pair;

        internal uint Peer { get; } = peer;

        internal Station To { get; } = to;

        internal int MemoryAt { get; } = memoryAt;

        internal int PeerSends { get; } = peerSends;

        internal int Sent { get; set; }

        internal int Done { get; set; }

        internal int Received { get; private set; }

        private int _next;

        /// <summary>The peer's messages but for its atomics, in their order.</summary>
        internal int NextReceived()
        {
            Received++;
            _next += _next % 5 == 0 ? 1 : 0;
            return _next++;
        }
    }
}
