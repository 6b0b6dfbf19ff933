using System.Text;
using Weft.Linux.Loading;

namespace Weft.Linux.Tests.Loading;

public sealed class ElfImageTests
{
    public static TheoryData<string> Cases => [.. ElfCase.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_case_gets_its_answer_in_one_line(string name)
    {
        ElfCase expected = ElfCase.All.Single(c => c.Name == name);
        ElfFailure failure = Load(BytesOf(expected));

        Assert.Equal(expected.Error, failure.Error);
        if (expected.Error != ElfError.None)
            Assert.Matches("^[a-z][^\n]+[^.\n]$", failure.Message);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Linux_does_with_each_case_what_we_say_it_does(string name)
    {
        ElfCase expected = ElfCase.All.Single(c => c.Name == name);
        byte[] bytes = BytesOf(expected);
        if (expected.Native == Native.Unlike)
            return;
        using var scratch = new Scratch();
        Tools.Outcome outcome = Tools.Run(scratch.Executable("case", bytes));

        int errno = Load(bytes).Errno(ElfRole.Program);
        (int, int) want = expected.Native switch
        {
            Native.Runs => (0, 42),
            Native.Dies => (0, 128 + 11),
            _ => (errno, -1),
        };
        Assert.Equal(want, (outcome.Errno, outcome.ExitCode));
        Assert.Equal(expected.Native == Native.Runs, errno == 0);
    }

    [Theory]
    [InlineData("", ElfError.NotElf)]
    [InlineData("#!/bin/sh\n", ElfError.NotElf)]
    [InlineData("\x7f" + "EL", ElfError.NotElf)]
    [InlineData("\x7f" + "ELF", ElfError.Truncated)]
    public void Short_files_are_refused(string text, ElfError expected)
        => Assert.Equal(expected, Load(Encoding.Latin1.GetBytes(text)).Error);

    [Fact]
    public void Every_prefix_of_a_program_is_refused_as_truncated()
    {
        byte[] bytes = new TestElf().ToBytes();
        for (int length = 4; length < 0x1000; length++)
            Assert.Equal(ElfError.Truncated, Load(bytes[..length]).Error);
    }

    [Fact]
    public void The_message_names_the_other_architecture()
        => Assert.Contains("AArch64", Load(new TestElf { Machine = 183 }.ToBytes()).Message, StringComparison.Ordinal);

    [Fact]
    public void Program_headers_far_into_the_file_are_read_in_a_second_step()
    {
        byte[] bytes = new TestElf { TableOffset = 0x2_0000, Length = 0x2_1000 }.ToBytes();
        ReadOnlySpan<byte> head = bytes.AsSpan(0, 0x1_0000);

        Assert.False(ElfImage.TryParse(head, bytes.Length, ElfRole.Program, out _, out ElfFailure failure));
        Assert.Equal(ElfError.ProgramHeadersNotGiven, failure.Error);
        Assert.True(ElfImage.TryProgramHeaderRange(head, bytes.Length, out FileRange range, out _));
        Assert.Equal(new FileRange(0x2_0000, 56), range);
        Assert.True(ElfImage.TryParse(
            head, bytes.AsSpan((int)range.Offset, range.Length), bytes.Length, ElfRole.Program, out ElfImage? image, out _));
        Assert.Equal(1, image.ProgramHeaderCount);
        Assert.False(ElfImage.TryParse(head, bytes.AsSpan(0, 55), bytes.Length, ElfRole.Program, out _, out failure));
        Assert.Equal(ElfError.ProgramHeadersNotGiven, failure.Error);
    }

    [Fact]
    public void An_interpreters_own_interpreter_is_ignored_and_its_errors_are_those_of_a_library()
    {
        var elf = new TestElf();
        elf.Headers.Add(new(TestElf.Interp, 4, 0x9_0000, 0, 20, 20, 1));
        byte[] bytes = elf.ToBytes();

        Assert.True(ElfImage.TryParse(bytes, bytes.Length, ElfRole.Interpreter, out ElfImage? image, out _));
        Assert.Null(image.Interpreter);
        Assert.False(ElfImage.TryParse("text"u8, 4, ElfRole.Interpreter, out _, out ElfFailure failure));
        Assert.Equal(80, failure.Errno(ElfRole.Interpreter));
        Assert.Equal(8, failure.Errno(ElfRole.Program));
    }

    [Theory]
    [InlineData("/lib/ld\0", "/lib/ld")]
    [InlineData("/lib/ld\0junk\0", "/lib/ld")]
    [InlineData("\0\0", "")]
    [InlineData("/lib/ld", null)]
    [InlineData("\0", null)]
    [InlineData("", null)]
    public void The_interpreters_path_ends_at_its_nul(string text, string? expected)
    {
        bool found = ElfImage.TryInterpreterPath(Encoding.Latin1.GetBytes(text), out byte[]? path, out ElfFailure failure);

        Assert.Equal(expected is not null, found);
        Assert.Equal(expected, path is null ? null : Encoding.Latin1.GetString(path));
        Assert.Equal(found ? ElfError.None : ElfError.BadInterpreter, failure.Error);
    }

    [Theory]
    [InlineData(new uint[0], false)]
    [InlineData(new uint[] { 6 }, false)]
    [InlineData(new uint[] { 7 }, true)]
    [InlineData(new uint[] { 7, 6 }, false)]
    public void The_last_stack_header_says_whether_the_stack_is_executable(uint[] flags, bool expected)
    {
        var elf = new TestElf();
        foreach (uint value in flags)
            elf.Headers.Add(new(TestElf.GnuStack, value, 0, 0, 0, 0, 16));
        byte[] bytes = elf.ToBytes();

        Assert.True(ElfImage.TryParse(bytes, bytes.Length, ElfRole.Program, out ElfImage? image, out _));
        Assert.Equal(expected, image.HasExecutableStack);
    }

    private static byte[] BytesOf(ElfCase item)
    {
        var elf = new TestElf();
        item.Change(elf);
        return elf.ToBytes();
    }

    /// <summary>Parses and plans, as a loader would.</summary>
    private static ElfFailure Load(byte[] bytes)
    {
        if (ElfImage.TryParse(bytes, bytes.Length, ElfRole.Program, out ElfImage? image, out ElfFailure failure))
            LoadPlan.TryCreate(image, LoadPlacement.ProgramBias(image, 0), 4096, ElfRole.Program, out _, out failure);
        return failure;
    }
}
