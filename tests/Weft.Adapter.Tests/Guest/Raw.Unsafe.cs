using System.Runtime.CompilerServices;

namespace Weft.Adapter.Tests.Guest;

/// <summary>The fake guest's memory by address. Addresses come from a <see cref="GuestArena"/> that outlives the use.</summary>
internal static unsafe class Raw
{
    // SAFETY (all members): the caller names bytes of a mapped arena or of an allocation that it holds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Span<byte> Bytes(ulong address, int lengthBytes) => new((void*)address, lengthBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref uint Word(ulong address) => ref *(uint*)address;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref ulong Long(ulong address) => ref *(ulong*)address;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref byte Byte(ulong address) => ref *(byte*)address;

    internal static ulong AddressOf(Span<byte> pinnedOrStack) => (ulong)Unsafe.AsPointer(ref pinnedOrStack[0]);
}
