namespace Weft.Native;

/// <summary>An address in the VMM's own address space.</summary>
public readonly record struct HostAddress(ulong Value)
{
    /// <summary>The address so many bytes further.</summary>
    public static HostAddress operator +(HostAddress address, ulong offsetBytes) => new(address.Value + offsetBytes);

    /// <inheritdoc/>
    public override string ToString() => $"host 0x{Value:x}";
}
