using Weft.Native;

namespace Weft.Machine;

/// <content>Memory of other VMs in this one's physical address space, above the arena.</content>
public sealed partial class GuestPhysicalMemory
{
    private const ulong ForeignGapBytes = 1UL << 30;
    private readonly Stack<uint> _freeForeignSlots = new();
    private ulong _foreignBytes;

    /// <summary>Bytes of the pieces in which foreign memory comes and goes.</summary>
    internal const ulong ForeignPieceBytes = ArenaSlotBytes;

    /// <summary>
    /// Gives a range of the VMM's address space a place of its own in the VM's physical memory: a place is never used
    /// twice. Null when KVM or the processor's physical addresses have no room.
    /// </summary>
    internal ForeignPiece? TryAddForeign(HostAddress host)
    {
        lock (_lock)
        {
            ulong physical = (SystemBytes + _arenaBytes + ForeignGapBytes & ~(ForeignPieceBytes - 1)) + _foreignBytes;
            if (physical + ForeignPieceBytes > 1UL << PhysicalAddressBits())
                return null;
            bool isUsed = _freeForeignSlots.TryPop(out uint slot);
            if (!isUsed)
                slot = _nextSlot;
            if (_vm.SetMemorySlot(slot, physical, ForeignPieceBytes, host) < 0)
                return null;
            if (!isUsed)
                _nextSlot++;
            _foreignBytes += ForeignPieceBytes;
            return new ForeignPiece(slot, new GuestPhysicalAddress(physical), host);
        }
    }

    /// <summary>Takes a piece away; page-table entries to it must be gone.</summary>
    internal void RemoveForeign(ForeignPiece piece)
    {
        lock (_lock)
        {
            _vm.SetMemorySlot(piece.Slot, piece.Physical.Value, 0, piece.Host);
            _freeForeignSlots.Push(piece.Slot);
            for (ulong at = 0; at < ForeignPieceBytes; at += LargePageSize)
                _largePageBindings.Remove(piece.Physical.Value + at);
        }
    }
}
