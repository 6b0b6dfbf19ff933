using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>The host's page map of the VMM: what is behind each page of its address space.</summary>
/// <remarks>For one thread. Source: linux/Documentation/admin-guide/mm/pagemap.rst.</remarks>
internal sealed class PageMap : IDisposable
{
    /// <summary>Bits of an entry: in memory; in swap; a page of a file, or of shared memory.</summary>
    internal const ulong Present = 1ul << 63, Swapped = 1ul << 62, FromFile = 1ul << 61;

    private const int EntryBytes = 8, BufferBytes = 64 << 10, CurrentDirectory = -100, ReadOnlyCloseOnExec = 0x80000;
    private readonly NativeBuffer _buffer = new(BufferBytes);
    private readonly long _descriptor;

    /// <summary>Opens it.</summary>
    internal PageMap()
    {
        "/proc/self/pagemap\0"u8.CopyTo(_buffer.Span);
        _descriptor = HostStubs.Call(SystemCall.Openat, CurrentDirectory, (long)_buffer.Address.Value, ReadOnlyCloseOnExec);
    }

    /// <summary>Whether the host shows it.</summary>
    internal bool IsUsable => _descriptor >= 0;

    /// <summary>Entries from a page on, as many as are wanted or fit; none where the host tells nothing. Valid until the next call.</summary>
    /// <param name="page">The address, divided by the page size.</param>
    /// <param name="wanted">Pages, above 0.</param>
    internal ReadOnlySpan<ulong> Read(ulong page, ulong wanted)
    {
        long length = HostStubs.Call(SystemCall.Pread64, _descriptor, (long)_buffer.Address.Value, (long)Math.Min(wanted * EntryBytes, BufferBytes), (long)page * EntryBytes);
        return MemoryMarshal.Cast<byte, ulong>(_buffer.Span[..(int)Math.Max(length, 0)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
            HostStubs.Call(SystemCall.Close, _descriptor);
        _buffer.Dispose();
    }
}
