using Weft.Native;

namespace Weft.Machine;

/// <summary>
/// The arena as one sparse memfd that others may map too: an adapter, or another VMM of a group. Offset in the arena =
/// offset in the file, always; a page that nobody uses is a hole.
/// </summary>
/// <remarks>Owns the descriptor until <see cref="Dispose"/>. Thread-safe: every operation is one system call.</remarks>
internal sealed class SharedArena : IDisposable
{
    private const int CloseOnExec = 1, AllowSealing = 2;
    private const int AddSeals = 1033, SealSeal = 1, SealShrink = 2, SealGrow = 4;
    private const int KeepSize = 1, PunchHole = 2;
    private const int SeekData = 3, SeekHole = 4;
    private const int StatBytes = 144, StatBlocksOffset = 64, StatBlockBytes = 512;
    private int _descriptor;

    private SharedArena(int descriptor, HostAddress start, ulong lengthBytes)
    {
        _descriptor = descriptor;
        Start = start;
        LengthBytes = lengthBytes;
    }

    /// <summary>The file. Its size is sealed, so that no mapping of it can lose its pages.</summary>
    internal int Descriptor => _descriptor;

    /// <summary>Where all of it is mapped.</summary>
    internal HostAddress Start { get; }

    /// <summary>Its length.</summary>
    internal ulong LengthBytes { get; }

    /// <summary>Makes the file and maps it over a range of reserved addresses, which stays the caller's. Null when the host refuses the size.</summary>
    internal static SharedArena? TryCreate(HostAddress start, ulong lengthBytes)
    {
        using NativeBuffer name = new((int)GuestPhysicalMemory.PageSize);
        "weft-arena\0"u8.CopyTo(name.Span);
        long descriptor = HostStubs.Call(SystemCall.MemfdCreate, (long)name.Address.Value, CloseOnExec | AllowSealing);
        if (descriptor < 0)
            return null;
        SharedArena arena = new((int)descriptor, start, lengthBytes);
        if (HostStubs.Call(SystemCall.Ftruncate, descriptor, (long)lengthBytes) == 0
            && HostStubs.Call(SystemCall.Fcntl, descriptor, AddSeals, SealShrink | SealGrow | SealSeal) == 0
            && HostMapping.MapShared(start, lengthBytes, (int)descriptor, 0) == 0)
            return arena;
        arena.Dispose();
        return null;
    }

    /// <summary>Puts a range of the file back where a host file was mapped over it. Returns 0 or -errno.</summary>
    internal long MapBack(HostAddress address, ulong lengthBytes) => HostMapping.MapShared(address, lengthBytes, _descriptor, OffsetOf(address));

    /// <summary>Gives the pages of a range back to the host, in every mapping of it: they read as zeroes again.</summary>
    internal void Punch(HostAddress address, ulong lengthBytes) => HostMapping.Require(
        HostStubs.Call(SystemCall.Fallocate, _descriptor, PunchHole | KeepSize, (long)OffsetOf(address), (long)lengthBytes), "drop guest pages");

    /// <summary>
    /// Copies what is mapped at a range, in the file's place, into the file's own pages there. Returns 0 or -errno: -EFAULT
    /// where nothing can be read.
    /// </summary>
    internal long CopyIn(HostAddress address, ulong lengthBytes)
    {
        for (ulong done = 0; done < lengthBytes;)
        {
            long result = HostStubs.Call(SystemCall.Pwrite64, _descriptor, (long)(address.Value + done), (long)(lengthBytes - done),
                (long)(OffsetOf(address) + done));
            if (result == -(long)Errno.EINTR)
                continue;
            if (result <= 0)
                return result < 0 ? result : -(long)Errno.EFAULT;
            done += (ulong)result;
        }
        return 0;
    }

    /// <summary>Allocates the pages of a range now, zeroed and not only reserved, so that they count as data. Returns 0 or -errno.</summary>
    internal static long Allocate(HostAddress address, ulong lengthBytes)
    {
        long result;
        do
            result = HostMapping.Populate(address, lengthBytes);
        while (result == -(long)Errno.EINTR);
        return result;
    }

    /// <summary>Bytes of a range that the host holds pages for. Costs by the runs of pages, not by the length.</summary>
    internal ulong AllocatedBytes(HostAddress address, ulong lengthBytes)
    {
        ulong at = OffsetOf(address), end = at + lengthBytes, sum = 0;
        while (at < end)
        {
            long data = HostStubs.Call(SystemCall.Lseek, _descriptor, (long)at, SeekData);
            if (data < 0 || (ulong)data >= end)
                break;
            long hole = HostStubs.Call(SystemCall.Lseek, _descriptor, data, SeekHole);
            at = hole < 0 ? end : Math.Min((ulong)hole, end);
            sum += at - (ulong)data;
        }
        return sum;
    }

    /// <summary>Bytes that the host holds pages for, of the whole file.</summary>
    internal ulong AllocatedBytes()
    {
        using NativeBuffer stat = new((int)GuestPhysicalMemory.PageSize);
        return HostStubs.CallQuick(SystemCall.Fstat, _descriptor, (long)stat.Address.Value) < 0
            ? 0 : BitConverter.ToUInt64(stat.Span[StatBlocksOffset..StatBytes]) * StatBlockBytes;
    }

    /// <summary>Closes the file; mappings of it live on.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0)
            HostStubs.CallQuick(SystemCall.Close, _descriptor);
        _descriptor = -1;
    }

    private ulong OffsetOf(HostAddress address) => address.Value - Start.Value;
}
