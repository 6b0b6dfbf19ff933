using Weft.Kvm;
using Weft.Native;

namespace Weft.Machine;

/// <content>What the host holds behind the arena: private memory, or one memfd that is shared.</content>
public sealed partial class GuestPhysicalMemory
{
    private readonly MappingBudget _mappings = new();
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

    /// <summary>The guest physical address of an offset in the arena. Not checked.</summary>
    public static GuestPhysicalAddress AddressInArena(ulong offset) => new(SystemBytes + offset);

    /// <summary>Host memory that the VM takes now. Costs some 30 us: reads /proc/self/status.</summary>
    public ResidentBytes ReadResidentBytes()
    {
        (ulong anonymous, ulong shared) = HostMapping.ReadResidentBytes();
        ulong arena = _shared?.AllocatedBytes() ?? 0;
        return new(anonymous + arena, shared - Math.Min(shared, arena));
    }

    /// <summary>Bytes of a range of anonymous memory that the host holds pages for; null when the arena is private, where only its page map tells.</summary>
    public ulong? AllocatedBytes(GuestPhysicalAddress start, ulong lengthBytes) => _shared?.AllocatedBytes(HostOf(start), lengthBytes);

    /// <summary>Bytes of the whole arena that the host holds pages for; null when the arena is private.</summary>
    public ulong? AllocatedBytes() => _shared?.AllocatedBytes();

    /// <summary>The host's limit of mappings, which is the program's too (vm.max_map_count).</summary>
    public static int ReadMappingLimit() => MappingBudget.ReadLimit();

    /// <summary>Whether the host has room for more mappings of the program's; to be asked before what makes or splits some.</summary>
    public bool TryTakeMappings(int mappings) => _mappings.TryTake(mappings);

    /// <summary>
    /// Ends a reservation: its pages go back to the host and every vCPU's translations to them are dropped.
    /// The page-table entries must have been cleared before. Pages that are pinned stay until their pins end.
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
        {
            ReleaseUnpinned(start, lengthBytes);
            return;
        }
        HostAddress host = HostOf(start);
        long result = _shared is null ? HostMapping.MapAnonymous(host, lengthBytes) : _shared.MapBack(host, lengthBytes);
        lock (_lock)
        {
            if (result == 0)
                FreeLocked(start.Value - SystemBytes, lengthBytes);
            else
                // No room to split the file's mapping: it stays, and the range is never used again.
                DropShadowsLocked();
        }
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
        // No slot is there for the clock, so that no notifier tells of it.
        bool isClock = content == HostContent.Doorbell && start == _doorbell?.Clock;
        if (isClock || !HostMapping.FireNotifier(HostOf(start), lengthBytes, IsShared && ofArena ? HostContent.SharedFile : content))
            lock (_lock)
                DropShadowsLocked();
        if (content == HostContent.Doorbell && !isClock)
            _doorbell?.ForgetTranslations();
    }

    /// <summary>Makes the doorbell page, once, alone in the arena's last slot so that its memory can come and go; what follows it is no memory.</summary>
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
