using System.Buffers.Binary;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>A request on its way: the VMM's own copy, at least as long as the command's table entry says.</summary>
/// <param name="file">The file it was written to.</param>
/// <param name="thread">The caller.</param>
/// <param name="payload">What follows the header.</param>
/// <param name="room">Bytes for the response.</param>
internal readonly ref struct ConnectionCall(ConnectionsFile file, GuestThread thread, ReadOnlySpan<byte> payload, int room)
{
    private readonly ReadOnlySpan<byte> _payload = payload;

    internal ConnectionsFile File => file;

    internal GuestThread Thread => thread;

    internal ConnectionService Service => file.Service;

    internal ReadOnlySpan<byte> Payload => _payload;

    internal ushort U16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_payload[offset..]);

    internal uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_payload[offset..]);

    internal ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_payload[offset..]);

    /// <summary>The id that the request names, under the service's lock.</summary>
    internal Errno Find(int offset, out ConnectionId id) => file.Service.FindLocked(file, U32(offset), out id);

    /// <summary>Writes the response, as much as there is room for. False for EFAULT.</summary>
    internal bool Respond(ulong address, ReadOnlySpan<byte> response) =>
        thread.Memory.TryWrite(new GuestVirtualAddress(address), response[..Math.Min(room, response.Length)]);

    /// <summary>The same with a number.</summary>
    internal bool Respond(ulong address, uint number) => thread.Memory.TryWrite(new GuestVirtualAddress(address), number);

    /// <summary>Waits for an event. EAGAIN where the program doesn't wait.</summary>
    internal SyscallResult Wait()
    {
        const int getFlags = 3, readable = 1;
        if ((HostStubs.CallQuick(SystemCall.Fcntl, file.Host, getFlags) & OpenFlags.NonBlocking) != 0)
            return Errno.EAGAIN;
        Span<byte> poll = thread.Scratch.Span;
        BinaryPrimitives.WriteInt32LittleEndian(poll, file.Host);
        BinaryPrimitives.WriteInt32LittleEndian(poll[4..], readable);
        return thread.Block(SystemCall.Poll, (long)thread.Scratch.Address.Value, 1, -1);
    }
}
