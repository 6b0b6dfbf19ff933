namespace Weft.Machine;

/// <summary>An address in the VM's physical memory: an offset into its regions.</summary>
public readonly record struct GuestPhysicalAddress(ulong Value)
{
    /// <summary>The address so many bytes further.</summary>
    public static GuestPhysicalAddress operator +(GuestPhysicalAddress address, ulong offsetBytes) => new(address.Value + offsetBytes);

    /// <inheritdoc/>
    public override string ToString() => $"gpa 0x{Value:x}";
}
