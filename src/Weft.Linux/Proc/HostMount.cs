namespace Weft.Linux.Proc;

/// <summary>A line of mountinfo. Texts are escaped as the kernel does. Source: proc_pid_mountinfo(5).</summary>
internal sealed record HostMount
{
    /// <summary>Mount id.</summary>
    internal required string Id { get; init; }

    /// <summary>Parent's mount id.</summary>
    internal required string Parent { get; init; }

    /// <summary>st_dev of its files, "major:minor".</summary>
    internal required string Device { get; init; }

    /// <summary>Path in the file system that is the mount's root.</summary>
    internal required string Root { get; init; }

    /// <summary>Where it is mounted.</summary>
    internal required string Point { get; init; }

    /// <summary>Options of the mount.</summary>
    internal required string Options { get; init; }

    /// <summary>File system type.</summary>
    internal required string Type { get; init; }

    /// <summary>What is mounted.</summary>
    internal required string Source { get; init; }

    /// <summary>Options of the file system.</summary>
    internal required string SuperOptions { get; init; }

    /// <summary>Parses a line; null for a malformed one. Optional fields (propagation) are dropped: a VM has none.</summary>
    internal static HostMount? Parse(string line)
    {
        string[] fields = line.Split(' ');
        int separator = Array.IndexOf(fields, "-");
        const int fixedFields = 6, typeFields = 3;
        if (separator < fixedFields || fields.Length < separator + 1 + typeFields)
            return null;
        return new HostMount
        {
            Id = fields[0],
            Parent = fields[1],
            Device = fields[2],
            Root = fields[3],
            Point = fields[4],
            Options = fields[5],
            Type = fields[separator + 1],
            Source = fields[separator + 2],
            SuperOptions = fields[separator + 3],
        };
    }

    /// <summary>The line of mountinfo.</summary>
    internal string ToMountInfo() => $"{Id} {Parent} {Device} {Root} {Point} {Options} - {Type} {Source} {SuperOptions}\n";

    /// <summary>The line of /proc/mounts.</summary>
    internal string ToMounts()
    {
        bool readOnly = IsReadOnly(Options) || IsReadOnly(SuperOptions);
        return $"{Source} {Point} {Type} {(readOnly ? "ro" : "rw")}{Rest(Options)}{Rest(SuperOptions)} 0 0\n";
    }

    /// <summary>The line of /proc/self/mountstats.</summary>
    internal string ToMountStats() => $"device {Source} mounted on {Point} with fstype {Type}\n";

    private static bool IsReadOnly(string options) => options == "ro" || options.StartsWith("ro,", StringComparison.Ordinal);

    private static string Rest(string options)
    {
        int comma = options.IndexOf(',');
        return comma < 0 ? "" : options[comma..];
    }
}
