using System.Globalization;

namespace Weft.Linux.Groups;

/// <summary>What of /proc/PID a member of a group may read of another: what needs no scratch memory of a guest thread.</summary>
internal static class MemberFiles
{
    /// <summary>Files, by their names below /proc/PID.</summary>
    internal static readonly string[] Files = ["stat", "status", "statm", "maps", "smaps", "smaps_rollup", "limits", "comm", "cmdline", "environ", "auxv",
        "oom_score", "oom_score_adj", "io", "sched", "loginuid", "cgroup", "mountinfo", "mounts"];

    /// <summary>Links.</summary>
    internal static readonly string[] Links = ["exe", "root", WorkingDirectory];

    /// <summary>Directories: of descriptors, of what is known of them, and of threads.</summary>
    internal const string Descriptors = "fd", DescriptorInfos = "fdinfo", Threads = "task";

    /// <summary>The link to the working directory.</summary>
    internal const string WorkingDirectory = "cwd";

    /// <summary>Whether a path below /proc/PID is one of a file that a member may read: a name above, "fdinfo/N", or "task/TID/" and a name.</summary>
    internal static bool IsFile(string path)
    {
        string[] words = path.Split('/');
        return words switch
        {
            [var file] => Array.IndexOf(Files, file) >= 0,
            [DescriptorInfos, var number] => IsNumber(number),
            [Threads, var thread, var file] => IsNumber(thread) && Array.IndexOf(Files, file) >= 0,
            _ => false,
        };
    }

    private static bool IsNumber(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
