namespace Weft.Machine;

/// <summary>
/// Keeps the VMM's mappings below the host's limit (vm.max_map_count): at the limit nothing works any more, a thread's
/// start or a lock of memory in the VMM itself included. What the program causes is counted as it comes, at its most, and from
/// time to time the host is asked for the truth.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class MappingBudget
{
    // For the VMM's own growth, threads most of all, and for what splits a mapping for a moment.
    private const int KeptForVmm = 2048, UsualLimit = 65530, MostUncounted = 4096;
    private readonly Lock _lock = new();
    private int _left = MostUncounted;

    /// <summary>Whether so many more mappings may be made. Costs some 30 ms now and then when there are tens of thousands.</summary>
    internal bool TryTake(int mappings)
    {
        lock (_lock)
        {
            if (_left < mappings)
                _left = Math.Clamp(ReadLimit() - KeptForVmm - CountMappings(), 0, MostUncounted);
            if (_left < mappings)
                return false;
            _left -= mappings;
            return true;
        }
    }

    /// <summary>The host's limit of a process's mappings.</summary>
    internal static int ReadLimit()
    {
        const string setting = "/proc/sys/vm/max_map_count";
        return File.Exists(setting) && int.TryParse(File.ReadAllText(setting), out int limit) ? limit : UsualLimit;
    }

    private static int CountMappings()
    {
        using FileStream maps = new("/proc/self/maps", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        byte[] buffer = new byte[64 << 10];
        int count = 0;
        for (int length; (length = maps.Read(buffer)) > 0;)
            count += buffer.AsSpan(0, length).Count((byte)'\n');
        return count;
    }
}
