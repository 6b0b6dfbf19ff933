namespace Weft.Vm.Registry;

/// <summary>Finds what processes have mapped in common, as the host's kernel tells it: nobody needs to note it.</summary>
public static class SharedMaps
{
    // "address permissions offset device inode path". Source: proc(5).
    private const int Fields = 5;

    /// <summary>Files that a process has mapped shared and writable, by device and inode. Empty for one that has ended or is another user's.</summary>
    public static IReadOnlyDictionary<(string Device, string Inode), string> Of(int processId)
    {
        Dictionary<(string, string), string> files = [];
        try
        {
            foreach (string line in File.ReadLines($"/proc/{processId}/maps"))
                if (Parse(line) is var (key, name))
                    files[key] = name;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            files.Clear();
        }
        return files;
    }

    /// <summary>The names that two processes have in common. Arenas are left out: who may map them is told by grants.</summary>
    public static IReadOnlyList<string> Common(
        IReadOnlyDictionary<(string Device, string Inode), string> first, IReadOnlyDictionary<(string Device, string Inode), string> second)
    {
        List<string> names = [];
        foreach (((string, string) key, string name) in first)
            if (second.ContainsKey(key) && !name.StartsWith(ArenaName, StringComparison.Ordinal))
                names.Add(name);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>What the names of the VMMs' own memory begin with.</summary>
    private const string ArenaName = "/memfd:weft";

    /// <summary>A line of maps; null for what is not shared, not writable or no file.</summary>
    public static ((string Device, string Inode) Key, string Name)? Parse(string line)
    {
        const string deleted = " (deleted)";
        string[] words = line.Split(' ', Fields + 1, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length <= Fields || words[1] is not [_, 'w', _, 's'] || words[4] == "0")
            return null;
        string name = words[Fields].TrimStart();
        // The kernel's own, such as "anon_inode:kvm-vcpu:0", have one inode for all.
        if (!name.StartsWith('/'))
            return null;
        return ((words[3], words[4]), name.EndsWith(deleted, StringComparison.Ordinal) ? name[..^deleted.Length] : name);
    }
}
