namespace Weft.Machine;

/// <summary>What a VM of the group tells another of its memory.</summary>
/// <param name="ProcessId">The VM's process id.</param>
/// <param name="ArenaDescriptor">Its arena's memfd. Whoever is given this closes it.</param>
/// <param name="SystemDescriptor">Its system region's memfd, with the page tables. Whoever is given this closes it.</param>
/// <param name="ArenaBytes">The arena's length.</param>
/// <param name="Root">Its page tables' root.</param>
/// <param name="ReaderWordOffset">Where in its arena the word is that the other counts up while it copies.</param>
public readonly record struct PeerMemory(
    int ProcessId, int ArenaDescriptor, int SystemDescriptor, ulong ArenaBytes, GuestPhysicalAddress Root, ulong ReaderWordOffset);
