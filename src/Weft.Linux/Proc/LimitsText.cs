using System.Text;
using Weft.Linux.Processes;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/limits. Source: linux/fs/proc/base.c, proc_pid_limits.</summary>
internal static class LimitsText
{
    private static readonly (Resource Resource, string Name, string Unit)[] Rows =
    [
        (Resource.ProcessorTime, "Max cpu time", "seconds"),
        (Resource.FileSize, "Max file size", "bytes"),
        (Resource.Data, "Max data size", "bytes"),
        (Resource.Stack, "Max stack size", "bytes"),
        (Resource.Core, "Max core file size", "bytes"),
        (Resource.ResidentSet, "Max resident set", "bytes"),
        (Resource.Processes, "Max processes", "processes"),
        (Resource.Descriptors, "Max open files", "files"),
        (Resource.LockedMemory, "Max locked memory", "bytes"),
        (Resource.AddressSpace, "Max address space", "bytes"),
        (Resource.Locks, "Max file locks", "locks"),
        (Resource.PendingSignals, "Max pending signals", "signals"),
        (Resource.MessageQueueBytes, "Max msgqueue size", "bytes"),
        (Resource.Nice, "Max nice priority", ""),
        (Resource.RealTimePriority, "Max realtime priority", ""),
        (Resource.RealTimeTime, "Max realtime timeout", "us"),
    ];

    /// <summary>All lines.</summary>
    internal static string Of(ResourceLimits limits)
    {
        StringBuilder text = new();
        AppendRow(text, "Limit", "Soft Limit", "Hard Limit", "Units");
        foreach ((Resource resource, string name, string unit) in Rows)
            AppendRow(text, name, Value(limits[resource].Soft), Value(limits[resource].Hard), unit);
        return text.ToString();
    }

    private static string Value(ulong value) => value == ResourceLimit.Infinity ? "unlimited" : $"{value}";

    private static void AppendRow(StringBuilder text, string name, string soft, string hard, string unit) =>
        text.Append($"{name,-25} {soft,-20} {hard,-20} ").Append(unit.Length > 0 ? $"{unit,-10}" : "").Append('\n');
}
