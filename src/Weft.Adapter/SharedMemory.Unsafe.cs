using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Weft.Adapter.Mlx4;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// Loads and stores of memory that a guest changes at any time. Callers have translated the address: it lies in the
/// VM's arena, whose memfd is sealed against shrinking, so none of these can fault but those that say so.
/// </summary>
/// <remarks>Ordering: loads are acquire, stores with Release in their name are release; on x86 both are plain moves.</remarks>
internal static unsafe class SharedMemory
{
    /// <summary>The word at the end of an ordered copy.</summary>
    internal const ulong TailBytes = sizeof(ulong);

    /// <summary>A big-endian word, acquire.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint ReadWord(HostAddress address) =>
        // SAFETY: four bytes within a translated range, aligned at creation of the object.
        BinaryPrimitives.ReverseEndianness(Volatile.Read(ref *(uint*)address.Value));

    /// <summary>A big-endian word, after all that was stored before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteWordRelease(HostAddress address, uint value) =>
        // SAFETY: as ReadWord.
        Volatile.Write(ref *(uint*)address.Value, BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Begins to fetch a cache line that is looked at soon: it comes from the core of the guest that wrote it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(HostAddress address)
    {
        if (Sse.IsSupported)
            // SAFETY: a hint; any address may be given.
            Sse.Prefetch0((void*)address.Value);
    }

    /// <summary>A private copy of a ring's slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Read(HostAddress address, Span<byte> destination) =>
        // SAFETY: the slot lies in one translated piece; its length is that of the span.
        new ReadOnlySpan<byte>((void*)address.Value, destination.Length).CopyTo(destination);

    /// <summary>Stores a completion entry, the word with the owner bit after the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteEntry(HostAddress address, in Mlx4Entry entry)
    {
        // SAFETY: the entry's 32 bytes lie in one translated piece, aligned at the queue's creation.
        ulong* place = (ulong*)address.Value;
        place[0] = entry.First;
        place[1] = entry.Second;
        place[2] = entry.Third;
        Volatile.Write(ref place[3], entry.Last);
    }

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

    /// <summary>As <see cref="CompareExchange"/> in memory that may fault. False when it did.</summary>
    internal static bool TryCompareExchange(HostAddress address, ulong compare, ulong swap, out ulong old) =>
        HostStubs.TryCompareExchange(address, compare, swap, out old);

    /// <summary>As <see cref="FetchAdd"/> in memory that may fault. False when it did.</summary>
    internal static bool TryFetchAdd(HostAddress address, ulong addend, out ulong old)
    {
        ulong seen = 0;
        while (HostStubs.TryCompareExchange(address, seen, seen + addend, out old))
        {
            if (old == seen)
                return true;
            seen = old;
        }
        return false;
    }

    /// <summary>Copies between translated memory that can't fault.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="source">Where from.</param>
    /// <param name="lengthBytes">At most 2^31.</param>
    /// <param name="isOrdered">
    /// Whether the end becomes visible last, by one store: who polls for it finds the rest there. One, two, four and
    /// eight bytes are one store altogether.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(HostAddress destination, HostAddress source, ulong lengthBytes, bool isOrdered)
    {
        // SAFETY: both ranges lie in translated pieces at least this long.
        byte* to = (byte*)destination.Value, from = (byte*)source.Value;
        if (!isOrdered)
            Unsafe.CopyBlockUnaligned(to, from, (uint)lengthBytes);
        else if (lengthBytes > TailBytes)
        {
            ulong body = lengthBytes - TailBytes, tail = Unsafe.ReadUnaligned<ulong>(from + body);
            Unsafe.CopyBlockUnaligned(to, from, (uint)body);
            Volatile.Write(ref *(ulong*)(to + body), tail);
        }
        else
            CopyShort(to, from, (uint)lengthBytes);
    }

    /// <summary>As <see cref="Copy"/> where either side may be a file that somebody truncates. False after a fault.</summary>
    internal static bool TryCopy(HostAddress destination, HostAddress source, ulong lengthBytes, bool isOrdered)
    {
        if (!isOrdered || lengthBytes < TailBytes || (destination.Value + lengthBytes) % TailBytes != 0)
            return HostStubs.TryCopy(destination, source, lengthBytes) == 0;
        ulong body = lengthBytes - TailBytes, tail = 0;
        if (HostStubs.TryCopy(destination, source, body) != 0
            || HostStubs.TryCopy(new HostAddress((ulong)&tail), source + body, TailBytes) != 0)
            return false;
        // The store that survives a fault is an exchange.
        ulong seen = 0;
        while (HostStubs.TryCompareExchange(destination + body, seen, tail, out ulong old))
        {
            if (old == seen)
                return true;
            seen = old;
        }
        return false;
    }

    /// <summary>Copies a private span into translated memory. False after a fault.</summary>
    internal static bool TryWrite(HostAddress destination, ReadOnlySpan<byte> source) => HostStubs.TryWrite(destination, source);

    private static void CopyShort(byte* to, byte* from, uint lengthBytes)
    {
        // SAFETY: as Copy. x86 stores become visible in this order; unaligned ones within a cache line at once.
        switch (lengthBytes)
        {
            case sizeof(ulong):
                Volatile.Write(ref *(ulong*)to, Unsafe.ReadUnaligned<ulong>(from));
                break;
            case sizeof(uint):
                Volatile.Write(ref *(uint*)to, Unsafe.ReadUnaligned<uint>(from));
                break;
            case sizeof(ushort):
                Volatile.Write(ref *(ushort*)to, Unsafe.ReadUnaligned<ushort>(from));
                break;
            default:
                for (uint index = 0; index < lengthBytes; index++)
                    Volatile.Write(ref to[index], from[index]);
                break;
        }
    }
}
