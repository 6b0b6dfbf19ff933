using System.Text;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>
/// The files in memory (memfds, and files of a tmpfs) that a process under a memory limit has written or mapped shared: what
/// they have grown by since then counts against the limit, as a cgroup charges such pages to who makes them.
/// </summary>
/// <remarks>
/// Protected by the address space's lock. Each file is followed by an O_PATH descriptor, so that a closed one still counts
/// while it has a name. One without a name, user or mapping is let go when the limit is looked at next, or when
/// many are followed: until then its pages stay.
/// </remarks>
internal sealed class MemoryFiles(FileTable files)
{
    // f_type. Source: linux/include/uapi/linux/magic.h.
    private const long TmpfsMagic = 0x01021994, RamfsMagic = 0x858458f6;
    // struct stat of x86-64. Source: asm/stat.h.
    private const int InodeOffset = 8, LinksOffset = 16, ModeOffset = 24, BlocksOffset = 64, BlockBytes = 512;
    private const int CurrentDirectory = -100, PathOnlyCloseOnExec = 0x280000, FewFiles = 64, MostFiles = 2048;

    private readonly Dictionary<(ulong Device, ulong Inode), Entry> _entries = [];
    private int _countAtPrune = FewFiles;

    /// <summary>Whether a descriptor is of a regular file whose pages are memory and nothing else.</summary>
    internal static bool IsInMemory(int descriptor)
    {
        const int regular = 0x8000, typeMask = 0xf000;
        using NativeBuffer buffer = new((int)AddressSpace.PageSize);
        return TryStat(buffer, descriptor, out Status status) && (status.Mode & typeMask) == regular
            && HostStubs.CallQuick(SystemCall.Fstatfs, descriptor, (long)buffer.Address.Value) >= 0
            && BitConverter.ToInt64(buffer.Span) is TmpfsMagic or RamfsMagic;
    }

    /// <summary>Follows a file from now on: what it holds already is not the program's. Beyond 2048 files none is added.</summary>
    internal void Follow(int descriptor, AddressSpace memory)
    {
        using NativeBuffer buffer = new((int)AddressSpace.PageSize);
        if (!TryStat(buffer, descriptor, out Status status) || _entries.ContainsKey((status.Device, status.Inode)))
            return;
        if (_entries.Count >= _countAtPrune)
        {
            Prune(buffer, memory);
            _countAtPrune = Math.Max(FewFiles, 2 * _entries.Count);
        }
        if (_entries.Count >= MostFiles)
            return;
        Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}\0", buffer.Span);
        long own = HostStubs.CallQuick(SystemCall.Openat, CurrentDirectory, (long)buffer.Address.Value, PathOnlyCloseOnExec);
        if (own >= 0)
            _entries.Add((status.Device, status.Inode), new Entry((int)own, status.Bytes));
    }

    /// <summary>Bytes that the files have grown by since they were first seen.</summary>
    internal ulong MeasureBytes(AddressSpace memory)
    {
        if (_entries.Count == 0)
            return 0;
        using NativeBuffer buffer = new((int)AddressSpace.PageSize);
        Prune(buffer, memory);
        ulong sum = 0;
        foreach (Entry entry in _entries.Values)
            if (TryStat(buffer, entry.Descriptor, out Status status))
                sum += status.Bytes - Math.Min(status.Bytes, entry.BaselineBytes);
        return sum;
    }

    /// <summary>Lets the files go whose last name is gone and that nobody has open or mapped.</summary>
    private void Prune(NativeBuffer buffer, AddressSpace memory)
    {
        HashSet<(ulong, ulong)>? used = null;
        List<(ulong, ulong)> gone = [];
        foreach (((ulong, ulong) key, Entry entry) in _entries)
            if (TryStat(buffer, entry.Descriptor, out Status status) && status.Links == 0 && !(used ??= Used(buffer, memory)).Contains(key))
            {
                HostStubs.CallQuick(SystemCall.Close, entry.Descriptor);
                gone.Add(key);
            }
        foreach ((ulong, ulong) key in gone)
            _entries.Remove(key);
    }

    private HashSet<(ulong, ulong)> Used(NativeBuffer buffer, AddressSpace memory)
    {
        HashSet<(ulong, ulong)> used = memory.SharedFilesLocked();
        foreach (int descriptor in files.OpenDescriptors())
        {
            using FileLease file = files.Rent(descriptor);
            if (file.IsOpen && file.Description.Kind == FileMemoryKind.Memory && TryStat(buffer, file.Host, out Status status))
                used.Add((status.Device, status.Inode));
        }
        return used;
    }

    private static bool TryStat(NativeBuffer buffer, int descriptor, out Status status)
    {
        status = default;
        if (HostStubs.CallQuick(SystemCall.Fstat, descriptor, (long)buffer.Address.Value) < 0)
            return false;
        ReadOnlySpan<byte> bytes = buffer.Span;
        status = new Status(BitConverter.ToUInt64(bytes), BitConverter.ToUInt64(bytes[InodeOffset..]), BitConverter.ToUInt64(bytes[LinksOffset..]),
            BitConverter.ToInt32(bytes[ModeOffset..]), BitConverter.ToUInt64(bytes[BlocksOffset..]) * BlockBytes);
        return true;
    }

    private readonly record struct Entry(int Descriptor, ulong BaselineBytes);

    private readonly record struct Status(ulong Device, ulong Inode, ulong Links, int Mode, ulong Bytes);
}
