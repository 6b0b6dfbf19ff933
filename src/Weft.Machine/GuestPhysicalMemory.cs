using System.Runtime.Intrinsics.X86;
using Weft.Kvm;
using Weft.Native;

namespace Weft.Machine;

/// <summary>
/// The VM's physical memory. A system region at 0 holds page tables, entry stubs and per-vCPU pages;
/// the arena above it holds everything that the program maps. Both are long reservations of host
/// address space, with guest physical address = offset, that become memory slots piece by piece when first used.
/// </summary>
/// <remarks>
/// Owns its host ranges until <see cref="Dispose"/>. Methods are thread-safe. Ranges of the arena are
/// reserved for whole mappings at once: a reservation costs address space only.
/// </remarks>
public sealed partial class GuestPhysicalMemory : IDisposable
{
    /// <summary>Bytes of a page.</summary>
    public const ulong PageSize = 4096;

    /// <summary>Bytes of a large page.</summary>
    public const ulong LargePageSize = 2 << 20;

    // Small slots first: a slot's cost grows with its size (KVM-FACTS: 64 MiB some 0.2 ms), a VM needs few.
    private const ulong SystemSlotBytes = 8 << 20;
    internal const ulong SystemBytes = 64UL << 30;
    private const ulong ArenaSlotBytes = 64 << 20;
    private const ulong SlotsInVastSlot = 16;
    private const int MostRestingPages = 2048;
    /// <summary>The most that is ever reserved for what a program maps.</summary>
    public const ulong MaximumArenaBytes = 64UL << 40;
    /// <summary>The most that an arena has that is shared: those who map it have address space for many.</summary>
    public const ulong MaximumSharedArenaBytes = 1UL << 40;

    private const ulong SmallestArenaBytes = 64UL << 30;

    private readonly Lock _lock = new();
    private readonly KvmVm _vm;
    private readonly HostAddress _system;
    private readonly HostAddress _arena;
    private readonly ulong _arenaBytes;
    private readonly SharedArena? _shared, _sharedSystem;
    private readonly RangeAllocator _arenaRanges;
    private readonly Stack<ulong> _freeSystemPages = new();
    private readonly HashSet<ulong> _activeArenaSlots = [];
    private readonly Dictionary<ulong, ulong> _largePageBindings = [];
    private readonly List<(ulong Start, ulong LengthBytes)> _resting = [];
    private ulong _systemUsedBytes = PageSize;
    private ulong _systemSlots;
    private uint _nextSlot;
    private bool _disposed;

    /// <summary>Reserves host address space for a VM's memory; no page is allocated yet.</summary>
    /// <param name="vm">The machine that gets the slots.</param>
    /// <param name="mostArenaBytes">The most address space to reserve for what the program maps.</param>
    /// <param name="isShared">Whether the arena is one memfd, of 1 TiB at most, that others may map.</param>
    /// <exception cref="InvalidOperationException">The host's address-space limit (RLIMIT_AS) is too low.</exception>
    public GuestPhysicalMemory(KvmVm vm, ulong mostArenaBytes = MaximumArenaBytes, bool isShared = false)
    {
        _vm = vm;
        if (isShared)
            mostArenaBytes = Math.Min(mostArenaBytes, MaximumSharedArenaBytes);
        _system = HostMapping.Reserve(SystemBytes)
            ?? throw new InvalidOperationException("No address space for the VM; raise the limit (ulimit -v unlimited).");
        if (isShared)
            _sharedSystem = SharedArena.TryCreate(_system, SystemBytes);
        ulong physicalLimit = 1UL << PhysicalAddressBits();
        for (_arenaBytes = Math.Min(mostArenaBytes, physicalLimit / 2 - SystemBytes); ; _arenaBytes /= 2)
        {
            if (_arenaBytes < SmallestArenaBytes)
                throw new InvalidOperationException("No address space for the VM; raise the limit (ulimit -v unlimited).");
            if (HostMapping.Reserve(_arenaBytes) is not { } arena)
                continue;
            _arena = arena;
            if (!isShared || (_shared = SharedArena.TryCreate(arena, _arenaBytes)) is not null)
                break;
            HostMapping.Unmap(arena, _arenaBytes);
        }
        _arenaRanges = new RangeAllocator(0, _arenaBytes);
    }

    /// <summary>Bytes of the system region in use: page tables and per-vCPU pages.</summary>
    public ulong SystemUsedBytes => _systemUsedBytes - (ulong)_freeSystemPages.Count * PageSize;

    /// <summary>Number of memory slots that KVM has of this VM.</summary>
    public uint SlotCount => _nextSlot;

    /// <summary>Where the arena, that is the program's memory, lies in the VMM's address space: for statistics.</summary>
    public (HostAddress Start, ulong LengthBytes) ArenaOnHost => (_arena, _arenaBytes);

