using Weft.Linux.Checkpoint;
using Weft.Linux.Polling;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// What a guest descriptor refers to: a descriptor of the host, kept open while any guest descriptor or
/// any system call in progress uses it, as the kernel's struct file is.
/// </summary>
/// <remarks>Thread-safe. Owns the host descriptor; subclasses add behaviour of files that the VMM makes up.</remarks>
public class FileDescription(int hostDescriptor)
{
    private int _references = 1;
    private EpollKeys? _epollKeys;

    /// <summary>The host's descriptor. Valid while a reference is held.</summary>
    public int Host { get; } = hostDescriptor;

    /// <summary>Where it was opened; null for what has no path, or came from outside the mounts.</summary>
    public Mount? Mount { get; init; }

    /// <summary>Whether the file counts against the memory limit. Protected by the address space's lock but for a first look.</summary>
    internal FileMemoryKind Kind { get; set; }

    /// <summary>Of a directory of the VM's own view: its absolute path. Names are looked up below it, never below the host's descriptor.</summary>
    public virtual string? VirtualPath => null;

    /// <summary>What the attendant found it to be; the value only ever goes from unknown to what it is, so threads need not agree on who looks.</summary>
    internal FileNature Nature { get; set; }

    /// <summary>Whether the VMM makes up what it holds, so that calls on the host's descriptor are not what the program asked for.</summary>
    internal virtual bool IsMadeUp => GetType() != typeof(FileDescription);

    /// <summary>Under what the file stands in epoll sets; made when first asked for.</summary>
    internal EpollKeys EpollKeys => Volatile.Read(ref _epollKeys) ?? Interlocked.CompareExchange(ref _epollKeys, new EpollKeys(this), null) ?? _epollKeys;

    /// <summary>Releases the process's POSIX record locks on the file.</summary>
    internal void ReleaseLocks()
    {
        const int setLock = 6, lockBytes = 32;
        const ushort unlock = 2;
        using NativeBuffer whole = new(lockBytes);
        BitConverter.TryWriteBytes(whole.Span, unlock);
        HostStubs.Call(SystemCall.Fcntl, Host, setLock, (long)whole.Address.Value);
    }

    /// <summary>What another VMM needs to go on with the file.</summary>
    internal virtual FileState Describe(MountTable mounts) =>
        new() { Kind = FileKind.Host, Host = Host, Mount = mounts.IndexOf(Mount), Keys = _epollKeys?.Capture() ?? EpollKeyState.None };

    /// <summary>Takes a reference. False when the last one is already gone.</summary>
    internal bool TryAddReference()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen)
                return true;
            seen = before;
        }
        return false;
    }

    /// <summary>Gives a reference back; the last one closes the host's descriptor. Returns close's result then, else 0.</summary>
    internal long Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return 0;
        _epollKeys?.Close();
        return OnLastRelease();
    }

    /// <summary>Closes what the description holds. Called once.</summary>
    protected virtual long OnLastRelease() => HostStubs.Call(SystemCall.Close, Host);
}
