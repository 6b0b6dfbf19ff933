using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>Builds a <see cref="MemoryState"/> area by area, under the address space's lock.</summary>
/// <remarks>For one thread. <see cref="Dispose"/> closes what no finished state has taken over.</remarks>
internal sealed class MemoryCapture(GuestPhysicalMemory memory, bool leavesLarge) : IDisposable
{
    // A page that comes by itself costs some 70 us, one that comes with others less than one.
    private const ulong MostAtOnceBytes = 4 << 20;
    private readonly List<AreaState> _areas = [];
    private readonly List<PageRun> _runs = [];
    private readonly List<PageRun> _left = [];
    private readonly Dictionary<(ulong Device, ulong Inode, bool Writable), int> _opened = [];
    private readonly HeldPages _held = new(memory);
    private PageFile? _file;
    private bool _isFinished;

    internal Errno Begin()
    {
        if (!_held.IsUsable)
            return Errno.ENOSYS;
        _file = PageFile.TryCreate();
        return _file is null ? Errno.EMFILE : Errno.None;
    }

    internal Errno Add(MemoryArea area)
    {
        if (area.DontFork || area.Content == HostContent.Doorbell)
            return Errno.None;
        AreaState state = new()
        {
            Start = area.Start,
            LengthBytes = area.Length,
            Protection = area.Protection,
            Content = area.Content,
            IsShared = area.IsShared,
            GrowsDown = area.GrowsDown,
            WipeOnFork = area.WipeOnFork,
            File = area.File is null ? null : area.File with { Backing = null },
            FileOffset = area.FileOffset,
            Name = area.Name,
        };
        if (area.IsShared)
            return AddShared(area, state);
        int first = _runs.Count;
        if (area.WipeOnFork)
            _areas.Add(state);
        else if (area.Content == HostContent.Anonymous)
        {
            _held.Find(area, _runs);
            bool isLarge = area.File is null && HeldBytes(first) > MostAtOnceBytes;
            _areas.Add(state with { IsLate = isLarge });
            if (isLarge && leavesLarge)
            {
                _left.AddRange(_runs[first..]);
                _runs.RemoveRange(first, _runs.Count - first);
            }
        }
        else if (Open(area.File, writable: false) is >= 0 and var descriptor)
        {
            _areas.Add(state with { Descriptor = descriptor });
            _held.Find(area, _runs);
        }
        else
        {
            // The file has no name any more: all of it crosses, as memory.
            _areas.Add(state with { Content = HostContent.Anonymous });
            _runs.Add(new PageRun(area.Start, area.Length));
        }
        return CopyRuns(area, first);
    }

    internal MemoryState Finish(ulong breakStart, ulong end, IReadOnlyList<ReplacedCode> replaced)
    {
        _isFinished = true;
        return new MemoryState
        {
            Areas = _areas,
            Runs = _runs,
            Left = _left,
            BreakStart = breakStart,
            Break = end,
            ReplacedCode = replaced,
            DataDescriptor = _file!.Descriptor,
            OwnDescriptors = [_file.Descriptor, .. _opened.Values.Where(descriptor => descriptor >= 0)],
        };
    }

    /// <summary>A shared mapping crosses by its file; one of a device that cannot be opened again stays behind.</summary>
    private Errno AddShared(MemoryArea area, AreaState state)
    {
        if (area.File is { IsSystemV: true })
            _areas.Add(state);
        else if (area.File?.Backing is { } backing)
            _areas.Add(state with { Descriptor = backing.Descriptor });
        else if (Open(area.File, area.Content == HostContent.SharedFile) is >= 0 and var descriptor)
            _areas.Add(state with { Descriptor = descriptor });
        return Errno.None;
    }

    private ulong HeldBytes(int first)
    {
        ulong sum = 0;
        for (int index = first; index < _runs.Count; index++)
            sum += _runs[index].LengthBytes;
        return sum;
    }

    private Errno CopyRuns(MemoryArea area, int first)
    {
        Errno error = Errno.None;
        for (int index = first; index < _runs.Count && error == Errno.None; index++)
            error = _file!.Append(memory.HostOf(area.PhysicalOf(_runs[index].Start)), _runs[index].LengthBytes);
        return error;
    }

    /// <summary>Names a mapped file by its path, if that still leads to it; the same for all its mappings. -1 when not.</summary>
    private int Open(MappedFile? file, bool writable)
    {
        if (file is null || file.Inode == 0 || file.Path.Length == 0)
            return -1;
        if (!_opened.TryGetValue((file.Device, file.Inode, writable), out int descriptor))
            _opened.Add((file.Device, file.Inode, writable), descriptor = OpenIfSame(file, writable));
        return descriptor;
    }

    private static int OpenIfSame(MappedFile file, bool writable)
    {
        using NativeBuffer scratch = new(64 << 10);
        string path = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(file.Path));
        if (path.Length >= PathScratch.MostPathBytes)
            return -1;
        long place = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.Put(scratch, PathScratch.FirstPath, path), OpenFlags.Path | OpenFlags.CloseOnExec);
        if (place < 0)
            return -1;
        const int read = 4, readAndWrite = 6;
        // It stays so here: to close another descriptor of the file would release the program's record locks on it.
        if (HostFile.Identity(scratch, (int)place) is { } found && (found.Device, found.Inode) == (file.Device, file.Inode)
            && HostFile.MayAccess(scratch, (int)place, writable ? readAndWrite : read))
            return (int)place;
        HostFile.Close((int)place);
        return -1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _held.Dispose();
        if (_isFinished)
            return;
        if (_file is not null)
            HostFile.Close(_file.Descriptor);
        foreach (int descriptor in _opened.Values)
            if (descriptor >= 0)
                HostFile.Close(descriptor);
    }
}
