using System.Text;
using Weft.Native;

namespace Weft.Linux.Tests;

/// <summary>
/// docs/syscalls.md is what the handlers' attributes say. To write it anew:
/// WEFT_REGENERATE_DOCS=1 dotnet test tests/Weft.Linux.Tests --filter SystemCallDocument.
/// </summary>
public class SystemCallDocumentTests
{
    [Fact]
    public void The_support_matrix_in_docs_is_what_the_handlers_say()
    {
        string path = Path.Combine(Root(), "docs", "syscalls.md");
        string expected = Render();
        if (Environment.GetEnvironmentVariable("WEFT_REGENERATE_DOCS") is not null)
            File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public void Every_handled_number_is_a_system_call_of_Linux_and_says_what_is_missing()
    {
        foreach (SystemCallInfo info in SystemCallTable.Infos)
        {
            Assert.True(SystemCallNames.Exists(info.Number), $"{info.Number} is no system call");
            Assert.Equal(info.Support == SupportState.Full, info.Missing.Length == 0);
        }
    }

    private static string Render()
    {
        Dictionary<int, SystemCallInfo> infos = SystemCallTable.Infos.ToDictionary(info => info.Number);
        int Count(SupportState state) => infos.Values.Count(info => info.Support == state);
        StringBuilder text = new();
        text.Append("# System calls\n\nGenerated from the handlers' attributes; a test holds it true.\n\n");
        text.Append($"{Count(SupportState.Full)} full, {Count(SupportState.Partly)} partly, {Count(SupportState.Refused)} refused. ");
        text.Append("All others answer ENOSYS and are counted in --stats. Ways besides an exit: S the stub answers, A the attendant.\n\n");
        text.Append("| number | call | state | ways | missing, or why refused |\n| ---: | --- | --- | --- | --- |\n");
        for (int number = 0; number < SystemCallNames.Count; number++)
        {
            if (!SystemCallNames.Exists(number))
                continue;
            string name = SystemCallNames.Of((ulong)number);
            if (!infos.TryGetValue(number, out SystemCallInfo? info))
            {
                text.Append($"| {number} | {name} | refused | | ENOSYS |\n");
                continue;
            }
            string ways = ((info.Ways & CallWays.Stub) != 0 ? "S" : "") + ((info.Ways & CallWays.Attendant) != 0 ? "A" : "");
            text.Append($"| {number} | {name} | {info.Support.ToString().ToLowerInvariant()} | {ways} | {info.Missing.Replace("|", "\\|")} |\n");
        }
        return text.ToString();
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weft.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Not below the repository's root.");
    }
}
