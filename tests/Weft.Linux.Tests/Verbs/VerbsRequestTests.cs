using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Verbs;
using Weft.Native;

namespace Weft.Linux.Tests.Verbs;

/// <summary>Requests to uverbs0: what is checked, translated and counted.</summary>
public sealed class VerbsRequestTests
{
    [KvmFact]
    public void Requests_before_the_context_and_a_second_context_are_refused()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.AllocateDomain, 12));
        fixture.Begin();
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.GetContext, 24));
        Assert.Equal((4096u, 0u, 32u), (ContextAnswer(fixture, 3), ContextAnswer(fixture, 4), ContextAnswer(fixture, 5)));
    }

    private static uint ContextAnswer(VerbsFixture fixture, int word)
    {
        using VerbsFixture other = new(fixture.Adapter);
        Assert.Equal(Errno.None, other.Ask(VerbsCommand.GetContext, 24));
        return other.Answer(word);
    }

    [KvmFact]
    public void Method_based_ioctls_are_not_there()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        Assert.Equal(Errno.ENOTTY, fixture.Call(SystemCall.Ioctl, (ulong)fixture.Descriptor, 0xc0181b01, fixture.Response).Error);
    }

    [KvmFact]
    public void The_last_close_ends_the_context()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        fixture.Begin();
        ulong second = (ulong)VerbsFixture.Succeed(fixture.Call(SystemCall.Dup, (ulong)fixture.Descriptor));
        fixture.Call(SystemCall.Close, (ulong)fixture.Descriptor);
        Assert.False(fixture.Context.IsDisposed);
        fixture.Call(SystemCall.Close, second);
        Assert.True(fixture.Context.IsDisposed);
    }

    [KvmFact]
    public void Contradicting_sizes_bad_places_and_unknown_commands_are_refused()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        fixture.Begin();
        byte[] request = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)VerbsCommand.AllocateDomain);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), 5);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), 3);
        Assert.Equal(Errno.EINVAL, fixture.Write(request));
        request[4] = 4;
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), 8);
        Assert.Equal(Errno.EFAULT, fixture.Write(request));
        request[6] = 2;
        Assert.Equal(Errno.ENOSPC, fixture.Write(request));
        Assert.Equal(Errno.EOPNOTSUPP, fixture.Ask((VerbsCommand)5, 4, 0, 0, 0, 0));
        Assert.Equal(Errno.EOPNOTSUPP, fixture.Ask((VerbsCommand)200, 4));
        Assert.Single(fixture.Context.Live);
    }

    [KvmFact]
    public void Guessed_stale_and_wrong_handles_are_refused()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        uint domain = fixture.Begin();
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.DeallocateDomain, 0, domain + 1));
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.DeregisterRegion, 0, domain));
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.DeallocateDomain, 0, domain));
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.DeallocateDomain, 0, domain));
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.DeallocateDomain, 0, uint.MaxValue));
    }

    [KvmFact]
    public void An_object_in_use_stays()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        uint domain = fixture.Begin();
        fixture.Context.Refusal = Errno.EBUSY;
        Assert.Equal(Errno.EBUSY, fixture.Ask(VerbsCommand.DeallocateDomain, 0, domain));
        fixture.Context.Refusal = Errno.None;
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.DeallocateDomain, 0, domain));
    }

    [KvmFact]
    public void A_region_is_named_to_the_byte()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        uint domain = fixture.Begin();
        ulong start = fixture.Map(4) + 100;
        Assert.Equal(Errno.None, Register(start, 9000, start + 4096, 7));
        Assert.Equal((start, 9000UL, start + 4096, 7u), (fixture.Context.Region.Start, fixture.Context.Region.LengthBytes, fixture.Context.Region.VirtualAddress, fixture.Context.Region.Access));
        Assert.Equal(9000UL, fixture.Context.Extents.Aggregate(0UL, (sum, extent) => sum + extent.LengthBytes));
        Assert.Equal(100UL, fixture.Context.Extents[0].Offset % 4096);
        Assert.Equal(Errno.EINVAL, Register(start, 0, start, 7));
        Assert.Equal(Errno.EINVAL, Register(start, 10, start + 1, 7));
        Assert.Equal(Errno.EINVAL, Register(start, 10, start, 2));
        Assert.Equal(Errno.EINVAL, Register(start, 10, start, 1 << 6));
        Assert.Equal(Errno.EFAULT, Register(0x10_0000_0000, 10, 0x10_0000_0000, 7));
        Errno Register(ulong from, ulong length, ulong named, uint access) => fixture.Ask(VerbsCommand.RegisterRegion, 12,
            VerbsFixture.Low(from), VerbsFixture.High(from), VerbsFixture.Low(length), VerbsFixture.High(length), VerbsFixture.Low(named), VerbsFixture.High(named), domain, access);
    }

    [KvmFact]
    public void A_completion_queues_buffer_is_emptied()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        fixture.Begin();
        ulong buffer = fixture.Map(1), record = fixture.Map(1) + 8;
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.CreateCompletionQueue, 16, 0x1234, 0, 63, 0, uint.MaxValue, 0,
            VerbsFixture.Low(buffer), VerbsFixture.High(buffer), VerbsFixture.Low(record), VerbsFixture.High(record)));
        Assert.Equal((63u, fixture.Context.CompletionQueue.Entries), (fixture.Answer(1), 63u));
        for (ulong at = 0; at < 2048; at += 8)
            Assert.Equal(0xcccc_cccc_cccc_ccccUL, fixture.Read<ulong>(buffer + at));
        Assert.Equal(0UL, fixture.Read<ulong>(buffer + 2048));
        Assert.Equal((8UL, 8UL), (fixture.Context.CompletionQueue.Record.Offset % 4096, fixture.Context.CompletionQueue.Record.LengthBytes));
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.CreateCompletionQueue, 16, 0, 0, 62, 0, uint.MaxValue, 0,
            VerbsFixture.Low(buffer), VerbsFixture.High(buffer), VerbsFixture.Low(record), VerbsFixture.High(record)));
    }

    [KvmFact]
    public void Only_events_that_were_read_are_reported()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        fixture.Begin();
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.CreateChannel, 4));
        int channel = (int)fixture.Answer(0);
        uint first = fixture.CreateCompletionQueue(0xaaaa, channel), second = fixture.CreateCompletionQueue(0xbbbb, channel);
        foreach (ulong handle in (ulong[])[0xaaaa, 0xbbbb, 0xaaaa, 0xaaaa])
            fixture.Context.Channel!.Write(handle);
        fixture.Context.Events.Write(new AsyncEvent { Element = 0xaaaa, Type = AsyncEventType.CompletionQueueError });
        fixture.Context.Events.Write(new AsyncEvent { Element = 0xaaaa, Type = AsyncEventType.QueuePairFatal });
        ulong place = fixture.Map(1);
        Assert.Equal(8, VerbsFixture.Succeed(fixture.Call(SystemCall.Read, (ulong)channel, place, 8)));
        fixture.Context.Fired = new EventCounts { Completion = 3, Asynchronous = 1 };
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.DestroyCompletionQueue, 8, first, 0));
        Assert.Equal((1u, 0u), (fixture.Answer(0), fixture.Answer(1)));
        Assert.Equal(8, VerbsFixture.Succeed(fixture.Call(SystemCall.Read, (ulong)channel, place, 8)));
        Assert.Equal(0xbbbbUL, fixture.Read<ulong>(place));
        fixture.Context.Fired = new EventCounts { Completion = 1 };
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.DestroyCompletionQueue, 8, second, 0));
        Assert.Equal(1u, fixture.Answer(0));
    }

    [KvmFact]
    public void A_channel_of_another_context_is_no_channel()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        fixture.Begin();
        ulong buffer = fixture.Map(1);
        Assert.Equal(Errno.EBADF, fixture.Ask(VerbsCommand.CreateCompletionQueue, 16, 0, 0, 63, 0, (uint)fixture.Descriptor, 0,
            VerbsFixture.Low(buffer), VerbsFixture.High(buffer), VerbsFixture.Low(buffer), VerbsFixture.High(buffer)));
    }

    [KvmFact]
    public void Rings_are_where_the_provider_laid_them_out()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        uint domain = fixture.Begin(), queue = fixture.CreateCompletionQueue(1);
        ulong buffer = fixture.Map(64), record = fixture.Map(1);
        Assert.Equal(Errno.None, Create(500, 1, 7));
        Assert.Equal(512u, fixture.Answer(3));
        QueuePairRequest pair = fixture.Context.QueuePair;
        Assert.Equal((0u, 128u, 7u), (pair.Send.OffsetBytes, pair.Send.Count, pair.Send.StrideShift));
        Assert.Equal((128u << 7, 512u, 4u), (pair.Receive.OffsetBytes, pair.Receive.Count, pair.Receive.StrideShift));
        Assert.Equal(Errno.None, Create(100, 9, 7));
        pair = fixture.Context.QueuePair;
        Assert.Equal((0u, 128u, 8u, 128u << 8), (pair.Receive.OffsetBytes, pair.Receive.Count, pair.Receive.StrideShift, pair.Send.OffsetBytes));
        Assert.Equal(Errno.EINVAL, Create(100, 1, 11));
        Assert.Equal(Errno.EINVAL, Create(100, 1, 5));
        Assert.Equal(Errno.EINVAL, Create(20000, 1, 7));
        Errno Create(uint receives, uint segments, byte stride) => fixture.Ask(VerbsCommand.CreateQueuePair, 32, 0x77, 0, domain, queue, queue, 0, 100, receives, 2, segments, 64,
            2 << 8, VerbsFixture.Low(buffer), VerbsFixture.High(buffer), VerbsFixture.Low(record), VerbsFixture.High(record), 7 | (uint)stride << 8, 0);
    }

    [KvmFact]
    public void A_shared_queue_has_a_slot_more_than_it_answers()
    {
        using VerbsFixture fixture = new(new FakeAdapter());
        uint domain = fixture.Begin();
        ulong buffer = fixture.Map(16), record = fixture.Map(1);
        Assert.Equal(Errno.None, fixture.Ask(VerbsCommand.CreateSharedQueue, 24, 1, 0, domain, 500, 3, 0,
            VerbsFixture.Low(buffer), VerbsFixture.High(buffer), VerbsFixture.Low(record), VerbsFixture.High(record)));
        Assert.Equal((511u, 512u, 6u), (fixture.Answer(1), fixture.Context.SharedQueue.Ring.Count, fixture.Context.SharedQueue.Ring.StrideShift));
        Assert.Equal(fixture.Answer(3), fixture.Answer(4));
        Assert.Equal(Errno.EINVAL, fixture.Ask(VerbsCommand.ModifySharedQueue, 0, fixture.Answer(0), 1, 1000, 0));
    }

    [Fact]
    public void Attributes_survive_the_way_in_and_out()
    {
        int seed = Random.Shared.Next();
        byte[] request = new byte[QueuePairLayout.ModifyBytes], response = new byte[QueuePairLayout.QueryBytes];
        new Random(seed).NextBytes(request);
        request[30] = request[62] = 1;
        QueuePairAttributes attributes = QueuePairLayout.ReadAttributes(request);
        QueuePairLayout.PutAttributes(response, attributes, default);
        Assert.True(request.AsSpan(0, 22).SequenceEqual(response.AsSpan(0, 22)), $"seed {seed}");
        Assert.True(request.AsSpan(24, 8).SequenceEqual(response.AsSpan(24, 8)), $"seed {seed}");
        Assert.True(request.AsSpan(72, 20).SequenceEqual(response.AsSpan(84, 20)), $"seed {seed}");
        Assert.Equal((request[96], request[104], request[107]), (response[108], response[116], response[119]));
    }

    [KvmFact]
    public void Random_requests_do_no_harm()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using VerbsFixture fixture = new(new FakeAdapter());
        fixture.Begin();
        byte[] request = new byte[256];
        for (int round = 0; round < 5000; round++)
        {
            random.NextBytes(request);
            bool isLong = random.Next(4) == 0;
            int length = random.Next(2, isLong ? 20 : 40) * (isLong ? 8 : 4) + (isLong ? 24 : 0);
            length = Math.Min(length, request.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)random.Next(45) | (isLong ? 0x8000_0000 : 0));
            BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), (ushort)(isLong ? (length - 24) / 8 : length / 4));
            BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), (ushort)random.Next(60));
            BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), fixture.Response);
            if (isLong)
                BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(16), 0);
            for (int at = isLong ? 24 : 16; at + 4 <= length; at += 4)
                if (random.Next(3) > 0)
                    BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(at), (uint)random.Next(5));
            Errno error = fixture.Write(request.AsSpan(0, length));
            Assert.True(error is Errno.None or Errno.EINVAL or Errno.EFAULT or Errno.ENOSPC or Errno.EOPNOTSUPP or Errno.EBADF or Errno.ENOMEM, $"{error}, seed {seed}");
        }
    }
}
