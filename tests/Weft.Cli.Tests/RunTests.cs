using System.Text.Json;

namespace Weft.Cli.Tests;

/// <summary>The tool itself, run on a small static program.</summary>
public sealed class RunTests : IDisposable
{
    private const string Source = """
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>
        #include <string.h>
        extern char **environ;
        int main(int count, char **words) {
            char line[4096]; size_t length = 0;
            for (int index = 1; index < count; index++)
                length += (size_t)sprintf(line + length, "[%s]", words[index]);
            for (char **entry = environ; *entry; entry++)
                if (!strncmp(*entry, "WEFT_TEST", 9))
                    length += (size_t)sprintf(line + length, "{%s}", *entry);
            line[length++] = '\n';
            for (int index = 0; index < 5; index++) getppid();
            write(1, line, length);
            if (count > 1 && !strcmp(words[1], "fault")) *(volatile int *)8 = 1;
            _exit(count > 1 ? atoi(words[1]) : 0);
        }
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("weft-cli-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [RequiresFact("/dev/kvm", "gcc")]
    public void Arguments_environment_and_status_are_the_programs()
    {
        string program = Build();
        Assert.Equal((7, "[7][--memory][x]\n", ""), Shell.Run(Shell.Weft, "run", program, "7", "--memory", "x"));
        Assert.Equal((0, "{WEFT_TEST=a b}\n", ""), Shell.Run(Shell.Weft, "run", "--env", "WEFT_TEST=a b", "--", program));
    }

    [RequiresFact("/dev/kvm")]
    public void The_launcher_hands_the_environment_on_as_it_got_it()
    {
        string[] variables = ["B=1", $"WEFT_BIN={Shell.Weft}", "A=2", "with.dot=3", "BASH_FUNC_f%%=() { :; }", "two=lines\nmore"];
        var (status, output, _) = Shell.Run("/usr/bin/env", ["-i", .. variables, Shell.Launcher, "run", "--", "/usr/bin/env"]);
        Assert.Equal((0, string.Join('\n', variables) + "\n"), (status, output));
    }

    [RequiresFact("/dev/kvm", "gcc")]
    public void The_programs_own_path_is_searched()
    {
        string program = Build();
        Assert.Equal(3, Shell.Run(Shell.Weft, "run", "--env", $"PATH=/nonexistent:{_directory}", Path.GetFileName(program), "3").Status);
        Assert.Equal(127, Shell.Run(Shell.Weft, "run", "--env", "PATH=/nonexistent", Path.GetFileName(program)).Status);
    }

    [RequiresFact("/dev/kvm")]
    public void Programs_that_cannot_start_give_a_shells_status_and_one_line()
    {
        AssertFails(127, "not found", "no-such-program-anywhere");
        AssertFails(127, "no such file", "/no/such/program");
        AssertFails(126, "permission denied", "/etc/passwd");
        AssertFails(126, "permission denied", "/tmp");
        string text = Path.Combine(_directory, "text");
        File.WriteAllText(text, "hello\n");
        File.SetUnixFileMode(text, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AssertFails(126, "", text);
        AssertFails(125, "unknown option", "--nonsense", "ls");
        AssertFails(125, "--trace", "--trace=/no/such/directory/file", "/bin/true");
    }

    [RequiresFact("/dev/kvm", "gcc")]
    public void Statistics_hold_what_the_documentation_says()
    {
        string program = Build(), file = Path.Combine(_directory, "stats.json");
        Assert.Equal(4, Shell.Run(Shell.Weft, "run", "--name", "probe", "--syscalls", "exit", $"--stats={file}", program, "4").Status);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement root = document.RootElement;
        Assert.Equal(["schema", "name", "group", "program", "exitStatus", "time", "exits", "systemCalls", "unknownCalls", "pageFaults", "memory", "processors", "peakThreads", "adapter"],
            root.EnumerateObject().Select(member => member.Name));
        Assert.Equal("probe", root.GetProperty("name").GetString());
        Assert.Equal(4, root.GetProperty("exitStatus").GetInt32());
        JsonElement exits = root.GetProperty("exits");
        Assert.Equal(exits.GetProperty("total").GetInt64(), exits.EnumerateObject().Where(each => each.Name != "total").Sum(each => each.Value.GetInt64()));
        Assert.True(exits.GetProperty("systemCall").GetInt64() >= 7);
        JsonElement calls = root.GetProperty("systemCalls");
        Assert.Equal(5, calls.GetProperty("getppid").GetProperty("exit").GetProperty("count").GetInt64());
        Assert.Equal(1, calls.GetProperty("exit_group").GetProperty("exit").GetProperty("count").GetInt64());
        Assert.True(calls.GetProperty("write").GetProperty("exit").GetProperty("ns").GetInt64() > 0);
        Assert.True(root.GetProperty("time").GetProperty("firstInstructionNs").GetInt64() > 0);
        Assert.True(root.GetProperty("memory").GetProperty("guestResidentBytes").GetInt64() > 0);
        Assert.Equal(1, root.GetProperty("peakThreads").GetInt32());
    }

    [RequiresFact("/dev/kvm", "gcc")]
    public void A_trace_shows_calls_signals_and_the_end()
    {
        string program = Build();
        string[] lines = Shell.Run(Shell.Weft, "run", "--trace", program, "5").Error.TrimEnd().Split('\n');
        Assert.Contains(lines, line => line.Contains("write(1, \"[5]\\n\", 4) = 4 <"));
        Assert.Equal(5, lines.Count(line => line.Contains("getppid() = ")));
        Assert.EndsWith("exit_group(5) = ?", lines[^2]);
        Assert.EndsWith("+++ exited with 5 +++", lines[^1]);

        (int status, _, string error) = Shell.Run(Shell.Weft, "run", "--trace", program, "fault");
        Assert.Equal(139, status);
        Assert.Contains("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x8} ---", error);
        Assert.Contains("+++ killed by SIGSEGV +++", error);
    }

    [RequiresFact("/dev/kvm")]
    public void The_doctor_finds_that_programs_can_run()
    {
        (int status, string output, string error) = Shell.Run(Shell.Weft, "doctor", "--json");
        Assert.Equal((0, ""), (status, error));
        using JsonDocument document = JsonDocument.Parse(output);
        Assert.True(document.RootElement.GetProperty("canRun").GetBoolean());
        Assert.Contains(document.RootElement.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("id").GetString() == "kvm.probe");
        Assert.Contains("'weft run' can work", Shell.Run(Shell.Weft, "doctor").Output);
    }

    private static void AssertFails(int status, string message, params string[] words)
    {
        (int actual, string output, string error) = Shell.Run(Shell.Weft, ["run", .. words]);
        Assert.True(status == actual && output.Length == 0, $"{string.Join(' ', words)}: {actual}, {output}{error}");
        Assert.StartsWith("weft: ", error);
        Assert.Contains(message, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private string Build()
    {
        string source = Path.Combine(_directory, "probe.c"), program = Path.Combine(_directory, "probe");
        File.WriteAllText(source, Source);
        Assert.Equal(0, Shell.Run("gcc", "-static", "-O1", "-w", "-o", program, source).Status);
        return program;
    }
}
