using System.Buffers.Binary;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>setsockopt(2) and getsockopt(2): values are copied; those that hold pointers or descriptors are translated or refused.</summary>
internal static class SocketOptionCalls
{
    private const int LevelIp = 0, LevelTcp = 6, LevelIp6 = 41, LevelPacket = 263, LevelMptcp = 284;
    private const int FilterInstructionBytes = 8, MostFilterInstructions = 4096, PointerOffset = 8, ProgramBytes = 16;
    private const string Refused = "options with pointers or descriptors inside are refused (ENOPROTOOPT), but for classic filters; values above 32 KiB too";

    [SystemCall(SystemCall.Setsockopt, SupportState.Partly, Ways = CallWays.Attendant, Missing = Refused)]
    internal static SyscallResult Set(GuestThread thread, int descriptor, int level, int option, GuestVirtualAddress value, int lengthBytes)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        if (lengthBytes < 0)
            return Errno.EINVAL;
        if (IsRefused(level, option))
            return Errno.ENOPROTOOPT;
        long address = (long)thread.Scratch.Address.Value + SocketScratch.Large;
        if (value.IsNull)
            return HostStubs.Call(SystemCall.Setsockopt, socket.Host, level, option, 0, lengthBytes);
        if (IsFilter(level, option))
            return SetFilter(thread, socket.Host, option, value, lengthBytes);
        // The values that matter fit; Linux reads no more of a longer one than it knows.
        int length = Math.Min(lengthBytes, SocketScratch.LargeBytes);
        return thread.Memory.TryRead(value, thread.Scratch.Span.Slice(SocketScratch.Large, length))
            ? HostStubs.Call(SystemCall.Setsockopt, socket.Host, level, option, address, length)
            : SetPartly(thread, socket.Host, level, option, value, length);
    }

    [SystemCall(SystemCall.Getsockopt, SupportState.Partly, Ways = CallWays.Attendant, Missing = Refused)]
    internal static SyscallResult Get(GuestThread thread, int descriptor, int level, int option, GuestVirtualAddress value, GuestVirtualAddress length)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        if (!thread.Memory.TryRead(length, out int room))
            return Errno.EFAULT;
        if (room < 0)
            return Errno.EINVAL;
        if (IsRefused(level, option))
            return Errno.ENOPROTOOPT;
        // SO_GET_FILTER counts instructions, not bytes.
        bool countsInstructions = IsFilter(level, option);
        int unit = countsInstructions ? FilterInstructionBytes : 1;
        room = Math.Min(room, SocketScratch.LargeBytes / unit);
        Span<byte> scratch = thread.Scratch.Span;
        Span<byte> held = scratch.Slice(SocketScratch.Large, room * unit);
        // Some options read what they answer about.
        if (!thread.Memory.TryRead(value, held))
            held.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(scratch[SocketScratch.NameLength..], room);
        long address = (long)thread.Scratch.Address.Value;
        long result = HostStubs.Call(SystemCall.Getsockopt, socket.Host, level, option, address + SocketScratch.Large, address + SocketScratch.NameLength);
        if (result < 0)
            return result;
        int given = BinaryPrimitives.ReadInt32LittleEndian(scratch[SocketScratch.NameLength..]);
        int copied = Math.Clamp(given, 0, room) * unit;
        return thread.Memory.TryWrite(value, held[..copied]) && thread.Memory.TryWrite(length, given) ? result : Errno.EFAULT;
    }

    /// <summary>
    /// Only a first part of the value is readable. Linux takes most options' first bytes alone, whatever the length says.
    /// </summary>
    private static SyscallResult SetPartly(GuestThread thread, int host, int level, int option, GuestVirtualAddress value, int lengthBytes)
    {
        Span<byte> held = thread.Scratch.Span.Slice(SocketScratch.Large, lengthBytes);
        int readable = 0;
        while (readable < lengthBytes && thread.Memory.TryRead(value + (ulong)readable, held.Slice(readable, 1)))
            readable++;
        return readable < sizeof(int)
            ? Errno.EFAULT
            : HostStubs.Call(SystemCall.Setsockopt, host, level, option, (long)thread.Scratch.Address.Value + SocketScratch.Large, readable);
    }

    /// <summary>struct sock_fprog: a count, and a pointer to instructions. Source: linux/filter.h.</summary>
    private static SyscallResult SetFilter(GuestThread thread, int host, int option, GuestVirtualAddress value, int lengthBytes)
    {
        if (lengthBytes != ProgramBytes)
            return Errno.EINVAL;
        Span<byte> scratch = thread.Scratch.Span, program = scratch.Slice(SocketScratch.Small, ProgramBytes);
        if (!thread.Memory.TryRead(value, program))
            return Errno.EFAULT;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(program);
        if (count is 0 or > MostFilterInstructions)
            return Errno.EINVAL;
        GuestVirtualAddress instructions = new(BinaryPrimitives.ReadUInt64LittleEndian(program[PointerOffset..]));
        if (!thread.Memory.TryRead(instructions, scratch.Slice(SocketScratch.Large, count * FilterInstructionBytes)))
            return Errno.EFAULT;
        BinaryPrimitives.WriteUInt64LittleEndian(program[PointerOffset..], thread.Scratch.Address.Value + SocketScratch.Large);
        return HostStubs.Call(SystemCall.Setsockopt, host, SocketFlags.LevelSocket, option,
            (long)thread.Scratch.Address.Value + SocketScratch.Small, ProgramBytes);
    }

    private static bool IsFilter(int level, int option)
    {
        const int attachFilter = 26, attachReuseFilter = 51;
        return level == SocketFlags.LevelSocket && option is attachFilter or attachReuseFilter;
    }

    private static bool IsRefused(int level, int option)
    {
        const int attachBpf = 50, attachReuseBpf = 52, passProcessDescriptor = 76, peerProcessDescriptor = 77;
        const int replaceTable = 64, addTableCounters = 65, tcpZeroCopyReceive = 35, packetFanoutData = 22;
        return level switch
        {
            SocketFlags.LevelSocket => option is attachBpf or attachReuseBpf or passProcessDescriptor or peerProcessDescriptor,
            // Firewall tables: replaced through pointers to counters, and not a program's business.
            LevelIp or LevelIp6 => option is replaceTable or addTableCounters,
            LevelTcp => option == tcpZeroCopyReceive,
            LevelPacket => option == packetFanoutData,
            LevelMptcp => true,
            _ => false,
        };
    }
}
