using System.Text;

namespace Weft.Cli.Tests;

public sealed class RunLineParserTests
{
    [Theory]
    [InlineData("ls|-l", "ls|-l")]
    [InlineData("--|ls|-l", "ls|-l")]
    [InlineData("--memory|1G|ls|--memory|2G", "ls|--memory|2G")]
    [InlineData("--memory=1G|--|--odd-name", "--odd-name")]
    [InlineData("--trace|ls|-l", "ls|-l")]
    [InlineData("--trace|log|--|ls|-l", "ls|-l")]
    [InlineData("--trace|--stats|--|ls", "ls")]
    [InlineData("--trace|ls|-l|--|x", "ls|-l|--|x")]
    [InlineData("--trace=log|ls|--|x", "ls|--|x")]
    [InlineData("-|x", "-|x")]
    [InlineData("--env|A=--|--|ls", "ls")]
    public void The_first_word_that_is_no_option_begins_the_command(string line, string command) =>
        Assert.Equal(command.Split('|'), Words.Text(RunLineParser.Parse(Words.Of(line.Split('|'))).Command));

    [Fact]
    public void An_optional_value_is_a_word_of_its_own_only_before_a_separator()
    {
        Assert.Equal("", Words.Options("--trace", "ls").Watching.Trace);
        Assert.Equal("log", Words.Options("--trace", "log", "--", "ls").Watching.Trace);
        Assert.Equal("log", Words.Options("--trace=log", "ls").Watching.Trace);
        Assert.Equal("", Words.Options("--trace", "--", "ls").Watching.Trace);
        Assert.Null(Words.Options("ls").Watching.Trace);
    }

    [Theory]
    [InlineData("", "no program is named")]
    [InlineData("--", "no program is named")]
    [InlineData("--memory|1G", "no program is named")]
    [InlineData("--memory", "--memory needs a value")]
    [InlineData("--memory|--|ls", "--memory needs a value")]
    [InlineData("--read-only=yes|ls", "takes no value")]
    [InlineData("--colour|ls", "unknown option '--colour'; see")]
    [InlineData("--memroy|1G|ls", "did you mean '--memory'?")]
    [InlineData("--mem|1G|ls", "did you mean '--memory'?")]
    [InlineData("-x|ls", "unknown option '-x'")]
    public void Lines_that_mean_nothing_are_refused_with_the_reason(string line, string reason) =>
        Assert.Contains(reason, Words.Error(line.Length == 0 ? [] : line.Split('|')));

    [Fact]
    public void Bytes_that_are_no_text_reach_the_program_unchanged()
    {
        byte[] odd = [0xff, 0xfe, (byte)'x'];
        RunLine line = RunLineParser.Parse([Encoding.UTF8.GetBytes("--env"), [.. "A="u8, .. odd], odd, odd]);
        Assert.Equal(odd, line.Command[1]);
        Assert.Equal([.. "A="u8, .. odd], Assert.Single(RunOptionReader.Read(line).Environment));
    }

    [Fact]
    public void Help_is_asked_for_only_before_the_command()
    {
        Assert.True(RunLineParser.Parse(Words.Of("--help")).AsksForHelp);
        Assert.True(RunLineParser.Parse(Words.Of("--memory", "1G", "-h")).AsksForHelp);
        Assert.False(RunLineParser.Parse(Words.Of("ls", "--help")).AsksForHelp);
    }
}