    /// <summary>The host address of a guest physical one. Not checked: the address must come from this object.</summary>
    public HostAddress HostOf(GuestPhysicalAddress address) =>
        address.Value < SystemBytes ? _system + address.Value : _arena + (address.Value - SystemBytes);

    /// <summary>Takes zeroed pages, contiguous, from the system region.</summary>
    /// <exception cref="KvmException">KVM has no more memory for slots.</exception>
    public GuestPhysicalAddress AllocateSystemPages(int count = 1)
    {
        lock (_lock)
        {
            if (count == 1 && _freeSystemPages.TryPop(out ulong free))
                return new GuestPhysicalAddress(free);
            ulong start = _systemUsedBytes;
            ulong end = start + (ulong)count * PageSize;
            while (_systemSlots * SystemSlotBytes < end)
            {
                AddSlot(_systemSlots * SystemSlotBytes, SystemSlotBytes, _system + _systemSlots * SystemSlotBytes);
                _systemSlots++;
            }
            _systemUsedBytes = end;
            return new GuestPhysicalAddress(start);
        }
    }

    /// <summary>Reserves a range of the arena. Null when its address space is used up.</summary>
    /// <param name="lengthBytes">A multiple of the page size, above 0.</param>
    /// <param name="congruentTo">The virtual address that will map it: a long range gets the same place within a large page.</param>
    public GuestPhysicalAddress? Reserve(ulong lengthBytes, ulong congruentTo)
    {
        ulong alignment = lengthBytes >= LargePageSize ? LargePageSize : PageSize;
        lock (_lock)
            return _arenaRanges.TryAllocate(lengthBytes, alignment, out ulong start, congruentTo & (alignment - 1))
                ? new GuestPhysicalAddress(SystemBytes + start) : null;
    }

    /// <summary>Asks the host for large pages behind a range of anonymous memory; where it has none, for small ones at once.</summary>
    public void PreferLargePages(GuestPhysicalAddress start, ulong lengthBytes) =>
        HostMapping.PreferLargePages(HostOf(start), lengthBytes, IsShared);

    /// <summary>Asks the host for the pages behind a range now: cheaper together than one by one at first touch.</summary>
    public void Populate(GuestPhysicalAddress start, ulong lengthBytes) => HostMapping.Populate(HostOf(start), lengthBytes);

    /// <summary>Grows a reservation in place. False when what follows is taken.</summary>
    public bool TryExtend(GuestPhysicalAddress end, ulong moreBytes)
    {
        lock (_lock)
            return _arenaRanges.TryAllocateAt(end.Value - SystemBytes, moreBytes);
    }

    /// <summary>
    /// Whether a large page may be mapped by one large entry at this address. A shadow-paging KVM keeps a table of
    /// its own behind such an entry, and finds it again by the physical page: if the page were later mapped so at
    /// another address, the first one would see it too. So a large page stays bound to its first address, and
    /// when freed rests until the shadows have been dropped.
    /// </summary>
    internal bool TryBindLargePage(GuestPhysicalAddress physical, GuestVirtualAddress address)
    {
        lock (_lock)
            return _largePageBindings.TryAdd(physical.Value, address.Value) || _largePageBindings[physical.Value] == address.Value;
    }

    private void FreeLocked(ulong start, ulong lengthBytes)
    {
        FreeHeldLocked();
        if (_holders > 0 || HasReaders())
            _held.Add((start, lengthBytes));
        else
            ReturnLocked(start, lengthBytes);
    }

    private void ReturnLocked(ulong start, ulong lengthBytes)
    {
        ulong end = start + lengthBytes;
        for (ulong at = start; at < end;)
        {
            ulong large = at & ~(LargePageSize - 1);
            ulong pieceEnd = Math.Min(end, large + LargePageSize);
            if (_largePageBindings.Count > 0 && _largePageBindings.ContainsKey(SystemBytes + large))
                _resting.Add((at, pieceEnd - at));
            else
                _arenaRanges.Free(at, pieceEnd - at);
            at = pieceEnd;
        }
        if (_resting.Count > MostRestingPages)
            DropShadowsLocked();
    }

    /// <summary>Adding and deleting any slot makes KVM drop all its shadows; nothing then remembers the resting pages.</summary>
    private void DropShadowsLocked()
    {
        AddSlot(_arenaBytes + SystemBytes, PageSize, _arena);
        _nextSlot--;
        _vm.SetMemorySlot(_nextSlot, _arenaBytes + SystemBytes, 0, _arena);
        foreach ((ulong start, ulong lengthBytes) in _resting)
        {
            // A page of which only a part was freed stays bound: the rest of it is still mapped.
            _arenaRanges.Free(start, lengthBytes);
            if (lengthBytes == LargePageSize)
                _largePageBindings.Remove(SystemBytes + start);
        }
        _resting.Clear();
    }

