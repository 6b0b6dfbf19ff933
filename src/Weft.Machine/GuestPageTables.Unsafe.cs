namespace Weft.Machine;

/// <summary>
/// One address space's page tables: four levels, in the VM's system region. Tables once made for a range of
/// addresses stay: KVM shadows them, and a stale shadow of a reused table would show old pages (KVM-FACTS.md).
/// </summary>
/// <remarks>
/// Changes need the address space's lock; <see cref="TryTranslate"/> needs none: entries are single
/// 64-bit words, and tables never move or go away. Changing a present entry takes effect only after
/// <see cref="GuestPhysicalMemory.InvalidateTranslations"/> of what it pointed to.
/// Source of the format: Intel SDM volume 3, 4.5.
/// </remarks>
public sealed unsafe class GuestPageTables
{
    private const ulong Present = 1, Writable = 2, User = 4, Accessed = 0x20, Dirty = 0x40, Large = 0x80, Plain = 0x200;
    private const ulong NoExecute = 1UL << 63;
    private const ulong AddressMask = 0x000f_ffff_ffff_f000;
    private const ulong PageSize = GuestPhysicalMemory.PageSize, LargePageSize = GuestPhysicalMemory.LargePageSize;
    private const int EntriesPerTable = 512;
    private readonly GuestPhysicalMemory _memory;
    private readonly byte* _tables;

    /// <summary>Empty tables.</summary>
    public GuestPageTables(GuestPhysicalMemory memory)
    {
        _memory = memory;
        _tables = (byte*)memory.HostOf(default).Value;
        Root = memory.AllocateSystemPages();
    }

    /// <summary>What CR3 must hold.</summary>
    public GuestPhysicalAddress Root { get; }

    /// <summary>Fills the entries of a range that are not present yet. Needs no invalidation.</summary>
    /// <param name="virtualStart">Page aligned, in the lower half.</param>
    /// <param name="physicalStart">Page aligned; its slots must exist.</param>
    /// <param name="lengthBytes">A multiple of the page size.</param>
    /// <param name="access">At least <see cref="PageAccess.Read"/>.</param>
    /// <param name="large">Whether 2 MiB entries may be used where both addresses allow: for memory that the host may back so.</param>
    public void Map(GuestVirtualAddress virtualStart, GuestPhysicalAddress physicalStart, ulong lengthBytes, PageAccess access, bool large = false)
    {
        ulong bits = BitsOf(access);
        ulong address = virtualStart.Value, physical = physicalStart.Value, end = address + lengthBytes;
        while (address < end)
        {
            ulong* directory = DirectoryEntry(address);
            ulong pieceEnd = Math.Min(end, (address | (LargePageSize - 1)) + 1);
            if (large && *directory == 0 && pieceEnd - address == LargePageSize && (physical & (LargePageSize - 1)) == 0
                && _memory.TryBindLargePage(new(physical), new(address)))
                Volatile.Write(ref *directory, physical | bits | Large);
            else if ((*directory & Large) == 0)
                MapPages(directory, address, pieceEnd, physical, bits);
            physical += pieceEnd - address;
            address = pieceEnd;
        }
    }

    /// <summary>Clears a range. True when an entry was present, so that translations must be invalidated.</summary>
    public bool Unmap(GuestVirtualAddress start, ulong lengthBytes) => Change(start, lengthBytes, 0);

    /// <summary>Sets what may be done with the present pages of a range. True when an entry changed.</summary>
    public bool Protect(GuestVirtualAddress start, ulong lengthBytes, PageAccess access) => Change(start, lengthBytes, BitsOf(access));

    /// <summary>Where a page is and what ring 3 may do with it. False when it is not present.</summary>
    public bool TryTranslate(GuestVirtualAddress address, out GuestPhysicalAddress physical, out PageAccess access)
    {
        physical = default;
        access = PageAccess.None;
        if (address.Value >> 47 != 0)
            return false;
        ulong table = Root.Value;
        for (int shift = 39; ; shift -= 9)
        {
            // Ordering: entries are published by a single aligned store after the table below was zeroed.
            ulong entry = Volatile.Read(ref *(ulong*)(_tables + table + ((address.Value >> shift) & 511) * 8));
            if ((entry & Present) == 0)
                return false;
            if (shift == 12 || (entry & Large) != 0)
            {
                ulong offsetMask = (1UL << shift) - 1;
                physical = new GuestPhysicalAddress((entry & AddressMask & ~offsetMask) | (address.Value & offsetMask));
                access = AccessOf(entry);
                return true;
            }
            table = entry & AddressMask;
        }
    }

    private void MapPages(ulong* directory, ulong address, ulong end, ulong physical, ulong bits)
    {
        ulong* table = Table(directory);
        for (ulong page = address; page < end; page += PageSize, physical += PageSize)
        {
            ulong* entry = table + ((page >> 12) & 511);
            if (*entry == 0)
                Volatile.Write(ref *entry, physical | bits);
        }
    }

