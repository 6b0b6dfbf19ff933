using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>A range of a VM's memory as the engine sees it: pieces of mapped memory, one after the other.</summary>
internal sealed class MemoryView
{
    private readonly HostAddress[] _hosts;
    private readonly ulong[] _starts;
    private readonly MappedMemory[] _memories;

    private MemoryView(HostAddress[] hosts, ulong[] starts, MappedMemory[] memories, ulong lengthBytes) =>
        (_hosts, _starts, _memories, LengthBytes) = (hosts, starts, memories, lengthBytes);

    /// <summary>Bytes in all.</summary>
    internal ulong LengthBytes { get; }

    /// <summary>Whether a touch may fault.</summary>
    internal bool CanFault { get; private init; }

    /// <summary>Whether all of it may be written.</summary>
    internal bool IsWritable { get; private init; }

    /// <summary>Checks extents and holds their memory. EINVAL when one lies outside, or a piece's length is no multiple of the unit.</summary>
    /// <param name="memoryOf">The VM's memory by source.</param>
    /// <param name="extents">The pieces.</param>
    /// <param name="unitBytes">What must not be cut: a slot; 1 for regions.</param>
    /// <param name="view">The result; to be released.</param>
    internal static Errno Create(Func<int, MappedMemory?> memoryOf, ReadOnlySpan<MemoryExtent> extents, ulong unitBytes, out MemoryView? view)
    {
        view = null;
        if (extents.IsEmpty)
            return Errno.EINVAL;
        var hosts = new HostAddress[extents.Length];
        ulong[] starts = new ulong[extents.Length];
        var memories = new MappedMemory[extents.Length];
        ulong total = 0;
        int count = 0;
        bool canFault = false, isWritable = true;
        for (int index = 0; index < extents.Length; index++)
        {
            ref readonly MemoryExtent extent = ref extents[index];
            MappedMemory? memory = memoryOf(extent.Source);
            if (memory is null || !Fits(extent, memory) || !BreaksWell(extents, index, unitBytes))
                return Errno.EINVAL;
            HostAddress host = memory.Start + extent.Offset;
            bool goesOn = count > 0 && memories[count - 1] == memory && hosts[count - 1] + (total - starts[count - 1]) == host;
            if (!goesOn)
            {
                (hosts[count], starts[count], memories[count]) = (host, total, memory);
                count++;
            }
            total += extent.LengthBytes;
            canFault |= memory.CanFault;
            isWritable &= memory.IsWritable;
        }
        Array.Resize(ref hosts, count);
        Array.Resize(ref starts, count);
        Array.Resize(ref memories, count);
        foreach (MappedMemory memory in memories)
            memory.Hold();
        view = new MemoryView(hosts, starts, memories, total) { CanFault = canFault, IsWritable = isWritable };
        return Errno.None;
    }

    /// <summary>Where a byte is, and how much follows it in one piece. The offset is below <see cref="LengthBytes"/>.</summary>
    internal HostAddress Translate(ulong offset, out ulong contiguousBytes)
    {
        int index = 0;
        if (_starts.Length > 1)
        {
            index = Array.BinarySearch(_starts, offset);
            index = index < 0 ? ~index - 1 : index;
        }
        ulong end = index + 1 < _starts.Length ? _starts[index + 1] : LengthBytes;
        contiguousBytes = end - offset;
        return _hosts[index] + (offset - _starts[index]);
    }

    /// <summary>Where a slot is that the creation has kept in one piece.</summary>
    internal HostAddress SlotAt(ulong offset) => _hosts.Length == 1 ? _hosts[0] + offset : Translate(offset, out _);

    /// <summary>Lets go of the memory.</summary>
    internal void Release()
    {
        foreach (MappedMemory memory in _memories)
            memory.Release();
    }

    private static bool Fits(in MemoryExtent extent, MappedMemory memory) =>
        extent.LengthBytes > 0 && extent.LengthBytes <= memory.LengthBytes && extent.Offset <= memory.LengthBytes - extent.LengthBytes;

    /// <summary>Pieces follow each other at page boundaries, so that no aligned word and no slot is cut.</summary>
    private static bool BreaksWell(ReadOnlySpan<MemoryExtent> extents, int index, ulong unitBytes)
    {
        const ulong page = 4096, mostAlignment = 64;
        ref readonly MemoryExtent extent = ref extents[index];
        return extent.Offset % Math.Min(unitBytes, mostAlignment) == 0
            && (index == 0 || extent.Offset % page == 0)
            && (index == extents.Length - 1 || (extent.Offset + extent.LengthBytes) % page == 0 && extent.LengthBytes % unitBytes == 0);
    }
}