    /// <summary>Puts a host file into a reserved range. Returns 0 or -errno.</summary>
    public long MapFile(GuestPhysicalAddress start, ulong lengthBytes, int descriptor, ulong fileOffset, HostContent content)
    {
        EnsureSlots(start, lengthBytes);
        if (!TryTakeMappings(2))
            return -(long)Errno.ENOMEM;
        return HostMapping.MapFile(HostOf(start), lengthBytes, descriptor, fileOffset, content);
    }

    /// <summary>Moves a mapping of the VMM's into a reserved range whose slots are there. Returns 0 or -errno.</summary>
    public long TakeOver(HostAddress mapping, GuestPhysicalAddress start, ulong lengthBytes) =>
        !TryTakeMappings(2) ? -(long)Errno.ENOMEM : HostMapping.Move(mapping, lengthBytes, HostOf(start), lengthBytes);

    /// <summary>
    /// Moves what the host maps behind one range to a longer one, which must be reserved and fresh; the old range
    /// ends as <see cref="Release"/> ends it. Returns 0 or -errno.
    /// </summary>
    public long MoveContent(GuestPhysicalAddress from, ulong fromBytes, GuestPhysicalAddress to, ulong toBytes)
    {
        EnsureSlots(to, toBytes);
        if (!TryTakeMappings(2))
            return -(long)Errno.ENOMEM;
        long result = HostMapping.Move(HostOf(from), fromBytes, HostOf(to), toBytes);
        if (result == 0)
            Release(from, fromBytes, HostContent.PrivateFile);
        return result;
    }

    /// <summary>Maps the shared file behind one range a second time, from its offset on, at a reserved and fresh range. Returns 0 or -errno.</summary>
    public long DuplicateContent(GuestPhysicalAddress from, GuestPhysicalAddress to, ulong lengthBytes)
    {
        EnsureSlots(to, lengthBytes);
        if (!TryTakeMappings(2))
            return -(long)Errno.ENOMEM;
        return HostMapping.Move(HostOf(from), 0, HostOf(to), lengthBytes);
    }

    /// <summary>Makes sure that KVM knows the memory behind a reserved range. Call before entries point to it.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="lengthBytes">Above 0.</param>
    /// <param name="inVastRange">The reservation is so long that fewer, larger slots serve it better.</param>
    public void EnsureSlots(GuestPhysicalAddress start, ulong lengthBytes, bool inVastRange = false)
    {
        ulong first = (start.Value - SystemBytes) / ArenaSlotBytes;
        ulong last = (start.Value - SystemBytes + lengthBytes - 1) / ArenaSlotBytes;
        lock (_lock)
            for (ulong slot = first; slot <= last; slot++)
                if (!_activeArenaSlots.Contains(slot))
                    ActivateSlotLocked(slot, inVastRange);
    }

    /// <summary>Gives all memory back to the host. No vCPU may run any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        HostMapping.Unmap(_system, SystemBytes);
        HostMapping.Unmap(_arena, _arenaBytes);
        _shared?.Dispose();
        _sharedSystem?.Dispose();
    }

    private void ActivateSlotLocked(ulong slot, bool inVastRange)
    {
        ulong first = slot, count = 1;
        ulong group = slot - slot % SlotsInVastSlot;
        if (inVastRange && (group + SlotsInVastSlot) * ArenaSlotBytes <= _arenaBytes && NoneActiveLocked(group))
            (first, count) = (group, SlotsInVastSlot);
        AddSlot(SystemBytes + first * ArenaSlotBytes, count * ArenaSlotBytes, _arena + first * ArenaSlotBytes);
        for (ulong index = first; index < first + count; index++)
            _activeArenaSlots.Add(index);
    }

    private bool NoneActiveLocked(ulong first)
    {
        for (ulong index = first; index < first + SlotsInVastSlot; index++)
            if (_activeArenaSlots.Contains(index))
                return false;
        return true;
    }

    private void AddSlot(ulong guestPhysical, ulong lengthBytes, HostAddress host)
    {
        long result = _vm.SetMemorySlot(_nextSlot, guestPhysical, lengthBytes, host);
        if (result < 0)
            throw new KvmException($"KVM refuses memory slot {_nextSlot}", (Errno)(-result), "free some host memory, or map less");
        _nextSlot++;
    }

    private static int PhysicalAddressBits()
    {
        const int addressSizeLeaf = unchecked((int)0x80000008);
        int bits = X86Base.CpuId(addressSizeLeaf, 0).Eax & 0xff;
        return Math.Clamp(bits, 36, 52);
    }
}
