using Weft.Linux.Files;
using Weft.Machine;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    private ulong? _limitBytes;
    private MemoryFiles? _memoryFiles;
    private ResidentBytes _baseline;

    // The bound is the sum: pages that may be touched, and what was written to files since those were last counted among these.
    private ulong _usedAtMostBytes, _filesAtMostBytes;
    private ulong _filesInUsedBytes;
    private bool _isTight;

    /// <summary>
    /// Limits the memory that the program can touch, as a cgroup's memory.max would. Page-table entries and bytes written to
    /// files in memory are an upper bound of what is touched; only when they reach the limit is the truth measured and
    /// the bound drawn tighter.
    /// </summary>
    /// <param name="limitBytes">The limit, or null for none.</param>
    /// <param name="files">The process's descriptors; without them files in memory count only where they are mapped.</param>
    public void SetLimit(ulong? limitBytes, FileTable? files = null)
    {
        lock (_lock)
        {
            _limitBytes = limitBytes;
            if (limitBytes is null)
                return;
            _baseline = _memory.ReadResidentBytes();
            _memoryFiles = files is null ? null : new MemoryFiles(files);
        }
    }

    /// <summary>
    /// What counts against the memory limit now, as the host measures it: pages of the program's own and of files in memory,
    /// not those that a file could give again. With a limit only; costs some 30 us.
    /// </summary>
    public ulong UsedBytes
    {
        get
        {
            lock (_lock)
                return MeasureUsedBytes();
        }
    }

    /// <summary>Before the host's kernel adds so many bytes to a file at most. False when that could pass the limit: the program is to be killed.</summary>
    internal bool MayGrow(FileDescription file, ulong bytes)
    {
        if (_memoryFiles is null || file.Kind == FileMemoryKind.Other || bytes == 0)
            return true;
        lock (_lock)
            return !FollowLocked(file) || ChargeLocked(RoundUp(bytes));
    }

    /// <summary>Whether a file is one in memory under a limit; counts it from now on.</summary>
    internal bool Follows(FileDescription file)
    {
        if (_memoryFiles is null || file.Kind == FileMemoryKind.Other)
            return false;
        lock (_lock)
            return FollowLocked(file);
    }

    /// <summary>Counts a file in memory that only the VMM has open. It must be mapped already.</summary>
    internal void Follow(int hostDescriptor)
    {
        lock (_lock)
            _memoryFiles?.Follow(hostDescriptor, this);
    }

    /// <summary>Device and inode of all files that are mapped shared. The lock is held.</summary>
    internal HashSet<(ulong, ulong)> SharedFilesLocked()
    {
        HashSet<(ulong, ulong)> result = [];
        foreach (MemoryArea area in _areas)
            if (area is { IsShared: true, File: { } file })
                result.Add((file.Device, file.Inode));
        return result;
    }

    private bool FollowLocked(FileDescription file)
    {
        if (file.Kind == FileMemoryKind.Unknown)
        {
            bool isInMemory = MemoryFiles.IsInMemory(file.Host);
            if (isInMemory)
                _memoryFiles!.Follow(file.Host, this);
            file.Kind = isInMemory ? FileMemoryKind.Memory : FileMemoryKind.Other;
        }
        return file.Kind == FileMemoryKind.Memory;
    }

    private bool ChargeLocked(ulong bytes)
    {
        if (_limitBytes is not { } limit)
            return true;
        if (!FitsLocked(limit, bytes) && (!TightenLocked(limit, bytes) || !FitsLocked(limit, bytes)))
            return false;
        _filesAtMostBytes += bytes;
        return true;
    }

    /// <summary>Whether the bound leaves so much; looks at the files first, which is cheap, where it does not.</summary>
    private bool FitsLocked(ulong limit, ulong bytes)
    {
        if (bytes > limit)
            return false;
        if (_usedAtMostBytes + _filesAtMostBytes + bytes <= limit)
            return true;
        if (_memoryFiles is not null)
        {
            ulong files = _memoryFiles.MeasureBytes(this);
            _filesAtMostBytes = files - Math.Min(files, _filesInUsedBytes);
        }
        return _usedAtMostBytes + _filesAtMostBytes + bytes <= limit;
    }

    /// <summary>
    /// Counts a range that the host's kernel is about to write for the program: pages that come into being so never
    /// fault. False when that could pass the limit.
    /// </summary>
    private bool MayWriteLocked(MemoryArea area, ulong start, ulong end) =>
        _limitBytes is null || TryFillLocked(area, start & ~(PageSize - 1), Math.Min(area.End, RoundUp(end)));

    /// <summary>
    /// The bound reached the limit: measures what is really touched, and takes back the entries of what is not,
    /// by taking back all. False when the limit itself is reached.
    /// </summary>
    private bool TightenLocked(ulong limit, ulong wanted)
    {
        ulong used = MeasureUsedBytes();
        const ulong marginParts = 128;
        if (used + TightFillBytes + limit / marginParts > limit)
            return false;
        foreach (MemoryArea area in _areas)
            if (_tables.Unmap(new(area.Start), area.Length))
                _memory.InvalidateTranslations(area.Physical, area.Length, area.Content);
        _isTight = true;
        _usedAtMostBytes = used;
        _filesInUsedBytes = _memoryFiles?.MeasureBytes(this) ?? 0;
        _filesAtMostBytes = 0;
        return used + Math.Min(wanted, TightFillBytes) <= limit;
    }

    private ulong MeasureUsedBytes()
    {
        ResidentBytes now = _memory.ReadResidentBytes();
        ulong shared = now.SharedBytes - Math.Min(now.SharedBytes, _baseline.SharedBytes);
        // What of the files is mapped is among the shared pages, and some of these are in no file that is followed.
        return now.OwnBytes - Math.Min(now.OwnBytes, _baseline.OwnBytes) + Math.Max(shared, _memoryFiles?.MeasureBytes(this) ?? 0);
    }
}
