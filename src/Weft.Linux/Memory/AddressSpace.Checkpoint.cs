using Weft.Linux.Checkpoint;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <content>The memory's way to another VMM, as fork(2) leaves it: what is private is copied, what is shared stays so.</content>
public sealed partial class AddressSpace
{
    /// <summary>
    /// Writes down the mappings and copies the process's own pages to a file. The program's other threads may run on: a page
    /// crosses as it is when it is copied. Mappings of devices do not cross, nor what MADV_DONTFORK names.
    /// </summary>
    /// <param name="state">The state, which the caller disposes; null on an error.</param>
    /// <param name="leavesLarge">Large memory is not copied: the other side asks for its pages while the caller waits.</param>
    /// <returns><see cref="Errno.None"/>; ENOMEM or EMFILE of the host; ENOSYS where the host hides its page map.</returns>
    public Errno Capture(out MemoryState? state, bool leavesLarge = false)
    {
        state = null;
        using MemoryCapture capture = new(_memory, leavesLarge);
        Errno error = capture.Begin();
        lock (_lock)
        {
            if (error == Errno.None && !FetchLocked(0, End))
                error = Errno.ENOMEM;
            for (int index = 0; index < _areas.Count && error == Errno.None; index++)
                error = capture.Add(_areas[index]);
            if (error == Errno.None)
                state = capture.Finish(_breakStart, _break, [.. _replacedCode]);
        }
        return error;
    }

    /// <summary>
    /// Takes captured memory over into this fresh address space, large memory only when it is looked at; closes the
    /// descriptors that crossed with it, the data file when all has come.
    /// </summary>
    /// <param name="state">What <see cref="Capture"/> made, here or in another VMM.</param>
    /// <returns><see cref="Errno.None"/>, or why it cannot be: the address space is then of no use.</returns>
    public Errno Restore(MemoryState state)
    {
        PageIndex pages = new((state ?? throw new ArgumentNullException(nameof(state))).Runs);
        return Restore(state, pages, new FilePages(state.DataDescriptor, pages, keepData: false), keepData: false);
    }

    /// <summary>As <see cref="Restore(MemoryState)"/>.</summary>
    /// <param name="state">The memory.</param>
    /// <param name="pages">Where the data file has which page.</param>
    /// <param name="source">Who has what is not copied now.</param>
    /// <param name="keepData">The data file stays open and whole, for <see cref="FindChanges"/>.</param>
    internal Errno Restore(MemoryState state, PageIndex pages, IPageSource source, bool keepData)
    {
        lock (_lock)
        {
            foreach (AreaState area in state.Areas)
                if (RestoreAreaLocked(area) is not Errno.None and var error)
                    return error;
            FilePages copied = new(state.DataDescriptor, pages, keepData);
            foreach (PageRun run in state.Runs)
                if (!state.IsLate(run) && !RestoreRunLocked(run, copied))
                    return Errno.ENOMEM;
            UndoReplacementsLocked(state.ReplacedCode);
            _breakStart = state.BreakStart;
            _break = state.Break;
            AddMissingLocked(state.LateRuns, source);
            foreach (int descriptor in state.Descriptors)
                if (descriptor != state.DataDescriptor || (!keepData && _missing.Count == 0))
                    Files.HostFile.Close(descriptor);
        }
        return Errno.None;
    }

    private Errno RestoreAreaLocked(AreaState area)
    {
        if (area.Descriptor < 0)
            return RestoreAreaLocked(area, -1);
        using NativeBuffer scratch = new(64 << 10);
        // By O_PATH, most of them. A child holds no record locks that closing could release.
        long opened = Files.HostFile.OpenAgain(scratch, area.Descriptor, area.Content == HostContent.SharedFile);
        if (opened < 0)
            return RestoreAreaLocked(area, area.Descriptor);
        Errno error = RestoreAreaLocked(area, (int)opened);
        Files.HostFile.Close((int)opened);
        return error;
    }

    private Errno RestoreAreaLocked(AreaState area, int descriptor)
    {
        MapRequest request = new()
        {
            Address = area.Start,
            LengthBytes = area.LengthBytes,
            Protection = area.Protection,
            Placement = MapPlacement.FixedNoReplace,
            Content = area.Content,
            IsShared = area.IsShared,
            GrowsDown = area.GrowsDown,
            HostDescriptor = descriptor,
            FileOffset = area.FileOffset,
            File = area.File,
            Name = area.Name,
        };
        SyscallResult result = area.File is { IsSystemV: true } ? Ipc.SharedMemoryCalls.AttachAgain(this, request)
            : area.Content == HostContent.Anonymous ? RestoreAnonymousLocked(area)
            : area.IsShared && area.File is { } file && file.Inode != 0 ? MapShareable(request) : Map(request);
        return result.Error;
    }

    /// <summary>As <see cref="Map"/>, but asks for no pages: those that the program had come with their contents.</summary>
    private SyscallResult RestoreAnonymousLocked(AreaState area)
    {
        if (_memory.Reserve(area.LengthBytes, area.Start) is not { } physical)
            return Errno.ENOMEM;
        InsertLocked(new MemoryArea
        {
            Start = area.Start,
            End = area.Start + area.LengthBytes,
            Protection = area.Protection,
            Content = HostContent.Anonymous,
            Physical = physical,
            IsShared = area.IsShared,
            GrowsDown = area.GrowsDown,
            File = area.File,
            FileOffset = area.FileOffset,
            Name = area.Name,
            WipeOnFork = area.WipeOnFork,
        });
        return SyscallResult.Success;
    }

    private bool RestoreRunLocked(PageRun run, FilePages source)
    {
        const ulong pieceBytes = 4 << 20;
        for (ulong at = run.Start, end = run.Start + run.LengthBytes; at < end;)
        {
            if (FindLocked(at) is not { } area)
                return false;
            ulong length = Math.Min(Math.Min(end, area.End) - at, pieceBytes);
            // Entries for what the program had touched: it most likely touches it again.
            if (!TryFillLocked(area, at, at + length))
                return false;
            GuestPhysicalAddress physical = area.PhysicalOf(at);
            if (area.Content == HostContent.Anonymous)
                _memory.Populate(physical, length);
            if (!source.TryRead(at, _memory.HostOf(physical), length))
                return false;
            at += length;
        }
        return true;
    }

    /// <summary>
    /// Tells what the program has changed in its own memory since <see cref="Restore(MemoryState)"/>: addresses and bytes, in order. The
    /// program must stand still.
    /// </summary>
    /// <param name="data">The data file, which was kept.</param>
    /// <param name="pages">Where it has which page.</param>
    /// <param name="report">Called for each; the bytes are valid during the call.</param>
    internal void FindChanges(int data, PageIndex pages, MemoryChangeReport report)
    {
        using HeldPages held = new(_memory);
        using MemoryComparison comparison = new(_memory, data, pages, report);
        List<PageRun> runs = [];
        lock (_lock)
            foreach (MemoryArea area in _areas)
            {
                if (area.IsShared)
                    continue;
                runs.Clear();
                held.Find(area, runs);
                foreach (PageRun run in runs)
                    comparison.Compare(area, run);
            }
    }
}
