using System.Text;
using Weft.Linux.Loading;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Loading;

public sealed class ScriptHeaderTests(ITestOutputHelper output)
{
    private static readonly string Long = new('x', 300);

    public static TheoryData<string, string?, string?> Lines => new()
    {
        { "#!/bin/sh\n", "/bin/sh", null },
        { "#!/bin/sh", "/bin/sh", null },
        { "#! \t/bin/sh \t\n", "/bin/sh", null },
        { "#!/usr/bin/env python3 -u\nprint()", "/usr/bin/env", "python3 -u" },
        { "#!/bin/sh  -e  -x \t\n", "/bin/sh", "-e  -x" },
        { "#!/bin/sh\0-e\n", "/bin/sh", null },
        { "#!/bin/sh -e\0-x\n", "/bin/sh", "-e" },
        { "#!/bin/sh\r\n", "/bin/sh\r", null },
        { "#!/" + Long + "\n", null, null },
        { "#!/bin/sh " + Long + "\n", "/bin/sh", Long[..245] },
        { "#!/" + Long[..252] + "\n", "/" + Long[..252], null },
        { "#!/" + Long[..251] + " -a\n", "/" + Long[..251], null },
        { "#!/bin/sh" + new string(' ', 246) + "x", "/bin/sh", null },
        { "#!", "", null },
        { "#!\n", null, null },
        { "#!  \t\n/bin/sh", null, null },
        { "#!" + new string(' ', 254), null, null },
        { "#/bin/sh\n", null, null },
        { " #!/bin/sh\n", null, null },
        { "", null, null },
        { "#", null, null },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_is_split_as_execve_splits_it(string line, string? interpreter, string? argument)
    {
        bool found = ScriptHeader.TryParse(Encoding.Latin1.GetBytes(line), out byte[]? name, out byte[]? rest);

        Assert.Equal(interpreter is not null, found);
        Assert.Equal(interpreter, name is null ? null : Encoding.Latin1.GetString(name));
        Assert.Equal(argument, rest is null ? null : Encoding.Latin1.GetString(rest));
    }

    [Fact]
    public void The_interpreter_gets_its_argument_the_path_and_all_but_the_scripts_name()
    {
        byte[][] own = ["name"u8.ToArray(), "one"u8.ToArray()];
        Assert.Equal(
            ["/bin/sh", "-e", "/tmp/s", "one"],
            ScriptHeader.Arguments("/bin/sh"u8.ToArray(), "-e"u8.ToArray(), "/tmp/s"u8.ToArray(), own).Select(Encoding.ASCII.GetString));
        Assert.Equal(
            ["/bin/sh", "/tmp/s"],
            ScriptHeader.Arguments("/bin/sh"u8.ToArray(), null, "/tmp/s"u8.ToArray(), []).Select(Encoding.ASCII.GetString));
    }

    [Fact]
    public void Random_lines_are_read_as_Linux_reads_them()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var scratch = new Scratch();
        for (int i = 0; i < 60; i++)
        {
            byte[] line = RandomLine(random);
            string path = scratch.Executable($"script{i}", line);
            Tools.Outcome outcome = Tools.Run(path);
            string got = $"errno {outcome.Errno}: {Encoding.Latin1.GetString(outcome.Output)}";
            string shown = $"seed {seed}: {Encoding.Latin1.GetString(line).Replace("\0", "\\0", StringComparison.Ordinal)}";

            string want = "errno 8: ";
            if (ScriptHeader.TryParse(line, out byte[]? interpreter, out byte[]? argument))
            {
                string rest = argument is null ? "" : Encoding.Latin1.GetString(argument) + " ";
                want = Encoding.Latin1.GetString(interpreter) == "/bin/echo" ? $"errno 0: {rest}{path}\n" : "errno 2: ";
            }

            Assert.True(want == got, $"{shown}\nwant {want}\ngot {got}");
        }
    }

    private static byte[] RandomLine(Random random)
    {
        var line = new StringBuilder("#!");
        ReadOnlySpan<string> parts = [" ", "\t", "\n", "\0", "a", "b ", " ", "\t ", "x y"];
        Blanks();
        line.Append("/bin/echo");
        Blanks();
        for (int i = random.Next(8); i > 0; i--)
            line.Append(parts[random.Next(parts.Length)]);
        if (random.Next(3) == 0)
            line.Append(random.Next(2) == 0 ? ' ' : 'z', random.Next(230, 260)).Append("t\n");
        return Encoding.Latin1.GetBytes(line.ToString());

        void Blanks()
        {
            if (random.Next(3) == 0)
                line.Append(random.Next(2) == 0 ? ' ' : '\t', random.Next(6) == 0 ? random.Next(225, 260) : random.Next(4));
        }
    }
}
