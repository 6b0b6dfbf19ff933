using System.Diagnostics;
using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Adapter.Wire;
using Weft.Native;

namespace Weft.Host.Tests.Wire;

/// <summary>The VM's end of the control protocol against the daemon's.</summary>
public sealed class WireTests
{
    [Fact]
    public void Joining_tells_who_the_VM_is_and_what_the_device_offers()
    {
        using WirePair pair = new();
        Assert.Equal((Environment.ProcessId, "näme?", "ib_write_bw"), (pair.Identity!.ProcessId, pair.Identity.Name, pair.Identity.Program));
        Assert.Equal(pair.Adapter.Device, pair.Client.Device);
    }

    [Fact]
    public void Every_structure_arrives_whole_both_ways()
    {
        using WirePair pair = new();
        var (near, far) = pair.Open();
        MemoryExtent[] extents = [new() { Offset = 4096, LengthBytes = 8192 }, new() { Offset = 1 << 30, LengthBytes = 1, Source = 3 }];
        RegionRequest region = new() { Start = 0x1000, LengthBytes = 8193, VirtualAddress = 77, ProtectionDomain = 4, Access = 31 };
        Assert.Equal(Errno.None, near.RegisterRegion(region, extents, out RegionKeys keys));
        Assert.Equal((5u, 0x1000u, 2u), (keys.Handle, keys.LocalKey, keys.RemoteKey));
        Assert.Equal(region, far.Last);
        Assert.Equal(extents, far.LastExtents);
        Assert.Equal(Errno.None, near.ReregisterRegion(12, 7, region, [], out keys));
        Assert.Equal((12u, 7u, region), far.Last);

        CompletionQueueRequest queue = new() { UserHandle = ulong.MaxValue, Entries = 255, EntryBytes = 64, Channel = 6, Record = extents[0] };
        Assert.Equal(Errno.None, near.CreateCompletionQueue(queue, extents, out CompletionQueueReply made));
        Assert.Equal((7u, 255u), (made.Handle, made.Number));
        Assert.Equal(queue, far.Last);
        Assert.Equal(Errno.None, near.ResizeCompletionQueue(7, 511, extents));
        Assert.Equal((7u, 511u), far.Last);
        Assert.Equal(extents, far.LastExtents);

        QueuePairRequest wanted = new() { UserHandle = 3, Type = QueuePairType.XrcSend, SignalsAll = 1, Receive = new() { Count = 8 }, Record = extents[1] };
        Assert.Equal(Errno.None, near.CreateQueuePair(wanted, extents, out QueueReply pairReply));
        Assert.Equal((9u, 9u), (pairReply.Handle, pairReply.Number));
        Assert.Equal(wanted, far.Last);

        SharedReceiveQueueRequest shared = new() { UserHandle = 3, XrcDomain = 2, Limit = 11, Record = extents[1] };
        Assert.Equal(Errno.None, near.CreateSharedReceiveQueue(shared, extents, out QueueReply sharedReply));
        Assert.Equal((8u, 11u), (sharedReply.Handle, sharedReply.Number));
        Assert.Equal(shared, far.Last);

        QueuePairAttributes attributes = new() { Path = new() { Destination = new(1, 2), Lid = 5 }, State = QueuePairState.ReadyToSend, RnrRetry = 7, AlternateTimeout = 9 };
        Assert.Equal(Errno.None, near.ModifyQueuePair(9, 0x81, attributes));
        Assert.Equal((9u, 0x81u, attributes), far.Last);
        Assert.Equal(Errno.None, near.AttachMulticast(9, new GlobalAddress(0xff00, 1), 0xc001));
        Assert.Equal((9u, new GlobalAddress(0xff00, 1), (ushort)0xc001), far.Last);
    }

