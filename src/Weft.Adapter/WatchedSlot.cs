using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// What tells whether an idle queue pair has work, packed so that a thousand of them are a short walk: where its next
/// slot is and which owner bit means posted. The default watches nothing.
/// </summary>
internal readonly struct WatchedSlot
{
    private const uint OwnerBit = 0x80000000;
    private readonly HostAddress _slot;
    private readonly uint _posted;

    internal WatchedSlot(HostAddress slot, bool ownerBit) => (_slot, _posted) = (slot, ownerBit ? OwnerBit : 0);

    private WatchedSlot(bool isBroken) => IsBroken = isBroken;

    /// <summary>A broken queue pair: its queues are to be looked at themselves.</summary>
    internal static WatchedSlot Broken => new(true);

    internal bool IsBroken { get; }

    /// <summary>Whether something is posted there. The memory is the VM's: only while the queue pair lives.</summary>
    internal bool IsPosted => _slot.Value != 0 && (SharedMemory.ReadWord(_slot) & OwnerBit) == _posted;
}
