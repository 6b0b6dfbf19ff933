using System.Buffers.Binary;
using Weft.Adapter.Connections;
using Weft.Linux.Connections;
using Weft.Linux.Tests.Verbs;
using Weft.Native;

namespace Weft.Linux.Tests.Connections;

/// <summary>A VM that writes to rdma_cm as librdmacm does.</summary>
internal sealed class ConnectionFixture : IDisposable
{
    internal const ushort Stream = 0x106, Datagram = 0x111;
    internal const int RequestBytes = 336;
    private readonly VerbsFixture _vm;

    internal ConnectionFixture(ConnectionManager manager, ushort lid) => _vm = new VerbsFixture(new FakeAdapter(lid, manager), "/dev/infiniband/rdma_cm");

    internal VerbsFixture Vm => _vm;

    public void Dispose()
    {
        _vm.Call(SystemCall.Close, (ulong)_vm.Descriptor);
        _vm.Dispose();
    }

    internal uint Answer(int word) => _vm.Answer(word);

    internal Errno Ask(ConnectionCommand command, int outBytes, ReadOnlySpan<byte> payload)
    {
        byte[] request = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)command);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), (ushort)payload.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), (ushort)outBytes);
        payload.CopyTo(request.AsSpan(8));
        return _vm.Write(request);
    }

    internal uint CreateId(ulong userId, ushort space = Stream)
    {
        byte[] payload = new byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, userId);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(8), _vm.Response);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(16), space);
        Assert.Equal(Errno.None, Ask(ConnectionCommand.CreateId, 4, payload));
        return Answer(0);
    }

    internal uint DestroyId(uint id)
    {
        Assert.Equal(Errno.None, AskWithResponse(ConnectionCommand.DestroyId, id, 4, 16));
        return Answer(0);
    }

    internal Errno Bind(uint id, byte[] address)
    {
        byte[] payload = new byte[40];
        address.CopyTo(payload, 8);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(36), id);
        return Ask(ConnectionCommand.BindIp, 0, payload);
    }

    internal Errno Resolve(uint id, byte[] destination)
    {
        byte[] payload = new byte[64];
        destination.CopyTo(payload, 28);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(56), id);
        return Ask(ConnectionCommand.ResolveIp, 0, payload);
    }

    internal Errno Plain(ConnectionCommand command, uint id, uint second = 0)
    {
        byte[] payload = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, id);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(4), second);
        return Ask(command, 0, payload);
    }

    internal Errno AskWithResponse(ConnectionCommand command, uint id, int outBytes, int inBytes, uint second = 0)
    {
        byte[] payload = new byte[inBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, _vm.Response);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(8), id);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(12), second);
        return Ask(command, outBytes, payload);
    }

    internal Errno Connect(uint id, uint queuePair, string data, byte resources = 3, byte depth = 5)
    {
        byte[] payload = new byte[288];
        PutParameters(payload, queuePair, data, resources, depth);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(272), id);
        return Ask(ConnectionCommand.Connect, 0, payload);
    }

    internal Errno Accept(uint id, ulong userId, uint queuePair, string data)
    {
        byte[] payload = new byte[296];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, userId);
        if (queuePair != 0)
            PutParameters(payload.AsSpan(8), queuePair, data, 5, 3);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(280), id);
        return Ask(ConnectionCommand.Accept, 0, payload);
    }

    internal Errno Reject(uint id, string data)
    {
        byte[] payload = new byte[264];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, id);
        payload[4] = (byte)data.Length;
        System.Text.Encoding.ASCII.GetBytes(data, payload.AsSpan(8));
        return Ask(ConnectionCommand.Reject, 0, payload);
    }

    /// <summary>The next event, which must be this one.</summary>
    internal (ulong UserId, uint Id, int Status, byte[] Parameters) Expect(ConnectionNoticeKind kind)
    {
        byte[] payload = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, _vm.Response);
        Assert.Equal(Errno.None, Ask(ConnectionCommand.GetEvent, RequestBytes, payload));
        byte[] parameters = new byte[304];
        Assert.True(_vm.Process.Memory.TryRead(new(_vm.Response + 20), parameters));
        Assert.Equal(kind, (ConnectionNoticeKind)Answer(3));
        return (_vm.Read<ulong>(_vm.Response), Answer(2), (int)Answer(4), parameters);
    }

    /// <summary>What a wait without waiting says.</summary>
    internal bool HasEvent()
    {
        ulong place = _vm.Map(1);
        _vm.Process.Memory.TryWrite(new(place), (uint)_vm.Descriptor | 1UL << 32);
        return VerbsFixture.Succeed(_vm.Call(SystemCall.Poll, place, 1, 0)) == 1;
    }

    internal static byte[] Address(byte last, ushort port) => [2, 0, (byte)(port >> 8), (byte)port, 127, 0, 0, last, .. new byte[20]];

    internal static byte[] Any(ushort port) => [2, 0, (byte)(port >> 8), (byte)port, .. new byte[24]];

    private static void PutParameters(Span<byte> payload, uint queuePair, string data, byte resources, byte depth)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(payload, queuePair);
        System.Text.Encoding.ASCII.GetBytes(data, payload[8..]);
        payload[264] = (byte)data.Length;
        payload[266] = resources;
        payload[267] = depth;
        payload[269] = 7;
        payload[270] = 6;
        payload[271] = 1;
    }
}
