namespace Weft.Machine;

/// <summary>An address as the program in the VM sees it. Any 64-bit value: nothing is checked until it is translated.</summary>
public readonly record struct GuestVirtualAddress(ulong Value) : IComparable<GuestVirtualAddress>
{
    /// <summary>The address 0, as a missing pointer.</summary>
    public static GuestVirtualAddress Null => default;

    /// <summary>True for address 0.</summary>
    public bool IsNull => Value == 0;

    /// <summary>The address so many bytes further; wraps as the processor's arithmetic does.</summary>
    public static GuestVirtualAddress operator +(GuestVirtualAddress address, ulong offsetBytes) => new(unchecked(address.Value + offsetBytes));

    /// <summary>The distance in bytes.</summary>
    public static ulong operator -(GuestVirtualAddress left, GuestVirtualAddress right) => unchecked(left.Value - right.Value);

    /// <inheritdoc/>
    public int CompareTo(GuestVirtualAddress other) => Value.CompareTo(other.Value);

    /// <summary>Earlier in the address space.</summary>
    public static bool operator <(GuestVirtualAddress left, GuestVirtualAddress right) => left.Value < right.Value;

    /// <summary>Later in the address space.</summary>
    public static bool operator >(GuestVirtualAddress left, GuestVirtualAddress right) => left.Value > right.Value;

    /// <summary>Earlier in the address space, or the same.</summary>
    public static bool operator <=(GuestVirtualAddress left, GuestVirtualAddress right) => left.Value <= right.Value;

    /// <summary>Later in the address space, or the same.</summary>
    public static bool operator >=(GuestVirtualAddress left, GuestVirtualAddress right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}