    [Fact]
    public void Plain_arguments_and_results_arrive()
    {
        using WirePair pair = new();
        var (near, _) = pair.Open();
        Assert.Equal(new TrafficCounts(1, 2, 3, 4, 5), pair.Client.CountTraffic());
        Assert.Equal(Errno.None, near.AllocateProtectionDomain(out uint domain));
        Assert.Equal(1u, domain);
        Assert.Equal(Errno.None, near.QueryQueuePair(4, out QueuePairAttributes attributes, out QueuePairCapacities capacities));
        Assert.Equal((4u, QueuePairState.Error, 5u, 1u), (attributes.QueueKey, attributes.State, capacities.SendRequests, capacities.SignalsAll));
        Assert.Equal(Errno.None, near.DestroyQueuePair(4, out EventCounts fired));
        Assert.Equal((4u, 5u), (fired.Completion, fired.Asynchronous));
        Assert.Equal(Errno.None, near.QuerySharedReceiveQueue(4, out uint requests, out uint segments, out uint limit));
        Assert.Equal((5u, 6u, 7u), (requests, segments, limit));
        Assert.Equal(Errno.None, near.OpenXrcDomain(1, 2, 3, out uint xrc));
        Assert.Equal(6u, xrc);
        Assert.Equal(Errno.None, near.AllocateWindow(3, 2, out RegionKeys keys));
        Assert.Equal((3u, 2u), (keys.Handle, keys.RemoteKey));
        Assert.Equal(Errno.None, near.OpenQueuePair(6, 8, 1, out QueueReply joined));
        Assert.Equal((6u, 9u), (joined.Handle, joined.Number));
        Assert.Equal(Errno.EINVAL, near.DestroyCompletionQueue(5000, out fired));
        Assert.Equal(default, fired);
        Assert.Equal(Errno.EINVAL, near.DeregisterRegion(5000));
    }

    [Fact]
    public void Descriptors_travel_both_ways_and_none_is_left_open()
    {
        using WirePair pair = new();
        var (near, far) = pair.Open();
        int file = Descriptors.Arena(4096), before = Descriptors.CountOpen();
        Assert.Equal(Errno.None, pair.Client.AttachMemory(file, true, out int source));
        Assert.Equal((2, Descriptors.InodeOf(file)), (source, pair.Adapter.AttachedInode));
        Assert.Equal(Errno.None, pair.Client.DetachMemory(2));
        Assert.Equal(Errno.EINVAL, pair.Client.DetachMemory(-1));
        Assert.Equal(Errno.None, near.CreateChannel(out uint handle, out int channel));
        Assert.Equal((6u, "channel"), (handle, System.Text.Encoding.ASCII.GetString(Descriptors.Read(channel, 64))));
        Descriptors.Close(channel);
        // The server closes its own copy after it has answered.
        Assert.True(Until(() => Descriptors.CountOpen() <= before));

        int events = near.TakeAsyncDescriptor();
        Assert.Equal(-1, near.TakeAsyncDescriptor());
        far.Fire(new AsyncEvent { Element = 42, Type = AsyncEventType.QueuePairFatal });
        AsyncEvent told = MemoryMarshal.Read<AsyncEvent>(Descriptors.Read(events, 16));
        Assert.Equal((42UL, AsyncEventType.QueuePairFatal), (told.Element, told.Type));
        Descriptors.Close(events, file);
    }

