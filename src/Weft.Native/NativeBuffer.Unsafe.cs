namespace Weft.Native;

/// <summary>Zeroed memory of the host at an address that never moves: for structures that the host's kernel reads or writes.</summary>
/// <remarks>Owned by one thread at a time; freed by <see cref="Dispose"/>.</remarks>
public sealed unsafe class NativeBuffer : IDisposable
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22;
    private readonly byte* _memory;
    private bool _disposed;

    /// <summary>Allocates whole pages.</summary>
    /// <exception cref="OutOfMemoryException">The host has none.</exception>
    public NativeBuffer(int lengthBytes)
    {
        long address = HostStubs.Call(SystemCall.Mmap, 0, lengthBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (address is < 0 and > -4096)
            throw new OutOfMemoryException("The host has no memory for the VMM; free some memory.");
        _memory = (byte*)address;
        Length = lengthBytes;
    }

    /// <summary>Bytes allocated.</summary>
    public int Length { get; }

    /// <summary>The first byte.</summary>
    public HostAddress Address => new((ulong)_memory);

    /// <summary>All of it. Must not be used after <see cref="Dispose"/>.</summary>
    public Span<byte> Span => new(_memory, Length);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        HostStubs.Call(SystemCall.Munmap, (long)_memory, Length);
    }
}
