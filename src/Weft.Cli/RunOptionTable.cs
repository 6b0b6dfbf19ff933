namespace Weft.Cli;

/// <summary>The options of `weft run`, in the order of help.</summary>
public static class RunOptionTable
{
#pragma warning disable CS1591 // The names say it; descriptions below.
    public static readonly RunOption Memory = new("--memory", "SIZE", "Most memory the program may use, e.g. 512M or 2G (K, M, G, T by 1024)");
    public static readonly RunOption Vcpus = new("--vcpus", "N", "Processors the program sees; threads beyond them share");
    public static readonly RunOption Root = new("--root", "DIR", "Use DIR as the program's / (PROGRAM is then looked up inside)")
    { Completes = ValueKind.Directory };
    public static readonly RunOption Bind = new("--bind", "SRC:DST[:ro]", "Show the host's SRC at DST inside, read-only with :ro; repeatable")
    { IsRepeatable = true, Completes = ValueKind.File };
    public static readonly RunOption ReadOnly = new("--read-only", null, "Let the program change no file but below writable binds");
    public static readonly RunOption Network = new("--network", "host|none", "Use the host's network (the default), or none")
    { Choices = ["host", "none"] };
    public static readonly RunOption Adapter = new("--adapter", "auto|poll|event", "Give the program an RDMA adapter; starts weftd when none runs, with this engine")
    { ValueIsOptional = true, Choices = ["auto", "poll", "event"] };
    public static readonly RunOption Env = new("--env", "K[=V]", "Set a variable; K alone passes the caller's on; repeatable")
    { IsRepeatable = true };
    public static readonly RunOption Cwd = new("--cwd", "DIR", "Start in DIR, as the program sees it")
    { Completes = ValueKind.Directory };
    public static readonly RunOption Name = new("--name", "NAME", "A name for the VM");
    public static readonly RunOption Group = new("--group", "NAME", "Let VMs of this group share memory as processes do (default: WEFT_GROUP, or the MPI job)");
    public static readonly RunOption Trace = new("--trace", "FILE", "Print each system call to standard error or FILE")
    { ValueIsOptional = true, Completes = ValueKind.File };
    public static readonly RunOption Stats = new("--stats", "FILE", "Write statistics as JSON to standard error or FILE at the end")
    { ValueIsOptional = true, Completes = ValueKind.File };
    public static readonly RunOption Syscalls = new("--syscalls", "exit|attendant|auto", "Force the way that system calls take, for measurement")
    { Choices = ["exit", "attendant", "auto"] };
#pragma warning restore CS1591

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RunOption> All { get; } =
        [Memory, Vcpus, Root, Bind, ReadOnly, Network, Adapter, Env, Cwd, Name, Group, Trace, Stats, Syscalls];

    /// <summary>The option of this name, or null.</summary>
    public static RunOption? Find(string name)
    {
        foreach (RunOption option in All)
            if (option.Name == name)
                return option;
        return null;
    }
}
