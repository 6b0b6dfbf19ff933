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
    /// <returns><see cref="Errno.None"/>; ENOMEM or EMFILE of the host; ENOSYS where the host hides its page map.</returns>
    public Errno Capture(out MemoryState? state)
    {
        state = null;
        MemoryCapture capture = new(_memory);
        try
        {
            Errno error = capture.Begin();
            lock (_lock)
            {
                for (int index = 0; index < _areas.Count && error == Errno.None; index++)
                    error = capture.Add(_areas[index]);
                if (error == Errno.None)
                    state = capture.Finish(_breakStart, _break, [.. _replacedCode]);
            }
            return error;
        }
        finally
        {
            capture.Dispose();
        }
    }

    /// <summary>Takes captured memory over into this fresh address space; closes the descriptors that crossed with it.</summary>
    /// <param name="state">What <see cref="Capture"/> made, here or in another VMM.</param>
    /// <param name="keepData">Leave the data file open and whole, for <see cref="FindChanges"/>.</param>
    /// <returns><see cref="Errno.None"/>, or why it cannot be: the address space is then of no use.</returns>
    public Errno Restore(MemoryState state, bool keepData = false)
    {
        ArgumentNullException.ThrowIfNull(state);
        lock (_lock)
        {
            foreach (AreaState area in state.Areas)
                if (RestoreAreaLocked(area) is not Errno.None and var error)
                    return error;
            ulong offset = 0;
            foreach (PageRun run in state.Runs)
            {
                if (!RestoreRunLocked(run, state.DataDescriptor, offset, keepData))
                    return Errno.ENOMEM;
                offset += run.LengthBytes;
            }
            UndoReplacementsLocked(state.ReplacedCode);
            _breakStart = state.BreakStart;
            _break = state.Break;
        }
        foreach (int descriptor in state.Descriptors)
            if (descriptor != state.DataDescriptor || !keepData)
                Files.HostFile.Close(descriptor);
        return Errno.None;
    }

    private Errno RestoreAreaLocked(AreaState area)
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
            HostDescriptor = area.Descriptor,
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

    private bool RestoreRunLocked(PageRun run, int data, ulong offset, bool keepData)
    {
        const ulong pieceBytes = 16 << 20;
        for (ulong at = run.Start, end = run.Start + run.LengthBytes; at < end;)
        {
            if (FindLocked(at) is not { } area)
                return false;
            ulong length = Math.Min(Math.Min(end, area.End) - at, pieceBytes), from = offset + (at - run.Start);
            // Entries for what the program had touched: it most likely touches it again.
            if (!TryFillLocked(area, at, at + length))
                return false;
            GuestPhysicalAddress physical = area.PhysicalOf(at);
            if (area.Content == HostContent.Anonymous)
                _memory.Populate(physical, length);
            if (!PageFile.TryRead(data, from, _memory.HostOf(physical), length))
                return false;
            if (!keepData)
                PageFile.Forget(data, from, length);
            at += length;
        }
        return true;
    }

    /// <summary>
    /// Tells what the program has changed in its own memory since <see cref="Restore"/>: addresses and bytes, in order. The
    /// program must stand still.
    /// </summary>
    /// <param name="state">What was restored, with its data file kept.</param>
    /// <param name="report">Called for each; the bytes are valid during the call.</param>
    internal void FindChanges(MemoryState state, MemoryChangeReport report)
    {
        using HeldPages held = new(_memory);
        using MemoryComparison comparison = new(_memory, state, report);
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
