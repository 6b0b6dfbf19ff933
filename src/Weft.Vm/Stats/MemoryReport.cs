namespace Weft.Vm.Stats;

/// <summary>Memory at the end of a run, in bytes.</summary>
/// <param name="MappedBytes">The program's address space: VmSize.</param>
/// <param name="GuestResidentBytes">The program's pages in the host's memory.</param>
/// <param name="VmmResidentBytes">All else of the VM's process: the VMM itself, page tables.</param>
/// <param name="PeakResidentBytes">The most that the VM's process ever had in memory.</param>
/// <param name="PageTableBytes">Guest page tables and per-vCPU pages.</param>
/// <param name="LimitBytes">The --memory limit, or null.</param>
/// <param name="Slots">Memory slots that KVM has of the VM.</param>
public sealed record MemoryReport(
    ulong MappedBytes, ulong GuestResidentBytes, ulong VmmResidentBytes, ulong PeakResidentBytes, ulong PageTableBytes, ulong? LimitBytes, uint Slots);
