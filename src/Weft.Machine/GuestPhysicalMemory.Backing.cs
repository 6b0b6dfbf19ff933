using Weft.Kvm;

namespace Weft.Machine;

/// <content>What the host holds behind the arena: private memory, or one memfd that is shared.</content>
public sealed partial class GuestPhysicalMemory
{
    private DoorbellPage? _doorbell;

    /// <summary>Whether the arena is one memfd, so that others can have its pages too.</summary>
    public bool IsShared => _shared is not null;

    /// <summary>
    /// The arena's memfd, its size sealed; -1 when the arena is private. Stays this object's: duplicate it to keep it.
    /// A page's offset in it is <see cref="ArenaOffsetOf"/> for as long as the VM lives.
    /// </summary>
    public int ArenaDescriptor => _shared?.Descriptor ?? -1;

    /// <summary>Length of the arena: of its memfd, if it is shared.</summary>
    public ulong ArenaBytes => _arenaBytes;

    /// <summary>Where a guest physical address is in the arena. Not checked: the address must be the arena's.</summary>
    public static ulong ArenaOffsetOf(GuestPhysicalAddress address) => address.Value - SystemBytes;

    /// <summary>
    /// Bytes of host memory that the VM's anonymous and shared pages take now. Includes the VMM's own few MiB.
    /// Costs some 30 us: reads /proc/self/status.
    /// </summary>
    public ulong ReadResidentBytes() => _shared is null
        ? HostMapping.ReadResidentBytes(withShared: true)
        : HostMapping.ReadResidentBytes(withShared: false) + _shared.AllocatedBytes();

    /// <summary>Bytes of a range of anonymous memory that the host holds pages for; null when the arena is private, where only its page map tells.</summary>
    public ulong? AllocatedBytes(GuestPhysicalAddress start, ulong lengthBytes) => _shared?.AllocatedBytes(HostOf(start), lengthBytes);

    /// <summary>Bytes of the whole arena that the host holds pages for; null when the arena is private.</summary>
    public ulong? AllocatedBytes() => _shared?.AllocatedBytes();

    /// <summary>
    /// Ends a reservation: its pages go back to the host and every vCPU's translations to them are dropped.
    /// The page-table entries must have been cleared before.
    /// </summary>
    /// <param name="start">First byte.</param>
    /// <param name="lengthBytes">A multiple of the page size.</param>
    /// <param name="content">What the range was mapped on.</param>
    public void Release(GuestPhysicalAddress start, ulong lengthBytes, HostContent content)
    {
        if (content == HostContent.Doorbell)
        {
            InvalidateTranslations(start, lengthBytes, content);
            return;
        }
        if (content == HostContent.Anonymous)
            Discard(start, lengthBytes);
        else if (_shared is null)
            HostMapping.MapAnonymous(HostOf(start), lengthBytes);
        else
            _shared.MapBack(HostOf(start), lengthBytes);
        lock (_lock)
            FreeLocked(start.Value - SystemBytes, lengthBytes);
    }

    /// <summary>Drops the pages of a range of anonymous memory, so that they read as zeroes, and every vCPU's translations to them.</summary>
    public void Discard(GuestPhysicalAddress start, ulong lengthBytes)
    {
        if (_shared is null)
            HostMapping.Discard(HostOf(start), lengthBytes);
        else
            _shared.Punch(HostOf(start), lengthBytes);
    }

    /// <summary>
    /// Drops every vCPU's translations to a range, and waits until none uses them: after present page-table
    /// entries were changed. Contents and access of the VMM stay as they are.
    /// </summary>
    public void InvalidateTranslations(GuestPhysicalAddress start, ulong lengthBytes, HostContent content)
    {
        bool ofArena = content is HostContent.Anonymous or HostContent.Doorbell;
        HostMapping.FireNotifier(HostOf(start), lengthBytes, IsShared && ofArena ? HostContent.SharedFile : content);
        if (content == HostContent.Doorbell)
            _doorbell?.ForgetTranslations();
    }

    /// <summary>Makes the doorbell page, once, alone in the arena's last slot so that its memory can come and go.</summary>
    /// <exception cref="KvmException">The host has no more descriptors or slots.</exception>
    internal DoorbellPage CreateDoorbell()
    {
        lock (_lock)
        {
            ulong index = _arenaBytes / ArenaSlotBytes - 1, start = index * ArenaSlotBytes;
            if (_activeArenaSlots.Contains(index) || !_arenaRanges.TryAllocateAt(start, ArenaSlotBytes))
                throw new InvalidOperationException("No address space for a doorbell; the program has mapped all there is.");
            uint slot = _nextSlot;
            AddSlot(SystemBytes + start, PageSize, _arena + start);
            _activeArenaSlots.Add(index);
            return _doorbell = new DoorbellPage(_vm, new(SystemBytes + start), _arena + start, slot);
        }
    }
}