    [Fact]
    public void Many_threads_ask_at_once_and_each_gets_its_own_answer()
    {
        const int threads = 8, rounds = 300;
        using WirePair pair = new();
        var (near, _) = pair.Open();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, index =>
        {
            for (uint round = 0; round < rounds; round++)
            {
                uint handle = (uint)index * 100 + round % 100;
                Assert.Equal(Errno.None, near.DestroyQueuePair(handle, out EventCounts fired));
                Assert.Equal(handle, fired.Completion);
            }
        });
        Assert.True(pair.Server.Calls >= threads * rounds);
    }

    [Fact]
    public void A_registration_of_thousands_of_extents_is_one_call()
    {
        const int count = 50_000;
        using WirePair pair = new();
        var (near, far) = pair.Open();
        MemoryExtent[] extents = [.. Enumerable.Range(0, count).Select(index => new MemoryExtent { Offset = (ulong)index << 13, LengthBytes = 4096 })];
        Assert.Equal(Errno.None, near.RegisterRegion(new() { LengthBytes = (ulong)count << 12 }, extents, out RegionKeys keys));
        Assert.Equal((uint)count, keys.RemoteKey);
        Assert.Equal(extents, far.LastExtents);
        Assert.Equal(Errno.ENOMEM, near.RegisterRegion(new() { LengthBytes = 1 }, new MemoryExtent[100_000], out _));
        Assert.Equal(Errno.None, near.DeregisterRegion(1));
    }

    [Fact]
    public void A_dead_daemon_gives_EIO_and_a_fatal_event()
    {
        using WirePair pair = new();
        var (near, far) = pair.Open();
        int events = near.TakeAsyncDescriptor();
        pair.Kill();
        Assert.True(far.IsDisposed && pair.Adapter.IsDisposed);
        AsyncEvent told = MemoryMarshal.Read<AsyncEvent>(Descriptors.Read(events, 16));
        Assert.Equal(AsyncEventType.DeviceFatal, told.Type);
        Assert.Equal(Errno.EIO, near.AllocateProtectionDomain(out _));
        Assert.Equal(Errno.EIO, pair.Client.OpenContext(out _));
        near.Dispose();
        Assert.Empty(Descriptors.Read(events, 16));
        Descriptors.Close(events);
    }

    [Fact]
    public void A_closed_context_frees_its_objects_and_its_number()
    {
        using WirePair pair = new();
        var (first, far) = pair.Open();
        var (second, _) = pair.Open();
        first.Dispose();
        Assert.True(far.IsDisposed);
        Assert.Equal(Errno.EINVAL, first.AllocateProtectionDomain(out _));
        Assert.Equal(Errno.None, second.AllocateProtectionDomain(out _));
        first.Dispose();
    }

    [Fact]
    public void Contexts_are_limited_in_number()
    {
        using WirePair pair = new(new ServerLimits(MostContexts: 2));
        pair.Open();
        pair.Open();
        Assert.Equal(Errno.EMFILE, pair.Client.OpenContext(out _));
    }

    [Fact]
    public void A_VM_that_asks_too_fast_waits()
    {
        using WirePair pair = new(new ServerLimits(CallsPerSecond: 200, CallBurst: 10));
        var (near, _) = pair.Open();
        long began = Stopwatch.GetTimestamp();
        for (int index = 0; index < 30; index++)
            Assert.Equal(Errno.None, near.AllocateProtectionDomain(out _));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 80, 5000);
        Assert.True(pair.Server.HeldBackNs > 50_000_000);
    }

    [Fact]
    public void A_VM_whose_calls_take_long_waits()
    {
        using WirePair pair = new(new ServerLimits(ProcessorShare: 0.001, ProcessorBurstNs: 0));
        var (near, _) = pair.Open();
        for (int index = 0; index < 10; index++)
            Assert.Equal(Errno.None, near.AllocateProtectionDomain(out _));
        // Ten calls take some ten microseconds of processor time at least, which are worth a thousand times as much.
        Assert.True(pair.Server.HeldBackNs > 10_000_000);
    }

    [Fact]
    public void The_doorbell_answers_when_the_change_is_in_force()
    {
        bool? trapping = null;
        using WirePair pair = new(setTrapping: value =>
        {
            trapping = value;
            return true;
        });
        Assert.True(Until(() => pair.Doorbell!.SetTrapping(true)));
        Assert.True(trapping);
        Assert.True(Until(() => pair.Doorbell!.SetTrapping(false)));
        Assert.False(trapping);
    }

    [Fact]
    public void A_change_that_failed_is_asked_for_again()
    {
        bool isRefused = true;
        using WirePair pair = new(setTrapping: _ => !isRefused);
        for (int attempt = 0; attempt < 40; attempt++)
            Assert.False(pair.Doorbell!.SetTrapping(true));
        isRefused = false;
        Assert.True(Until(() => pair.Doorbell!.SetTrapping(true)));
    }

    [Fact]
    public void A_VM_that_is_stopped_holds_up_the_engine_once_and_shortly()
    {
        using ManualResetEventSlim running = new();
        using WirePair pair = new(setTrapping: _ =>
        {
            running.Wait();
            return true;
        });
        Assert.False(pair.Doorbell!.SetTrapping(true));
        long began = Stopwatch.GetTimestamp();
        for (int index = 0; index < 1000; index++)
            Assert.False(pair.Doorbell.SetTrapping(true));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 0, 1000);
        running.Set();
        Assert.True(Until(() => pair.Doorbell.SetTrapping(true)));
    }

    private static bool Until(Func<bool> condition) => SpinWait.SpinUntil(condition, 5000);
}
