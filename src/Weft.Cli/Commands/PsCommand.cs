using System.Text;
using System.Text.Json;
using Weft.Vm.Registry;

namespace Weft.Cli.Commands;

/// <summary>`weft ps`.</summary>
public static class PsCommand
{
    /// <summary>Prints the running VMs of this user.</summary>
    public static int Run(bool json)
    {
        IReadOnlyList<VmStatus> list = VmStatus.List();
        Console.Out.Write(json ? JsonSerializer.Serialize(list, VmStatusJson.Default.IReadOnlyListVmStatus) + "\n" : Format(list));
        return ExitStatus.Success;
    }

    /// <summary>The list as an aligned table.</summary>
    public static string Format(IReadOnlyList<VmStatus> list)
    {
        List<string[]> rows = [["PID", "NAME", "GROUP", "STATE", "MEMORY", "TIME", "SHARES WITH", "PROGRAM"]];
        foreach (VmStatus vm in list)
            rows.Add([$"{vm.ProcessId}", OrDash(vm.Name), OrDash(vm.Group), vm.State, $"{vm.MemoryBytes / 1048576.0:0.0}M", Time(vm.RunSeconds),
                OrDash(string.Join(", ", vm.Shares.Select(Shares))), TextTable.Printable(vm.Program)]);
        StringBuilder text = new();
        int last = rows[0].Length - 1;
        foreach (string[] row in rows)
        {
            for (int column = 0; column < last; column++)
                text.Append(row[column].PadRight(rows.Max(other => other[column].Length) + 2));
            text.Append(row[last]).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>"4711: memory + 2 files".</summary>
    private static string Shares(VmShare share)
    {
        string files = share.Files.Count switch { 0 => "", 1 => TextTable.Printable(Path.GetFileName(share.Files[0])), _ => $"{share.Files.Count} files" };
        return $"{share.With}: {(share.Memory ? "memory" : "")}{(share.Memory && files.Length > 0 ? " + " : "")}{files}";
    }

    private static string OrDash(string text) => text.Length > 0 ? text : "-";

    private static string Time(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(seconds);
        return time.TotalHours >= 1 ? $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}" : $"{time.Minutes}:{time.Seconds:00}";
    }
}
