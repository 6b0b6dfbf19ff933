using Weft.Native;

namespace Weft.Adapter;

/// <summary>A VM's arena or a file that its program mapped, as the engine has it in its own address space.</summary>
/// <remarks>Counted: the VM and each region, queue and record on it hold it. Used under the adapter's gate only.</remarks>
internal sealed class MappedMemory
{
    private const int ProtRead = 1, ProtWrite = 2, MapShared = 1, MapNoReserve = 0x4000, GetSeals = 1034, SealShrink = 2;
    private const ulong PageBytes = 4096;
    private int _holders = 1;

    private MappedMemory(HostAddress start, ulong lengthBytes, bool isWritable, bool canFault) =>
        (Start, LengthBytes, IsWritable, CanFault) = (start, lengthBytes, isWritable, canFault);

    /// <summary>The first byte.</summary>
    internal HostAddress Start { get; }

    /// <summary>How much is mapped.</summary>
    internal ulong LengthBytes { get; }

    /// <summary>Whether it may be written.</summary>
    internal bool IsWritable { get; }

    /// <summary>Whether its pages can vanish (a file that is not sealed): it may only be touched by copies that survive that.</summary>
    internal bool CanFault { get; }

    /// <summary>Maps a file whole. -errno where the host refuses, or where an arena is not sealed against shrinking.</summary>
    internal static Errno Map(int descriptor, ulong lengthBytes, bool isWritable, bool mustBeSealed, out MappedMemory? memory)
    {
        memory = null;
        long seals = HostStubs.Call(SystemCall.Fcntl, descriptor, GetSeals);
        bool isSealed = seals > 0 && (seals & SealShrink) != 0;
        if (lengthBytes == 0 || mustBeSealed && !isSealed)
            return Errno.EINVAL;
        // The rest of the last page can be touched, whatever the file's length.
        if (isSealed && (!TryReadSize(descriptor, out ulong sizeBytes) || (sizeBytes + PageBytes - 1 & ~(PageBytes - 1)) < lengthBytes))
            return Errno.EINVAL;
        long address = HostStubs.Call(SystemCall.Mmap, 0, (long)lengthBytes, isWritable ? ProtRead | ProtWrite : ProtRead,
            MapShared | MapNoReserve, descriptor, 0);
        if (address is < 0 and > -4096)
            return (Errno)(-address);
        memory = new MappedMemory(new HostAddress((ulong)address), lengthBytes, isWritable, !isSealed);
        return Errno.None;
    }

    /// <summary>A file's length. False for what is no descriptor.</summary>
    internal static bool TryReadSize(int descriptor, out ulong sizeBytes)
    {
        const int statBytes = 144, sizeOffset = 48; // Source: struct stat of x86-64, asm/stat.h.
        using NativeBuffer status = new(statBytes);
        bool isOpen = HostStubs.Call(SystemCall.Fstat, descriptor, (long)status.Address.Value) >= 0;
        sizeBytes = isOpen ? BitConverter.ToUInt64(status.Span[sizeOffset..]) : 0;
        return isOpen;
    }

    /// <summary>One holder more.</summary>
    internal void Hold() => _holders++;

    /// <summary>One holder less; the last one unmaps it.</summary>
    internal void Release()
    {
        if (--_holders == 0)
            HostStubs.Call(SystemCall.Munmap, (long)Start.Value, (long)LengthBytes);
    }
}
