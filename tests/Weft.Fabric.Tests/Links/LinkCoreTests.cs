using Weft.Fabric.Links;

namespace Weft.Fabric.Tests.Links;

public sealed class LinkCoreTests
{
    private static readonly LinkLimits s_limits = new() { WindowBytes = 16384, ReceiveBytes = 4096, StreamWindowBytes = 2400, Streams = 5, MessageBytes = 1000 };

    private sealed class Sink : ILinkSink
    {
        internal int Delivered { get; private set; }

        internal bool Consumes { get; set; } = true;

        public bool Deliver(LinkCore link, uint stream, ReadOnlySpan<byte> message)
        {
            Delivered++;
            return Consumes;
        }

        public void Broken(LinkCore link)
        {
        }
    }

    [Fact]
    public void Noise_never_harms_more_than_its_session()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            Random random = new(seed);
            Sink sink = new();
            using LinkCore good = new(1, s_limits, new Sink(), 1), victim = new(2, s_limits, sink, 1);
            good.Open(1);
            victim.Open(1);
            Exchange(good, victim);
            good.TrySend(1, new byte[random.Next(1000)], default);
            // Bytes of a true session, some of them changed.
            byte[] bytes = good.Output().ToArray();
            for (int changes = random.Next(1, 8); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Feed(victim, bytes, random);
            byte[] noise = new byte[random.Next(3000)];
            random.NextBytes(noise);
            Feed(victim, noise, random);
            Assert.True(sink.Delivered <= 1, $"seed {seed}: noise was delivered");
        }
    }

    [Fact]
    public void Noise_in_place_of_a_hello_closes_the_connection()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            using LinkCore victim = new(2, s_limits, new Sink(), 1);
            victim.Open(1);
            byte[] noise = new byte[2000];
            random.NextBytes(noise);
            Feed(victim, noise, random);
            Assert.False(victim.IsOpen, $"seed {seed}");
        }
    }

    [Fact]
    public void Stream_that_nobody_consumes_stops_and_leaves_the_others_free()
    {
        Sink sink = new() { Consumes = false };
        using LinkCore sender = new(1, s_limits, new Sink(), 1), receiver = new(2, s_limits, sink, 1);
        sender.Open(1);
        receiver.Open(1);
        SendResult result = SendResult.Reserved;
        for (int i = 0; i < 100 && result == SendResult.Reserved; i++)
        {
            Exchange(sender, receiver);
            result = sender.TrySend(1, new byte[500], default);
        }
        Assert.Equal(SendResult.NoCredit, result);
        Assert.Equal(SendResult.Reserved, sender.TrySend(2, new byte[500], default));
        for (int i = 0; i < 4; i++)
            receiver.Consume(1, 500);
        Exchange(sender, receiver);
        Assert.Equal(SendResult.Reserved, sender.TrySend(1, new byte[500], default));
    }

    [Fact]
    public void Window_without_a_connection_fills_and_then_refuses()
    {
        using LinkCore sender = new(1, s_limits with { StreamWindowBytes = 1 << 20 }, new Sink(), 1);
        int taken = 0;
        while (sender.TrySend(1, new byte[900], default) == SendResult.Reserved)
            taken += 900;
        Assert.InRange(taken, 8000, 16384);
    }

    [Fact]
    public void Messages_allocate_nothing()
    {
        using LinkCore sender = new(1, new LinkLimits(), new Sink(), 1), receiver = new(2, new LinkLimits(), new Sink(), 1);
        sender.Open(1);
        receiver.Open(1);
        byte[] message = new byte[200];
        long before = 0;
        for (int i = 0; i < 3000; i++)
        {
            if (i == 1000)
                before = GC.GetAllocatedBytesForCurrentThread();
            sender.TrySend((uint)i % 50, message, default);
            receiver.TrySend((uint)i % 50, message, default);
            Exchange(sender, receiver);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Exchange(LinkCore one, LinkCore two)
    {
        while (Move(one, two) | Move(two, one))
        {
        }
    }

    private static bool Move(LinkCore from, LinkCore to)
    {
        ReadOnlySpan<byte> output = from.Output();
        Span<byte> space = to.ReceiveSpace;
        int length = Math.Min(output.Length, space.Length);
        output[..length].CopyTo(space);
        from.Sent(length, 1);
        to.Received(length, 1);
        return length != 0;
    }

    private static void Feed(LinkCore victim, ReadOnlySpan<byte> bytes, Random random)
    {
        while (!bytes.IsEmpty && victim.IsOpen)
        {
            int length = Math.Min(random.Next(1, bytes.Length + 1), victim.ReceiveSpace.Length);
            bytes[..length].CopyTo(victim.ReceiveSpace);
            victim.Received(length, 1);
            bytes = bytes[length..];
        }
    }
}
