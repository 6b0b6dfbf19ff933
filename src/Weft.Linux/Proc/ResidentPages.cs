using System.Runtime.InteropServices;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Proc;

/// <summary>Counts an area's pages in memory, from the host's own page tables of the VMM.</summary>
/// <remarks>
/// For one thread. A page counts as anonymous when it is in no file: a private file's page that was written, and all
/// of anonymous memory. Source: pagemap in linux/Documentation/admin-guide/mm/pagemap.rst.
/// </remarks>
internal sealed class ResidentPages : IDisposable
{
    private const ulong PageSize = 4096, Present = 1ul << 63, Swapped = 1ul << 62, FromFile = 1ul << 61;
    private const int EntryBytes = 8, BufferBytes = 64 << 10, CurrentDirectory = -100, ReadOnlyCloseOnExec = 0x80000;

    // Reading costs time by length, and an area may be a reservation of terabytes.
    private const ulong MostBytes = 16ul << 30;

    private readonly GuestPhysicalMemory _memory;
    private readonly NativeBuffer _buffer = new(BufferBytes);
    private readonly long _pagemap;

    /// <summary>Opens the host's page map.</summary>
    internal ResidentPages(GuestPhysicalMemory memory)
    {
        _memory = memory;
        "/proc/self/pagemap\0"u8.CopyTo(_buffer.Span);
        _pagemap = HostStubs.Call(SystemCall.Openat, CurrentDirectory, (long)_buffer.Address.Value, ReadOnlyCloseOnExec);
    }

    /// <summary>Counts an area; its first 16 GiB when it is longer. Nothing when the host hides its page map.</summary>
    internal ResidentCounts Count(MemoryArea area)
    {
        ulong present = 0, anonymous = 0, swapped = 0;
        // The page map misses what the VMM itself has not touched of a shared arena.
        if (area.Content == HostContent.Anonymous && _memory.AllocatedBytes(area.Physical, area.Length) is { } allocated)
            return new ResidentCounts(allocated, allocated, 0);
        if (_pagemap < 0 || area.Protection == Protection.None)
            return default;
        ulong page = _memory.HostOf(area.Physical).Value / PageSize, left = Math.Min(area.Length, MostBytes) / PageSize;
        while (left > 0)
        {
            long wanted = (long)Math.Min(left * EntryBytes, BufferBytes);
            long length = HostStubs.Call(SystemCall.Pread64, _pagemap, (long)_buffer.Address.Value, wanted, (long)page * EntryBytes);
            if (length < EntryBytes)
                break;
            foreach (ulong entry in MemoryMarshal.Cast<byte, ulong>(_buffer.Span[..(int)length]))
            {
                present += entry >> 63;
                anonymous += (entry & (Present | FromFile)) == Present ? 1u : 0;
                swapped += (entry & (Present | Swapped)) == Swapped ? 1u : 0;
            }
            ulong read = (ulong)length / EntryBytes;
            page += read;
            left -= read;
        }
        return new ResidentCounts(present * PageSize, anonymous * PageSize, swapped * PageSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_pagemap >= 0)
            HostStubs.Call(SystemCall.Close, _pagemap);
        _buffer.Dispose();
    }
}
