using Weft.Native;

namespace Weft.Machine;

/// <summary>A piece of another VM's memory in this one's physical address space.</summary>
/// <param name="Slot">KVM's memory slot.</param>
/// <param name="Physical">Where it is.</param>
/// <param name="Host">Where the VMM has it mapped.</param>
internal readonly record struct ForeignPiece(uint Slot, GuestPhysicalAddress Physical, HostAddress Host);
