using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>Atomics, order, signalling, memory windows, invalidation, keys.</summary>
public sealed class OperationTests
{
    [Fact]
    public void Compare_and_swap_swaps_only_when_equal_and_brings_the_old_value()
    {
        using var pair = new GuestPair();
        Raw.Long(pair.RightMemory.Address + 8) = 0x1122334455667788;
        SendWork work = pair.Remote(SendOpcode.CompareSwap, 8, 8);
        (work.Compare, work.SwapOrAdd) = (0x1122334455667788, 42);
        pair.A.PostSend(work);
        Assert.Equal((byte)SendOpcode.CompareSwap, pair.LeftQueue.WaitSuccess().Opcode);
        Assert.Equal((0x1122334455667788UL, 42UL), (Raw.Long(pair.LeftMemory.Address + 8), Raw.Long(pair.RightMemory.Address + 8)));
        pair.A.PostSend(work);
        pair.LeftQueue.WaitSuccess();
        Assert.Equal((42UL, 42UL), (Raw.Long(pair.LeftMemory.Address + 8), Raw.Long(pair.RightMemory.Address + 8)));
    }

    [Fact]
    public void Additions_of_both_sides_and_of_the_program_itself_all_count()
    {
        using var pair = new GuestPair();
        GuestRegion counter = pair.Right.Register(4096);
        const int rounds = 2000;
        var program = new Thread(() =>
        {
            for (int index = 0; index < rounds; index++)
                Interlocked.Add(ref Raw.Long(counter.Address), 1000);
        });
        program.Start();
        SendWork add = new()
        {
            Opcode = SendOpcode.FetchAdd,
            SwapOrAdd = 1,
            RemoteAddress = counter.Address,
            RemoteKey = counter.RemoteKey,
            List = [pair.LeftMemory.Entry(0, 8)],
        };
        SendWork own = new()
        {
            Opcode = SendOpcode.FetchAdd,
            SwapOrAdd = 1_000_000_000,
            RemoteAddress = counter.Address,
            RemoteKey = counter.RemoteKey,
            List = [pair.RightMemory.Entry(0, 8)],
        };
        GuestQueuePair self = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.RightQueue, pair.RightQueue));
        self.Connect(pair.RightVm.Lid, self.Number);
        for (int index = 0; index < rounds; index++)
        {
            pair.A.PostSend(add);
            self.PostSend(own);
            pair.LeftQueue.WaitSuccess();
            pair.RightQueue.WaitSuccess();
        }
        program.Join();
        Assert.Equal(rounds * 1001UL + rounds * 1_000_000_000UL, Raw.Long(counter.Address));
    }

    [Fact]
    public void Unsignalled_requests_say_nothing_and_are_retired_by_the_next_that_does()
    {
        using var pair = new GuestPair();
        for (int round = 0; round < 100; round++)
        {
            for (int index = 0; index < 10; index++)
            {
                SendWork quiet = pair.Remote(SendOpcode.Write, 8, 8 * index);
                quiet.IsSignalled = false;
                pair.A.PostSend(quiet);
            }
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8, id: (ulong)round));
            Assert.Equal((ulong)round, pair.LeftQueue.WaitSuccess().Id);
            Assert.Equal(0, pair.A.SendsOutstanding);
            Assert.False(pair.LeftQueue.TryPoll(out _));
        }
    }

    [Fact]
    public void Requests_complete_in_the_order_of_their_posting_whatever_they_are()
    {
        using var pair = new GuestPair(shape: shape => shape with { SendRequests = 100 });
        var random = new Random(12);
        SendOpcode[] kinds = [SendOpcode.Write, SendOpcode.Read, SendOpcode.FetchAdd, SendOpcode.CompareSwap];
        for (int round = 0; round < 30; round++)
        {
            for (ulong id = 0; id < 50; id++)
            {
                SendOpcode kind = kinds[random.Next(kinds.Length)];
                SendWork work = pair.Remote(kind, kind is SendOpcode.Write or SendOpcode.Read ? random.Next(20_000) : 8, 0, id);
                work.IsFenced = random.Next(2) == 0;
                pair.A.Stage(work);
            }
            pair.A.Ring();
            for (ulong id = 0; id < 50; id++)
                Assert.Equal(id, pair.LeftQueue.WaitSuccess().Id);
        }
    }

    [Fact]
    public void Fenced_send_carries_what_the_read_before_it_brought()
    {
        using var pair = new GuestPair();
        for (int round = 1; round < 100; round++)
        {
            pair.RightMemory.Span[..4096].Fill((byte)round);
            pair.B.PostReceive(1, pair.RightMemory.Entry(8192, 4096));
            pair.A.Stage(pair.Remote(SendOpcode.Read, 4096));
            SendWork send = pair.Send(4096);
            send.IsFenced = true;
            pair.A.PostSend(send);
            pair.RightQueue.WaitSuccess();
            pair.LeftQueue.WaitSuccess();
            pair.LeftQueue.WaitSuccess();
            Assert.Equal(-1, pair.RightMemory.Span.Slice(8192, 4096).IndexOfAnyExcept((byte)round));
        }
    }

    [Fact]
    public void Last_byte_of_a_write_is_stored_last()
    {
        using var pair = new GuestPair();
        const int bytes = 3000;
        for (int round = 1; round <= 200; round++)
        {
            pair.LeftMemory.Span[..bytes].Fill((byte)round);
            pair.A.PostSend(pair.Remote(SendOpcode.Write, bytes));
            Host.Until(() => Volatile.Read(ref Raw.Byte(pair.RightMemory.Address + bytes - 1)) == (byte)round, "the last byte");
            Assert.Equal(-1, pair.RightMemory.Span[..bytes].IndexOfAnyExcept((byte)round));
            pair.LeftQueue.WaitSuccess();
        }
    }

    [Fact]
    public void Window_opens_its_part_and_no_more_until_it_is_invalidated()
    {
        using var pair = new GuestPair();
        GuestRegion closed = pair.Right.Register(8192, GuestRegion.LocalWrite | GuestRegion.WindowBind);
        Assert.Equal(Errno.None, pair.Right.Verbs.AllocateWindow(pair.Right.Domain, 2, out RegionKeys window));
        uint key = window.RemoteKey & ~0xffu | 0x5a;
        pair.B.PostSend(Binding(new WindowBinding(true, GuestRegion.RemoteWrite, false, key, closed.LocalKey, closed.Address + 4096, 100)));
        Assert.Equal((byte)SendOpcode.Bind, pair.RightQueue.WaitSuccess().Opcode);
        SendWork write = pair.Remote(SendOpcode.Write, 100);
        (write.RemoteAddress, write.RemoteKey) = (closed.Address + 4096, key);
        pair.LeftMemory.Span[..100].Fill(3);
        pair.A.PostSend(write);
        pair.LeftQueue.WaitSuccess();
        Assert.Equal(3, closed.Span[4096 + 99]);
        Assert.Equal(Errno.EBUSY, pair.Right.Verbs.DeregisterRegion(closed.Keys.Handle));
        pair.B.PostSend(new SendWork { Opcode = SendOpcode.LocalInvalidate, Immediate = key });
        pair.RightQueue.WaitSuccess();
        pair.A.PostSend(write);
        Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
        Assert.Equal(Errno.None, pair.Right.Verbs.DeallocateWindow(window.Handle));
        Assert.Equal(Errno.None, pair.Right.Verbs.DeregisterRegion(closed.Keys.Handle));
    }

    [Fact]
    public void Window_refuses_what_lies_outside_it()
    {
        using var pair = new GuestPair();
        GuestRegion closed = pair.Right.Register(8192, GuestRegion.LocalWrite | GuestRegion.WindowBind);
        Assert.Equal(Errno.None, pair.Right.Verbs.AllocateWindow(pair.Right.Domain, 1, out RegionKeys window));
        uint key = window.RemoteKey & ~0xffu | (window.RemoteKey + 1) & 0xff;
        pair.B.PostSend(Binding(new WindowBinding(false, GuestRegion.RemoteWrite, false, key, closed.LocalKey, closed.Address + 100, 50)));
        pair.RightQueue.WaitSuccess();
        SendWork write = pair.Remote(SendOpcode.Write, 51);
        (write.RemoteAddress, write.RemoteKey) = (closed.Address + 100, key);
        pair.A.PostSend(write);
        Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
    }

    [Fact]
    public void Binding_without_the_right_fails_at_home()
    {
        using var pair = new GuestPair();
        GuestRegion unbindable = pair.Right.Register(4096, GuestRegion.LocalWrite);
        Assert.Equal(Errno.None, pair.Right.Verbs.AllocateWindow(pair.Right.Domain, 2, out RegionKeys window));
        pair.B.PostSend(Binding(new WindowBinding(true, GuestRegion.RemoteWrite, false, window.RemoteKey, unbindable.LocalKey, unbindable.Address, 100)));
        Assert.Contains(pair.RightQueue.Wait().Syndrome, new[] { Syndrome.WindowBind, Syndrome.LocalProtection });
    }

    [Fact]
    public void Send_with_invalidate_closes_the_peers_window()
    {
        using var pair = new GuestPair();
        GuestRegion closed = pair.Right.Register(4096, GuestRegion.LocalWrite | GuestRegion.WindowBind);
        Assert.Equal(Errno.None, pair.Right.Verbs.AllocateWindow(pair.Right.Domain, 2, out RegionKeys window));
        uint key = window.RemoteKey;
        pair.B.PostSend(Binding(new WindowBinding(true, GuestRegion.RemoteWrite, false, key, closed.LocalKey, closed.Address, 100)));
        pair.RightQueue.WaitSuccess();
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        pair.A.PostSend(new SendWork { Opcode = SendOpcode.SendInvalidate, Immediate = key, List = [pair.LeftMemory.Entry(0, 4)] });
        WorkCompletion received = pair.RightQueue.WaitSuccess();
        Assert.Equal(((byte)3, key), (received.Opcode, received.Immediate));
        pair.LeftQueue.WaitSuccess();
        SendWork write = pair.Remote(SendOpcode.Write, 4);
        (write.RemoteAddress, write.RemoteKey) = (closed.Address, key);
        pair.A.PostSend(write);
        Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
    }

    private static SendWork Binding(WindowBinding window) => new() { Opcode = SendOpcode.Bind, Window = window };
}
