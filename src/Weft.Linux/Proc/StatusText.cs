using Weft.Linux.Processes;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/status: the host thread's lines, with the VM's own memory, signals and processors.</summary>
internal static class StatusText
{
    private const ulong BytesAKilobyte = 1024;

    /// <summary>All lines.</summary>
    internal static string Of(TaskView view, ViewContext context)
    {
        MemorySizes sizes = new(view.Memory.SnapshotAreas(), view.ExecutablePath);
        SignalSets signals = SignalSets.Of(view);
        ResidentCounts resident = context.Memory.Resident(view.Process);
        return KeyedLines.Rewrite(context.Host.ReadText(view.HostPath + "/status"), (key, value) =>
            OfMemory(key, sizes, resident, context.Memory) is { } bytes ? $"\t{bytes / BytesAKilobyte,8} kB"
            : OfSignals(key, signals) is { } set ? $"\t{set:x16}"
            : OfTask(key, value, view, context));
    }

    private static ulong? OfMemory(string key, in MemorySizes sizes, ResidentCounts resident, MemoryUse memory) => key switch
    {
        "VmPeak" => memory.HighestMapped(sizes.TotalBytes),
        "VmSize" => sizes.TotalBytes,
        "VmLck" => sizes.LockedBytes,
        "VmHWM" => memory.HighestResidentBytes,
        "VmRSS" => resident.Bytes,
        "RssAnon" => resident.AnonymousBytes,
        "RssFile" => resident.Bytes - resident.AnonymousBytes,
        "VmSwap" => resident.SwappedBytes,
        "VmPin" or "RssShmem" or "HugetlbPages" => 0,
        "VmData" => sizes.DataBytes,
        "VmStk" => sizes.StackBytes,
        "VmExe" => sizes.CodeBytes,
        "VmLib" => sizes.ExecutableBytes - sizes.CodeBytes,
        _ => null,
    };

    private static ulong? OfSignals(string key, SignalSets signals) => key switch
    {
        "SigPnd" => signals.Pending,
        "ShdPnd" => signals.SharedPending,
        "SigBlk" => signals.Blocked,
        "SigIgn" => signals.Ignored,
        "SigCgt" => signals.Caught,
        _ => null,
    };

    private static string? OfTask(string key, string value, TaskView view, ViewContext context) => key switch
    {
        "Name" => "\t" + Escape(view.Name),
        "FDSize" => $"\t{DescriptorSlots(view)}",
        "Threads" => $"\t{view.Process.ThreadCount}",
        // The VMM's own confinement is not the program's.
        "NoNewPrivs" or "Seccomp" or "Seccomp_filters" => "\t0",
        "SigQ" => $"	{SignalSets.Of(view).Queued}/{view.Process.Limits[Resource.PendingSignals].Soft}",
        "Cpus_allowed" => "	" + ProcessorNumbers.Mask(context.Processors.Count, Affinity(view, context)),
        "Cpus_allowed_list" => "	" + ProcessorNumbers.List(context.Processors.Count, Affinity(view, context)),
        _ => value,
    };

    private static ulong[] Affinity(TaskView view, ViewContext context) =>
        view.Thread?.Attributes.Affinity ?? ProcessorSet.All(context.Processors.Count);

    private static string Escape(string name) => name.Replace("\\", "\\\\").Replace("\n", "\\n");

    /// <summary>The descriptor table's size: a power of two from 64 on, as Linux grows it.</summary>
    private static int DescriptorSlots(TaskView view)
    {
        int[] open = view.Process.Files.OpenDescriptors();
        int slots = 64;
        while (open.Length > 0 && slots <= open[^1])
            slots *= 2;
        return slots;
    }
}
