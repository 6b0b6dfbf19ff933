using System.CommandLine;

namespace Weft.Cli.Tests;

/// <summary>The parser by hand reads options as System.CommandLine does.</summary>
public sealed class LibraryAgreementTests
{
    [Fact]
    public void Random_lines_of_options_are_read_alike()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        Command run = LibraryCommandLine.CreateRun();
        for (int round = 0; round < 500; round++)
        {
            string[] line = [.. RandomOptions(random), "--", "prog", "-x"];
            ParseResult library = run.Parse(line);
            RunLine byHand = RunLineParser.Parse(Words.Of(line));
            string shown = $"seed {seed}: {string.Join(' ', line)}";
            Assert.True(library.Errors.Count == 0, $"{shown}: {string.Join("; ", library.Errors.Select(error => error.Message))}");
            foreach (Option option in run.Options)
            {
                GivenOption[] given = [.. byHand.Options.Where(each => each.Option.Name == option.Name)];
                bool isGiven = library.GetResult(option) is { Implicit: false };
                Assert.True(isGiven == given.Length > 0, $"{shown}: {option.Name}");
                string[] read = [.. given.Where(each => each.Value is not null).Select(each => Words.Text([each.Value!])[0])];
                if (isGiven && option is Option<string[]> several)
                    Assert.Equal(read, library.GetValue(several));
                if (isGiven && option is Option<string> one)
                    Assert.Equal(read.SingleOrDefault(), library.GetValue(one));
            }
        }
    }

    [Theory]
    [InlineData("--memory")]
    [InlineData("--network=bridge")]
    public void Lines_that_one_refuses_the_other_refuses_too(string option)
    {
        Assert.NotEmpty(LibraryCommandLine.CreateRun().Parse([option, "--", "prog"]).Errors);
        Assert.Throws<UsageException>(() => Words.Options(option, "--", "prog"));
    }

    [Fact]
    public void Help_names_every_option_and_shows_examples()
    {
        using StringWriter output = new();
        LibraryCommandLine.Create().Parse(["run", "--help"]).Invoke(new InvocationConfiguration { Output = output });
        string help = output.ToString();
        Assert.All(RunOptionTable.All, option => Assert.Contains(option.Name, help));
        Assert.Contains(" run [options] [--] PROGRAM [ARG…]", help);
        Assert.Contains("Examples:", help);
    }

    private static List<string> RandomOptions(Random random)
    {
        List<string> line = [];
        foreach (RunOption option in RunOptionTable.All.OrderBy(_ => random.Next()).Take(random.Next(RunOptionTable.All.Count)))
            for (int times = option.IsRepeatable ? random.Next(1, 4) : 1; times > 0; times--)
                AddOption(line, option, random);
        return line;
    }

    private static void AddOption(List<string> line, RunOption option, Random random)
    {
        string value = option.Choices.Count > 0 ? option.Choices[random.Next(option.Choices.Count)] : $"v{random.Next(100)}:/x=y";
        switch (option.Value is null || option.ValueIsOptional && random.Next(2) == 0 ? 0 : random.Next(1, 3))
        {
            case 0:
                line.Add(option.Name);
                break;
            case 1:
                line.Add(option.Name + "=" + value);
                break;
            default:
                line.AddRange([option.Name, value]);
                break;
        }
    }
}
