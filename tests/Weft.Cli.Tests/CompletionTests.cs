using Weft.Cli.Completion;

namespace Weft.Cli.Tests;

public sealed class CompletionTests
{
    public static TheoryData<string, string> Scripts => new()
    {
        { "bash", BashCompletion.Create() },
        { "zsh", ZshCompletion.Create() },
        { "fish", FishCompletion.Create() },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Every_option_is_completed(string shell, string script) =>
        Assert.All(RunOptionTable.All, option => Assert.Contains(shell == "fish" ? "-l " + option.Name[2..] : option.Name, script));

    [RequiresFact("bash")]
    public void The_bash_script_is_valid() => AssertValid("bash", "-n", BashCompletion.Create());

    [RequiresFact("zsh")]
    public void The_zsh_script_is_valid() => AssertValid("zsh", "-n", ZshCompletion.Create());

    [RequiresFact("fish")]
    public void The_fish_script_is_valid() => AssertValid("fish", "-n", FishCompletion.Create());

    [RequiresFact("bash")]
    public void Bash_completes_commands_options_and_values()
    {
        Assert.Equal("run", Complete("weft", "ru"));
        Assert.Equal("--memory", Complete("weft", "run", "--me"));
        Assert.Equal("host none", Complete("weft", "run", "--network", ""));
        Assert.Equal("attendant auto", Complete("weft", "run", "--memory", "1G", "--syscalls", "a"));
        Assert.Equal("bash", Complete("weft", "completion", "b"));
        Assert.Equal("--json", Complete("weft", "doctor", "--j"));
        Assert.Equal("--queue-pairs", Complete("weft", "adapter", "--q"));
        Assert.Equal("--stop", Complete("weft", "daemon", "--s"));
    }

    private static string Complete(params string[] words)
    {
        string line = $"COMP_WORDS=({string.Join(' ', words.Select(word => $"'{word}'"))}); COMP_CWORD={words.Length - 1}; _weft; echo \"${{COMPREPLY[*]}}\"";
        (int status, string output, string error) = Shell.Run("bash", "-c", BashCompletion.Create() + line);
        Assert.Equal((0, ""), (status, error));
        return output.Trim();
    }

    private static void AssertValid(string shell, string option, string script)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, script);
            Assert.Equal((0, "", ""), Shell.Run(shell, option, path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
