namespace Weft.Machine;

/// <summary>Host memory that a VM takes.</summary>
/// <param name="OwnBytes">Of the VM's process alone: private pages, the VMM's own few MiB among them, and its arena if that is shared.</param>
/// <param name="SharedBytes">Pages of other files in memory (tmpfs, memfd, System V) that are mapped, as far as they can be told from the arena's.</param>
public readonly record struct ResidentBytes(ulong OwnBytes, ulong SharedBytes);
