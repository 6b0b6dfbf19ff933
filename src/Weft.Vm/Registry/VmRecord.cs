using System.Globalization;
using System.Text;

namespace Weft.Vm.Registry;

/// <summary>What a running VM says of itself in its file of the register.</summary>
/// <param name="ProcessId">The VMM's process id, which is the program's too.</param>
/// <param name="Name">Its --name, or "".</param>
/// <param name="Group">The group whose members may share memory, or "".</param>
/// <param name="Program">The program as the command line names it.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Grants">Process ids of the members that may map this VM's memory now.</param>
public sealed record VmRecord(int ProcessId, string Name, string Group, string Program, DateTimeOffset StartedAt, IReadOnlyList<int> Grants)
{
    private const string Magic = "weft-vm 1";

    /// <summary>Bytes of one grant's line: a number, padded, so that it can be replaced in place.</summary>
    internal const int GrantLineBytes = 11;

    /// <summary>The text before the grants' lines.</summary>
    internal string Header() =>
        $"{Magic}\n{ProcessId}\n{Name}\n{Group}\n{StartedAt.ToUnixTimeMilliseconds()}\n{Uri.EscapeDataString(Program)}\n";

    /// <summary>A grant's line; 0 for one that was taken back.</summary>
    internal static string GrantLine(int processId) => processId.ToString(CultureInfo.InvariantCulture).PadLeft(GrantLineBytes - 1) + "\n";

    /// <summary>Reads a file's content. Null when it is no whole record.</summary>
    public static VmRecord? Parse(ReadOnlySpan<byte> content)
    {
        const int headerLines = 6;
        string[] lines = Encoding.UTF8.GetString(content).Split('\n');
        if (lines.Length <= headerLines || lines[0] != Magic || !int.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out int processId)
            || processId <= 0 || !long.TryParse(lines[4], NumberStyles.None, CultureInfo.InvariantCulture, out long startedMs)
            || startedMs > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return null;
        List<int> grants = [];
        foreach (string line in lines.AsSpan(headerLines))
            if (int.TryParse(line, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int grant) && grant > 0)
                grants.Add(grant);
        return new VmRecord(processId, lines[2], lines[3], Uri.UnescapeDataString(lines[5]), DateTimeOffset.FromUnixTimeMilliseconds(startedMs), grants);
    }
}
