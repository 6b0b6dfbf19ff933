using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>A process's descriptors: guest numbers to files, lowest free number first, as POSIX asks.</summary>
/// <remarks>Thread-safe. <see cref="Rent"/> takes no lock: a slot is one reference, and a description counts its users.</remarks>
public sealed class FileTable
{
    private const int InitialSlots = 64;
    private readonly Lock _lock = new();
    private FileDescription?[] _files = new FileDescription?[InitialSlots];
    private bool[] _closeOnExec = new bool[InitialSlots];
    private int _lowestMaybeFree;

    /// <summary>One past the highest number that may be used: RLIMIT_NOFILE.</summary>
    public int Limit { get; set; } = 1024;

    /// <summary>Set once the process takes POSIX record locks, which every close of their file releases: fcntl(2).</summary>
    public bool MayHoldLocks { get; set; }

    /// <summary>A reference to a file for the length of a call.</summary>
    public FileLease Rent(int descriptor)
    {
        FileDescription?[] files = Volatile.Read(ref _files);
        while ((uint)descriptor < (uint)files.Length)
        {
            FileDescription? file = Volatile.Read(ref files[descriptor]);
            if (file is null)
                break;
            if (file.TryAddReference())
                return new FileLease(file);
            // Closed between the two loads: look again at what the slot holds now.
        }
        return default;
    }

    /// <summary>Gives a file the lowest free number from <paramref name="lowest"/> on. Returns it, or -EMFILE; the table takes the caller's reference, also on failure.</summary>
    public SyscallResult Install(FileDescription file, bool closeOnExec, int lowest = 0)
    {
        lock (_lock)
        {
            int descriptor = Math.Max(lowest, _lowestMaybeFree);
            while (descriptor < _files.Length && _files[descriptor] is not null)
                descriptor++;
            if (descriptor < Limit)
            {
                if (lowest <= _lowestMaybeFree)
                    _lowestMaybeFree = descriptor + 1;
                Put(descriptor, file, closeOnExec);
                return descriptor;
            }
        }
        file.Release();
        return Errno.EMFILE;
    }

    /// <summary>Wraps a fresh host descriptor and installs it. A negative value (-errno) is passed through.</summary>
    public SyscallResult InstallHost(long hostDescriptor, bool closeOnExec) =>
        hostDescriptor < 0 ? hostDescriptor : Install(new FileDescription((int)hostDescriptor), closeOnExec);

    /// <summary>Puts a file at exactly this number, closing what was there (dup2). Takes the caller's reference, also on failure.</summary>
    public SyscallResult InstallAt(int descriptor, FileDescription file, bool closeOnExec)
    {
        if ((uint)descriptor >= (uint)Limit)
        {
            file.Release();
            return Errno.EBADF;
        }
        FileDescription? old;
        lock (_lock)
        {
            old = descriptor < _files.Length ? _files[descriptor] : null;
            Put(descriptor, file, closeOnExec);
        }
        if (old is not null)
            Drop(old);
        return descriptor;
    }

    /// <summary>Frees a number. Returns the host close's result if that was the last reference, or -EBADF.</summary>
    public SyscallResult Close(int descriptor)
    {
        FileDescription? file;
        lock (_lock)
        {
            if ((uint)descriptor >= (uint)_files.Length || (file = _files[descriptor]) is null)
                return Errno.EBADF;
            Volatile.Write(ref _files[descriptor], null);
            _closeOnExec[descriptor] = false;
            _lowestMaybeFree = Math.Min(_lowestMaybeFree, descriptor);
        }
        return Drop(file);
    }

    /// <summary>Closes what is closed on exec.</summary>
    internal void CloseForExec()
    {
        foreach (int descriptor in OpenDescriptors())
            if (GetCloseOnExec(descriptor) == true)
                Close(descriptor);
    }

    /// <summary>FD_CLOEXEC of a number, or null when it is not open.</summary>
    public bool? GetCloseOnExec(int descriptor)
    {
        lock (_lock)
            return (uint)descriptor < (uint)_files.Length && _files[descriptor] is not null ? _closeOnExec[descriptor] : null;
    }

    /// <summary>Sets FD_CLOEXEC. False when the number is not open.</summary>
    public bool SetCloseOnExec(int descriptor, bool value)
    {
        lock (_lock)
        {
            if ((uint)descriptor >= (uint)_files.Length || _files[descriptor] is null)
                return false;
            _closeOnExec[descriptor] = value;
            return true;
        }
    }

    /// <summary>The lowest number of a host descriptor, or -1: what the host reports of its own becomes the program's.</summary>
    public int NumberOf(int hostDescriptor)
    {
        lock (_lock)
            return Array.FindIndex(_files, file => file?.Host == hostDescriptor);
    }

    /// <summary>The open numbers, ascending.</summary>
    public int[] OpenDescriptors()
    {
        List<int> open = [];
        lock (_lock)
            for (int descriptor = 0; descriptor < _files.Length; descriptor++)
                if (_files[descriptor] is not null)
                    open.Add(descriptor);
        return [.. open];
    }

    /// <summary>All that is open, ascending, each with a reference that the caller gives back.</summary>
    internal List<(int Number, FileDescription File, bool ClosesOnExec)> Snapshot()
    {
        List<(int, FileDescription, bool)> open = [];
        lock (_lock)
            for (int descriptor = 0; descriptor < _files.Length; descriptor++)
                if (_files[descriptor] is { } file && file.TryAddReference())
                    open.Add((descriptor, file, _closeOnExec[descriptor]));
        return open;
    }

    /// <summary>Puts a file at a free number, which may be beyond the limit: it was lowered after the file was opened. Takes the caller's reference.</summary>
    internal void RestoreAt(int descriptor, FileDescription file, bool closeOnExec)
    {
        lock (_lock)
            Put(descriptor, file, closeOnExec);
    }

    /// <summary>A number no longer refers to the file. The host only sees a close when it was the last one, so locks are released here.</summary>
    private long Drop(FileDescription file)
    {
        if (MayHoldLocks)
            file.ReleaseLocks();
        return file.Release();
    }

    private void Put(int descriptor, FileDescription file, bool closeOnExec)
    {
        if (descriptor >= _files.Length)
        {
            int length = Math.Max(descriptor + 1, _files.Length * 2);
            FileDescription?[] files = new FileDescription?[length];
            _files.CopyTo(files, 0);
            Array.Resize(ref _closeOnExec, length);
            Volatile.Write(ref _files, files);
        }
        Volatile.Write(ref _files[descriptor], file);
        _closeOnExec[descriptor] = closeOnExec;
    }
}
