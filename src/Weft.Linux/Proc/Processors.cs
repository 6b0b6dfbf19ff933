using System.Text;

namespace Weft.Linux.Proc;

/// <summary>
/// The VM's processors in /proc: the host's own entries when the VM has as many as the host; else a flat machine
/// of one package whose processors are all cores of the kind of the host's first ones.
/// </summary>
internal sealed class Processors
{
    private readonly HostReader _host;

    /// <summary>Looks at the host's processors.</summary>
    /// <param name="host">Reads the host.</param>
    /// <param name="count">How many processors the program sees.</param>
    internal Processors(HostReader host, int count)
    {
        _host = host;
        Count = Math.Max(1, count);
        List<int> online = ProcessorNumbers.Parse(host.ReadText("/sys/devices/system/cpu/online"));
        HostNumbers = online.Count > 0 ? [.. online] : [0];
        IsHostsOwn = HostNumbers.Length == Count && HostNumbers[^1] == Count - 1;
    }

    /// <summary>How many the program sees, numbered from 0.</summary>
    internal int Count { get; }

    /// <summary>The host's online processors.</summary>
    internal int[] HostNumbers { get; }

    /// <summary>Whether the program sees the host's processors as they are.</summary>
    internal bool IsHostsOwn { get; }

    /// <summary>The host's processor that a processor of the VM looks like.</summary>
    internal int HostNumberOf(int processor) => HostNumbers[processor % HostNumbers.Length];

    /// <summary>/proc/cpuinfo.</summary>
    internal string CpuInfo()
    {
        string host = _host.ReadText("/proc/cpuinfo");
        if (IsHostsOwn)
            return host;
        string[] entries = host.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        if (entries.Length == 0)
            return host;
        StringBuilder text = new();
        for (int processor = 0; processor < Count; processor++)
            AppendEntry(text, entries[processor % entries.Length], processor);
        return text.ToString();
    }

    /// <summary>/proc/stat.</summary>
    internal string Statistics()
    {
        string host = _host.ReadText("/proc/stat");
        if (IsHostsOwn)
            return host;
        List<string> rows = [], rest = [];
        foreach (string line in host.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (!line.StartsWith("cpu", StringComparison.Ordinal))
                rest.Add(line);
            else if (!line.StartsWith("cpu ", StringComparison.Ordinal))
                rows.Add(line[(line.IndexOf(' ') + 1)..]);
        if (rows.Count == 0)
            return host;
        ulong[] sums = new ulong[rows[0].Split(' ').Length];
        StringBuilder lines = new();
        for (int processor = 0; processor < Count; processor++)
        {
            string row = rows[processor % rows.Count];
            lines.Append($"cpu{processor} {row}\n");
            string[] fields = row.Split(' ');
            for (int i = 0; i < sums.Length && i < fields.Length; i++)
                sums[i] += ulong.TryParse(fields[i], out ulong value) ? value : 0;
        }
        return $"cpu  {string.Join(' ', sums)}\n{lines}{string.Join('\n', rest)}\n";
    }

    private void AppendEntry(StringBuilder text, string entry, int processor)
    {
        foreach (string line in entry.Split('\n'))
        {
            int colon = line.IndexOf(':');
            string key = colon < 0 ? line : line[..colon].TrimEnd();
            int? value = key switch
            {
                "processor" or "core id" or "apicid" or "initial apicid" => processor,
                "siblings" or "cpu cores" => Count,
                "physical id" => 0,
                _ => null,
            };
            text.Append(value is { } number ? $"{line[..colon]}: {number}" : line).Append('\n');
        }
        text.Append('\n');
    }
}