    private bool Change(GuestVirtualAddress start, ulong lengthBytes, ulong bits)
    {
        bool changed = false;
        ulong address = start.Value, end = address + lengthBytes;
        while (address < end)
        {
            ulong pieceEnd = Math.Min(end, (address | (LargePageSize - 1)) + 1);
            ulong* directory = TryDirectoryEntry(address, out ulong skipTo);
            if (directory == null)
            {
                address = Math.Min(end, skipTo);
                continue;
            }
            if ((*directory & Large) != 0)
            {
                if (pieceEnd - address == LargePageSize)
                    changed |= SetEntry(directory, bits == 0 ? 0 : (*directory & (AddressMask | Plain)) | bits | Large);
                else
                {
                    SplitLarge(directory);
                    changed |= ChangePages(directory, address, pieceEnd, bits);
                }
            }
            else if (*directory != 0)
                changed |= ChangePages(directory, address, pieceEnd, bits);
            address = pieceEnd;
        }
        return changed;
    }

    private bool ChangePages(ulong* directory, ulong address, ulong end, ulong bits)
    {
        bool changed = false;
        ulong* table = (ulong*)(_tables + (*directory & AddressMask));
        for (ulong page = address; page < end; page += PageSize)
        {
            ulong* entry = table + ((page >> 12) & 511);
            if (*entry != 0)
                changed |= SetEntry(entry, bits == 0 ? 0 : (*entry & (AddressMask | Plain)) | bits);
        }
        return changed;
    }

    private static bool SetEntry(ulong* entry, ulong value)
    {
        if (*entry == value)
            return false;
        Volatile.Write(ref *entry, value);
        return true;
    }

    /// <summary>
    /// Puts a table of 512 equal entries in a large entry's place. The directory entry is cleared and its
    /// translations dropped first, for a present non-leaf entry must never appear where a leaf was cached.
    /// </summary>
    private void SplitLarge(ulong* directory)
    {
        ulong old = *directory;
        ulong physical = old & AddressMask & ~(LargePageSize - 1);
        ulong bits = (old & ~AddressMask & ~Large) | Present;
        Volatile.Write(ref *directory, 0);
        _memory.InvalidateTranslations(new GuestPhysicalAddress(physical), LargePageSize, HostContent.Anonymous);
        ulong tablePhysical = _memory.AllocateSystemPages().Value;
        ulong* table = (ulong*)(_tables + tablePhysical);
        for (int i = 0; i < EntriesPerTable; i++)
            table[i] = (physical + (ulong)i * PageSize) | bits;
        Volatile.Write(ref *directory, tablePhysical | Present | Writable | User | Accessed);
    }

    private ulong* Table(ulong* entry)
    {
        if (*entry == 0)
            Volatile.Write(ref *entry, _memory.AllocateSystemPages().Value | Present | Writable | User | Accessed);
        return (ulong*)(_tables + (*entry & AddressMask));
    }

    private ulong* DirectoryEntry(ulong address)
    {
        ulong* top = (ulong*)(_tables + Root.Value) + ((address >> 39) & 511);
        ulong* middle = Table(top) + ((address >> 30) & 511);
        return Table(middle) + ((address >> 21) & 511);
    }

    private ulong* TryDirectoryEntry(ulong address, out ulong skipTo)
    {
        ulong top = ((ulong*)(_tables + Root.Value))[(address >> 39) & 511];
        skipTo = ((address >> 39) + 1) << 39;
        if (top == 0)
            return null;
        ulong middle = ((ulong*)(_tables + (top & AddressMask)))[(address >> 30) & 511];
        skipTo = ((address >> 30) + 1) << 30;
        if (middle == 0)
            return null;
        return (ulong*)(_tables + (middle & AddressMask)) + ((address >> 21) & 511);
    }

    private static ulong BitsOf(PageAccess access)
    {
        if ((access & (PageAccess.Read | PageAccess.Write | PageAccess.Execute)) == 0)
            return 0;
        // Accessed and dirty are set at once: KVM then has no reason to write them back.
        ulong bits = Present | Accessed | Dirty;
        if ((access & PageAccess.Supervisor) == 0)
            bits |= User;
        if ((access & PageAccess.Write) != 0)
            bits |= Writable;
        if ((access & PageAccess.Execute) == 0)
            bits |= NoExecute;
        if ((access & PageAccess.Plain) != 0)
            bits |= Plain;
        return bits;
    }

    private static PageAccess AccessOf(ulong entry) =>
        PageAccess.Read
        | ((entry & Writable) != 0 ? PageAccess.Write : 0)
        | ((entry & NoExecute) == 0 ? PageAccess.Execute : 0)
        | ((entry & User) == 0 ? PageAccess.Supervisor : 0);
}
