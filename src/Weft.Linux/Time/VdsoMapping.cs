namespace Weft.Linux.Time;

/// <summary>Puts the vDSO and its clock page into an address space.</summary>
internal static class VdsoMapping
{
    /// <summary>Maps both. Returns the address of the vDSO's ELF header, 0 for none.</summary>
    internal static ulong Map(Process process) => 0;
}
