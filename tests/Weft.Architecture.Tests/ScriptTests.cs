using System.Diagnostics;

namespace Weft.Architecture.Tests;

/// <summary>The scripts that a user types first.</summary>
public sealed class ScriptTests
{
    public static TheoryData<string> Scripts =>
        [.. new[] { "weft", "test.sh", "demo.sh", ".ci/run" }.Concat(Repository.Files("build", "*.sh")).Concat(Repository.Files("tests/conformance", "*.sh"))];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_is_executable_and_parses(string script)
    {
        string path = Path.Combine(Repository.Root, script);
        Assert.True((File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0, $"{script} is not executable");
        string first = File.ReadLines(path).First();
        Assert.StartsWith("#!", first);
        string shell = first.Contains("bash", StringComparison.Ordinal) ? "bash" : "sh";
        using var check = Process.Start(shell, ["-n", path]);
        check.WaitForExit();
        Assert.Equal(0, check.ExitCode);
    }

    [Fact]
    public void Formatting_is_that_of_editorconfig()
    {
        var start = new ProcessStartInfo("dotnet", ["format", "whitespace", "Weft.slnx", "--verify-no-changes", "--no-restore"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardError = true,
        };
        using var format = Process.Start(start)!;
        string complaints = format.StandardError.ReadToEnd();
        format.WaitForExit();
        Assert.True(format.ExitCode == 0, complaints);
    }
}
