using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Vm.Registry;

/// <summary>
/// The lock that a running VM holds on its record: it goes with the process, however that ends, so a record without
/// one is left over. A lock of the open file, not of the process: the program may open and close the same file.
/// </summary>
internal static class RecordLock
{
    // struct flock, x86-64: l_type at 0, l_whence at 2, l_start at 8, l_len at 16, l_pid at 24. Source: asm-generic/fcntl.h.
    private const int StructBytes = 32, GetLock = 36, SetLock = 37;
    private const short WriteLock = 1, NoLock = 2;

    /// <summary>Takes the lock. False when another open file has it, or the file system has no locks.</summary>
    internal static bool TryTake(int descriptor, NativeBuffer scratch)
    {
        Prepare(scratch);
        return HostStubs.CallQuick(SystemCall.Fcntl, descriptor, SetLock, (long)scratch.Address.Value) == 0;
    }

    /// <summary>Whether somebody holds it. True also when the host can't tell.</summary>
    internal static bool IsHeld(int descriptor, NativeBuffer scratch)
    {
        Prepare(scratch);
        return HostStubs.CallQuick(SystemCall.Fcntl, descriptor, GetLock, (long)scratch.Address.Value) < 0
            || BinaryPrimitives.ReadInt16LittleEndian(scratch.Span) != NoLock;
    }

    private static void Prepare(NativeBuffer scratch)
    {
        scratch.Span[..StructBytes].Clear();
        BinaryPrimitives.WriteInt16LittleEndian(scratch.Span, WriteLock);
    }
}
