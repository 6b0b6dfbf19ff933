using System.Numerics;
using Weft.Native;

namespace Weft.Fabric.Links;

/// <summary>
/// A ring whose memory is mapped twice, end to end, so that any part of it up to its size is one span, wherever it begins.
/// </summary>
/// <remarks>Not thread-safe. Spans must not be used after <see cref="Dispose"/>.</remarks>
internal sealed unsafe class MirroredBuffer : IDisposable
{
    private const int ReadWrite = 3, None = 0;
    private const int Shared = 1, PrivateAnonymousNoReserve = 0x4022, Fixed = 0x10;
    private const int CloseOnExec = 1;
    private readonly byte* _memory;
    private bool _disposed;

    /// <summary>Allocates a ring: a power of two, a page at least.</summary>
    /// <exception cref="OutOfMemoryException">The host has no memory or no descriptors.</exception>
    public MirroredBuffer(int sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizeBytes, 4096);
        if (!BitOperations.IsPow2(sizeBytes))
            throw new ArgumentOutOfRangeException(nameof(sizeBytes), "A ring's size is a power of two.");
        SizeBytes = sizeBytes;
        _memory = Map(sizeBytes);
    }

    /// <summary>The ring's size.</summary>
    public int SizeBytes { get; }

    /// <summary>The bytes from a position of the endless stream on; at most <see cref="SizeBytes"/> of them.</summary>
    public Span<byte> At(ulong position, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)lengthBytes, (uint)SizeBytes);
        // SAFETY: the position is taken modulo the size, the length is at most the size, and twice the size is mapped.
        return new Span<byte>(_memory + (position & (uint)(SizeBytes - 1)), lengthBytes);
    }

    /// <summary>Where <see cref="At"/> would begin.</summary>
    public HostAddress AddressOf(ulong position) => new((ulong)_memory + (position & (uint)(SizeBytes - 1)));

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        HostStubs.Call(SystemCall.Munmap, (long)_memory, 2L * SizeBytes);
    }

    private static byte* Map(int sizeBytes)
    {
        ReadOnlySpan<byte> name = "weft-link\0"u8;
        long descriptor;
        // SAFETY: the name is a constant that ends with 0; the kernel copies it.
        fixed (byte* pointer = name)
            descriptor = HostStubs.Call(SystemCall.MemfdCreate, (long)pointer, CloseOnExec);
        if (descriptor < 0 || HostStubs.Call(SystemCall.Ftruncate, descriptor, sizeBytes) < 0)
            throw new OutOfMemoryException("The host has no memory for a link; free some memory.");
        long whole = HostStubs.Call(SystemCall.Mmap, 0, 2L * sizeBytes, None, PrivateAnonymousNoReserve, -1, 0);
        bool isMapped = whole is >= 0 or <= -4096
            && HostStubs.Call(SystemCall.Mmap, whole, sizeBytes, ReadWrite, Shared | Fixed, descriptor, 0) == whole
            && HostStubs.Call(SystemCall.Mmap, whole + sizeBytes, sizeBytes, ReadWrite, Shared | Fixed, descriptor, 0) == whole + sizeBytes;
        HostStubs.Call(SystemCall.Close, descriptor);
        return isMapped ? (byte*)whole : throw new OutOfMemoryException("The host has no memory for a link; free some memory.");
    }
}
