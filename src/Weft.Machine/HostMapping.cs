using Weft.Native;

namespace Weft.Machine;

/// <summary>Host mmap, mprotect and madvise on the VM's reserved ranges.</summary>
internal static class HostMapping
{
    private const int ProtRead = 1, ProtWrite = 2, ProtExecute = 4;
    private const int MapSharedFlag = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymousFlag = 0x20, MapNoReserve = 0x4000;
    private const int AdviseDontNeed = 4, AdviseHugePage = 14, AdviseDontDump = 16, AdvisePopulateWrite = 23, AdviseDontNeedLocked = 24;
    private static readonly Lazy<bool> LazyHasLargePages = new(ReadHasLargePages), LazyHasLargeSharedPages = new(ReadHasLargeSharedPages);

    /// <summary>Reserves address space, aligned to large pages: private, writable, nothing allocated or accounted. Null when there is none.</summary>
    internal static HostAddress? Reserve(ulong lengthBytes)
    {
        const ulong large = GuestPhysicalMemory.LargePageSize;
        long address = HostStubs.Call(SystemCall.Mmap, 0, (long)(lengthBytes + large), ProtRead | ProtWrite,
            MapPrivate | MapAnonymousFlag | MapNoReserve, -1, 0);
        if (address is < 0 and > -4096)
            return null;
        ulong start = (ulong)address, aligned = start + large - 1 & ~(large - 1);
        if (aligned > start)
            Unmap(new HostAddress(start), aligned - start);
        Unmap(new HostAddress(aligned + lengthBytes), start + large - aligned);
        HostStubs.Call(SystemCall.Madvise, (long)aligned, (long)lengthBytes, AdviseDontDump);
        return new HostAddress(aligned);
    }

    internal static void Unmap(HostAddress address, ulong lengthBytes) =>
        HostStubs.Call(SystemCall.Munmap, (long)address.Value, (long)lengthBytes);

    /// <summary>Drops pages. Where the program locked some of them they lose their lock: the host drops no locked page.</summary>
    internal static void Discard(HostAddress address, ulong lengthBytes)
    {
        long result = HostStubs.Call(SystemCall.Madvise, (long)address.Value, (long)lengthBytes, AdviseDontNeed);
        if (result == -(long)Errno.EINVAL)
        {
            // Unlocking splits mappings, for which there may be no room: then the pages go and their place stays locked.
            bool isUnlocked = HostStubs.Call(SystemCall.Munlock, (long)address.Value, (long)lengthBytes) == 0;
            result = HostStubs.Call(SystemCall.Madvise, (long)address.Value, (long)lengthBytes, isUnlocked ? AdviseDontNeed : AdviseDontNeedLocked);
        }
        Require(result, "drop guest pages");
    }

    /// <summary>Replaces whatever is mapped by fresh private memory. Returns 0 or -errno.</summary>
    internal static long MapAnonymous(HostAddress address, ulong lengthBytes)
    {
        long result = HostStubs.Call(SystemCall.Mmap, (long)address.Value, (long)lengthBytes, ProtRead | ProtWrite,
            MapPrivate | MapAnonymousFlag | MapNoReserve | MapFixed, -1, 0);
        return result is < 0 and > -4096 ? result : 0;
    }

    /// <summary>Maps a shared file whose pages are not accounted before they are touched. Returns 0 or -errno.</summary>
    internal static long MapShared(HostAddress address, ulong lengthBytes, int descriptor, ulong fileOffset)
    {
        long result = HostStubs.Call(SystemCall.Mmap, (long)address.Value, (long)lengthBytes, ProtRead | ProtWrite,
            MapSharedFlag | MapNoReserve | MapFixed, descriptor, (long)fileOffset);
        if (result is < 0 and > -4096)
            return result;
        HostStubs.Call(SystemCall.Madvise, (long)address.Value, (long)lengthBytes, AdviseDontDump);
        return 0;
    }

    /// <summary>Maps another VM's memory whole, aligned to large pages. Null when there is no address space.</summary>
    internal static HostAddress? MapForeign(int descriptor, ulong lengthBytes, bool writable)
    {
        if (Reserve(lengthBytes) is not { } start)
            return null;
        long result = HostStubs.Call(SystemCall.Mmap, (long)start.Value, (long)lengthBytes, writable ? ProtRead | ProtWrite : ProtRead,
            MapSharedFlag | MapNoReserve | MapFixed, descriptor, 0);
        if (result is >= 0 or <= -4096)
        {
            HostStubs.Call(SystemCall.Madvise, (long)start.Value, (long)lengthBytes, AdviseDontDump);
            return start;
        }
        Unmap(start, lengthBytes);
        return null;
    }

