using Weft.Linux.Memory;
using Weft.Machine;

namespace Weft.Linux.Proc;

/// <summary>What memory the VM uses and has.</summary>
/// <remarks>
/// A small program's resident memory is counted by page. A larger one's is estimated as the VMM's own, less what that
/// was before the program ran: exact up to the growth of the VMM's heap, and one read of the host's /proc. Thread-safe.
/// </remarks>
internal sealed class MemoryUse
{
    private const ulong PageSize = 4096, BytesAKilobyte = 1024;

    // Some 4 us a MiB.
    private const ulong MostCountedBytes = 256 << 20;

    private readonly HostReader _host;
    private readonly ulong? _limitBytes;
    private readonly ResidentCounts _baseline;
    private ulong _highestResidentBytes;
    private ulong _highestMappedBytes;

    /// <summary>Takes the baseline: the program must not run yet.</summary>
    internal MemoryUse(HostReader host, ulong? limitBytes)
    {
        _host = host;
        _limitBytes = limitBytes;
        _baseline = HostResident();
    }

    /// <summary>The user's limit, or null.</summary>
    internal ulong? LimitBytes => _limitBytes;

    /// <summary>What the program has in memory.</summary>
    internal ResidentCounts Resident(Process process)
    {
        MemoryArea[] areas = process.Memory.SnapshotAreas();
        ulong accessible = 0;
        foreach (MemoryArea area in areas)
            accessible += area.Protection == Protection.None ? 0 : area.Length;
        ResidentCounts counts = accessible <= MostCountedBytes ? Count(process, areas) : default;
        if (counts.Bytes == 0)
            counts = Estimate(process.Kernel.Machine.Memory);
        Raise(ref _highestResidentBytes, counts.Bytes);
        return counts;
    }

    private static ResidentCounts Count(Process process, MemoryArea[] areas)
    {
        using ResidentPages pages = new(process.Kernel.Machine.Memory);
        ResidentCounts sum = default;
        foreach (MemoryArea area in areas)
            sum += pages.Count(area);
        return sum;
    }

    private ResidentCounts Estimate(GuestPhysicalMemory memory)
    {
        ResidentCounts now = HostResident();
        ulong anonymous = now.AnonymousBytes - Math.Min(_baseline.AnonymousBytes, now.AnonymousBytes);
        if (memory.AllocatedBytes() is { } shared)
        {
            // What the VMM has mapped of a shared arena is among its file pages.
            anonymous += shared;
            now = new ResidentCounts(now.Bytes - Math.Min(shared, now.Bytes - now.AnonymousBytes), now.AnonymousBytes, 0);
        }
        ulong nowFile = now.Bytes - now.AnonymousBytes, baselineFile = _baseline.Bytes - _baseline.AnonymousBytes;
        return new ResidentCounts(anonymous + nowFile - Math.Min(baselineFile, nowFile), anonymous, 0);
    }

    /// <summary>The most that <see cref="Resident"/> has returned.</summary>
    internal ulong HighestResidentBytes => Volatile.Read(ref _highestResidentBytes);

    /// <summary>The most bytes mapped that anybody asked about, with those now.</summary>
    internal ulong HighestMapped(ulong mappedBytes)
    {
        Raise(ref _highestMappedBytes, mappedBytes);
        return Volatile.Read(ref _highestMappedBytes);
    }

    /// <summary>/proc/meminfo.</summary>
    internal string MemInfo(Process process)
    {
        string host = _host.ReadText("/proc/meminfo");
        if (_limitBytes is not { } limit)
            return host;
        ulong total = Math.Min(limit / BytesAKilobyte, ValueOf(host, "MemTotal"));
        ulong used = Math.Min(process.Memory.UsedBytes / BytesAKilobyte, total);
        ulong free = Math.Min(total - used, ValueOf(host, "MemAvailable"));
        // The kernel pads a name to 16 columns and a value to 8. Source: linux/fs/proc/meminfo.c.
        const int nameColumns = 15, valueColumns = 8;
        return KeyedLines.Rewrite(host, (key, value) => KilobytesOf(key, total, used, free) is { } kilobytes
            ? new string(' ', Math.Max(0, nameColumns - key.Length)) + kilobytes.ToString().PadLeft(valueColumns) + " kB"
            : value);
    }

    /// <summary>A value of a text in the form of meminfo, in its own unit; 0 when it is not there.</summary>
    internal static ulong ValueOf(string text, string key)
    {
        foreach (string line in text.Split('\n'))
            if (line.StartsWith(key, StringComparison.Ordinal) && line.Length > key.Length && line[key.Length] == ':')
                return ulong.TryParse(line[(key.Length + 1)..].Replace("kB", "").Trim(), out ulong value) ? value : 0;
        return 0;
    }

    private static ulong? KilobytesOf(string key, ulong total, ulong used, ulong free) => key switch
    {
        "MemTotal" or "CommitLimit" => total,
        "MemFree" or "MemAvailable" => free,
        "Active" or "Active(anon)" or "AnonPages" => used,
        "Buffers" or "Cached" or "SwapCached" or "Inactive" or "Inactive(anon)" or "Active(file)" or "Inactive(file)" => 0,
        "SwapTotal" or "SwapFree" or "Dirty" or "Writeback" or "Mapped" or "Shmem" or "KReclaimable" or "Slab" => 0,
        "SReclaimable" or "SUnreclaim" or "Zswap" or "Zswapped" or "AnonHugePages" or "Unevictable" or "Mlocked" => 0,
        _ => null,
    };

    /// <summary>The VMM's resident memory; what is shared with files is no anonymous memory.</summary>
    private ResidentCounts HostResident()
    {
        string[] fields = _host.ReadText("/proc/self/statm").Split(' ');
        return fields.Length > 2 && ulong.TryParse(fields[1], out ulong pages) && ulong.TryParse(fields[2], out ulong shared)
            ? new ResidentCounts(pages * PageSize, (pages - shared) * PageSize, 0) : default;
    }

    private static void Raise(ref ulong highest, ulong value)
    {
        for (ulong seen = Volatile.Read(ref highest); value > seen;)
        {
            ulong before = Interlocked.CompareExchange(ref highest, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
