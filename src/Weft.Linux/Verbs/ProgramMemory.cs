using Weft.Adapter.Control;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>A piece of the program's memory that the adapter reads and writes: it stays where it is until this is disposed of.</summary>
internal sealed class ProgramMemory : IDisposable
{
    private readonly MemoryPin _pin;
    private readonly IAdapterVm _adapter;
    private readonly List<int> _sources = [];
    private MemoryExtent[] _extents = [];

    private ProgramMemory(MemoryPin pin, IAdapterVm adapter)
    {
        _pin = pin;
        _adapter = adapter;
    }

    /// <summary>Where it is, for the adapter: in order, exactly the bytes asked for. Until <see cref="Settle"/>.</summary>
    internal ReadOnlySpan<MemoryExtent> Extents => _extents;

    /// <summary>The only extent of a short piece: a doorbell record.</summary>
    internal MemoryExtent Single => _extents[0];

    /// <summary>Pins memory and names it to the adapter. EFAULT, ENOMEM, EINVAL for length 0.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="start">First byte.</param>
    /// <param name="lengthBytes">How much.</param>
    /// <param name="needsWrite">Whether the adapter, or the program unseen, will write.</param>
    /// <param name="memory">The memory, the caller's.</param>
    internal static Errno Take(GuestThread thread, ulong start, ulong lengthBytes, bool needsWrite, out ProgramMemory? memory)
    {
        memory = null;
        if (lengthBytes == 0)
            return Errno.EINVAL;
        if (!GuestVectors.IsInUserSpace(start, lengthBytes))
            return Errno.EFAULT;
        Errno error = thread.Memory.Pin(new GuestVirtualAddress(start), lengthBytes, needsWrite, out MemoryPin? pin);
        if (error != Errno.None)
            return error;
        ProgramMemory taken = new(pin!, thread.Kernel.Adapter!);
        error = taken.NameExtents(start & (AddressSpace.PageSize - 1), lengthBytes);
        if (error == Errno.None)
            memory = taken;
        else
            taken.Dispose();
        return error;
    }

    /// <summary>As <see cref="Take"/>, for a doorbell record: within one page, so that it is in one piece.</summary>
    internal static Errno TakeRecord(GuestThread thread, ulong address, ulong lengthBytes, out ProgramMemory? record)
    {
        record = null;
        if ((address & (lengthBytes - 1)) != 0)
            return Errno.EINVAL;
        return Take(thread, address, lengthBytes, true, out record);
    }

    /// <summary>Once the adapter has it: names of memory beside the arena are given back, as the object keeps what it uses.</summary>
    internal void Settle()
    {
        foreach (int source in _sources)
            _adapter.DetachMemory(source);
        _sources.Clear();
        _extents = [];
    }

    /// <summary>Lets go of the memory. The adapter must use it no more.</summary>
    public void Dispose()
    {
        Settle();
        _pin.Dispose();
    }

    /// <summary>Pins are of whole pages: the extents begin and end where the memory does.</summary>
    private Errno NameExtents(ulong skipBytes, ulong lengthBytes)
    {
        Dictionary<int, int>? known = null;
        ReadOnlySpan<SharedExtent> pinned = _pin.Extents;
        _extents = new MemoryExtent[pinned.Length];
        for (int index = 0; index < pinned.Length; index++)
        {
            SharedExtent extent = pinned[index];
            int source = 0;
            if (extent.Descriptor >= 0 && !(known ??= []).TryGetValue(extent.Descriptor, out source))
            {
                Errno error = _adapter.AttachMemory(extent.Descriptor, extent.IsWritable, out source);
                if (error != Errno.None)
                    return error;
                known.Add(extent.Descriptor, source);
                _sources.Add(source);
            }
            ulong bytes = Math.Min(extent.LengthBytes - skipBytes, lengthBytes);
            _extents[index] = new MemoryExtent { Offset = extent.Offset + skipBytes, LengthBytes = bytes, Source = source };
            lengthBytes -= bytes;
            skipBytes = 0;
        }
        return Errno.None;
    }
}
