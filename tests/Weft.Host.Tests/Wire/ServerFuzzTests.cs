using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Wire;
using Weft.Native;

namespace Weft.Host.Tests.Wire;

/// <summary>Whatever bytes come, the server ends in good order: nothing leaks, nothing hangs, nothing is thrown.</summary>
public sealed class ServerFuzzTests
{
    private const ulong ArenaBytes = 1 << 20;
    private readonly int _seed = Environment.TickCount;

    [Fact]
    public void Random_bytes_end_the_connection_and_leak_nothing()
    {
        Random random = new(_seed);
        int before = Descriptors.CountOpen();
        for (int round = 0; round < 200; round++)
        {
            byte[] bytes = new byte[random.Next(0, 600)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0 && bytes.Length >= FrameHeader.Bytes)
                MemoryMarshal.Write(bytes, new FrameHeader { LengthBytes = (uint)random.Next(600), Verb = WireVerb.Hello, First = Hello.Version, Third = (ulong)random.NextInt64() & 0xff_0000_00ff });
            FakeAdapter adapter = new();
            Serve(adapter, near => Descriptors.Write(near, bytes.Length == 0 ? "x"u8 : bytes));
            Assert.True(adapter.Contexts.Count == 0, $"seed {_seed}, round {round}");
        }
        Assert.True(Descriptors.CountOpen() <= before, $"seed {_seed}");
    }

    [Fact]
    public void Frames_of_any_shape_behind_a_proper_greeting_are_answered_or_end_the_connection()
    {
        Random random = new(_seed);
        int before = Descriptors.CountOpen();
        for (int round = 0; round < 300; round++)
        {
            FakeAdapter adapter = new();
            Serve(adapter, near => Converse(near, random));
            Assert.True(adapter.IsDisposed, $"seed {_seed}, round {round}");
            Assert.True(adapter.Contexts.TrueForAll(context => context.IsDisposed), $"seed {_seed}, round {round}");
        }
        Assert.True(Descriptors.CountOpen() <= before, $"seed {_seed}: {Descriptors.CountOpen() - before} descriptors leaked");
    }

    [Fact]
    public void Wrong_descriptors_are_refused()
    {
        int arena = Descriptors.Arena((long)ArenaBytes), loose = Descriptors.Arena((long)ArenaBytes, false), bell = Descriptors.Event();
        (int near, int far) = UnixSocket.Pair();
        (int reader, int writer) = Descriptors.Pipe();
        Assert.Equal(Errno.None, Greet([arena, bell, far], ArenaBytes));
        Assert.Equal(Errno.EINVAL, Greet([loose, bell, far], ArenaBytes));
        Assert.Equal(Errno.EINVAL, Greet([arena, bell, far], 2 * ArenaBytes));
        Assert.Equal(Errno.EINVAL, Greet([arena, bell, far], ArenaBytes - 1));
        Assert.Equal(Errno.EINVAL, Greet([arena, bell, far], 0));
        Assert.Equal(Errno.EINVAL, Greet([reader, bell, far], ArenaBytes));
        Assert.Equal(Errno.EINVAL, Greet([arena, reader, far], ArenaBytes));
        Assert.Equal(Errno.EINVAL, Greet([arena, bell, writer], ArenaBytes));
        Assert.Equal(Errno.EINVAL, Greet([arena, bell], ArenaBytes));
        Assert.Equal(Errno.EPROTO, Greet([arena, bell, far], ArenaBytes, Hello.Version + 1));
        Descriptors.Close(arena, loose, bell, near, far, reader, writer);
    }

    private static Errno Greet(int[] descriptors, ulong arenaBytes, ulong version = Hello.Version)
    {
        Errno result = default;
        Serve(new FakeAdapter(), near =>
        {
            using FrameChannel channel = new((int)HostStubs.Call(SystemCall.Dup, near));
            FrameHeader hello = Hello.Write(new VmIdentity(0, "", "p"), arenaBytes, channel.Payload) with { First = version };
            Assert.True(channel.Send(hello, descriptors));
            Assert.True(channel.Receive(out FrameHeader answer, new int[FrameChannel.MostDescriptors]));
            result = (Errno)answer.Result;
        });
        return result;
    }

    /// <summary>A greeting, then frames with right and wrong lengths, contexts, verbs and descriptors.</summary>
    private static void Converse(int near, Random random)
    {
        using FrameChannel channel = new((int)HostStubs.Call(SystemCall.Dup, near));
        int arena = Descriptors.Arena((long)ArenaBytes), bell = Descriptors.Event();
        (int control, int far) = UnixSocket.Pair();
        int[] received = new int[FrameChannel.MostDescriptors];
        FrameHeader answer = default;
        bool isOpen = channel.Send(Hello.Write(new VmIdentity(0, "n", "p"), ArenaBytes, channel.Payload), [arena, bell, far])
            && channel.Receive(out answer, received) && channel.Send(new FrameHeader { Verb = WireVerb.OpenContext }, []) && channel.Receive(out answer, received);
        Descriptors.Close(received[..(int)answer.DescriptorCount]);
        for (int count = random.Next(1, 40); isOpen && count > 0; count--)
        {
            FrameHeader frame = RandomFrame(random);
            random.NextBytes(channel.Payload[..(int)frame.LengthBytes]);
            isOpen = channel.Send(frame, random.Next(20) == 0 || frame.Verb == WireVerb.AttachMemory ? [arena] : [])
                && channel.Receive(out answer, received);
            if (isOpen)
                Descriptors.Close(received[..(int)answer.DescriptorCount]);
        }
        Descriptors.Close(arena, bell, control, far);
    }

    private static FrameHeader RandomFrame(Random random)
    {
        int[] lengths = [0, 0, Unsafe.SizeOf<RegionRequest>(), Unsafe.SizeOf<CompletionQueueRequest>(), Unsafe.SizeOf<SharedReceiveQueueRequest>(),
            Unsafe.SizeOf<QueuePairRequest>(), Unsafe.SizeOf<QueuePairAttributes>(), Unsafe.SizeOf<GlobalAddress>()];
        return new FrameHeader
        {
            Verb = random.Next(30) == 0 ? (WireVerb)random.Next() : (WireVerb)random.Next(2, (int)WireVerb.DetachMulticast + 1),
            LengthBytes = (uint)(random.Next(3) == 0 ? random.Next(5000) : lengths[random.Next(lengths.Length)] + random.Next(3) * Unsafe.SizeOf<MemoryExtent>()),
            Context = (uint)random.Next(3),
            Sequence = (uint)random.Next(),
            First = (ulong)(random.Next(4) == 0 ? random.NextInt64() : random.Next(1200)),
            Second = (ulong)(random.Next(4) == 0 ? random.NextInt64() : random.Next(1200)),
            Third = (ulong)random.NextInt64(),
        };
    }

    private static void Serve(FakeAdapter adapter, Action<int> talk)
    {
        (int near, int far) = UnixSocket.Pair();
        AdapterServer server = new(far, Environment.ProcessId, Join, new ServerLimits());
        Exception? thrown = null;
        Thread serving = new(() => thrown = Record.Exception(server.Serve));
        serving.Start();
        try
        {
            talk(near);
        }
        finally
        {
            Descriptors.Close(near);
            Assert.True(serving.Join(5000));
        }
        Assert.Null(thrown);

        Errno Join(VmIdentity identity, int arena, ulong bytes, IDoorbell doorbell, out IAdapterVm? vm)
        {
            vm = adapter;
            return Errno.None;
        }
    }
}
