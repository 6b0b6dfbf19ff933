using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>The memfd in which a process's pages cross to another VMM, written from its beginning to its end.</summary>
/// <remarks>For one thread. The descriptor is the caller's to close.</remarks>
internal sealed class PageFile
{
    private const int CloseOnExec = 1;
    private ulong _length;

    private PageFile(int descriptor) => Descriptor = descriptor;

    internal int Descriptor { get; }

    /// <summary>An empty file. Null when the host has no more.</summary>
    internal static PageFile? TryCreate()
    {
        using NativeBuffer name = new((int)Memory.AddressSpace.PageSize);
        "weft-pages\0"u8.CopyTo(name.Span);
        long descriptor = HostStubs.Call(SystemCall.MemfdCreate, (long)name.Address.Value, CloseOnExec);
        return descriptor < 0 ? null : new PageFile((int)descriptor);
    }

    /// <summary>
    /// Appends what is at a host address. What cannot be read, behind the end of a mapped file, becomes a hole. ENOMEM or
    /// another error of the host when there is no room.
    /// </summary>
    internal Errno Append(HostAddress source, ulong lengthBytes)
    {
        Errno error = Write(Descriptor, _length, source, lengthBytes);
        _length += lengthBytes;
        return error;
    }

    /// <summary>Writes to the file. False when there is no room.</summary>
    internal static bool TryWrite(int descriptor, ulong offset, HostAddress source, ulong lengthBytes) =>
        Write(descriptor, offset, source, lengthBytes) == Errno.None;

    private static Errno Write(int descriptor, ulong offset, HostAddress source, ulong lengthBytes)
    {
        for (ulong done = 0; done < lengthBytes;)
        {
            long result = HostStubs.Call(SystemCall.Pwrite64, descriptor, (long)(source + done).Value, (long)(lengthBytes - done), (long)(offset + done));
            if (result == -(long)Errno.EINTR)
                continue;
            if (result == -(long)Errno.EFAULT)
                break;
            if (result <= 0)
                return result == -(long)Errno.ENOSPC || result == 0 ? Errno.ENOMEM : (Errno)(-result);
            done += (ulong)result;
        }
        return Errno.None;
    }

    /// <summary>Fills memory from the file; what is behind its end stays as it is. False when the host fails.</summary>
    internal static bool TryRead(int descriptor, ulong offset, HostAddress destination, ulong lengthBytes)
    {
        for (ulong done = 0; done < lengthBytes;)
        {
            long result = HostStubs.Call(SystemCall.Pread64, descriptor, (long)(destination + done).Value, (long)(lengthBytes - done), (long)(offset + done));
            if (result == -(long)Errno.EINTR)
                continue;
            if (result == 0)
                return true;
            if (result < 0)
                return false;
            done += (ulong)result;
        }
        return true;
    }

    /// <summary>Gives the pages of a range back to the host.</summary>
    internal static void Forget(int descriptor, ulong offset, ulong lengthBytes)
    {
        const int keepSize = 1, punchHole = 2;
        HostStubs.Call(SystemCall.Fallocate, descriptor, punchHole | keepSize, (long)offset, (long)lengthBytes);
    }
}
