using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// Loads and stores of memory that a guest changes at any time. Callers have translated the address: it lies in the
/// VM's arena, whose memfd is sealed against shrinking, so none of these can fault.
/// </summary>
/// <remarks>Ordering: loads are acquire, stores with Release in their name are release; on x86 both are plain moves.</remarks>
internal static unsafe class SharedMemory
{
    /// <summary>A big-endian word, acquire.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint ReadWord(HostAddress address) =>
        // SAFETY: four bytes within a translated range, aligned at creation of the object.
        BinaryPrimitives.ReverseEndianness(Volatile.Read(ref *(uint*)address.Value));

    /// <summary>A big-endian word, plain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteWord(HostAddress address, uint value) =>
        // SAFETY: as ReadWord.
        *(uint*)address.Value = BinaryPrimitives.ReverseEndianness(value);

    /// <summary>A big-endian word, after all that was stored before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteWordRelease(HostAddress address, uint value) =>
        // SAFETY: as ReadWord.
        Volatile.Write(ref *(uint*)address.Value, BinaryPrimitives.ReverseEndianness(value));

    /// <summary>A private copy of a ring's slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Read(HostAddress address, Span<byte> destination) =>
        // SAFETY: the slot lies in one translated piece; its length is that of the span.
        new ReadOnlySpan<byte>((void*)address.Value, destination.Length).CopyTo(destination);

    /// <summary>Stores private bytes into a ring's slot, in any order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WritePrivate(HostAddress address, ReadOnlySpan<byte> source) =>
        // SAFETY: the slot lies in one translated piece of the arena and is at least as long as the span.
        source.CopyTo(new Span<byte>((void*)address.Value, source.Length));

    /// <summary>Where an array is that was allocated pinned.</summary>
    internal static HostAddress AddressOfPinned(byte[] array) =>
        // SAFETY: only the address is taken; the array never moves.
        new((ulong)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array)));

    /// <summary>An atomic exchange of eight bytes in host order. The address is aligned.</summary>
    internal static ulong CompareExchange(HostAddress address, ulong compare, ulong swap) =>
        // SAFETY: eight aligned bytes within a translated range.
        Interlocked.CompareExchange(ref *(ulong*)address.Value, swap, compare);

    /// <summary>An atomic addition to eight bytes in host order; returns what was there. The address is aligned.</summary>
    internal static ulong FetchAdd(HostAddress address, ulong addend) =>
        // SAFETY: eight aligned bytes within a translated range.
        Interlocked.Add(ref *(ulong*)address.Value, addend) - addend;

    /// <summary>Copies between translated memory, either side of which may be a file that somebody truncates. False after a fault.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryCopy(HostAddress destination, HostAddress source, ulong lengthBytes) =>
        HostStubs.TryCopy(destination, source, lengthBytes) == 0;

    /// <summary>Copies a private span into translated memory. False after a fault.</summary>
    internal static bool TryWrite(HostAddress destination, ReadOnlySpan<byte> source) => HostStubs.TryWrite(destination, source);
}
