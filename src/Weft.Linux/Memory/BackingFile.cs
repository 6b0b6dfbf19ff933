using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>
/// A descriptor of the host's for the file behind a shared mapping, so that the mapping can be shared with an adapter or a
/// forked child after the program closed its own. For an adapter it shares the program's open file description, as the mapping does.
/// </summary>
/// <remarks>
/// Counted: the mappings hold it together, and every pin. Thread-safe. Compared by identity: two calls to mmap stay two
/// mappings, as with Linux's struct file.
/// </remarks>
public sealed class BackingFile
{
    private const int DuplicateCloseOnExec = 1030;
    private int _holders = 1;

    private BackingFile(int descriptor) => Descriptor = descriptor;

    /// <summary>The descriptor; valid while held.</summary>
    public int Descriptor { get; }

    /// <summary>
    /// Names the file of a descriptor, held once: by O_PATH where it may be opened again like that, for to close any other
    /// descriptor of a file is to release the program's record locks on it. Null when the host has no more descriptors.
    /// </summary>
    internal static BackingFile? Name(int descriptor, bool writable)
    {
        const int write = 2, read = 4;
        using NativeBuffer scratch = new(64 << 10);
        long path = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(scratch, descriptor), OpenFlags.Path | OpenFlags.CloseOnExec);
        if (path < 0)
            return Duplicate(descriptor);
        if (HostFile.MayAccess(scratch, (int)path, writable ? read | write : read))
            return new BackingFile((int)path);
        HostFile.Close((int)path);
        return Duplicate(descriptor);
    }

    /// <summary>A duplicate of a descriptor, held once. Null when the host has no more.</summary>
    internal static BackingFile? Duplicate(int descriptor)
    {
        long result = HostStubs.CallQuick(SystemCall.Fcntl, descriptor, DuplicateCloseOnExec, 0);
        return result < 0 ? null : new BackingFile((int)result);
    }

    /// <summary>Holds it once more. It must be held.</summary>
    internal void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Lets it go; the last closes it.</summary>
    internal void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            HostStubs.CallQuick(SystemCall.Close, Descriptor);
    }
}
