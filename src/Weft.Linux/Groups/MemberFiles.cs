namespace Weft.Linux.Groups;

/// <summary>What of /proc/PID a member of a group may read of another: what needs no scratch memory of a guest thread.</summary>
internal static class MemberFiles
{
    /// <summary>Files, by their names below /proc/PID.</summary>
    internal static readonly string[] Files = ["stat", "status", "statm", "maps", "smaps", "smaps_rollup", "limits", "comm", "cmdline", "environ", "auxv",
        "oom_score", "oom_score_adj", "io", "sched", "loginuid", "cgroup", "mountinfo", "mounts"];

    /// <summary>Links.</summary>
    internal static readonly string[] Links = ["exe", "root"];
}
