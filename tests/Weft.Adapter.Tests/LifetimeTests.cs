using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>Keys and handles of others, ends of objects and of VMs.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void Guessed_and_stale_remote_keys_open_nothing()
    {
        using var adapter = Adapters.Start();
        using var leftVm = new GuestVm(adapter);
        using var rightVm = new GuestVm(adapter);
        using var strangerVm = new GuestVm(adapter);
        GuestContext stranger = strangerVm.Open();
        GuestRegion foreign = stranger.Register(4096);
        var random = new Random(2);
        uint stale;
        using (var pair = new GuestPair(adapter, leftVm, rightVm))
        {
            GuestRegion gone = pair.Right.Register(4096);
            stale = gone.RemoteKey;
            Assert.Equal(Errno.None, pair.Right.Verbs.DeregisterRegion(gone.Keys.Handle));
        }
        foreach (uint key in new[] { stale, foreign.RemoteKey, 0u, 1u, uint.MaxValue, (uint)random.Next(), (uint)random.Next() })
        {
            using var pair = new GuestPair(adapter, leftVm, rightVm);
            SendWork work = pair.Remote(SendOpcode.Write, 8);
            (work.RemoteKey, work.RemoteAddress) = (key, key == foreign.RemoteKey ? foreign.Address : work.RemoteAddress);
            pair.LeftMemory.Span[..8].Fill(0xff);
            pair.A.PostSend(work);
            Assert.Equal((key, Syndrome.RemoteAccess), (key, pair.LeftQueue.Wait().Syndrome));
        }
        Assert.Equal(0, foreign.Span[0]);
    }

    [Fact]
    public void Region_of_another_domain_is_no_use()
    {
        using var pair = new GuestPair();
        Assert.Equal(Errno.None, pair.Right.Verbs.AllocateProtectionDomain(out uint other));
        GuestRegion elsewhere = pair.Right.Register(pair.RightVm.Arena.Allocate(4096), GuestRegion.AllAccess, other);
        SendWork work = pair.Remote(SendOpcode.Write, 8);
        (work.RemoteKey, work.RemoteAddress) = (elsewhere.RemoteKey, elsewhere.Address);
        pair.A.PostSend(work);
        Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
        Assert.Equal(Errno.EBUSY, pair.Right.Verbs.DeallocateProtectionDomain(other));
        Assert.Equal(Errno.None, pair.Right.Verbs.DeregisterRegion(elsewhere.Keys.Handle));
        Assert.Equal(Errno.None, pair.Right.Verbs.DeallocateProtectionDomain(other));
    }

    [Fact]
    public void Handles_of_others_and_ended_ones_are_refused()
    {
        using var pair = new GuestPair();
        GuestContext other = pair.LeftVm.Open();
        foreach (uint handle in new[] { 0u, 12345u, uint.MaxValue })
        {
            Assert.Equal(Errno.EINVAL, other.Verbs.DestroyQueuePair(handle, out _));
            Assert.Equal(Errno.EINVAL, other.Verbs.DestroyCompletionQueue(handle, out _));
            Assert.Equal(Errno.EINVAL, other.Verbs.DestroySharedReceiveQueue(handle, out _));
            Assert.Equal(Errno.EINVAL, other.Verbs.DeregisterRegion(handle));
            Assert.Equal(Errno.EINVAL, other.Verbs.DeallocateWindow(handle));
            Assert.Equal(Errno.EINVAL, other.Verbs.DestroyChannel(handle));
            Assert.Equal(Errno.EINVAL, other.Verbs.CloseXrcDomain(handle));
            Assert.Equal(Errno.EINVAL, other.Verbs.ModifyQueuePair(handle, 1, default));
        }
        GuestCompletionQueue queue = pair.Left.CreateCompletionQueue();
        queue.Destroy();
        Assert.Equal(Errno.EINVAL, pair.Left.Verbs.DestroyCompletionQueue(queue.Handle, out _));
        Assert.Equal(Errno.EBUSY, pair.Left.Verbs.DestroyCompletionQueue(pair.LeftQueue.Handle, out _));
    }

    [Fact]
    public void Memory_outside_the_arena_cannot_be_named()
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter, 64 << 20);
        GuestContext context = vm.Open();
        foreach ((ulong offset, ulong length) in new[] { (64UL << 20, 4096UL), ((64UL << 20) - 4096, 8192UL), (ulong.MaxValue - 4095, 4096UL), (4096UL, ulong.MaxValue), (0UL, 0UL) })
        {
            var request = new RegionRequest { Start = 0x10000, LengthBytes = length == 0 ? 1 : length, VirtualAddress = 0x10000, ProtectionDomain = context.Domain, Access = 1 };
            MemoryExtent[] extents = [new MemoryExtent { Offset = offset, LengthBytes = length }];
            Assert.NotEqual(Errno.None, context.Verbs.RegisterRegion(request, extents, out _));
        }
        var foreign = new RegionRequest { Start = 0x10000, LengthBytes = 4096, VirtualAddress = 0x10000, ProtectionDomain = context.Domain, Access = 1 };
        Assert.NotEqual(Errno.None, context.Verbs.RegisterRegion(foreign, [new MemoryExtent { LengthBytes = 4096, Source = 3 }], out _));
    }

    [Fact]
    public void No_completion_comes_after_destroy_returned()
    {
        using var pair = new GuestPair(bufferBytes: 1 << 20);
        for (int round = 0; round < 60; round++)
        {
            GuestQueuePair from = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.LeftQueue, pair.LeftQueue));
            GuestQueuePair to = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.RightQueue, pair.RightQueue));
            from.Connect(pair.RightVm.Lid, to.Number);
            to.Connect(pair.LeftVm.Lid, from.Number);
            for (int index = 0; index < 20; index++)
                from.PostSend(pair.Remote(SendOpcode.Write, round % 2 == 0 ? 8 : 60_000));
            Thread.SpinWait(round * 50);
            from.Destroy();
            // Whatever came later would be of a queue pair that is not there: polling throws.
            Assert.False(pair.LeftQueue.TryPoll(out _));
            new Random(round).NextBytes(from.Buffer!.Span);
            to.Destroy();
        }
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Death_of_a_VM_is_seen_by_its_peers_as_exhausted_retries()
    {
        using var adapter = Adapters.Start();
        using var leftVm = new GuestVm(adapter);
        using var rightVm = new GuestVm(adapter);
        using var thirdVm = new GuestVm(adapter);
        using var pair = new GuestPair(adapter, leftVm, rightVm);
        using var other = new GuestPair(adapter, leftVm, thirdVm);
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        pair.LeftQueue.WaitSuccess();
        rightVm.Die();
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        Assert.Equal(Syndrome.RetriesExceeded, pair.LeftQueue.Wait().Syndrome);
        other.A.PostSend(other.Remote(SendOpcode.Write, 8));
        other.LeftQueue.WaitSuccess();
        Assert.NotEqual(Errno.None, rightVm.Adapter.OpenContext(out _));
    }

    [Fact]
    public void Context_takes_all_that_it_made_with_it()
    {
        using var adapter = Adapters.Start();
        using var leftVm = new GuestVm(adapter);
        using var rightVm = new GuestVm(adapter);
        for (int round = 0; round < 30; round++)
        {
            using var pair = new GuestPair(adapter, leftVm, rightVm, bufferBytes: 4096);
            pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
            pair.LeftQueue.WaitSuccess();
            pair.Left.Dispose();
            pair.Right.Dispose();
            Assert.NotEqual(Errno.None, pair.Left.Verbs.AllocateProtectionDomain(out _));
        }
    }

    [Fact]
    public void Attached_memory_works_and_its_truncation_is_an_error_not_a_fault()
    {
        using var pair = new GuestPair();
        using var file = new GuestArena(1 << 20, canShrink: true);
        Assert.Equal(Errno.None, pair.RightVm.Adapter.AttachMemory(file.Descriptor, true, out int source));
        GuestBuffer buffer = file.Allocate(8192);
        GuestRegion region = pair.Right.Register(buffer with { Extents = [.. buffer.Extents.Select(extent => extent with { Source = source })] });
        SendWork write = pair.Remote(SendOpcode.Write, 100);
        (write.RemoteAddress, write.RemoteKey) = (region.Address, region.RemoteKey);
        pair.LeftMemory.Span[..100].Fill(4);
        pair.A.PostSend(write);
        pair.LeftQueue.WaitSuccess();
        Assert.Equal(4, region.Span[99]);
        Assert.Equal(Errno.None, pair.RightVm.Adapter.DetachMemory(source));
        file.Truncate(0);
        pair.A.PostSend(write);
        Assert.Contains(pair.LeftQueue.Wait().Syndrome, new[] { Syndrome.RemoteAccess, Syndrome.RemoteOperation });
    }

    [Theory]
    [InlineData(10_000ul)]
    [InlineData(1ul)]
    public void A_sealed_file_may_end_within_a_page(ulong lengthBytes)
    {
        using var pair = new GuestPair();
        using var file = new GuestArena(lengthBytes);
        Assert.Equal(Errno.None, pair.RightVm.Adapter.AttachMemory(file.Descriptor, true, out int source));
        Assert.Equal(Errno.None, pair.RightVm.Adapter.DetachMemory(source));
    }
}
