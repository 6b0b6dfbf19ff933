using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;

namespace Weft.Adapter.Tests;

/// <summary>Sends and writes of every size between two VMs.</summary>
public sealed class MessageTests
{
    public static TheoryData<int> Sizes => [0, 1, 2, 63, 64, 65, 255, 4095, 4096, 4097, 65536, 1_000_003, 4 << 20];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Reliable_send_arrives_whole_with_its_length(int bytes)
    {
        using var pair = new GuestPair(bufferBytes: 4 << 20);
        new Random(bytes).NextBytes(pair.LeftMemory.Span);
        pair.B.PostReceive(7, pair.RightMemory.Entry(0, Math.Max(bytes, 64)));
        pair.A.PostSend(pair.Send(bytes, id: 9));
        WorkCompletion received = pair.RightQueue.WaitSuccess(), sent = pair.LeftQueue.WaitSuccess();
        Assert.Equal((7UL, (uint)bytes, false, (byte)1, pair.B.Number), (received.Id, received.LengthBytes, received.IsSend, received.Opcode, received.QueuePair));
        Assert.Equal((9UL, true, (byte)SendOpcode.Send, pair.A.Number), (sent.Id, sent.IsSend, sent.Opcode, sent.QueuePair));
        Assert.True(pair.LeftMemory.Span[..bytes].SequenceEqual(pair.RightMemory.Span[..bytes]));
        Assert.Equal(-1, pair.RightMemory.Span[bytes..].IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Write_lands_exactly_where_it_is_told(int bytes)
    {
        using var pair = new GuestPair(bufferBytes: (4 << 20) + 8192);
        new Random(bytes).NextBytes(pair.LeftMemory.Span);
        SendWork work = pair.Remote(SendOpcode.Write, bytes);
        work.RemoteAddress += 4099;
        pair.A.PostSend(work);
        WorkCompletion sent = pair.LeftQueue.WaitSuccess();
        Assert.Equal((byte)SendOpcode.Write, sent.Opcode);
        Assert.True(pair.LeftMemory.Span[..bytes].SequenceEqual(pair.RightMemory.Span.Slice(4099, bytes)));
        Assert.Equal(-1, pair.RightMemory.Span[..4099].IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, pair.RightMemory.Span[(4099 + bytes)..].IndexOfAnyExcept((byte)0));
        Assert.False(pair.RightQueue.TryPoll(out _));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Read_fetches_and_tells_its_length(int bytes)
    {
        using var pair = new GuestPair(bufferBytes: 4 << 20);
        new Random(bytes).NextBytes(pair.RightMemory.Span);
        pair.A.PostSend(pair.Remote(SendOpcode.Read, bytes));
        WorkCompletion read = pair.LeftQueue.WaitSuccess();
        Assert.Equal(((byte)SendOpcode.Read, (uint)bytes), (read.Opcode, read.LengthBytes));
        Assert.True(pair.LeftMemory.Span[..bytes].SequenceEqual(pair.RightMemory.Span[..bytes]));
        Assert.Equal(-1, pair.LeftMemory.Span[bytes..].IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(QueuePairType.ReliableConnection)]
    [InlineData(QueuePairType.UnreliableConnection)]
    public void Immediates_come_with_the_completion(QueuePairType type)
    {
        using var pair = new GuestPair(type);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        pair.B.PostReceive(2, pair.RightMemory.Entry(64, 64));
        pair.LeftMemory.Span[..16].Fill(0x5a);
        pair.A.PostSend(new SendWork { Opcode = SendOpcode.SendImmediate, Immediate = 0xdeadbeef, List = [pair.LeftMemory.Entry(0, 5)] });
        SendWork write = pair.Remote(SendOpcode.WriteImmediate, 11, 4096);
        write.Immediate = 0x01020304;
        pair.A.PostSend(write);
        WorkCompletion first = pair.RightQueue.WaitSuccess(), second = pair.RightQueue.WaitSuccess();
        Assert.Equal((1UL, 0xdeadbeefu, 5u, (byte)2), (first.Id, first.Immediate, first.LengthBytes, first.Opcode));
        Assert.Equal((2UL, 0x01020304u, 11u, (byte)0), (second.Id, second.Immediate, second.LengthBytes, second.Opcode));
        Assert.Equal(0, pair.RightMemory.Span[64]);
    }

    [Fact]
    public void Unreliable_connection_sends_and_writes()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableConnection);
        new Random(3).NextBytes(pair.LeftMemory.Span);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 100_000));
        pair.A.PostSend(pair.Send(100_000));
        Assert.Equal(100_000u, pair.RightQueue.WaitSuccess().LengthBytes);
        pair.LeftQueue.WaitSuccess();
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 5000, 200_000));
        pair.LeftQueue.WaitSuccess();
        Assert.True(pair.LeftMemory.Span[..100_000].SequenceEqual(pair.RightMemory.Span[..100_000]));
        // Between hosts an unreliable request is complete when it is sent.
        Host.Until(() => pair.LeftMemory.Span.Slice(200_000, 5000).SequenceEqual(pair.RightMemory.Span.Slice(200_000, 5000)), "the write");
    }

    [Fact]
    public void Unreliable_connection_drops_what_nobody_receives_and_completes()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableConnection);
        pair.A.PostSend(pair.Send(10));
        pair.LeftQueue.WaitSuccess();
        SendWork write = pair.Remote(SendOpcode.Write, 10);
        write.RemoteKey ^= 0x55;
        pair.A.PostSend(write);
        pair.LeftQueue.WaitSuccess();
        // Between hosts both may still be on their way, and nothing tells of their loss.
        if (TwoHosts.AreAsked)
            Thread.Sleep(200);
        pair.B.PostReceive(5, pair.RightMemory.Entry(0, 64));
        pair.A.PostSend(pair.Send(12));
        Assert.Equal(12u, pair.RightQueue.WaitSuccess().LengthBytes);
    }

    [Fact]
    public void Queue_pair_talks_to_itself_and_to_its_own_VM()
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        using var pair = new GuestPair(adapter, vm, vm);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        pair.A.PostSend(pair.Send(33));
        Assert.Equal(33u, pair.RightQueue.WaitSuccess().LengthBytes);
        GuestQueuePair self = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.LeftQueue, pair.LeftQueue));
        self.Connect(vm.Lid, self.Number);
        pair.LeftQueue.WaitSuccess();
        self.PostReceive(4, pair.LeftMemory.Entry(1024, 64));
        self.PostSend(pair.Send(21));
        Assert.Equal([4UL, 1UL], new[] { pair.LeftQueue.WaitSuccess(), pair.LeftQueue.WaitSuccess() }.OrderBy(each => each.IsSend).Select(each => each.Id));
    }

    [Theory]
    [InlineData(QueuePairType.ReliableConnection)]
    [InlineData(QueuePairType.UnreliableConnection)]
    public void Inline_of_every_length_arrives(QueuePairType type)
    {
        const int most = 928;
        using var pair = new GuestPair(type, shape: shape => shape with { Inline = most - 16, SendSegments = 2 });
        Assert.Equal(10, pair.A.SendShift);
        var random = new Random(928);
        Span<byte> source = pair.LeftMemory.Span;
        for (int length = 0; length <= most; length++)
        {
            random.NextBytes(source[..length]);
            pair.RightMemory.Span[..1024].Fill(0xee);
            pair.B.PostReceive((ulong)length, pair.RightMemory.Entry(0, 1024));
            int cut = random.Next(length + 1);
            pair.A.PostSend(new SendWork
            {
                Opcode = SendOpcode.Send,
                IsInline = true,
                // The keys of inline entries are not looked at.
                List = [new ScatterEntry(pair.LeftMemory.Address, (uint)cut, 0), new ScatterEntry(pair.LeftMemory.Address + (ulong)cut, (uint)(length - cut), 1)],
            });
            byte[] sent = source[..length].ToArray();
            source[..length].Clear();
            WorkCompletion received = pair.RightQueue.WaitSuccess();
            pair.LeftQueue.WaitSuccess();
            Assert.Equal((uint)length, received.LengthBytes);
            Assert.True(sent.AsSpan().SequenceEqual(pair.RightMemory.Span[..length]), $"length {length}");
            Assert.Equal(-1, pair.RightMemory.Span[length..1024].IndexOfAnyExcept((byte)0xee));
        }
    }

    [Fact]
    public void Inline_write_of_every_length_arrives()
    {
        using var pair = new GuestPair(shape: shape => shape with { Inline = 900 });
        for (int length = 0; length <= 900; length += 7)
        {
            new Random(length).NextBytes(pair.LeftMemory.Span[..length]);
            SendWork work = pair.Remote(SendOpcode.Write, length);
            work.IsInline = true;
            pair.A.PostSend(work);
            pair.LeftQueue.WaitSuccess();
            Assert.True(pair.LeftMemory.Span[..length].SequenceEqual(pair.RightMemory.Span[..length]), $"length {length}");
        }
    }
}
