using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>A hostile guest scribbles over all that the engine reads; other VMs' traffic goes on unharmed.</summary>
public sealed class FuzzTests
{
    private const int Seconds = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_bytes_in_rings_and_records_harm_nobody_else(int seed)
    {
        using var adapter = Adapters.Start();
        using var good = new GuestPair(adapter, new GuestVm(adapter), new GuestVm(adapter));
        using var evil = new GuestVm(adapter);
        using var canary = new GuestVm(adapter);
        GuestRegion untouched = canary.Open().Register(1 << 20);
        untouched.Span.Fill(0x3c);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(Seconds));
        var traffic = new Traffic(good);
        var thread = new Thread(() => traffic.Run(stop.Token));
        thread.Start();
        new Scribbler(evil, good, new Random(seed)).Run(stop.Token);
        thread.Join();
        Assert.True(traffic.Failure is null, $"seed {seed}: {traffic.Failure}");
        Assert.True(traffic.Rounds > 50, $"seed {seed}: only {traffic.Rounds} rounds of the good guests");
        Assert.Equal(-1, untouched.Span.IndexOfAnyExcept((byte)0x3c));
        good.LeftVm.Dispose();
        good.RightVm.Dispose();
    }

    /// <summary>Well-formed writes and reads with their payload checked.</summary>
    private sealed class Traffic(GuestPair pair)
    {
        internal Exception? Failure { get; private set; }

        internal int Rounds { get; private set; }

        internal void Run(CancellationToken stop)
        {
            try
            {
                while (!stop.IsCancellationRequested)
                {
                    int bytes = 1 + Rounds * 37 % 20_000;
                    pair.LeftMemory.Span[..bytes].Fill((byte)Rounds);
                    pair.A.PostSend(pair.Remote(SendOpcode.Write, bytes));
                    pair.LeftQueue.WaitSuccess();
                    Assert.Equal(-1, pair.RightMemory.Span[..bytes].IndexOfAnyExcept((byte)Rounds));
                    Rounds++;
                }
            }
            catch (Exception failure)
            {
                Failure = failure;
            }
        }
    }

    /// <summary>Queue pairs of all kinds whose memory is overwritten at random, half of it with plausible slots.</summary>
    private sealed class Scribbler(GuestVm vm, GuestPair victim, Random random)
    {
        internal void Run(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
                Life(stop);
        }

        private void Life(CancellationToken stop)
        {
            using GuestContext context = vm.Open();
            using var channel = new GuestChannel(context);
            var queue = context.CreateCompletionQueue(63, channel.Handle);
            GuestRegion memory = context.Register(64 << 10, scatter: random);
            var shared = new GuestSharedQueue(context, 15);
            var pairs = new List<GuestQueuePair>();
            QueuePairType[] types = [QueuePairType.ReliableConnection, QueuePairType.UnreliableConnection, QueuePairType.UnreliableDatagram];
            for (int index = 0; index < 6; index++)
            {
                var shape = new GuestQueueShape(types[index % 3], queue, queue) { Shared = index >= 3 ? shared : null, Inline = index * 100, SendRequests = 8 };
                pairs.Add(context.CreateQueuePair(shape));
            }
            foreach (GuestQueuePair pair in pairs)
                pair.Connect(random.Next(4) == 0 ? victim.LeftVm.Lid : vm.Lid, random.Next(4) == 0 ? victim.A.Number : pairs[random.Next(pairs.Count)].Number);
            for (int round = 0; round < 300 && !stop.IsCancellationRequested; round++)
            {
                GuestQueuePair pair = pairs[random.Next(pairs.Count)];
                Scribble(pair, queue, shared, memory);
                vm.Doorbell.Store();
                if (round % 16 == 0)
                    Control(context, pair);
                Drain(context, channel);
            }
        }

        private void Scribble(GuestQueuePair pair, GuestCompletionQueue queue, GuestSharedQueue shared, GuestRegion memory)
        {
            switch (random.Next(6))
            {
                case 0:
                    Bytes(pair.Buffer!.Span);
                    break;
                case 1:
                    Bytes(shared.Buffer.Span);
                    Raw.Word(shared.RecordAddress) = (uint)random.Next();
                    break;
                case 2:
                    Raw.Word(queue.RecordAddress) = (uint)random.Next();
                    Raw.Word(queue.RecordAddress + 4) = (uint)random.Next();
                    break;
                case 3:
                    if (pair.RecordAddress != 0)
                        Raw.Word(pair.RecordAddress) = (uint)random.Next();
                    break;
                default:
                    Plausible(pair, memory);
                    break;
            }
        }

        private void Bytes(Span<byte> span)
        {
            int at = random.Next(span.Length);
            random.NextBytes(span.Slice(at, random.Next(span.Length - at)));
        }

        /// <summary>A right opcode and right keys now and then, wrong numbers elsewhere; all slots, both owner bits.</summary>
        private void Plausible(GuestQueuePair pair, GuestRegion memory)
        {
            byte[] opcodes = [1, 8, 9, 0xa, 0xb, 0x10, 0x11, 0x12, 0x18, 0x1b];
            Span<byte> slot = stackalloc byte[1024];
            for (uint index = 0; index < pair.SendCount; index++)
            {
                slot = slot[..(1 << pair.SendShift)];
                random.NextBytes(slot);
                slot[7] = (byte)random.Next(64);
                for (int at = 16; at + 16 <= slot.Length; at += 16)
                {
                    uint key = random.Next(2) == 0 ? memory.LocalKey : random.Next(2) == 0 ? victim.RightMemory.RemoteKey : (uint)random.Next(0x800);
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(slot[at..], (uint)random.Next(70_000) | (random.Next(4) == 0 ? 0x80000000u : 0));
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(slot[(at + 4)..], key);
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(slot[(at + 8)..], memory.Address + (ulong)random.Next(-100, 70_000));
                }
                slot[4..].CopyTo(Raw.Bytes(pair.SendSlot(index) + 4, slot.Length - 4));
                uint word = opcodes[random.Next(opcodes.Length)] | (random.Next(2) == 0 ? 0x80000000u : 0);
                Volatile.Write(ref Raw.Word(pair.SendSlot(index)), System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
            }
        }

        private void Control(GuestContext context, GuestQueuePair pair)
        {
            var attributes = pair.Attributes((QueuePairState)random.Next(7), (ushort)random.Next(1, 6), (uint)random.Next(64, 200));
            Errno errno = context.Verbs.ModifyQueuePair(pair.Handle, (uint)random.Next() & 0x1fffff, attributes);
            Assert.True(errno is Errno.None or Errno.EINVAL, errno.ToString());
            if (random.Next(2) != 0)
                return;
            context.Verbs.ModifyQueuePair(pair.Handle, GuestQueuePair.State, pair.Attributes(QueuePairState.Reset));
            context.Verbs.ModifyQueuePair(pair.Handle, pair.InitMask, pair.Attributes(QueuePairState.Init));
            context.Verbs.ModifyQueuePair(pair.Handle, pair.ReadyToReceiveMask, pair.Attributes(QueuePairState.ReadyToReceive, vm.Lid, pair.Number));
            context.Verbs.ModifyQueuePair(pair.Handle, pair.ReadyToSendMask, pair.Attributes(QueuePairState.ReadyToSend));
        }

        private static void Drain(GuestContext context, GuestChannel channel)
        {
            while (context.ReadAsync() is not null)
            {
            }
            while (channel.Read() is not null)
            {
            }
        }
    }

    [Fact]
    public void Random_control_calls_are_answered_and_leave_others_alone()
    {
        const int seed = 11;
        var random = new Random(seed);
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        using var other = new GuestPair(adapter, new GuestVm(adapter), new GuestVm(adapter));
        GuestContext context = vm.Open();
        long since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since).TotalSeconds < 2)
            Call(context.Verbs, random);
        other.A.PostSend(other.Remote(SendOpcode.Write, 8));
        other.LeftQueue.WaitSuccess();
        other.LeftVm.Dispose();
        other.RightVm.Dispose();
    }

    private static void Call(IAdapterContext verbs, Random random)
    {
        uint Small() => (uint)random.Next(random.Next(3) == 0 ? int.MaxValue : 12);
        MemoryExtent Extent() => new() { Offset = (ulong)random.Next(1 << 16) << random.Next(16), LengthBytes = (ulong)random.Next(1 << 16), Source = random.Next(20) == 0 ? random.Next() : 0 };
        QueueLayout Layout() => new() { OffsetBytes = Small(), Count = 1u << random.Next(18), StrideShift = (uint)random.Next(40), MostSegments = Small() };
        MemoryExtent[] extents = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Extent())];
        switch (random.Next(12))
        {
            case 0:
                verbs.AllocateProtectionDomain(out _);
                break;
            case 1:
                verbs.RegisterRegion(new RegionRequest { Start = Small(), LengthBytes = Small(), VirtualAddress = Small(), ProtectionDomain = Small(), Access = Small() }, extents, out _);
                break;
            case 2:
                verbs.CreateCompletionQueue(new CompletionQueueRequest { Entries = (1u << random.Next(24)) - 1, EntryBytes = random.Next(2) == 0 ? 32u : Small(), Channel = Small(), Record = Extent() }, extents, out _);
                break;
            case 3:
                verbs.CreateQueuePair(new QueuePairRequest
                {
                    Type = (QueuePairType)random.Next(12),
                    ProtectionDomain = Small(),
                    SendQueue = Small(),
                    ReceiveQueue = Small(),
                    SharedReceiveQueue = Small(),
                    XrcDomain = Small(),
                    Send = Layout(),
                    Receive = Layout(),
                    Record = Extent(),
                }, extents, out _);
                break;
            case 4:
                verbs.CreateSharedReceiveQueue(new SharedReceiveQueueRequest { ProtectionDomain = Small(), XrcDomain = Small(), CompletionQueue = Small(), Ring = Layout(), Record = Extent() }, extents, out _);
                break;
            case 5:
                verbs.ModifyQueuePair(Small(), Small(), new QueuePairAttributes { State = (QueuePairState)random.Next(256), PathMtu = (byte)random.Next(256), Timeout = (byte)random.Next(256) });
                break;
            case 6:
                verbs.ResizeCompletionQueue(Small(), Small(), extents);
                break;
            case 7:
                verbs.ReregisterRegion(Small(), Small(), new RegionRequest { LengthBytes = Small(), ProtectionDomain = Small(), Access = Small() }, extents, out _);
                break;
            case 8:
                verbs.AllocateWindow(Small(), (byte)random.Next(4), out _);
                break;
            case 9:
                verbs.OpenXrcDomain(Small(), Small(), Small(), out _);
                break;
            case 10:
                verbs.AttachMulticast(Small(), new GlobalAddress(ulong.MaxValue << 56, Small()), (ushort)Small());
                break;
            default:
                _ = random.Next(6) switch
                {
                    0 => verbs.DestroyQueuePair(Small(), out _),
                    1 => verbs.DestroyCompletionQueue(Small(), out _),
                    2 => verbs.DeregisterRegion(Small()),
                    3 => verbs.DestroySharedReceiveQueue(Small(), out _),
                    4 => verbs.CloseXrcDomain(Small()),
                    _ => verbs.DeallocateWindow(Small()),
                };
                break;
        }
    }
}
