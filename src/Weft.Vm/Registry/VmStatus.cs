namespace Weft.Vm.Registry;

/// <summary>A running VM as `weft ps` shows it.</summary>
/// <param name="ProcessId">The VMM's process id, which is the program's too.</param>
/// <param name="Name">Its --name, or "".</param>
/// <param name="Group">Its group, or "".</param>
/// <param name="State">"running", or "paused" after weft pause, ^Z or SIGSTOP.</param>
/// <param name="Program">The program.</param>
/// <param name="MemoryBytes">Anonymous and shared memory in use, the VMM's few MiB included.</param>
/// <param name="RunSeconds">Since its start.</param>
/// <param name="SharesWith">Process ids of members that may map this VM's memory.</param>
/// <param name="Shares">What it shares with each VM that it shares anything with.</param>
public sealed record VmStatus(
    int ProcessId, string Name, string Group, string State, string Program, ulong MemoryBytes, double RunSeconds, IReadOnlyList<int> SharesWith,
    IReadOnlyList<VmShare> Shares)
{
    /// <summary>The running VMs of this user with what the host knows of them.</summary>
    public static IReadOnlyList<VmStatus> List()
    {
        List<VmStatus> list = [];
        VmRegister.Sweep(RuntimeDirectory.Path);
        IReadOnlyList<VmRecord> records = VmRegister.List(VmRegister.DirectoryIn(RuntimeDirectory.Path));
        var maps = records.ToDictionary(record => record.ProcessId, record => SharedMaps.Of(record.ProcessId));
        foreach (VmRecord record in records)
            if (Of(record, SharesOf(record, maps)) is { } status)
                list.Add(status);
        return list;
    }

    private static List<VmShare> SharesOf(VmRecord record, Dictionary<int, IReadOnlyDictionary<(string Device, string Inode), string>> maps)
    {
        List<VmShare> shares = [];
        foreach ((int other, IReadOnlyDictionary<(string, string), string> map) in maps)
        {
            if (other == record.ProcessId)
                continue;
            VmShare share = new(other, record.Grants.Contains(other), SharedMaps.Common(maps[record.ProcessId], map));
            if (share.Memory || share.Files.Count > 0)
                shares.Add(share);
        }
        return shares;
    }

    private static VmStatus? Of(VmRecord record, IReadOnlyList<VmShare> shares)
    {
        ulong memory = 0;
        string state = "running";
        try
        {
            foreach (string line in File.ReadLines($"/proc/{record.ProcessId}/status"))
            {
                string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (words is ["RssAnon:" or "RssShmem:", var kilobytes, ..] && ulong.TryParse(kilobytes, out ulong value))
                    memory += value << 10;
                else if (words is ["State:", "T" or "t", ..])
                    state = "paused";
            }
        }
        catch (IOException)
        {
            // It has just ended.
            return null;
        }
        double seconds = Math.Max(0, (DateTimeOffset.UtcNow - record.StartedAt).TotalSeconds);
        return new VmStatus(record.ProcessId, record.Name, record.Group, state, record.Program, memory, Math.Round(seconds, 3), record.Grants, shares);
    }
}
