using System.Globalization;

namespace Weft.Linux.Proc;

/// <summary>
/// /proc/sys/kernel/random/boot_id, by which UCX and others tell whether two programs are on one host. Hosts of a cluster that
/// are namespaces or containers of one machine have the same: a VM that is linked to a cluster sees its host's own.
/// </summary>
internal static class BootId
{
    internal const string Path = "/proc/sys/kernel/random/boot_id";
    private const int LastDigits = 4;

    /// <summary>The text for VMs of a host: the machine's for host 0, which is in no cluster.</summary>
    /// <param name="machine">What the machine's file holds.</param>
    /// <param name="host">The host's number in its cluster.</param>
    internal static string Of(string machine, ushort host)
    {
        string id = machine.TrimEnd('\n');
        // In the last group: UCX compares no more than the last two.
        if (host == 0 || id.Length < LastDigits || !ushort.TryParse(id.AsSpan(id.Length - LastDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ushort last))
            return machine;
        return $"{id.AsSpan(0, id.Length - LastDigits)}{last ^ host:x4}\n";
    }
}
