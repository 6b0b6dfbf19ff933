using System.Buffers.Binary;
using Weft.Adapter.Connections;
using Weft.Linux.Connections;
using Weft.Native;

namespace Weft.Linux.Tests.Connections;

/// <summary>What rdma_cm makes of requests that no library writes.</summary>
public sealed class ConnectionFuzzTests
{
    [KvmFact]
    public void Random_requests_are_answered_and_leave_others_their_calls()
    {
        const int rounds = 6000, mostBytes = 400;
        int seed = Random.Shared.Next();
        Random random = new(seed);
        ConnectionManager manager = new();
        using ConnectionFixture fixture = new(manager, 10), bystander = new(manager, 11);
        // Whoever asks for an event that is not there would wait.
        const int setFlags = 4, nonBlocking = 0x800;
        Assert.Equal(0, fixture.Vm.Call(SystemCall.Fcntl, (ulong)fixture.Vm.Descriptor, setFlags, nonBlocking).Value);
        ushort port = (ushort)random.Next(30000, 32000);
        uint listener = bystander.CreateId(0x1111);
        Assert.Equal(Errno.None, bystander.Bind(listener, ConnectionFixture.Any(port)));
        Assert.Equal(Errno.None, bystander.Plain(ConnectionCommand.Listen, listener, 8));
        byte[] request = new byte[mostBytes];
        for (int round = 0; round < rounds; round++)
        {
            int length = Fill(random, request, fixture.Vm.Response);
            Errno error = fixture.Vm.Write(request.AsSpan(0, length));
            Assert.True(error is not Errno.EIO, $"seed {seed}, round {round}");
        }
        // Whatever it called for, the other's port is still taken.
        uint again = bystander.CreateId(0x2222);
        Assert.Equal(Errno.EADDRINUSE, bystander.Bind(again, ConnectionFixture.Any(port)));
    }

    /// <summary>A request of mostly small numbers, so that many of its ids and lengths fit; its response has a place now and then.</summary>
    private static int Fill(Random random, byte[] request, ulong response)
    {
        const int header = 8, commands = 26;
        int length = header + random.Next(request.Length - header);
        random.NextBytes(request);
        for (int at = header; at + sizeof(uint) <= length; at += sizeof(uint))
            if (random.Next(4) > 0)
                BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(at), (uint)random.Next(4));
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)random.Next(commands));
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), (ushort)(random.Next(8) == 0 ? random.Next(1000) : length - header));
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), (ushort)random.Next(400));
        if (length >= header + 2 * sizeof(ulong))
            BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(random.Next(2) == 0 ? header : header + sizeof(ulong)), response);
        return length;
    }
}