    internal static long MapFile(HostAddress address, ulong lengthBytes, int descriptor, ulong fileOffset, HostContent content)
    {
        long result = HostStubs.Call(SystemCall.Mmap, (long)address.Value, (long)lengthBytes, ProtectionOf(content),
            (content == HostContent.PrivateFile ? MapPrivate | MapNoReserve : MapSharedFlag) | MapFixed, descriptor, (long)fileOffset);
        return result is < 0 and > -4096 ? result : 0;
    }

    internal static long Move(HostAddress from, ulong fromBytes, HostAddress to, ulong toBytes)
    {
        const int mayMove = 1, isFixed = 2;
        long result = HostStubs.Call(SystemCall.Mremap, (long)from.Value, (long)fromBytes, (long)toBytes, mayMove | isFixed, (long)to.Value);
        return result is < 0 and > -4096 ? result : 0;
    }

    /// <summary>
    /// Makes the kernel's MMU notifier fire for the range, which zaps KVM's translations and flushes every
    /// vCPU's TLB, without ever taking the VMM's own access away: shared pages are unmapped and come back from
    /// their file; private ones get PROT_EXEC for a moment, or, where a noexec mount forbids that, lose
    /// PROT_WRITE for a moment. One call a range: an interrupted vCPU costs more than the pages. False when the
    /// host has no room for the mappings into which that splits one; access is as before then.
    /// </summary>
    internal static bool FireNotifier(HostAddress address, ulong lengthBytes, HostContent content)
    {
        if (content is HostContent.SharedFile or HostContent.SharedFileReadOnly)
        {
            if (HostStubs.Call(SystemCall.Madvise, (long)address.Value, (long)lengthBytes, AdviseDontNeedLocked) < 0)
                Discard(address, lengthBytes);
            return true;
        }
        const int usual = ProtRead | ProtWrite;
        bool isFlushed = HostStubs.Call(SystemCall.Mprotect, (long)address.Value, (long)lengthBytes, usual | ProtExecute) == 0
            || HostStubs.Call(SystemCall.Mprotect, (long)address.Value, (long)lengthBytes, ProtRead) == 0;
        // Also after a failure: it may have come half-way.
        Require(HostStubs.Call(SystemCall.Mprotect, (long)address.Value, (long)lengthBytes, usual), "restore guest memory");
        return isFlushed;
    }

    internal static void PreferLargePages(HostAddress address, ulong lengthBytes, bool inSharedFile)
    {
        if (inSharedFile ? LazyHasLargeSharedPages.Value : LazyHasLargePages.Value)
            HostStubs.Call(SystemCall.Madvise, (long)address.Value, (long)lengthBytes, AdviseHugePage);
        else
            Populate(address, lengthBytes);
    }

    /// <summary>Allocates the pages now. Returns 0 or -errno: a host without MADV_POPULATE_WRITE allocates at first touch.</summary>
    internal static long Populate(HostAddress address, ulong lengthBytes) =>
        HostStubs.Call(SystemCall.Madvise, (long)address.Value, (long)lengthBytes, AdvisePopulateWrite);

    /// <summary>The process's RssAnon and RssShmem, in bytes. Source: proc(5).</summary>
    internal static (ulong Anonymous, ulong Shared) ReadResidentBytes()
    {
        ulong anonymous = 0, shared = 0;
        foreach (string line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal))
                anonymous = BytesOf(line);
            else if (line.StartsWith("RssShmem:", StringComparison.Ordinal))
                shared = BytesOf(line);
        return (anonymous, shared);
    }

    private static ulong BytesOf(string line) => ulong.Parse(line.AsSpan(line.IndexOf(':') + 1, line.Length - line.IndexOf(':') - " kB".Length - 1)) << 10;

    private static bool ReadHasLargePages()
    {
        const string setting = "/sys/kernel/mm/transparent_hugepage/enabled";
        return File.Exists(setting) && !File.ReadAllText(setting).Contains("[never]", StringComparison.Ordinal);
    }

    private static bool ReadHasLargeSharedPages()
    {
        const string setting = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
        string text = File.Exists(setting) ? File.ReadAllText(setting) : "[never]";
        return !text.Contains("[never]", StringComparison.Ordinal) && !text.Contains("[deny]", StringComparison.Ordinal);
    }

    private static int ProtectionOf(HostContent content) =>
        content == HostContent.SharedFileReadOnly ? ProtRead : ProtRead | ProtWrite;

    internal static void Require(long result, string what)
    {
        if (result is < 0 and > -4096)
            throw new InvalidOperationException($"The host cannot {what}: {(Errno)(-result)}; raise vm.max_map_count or free some memory.");
    }
}
