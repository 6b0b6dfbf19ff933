namespace Weft.Adapter;

/// <summary>What a key stands for: a region, or a window on one.</summary>
internal sealed class MemoryKey
{
    /// <summary>The key, generation in the low byte.</summary>
    internal uint Value;

    /// <summary>The protection domain's handle.</summary>
    internal uint ProtectionDomain;

    /// <summary>The context that made it.</summary>
    internal required AdapterContext Owner;

    /// <summary>Whether it is a window; 0 no, else its type.</summary>
    internal byte WindowType;

    /// <summary>Whether it may be used: a window is not before it was bound.</summary>
    internal bool IsValid;

    /// <summary>The address that requests give for the first byte.</summary>
    internal ulong VirtualAddress;

    /// <summary>Bytes.</summary>
    internal ulong LengthBytes;

    /// <summary>What it allows.</summary>
    internal AccessRights Access;

    /// <summary>The memory: a window's is its region's.</summary>
    internal MemoryView? View;

    /// <summary>Where in the view the first byte is.</summary>
    internal ulong ViewOffset;

    /// <summary>The region of a bound window.</summary>
    internal MemoryKey? Region;

    /// <summary>The queue pair that a type 2 window was bound by: only it may use it.</summary>
    internal uint BoundQueuePair;

    /// <summary>How many windows are bound to a region.</summary>
    internal int Windows;

    /// <summary>Whether the range lies inside and the rights suffice. Unsigned arithmetic that can't overflow.</summary>
    internal bool Allows(ulong address, ulong lengthBytes, AccessRights need) =>
        IsValid && (Access & need) == need && lengthBytes <= LengthBytes && address - VirtualAddress <= LengthBytes - lengthBytes;

    /// <summary>Takes a window off its region.</summary>
    internal void Unbind()
    {
        if (Region is not null)
            Region.Windows--;
        if (this is { WindowType: 2, IsValid: true })
            Owner.Vm.Adapter.BoundWindows--;
        (Region, View, IsValid) = (null, null, false);
    }
}
